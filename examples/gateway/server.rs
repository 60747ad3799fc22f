//! The gateway's own side, on a bad day.
//!
//! It serves one client at a time and says one thing after each heartbeat, so a connection needs no second task.

use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::{
    accept::accept,
    protocol::{Chat, FromClient, FromServer},
};

/// After how many messages a connection ends, and how.
const BAD_DAY: [(usize, Ending); 3] = [(3, Ending::Dropped), (2, Ending::Crashed), (3, Ending::Closed)];
const HEARTBEAT_MS: u64 = 100;
/// Who says what, over and over.
const TALK: [(&str, &str); 4] =
    [("ada", "is anybody there?"), ("bob", "I am"), ("ada", "how is the bridge?"), ("bob", "it still stands")];

#[derive(Clone, Copy)]
enum Ending {
    /// The connection is lost, and the talk goes on before the client is back.
    Dropped,
    /// The connection is lost, and the session with it.
    Crashed,
    /// There is nothing more to say.
    Closed,
}

pub(crate) async fn run(listener: TcpListener) -> fresh::Result<()> {
    let mut session = Session::new(1);
    for (messages, ending) in BAD_DAY {
        let mut connection = welcome(&listener, &mut session).await?;
        for _ in 0..messages {
            connection.await_heartbeat().await?;
            let chat = session.say();
            connection.send(&FromServer::Chat(chat)).await?;
        }
        match ending {
            Ending::Dropped => {
                println!("server: drops the connection, and the talk goes on");
                session.say();
                session.say();
            }
            Ending::Crashed => {
                println!("server: crashes, and forgets the session");
                session = Session::new(session.number + 1);
            }
            Ending::Closed => connection.close().await?,
        }
    }
    Ok(())
}

/// Lets clients in until one has a session, a new one or the old.
async fn welcome(listener: &TcpListener, session: &mut Session) -> fresh::Result<Connection> {
    loop {
        let mut connection = Connection(FragmentCollector::new(accept(listener).await?));
        connection.send(&FromServer::Hello { heartbeat_ms: HEARTBEAT_MS }).await?;
        match connection.receive().await? {
            Some(FromClient::Identify { .. }) => {
                connection.send(&FromServer::Ready { session: session.id() }).await?;
                return Ok(connection);
            }
            Some(FromClient::Resume { session: id, seq }) if id == session.id() => {
                connection.replay(session.since(seq)).await?;
                return Ok(connection);
            }
            Some(FromClient::Resume { .. }) => connection.refuse().await?,
            Some(FromClient::Heartbeat { .. }) | None => return Err("a client that does not introduce itself".into()),
        }
    }
}

/// What was said since a client identified itself.
struct Session {
    number: u64,
    log: Vec<Chat>,
}

impl Session {
    fn new(number: u64) -> Self {
        Self { number, log: Vec::new() }
    }

    fn id(&self) -> String {
        format!("s-{}", self.number)
    }

    fn say(&mut self) -> Chat {
        let (author, text) = TALK[self.log.len() % TALK.len()];
        let seq = self.log.len() as u64 + 1;
        let chat = Chat { seq, author: author.to_owned(), text: text.to_owned() };
        self.log.push(chat.clone());
        chat
    }

    fn since(&self, seq: u64) -> impl Iterator<Item = &Chat> {
        self.log.iter().filter(move |chat| chat.seq > seq)
    }
}

struct Connection(FragmentCollector<TokioIo<Upgraded>>);

impl Connection {
    async fn send(&mut self, message: &FromServer) -> fresh::Result<()> {
        let json = serde_json::to_vec(message)?;
        Ok(self.0.write_frame(Frame::text(Payload::Owned(json))).await?)
    }

    /// The next message; `None` where the client closed the connection.
    async fn receive(&mut self) -> fresh::Result<Option<FromClient>> {
        loop {
            let frame = self.0.read_frame().await?;
            match frame.opcode {
                OpCode::Text => return Ok(Some(serde_json::from_slice(&frame.payload)?)),
                OpCode::Close => return Ok(None),
                OpCode::Ping | OpCode::Pong | OpCode::Binary | OpCode::Continuation => {}
            }
        }
    }

    async fn await_heartbeat(&mut self) -> fresh::Result<()> {
        match self.receive().await? {
            Some(FromClient::Heartbeat { .. }) => self.send(&FromServer::HeartbeatAck).await,
            other => Err(format!("a heartbeat was due, and there came {other:?}").into()),
        }
    }

    /// Sends again what was missed, and then that this was all.
    async fn replay(&mut self, missed: impl Iterator<Item = &Chat>) -> fresh::Result<()> {
        let mut replayed = 0;
        for chat in missed {
            self.send(&FromServer::Chat(chat.clone())).await?;
            replayed += 1;
        }
        self.send(&FromServer::Resumed { replayed }).await
    }

    /// Says that the session is unknown; it is the client that closes then.
    async fn refuse(&mut self) -> fresh::Result<()> {
        self.send(&FromServer::InvalidSession).await?;
        while self.receive().await?.is_some() {}
        Ok(())
    }

    async fn close(&mut self) -> fresh::Result<()> {
        self.0.write_frame(Frame::close(1000, b"good night")).await?;
        while self.receive().await?.is_some() {}
        Ok(())
    }
}
