//! One test a cell of the tables, and the sliding window.

use std::{sync::Arc, time::Duration};

use super::*;
use crate::error::{Error, StreamError};
use crate::supervisor::policy::SignificanceError;

const S: Duration = Duration::from_secs(1);

/// An end under rules, decided at a time.
struct Case {
    rules: Rules,
    policy: Policy,
    reason: ExitReason,
    others_significant: bool,
    history: History,
    now: Instant,
}

impl Case {
    fn of(restart: Restart, reason: ExitReason) -> Self {
        Self {
            rules: Rules::default(),
            policy: Policy { restart, ..Policy::worker() },
            reason,
            others_significant: false,
            history: History::default(),
            now: Instant::now(),
        }
    }

    fn intensity(mut self, restarts: u32, period: Duration) -> Self {
        self.rules.intensity = Intensity { restarts, period };
        self
    }

    fn strategy(mut self, strategy: Strategy) -> Self {
        self.rules.strategy = strategy;
        self
    }

    fn alike(mut self) -> Self {
        self.rules.shape = Shape::Alike { most: None };
        self
    }

    fn significant(mut self, auto_shutdown: AutoShutdown) -> Self {
        self.policy.significant = true;
        self.rules.auto_shutdown = auto_shutdown;
        self
    }

    fn others_significant(mut self) -> Self {
        self.others_significant = true;
        self
    }

    fn verdict(&mut self) -> Verdict {
        let Self { rules, policy, reason, others_significant, history, now } = self;
        decide(rules, Exit { policy, reason, others_significant: *others_significant }, history, *now)
    }

    fn verdict_after(&mut self, pause: Duration) -> Verdict {
        self.now += pause;
        self.verdict()
    }
}

fn abnormal() -> [ExitReason; 6] {
    let error = Error::from(StreamError::Eof);
    [
        ExitReason::Failed("broken".into()),
        ExitReason::Error(error.clone()),
        ExitReason::GaveUp { attempts: 3, last: Some(error) },
        ExitReason::Panicked("boom".into()),
        ExitReason::Aborted,
        ExitReason::Intensity {
            child: ["leaf"].into_iter().collect(),
            restarts: 3,
            period: 5 * S,
            last: Arc::new(ExitReason::Aborted),
        },
    ]
}

const AGAIN: Verdict = Verdict::Restart(Scope::One);

#[test]
fn permanent_is_restarted_after_a_normal_end() {
    assert_eq!(Case::of(Restart::Permanent, ExitReason::Normal).verdict(), AGAIN);
}

#[test]
fn permanent_is_restarted_after_it_was_stopped_by_others() {
    assert_eq!(Case::of(Restart::Permanent, ExitReason::Stopped).verdict(), AGAIN);
}

#[test]
fn permanent_is_restarted_after_every_abnormal_end() {
    for reason in abnormal() {
        assert_eq!(Case::of(Restart::Permanent, reason.clone()).verdict(), AGAIN, "{reason}");
    }
}

#[test]
fn transient_is_kept_after_a_normal_end() {
    assert_eq!(Case::of(Restart::Transient, ExitReason::Normal).verdict(), Verdict::Keep);
}

#[test]
fn transient_is_kept_after_it_was_stopped_by_others() {
    assert_eq!(Case::of(Restart::Transient, ExitReason::Stopped).verdict(), Verdict::Keep);
}

#[test]
fn transient_is_restarted_after_every_abnormal_end() {
    for reason in abnormal() {
        assert_eq!(Case::of(Restart::Transient, reason.clone()).verdict(), AGAIN, "{reason}");
    }
}

#[test]
fn temporary_is_forgotten_after_a_normal_end() {
    assert_eq!(Case::of(Restart::Temporary, ExitReason::Normal).verdict(), Verdict::Forget);
}

#[test]
fn temporary_is_forgotten_after_it_was_stopped_by_others() {
    assert_eq!(Case::of(Restart::Temporary, ExitReason::Stopped).verdict(), Verdict::Forget);
}

#[test]
fn temporary_is_forgotten_after_every_abnormal_end() {
    for reason in abnormal() {
        assert_eq!(Case::of(Restart::Temporary, reason.clone()).verdict(), Verdict::Forget, "{reason}");
    }
}

#[test]
fn the_scope_of_a_restart_is_the_strategys() {
    let scope = |strategy| Case::of(Restart::Permanent, ExitReason::Normal).strategy(strategy).verdict();
    assert_eq!(scope(Strategy::OneForOne), Verdict::Restart(Scope::One));
    assert_eq!(scope(Strategy::OneForAll), Verdict::Restart(Scope::All));
    assert_eq!(scope(Strategy::RestForOne), Verdict::Restart(Scope::Rest));
}

#[test]
fn as_many_restarts_as_the_intensity_are_allowed_and_one_more_is_not() {
    let mut case = Case::of(Restart::Permanent, ExitReason::Normal).intensity(2, 5 * S);
    assert_eq!([case.verdict(), case.verdict(), case.verdict()], [AGAIN, AGAIN, Verdict::GiveUp]);
}

#[test]
fn with_an_intensity_of_zero_the_first_restart_is_too_many() {
    let mut case = Case::of(Restart::Permanent, ExitReason::Normal).intensity(0, 5 * S);
    assert_eq!(case.verdict(), Verdict::GiveUp);
}

#[test]
fn an_end_that_restarts_nothing_is_never_too_many() {
    for (restart, verdict) in [(Restart::Transient, Verdict::Keep), (Restart::Temporary, Verdict::Forget)] {
        let mut case = Case::of(restart, ExitReason::Normal).intensity(0, 5 * S);
        assert_eq!(case.verdict(), verdict);
    }
}

#[test]
fn the_window_slides_so_that_older_restarts_no_longer_count() {
    let mut case = Case::of(Restart::Permanent, ExitReason::Normal).intensity(2, 5 * S);
    assert_eq!(case.verdict(), AGAIN);
    assert_eq!(case.verdict_after(3 * S), AGAIN);
    assert_eq!(case.verdict_after(3 * S), AGAIN, "the first one was 6 s ago");
    assert_eq!(case.verdict_after(S), Verdict::GiveUp, "the others were 4 s and 1 s ago");
}

#[test]
fn a_restart_exactly_one_period_ago_still_counts() {
    let mut case = Case::of(Restart::Permanent, ExitReason::Normal).intensity(1, 5 * S);
    assert_eq!(case.verdict(), AGAIN);
    assert_eq!(case.verdict_after(5 * S), Verdict::GiveUp);
}

#[test]
fn a_failed_restart_counts_as_one_more() {
    let mut case = Case::of(Restart::Permanent, ExitReason::Normal).intensity(2, 5 * S);
    assert_eq!(case.verdict(), AGAIN);
    assert_eq!(retry(&case.rules, &mut case.history, case.now), AGAIN);
    assert_eq!(retry(&case.rules, &mut case.history, case.now), Verdict::GiveUp);
}

#[test]
fn a_significant_end_shuts_down_where_any_does() {
    for restart in [Restart::Transient, Restart::Temporary] {
        let case = Case::of(restart, ExitReason::Normal).significant(AutoShutdown::AnySignificant);
        assert_eq!(case.others_significant().verdict(), Verdict::ShutDown);
    }
}

#[test]
fn a_temporary_significant_childs_failure_is_an_end_too() {
    let mut case = Case::of(Restart::Temporary, ExitReason::Aborted).significant(AutoShutdown::AnySignificant);
    assert_eq!(case.verdict(), Verdict::ShutDown);
}

#[test]
fn a_significant_child_that_is_restarted_has_not_ended() {
    let mut case = Case::of(Restart::Transient, ExitReason::Aborted).significant(AutoShutdown::AnySignificant);
    assert_eq!(case.verdict(), AGAIN);
}

#[test]
fn only_the_last_significant_end_shuts_down_where_all_do() {
    let case = || Case::of(Restart::Transient, ExitReason::Normal).significant(AutoShutdown::AllSignificant);
    assert_eq!(case().others_significant().verdict(), Verdict::Keep);
    assert_eq!(case().verdict(), Verdict::ShutDown);
}

#[test]
fn a_significant_end_without_auto_shutdown_is_an_end_like_another() {
    let mut case = Case::of(Restart::Transient, ExitReason::Normal).significant(AutoShutdown::Never);
    assert_eq!(case.verdict(), Verdict::Keep);
}

#[test]
fn an_end_that_is_not_significant_shuts_nothing_down() {
    let mut case = Case::of(Restart::Transient, ExitReason::Normal).significant(AutoShutdown::AnySignificant);
    case.policy.significant = false;
    assert_eq!(case.verdict(), Verdict::Keep);
}

#[test]
fn one_of_many_alike_is_forgotten_whatever_it_is() {
    assert_eq!(Case::of(Restart::Transient, ExitReason::Normal).alike().verdict(), Verdict::Forget);
    assert_eq!(Case::of(Restart::Temporary, ExitReason::Normal).alike().verdict(), Verdict::Forget);
}

#[test]
fn a_stopped_childs_spec_is_kept_unless_it_is_temporary() {
    let stopped = |restart| stopped(&Rules::default(), &Policy { restart, ..Policy::worker() });
    assert_eq!(stopped(Restart::Permanent), Verdict::Keep);
    assert_eq!(stopped(Restart::Transient), Verdict::Keep);
    assert_eq!(stopped(Restart::Temporary), Verdict::Forget);
}

#[test]
fn significance_needs_a_supervisor_that_shuts_down_and_a_child_that_ends() {
    let admit = |auto_shutdown, restart| {
        let rules = Rules { auto_shutdown, ..Rules::default() };
        rules.admit(&Policy { restart, significant: true, ..Policy::worker() })
    };
    for restart in [Restart::Permanent, Restart::Transient, Restart::Temporary] {
        assert_eq!(admit(AutoShutdown::Never, restart), Err(SignificanceError::NoAutoShutdown));
    }
    for auto_shutdown in [AutoShutdown::AnySignificant, AutoShutdown::AllSignificant] {
        assert_eq!(admit(auto_shutdown, Restart::Permanent), Err(SignificanceError::Permanent));
        assert_eq!(admit(auto_shutdown, Restart::Transient), Ok(()));
        assert_eq!(admit(auto_shutdown, Restart::Temporary), Ok(()));
    }
}
