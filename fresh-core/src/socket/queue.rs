//! The received frames that wait to be handed out, with their bounds.

use std::collections::VecDeque;

use crate::frame::Frame;

/// A queue of frames, bounded by their number and by the memory that they hold.
#[derive(Debug)]
pub(super) struct Queue {
    frames: VecDeque<Frame>,
    bytes: usize,
    most_frames: usize,
    most_bytes: usize,
}

impl Queue {
    pub(super) fn new(most_frames: usize, most_bytes: usize) -> Self {
        Self { frames: VecDeque::new(), bytes: 0, most_frames, most_bytes }
    }

    pub(super) fn push(&mut self, frame: Frame) {
        self.bytes = self.bytes.saturating_add(frame.held_bytes());
        self.frames.push_back(frame);
    }

    pub(super) fn pop(&mut self) -> Option<Frame> {
        let frame = self.frames.pop_front()?;
        self.bytes = self.bytes.saturating_sub(frame.held_bytes());
        Some(frame)
    }

    pub(super) fn clear(&mut self) {
        (self.frames, self.bytes) = (VecDeque::new(), 0);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Whether reading has to pause. One frame always has room.
    pub(super) fn is_full(&self) -> bool {
        self.exceeds(self.most_frames, self.most_bytes)
    }

    /// Whether a frame that comes after a close is kept: beside a full queue there is room for as much again.
    pub(super) fn has_room_after_close(&self) -> bool {
        !self.exceeds(self.most_frames.saturating_mul(2), self.most_bytes.saturating_mul(2))
    }

    fn exceeds(&self, frames: usize, bytes: usize) -> bool {
        !self.frames.is_empty() && (self.frames.len() >= frames || self.bytes >= bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(most_frames: usize, most_bytes: usize, sizes: &[usize]) -> Queue {
        let mut queue = Queue::new(most_frames, most_bytes);
        for &size in sizes {
            queue.push(Frame::binary(vec![0; size]));
        }
        queue
    }

    #[test]
    fn frames_come_out_in_the_order_in_which_they_went_in() {
        let mut queue = filled(8, 100, &[1, 2, 3]);
        let sizes: Vec<usize> = std::iter::from_fn(|| queue.pop()).map(|frame| frame.payload_len()).collect();
        assert_eq!(sizes, [1, 2, 3]);
        assert!(queue.is_empty());
    }

    #[test]
    fn the_queue_is_full_by_frames_or_by_bytes() {
        assert!(!filled(2, 100, &[0]).is_full());
        assert!(filled(2, 100, &[0, 0]).is_full());
        assert!(!filled(10, 10, &[9]).is_full());
        assert!(filled(10, 10, &[9, 1]).is_full());
        let mut queue = filled(10, 10, &[9, 1]);
        queue.pop();
        assert!(!queue.is_full());
    }

    #[test]
    fn one_frame_always_has_room() {
        assert!(!Queue::new(1, 0).is_full());
        assert!(Queue::new(1, 0).has_room_after_close());
    }

    #[test]
    fn a_closing_socket_has_room_for_twice_as_much() {
        assert!(filled(2, 100, &[0, 0, 0]).has_room_after_close());
        assert!(!filled(2, 100, &[0, 0, 0, 0]).has_room_after_close());
        assert!(filled(10, 10, &[19]).has_room_after_close());
        assert!(!filled(10, 10, &[20]).has_room_after_close());
    }
}
