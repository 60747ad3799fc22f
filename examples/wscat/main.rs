//! A WebSocket in the terminal: lines go out as text, and what comes is shown.
//!
//! ```sh
//! cargo run --example wscat                             # talks to an echo server of its own by a script, and ends
//! cargo run --example wscat -- wss://example.com/chat   # your terminal, until /close, Ctrl-D or Ctrl-C
//! ```
//!
//! Lines that begin with `/` are commands: `/help` names them. What comes is shown as it comes (active mode) or, after
//! `/active off` or `/active once`, when you ask for it by `/recv`.

mod command;
mod script;
mod terminal;

use fresh::{
    Options, Socket,
    socket::{Active, SocketOptions},
    testing::EchoServer,
};
use terminal::{Heard, Terminal};
use tokio::sync::mpsc;

#[tokio::main]
async fn main() -> fresh::Result<()> {
    match std::env::args().nth(1) {
        Some(url) => interactive(&url).await,
        None => scripted().await,
    }
}

/// Between the terminal and a server.
async fn interactive(url: &str) -> fresh::Result<()> {
    let (terminal, _) = connect(Options::new(url)?).await?;
    let (line, lines) = mpsc::channel(16);
    // A thread of its own: to read a terminal cannot be cancelled, and a task would hold up the end.
    std::thread::spawn(move || {
        for typed in std::io::stdin().lines().map_while(Result::ok) {
            if line.blocking_send(typed).is_err() {
                return;
            }
        }
    });
    println!("done: {}", terminal.run(lines).await?);
    Ok(())
}

/// Between a script and an echo server.
async fn scripted() -> fresh::Result<()> {
    let server = EchoServer::start().await?;
    let (terminal, heard) = connect(Options::new(server.url())?).await?;
    let (line, lines) = mpsc::channel(1);
    let typing = tokio::spawn(script::play(line, heard));
    let summary = terminal.run(lines).await?;
    typing.await?;
    println!("done: {summary}");
    Ok(())
}

async fn connect(options: Options) -> fresh::Result<(Terminal, Heard)> {
    let (owner, events) = mpsc::channel(16);
    let socket = Socket::connect_to(SocketOptions::from(options).owner(owner).active(Active::On)).await?;
    match socket.peername() {
        Ok(peer) => println!("* connected to {peer}"),
        Err(_) => println!("* connected"),
    }
    Ok(Terminal::start(socket, events))
}
