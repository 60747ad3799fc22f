//! Frames → messages: fragments, decompression, UTF-8 and limits, without I/O.

mod text;

use bytes::{Buf, Bytes, BytesMut};
use bytestring::ByteString;

use self::text::Text;
use super::{
    decoder::{Header, Opcode, Payload},
    deflate::Inflater,
    shared_text::shared_text,
    utf8::validate,
};
use crate::{
    error::DecodeError,
    frame::{CloseCode, CloseFrame, Frame},
    options::Limits,
};

/// Joins the frames of a message (RFC 6455 §5.4) and reads what control frames say.
///
/// Text is validated once: a frame that came whole as it is handed on, which shares the read buffer's memory; fragments
/// as a `String` grows. Only the text of a first frame that came in several reads is validated twice: as it comes, so that
/// bad text fails at once, and when it is whole, which is cheaper than to copy it and to hold it twice.
#[derive(Debug)]
pub(crate) struct Assembler {
    max_frame: usize,
    max_message: usize,
    max_fragments: usize,
    /// Where permessage-deflate was agreed on.
    inflater: Option<Box<Inflater>>,
    /// The fragmented message that waits for its next frame.
    message: Option<Partial>,
    /// How many bytes of the unfinished frame need no second look: validated where they are text that begins a
    /// message, taken over into it where they continue one.
    seen: usize,
}

/// A message that has begun and not ended.
///
/// Its frames lie in one buffer, so that a server gains nothing by cutting it small.
#[derive(Debug)]
struct Partial {
    data: Data,
    /// Its payload is DEFLATE data, and what it is inflated to counts against the limit instead.
    compressed: bool,
    /// The payload of its whole frames, in bytes.
    len: usize,
    frames: usize,
}

#[derive(Debug)]
enum Data {
    Text(Text),
    Binary(BytesMut),
}

impl Assembler {
    pub(crate) fn new(limits: &Limits, inflater: Option<Box<Inflater>>) -> Self {
        Self {
            max_frame: limits.max_frame,
            max_message: limits.max_message,
            max_fragments: limits.max_fragments,
            inflater,
            message: None,
            seen: 0,
        }
    }

    pub(crate) fn inflater(&mut self) -> Option<&mut Inflater> {
        self.inflater.as_deref_mut()
    }

    /// Takes a whole frame that is a message by itself, uncompressed.
    #[inline(always)]
    pub(crate) fn message(&mut self, header: Header, payload: Payload<'_>) -> Result<Option<Frame>, DecodeError> {
        self.admit(header)?;
        self.seen = 0;
        if !payload.is_ordinary() {
            return rare(header.opcode(), payload);
        }
        let bytes = payload.split();
        if header.opcode() == Opcode::Text {
            return Ok(Some(Frame::Text(shared_text(bytes)?)));
        }
        Ok(Some(Frame::Binary(bytes)))
    }

    /// Takes any other whole frame; gives the message that it completes, or the control frame that it is.
    #[inline(never)]
    pub(crate) fn push(&mut self, header: Header, payload: Payload<'_>) -> Result<Option<Frame>, DecodeError> {
        self.admit(header)?;
        let seen = std::mem::take(&mut self.seen);
        match header.opcode() {
            Opcode::Text | Opcode::Binary | Opcode::Continuation => self.extend(header, payload, seen),
            Opcode::Close => close(payload.copy()).map(|close| Some(Frame::Close(close))),
            // Copied, so that a handful of bytes does not keep a whole read buffer alive while it waits for a callback.
            Opcode::Ping => Ok(Some(Frame::Ping(payload.copy()))),
            Opcode::Pong => Ok(Some(Frame::Pong(payload.copy()))),
        }
    }

    /// Judges a frame whose payload is still incomplete, so that a server need not finish what is already wrong.
    /// Each byte of text is looked at once, however often this is called. What is compressed waits for its whole frame.
    pub(crate) fn peek(&mut self, header: Header, partial: &[u8]) -> Result<(), DecodeError> {
        self.admit(header)?;
        let fresh = &partial[self.seen..];
        match (header.opcode(), &mut self.message) {
            (Opcode::Text, _) if !header.rsv1() => self.seen += validate(fresh)?.0.len(),
            (Opcode::Continuation, Some(Partial { data: Data::Text(text), compressed: false, .. })) => {
                text.extend(fresh)?;
                self.seen = partial.len();
            }
            (Opcode::Text | Opcode::Continuation | Opcode::Binary | Opcode::Close | Opcode::Ping | Opcode::Pong, _) => {
            }
        }
        Ok(())
    }

    /// The memory of the message that waits for its next frame, in bytes.
    #[cfg(any(fuzzing, test))]
    pub(crate) fn held(&self) -> usize {
        self.message.as_ref().map_or(0, |message| match &message.data {
            Data::Text(text) => text.capacity(),
            Data::Binary(bytes) => bytes.capacity(),
        })
    }

    /// Whether a frame with this header may come now, and fits.
    #[inline]
    fn admit(&self, header: Header) -> Result<(), DecodeError> {
        self.admit_size(header)?;
        let (len, frames, compressed) = match (header.opcode(), &self.message) {
            // RFC 6455 §5.4: control frames "MAY be injected in the middle of a fragmented message".
            (Opcode::Close | Opcode::Ping | Opcode::Pong, _) => return Ok(()),
            (Opcode::Continuation, None) => return Err(DecodeError::UnexpectedContinuation),
            (Opcode::Continuation, Some(message)) => (message.len, message.frames, message.compressed),
            // RFC 6455 §5.4: fragments of one message "MUST NOT be interleaved" with those of another.
            (Opcode::Text | Opcode::Binary, Some(_)) => return Err(DecodeError::ExpectedContinuation),
            (Opcode::Text | Opcode::Binary, None) => (0, 0, header.rsv1()),
        };
        // RFC 7692 §6: RSV1 begins a compressed message. Where nothing inflates it, the bit has no meaning.
        if header.rsv1() && self.inflater.is_none() {
            return Err(DecodeError::ReservedBits { bits: 0b100 });
        }
        if frames >= self.max_fragments {
            return Err(DecodeError::TooManyFragments { limit: self.max_fragments });
        }
        if !compressed && header.len > self.max_message.saturating_sub(len) {
            return Err(DecodeError::MessageTooBig { limit: self.max_message });
        }
        Ok(())
    }

    /// Whether a frame may be so large. One of a compressed message may exceed `max_frame` by what compression adds, so
    /// that no message is refused because the server compressed it.
    #[inline]
    fn admit_size(&self, header: Header) -> Result<(), DecodeError> {
        if header.len <= self.max_frame {
            return Ok(());
        }
        let continues = header.opcode() == Opcode::Continuation;
        let compressed = header.rsv1() || continues && self.message.as_ref().is_some_and(|message| message.compressed);
        if compressed && header.len <= most_compressed(self.max_frame) {
            return Ok(());
        }
        Err(DecodeError::FrameTooBig { limit: self.max_frame })
    }

    /// Adds a frame to its message, which holds `seen` bytes of the frame already.
    fn extend(&mut self, header: Header, payload: Payload<'_>, seen: usize) -> Result<Option<Frame>, DecodeError> {
        let (mut message, seen) = match header.opcode() {
            Opcode::Text => (Partial::new(Data::Text(Text::default()), header.rsv1()), 0),
            Opcode::Binary => (Partial::new(Data::Binary(BytesMut::new()), header.rsv1()), 0),
            Opcode::Continuation | Opcode::Close | Opcode::Ping | Opcode::Pong => {
                (self.message.take().ok_or(DecodeError::UnexpectedContinuation)?, seen)
            }
        };
        message.frames += 1;
        message.len += header.len;
        match &mut self.inflater {
            Some(inflater) if message.compressed => message.data.inflate(inflater, payload.as_slice(), header.fin())?,
            Some(_) | None => message.data.extend(&payload.as_slice()[seen..])?,
        }
        payload.discard();
        if !header.fin() {
            self.message = Some(message);
            return Ok(None);
        }
        Ok(Some(match message.data {
            Data::Text(text) => Frame::Text(text.finish()?.into()),
            Data::Binary(bytes) => Frame::Binary(bytes.freeze()),
        }))
    }
}

impl Partial {
    fn new(data: Data, compressed: bool) -> Self {
        Self { data, compressed, len: 0, frames: 0 }
    }
}

impl Data {
    /// Apart, so that messages which are not compressed take no longer for it.
    #[inline(never)]
    fn inflate(&mut self, inflater: &mut Inflater, payload: &[u8], last: bool) -> Result<(), DecodeError> {
        inflater.inflate(payload, last, |bytes| self.extend(bytes))
    }

    fn extend(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        match self {
            Self::Text(text) => text.extend(bytes),
            Self::Binary(binary) => {
                binary.extend_from_slice(bytes);
                Ok(())
            }
        }
    }
}

/// A message that came in one frame and is empty or large. Apart from the others: a message that two branches make is
/// moved once more, which costs more than to make it.
#[inline(never)]
fn rare(opcode: Opcode, payload: Payload<'_>) -> Result<Option<Frame>, DecodeError> {
    let bytes = payload.take();
    Ok(Some(if opcode == Opcode::Text { Frame::Text(shared_text(bytes)?) } else { Frame::Binary(bytes) }))
}

/// The most bytes that zlib, at any level, compresses so many to: an eighth and a 64th more where nothing shrinks.
pub(super) fn most_compressed(len: usize) -> usize {
    len.saturating_add(len / 8).saturating_add(len / 64).saturating_add(16)
}

/// What a close frame says (RFC 6455 §5.5.1).
fn close(mut payload: Bytes) -> Result<Option<CloseFrame>, DecodeError> {
    if payload.is_empty() {
        return Ok(None);
    }
    let code = payload.try_get_u16().map_err(|_| DecodeError::ClosePayload)?;
    let code = CloseCode::from(code);
    // RFC 6455 §7.4.1: 1005, 1006 and 1015 "MUST NOT be set as a status code in a Close control frame".
    if !code.is_sendable() {
        return Err(DecodeError::CloseCode(code));
    }
    let reason = ByteString::try_from(payload).map_err(|_| DecodeError::CloseReason)?;
    Ok(Some(CloseFrame { code, reason }))
}

#[cfg(test)]
mod tests;
