//! Closing, from either side: in time, and behind what was received.

use std::time::Duration;

use fresh::{
    CloseCode, Error, ErrorKind, Frame, Initiator,
    error::StreamError,
    socket::{SocketError, SocketOptions, SocketState},
    testing::{Connection, Received, Server},
};
use tokio::time::timeout;

use super::{numbered, open, passive, received, refused};
use crate::support::{
    script::{MS, S, timed},
    time::{settle, soon},
};

/// Sends until the client takes no more; how many went, the one that is cut off included.
async fn fill(connection: &mut Connection) -> usize {
    let mut sent = 0;
    while timeout(S, connection.send(numbered(sent))).await.is_ok() {
        sent += 1;
    }
    sent + 1
}

#[tokio::test(start_paused = true)]
async fn an_unread_socket_is_gone_within_100_ms_where_the_server_answers() {
    let server = Server::in_memory_with_buffer(256);
    let options = SocketOptions::from(server.options()).inbound(10, usize::MAX);
    let (socket, mut connection) = open(&server, options).await;
    let sent = fill(&mut connection).await;
    let ((took, closed), _) = tokio::join!(timed(socket.close()), async {
        connection.expect_close(1000).await;
        connection.finish_close().await
    });
    closed.unwrap();
    assert!(took < 100 * MS, "{took:?}");

    // What came is there as far as there was room, without a gap; then the close, then the state.
    let mut taken = 0;
    let end = loop {
        match socket.recv().await {
            Ok(frame) => assert_eq!(frame, numbered(taken)),
            Err(end) => break end,
        }
        taken += 1;
    };
    assert!((11..=20).contains(&taken), "{taken}");
    assert_eq!(socket.stats().messages_lost as usize + taken, sent);
    let SocketError::Closed(disconnect) = end else { panic!("{end:?}") };
    assert!(disconnect.clean && disconnect.initiator == Initiator::Local);
    assert_eq!(refused(&socket).await.state(), Some(SocketState::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_and_leaves_tcp_open_is_left() {
    let (socket, mut connection, _server) = passive().await;
    let ((took, closed), ()) = tokio::join!(timed(socket.close()), async {
        connection.expect_close(1000).await;
        connection.close(1000, "").await;
        connection.expect_eof().await;
    });
    closed.unwrap();
    assert!(took < 100 * MS, "{took:?}");
    let SocketError::Closed(disconnect) = refused(&socket).await else { panic!("not the close") };
    assert!(disconnect.clean);
}

#[tokio::test(start_paused = true)]
async fn an_unread_socket_is_gone_within_5_s_where_the_server_does_not_answer() {
    for floods in [false, true] {
        let server = Server::in_memory_with_buffer(256);
        let options = SocketOptions::from(server.options()).inbound(10, usize::MAX);
        let (socket, mut connection) = open(&server, options).await;
        fill(&mut connection).await;
        let serving = async {
            if !floods {
                std::future::pending::<()>().await;
            }
            loop {
                connection.send("on and on").await;
                tokio::time::sleep(MS).await;
            }
        };
        let (took, ()) = timed(async {
            tokio::select! {
                closed = socket.close() => closed.unwrap(),
                () = serving => {}
            }
        })
        .await;
        assert!(took.abs_diff(5 * S) < 20 * MS, "{took:?}");
        while socket.recv().await.is_ok() {}
        assert_eq!(socket.state(), SocketState::Closed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_frame_as_a_frame_closes_an_unread_socket_too() {
    for frame in [Frame::Close(None), Frame::close(4001, "bye")] {
        let server = Server::in_memory_with_buffer(256);
        let options = SocketOptions::from(server.options()).inbound(10, usize::MAX);
        let (socket, mut connection) = open(&server, options).await;
        fill(&mut connection).await;
        let (took, _) = timed(async {
            socket.send(frame.clone()).await.unwrap();
            let Received::Close(came) = connection.receive().await else { panic!("no close frame") };
            assert_eq!(Frame::Close(came), frame);
            connection.finish_close().await;
            socket.close().await.unwrap();
        })
        .await;
        assert!(took < 100 * MS, "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn close_with_says_why_and_refuses_what_may_not_be_said() {
    let (socket, mut connection, _server) = passive().await;
    for (code, reason) in [(1005, String::new()), (999, String::new()), (1000, "x".repeat(124))] {
        let error = socket.close_with(code, reason).await.unwrap_err();
        assert_eq!(error.error().map(Error::kind), Some(ErrorKind::Encode), "{error:?}");
    }
    assert_eq!(socket.state(), SocketState::Connected);
    let (closed, _) = tokio::join!(socket.close_with(4000, "bye"), async {
        assert_eq!(connection.expect_close(4000).await, "bye");
        assert_eq!(socket.state(), SocketState::Closing);
        connection.finish_close().await
    });
    closed.unwrap();
}

#[tokio::test(start_paused = true)]
async fn frames_that_were_sent_before_go_out_before_the_close() {
    let (socket, mut connection, _server) = passive().await;
    let (_, ()) =
        tokio::join!(async { tokio::join!(biased(&socket, "1"), biased(&socket, "2"), socket.close()) }, async {
            connection.expect_text("1").await;
            connection.expect_text("2").await;
            connection.expect_close(1000).await;
            connection.finish_close().await;
        });
}

async fn biased(socket: &fresh::Socket, text: &'static str) {
    socket.send(text).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_recv_that_waits_is_told_of_the_close_once() {
    let (socket, connection, _server) = passive().await;
    let waiting = tokio::spawn({
        let socket = socket.clone();
        async move { (socket.recv().await, socket.recv().await) }
    });
    settle().await;
    let (both, _) = tokio::join!(async { tokio::join!(socket.close(), socket.close()) }, connection.finish_close());
    both.0.unwrap();
    both.1.unwrap();
    let (first, second) = soon(waiting).await.unwrap();
    assert!(matches!(first, Err(SocketError::Closed(_))), "{first:?}");
    assert_eq!(second.unwrap_err().state(), Some(SocketState::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_close_by_the_server_is_answered_and_told_behind_what_it_sent() {
    let (socket, mut connection, _server) = passive().await;
    for n in 0..3 {
        connection.send(numbered(n)).await;
    }
    connection.close(1012, "back soon").await;
    connection.expect_close(1012).await;
    assert_eq!(socket.state(), SocketState::Closing);
    drop(connection);
    settle().await;
    // The connection and its task are gone, and nothing was read yet.
    assert_eq!(socket.state(), SocketState::Closed);
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
    for n in 0..3 {
        assert_eq!(received(&socket).await, numbered(n));
    }
    let SocketError::Closed(disconnect) = refused(&socket).await else { panic!("not the close") };
    assert_eq!((disconnect.code, &*disconnect.reason), (Some(CloseCode::SERVICE_RESTART), "back soon"));
    assert_eq!(disconnect.initiator, Initiator::Remote);
    assert_eq!(refused(&socket).await.state(), Some(SocketState::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_keeps_no_connection_that_the_server_has_ended() {
    let server = Server::in_memory();
    let options = SocketOptions::from(server.options()).inbound(1, 0);
    let (socket, mut connection) = open(&server, options).await;
    connection.send(numbered(0)).await;
    settle().await;
    connection.close(1000, "").await;
    connection.finish_close().await;
    settle().await;
    assert_eq!(socket.state(), SocketState::Closed);
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
    assert_eq!(received(&socket).await, numbered(0));
}

#[tokio::test(start_paused = true)]
async fn an_end_without_a_close_frame_is_an_error_behind_what_was_received() {
    let (socket, mut connection, _server) = passive().await;
    connection.send(numbered(0)).await;
    connection.drop_connection();
    assert_eq!(received(&socket).await, numbered(0));
    let error = refused(&socket).await;
    assert!(matches!(error, SocketError::Failed(Error::Stream(StreamError::Eof))), "{error:?}");
    assert!(error.is_closed() && error.is_transient());
}

#[tokio::test(start_paused = true)]
async fn a_send_whose_connection_goes_gives_an_error_and_the_socket_is_closed() {
    let server = Server::in_memory_with_buffer(256);
    let (socket, connection) = open(&server, server.options()).await;
    let (sent, ()) = tokio::join!(socket.send(vec![0; 10_000]), async {
        settle().await;
        connection.drop_connection();
    });
    let error = sent.unwrap_err();
    assert!(matches!(error, SocketError::Send(_)), "{error:?}");
    assert!(refused(&socket).await.is_closed());
    assert_eq!(socket.state(), SocketState::Closed);
}

#[tokio::test(start_paused = true)]
async fn the_close_timeout_is_an_option() {
    let server = Server::in_memory();
    let options = SocketOptions::from(server.options()).close_timeout(Duration::from_secs(1));
    let (socket, connection) = open(&server, options).await;
    let _frozen = connection.freeze();
    let (took, closed) = timed(socket.close()).await;
    closed.unwrap();
    assert!(took.abs_diff(S) < 20 * MS, "{took:?}");
    let SocketError::Closed(disconnect) = refused(&socket).await else { panic!("not the close") };
    assert!(!disconnect.clean);
}
