//! Sends back what comes, all that one read brought in one write. It goes on reading while it cannot write, as a client may
//! do the reverse.

use std::io::{self, ErrorKind};

use tokio::{io::Interest, net::TcpStream};

use super::inbox::{Frame, Inbox};

/// The room of a client that is measured by its messages.
pub(super) const ROOMY: usize = 256 * 1024;

/// The room of one of thousands.
pub(super) const SMALL: usize = 256;

const PING: u8 = 0x9;
const PONG: u8 = 0xa;

pub(super) async fn run(stream: &TcpStream, room: usize) -> io::Result<()> {
    let mut inbox = Inbox::new(room);
    let mut outbox = Vec::new();
    let mut written = 0;
    loop {
        let writing = written < outbox.len();
        let interest = if writing { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
        if stream.ready(interest).await?.is_readable() {
            match unless_blocked(stream.try_read(inbox.room()))? {
                Some(0) => return Ok(()),
                Some(read) => inbox.add(read),
                None => {}
            }
            while let Some(frame) = inbox.next() {
                answer(&frame, &mut outbox);
            }
        }
        if written < outbox.len() {
            written += unless_blocked(stream.try_write(&outbox[written..]))?.unwrap_or(0);
        }
        if written == outbox.len() {
            outbox.clear();
            written = 0;
        }
    }
}

fn unless_blocked(done: io::Result<usize>) -> io::Result<Option<usize>> {
    match done {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

fn answer(frame: &Frame<'_>, outbox: &mut Vec<u8>) {
    match frame.first & 0xf {
        PING => write(0x80 | PONG, frame, outbox),
        PONG => {}
        // A close frame is answered by its like (RFC 6455 §5.5.1).
        _ => write(frame.first, frame, outbox),
    }
}

fn write(first: u8, frame: &Frame<'_>, outbox: &mut Vec<u8>) {
    head(first, frame.payload.len(), outbox);
    let start = outbox.len();
    outbox.extend_from_slice(frame.payload);
    unmask(frame.mask, &mut outbox[start..]);
}

/// The head of a frame of a server.
#[expect(clippy::cast_possible_truncation, reason = "each length is in the range of its arm")]
pub(super) fn head(first: u8, len: usize, outbox: &mut Vec<u8>) {
    outbox.push(first);
    match len {
        0..126 => outbox.push(len as u8),
        126..0x1_0000 => {
            outbox.push(126);
            outbox.extend_from_slice(&(len as u16).to_be_bytes());
        }
        _ => {
            outbox.push(127);
            outbox.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
}

fn unmask(mask: [u8; 4], payload: &mut [u8]) {
    let wide = u64::from_ne_bytes([mask[0], mask[1], mask[2], mask[3], mask[0], mask[1], mask[2], mask[3]]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    // Less than eight bytes are left: the mask, which has four, begins anew behind the words.
    for (byte, key) in rest.iter_mut().zip(mask.into_iter().cycle()) {
        *byte ^= key;
    }
}
