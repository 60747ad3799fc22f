//! Messages that wait for a handler: what they hold is what the options allow.

use std::time::Duration;

use fresh::{Client, Handler, Message, Options, options::DeflateOptions, testing::WireFrame};

use super::{KIB, MIB, TAIL, alone, line::Lines, resident};
use crate::support::time::soon;

/// Its first callback never returns.
struct Hanging;

impl Handler for Hanging {
    type Info = ();

    async fn handle_in(&mut self, _: Message) -> fresh::Result<fresh::Action> {
        std::future::pending().await
    }
}

/// The first option of `inbound` in these tests.
const MESSAGES: usize = 1024;

/// What one client holds at most, by the formula of `docs/options.md`: the bytes that may wait, one message more, 256 bytes
/// for each message that waits, and a buffer of 64 KiB for each of the read buffer, the message that is handled and the
/// message that is being received.
fn most(bytes: usize, message: usize) -> usize {
    bytes + message + 256 * MESSAGES + 3 * (64 * KIB)
}

/// How much one client that may queue so many bytes holds, after the server has sent as much of this as the client reads.
async fn held(inbound: usize, round: &[u8]) -> usize {
    const CLIENTS: usize = 4;
    let lines = Lines::new(Some("permessage-deflate"));
    let options = Options::new("ws://lines.test/").unwrap().connector(lines.clone()).deflate(DeflateOptions::new());
    let options = options.inbound(MESSAGES, inbound).ping_interval(Duration::ZERO);
    let clients: Vec<_> = (0..CLIENTS).map(|_| Client::start(options.clone(), Hanging).unwrap()).collect();
    for client in &clients {
        soon(client.connected()).await.unwrap();
    }
    let before = resident();
    // No more at a time than a few reads take, so that the server's side holds little.
    for _ in 0..2 * MESSAGES {
        lines.say(CLIENTS, round);
        let said = lines.unread();
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        if lines.unread() == said {
            break;
        }
    }
    let unread = lines.unread();
    let held = resident().saturating_sub(before).saturating_sub(unread) / CLIENTS;
    println!("a client holds {} KiB; {} bytes are unread", held / KIB, unread);
    for client in &clients {
        assert!(client.stats().messages_received > 1);
    }
    held
}

fn frame(rsv: u8, opcode: u8, payload: Vec<u8>) -> Vec<u8> {
    WireFrame { rsv, ..WireFrame::new(opcode, payload) }.encode().into()
}

#[tokio::test]
async fn small_messages_between_compressed_ones_hold_no_read_buffer_each() {
    let _alone = alone().await;
    // 60 KiB of empty DEFLATE blocks are an empty message; an `x` behind them stands in the same read buffer.
    // The last block is cut where RFC 7692 §7.2.1 leaves out its end.
    let mut empty = [0x00, 0x00, 0x00, 0xFF, 0xFF].repeat(12 * KIB);
    empty.truncate(empty.len() - TAIL.len());
    let round = [frame(0, 1, b"x".to_vec()), frame(4, 2, empty)].concat();
    let (held, most) = (held(64 * KIB, &round).await, most(64 * KIB, 0));
    assert!(held < most, "{} KiB, where {} KiB are the most", held / KIB, most / KIB);
}

#[tokio::test]
async fn messages_too_large_to_be_copied_count_for_the_read_buffer_that_they_hold() {
    let _alone = alone().await;
    let size = 33 * KIB;
    let (held, most) = (held(4 * MIB, &frame(0, 2, vec![7; size])).await, most(4 * MIB, size));
    assert!(held < most, "{} KiB, where {} KiB are the most", held / KIB, most / KIB);
}
