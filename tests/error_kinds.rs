//! What goes wrong, one test a kind: how it arises, what the handler is told, what the default does about it.

// A script answers what it means to and leaves the rest to the defaults.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::time::Duration;

use fresh::{
    Action, Client, Error, ErrorKind, ExitReason, Frame, Options,
    error::{
        Callback, ConnectError, DecodeError, EncodeError, EstablishError, MalformedResponse, ProcessError, SendFailure,
        StreamError, UpgradeError,
    },
    testing::{Connection, Server},
};
use support::{
    script::{Log, MS, S, Then, Told, plain, start, steady, timed},
    time::{settle, soon},
};

/// The next error that the handler is told.
async fn error(log: &mut Log) -> Error {
    loop {
        if let Told::Error(error) = log.next().await {
            return error;
        }
    }
}

/// A client whose callbacks do what the defaults do, and which reconnects after a quarter of a second.
fn default_client(options: Options) -> (Client<u32>, Log) {
    let (recorder, log) = plain();
    (Client::start(options.backoff(steady()), recorder).unwrap(), log)
}

/// The default reconnects: there is another connection, after the backoff's delay.
async fn assert_reconnects(server: &Server) -> Connection {
    let (took, connection) = timed(server.accept()).await;
    assert!(took <= 600 * MS, "{took:?}");
    connection
}

/// The default ends the client with this very error.
async fn assert_ends(client: &Client<u32>, error: &Error) {
    let reason = soon(client.closed()).await;
    assert!(matches!(&reason, ExitReason::Error(last) if last.to_string() == error.to_string()), "{reason}");
}

#[tokio::test]
async fn connect_is_a_port_that_nobody_listens_on_and_reconnects() {
    let server = Server::tcp().await;
    let options = server.options();
    let port = server.url().port().unwrap();
    drop(server);
    let (client, mut log) = default_client(options);
    let refused = error(&mut log).await;
    assert!(matches!(&refused, Error::Connect(ConnectError::Io(_))), "{refused}");
    assert!(refused.is_transient() && refused.to_string().starts_with("connecting failed"));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    soon(listener.accept()).await.unwrap();
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn connect_is_an_attempt_that_takes_too_long_and_reconnects() {
    let server = Server::in_memory();
    let (_client, mut log) = default_client(server.options());
    let frozen = server.pending().await.freeze();
    let (took, late) = timed(error(&mut log)).await;
    assert!(matches!(late, Error::Connect(ConnectError::Timeout { after }) if after == 8 * S), "{late}");
    assert!(took.abs_diff(8 * S) < 20 * MS, "{took:?}");
    assert_reconnects(&server).await;
    drop(frozen);
}

#[tokio::test(start_paused = true)]
async fn upgrade_is_a_hook_that_fails_and_reconnects() {
    let server = Server::in_memory();
    let options = server.options().request_hook(|request| async move {
        if request.attempt == 1 { Err("no token yet".into()) } else { Ok(request) }
    });
    let (_client, mut log) = default_client(options);
    let failed = error(&mut log).await;
    assert!(matches!(&failed, Error::Upgrade(UpgradeError::Hook(why)) if why.to_string() == "no token yet"));
    assert!(failed.is_transient());
    assert_reconnects(&server).await;
}

#[tokio::test(start_paused = true)]
async fn upgrade_is_a_request_that_cannot_be_built_and_ends_the_client() {
    let server = Server::in_memory();
    let options = server.options().request_hook(|mut request| async {
        request.headers.insert("sec-websocket-key", fresh::http::HeaderValue::from_static("mine"));
        Ok(request)
    });
    let (client, mut log) = default_client(options);
    let failed = error(&mut log).await;
    assert!(matches!(&failed, Error::Upgrade(UpgradeError::Request(_))) && !failed.is_transient(), "{failed}");
    assert_ends(&client, &failed).await;
}

#[tokio::test(start_paused = true)]
async fn establish_is_a_refusal_that_heals_and_reconnects() {
    for status in [408, 425, 429, 500, 503] {
        let server = Server::in_memory();
        let (_client, mut log) = default_client(server.options());
        server.pending().await.refuse(status, &[("x-why", "busy")], "come back").await;
        let refused = error(&mut log).await;
        let refusal = refused.refusal().unwrap();
        assert_eq!((refused.kind(), refusal.status.as_u16()), (ErrorKind::Establish, status));
        assert_eq!((&refusal.headers["x-why"], &*refusal.body), (&"busy".parse().unwrap(), b"come back".as_slice()));
        assert_reconnects(&server).await;
    }
}

#[tokio::test(start_paused = true)]
async fn establish_is_a_refusal_that_does_not_heal_and_ends_the_client() {
    for status in [200, 301, 400, 401, 403, 404, 426] {
        let server = Server::in_memory();
        let (client, mut log) = default_client(server.options());
        server.pending().await.refuse(status, &[], "").await;
        let refused = error(&mut log).await;
        assert_eq!((refused.kind(), refused.status().unwrap().as_u16()), (ErrorKind::Establish, status));
        assert_ends(&client, &refused).await;
    }
}

#[tokio::test(start_paused = true)]
async fn establish_is_an_agreement_to_something_else_and_ends_the_client() {
    let answers = [
        ("sec-websocket-accept", "c29tZXRoaW5nIGVsc2U="),
        ("upgrade", "h2c"),
        ("connection", "keep-alive"),
        ("sec-websocket-protocol", "never-offered"),
        ("sec-websocket-extensions", "permessage-deflate"),
    ];
    for (name, value) in answers {
        let server = Server::in_memory();
        let (client, mut log) = default_client(server.options());
        let _connection = server.pending().await.accept_with(&[(name, value)]).await;
        let wrong = error(&mut log).await;
        let fits = match &wrong {
            Error::Establish(EstablishError::Accept) => name == "sec-websocket-accept",
            Error::Establish(EstablishError::NoUpgrade) => name == "upgrade",
            Error::Establish(EstablishError::NoConnectionUpgrade) => name == "connection",
            Error::Establish(EstablishError::Protocol(protocol)) => protocol == value,
            Error::Establish(EstablishError::Extension(extension)) => extension == value,
            _ => false,
        };
        assert!(fits, "{name}: {wrong}");
        assert_ends(&client, &wrong).await;
    }
}

#[tokio::test(start_paused = true)]
async fn process_is_an_exchange_that_breaks_midway_and_reconnects() {
    let server = Server::in_memory();
    let (_client, mut log) = default_client(server.options());
    server.pending().await.drop_connection();
    let broken = error(&mut log).await;
    assert!(matches!(&broken, Error::Process(ProcessError::Eof)) && broken.is_transient(), "{broken}");
    let (_, handshake) = timed(server.pending()).await;
    let _connection = handshake.raw("this is no HTTP\r\n\r\n").await;
    let broken = error(&mut log).await;
    let Error::Process(ProcessError::Malformed { response: MalformedResponse::Http(_), in_a_row: 1 }) = &broken else {
        panic!("{broken:?}")
    };
    assert!(broken.is_transient());
    assert_reconnects(&server).await;
}

#[tokio::test(start_paused = true)]
async fn process_is_a_server_of_another_protocol_and_ends_the_client_at_the_third_attempt() {
    for answer in ["SSH-2.0-OpenSSH_9.6\r\n", "HTTP/1.0 101 Switching Protocols\r\n\r\n"] {
        let server = Server::in_memory();
        let (client, mut log) = default_client(server.options());
        for attempt in 1..=3 {
            let _connection = server.pending().await.raw(answer).await;
            let malformed = error(&mut log).await;
            assert!(
                matches!(malformed, Error::Process(ProcessError::Malformed { in_a_row, .. }) if in_a_row == attempt),
                "{malformed:?}"
            );
            assert_eq!(malformed.is_transient(), attempt < 3);
        }
        let reason = soon(client.closed()).await;
        assert!(reason.to_string().contains("(3 times in a row)"), "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn stream_is_an_end_without_a_close_and_reconnects() {
    let server = Server::in_memory();
    let (_client, mut log) = default_client(server.options());
    server.accept().await.drop_connection();
    let lost = error(&mut log).await;
    assert!(matches!(&lost, Error::Stream(StreamError::Eof)) && lost.is_transient(), "{lost}");
    assert_reconnects(&server).await;
}

#[tokio::test]
async fn stream_is_a_reset_too_and_reconnects() {
    let server = Server::tcp().await;
    let (_client, mut log) = default_client(server.options());
    let connection = server.accept().await;
    log.until("connect").await;
    connection.reset();
    let lost = error(&mut log).await;
    assert!(matches!(&lost, Error::Stream(StreamError::Read(_))), "{lost}");
    server.accept().await;
}

#[tokio::test(start_paused = true)]
async fn decode_is_a_broken_protocol_and_reconnects() {
    let server = Server::in_memory();
    let (_client, mut log) = default_client(server.options());
    let mut connection = server.accept().await;
    connection.raw([0x81, 0x80, 0, 0, 0, 0]).await;
    connection.expect_close(1002).await;
    connection.drop_connection();
    let broken = error(&mut log).await;
    assert!(matches!(&broken, Error::Decode(DecodeError::Masked)) && broken.is_transient(), "{broken}");
    assert_reconnects(&server).await;
}

#[tokio::test(start_paused = true)]
async fn encode_is_a_frame_that_may_not_be_sent_and_is_ignored() {
    let server = Server::in_memory();
    let (client, mut log) = start(server.options(), |told| match told {
        Told::In(_) => Then::Do(Action::reply([Frame::ping(vec![0; 126]), Frame::text("fine")])),
        _ => Then::Default,
    });
    let mut connection = server.accept().await;
    connection.send("x").await;
    connection.expect_text("fine").await;
    let refused = error(&mut log).await;
    assert!(matches!(&refused, Error::Encode(EncodeError::ControlTooLong { len: 126 })), "{refused}");
    assert!(!refused.is_transient());
    settle().await;
    assert!(client.is_open());
}

#[tokio::test(start_paused = true)]
async fn send_is_a_reply_that_cannot_go_out_and_is_ignored() {
    let server = Server::in_memory();
    let (client, mut log) = start(server.options(), |told| match told {
        Told::Info(_) => Then::Do(Action::reply("nobody there")),
        _ => Then::Default,
    });
    // The handshake is not answered yet.
    let handshake = server.pending().await;
    client.info(1).await.unwrap();
    let unsent = error(&mut log).await;
    assert!(matches!(&unsent, Error::Send(SendFailure::NotConnected)), "{unsent}");
    let _connection = handshake.accept().await;
    soon(client.connected()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn send_is_a_write_that_stalls_and_the_loss_behind_it_reconnects() {
    let server = Server::in_memory_with_buffer(1000);
    let options = server.options().ping_interval(Duration::ZERO);
    let (client, mut log) = default_client(options);
    let frozen = server.accept().await.freeze();
    log.until("connect").await;
    let sent = client.send_confirmed(vec![0; 100_000]).await;
    assert_eq!(sent.unwrap_err().cause().kind(), ErrorKind::Send);
    let stalled = error(&mut log).await;
    assert!(matches!(&stalled, Error::Send(SendFailure::Timeout { after }) if *after == 10 * S), "{stalled}");
    let lost = error(&mut log).await;
    assert!(matches!(&lost, Error::Stream(StreamError::Write(_))), "{lost}");
    assert_reconnects(&server).await;
    drop(frozen);
}

#[tokio::test(start_paused = true)]
async fn handler_is_a_callback_that_raises_and_ends_the_client() {
    let callbacks = [
        ("connect", Callback::Connect),
        ("in x", Callback::In),
        ("ping p", Callback::Control),
        ("info 1", Callback::Info),
    ];
    for (at, callback) in callbacks {
        let server = Server::in_memory();
        let (client, mut log) =
            start(server.options(), move |told| if told.words() == at { Then::Raise("broken") } else { Then::Default });
        let mut connection = server.accept().await;
        connection.send("x").await;
        connection.send(Frame::ping("p")).await;
        client.info(1).await.unwrap();
        let raised = error(&mut log).await;
        let Error::Handler(error) = &raised else { panic!("{at}: {raised}") };
        assert_eq!((error.callback(), &*error.reason().to_string()), (callback, "broken"));
        assert!(!raised.is_transient());
        connection.finish_close().await;
        assert_ends(&client, &raised).await;
    }
}
