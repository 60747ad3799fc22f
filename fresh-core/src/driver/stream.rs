//! An open connection: bytes in and out, never waiting for one while the other could go on.

use std::{
    collections::VecDeque,
    io, mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BufMut, BytesMut};
use tokio::io::AsyncWrite;
use tokio_util::io::{poll_read_buf, poll_write_buf};

use crate::{
    error::DecodeError,
    frame::{Frame, Message},
    machine::{Origin, Outbound},
    options::{Io, Options},
    wire::{
        deflate::{Agreed, Deflater, Inflater, Tally},
        encoder::Outgoing,
        inbound::Inbound,
        piece::Piece,
    },
};

/// A read buffer begins with this. An idle connection has none.
const SMALL_READ: usize = 4 << 10;
/// One read asks for no more than this, but for the rest of a frame that is larger.
const LARGE_READ: usize = 64 << 10;
/// TLS keeps back no more than half of this of what was written to it.
const KEPT_BACK: u64 = 128 << 10;

pub(super) struct Stream {
    io: Box<dyn Io>,
    buffer: BytesMut,
    /// What there was room for in the buffer when it was last made or made larger.
    allotted: usize,
    read_size: usize,
    /// How many bytes came since the socket last had none.
    arrived: usize,
    /// The most that a large frame has made the buffer grow to; the next one gets as much at once.
    large: usize,
    inbound: Inbound,
    /// The server broke the protocol: what comes after it is not looked at.
    broken: bool,
    outgoing: Outgoing,
    most_outgoing: usize,
    /// How much of what was written has been flushed.
    flushed: u64,
    /// How many of the bytes written were told of.
    told: u64,
    marks: VecDeque<Mark>,
    late_pong: Option<Frame>,
    /// Why no more can be written, until that is told.
    unwritable: Option<io::Error>,
    /// What the machine was told last.
    pub(super) paused: bool,
    pub(super) stalled: bool,
}

/// Where a user's frame ends in the bytes of this connection.
struct Mark {
    end: u64,
    receipt: Option<u64>,
}

/// What became of an attempt to write.
pub(super) enum Wrote {
    /// Everything is out.
    All,
    /// The socket takes no more; whether it took anything.
    Stalled { progress: bool },
}

impl Stream {
    pub(super) fn new(io: Box<dyn Io>, read: BytesMut, agreed: Option<Agreed>, options: &Options) -> Self {
        let inflater = agreed.map(|agreed| Box::new(Inflater::new(agreed, &options.limits)));
        let deflater = agreed.zip(options.deflate).map(|(agreed, options)| Box::new(Deflater::new(agreed, &options)));
        Self {
            io,
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
            told: 0,
            marks: VecDeque::new(),
            late_pong: None,
            unwritable: None,
            paused: false,
            stalled: false,
        }
    }

    /// The next frame of what was read; nothing after an error.
    pub(super) fn next_frame(&mut self) -> Result<Option<Frame>, DecodeError> {
        if self.broken {
            self.buffer.clear();
            return Ok(None);
        }
        let next = self.inbound.next(&mut self.buffer);
        self.broken = next.is_err();
        next
    }

    /// The next message, where it can be had at once; where not, [`next_frame`](Self::next_frame) knows more.
    #[inline]
    pub(super) fn next_message(&mut self) -> Option<Result<Message, DecodeError>> {
        if self.broken {
            return None;
        }
        let next = self.inbound.next_whole(&mut self.buffer)?;
        self.broken = next.is_err();
        Some(next)
    }

    /// Reads once; `Ok(0)` is the end. The buffer grows with what comes, or came before: never with what a frame declares.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let missing = self.inbound.missing(&self.buffer);
        // The end of a large frame is mostly the end of a read, so that the frame can have the buffer for itself.
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

    /// Gives back what a busy time needed and an idle one does not.
    fn shrink(&mut self) {
        if mem::take(&mut self.arrived) < self.read_size / 2 {
            self.read_size = (self.read_size / 2).max(SMALL_READ);
            self.large = (self.large / 2).max(LARGE_READ);
            // Where messages hold it as well, that would free nothing, and the next one would take a buffer of its own.
            if self.buffer.is_empty() && self.buffer.try_reclaim(self.allotted) {
                self.buffer = BytesMut::new();
            }
        }
        self.inbound.shrink();
        self.outgoing.shrink();
    }

    /// Whether so much waits to be written that nothing may be added that can wait elsewhere.
    pub(super) fn is_full(&self) -> bool {
        self.outgoing.len() >= self.most_outgoing && self.unwritable.is_none()
    }

    /// Encodes a frame; it goes out with the next write.
    pub(super) fn send(&mut self, Outbound { frame, origin }: Outbound) {
        if self.unwritable.is_some() {
            self.mark(u64::MAX, origin);
            return;
        }
        // Only the latest of the pings that wait for an answer needs one (RFC 6455 §5.5.3), so that a server that
        // pings and does not read cannot make us hold more and more.
        if origin == Origin::Machine && matches!(frame, Frame::Pong(_)) && self.is_full() {
            self.late_pong = Some(frame);
            return;
        }
        // Nothing goes out behind a close frame.
        if matches!(frame, Frame::Close(_))
            && let Some(pong) = self.late_pong.take()
        {
            self.outgoing.push(pong);
        }
        let end = self.outgoing.push(frame);
        self.mark(end, origin);
    }

    /// Encodes a piece of a message; who sent it is told of the last one.
    pub(super) fn send_piece(&mut self, piece: Piece, receipt: u64) {
        let ends = piece.place.ends();
        let end = if self.unwritable.is_some() { u64::MAX } else { self.outgoing.piece(piece) };
        if ends {
            self.mark(end, Origin::Handle(Some(receipt)));
        }
    }

    fn mark(&mut self, end: u64, origin: Origin) {
        match origin {
            Origin::Machine => {}
            Origin::Callback => self.marks.push_back(Mark { end, receipt: None }),
            Origin::Handle(receipt) => self.marks.push_back(Mark { end, receipt }),
        }
    }

    /// Notes that nothing can be written any more. What the server said before it went can still be read, and says
    /// more than that it is gone: until all of it is read, this is kept back.
    pub(super) fn fail_writing(&mut self, error: io::Error) {
        self.unwritable = Some(error);
    }

    pub(super) fn is_unwritable(&self) -> bool {
        self.unwritable.is_some()
    }

    pub(super) fn take_write_error(&mut self) -> Option<io::Error> {
        self.unwritable.take()
    }

    /// Writes what is ready, in as few calls as the socket allows, and flushes: TLS keeps back what is not flushed.
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
        match self.poll_write_pieces(cx) {
            Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Poll::Ready(wrote) => wrote?,
            Poll::Pending => {
                // A socket that is always full would otherwise never let a frame be known as sent.
                ready!(self.poll_flush(cx))?;
                return Poll::Pending;
            }
        };
        if !self.is_full()
            && let Some(pong) = self.late_pong.take()
        {
            self.outgoing.push(pong);
        }
        Poll::Ready(Ok(true))
    }

    /// Writes once. One piece goes out by a plain write, which costs the system less than one of many.
    fn poll_write_pieces(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
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

    /// How many bytes were written since this was last asked.
    pub(super) fn take_written(&mut self) -> u64 {
        let written = self.outgoing.written();
        written - mem::replace(&mut self.told, written)
    }

    /// What was decompressed and what was compressed since this was last asked; `None` where nothing can be.
    pub(super) fn take_tallies(&mut self) -> Option<(Tally, Tally)> {
        self.inbound.take_tally().zip(self.outgoing.take_tally())
    }

    /// The receipt, where it has one, of the next user's frame that is out.
    pub(super) fn next_sent(&mut self) -> Option<Option<u64>> {
        let sent = self.flushed.max(self.outgoing.written().saturating_sub(KEPT_BACK));
        let mark = self.marks.pop_front_if(|mark| mark.end <= sent)?;
        Some(mark.receipt)
    }

    /// The receipts, where they have one, of the users' frames that are not out.
    pub(super) fn unsent(&mut self) -> impl Iterator<Item = Option<u64>> {
        self.marks.drain(..).map(|mark| mark.receipt)
    }
}
