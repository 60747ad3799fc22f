use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    time::Instant,
};
use url::Url;

use super::*;

/// A server that reads one request and answers these bytes, in which `ACCEPT` stands for the right accept.
/// It gives back the request and its end of the stream.
async fn server(mut io: DuplexStream, answer: Vec<Vec<u8>>) -> (String, DuplexStream) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(io.read_u8().await.unwrap());
    }
    let request = String::from_utf8(request).unwrap();
    let accept = key::accept(line(&request, "Sec-WebSocket-Key"));
    for part in answer {
        // Where the client has seen enough, it no longer reads.
        let part = String::from_utf8_lossy(&part).replace("ACCEPT", &accept);
        if io.write_all(part.as_bytes()).await.is_err() {
            break;
        }
        tokio::task::yield_now().await;
    }
    (request, io)
}

fn line<'a>(request: &'a str, name: &str) -> &'a str {
    let line =
        request.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name}: {request}"));
    line.trim_start_matches(": ")
}

fn request() -> Request {
    Request {
        url: Url::parse("ws://example.com:9000/chat?room=1").unwrap(),
        headers: HeaderMap::new(),
        protocols: vec!["chat".into(), "mqtt".into()],
        attempt: 7,
    }
}

fn options() -> Options {
    Options::new("ws://example.com/").unwrap()
}

/// The outcome of an upgrade whose answer comes in these parts, and then nothing more.
async fn answered_in(parts: Vec<Vec<u8>>) -> Result<Upgraded, Error> {
    let (ours, theirs) = duplex(1 << 20);
    let options = options();
    // The server keeps its end open while the client still decides.
    let server = tokio::spawn(async move {
        let _open = server(theirs, parts).await;
        std::future::pending::<()>().await;
    });
    let outcome = upgrade(Transport::new(ours), request(), &options, None).await;
    server.abort();
    outcome
}

async fn answered(answer: &str) -> Result<Upgraded, Error> {
    answered_in(vec![answer.as_bytes().to_vec()]).await
}

/// The outcome where the server closes right behind these bytes.
async fn answered_and_closed(answer: &str) -> Result<Upgraded, Error> {
    let (ours, theirs) = duplex(1 << 20);
    let options = options();
    let server = async { drop(server(theirs, vec![answer.as_bytes().to_vec()]).await) };
    tokio::join!(upgrade(Transport::new(ours), request(), &options, None), server).0
}

const GOOD: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                    Sec-WebSocket-Accept: ACCEPT\r\n\r\n";

fn good_with(lines: &str) -> String {
    GOOD.replacen("\r\n\r\n", &format!("\r\n{lines}\r\n\r\n"), 1)
}

fn error(outcome: Result<Upgraded, Error>) -> Error {
    match outcome {
        Ok(_) => panic!("upgraded"),
        Err(error) => error,
    }
}

fn establish(outcome: Result<Upgraded, Error>) -> EstablishError {
    let error = error(outcome);
    let Error::Establish(error) = error else { panic!("{error:?}") };
    error
}

fn malformed(error: Error) -> MalformedResponse {
    let Error::Process(ProcessError::Malformed { response, in_a_row: 1 }) = error else { panic!("{error:?}") };
    response
}

fn refused(outcome: Result<Upgraded, Error>) -> Arc<Refusal> {
    let error = establish(outcome);
    let EstablishError::Refused(refusal) = error else { panic!("{error:?}") };
    refusal
}

#[tokio::test]
async fn the_request_goes_out_as_browsers_write_it() {
    let (ours, theirs) = duplex(4096);
    let (options, mut request) = (options(), request());
    request.headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer token"));
    let upgrading = upgrade(Transport::new(ours), request, &options, None);
    let (outcome, (sent, _io)) = tokio::join!(upgrading, server(theirs, vec![GOOD.into()]));
    assert!(outcome.is_ok());
    assert!(sent.starts_with("GET /chat?room=1 HTTP/1.1\r\nHost: example.com:9000\r\n"), "{sent}");
    assert_eq!(line(&sent, "Upgrade"), "websocket");
    assert_eq!(line(&sent, "Connection"), "Upgrade");
    assert_eq!(line(&sent, "Sec-WebSocket-Version"), "13");
    assert_eq!(line(&sent, "Sec-WebSocket-Protocol"), "chat, mqtt");
    assert_eq!(line(&sent, "Authorization"), "Bearer token");
    assert!(!sent.to_lowercase().contains("content-length"));
}

/// The names of the headers, byte by byte as the server reads them.
fn names(request: &str) -> Vec<&str> {
    request.lines().skip(1).filter_map(|line| line.split_once(": ")).map(|(name, _)| name).collect()
}

#[tokio::test]
async fn header_names_go_out_in_the_case_of_the_rfcs() {
    let options = options();
    #[cfg(feature = "deflate")]
    let options = options.deflate(crate::options::DeflateOptions::new());
    // A transport that accepts a few bytes at a time splits the names, too.
    for capacity in [1, 7, 4096] {
        let (ours, theirs) = duplex(capacity);
        let mut request = request();
        request.url = Url::parse("ws://user:word@example.com/sec-websocket-key?Sec-Websocket-Key").unwrap();
        request.headers.insert("x-api-key", HeaderValue::from_static("Sec-Websocket-Key"));
        request.headers.insert("origin", HeaderValue::from_static("https://example.com"));
        let upgrading = upgrade(Transport::new(ours), request, &options, None);
        let (outcome, (sent, _io)) = tokio::join!(upgrading, server(theirs, vec![GOOD.into()]));
        assert!(outcome.is_ok());
        let mut expected = vec![
            "Host",
            "Upgrade",
            "Connection",
            "Sec-WebSocket-Key",
            "Sec-WebSocket-Version",
            "Sec-WebSocket-Protocol",
        ];
        if cfg!(feature = "deflate") {
            expected.push("Sec-WebSocket-Extensions");
        }
        expected.extend(["Authorization", "X-Api-Key", "Origin"]);
        assert_eq!(names(&sent), expected, "{sent}");
        assert!(sent.starts_with("GET /sec-websocket-key?Sec-Websocket-Key HTTP/1.1\r\n"), "{sent}");
        assert_eq!(line(&sent, "X-Api-Key"), "Sec-Websocket-Key");
    }
}

#[tokio::test]
async fn a_folded_header_of_the_answer_is_one_value() {
    let folded = GOOD.replace("Sec-WebSocket-Accept: ACCEPT", "Sec-WebSocket-Accept:\r\n\tACCEPT");
    let folded = folded.replace("\r\n\r\n", "\r\nX-Served-By: one,\r\n   two\r\n\r\n");
    let upgrade = answered(&folded).await.unwrap().upgrade;
    let value = upgrade.headers["x-served-by"].to_str().unwrap();
    assert_eq!(value.split_whitespace().collect::<Vec<_>>(), ["one,", "two"]);
    assert!(!value.contains(['\r', '\n', '\t']), "{value:?}");
}

#[tokio::test]
async fn a_good_answer_opens_the_connection() {
    let answer = good_with("Sec-WebSocket-Protocol: mqtt\r\nX-Served-By: a\r\nX-Served-By: b");
    let upgrade = answered(&answer).await.unwrap().upgrade;
    assert_eq!(upgrade.status, StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(upgrade.protocol.as_deref(), Some("mqtt"));
    assert_eq!(upgrade.headers.get_all("x-served-by").iter().count(), 2);
    assert_eq!(upgrade.attempt, 7);
}

#[tokio::test]
async fn the_addresses_of_the_transport_are_told() {
    let (ours, theirs) = duplex(4096);
    let (peer, local) = ("192.0.2.1:443".parse().unwrap(), "192.0.2.2:50000".parse().unwrap());
    let (transport, options) = (Transport::with_addrs(ours, Some(peer), Some(local)), options());
    let (outcome, _io) = tokio::join!(upgrade(transport, request(), &options, None), server(theirs, vec![GOOD.into()]));
    let upgrade = outcome.unwrap().upgrade;
    assert_eq!((upgrade.peer_addr, upgrade.local_addr), (Some(peer), Some(local)));
}

#[tokio::test]
async fn bytes_behind_the_answer_are_kept_and_the_stream_goes_on() {
    let (ours, theirs) = duplex(4096);
    let options = options();
    let answer = vec![format!("{GOOD}\u{1}\u{5}first").into_bytes()];
    let (outcome, (_, mut theirs)) =
        tokio::join!(upgrade(Transport::new(ours), request(), &options, None), server(theirs, answer));
    let Upgraded { mut io, read, .. } = outcome.unwrap();
    assert_eq!(&read[..], b"\x01\x05first");

    theirs.write_all(b"second").await.unwrap();
    io.write_all(b"reply").await.unwrap();
    let (mut down, mut up) = ([0; 6], [0; 5]);
    io.read_exact(&mut down).await.unwrap();
    theirs.read_exact(&mut up).await.unwrap();
    assert_eq!((&down, &up), (b"second", b"reply"));
}

#[tokio::test]
async fn a_head_may_come_byte_by_byte() {
    // `ACCEPT` is filled in part by part, so it has to be whole.
    let (before, after) = GOOD.split_once("ACCEPT").unwrap();
    let bytes = |text: &str| text.bytes().map(|byte| vec![byte]).collect::<Vec<_>>();
    let parts = [bytes(before), vec![b"ACCEPT".to_vec()], bytes(after)].concat();
    assert!(answered_in(parts).await.is_ok());
}

#[tokio::test]
async fn informational_answers_are_passed_over() {
    let answer = format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n{GOOD}");
    assert!(answered(&answer).await.is_ok());
}

#[tokio::test]
async fn a_proxy_s_connection_header_is_understood() {
    for lines in ["Connection: keep-alive, Upgrade", "Connection: keep-alive\r\nConnection: Upgrade"] {
        assert!(answered(&GOOD.replace("Connection: Upgrade", lines)).await.is_ok(), "{lines}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_agreement_is_an_establish_error() {
    let without_upgrade = GOOD.replace("Upgrade: websocket\r\n", "");
    assert!(matches!(establish(answered(&without_upgrade).await), EstablishError::NoUpgrade));
    let without_connection = GOOD.replace("Connection: Upgrade", "Connection: close");
    assert!(matches!(establish(answered(&without_connection).await), EstablishError::NoConnectionUpgrade));
    let missing = GOOD.replace("Sec-WebSocket-Accept: ACCEPT\r\n", "");
    assert!(matches!(establish(answered(&missing).await), EstablishError::Accept));
    let wrong = GOOD.replace("ACCEPT", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert!(matches!(establish(answered(&wrong).await), EstablishError::Accept));
    let twice = good_with("Sec-WebSocket-Accept: ACCEPT");
    assert!(matches!(establish(answered(&twice).await), EstablishError::Accept));
    let unoffered = good_with("Sec-WebSocket-Protocol: soap");
    assert!(matches!(establish(answered(&unoffered).await), EstablishError::Protocol(name) if name == "soap"));
    let extension = good_with("Sec-WebSocket-Extensions: permessage-deflate");
    assert!(matches!(establish(answered(&extension).await), EstablishError::Extension(_)));
}

#[tokio::test]
async fn a_refusal_gives_status_headers_and_body() {
    let answer = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 6\r\n\r\ndenied";
    let error = error(answered(answer).await);
    assert!(!error.is_transient());
    let refusal = error.refusal().unwrap();
    assert_eq!(refusal.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refusal.headers["www-authenticate"], "Bearer");
    assert_eq!(&refusal.body[..], b"denied");
    assert_eq!(refusal.retry_after, None);
}

#[tokio::test]
async fn a_redirect_and_a_plain_200_are_refusals() {
    for status in [200, 302, 426] {
        let refusal = refused(answered(&format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n")).await);
        assert_eq!(refusal.status, status);
    }
}

#[tokio::test]
async fn the_body_of_a_refusal_is_cut_at_8_kib() {
    let body = "x".repeat(100_000);
    let refusal = refused(answered(&format!("HTTP/1.1 500 x\r\nContent-Length: 100000\r\n\r\n{body}")).await);
    assert_eq!(refusal.body.len(), 8192);
}

#[tokio::test]
async fn a_body_without_a_length_ends_with_the_connection() {
    let refusal = refused(answered_and_closed("HTTP/1.0 403 Forbidden\r\n\r\ngo away").await);
    assert_eq!(&refusal.body[..], b"go away");
}

#[tokio::test]
async fn a_chunked_body_is_put_together() {
    let answer = "HTTP/1.1 503 x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbus\r\n1\r\ny\r\n0\r\n\r\n";
    assert_eq!(&refused(answered(answer).await).body[..], b"busy");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_kept_as_far_as_it_came() {
    let refusal = refused(answered_and_closed("HTTP/1.1 502 x\r\nContent-Length: 100\r\n\r\nbad").await);
    assert_eq!(&refusal.body[..], b"bad");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stalls_is_waited_for_a_second_only() {
    let before = Instant::now();
    let refusal = refused(answered("HTTP/1.1 503 x\r\nContent-Length: 100\r\n\r\nhalf").await);
    assert_eq!(before.elapsed().as_secs(), 1);
    assert_eq!(&refusal.body[..], b"half");
}

#[tokio::test]
async fn a_refusal_may_say_when_to_come_back() {
    let after = |value: &str| format!("HTTP/1.1 503 x\r\nRetry-After: {value}\r\nContent-Length: 0\r\n\r\n");
    let error = error(answered(&after("120")).await);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(120)));
    assert!(error.is_transient());

    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(600));
    let wait = refused(answered(&after(&date)).await).retry_after.unwrap().as_secs();
    assert!((590..=600).contains(&wait), "{wait}");
}

#[tokio::test]
async fn a_head_over_the_limit_is_too_large() {
    let (ours, theirs) = duplex(1 << 20);
    let options = options();
    let limit = options.limits.max_handshake;
    let answer = good_with(&format!("X-Padding: {}", "x".repeat(limit)));
    let (outcome, _io) =
        tokio::join!(upgrade(Transport::new(ours), request(), &options, None), server(theirs, vec![answer.into()]));
    assert!(matches!(establish(outcome), EstablishError::HeadTooLarge { limit: told } if told == limit));
}

#[tokio::test]
async fn a_limit_below_8_kib_still_reads_8_kib() {
    let limits = crate::options::Limits { max_handshake: 0, ..Default::default() };
    let options = options().limits(limits);
    for (padding, fits) in [(7_000, true), (8_192, false)] {
        let (ours, theirs) = duplex(1 << 20);
        let answer = good_with(&format!("X-Padding: {}", "x".repeat(padding)));
        let server = server(theirs, vec![answer.into()]);
        let (outcome, _io) = tokio::join!(upgrade(Transport::new(ours), request(), &options, None), server);
        assert_eq!(outcome.is_ok(), fits, "{padding}");
    }
}

#[tokio::test]
async fn a_head_of_too_many_fields_is_too_large() {
    let many = |fields: usize| good_with(&vec!["X: y"; fields].join("\r\n"));
    assert!(answered(&many(1000)).await.is_ok());
    assert!(matches!(establish(answered(&many(1100)).await), EstablishError::HeadTooLarge { .. }));
}

#[tokio::test]
async fn a_server_that_closes_without_an_answer_is_an_eof() {
    for answer in ["", "HTTP/1.1 101 Switching Protocols\r\nUpgr", "HTTP/1.1 100 Continue\r\n\r\n"] {
        let error = error(answered_and_closed(answer).await);
        assert!(matches!(error, Error::Process(ProcessError::Eof)), "{answer:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_server_that_closes_before_the_request_is_an_eof() {
    let (ours, theirs) = duplex(4096);
    drop(theirs);
    let error = error(upgrade(Transport::new(ours), request(), &options(), None).await);
    assert!(matches!(error, Error::Process(ProcessError::Eof)), "{error:?}");
}

#[tokio::test]
async fn a_server_that_speaks_first_is_a_process_error() {
    let (ours, mut theirs) = duplex(4096);
    theirs.write_all(b"220 mail.example.com ESMTP\r\n").await.unwrap();
    let error = error(upgrade(Transport::new(ours), request(), &options(), None).await);
    assert!(matches!(malformed(error), MalformedResponse::SpokeFirst));
}

#[tokio::test]
async fn what_is_no_http_answer_is_a_process_error() {
    for answer in [
        "SSH-2.0-OpenSSH_9.6\r\n",
        "\u{1}\u{2}\u{3}\u{4}",
        "HTTP/2.0 101 x\r\n\r\n",
        "HTTP/1.1 101 x\r\nno colon\r\n\r\n",
    ] {
        let error = error(answered(answer).await);
        assert!(matches!(malformed(error), MalformedResponse::Http(_)), "{answer:?}");
    }
    let old = error(answered(&GOOD.replace("HTTP/1.1", "HTTP/1.0")).await);
    assert!(matches!(malformed(old), MalformedResponse::Version));
}

/// A stream on which one direction fails.
struct Broken {
    reads: bool,
}

impl tokio::io::AsyncRead for Broken {
    fn poll_read(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        _: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        if self.reads {
            std::task::Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
        } else {
            std::task::Poll::Pending
        }
    }
}

impl tokio::io::AsyncWrite for Broken {
    fn poll_write(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        data: &[u8],
    ) -> std::task::Poll<io::Result<usize>> {
        if self.reads { Ok(data.len()) } else { Err(io::Error::from(io::ErrorKind::BrokenPipe)) }.into()
    }

    fn poll_flush(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<io::Result<()>> {
        Ok(()).into()
    }

    fn poll_shutdown(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        Ok(()).into()
    }
}

#[tokio::test]
async fn a_write_that_fails_is_told_from_a_read_that_fails() {
    let sent = error(upgrade(Transport::new(Broken { reads: false }), request(), &options(), None).await);
    let Error::Upgrade(UpgradeError::Send(cause)) = &sent else { panic!("{sent:?}") };
    assert_eq!(cause.kind(), io::ErrorKind::BrokenPipe);

    let read = error(upgrade(Transport::new(Broken { reads: true }), request(), &options(), None).await);
    let Error::Process(ProcessError::Io(cause)) = &read else { panic!("{read:?}") };
    assert_eq!(cause.kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn dropping_the_upgrade_drops_the_transport() {
    let (ours, mut theirs) = duplex(4096);
    let options = options();
    let mut upgrading = Box::pin(upgrade(Transport::new(ours), request(), &options, None));
    assert!(futures_util::FutureExt::now_or_never(&mut upgrading).is_none());
    drop(upgrading);
    let mut sent = Vec::new();
    theirs.read_to_end(&mut sent).await.unwrap();
    assert!(sent.starts_with(b"GET "), "the request was out, and then the stream ended");
}

#[test]
fn an_upgrade_can_be_driven_by_any_task() {
    fn is_send(_: impl Send) {}
    let options = options();
    is_send(upgrade(Transport::new(tokio::io::empty()), request(), &options, None));
}
