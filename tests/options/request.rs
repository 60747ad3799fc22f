//! What an attempt asks for: headers, subprotocols, and what the request hook makes of them.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use fresh::{
    BoxError, Client, Error, Options,
    error::{Chain, ConnectError, UpgradeError},
    http::HeaderValue,
    options::{Connector, Target, Transport},
    testing::{Dialer, Server},
};
use tokio::time::Instant;

use crate::support::{
    connect,
    probe::Probe,
    time::{assert_took, soon},
};

#[tokio::test(start_paused = true)]
async fn headers_are_sent_each_as_often_as_it_was_given() {
    let server = Server::in_memory();
    let options = server.options().header("X-Tag", "one").unwrap().header("x-tag", "two").unwrap();
    let options = options.header("user-agent", "ticker/1.0").unwrap();
    let _client = Client::start(options, Probe::new().0).unwrap();
    let handshake = server.pending().await;
    let headers = handshake.request().headers();
    assert_eq!(headers.get_all("x-tag").iter().collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(headers["user-agent"], "ticker/1.0");
}

#[tokio::test(start_paused = true)]
async fn the_userinfo_of_the_url_is_sent_as_basic_credentials() {
    let server = Server::in_memory();
    let options = Options::new("ws://user:pass@scripted.test/path?query").unwrap().connector(server.connector());
    let _client = Client::start(options, Probe::new().0).unwrap();
    let handshake = server.pending().await;
    assert_eq!(handshake.request().headers()["authorization"], "Basic dXNlcjpwYXNz");
    assert_eq!(handshake.request().headers()["host"], "scripted.test");
    assert_eq!(handshake.request().uri(), "/path?query");
}

#[tokio::test(start_paused = true)]
async fn the_subprotocol_that_the_server_chooses_of_those_offered_is_in_force() {
    let server = Server::in_memory();
    let options = server.options().protocol("chat").unwrap().protocol("mqtt").unwrap();
    let (probe, mut seen) = Probe::new();
    let client = Client::start(options, probe).unwrap();
    assert_eq!(client.protocol(), None);
    let handshake = server.pending().await;
    assert_eq!(handshake.request().headers()["sec-websocket-protocol"], "chat, mqtt");
    let connection = handshake.accept_with(&[("sec-websocket-protocol", "mqtt")]).await;
    assert_eq!(seen.connected().await.protocol.as_deref(), Some("mqtt"));
    assert_eq!(client.protocol().as_deref(), Some("mqtt"));
    connection.drop_connection();
    seen.failed().await;
    assert_eq!(client.protocol(), None);
}

#[tokio::test(start_paused = true)]
async fn without_a_subprotocol_none_is_offered_and_none_is_in_force() {
    let server = Server::in_memory();
    let (probe, mut seen) = Probe::new();
    let client = Client::start(server.options(), probe).unwrap();
    let handshake = server.pending().await;
    assert!(!handshake.request().headers().contains_key("sec-websocket-protocol"));
    let _connection = handshake.accept().await;
    assert_eq!(seen.connected().await.protocol, None);
    assert_eq!(client.protocol(), None);
}

#[tokio::test(start_paused = true)]
async fn the_request_hook_gives_each_attempt_a_fresh_token() {
    let server = Server::in_memory();
    let options = server.options().header("authorization", "stale").unwrap().request_hook(|mut request| async move {
        let token = HeaderValue::try_from(format!("Bearer {}", request.attempt))?;
        request.headers.insert("authorization", token);
        request.protocols.push("chat".to_owned());
        Ok(request)
    });
    let _client = Client::start(options, Probe::new().0).unwrap();
    for attempt in 1..=3 {
        let handshake = server.pending().await;
        let headers = handshake.request().headers();
        assert_eq!(headers["authorization"], format!("Bearer {attempt}").as_str());
        assert_eq!(headers["sec-websocket-protocol"], "chat");
        if attempt == 2 {
            handshake.accept().await.drop_connection();
        } else {
            handshake.refuse(503, &[], "").await;
        }
    }
}

/// Two hosts, each with a server of its own.
struct Hosts {
    one: Dialer,
    two: Dialer,
}

#[async_trait]
impl Connector for Hosts {
    async fn connect(&self, target: &Target) -> Result<Transport, BoxError> {
        match (target.host.as_str(), target.port) {
            ("one.test", 80) => self.one.connect(target).await,
            ("two.test", 8080) => self.two.connect(target).await,
            _ => Err(format!("nobody knows {target:?}").into()),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_request_hook_leads_the_next_attempt_to_another_server() {
    let (one, two) = (Server::in_memory(), Server::in_memory());
    let hosts = Hosts { one: one.connector(), two: two.connector() };
    let options = Options::new("ws://one.test/").unwrap().connector(hosts).request_hook(|mut request| async move {
        if request.attempt % 2 == 0 {
            request.url = "ws://two.test:8080/next?page=2".parse()?;
        }
        Ok(request)
    });
    let (probe, mut seen) = Probe::new();
    let _client = Client::start(options, probe).unwrap();
    one.pending().await.refuse(503, &[], "").await;
    let handshake = two.pending().await;
    assert_eq!(handshake.request().uri(), "/next?page=2");
    assert_eq!(handshake.request().headers()["host"], "two.test:8080");
    handshake.accept().await.drop_connection();
    one.accept().await.drop_connection();
    seen.failed().await;
    assert_eq!(seen.connected().await.attempt, 2);
}

#[tokio::test(start_paused = true)]
async fn a_request_hook_that_fails_is_an_upgrade_error_and_asked_again() {
    let server = Server::in_memory();
    let failed = AtomicBool::new(false);
    let options = server.options().request_hook(move |request| {
        let fails = !failed.swap(true, Ordering::Relaxed);
        async move { if fails { Err("no token to be had".into()) } else { Ok(request) } }
    });
    let (probe, mut seen) = Probe::new();
    let _client = Client::start(options, probe).unwrap();
    let error = seen.failed().await;
    assert!(matches!(&error, Error::Upgrade(UpgradeError::Hook(_))), "{error:?}");
    assert_eq!(Chain(&error).to_string(), "upgrading failed: the request hook failed: no token to be had");
    let _connection = server.accept().await;
    assert_eq!(seen.connected().await.attempt, 2);
}

#[tokio::test(start_paused = true)]
async fn a_request_hook_that_hangs_uses_up_the_connect_timeout() {
    let began = Instant::now();
    let timeout = Duration::from_secs(3);
    let options = Server::in_memory().options().connect_timeout(timeout);
    let (probe, mut seen) = Probe::new();
    let _client = Client::start(options.request_hook(|_| std::future::pending()), probe).unwrap();
    let error = seen.failed().await;
    assert!(matches!(error, Error::Connect(ConnectError::Timeout { after }) if after == timeout), "{error:?}");
    assert_took(began, timeout);
}

#[tokio::test(start_paused = true)]
async fn a_request_hook_that_panics_ends_the_client() {
    let options = Server::in_memory().options().request_hook(|_| async { panic!("no token") });
    let (probe, mut seen) = Probe::new();
    let client = Client::start(options, probe).unwrap();
    assert_eq!(soon(client.closed()).await.to_string(), "panicked: no token");
    assert_eq!(seen.terminated().await.to_string(), "panicked: no token");
}

#[tokio::test(start_paused = true)]
async fn the_options_of_a_client_stay_as_they_are_when_its_hook_changes_a_request() {
    let server = Server::in_memory();
    let options = server.options().request_hook(|mut request| async move {
        assert!(request.headers.is_empty() && request.protocols.is_empty());
        request.headers.insert("x-tag", HeaderValue::from_static("one"));
        Ok(request)
    });
    let (_client, mut seen, connection) = connect(&server, options).await;
    connection.drop_connection();
    seen.failed().await;
    let handshake = server.pending().await;
    assert_eq!(handshake.request().headers().get_all("x-tag").iter().count(), 1);
}
