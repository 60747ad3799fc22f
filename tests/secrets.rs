//! Header values, userinfo and the query of the URL appear in no log line, no `Debug` and no error text.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::{error::Error as StdError, sync::Arc, time::Duration};

use fresh::{
    Client, Error, ErrorKind, Offline, Options,
    error::Chain,
    http::HeaderValue,
    options::{BackoffOptions, TlsOptions},
    testing::Server,
};
use futures_util::FutureExt;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::mpsc;

use crate::support::{log::Log, probe::Probe, time::soon};

/// Every secret below is made of this, but for the encoded one.
const SECRET: &str = "s3cret";
const URL: &str = "ws://s3cret-user:s3cret-word@scripted.test/path?token=s3cret-query";
/// `s3cret-user:s3cret-word` in base64.
const BASIC: &str = "czNjcmV0LXVzZXI6czNjcmV0LXdvcmQ=";

fn options(url: &str) -> Options {
    let options = Options::new(url).unwrap().header("x-api-key", "s3cret-key").unwrap();
    options.backoff(BackoffOptions::new().attempts(1)).connect_timeout(Duration::from_secs(3))
}

#[track_caller]
fn assert_silent(what: &str, text: &str) {
    assert!(!text.contains(SECRET) && !text.contains(BASIC), "{what} tells a secret: {text}");
}

#[track_caller]
fn assert_error_silent(error: &Error) {
    assert_silent("the text of an error", &error.to_string());
    assert_silent("the text of an error with its causes", &Chain(error).to_string());
    assert_silent("the debug text of an error", &format!("{error:?} {error:#?}"));
    let mut cause = error.source();
    while let Some(error) = cause {
        assert_silent("the cause of an error", &format!("{error} {error:?}"));
        cause = error.source();
    }
}

/// Runs a client to its end, which this kind of error brings about; nothing that is said of it tells a secret.
async fn assert_failure_silent<T>(kind: ErrorKind, options: Options, server: impl AsyncFnOnce() -> T) {
    let log = Log::capture();
    let (probe, mut seen) = Probe::new();
    let client = Client::start(options, probe).unwrap();
    let _held = server().await;
    let error = seen.failed().await;
    assert_eq!(error.kind(), kind, "{error:?}");
    assert_error_silent(&error);
    let reason = soon(client.closed()).await;
    assert_silent("the exit reason", &format!("{reason} {reason:?}"));
    let ended = client.connected().await.unwrap_err();
    assert_silent("the answer to `connected`", &format!("{ended} {ended:?}"));
    assert!(log.count(&["ERROR"]) > 0, "{}", log.text());
    assert_silent("the log", &log.text());
}

#[test]
fn the_debug_of_options_shows_the_url_without_secrets_and_the_headers_by_name() {
    let options = options(URL).header("authorization", "Bearer s3cret").unwrap();
    let text = format!("{options:?} {options:#?}");
    assert_silent("the debug text of options", &text);
    assert!(text.contains("ws://scripted.test/path") && text.contains("authorization"), "{text}");
}

#[test]
fn a_refused_option_does_not_repeat_a_secret() {
    for url in ["http://u:s3cret@host/?s3cret", "ws://u:s3cret@host:99999/?s3cret", "ws://u:s3cret@h/#s3cret"] {
        let error = Options::new(url).unwrap_err();
        assert_silent("a refused URL", &format!("{error} {error:?}"));
    }
    for (name, value) in [("authorization", "s3cret\n"), ("sec-websocket-key", "s3cret")] {
        let error = Options::new("ws://host/").unwrap().header(name, value).unwrap_err();
        assert_silent("a refused header", &format!("{error} {error:?}"));
        let config = serde_json::json!({ "url": "ws://host/", "headers": { name: value } });
        let error = serde_json::from_value::<Options>(config).unwrap_err();
        assert_silent("a refused configuration", &format!("{error} {error:?}"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_debug_of_what_the_request_hook_is_given_tells_no_secret() {
    let server = Server::in_memory();
    let (shown, mut texts) = mpsc::unbounded_channel();
    let options = options(URL).connector(server.connector()).request_hook(move |request| {
        shown.send(format!("{request:?} {request:#?}")).unwrap();
        async { Ok(request) }
    });
    let _client = Client::start(options, Probe::new().0).unwrap();
    let text = soon(texts.recv()).await.unwrap();
    assert_silent("the debug text of a request", &text);
    assert!(text.contains("ws://scripted.test/path") && text.contains("x-api-key"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_whole_life_tells_no_secret() {
    let log = Log::capture();
    let server = Server::in_memory();
    let options = options(URL).connector(server.connector()).offline(Offline::Drop);
    let options = options.backoff(BackoffOptions::new()).header("authorization", "Bearer s3cret").unwrap();
    let (probe, mut seen) = Probe::new();
    let client = Client::start(options.request_hook(async |request| Ok(request)), probe).unwrap();
    client.send("s3cret while there is no connection").await.unwrap();
    let handshake = server.pending().await;
    // So there is something to be silent about.
    assert_eq!(handshake.request().headers()["authorization"], "Bearer s3cret");
    assert_eq!(handshake.request().uri(), "/path?token=s3cret-query");
    handshake.refuse(503, &[], "").await;
    assert_error_silent(&seen.failed().await);
    let mut connection = server.accept().await;
    seen.connected().await;
    connection.send("s3cret in a message").await;
    seen.message().await;
    connection.drop_connection();
    assert_error_silent(&seen.failed().await);
    let mut connection = server.accept().await;
    seen.connected().await;
    connection.close(1001, "restarting").await;
    connection.finish_close().await;
    seen.disconnected().await;
    let _connection = server.accept().await;
    seen.connected().await;
    let refused = client.send(fresh::Frame::ping("s3cret".repeat(30))).await.unwrap_err();
    assert_silent("a refused frame", &format!("{refused} {refused:?}"));
    assert_silent("the debug text of a client", &format!("{client:?} {client:#?}"));
    client.request_stop();
    drop(_connection);
    soon(client.closed()).await;
    assert!(log.count(&[r#"url="ws://scripted.test/path""#]) > 8, "{}", log.text());
    assert_silent("the log", &log.text());
}

#[tokio::test]
async fn a_name_without_an_address_tells_no_secret() {
    let url = URL.replace("scripted.test", "no-such-host.invalid");
    assert_failure_silent(ErrorKind::Connect, options(&url), async || ()).await;
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_tells_no_secret() {
    let server = Server::tcp().await;
    let port = server.url().port().unwrap();
    drop(server);
    let url = URL.replace("scripted.test", &format!("127.0.0.1:{port}"));
    assert_failure_silent(ErrorKind::Connect, options(&url), async || ()).await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_that_is_not_there_tells_no_secret() {
    let directory = tempfile::tempdir().unwrap();
    let options = options(URL).unix_socket(directory.path().join("nothing"));
    assert_failure_silent(ErrorKind::Connect, options, async || ()).await;
}

#[tokio::test(start_paused = true)]
async fn a_connect_timeout_tells_no_secret() {
    let server = Server::in_memory();
    let options = options(URL).connector(server.connector());
    assert_failure_silent(ErrorKind::Connect, options, async || server.pending().await.freeze()).await;
}

#[tokio::test]
async fn a_server_without_tls_tells_no_secret() {
    let server = Server::tcp().await;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let tls = TlsOptions::new().config(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
    let options = options(&URL.replace("ws:", "wss:")).connector(server.connector()).tls(tls);
    assert_failure_silent(ErrorKind::Connect, options, async || {
        server.accept_raw().await.raw("HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_request_hook_that_asks_for_the_impossible_tells_no_secret() {
    let server = Server::in_memory();
    let base = || options(URL).connector(server.connector());
    let another_scheme = base().request_hook(async |mut request| {
        request.url = "http://u:s3cret@host/?token=s3cret".parse()?;
        Ok(request)
    });
    let a_fragment = base().request_hook(async |mut request| {
        request.url.set_fragment(Some("s3cret"));
        Ok(request)
    });
    let a_header_of_the_handshake = base().request_hook(async |mut request| {
        request.headers.insert("sec-websocket-key", HeaderValue::from_static("s3cret"));
        Ok(request)
    });
    for options in [another_scheme, a_fragment, a_header_of_the_handshake] {
        assert_failure_silent(ErrorKind::Upgrade, options, async || ()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_tells_no_secret() {
    let server = Server::in_memory();
    for status in [401, 302, 503] {
        let options = options(URL).connector(server.connector());
        assert_failure_silent(ErrorKind::Establish, options, async || {
            server.pending().await.refuse(status, &[("location", "/elsewhere")], "no").await;
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_agreement_tells_no_secret() {
    let server = Server::in_memory();
    for header in [("sec-websocket-accept", "wrong"), ("sec-websocket-protocol", "unasked")] {
        let options = options(URL).connector(server.connector());
        assert_failure_silent(ErrorKind::Establish, options, async || {
            server.pending().await.accept_with(&[header]).await;
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_exchange_tells_no_secret() {
    let server = Server::in_memory();
    for answer in ["", "no HTTP at all\r\n\r\n"] {
        let options = options(URL).connector(server.connector());
        assert_failure_silent(ErrorKind::Process, options, async || {
            server.pending().await.raw(answer).await;
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_ran_tells_no_secret() {
    let (client, running) = Client::new(options(URL), Probe::new().0);
    drop(running);
    let text = format!("{client:?} {:?}", client.closed().now_or_never());
    assert_silent("the debug text of a client", &text);
}
