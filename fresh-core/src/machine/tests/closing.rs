//! The close handshake, whoever begins it (RFC 6455 §7).

use super::*;
use crate::error::DecodeError;

#[test]
fn a_close_of_ours_is_told_once_the_server_answered_and_ended_tcp() {
    let mut rig = Rig::connected();
    rig.command(Command::Close(close_frame(4000, "bye")));
    assert_eq!(rig.sent(), [Frame::close(4000, "bye")]);

    rig.receive(Frame::close(4000, "so long"));
    assert!(rig.told().is_empty(), "the server has not ended TCP yet");
    rig.lose();
    let expected = Disconnect::clean(Initiator::Local, Some(close_frame(4000, "so long")));
    assert!(matches!(&rig.told()[..], [Told::Disconnected(disconnect)] if *disconnect == expected));
}

#[test]
fn a_close_that_nobody_answers_ends_with_the_close_timeout_and_is_not_clean() {
    let mut rig = Rig::connected();
    rig.command(Command::Close(close_frame(1000, ""))).pass(4999 * MS);
    assert_eq!(rig.state(), ConnectionState::Closing);
    rig.effects();
    rig.pass(MS);
    assert!(matches!(&rig.told()[..], [Told::Disconnected(disconnect)] if !disconnect.clean));
}

#[test]
fn the_servers_close_is_answered_with_its_own_code() {
    let mut rig = Rig::connected();
    rig.receive(Frame::close(1012, "restart"));
    assert_eq!(rig.sent(), [Frame::close(1012, "")]);
    rig.lose();
    let expected = Disconnect::clean(Initiator::Remote, Some(close_frame(1012, "restart")));
    assert!(matches!(&rig.told()[..], [Told::Disconnected(disconnect)] if *disconnect == expected));
}

#[test]
fn an_empty_close_frame_is_answered_empty_and_told_without_a_code() {
    let mut rig = Rig::connected();
    rig.receive(Frame::Close(None));
    assert_eq!(rig.sent(), [Frame::Close(None)]);
    rig.lose();
    assert!(matches!(&rig.told()[..], [Told::Disconnected(disconnect)] if disconnect.code.is_none()));
}

#[test]
fn messages_before_the_servers_close_frame_are_delivered_and_none_after_it() {
    let mut rig = Rig::connected();
    rig.command(Command::Close(close_frame(1000, ""))).receive("before");
    assert!(matches!(&rig.told()[..], [Told::Message]));
    rig.receive(Frame::close(1000, "")).receive("after");
    assert!(matches!(&rig.effects()[..], [Effect::DiscardMessage]));
}

#[test]
fn a_ping_is_told_and_not_answered_behind_our_close_frame() {
    let mut rig = Rig::connected();
    rig.command(Command::Close(close_frame(1000, "")));
    rig.effects();
    rig.receive(Frame::ping("1"));
    assert!(matches!(&rig.effects()[..], [Effect::Deliver(Event::Control(_))]));
    rig.receive(Frame::close(1000, "")).receive(Frame::ping("2"));
    assert!(rig.effects().is_empty());
}

#[test]
fn the_close_frame_is_sent_once() {
    let mut rig = Rig::connected();
    rig.command(Command::Close(close_frame(1000, ""))).command(Command::Close(close_frame(4000, "")));
    rig.command(Command::Stop).receive(Frame::close(1000, ""));
    assert_eq!(rig.sent(), [Frame::close(1000, "")]);
}

#[test]
fn a_violation_closes_with_its_code_and_is_told_when_the_connection_is_gone() {
    let violations =
        [(DecodeError::Masked, 1002), (DecodeError::Utf8, 1007), (DecodeError::FrameTooBig { limit: 1 }, 1009)];
    for (violation, code) in violations {
        let mut rig = Rig::connected();
        rig.hear(Wire::Violated(violation));
        assert!(matches!(&rig.sent()[..], [Frame::Close(Some(close))] if close.code == code), "{violation}");
        rig.lose();
        let told = rig.told();
        assert!(matches!(&told[..], [Told::Failed(Error::Decode(error), About::Loss(_))] if *error == violation));
    }
}

#[test]
fn a_violation_in_the_answer_to_our_close_is_reported_and_does_not_change_what_follows() {
    let mut rig = Rig::connected();
    rig.command(Command::Close(close_frame(1000, ""))).hear(Wire::Violated(DecodeError::Masked));
    assert!(matches!(&rig.told()[..], [Told::Failed(Error::Decode(_), About::Fault)]));
    // The default of `handle_error`.
    rig.answer(Answer::Verdict(Recovery::Reconnect, About::Fault)).lose();
    assert!(matches!(&rig.told()[..], [Told::Disconnected(disconnect)] if !disconnect.clean));
    rig.verdict(Recovery::Close);
    assert!(matches!(rig.exit(), ExitReason::Normal));
}

#[test]
fn a_server_that_answered_our_close_with_a_violation_is_left_after_the_linger() {
    let mut rig = Rig::connected();
    rig.command(Command::Close(close_frame(1000, ""))).hear(Wire::Violated(DecodeError::Masked)).pass(50 * MS);
    assert_eq!(rig.state(), ConnectionState::Deciding);
}

#[test]
fn a_client_that_fails_waits_for_no_answer_to_its_close_frame() {
    for recovery in [Recovery::fail("broken"), Recovery::Close] {
        let fails = matches!(recovery, Recovery::Fail(_));
        let mut rig = Rig::connected();
        rig.answer(Answer::Verdict(recovery, About::Fault)).pass(50 * MS);
        let state = if fails { ConnectionState::Draining } else { ConnectionState::Closing };
        assert_eq!(rig.state(), state);
    }
}

#[test]
fn the_linger_begins_when_our_close_frame_is_written() {
    let mut rig = Rig::connected();
    rig.hear(Wire::WriteStalled { progress: true }).receive(Frame::close(1000, "")).pass(4 * S);
    assert_eq!(rig.state(), ConnectionState::Closing, "the echo is not written");
    rig.hear(Wire::WriteResumed).pass(49 * MS);
    assert_eq!(rig.state(), ConnectionState::Closing);
    rig.pass(MS);
    assert_eq!(rig.state(), ConnectionState::Deciding);
}

#[test]
fn a_callback_that_still_runs_has_the_whole_close_timeout_and_not_the_linger() {
    let mut rig = Rig::connected();
    rig.command(Command::Stop).receive(Frame::close(1001, "")).pass(50 * MS);
    assert_eq!((rig.state(), rig.until_next()), (ConnectionState::Draining, Some(4950 * MS)));
}

#[test]
fn stop_closes_with_1001_and_asks_nobody() {
    let mut rig = Rig::connected();
    rig.command(Command::Stop);
    assert_eq!(rig.sent(), [Frame::close(CloseCode::GOING_AWAY, "")]);
    rig.receive("late").receive(Frame::close(1001, "")).lose();
    assert!(rig.told().is_empty());
    assert!(matches!(rig.exit(), ExitReason::Stopped));
}

#[test]
fn stop_amid_a_close_handshake_ends_the_client_when_it_has_ended() {
    let mut rig = Rig::connected();
    rig.receive(Frame::close(1000, "")).command(Command::Stop).lose();
    assert!(matches!(rig.exit(), ExitReason::Stopped));
}

#[test]
fn a_callback_that_runs_on_gets_what_is_left_of_the_close_timeout() {
    let mut rig = Rig::connected();
    rig.command(Command::Stop).pass(2 * S).lose();
    assert_eq!(rig.state(), ConnectionState::Draining);
    assert_eq!(rig.until_next(), Some(3 * S));
    rig.pass(3 * S);
    assert_eq!(rig.state(), ConnectionState::Ended);
}

#[test]
fn a_panic_of_the_last_callback_is_the_reason_of_the_end() {
    let mut rig = Rig::connected();
    rig.command(Command::Stop).lose().answer(Answer::Panicked("boom".into()));
    assert!(matches!(rig.exit(), ExitReason::Panicked(message) if &*message == "boom"));
}

#[test]
fn an_end_of_the_handlers_tells_the_server_by_its_code_whether_something_was_wrong() {
    let ends = [(Recovery::Close, 1000), (Recovery::fail("broken"), 1011)];
    for (recovery, code) in ends {
        let mut rig = Rig::connected();
        rig.answer(Answer::Verdict(recovery, About::Fault));
        assert_eq!(rig.sent(), [Frame::close(code, "")]);
    }
    let mut rig = Rig::connected();
    rig.answer(Answer::Panicked("boom".into()));
    assert_eq!(rig.sent(), [Frame::close(1011, "")]);
}

#[test]
fn without_a_connection_a_close_is_told_at_once_and_is_not_clean() {
    let mut rig = Rig::new();
    rig.feed(Input::Start).command(Command::Close(close_frame(1000, "")));
    let effects = rig.effects();
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Disconnect)));
    let told = effects.iter().any(|effect| {
        matches!(effect, Effect::Deliver(Event::Disconnected(told, _)) if !told.clean && told.initiator == Initiator::Local)
    });
    assert!(told);
}

#[test]
fn a_zero_close_timeout_waits_for_nobody() {
    let mut rig = Rig::connected_with(|options| options.close_timeout(Duration::ZERO));
    rig.command(Command::Stop).pass(Duration::ZERO);
    assert_eq!(rig.state(), ConnectionState::Ended);
}

#[test]
fn a_client_that_ends_makes_no_new_handler() {
    let mut rig = Rig::connected();
    rig.command(Command::Stop);
    rig.effects();
    rig.answer(Answer::Verdict(Recovery::Restart, About::Fault));
    assert!(rig.effects().is_empty());
    rig.lose();
    assert!(matches!(rig.exit(), ExitReason::Stopped));
}

#[test]
fn a_server_that_answered_and_leaves_tcp_open_is_left_after_the_linger_or_the_close_timeout() {
    for (linger, left_after) in [(Duration::MAX, 5000), (50 * MS, 50), (9000 * MS, 5000)] {
        let mut rig = Rig::connected_with(|options| options.close_linger(linger));
        rig.command(Command::Close(close_frame(1000, "")));
        rig.receive(Frame::close(1000, "")).pass((left_after - 1) * MS);
        assert_eq!(rig.state(), ConnectionState::Closing);
        rig.effects();
        rig.pass(MS);
        assert!(matches!(&rig.told()[..], [Told::Disconnected(disconnect)] if disconnect.clean));
    }
}

#[test]
fn the_linger_begins_with_the_answer_only() {
    let mut rig = Rig::connected_with(|options| options);
    rig.command(Command::Close(close_frame(1000, ""))).pass(4999 * MS);
    assert_eq!(rig.state(), ConnectionState::Closing);
}

#[test]
fn a_panic_is_why_the_client_ends_also_while_it_is_closing_for_a_stop() {
    let mut rig = Rig::connected();
    rig.command(Command::Stop).answer(Answer::Panicked("boom".into())).lose();
    assert!(matches!(rig.exit(), ExitReason::Panicked(message) if &*message == "boom"));
}

#[test]
fn a_verdict_about_an_earlier_connection_does_not_undo_a_close() {
    for recovery in [Recovery::Abandon, Recovery::ReconnectNow, Recovery::Reconnect] {
        let mut rig = Rig::connected();
        rig.lose().command(Command::Reconnect);
        rig.establish();
        rig.command(Command::Close(close_frame(1000, ""))).answer(Answer::Verdict(recovery, About::Loss(1)));
        assert_eq!(rig.state(), ConnectionState::Closing);
        rig.receive(Frame::close(1000, "")).lose().verdict(Recovery::Close);
        assert!(matches!(rig.exit(), ExitReason::Normal));
    }
}

#[test]
fn a_verdict_that_drops_the_connection_cuts_our_close_short_and_the_client_still_ends() {
    for recovery in [Recovery::Abandon, Recovery::ReconnectNow] {
        let mut rig = Rig::connected();
        rig.command(Command::Close(close_frame(1000, ""))).answer(Answer::Verdict(recovery, About::Fault));
        assert!(matches!(&rig.told()[..], [Told::Disconnected(disconnect)] if !disconnect.clean));
        rig.verdict(Recovery::Close);
        assert!(matches!(rig.exit(), ExitReason::Normal));
    }
}

#[test]
fn a_stream_that_panics_while_it_lingers_leaves_a_callback_the_whole_close_timeout() {
    let mut rig = Rig::connected();
    rig.command(Command::Stop).receive(Frame::close(1001, "")).hear(Wire::Panicked("boom".into()));
    assert_eq!((rig.state(), rig.until_next()), (ConnectionState::Draining, Some(5 * S)));
}
