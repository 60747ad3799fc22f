//! The end of a connection is reported once, before everything else that the end leads to.

use super::*;
use crate::error::DecodeError;

/// What is delivered, in order, since the last look.
fn delivered(rig: &mut Rig) -> Vec<Event> {
    let delivered = |effect| if let Effect::Deliver(event) = effect { Some(event) } else { None };
    rig.effects().into_iter().filter_map(delivered).collect()
}

#[test]
fn a_loss_is_a_down_before_the_error() {
    let mut rig = Rig::connected();
    rig.lose();
    let delivered = delivered(&mut rig);
    let [Event::Down(down), Event::Failed(..)] = &delivered[..] else { panic!("{delivered:?}") };
    assert!(matches!(**down, Down::Lost(Error::Stream(StreamError::Eof))));
}

#[test]
fn the_end_of_a_close_handshake_is_a_down_before_the_disconnect() {
    let mut rig = Rig::connected();
    rig.receive(Frame::close(1012, "")).lose();
    let delivered = delivered(&mut rig);
    let [Event::Down(down), Event::Disconnected(..)] = &delivered[..] else { panic!("{delivered:?}") };
    assert!(matches!(&**down, Down::Closed(disconnect) if disconnect.code == Some(CloseCode::SERVICE_RESTART)));
}

#[test]
fn a_violation_is_a_down_when_the_connection_ends() {
    let mut rig = Rig::connected();
    rig.hear(Wire::Violated(DecodeError::Masked));
    assert!(delivered(&mut rig).is_empty());
    rig.lose();
    assert!(matches!(&delivered(&mut rig)[..], [Event::Down(_), Event::Failed(..)]));
}

#[test]
fn a_connection_that_makes_room_for_another_one_is_replaced() {
    for command in [Command::Reconnect, Command::ReconnectNow] {
        let mut rig = Rig::connected();
        rig.command(command).lose();
        assert!(matches!(&rig.downs()[..], [Down::Replaced]));
    }
}

#[test]
fn a_server_side_close_that_reconnect_does_not_wait_for_is_a_down_before_the_disconnect() {
    let mut rig = Rig::connected();
    rig.receive(Frame::close(1001, "")).command(Command::Reconnect);
    assert!(matches!(&delivered(&mut rig)[..], [Event::Down(_), Event::Disconnected(..)]));
}

#[test]
fn an_attempt_that_fails_is_no_down() {
    let mut rig = Rig::new();
    rig.feed(Input::Start).feed(Input::Attempt(Attempt::Failed(StreamError::Eof.into())));
    assert!(rig.downs().is_empty());
}
