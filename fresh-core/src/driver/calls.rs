//! The calls that wait for the handler, in the order of the events that caused them, and bounded.

use std::collections::VecDeque;

use crate::{
    frame::{Control, Message},
    machine::Event,
    options::Options,
};

/// A call that waits for its turn.
#[derive(Debug)]
pub(super) enum Waiting {
    Message(Message),
    Event(Event),
    /// The next info. It stays in its mailbox, which bounds the number of infos.
    Info,
}

/// A queue of calls. Messages and control frames count against the bounds; the few events of a connection's life do not.
#[derive(Debug)]
pub(super) struct Calls {
    /// Caused by a callback's own answer: these come before all other calls.
    next: VecDeque<Event>,
    queue: VecDeque<Waiting>,
    messages: usize,
    bytes: usize,
    infos: usize,
    most_messages: usize,
    most_bytes: usize,
}

impl Calls {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            next: VecDeque::new(),
            queue: VecDeque::new(),
            messages: 0,
            bytes: 0,
            infos: 0,
            most_messages: options.inbound,
            most_bytes: options.inbound_bytes,
        }
    }

    /// Whether another message may be queued; a single one always may, whatever its size.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.messages == 0 || (self.messages < self.most_messages && self.bytes < self.most_bytes)
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.next.is_empty() && self.queue.is_empty()
    }

    /// Whether an event waits; infos do not count.
    #[inline]
    pub(super) fn has_event(&self) -> bool {
        self.next.len() + self.queue.len() > self.infos
    }

    /// Queues a message. One that has to wait is compact: the memory which the queue holds is then about the bytes that it
    /// counts. Otherwise each message could keep a whole read buffer.
    pub(super) fn push_message(&mut self, message: Message) {
        self.messages += 1;
        self.bytes += message.held_bytes();
        self.queue.push_back(Waiting::Message(message));
    }

    /// Queues an event.
    pub(super) fn push(&mut self, event: Event) {
        if let Some(bytes) = counted(&event) {
            self.messages += 1;
            self.bytes += bytes;
        }
        self.queue.push_back(Waiting::Event(event));
    }

    /// Queues an event before all other calls, behind those queued this way.
    pub(super) fn push_next(&mut self, event: Event) {
        self.next.push_back(event);
    }

    /// Gives a place to the infos that have none yet; `waiting` infos are in their mailbox.
    pub(super) fn note_infos(&mut self, waiting: usize) {
        while self.infos < waiting {
            self.infos += 1;
            self.queue.push_back(Waiting::Info);
        }
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<Waiting> {
        if !self.next.is_empty() {
            return self.next.pop_front().map(Waiting::Event);
        }
        let next = self.queue.pop_front()?;
        match &next {
            Waiting::Message(message) => {
                self.messages -= 1;
                self.bytes -= message.held_bytes();
            }
            Waiting::Event(event) => {
                if let Some(bytes) = counted(event) {
                    self.messages -= 1;
                    self.bytes -= bytes;
                }
            }
            Waiting::Info => self.infos -= 1,
        }
        Some(next)
    }

    /// Drops the events of a connection, and returns how many messages were among them; infos stay.
    pub(super) fn discard_events(&mut self) -> u64 {
        let is_message = |next: &&Waiting| matches!(next, Waiting::Message(_));
        let messages = self.queue.iter().filter(is_message).count();
        self.next.clear();
        self.queue.retain(|next| matches!(next, Waiting::Info));
        (self.messages, self.bytes) = (0, 0);
        messages as u64
    }
}

/// The bytes that an event counts for; `None` if it is not counted.
#[inline]
fn counted(event: &Event) -> Option<usize> {
    match event {
        Event::Control(Control::Ping(payload) | Control::Pong(payload)) => Some(payload.len()),
        Event::Connected(_) | Event::Down(_) | Event::Disconnected(..) | Event::Failed(..) | Event::Renew => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{connection::Disconnect, machine::About};

    fn calls(messages: usize, bytes: usize) -> Calls {
        Calls::new(&Options::new("ws://host").unwrap().inbound(messages, bytes))
    }

    fn message(size: usize) -> Message {
        vec![0; size].into()
    }

    #[test]
    fn calls_come_out_in_the_order_in_which_they_went_in() {
        let mut calls = calls(8, 8);
        calls.push_message(message(1));
        calls.note_infos(1);
        calls.push(Event::Disconnected(Box::new(Disconnect::unanswered()), About::Loss(1)));
        assert!(matches!(calls.pop(), Some(Waiting::Message(_))));
        assert!(matches!(calls.pop(), Some(Waiting::Info)));
        assert!(matches!(calls.pop(), Some(Waiting::Event(Event::Disconnected(..)))));
        assert!(calls.pop().is_none() && calls.is_empty());
    }

    #[test]
    fn an_info_gets_one_place_however_often_it_is_seen_in_its_mailbox() {
        let mut calls = calls(8, 8);
        calls.note_infos(2);
        calls.push_message(message(1));
        calls.note_infos(3);
        calls.note_infos(3);
        let order: Vec<bool> = std::iter::from_fn(|| calls.pop()).map(|next| matches!(next, Waiting::Info)).collect();
        assert_eq!(order, [true, true, false, true]);
        calls.note_infos(1);
        assert!(matches!(calls.pop(), Some(Waiting::Info)), "the next one is another one");
    }

    #[test]
    fn messages_are_bounded_by_number_and_by_bytes() {
        let mut by_number = calls(2, 100);
        by_number.push_message(message(0));
        assert!(by_number.has_room());
        by_number.push_message(message(0));
        assert!(!by_number.has_room());
        by_number.pop();
        assert!(by_number.has_room());

        let mut by_bytes = calls(100, 10);
        by_bytes.push_message(message(11));
        assert!(!by_bytes.has_room());
        by_bytes.pop();
        assert!(by_bytes.has_room());
    }

    #[test]
    fn one_message_always_has_room() {
        assert!(calls(1, 0).has_room());
    }

    #[test]
    fn what_happens_once_a_connection_always_has_room() {
        let mut calls = calls(1, 1);
        calls.push(Event::Disconnected(Box::new(Disconnect::unanswered()), About::Loss(1)));
        assert!(calls.has_room());
    }

    #[test]
    fn discarded_events_are_told_by_their_messages_and_infos_stay() {
        let mut calls = calls(1, 1);
        calls.push_message(message(1));
        calls.note_infos(1);
        calls.push_next(Event::Disconnected(Box::new(Disconnect::unanswered()), About::Loss(1)));
        assert_eq!(calls.discard_events(), 1);
        assert!(calls.has_room());
        assert!(matches!(calls.pop(), Some(Waiting::Info)) && calls.is_empty());
    }

    #[test]
    fn what_an_answer_led_to_comes_before_what_waits() {
        let mut calls = calls(8, 8);
        calls.push_message(message(1));
        calls.push_next(Event::Disconnected(Box::new(Disconnect::unanswered()), About::Loss(1)));
        assert!(matches!(calls.pop(), Some(Waiting::Event(Event::Disconnected(..)))));
        assert!(matches!(calls.pop(), Some(Waiting::Message(_))));
    }
}
