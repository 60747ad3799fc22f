//! What holds for every course of events.

use super::*;
use crate::error::{Callback, ConnectError, DecodeError, HandlerError};

/// One of the inputs that a driver could give, at random.
fn any_input(random: &mut fastrand::Rng) -> Input {
    let about = if random.bool() { About::Loss(random.u64(0..4)) } else { About::Fault };
    match random.u8(0..28) {
        0 => Input::Start,
        1 | 2 => Input::Attempt(Attempt::Transported),
        3..=5 => Input::Attempt(Attempt::Upgraded(Box::new(Upgrade::new(HeaderMap::new())))),
        6 => Input::Attempt(Attempt::Failed(ConnectError::Timeout { after: S }.into())),
        7 => Input::Wire(Wire::from(Frame::text("x"))),
        8 => Input::Wire(Wire::from(Frame::ping("x"))),
        9 => Input::Wire(Wire::from(Frame::Close(None))),
        10 => Input::Wire(Wire::Violated(DecodeError::Utf8)),
        11 => Input::Wire(Wire::Lost(StreamError::Eof)),
        12 => Input::Wire(if random.bool() { Wire::ReadPaused } else { Wire::ReadResumed }),
        13 => {
            Input::Wire(if random.bool() { Wire::WriteStalled { progress: random.bool() } } else { Wire::WriteResumed })
        }
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
        22 => Input::Answer(Answer::Raised(HandlerError::new(Callback::In, "broken"))),
        24 => Input::Command(piece(Place::First, random.u64(0..2))),
        25 => Input::Command(piece(Place::Middle, random.u64(0..2))),
        26 => Input::Command(piece(if random.bool() { Place::Last } else { Place::Only }, random.u64(0..2))),
        27 if random.u8(0..8) == 0 => Input::Command(Command::Abandon(random.u64(0..2))),
        27 => Input::Answer(Answer::Action(Action::reply("x"))),
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
                    Effect::Disconnect => open = false,
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

#[test]
fn whatever_happens_no_data_goes_out_amid_a_message_and_each_message_that_began_ends_or_is_cut() {
    for seed in 0..2000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut rig = Rig::new();
        let mut amid = None;
        for _ in 0..200 {
            let input = any_input(&mut random);
            // A receipt is given once.
            let again = |piece: &Piece, receipt| piece.place.begins() && amid == Some(receipt);
            if matches!(&input, Input::Command(Command::Piece(piece, receipt)) if again(piece, *receipt)) {
                continue;
            }
            rig.feed(input);
            for effect in rig.effects() {
                match effect {
                    Effect::SendPiece(piece, receipt) if piece.place.begins() => {
                        assert_eq!(amid, None, "seed {seed}");
                        amid = (piece.place == Place::First).then_some(receipt);
                    }
                    Effect::SendPiece(piece, receipt) => {
                        assert_eq!(amid, Some(receipt), "seed {seed}");
                        amid = amid.filter(|_| piece.place == Place::Middle);
                    }
                    Effect::Cut(receipt, _) => amid = amid.filter(|message| *message != receipt),
                    Effect::Send(Outbound { frame: Frame::Text(_) | Frame::Binary(_), .. }) => {
                        assert_eq!(amid, None, "seed {seed}");
                    }
                    _ => {}
                }
            }
            let connected = rig.state() == ConnectionState::Connected;
            assert!(connected || amid.is_none(), "seed {seed}: a sender that waits for ever");
        }
    }
}

#[test]
fn whatever_happens_what_waited_for_the_end_of_a_message_goes_out_or_is_refused() {
    for seed in 0..2000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut rig = Rig::new();
        let (mut given, mut out) = (0, 0);
        for _ in 0..200 {
            let input = any_input(&mut random);
            let leads_out = |state| state != ConnectionState::Ended;
            given += usize::from(matches!(&input, Input::Command(Command::Send(_))) && leads_out(rig.state()));
            let replies = matches!(&input, Input::Answer(Answer::Action(Action::Reply(Frames::One(_)))));
            given += usize::from(replies && leads_out(rig.state()));
            let replies = matches!(&input, Input::Answer(Answer::Action(Action::Reply(Frames::Many(_)))));
            given += usize::from(replies && leads_out(rig.state()));
            rig.feed(input);
            for effect in rig.effects() {
                if let Effect::Send(outbound) | Effect::Refuse(outbound, _) | Effect::Hold(outbound) = effect {
                    out += usize::from(matches!(outbound.frame, Frame::Text(_)));
                }
            }
            assert!(out <= given, "seed {seed}");
            assert!(rig.machine.waiting() > 0 || out == given, "seed {seed}: {out} of {given}");
        }
    }
}
