//! The rules of a tree, as plain data. OTP's `sup_flags()` and `child_spec()`.

use std::time::Duration;

/// Which children are restarted when one of them ends and has to be restarted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// That one alone. OTP's `one_for_one`.
    #[default]
    OneForOne,
    /// All of them: the others are stopped in reverse order, then all start in order. OTP's `one_for_all`.
    OneForAll,
    /// That one and those that were started after it. OTP's `rest_for_one`.
    RestForOne,
}

/// Whether a child that ended by itself is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restart {
    /// Always, after a normal end too. OTP's `permanent`.
    #[default]
    Permanent,
    /// After an abnormal end only ([`ExitReason::is_abnormal`](crate::ExitReason::is_abnormal)). OTP's `transient`.
    Transient,
    /// Never; its spec goes with it. OTP's `temporary`.
    Temporary,
}

/// How a child is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// Its token is cancelled, and it is killed if it has not ended after this time. OTP's timeout.
    Timeout(Duration),
    /// Its token is cancelled, and it has all the time it takes: for supervisors, whose children have their own
    /// limits. A child that never ends holds up the whole tree. OTP's `infinity`.
    Infinity,
    /// It is killed at once: its future is dropped, no callback runs. OTP's `brutal_kill`.
    Abort,
}

impl Shutdown {
    /// What a worker gets by default: 5 s.
    pub const WORKER: Self = Self::Timeout(Duration::from_secs(5));
}

/// Whether the supervisor ends when its significant children have ended by themselves. OTP's `auto_shutdown`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutoShutdown {
    /// It does not; then no child may be significant.
    #[default]
    Never,
    /// With the first of them.
    AnySignificant,
    /// With the last of them.
    AllSignificant,
}

/// How many restarts are too many: one more than `restarts` within `period` ends the supervisor.
/// OTP's `intensity` and `period`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intensity {
    /// How many restarts are allowed within the period. 0: the first one is too many.
    pub restarts: u32,
    /// The length of the sliding window; not zero.
    pub period: Duration,
}

/// 3 in 5 s, as in Elixir. (OTP: 1 in 5 s.)
impl Default for Intensity {
    fn default() -> Self {
        Self { restarts: 3, period: Duration::from_secs(5) }
    }
}

/// What a child is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildKind {
    /// Anything that does work: a client, a future.
    Worker,
    /// A supervisor, with children of its own.
    Supervisor,
}

/// What the spec of a child says about its life: see [`ChildSpec::policy`](super::ChildSpec::policy).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// Whether the child is restarted when it ends by itself.
    pub restart: Restart,
    /// How the child is stopped.
    pub shutdown: Shutdown,
    /// Whether the child's end may be the supervisor's.
    pub significant: bool,
    /// What the child is.
    pub kind: ChildKind,
}

impl Policy {
    pub(super) fn worker() -> Self {
        Self { restart: Restart::default(), shutdown: Shutdown::WORKER, significant: false, kind: ChildKind::Worker }
    }

    pub(super) fn supervisor() -> Self {
        Self { shutdown: Shutdown::Infinity, kind: ChildKind::Supervisor, ..Self::worker() }
    }
}

/// What holds for all children of a supervisor.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rules {
    pub(super) strategy: Strategy,
    pub(super) intensity: Intensity,
    pub(super) auto_shutdown: AutoShutdown,
    pub(super) shape: Shape,
}

/// Whether a supervisor's children are known one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shape {
    /// Each has its own id, a place in the order, and a spec that outlives it.
    #[default]
    Listed,
    /// Many alike, in no order: they stop together, and one that is not restarted is forgotten.
    Alike {
        /// How many there may be at a time.
        most: Option<usize>,
    },
}

/// A spec that contradicts the rules, or itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignificanceError {
    /// A significant child under a supervisor that never shuts down by itself.
    #[error("a significant child needs a supervisor that shuts down by itself")]
    NoAutoShutdown,
    /// A significant child that is permanent, and so never ends by itself.
    #[error("a permanent child cannot be significant: it is always restarted")]
    Permanent,
}

impl Rules {
    /// Whether a child with this policy may live under these rules.
    pub(super) fn admit(&self, policy: &Policy) -> Result<(), SignificanceError> {
        match (policy.significant, self.auto_shutdown, policy.restart) {
            (false, _, _) => Ok(()),
            (true, AutoShutdown::Never, _) => Err(SignificanceError::NoAutoShutdown),
            (true, _, Restart::Permanent) => Err(SignificanceError::Permanent),
            (true, _, Restart::Transient | Restart::Temporary) => Ok(()),
        }
    }
}
