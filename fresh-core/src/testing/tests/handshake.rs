use tokio::io::AsyncWriteExt;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_correct_request_is_answered_as_the_rfc_computes_it() {
    let server = Server::in_memory();
    let (mut io, handshake) = requested(&server).await;
    let _connection = handshake.accept().await;
    let head = head(&mut io).await;
    assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
    assert!(head.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{head}");
}

#[tokio::test(start_paused = true)]
async fn the_test_sees_the_request_before_it_is_answered() {
    let server = Server::in_memory();
    let (_io, handshake) = requested(&server).await;
    assert_eq!(handshake.request().uri(), "/chat?room=1");
    assert_eq!(handshake.request().headers()["sec-websocket-protocol"], "chat, superchat");
}

#[tokio::test(start_paused = true)]
async fn extra_headers_are_added_and_those_of_the_answer_replaced() {
    let server = Server::in_memory();
    let (mut io, handshake) = requested(&server).await;
    let headers = [("Sec-WebSocket-Protocol", "chat"), ("Sec-WebSocket-Accept", "wrong"), ("X-A", "1"), ("X-A", "2")];
    let _connection = handshake.accept_with(&headers).await;
    let head = head(&mut io).await;
    assert!(head.contains("sec-websocket-protocol: chat\r\n"), "{head}");
    assert!(head.contains("sec-websocket-accept: wrong\r\n") && !head.contains("s3pPL"), "{head}");
    assert!(head.contains("x-a: 1\r\nx-a: 2\r\n"), "{head}");
}

#[tokio::test(start_paused = true)]
async fn frames_can_come_in_one_segment_with_the_answer() {
    let server = Server::in_memory();
    let (mut io, handshake) = requested(&server).await;
    let mut connection = handshake.accept_and_send(["a", "b"]).await;
    connection.raw("behind").await;
    let mut segment = [0; 4096];
    let length = io.read(&mut segment).await.unwrap();
    assert!(segment[..length].ends_with(b"\r\n\r\n\x81\x01a\x81\x01bbehind"));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_has_status_headers_and_body_and_ends_the_connection() {
    let server = Server::in_memory();
    let (mut io, handshake) = requested(&server).await;
    handshake.refuse(503, &[("Retry-After", "2")], "busy").await;
    let answer = rest(&mut io).await;
    assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
    assert!(answer.contains("retry-after: 2\r\n") && answer.contains("content-length: 4\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nbusy"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn the_answer_can_be_any_bytes() {
    let server = Server::in_memory();
    let (mut io, handshake) = requested(&server).await;
    handshake.raw("SSH-2.0-teapot\r\n").await.drop_connection();
    assert_eq!(rest(&mut io).await, "SSH-2.0-teapot\r\n");
}

#[tokio::test(start_paused = true)]
async fn a_frozen_handshake_answers_nothing_and_holds_the_connection() {
    let server = Server::in_memory();
    let (mut io, handshake) = requested(&server).await;
    let frozen = handshake.freeze();
    let hour = std::time::Duration::from_secs(3600);
    assert!(tokio::time::timeout(hour, io.read_u8()).await.is_err());
    drop(frozen);
    assert_eq!(rest(&mut io).await, "");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_handshake_ends_the_connection() {
    let server = Server::in_memory();
    let (mut io, handshake) = requested(&server).await;
    handshake.drop_connection();
    assert_eq!(rest(&mut io).await, "");
}

#[tokio::test(start_paused = true)]
async fn a_connection_can_be_taken_without_a_handshake() {
    let server = Server::in_memory();
    let mut io = dial(&server).await;
    io.write_all(b"CONNECT proxied:443").await.unwrap();
    assert_eq!(server.accept_raw().await.raw_read().await, "CONNECT proxied:443");
}

#[tokio::test(start_paused = true)]
async fn every_fault_of_a_request_is_named() {
    let faults = [
        ("GET /", "POST /", "the method is POST"),
        ("HTTP/1.1", "HTTP/1.0", "the version is HTTP/1.0"),
        ("/chat", "http://scripted.test/chat", "the target http://scripted.test/chat?room=1 is not"),
        ("Host: scripted.test\r\n", "", "there is not one Host"),
        ("Upgrade: websocket", "Upgrade: h2c", "it asks for no upgrade: Upgrade Some(\"h2c\")"),
        ("keep-alive, Upgrade", "keep-alive", "it asks for no upgrade"),
        ("Version: 13", "Version: 8", "Sec-WebSocket-Version is not 13"),
        ("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=", "Sec-WebSocket-Key is not one key of 16 bytes"),
        ("Sec-WebSocket-Key: ", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: ", "is not one key"),
        ("\r\n\r\n", "\r\nContent-Length: 0\r\n\r\n", "it has a body"),
        ("\r\n\r\n", "\r\n\r\nearly", "before the handshake was over"),
        ("GET ", "\0", "broken HTTP"),
    ];
    for (right, wrong, named) in faults {
        let server = Server::in_memory();
        let mut io = dial(&server).await;
        io.write_all(REQUEST.replacen(right, wrong, 1).as_bytes()).await.unwrap();
        let complaint = complaint(server.accept()).await;
        assert!(complaint.contains(named) && complaint.contains("tests/handshake.rs"), "{named}: {complaint}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_hangs_up_before_its_request_is_named() {
    let server = Server::in_memory();
    drop(dial(&server).await);
    assert!(complaint(server.accept()).await.contains("ended the connection before it sent a request"));
}

#[tokio::test(start_paused = true)]
async fn once_the_server_is_dropped_attempts_are_refused() {
    let server = Server::in_memory();
    let dialer = server.connector();
    drop(server);
    let target = Target { host: "scripted.test".into(), port: 80, secure: false };
    let error = dialer.connect(&target).await.unwrap_err();
    assert_eq!(error.downcast::<std::io::Error>().unwrap().kind(), std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn the_same_works_over_tcp_where_ends_have_addresses() {
    let server = Server::tcp().await;
    let target = Target { host: "ignored".into(), port: 1, secure: false };
    let transport = server.connector().connect(&target).await.unwrap();
    assert_eq!(transport.peer_addr.map(|addr| addr.port()), server.url().port());
    drop(server.accept_raw().await);

    let (_client, mut connection) = opened(&server).await;
    connection.send("x").await;
    assert_eq!(server.options().url(), server.url());
}
