//! Options from a configuration file run a client.

use fresh::{Client, Error, Options, error::StreamError, testing::Server};
use serde_json::json;
use tokio::time::Instant;

use crate::support::{
    log::Log,
    probe::Probe,
    time::{assert_took, soon},
};

#[tokio::test]
async fn a_client_runs_on_options_that_were_read_from_json() {
    let log = Log::capture();
    let server = Server::tcp().await;
    let config = json!({
        "url": server.url().as_str(),
        "name": "from-a-file",
        "headers": { "authorization": "Bearer token", "x-tag": ["one", "two"] },
        "protocols": ["chat"],
        "limits": { "max_frame": 4 },
        "backoff": { "attempts": 1 },
    });
    let options: Options = serde_json::from_str(&config.to_string()).unwrap();
    let (probe, mut seen) = Probe::new();
    let client = Client::start(options, probe).unwrap();
    let handshake = server.pending().await;
    let headers = handshake.request().headers();
    assert_eq!(headers["authorization"], "Bearer token");
    assert_eq!(headers.get_all("x-tag").iter().count(), 2);
    let mut connection = handshake.accept_with(&[("sec-websocket-protocol", "chat")]).await;
    assert_eq!(seen.connected().await.protocol.as_deref(), Some("chat"));
    connection.send("four").await;
    assert_eq!(seen.text().await, "four");
    connection.send("five!").await;
    connection.expect_close(1009).await;
    connection.finish_close().await;
    assert_eq!(soon(client.closed()).await.to_string().split(':').next(), Some("gave up after 1 attempts"));
    assert!(log.count(&[r#"name="from-a-file""#]) > 0, "{}", log.text());
}

#[tokio::test(start_paused = true)]
async fn what_is_code_is_added_to_options_that_were_read_from_json() {
    let server = Server::in_memory();
    let config = json!({ "url": "ws://host/", "ping_interval": "1s", "pong_timeout": "250ms" });
    let options: Options = serde_json::from_value(config).unwrap();
    let (probe, mut seen) = Probe::new();
    let _client = Client::start(options.connector(server.connector()), probe).unwrap();
    let connection = server.accept().await;
    seen.connected().await;
    let _silent = connection.freeze();
    let began = Instant::now();
    let error = seen.failed().await;
    assert!(matches!(error, Error::Stream(StreamError::PongTimeout { .. })), "{error:?}");
    assert_took(began, std::time::Duration::from_millis(1250));
}
