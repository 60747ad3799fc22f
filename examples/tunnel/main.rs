//! A tunnel: a protocol of bytes over a WebSocket, by `AsyncRead` and `AsyncWrite`.
//!
//! ```text
//! visitor ──TCP──▶ tunnel ──WebSocket──▶ gateway ──TCP──▶ service
//! ```
//!
//! Visitor and service use TCP and know nothing of WebSockets. The tunnel needs one socket for each visitor, and
//! `copy_bidirectional`. The end of each direction is passed on: when the visitor has sent everything, the service sees the
//! end of its input.
//!
//! ```sh
//! cargo run --example tunnel
//! ```

#[path = "../shared/accept.rs"]
mod accept;
mod gateway;
mod service;

use std::net::SocketAddr;

use fresh::{Options, Socket};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

const LINES: usize = 10_000;

#[tokio::main]
async fn main() -> fresh::Result<()> {
    let service = service::start().await?;
    let gateway = gateway::start(service).await?;
    let entrance = TcpListener::bind("127.0.0.1:0").await?;
    let visit = tokio::spawn(visit(entrance.local_addr()?));

    let (mut visitor, _) = entrance.accept().await?;
    let mut tunnel = Socket::connect_to(Options::new(format!("ws://{gateway}/"))?).await?.into_io();
    let (there, back) = copy_bidirectional(&mut visitor, &mut tunnel).await?;

    visit.await??;
    println!("done: {LINES} lines, {there} bytes there, {back} bytes back");
    Ok(())
}

/// Sends many lines, ends its output, and checks the answer.
async fn visit(entrance: SocketAddr) -> fresh::Result<()> {
    let (mut answers, mut questions) = TcpStream::connect(entrance).await?.into_split();
    let asking = async {
        for number in 0..LINES {
            questions.write_all(format!("line {number}\n").as_bytes()).await?;
        }
        questions.shutdown().await
    };
    let mut answer = String::new();
    tokio::try_join!(asking, answers.read_to_string(&mut answer))?;

    let expected: String = (0..LINES).map(|number| format!("LINE {number}\n")).collect();
    if answer == expected { Ok(()) } else { Err("the tunnel lost or changed bytes".into()) }
}
