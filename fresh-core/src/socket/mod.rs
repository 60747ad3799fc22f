//! A WebSocket without callbacks, which is read and written like a socket: the counterpart of hackney_ws.
//!
//! A [`Socket`] is for code that pulls frames when it wants them (`recv`, a `Stream`, bytes by `AsyncRead`), or wants
//! them as messages in a channel. It runs on the same driver as a [`Client`](client::Client): a connected socket is one task.

mod delivery;
mod error;
mod event;
mod forwarder;
mod halves;
mod inbox;
mod io;
mod options;
mod outbox;
mod queue;
mod readers;
mod shared;
mod state;
mod stream;
mod task;

use std::{
    convert::Infallible,
    fmt,
    future::poll_fn,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytestring::ByteString;
use futures_util::Sink;
use tokio::sync::mpsc;

pub use error::SocketError;
pub use event::{SocketEvent, SocketId};
pub use halves::{ReadHalf, WriteHalf};
pub use io::SocketIo;
pub use options::{SocketOptions, Transport};
pub use state::{Active, SocketState};

use crate::{
    client,
    connection::Upgrade,
    frame::{CloseCode, Frame},
    stats::Stats,
};
use outbox::Outbox;
use readers::Reader;
use shared::Shared;

/// The client under a socket. It takes no infos.
type Client = client::Client<Infallible>;

/// A WebSocket that is read and written like a socket; hackney_ws's process.
///
/// It is passive at first: [`recv`](Self::recv) takes frames, one by one. In the active modes it sends them to its owner, see
/// [`set_active`](Self::set_active). It has one connection and does not reconnect; for that, use [`Client`](client::Client).
///
/// A clone is another handle of the same socket. When the last handle is dropped, the socket closes with 1000; nothing of it
/// is left when the close handshake has ended, or after the `close_timeout`.
///
/// ```
/// # use fresh_core as fresh;
/// use fresh::{Frame, Options, Socket};
///
/// # async fn scene() -> fresh::Result<()> {
/// let socket = Socket::connect_to(Options::new("wss://example.com/chat")?).await?;
/// socket.send("hello").await?;
/// if let Frame::Text(answer) = socket.recv().await? {
///     println!("{answer}");
/// }
/// socket.close().await?;
/// # Ok(())
/// # }
/// ```
pub struct Socket {
    shared: Arc<Shared>,
    /// Which handle this is, for the waker of its `Stream`.
    handle: u64,
    /// The frames that its `Sink` has collected. The lock is for `close`, which has only a shared reference.
    outbox: Mutex<Outbox>,
}

impl Socket {
    /// Creates an idle socket. It does nothing until [`connect`](Self::connect). hackney_ws's `start_link/1`.
    pub fn start(options: impl Into<SocketOptions>) -> Self {
        Self::handle(Arc::new(Shared::new(options.into())))
    }

    /// Starts a socket and connects it.
    ///
    /// # Errors
    ///
    /// Those of [`connect`](Self::connect).
    pub async fn connect_to(options: impl Into<SocketOptions>) -> Result<Self, SocketError> {
        let socket = Self::start(options);
        socket.connect().await?;
        Ok(socket)
    }

    /// Connects an idle socket, and waits until frames can be sent and received. hackney_ws's `connect/1`.
    ///
    /// It takes no longer than the `connect_timeout`, and dropping its future gives the attempt up; either way the socket
    /// is closed then. A failed attempt is not retried.
    ///
    /// # Errors
    ///
    /// `Failed` if the connection failed, with status, headers and body if the server refused it; `WrongState` if the
    /// socket is not idle; `NoOwner` if the options ask for an active mode and name no owner; `Start` outside of a tokio
    /// runtime, and if the options' name is taken; `Ended` if the runtime is shut down.
    pub async fn connect(&self) -> Result<(), SocketError> {
        self.shared.launch()?.outcome().await
    }

    /// Sends a frame, and waits until its bytes have been handed to the transport. hackney_ws's `send/2`.
    ///
    /// All of its eight shapes are frames: `"text"`, `Bytes`, [`Frame::ping`], [`Frame::pong`], each with data or none,
    /// [`Frame::close`], and `Frame::Close(None)`. A close frame begins the close handshake, as
    /// [`close_with`](Self::close_with) does, which also waits for its end.
    ///
    /// # Cancel safety
    ///
    /// If its future is dropped, the frame is sent as a whole or not at all.
    ///
    /// # Errors
    ///
    /// `WrongState` if the socket is not connected; `Send` if the frame must not be sent (a ping of more than 125 bytes),
    /// with the frame, or if the connection was lost before the frame was written.
    pub async fn send(&self, frame: impl Into<Frame>) -> Result<(), SocketError> {
        let frame = frame.into();
        let closes = matches!(frame, Frame::Close(_));
        self.connected()?.send_confirmed(frame).await?;
        if closes {
            self.shared.inbox.close();
        }
        Ok(())
    }

    /// Takes the next frame: a text or binary message, or a pong that answers no ping of the keepalive. hackney_ws's
    /// `recv/1`.
    ///
    /// Pings are answered at any time and are not returned. Calls of several tasks are served in their order.
    ///
    /// # Cancel safety
    ///
    /// If its future is dropped, no frame is lost.
    ///
    /// # Errors
    ///
    /// When all received frames are taken: once, how the connection ended (`Closed`, `Failed`, `Ended`), and `WrongState`
    /// from then on. `Active` while the frames go to the owner; `Timeout` after the option `recv_timeout`; `WrongState`
    /// before the socket is connected.
    pub async fn recv(&self) -> Result<Frame, SocketError> {
        match self.shared.recv_timeout {
            Some(after) => self.recv_timeout(after).await,
            None => self.take().await,
        }
    }

    /// Takes the next frame as [`recv`](Self::recv) does, and waits no longer than `after`. hackney_ws's `recv/2`.
    ///
    /// # Errors
    ///
    /// Those of `recv`, and `Timeout`: the socket is as before, and no frame is lost.
    pub async fn recv_timeout(&self, after: Duration) -> Result<Frame, SocketError> {
        tokio::time::timeout(after, self.take()).await.unwrap_or(Err(SocketError::Timeout { after }))
    }

    /// Changes the mode, and thereby who gets the frames. hackney_ws's `setopts/2` with `active`.
    ///
    /// Frames that were received and not handed out go the new way, in order, and so does the end of the connection; also
    /// after the connection has ended. `Once` sends the owner one frame, then the socket is passive. In an active mode a
    /// `recv` that waits returns `Active`.
    ///
    /// # Errors
    ///
    /// `NoOwner` if an active mode has no owner; `WrongState` if the socket is closed and nothing is left to hand out.
    pub fn set_active(&self, active: Active) -> Result<(), SocketError> {
        self.shared.set_active(active)
    }

    /// Replaces the owner; any handle may. hackney_ws's `controlling_process/2`.
    ///
    /// Frames that were received and not sent to the old owner go to the new one. When the receiver of the owner's channel
    /// is dropped, the socket closes with 1000, in every mode.
    ///
    /// # Errors
    ///
    /// `WrongState` if the socket is closed and nothing is left to hand out.
    pub fn controlling_process(&self, owner: mpsc::Sender<SocketEvent>) -> Result<(), SocketError> {
        self.shared.set_owner(owner)
    }

    /// Closes the socket as [`close_with`](Self::close_with) does, with 1000 and no reason. hackney_ws's `close/1`.
    ///
    /// # Errors
    ///
    /// None: it is `Ok` in every state.
    pub async fn close(&self) -> Result<(), SocketError> {
        self.close_with(CloseCode::NORMAL_CLOSURE, "").await
    }

    /// Closes the socket behind the frames that were sent, and waits until nothing of it is left. hackney_ws's `close/2`.
    ///
    /// That takes as long as the server's answer, at most the `close_timeout`. A server that answers and does not end TCP,
    /// as it should (RFC 6455 §7.1.1), gets 50 ms for that. Dropping the future does not undo the close. An attempt to
    /// connect is given up. On a socket that is closing it waits, and on one that is closed it does nothing.
    ///
    /// Frames that the `Sink` of this handle has collected and not flushed are sent before the close frame.
    ///
    /// What was received before can still be taken. What comes after is kept while there is room and then dropped, so
    /// that a socket that nobody reads closes too. To read on until the server has sent everything, use
    /// [`finish`](Self::finish).
    ///
    /// # Errors
    ///
    /// `Send` for a code that may not be sent and a reason of more than 123 bytes.
    pub async fn close_with(
        &self,
        code: impl Into<CloseCode>,
        reason: impl Into<ByteString>,
    ) -> Result<(), SocketError> {
        let unsent = || self.outbox.lock().unwrap_or_else(PoisonError::into_inner).take_collected();
        if let Some(client) = self.shared.close(code.into(), reason.into(), unsent)? {
            client.closed().await;
        }
        Ok(())
    }

    /// Sends a close frame with 1000 behind everything that the `Sink` has collected, and waits until it is written. What
    /// the server sends until it answers can still be read, with backpressure, up to the `close_timeout`. `shutdown` of a
    /// TCP stream.
    ///
    /// This is `SinkExt::close` under a name of its own: `socket.close()` is always [`close`](Self::close).
    ///
    /// # Errors
    ///
    /// `WrongState` before the socket is connected; `Send` if a collected frame was not written. It is `Ok` on a socket
    /// that is closing or closed.
    pub async fn finish(&mut self) -> Result<(), SocketError> {
        poll_fn(|cx| Pin::new(&mut *self).poll_close(cx)).await
    }

    /// The state at this moment.
    pub fn state(&self) -> SocketState {
        self.shared.state()
    }

    /// The server's address and port. hackney_ws's `peername/1`.
    ///
    /// # Errors
    ///
    /// `WrongState` before the socket is connected and when it is closed; `NoAddress` if the transport has none.
    pub fn peername(&self) -> Result<SocketAddr, SocketError> {
        self.address(Client::peer_addr)
    }

    /// Our address and port. hackney_ws's `sockname/1`.
    ///
    /// # Errors
    ///
    /// `WrongState` before the socket is connected and when it is closed; `NoAddress` if the transport has none.
    pub fn sockname(&self) -> Result<SocketAddr, SocketError> {
        self.address(Client::local_addr)
    }

    /// The subprotocol that the server chose among the offered ones; also after the end.
    pub fn protocol(&self) -> Option<String> {
        self.upgrade()?.protocol
    }

    /// The server's answer to the upgrade, once the socket was connected; also after the end.
    pub fn upgrade(&self) -> Option<Upgrade> {
        self.shared.inbox.upgrade()
    }

    /// The counters so far. Messages that arrived after a close and were dropped are among `messages_lost`.
    pub fn stats(&self) -> Stats {
        self.shared.client().map(|client| client.stats()).unwrap_or_default()
    }

    /// The id that this socket's events carry.
    pub fn id(&self) -> SocketId {
        self.shared.inbox.id
    }

    fn outbox(&mut self) -> &mut Outbox {
        self.outbox.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    fn handle(shared: Arc<Shared>) -> Self {
        Self { handle: shared.next_handle(), shared, outbox: Mutex::default() }
    }

    async fn take(&self) -> Result<Frame, SocketError> {
        self.readable()?;
        // It is never closed.
        let _turn = self.shared.turn.acquire().await.ok();
        poll_fn(|cx| self.shared.inbox.poll_take(Reader::Recv, cx)).await
    }

    /// Refuses where no frame can have been received yet.
    fn readable(&self) -> Result<(), SocketError> {
        match self.state() {
            state @ (SocketState::Idle | SocketState::Upgrading) => Err(SocketError::WrongState { state }),
            SocketState::Connected | SocketState::Closing | SocketState::Closed => Ok(()),
        }
    }

    fn connected(&self) -> Result<Client, SocketError> {
        match (self.state(), self.shared.client()) {
            (SocketState::Connected, Some(client)) => Ok(client),
            (state, _) => Err(SocketError::WrongState { state }),
        }
    }

    fn address(&self, look: fn(&Client) -> Option<SocketAddr>) -> Result<SocketAddr, SocketError> {
        let found = self.shared.client().as_ref().and_then(look);
        found.ok_or_else(|| match self.state() {
            SocketState::Connected | SocketState::Closing => SocketError::NoAddress,
            state @ (SocketState::Idle | SocketState::Upgrading | SocketState::Closed) => {
                SocketError::WrongState { state }
            }
        })
    }
}

impl Clone for Socket {
    fn clone(&self) -> Self {
        Self::handle(Arc::clone(&self.shared))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.shared.inbox.forget(Reader::Stream(self.handle));
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("id", &self.id()).field("state", &self.state()).finish_non_exhaustive()
    }
}
