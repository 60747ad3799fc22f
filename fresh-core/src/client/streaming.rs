//! Sending a message whose pieces come by and by: [`Client::send_stream`].

mod fragments;

use std::{convert::Infallible, pin::pin};

use bytes::Bytes;
use futures_util::TryStream;
use tokio::sync::{mpsc, oneshot};

use self::fragments::Fragments;
use super::Client;
use crate::{
    admission,
    driver::shared::Status,
    error::{BoxError, SendError, SendFailure},
    frame::MessageType,
    mailbox::{Mail, Pieces},
    options::Offline,
    wire::piece::Piece,
};

/// How many pieces may wait for the socket. More would only be more memory.
const AHEAD: usize = 4;

impl<I: Send + 'static> Client<I> {
    /// Sends one message in pieces, each as a frame of its own (RFC 6455 §5.4), and waits until the last one is written.
    ///
    /// The message need not be in memory: the stream is asked for a piece once those before it have found room, and by
    /// this very call, so nothing is spawned. A stream that takes its time stops nothing: pings, pongs and a close pass
    /// between the pieces. Other messages wait, as RFC 6455 has it, also those of callbacks; another `send_stream` waits
    /// for its turn with at most six of its pieces.
    ///
    /// Pieces are anything that becomes [`Bytes`]; of text they need not end where a character does. Empty ones are
    /// passed over. A piece is never held back until the next one comes: where the stream does not tell at once
    /// whether it has ended, an empty frame ends the message later. A stream of a single piece that does tell is a
    /// message of one frame, and one without any an empty message. A stream whose items are no `Result`s becomes one by
    /// `.map(Ok::<_, std::convert::Infallible>)`.
    ///
    /// Once its first piece is written, a message has to be finished. Where the stream fails then, or this future is
    /// dropped, the connection is closed with 1011, and `handle_error` is told of
    /// [`StreamError::Unfinished`](crate::error::StreamError::Unfinished); by default the client connects again. Before
    /// that, nothing is lost.
    ///
    /// # Errors
    ///
    /// No frame is given back, and nothing is ever sent on another connection.
    ///
    /// - `Send`, with [`SendFailure::NotConnected`] where there is no connection, whatever [`Offline`]
    ///   says, or it went before all was written; `Closing` where a close began, which does not wait for the end of the
    ///   message; `Ended`.
    /// - `Send`, with [`SendFailure::Source`]: what the stream failed with.
    /// - `Encode`, with [`EncodeError::Utf8`](crate::error::EncodeError::Utf8): text that is none. Nothing of the piece
    ///   in question goes out.
    pub async fn send_stream<S>(&self, message_type: MessageType, pieces: S) -> Result<(), SendError>
    where
        S: TryStream<Ok: Into<Bytes>, Error: Into<BoxError>>,
    {
        let connection = self.open_connection()?;
        let pieces = pin!(pieces);
        let fragments = Fragments::new(message_type, pieces);
        tokio::select! {
            // What became of the message says more than what became of the connection.
            biased;
            sent = self.send_fragments(fragments, connection) => sent,
            failure = self.gone(connection) => Err(SendError::new(None, failure)),
        }
    }

    async fn send_fragments<S>(&self, mut fragments: Fragments<'_, S>, connection: u64) -> Result<(), SendError>
    where
        S: TryStream<Ok: Into<Bytes>, Error: Into<BoxError>>,
    {
        let ended = || Err(SendError::new(None, SendFailure::Ended));
        // Dropped in the reverse order: who stops listening first is known to have given up.
        let (sender, pieces) = mpsc::channel(AHEAD);
        let (confirm, mut fate) = oneshot::channel();

        let first = fragments.next().await?;
        let is_whole = first.place.ends();
        // A new channel has room.
        let _ = sender.try_send(first);
        let mail = Mail::Pieces(Box::new(Pieces { pieces, confirm, connection }));
        let Some(place) = self.inner.mailbox.place().await else { return ended() };
        // Whether that connection is still open is decided when the driver takes the message.
        if place.send(mail, |_| Ok::<_, Infallible>(())).is_err() {
            return ended();
        }
        if !is_whole {
            tokio::select! {
                biased;
                told = &mut fate => return told.unwrap_or_else(|_| ended()),
                fed = feed(&mut fragments, &sender) => fed?,
            }
        }
        fate.await.unwrap_or_else(|_| ended())
    }

    /// Which connection is open: how many there have been.
    fn open_connection(&self) -> Result<u64, SendError> {
        self.status(|status| match refusal(status) {
            None => Ok(status.connections),
            Some(failure) => Err(SendError::new(None, failure)),
        })
    }

    /// Until this connection is gone. While it is closing, what was sent may still go out.
    async fn gone(&self, connection: u64) -> SendFailure {
        let mut status = self.inner.shared.status.subscribe();
        let gone = |status: &Status| match refusal(status) {
            None | Some(SendFailure::Closing) => {
                (status.connections != connection).then_some(SendFailure::NotConnected)
            }
            failure => failure,
        };
        let found = status.wait_for(|status| gone(status).is_some()).await;
        // The sender lives in this handle, so the watch cannot be closed.
        found.ok().and_then(|status| gone(&status)).unwrap_or(SendFailure::Ended)
    }
}

/// Hands over the rest of the pieces, as they are taken.
async fn feed<S>(fragments: &mut Fragments<'_, S>, sender: &mpsc::Sender<Piece>) -> Result<(), SendError>
where
    S: TryStream<Ok: Into<Bytes>, Error: Into<BoxError>>,
{
    loop {
        let piece = fragments.next().await?;
        let ends = piece.place.ends();
        // Where nobody takes it any more, the message's fate says why.
        if sender.send(piece).await.is_err() || ends {
            return Ok(());
        }
    }
}

/// Why no message in pieces may begin now. It is meant for the open connection alone, whatever the policy says.
fn refusal(status: &Status) -> Option<SendFailure> {
    admission::verdict(status.state, Offline::Reject, 0).failure()
}
