//! Every option, as plain data: what it does, its default and unit, and how to turn it off.
//!
//! Nothing here acts. A wrong value is refused where it is given, never later in the runtime.

mod connector;
#[cfg(feature = "deflate")]
mod deflate;
mod error;
mod limits;
mod redact;
mod retry;
#[cfg(feature = "serde")]
mod serde;
mod tls;

#[cfg(test)]
mod tests;

use std::{path::PathBuf, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

pub use connector::{Connector, Io, Target, Transport};
#[cfg(feature = "deflate")]
pub use deflate::DeflateOptions;
pub use error::OptionsError;
pub use limits::Limits;
pub use redact::redacted;
pub use retry::BackoffOptions;
pub use tls::{Roots, TlsOptions};

use crate::{error::BoxError, registry::Name};

/// In place of the feature `deflate`: options that nobody can give.
#[cfg(not(feature = "deflate"))]
pub(crate) type DeflateOptions = std::convert::Infallible;

/// What to do with a frame that is sent while there is no connection.
///
/// A frame that is lost is counted in `stats()` and logged at `warn`; one that is given back is not lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Offline {
    /// `send` answers an error that gives the frame back. The default, as a frame that is late is often wrong.
    #[default]
    Reject,
    /// Up to this many frames wait for the next connection; then as `Reject`. Frames that still stood in the mailbox
    /// when a connection was lost wait as well; those in the write buffer, of which the server may have seen a part,
    /// are lost. A server may get them long after they made sense.
    Queue(usize),
    /// `send` succeeds and the frame is dropped: only `stats()` and the log tell of it. Fresh's behaviour.
    Drop,
}

/// What one attempt is about to ask for: the request hook may change it.
#[derive(Clone)]
#[non_exhaustive]
pub struct Request {
    /// Where the attempt connects to.
    pub url: Url,
    /// The extra headers of the upgrade request.
    pub headers: HeaderMap,
    /// The subprotocols to offer, the preferred one first.
    pub protocols: Vec<String>,
    /// The number of the attempt: 1 for the client's first, counted over its whole life.
    pub attempt: u64,
}

/// An async function that sees, and may change, the request of every attempt.
pub(crate) type RequestHook = Arc<dyn Fn(Request) -> BoxFuture<'static, Result<Request, BoxError>> + Send + Sync>;

/// The options of a client.
///
/// [`Options::new`] sets the defaults; each method changes one and gives the options back. A zero duration turns
/// off whatever it times, unless the option says otherwise.
#[derive(Clone)]
pub struct Options {
    pub(crate) url: Url,
    pub(crate) name: Option<Name>,
    pub(crate) headers: HeaderMap,
    pub(crate) protocols: Vec<String>,
    pub(crate) deflate: Option<DeflateOptions>,
    pub(crate) request_hook: Option<RequestHook>,
    pub(crate) connector: Option<Arc<dyn Connector>>,
    pub(crate) unix_socket: Option<PathBuf>,
    pub(crate) tls: TlsOptions,
    pub(crate) nodelay: bool,
    pub(crate) happy_eyeballs: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) close_timeout: Duration,
    pub(crate) close_linger: Duration,
    pub(crate) write_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) ping_interval: Duration,
    pub(crate) pong_timeout: Duration,
    pub(crate) backoff: BackoffOptions,
    pub(crate) limits: Limits,
    pub(crate) mailbox: usize,
    pub(crate) inbound: usize,
    pub(crate) inbound_bytes: usize,
    pub(crate) write_buffer: usize,
    pub(crate) offline: Offline,
    pub(crate) error_logging: bool,
    pub(crate) info_logging: bool,
}

impl Options {
    /// The default options for a `ws://` or `wss://` URL. Answers to the `uri` of `Fresh.start/4`.
    ///
    /// Userinfo in the URL (`wss://user:secret@host/`) is sent as `Authorization: Basic`, never in the request line.
    ///
    /// # Errors
    ///
    /// What is no URL, has another scheme, has no host, or has a fragment (RFC 6455 §3).
    pub fn new(url: impl AsRef<str>) -> Result<Self, OptionsError> {
        Ok(Self {
            url: checked_url(url.as_ref())?,
            name: None,
            headers: HeaderMap::new(),
            protocols: Vec::new(),
            deflate: None,
            request_hook: None,
            connector: None,
            unix_socket: None,
            tls: TlsOptions::default(),
            nodelay: true,
            happy_eyeballs: Duration::from_millis(300),
            connect_timeout: Duration::from_secs(8),
            close_timeout: Duration::from_secs(5),
            close_linger: Duration::from_millis(50),
            write_timeout: Duration::from_secs(10),
            idle_timeout: Duration::ZERO,
            ping_interval: Duration::from_secs(30),
            pong_timeout: Duration::from_secs(20),
            backoff: BackoffOptions::default(),
            limits: Limits::default(),
            mailbox: 1024,
            inbound: 1024,
            inbound_bytes: 4 << 20,
            write_buffer: 1 << 20,
            offline: Offline::default(),
            error_logging: true,
            info_logging: true,
        })
    }

    /// The URL, as given.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// A name for the client: `"ws_conn"` in the registry of this process, or [`Name::via`] another one. It is found by
    /// it from its start to its end, and shows it in its log span. Default: none. Fresh's `:name`.
    ///
    /// While one client has the name, another one does not start by it.
    pub fn name(mut self, name: impl Into<Name>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Adds a header to the upgrade request; the same name may be added more than once. Default: none. Fresh's
    /// `:headers`.
    ///
    /// `Host` and `Authorization` take the place of ours. Over `ws` the values travel in the clear.
    ///
    /// # Errors
    ///
    /// What is no header name or value, and the headers that belong to the handshake itself
    /// (`Connection`, `Upgrade`, `Sec-WebSocket-Key`, `-Version`, `-Protocol`, `-Extensions`, `-Accept`).
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Result<Self, OptionsError> {
        let name = name.as_ref();
        let name = HeaderName::try_from(name).map_err(|_| OptionsError::HeaderName(name.to_owned()))?;
        if is_of_the_handshake(&name) {
            return Err(OptionsError::ReservedHeader(name));
        }
        let Ok(value) = HeaderValue::try_from(value.as_ref()) else { return Err(OptionsError::HeaderValue(name)) };
        self.headers.append(name, value);
        Ok(self)
    }

    /// Offers a subprotocol (RFC 6455 §1.9); the first one offered is the preferred. Default: none is offered.
    /// hackney_ws's `protocols`.
    ///
    /// A server may choose none, which is no error: look at [`Upgrade::protocol`](crate::Upgrade::protocol).
    ///
    /// # Errors
    ///
    /// What is no token (RFC 9110 §5.6.2), or was offered before (RFC 6455 §4.1).
    pub fn protocol(mut self, protocol: impl Into<String>) -> Result<Self, OptionsError> {
        let protocol = protocol.into();
        check_protocol(&protocol, &self.protocols)?;
        self.protocols.push(protocol);
        Ok(self)
    }

    /// Offers to compress messages; see [`DeflateOptions`]. Default: off, and then nothing is offered. Fresh's
    /// `:mint_upgrade_opts` with `PerMessageDeflate`.
    ///
    /// A length tells what a message is like: do not compress a secret beside text that others can choose.
    /// Whether the server agreed stands in [`Upgrade::extensions`](crate::Upgrade::extensions), and what it saves in
    /// [`Stats`](crate::Stats).
    #[cfg(feature = "deflate")]
    pub fn deflate(mut self, deflate: DeflateOptions) -> Self {
        self.deflate = Some(deflate);
        self
    }

    /// An async function that is called before every attempt and may change its URL, headers and subprotocols:
    /// a fresh token, the next server of a list. Default: none.
    ///
    /// It runs inside the connect timeout, so a slow hook leaves less of it to the connection. Its error is
    /// [`UpgradeError::Hook`](crate::error::UpgradeError::Hook), which is worth another try. Fresh has none.
    pub fn request_hook<F, Fut>(mut self, hook: F) -> Self
    where
        F: Fn(Request) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Request, BoxError>> + Send + 'static,
    {
        self.request_hook = Some(Arc::new(move |request| Box::pin(hook(request))));
        self
    }

    /// Your own way to open the byte stream, in place of TCP; TLS comes on top for `wss`. Default: TCP.
    ///
    /// It goes before [`unix_socket`](Self::unix_socket); [`nodelay`](Self::nodelay) and
    /// [`happy_eyeballs`](Self::happy_eyeballs) are then its own business.
    pub fn connector(mut self, connector: impl Connector + 'static) -> Self {
        self.connector = Some(Arc::new(connector));
        self
    }

    /// Connects to a Unix socket instead of the URL's host and port; the URL still gives `Host` and the path.
    /// Default: TCP. On other systems than Unix it is a `Connect` error. `wss` is secured there too.
    pub fn unix_socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.unix_socket = Some(path.into());
        self
    }

    /// How `wss` is secured; see [`TlsOptions`]. Default: the system's root certificates. Fresh's `:transport_opts`.
    ///
    /// The check of certificates cannot be turned off. `ws` is never secured.
    pub fn tls(mut self, tls: TlsOptions) -> Self {
        self.tls = tls;
        self
    }

    /// Whether `TCP_NODELAY` is set. Default: on. Off, small frames may wait for an acknowledgement of those before
    /// them (Nagle's algorithm, RFC 896). `nodelay` of Fresh's `:transport_opts`.
    pub fn nodelay(mut self, on: bool) -> Self {
        self.nodelay = on;
        self
    }

    /// How long the preferred address family is tried alone before the other joins (RFC 8305 §8). Default: 300 ms. Zero
    /// tries one address after the other, so a network whose IPv6 leads nowhere uses up the connect timeout.
    pub fn happy_eyeballs(mut self, delay: Duration) -> Self {
        self.happy_eyeballs = delay;
        self
    }

    /// The one budget of an attempt: hook, DNS, TCP, TLS and upgrade together. Default: 8 s, as hackney_ws's
    /// `connect_timeout`. Zero turns it off: a server that hangs then holds the client for ever.
    ///
    /// Too short, and a slow network never connects.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The budget of a close handshake, up to the server's closing of TCP (RFC 6455 §7.1.1), and of what a
    /// callback that is still running may take when the client is stopped. Default: 5 s.
    ///
    /// Zero waits for neither, nor for the close frame to be written: what was sent shortly before may be lost. It
    /// cannot be turned off, so that every end comes.
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.close_timeout = timeout;
        self
    }

    /// How long the client waits for the server to end TCP after both close frames were sent (RFC 6455 §7.1.1), and for
    /// the answer to its close frame when it ends because of a failure. Default: 50 ms. Never longer than the rest of
    /// the [`close_timeout`](Self::close_timeout).
    ///
    /// Zero drops the connection as soon as the close frame is written; a server that is still sending may then see a
    /// reset in place of a close. [`Duration::MAX`] waits the whole `close_timeout`, as RFC 6455 recommends: each close
    /// and each reconnect after a close then takes that long with a server that leaves TCP open.
    pub fn close_linger(mut self, linger: Duration) -> Self {
        self.close_linger = linger;
        self
    }

    /// How long the socket may accept no byte while there is something to write; then the connection is dropped.
    /// Default: 10 s. Zero turns it off: then only the pong timeout notices a server that does not read.
    ///
    /// The frame is told as [`SendFailure::Timeout`](crate::error::SendFailure::Timeout), the connection as
    /// [`StreamError::Write`](crate::error::StreamError::Write).
    pub fn write_timeout(mut self, timeout: Duration) -> Self {
        self.write_timeout = timeout;
        self
    }

    /// How long nothing may be received, whether or not pings are sent; then the connection is dropped, as
    /// [`StreamError::IdleTimeout`](crate::error::StreamError::IdleTimeout). Default: off (zero).
    ///
    /// A pong counts too. Shorter than the server's silences, it cuts a good connection. It rests while the inbound
    /// queue is full.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// How often a ping is sent while connected (RFC 6455 §5.5.2). Default: 30 s, as Fresh's `:ping_interval`.
    ///
    /// Zero turns it off, and the pong timeout with it: a peer that is gone may never be noticed, and middleboxes
    /// forget a connection that is silent.
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.ping_interval = interval;
        self
    }

    /// How long nothing at all may come after a ping; then the connection is dropped, as
    /// [`StreamError::PongTimeout`](crate::error::StreamError::PongTimeout). Any bytes count as life, not only a pong.
    /// Default: 20 s. Fresh has none.
    ///
    /// Zero turns it off: a silent peer is never given up. Shorter than the server's worst pause, it cuts a good
    /// connection. It rests while the inbound queue is full.
    pub fn pong_timeout(mut self, timeout: Duration) -> Self {
        self.pong_timeout = timeout;
        self
    }

    /// When the next attempt comes after a connection was lost; see [`BackoffOptions`]. Default: up to 250 ms at first,
    /// growing by 1.5 to 30 s, without end. Fresh's backoff, since 0.4.
    ///
    /// It is turned off in the handler: one that answers `Recovery::Close` or `Recovery::Fail` does not connect again.
    pub fn backoff(mut self, backoff: BackoffOptions) -> Self {
        self.backoff = backoff;
        self
    }

    /// How much the server may make us hold; see [`Limits`]. Default: frames of 16 MiB, messages of 64 MiB. There is no
    /// "off": give larger numbers.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How many frames, and how many infos, wait between the handle and the runtime before `send` and `info` wait for
    /// room. Default: 1024 each; at least 1. With [`Offline::Queue`] the larger of the two numbers holds for frames.
    ///
    /// There is no "off". Large, and a slow connection is noticed late, by memory and by frames that are old; small,
    /// and senders wait early.
    pub fn mailbox(mut self, capacity: usize) -> Self {
        self.mailbox = capacity.max(1);
        self
    }

    /// How many received messages, and how many bytes of them, wait for a callback before the socket is no longer
    /// read. Default: 1024 messages, 4 MiB. At least one message is always held, whatever its size.
    ///
    /// There is no "off". Large, and a slow handler hides for long; small, and the server is pushed back early.
    pub fn inbound(mut self, messages: usize, bytes: usize) -> Self {
        self.inbound = messages.max(1);
        self.inbound_bytes = bytes;
        self
    }

    /// How many encoded bytes wait for the socket before no more is taken from the mailbox and no new callback
    /// begins. Default: 1 MiB; at least 1 byte. One frame may exceed it. Replies that wait for the end of a message of
    /// [`send_stream`](crate::Client::send_stream) may take up as much, apart from that.
    ///
    /// There is no "off". Large costs memory where a server reads slowly; small, and callbacks wait for the socket.
    pub fn write_buffer(mut self, bytes: usize) -> Self {
        self.write_buffer = bytes.max(1);
        self
    }

    /// What happens to frames that are sent while there is no connection. Default: [`Offline::Reject`]. Fresh drops
    /// them without a word.
    pub fn offline(mut self, policy: Offline) -> Self {
        self.offline = policy;
        self
    }

    /// Whether errors and losses are logged (`tracing`, level `warn`), and an abnormal end (`error`). Default: on, as
    /// Fresh's `:error_logging`. Off, a handler that tells nobody makes them invisible. A call that
    /// [waits for itself](crate::Client#calls-inside-a-callback) is logged in any case.
    pub fn error_logging(mut self, on: bool) -> Self {
        self.error_logging = on;
        self
    }

    /// Whether the course of the connection is logged (`tracing`, level `info`): connecting, connected, disconnected,
    /// waiting, a normal end. Default: on, as Fresh's `:info_logging`. Messages are never logged.
    pub fn info_logging(mut self, on: bool) -> Self {
        self.info_logging = on;
        self
    }
}

/// The URL, where it is one that RFC 6455 §3 allows.
pub(crate) fn checked_url(url: &str) -> Result<Url, OptionsError> {
    let url = Url::parse(url)?;
    if !matches!(url.scheme(), "ws" | "wss") {
        return Err(OptionsError::Scheme(url.scheme().to_owned()));
    }
    if url.fragment().is_some() {
        return Err(OptionsError::Fragment);
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(OptionsError::NoHost);
    }
    Ok(url)
}

/// The headers that RFC 6455 §4.1 reserves for the handshake.
pub(crate) fn is_of_the_handshake(name: &HeaderName) -> bool {
    matches!(name.as_str(), "connection" | "upgrade") || name.as_str().starts_with("sec-websocket-")
}

/// Whether a subprotocol may be offered behind these.
pub(crate) fn check_protocol(protocol: &str, before: &[String]) -> Result<(), OptionsError> {
    if !is_token(protocol) {
        return Err(OptionsError::Protocol(protocol.to_owned()));
    }
    if before.iter().any(|offered| offered == protocol) {
        return Err(OptionsError::DuplicateProtocol(protocol.to_owned()));
    }
    Ok(())
}

/// RFC 9110 §5.6.2, `token`.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
