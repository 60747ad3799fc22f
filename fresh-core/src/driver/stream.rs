//! The bytes of an open connection, in and out: never waiting for one direction while the other could go on.

use std::{
    io, mem,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
};

use bytes::{Buf, BufMut, BytesMut};
use tokio::io::AsyncWrite;
use tokio_util::io::{poll_read_buf, poll_write_buf};

use super::guarded::{Guarded, panic_of};
use crate::{
    error::DecodeError,
    frame::Frame,
    options::{Io, Options},
    wire::{
        deflate::{Agreed, Deflater, Inflater, Tally},
        encoder::Outgoing,
        inbound::Inbound,
        piece::Piece,
    },
};

/// The size of a new read buffer, in bytes. An idle connection has none.
const SMALL_READ: usize = 4 << 10;
/// One read asks for no more bytes than this, except for the rest of a frame that is larger.
const LARGE_READ: usize = 64 << 10;
/// TLS holds back no more than half of this of what was written to it.
const HELD_BACK: u64 = 128 << 10;

pub(super) struct Stream {
    io: Guarded,
    buffer: BytesMut,
    /// How much room the buffer had when it was last made or made larger.
    allotted: usize,
    read_size: usize,
    /// How many bytes arrived since the socket last had none.
    arrived: usize,
    /// The largest size that a large frame has made the buffer grow to; the next one gets as much at once.
    large: usize,
    inbound: Inbound,
    /// The server broke the protocol: nothing behind the violation is decoded.
    broken: bool,
    outgoing: Outgoing,
    /// The option `write_buffer`.
    most_outgoing: usize,
    /// How many bytes of those written are flushed.
    flushed: u64,
    /// How many bytes of those written are counted.
    counted: u64,
    late_pong: Option<Frame>,
    /// Why nothing more can be written, until that is reported.
    write_error: Option<io::Error>,
}

/// What a write achieved.
pub(super) enum Wrote {
    /// Every byte is written.
    All,
    /// The socket accepts no more; whether it accepted any.
    Stalled { progress: bool },
}

impl Stream {
    pub(super) fn new(io: Box<dyn Io>, read: BytesMut, agreed: Option<Agreed>, options: &Options) -> Self {
        let inflater = agreed.map(|agreed| Box::new(Inflater::new(agreed, &options.limits)));
        let deflater = agreed.zip(options.deflate).map(|(agreed, options)| Box::new(Deflater::new(agreed, &options)));
        Self {
            io: Guarded::new(io),
            buffer: read,
            allotted: 0,
            read_size: SMALL_READ,
            arrived: 0,
            large: LARGE_READ,
            inbound: Inbound::new(&options.limits, inflater),
            broken: false,
            outgoing: Outgoing::new(deflater),
            most_outgoing: options.write_buffer,
            flushed: 0,
            counted: 0,
            late_pong: None,
            write_error: None,
        }
    }

    /// The next message or control frame of what was read; nothing after an error.
    #[inline]
    pub(super) fn next_frame(&mut self) -> Result<Option<Frame>, DecodeError> {
        if self.broken {
            self.buffer.clear();
            return Ok(None);
        }
        let next = self.inbound.next(&mut self.buffer);
        self.broken = next.is_err();
        next
    }

    /// Whether so much waits to be decoded that reading more has to wait.
    pub(super) fn is_backed_up(&self) -> bool {
        self.buffer.len() >= LARGE_READ
    }

    /// Reads once; `Ok(0)` is the end. The buffer grows with the bytes that arrive, or arrived before: never with a length
    /// that a frame declares.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let missing = self.inbound.missing(&self.buffer);
        // A read ends where a large frame ends, so that the frame can have the buffer for itself.
        let (size, most) = if missing > LARGE_READ {
            self.large = self.large.max(self.buffer.len());
            (missing.min(self.large), missing)
        } else {
            (self.read_size, usize::MAX)
        };
        if self.buffer.capacity() - self.buffer.len() < size / 2 {
            self.buffer.reserve(size);
            self.allotted = self.buffer.capacity();
        }
        let room = most.min(self.buffer.capacity() - self.buffer.len());
        match poll_read_buf(Pin::new(&mut self.io), cx, &mut (&mut self.buffer).limit(room)) {
            Poll::Ready(Ok(read)) => {
                self.arrived = self.arrived.saturating_add(read);
                if read == room {
                    self.read_size = (self.read_size * 2).min(LARGE_READ);
                }
                Poll::Ready(Ok(read))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                self.shrink();
                Poll::Pending
            }
        }
    }

    /// Returns memory that a busy time needed and an idle one does not.
    fn shrink(&mut self) {
        if mem::take(&mut self.arrived) < self.read_size / 2 {
            self.read_size = (self.read_size / 2).max(SMALL_READ);
            self.large = (self.large / 2).max(LARGE_READ);
            // If messages hold the buffer as well, dropping it here frees nothing, and the next message needs a new one.
            if self.buffer.is_empty() && self.buffer.try_reclaim(self.allotted) {
                self.buffer = BytesMut::new();
            }
        }
        self.inbound.shrink();
        self.outgoing.shrink();
    }

    /// Whether so much waits to be written that everything that can wait elsewhere has to.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.outgoing.len() >= self.most_outgoing && self.write_error.is_none()
    }

    /// Encodes a frame, which the next write sends. Returns the position of its end among all bytes.
    #[inline(always)]
    pub(super) fn send(&mut self, frame: Frame) -> u64 {
        if self.write_error.is_some() {
            return u64::MAX;
        }
        // Nothing is sent behind a close frame.
        if matches!(frame, Frame::Close(_)) {
            self.push_late_pong();
        }
        self.outgoing.push(frame)
    }

    #[inline(never)]
    fn push_late_pong(&mut self) {
        if let Some(pong) = self.late_pong.take() {
            self.outgoing.push(pong);
        }
    }

    /// As [`send`](Self::send), for a frame of the machine's. Only the latest of the pings that wait for an answer needs one
    /// (RFC 6455 §5.5.3), so a server that pings and does not read cannot make the client hold more and more pongs.
    #[inline(never)]
    pub(super) fn send_own(&mut self, frame: Frame) {
        if matches!(frame, Frame::Pong(_)) && self.is_full() {
            self.late_pong = Some(frame);
        } else {
            self.send(frame);
        }
    }

    /// Encodes a piece of a message. Returns the position of its end among all bytes.
    pub(super) fn send_piece(&mut self, piece: Piece) -> u64 {
        if self.write_error.is_some() { u64::MAX } else { self.outgoing.piece(piece) }
    }

    /// Notes that nothing more can be written. The server's last bytes can still be read, and say more than that the
    /// connection is gone: this error is held back until they are read.
    pub(super) fn fail_writing(&mut self, error: io::Error) {
        self.write_error = Some(error);
    }

    pub(super) fn is_unwritable(&self) -> bool {
        self.write_error.is_some()
    }

    pub(super) fn take_write_error(&mut self) -> Option<io::Error> {
        self.write_error.take()
    }

    /// Writes all that is queued, in as few calls as the socket allows, and flushes: TLS holds back what is not flushed.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) -> io::Result<Wrote> {
        let before = self.outgoing.written();
        loop {
            match self.poll_write_once(cx) {
                Poll::Ready(Ok(true)) => {}
                Poll::Ready(Ok(false)) => return Ok(Wrote::All),
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => return Ok(Wrote::Stalled { progress: self.outgoing.written() > before }),
            }
        }
    }

    /// One write, or the flush after the last one; whether there is more to do.
    fn poll_write_once(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if !self.outgoing.has_remaining() {
            ready!(self.poll_flush(cx))?;
            return Poll::Ready(Ok(false));
        }
        match self.poll_write_chunks(cx) {
            Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Poll::Ready(wrote) => wrote?,
            Poll::Pending => {
                // With a socket that is always full, no frame would otherwise ever be known as sent.
                ready!(self.poll_flush(cx))?;
                return Poll::Pending;
            }
        };
        if !self.is_full() {
            self.push_late_pong();
        }
        Poll::Ready(Ok(true))
    }

    /// Writes once. A single chunk is written by a plain write, which costs the system less than a vectored one.
    fn poll_write_chunks(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let io = Pin::new(&mut self.io);
        let first = self.outgoing.chunk();
        if first.len() < self.outgoing.remaining() {
            return poll_write_buf(io, cx, &mut self.outgoing);
        }
        let wrote = ready!(io.poll_write(cx, first))?;
        self.outgoing.advance(wrote);
        Poll::Ready(Ok(wrote))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let written = self.outgoing.written();
        if self.flushed < written {
            ready!(Pin::new(&mut self.io).poll_flush(cx))?;
            self.flushed = written;
        }
        Poll::Ready(Ok(()))
    }

    /// Ends the connection: writes what the socket accepts at once, and then, if that is all, ends TLS with close_notify
    /// (RFC 8446 §6.1) and our direction of TCP.
    ///
    /// # Errors
    ///
    /// The message of the panic, if the user's byte stream panics.
    pub(super) fn close(&mut self) -> Result<(), std::sync::Arc<str>> {
        let panicked = self.end_writing().err().as_ref().and_then(panic_of);
        let dropped = self.io.close();
        panicked.map_or(dropped, Err)
    }

    /// The connection is dropped next, whatever the result is; only a panic matters.
    fn end_writing(&mut self) -> io::Result<()> {
        let cx = &mut Context::from_waker(Waker::noop());
        if !self.is_unwritable()
            && let Wrote::All = self.poll_write(cx)?
            && let Poll::Ready(ended) = Pin::new(&mut self.io).poll_shutdown(cx)
        {
            ended?;
        }
        Ok(())
    }

    /// How many bytes were written since the last call.
    pub(super) fn take_written(&mut self) -> u64 {
        let written = self.outgoing.written();
        written - mem::replace(&mut self.counted, written)
    }

    /// Up to which position the bytes are out.
    #[inline]
    pub(super) fn sent(&self) -> u64 {
        self.flushed.max(self.outgoing.written().saturating_sub(HELD_BACK))
    }

    /// What was decompressed and compressed since the last call; `None` if nothing can be.
    pub(super) fn take_tallies(&mut self) -> Option<(Tally, Tally)> {
        self.inbound.take_tally().zip(self.outgoing.take_tally())
    }
}
