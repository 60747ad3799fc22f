//! What holds for every course of events.

use super::*;
use crate::error::{ConnectError, DecodeError};

/// One of the inputs that a driver could give, at random.
fn any_input(random: &mut fastrand::Rng) -> Input {
    let about = if random.bool() { About::Loss } else { About::Fault };
    match random.u8(0..24) {
        0 => Input::Start,
        1 | 2 => Input::Attempt(Attempt::Transported),
        3..=5 => Input::Attempt(Attempt::Upgraded(Box::new(Upgrade::new(HeaderMap::new())))),
        6 => Input::Attempt(Attempt::Failed(ConnectError::Timeout { after: S }.into())),
        7 => Input::Wire(Wire::Received(Frame::text("x"))),
        8 => Input::Wire(Wire::Received(Frame::ping("x"))),
        9 => Input::Wire(Wire::Received(Frame::Close(None))),
        10 => Input::Wire(Wire::Violated(DecodeError::Utf8)),
        11 => Input::Wire(Wire::Lost(StreamError::Eof)),
        12 => Input::Wire(if random.bool() { Wire::ReadPaused } else { Wire::ReadResumed }),
        13 => Input::Wire(if random.bool() { Wire::WriteStalled } else { Wire::WriteResumed }),
        14 => Input::Command(Command::Send(outbound("x"))),
        15 => Input::Command(Command::Reconnect),
        16 if random.u8(0..8) == 0 => Input::Command(Command::Stop),
        16 => Input::Command(Command::Close(close_frame(1000, ""))),
        17 => Input::Answer(Answer::Action(Action::Reply(Frames::Many(vec![Frame::text("a"), Frame::Close(None)])))),
        18 => Input::Answer(Answer::Verdict(Recovery::Ignore, about)),
        19 | 20 => Input::Answer(Answer::Verdict(Recovery::Reconnect, about)),
        21 if random.u8(0..8) == 0 => Input::Answer(Answer::Verdict(Recovery::Close, about)),
        21 => Input::Answer(Answer::Verdict(Recovery::Restart, about)),
        22 if random.u8(0..8) == 0 => Input::Answer(Answer::Panicked("boom".into())),
        22 => Input::Answer(Answer::Raised("broken".into())),
        _ => Input::Answer(Answer::Settled),
    }
}

#[test]
fn whatever_happens_the_end_is_told_once_and_nothing_comes_after_it() {
    for seed in 0..2000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut rig = Rig::new();
        let mut ends = 0;
        for _ in 0..200 {
            rig.feed(any_input(&mut random)).pass(Duration::from_millis(random.u64(0..4000)));
            for effect in rig.effects() {
                assert_eq!(ends, 0, "seed {seed}: {effect:?} after the end");
                ends += u32::from(matches!(effect, Effect::Terminate(_)));
            }
            assert_eq!(ends == 1, rig.machine.has_ended(), "seed {seed}");
        }
    }
}

#[test]
fn whatever_happens_no_data_goes_out_before_an_upgrade_or_behind_a_close_frame() {
    for seed in 0..2000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut rig = Rig::new();
        let mut open = false;
        for _ in 0..200 {
            rig.feed(any_input(&mut random));
            for effect in rig.effects() {
                match effect {
                    Effect::Deliver(Event::Connected(_)) => open = true,
                    Effect::Send(Outbound { frame: Frame::Close(_), .. }) => {
                        assert!(open, "seed {seed}: a second close frame");
                        open = false;
                    }
                    Effect::Send(Outbound { frame: Frame::Text(_), .. }) => assert!(open, "seed {seed}"),
                    Effect::Drop => open = false,
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn whatever_happens_a_stop_ends_within_the_close_timeout() {
    for seed in 0..2000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut rig = Rig::new();
        for _ in 0..random.usize(0..60) {
            rig.feed(any_input(&mut random));
        }
        rig.command(Command::Stop).pass(5 * S);
        assert_eq!(rig.state(), ConnectionState::Ended, "seed {seed}");
    }
}
