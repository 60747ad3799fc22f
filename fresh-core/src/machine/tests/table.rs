//! Every cell of (state, input): the state that follows.

use std::{io, sync::Arc};

use ConnectionState::{Closing, Connected, Connecting, Deciding, Draining, Ended, Idle, Upgrading, Waiting};

use super::{super::timers::Timer, *};
use crate::error::{Callback, ConnectError, DecodeError, HandlerError};

const STATES: [ConnectionState; 9] =
    [Idle, Connecting, Upgrading, Connected, Closing, Deciding, Waiting, Draining, Ended];

/// A dot: the state stays. Otherwise the first two letters of the state that follows.
const TABLE: &str = "
    input                 Idle  Conn  Upgr  Open  Clos  Deci  Wait  Drai  Ende
    start                 Co    .     .     .     .     .     .     .     .
    transported           .     Up    .     .     .     .     .     .     .
    upgraded              .     .     Op    .     .     .     .     .     .
    attempt failed        .     De    De    .     .     .     .     .     .
    alive                 .     .     .     .     .     .     .     .     .
    text                  .     .     .     .     .     .     .     .     .
    ping                  .     .     .     .     .     .     .     .     .
    pong                  .     .     .     .     .     .     .     .     .
    close frame           .     .     .     Cl    .     .     .     .     .
    violated              .     .     .     Cl    .     .     .     .     .
    lost                  .     .     .     De    De    .     .     .     .
    write failed          .     .     .     De    De    .     .     .     .
    stream panicked       .     .     .     Dr    Dr    .     .     .     .
    write stalled         .     .     .     .     .     .     .     .     .
    write resumed         .     .     .     .     .     .     .     .     .
    read paused           .     .     .     .     .     .     .     .     .
    read resumed          .     .     .     .     .     .     .     .     .
    send                  .     .     .     .     .     .     .     .     .
    first piece           .     .     .     .     .     .     .     .     .
    middle piece          .     .     .     .     .     .     .     .     .
    last piece            .     .     .     .     .     .     .     .     .
    only piece            .     .     .     .     .     .     .     .     .
    abandon               .     .     .     .     .     .     .     .     .
    send close            .     .     .     Cl    .     .     .     .     .
    close                 De    De    De    Cl    .     .     De    .     .
    reconnect             Co    .     .     Cl    .     Co    Co    .     .
    reconnect now         Co    .     .     Co    Co    Co    Co    .     .
    stop                  Dr    Dr    Dr    Cl    .     Dr    Dr    .     .
    continue              .     .     .     .     .     .     .     .     .
    reply                 .     .     .     .     .     .     .     .     .
    reply close           .     .     .     Cl    .     .     .     .     .
    action close          De    De    De    Cl    .     .     De    .     .
    raised                .     .     .     .     .     .     .     .     .
    loss: ignore          .     .     .     .     .     Id    .     .     .
    loss: reconnect       Wa    .     .     .     .     Wa    .     .     .
    loss: reconnect now   Co    .     .     .     .     Co    .     .     .
    loss: abandon         Wa    .     .     .     .     Wa    .     .     .
    loss: restart         Wa    .     .     .     .     Wa    .     .     .
    loss: close           Dr    Dr    Dr    Cl    .     Dr    Dr    .     .
    loss: fail            Dr    Dr    Dr    Cl    .     Dr    Dr    .     .
    fault: ignore         .     .     .     .     .     .     .     .     .
    fault: reconnect      Wa    .     .     Cl    .     .     .     .     .
    fault: reconnect now  Co    .     .     Co    De    .     .     .     .
    fault: abandon        Wa    .     .     Wa    De    .     .     .     .
    fault: restart        Wa    .     .     Cl    .     .     .     .     .
    fault: close          Dr    Dr    Dr    Cl    .     Dr    Dr    .     .
    fault: fail           Dr    Dr    Dr    Cl    .     Dr    Dr    .     .
    panicked              Dr    Dr    Dr    Cl    .     Dr    Dr    .     .
    settled               .     .     .     .     .     .     .     En    .
    timer connect         .     De    De    .     .     .     .     .     .
    timer backoff         .     .     .     .     .     .     Co    .     .
    timer ping            .     .     .     .     .     .     .     .     .
    timer pong            .     .     .     De    .     .     .     .     .
    timer idle            .     .     .     De    .     .     .     .     .
    timer write           .     .     .     De    .     .     .     .     .
    timer close           .     .     .     .     De    .     .     En    .
";

#[test]
fn every_input_in_every_state_leads_where_the_table_says() {
    let rows: Vec<(&str, Vec<&str>)> = TABLE.lines().filter(|row| !row.trim().is_empty()).skip(1).map(cells).collect();
    assert_eq!(rows.len(), 56);
    for (name, cells) in rows {
        for (from, cell) in STATES.into_iter().zip(cells) {
            let mut rig = rig_in(from);
            rig.feed(input(name));
            assert_eq!(rig.state(), following(from, cell), "{name} in {from}");
        }
    }
}

#[test]
fn no_cell_leaves_a_timer_of_another_state_behind() {
    for from in STATES {
        for row in TABLE.lines().filter(|row| !row.trim().is_empty()).skip(1) {
            let mut rig = rig_in(from);
            rig.feed(input(cells(row).0));
            let running = Timer::ALL.into_iter().filter(|timer| rig.machine.core.timers.is_set(*timer));
            let allowed = rig.machine.state.timers();
            assert!(running.clone().all(|timer| allowed.contains(&timer)), "{row} in {from}");
        }
    }
}

fn cells(row: &str) -> (&str, Vec<&str>) {
    let (name, rest) = row.trim().split_at(row.trim().find("  ").expect("a name ends with two spaces"));
    let cells: Vec<&str> = rest.split_whitespace().collect();
    assert_eq!(cells.len(), STATES.len(), "{row}");
    (name, cells)
}

fn following(from: ConnectionState, cell: &str) -> ConnectionState {
    match cell {
        "." => from,
        "Id" => Idle,
        "Co" => Connecting,
        "Up" => Upgrading,
        "Op" => Connected,
        "Cl" => Closing,
        "De" => Deciding,
        "Wa" => Waiting,
        "Dr" => Draining,
        "En" => Ended,
        other => panic!("no state begins with {other}"),
    }
}

/// Leads a machine into a state by inputs alone.
fn rig_in(state: ConnectionState) -> Rig {
    let mut rig = Rig::new();
    if state == Idle {
        return rig;
    }
    rig.feed(Input::Start);
    match state {
        Idle | Connecting => {}
        Upgrading => {
            rig.feed(Input::Attempt(Attempt::Transported));
        }
        Connected | Closing | Deciding => {
            rig.establish();
            match state {
                Closing => rig.command(Command::Close(close_frame(1000, ""))),
                Deciding => rig.lose(),
                _ => &mut rig,
            };
        }
        Waiting => {
            rig.feed(input("attempt failed")).verdict(Recovery::Reconnect);
        }
        Draining | Ended => {
            rig.command(Command::Stop);
            if state == Ended {
                rig.answer(Answer::Settled);
            }
        }
    }
    assert_eq!(rig.state(), state);
    rig.effects();
    rig
}

fn input(name: &str) -> Input {
    let action = |action| Input::Answer(Answer::Action(action));
    match name {
        "start" => Input::Start,
        "transported" => Input::Attempt(Attempt::Transported),
        "upgraded" => Input::Attempt(Attempt::Upgraded(Box::new(Upgrade::new(HeaderMap::new())))),
        "attempt failed" => Input::Attempt(Attempt::Failed(ConnectError::Timeout { after: S }.into())),
        "alive" => Input::Wire(Wire::Alive),
        "text" => Input::Wire(Wire::from(Frame::text("x"))),
        "ping" => Input::Wire(Wire::from(Frame::ping("x"))),
        "pong" => Input::Wire(Wire::from(Frame::pong("x"))),
        "close frame" => Input::Wire(Wire::from(Frame::close(1000, ""))),
        "violated" => Input::Wire(Wire::Violated(DecodeError::Masked)),
        "lost" => Input::Wire(Wire::Lost(StreamError::Eof)),
        "write failed" => Input::Wire(Wire::WriteFailed(Arc::new(io::ErrorKind::BrokenPipe.into()))),
        "stream panicked" => Input::Wire(Wire::Panicked("boom".into())),
        "write stalled" => Input::Wire(Wire::WriteStalled { progress: false }),
        "write resumed" => Input::Wire(Wire::WriteResumed),
        "read paused" => Input::Wire(Wire::ReadPaused),
        "read resumed" => Input::Wire(Wire::ReadResumed),
        "send" => Input::Command(Command::Send(outbound("x"))),
        "first piece" => Input::Command(piece(Place::First, 1)),
        "middle piece" => Input::Command(piece(Place::Middle, 1)),
        "last piece" => Input::Command(piece(Place::Last, 1)),
        "only piece" => Input::Command(piece(Place::Only, 1)),
        "abandon" => Input::Command(Command::Abandon(1)),
        "send close" => Input::Command(Command::Send(outbound(Frame::close(1000, "")))),
        "close" => Input::Command(Command::Close(close_frame(1000, ""))),
        "reconnect" => Input::Command(Command::Reconnect),
        "reconnect now" => Input::Command(Command::ReconnectNow),
        "stop" => Input::Command(Command::Stop),
        "continue" => action(Action::Continue),
        "reply" => action(Action::reply("x")),
        "reply close" => action(Action::reply(Frame::Close(None))),
        "action close" => action(Action::close(1000, "")),
        "raised" => Input::Answer(Answer::Raised(HandlerError::new(Callback::In, "broken"))),
        "panicked" => Input::Answer(Answer::Panicked("boom".into())),
        "settled" => Input::Answer(Answer::Settled),
        "timer connect" => Input::Timer(Timer::Connect),
        "timer backoff" => Input::Timer(Timer::Backoff),
        "timer ping" => Input::Timer(Timer::Ping),
        "timer pong" => Input::Timer(Timer::Pong),
        "timer idle" => Input::Timer(Timer::Idle),
        "timer write" => Input::Timer(Timer::Write),
        "timer close" => Input::Timer(Timer::Close),
        verdict => {
            let (about, recovery) = verdict.split_once(": ").expect("a verdict is about something");
            let about = if about == "loss" { About::Loss(1) } else { About::Fault };
            Input::Answer(Answer::Verdict(recovery_named(recovery), about))
        }
    }
}

fn recovery_named(name: &str) -> Recovery {
    match name {
        "ignore" => Recovery::Ignore,
        "reconnect" => Recovery::Reconnect,
        "reconnect now" => Recovery::ReconnectNow,
        "abandon" => Recovery::Abandon,
        "restart" => Recovery::Restart,
        "close" => Recovery::Close,
        "fail" => Recovery::fail("broken"),
        other => panic!("no recovery is called {other}"),
    }
}
