//! The test servers, against a client made of raw bytes and of fastwebsockets' client half.

mod assertions;
mod connection;
mod echo;
mod handshake;

use std::panic::AssertUnwindSafe;

use fastwebsockets::{Role, WebSocket};
use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::options::{Connector, Io, Target};

/// The request of RFC 6455 §1.2.
const REQUEST: &str = "GET /chat?room=1 HTTP/1.1\r\nHost: scripted.test\r\nUpgrade: websocket\r\n\
    Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: 13\r\n\r\n";

type Client = WebSocket<Box<dyn Io>>;

async fn dial(server: &Server) -> Box<dyn Io> {
    let target = Target { host: "scripted.test".into(), port: 80, secure: false };
    server.connector().connect(&target).await.unwrap().io
}

async fn requested(server: &Server) -> (Box<dyn Io>, Handshake) {
    let mut io = dial(server).await;
    io.write_all(REQUEST.as_bytes()).await.unwrap();
    (io, server.pending().await)
}

async fn opened(server: &Server) -> (Client, Connection) {
    let (mut io, handshake) = requested(server).await;
    let connection = handshake.accept().await;
    head(&mut io).await;
    (WebSocket::after_handshake(io, Role::Client), connection)
}

/// The head of an answer, and nothing after it.
async fn head(io: &mut Box<dyn Io>) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(io.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

async fn rest(io: &mut Box<dyn Io>) -> String {
    let mut rest = String::new();
    io.read_to_string(&mut rest).await.unwrap();
    rest
}

/// What the panic of a failed assertion says.
async fn complaint<T>(future: impl Future<Output = T>) -> String {
    let Err(panic) = AssertUnwindSafe(future).catch_unwind().await else { panic!("the assertion held") };
    *panic.downcast::<String>().unwrap()
}
