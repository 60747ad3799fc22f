//! What follows from the end of a child: a pure function of the rules, the end, the restarts so far, and the time.
//!
//! | the child is | ended `Normal` or `Stopped` | ended abnormally |
//! |---|---|---|
//! | permanent | restart | restart |
//! | transient | leave | restart |
//! | temporary | leave | leave |
//!
//! **restart**, where there were less than `intensity.restarts` within the last `intensity.period`, this one not
//! counted, is [`Verdict::Restart`] with the strategy's scope; otherwise it is [`Verdict::GiveUp`]. A restart of
//! several children counts once; a restart that failed is tried again by [`retry`], and counts again.
//!
//! **leave** depends on the supervisor:
//!
//! | `auto_shutdown` | the child is | verdict |
//! |---|---|---|
//! | any_significant | significant | [`Verdict::ShutDown`] |
//! | all_significant | the last significant one that was active | [`Verdict::ShutDown`] |
//! | otherwise | temporary, or one of many alike | [`Verdict::Forget`] |
//! | otherwise | transient | [`Verdict::Keep`] |

#[cfg(test)]
mod tests;

use std::{collections::VecDeque, time::Instant};

use super::policy::{AutoShutdown, Intensity, Policy, Restart, Rules, Shape, Strategy};
use crate::exit::ExitReason;

/// What has to be done after a child ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Start it again, and those in its scope with it.
    Restart(Scope),
    /// Nothing; its spec stays, and can be restarted by hand.
    Keep,
    /// Nothing; its spec goes.
    Forget,
    /// The supervisor ends, as its work is done.
    ShutDown,
    /// The supervisor ends: it restarted too often.
    GiveUp,
}

/// Which children a restart concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    One,
    All,
    /// It and those after it.
    Rest,
}

/// The end of a child that nobody asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exit<'a> {
    pub(super) policy: &'a Policy,
    pub(super) reason: &'a ExitReason,
    /// Whether another significant child is active.
    pub(super) others_significant: bool,
}

/// The restarts that still count.
#[derive(Debug, Default)]
pub(super) struct History(VecDeque<Instant>);

impl History {
    /// Counts a restart; whether it is allowed.
    fn admit(&mut self, Intensity { restarts, period }: Intensity, now: Instant) -> bool {
        while self.0.front().is_some_and(|then| now.saturating_duration_since(*then) > period) {
            self.0.pop_front();
        }
        let allowed = self.0.len() < usize::try_from(restarts).unwrap_or(usize::MAX);
        if allowed {
            self.0.push_back(now);
        }
        allowed
    }
}

/// What follows from the end of a child; see the [module](self) for the table.
pub(super) fn decide(rules: &Rules, exit: Exit<'_>, history: &mut History, now: Instant) -> Verdict {
    let restart = match exit.policy.restart {
        Restart::Permanent => true,
        Restart::Transient => exit.reason.is_abnormal(),
        Restart::Temporary => false,
    };
    if restart { retry(rules, history, now) } else { leave(rules, exit) }
}

/// What follows from a restart that failed.
pub(super) fn retry(rules: &Rules, history: &mut History, now: Instant) -> Verdict {
    if !history.admit(rules.intensity, now) {
        return Verdict::GiveUp;
    }
    Verdict::Restart(match rules.strategy {
        Strategy::OneForOne => Scope::One,
        Strategy::OneForAll => Scope::All,
        Strategy::RestForOne => Scope::Rest,
    })
}

fn leave(rules: &Rules, exit: Exit<'_>) -> Verdict {
    let shuts_down = exit.policy.significant
        && match rules.auto_shutdown {
            AutoShutdown::Never => false,
            AutoShutdown::AnySignificant => true,
            AutoShutdown::AllSignificant => !exit.others_significant,
        };
    if shuts_down { Verdict::ShutDown } else { stopped(rules, exit.policy) }
}

/// What becomes of the spec of a child that is stopped and not restarted: by itself, by a call, or with its siblings.
pub(super) fn stopped(rules: &Rules, policy: &Policy) -> Verdict {
    match (rules.shape, policy.restart) {
        (Shape::Alike { .. }, _) | (Shape::Listed, Restart::Temporary) => Verdict::Forget,
        (Shape::Listed, Restart::Permanent | Restart::Transient) => Verdict::Keep,
    }
}
