//! A socket as a byte stream.

use std::io::ErrorKind;

use fresh::{
    Frame, Options, Socket,
    socket::SocketError,
    testing::{EchoServer, Received, Server},
};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, copy_bidirectional, duplex};

use super::{open, passive};
use crate::support::{script::MS, time::soon};

/// Bytes that show it when some are missing or in another order.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n % 251) as u8).collect()
}

#[tokio::test]
async fn bytes_go_there_and_back_in_order_however_they_are_cut() {
    let server = EchoServer::start().await.unwrap();
    let socket = Socket::connect_to(Options::new(server.url()).unwrap()).await.unwrap();
    let (mut read, mut write) = tokio::io::split(socket.into_io());
    let sent = pattern(3 << 20);
    let writing = tokio::spawn({
        let sent = sent.clone();
        async move {
            let mut rest = &sent[..];
            let mut size = 1;
            while !rest.is_empty() {
                let (now, later) = rest.split_at(size.min(rest.len()));
                write.write_all(now).await.unwrap();
                rest = later;
                size = size * 3 % 200_003;
            }
            write.flush().await.unwrap();
            write
        }
    });
    let mut came = vec![0; sent.len()];
    soon(read.read_exact(&mut came)).await.unwrap();
    assert!(came == sent, "other bytes came back");
    let mut write = writing.await.unwrap();
    write.shutdown().await.unwrap();
    assert_eq!(soon(read.read(&mut [0; 1])).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_write_is_a_binary_message_of_at_most_64_kib() {
    let (socket, mut connection, _server) = passive().await;
    let mut io = socket.into_io();
    let ((), ()) = tokio::join!(
        async {
            io.write_all(&pattern(150_000)).await.unwrap();
            io.write_all(b"small").await.unwrap();
            io.flush().await.unwrap();
        },
        async {
            for length in [65_536, 65_536, 150_000 - 2 * 65_536, 5] {
                let Received::Binary(bytes) = connection.receive().await else { panic!("no binary message") };
                assert_eq!(bytes.len(), length);
            }
        }
    );
}

#[tokio::test(start_paused = true)]
async fn a_flush_waits_until_all_is_written() {
    let server = Server::in_memory_with_buffer(256);
    let (socket, mut connection) = open(&server, server.options()).await;
    let mut io = socket.into_io();
    io.write_all(&[0; 1000]).await.unwrap();
    let flushing = io.flush();
    tokio::pin!(flushing);
    assert!(tokio::time::timeout(MS, &mut flushing).await.is_err(), "nobody reads");
    let (flushed, ()) = tokio::join!(flushing, connection.expect_binary([0; 1000]));
    flushed.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_is_a_close_behind_the_bytes_and_the_answer_is_the_end() {
    let server = Server::in_memory_with_buffer(256);
    let (socket, mut connection) = open(&server, server.options()).await;
    let mut io = socket.into_io();
    let serving = tokio::spawn(async move {
        connection.expect_binary("request").await;
        connection.expect_close(1000).await;
        connection.send(pattern(10_000)).await;
        connection.finish_close().await;
    });
    io.write_all(b"request").await.unwrap();
    io.shutdown().await.unwrap();
    let mut answer = Vec::new();
    soon(io.read_to_end(&mut answer)).await.unwrap();
    assert!(answer == pattern(10_000), "{} bytes came", answer.len());
    serving.await.unwrap();
    let error = async {
        io.write_all(b"x").await?;
        io.flush().await
    };
    assert_eq!(error.await.unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[tokio::test(start_paused = true)]
async fn a_text_message_amid_bytes_is_invalid_data() {
    let (socket, mut connection, _server) = passive().await;
    connection.send(Frame::binary("ok")).await;
    connection.send("text").await;
    let mut io = socket.into_io();
    let mut bytes = Vec::new();
    assert_eq!(soon(io.read_to_end(&mut bytes)).await.unwrap_err().kind(), ErrorKind::InvalidData);
    assert_eq!(bytes, b"ok");
}

#[tokio::test(start_paused = true)]
async fn the_end_is_one_only_where_both_sides_agree_that_all_was_said() {
    for (code, end) in [(Some(1000), true), (Some(1001), true), (None, true), (Some(1011), false), (Some(4000), false)]
    {
        let (socket, mut connection, _server) = passive().await;
        match code {
            Some(code) => connection.close(code, "").await,
            None => connection.send(Frame::Close(None)).await,
        }
        connection.finish_close().await;
        let mut io = socket.into_io();
        match soon(io.read(&mut [0; 1])).await {
            Ok(0) => assert!(end, "{code:?}"),
            Ok(_) => panic!("a byte came"),
            Err(error) => {
                assert!(!end, "{code:?}: {error}");
                assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
                let inside = error.get_ref().and_then(|inside| inside.downcast_ref());
                assert!(matches!(inside, Some(SocketError::Closed(_))), "{error:?}");
            }
        }
    }
    let (socket, connection, _server) = passive().await;
    drop(connection);
    assert_eq!(soon(socket.into_io().read(&mut [0; 1])).await.unwrap_err().kind(), ErrorKind::UnexpectedEof);
}

#[tokio::test(start_paused = true)]
async fn lines_are_read_across_messages() {
    let (socket, mut connection, _server) = passive().await;
    for bytes in ["one\ntw", "", "o\n"] {
        connection.send(Frame::binary(bytes)).await;
    }
    let mut lines = socket.into_io().lines();
    assert_eq!(soon(lines.next_line()).await.unwrap().as_deref(), Some("one"));
    assert_eq!(soon(lines.next_line()).await.unwrap().as_deref(), Some("two"));
}

#[tokio::test(start_paused = true)]
async fn copy_bidirectional_tunnels_both_ways_to_both_ends() {
    let (socket, mut connection, _server) = passive().await;
    let (mut near, mut far) = duplex(1000);
    let tunnel = tokio::spawn(async move { copy_bidirectional(&mut far, &mut socket.into_io()).await });
    near.write_all(b"there").await.unwrap();
    connection.expect_binary("there").await;
    connection.send(Frame::binary("back")).await;
    let mut back = [0; 4];
    near.read_exact(&mut back).await.unwrap();
    assert_eq!(&back, b"back");
    near.shutdown().await.unwrap();
    connection.expect_close(1000).await;
    connection.send(Frame::binary("late")).await;
    connection.finish_close().await;
    let mut late = Vec::new();
    soon(near.read_to_end(&mut late)).await.unwrap();
    assert_eq!(late, b"late");
    assert_eq!(soon(tunnel).await.unwrap().unwrap(), (5, 8));
}
