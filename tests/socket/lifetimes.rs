//! What ends a socket besides a close, and that nothing of it stays behind.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, OnceLock},
};

use fresh::{
    ExitReason, Socket,
    options::{Connector, Target, Transport},
    socket::{Active, SocketError, SocketEvent, SocketOptions, SocketState},
    testing::{Connection, Server},
};
use futures_util::FutureExt;
use tokio::{
    net::TcpStream,
    runtime,
    sync::mpsc::{self, error::TryRecvError},
    time::timeout,
};
use tokio_util::io::InspectReader;

use super::{numbered, open, owned, passive, received, refused, told};
use crate::support::{
    script::{MS, S, timed},
    time::{settle, soon},
};

fn tasks() -> usize {
    runtime::Handle::current().metrics().num_alive_tasks()
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_is_started_and_dropped_did_nothing() {
    let server = Server::in_memory();
    let socket = Socket::start(server.options());
    assert_eq!(tasks(), 0);
    drop(socket);
    settle().await;
    assert!(timeout(S, server.pending()).await.is_err(), "it connected");
}

#[tokio::test(start_paused = true)]
async fn a_connected_socket_is_one_task() {
    let server = Server::in_memory();
    let (options, _events) = owned(server.options(), 1);
    let (_socket, _connection) = open(&server, options.active(Active::On)).await;
    assert_eq!(tasks(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_dropped_closes_normally_and_nothing_is_left() {
    let (socket, mut connection, _server) = passive().await;
    let (read, write) = socket.clone().split();
    drop((socket, read));
    settle().await;
    write.send("still here").await.unwrap();
    connection.expect_text("still here").await;
    drop(write);
    connection.expect_close(1000).await;
    connection.finish_close().await;
    settle().await;
    assert_eq!(tasks(), 0);
}

/// Drops the last handle: nothing is left as soon as the server has answered.
async fn assert_gone_once_answered(socket: Socket, mut connection: Connection) {
    let (took, ()) = timed(async {
        drop(socket);
        connection.expect_close(1000).await;
        connection.finish_close().await;
        while tasks() > 0 {
            settle().await;
        }
    })
    .await;
    assert!(took < 100 * MS, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_socket_with_unread_frames_is_gone_as_soon_as_the_server_answers() {
    let server = Server::in_memory_with_buffer(256);
    let (socket, mut connection) = open(&server, SocketOptions::from(server.options()).inbound(1, 0)).await;
    while timeout(S, connection.send("unread")).await.is_ok() {}
    assert_gone_once_answered(socket, connection).await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_socket_whose_server_is_frozen_is_gone_after_the_close_timeout() {
    let (socket, connection, _server) = passive().await;
    let _frozen = connection.freeze();
    drop(socket);
    let (took, ()) = timed(async {
        while tasks() > 0 {
            settle().await;
        }
    })
    .await;
    assert!(took.abs_diff(5 * S) < 20 * MS, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_drops_its_receiver_closes_the_socket_in_every_mode() {
    for mode in [Active::Off, Active::On, Active::Once] {
        let server = Server::in_memory();
        let (options, events) = owned(server.options(), 1);
        let (socket, connection) = open(&server, options.active(mode)).await;
        drop(events);
        connection.finish_close().await;
        assert!(matches!(refused(&socket).await, SocketError::Closed(_)), "the handle is told");
        assert_eq!(socket.state(), SocketState::Closed);
    }
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_goes_amid_a_backlog_closes_the_socket_and_leaves_it_to_the_handles() {
    let server = Server::in_memory();
    let (options, events) = owned(server.options(), 1);
    let (socket, mut connection) = open(&server, options.active(Active::On)).await;
    for n in 0..4 {
        connection.send(numbered(n)).await;
    }
    settle().await;
    drop(events);
    connection.finish_close().await;
    // The first one went with the channel.
    for n in 1..4 {
        assert_eq!(received(&socket).await, numbered(n));
    }
    assert!(matches!(refused(&socket).await, SocketError::Closed(_)));
}

#[tokio::test(start_paused = true)]
async fn an_owner_is_told_everything_although_no_handle_is_left() {
    let server = Server::in_memory();
    let (options, mut events) = owned(server.options(), 1);
    let (socket, mut connection) = open(&server, options.active(Active::On).inbound(1, 0)).await;
    for n in 0..20 {
        connection.send(numbered(n)).await;
    }
    settle().await;
    drop(socket);
    connection.expect_close(1000).await;
    connection.finish_close().await;
    for n in 0..20 {
        assert_eq!(told(&mut events).await, numbered(n));
    }
    assert!(matches!(soon(events.recv()).await, Some(SocketEvent::Closed(..))));
    assert!(soon(events.recv()).await.is_none());
    settle().await;
    assert_eq!(tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_backlog_that_no_owner_can_ask_for_any_more_keeps_nothing_alive() {
    for taken in [0, 1] {
        let server = Server::in_memory_with_buffer(256);
        let (options, mut events) = owned(server.options(), 1);
        let (socket, mut connection) = open(&server, options.active(Active::Once).inbound(2, usize::MAX)).await;
        while timeout(S, connection.send("backlog")).await.is_ok() {}
        for _ in 0..taken {
            told(&mut events).await;
            socket.set_active(Active::Once).unwrap();
            settle().await;
        }
        assert_gone_once_answered(socket, connection).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_events_of_one_owners_sockets_are_told_apart() {
    let server = Server::in_memory();
    let (options, mut events) = owned(server.options(), 8);
    let options = options.active(Active::On);
    let (first, mut one) = open(&server, options.clone()).await;
    let (second, mut two) = open(&server, options).await;
    two.send("2").await;
    assert_eq!(soon(events.recv()).await.unwrap().socket(), second.id());
    one.send("1").await;
    assert_eq!(soon(events.recv()).await.unwrap().socket(), first.id());
}

#[test]
fn a_runtime_that_is_shut_down_ends_the_socket_and_a_waiting_recv() {
    let runtime = || runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (ours, others) = (runtime(), runtime());
    let (socket, _connection) = ours.block_on(async {
        let server = Server::in_memory();
        open(&server, server.options()).await
    });
    drop(ours);
    let error = others.block_on(refused(&socket));
    assert!(matches!(error, SocketError::Ended(ExitReason::Aborted)), "{error:?}");
    assert_eq!(socket.state(), SocketState::Closed);
}

/// Looks at a socket when its transport is dropped, and sends on whether the end was reported then, and the state.
struct Witness {
    socket: Arc<OnceLock<Socket>>,
    seen: mpsc::UnboundedSender<(bool, SocketState)>,
}

impl Drop for Witness {
    fn drop(&mut self) {
        let socket = self.socket.get().unwrap();
        let is_reported = socket.recv().now_or_never().is_some();
        self.seen.send((is_reported, socket.state())).unwrap();
    }
}

/// Connects to one address by a stream that has a witness.
struct Witnessed(SocketAddr, Mutex<Option<Witness>>);

#[async_trait::async_trait]
impl Connector for Witnessed {
    async fn connect(&self, _: &Target) -> fresh::Result<Transport> {
        let stream = TcpStream::connect(self.0).await?;
        let witness = self.1.lock().unwrap().take();
        // The function is dropped with the stream.
        Ok(Transport::new(InspectReader::new(stream, move |_: &[u8]| _ = &witness)))
    }
}

#[test]
fn a_runtime_that_is_shut_down_reports_the_end_only_when_the_state_says_closed() {
    let ours = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (seen, mut looks) = mpsc::unbounded_channel();
    let (socket, _connection) = ours.block_on(async {
        let server = Server::tcp().await;
        let shown = Arc::<OnceLock<Socket>>::default();
        let witness = Witness { socket: Arc::clone(&shown), seen };
        let addr = server.url().socket_addrs(|| None).unwrap()[0];
        let options = server.options().connector(Witnessed(addr, Mutex::new(Some(witness))));
        let (socket, connection) = open(&server, options).await;
        shown.set(socket.clone()).unwrap();
        (socket, connection)
    });
    drop(ours);
    let (is_reported, state) = looks.try_recv().unwrap();
    assert!(!is_reported || state == SocketState::Closed, "the end is reported, and the socket is {state}");
    assert!(matches!(socket.recv().now_or_never(), Some(Err(SocketError::Ended(ExitReason::Aborted)))));
    assert_eq!(socket.state(), SocketState::Closed);
}

#[test]
fn a_runtime_that_is_shut_down_leaves_an_owner_what_its_channel_has_room_for_and_the_rest_to_recv() {
    for capacity in [8, 1] {
        let ours = runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let (socket, mut events, _connection) = ours.block_on(async {
            let server = Server::in_memory();
            let (options, events) = owned(server.options(), capacity);
            let (socket, mut connection) = open(&server, options.active(Active::On)).await;
            for n in 0..3 {
                connection.send(numbered(n)).await;
            }
            settle().await;
            (socket, events, connection)
        });
        drop(ours);
        for n in 0..capacity.min(3) {
            let event = events.try_recv().unwrap();
            assert_eq!(event.into_frame(), Some(numbered(n)));
        }
        if capacity > 3 {
            assert!(matches!(events.try_recv(), Ok(SocketEvent::Ended(_, ExitReason::Aborted))));
            assert!(matches!(events.try_recv(), Err(TryRecvError::Disconnected)));
            continue;
        }
        for n in capacity..3 {
            assert_eq!(socket.recv().now_or_never().unwrap().unwrap(), numbered(n));
        }
        assert!(matches!(socket.recv().now_or_never(), Some(Err(SocketError::Ended(ExitReason::Aborted)))));
        assert!(matches!(events.try_recv(), Err(TryRecvError::Disconnected)));
    }
}

#[test]
fn a_runtime_that_is_shut_down_ends_a_connect_that_waits() {
    let runtime = || runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for has_begun in [false, true] {
        let (ours, others) = (runtime(), runtime());
        let server = Server::in_memory();
        let socket = Socket::start(server.options());
        let mut connecting = Box::pin(socket.connect());
        ours.block_on(async {
            assert!(futures_util::poll!(&mut connecting).is_pending());
            if has_begun {
                server.pending().await;
            }
        });
        drop(ours);
        let error = others.block_on(soon(connecting)).unwrap_err();
        assert!(matches!(error, SocketError::Ended(ExitReason::Aborted)), "{error:?}");
        assert_eq!(socket.state(), SocketState::Closed);
    }
}

#[test]
fn sockets_and_halves_may_be_used_from_any_thread() {
    fn sendable<T: Send>(_: T) {}
    fn usable<T: Send + Sync + Unpin + 'static>() {}
    usable::<Socket>();
    usable::<fresh::socket::ReadHalf>();
    usable::<fresh::socket::WriteHalf>();
    usable::<fresh::socket::SocketIo>();
    usable::<SocketError>();
    let socket = Socket::start(SocketOptions::new("ws://host").unwrap());
    sendable((socket.connect(), socket.recv(), socket.send("x"), socket.close()));
}
