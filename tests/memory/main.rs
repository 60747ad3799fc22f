//! What a connection costs, and what a hostile server can make it cost, as the system counts the memory of this process.
//!
//! The bounds are for a process a test, as `cargo nextest` runs them; in one process they wait for each other.
#![cfg(all(feature = "deflate", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm)]

#[path = "../support/mod.rs"]
mod support;

mod hostile;
mod idle;
mod line;
mod queued;

use flate2::{Compress, Compression, FlushCompress};
use tokio::sync::{Mutex, MutexGuard};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// What ends the blocks of a message, and is left out (RFC 7692 §7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// One measurement at a time.
async fn alone() -> MutexGuard<'static, ()> {
    static MEASURING: Mutex<()> = Mutex::const_new(());
    MEASURING.lock().await
}

/// The memory that this process has now, in bytes.
fn resident() -> usize {
    status("VmRSS:")
}

/// The most that it ever had.
fn peak() -> usize {
    status("VmHWM:")
}

fn status(field: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() * KIB
}

/// As a server compresses a message, with the tail.
fn blocks(compress: &mut Compress, message: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(message.len() + message.len() / 8 + 64);
    compress.compress_vec(message, &mut bytes, FlushCompress::Sync).unwrap();
    assert!(bytes.ends_with(&TAIL));
    bytes
}

fn compressor() -> Compress {
    Compress::new(Compression::best(), false)
}
