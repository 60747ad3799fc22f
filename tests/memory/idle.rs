//! Idle connections: the windows of permessage-deflate are not there before the first compressed message.

use std::time::Duration;

use fresh::{Client, Handler, Options, options::DeflateOptions, testing::WireFrame};

use super::{KIB, TAIL, alone, blocks, compressor, line::Lines, resident};
use crate::support::time::soon;

const CONNECTIONS: usize = 10_000;

struct Idle;

impl Handler for Idle {
    type Info = ();
}

/// So many clients, each connected, that offer compression to a server that agrees or declines.
async fn connected(count: usize, lines: &Lines) -> Vec<Client<()>> {
    let options = Options::new("ws://lines.test/").unwrap().connector(lines.clone());
    let options = options.deflate(DeflateOptions::new()).ping_interval(Duration::ZERO);
    let clients: Vec<_> = (0..count).map(|_| Client::start(options.clone(), Idle).unwrap()).collect();
    for client in &clients {
        soon(client.connected()).await.unwrap();
    }
    clients
}

#[tokio::test]
async fn ten_thousand_idle_connections_have_no_window_before_their_first_compressed_message() {
    let _alone = alone().await;
    let (declining, agreeing) = (Lines::new(None), Lines::new(Some("permessage-deflate")));
    // What is there once a process comes first.
    let _warm = (connected(200, &declining).await, connected(200, &agreeing).await);

    let empty = resident();
    let _declined = connected(CONNECTIONS, &declining).await;
    let without = resident() - empty;
    let clients = connected(CONNECTIONS, &agreeing).await;
    let with = resident() - empty - without;
    println!("a connection: {} bytes, with compression agreed {}", without / CONNECTIONS, with / CONNECTIONS);
    assert!(without / CONNECTIONS > KIB, "the measure sees connections");
    let more = with.saturating_sub(without) / CONNECTIONS;
    assert!(more < KIB, "{more} bytes more a connection where compression is agreed on");

    // The measure sees windows, where there are any.
    let message: Vec<u8> = (0_u32..16_384).flat_map(u32::to_le_bytes).collect();
    let mut payload = blocks(&mut compressor(), &message);
    payload.truncate(payload.len() - TAIL.len());
    let before = resident();
    let talking = 200;
    agreeing.say(talking, &WireFrame { rsv: 4, ..WireFrame::new(2, payload) }.encode());
    for client in clients.iter().rev().take(talking) {
        while client.stats().messages_received == 0 {
            tokio::task::yield_now().await;
        }
    }
    let window = resident().saturating_sub(before) / talking;
    println!("a window to read: {window} bytes");
    assert!(window > 32 * KIB, "{window} bytes a window");
}
