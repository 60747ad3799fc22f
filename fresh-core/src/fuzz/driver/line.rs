//! A byte stream in memory, with the server at its other end.

use std::{collections::VecDeque, io, mem, task::Waker};

use bytes::{Buf, Bytes, BytesMut};
use tokio::time::Instant;

use super::{
    frames::{self, BINARY, CLOSE, CONTINUATION, PING, PONG, Received, TEXT},
    plan::MS,
    silence::Silence,
};
use crate::wire::key;

const FIN: u8 = 0x80;

/// What the server answers to the request for the upgrade.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Reply {
    #[default]
    Accept,
    /// With the first message in the same bytes.
    AcceptAndSpeak,
    Refuse(u16),
    WrongKey,
    Garbage,
    Eof,
    Never,
}

/// How the server ends TCP.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Eof,
    Reset,
}

/// What follows the next bytes on their way to the client.
pub(super) enum Arrival {
    Bytes(Bytes),
    End(End),
    /// Nothing before this moment, if there is one.
    Later(Option<Instant>),
}

/// A frame of the server that leads to a callback.
pub(super) struct Expected {
    /// The position of its last byte among the server's bytes.
    end: u64,
    pub(super) payload: Bytes,
    is_ping: bool,
}

pub(super) struct Line {
    number: usize,
    reply: Reply,
    answers_pings: bool,
    answers_close: bool,
    /// How much later the server's bytes arrive, in milliseconds.
    pub(super) latency: u32,
    on_the_way: VecDeque<(Instant, Bytes)>,
    end: Option<(Instant, End)>,
    arrives: Option<Instant>,
    request: Option<BytesMut>,
    /// The bytes up to here are the answer to the request.
    head: u64,
    sent: u64,
    read: u64,
    /// Frames that no callback has received yet, in order.
    expected: VecDeque<Expected>,
    serial: u32,
    /// The server broke the protocol: what it sends from now on is not expected.
    is_broken: bool,
    from_client: BytesMut,
    amid_message: bool,
    /// The client's close frame arrived.
    pub(super) is_closed: bool,
    /// The server's close frame was sent.
    has_closed: bool,
    /// How many bytes the server still accepts.
    pub(super) room: usize,
    /// The client could not write everything.
    pub(super) is_stalled: bool,
    /// A write failed. The client reports it when it has read everything.
    pub(super) has_failed: bool,
    pub(super) is_dropped: bool,
    last_ping: Option<Bytes>,
    last_pong: Option<Bytes>,
    pub(super) reader: Option<Waker>,
    pub(super) writer: Option<Waker>,
    /// The deadlines of the open connection: pings first, and bytes first.
    pub(super) silence: Option<[Silence; 2]>,
    /// The bytes first deadlines, when the client dropped the connection, and whether bytes could be read then.
    pub(super) dropped_with: Option<(Silence, bool)>,
}

impl Line {
    pub(super) fn new(number: usize, reply: Reply, answers_pings: bool, answers_close: bool) -> Self {
        Self {
            number,
            reply,
            answers_pings,
            answers_close,
            latency: 1,
            on_the_way: VecDeque::new(),
            end: None,
            arrives: None,
            request: Some(BytesMut::new()),
            head: 0,
            sent: 0,
            read: 0,
            expected: VecDeque::new(),
            serial: 0,
            is_broken: false,
            from_client: BytesMut::new(),
            amid_message: false,
            is_closed: false,
            has_closed: false,
            room: usize::MAX,
            is_stalled: false,
            has_failed: false,
            is_dropped: false,
            last_ping: None,
            last_pong: None,
            reader: None,
            writer: None,
            silence: None,
            dropped_with: None,
        }
    }

    fn wake(waker: &mut Option<Waker>) {
        if let Some(waker) = waker.take() {
            waker.wake();
        }
    }

    /// Sends bytes to the client.
    fn push(&mut self, bytes: Bytes) {
        if self.end.is_some() || self.is_dropped || self.is_broken {
            return;
        }
        let at = self.next_arrival();
        self.sent += bytes.len() as u64;
        self.on_the_way.push_back((at, bytes));
        Self::wake(&mut self.reader);
    }

    fn next_arrival(&mut self) -> Instant {
        let at = (Instant::now() + MS * self.latency).max(self.arrives.unwrap_or_else(Instant::now));
        *self.arrives.insert(at)
    }

    /// Ends TCP behind everything that was sent.
    pub(super) fn finish(&mut self, end: End) {
        if self.end.is_none() {
            self.end = Some((self.next_arrival(), end));
            Self::wake(&mut self.reader);
        }
    }

    /// Accepts any number of bytes again.
    pub(super) fn resume(&mut self) {
        self.room = usize::MAX;
        Self::wake(&mut self.writer);
    }

    pub(super) fn is_upgraded(&self) -> bool {
        self.head > 0
    }

    /// Whether what is read from now on is the connection's, and not the answer to the request.
    pub(super) fn is_past_head(&self) -> bool {
        self.is_upgraded() && self.read >= self.head
    }

    /// Whether the client could read something now.
    pub(super) fn is_readable(&self) -> bool {
        !matches!(self.arrival(), Arrival::Later(_))
    }

    fn arrival(&self) -> Arrival {
        let now = Instant::now();
        match (self.on_the_way.front(), self.end) {
            (Some((at, bytes)), _) if *at <= now => Arrival::Bytes(bytes.clone()),
            (Some((at, _)), _) => Arrival::Later(Some(*at)),
            (None, Some((at, end))) if at <= now => Arrival::End(end),
            (None, Some((at, _))) => Arrival::Later(Some(at)),
            (None, None) => Arrival::Later(None),
        }
    }

    /// The client reads.
    pub(super) fn take(&mut self, most: usize) -> Arrival {
        let mut bytes = BytesMut::new();
        while bytes.len() < most
            && let Arrival::Bytes(arrived) = self.arrival()
        {
            let taken = arrived.len().min(most - bytes.len());
            bytes.extend_from_slice(&arrived[..taken]);
            if let Some((_, front)) = self.on_the_way.front_mut() {
                front.advance(taken);
                if front.is_empty() {
                    self.on_the_way.pop_front();
                }
            }
        }
        if bytes.is_empty() {
            return self.arrival();
        }
        self.read += bytes.len() as u64;
        let read = self.read;
        let pings = self.expected.iter().filter(|frame| frame.end <= read && frame.is_ping);
        if let Some(ping) = pings.last() {
            self.last_ping = Some(ping.payload.clone());
        }
        Arrival::Bytes(bytes.freeze())
    }

    /// The frames that are read and that no callback has received: how many, and their bytes.
    pub(super) fn backlog(&self) -> (usize, usize) {
        let read = self.expected.iter().take_while(|frame| frame.end <= self.read);
        read.fold((0, 0), |(count, bytes), frame| (count + 1, bytes + frame.payload.len()))
    }

    /// A callback receives the next frame.
    pub(super) fn hand_over(&mut self) -> Option<Expected> {
        self.expected.pop_front_if(|frame| frame.end <= self.read)
    }

    /// The frames that no callback has received will not be.
    pub(super) fn give_up(&mut self) {
        self.expected.clear();
    }

    /// Whether the latest ping that the client read has no pong.
    pub(super) fn owes_pong(&self) -> bool {
        self.last_ping.is_some() && self.last_ping != self.last_pong
    }

    /// Whether the server may still send frames.
    pub(super) fn is_open(&self) -> bool {
        self.is_upgraded() && !self.is_broken && !self.has_closed && self.end.is_none() && !self.is_dropped
    }

    fn send(&mut self, first: u8, payload: &[u8]) {
        self.push(frames::encode(first, payload));
    }

    fn expect(&mut self, payload: &[u8], is_ping: bool) {
        if self.is_open() {
            let payload = Bytes::copy_from_slice(payload);
            self.expected.push_back(Expected { end: self.sent, payload, is_ping });
        }
    }

    /// A payload like no other one, of at least this size.
    fn payload(&mut self, size: usize) -> Vec<u8> {
        self.serial += 1;
        let mut payload = format!("{}/{} ", self.number, self.serial).into_bytes();
        payload.resize(payload.len().max(size), b'.');
        payload
    }

    pub(super) fn send_message(&mut self, is_text: bool, size: usize) {
        let payload = self.payload(size);
        self.send(FIN | if is_text { TEXT } else { BINARY }, &payload);
        self.expect(&payload, false);
    }

    pub(super) fn send_fragments(&mut self, count: usize) {
        let payload = self.payload(8 * count);
        let mut parts = payload.chunks(payload.len().div_ceil(count.max(1))).peekable();
        let mut opcode = BINARY;
        while let Some(part) = parts.next() {
            let fin = if parts.peek().is_none() { FIN } else { 0 };
            self.send(fin | mem::replace(&mut opcode, CONTINUATION), part);
        }
        self.expect(&payload, false);
    }

    pub(super) fn send_control(&mut self, is_ping: bool, size: usize) {
        let payload = self.payload(size.min(125));
        self.send(FIN | if is_ping { PING } else { PONG }, &payload);
        self.expect(&payload, is_ping);
    }

    pub(super) fn send_close(&mut self, code: Option<u16>) {
        if !self.has_closed && self.is_upgraded() {
            self.send(FIN | CLOSE, code.map(u16::to_be_bytes).as_ref().map_or(&[], |code| &code[..]));
            self.has_closed = true;
        }
    }

    /// Sends what the protocol forbids, or the beginning of a frame whose end never arrives.
    pub(super) fn send_garbage(&mut self, kind: u8) {
        match kind & 3 {
            0 => self.send(FIN | 0x40 | TEXT, b"a reserved bit"),
            1 => self.send(FIN | TEXT, &[0xFF]),
            2 => self.send(FIN | CONTINUATION, b"no message began"),
            _ => self.push(Bytes::from_static(&[FIN | BINARY, 126, 1, 0, 0])),
        }
        self.is_broken = true;
    }

    /// The client writes.
    ///
    /// # Errors
    ///
    /// What the client wrote is against the protocol.
    pub(super) fn accept(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.from_client.extend_from_slice(bytes);
        if let Some(request) = &mut self.request {
            request.unsplit(self.from_client.split());
            if request.ends_with(b"\r\n\r\n") {
                let request = String::from_utf8_lossy(request).into_owned();
                self.request = None;
                self.answer(&request);
            }
            return Ok(());
        }
        while let Some(frame) = frames::decode(&mut self.from_client)? {
            self.hear(frame)?;
        }
        Ok(())
    }

    fn answer(&mut self, request: &str) {
        let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap_or_default();
        let number = self.number;
        let switch = |key: &str| {
            let accept = key::accept(key);
            format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Accept: {accept}\r\nX-Line: {number}\r\n\r\n"
            )
        };
        match self.reply {
            Reply::Accept | Reply::AcceptAndSpeak => {
                let head = switch(key);
                self.push(head.into());
                self.head = self.sent;
                if let Reply::AcceptAndSpeak = self.reply {
                    self.send_message(true, 0);
                    self.join_last_two();
                }
            }
            Reply::Refuse(status) => {
                self.push(format!("HTTP/1.1 {status} No\r\nRetry-After: 0\r\nContent-Length: 2\r\n\r\nno").into());
            }
            Reply::WrongKey => self.push(switch("another key").into()),
            Reply::Garbage => self.push(Bytes::from_static(b"SMTP\r\n\r\n")),
            Reply::Eof => self.finish(End::Eof),
            Reply::Never => {}
        }
    }

    fn join_last_two(&mut self) {
        if let (Some((_, behind)), Some((at, before))) = (self.on_the_way.pop_back(), self.on_the_way.pop_back()) {
            self.on_the_way.push_back((at, [before, behind].concat().into()));
        }
    }

    fn hear(&mut self, frame: Received) -> Result<(), String> {
        let Received { is_final, opcode, payload } = frame;
        if self.is_closed {
            return Err(format!("the client sent a frame with the opcode {opcode} behind its close frame"));
        }
        match opcode {
            TEXT | BINARY if self.amid_message => return Err("the client began a message amid another one".into()),
            CONTINUATION if !self.amid_message => return Err("the client continued no message".into()),
            TEXT | BINARY | CONTINUATION => self.amid_message = !is_final,
            PING if self.answers_pings && !self.has_closed => {
                self.send(FIN | PONG, &payload);
                self.expect(&payload, false);
            }
            PING => {}
            // One that begins with a number answers a ping of this server.
            PONG if payload.first().is_some_and(u8::is_ascii_digit) => self.last_pong = Some(payload),
            PONG => {}
            CLOSE => {
                self.is_closed = true;
                if self.answers_close {
                    let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                    self.send_close(code);
                    self.finish(End::Eof);
                }
            }
            _ => return Err(format!("the client sent a frame with the opcode {opcode}")),
        }
        Ok(())
    }
}

impl From<End> for io::Result<usize> {
    fn from(end: End) -> Self {
        match end {
            End::Eof => Ok(0),
            End::Reset => Err(io::ErrorKind::ConnectionReset.into()),
        }
    }
}
