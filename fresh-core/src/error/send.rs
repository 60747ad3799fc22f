//! Why a frame was not sent.

use std::{io, sync::Arc, time::Duration};

use super::{Callback, NameError, Reason};

/// Why a well-formed frame did not get out.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendFailure {
    /// There is no connection, and `Offline::Reject` is in force (or the connection went before the frame did).
    #[error("there is no connection")]
    NotConnected,
    /// There is no connection, and the queue of `Offline::Queue(n)` is full.
    #[error("there is no connection and the queue is full")]
    QueueFull,
    /// There is no connection, and `Offline::Drop` is in force.
    #[error("dropped, as there is no connection")]
    Dropped,
    /// The close handshake has begun; nothing goes out behind a close frame (RFC 6455 §5.5.1).
    #[error("the connection is closing")]
    Closing,
    /// The client has ended.
    #[error("the client has ended")]
    Ended,
    /// It was sent by a name that leads to no client.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The call was made inside this callback of the same client, and could only resolve after the callback returns: see
    /// [`Client`](crate::Client#calls-inside-a-callback). A retry inside the same callback fails again.
    #[error("called inside `{0}` of the same client, which has to return first")]
    WithinCallback(Callback),
    /// The mailbox is full; only `try_send` and `try_info` answer this.
    #[error("the mailbox is full")]
    MailboxFull,
    /// The socket accepted no byte within the write timeout.
    #[error("the socket accepted nothing for {after:?}")]
    Timeout {
        /// The `write_timeout` that was in force.
        after: Duration,
    },
    /// Writing to the socket failed.
    #[error("{0}")]
    Io(#[source] Arc<io::Error>),
    /// The stream of a message's pieces failed, with this error; only `send_stream` answers this.
    #[error("the stream of the message failed: {0}")]
    Source(Reason),
}
