//! What nobody takes pushes back to the server; what comes before that is answered, and no deadline judges what cannot be
//! seen.

use std::time::Duration;

use fresh::{
    Frame, Socket,
    socket::{Active, SocketOptions, SocketState},
    testing::{Connection, Server},
};
use tokio::time::timeout;

use super::{numbered, open, owned, received, told};
use crate::support::{
    script::S,
    time::{settle, soon},
};

/// What may lie in the 512 bytes of the pipe and the 4 KiB of one read, as frames of about 100 bytes.
const UNDER_WAY: usize = 60;

/// Sends numbered frames until the client takes no more; how many went.
async fn fill(connection: &mut Connection) -> usize {
    let mut sent = 0;
    // What a cancelled send did not write, the next one does.
    while timeout(S, connection.send(format!("{sent:0100}"))).await.is_ok() {
        sent += 1;
        assert!(sent < 10_000, "the client reads without end");
    }
    sent
}

fn number(frame: &Frame) -> usize {
    let Frame::Text(text) = frame else { panic!("{frame:?} is no text") };
    text.parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_passive_socket_that_nobody_reads_fills_its_queue_and_pushes_back() {
    let server = Server::in_memory_with_buffer(512);
    let options = SocketOptions::from(server.options().ping_interval(Duration::ZERO)).inbound(10, usize::MAX);
    let (socket, mut connection) = open(&server, options).await;
    // A ping before the backlog is answered, and shown to nobody.
    connection.send(Frame::ping("first")).await;
    assert_eq!(connection.expect_pong().await, "first");
    let sent = fill(&mut connection).await;
    assert!((10..=11 + UNDER_WAY).contains(&sent), "{sent}");
    // Ten wait, and the driver holds one more.
    assert_eq!(socket.stats().messages_received, 11);
    for n in 0..sent {
        assert_eq!(number(&received(&socket).await), n);
        assert!(socket.stats().messages_received as usize <= n + 13, "it runs ahead");
    }
    // The one whose writing was given up, and one more.
    connection.send(numbered(7)).await;
    assert_eq!(number(&received(&socket).await), sent);
    assert_eq!(received(&socket).await, numbered(7));
}

#[tokio::test(start_paused = true)]
async fn an_owner_with_a_full_channel_pushes_back_too() {
    for mode in [Active::On, Active::Once] {
        let server = Server::in_memory_with_buffer(512);
        let (options, mut events) = owned(server.options().ping_interval(Duration::ZERO), 4);
        let (socket, mut connection) = open(&server, options.active(mode).inbound(10, usize::MAX)).await;
        let sent = fill(&mut connection).await;
        assert!(sent <= 15 + UNDER_WAY, "{sent}");
        let delivered = if mode == Active::On { 4 } else { 1 };
        assert_eq!(socket.stats().messages_received, delivered + 11);
        for n in 0..sent {
            if mode == Active::Once && n > 0 {
                socket.set_active(Active::Once).unwrap();
            }
            assert_eq!(number(&told(&mut events).await), n);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_queue_is_bounded_by_bytes_too_and_one_frame_always_comes() {
    let server = Server::in_memory_with_buffer(512);
    let options = SocketOptions::from(server.options().ping_interval(Duration::ZERO)).inbound(usize::MAX, 1000);
    let (socket, mut connection) = open(&server, options).await;
    let sent = fill(&mut connection).await;
    assert_eq!(socket.stats().messages_received, 11);
    assert!(sent <= 11 + UNDER_WAY, "{sent}");

    let server = Server::in_memory();
    let (socket, mut connection) = open(&server, SocketOptions::from(server.options()).inbound(0, 0)).await;
    for _ in 0..3 {
        let big = vec![7; 1 << 20];
        let ((), frame) = tokio::join!(connection.send(big.clone()), received(&socket));
        assert_eq!(frame, Frame::binary(big));
    }
}

#[tokio::test(start_paused = true)]
async fn the_pong_deadline_rests_while_nobody_reads_and_judges_again_after() {
    let server = Server::in_memory_with_buffer(512);
    let options = server.options().ping_interval(S).pong_timeout(2 * S).write_timeout(Duration::ZERO);
    let (socket, mut connection) = open(&server, SocketOptions::from(options).inbound(10, usize::MAX)).await;
    let sent = fill(&mut connection).await;
    tokio::time::sleep(60 * S).await;
    assert_eq!(socket.state(), SocketState::Connected, "the deadline ran on");
    let _frozen = connection.freeze();
    for _ in 0..sent {
        received(&socket).await;
    }
    let error = soon(socket.recv()).await.unwrap_err();
    assert!(error.to_string().contains("pong_timeout"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn sends_go_out_while_nobody_reads() {
    let server = Server::in_memory_with_buffer(512);
    let options = SocketOptions::from(server.options()).inbound(1, 0);
    let (socket, mut connection) = open(&server, options).await;
    fill(&mut connection).await;
    let (sent, ()) = tokio::join!(socket.send("out"), connection.expect_text("out"));
    sent.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_switch_to_an_active_mode_lets_the_backlog_flow() {
    let server = Server::in_memory_with_buffer(512);
    let (options, mut events) = owned(server.options().ping_interval(Duration::ZERO), 1);
    let (socket, mut connection) = open(&server, options.inbound(2, usize::MAX)).await;
    let sent = fill(&mut connection).await;
    socket.set_active(Active::On).unwrap();
    for n in 0..sent {
        assert_eq!(number(&told(&mut events).await), n);
    }
}

#[tokio::test]
async fn over_tcp_the_window_closes_and_nothing_is_lost() {
    let server = Server::tcp().await;
    let (socket, mut connection) = open(&server, server.options()).await;
    let sending = tokio::spawn(async move {
        for _ in 0..100 {
            connection.send(vec![0; 1 << 20]).await;
        }
        connection
    });
    // 100 MiB are more than any socket buffer; the queue holds one of them, and the driver another.
    let reads = |socket: &Socket| socket.stats().messages_received;
    soon(async {
        while reads(&socket) < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let bytes = socket.stats().bytes_received;
    assert!(bytes < 4 << 20, "{bytes}");
    assert!(!sending.is_finished());
    for _ in 0..100 {
        assert_eq!(received(&socket).await.payload_len(), 1 << 20);
    }
    drop(soon(sending).await.unwrap());
    settle_nothing(&socket).await;
}

/// The end, and nothing else.
async fn settle_nothing(socket: &Socket) {
    assert!(soon(socket.recv()).await.unwrap_err().is_closed());
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_pings_costs_a_passive_socket_nothing() {
    let server = Server::in_memory();
    let (socket, mut connection) = open(&server, SocketOptions::from(server.options()).inbound(1, 0)).await;
    for _ in 0..1000 {
        connection.send(Frame::ping("p")).await;
        assert_eq!(connection.expect_pong().await, "p");
    }
    settle().await;
    connection.send("after").await;
    assert_eq!(received(&socket).await, Frame::text("after"));
}
