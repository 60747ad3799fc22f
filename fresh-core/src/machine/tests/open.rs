//! What the driver does without asking, where `is_open` says that it may.

use super::*;

/// The states in which a client may be, and what an open connection may be amid.
fn rigs() -> Vec<Rig> {
    let seeking = |steps: usize| {
        let mut rig = Rig::new();
        let upgrade = || Box::new(Upgrade::new(HeaderMap::new()));
        let inputs = [Input::Start, Input::Attempt(Attempt::Transported), Input::Attempt(Attempt::Upgraded(upgrade()))];
        for input in inputs.into_iter().take(steps) {
            rig.feed(input);
        }
        rig
    };
    let connected = |further: fn(&mut Rig) -> &mut Rig| {
        let mut rig = Rig::connected();
        further(&mut rig);
        rig
    };
    let mut rigs: Vec<Rig> = (0..=3).map(seeking).collect();
    rigs.push(connected(|rig| rig.hear(Wire::ReadPaused)));
    rigs.push(connected(|rig| rig.hear(Wire::WriteStalled)));
    // A ping of ours is out.
    rigs.push(connected(|rig| rig.pass(30 * S)));
    rigs.push(connected(|rig| rig.command(piece(Place::First, 1))));
    rigs.push(connected(|rig| rig.command(Command::Close(close_frame(1000, "")))));
    rigs.push(connected(|rig| rig.receive(Frame::close(1000, ""))));
    rigs.push(connected(|rig| rig.lose()));
    rigs.push(connected(|rig| rig.lose().verdict(Recovery::Reconnect)));
    rigs.push(connected(|rig| rig.lose().verdict(Recovery::Close)));
    for rig in &mut rigs {
        rig.effects();
    }
    rigs
}

/// Feeds it, and says whether this one effect is all that comes of it.
fn comes_to(rig: &mut Rig, input: Input, expected: impl Fn(&Effect) -> bool) -> bool {
    let before = (rig.state(), rig.machine.next_timeout());
    rig.feed(input);
    let unchanged = (rig.state(), rig.machine.next_timeout()) == before;
    unchanged && matches!(&rig.effects()[..], [effect] if expected(effect))
}

#[test]
fn an_open_machine_delivers_a_message_and_does_nothing_else() {
    let is_delivery = |effect: &Effect| matches!(effect, Effect::Deliver(Event::Message(_)));
    for mut rig in rigs().into_iter().filter(|rig| rig.machine.is_open()) {
        assert!(comes_to(&mut rig, Input::Wire(Wire::Received(Frame::text("x"))), is_delivery), "{:?}", rig.machine);
    }
}

#[test]
fn an_open_machine_sends_a_message_and_does_nothing_else() {
    let is_sent = |effect: &Effect| matches!(effect, Effect::Send(_));
    for mut rig in rigs().into_iter().filter(|rig| rig.machine.is_open()) {
        assert!(comes_to(&mut rig, Input::Command(Command::Send(outbound("x"))), is_sent), "{:?}", rig.machine);
        let reply = Answer::Action(Action::Reply(Frames::One(Frame::text("x"))));
        assert!(comes_to(&mut rig, Input::Answer(reply), is_sent), "{:?}", rig.machine);
    }
}

#[test]
fn a_callback_that_wants_nothing_changes_nothing_in_an_open_machine() {
    for mut rig in rigs().into_iter().filter(|rig| rig.machine.is_open()) {
        let before = (rig.state(), rig.machine.next_timeout());
        rig.answer(Answer::Action(Action::Continue));
        assert_eq!((rig.state(), rig.machine.next_timeout()), before);
        assert!(rig.effects().is_empty());
    }
}

#[test]
fn only_a_connection_on_which_messages_go_out_whole_is_open() {
    let open: Vec<ConnectionState> =
        rigs().into_iter().filter(|rig| rig.machine.is_open()).map(|rig| rig.state()).collect();
    // As it begins, and as its reading rests, its writing stalls and a pong is awaited: not as a message is in pieces.
    assert_eq!(open, [ConnectionState::Connected; 4]);
}
