//! What the parts of a script share: what happens next, and what has happened so far.

use std::{
    collections::VecDeque,
    fmt::Debug,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    line::{Line, Reply},
    plan::Plan,
};

/// What a callback does next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    /// Takes this long, and goes on.
    Take(Duration),
    /// Calls its own client, and goes on: which call, and what it is like.
    Call(u8, u8),
    /// Never returns.
    Hang,
    Panic,
    /// Returns: what, and what it is like.
    Return(u8, u8),
}

/// What the connector does next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Dial {
    Connect { after: Duration },
    Fail { after: Duration },
    Hang,
    Panic,
}

/// What a read or a write of the byte stream does next, in place of its work.
#[derive(Clone, Copy, Debug)]
pub(super) enum Quirk {
    /// It is not ready, and is again at once.
    Busy,
    Fail,
    /// A write that accepts nothing.
    Zero,
    Panic,
    /// Dropping it panics.
    PanicOnDrop,
}

/// The handler, as it was called so far.
#[derive(Debug, Default)]
pub(super) struct Called {
    pub(super) running: Option<&'static str>,
    /// `handle_connect` ran, and `handle_down` did not since.
    pub(super) is_up: bool,
    /// A new handler took the place of the one whose `handle_connect` ran.
    pub(super) is_renewed: bool,
    /// The connection of the last `handle_connect`.
    pub(super) line: Option<usize>,
    pub(super) connects: u32,
    pub(super) downs: u32,
    pub(super) messages: u64,
    pub(super) infos: u64,
    /// The reason that `handle_terminate` received.
    pub(super) terminated: Option<String>,
    /// The last call is due, or is running.
    pub(super) is_ending: bool,
    /// `handle_terminate` panicked.
    pub(super) has_panicked_last: bool,
}

/// What was given to the client to send.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// Frames that are to be counted as sent or lost.
    pub(super) frames: u64,
    /// Frames that may be: their call was dropped, or refers to a connection that may be gone.
    pub(super) unsure: u64,
    pub(super) infos: u64,
    /// The `send_confirmed` calls that wait, by when they began.
    pub(super) confirming: Vec<Instant>,
    /// The `send_stream` calls that wait.
    pub(super) streaming: u32,
    /// When `stop` was first requested.
    pub(super) stopped: Option<Instant>,
}

/// What happened in one poll of the client's task.
#[derive(Debug, Default)]
pub(super) struct Poll {
    pub(super) reads: u32,
    pub(super) calls: u32,
    pub(super) dials: u32,
    /// A read claimed that nothing was there.
    pub(super) was_busy: bool,
}

pub(super) struct Scene {
    pub(super) plan: Plan,
    pub(super) acts: VecDeque<Act>,
    pub(super) dials: VecDeque<Dial>,
    pub(super) replies: VecDeque<Reply>,
    pub(super) read_quirks: VecDeque<Quirk>,
    pub(super) write_quirks: VecDeque<Quirk>,
    pub(super) lines: Vec<Line>,
    pub(super) called: Called,
    pub(super) given: Given,
    pub(super) poll: Poll,
    /// A promise that was broken.
    pub(super) broken: Option<String>,
    began: Instant,
    trace: Option<Vec<String>>,
}

/// How much of each class one poll may do: more than its share of a turn, by what belongs to no class.
const MOST_READS: u32 = 32;
const MOST_CALLS: u32 = 256;
const MOST_DIALS: u32 = 8;

impl Scene {
    /// Notes that a promise is broken. Only the first one counts, because the others may follow from it.
    pub(super) fn breaks(&mut self, promise: &str, how: impl Debug) {
        let at = self.began.elapsed();
        self.broken.get_or_insert_with(|| format!("{promise}: {how:?} at {at:?}"));
    }

    pub(super) fn holds(&mut self, condition: bool, promise: &str, how: impl Debug) {
        if !condition {
            self.breaks(promise, how);
        }
    }

    /// Notes what happens, for the reader of a failure.
    pub(super) fn note(&mut self, what: impl FnOnce() -> String) {
        let at = self.began.elapsed();
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{at:?} {}", what()));
        }
    }

    pub(super) fn trace(&self) -> String {
        self.trace.as_ref().map(|trace| trace.join("\n")).unwrap_or_default()
    }

    /// The connection, or the attempt, that began last.
    pub(super) fn line(&mut self) -> Option<&mut Line> {
        self.lines.last_mut()
    }

    /// A poll of the client's task has to end.
    pub(super) fn check_poll(&mut self) {
        let Poll { reads, calls, dials, .. } = self.poll;
        let is_bounded = reads <= MOST_READS && calls <= MOST_CALLS && dials <= MOST_DIALS;
        if !is_bounded {
            let poll = format!("{:?}", self.poll);
            self.breaks("a turn ends in a yield, so that no class of work starves another one", poll);
        }
    }

    /// Whether reading is paused because the inbound queue is full: surely, and possibly.
    ///
    /// The queue may still hold messages of earlier connections, of which the script does not know how many were decoded.
    pub(super) fn is_full(&self) -> (bool, bool) {
        let Some((last, earlier)) = self.lines.split_last() else { return (false, false) };
        let (messages, bytes) = last.backlog();
        let is_full = |messages: usize, bytes: usize| {
            messages > 0 && (messages >= self.plan.inbound || bytes >= self.plan.inbound_bytes)
        };
        let all =
            earlier.iter().map(Line::backlog).fold((messages, bytes), |all, more| (all.0 + more.0, all.1 + more.1));
        (is_full(messages, bytes), is_full(all.0, all.1))
    }
}

/// The scene, shared.
#[derive(Clone)]
pub(super) struct Stage(Arc<Mutex<Scene>>);

impl Stage {
    pub(super) fn new(plan: Plan, is_traced: bool) -> Self {
        Self(Arc::new(Mutex::new(Scene {
            plan,
            acts: VecDeque::new(),
            dials: VecDeque::new(),
            replies: VecDeque::new(),
            read_quirks: VecDeque::new(),
            write_quirks: VecDeque::new(),
            lines: Vec::new(),
            called: Called::default(),
            given: Given::default(),
            poll: Poll::default(),
            broken: None,
            began: Instant::now(),
            trace: is_traced.then(Vec::new),
        })))
    }

    pub(super) fn scene(&self) -> MutexGuard<'_, Scene> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A panic of the user's code. It does not run the panic hook, which ends a fuzzing process.
pub(super) fn panic() -> ! {
    std::panic::resume_unwind(Box::new("on purpose"))
}
