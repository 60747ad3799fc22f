//! The scripted server and the ways to it.

use std::{fmt, io, net::SocketAddr, panic::Location};

use async_trait::async_trait;
use tokio::{
    io::DuplexStream,
    net::{TcpListener, TcpStream},
    sync::{Mutex, mpsc},
};
use tokio_util::either::Either;
use url::Url;

use super::{
    connection::Connection,
    handshake::Handshake,
    patience::{Caller, patiently},
};
use crate::{
    error::BoxError,
    options::{Connector, Options, Target, Transport},
};

/// The server's end of a connection.
pub(super) type Stream = Either<TcpStream, DuplexStream>;

/// How many bytes each direction of an in-memory connection holds, where the test does not say.
const DEFAULT_BUFFER: usize = 64 << 10;

/// A server that does what the test says; see the [module](super).
///
/// It takes a connection only when asked to: until then one that was made waits, as in a listener's backlog.
/// When it is dropped, further attempts to connect are refused; connections already taken live on.
#[derive(Debug)]
pub struct Server {
    source: Source,
    dialer: Dialer,
    options: Options,
}

enum Source {
    Memory(Mutex<mpsc::UnboundedReceiver<DuplexStream>>),
    Tcp(TcpListener),
}

impl Server {
    /// A server reached through memory alone, without a port: works under a paused clock.
    pub fn in_memory() -> Self {
        Self::in_memory_with_buffer(DEFAULT_BUFFER)
    }

    /// An in-memory server whose connections hold this many bytes in each direction (default: 64 KiB); more is
    /// accepted only as the other side reads. A small buffer shows backpressure.
    pub fn in_memory_with_buffer(bytes: usize) -> Self {
        let (sender, incoming) = mpsc::unbounded_channel();
        let dialer = Dialer(Way::Memory { sender, buffer: bytes });
        let options = options("ws://scripted.test/").connector(dialer.clone());
        Self { source: Source::Memory(Mutex::new(incoming)), dialer, options }
    }

    /// A server on a free TCP port of 127.0.0.1.
    pub async fn tcp() -> Self {
        let bound =
            TcpListener::bind(("127.0.0.1", 0)).await.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (addr, listener) = bound.unwrap_or_else(|error| panic!("no port to listen on: {error}"));
        let options = options(&format!("ws://{addr}/"));
        Self { source: Source::Tcp(listener), dialer: Dialer(Way::Tcp(addr)), options }
    }

    /// Options for a client of this server: its URL, and in memory its connector; the rest is default.
    pub fn options(&self) -> Options {
        self.options.clone()
    }

    /// The `ws://` URL of the server.
    pub fn url(&self) -> &Url {
        self.options.url()
    }

    /// The way to this server, for options that the test builds itself.
    pub fn connector(&self) -> Dialer {
        self.dialer.clone()
    }

    /// Takes the next connection and upgrades it: [`pending`](Self::pending), then [`Handshake::accept`].
    #[track_caller]
    pub fn accept(&self) -> impl Future<Output = Connection> {
        let at = Location::caller();
        async move { self.pending_for(at).await.accept_for(at).await }
    }

    /// Takes the next connection, reads its upgrade request and checks it against RFC 6455 §4.1; the test says
    /// what the answer is.
    #[track_caller]
    pub fn pending(&self) -> impl Future<Output = Handshake> {
        self.pending_for(Location::caller())
    }

    /// Takes the next connection as it is, without any handshake: for what is not a WebSocket, or not yet one,
    /// such as a proxy.
    #[track_caller]
    pub fn accept_raw(&self) -> impl Future<Output = Connection> {
        let at = Location::caller();
        async move { Connection::new(self.next_stream(at).await) }
    }

    async fn pending_for(&self, at: Caller) -> Handshake {
        Handshake::read(at, self.next_stream(at).await).await
    }

    async fn next_stream(&self, at: Caller) -> Stream {
        let next = async {
            match &self.source {
                Source::Memory(incoming) => incoming.lock().await.recv().await.map(Either::Right),
                Source::Tcp(listener) => listener.accept().await.ok().map(|(stream, _)| Either::Left(stream)),
            }
        };
        let stream = patiently(at, "no client connected", next).await;
        stream.unwrap_or_else(|| panic!("the server's listener failed (used at {at})"))
    }
}

fn options(url: &str) -> Options {
    Options::new(url).unwrap_or_else(|error| panic!("{url} is a URL: {error}"))
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory(_) => "Memory",
            Self::Tcp(_) => "Tcp",
        })
    }
}

/// The way to a [`Server`], as a [`Connector`]; whatever the URL says, it leads there.
#[derive(Clone, Debug)]
pub struct Dialer(Way);

#[derive(Clone, Debug)]
enum Way {
    Memory { sender: mpsc::UnboundedSender<DuplexStream>, buffer: usize },
    Tcp(SocketAddr),
}

#[async_trait]
impl Connector for Dialer {
    async fn connect(&self, _target: &Target) -> Result<Transport, BoxError> {
        match &self.0 {
            Way::Memory { sender, buffer } => {
                let (ours, theirs) = tokio::io::duplex(*buffer);
                sender.send(theirs).map_err(|_| io::Error::from(io::ErrorKind::ConnectionRefused))?;
                Ok(Transport::new(ours))
            }
            Way::Tcp(addr) => {
                let stream = TcpStream::connect(addr).await?;
                let (peer, local) = (stream.peer_addr().ok(), stream.local_addr().ok());
                Ok(Transport::with_addrs(stream, peer, local))
            }
        }
    }
}
