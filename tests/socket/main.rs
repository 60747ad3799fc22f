//! The socket: hackney_ws's functions, modes and states, on the runtime's driver.

// A test names what it expects, and takes all else for a failure.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm)]

#[path = "../support/mod.rs"]
mod support;

mod backpressure;
mod both_ways;
mod bytes;
mod closing;
mod combinators;
mod hackney;
mod lifetimes;
mod states;
mod switching;

use fresh::{
    Frame, Message, Options, Socket,
    socket::{SocketError, SocketEvent, SocketOptions},
    testing::{Connection, Server},
};
use support::time::soon;
use tokio::sync::mpsc;

/// A socket with these options, connected to the server.
async fn open(server: &Server, options: impl Into<SocketOptions>) -> (Socket, Connection) {
    let (socket, connection) = tokio::join!(Socket::connect_to(options), server.accept());
    (socket.unwrap(), connection)
}

/// A passive socket with the default options, its server, and the server's end.
async fn passive() -> (Socket, Connection, Server) {
    let server = Server::in_memory();
    let (socket, connection) = open(&server, server.options()).await;
    (socket, connection, server)
}

/// The options of a socket whose owner's channel holds so many events, and the owner's end.
fn owned(options: Options, capacity: usize) -> (SocketOptions, mpsc::Receiver<SocketEvent>) {
    let (owner, events) = mpsc::channel(capacity);
    (SocketOptions::from(options).owner(owner), events)
}

/// The next event of an owner, which has to be a frame.
async fn told(events: &mut mpsc::Receiver<SocketEvent>) -> Frame {
    let event = soon(events.recv()).await.expect("the socket holds on to its owner");
    event.clone().into_frame().unwrap_or_else(|| panic!("{event:?} is no frame"))
}

/// The next frame of a passive socket.
async fn received(socket: &Socket) -> Frame {
    soon(socket.recv()).await.unwrap()
}

/// Why there is no next frame.
async fn refused(socket: &Socket) -> SocketError {
    soon(socket.recv()).await.expect_err("a frame came")
}

fn text(text: &'static str) -> Frame {
    Frame::text(text)
}

/// The frame with this number.
fn numbered(number: usize) -> Frame {
    Frame::text(number.to_string())
}

/// The number in a message.
fn number(message: &Message) -> usize {
    message.to_text().unwrap().parse().unwrap()
}
