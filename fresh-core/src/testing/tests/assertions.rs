use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::*;

/// A connection on which the client wrote these bytes and left.
async fn written(bytes: impl AsRef<[u8]>) -> Connection {
    let server = Server::in_memory_with_buffer(1 << 20);
    let mut io = dial(&server).await;
    io.write_all(bytes.as_ref()).await.unwrap();
    server.accept_raw().await
}

fn masked(opcode: u8, payload: impl Into<Bytes>) -> WireFrame {
    WireFrame { mask: Some([9, 8, 7, 6]), ..WireFrame::new(opcode, payload) }
}

fn twice(frame: &WireFrame) -> Bytes {
    [frame.encode(), frame.encode()].concat().into()
}

#[tokio::test(start_paused = true)]
async fn every_breach_of_the_protocol_is_named() {
    let breaches: [(Bytes, &str); 15] = [
        (WireFrame::new(1, "x").encode(), "its frame is not masked"),
        (WireFrame { rsv: 4, ..masked(1, "x") }.encode(), "its frame has the reserved bits 100"),
        (masked(3, "x").encode(), "its frame has the opcode 3"),
        (vec![0x82, 0xfe, 0, 125, 0, 0, 0, 0].into(), "its frame spends 2 bytes on the length 125"),
        (vec![0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff].into(), "its frame spends 8 bytes on the length 65535"),
        (masked(9, vec![0; 126]).encode(), "its control frame has 126 bytes"),
        (WireFrame { fin: false, ..masked(9, "") }.encode(), "its control frame has 0 bytes and FIN false"),
        (masked(0, "x").encode(), "it continued a message that it did not begin"),
        (twice(&WireFrame { fin: false, ..masked(1, "x") }), "it began a message amid another"),
        (masked(1, vec![0xff]).encode(), "its text is not UTF-8"),
        (masked(8, vec![3]).encode(), "its close frame has one byte"),
        (masked(8, vec![3, 0xed]).encode(), "its close frame has the code 1005"),
        (masked(8, vec![3, 0xe8, 0xff]).encode(), "its text is not UTF-8"),
        (twice(&masked(8, vec![3, 0xe8])), "after its close frame"),
        (masked(1, "long").encode().slice(..9), "it ended amid a frame"),
    ];
    for (bytes, named) in breaches {
        let mut connection = written(bytes).await;
        let complaint = complaint(async {
            connection.receive().await;
            connection.receive().await;
        })
        .await;
        assert!(complaint.contains(named) && complaint.contains("tests/assertions.rs"), "{named}: {complaint}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_came_in_place_of_the_expected_is_named() {
    let text = || written(masked(1, "7").encode());
    assert!(complaint((text().await).expect_text("8")).await.contains("Text(\"7\")"));
    assert!(complaint((text().await).expect_binary("7")).await.contains("Text(\"7\")"));
    assert!(complaint((text().await).expect_ping()).await.contains("expected a ping, and there came Text(\"7\")"));
    assert!(complaint((text().await).expect_pong()).await.contains("expected a pong, and there came Text(\"7\")"));
    assert!(complaint((text().await).expect_close(1000)).await.contains("expected a close frame 1000"));
    assert!(complaint((text().await).expect_eof()).await.contains("Text(\"7\")"));
    assert!(complaint((text().await).finish_close()).await.contains("expected a close frame, and there came Eof"));
    assert!(complaint((text().await).raw_read_exact(99)).await.contains("of 99 bytes only 7 came"));
    let mut closed = written(masked(8, vec![3, 0xe9]).encode()).await;
    assert!(complaint(closed.expect_close(1000)).await.contains("1001 (going away)"));
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_what_never_comes_ends_with_a_sentence() {
    let server = Server::in_memory_with_buffer(64);
    assert!(complaint(server.accept()).await.contains("no client connected"));
    let _io = dial(&server).await;
    assert!(complaint(server.accept()).await.contains("no upgrade request came"));
    let _io = dial(&server).await;
    let mut connection = server.accept_raw().await;
    let complaints = [
        (complaint(connection.receive()).await, "nothing came from the client"),
        (complaint(connection.expect_text("8")).await, "no text \"8\" came from the client"),
        (complaint(connection.expect_binary("8")).await, "no binary message came from the client"),
        (complaint(connection.expect_ping()).await, "no ping came from the client"),
        (complaint(connection.expect_pong()).await, "no pong came from the client"),
        (complaint(connection.expect_close(1000)).await, "no close frame 1000 (normal closure) came from the client"),
        (complaint(connection.expect_eof()).await, "the client did not end the connection"),
        (complaint(connection.raw_read()).await, "no byte came from the client"),
        (complaint(connection.receive_frame()).await, "no frame came from the client"),
        (complaint(connection.send(vec![0; 100])).await, "the client does not read what is sent to it"),
    ];
    for (complaint, named) in complaints {
        assert!(complaint.contains(named) && complaint.contains("tests/assertions.rs"), "{named}: {complaint}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_paused_clock_may_run_far_ahead_before_patience_ends() {
    let server = Server::in_memory();
    let mut io = dial(&server).await;
    let mut connection = server.accept_raw().await;
    let began = Instant::now();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(1800)).await;
        io.write_all(&masked(9, "late").encode()).await.unwrap();
        std::future::pending::<()>().await;
    });
    assert_eq!(connection.expect_ping().await, "late");
    assert!(began.elapsed() < Duration::from_secs(1801), "patience does not stretch the wait");
}

#[tokio::test(start_paused = true)]
async fn sending_to_a_client_that_left_is_named() {
    let mut connection = written("").await;
    assert!(complaint(connection.send("x")).await.contains("the client is gone"));
}
