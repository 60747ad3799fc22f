//! Parts of the runtime by themselves, for `benches/instructions.rs`, which counts the instructions they take.
//!
//! Each function does the same thing `rounds` times, so that the difference between two numbers of rounds is free of what
//! comes before and after.

mod line;

use std::{hint::black_box, time::Instant};

use bytes::{Buf, Bytes, BytesMut};
use http::HeaderMap;

mod sink;

use sink::Sink;

use crate::{
    action::Action,
    backoff::Backoff,
    connection::Upgrade,
    frame::{Frame, Message},
    machine::{Answer, Attempt, Command, Config, Input, Machine, Origin, Outbound, Wire},
    options::{Limits, Options},
    wire::{
        assembler::Assembler,
        decoder::{Decoder, Header, Opcode, Payload},
        encoder::Outgoing,
        inbound::Inbound,
    },
};

pub use line::turn;

/// How many messages a round has.
const MESSAGES: usize = 32;

const PAYLOAD: &str = "a message of sixty-four bytes, as a server of market data does it";

/// A message as a server sends it.
fn wire_frame() -> Vec<u8> {
    let payload = &PAYLOAD.as_bytes()[..64];
    [&[0x81, 64], payload].concat()
}

/// Bytes → frames: one read that brought 32 text messages of 64 bytes.
pub fn decoder(rounds: usize) {
    let mut decoder = Decoder::new(false);
    let wire = wire_frame().repeat(MESSAGES);
    for _ in 0..rounds {
        let mut buffer = BytesMut::from(&wire[..]);
        while let Ok(Some((_, payload))) = decoder.decode(&mut buffer) {
            black_box(payload.split());
        }
    }
}

/// Bytes → messages: one read that brought 32 text messages of 64 bytes.
pub fn inbound(rounds: usize) {
    let mut inbound = Inbound::new(&Limits::default(), None);
    let wire = wire_frame().repeat(MESSAGES);
    for _ in 0..rounds {
        let mut buffer = BytesMut::from(&wire[..]);
        while let Ok(Some(message)) = inbound.next(&mut buffer) {
            black_box(message);
        }
    }
}

/// Frames → messages: 32 text messages of 64 bytes in one frame each, and one in four frames.
pub fn assembler(rounds: usize) {
    let mut assembler = Assembler::new(&Limits::default(), None);
    let payloads = PAYLOAD.as_bytes()[..64].repeat(MESSAGES + 4);
    for _ in 0..rounds {
        let mut buffer = BytesMut::from(&payloads[..]);
        let mut push = |fin, opcode| {
            let (header, payload) = (Header::new(fin, false, opcode, 64), Payload::new(&mut buffer, 0, 64));
            let _ = black_box(match header.is_message() {
                true => assembler.message(header, payload),
                false => assembler.push(header, payload),
            });
        };
        for _ in 0..MESSAGES {
            push(true, Opcode::Text);
        }
        for (fin, opcode) in [
            (false, Opcode::Text),
            (false, Opcode::Continuation),
            (false, Opcode::Continuation),
            (true, Opcode::Continuation),
        ] {
            push(fin, opcode);
        }
    }
}

/// Frames → bytes: 32 binary messages of 64 bytes, masked, in one write.
pub fn encoder(rounds: usize) {
    let mut outgoing = Outgoing::new(None);
    let payload = Bytes::from_static(&PAYLOAD.as_bytes()[..64]);
    for _ in 0..rounds {
        for _ in 0..MESSAGES {
            outgoing.push(Frame::Binary(payload.clone()));
        }
        black_box(outgoing.chunk());
        outgoing.advance(outgoing.len());
    }
}

/// The machine: 32 messages that the handler replies to, and 32 that the handle sends.
pub fn machine(rounds: usize, options: &Options, now: Instant) {
    let mut machine = Machine::new(Config::new(options, true), Backoff::new(options.backoff));
    let upgrade = Box::new(Upgrade::new(HeaderMap::new()));
    let opening = [Input::Start, Input::Attempt(Attempt::Transported), Input::Attempt(Attempt::Upgraded(upgrade))];
    let mut now = now;
    let mut feed = |input| machine.handle(input, &mut now, &mut Sink);
    opening.into_iter().for_each(&mut feed);
    let message = Message::Binary(Bytes::from_static(&PAYLOAD.as_bytes()[..64]));
    for _ in 0..rounds {
        for _ in 0..MESSAGES {
            feed(Input::Wire(Wire::Message));
            feed(Input::Answer(Answer::Action(Action::reply(message.clone()))));
            let outbound = Outbound { frame: message.clone().into(), origin: Origin::Handle(None) };
            feed(Input::Command(Command::Send(outbound)));
        }
    }
}
