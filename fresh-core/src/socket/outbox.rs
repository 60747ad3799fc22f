//! Frames on their way out of a `Sink`: some are collected while others are written.

use std::{
    mem,
    task::{Context, Poll, ready},
};

use tokio_util::sync::ReusableBoxFuture;

use super::{Client, SocketError};
use crate::frame::{CloseCode, Frame};

/// The sink writes when it has collected this many frames or bytes.
const MOST_FRAMES: usize = 64;
const MOST_BYTES: usize = 64 << 10;

/// The frames that a `Sink` was given and has not written.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    collected: Vec<Frame>,
    bytes: usize,
    writing: Option<Writing>,
    closing: Closing,
}

/// Whether the sink has collected its close frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Closing {
    #[default]
    Open,
    CloseFrameCollected,
}

type Writing = ReusableBoxFuture<'static, Result<(), SocketError>>;

impl Outbox {
    pub(super) fn push(&mut self, frame: Frame) {
        self.bytes += frame.payload_len();
        self.collected.push(frame);
    }

    /// Ready when there is room for another frame.
    pub(super) fn poll_ready(&mut self, client: &Client, cx: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        if self.collected.len() < MOST_FRAMES && self.bytes < MOST_BYTES {
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_written(cx))?;
        self.write(client);
        // The frames go out now, although the next ones need not wait for that.
        if let Poll::Ready(written) = self.poll_written(cx) {
            return Poll::Ready(written);
        }
        Poll::Ready(Ok(()))
    }

    /// Ready when all was written.
    pub(super) fn poll_flush(&mut self, client: &Client, cx: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        loop {
            ready!(self.poll_written(cx))?;
            if self.collected.is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.write(client);
        }
    }

    /// Ready when all was written, and a close frame behind it.
    pub(super) fn poll_close(&mut self, client: &Client, cx: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        loop {
            match (self.closing, ready!(self.poll_flush(client, cx))) {
                // The socket is closed already, by another handle or by the server.
                (Closing::CloseFrameCollected, Ok(()) | Err(SocketError::WrongState { .. })) => {
                    return Poll::Ready(Ok(()));
                }
                (Closing::Open, Ok(())) => {}
                (_, Err(error)) => return Poll::Ready(Err(error)),
            }
            self.closing = Closing::CloseFrameCollected;
            self.push(Frame::close(CloseCode::NORMAL_CLOSURE, ""));
        }
    }

    /// The frames that were collected and not flushed.
    pub(super) fn take_collected(&mut self) -> Vec<Frame> {
        self.bytes = 0;
        mem::take(&mut self.collected)
    }

    fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        let Some(writing) = &mut self.writing else { return Poll::Ready(Ok(())) };
        let written = ready!(writing.poll(cx));
        self.writing = None;
        Poll::Ready(written)
    }

    /// Frames keep their order, so the last one is written when all are.
    fn write(&mut self, client: &Client) {
        let mut frames = self.take_collected();
        let client = client.clone();
        self.writing = frames.pop().map(|last| {
            ReusableBoxFuture::new(async move {
                for frame in frames {
                    client.send(frame).await?;
                }
                Ok(client.send_confirmed(last).await?)
            })
        });
    }
}
