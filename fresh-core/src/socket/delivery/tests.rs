//! Every cell of (state, input): the state that follows, the verdict, and who has to look at it.

use super::*;
use crate::exit::ExitReason;

/// Passive without an owner, passive with one (watched), active, once: each with every supply; then parked without and
/// with an owner, and spent.
const STATES: [&str; 23] = [
    "po", "pc", "px", "pg", "pe", "wo", "wc", "wx", "wg", "we", "ao", "ac", "ax", "ag", "ae", "oo", "oc", "ox", "og",
    "oe", "kp", "kw", "s",
];

/// The state that follows. A dot: the same state. The second letter is the supply: open, closing, cut, gone, ended.
const NEXT: &str = "
    input                po  pc  px  pg  pe  wo  wc  wx  wg  we  ao  ac  ax  ag  ae  oo  oc  ox  og  oe  kp  kw  s
    frame                .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
    frame, no room       .   px  .   .   .   .   wx  .   .   .   .   ax  .   .   .   .   ox  .   .   .   .   .   .
    ping                 .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
    ping, no room        .   .   .   .   .   .   .   .   .   .   .   ax  .   .   .   .   ox  .   .   .   .   .   .
    take                 .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
    take, empty          .   .   .   .   s   .   .   .   .   s   .   .   .   .   .   .   .   .   .   .   s   s   .
    offer                .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   wo  wc  wx  wg  we  .   .   .
    offer, empty         .   .   .   .   .   .   .   .   .   .   .   .   .   .   s   .   .   .   .   s   .   .   .
    offer to another     .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
    set off              .   .   .   .   .   .   .   .   .   .   wo  wc  wx  wg  we  wo  wc  wx  wg  we  .   .   .
    set on               .   .   .   .   .   ao  ac  ax  ag  ae  .   .   .   .   .   ao  ac  ax  ag  ae  .   ae  .
    set once             .   .   .   .   .   oo  oc  ox  og  oe  oo  oc  ox  og  oe  .   .   .   .   .   .   oe  .
    new owner            wo  wc  wx  wg  we  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   kw  .   .
    owner gone           .   .   .   .   .   pc  pc  px  pg  pe  pc  pc  px  pg  pe  pc  pc  px  pg  pe  .   .   .
    another owner gone   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
    close                pc  .   .   .   .   wc  .   .   .   .   ac  .   .   .   .   oc  .   .   .   .   .   .   .
    gone                 pg  .   .   .   .   wg  .   .   .   .   ag  .   .   .   .   og  .   .   .   .   .   .   .
    end                  pe  pe  pe  pe  .   we  we  we  we  .   ae  ae  ae  ae  .   oe  oe  oe  oe  .   .   .   .
    never opened         s   s   s   s   s   s   s   s   s   s   s   s   s   s   s   s   s   s   s   s   s   s   .
    abandoned            s   s   s   s   s   s   s   s   s   s   .   .   .   .   .   oc  .   .   .   .   s   s   .
    task ended           .   .   .   .   kp  .   .   .   .   kw  .   .   .   .   kw  .   .   .   .   kw  .   .   .
";

/// The verdict: Keep, Lose, Frame, End, Wait, Spawn, CloseConnection, or a refusal: spent, no owner, active (on, once).
/// A dot: nothing.
const VERDICTS: &str = "
    input                po  pc  px  pg  pe  wo  wc  wx  wg  we  ao  ac  ax  ag  ae  oo  oc  ox  og  oe  kp  kw  s
    frame                K   K   L   K   L   K   K   L   K   L   K   K   L   K   L   K   K   L   K   L   L   L   L
    frame, no room       K   L   L   K   L   K   L   L   K   L   K   L   L   K   L   K   L   L   K   L   L   L   L
    ping                 .   .   .   .   .   .   .   .   .   .   K   K   L   K   L   K   K   L   K   L   .   .   L
    ping, no room        .   .   .   .   .   .   .   .   .   .   K   L   L   K   L   K   L   L   K   L   .   .   L
    take                 F   F   F   F   F   F   F   F   F   F   !a  !a  !a  !a  !a  !o  !o  !o  !o  !o  F   F   !s
    take, empty          W   W   W   W   E   W   W   W   W   E   !a  !a  !a  !a  !a  !o  !o  !o  !o  !o  E   E   !s
    offer                W   W   W   W   W   W   W   W   W   W   F   F   F   F   F   F   F   F   F   F   W   W   W
    offer, empty         W   W   W   W   W   W   W   W   W   W   W   W   W   W   E   W   W   W   W   E   W   W   W
    offer to another     W   W   W   W   W   W   W   W   W   W   W   W   W   W   W   W   W   W   W   W   W   W   W
    set off              .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   !s
    set on               !n  !n  !n  !n  !n  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   !n  S   !s
    set once             !n  !n  !n  !n  !n  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   !n  S   !s
    new owner            .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   !s
    owner gone           .   .   .   .   .   C   C   C   C   C   C   C   C   C   C   C   C   C   C   C   .   .   .
    another owner gone   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
    close                .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
    gone                 .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
    end                  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
    never opened         .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
    abandoned            .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
    task ended           .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
";

type Owner = &'static str;

/// The owner of every state that has one.
const OWNER: Owner = "owner";

#[test]
fn every_input_in_every_state_leads_where_the_table_says() {
    for (name, cells) in rows(NEXT) {
        for (from, cell) in STATES.into_iter().zip(cells) {
            let next = state(from).step(input(name)).delivery;
            assert_eq!(code(&next), if cell == "." { from } else { cell }, "{name} in {from}");
        }
    }
}

#[test]
fn every_input_in_every_state_has_the_verdict_that_the_table_says() {
    for (name, cells) in rows(VERDICTS) {
        for (from, cell) in STATES.into_iter().zip(cells) {
            assert_eq!(verdict(&state(from).step(input(name)).verdict), cell, "{name} in {from}");
        }
    }
}

/// A wake-up that is missing hangs a call, so each cell says who must look: whoever can be handed something that was not
/// there before, and everybody whose frames go elsewhere now.
#[test]
fn no_cell_leaves_anybody_waiting_for_what_is_there() {
    for (name, _) in rows(NEXT) {
        for from in STATES {
            let step = state(from).step(input(name));
            let is_new = matches!(step.verdict, Verdict::Keep) || (name == "end" && code(&step.delivery) != from);
            let is_redirected = kind(&step.delivery) != kind(&state(from)) || name == "new owner" && from != "s";
            match (is_redirected, is_new, kind(&step.delivery)) {
                // Frames of `Once` are handed out by the task itself, and nothing is left to look at.
                (true, ..) if name == "offer" => assert_eq!(step.wake, Wake::Nobody, "{name} in {from}"),
                // The task itself reports that it has ended.
                (true, ..) if name == "task ended" => {}
                (true, ..) => assert_eq!(step.wake, Wake::Both, "{name} in {from}"),
                (_, true, 'p') => assert_eq!(step.wake, Wake::Readers, "{name} in {from}"),
                (_, true, 'a' | 'o') => assert_eq!(step.wake, Wake::Task, "{name} in {from}"),
                (_, true, kind) => panic!("{name} in {from}: a frame was kept for {kind}"),
                (false, false, _) => {}
            }
        }
    }
}

#[test]
fn the_end_is_the_first_that_was_reported_and_the_owner_the_last_that_was_set() {
    for (name, _) in rows(NEXT) {
        for from in STATES {
            let step = state(from).step(input(name));
            if let Some(owner) = owner(&step.delivery) {
                assert_eq!(owner, if name == "new owner" { "new" } else { OWNER }, "{name} in {from}");
            }
            let handed_out = if let Verdict::End(ending) = &step.verdict { Some(&**ending) } else { None };
            if let Some(ending) = handed_out.or_else(|| ending(&step.delivery)) {
                let Ending::Ended(reason) = ending else { panic!("{ending:?}") };
                assert_eq!(matches!(reason, ExitReason::Normal), has_ended(from), "{name} in {from}");
            }
        }
    }
}

#[test]
fn the_end_of_the_connection_is_handed_out_exactly_once() {
    for from in STATES {
        let (mut delivery, mut ends) = (state(from).step(input("end")).delivery, 0);
        for name in ["offer, empty", "take, empty", "set off", "task ended", "take, empty", "set on", "offer, empty"] {
            let step = delivery.step(input(name));
            ends += usize::from(matches!(step.verdict, Verdict::End(_)));
            delivery = step.delivery;
        }
        assert_eq!(ends, usize::from(from != "s"), "{from}");
        assert_eq!(code(&delivery), "s", "{from}");
    }
}

#[test]
fn the_task_delivers_what_is_due_and_watches_the_owner_otherwise() {
    for from in STATES {
        for queued in [false, true] {
            let delivery = state(from);
            let expected = match (kind(&delivery), queued || has_ended(from)) {
                ('a' | 'o', true) => Duty::Deliver(&OWNER),
                ('a' | 'o', false) => Duty::Watch(&OWNER),
                ('p', _) if from.starts_with('w') => Duty::Watch(&OWNER),
                _ => Duty::None,
            };
            assert_eq!(delivery.duty(queued), expected, "{from}");
        }
    }
}

#[test]
fn reading_pauses_only_while_the_connection_is_up_and_the_socket_not_closed() {
    for from in STATES {
        assert_eq!(state(from).is_open(), ["po", "wo", "ao", "oo"].contains(&from), "{from}");
    }
}

fn rows(table: &'static str) -> Vec<(&'static str, Vec<&'static str>)> {
    let rows: Vec<_> = table.lines().filter(|row| !row.trim().is_empty()).skip(1).map(cells).collect();
    assert_eq!(rows.len(), 21);
    rows
}

fn cells(row: &'static str) -> (&'static str, Vec<&'static str>) {
    let (name, rest) = row.trim().split_at(row.trim().find("  ").expect("a name ends with two spaces"));
    let cells: Vec<&str> = rest.split_whitespace().collect();
    assert_eq!(cells.len(), STATES.len(), "{row}");
    (name, cells)
}

/// Passive, active, once, parked or spent, whatever the supply.
fn kind(delivery: &Delivery<Owner>) -> char {
    match delivery {
        Delivery::Passive(..) => 'p',
        Delivery::Active(..) => 'a',
        Delivery::Once(..) => 'o',
        Delivery::Parked(..) => 'k',
        Delivery::Spent => 's',
    }
}

fn owner(delivery: &Delivery<Owner>) -> Option<Owner> {
    match delivery {
        Delivery::Passive(owner, _) | Delivery::Parked(owner, _) => *owner,
        Delivery::Active(owner, _) | Delivery::Once(owner, _) => Some(owner),
        Delivery::Spent => None,
    }
}

fn ending(delivery: &Delivery<Owner>) -> Option<&Ending> {
    match delivery {
        Delivery::Passive(_, Supply::Ended(ending))
        | Delivery::Active(_, Supply::Ended(ending))
        | Delivery::Once(_, Supply::Ended(ending))
        | Delivery::Parked(_, ending) => Some(ending),
        Delivery::Passive(..) | Delivery::Active(..) | Delivery::Once(..) | Delivery::Spent => None,
    }
}

fn has_ended(code: &str) -> bool {
    ending(&state(code)).is_some()
}

fn state(code: &str) -> Delivery<Owner> {
    match code {
        "kp" => return Delivery::Parked(None, Box::new(first())),
        "kw" => return Delivery::Parked(Some(OWNER), Box::new(first())),
        "s" => return Delivery::Spent,
        _ => {}
    }
    let supply = match &code[1..] {
        "o" => Supply::Open,
        "c" => Supply::Closing,
        "x" => Supply::Cut,
        "g" => Supply::Gone,
        "e" => Supply::Ended(Box::new(first())),
        other => panic!("no supply is called {other}"),
    };
    match &code[..1] {
        "p" => Delivery::Passive(None, supply),
        "w" => Delivery::Passive(Some(OWNER), supply),
        "a" => Delivery::Active(OWNER, supply),
        "o" => Delivery::Once(OWNER, supply),
        other => panic!("no delivery is called {other}"),
    }
}

fn code(delivery: &Delivery<Owner>) -> String {
    let (kind, supply) = match delivery {
        Delivery::Passive(None, supply) => ("p", supply),
        Delivery::Passive(Some(_), supply) => ("w", supply),
        Delivery::Active(_, supply) => ("a", supply),
        Delivery::Once(_, supply) => ("o", supply),
        Delivery::Parked(None, _) => return "kp".to_owned(),
        Delivery::Parked(Some(_), _) => return "kw".to_owned(),
        Delivery::Spent => return "s".to_owned(),
    };
    let supply = match supply {
        Supply::Open => "o",
        Supply::Closing => "c",
        Supply::Cut => "x",
        Supply::Gone => "g",
        Supply::Ended(_) => "e",
    };
    format!("{kind}{supply}")
}

fn verdict(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Done => ".",
        Verdict::Keep => "K",
        Verdict::Lose => "L",
        Verdict::Frame => "F",
        Verdict::End(_) => "E",
        Verdict::Wait => "W",
        Verdict::Spawn => "S",
        Verdict::CloseConnection => "C",
        Verdict::Refused(Refusal::Spent) => "!s",
        Verdict::Refused(Refusal::NoOwner) => "!n",
        Verdict::Refused(Refusal::Active(Active::On)) => "!a",
        Verdict::Refused(Refusal::Active(Active::Once)) => "!o",
        Verdict::Refused(Refusal::Active(Active::Off)) => panic!("off is not an active mode"),
    }
}

fn input(name: &str) -> Input<'static, Owner> {
    match name {
        "frame" => Input::Received { ping: false, room: true },
        "frame, no room" => Input::Received { ping: false, room: false },
        "ping" => Input::Received { ping: true, room: true },
        "ping, no room" => Input::Received { ping: true, room: false },
        "take" => Input::Take { queued: true },
        "take, empty" => Input::Take { queued: false },
        "offer" => Input::Offer { owner: &OWNER, queued: true },
        "offer, empty" => Input::Offer { owner: &OWNER, queued: false },
        "offer to another" => Input::Offer { owner: &"another", queued: true },
        "set off" => Input::SetMode(Active::Off),
        "set on" => Input::SetMode(Active::On),
        "set once" => Input::SetMode(Active::Once),
        "new owner" => Input::SetOwner("new"),
        "owner gone" => Input::OwnerGone(&OWNER),
        "another owner gone" => Input::OwnerGone(&"another"),
        "close" => Input::Close,
        "gone" => Input::Gone,
        "end" => Input::End(Ending::Ended(ExitReason::Stopped)),
        "never opened" => Input::NeverOpened,
        "abandoned" => Input::Abandoned,
        "task ended" => Input::TaskEnded,
        other => panic!("no input is called {other}"),
    }
}

/// The ending of every state that has one.
fn first() -> Ending {
    Ending::Ended(ExitReason::Normal)
}
