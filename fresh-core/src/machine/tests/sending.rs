//! Frames on their way out, and those that cannot go.

use std::{io, sync::Arc};

use super::*;
use crate::error::EncodeError;

#[test]
fn a_reply_goes_out_in_order() {
    let mut rig = Rig::connected();
    rig.answer(Answer::Action(Action::reply([Frame::text("1"), Frame::text("2")])));
    assert_eq!(rig.sent(), [Frame::text("1"), Frame::text("2")]);
}

#[test]
fn a_frame_that_may_not_be_sent_is_told_and_the_others_go_out() {
    let mut rig = Rig::connected();
    rig.answer(Answer::Action(Action::reply([Frame::ping(vec![0; 126]), Frame::text("2")])));
    let effects = rig.effects();
    let [Effect::DeliverNext(Event::Failed(error, About::Fault)), Effect::Send(sent)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert!(matches!(**error, Error::Encode(EncodeError::ControlTooLong { len: 126 })));
    assert_eq!(sent.frame, Frame::text("2"));
}

#[test]
fn a_close_with_a_bad_code_is_told_and_the_connection_stays_open() {
    let mut rig = Rig::connected();
    rig.answer(Answer::Action(Action::close(1005, "")));
    assert_eq!(rig.state(), ConnectionState::Connected);
    let told = rig.told();
    assert!(matches!(&told[..], [Told::Failed(Error::Encode(EncodeError::CloseCode(code)), _)] if *code == 1005));
}

#[test]
fn frames_behind_a_close_frame_are_refused() {
    let mut rig = Rig::connected();
    rig.answer(Answer::Action(Action::reply([Frame::Close(None), Frame::text("late")])));
    let effects = rig.effects();
    assert!(matches!(&effects[0], Effect::Send(sent) if sent.frame == Frame::Close(None)));
    assert!(matches!(&refusals(effects)[..], [(frame, SendFailure::Closing)] if *frame == Frame::text("late")));
}

#[test]
fn nothing_is_sent_while_closing() {
    let mut rig = Rig::connected();
    rig.command(Command::Close(close_frame(1000, "")));
    rig.effects();
    rig.command(Command::Send(outbound("a"))).answer(Answer::Action(Action::reply("b")));
    let refused = refusals(rig.effects());
    assert!(matches!(&refused[..], [(_, SendFailure::Closing), (_, SendFailure::Closing)]));
}

#[test]
fn a_failed_write_is_a_send_error_and_then_the_loss_of_the_connection() {
    let mut rig = Rig::connected();
    rig.hear(Wire::WriteFailed(Arc::new(io::ErrorKind::BrokenPipe.into())));
    let told = rig.told();
    assert!(matches!(
        &told[..],
        [
            Told::Failed(Error::Send(SendFailure::Io(_)), About::Fault),
            Told::Failed(Error::Stream(StreamError::Write(_)), About::Loss(_))
        ]
    ));
}

#[test]
fn a_write_that_makes_no_progress_fails_with_the_write_timeout() {
    let mut rig = Rig::connected_with(|options| options.ping_interval(Duration::ZERO));
    rig.hear(Wire::WriteStalled { progress: true }).pass(9 * S).hear(Wire::WriteStalled { progress: true }).pass(9 * S);
    assert_eq!(rig.state(), ConnectionState::Connected);
    rig.effects();
    rig.pass(S);
    assert!(matches!(&rig.told()[0], Told::Failed(Error::Send(SendFailure::Timeout { after }), _) if *after == 10 * S));
}

#[test]
fn a_write_that_goes_on_does_not_fail() {
    let mut rig = Rig::connected_with(|options| options.ping_interval(Duration::ZERO));
    rig.hear(Wire::WriteStalled { progress: true }).hear(Wire::WriteResumed).pass(600 * S);
    assert_eq!(rig.state(), ConnectionState::Connected);
}

#[test]
fn a_zero_write_timeout_never_fails() {
    let patient = |options: Options| options.ping_interval(Duration::ZERO).write_timeout(Duration::ZERO);
    let mut rig = Rig::connected_with(patient);
    rig.hear(Wire::WriteStalled { progress: true }).pass(600 * S);
    assert_eq!(rig.state(), ConnectionState::Connected);
}

#[test]
fn a_reply_that_comes_after_the_connection_is_gone_for_good_is_refused() {
    let mut rig = Rig::connected();
    rig.command(Command::Stop).lose();
    rig.effects();
    assert_eq!(rig.state(), ConnectionState::Draining);
    rig.answer(Answer::Action(Action::reply("late")));
    let refused = refusals(rig.effects());
    assert!(matches!(&refused[..], [(frame, SendFailure::Ended)] if *frame == Frame::text("late")), "{refused:?}");
}
