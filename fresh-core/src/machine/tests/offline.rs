//! What happens to frames while there is no connection.

use super::*;
use crate::options::Offline;

fn offline(policy: Offline) -> Rig {
    let mut rig = Rig::with(|options| options.offline(policy));
    rig.feed(Input::Start);
    rig.effects();
    rig
}

#[test]
fn reject_refuses_a_send_and_tells_the_handler_of_a_reply() {
    let mut rig = offline(Offline::Reject);
    rig.command(Command::Send(outbound("a")));
    let effects = rig.effects();
    assert!(matches!(&effects[..], [Effect::Refuse(_, SendFailure::NotConnected)]));

    rig.answer(Answer::Action(Action::reply("b")));
    let effects = rig.effects();
    assert!(matches!(&effects[0], Effect::Refuse(_, SendFailure::NotConnected)));
    assert!(
        matches!(&effects[1], Effect::DeliverNext(Event::Failed(error, About::Fault)) if matches!(**error, Error::Send(_)))
    );
}

#[test]
fn queue_holds_sends_and_replies() {
    let mut rig = offline(Offline::Queue(2));
    rig.command(Command::Send(outbound("a"))).answer(Answer::Action(Action::reply("b")));
    assert!(matches!(&rig.effects()[..], [Effect::Hold(_), Effect::Hold(_)]));
}

#[test]
fn drop_refuses_both_and_tells_nobody() {
    let mut rig = offline(Offline::Drop);
    rig.command(Command::Send(outbound("a"))).answer(Answer::Action(Action::reply("b")));
    let effects = rig.effects();
    assert!(matches!(&effects[..], [Effect::Refuse(_, SendFailure::Dropped), Effect::Refuse(_, SendFailure::Dropped)]));
}

#[test]
fn the_mailbox_is_held_only_by_a_queue_and_only_without_a_connection() {
    assert!(offline(Offline::Queue(2)).machine.holds_mail());
    assert!(!offline(Offline::Reject).machine.holds_mail());
    let mut rig = Rig::connected_with(|options| options.offline(Offline::Queue(2)));
    assert!(!rig.machine.holds_mail());
    rig.lose();
    assert!(rig.machine.holds_mail());
    rig.command(Command::Stop);
    assert!(!rig.machine.holds_mail(), "nobody will connect any more");
}

#[test]
fn a_reply_that_may_not_be_sent_is_not_kept_for_the_next_connection() {
    for policy in [Offline::Reject, Offline::Queue(2), Offline::Drop] {
        let mut rig = offline(policy);
        rig.answer(Answer::Action(Action::reply(Frame::ping(vec![0; 126]))));
        let effects = rig.effects();
        let [Effect::DeliverNext(Event::Failed(error, About::Fault))] = &effects[..] else { panic!("{effects:?}") };
        assert!(matches!(**error, Error::Encode(_)), "{policy:?}");
    }
}
