//! The connection ends amid a message.

use std::time::Duration;

use fresh::{
    Client, Error, Frame, MessageType, Offline,
    error::{SendFailure, StreamError},
    testing::{Connection, Received, Server},
};
use futures_util::{StreamExt, stream};

use super::{CLOSE, begun, failure, next, pieces, ready, spawn};
use crate::support::{
    connect,
    probe::Probe,
    time::{settle, soon},
};

/// A way to begin a close, and the code it goes out with.
type Close = (fn(&Client<&'static str>), u16);

#[tokio::test(start_paused = true)]
async fn every_close_goes_out_at_once_and_nothing_behind_it() {
    let closes: [Close; 4] = [
        (|client| client.close(4000, "").unwrap(), 4000),
        (|client| client.request_stop(), 1001),
        (|client| client.reconnect(), 1000),
        (|client| client.try_send(Frame::close(4001, "")).unwrap(), 4001),
    ];
    for (close, code) in closes {
        let server = Server::in_memory();
        let (client, _seen, mut connection) = connect(&server, server.options()).await;
        let (pieces, sending) = begun(&client, &mut connection).await;
        close(&client);
        let frame = next(&mut connection).await;
        assert_eq!((frame.opcode, &frame.payload[..]), (CLOSE, &code.to_be_bytes()[..]));
        assert!(matches!(failure(soon(sending).await.unwrap()), SendFailure::Closing), "{code}");
        // Nobody listens to the stream any more.
        pieces.0.closed().await;
        assert_nothing_comes(&mut connection).await;
    }
}

async fn assert_nothing_comes(connection: &mut Connection) {
    let more = tokio::time::timeout(Duration::from_secs(1), connection.raw_read()).await;
    assert!(more.is_err(), "{more:?} came behind the close frame");
}

#[tokio::test(start_paused = true)]
async fn the_servers_close_is_answered_amid_a_message() {
    let server = Server::in_memory();
    let (client, mut seen, mut connection) = connect(&server, server.options()).await;
    let (_pieces, sending) = begun(&client, &mut connection).await;
    connection.close(4002, "enough").await;
    let frame = next(&mut connection).await;
    assert_eq!((frame.opcode, &frame.payload[..]), (CLOSE, &4002_u16.to_be_bytes()[..]));
    assert!(matches!(failure(soon(sending).await.unwrap()), SendFailure::Closing));
    drop(connection);
    assert!(seen.disconnected().await.clean);
    // By default a close of the server's leads to another connection.
    let mut connection = server.accept().await;
    seen.connected().await;
    client.send_stream(MessageType::Text, ready(["works", " again"])).await.unwrap();
    connection.expect_text("works again").await;
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_the_end_of_a_message_is_refused_when_it_does_not_end() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options()).await;
    let (_pieces, sending) = begun(&client, &mut connection).await;
    let confirmed = tokio::spawn({
        let client = client.clone();
        async move { client.send_confirmed("waits").await }
    });
    settle().await;
    let (_others, other) = spawn(&client, MessageType::Text);
    _others.give("another");
    settle().await;
    client.close(4000, "").unwrap();
    assert_eq!(next(&mut connection).await.opcode, CLOSE);
    for refused in [sending, confirmed, other] {
        assert!(matches!(failure(soon(refused).await.unwrap()), SendFailure::Closing));
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_is_lost_with_its_connection_and_never_goes_on_with_the_next_one() {
    let server = Server::in_memory();
    let (client, mut seen, mut connection) = connect(&server, server.options()).await;
    let (pieces, sending) = begun(&client, &mut connection).await;
    connection.drop_connection();
    assert!(matches!(failure(soon(sending).await.unwrap()), SendFailure::NotConnected));
    pieces.0.closed().await;
    assert!(matches!(seen.failed().await, Error::Stream(StreamError::Eof)));
    let mut connection = server.accept().await;
    seen.connected().await;
    client.send_stream(MessageType::Text, ready(["a", " new", " one"])).await.unwrap();
    connection.expect_text("a new one").await;
    assert_eq!((client.stats().frames_sent, client.stats().frames_lost), (1, 0), "its sender was told");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_handed_over_and_not_written_is_lost_with_its_connection() {
    let server = Server::in_memory_with_buffer(64);
    let (client, mut seen, connection) = connect(&server, server.options()).await;
    let sending =
        tokio::spawn(
            async move { client.send_stream(MessageType::Binary, ready([[1; 100].to_vec(), vec![2; 100]])).await },
        );
    settle().await;
    connection.drop_connection();
    assert!(matches!(failure(soon(sending).await.unwrap()), SendFailure::NotConnected));
    seen.failed().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_connection_no_stream_is_asked_for_anything() {
    for offline in [Offline::Reject, Offline::Queue(8), Offline::Drop] {
        let server = Server::in_memory();
        let client = Client::start(server.options().offline(offline), Probe::new().0).unwrap();
        let never =
            stream::poll_fn(|_| -> std::task::Poll<Option<std::io::Result<Vec<u8>>>> { panic!("it was asked") });
        let refused = client.send_stream(MessageType::Binary, never).await;
        assert!(matches!(failure(refused), SendFailure::NotConnected), "{offline:?}");
        assert_eq!(client.stats().frames_lost, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_waits_for_its_turn_is_not_kept_for_the_next_connection() {
    for offline in [Offline::Reject, Offline::Queue(8), Offline::Drop] {
        let server = Server::in_memory();
        let (client, mut seen, mut connection) = connect(&server, server.options().offline(offline)).await;
        let (_first, going_out) = begun(&client, &mut connection).await;
        let waits: Vec<_> = (0..3).map(|_| spawn(&client, MessageType::Text)).collect();
        for (pieces, _) in &waits {
            pieces.give("waits");
        }
        // Its stream has given nothing.
        let (_idle, idle) = spawn(&client, MessageType::Text);
        settle().await;
        connection.drop_connection();
        for sending in waits.into_iter().map(|(_, sending)| sending).chain([going_out, idle]) {
            assert!(matches!(failure(soon(sending).await.unwrap()), SendFailure::NotConnected), "{offline:?}");
        }
        seen.failed().await;
        let mut connection = server.accept().await;
        seen.connected().await;
        client.send("next").await.unwrap();
        assert_eq!(connection.receive().await, Received::Text("next".into()), "{offline:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_has_ended_sends_nothing() {
    let server = Server::in_memory();
    let (client, _seen, connection) = connect(&server, server.options()).await;
    drop(connection);
    soon(client.stop()).await;
    let refused = client.send_stream(MessageType::Text, ready(["late"])).await;
    assert!(matches!(failure(refused), SendFailure::Ended));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_killed_tells_who_was_sending() {
    let server = Server::in_memory();
    let (probe, mut seen) = Probe::new();
    let (client, running) = Client::new(server.options(), probe);
    let task = tokio::spawn(running);
    let mut connection = server.accept().await;
    seen.connected().await;
    let (_pieces, sending) = begun(&client, &mut connection).await;
    task.abort();
    assert!(matches!(failure(soon(sending).await.unwrap()), SendFailure::Ended));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_has_not_begun_is_told_of_a_close_when_it_gives_something() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options()).await;
    let (given, sending) = spawn(&client, MessageType::Text);
    settle().await;
    client.close(4000, "").unwrap();
    connection.expect_close(4000).await;
    given.give("late");
    assert!(matches!(failure(soon(sending).await.unwrap()), SendFailure::Closing));
    let (_given, pieces) = pieces();
    let refused = client.send_stream(MessageType::Text, pieces.take(0)).await;
    assert!(matches!(failure(refused), SendFailure::Closing));
}
