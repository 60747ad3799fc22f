//! 3. Frames go out in the order in which they were accepted; a reply before later sends; never interleaved; a write
//!    that began is finished or the connection is dropped.

use std::{sync::Arc, time::Duration};

use fresh::{
    Action, Error, Frame, Offline,
    bytes::Bytes,
    error::SendFailure,
    testing::{Received, Server},
};
use tokio::sync::Notify;

use crate::support::{
    script::{MS, S, Then, Told, accept, start, timed},
    time::settle,
};

const BINARY: u8 = 0x2;
const PONG: u8 = 0xA;
const CLOSE: u8 = 0x8;

/// Bytes that tell where one is cut or mixed with another.
fn patterned(size: usize) -> Bytes {
    (0..size).map(|n| (n % 251) as u8).collect::<Vec<_>>().into()
}

/// The payload, as far as it is there, of a large binary frame of a client's.
fn payload(frame: &[u8]) -> Vec<u8> {
    assert_eq!(frame[..2], [0x82, 0xFF]);
    let key = &frame[10..14];
    frame[14..].iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect()
}

#[tokio::test(start_paused = true)]
async fn promise_03_frames_go_out_in_the_order_in_which_they_were_accepted() {
    let server = Server::in_memory_with_buffer(100);
    let (client, _log) = start(server.options().mailbox(4).write_buffer(64), |_| Then::Default);
    let mut connection = accept(&server, &client).await;
    let sending = tokio::spawn(async move {
        for n in 0..500 {
            match n % 3 {
                0 => client.send(format!("{n}")).await.unwrap(),
                1 => client.send_confirmed(format!("{n}")).await.unwrap(),
                _ => {
                    while client.try_send(format!("{n}")).is_err() {
                        tokio::task::yield_now().await;
                    }
                }
            }
        }
    });
    for n in 0..500 {
        connection.expect_text(format!("{n}")).await;
    }
    sending.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn promise_03_a_reply_goes_out_before_later_sends_and_behind_earlier_ones() {
    let server = Server::in_memory();
    let gate = Arc::new(Notify::new());
    let held = Arc::clone(&gate);
    let (client, mut log) = start(server.options(), move |told| match told {
        Told::In(_) => {
            let replies = Action::reply([Frame::text("reply 1"), Frame::text("reply 2")]);
            Then::Hold(Arc::clone(&held), Box::new(Then::Do(replies)))
        }
        _ => Then::Default,
    });
    let mut connection = server.accept().await;
    connection.send("go").await;
    log.until("in go").await;
    client.send("earlier").await.unwrap();
    settle().await;
    // Both at once: the callback returns, and the mailbox fills.
    gate.notify_one();
    for n in 0..200 {
        client.try_send(format!("later {n}")).unwrap();
    }
    connection.expect_text("earlier").await;
    connection.expect_text("reply 1").await;
    connection.expect_text("reply 2").await;
    for n in 0..200 {
        connection.expect_text(format!("later {n}")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn promise_03_the_reply_to_the_connect_goes_out_before_what_waited_for_the_connection() {
    let server = Server::in_memory();
    let (client, _log) = start(server.options().offline(Offline::Queue(8)), |told| match told {
        Told::Connect(_) => Then::Do(Action::reply("hello")),
        _ => Then::Default,
    });
    for n in 0..8 {
        client.send(format!("{n}")).await.unwrap();
    }
    let mut connection = server.accept().await;
    connection.expect_text("hello").await;
    for n in 0..8 {
        connection.expect_text(format!("{n}")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn promise_03_a_close_goes_out_behind_the_sends_before_it_and_nothing_behind_the_close() {
    let server = Server::in_memory_with_buffer(100);
    let (client, _log) = start(server.options().write_buffer(64), |_| Then::Default);
    let mut connection = accept(&server, &client).await;
    for n in 0..300 {
        client.try_send(format!("{n}")).unwrap();
    }
    client.close(4000, "").unwrap();
    settle().await;
    let late = client.try_send("too late").unwrap_err();
    assert!(matches!(late.cause(), Error::Send(SendFailure::Closing)), "{late}");
    for n in 0..300 {
        connection.expect_text(format!("{n}")).await;
    }
    connection.expect_close(4000).await;
    connection.finish_close().await;
    assert_eq!((client.stats().frames_sent, client.stats().frames_lost), (300, 0));
}

#[tokio::test(start_paused = true)]
async fn promise_03_a_pong_that_had_to_wait_does_not_go_out_behind_the_close_frame() {
    let server = Server::in_memory_with_buffer(1000);
    let (client, _log) = start(server.options().write_buffer(1).close_linger(Duration::MAX), |_| Then::Default);
    let mut connection = accept(&server, &client).await;
    client.try_send(patterned(10_000)).unwrap();
    settle().await;
    connection.send(Frame::ping("late")).await;
    settle().await;
    connection.close(4000, "").await;
    settle().await;
    assert_eq!(connection.receive().await, Received::Binary(patterned(10_000)));
    assert_eq!(connection.expect_pong().await, "late");
    connection.expect_close(4000).await;
    assert!(tokio::time::timeout(S, connection.raw_read()).await.is_err(), "something came behind the close frame");
}

#[tokio::test(start_paused = true)]
async fn promise_03_large_frames_are_not_interleaved_with_pongs() {
    const SIZE: usize = 300_000;
    let server = Server::in_memory_with_buffer(1000);
    let (client, _log) = start(server.options(), |_| Then::Default);
    let mut connection = accept(&server, &client).await;
    for _ in 0..3 {
        client.try_send(patterned(SIZE)).unwrap();
    }
    for _ in 0..20 {
        connection.send(Frame::ping("p")).await;
    }
    let (mut large, mut pongs) = (0, 0);
    while large < 3 || pongs < 20 {
        let frame = connection.receive_frame().await.unwrap();
        assert!(frame.fin && frame.rsv == 0);
        match frame.opcode {
            BINARY => large += usize::from(frame.payload == patterned(SIZE)),
            PONG => pongs += usize::from(frame.payload == "p"),
            other => panic!("a frame with the opcode {other}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn promise_03_a_write_that_began_is_finished_whatever_comes_meanwhile() {
    const SIZE: usize = 100_000;
    for meanwhile in ["close", "stop", "reconnect", "server closes", "server violates"] {
        let server = Server::in_memory_with_buffer(1000);
        let (client, mut log) = start(server.options(), |_| Then::Default);
        let mut connection = server.accept().await;
        log.until("connect").await;
        client.try_send(patterned(SIZE)).unwrap();
        // The frame has begun, and most of it waits.
        let head = connection.raw_read_exact(500).await;
        match meanwhile {
            "close" => client.close(4000, "").unwrap(),
            "stop" => client.request_stop(),
            "reconnect" => client.reconnect(),
            "server closes" => connection.close(4001, "").await,
            _ => connection.raw([0xFF, 0xFF]).await,
        }
        settle().await;
        let rest = connection.raw_read_exact(14 + SIZE - 500).await;
        let bytes = [head, rest].concat();
        assert!(payload(&bytes) == patterned(SIZE), "{meanwhile}: the frame was cut");
        let close = connection.receive_frame().await.unwrap();
        assert_eq!(close.opcode, CLOSE, "{meanwhile}");
    }
}

#[tokio::test(start_paused = true)]
async fn promise_03_a_write_that_cannot_be_finished_drops_the_connection() {
    let server = Server::in_memory_with_buffer(1000);
    let options = server.options().write_timeout(2 * S).ping_interval(Duration::ZERO);
    let (client, mut log) = start(options, |_| Then::Default);
    let mut connection = server.accept().await;
    log.until("connect").await;
    client.try_send(patterned(100_000)).unwrap();
    let begun = connection.raw_read_exact(500).await;
    let (took, _) = timed(log.until("error Stream")).await;
    assert!(took.abs_diff(2 * S) < 20 * MS, "{took:?}");
    // What was in the pipe, and then the end: nothing else was written behind the torn frame.
    let mut bytes = begun.to_vec();
    loop {
        match connection.raw_read().await {
            end if end.is_empty() => break,
            more => bytes.extend_from_slice(&more),
        }
    }
    let payload = payload(&bytes);
    assert!(payload == patterned(100_000)[..payload.len()], "something else was written");
}

#[tokio::test(start_paused = true)]
async fn promise_03_a_slow_reader_is_no_reason_to_drop_the_connection_while_it_reads() {
    let server = Server::in_memory_with_buffer(1000);
    let options = server.options().write_timeout(2 * S).ping_interval(Duration::ZERO);
    let (client, _log) = start(options, |_| Then::Default);
    let mut connection = accept(&server, &client).await;
    let sent = tokio::spawn({
        let client = client.clone();
        async move { client.send_confirmed(patterned(20_000)).await }
    });
    for _ in 0..20 {
        tokio::time::sleep(S).await;
        connection.raw_read_exact(1000).await;
    }
    sent.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn promise_03_reading_goes_on_while_a_write_waits() {
    let server = Server::in_memory_with_buffer(1000);
    let (client, mut log) = start(server.options(), |_| Then::Default);
    let mut connection = accept(&server, &client).await;
    client.try_send(patterned(200_000)).unwrap();
    // This server reads only when all of its own was taken.
    for n in 0..1000 {
        connection.send(format!("{n}")).await;
    }
    log.until("in 999").await;
    assert_eq!(connection.receive().await, Received::Binary(patterned(200_000)));
}

#[tokio::test(start_paused = true)]
async fn promise_03_replies_that_cannot_be_written_do_not_stop_the_reading_of_what_has_room() {
    let server = Server::in_memory_with_buffer(1000);
    let (_client, _log) = start(server.options().write_buffer(1000).inbound(1000, 1 << 20), |told| match told {
        Told::In(_) => Then::Do(Action::reply(patterned(500))),
        _ => Then::Default,
    });
    let mut connection = server.accept().await;
    for n in 0..900 {
        connection.send(format!("{n}")).await;
    }
    for _ in 0..900 {
        assert_eq!(connection.receive().await, Received::Binary(patterned(500)));
    }
}

#[tokio::test(start_paused = true)]
async fn promise_03_a_frame_that_is_out_is_confirmed_though_the_next_one_is_not() {
    let server = Server::in_memory_with_buffer(1000);
    let (client, _log) = start(server.options().ping_interval(Duration::ZERO), |_| Then::Default);
    let mut connection = accept(&server, &client).await;
    let small = client.send_confirmed("small");
    let large = client.send_confirmed(patterned(100_000));
    let both = async { tokio::join!(async { timed(small).await }, async { timed(large).await }) };
    let reading = async {
        connection.expect_text("small").await;
        tokio::time::sleep(5 * S).await;
        connection.expect_binary(patterned(100_000)).await;
    };
    let (((small_took, small), (large_took, large)), ()) = tokio::join!(both, reading);
    small.unwrap();
    large.unwrap();
    assert!(small_took < S && large_took >= 5 * S, "{small_took:?}, {large_took:?}");
}
