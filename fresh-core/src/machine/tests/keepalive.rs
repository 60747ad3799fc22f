//! Pings, pongs, and a peer that fell silent.

use super::*;

fn pings(rig: &mut Rig) -> usize {
    rig.sent().iter().filter(|frame| matches!(frame, Frame::Ping(_))).count()
}

#[test]
fn a_ping_goes_out_every_interval() {
    let mut rig = Rig::connected();
    for _ in 0..4 {
        rig.pass(30 * S).hear(Wire::Alive);
        assert_eq!(pings(&mut rig), 1);
    }
}

#[test]
fn a_zero_interval_sends_no_ping() {
    let rig = Rig::connected_with(|options| options.ping_interval(Duration::ZERO));
    assert_eq!(rig.until_next(), None);
}

#[test]
fn a_peer_that_is_silent_past_the_pong_timeout_is_lost() {
    let mut rig = Rig::connected();
    rig.pass(49_999 * MS);
    assert_eq!(rig.state(), ConnectionState::Connected);
    rig.effects();
    rig.pass(MS);
    let told = rig.told();
    assert!(
        matches!(&told[..], [Told::Failed(Error::Stream(StreamError::PongTimeout { after }), _)] if *after == 20 * S)
    );
}

#[test]
fn a_further_ping_does_not_put_the_deadline_off() {
    let quick = |options: Options| options.ping_interval(S).pong_timeout(3 * S);
    let mut rig = Rig::connected_with(quick);
    rig.pass(4 * S);
    assert_eq!(rig.state(), ConnectionState::Deciding);
}

#[test]
fn any_bytes_count_as_life() {
    let mut rig = Rig::connected();
    rig.pass(45 * S).hear(Wire::Alive).pass(10 * S);
    assert_eq!(rig.state(), ConnectionState::Connected);
}

#[test]
fn a_zero_pong_timeout_never_gives_up() {
    let mut rig = Rig::connected_with(|options| options.pong_timeout(Duration::ZERO));
    rig.pass(600 * S);
    assert_eq!(rig.state(), ConnectionState::Connected);
}

#[test]
fn the_pong_deadline_is_suspended_while_reading_is_paused_and_what_elapsed_stays_elapsed() {
    let mut rig = Rig::connected();
    rig.pass(35 * S).hear(Wire::ReadPaused).pass(600 * S);
    assert_eq!(rig.state(), ConnectionState::Connected);
    rig.hear(Wire::ReadResumed).pass(14 * S);
    assert_eq!(rig.state(), ConnectionState::Connected);
    rig.pass(S);
    assert_eq!(rig.state(), ConnectionState::Deciding);
}

#[test]
fn the_idle_deadline_is_suspended_while_reading_is_paused_and_what_elapsed_stays_elapsed() {
    let mut rig = Rig::connected_with(|options| options.ping_interval(Duration::ZERO).idle_timeout(10 * S));
    rig.pass(9 * S).hear(Wire::ReadPaused).pass(600 * S).hear(Wire::ReadResumed).pass(999 * MS);
    assert_eq!(rig.state(), ConnectionState::Connected);
    rig.pass(MS);
    assert_eq!(rig.state(), ConnectionState::Deciding);
}

#[test]
fn pauses_that_alternate_with_reading_do_not_postpone_a_deadline() {
    let mut rig = Rig::connected();
    for _ in 0..49 {
        rig.hear(Wire::ReadPaused).hear(Wire::ReadResumed).pass(S);
    }
    assert_eq!(rig.state(), ConnectionState::Connected);
    rig.hear(Wire::ReadPaused).hear(Wire::ReadResumed).pass(S);
    assert_eq!(rig.state(), ConnectionState::Deciding);
}

#[test]
fn a_peer_that_gave_a_sign_of_life_before_reading_rested_need_not_give_another() {
    let mut rig = Rig::connected();
    rig.pass(30 * S).hear(Wire::Alive).hear(Wire::ReadPaused).hear(Wire::ReadResumed).pass(29 * S);
    assert_eq!(rig.state(), ConnectionState::Connected);
}

#[test]
fn a_ping_sent_while_reading_rests_starts_its_deadline_with_the_reading() {
    let mut rig = Rig::connected();
    rig.hear(Wire::ReadPaused).pass(31 * S).hear(Wire::ReadResumed).pass(19 * S);
    assert_eq!(rig.state(), ConnectionState::Connected);
    rig.pass(S);
    assert_eq!(rig.state(), ConnectionState::Deciding);
}

#[test]
fn the_latency_is_the_time_until_the_pong_of_the_last_ping() {
    let mut rig = Rig::connected();
    rig.pass(30 * S);
    let Some(Frame::Ping(payload)) = rig.sent().pop() else { panic!("no ping") };
    rig.pass(7 * MS).receive(Frame::Pong(payload.clone()));
    let latency = rig.effects().into_iter().find_map(|effect| match effect {
        Effect::Latency(latency) => Some(latency),
        _ => None,
    });
    assert_eq!(latency, Some(7 * MS));

    rig.receive(Frame::Pong(payload)).receive(Frame::pong("unsolicited"));
    assert!(!rig.effects().iter().any(|effect| matches!(effect, Effect::Latency(_))), "each ping counts once");
}

#[test]
fn the_idle_timeout_counts_from_the_last_bytes() {
    let mut rig = Rig::connected_with(|options| options.ping_interval(Duration::ZERO).idle_timeout(10 * S));
    rig.pass(9 * S).hear(Wire::Alive).pass(9 * S);
    assert_eq!(rig.state(), ConnectionState::Connected);
    rig.effects();
    rig.pass(S);
    assert!(matches!(&rig.told()[..], [Told::Failed(Error::Stream(StreamError::IdleTimeout { .. }), _)]));
}

#[test]
fn a_ping_is_answered_first_and_told_then() {
    let mut rig = Rig::connected();
    rig.receive(Frame::ping("hi"));
    let effects = rig.effects();
    assert!(
        matches!(&effects[..], [Effect::Send(pong), Effect::Deliver(Event::Control(_))] if pong.frame == Frame::pong("hi"))
    );
}
