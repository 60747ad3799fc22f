//! What is ready goes out together: with 256 echoes in flight, fewer than one write in ten messages.

// A script answers what it means to and leaves the rest to the defaults.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::SeqCst},
};

use fresh::{
    Action, Frame, Options,
    testing::{Received, Server, WireFrame},
};
use support::{
    script::{Then, Told, start},
    tap::{self, Tapped, Verdict},
    time::soon,
};

const IN_FLIGHT: u64 = 256;
const ROUNDS: u64 = 40;

/// Options for a client of this server whose writes to the socket are counted.
fn counted(server: &Server) -> (Options, Arc<AtomicU64>) {
    let writes = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&writes);
    let connector = tap::tcp(server.url(), move |tapped| {
        if tapped == Tapped::Write {
            count.fetch_add(1, SeqCst);
        }
        Verdict::Go
    });
    (server.options().connector(connector), writes)
}

fn assert_batched(writes: &AtomicU64) {
    let (writes, messages) = (writes.load(SeqCst), IN_FLIGHT * ROUNDS);
    assert!(writes * 10 < messages, "{writes} writes for {messages} messages");
}

#[tokio::test]
async fn replies_to_256_messages_in_flight_need_fewer_than_one_write_in_ten() {
    let server = Server::tcp().await;
    let (options, writes) = counted(&server);
    let (_client, _log) = start(options, |told| match told {
        Told::In(message) => Then::Do(Action::reply(message.clone())),
        _ => Then::Default,
    });
    let mut connection = server.accept().await;
    let message = WireFrame::new(1, "a message of the usual size, no more").encode();
    for _ in 0..ROUNDS {
        connection.raw(message.repeat(IN_FLIGHT as usize)).await;
        for _ in 0..IN_FLIGHT {
            connection.expect_text("a message of the usual size, no more").await;
        }
    }
    assert_batched(&writes);
}

#[tokio::test]
async fn sends_of_256_messages_at_once_need_fewer_than_one_write_in_ten() {
    let server = Server::tcp().await;
    let (options, writes) = counted(&server);
    let (client, _log) = start(options, |_| Then::Default);
    let mut connection = server.accept().await;
    soon(client.connected()).await.unwrap();
    for _ in 0..ROUNDS {
        for _ in 0..IN_FLIGHT {
            client.try_send("a message of the usual size, no more").unwrap();
        }
        for _ in 0..IN_FLIGHT {
            connection.expect_text("a message of the usual size, no more").await;
        }
    }
    assert_batched(&writes);
}

#[tokio::test]
async fn a_reply_of_256_frames_needs_fewer_than_one_write_in_ten() {
    let server = Server::tcp().await;
    let (options, writes) = counted(&server);
    let (_client, _log) = start(options, |told| match told {
        Told::In(_) => Then::Do(Action::reply(vec![Frame::text("one of many"); IN_FLIGHT as usize])),
        _ => Then::Default,
    });
    let mut connection = server.accept().await;
    for _ in 0..ROUNDS {
        connection.send("go").await;
        for _ in 0..IN_FLIGHT {
            assert_eq!(connection.receive().await, Received::Text("one of many".into()));
        }
    }
    assert_batched(&writes);
}
