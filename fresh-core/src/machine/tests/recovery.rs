//! What comes after a loss: attempts, delays, and the end.

use super::*;
use crate::error::{Callback, ConnectError, HandlerError, MalformedResponse, ProcessError};

fn failed(rig: &mut Rig) -> &mut Rig {
    rig.feed(Input::Attempt(Attempt::Failed(ConnectError::Timeout { after: S }.into())))
}

fn refused_for(seconds: u64) -> Error {
    use crate::error::{EstablishError, Refusal};
    let refusal = Refusal {
        status: http::StatusCode::SERVICE_UNAVAILABLE,
        headers: HeaderMap::new(),
        body: bytes::Bytes::new(),
        retry_after: Some(Duration::from_secs(seconds)),
    };
    EstablishError::Refused(std::sync::Arc::new(refusal)).into()
}

/// An attempt that fails with this error, and the error as the handler is given it.
fn reported(rig: &mut Rig, error: impl Into<Error>) -> Error {
    rig.effects();
    rig.feed(Input::Attempt(Attempt::Failed(error.into())));
    match rig.told().pop() {
        Some(Told::Failed(error, About::Loss(_))) => error,
        other => panic!("{other:?}"),
    }
}

/// The next attempt, which meets a malformed response: how many there were in a row, and whether a retry is worthwhile.
fn malformed(rig: &mut Rig, response: MalformedResponse) -> (u32, bool) {
    let error = reported(rig, ProcessError::from(response));
    let Error::Process(ProcessError::Malformed { in_a_row, .. }) = &error else { panic!("{error:?}") };
    let counted = (*in_a_row, error.is_transient());
    retry(rig);
    counted
}

fn retry(rig: &mut Rig) {
    rig.verdict(Recovery::Reconnect);
    let delay = rig.until_next().expect("the next attempt waits");
    rig.pass(delay);
    assert_eq!(rig.state(), ConnectionState::Connecting);
}

#[test]
fn the_third_malformed_response_in_a_row_is_not_worth_a_retry() {
    let mut rig = Rig::new();
    rig.feed(Input::Start);
    let http = || MalformedResponse::Http("no HTTP".into());
    assert_eq!(malformed(&mut rig, http()), (1, true));
    assert_eq!(malformed(&mut rig, MalformedResponse::SpokeFirst), (2, true), "a banner may come before the request");
    assert_eq!(malformed(&mut rig, http()), (3, false));
    assert_eq!(malformed(&mut rig, http()), (4, false), "where the handler retries all the same");
}

#[test]
fn another_failure_between_two_malformed_responses_starts_the_count_over() {
    let mut rig = Rig::new();
    rig.feed(Input::Start);
    for _ in 0..3 {
        assert_eq!(malformed(&mut rig, MalformedResponse::Version), (1, true));
        assert_eq!(malformed(&mut rig, MalformedResponse::Version), (2, true));
        assert!(reported(&mut rig, ProcessError::Eof).is_transient());
        retry(&mut rig);
    }
}

#[test]
fn a_connection_between_two_malformed_responses_starts_the_count_over() {
    let mut rig = Rig::new();
    rig.feed(Input::Start);
    malformed(&mut rig, MalformedResponse::SpokeFirst);
    malformed(&mut rig, MalformedResponse::SpokeFirst);
    rig.establish();
    rig.receive(Frame::close(1012, "")).lose();
    retry(&mut rig);
    assert_eq!(malformed(&mut rig, MalformedResponse::SpokeFirst), (1, true));
}

#[test]
fn the_first_attempt_begins_at_once() {
    let mut rig = Rig::new();
    rig.feed(Input::Start);
    assert!(matches!(&rig.effects()[..], [Effect::Connect { attempt: 1 }]));
}

#[test]
fn reconnect_waits_longer_after_each_attempt() {
    let mut rig = Rig::new();
    rig.feed(Input::Start);
    for delay in [250, 375, 562] {
        failed(&mut rig).verdict(Recovery::Reconnect);
        assert_eq!(rig.until_next().map(|wait| wait.as_millis()), Some(delay));
        rig.pass(Duration::from_millis(delay as u64 + 1));
        assert_eq!(rig.state(), ConnectionState::Connecting);
    }
}

#[test]
fn one_budget_covers_connecting_and_upgrading() {
    let mut rig = Rig::new();
    rig.feed(Input::Start).pass(5 * S).effects();
    rig.feed(Input::Attempt(Attempt::Transported));
    assert_eq!(rig.until_next(), Some(3 * S));
    let budget = rig.now + 3 * S;
    assert!(matches!(&rig.effects()[..], [Effect::Upgrade { deadline }] if *deadline == Some(budget)));
    rig.pass(3 * S);
    let told = rig.told();
    assert!(
        matches!(&told[..], [Told::Failed(Error::Connect(ConnectError::Timeout { after }), About::Loss(_))] if *after == 8 * S)
    );
}

#[test]
fn a_zero_connect_timeout_waits_for_ever() {
    let mut rig = Rig::with(|options| options.connect_timeout(Duration::ZERO));
    rig.feed(Input::Start);
    assert_eq!(rig.until_next(), None);
}

#[test]
fn a_connection_that_stayed_up_starts_the_delays_over() {
    let mut rig = Rig::connected();
    rig.lose().verdict(Recovery::Reconnect).pass(S);
    rig.establish();
    rig.pass(10 * S).lose().verdict(Recovery::Reconnect);
    assert_eq!(rig.until_next(), Some(250 * MS));
}

#[test]
fn a_connection_that_did_not_stay_up_does_not() {
    let mut rig = Rig::connected();
    rig.lose().verdict(Recovery::Reconnect).pass(S);
    rig.establish();
    rig.pass(9 * S).lose().verdict(Recovery::Reconnect);
    assert_eq!(rig.until_next(), Some(375 * MS));
}

#[test]
fn retry_after_is_a_floor_under_the_delay() {
    let mut rig = Rig::new();
    rig.feed(Input::Start).feed(Input::Attempt(Attempt::Failed(refused_for(17)))).verdict(Recovery::Reconnect);
    assert_eq!(rig.until_next(), Some(17 * S));
}

#[test]
fn a_retry_after_of_a_year_waits_a_day() {
    let mut rig = Rig::new();
    let error = refused_for(365 * 24 * 60 * 60);
    rig.feed(Input::Start).feed(Input::Attempt(Attempt::Failed(error))).verdict(Recovery::Reconnect);
    assert_eq!(rig.until_next(), Some(24 * 60 * 60 * S));
}

#[test]
fn reconnect_of_the_handle_does_not_wait_for_the_delay() {
    let mut rig = Rig::connected();
    rig.lose().verdict(Recovery::Reconnect);
    rig.effects();
    rig.command(Command::Reconnect);
    assert!(matches!(&rig.effects()[..], [Effect::Connect { attempt: 2 }]));
}

#[test]
fn reconnect_of_the_handle_closes_an_open_connection_and_asks_nobody() {
    let mut rig = Rig::connected();
    rig.command(Command::Reconnect);
    assert_eq!(rig.sent(), [Frame::close(1000, "")]);
    rig.receive(Frame::close(1000, "")).lose();
    let effects = rig.effects();
    assert!(
        matches!(&effects[..], [Effect::Disconnect, Effect::Deliver(Event::Down(_)), Effect::Connect { attempt: 2 }]),
        "{effects:?}"
    );
}

#[test]
fn reconnect_now_drops_an_open_connection_and_asks_nobody() {
    let mut rig = Rig::connected();
    rig.command(Command::ReconnectNow);
    let effects = rig.effects();
    assert!(
        matches!(&effects[..], [Effect::Disconnect, Effect::Deliver(Event::Down(_)), Effect::Connect { attempt: 2 }]),
        "{effects:?}"
    );
}

#[test]
fn reconnect_now_does_not_wait_for_the_close_handshake_that_is_under_way() {
    let mut rig = Rig::connected();
    rig.command(Command::Reconnect).command(Command::ReconnectNow);
    assert_eq!(rig.state(), ConnectionState::Connecting);
}

#[test]
fn reconnect_now_does_not_keep_a_client_from_ending() {
    let mut rig = Rig::connected();
    rig.command(Command::Stop).command(Command::ReconnectNow);
    assert_eq!(rig.state(), ConnectionState::Closing);
}

#[test]
fn abandon_drops_an_open_connection_and_waits_the_delay() {
    let mut rig = Rig::connected();
    rig.answer(Answer::Verdict(Recovery::Abandon, About::Fault));
    assert!(matches!(&rig.effects()[..], [Effect::Disconnect, Effect::Deliver(Event::Down(_))]));
    assert_eq!((rig.state(), rig.until_next()), (ConnectionState::Waiting, Some(250 * MS)));
}

#[test]
fn the_verdict_reconnect_now_connects_without_the_delay() {
    let mut rig = Rig::connected();
    rig.lose().verdict(Recovery::ReconnectNow);
    assert_eq!(rig.state(), ConnectionState::Connecting);
}

#[test]
fn the_verdict_reconnect_now_gives_up_when_the_attempts_are_used_up() {
    let mut rig = Rig::with(|options| options.backoff(BackoffOptions::new().attempts(1)));
    rig.feed(Input::Start);
    failed(&mut rig).verdict(Recovery::ReconnectNow);
    assert!(matches!(rig.exit(), ExitReason::GaveUp { attempts: 1, last: Some(_) }));
}

#[test]
fn a_verdict_about_a_loss_before_the_last_one_does_not_decide() {
    let mut rig = Rig::connected();
    rig.lose().command(Command::Reconnect);
    failed(&mut rig).answer(Answer::Verdict(Recovery::Reconnect, About::Loss(1)));
    assert_eq!(rig.state(), ConnectionState::Deciding);
    rig.verdict(Recovery::Reconnect);
    assert_eq!(rig.state(), ConnectionState::Waiting);
}

#[test]
fn a_close_while_handle_error_is_pending_ends_the_attempts() {
    let mut rig = Rig::connected();
    rig.lose().command(Command::Close(close_frame(1000, "")));
    rig.answer(Answer::Verdict(Recovery::Reconnect, About::Loss(1)));
    assert_eq!((rig.state(), rig.until_next()), (ConnectionState::Deciding, None), "handle_disconnect decides");
    rig.verdict(Recovery::Close);
    assert!(matches!(rig.exit(), ExitReason::Normal));
}

#[test]
fn a_second_close_without_a_connection_is_not_reported_again() {
    let mut rig = Rig::connected();
    rig.lose().command(Command::Close(close_frame(1000, ""))).effects();
    rig.command(Command::Close(close_frame(1000, "")));
    assert!(rig.told().is_empty());
}

#[test]
fn ignore_after_a_loss_is_idle_until_reconnect() {
    let mut rig = Rig::connected();
    rig.lose().verdict(Recovery::Ignore).pass(3600 * S);
    assert_eq!(rig.state(), ConnectionState::Idle);
    rig.command(Command::Reconnect);
    assert_eq!(rig.state(), ConnectionState::Connecting);
}

#[test]
fn restart_renews_the_handler_before_the_next_attempt() {
    let mut rig = Rig::connected();
    rig.lose();
    rig.effects();
    rig.verdict(Recovery::Restart);
    assert!(matches!(&rig.effects()[..], [Effect::DeliverNext(Event::Renew)]));
    assert_eq!(rig.state(), ConnectionState::Waiting);
}

#[test]
fn restart_without_a_factory_fails() {
    let mut rig = Rig::connected();
    rig.machine.core.config.renewable = false;
    rig.lose().verdict(Recovery::Restart);
    assert!(matches!(rig.exit(), ExitReason::Failed(reason) if reason.to_string().contains("start_with")));
}

#[test]
fn close_ends_normally_and_fail_with_its_reason() {
    let mut rig = Rig::connected();
    rig.lose().verdict(Recovery::Close);
    assert!(matches!(rig.exit(), ExitReason::Normal));

    let mut rig = Rig::connected();
    rig.lose().verdict(Recovery::fail("broken"));
    assert!(matches!(rig.exit(), ExitReason::Failed(reason) if reason.to_string() == "broken"));
}

#[test]
fn passing_an_error_on_ends_with_that_error() {
    let mut rig = Rig::connected();
    rig.lose().verdict(Recovery::fail(Error::from(StreamError::Eof)));
    assert!(matches!(rig.exit(), ExitReason::Error(Error::Stream(StreamError::Eof))));
}

#[test]
fn it_gives_up_when_the_attempts_are_used_up() {
    let mut rig = Rig::with(|options| options.backoff(BackoffOptions::new().jitter(false).attempts(3)));
    rig.feed(Input::Start);
    for _ in 0..2 {
        failed(&mut rig).verdict(Recovery::Reconnect).pass(S);
    }
    failed(&mut rig).verdict(Recovery::Reconnect);
    let reason = rig.exit();
    assert!(matches!(reason, ExitReason::GaveUp { attempts: 3, last: Some(Error::Connect(_)) }), "{reason}");
}

#[test]
fn a_connection_that_stayed_up_gives_all_attempts_back() {
    let mut rig = Rig::connected_with(|options| options.backoff(BackoffOptions::new().jitter(false).attempts(2)));
    for _ in 0..5 {
        rig.pass(10 * S).lose().verdict(Recovery::Reconnect).pass(S);
        rig.establish();
    }
}

#[test]
fn a_fault_that_is_ignored_leaves_the_connection_alone() {
    let mut rig = Rig::connected();
    rig.answer(Answer::Raised(HandlerError::new(Callback::In, "broken")));
    assert!(matches!(&rig.told()[..], [Told::Failed(Error::Handler(_), About::Fault)]));
    rig.answer(Answer::Verdict(Recovery::Ignore, About::Fault));
    assert_eq!(rig.state(), ConnectionState::Connected);
    assert_eq!(rig.sent(), []);
}

#[test]
fn a_fault_that_reconnects_closes_first_and_waits_then() {
    let mut rig = Rig::connected();
    rig.answer(Answer::Verdict(Recovery::Reconnect, About::Fault));
    assert_eq!(rig.sent(), [Frame::close(1000, "")]);
    rig.lose();
    assert_eq!(rig.state(), ConnectionState::Waiting);
}

#[test]
fn a_verdict_that_comes_after_the_user_reconnected_can_still_end_the_client() {
    let mut rig = Rig::connected();
    rig.lose().command(Command::Reconnect).verdict(Recovery::Reconnect);
    assert_eq!(rig.state(), ConnectionState::Connecting);
    rig.verdict(Recovery::Close);
    assert!(matches!(rig.exit(), ExitReason::Normal));
}

/// A machine whose user reconnected before the handler had said what comes after the loss.
fn reconnected_before_the_verdict() -> Rig {
    let mut rig = Rig::connected();
    rig.lose().command(Command::Reconnect);
    rig.establish();
    rig
}

#[test]
fn a_verdict_about_the_connection_before_leaves_the_new_one_alone() {
    for recovery in [Recovery::Ignore, Recovery::Reconnect] {
        let mut rig = reconnected_before_the_verdict();
        rig.verdict(recovery);
        assert_eq!(rig.state(), ConnectionState::Connected);
        assert!(rig.effects().is_empty());
    }
}

#[test]
fn a_verdict_about_the_connection_before_still_renews_the_handler() {
    let mut rig = reconnected_before_the_verdict();
    rig.verdict(Recovery::Restart);
    assert_eq!(rig.state(), ConnectionState::Connected);
    assert!(matches!(&rig.effects()[..], [Effect::DeliverNext(Event::Renew)]));
}

#[test]
fn a_verdict_about_the_connection_before_still_ends_the_client() {
    let mut rig = reconnected_before_the_verdict();
    rig.verdict(Recovery::Close);
    assert_eq!(rig.state(), ConnectionState::Closing);
}

#[test]
fn a_restart_for_which_no_attempt_is_left_makes_no_new_handler() {
    let mut rig = Rig::with(|options| options.backoff(BackoffOptions::new().attempts(1)));
    rig.feed(Input::Start);
    failed(&mut rig);
    rig.effects();
    rig.verdict(Recovery::Restart);
    assert!(!rig.effects().iter().any(|effect| matches!(effect, Effect::DeliverNext(Event::Renew))));
    assert!(matches!(rig.exit(), ExitReason::GaveUp { attempts: 1, .. }));
}

#[test]
fn reconnect_amid_the_servers_close_or_a_violation_still_tells_of_it() {
    let mut rig = Rig::connected();
    rig.receive(Frame::close(1012, "")).command(Command::Reconnect);
    assert!(matches!(&rig.told()[..], [Told::Disconnected(told)] if told.initiator == Initiator::Remote));

    let mut rig = Rig::connected();
    rig.hear(Wire::Violated(crate::error::DecodeError::Masked)).command(Command::Reconnect);
    assert!(matches!(&rig.told()[..], [Told::Failed(Error::Decode(_), About::Loss(_))]));
}
