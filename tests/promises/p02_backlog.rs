//! 2. Inbound messages wait in a bounded queue (messages and bytes); when it is full the socket is not read: TCP pushes
//!    back. Then nothing behind the backlog can be seen, pings included; so the pong deadline rests while reading rests.

use std::{sync::Arc, time::Duration};

use fresh::{
    Client, Error, Message, Options,
    error::StreamError,
    testing::{Connection, Server, WireFrame},
};
use tokio::{sync::Notify, time::timeout};

use crate::support::{
    script::{Log, MS, S, Then, Told, start, timed},
    time::{assert_near, settle, soon},
};

/// A client whose callbacks wait for the gate, and whose first one does already.
async fn jammed(server: &Server, options: Options) -> (Client<u32>, Log, Connection, Arc<Notify>) {
    let gate = Arc::new(Notify::new());
    let held = Arc::clone(&gate);
    let (client, mut log) = start(options, move |told| match told {
        Told::In(_) => Then::Hold(Arc::clone(&held), Box::new(Then::Default)),
        _ => Then::Default,
    });
    let mut connection = server.accept().await;
    connection.send("first").await;
    log.until("in first").await;
    (client, log, connection, gate)
}

/// Sends until the client takes no more; how many messages went.
async fn fill(connection: &mut Connection, size: usize) -> usize {
    let mut sent = 0;
    // What a cancelled send did not write, the next one does.
    while timeout(S, connection.send(vec![b'x'; size])).await.is_ok() {
        sent += 1;
        assert!(sent < 100_000, "the client reads without end");
    }
    sent
}

#[tokio::test(start_paused = true)]
async fn promise_02_a_queue_full_of_messages_stops_the_reading_and_goes_on_after() {
    let server = Server::in_memory_with_buffer(512);
    let options = server.options().inbound(10, usize::MAX).ping_interval(Duration::ZERO);
    let (client, mut log, mut connection, gate) = jammed(&server, options).await;
    let sent = fill(&mut connection, 100).await;
    // Ten wait in the queue; the rest lies in the 512 B of the pipe and the 4 KiB that one read brings.
    assert!((10..=10 + 60).contains(&sent), "{sent}");
    assert_eq!(client.stats().messages_received, 11);

    // Nothing behind the backlog is seen, a ping neither.
    settle().await;
    assert!(log.so_far().is_empty());

    for received in 0..sent {
        gate.notify_one();
        log.until("in 100 bytes").await;
        // One came out of the queue, one moved up.
        assert!(client.stats().messages_received <= received as u64 + 12);
    }
    // The message whose writing was given up, and one more.
    connection.send("last").await;
    for words in ["in 100 bytes", "in last"] {
        gate.notify_one();
        assert_eq!(log.next().await.words(), words);
    }
}

#[tokio::test(start_paused = true)]
async fn promise_02_a_queue_full_of_bytes_stops_the_reading_and_goes_on_after() {
    let server = Server::in_memory_with_buffer(512);
    let options = server.options().inbound(usize::MAX, 10_000).ping_interval(Duration::ZERO);
    let (client, mut log, mut connection, gate) = jammed(&server, options).await;
    let sent = fill(&mut connection, 1000).await;
    assert!((10..=10 + 12).contains(&sent), "{sent}");
    assert_eq!(client.stats().messages_received, 11);
    for _ in 0..sent {
        gate.notify_one();
        log.until("in 1000 bytes").await;
    }
}

#[tokio::test(start_paused = true)]
async fn promise_02_a_message_larger_than_the_whole_queue_still_comes() {
    let server = Server::in_memory();
    let (_client, mut log) = start(server.options().inbound(1, 1), |_| Then::Default);
    let mut connection = server.accept().await;
    for _ in 0..3 {
        connection.send(vec![0; 1 << 20]).await;
        log.until("in 1048576 bytes").await;
    }
}

#[tokio::test(start_paused = true)]
async fn promise_02_the_pong_deadline_rests_while_reading_rests() {
    let server = Server::in_memory_with_buffer(512);
    let options = server.options().inbound(10, usize::MAX).ping_interval(S).pong_timeout(2 * S).idle_timeout(5 * S);
    // Nobody reads the pings either.
    let options = options.write_timeout(Duration::ZERO);
    let (client, mut log, mut connection, gate) = jammed(&server, options).await;
    let sent = fill(&mut connection, 100).await;

    // A minute of pings whose pongs cannot be seen.
    tokio::time::sleep(60 * S).await;
    assert!(client.is_open(), "the deadline ran on: {:?}", log.so_far());

    // Read again, a peer that stays silent is given up.
    let _frozen = connection.freeze();
    let (took, told) = timed(async {
        for _ in 0..=sent {
            gate.notify_one();
            settle().await;
        }
        log.until("error Stream").await
    })
    .await;
    assert!(matches!(told, Told::Error(Error::Stream(StreamError::PongTimeout { .. }))), "{told:?}");
    assert!(took < 4 * S, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn promise_02_the_pong_deadline_goes_on_when_reading_does() {
    let server = Server::in_memory();
    let options = server.options().inbound(2, usize::MAX).ping_interval(30 * S).pong_timeout(2 * S);
    let (client, _log, mut connection, gate) = jammed(&server, options).await;
    for text in ["second", "third"] {
        connection.send(text).await;
    }
    // A ping goes out meanwhile, and nothing ever answers it.
    let _frozen = connection.freeze();
    tokio::time::sleep(40 * S).await;
    assert!(client.is_open(), "the deadline ran on");

    gate.notify_one();
    let (took, ()) = timed(async {
        while client.is_open() {
            settle().await;
        }
    })
    .await;
    assert!(took.abs_diff(2 * S) < 20 * MS, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn promise_02_only_a_full_queue_suspends_the_idle_deadline_and_a_pending_callback_does_not() {
    let server = Server::in_memory();
    let options = server.options().inbound(1, usize::MAX).idle_timeout(20 * S).ping_interval(Duration::ZERO);
    let gate = Arc::new(Notify::new());
    let held = Arc::clone(&gate);
    let (client, mut log) = start(options, move |told| match told {
        Told::In(_) => Then::Hold(Arc::clone(&held), Box::new(Then::Default)),
        _ => Then::Default,
    });
    let mut connection = server.accept().await;
    log.until("connect").await;
    // Two messages in one segment: the second one fills the queue while the first one is handled. So the queue is full
    // from the moment at which the deadline began.
    connection.raw(["first", "second"].map(|text| WireFrame::new(0x1, text).encode()).concat()).await;
    log.until("in first").await;
    let _frozen = connection.freeze();
    tokio::time::sleep(100 * S).await;
    assert!(client.is_open(), "a full queue suspends the deadline");
    gate.notify_one();
    log.until("in second").await;
    // The queue is empty for 15 s, with a callback pending.
    tokio::time::sleep(15 * S).await;
    assert!(client.is_open());
    let (took, ()) = timed(async {
        while client.is_open() {
            settle().await;
        }
    })
    .await;
    assert!(took.abs_diff(5 * S) < 20 * MS, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn promise_02_the_idle_deadline_begins_anew_when_a_slow_callback_has_emptied_the_queue() {
    let server = Server::in_memory();
    let options = server.options().inbound(1, usize::MAX).idle_timeout(3 * S);
    let (_client, mut log) = start(options, |told| match told {
        Told::In(Message::Text(text)) if text == "slow" => Then::Take(10 * S, Box::new(Then::Default)),
        _ => Then::Default,
    });
    let mut connection = server.accept().await;
    log.until("connect").await;
    // While the first one is handled, the second one fills the queue.
    let bytes = ["slow", "second", "last"].map(|text| WireFrame::new(0x1, text).encode()).concat();
    connection.raw(bytes).await;
    log.until("in last").await;
    let (silent, _) = timed(log.until("error Stream")).await;
    assert_near(silent, 3 * S);
}

#[tokio::test(start_paused = true)]
async fn promise_02_sends_go_out_and_a_stop_ends_while_reading_rests() {
    let server = Server::in_memory_with_buffer(512);
    let options = server.options().inbound(10, usize::MAX).close_timeout(2 * S);
    let (client, log, mut connection, _gate) = jammed(&server, options).await;
    fill(&mut connection, 100).await;
    client.send("out").await.unwrap();
    connection.expect_text("out").await;
    let (took, _) = timed(client.stop()).await;
    assert!(took <= 2 * S + 20 * MS, "{took:?}");
    assert_eq!(log.rest().await, ["terminate Stopped"]);
    assert!(client.stats().messages_lost >= 10);
}

#[tokio::test]
async fn promise_02_over_tcp_a_full_queue_blocks_the_server_and_nothing_is_lost() {
    let server = Server::tcp().await;
    let gate = Arc::new(Notify::new());
    let held = Arc::clone(&gate);
    let (client, mut log) = start(server.options().inbound(10, 1 << 20), move |told| match told {
        Told::Connect(_) => Then::Hold(Arc::clone(&held), Box::new(Then::Default)),
        _ => Then::Default,
    });
    let mut connection = server.accept().await;
    let sending = tokio::spawn(async move {
        for _ in 0..200 {
            connection.send(vec![0; 1 << 20]).await;
        }
        connection
    });
    // 200 MiB are more than any socket buffer; the queue holds one of them.
    soon(async {
        while client.stats().messages_received == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let received = client.stats().bytes_received;
    assert!(received < 3 << 20, "{received}");
    assert!(!sending.is_finished());

    gate.notify_one();
    for _ in 0..200 {
        log.until("in 1048576 bytes").await;
    }
    drop(soon(sending).await.unwrap());
}
