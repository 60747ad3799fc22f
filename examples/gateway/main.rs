//! A chat gateway in the manner of Discord's, and a bot that gets over its bad day.
//!
//! The server says hello and how often it wants a heartbeat; the bot identifies itself and gets a session, and then
//! numbered messages. The server drops the connection: the bot reconnects (`Recovery::Reconnect` keeps its handler,
//! and so its session) and resumes, and what it missed is sent again. The server forgets the session: the bot starts
//! over (`Recovery::Restart` makes a new handler) and identifies itself anew.
//!
//! ```sh
//! cargo run --example gateway
//! ```

#[path = "../shared/accept.rs"]
mod accept;
mod bot;
#[path = "../shared/narrator.rs"]
mod narrator;
mod protocol;
mod server;

use std::io;

use bot::Bot;
use fresh::{Client, Options, client::EndedError};
use narrator::{Narrated, tell_waits};
use protocol::FromServer;
use tokio::{net::TcpListener, sync::mpsc};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> fresh::Result<()> {
    tracing_subscriber::fmt().with_env_filter(EnvFilter::from_default_env()).with_writer(io::stderr).init();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let options = Options::new(format!("ws://{}/gateway", listener.local_addr()?))?;
    let (_, diary) = tokio::try_join!(server::run(listener), chat(options))?;
    println!("done: {} messages, {} sessions, {} resumed", diary.messages, diary.sessions, diary.resumed);
    Ok(())
}

/// Runs the bot to its end, and notes what it hears: no message may be missed, or come twice.
async fn chat(options: Options) -> fresh::Result<Diary> {
    let (events, mut heard) = mpsc::unbounded_channel();
    let bot = move |client| Narrated::new(Bot::new(client, events.clone()));
    let client = Client::start_with(options, bot)?;
    tokio::spawn(tell_waits(client.clone()));

    let mut diary = Diary::default();
    while let Some(event) = heard.recv().await {
        diary.note(&event)?;
    }
    match client.closed().await {
        reason if reason.is_abnormal() => Err(EndedError(reason).into()),
        _ => Ok(diary),
    }
}

#[derive(Default)]
struct Diary {
    sessions: u64,
    resumed: u64,
    messages: u64,
    /// The number of this session's last message.
    last: u64,
}

impl Diary {
    fn note(&mut self, event: &FromServer) -> fresh::Result<()> {
        match event {
            FromServer::Ready { .. } => {
                self.sessions += 1;
                self.last = 0;
            }
            FromServer::Resumed { .. } => self.resumed += 1,
            FromServer::Chat(chat) if chat.seq == self.last + 1 => {
                self.messages += 1;
                self.last = chat.seq;
            }
            FromServer::Chat(chat) => return Err(format!("message {} came after {}", chat.seq, self.last).into()),
            FromServer::Hello { .. } | FromServer::InvalidSession | FromServer::HeartbeatAck => {}
        }
        Ok(())
    }
}
