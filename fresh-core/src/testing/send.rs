//! What a test sends: frames, fragments, bytes.

use std::{io, panic::Location};

use bytes::Bytes;
use tokio::io::AsyncWriteExt;

use super::{
    connection::Connection,
    patience::{Caller, patiently},
    wire::{BINARY, CONTINUATION, TEXT, WireFrame},
};
use crate::frame::{Frame, Message};

impl Connection {
    /// Sends a frame, of any size and with any close code.
    #[track_caller]
    pub fn send(&mut self, frame: impl Into<Frame>) -> impl Future<Output = ()> {
        let (at, frame) = (Location::caller(), frame.into());
        async move { self.send_for(at, &frame).await }
    }

    /// Sends a message in frames whose payloads have these sizes; what is left, one frame more. Panics where
    /// the sizes are more than the message.
    #[track_caller]
    pub fn send_fragmented(&mut self, message: impl Into<Message>, sizes: &[usize]) -> impl Future<Output = ()> {
        let at = Location::caller();
        let frames = fragments(message.into(), sizes);
        async move {
            for frame in frames {
                self.queue(&frame.encode());
            }
            self.flush_for(at).await;
        }
    }

    /// Writes these bytes, whatever they are; [`WireFrame::encode`] makes the bytes of odd frames.
    #[track_caller]
    pub fn raw(&mut self, bytes: impl AsRef<[u8]>) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            self.queue(bytes.as_ref());
            self.flush_for(at).await;
        }
    }

    pub(super) async fn send_for(&mut self, at: Caller, frame: &Frame) {
        self.queue_frame(frame);
        self.flush_for(at).await;
    }

    pub(super) fn queue_frame(&mut self, frame: &Frame) {
        self.close_sent |= matches!(frame, Frame::Close(_));
        self.queue(&WireFrame::from(frame).encode());
    }

    pub(super) fn queue(&mut self, bytes: &[u8]) {
        self.outbound.extend_from_slice(bytes);
    }

    /// Writes what is queued; what a cancelled call did not write, the next one does.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        while !self.outbound.is_empty() {
            self.stream.write_buf(&mut self.outbound).await?;
        }
        self.stream.flush().await
    }

    pub(super) async fn flush_for(&mut self, at: Caller) {
        let written = patiently(at, "the client does not read what is sent to it", self.flush()).await;
        written.unwrap_or_else(|error| panic!("the client is gone: {error} (sent at {at})"));
    }
}

fn fragments(message: Message, sizes: &[usize]) -> Vec<WireFrame> {
    let opcode = if message.is_text() { TEXT } else { BINARY };
    let mut rest = message.into_bytes();
    let mut payloads: Vec<Bytes> = sizes.iter().map(|&size| rest.split_to(size)).collect();
    if !rest.is_empty() || payloads.is_empty() {
        payloads.push(rest);
    }
    let last = payloads.len() - 1;
    let frame = |(n, payload)| WireFrame {
        fin: n == last,
        ..WireFrame::new(if n == 0 { opcode } else { CONTINUATION }, payload)
    };
    payloads.into_iter().enumerate().map(frame).collect()
}
