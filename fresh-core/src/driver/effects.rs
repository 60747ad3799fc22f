//! Doing in the world what the machine wants done.

use std::{mem, sync::Arc};

use super::{link::Link, turn::Turn};
use crate::{
    admission,
    error::{SendError, SendFailure},
    frame::Frame,
    machine::{Effect, Event, Origin, Outbound},
    mailbox::{Confirm, Mail},
    options::Offline,
};

impl<I: Send + 'static> Turn<I> {
    pub(super) fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Connect { attempt } => {
                self.shared().counters.attempts.add(1);
                self.link = Link::open(Arc::clone(&self.options), attempt);
                self.again = true;
            }
            Effect::Upgrade => {
                let deadline = self.machine.next_timeout();
                self.link.upgrade(Arc::clone(&self.options), deadline);
            }
            Effect::Send(outbound) => self.transmit(outbound),
            Effect::SendPiece(piece, receipt) => {
                if let Some(stream) = self.link.stream() {
                    stream.send_piece(piece, receipt);
                }
            }
            Effect::Cut(receipt, failure) => self.cut(receipt, failure),
            Effect::Refuse(outbound, failure) => self.refuse(outbound, &failure),
            Effect::Hold(outbound) => self.hold(outbound),
            Effect::Deliver(event) => self.deliver(event),
            Effect::DeliverNext(event) => {
                self.log.event(&event);
                self.calls.push_next(event);
            }
            Effect::Discard => {
                self.shared().counters.messages_received.count();
                self.discarded += 1;
            }
            Effect::DiscardCalls => {
                let count = self.calls.discard_events();
                self.lost_messages(count);
            }
            Effect::Renew => self.renewal = true,
            Effect::Drop => self.drop_link(),
            Effect::Latency(latency) => self.shared().counters.set_latency(latency),
            Effect::Terminate(reason) => self.exit = Some(reason),
        }
    }

    #[inline]
    pub(super) fn transmit(&mut self, outbound: Outbound) {
        if let Some(stream) = self.link.stream() {
            stream.send(outbound);
        }
    }

    fn deliver(&mut self, event: Event) {
        match &event {
            Event::Message(_) => self.shared().counters.messages_received.count(),
            Event::Connected(upgrade) => {
                self.shared().counters.connections.add(1);
                self.shared().opened(upgrade);
            }
            Event::Control(_) | Event::Disconnected(_) | Event::Failed(..) => {}
        }
        self.log.event(&event);
        self.calls.push_event(event);
    }

    /// Keeps a frame for the next connection if the queue has room.
    fn hold(&mut self, outbound: Outbound) {
        let policy = admission::policy_for(&outbound.frame, self.options.offline);
        let Offline::Queue(most) = policy else { return self.refuse(outbound, &SendFailure::NotConnected) };
        let confirm = self.take_receipt(outbound.origin);
        let refused = self.post.hold(Mail::Frame(outbound.frame, confirm), most);
        if let Some((frame, confirm)) = refused.err().and_then(Mail::into_frame) {
            let outbound = self.outbound(frame, confirm);
            self.refuse(outbound, &SendFailure::QueueFull);
        }
    }

    pub(super) fn refuse(&mut self, outbound: Outbound, failure: &SendFailure) {
        let lost = self.give_back(outbound, failure);
        self.lost_frames(lost.into(), failure);
    }

    /// Gives a frame back to the caller that waits for its fate. Returns whether there is no such caller, so that the frame
    /// counts as lost.
    pub(super) fn give_back(&mut self, Outbound { frame, origin }: Outbound, failure: &SendFailure) -> bool {
        let confirm = self.take_receipt(origin);
        !confirm.is_some_and(|confirm| tell(confirm, Err(SendError::new(Some(frame), failure.clone()))))
    }

    pub(super) fn lost_frames(&self, count: u64, failure: &SendFailure) {
        if count > 0 {
            self.shared().lost_frames(count, failure);
        }
    }

    pub(super) fn confirm(&mut self, receipt: Option<u64>) {
        self.shared().counters.frames_sent.count();
        if let Some(confirm) = self.take_receipt(Origin::Handle(receipt)) {
            tell(confirm, Ok(()));
        }
    }

    pub(super) fn take_receipt(&mut self, origin: Origin) -> Option<Confirm> {
        match origin {
            Origin::Handle(Some(receipt)) => self.receipts.remove(&receipt),
            Origin::Machine | Origin::Callback | Origin::Handle(None) => None,
        }
    }

    /// Drops the connection or the attempt; frames that were accepted for it are lost.
    fn drop_link(&mut self) {
        self.write_last();
        let discarded = mem::take(&mut self.discarded);
        self.lost_messages(discarded);
        self.tally();
        let mut link = mem::take(&mut self.link);
        let Some(stream) = link.stream() else { return };
        let mut lost = 0;
        for receipt in stream.unsent() {
            let confirm = self.take_receipt(Origin::Handle(receipt));
            let told =
                confirm.is_some_and(|confirm| tell(confirm, Err(SendError::new(None, SendFailure::NotConnected))));
            lost += u64::from(!told);
        }
        self.lost_frames(lost, &SendFailure::NotConnected);
        self.shared().dropped();
    }

    /// Notes down who waits to hear of a frame.
    pub(super) fn outbound(&mut self, frame: Frame, confirm: Option<Confirm>) -> Outbound {
        let receipt = confirm.map(|confirm| self.receipt(confirm));
        Outbound { frame, origin: Origin::Handle(receipt) }
    }

    pub(super) fn receipt(&mut self, confirm: Confirm) -> u64 {
        self.next_receipt += 1;
        self.receipts.insert(self.next_receipt, confirm);
        self.next_receipt
    }

    pub(super) fn lost_infos(&self, count: u64) {
        self.shared().counters.infos_lost.add(count);
        self.log.lost_infos(count);
    }

    fn lost_messages(&self, count: u64) {
        self.shared().counters.messages_lost.add(count);
        self.log.lost_messages(count);
    }
}

/// Reports the fate of a frame to its caller; `false` if the caller no longer waits for it.
pub(super) fn tell(confirm: Confirm, fate: Result<(), SendError>) -> bool {
    confirm.send(fate).is_ok()
}
