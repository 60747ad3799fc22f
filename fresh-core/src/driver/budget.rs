//! The share that each class of work has of a turn, so that no class starves another one, or other tasks.

use std::task::{Context, Poll};

/// A class of work that could go on for ever. Infos and writes need no share of their own: the callbacks of infos have one,
/// and what is written is bounded by the other classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Callbacks that are ready at once.
    Callbacks,
    /// Closes, reconnects and stops that the handles request.
    Controls,
    /// Reads from the socket. One more read is allowed before a deadline is judged.
    Reads,
    /// Frames and pieces from the mailbox.
    Mail,
    /// Attempts to connect that fail at once.
    Attempts,
    /// Passes in which a timer is due.
    Timers,
}

/// The rest of each share in this turn: one poll of the driver's task, from one yield to the next.
#[derive(Debug)]
pub(super) struct Budget {
    left: [u16; SHARES.len()],
    /// A class wanted more than its share.
    exceeded: bool,
}

/// The shares, in the order of [`Class`].
const SHARES: [u16; 6] = [128, 64, 16, 1024, 1, 16];

impl Budget {
    pub(super) fn new() -> Self {
        Self { left: SHARES, exceeded: false }
    }

    /// Takes one unit of a class; `false` if its share of this turn is used up.
    #[inline]
    pub(super) fn take(&mut self, class: Class) -> bool {
        match self.left[class as usize].checked_sub(1) {
            Some(left) => {
                self.left[class as usize] = left;
                true
            }
            None => {
                self.exceeded = true;
                false
            }
        }
    }

    /// Whether anything is left of a class's share.
    #[inline]
    pub(super) fn has(&mut self, class: Class) -> bool {
        let has = self.left[class as usize] > 0;
        self.exceeded |= !has;
        has
    }

    /// Ends the turn. If there is more to do, the task is scheduled again behind the others of the runtime.
    pub(super) fn yields<T>(&mut self, cx: &Context<'_>) -> Poll<T> {
        if self.exceeded {
            cx.waker().wake_by_ref();
        }
        *self = Self::new();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        task::{Wake, Waker},
    };

    use super::*;

    const ALL: [Class; SHARES.len()] =
        [Class::Callbacks, Class::Controls, Class::Reads, Class::Mail, Class::Attempts, Class::Timers];

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How often the end of the turn wakes the task.
    fn wakes_at_the_end(budget: &mut Budget) -> usize {
        let wakes = Arc::new(Wakes::default());
        let ended: Poll<()> = budget.yields(&Context::from_waker(&Waker::from(Arc::clone(&wakes))));
        assert!(ended.is_pending());
        wakes.0.load(Ordering::Relaxed)
    }

    #[test]
    fn a_class_gets_its_share_and_no_more() {
        for (class, share) in ALL.into_iter().zip(SHARES) {
            let mut budget = Budget::new();
            assert!((0..share).all(|_| budget.take(class)), "{class:?}");
            assert!(!budget.take(class), "{class:?}");
        }
    }

    #[test]
    fn a_class_does_not_use_the_share_of_another_one() {
        for class in ALL {
            let mut budget = Budget::new();
            while budget.take(class) {}
            assert!(ALL.into_iter().filter(|other| *other != class).all(|other| budget.take(other)), "{class:?}");
        }
    }

    #[test]
    fn a_turn_that_leaves_work_wakes_the_task_again_and_one_that_does_not_leaves_it_asleep() {
        let mut budget = Budget::new();
        budget.take(Class::Reads);
        assert_eq!(wakes_at_the_end(&mut budget), 0);
        while budget.take(Class::Attempts) {}
        assert_eq!(wakes_at_the_end(&mut budget), 1);
        assert!(budget.take(Class::Attempts), "the next turn has a share of its own");
    }
}
