//! The loop that reads typed lines and received frames.

use std::fmt;

use fresh::{
    Frame, Socket,
    error::Chain,
    socket::{Active, SocketError, SocketEvent, SocketState},
};
use tokio::sync::{mpsc, watch};

use crate::command::{Command, HELP};

/// The number of received frames so far.
pub(crate) type Heard = watch::Receiver<u64>;

pub(crate) struct Terminal {
    socket: Socket,
    events: mpsc::Receiver<SocketEvent>,
    sent: u64,
    heard: watch::Sender<u64>,
}

/// The outcome of a session.
pub(crate) struct Summary {
    sent: u64,
    heard: u64,
    end: String,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} sent, {} received, {}", self.sent, self.heard, self.end)
    }
}

impl Terminal {
    pub(crate) fn start(socket: Socket, events: mpsc::Receiver<SocketEvent>) -> (Self, Heard) {
        let (heard, hears) = watch::channel(0);
        (Self { socket, events, sent: 0, heard }, hears)
    }

    /// Runs until the socket is closed, from either side; the end of the lines closes it too.
    pub(crate) async fn run(mut self, mut lines: mpsc::Receiver<String>) -> fresh::Result<Summary> {
        let end = loop {
            let done = tokio::select! {
                line = lines.recv() => self.typed(&line.unwrap_or_else(|| "/close".into())).await?,
                Some(event) = self.events.recv() => self.told(event),
            };
            if let Some(end) = done {
                break end;
            }
        };
        Ok(Summary { sent: self.sent, heard: *self.heard.borrow(), end })
    }

    /// Runs the command of a line; returns how the socket ended, if it did.
    async fn typed(&mut self, line: &str) -> fresh::Result<Option<String>> {
        println!("> {line}");
        match Command::parse(line) {
            None => println!("* no such command; /help names them"),
            Some(Command::Help) => println!("{HELP}"),
            Some(Command::State) => println!("* {}", self.socket.state()),
            Some(Command::Send(frame)) => {
                if self.shown(self.socket.send(frame).await).is_some() {
                    self.sent += 1;
                }
            }
            Some(Command::Active(mode)) => {
                self.shown(self.socket.set_active(mode));
            }
            Some(Command::Recv) => match self.socket.recv().await {
                Ok(frame) => self.show(&frame),
                Err(SocketError::Closed(disconnect)) => return Ok(Some(disconnect.to_string())),
                Err(error) => println!("* {}", Chain(&error)),
            },
            Some(Command::Close(code, reason)) => {
                if self.shown(self.socket.close_with(code, reason).await).is_some() {
                    return Ok(Some(self.last_words().await));
                }
            }
        }
        Ok(None)
    }

    fn told(&self, event: SocketEvent) -> Option<String> {
        match event {
            SocketEvent::Frame(_, frame) => {
                self.show(&frame);
                None
            }
            SocketEvent::Closed(_, disconnect) => Some(disconnect.to_string()),
            SocketEvent::Failed(_, error) => Some(error.to_string()),
            SocketEvent::Ended(_, reason) => Some(reason.to_string()),
            _ => None,
        }
    }

    /// Shows the frames that were received before the close; returns how the socket ended.
    async fn last_words(&mut self) -> String {
        // The rest is taken by `recv`, in every mode.
        let _ = self.socket.set_active(Active::Off);
        loop {
            if let Ok(event) = self.events.try_recv() {
                match self.told(event) {
                    Some(end) => return end,
                    None => continue,
                }
            }
            match self.socket.recv().await {
                Ok(frame) => self.show(&frame),
                Err(SocketError::WrongState { state: SocketState::Closed }) => return "closed".into(),
                Err(end) => return end.to_string(),
            }
        }
    }

    fn show(&self, frame: &Frame) {
        self.heard.send_modify(|heard| *heard += 1);
        match frame {
            Frame::Text(text) => println!("< {text}"),
            Frame::Binary(bytes) => println!("< {} bytes", bytes.len()),
            Frame::Ping(data) => println!("< ping {}", String::from_utf8_lossy(data)),
            Frame::Pong(data) => println!("< pong {}", String::from_utf8_lossy(data)),
            Frame::Close(_) => {}
        }
    }

    /// The value of a call; an error is shown and does not end the session.
    fn shown<T>(&self, answer: Result<T, SocketError>) -> Option<T> {
        answer.inspect_err(|error| println!("* {}", Chain(error))).ok()
    }
}
