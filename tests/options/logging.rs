//! What is logged, and the switches that turn it off.

use std::time::Duration;

use fresh::{Client, Offline, Options, options::BackoffOptions, testing::Server};

use crate::support::{connect, log::Log, probe::Probe, time::soon};

/// A life with everything that is logged in it: a refusal, a connection, a lost frame, a disconnect, an end.
async fn life(options: impl FnOnce(Options) -> Options) -> Log {
    let log = Log::capture();
    let server = Server::in_memory();
    let backoff = BackoffOptions::new().attempts(2);
    let options = options(server.options().backoff(backoff).offline(Offline::Drop));
    let (probe, mut seen) = Probe::new();
    let client = Client::start(options, probe).unwrap();
    let handshake = server.pending().await;
    client.send("lost").await.unwrap();
    handshake.refuse(503, &[], "").await;
    seen.failed().await;
    let mut connection = server.accept().await;
    seen.connected().await;
    connection.close(1001, "restarting").await;
    connection.finish_close().await;
    soon(client.closed()).await;
    log
}

#[tokio::test(start_paused = true)]
async fn every_line_stands_in_a_span_of_the_client_s_name_and_url() {
    let log = life(|options| options.name("ticker")).await;
    let span = r#"fresh{name="ticker" url="ws://scripted.test/"}"#;
    assert!(log.count(&[]) > 0);
    assert_eq!(log.count(&[span]), log.count(&[]), "{}", log.text());
}

#[tokio::test(start_paused = true)]
async fn a_client_without_a_name_is_told_by_its_url() {
    let log = life(|options| options).await;
    assert!(log.count(&[r#"fresh{url="ws://scripted.test/"}"#]) > 0, "{}", log.text());
}

#[tokio::test(start_paused = true)]
async fn the_course_of_a_connection_is_logged_as_info_and_what_failed_as_warn_and_error() {
    let log = life(|options| options).await;
    let text = log.text();
    assert_eq!(log.count(&["INFO", "connecting"]), 2, "{text}");
    assert_eq!(log.count(&["INFO", "waiting for the next attempt", "wait="]), 1, "{text}");
    assert_eq!(log.count(&["INFO", "connected", "attempt=2"]), 1, "{text}");
    assert_eq!(log.count(&["INFO", "disconnected", "code=1001 (going away)", "reason=restarting"]), 1, "{text}");
    assert_eq!(log.count(&["WARN", "frames were not sent"]), 1, "{text}");
    assert_eq!(log.count(&["WARN", "establishing failed: the server answered 503", "transient=true"]), 1, "{text}");
    assert_eq!(log.count(&["ERROR", "gave up after 2 attempts"]), 1, "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_logged_error_and_a_logged_end_name_each_cause_down_to_the_innermost() {
    let log = Log::capture();
    let server = Server::in_memory();
    let options = server.options().backoff(BackoffOptions::new().attempts(1)).request_hook(|_| async {
        let cause = std::io::Error::new(std::io::ErrorKind::NotFound, "no token file");
        Err(cause.into())
    });
    let client = Client::start(options, Probe::new().0).unwrap();
    let reason = soon(client.closed()).await;
    let chain = "upgrading failed: the request hook failed: no token file";
    assert_eq!(reason.to_string(), format!("gave up after 1 attempts: {chain}"));
    assert_eq!(log.count(&["WARN", chain]), 1, "{}", log.text());
    assert_eq!(log.count(&["ERROR", &format!("ended: {reason}")]), 1, "{}", log.text());
}

#[tokio::test(start_paused = true)]
async fn without_error_logging_no_error_is_logged() {
    let log = life(|options| options.error_logging(false)).await;
    assert_eq!(log.lines("WARN").len() + log.lines("ERROR").len(), 0, "{}", log.text());
    assert!(!log.lines("INFO").is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_info_logging_the_course_of_a_connection_is_not_logged() {
    let log = life(|options| options.info_logging(false)).await;
    assert!(log.lines("INFO").is_empty(), "{}", log.text());
    assert!(!log.lines("WARN").is_empty() && !log.lines("ERROR").is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_both_nothing_at_all_is_logged() {
    let log = life(|options| options.info_logging(false).error_logging(false)).await;
    assert_eq!(log.count(&[]), 0, "{}", log.text());
}

#[tokio::test(start_paused = true)]
async fn a_long_silence_and_traffic_are_not_logged() {
    let server = Server::in_memory();
    let options = server.options().ping_interval(Duration::from_secs(1));
    let (client, mut seen, mut connection) = connect(&server, options).await;
    let log = Log::capture();
    for _ in 0..10 {
        client.send("question").await.unwrap();
        connection.expect_text("question").await;
        connection.send("answer").await;
        seen.text().await;
        connection.expect_ping().await;
        seen.control().await;
    }
    assert_eq!(log.count(&[]), 0, "{}", log.text());
}
