//! The calls that wait for the handler, in the order of what caused them, and bounded.

use std::collections::VecDeque;

use crate::{exit::ExitReason, frame::Message, machine::Event, options::Options};

/// What the handler is told next.
#[derive(Debug)]
pub(super) enum Call<I> {
    /// A message that nothing waits before.
    Message(Message),
    Event(Event),
    Info(I),
    /// The last one.
    Terminate(ExitReason),
}

/// What waits for its turn.
#[derive(Debug)]
pub(super) enum Waiting {
    Event(Event),
    /// The next info. It stays in its mailbox, which bounds how many there are.
    Info,
}

/// A queue of calls. Messages and control frames count against the bounds; what happens once a connection does not.
#[derive(Debug)]
pub(super) struct Calls {
    /// What a callback's own answer led to: it comes before what waits already.
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

    /// Whether another message may come; a single one always may, whatever its size.
    pub(super) fn has_room(&self) -> bool {
        self.messages == 0 || (self.messages < self.most_messages && self.bytes < self.most_bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.next.is_empty() && self.queue.is_empty()
    }

    pub(super) fn push_event(&mut self, event: Event) {
        if let Some(bytes) = counted(&event) {
            self.messages += 1;
            self.bytes += bytes;
        }
        self.queue.push_back(Waiting::Event(event));
    }

    /// Before all that waits, behind what came this way before.
    pub(super) fn push_next(&mut self, event: Event) {
        self.next.push_back(event);
    }

    /// Gives those infos a place that have none: so many wait in their mailbox.
    pub(super) fn note_infos(&mut self, waiting: usize) {
        while self.infos < waiting {
            self.infos += 1;
            self.queue.push_back(Waiting::Info);
        }
    }

    pub(super) fn pop(&mut self) -> Option<Waiting> {
        if let Some(event) = self.next.pop_front() {
            return Some(Waiting::Event(event));
        }
        let next = self.queue.pop_front()?;
        match &next {
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

    /// Drops what a connection led to, and says how many messages were among it; infos stay.
    pub(super) fn discard_events(&mut self) -> u64 {
        let is_message = |next: &&Waiting| matches!(next, Waiting::Event(Event::Message(_)));
        let messages = self.queue.iter().filter(is_message).count();
        self.next.clear();
        self.queue.retain(|next| matches!(next, Waiting::Info));
        (self.messages, self.bytes) = (0, 0);
        messages as u64
    }
}

/// The bytes that an event counts for; `None` where it is not counted.
fn counted(event: &Event) -> Option<usize> {
    match event {
        Event::Message(message) => Some(message.len()),
        Event::Control(_) => Some(0),
        Event::Connected(_) | Event::Disconnected(_) | Event::Failed(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Disconnect;

    fn calls(messages: usize, bytes: usize) -> Calls {
        Calls::new(&Options::new("ws://host").unwrap().inbound(messages, bytes))
    }

    fn message(size: usize) -> Event {
        Event::Message(vec![0; size].into())
    }

    #[test]
    fn calls_come_out_in_the_order_in_which_they_went_in() {
        let mut calls = calls(8, 8);
        calls.push_event(message(1));
        calls.note_infos(1);
        calls.push_event(Event::Disconnected(Disconnect::unanswered()));
        assert!(matches!(calls.pop(), Some(Waiting::Event(Event::Message(_)))));
        assert!(matches!(calls.pop(), Some(Waiting::Info)));
        assert!(matches!(calls.pop(), Some(Waiting::Event(Event::Disconnected(_)))));
        assert!(calls.pop().is_none() && calls.is_empty());
    }

    #[test]
    fn an_info_gets_one_place_however_often_it_is_seen_in_its_mailbox() {
        let mut calls = calls(8, 8);
        calls.note_infos(2);
        calls.push_event(message(1));
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
        by_number.push_event(message(0));
        assert!(by_number.has_room());
        by_number.push_event(message(0));
        assert!(!by_number.has_room());
        by_number.pop();
        assert!(by_number.has_room());

        let mut by_bytes = calls(100, 10);
        by_bytes.push_event(message(11));
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
        calls.push_event(Event::Disconnected(Disconnect::unanswered()));
        assert!(calls.has_room());
    }

    #[test]
    fn discarded_events_are_told_by_their_messages_and_infos_stay() {
        let mut calls = calls(1, 1);
        calls.push_event(message(1));
        calls.note_infos(1);
        calls.push_next(Event::Disconnected(Disconnect::unanswered()));
        assert_eq!(calls.discard_events(), 1);
        assert!(calls.has_room());
        assert!(matches!(calls.pop(), Some(Waiting::Info)) && calls.is_empty());
    }

    #[test]
    fn what_an_answer_led_to_comes_before_what_waits() {
        let mut calls = calls(8, 8);
        calls.push_event(message(1));
        calls.push_next(Event::Disconnected(Disconnect::unanswered()));
        assert!(matches!(calls.pop(), Some(Waiting::Event(Event::Disconnected(_)))));
        assert!(matches!(calls.pop(), Some(Waiting::Event(Event::Message(_)))));
    }
}
