//! Whatever happens, in whatever order.

use std::{
    io, mem,
    sync::Arc,
    time::{Duration, Instant},
};

use http::HeaderMap;

use super::{
    About, Answer, Attempt, Command, Config, Event, Input, Machine, Origin, Outbound, Wire, record::Effect,
    timers::Timer,
};
use crate::{
    action::{Action, Frames, Recovery},
    backoff::Backoff,
    connection::{ConnectionState, Upgrade},
    error::{Callback, ConnectError, DecodeError, HandlerError, StreamError},
    frame::{CloseFrame, Frame, MessageType},
    options::{BackoffOptions, Offline, Options},
    wire::piece::{Piece, Place},
};

const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// The first byte is the configuration; of the others, each two are an input and what it is like.
pub(crate) fn any_course(data: &[u8], now: Instant) {
    let Some((&config, inputs)) = data.split_first() else { return };
    let mut course = Course::new(config, now);
    course.feed(Input::Start);
    for pair in inputs.chunks_exact(2) {
        match pair[0] % 40 {
            kind @ 0..36 => course.feed(input(kind, pair[1])),
            // To the next deadline, and past it.
            36 => course.pass(course.machine.next_timeout().map_or(Duration::ZERO, |at| at - course.now)),
            _ => course.pass(Duration::from_millis(100) * pair[1].into()),
        }
    }
    course.feed(Input::Command(Command::Stop));
    course.pass(CLOSE_TIMEOUT);
    assert_eq!(course.machine.state(), ConnectionState::Ended, "a stop ends within the close timeout");
    course.feed(Input::Start);
    course.pass(Duration::from_secs(24 * 60 * 60));
}

/// A machine, its clock, and how far what it wanted done has come.
struct Course {
    machine: Machine,
    now: Instant,
    world: Vec<Effect>,
    connection: Connection,
    /// The message that is out in part.
    message: Option<u64>,
    ends: u32,
}

/// What the effects have made of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Connection {
    None,
    /// An attempt is under way.
    Sought,
    Open,
    /// Our close frame is out.
    Closed,
}

impl Course {
    fn new(config: u8, now: Instant) -> Self {
        let Ok(options) = Options::new("ws://host") else { unreachable!("the URL is right") };
        let backoff = BackoffOptions::new().jitter(false);
        let backoff = if config & 1 == 0 { backoff } else { backoff.attempts(2) };
        let offline = match config >> 1 & 3 {
            0 => Offline::Reject,
            1 => Offline::Drop,
            _ => Offline::Queue(2),
        };
        let mut options = options.backoff(backoff).offline(offline).close_timeout(CLOSE_TIMEOUT);
        if config & 8 != 0 {
            options = options.idle_timeout(Duration::from_secs(7));
        }
        if config & 16 != 0 {
            let off = Duration::ZERO;
            options = options.ping_interval(off).pong_timeout(off).connect_timeout(off).write_timeout(off);
        }
        let machine = Machine::new(Config::new(&options, config & 32 == 0), Backoff::new(backoff));
        Self { machine, now, world: Vec::new(), connection: Connection::None, message: None, ends: 0 }
    }

    fn feed(&mut self, input: Input) {
        self.machine.handle(input, &mut self.now, &mut self.world);
        self.look();
    }

    /// Lets time pass, with each timer at its own moment.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.machine.next_timeout().filter(|at| *at <= until) {
            assert!(at >= self.now, "a deadline that is over");
            self.now = at;
            self.machine.handle_timeout(&mut self.now, &mut self.world);
            self.look();
        }
        self.now = until;
    }

    /// Holds what is wanted done, and what is timed, against what may be.
    fn look(&mut self) {
        for effect in mem::take(&mut self.world) {
            let publishes_the_end = matches!(effect, Effect::Enter(ConnectionState::Ended));
            assert_eq!(self.ends, u32::from(publishes_the_end), "{effect:?} after the end");
            self.perform(&effect);
        }
        assert_eq!(self.ends == 1, self.machine.has_ended());
        let state = &self.machine.state;
        let timers = Timer::ALL.into_iter().filter(|timer| self.machine.core.timers.is_set(*timer));
        for timer in timers {
            assert!(state.timers().contains(&timer), "{timer:?} in {state:?}");
        }
    }

    fn perform(&mut self, effect: &Effect) {
        let connection = self.connection;
        self.connection = match effect {
            Effect::Connect { .. } => {
                assert_eq!(connection, Connection::None, "a second attempt beside the first");
                Connection::Sought
            }
            Effect::Upgrade { .. } => {
                assert_eq!(connection, Connection::Sought);
                Connection::Sought
            }
            Effect::Deliver(Event::Connected(_)) => {
                assert_eq!(connection, Connection::Sought);
                Connection::Open
            }
            Effect::Send(outbound) => {
                assert_eq!(connection, Connection::Open, "{:?} without an open connection", outbound.frame);
                assert!(self.message.is_none() || !outbound.frame.is_data(), "a message amid another");
                match outbound.frame {
                    Frame::Close(_) => Connection::Closed,
                    Frame::Text(_) | Frame::Binary(_) | Frame::Ping(_) | Frame::Pong(_) => Connection::Open,
                }
            }
            Effect::SendPiece(piece, receipt) => {
                assert_eq!(connection, Connection::Open, "a piece without an open connection");
                assert_eq!(self.message, (!piece.place.begins()).then_some(*receipt), "a piece of another message");
                self.message = (!piece.place.ends()).then_some(*receipt);
                connection
            }
            Effect::Disconnect => {
                self.message = None;
                Connection::None
            }
            Effect::Terminate(_) => {
                assert_eq!(connection, Connection::None, "the end beside a connection");
                self.ends += 1;
                Connection::None
            }
            Effect::Cut(..)
            | Effect::Refuse(..)
            | Effect::Hold(_)
            | Effect::Deliver(_)
            | Effect::DeliverNext(_)
            | Effect::DeliverMessage
            | Effect::DiscardMessage
            | Effect::DiscardCalls
            | Effect::Enter(_)
            | Effect::Latency(_) => connection,
        };
    }
}

/// The inputs that a driver could give, some of them several times.
fn input(kind: u8, like: u8) -> Input {
    match kind {
        0 => Input::Start,
        1 | 2 => Input::Attempt(Attempt::Transported),
        3..=5 => Input::Attempt(Attempt::Upgraded(Box::new(Upgrade::new(HeaderMap::new())))),
        6 => Input::Attempt(Attempt::Failed(ConnectError::Timeout { after: CLOSE_TIMEOUT }.into())),
        7..=9 => Input::Wire(Wire::from(frame(like))),
        10 => Input::Wire(Wire::Alive),
        11 => Input::Wire(Wire::Violated(DecodeError::Utf8)),
        12 if like.is_multiple_of(16) => Input::Wire(Wire::Panicked("boom".into())),
        12 => Input::Wire(Wire::Lost(StreamError::Eof)),
        13 => Input::Wire(Wire::WriteFailed(Arc::new(io::ErrorKind::BrokenPipe.into()))),
        14 => Input::Wire(Wire::WriteStalled { progress: like & 1 == 0 }),
        15 => Input::Wire(Wire::WriteResumed),
        16 => Input::Wire(Wire::ReadPaused),
        17 => Input::Wire(Wire::ReadResumed),
        18 | 19 => {
            let origin = Origin::Handle((like & 128 != 0).then_some(like.into()));
            Input::Command(Command::Send(Outbound { frame: frame(like), origin }))
        }
        20 => Input::Command(Command::Close(CloseFrame::new(1000, ""))),
        21 => Input::Command(Command::Reconnect),
        22 => Input::Command(Command::ReconnectNow),
        23 if like.is_multiple_of(8) => Input::Command(Command::Stop),
        23 | 24 => Input::Answer(Answer::Action(Action::Continue)),
        25 => Input::Answer(Answer::Action(Action::Reply(Frames::One(frame(like))))),
        26 => Input::Answer(Answer::Action(Action::Reply(Frames::Many(vec![frame(like), frame(like / 8)])))),
        27 => Input::Answer(Answer::Action(Action::close(1000, ""))),
        28 => Input::Answer(Answer::Raised(HandlerError::new(Callback::In, "broken"))),
        29 if like.is_multiple_of(8) => Input::Answer(Answer::Panicked("boom".into())),
        29..=33 => Input::Answer(Answer::Verdict(
            recovery(like),
            if like & 1 == 0 { About::Loss(u64::from(like >> 5)) } else { About::Fault },
        )),
        34 => {
            let place = [Place::Only, Place::First, Place::Middle, Place::Last][usize::from(like & 3)];
            let piece = Piece { message_type: MessageType::Binary, place, bytes: vec![like; 2].into() };
            Input::Command(Command::Piece(piece, (like >> 2 & 1).into()))
        }
        35 if like & 3 == 0 => Input::Command(Command::Abandon((like >> 2 & 1).into())),
        _ => Input::Answer(Answer::Settled),
    }
}

fn frame(like: u8) -> Frame {
    match like % 8 {
        0 | 1 => Frame::text("x"),
        2 => Frame::binary(vec![like; 3]),
        3 => Frame::ping(vec![0; 125]),
        4 => Frame::pong(u64::from(like).to_be_bytes().to_vec()),
        // It may not be sent.
        5 => Frame::ping(vec![0; 126]),
        6 => Frame::close(1000, ""),
        _ => Frame::Close(None),
    }
}

fn recovery(like: u8) -> Recovery {
    match like % 32 / 2 {
        0 => Recovery::Close,
        1 => Recovery::fail("broken"),
        2..=5 => Recovery::Ignore,
        6 | 7 => Recovery::Restart,
        8 => Recovery::ReconnectNow,
        9 => Recovery::Abandon,
        _ => Recovery::Reconnect,
    }
}
