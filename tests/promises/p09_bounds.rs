//! 9. Memory for one connection is bounded by the options, whatever the server sends.

use std::time::Duration;

use fresh::{
    Client, Error, Message, Recovery,
    error::{DecodeError, EstablishError},
    options::Limits,
    testing::{Server, WireFrame},
};
use tokio::time::timeout;

use crate::support::{
    script::{MS, S, Then, Told, start, timed},
    time::{settle, soon},
};

const TEXT: u8 = 0x1;
const CONTINUATION: u8 = 0x0;
const PONG: u8 = 0xA;

fn limits() -> Limits {
    Limits { max_frame: 1000, max_message: 3000, max_fragments: 10, ..Limits::default() }
}

/// A fragment of a text message.
fn fragment(first: bool, last: bool, size: usize) -> Vec<u8> {
    let opcode = if first { TEXT } else { CONTINUATION };
    WireFrame { fin: last, ..WireFrame::new(opcode, vec![b'x'; size]) }.encode().to_vec()
}

fn ending(told: &Told) -> Then {
    match told {
        Told::Error(_) => Then::Recover(Recovery::Close),
        _ => Then::Default,
    }
}

#[tokio::test(start_paused = true)]
async fn promise_09_what_is_larger_than_its_limit_closes_with_1009() {
    let too_many = [vec![fragment(true, false, 1)], vec![fragment(false, false, 1); 10]].concat().concat();
    let cases: [(&str, Vec<u8>, DecodeError); 4] = [
        (
            "a frame, by its head alone",
            fragment(true, true, 1001)[..4].to_vec(),
            DecodeError::FrameTooBig { limit: 1000 },
        ),
        // No byte of it ever comes.
        ("a frame of an exabyte", vec![0x82, 127, 16, 0, 0, 0, 0, 0, 0, 0], DecodeError::FrameTooBig { limit: 1000 }),
        (
            "a message of several frames",
            [fragment(true, false, 1000), fragment(false, false, 1000), fragment(false, false, 1000)]
                .concat()
                .into_iter()
                .chain(fragment(false, true, 1))
                .collect(),
            DecodeError::MessageTooBig { limit: 3000 },
        ),
        ("a message of too many frames", too_many, DecodeError::TooManyFragments { limit: 10 }),
    ];
    for (what, bytes, expected) in cases {
        let server = Server::in_memory();
        let (_client, mut log) = start(server.options().limits(limits()), ending);
        let mut connection = server.accept().await;
        log.until("connect").await;
        connection.raw(bytes).await;
        connection.expect_close(1009).await;
        connection.drop_connection();
        let told = log.next().await;
        assert!(matches!(told, Told::Error(Error::Decode(error)) if error == expected), "{what}: {told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn promise_09_what_is_just_within_the_limits_comes() {
    let server = Server::in_memory();
    let (_client, mut log) = start(server.options().limits(limits()), ending);
    let mut connection = server.accept().await;
    connection.raw(fragment(true, true, 1000)).await;
    connection
        .raw([fragment(true, false, 1000), fragment(false, false, 1000), fragment(false, true, 1000)].concat())
        .await;
    let ten = [vec![fragment(true, false, 1)], vec![fragment(false, false, 1); 8], vec![fragment(false, true, 1)]];
    connection.raw(ten.concat().concat()).await;
    for size in [1000, 3000, 10] {
        let Told::In(message) = log.until(&format!("in {}", "x".repeat(size))).await else { unreachable!() };
        assert_eq!(message.len(), size);
    }
}

#[tokio::test(start_paused = true)]
async fn promise_09_a_flood_of_pings_from_a_server_that_does_not_read_is_not_hoarded() {
    const PINGS: usize = 20_000;
    let server = Server::in_memory_with_buffer(1000);
    let options = server.options().write_buffer(4000).write_timeout(Duration::ZERO);
    let (client, mut log) = start(options, |_| Then::Default);
    let mut connection = server.accept().await;
    log.until("connect").await;
    for n in 0..PINGS {
        let payload = format!("{n:0125}");
        if timeout(S, connection.send(fresh::Frame::ping(payload))).await.is_err() {
            // Read no more: that bounds it, too.
            break;
        }
    }
    settle().await;
    client.close(1000, "").unwrap();
    let mut pongs = 0;
    loop {
        let frame = connection.receive_frame().await.unwrap();
        if frame.opcode != PONG {
            break;
        }
        pongs += 1;
    }
    // A pong is 131 bytes: what the pipe and the write buffer hold, and the latest one.
    assert!((1..=(1000 + 4000) / 131 + 3).contains(&pongs), "{pongs}");
}

#[tokio::test(start_paused = true)]
async fn promise_09_a_flood_of_pings_for_a_handler_that_hangs_stops_the_reading() {
    let server = Server::in_memory_with_buffer(1000);
    let (_client, mut log) = start(server.options().inbound(20, 1 << 20), |told| match told {
        Told::Control(_) => Then::Hang,
        _ => Then::Default,
    });
    let mut connection = server.accept().await;
    log.until("connect").await;
    let mut sent = 0;
    while timeout(S, connection.send(fresh::Frame::ping(vec![0; 125]))).await.is_ok() {
        sent += 1;
        assert!(sent < 10_000, "pings are hoarded");
    }
}

#[tokio::test(start_paused = true)]
async fn promise_09_a_handshake_head_over_its_limit_is_refused() {
    for limit in [8 << 10, 32 << 10] {
        let server = Server::in_memory_with_buffer(1000);
        let options = server.options().limits(Limits { max_handshake: limit, ..Limits::default() });
        let (_client, mut log) = start(options, ending);
        let mut connection = server.accept_raw().await;
        connection.raw_read().await;
        let mut sent = 0;
        connection.raw("HTTP/1.1 101 Switching Protocols\r\n").await;
        let told = loop {
            tokio::select! {
                biased;
                told = log.next() => break told,
                () = connection.raw(format!("x-{sent}: {}\r\n", "y".repeat(100))) => sent += 110,
            }
        };
        assert!(
            matches!(&told, Told::Error(Error::Establish(EstablishError::HeadTooLarge { limit: told })) if *told == limit),
            "{told:?}"
        );
        assert!(sent <= limit + 3000, "{sent}");
    }
}

#[tokio::test(start_paused = true)]
async fn promise_09_a_head_that_never_ends_and_never_grows_ends_with_the_connect_timeout() {
    let server = Server::in_memory();
    let (_client, mut log) = start(server.options().connect_timeout(3 * S), ending);
    let mut connection = server.accept_raw().await;
    connection.raw_read().await;
    connection.raw("HTTP/1.1 101 Switching").await;
    let (took, _) = timed(log.until("error Connect")).await;
    assert!(took.abs_diff(3 * S) < 20 * MS, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn promise_09_of_a_refusal_whose_body_never_ends_eight_kib_are_kept() {
    for stalls in [false, true] {
        let server = Server::in_memory();
        let (_client, mut log) = start(server.options(), ending);
        let handshake = server.pending().await;
        let head = "HTTP/1.1 403 Forbidden\r\ntransfer-encoding: chunked\r\n\r\n";
        let mut connection = handshake.raw(head).await;
        let feeding = async {
            for _ in 0.. {
                connection.raw("100\r\n").await;
                connection.raw([b'x'; 0x100]).await;
                connection.raw("\r\n").await;
                if stalls {
                    std::future::pending::<()>().await;
                }
            }
        };
        let (took, told) = timed(async {
            tokio::select! {
                biased;
                told = log.next() => told,
                () = feeding => unreachable!(),
            }
        })
        .await;
        let Told::Error(error) = told else { panic!("{told:?}") };
        assert_eq!(error.refusal().unwrap().body.len(), if stalls { 0x100 } else { 8 << 10 });
        assert!(took <= 2 * S, "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn promise_09_sends_wait_for_a_server_that_does_not_read() {
    let server = Server::in_memory_with_buffer(1000);
    let options = server.options().mailbox(4).write_buffer(10_000).write_timeout(Duration::ZERO);
    let (client, _log) = start(options, |_| Then::Default);
    let _frozen = server.accept().await.freeze();
    soon(client.connected()).await.unwrap();
    let accepted = accepted(&client, 1000).await;
    // The pipe, the write buffer and one frame over it, the mailbox.
    assert!((10..=1 + 11 + 4).contains(&accepted), "{accepted}");
    assert!(client.try_send("x").is_err());
}

/// How many frames of this size the client accepts until it accepts none for a second.
async fn accepted(client: &Client<u32>, size: usize) -> usize {
    let mut accepted = 0;
    while timeout(S, client.send(vec![0; size])).await.is_ok() {
        accepted += 1;
        assert!(accepted < 10_000, "frames are hoarded");
    }
    accepted
}

#[tokio::test(start_paused = true)]
async fn promise_09_replies_to_a_server_that_does_not_read_stop_the_callbacks() {
    let server = Server::in_memory_with_buffer(1000);
    let options = server.options().inbound(20, 1 << 20).write_buffer(10_000).write_timeout(Duration::ZERO);
    let (client, _log) = start(options, |told| match told {
        Told::In(_) => Then::Do(fresh::Action::reply(vec![0; 1000])),
        _ => Then::Default,
    });
    let mut connection = server.accept().await;
    let mut sent = 0;
    while timeout(S, connection.send("x".repeat(100))).await.is_ok() {
        sent += 1;
        assert!(sent < 10_000, "messages are hoarded");
    }
    // Ten or eleven replies wait, twenty messages do, and the pipe and one read hold the rest.
    assert!(client.stats().messages_received <= 1 + 11 + 20, "{:?}", client.stats());
}

#[tokio::test(start_paused = true)]
async fn promise_09_small_messages_that_come_one_by_one_and_are_kept_share_their_memory() {
    let server = Server::in_memory();
    let (_client, mut log) = start(server.options(), |_| Then::Default);
    let mut connection = server.accept().await;
    log.until("connect").await;
    let mut kept = Vec::new();
    for _ in 0..1000 {
        connection.send(b"x".to_vec()).await;
        let Told::In(Message::Binary(payload)) = log.until("in 1 bytes").await else { panic!("no message") };
        kept.push(payload);
    }
    // Only the head of a frame lies between one and the next.
    let apart = kept.windows(2).filter(|pair| pair[1].as_ptr().addr() != pair[0].as_ptr().addr() + 3).count();
    assert!(apart < 10, "{apart} of 1000 messages have a buffer of their own");
}
