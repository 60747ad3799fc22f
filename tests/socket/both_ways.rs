//! Frames that wait to be written never keep a socket from reading.

use fresh::{
    Frame,
    testing::{Connection, Received, Server},
};

use super::{open, passive, received, text};
use crate::support::time::{settle, soon};

#[tokio::test(start_paused = true)]
async fn a_socket_receives_while_8_mib_wait_for_a_server_that_does_not_read_yet() {
    let (socket, mut connection, _server) = passive().await;
    let large = vec![7; 8 << 20];
    let sending = tokio::spawn({
        let (socket, large) = (socket.clone(), large.clone());
        async move { socket.send(large).await }
    });
    settle().await;
    for n in ["1", "2", "3"] {
        connection.send(n).await;
        assert_eq!(received(&socket).await, text(n));
    }
    assert!(!sending.is_finished());
    connection.expect_binary(large).await;
    soon(sending).await.unwrap().unwrap();
}

/// Sends each message back before it reads the next one.
async fn echo(mut connection: Connection, messages: usize) -> Connection {
    for _ in 0..messages {
        let Received::Binary(bytes) = connection.receive().await else { panic!("no binary message") };
        connection.send(bytes).await;
    }
    connection
}

#[tokio::test(start_paused = true)]
async fn sixty_four_senders_get_all_echoes_of_a_server_that_reads_only_after_it_has_written() {
    const SENDERS: u8 = 64;
    const EACH: usize = 16;
    const SIZE: usize = 64 << 10;
    let server = Server::in_memory_with_buffer(16 << 10);
    let (socket, connection) = open(&server, server.options()).await;
    let echoing = tokio::spawn(echo(connection, usize::from(SENDERS) * EACH));
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let socket = socket.clone();
            tokio::spawn(async move {
                for _ in 0..EACH {
                    socket.send(vec![sender; SIZE]).await.unwrap();
                }
            })
        })
        .collect();
    let mut echoes = [0; SENDERS as usize];
    for _ in 0..usize::from(SENDERS) * EACH {
        let Frame::Binary(bytes) = received(&socket).await else { panic!("no binary message") };
        assert!(bytes == vec![bytes[0]; SIZE], "the echo is another message");
        echoes[usize::from(bytes[0])] += 1;
    }
    assert_eq!(echoes, [EACH; SENDERS as usize]);
    for sender in senders {
        soon(sender).await.unwrap();
    }
    soon(echoing).await.unwrap();
}
