//! From the items of a stream to the frames of a message (RFC 6455 §5.4).

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::TryStream;

use crate::{
    error::{BoxError, EncodeError, Reason, SendError, SendFailure},
    frame::MessageType,
    wire::{
        piece::{Piece, Place},
        utf8::{NotUtf8, Utf8},
    },
};

/// What the stream's items become, checked.
pub(super) struct Fragments<'a, S> {
    message_type: MessageType,
    pieces: Pin<&'a mut S>,
    text: Utf8,
    /// Whether the next piece is the first one.
    begins: bool,
    /// What the stream gave already, behind the piece that was asked for.
    ahead: Option<Bytes>,
}

impl<'a, S> Fragments<'a, S>
where
    S: TryStream<Ok: Into<Bytes>, Error: Into<BoxError>>,
{
    pub(super) fn new(message_type: MessageType, pieces: Pin<&'a mut S>) -> Self {
        Self { message_type, pieces, text: Utf8::default(), begins: true, ahead: None }
    }

    /// The next piece; none after the one that ends the message, and none after an error.
    ///
    /// A look ahead tells whether it is the last one, where the stream can say so at once.
    pub(super) async fn next(&mut self) -> Result<Piece, SendError> {
        let bytes = match self.ahead.take() {
            Some(bytes) => Some(bytes),
            None => poll_fn(|cx| self.poll_pull(cx)).await?,
        };
        let ends = match &bytes {
            None => true,
            Some(_) => match poll_fn(|cx| Poll::Ready(self.poll_pull(cx))).await {
                Poll::Ready(ahead) => {
                    self.ahead = ahead?;
                    self.ahead.is_none()
                }
                Poll::Pending => false,
            },
        };
        let place = Place::new(std::mem::take(&mut self.begins), ends);
        Ok(Piece { message_type: self.message_type, place, bytes: bytes.unwrap_or_default() })
    }

    /// What the stream gives next that is not empty; `None` at its end.
    fn poll_pull(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, SendError>> {
        loop {
            let pulled = match ready!(self.pieces.as_mut().try_poll_next(cx)) {
                Some(Ok(piece)) => Some(piece.into()),
                Some(Err(error)) => {
                    let source = SendFailure::Source(Reason::from(error));
                    return Poll::Ready(Err(SendError::new(None, source)));
                }
                None => None,
            };
            if pulled.as_ref().is_some_and(Bytes::is_empty) {
                continue;
            }
            let checked = self.check(pulled.as_ref()).map_err(|bad| SendError::new(None, EncodeError::from(bad)));
            return Poll::Ready(checked.map(|()| pulled));
        }
    }

    /// Text has to be UTF-8 (RFC 6455 §8.1), and to end behind a character.
    fn check(&mut self, piece: Option<&Bytes>) -> Result<(), NotUtf8> {
        match (self.message_type, piece) {
            (MessageType::Binary, _) => Ok(()),
            (MessageType::Text, Some(piece)) => self.text.extend(piece, |_| {}),
            (MessageType::Text, None) => self.text.finish(),
        }
    }
}
