//! A message that goes out in pieces, and what waits for its end.

use super::*;
use crate::error::DecodeError;

/// What goes out, in few words: the place of a piece, or the frame.
fn out(rig: &mut Rig) -> Vec<String> {
    let out = |effect| match effect {
        Effect::SendPiece(piece, receipt) => Some(format!("{:?} {receipt}", piece.place)),
        Effect::Send(Outbound { frame: Frame::Text(text), .. }) => Some(text.to_string()),
        Effect::Send(Outbound { frame: Frame::Ping(payload) | Frame::Pong(payload), .. }) => {
            Some(format!("control {}", String::from_utf8_lossy(&payload)))
        }
        Effect::Send(Outbound { frame: Frame::Close(Some(close)), .. }) => {
            Some(format!("close {}", close.code.as_u16()))
        }
        Effect::Cut(receipt, failure) => Some(format!("cut {receipt}: {failure}")),
        Effect::Refuse(outbound, failure) => Some(format!("refused {:?}: {failure}", outbound.frame)),
        _ => None,
    };
    rig.effects().into_iter().filter_map(out).collect()
}

fn amid_a_message() -> Rig {
    let mut rig = Rig::connected();
    rig.command(piece(Place::First, 7));
    assert_eq!(out(&mut rig), ["First 7"]);
    rig
}

#[test]
fn data_waits_for_the_end_of_a_message_in_its_order() {
    let mut rig = amid_a_message();
    rig.answer(Answer::Action(Action::reply("reply"))).command(Command::Send(outbound("send")));
    rig.command(piece(Place::Middle, 7));
    assert_eq!(out(&mut rig), ["Middle 7"]);
    assert!(rig.machine.waiting() > "reply".len() + "send".len());
    rig.command(piece(Place::Last, 7)).command(Command::Send(outbound("later")));
    assert_eq!(out(&mut rig), ["Last 7", "reply", "send", "later"]);
    assert_eq!(rig.machine.waiting(), 0);
}

#[test]
fn control_frames_go_out_amid_a_message() {
    let mut rig = amid_a_message();
    rig.receive(Frame::ping("theirs")).command(Command::Send(outbound(Frame::ping("ours"))));
    rig.answer(Answer::Action(Action::reply(Frame::pong("a reply"))));
    assert_eq!(out(&mut rig), ["control theirs", "control ours", "control a reply"]);
    rig.pass(30 * S);
    assert_eq!(out(&mut rig).len(), 1, "the keepalive goes on");
}

#[test]
fn the_control_frames_of_a_reply_stay_behind_its_data() {
    let mut rig = amid_a_message();
    let reply = [Frame::ping("1"), Frame::text("2"), Frame::ping("3")];
    rig.answer(Answer::Action(Action::reply(reply)));
    assert_eq!(out(&mut rig), ["control 1"]);
    rig.command(piece(Place::Last, 7));
    assert_eq!(out(&mut rig), ["Last 7", "2", "control 3"]);
}

#[test]
fn a_message_of_one_piece_makes_nothing_wait() {
    let mut rig = Rig::connected();
    rig.command(piece(Place::Only, 7)).command(Command::Send(outbound("next")));
    assert_eq!(out(&mut rig), ["Only 7", "next"]);
}

#[test]
fn a_close_cuts_a_message_and_refuses_what_waited_for_its_end() {
    let closes = [
        (Input::Command(Command::Close(close_frame(4000, ""))), "close 4000"),
        (Input::Command(Command::Stop), "close 1001"),
        (Input::Command(Command::Reconnect), "close 1000"),
        (Input::Wire(Wire::from(Frame::close(4001, ""))), "close 4001"),
        (Input::Wire(Wire::Violated(DecodeError::Masked)), "close 1002"),
        (Input::Answer(Answer::Action(Action::close(4002, ""))), "close 4002"),
    ];
    for (close, expected) in closes {
        let mut rig = amid_a_message();
        rig.answer(Answer::Action(Action::reply("reply")));
        rig.feed(close);
        let refused = "refused Text(\"reply\"): the connection is closing";
        assert_eq!(out(&mut rig), [expected, "cut 7: the connection is closing", refused]);
        assert_eq!(rig.machine.waiting(), 0);
        rig.command(piece(Place::Last, 7));
        assert_eq!(out(&mut rig), ["cut 7: the connection is closing"]);
    }
}

#[test]
fn a_lost_connection_cuts_its_message_and_the_next_one_takes_none_of_the_rest() {
    let mut rig = amid_a_message();
    rig.answer(Answer::Action(Action::reply("reply"))).lose();
    let refused = "refused Text(\"reply\"): there is no connection";
    assert_eq!(out(&mut rig), ["cut 7: there is no connection", refused]);
    rig.command(Command::Reconnect).establish();
    rig.command(piece(Place::Middle, 7)).command(Command::Abandon(7)).command(piece(Place::First, 8));
    assert_eq!(out(&mut rig), ["cut 7: there is no connection", "First 8"]);
}

#[test]
fn a_message_that_is_abandoned_closes_with_1011_and_is_told_as_the_loss_of_the_connection() {
    let mut rig = amid_a_message();
    rig.command(Command::Abandon(7));
    assert_eq!(out(&mut rig), ["close 1011", "cut 7: the connection is closing"]);
    rig.receive(Frame::close(1011, "")).lose();
    let told = rig.told();
    assert!(matches!(&told[..], [Told::Failed(Error::Stream(StreamError::Unfinished), About::Loss(_))]), "{told:?}");
}

#[test]
fn a_message_that_has_not_begun_or_has_ended_can_be_abandoned() {
    let mut rig = amid_a_message();
    rig.command(Command::Abandon(8)).command(piece(Place::Last, 7)).command(Command::Abandon(7));
    assert_eq!(out(&mut rig), ["Last 7"]);
    assert_eq!(rig.state(), ConnectionState::Connected);
}

#[test]
fn a_message_never_begins_amid_another() {
    for place in [Place::First, Place::Middle, Place::Last, Place::Only] {
        let mut rig = amid_a_message();
        rig.command(piece(place, 8)).command(piece(Place::Last, 7));
        assert_eq!(out(&mut rig), ["cut 8: there is no connection", "Last 7"]);
    }
}

#[test]
fn without_a_connection_a_message_in_pieces_is_never_held() {
    for offline in [Offline::Reject, Offline::Queue(8), Offline::Drop] {
        let mut rig = Rig::with(|options| options.offline(offline));
        rig.command(piece(Place::First, 7));
        assert_eq!(out(&mut rig), ["cut 7: there is no connection"]);
    }
}
