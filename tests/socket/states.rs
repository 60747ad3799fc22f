//! A call in the wrong state is a typed error that names the state; in the right one it does what it says.

use std::{sync::Arc, time::Duration};

use fresh::{
    Error, ErrorKind, Frame, RegistryExt, Socket,
    options::{Limits, OptionsError},
    registry::{LocalRegistry, Name},
    socket::{Active, SocketError, SocketOptions, SocketState, Transport},
    testing::{Connection, Server},
};
use tokio::sync::mpsc;

use super::{open, owned, passive, received, refused, text};
use crate::support::{
    script::{MS, S, timed},
    time::{settle, soon},
};

/// The state that the error names.
#[track_caller]
fn named<T: std::fmt::Debug>(answer: Result<T, SocketError>) -> SocketState {
    answer.expect_err("the state allows it").state().expect("another error")
}

/// Every call that needs a connection names this state.
async fn assert_refuses(socket: &Socket, state: SocketState) {
    assert_eq!(socket.state(), state);
    assert_eq!(named(socket.send("x").await), state);
    assert_eq!(named(socket.recv().await), state);
    assert_eq!(named(socket.recv_timeout(S).await), state);
    assert_eq!(named(socket.peername()), state);
    assert_eq!(named(socket.sockname()), state);
}

#[tokio::test(start_paused = true)]
async fn an_idle_socket_refuses_all_but_connect_and_its_settings_and_close() {
    let server = Server::in_memory();
    let socket = Socket::start(server.options());
    assert_refuses(&socket, SocketState::Idle).await;
    assert!(matches!(socket.set_active(Active::On), Err(SocketError::NoOwner)));
    let (owner, _events) = mpsc::channel(1);
    socket.controlling_process(owner).unwrap();
    socket.set_active(Active::On).unwrap();
    assert_eq!(socket.state(), SocketState::Idle);
    socket.close().await.unwrap();
    assert_refuses(&socket, SocketState::Closed).await;
}

#[tokio::test(start_paused = true)]
async fn an_upgrading_socket_refuses_a_second_connect_and_what_needs_a_connection() {
    let server = Server::in_memory();
    let socket = Socket::start(server.options());
    let connecting = tokio::spawn({
        let socket = socket.clone();
        async move { socket.connect().await }
    });
    let handshake = server.pending().await;
    assert_refuses(&socket, SocketState::Upgrading).await;
    assert_eq!(named(socket.connect().await), SocketState::Upgrading);
    let _connection = handshake.accept().await;
    soon(connecting).await.unwrap().unwrap();
    assert_eq!(named(socket.connect().await), SocketState::Connected);
}

#[tokio::test(start_paused = true)]
async fn a_closing_socket_refuses_to_send_and_still_receives() {
    let (socket, mut connection, _server) = passive().await;
    socket.send(Frame::close(4000, "bye")).await.unwrap();
    assert_eq!(connection.expect_close(4000).await, "bye");
    assert_eq!(socket.state(), SocketState::Closing);
    assert_eq!(named(socket.send("x").await), SocketState::Closing);
    assert_eq!(named(socket.connect().await), SocketState::Closing);
    connection.send("late").await;
    assert_eq!(received(&socket).await, text("late"));
    connection.finish_close().await;
    let SocketError::Closed(disconnect) = refused(&socket).await else { panic!("not the close") };
    assert_eq!(disconnect.code, Some(4000.into()));
    assert_refuses(&socket, SocketState::Closed).await;
}

#[tokio::test(start_paused = true)]
async fn a_closed_socket_refuses_everything_but_close_and_what_it_remembers() {
    let (socket, connection, _server) = passive().await;
    connection.drop_connection();
    assert!(matches!(refused(&socket).await, SocketError::Failed(_)));
    assert_refuses(&socket, SocketState::Closed).await;
    assert_eq!(named(socket.connect().await), SocketState::Closed);
    assert_eq!(named(socket.set_active(Active::Off)), SocketState::Closed);
    assert_eq!(named(socket.controlling_process(mpsc::channel(1).0)), SocketState::Closed);
    socket.close().await.unwrap();
    assert_eq!(socket.upgrade().unwrap().status, 101);
}

#[tokio::test(start_paused = true)]
async fn close_while_upgrading_gives_the_attempt_up() {
    let server = Server::in_memory();
    let socket = Socket::start(server.options());
    let connecting = tokio::spawn({
        let socket = socket.clone();
        async move { socket.connect().await }
    });
    let _handshake = server.pending().await.freeze();
    let (took, closed) = timed(socket.close()).await;
    closed.unwrap();
    assert!(took < 100 * MS, "{took:?}");
    assert!(soon(connecting).await.unwrap().unwrap_err().is_closed());
    assert_refuses(&socket, SocketState::Closed).await;
}

#[tokio::test(start_paused = true)]
async fn dropping_the_future_of_connect_gives_the_attempt_up() {
    let server = Server::in_memory();
    let socket = Socket::start(server.options());
    let (attempt, handshake) = tokio::join!(tokio::time::timeout(S, socket.connect()), server.pending());
    assert!(attempt.is_err());
    let mut connection = handshake.accept().await;
    connection.expect_eof().await;
    assert_refuses(&socket, SocketState::Closed).await;
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_ends_connect_after_the_connect_timeout() {
    for (seconds, options) in [(8, None), (3, Some(3 * S))] {
        let server = Server::in_memory();
        let mut socket = SocketOptions::from(server.options());
        if let Some(timeout) = options {
            socket = socket.connect_timeout(timeout);
        }
        let ((took, connected), _silent) =
            tokio::join!(timed(Socket::connect_to(socket)), async { server.pending().await.freeze() });
        assert!(connected.unwrap_err().is_transient());
        assert!(took.abs_diff(seconds * S) < 20 * MS, "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_active_mode_without_an_owner_is_refused_before_anything_is_sent() {
    let server = Server::in_memory();
    let socket = Socket::start(SocketOptions::from(server.options()).active(Active::On));
    assert!(matches!(socket.connect().await, Err(SocketError::NoOwner)));
    let (owner, _events) = mpsc::channel(1);
    socket.controlling_process(owner).unwrap();
    let (connected, _connection): (_, Connection) = tokio::join!(socket.connect(), server.accept());
    connected.unwrap();
}

#[tokio::test(start_paused = true)]
async fn recv_in_an_active_mode_is_an_error_that_names_the_mode() {
    let server = Server::in_memory();
    let (options, _events) = owned(server.options(), 8);
    let (socket, _connection) = open(&server, options).await;
    let waiting = tokio::spawn({
        let socket = socket.clone();
        async move { socket.recv().await }
    });
    tokio::task::yield_now().await;
    for mode in [Active::On, Active::Once] {
        socket.set_active(mode).unwrap();
        let error = refused(&socket).await;
        assert!(matches!(error, SocketError::Active(told) if told == mode), "{error:?}");
    }
    assert!(matches!(soon(waiting).await.unwrap(), Err(SocketError::Active(_))), "the one that waited is told too");
}

#[tokio::test]
async fn a_transport_without_addresses_says_so() {
    let server = Server::in_memory();
    let (socket, _connection) = open(&server, server.options()).await;
    assert!(matches!(socket.peername(), Err(SocketError::NoAddress)));
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_taken_is_told_by_connect_and_one_that_is_stopped_by_recv() {
    let server = Server::in_memory();
    let registry = Arc::new(LocalRegistry::new());
    let name = || Name::via(registry.clone(), "feed");
    let (socket, connection) = open(&server, server.options().name(name())).await;
    let second = soon(Socket::connect_to(server.options().name(name()))).await;
    assert!(matches!(second, Err(SocketError::Start(_))), "{second:?}");
    // It has no handler that could take an info, so none of any type is accepted.
    assert!(registry.info("feed", ()).await.is_err());
    let found: fresh::Client<std::convert::Infallible> = registry.whereis("feed").unwrap();
    found.request_stop();
    connection.finish_close().await;
    assert!(matches!(refused(&socket).await, SocketError::Ended(_)));
    assert_refuses(&socket, SocketState::Closed).await;
}

#[test]
fn host_port_and_transport_make_a_url_and_what_is_no_host_or_path_is_refused() {
    let url = |transport, host, port| SocketOptions::host(transport, host, port).map(|options| format!("{options:?}"));
    assert!(url(Transport::Tcp, "example.com", 8080).unwrap().contains("ws://example.com:8080/"));
    assert!(url(Transport::Tls, "example.com", 443).unwrap().contains("wss://example.com/"));
    assert!(url(Transport::Tls, "::1", 8443).unwrap().contains("wss://[::1]:8443/"));
    assert!(url(Transport::Tcp, "[::1]", 80).unwrap().contains("ws://[::1]/"));
    for wrong in ["", "a b", "host/path", "user@host", "host:80"] {
        assert!(url(Transport::Tcp, wrong, 80).is_err(), "{wrong:?}");
    }
    let with_path = |path: &str| SocketOptions::new("ws://host/old?q=1").unwrap().path(path);
    assert!(format!("{:?}", with_path("/new").unwrap()).contains("ws://host/new"));
    assert_eq!(with_path("new").unwrap_err(), OptionsError::Path("new".into()));
}

#[tokio::test(start_paused = true)]
async fn path_headers_and_protocols_are_asked_for() {
    let server = Server::in_memory();
    let options = SocketOptions::from(server.options())
        .path("/chat?room=1#x")
        .unwrap()
        .header("x-who", "me")
        .unwrap()
        .protocol("chat")
        .unwrap();
    let (_, handshake) = tokio::join!(tokio::time::timeout(S, Socket::connect_to(options)), server.pending());
    let request = handshake.request();
    assert_eq!(request.uri().path(), "/chat");
    assert!(request.uri().query().unwrap().starts_with("room=1"));
    assert_eq!(request.headers()["x-who"], "me");
    assert_eq!(request.headers()["sec-websocket-protocol"], "chat");
}

#[tokio::test(start_paused = true)]
async fn what_bounds_a_socket_can_be_set_without_the_options_of_a_client() {
    let limits = Limits { max_message: 10, ..Limits::default() };
    let server = Server::in_memory();
    let options = SocketOptions::from(server.options().ping_interval(Duration::ZERO)).limits(limits).ping_interval(S);
    let (socket, mut connection) = open(&server, options).await;
    connection.expect_ping().await;
    connection.send("more than ten bytes").await;
    connection.expect_close(1009).await;
    drop(connection);
    assert_eq!(refused(&socket).await.error().map(Error::kind), Some(ErrorKind::Decode));
}

#[tokio::test(start_paused = true)]
async fn a_send_waits_while_the_write_buffer_and_the_mailbox_are_full() {
    let server = Server::in_memory_with_buffer(256);
    let options = SocketOptions::from(server.options().mailbox(1)).write_buffer(1);
    let (socket, mut connection) = open(&server, options).await;
    for n in [1, 2] {
        let socket = socket.clone();
        tokio::spawn(async move { socket.send(vec![n; 1000]).await });
        settle().await;
    }
    // It was not accepted, so dropping its future takes it back.
    assert!(tokio::time::timeout(S, socket.send("taken back")).await.is_err());
    for n in [1, 2] {
        connection.expect_binary([n; 1000]).await;
    }
    socket.send("next").await.unwrap();
    connection.expect_text("next").await;
}

#[test]
fn outside_of_a_runtime_connect_is_an_error() {
    let socket = Socket::start(SocketOptions::new("ws://127.0.0.1:9").unwrap());
    let connecting = std::pin::pin!(socket.connect());
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(answer) = connecting.poll(&mut cx) else { panic!("it waits") };
    assert!(matches!(answer, Err(SocketError::Start(_))));
    assert_eq!(socket.state(), SocketState::Idle);
}
