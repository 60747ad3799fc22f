//! `Stream`, `Sink` and halves.

use fresh::{
    Frame, Message, Socket,
    socket::{SocketError, SocketOptions, SocketState},
    testing::Server,
};
use futures_util::{SinkExt, StreamExt, TryStreamExt, stream};

use super::{number, numbered, open, passive, received, text};
use crate::support::{
    script::MS,
    time::{settle, soon},
};

#[tokio::test(start_paused = true)]
async fn a_stream_gives_messages_without_pongs_and_ends_with_the_close() {
    let (mut socket, mut connection, _server) = passive().await;
    for frame in [text("1"), Frame::pong("p"), Frame::ping("q"), Frame::binary("2")] {
        connection.send(frame).await;
    }
    connection.close(4000, "").await;
    connection.finish_close().await;
    assert_eq!(soon(socket.next()).await.unwrap().unwrap(), Message::from("1"));
    assert_eq!(soon(socket.next()).await.unwrap().unwrap(), Message::Binary("2".into()));
    assert!(soon(socket.next()).await.is_none());
    assert!(soon(socket.next()).await.is_none(), "the end stays");
}

#[tokio::test(start_paused = true)]
async fn a_stream_tells_an_end_that_is_no_close_once() {
    let (mut socket, connection, _server) = passive().await;
    drop(connection);
    assert!(matches!(soon(socket.next()).await, Some(Err(SocketError::Failed(_)))));
    assert!(soon(socket.next()).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn stream_and_sink_before_the_connection_are_errors() {
    let mut socket = Socket::start(SocketOptions::new("ws://host").unwrap());
    let error = soon(socket.next()).await.unwrap().unwrap_err();
    assert_eq!(error.state(), Some(SocketState::Idle));
    let error = SinkExt::send(&mut socket, text("x")).await.unwrap_err();
    assert_eq!(error.state(), Some(SocketState::Idle));
    let error = SinkExt::close(&mut socket).await.unwrap_err();
    assert_eq!(error.state(), Some(SocketState::Idle));
}

#[tokio::test(start_paused = true)]
async fn a_next_that_was_dropped_holds_up_no_other_reader() {
    let (mut socket, mut connection, _server) = passive().await;
    let other = socket.clone();
    assert!(tokio::time::timeout(MS, socket.next()).await.is_err());
    connection.send("1").await;
    assert_eq!(received(&other).await, text("1"));
    connection.send("2").await;
    assert_eq!(soon(socket.next()).await.unwrap().unwrap(), Message::from("2"));
}

#[tokio::test(start_paused = true)]
async fn a_sink_keeps_the_order_and_a_flush_waits_until_all_is_written() {
    let server = Server::in_memory_with_buffer(256);
    let (mut socket, mut connection) = open(&server, server.options()).await;
    let mut frames = stream::iter((0..1000).map(|n| Ok(numbered(n))));
    let (sent, ()) = tokio::join!(socket.send_all(&mut frames), async {
        for n in 0..1000 {
            connection.expect_text(n.to_string()).await;
        }
    });
    sent.unwrap();
    assert_eq!(socket.stats().frames_sent, 1000);

    socket.feed(Frame::binary(vec![0; 1000])).await.unwrap();
    let flushing = SinkExt::flush(&mut socket);
    tokio::pin!(flushing);
    assert!(tokio::time::timeout(MS, &mut flushing).await.is_err(), "nobody reads");
    let (flushed, ()) = tokio::join!(flushing, connection.expect_binary([0; 1000]));
    flushed.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_sink_gives_back_what_may_not_be_sent() {
    let (mut socket, mut connection, _server) = passive().await;
    let error = socket.feed(Frame::ping(vec![0; 126])).await.unwrap_err();
    let SocketError::Send(error) = error else { panic!("{error:?}") };
    assert!(error.into_frame().is_some());
    SinkExt::send(&mut socket, text("fine")).await.unwrap();
    connection.expect_text("fine").await;
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_is_closed_says_goodbye_once_and_all_that_the_server_still_says_is_read() {
    let server = Server::in_memory_with_buffer(256);
    let options = SocketOptions::from(server.options()).inbound(2, usize::MAX);
    let (mut socket, mut connection) = open(&server, options).await;
    socket.feed(text("last")).await.unwrap();
    let serving = tokio::spawn(async move {
        connection.expect_text("last").await;
        connection.expect_close(1000).await;
        for n in 0..500 {
            connection.send(numbered(n)).await;
        }
        connection.finish_close().await;
    });
    soon(SinkExt::close(&mut socket)).await.unwrap();
    soon(SinkExt::close(&mut socket)).await.unwrap();
    assert_eq!(socket.state(), SocketState::Closing);
    let rest: Vec<Message> = soon(socket.try_collect()).await.unwrap();
    assert_eq!(rest.iter().map(number).collect::<Vec<_>>(), (0..500).collect::<Vec<_>>());
    serving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn finish_is_the_sinks_close_under_a_name_that_no_other_method_hides() {
    for in_halves in [false, true] {
        let server = Server::in_memory_with_buffer(256);
        let options = SocketOptions::from(server.options()).inbound(2, usize::MAX);
        let (mut socket, mut connection) = open(&server, options).await;
        let serving = tokio::spawn(async move {
            connection.expect_text("last").await;
            connection.expect_close(1000).await;
            for n in 0..500 {
                connection.send(numbered(n)).await;
            }
            connection.finish_close().await;
        });
        let rest: Vec<Message> = if in_halves {
            let (read, mut write) = socket.split();
            write.feed(text("last")).await.unwrap();
            soon(write.finish()).await.unwrap();
            soon(write.finish()).await.unwrap();
            soon(read.try_collect()).await.unwrap()
        } else {
            socket.feed(text("last")).await.unwrap();
            soon(socket.finish()).await.unwrap();
            assert_eq!(socket.state(), SocketState::Closing);
            soon(socket.try_collect()).await.unwrap()
        };
        assert_eq!(rest.iter().map(number).collect::<Vec<_>>(), (0..500).collect::<Vec<_>>());
        serving.await.unwrap();
    }
    let mut idle = Socket::start(SocketOptions::new("ws://host").unwrap());
    assert_eq!(soon(idle.finish()).await.unwrap_err().state(), Some(SocketState::Idle));
}

#[tokio::test(start_paused = true)]
async fn a_close_sends_what_the_sink_of_its_handle_has_collected() {
    // More than the sink collects at once.
    const FRAMES: usize = 100;
    let (mut socket, mut connection, _server) = passive().await;
    for n in 0..FRAMES {
        socket.feed(numbered(n)).await.unwrap();
    }
    let (closed, ()) = tokio::join!(socket.close(), async {
        for n in 0..FRAMES {
            connection.expect_text(n.to_string()).await;
        }
        connection.expect_close(1000).await;
        connection.finish_close().await;
    });
    closed.unwrap();
    assert_eq!(socket.stats().frames_lost, 0);
}

#[tokio::test(start_paused = true)]
async fn a_close_counts_what_the_sink_has_collected_and_nobody_can_send_any_more() {
    let (mut socket, mut connection, _server) = passive().await;
    for n in 0..3 {
        socket.feed(numbered(n)).await.unwrap();
    }
    connection.close(1000, "").await;
    connection.finish_close().await;
    settle().await;
    socket.close().await.unwrap();
    assert_eq!(socket.stats().frames_lost, 3);
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_the_server_closed_is_an_error_to_send_and_none_to_close() {
    let (mut socket, mut connection, _server) = passive().await;
    connection.close(1000, "").await;
    connection.finish_close().await;
    settle().await;
    let error = SinkExt::send(&mut socket, text("x")).await.unwrap_err();
    assert_eq!(error.state(), Some(SocketState::Closed));
    soon(SinkExt::close(&mut socket)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn two_halves_read_and_write_in_two_tasks() {
    let (socket, mut connection, _server) = passive().await;
    let (read, write) = socket.split();
    let reading = tokio::spawn(async move { read.recv().await });
    write.send("out").await.unwrap();
    connection.expect_text("out").await;
    connection.send("in").await;
    assert_eq!(soon(reading).await.unwrap().unwrap(), text("in"));
    assert_eq!(write.socket().state(), SocketState::Connected);
    let (closed, theirs) = tokio::join!(write.close_with(4000, "done"), connection.finish_close());
    closed.unwrap();
    assert_eq!(theirs.unwrap().code, 4000);
}

#[tokio::test(start_paused = true)]
async fn halves_fit_forward_so_that_an_echo_is_one_line() {
    let (socket, mut connection, _server) = passive().await;
    let (write, read) = {
        let (read, write) = socket.split();
        (write, read)
    };
    let echo = tokio::spawn(read.map_ok(Frame::from).forward(write));
    for frame in [text("1"), Frame::binary("2")] {
        connection.send(frame).await;
    }
    connection.expect_text("1").await;
    connection.expect_binary("2").await;
    connection.close(1000, "").await;
    connection.finish_close().await;
    soon(echo).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_split_of_futures_fits_too() {
    let (socket, mut connection, _server) = passive().await;
    let (mut sink, mut stream) = StreamExt::split(socket);
    sink.send(text("out")).await.unwrap();
    connection.expect_text("out").await;
    connection.send("in").await;
    assert_eq!(soon(stream.next()).await.unwrap().unwrap(), Message::from("in"));
}
