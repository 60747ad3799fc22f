//! Servers for tests: [`Server`] does what the test says, frame by frame; [`EchoServer`] just works.
//!
//! Everything here is an assertion: what does not come, or comes in a way RFC 6455 forbids, is a panic that says
//! in one sentence what was expected, what came, and where in the test it was asked for.
//!
//! ```
//! # use fresh_core as fresh;
//! use fresh::testing::Server;
//!
//! # async fn scene() {
//! let server = Server::in_memory();
//! let options = server.options(); // for the client under test
//!
//! let mut connection = server.accept().await; // the upgrade, checked
//! connection.expect_text("1").await;
//! connection.send("2").await;
//! connection.close(1001, "restarting").await;
//! connection.finish_close().await;
//! # }
//! ```
//!
//! # Time
//!
//! An in-memory server works under tokio's paused clock (`#[tokio::test(start_paused = true)]`), so a test of a
//! backoff or a keepalive takes no time; that needs tokio's feature `test-util`. Each wait here is patient for 10 s
//! of real time, or, where the clock is paused and runs ahead, for an hour of it; then it panics. Do not pause the
//! clock over real TCP: it would run ahead of bytes that are under way.
//!
//! # Pings
//!
//! A [`Connection`] acts only while the test awaits one of its methods. By default it answers the pings it reads,
//! and [`receive`](Connection::receive) and the expectations built on it do not report them; only
//! [`expect_ping`](Connection::expect_ping) does. After [`auto_pong(false)`](Connection::auto_pong) pings are
//! reported and not answered.
//!
//! # What does the work
//!
//! hyper's server reads the upgrade request and `fastwebsockets::upgrade` answers it; frames are written by
//! fastwebsockets' `Frame`. [`EchoServer`] uses fastwebsockets throughout. [`Server`] steps below it in two
//! places. The answer's bytes go out by hand, because a test wants to send frames in the same segment, or no HTTP
//! at all. And frames are read by a parser of their own: fastwebsockets' reader accepts what a client must not
//! send (unmasked frames, lengths longer than needed), does not give up the raw bytes, and loses a frame when
//! it is cancelled. That parser is not the client's either, so that one mistake cannot hide in both.

mod connection;
mod echo;
mod expect;
mod handshake;
mod patience;
mod receive;
mod request;
mod send;
mod server;
mod wire;

#[cfg(test)]
mod tests;

pub use connection::{Connection, Frozen, Received};
pub use echo::EchoServer;
pub use handshake::Handshake;
pub use server::{Dialer, Server};
pub use wire::WireFrame;
