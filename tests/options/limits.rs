//! How much a server may make us hold.

use fresh::{
    Client, Error, ExitReason,
    error::{DecodeError, EstablishError},
    options::Limits,
    testing::{Connection, Server},
};

use crate::support::{
    connect,
    probe::{Probe, Seen},
    time::soon,
};

async fn limited(limits: Limits) -> (Client<&'static str>, Seen, Connection) {
    let server = Server::in_memory();
    connect(&server, server.options().limits(limits)).await
}

/// The connection is closed with 1009, and this is why.
async fn assert_too_big(mut seen: Seen, mut connection: Connection, expected: DecodeError) {
    connection.expect_close(1009).await;
    connection.finish_close().await;
    let error = seen.failed().await;
    assert!(matches!(error, Error::Decode(cause) if cause == expected), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_frame_of_more_than_max_frame_is_too_big() {
    let (_client, mut seen, mut connection) = limited(Limits { max_frame: 100, ..Limits::default() }).await;
    connection.send(vec![0; 100]).await;
    assert_eq!(seen.message().await.len(), 100);
    connection.send(vec![0; 101]).await;
    assert_too_big(seen, connection, DecodeError::FrameTooBig { limit: 100 }).await;
}

#[tokio::test(start_paused = true)]
async fn a_message_of_more_than_max_message_is_too_big() {
    let (_client, mut seen, mut connection) = limited(Limits { max_message: 100, ..Limits::default() }).await;
    connection.send_fragmented(vec![0; 100], &[60, 40]).await;
    assert_eq!(seen.message().await.len(), 100);
    connection.send_fragmented(vec![0; 101], &[60, 41]).await;
    assert_too_big(seen, connection, DecodeError::MessageTooBig { limit: 100 }).await;
}

#[tokio::test(start_paused = true)]
async fn a_message_in_more_than_max_fragments_is_too_big() {
    let (_client, mut seen, mut connection) = limited(Limits { max_fragments: 3, ..Limits::default() }).await;
    connection.send_fragmented("abc", &[1, 1, 1]).await;
    assert_eq!(seen.text().await, "abc");
    connection.send_fragmented("abcd", &[1, 1, 1, 1]).await;
    assert_too_big(seen, connection, DecodeError::TooManyFragments { limit: 3 }).await;
}

#[tokio::test(start_paused = true)]
async fn a_handshake_of_more_than_max_handshake_is_refused() {
    let server = Server::in_memory();
    let long = "x".repeat(20 << 10);
    let answer_to = async |max_handshake| {
        let options = server.options().limits(Limits { max_handshake, ..Limits::default() });
        let (probe, seen) = Probe::new();
        let client = Client::start(options, probe).unwrap();
        let connection = server.pending().await.accept_with(&[("x-long", &long)]).await;
        (client, seen, connection)
    };
    let (_client, mut seen, _connection) = answer_to(32 << 10).await;
    assert_eq!(seen.connected().await.headers["x-long"].len(), long.len());

    let (client, _seen, _connection) = answer_to(16 << 10).await;
    let reason = soon(client.closed()).await;
    let ExitReason::Error(Error::Establish(EstablishError::HeadTooLarge { limit })) = reason else {
        panic!("{reason:?}")
    };
    assert_eq!(limit, 16 << 10);
}
