//! The user's own way to a byte stream.

use std::{fmt, net::SocketAddr};

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::error::BoxError;

/// Opens the byte stream under a connection, in place of TCP: a tunnel, a simulated network, a socket passed in.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Opens one byte stream to the target. Called once an attempt; dropped when the connect timeout has passed.
    async fn connect(&self, target: &Target) -> Result<Transport, BoxError>;
}

/// Where an attempt wants to go.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target {
    /// The host of the URL: a name or an address, an IPv6 address without brackets.
    pub host: String,
    /// The port of the URL, or 80 for `ws` and 443 for `wss`.
    pub port: u16,
    /// Whether TLS will be spoken over the stream (`wss`).
    pub secure: bool,
}

/// A byte stream in both directions.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Io for T {}

/// A byte stream and what is known of its ends.
pub struct Transport {
    pub(crate) io: Box<dyn Io>,
    pub(crate) peer_addr: Option<SocketAddr>,
    pub(crate) local_addr: Option<SocketAddr>,
}

impl Transport {
    /// A byte stream whose ends have no address.
    pub fn new(io: impl Io) -> Self {
        Self { io: Box::new(io), peer_addr: None, local_addr: None }
    }

    /// A byte stream between these addresses, which `peer_addr()` and `local_addr()` then tell.
    pub fn with_addrs(io: impl Io, peer: Option<SocketAddr>, local: Option<SocketAddr>) -> Self {
        Self { io: Box::new(io), peer_addr: peer, local_addr: local }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("peer_addr", &self.peer_addr)
            .field("local_addr", &self.local_addr)
            .finish_non_exhaustive()
    }
}
