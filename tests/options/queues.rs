//! What waits: frames before the runtime, messages before the callbacks, bytes before the socket.

use std::time::Duration;

use fresh::{
    Client, Error, Options,
    client::SendError,
    error::SendFailure,
    testing::{Connection, Server},
};
use futures_util::poll;

use crate::support::{
    connect,
    probe::{Gate, Probe, Seen},
    time::settle,
};

fn is_full(refused: &SendError) -> bool {
    matches!(refused.cause(), Error::Send(SendFailure::MailboxFull))
}

#[tokio::test(start_paused = true)]
async fn the_mailbox_holds_so_many_frames_and_then_send_waits() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options().mailbox(2)).await;
    client.try_send("1").unwrap();
    client.try_send("2").unwrap();
    let refused = client.try_send("3").unwrap_err();
    assert!(is_full(&refused), "{refused:?}");
    let mut waiting = std::pin::pin!(client.send(refused.into_frame().unwrap()));
    assert!(poll!(&mut waiting).is_pending());
    waiting.await.unwrap();
    for text in ["1", "2", "3"] {
        connection.expect_text(text).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_mailbox_holds_so_many_infos_and_then_info_waits() {
    let server = Server::in_memory();
    let (client, mut seen, _connection) = connect(&server, server.options().mailbox(2)).await;
    client.try_info("1").unwrap();
    client.try_info("2").unwrap();
    let refused = client.try_info("3").unwrap_err();
    assert!(matches!(refused.failure(), SendFailure::MailboxFull), "{refused:?}");
    let mut waiting = std::pin::pin!(client.info(refused.into_info()));
    assert!(poll!(&mut waiting).is_pending());
    waiting.await.unwrap();
    for info in ["1", "2", "3"] {
        assert_eq!(seen.info().await, info);
    }
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_of_zero_holds_one_frame() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options().mailbox(0)).await;
    client.try_send("1").unwrap();
    assert!(is_full(&client.try_send("2").unwrap_err()));
    connection.expect_text("1").await;
}

/// A client whose callbacks wait at a gate, while its server has sent twenty messages of six bytes.
async fn flooded(options: impl FnOnce(Options) -> Options) -> (Client<&'static str>, Seen, Gate, Connection) {
    let server = Server::in_memory();
    let (probe, mut seen) = Probe::new();
    let (probe, gate) = probe.gated();
    let client = Client::start(options(server.options()), probe).unwrap();
    let mut connection = server.accept().await;
    seen.connected().await;
    for n in 0..20 {
        connection.send(format!("no. {n:02}")).await;
    }
    settle().await;
    (client, seen, gate, connection)
}

#[tokio::test(start_paused = true)]
async fn the_inbound_queue_holds_so_many_messages_while_a_callback_runs() {
    let (client, mut seen, gate, _connection) = flooded(|options| options.inbound(3, 1 << 20)).await;
    // One is in its callback.
    assert_eq!(client.stats().messages_received, 1 + 3);
    gate.open(20);
    for n in 0..20 {
        assert_eq!(seen.text().await, format!("no. {n:02}"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_inbound_queue_holds_so_many_bytes_while_a_callback_runs() {
    let (client, mut seen, gate, _connection) = flooded(|options| options.inbound(1000, 24)).await;
    assert_eq!(client.stats().messages_received, 1 + 4);
    gate.open(20);
    for n in 0..20 {
        assert_eq!(seen.text().await, format!("no. {n:02}"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_inbound_queue_of_nothing_holds_one_message() {
    let (client, ..) = flooded(|options| options.inbound(0, 0)).await;
    assert_eq!(client.stats().messages_received, 1 + 1);
}

#[tokio::test(start_paused = true)]
async fn the_default_inbound_queue_takes_a_burst() {
    let (client, ..) = flooded(|options| options).await;
    assert_eq!(client.stats().messages_received, 20);
}

/// How many frames of 64 bytes on the wire are accepted before the mailbox of four is full, where the server reads
/// nothing and its socket takes 16 bytes.
async fn accepted_with(write_buffer: usize) -> usize {
    let server = Server::in_memory_with_buffer(16);
    let options = server.options().mailbox(4).write_buffer(write_buffer).ping_interval(Duration::ZERO);
    let (client, _seen, connection) = connect(&server, options).await;
    let _unread = connection.freeze();
    let mut accepted = 0;
    while accepted < 100 && client.try_send(vec![0; 58]).is_ok() {
        accepted += 1;
        settle().await;
    }
    accepted
}

#[tokio::test(start_paused = true)]
async fn the_write_buffer_bounds_what_is_taken_out_of_the_mailbox() {
    // Bytes that the socket took count no more.
    assert_eq!(accepted_with(1).await, 1 + 4);
    assert_eq!(accepted_with(64 * 3 - 16).await, 3 + 4);
    assert_eq!(accepted_with(64 * 3 - 16 + 1).await, 4 + 4);
    assert_eq!(accepted_with(1 << 20).await, 100);
}

#[tokio::test(start_paused = true)]
async fn no_callback_begins_while_the_write_buffer_is_full() {
    let server = Server::in_memory_with_buffer(16);
    let options = server.options().write_buffer(64).ping_interval(Duration::ZERO);
    let (client, mut seen, mut connection) = connect(&server, options).await;
    client.try_send(vec![0; 200]).unwrap();
    settle().await;
    client.try_info("late").unwrap();
    settle().await;
    assert!(seen.already().is_none());
    connection.expect_binary([0; 200]).await;
    assert_eq!(seen.info().await, "late");
}
