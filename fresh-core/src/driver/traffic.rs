//! What goes over the link: the attempt, then bytes in both directions.

use std::{
    io, mem,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use super::{
    link::Progress,
    stream::{Stream, Wrote},
    turn::Turn,
};
use crate::{
    error::StreamError,
    machine::{Answer, Attempt, Input, Wire},
};

/// How many reads there may be before timers, handles and other tasks have their turn, where no callback ends the reading.
const MOST_READS: u32 = 16;

impl<I: Send + 'static> Turn<I> {
    /// Takes the attempt further, where one is under way.
    pub(super) fn advance(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(progress) = self.link.poll(&self.options, cx) {
            self.feed(match progress {
                Progress::Transported => Input::Attempt(Attempt::Transported),
                Progress::Upgraded(upgrade, read) => {
                    self.shared().counters.bytes_received.add(read as u64);
                    Input::Attempt(Attempt::Upgraded(upgrade))
                }
                Progress::Failed(error) => Input::Attempt(Attempt::Failed(error)),
                Progress::Panicked(message) => Input::Answer(Answer::Panicked(message)),
            });
        }
    }

    /// Reads until the socket has no more, the queue of calls is full, or, while no callback runs, there is one to run, or
    /// may be one in what came.
    pub(super) fn read(&mut self, cx: &mut Context<'_>, busy: bool) {
        self.read_on(cx, busy);
        // Callbacks come first: behind what they have not handled nothing can be seen, so no silence is judged.
        if !busy && self.has_call() {
            self.pause(true);
        }
    }

    fn read_on(&mut self, cx: &mut Context<'_>, busy: bool) {
        let mut reads = 0;
        while self.decode(busy) {
            let Some(stream) = self.link.stream() else { return };
            if reads == MOST_READS {
                // At the next turn of this task, not in this look: others run first, and the clock goes on.
                cx.waker().wake_by_ref();
                return;
            }
            reads += 1;
            match stream.poll_read(cx) {
                Poll::Pending => {
                    if let Some(error) = stream.take_write_error() {
                        self.feed(Input::Wire(Wire::WriteFailed(Arc::new(error))));
                    }
                    return;
                }
                Poll::Ready(Ok(0)) => return self.feed(Input::Wire(Wire::Lost(StreamError::Eof))),
                Poll::Ready(Ok(read)) => {
                    self.shared().counters.bytes_received.add(read as u64);
                    self.feed(Input::Wire(Wire::Alive));
                    if !busy && self.flows() {
                        self.unseen = true;
                        return;
                    }
                }
                Poll::Ready(Err(error)) => {
                    return self.feed(Input::Wire(Wire::Lost(StreamError::from_read(error))));
                }
            }
        }
    }

    /// Decodes what was read; whether more may be read.
    ///
    /// While no callback is waiting (`busy`), each message is handled before the next is looked at: what is replied to it
    /// goes out before a close frame behind it is answered.
    pub(super) fn decode(&mut self, busy: bool) -> bool {
        while busy || !self.has_call() {
            let full = self.machine.delivers() && !self.calls.has_room();
            self.pause(full);
            if full {
                return false;
            }
            let Some(stream) = self.link.stream() else { return false };
            match stream.next_frame() {
                Ok(Some(frame)) => self.feed(Input::Wire(Wire::Received(frame))),
                Ok(None) => return true,
                Err(error) => self.feed(Input::Wire(Wire::Violated(error))),
            }
        }
        false
    }

    /// Tells the machine whether reading rests.
    fn pause(&mut self, paused: bool) {
        if let Some(stream) = self.link.stream()
            && mem::replace(&mut stream.paused, paused) != paused
        {
            self.feed(Input::Wire(if paused { Wire::ReadPaused } else { Wire::ReadResumed }));
        }
    }

    pub(super) fn write(&mut self, cx: &mut Context<'_>) {
        let was_full = self.is_full();
        let Some(stream) = self.link.stream().filter(|stream| !stream.is_unwritable()) else { return };
        let wrote = stream.poll_write(cx);
        let stalled = mem::replace(&mut stream.stalled, matches!(wrote, Ok(Wrote::Stalled { .. })));
        self.confirm_sent();
        match wrote {
            Ok(Wrote::Stalled { progress }) if progress || !stalled => self.feed(Input::Wire(Wire::WriteStalled)),
            Ok(Wrote::Stalled { .. }) => {}
            Ok(Wrote::All) if stalled => self.feed(Input::Wire(Wire::WriteResumed)),
            Ok(Wrote::All) => {}
            Err(error) => self.fail_writing(error, cx),
        }
        // The mailbox rested while too much waited to be written.
        self.again |= was_full && !self.is_full();
    }

    fn confirm_sent(&mut self) {
        let Some(stream) = self.link.stream() else { return };
        let written = stream.take_written();
        if written > 0 {
            self.shared().counters.bytes_sent.add(written);
        }
        while let Some(receipt) = self.link.stream().and_then(Stream::next_sent) {
            self.confirm(receipt);
        }
    }

    /// Writes what goes out without waiting, before a connection is dropped: the answer to the server's close frame
    /// may just have been encoded.
    pub(super) fn write_last(&mut self) {
        let Some(stream) = self.link.stream().filter(|stream| !stream.is_unwritable()) else { return };
        // Whatever comes of it, the connection is dropped.
        let _ = stream.poll_write(&mut Context::from_waker(Waker::noop()));
        self.confirm_sent();
    }

    /// The failure is told when all that can still be read has been read.
    fn fail_writing(&mut self, error: io::Error, cx: &mut Context<'_>) {
        if let Some(stream) = self.link.stream() {
            stream.fail_writing(error);
        }
        self.feed(Input::Wire(Wire::WriteResumed));
        self.read(cx, true);
    }

    /// Counts what compression did since the last time. Apart: `perform` runs for every message.
    #[inline(never)]
    pub(super) fn tally(&mut self) {
        let Some((received, sent)) = self.link.stream().and_then(Stream::take_tallies) else { return };
        let counters = &self.shared().counters;
        counters.inflate_bytes_in.add(received.compressed);
        counters.inflate_bytes_out.add(received.plain);
        counters.deflate_bytes_in.add(sent.plain);
        counters.deflate_bytes_out.add(sent.compressed);
    }
}
