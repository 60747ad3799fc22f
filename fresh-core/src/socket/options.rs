//! The options of a socket: those of a client, and those that only a socket has.

use std::{fmt, net::Ipv6Addr, time::Duration};

use tokio::sync::mpsc;
use url::Host;

use super::{event::SocketEvent, state::Active};
use crate::options::{Limits, Options, OptionsError, TlsOptions};

/// The transport under a socket. hackney_ws's `transport`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// TCP: `ws`. hackney_ws's `hackney_tcp`.
    Tcp,
    /// TLS: `wss`. hackney_ws's `hackney_ssl`.
    Tls,
}

/// The options of a [`Socket`](super::Socket).
///
/// All of [`Options`] can be set: build those first, and convert them with `SocketOptions::from`. `Options::backoff`,
/// `Options::inbound` and `Options::offline` have no effect, as a socket does not reconnect and has a queue of its own.
///
/// ```
/// # use fresh_core as fresh;
/// use std::time::Duration;
///
/// use fresh::{Options, socket::{SocketOptions, Transport}};
///
/// # fn main() -> fresh::Result<()> {
/// let by_url = SocketOptions::new("wss://example.com/chat")?;
/// let by_host = SocketOptions::host(Transport::Tls, "example.com", 443)?.path("/chat")?;
/// let with_more: SocketOptions = Options::new("wss://example.com/chat")?
///     .protocol("chat.v1")?
///     .connect_timeout(Duration::from_secs(3))
///     .into();
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SocketOptions {
    pub(super) options: Options,
    pub(super) active: Active,
    pub(super) owner: Option<mpsc::Sender<SocketEvent>>,
    pub(super) recv_timeout: Option<Duration>,
    pub(super) most_frames: usize,
    pub(super) most_bytes: usize,
}

impl From<Options> for SocketOptions {
    fn from(options: Options) -> Self {
        Self { options, active: Active::Off, owner: None, recv_timeout: None, most_frames: 64, most_bytes: 256 << 10 }
    }
}

impl SocketOptions {
    /// The default options for a `ws://` or `wss://` URL.
    ///
    /// # Errors
    ///
    /// `url` is not a URL, has another scheme, has no host, or has a fragment (RFC 6455 §3).
    pub fn new(url: impl AsRef<str>) -> Result<Self, OptionsError> {
        Options::new(url).map(Self::from)
    }

    /// The default options for a host and a port; the path is `/`. hackney_ws's `host`, `port` and `transport`.
    ///
    /// The host is a name or an address, an IPv6 address with or without brackets.
    ///
    /// # Errors
    ///
    /// `host` is not a host.
    pub fn host(transport: Transport, host: impl AsRef<str>, port: u16) -> Result<Self, OptionsError> {
        let scheme = match transport {
            Transport::Tcp => "ws",
            Transport::Tls => "wss",
        };
        let host = host.as_ref();
        let host = match host.parse::<Ipv6Addr>() {
            Ok(addr) => Host::Ipv6(addr),
            Err(_) => Host::parse(host)?,
        };
        Self::new(format!("{scheme}://{host}:{port}/"))
    }

    /// The path to ask for, with a query where there is one. Default: `/`, or that of the URL. hackney_ws's `path`.
    ///
    /// # Errors
    ///
    /// A path that does not begin with `/`.
    pub fn path(mut self, path: impl AsRef<str>) -> Result<Self, OptionsError> {
        let path = path.as_ref();
        if !path.starts_with('/') {
            return Err(OptionsError::Path(path.to_owned()));
        }
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        self.options.url.set_path(path);
        self.options.url.set_query(query);
        Ok(self)
    }

    /// Adds a header to the upgrade request; see [`Options::header`]. Default: none. hackney_ws's `headers`.
    ///
    /// # Errors
    ///
    /// Those of [`Options::header`].
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Result<Self, OptionsError> {
        self.options = self.options.header(name, value)?;
        Ok(self)
    }

    /// Offers a subprotocol; see [`Options::protocol`]. Default: none. hackney_ws's `protocols`.
    ///
    /// # Errors
    ///
    /// Those of [`Options::protocol`].
    pub fn protocol(mut self, protocol: impl Into<String>) -> Result<Self, OptionsError> {
        self.options = self.options.protocol(protocol)?;
        Ok(self)
    }

    /// The one budget of `connect`: DNS, TCP, TLS and upgrade together. Default: 8 s. Zero turns it off: a server that
    /// hangs then holds `connect` for ever. hackney_ws's `connect_timeout`.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.options = self.options.connect_timeout(timeout);
        self
    }

    /// How long the close handshake may take. Default: 5 s. See [`Options::close_timeout`]; there is no "off". The 5 s of
    /// hackney_ws's `closing`.
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.options = self.options.close_timeout(timeout);
        self
    }

    /// How often a ping is sent while connected. Default: 30 s. Zero turns the keepalive off; see
    /// [`Options::ping_interval`]. hackney_ws sends none.
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.options = self.options.ping_interval(interval);
        self
    }

    /// How much the server may make us hold. Default: frames of 16 MiB, messages of 64 MiB; see [`Limits`]. There is no
    /// "off": give larger numbers. hackney_ws's `max_frame_size` and `max_message_size`.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.options = self.options.limits(limits);
        self
    }

    /// How many encoded bytes wait for the transport before `send` waits for room. Default: 1 MiB; at least 1 byte. See
    /// [`Options::write_buffer`]; there is no "off". It does not limit what is received.
    pub fn write_buffer(mut self, bytes: usize) -> Self {
        self.options = self.options.write_buffer(bytes);
        self
    }

    /// How `wss` is secured; see [`TlsOptions`]. Default: the system's root certificates; there is no "off" but `ws`.
    /// hackney_ws's `ssl_options`.
    pub fn tls(mut self, tls: TlsOptions) -> Self {
        self.options = self.options.tls(tls);
        self
    }

    /// How long a `recv` waits before it returns [`SocketError::Timeout`](super::SocketError::Timeout). Default: without
    /// limit. Zero turns it off again. hackney_ws's `recv_timeout`, which closes the socket; here it stays open, and no
    /// frame is lost.
    pub fn recv_timeout(mut self, timeout: Duration) -> Self {
        self.recv_timeout = (!timeout.is_zero()).then_some(timeout);
        self
    }

    /// The mode at first. Default: [`Active::Off`], in which `recv` takes the frames. The other modes need an
    /// [`owner`](Self::owner), and `recv` is an error in them. hackney_ws's `active`.
    pub fn active(mut self, active: Active) -> Self {
        self.active = active;
        self
    }

    /// The channel that gets the frames in the active modes. Default: none. In hackney_ws, the process that starts the
    /// socket.
    ///
    /// The channel's capacity is how far the socket may run ahead of its owner; a slow owner pauses reading. When the
    /// receiver is dropped, the socket closes with 1000.
    pub fn owner(mut self, owner: mpsc::Sender<SocketEvent>) -> Self {
        self.owner = Some(owner);
        self
    }

    /// How many received frames, and how many bytes of them, may wait to be taken before the connection is no longer read.
    /// Default: 64 frames, 256 KiB; at least one frame is always held. It takes the place of `Options::inbound`.
    ///
    /// A payload of more than 32 KiB counts for at least 64 KiB, as it may keep the read buffer it came in. A smaller one
    /// that has to wait is copied out of the buffer.
    ///
    /// There is no "off": give large numbers. A small queue pushes back to the server early; a large one costs memory.
    pub fn inbound(mut self, frames: usize, bytes: usize) -> Self {
        self.most_frames = frames.max(1);
        self.most_bytes = bytes;
        self
    }
}

/// Shows no secrets, like that of [`Options`].
impl fmt::Debug for SocketOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketOptions")
            .field("options", &self.options)
            .field("active", &self.active)
            .field("owned", &self.owner.is_some())
            .field("recv_timeout", &self.recv_timeout)
            .field("inbound", &(self.most_frames, self.most_bytes))
            .finish()
    }
}
