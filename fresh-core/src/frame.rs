//! What travels over a WebSocket, as plain data: [`Message`], [`Control`], [`Frame`], [`CloseCode`].

use std::fmt;

use bytes::Bytes;
use bytestring::ByteString;

/// A whole data message, whatever the number of frames it came in (RFC 6455 §5.6).
///
/// Answers to Fresh's `data_frame`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// UTF-8 text.
    Text(ByteString),
    /// Arbitrary bytes.
    Binary(Bytes),
}

impl Message {
    /// The text of a text message.
    ///
    /// # Errors
    ///
    /// [`NotText`] where the message is binary, so that `?` ends a callback that expects text.
    pub fn to_text(&self) -> Result<&str, NotText> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Binary(_) => Err(NotText),
        }
    }

    /// The payload, of either type, as bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// The payload, of either type, as bytes that share the message's memory.
    pub fn into_bytes(self) -> Bytes {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// The length of the payload in bytes.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether the payload has no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same message. A payload of at most 32 KiB gets an allocation of its own, so that a message that waits for
    /// long does not keep the read buffer it came in.
    pub(crate) fn compact(self) -> Self {
        match self {
            Self::Text(text) if text.len() <= COMPACT => Self::Text(ByteString::from(String::from(&*text))),
            Self::Text(text) => Self::Text(text),
            Self::Binary(bytes) => Self::Binary(compact(bytes)),
        }
    }

    /// How many bytes of memory a compact message may hold: its length, and at least a whole read buffer for one that was
    /// too large to be copied.
    #[inline]
    pub(crate) fn held_bytes(&self) -> usize {
        held_bytes(self.len())
    }

    /// Whether this is a text message.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// Whether this is a binary message.
    pub fn is_binary(&self) -> bool {
        matches!(self, Self::Binary(_))
    }
}

/// What the data of a message is: the `/type/` of RFC 6455 §6.1. Chosen by its opcode (§5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageType {
    /// UTF-8 text.
    Text,
    /// Arbitrary bytes.
    Binary,
}

/// [`Message::to_text`] was asked of a binary message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a binary message where text was expected")]
pub struct NotText;

/// A control frame that reached the client (RFC 6455 §5.5). Answers to Fresh's `control_frame`.
///
/// A close frame is not among them: it is told by `handle_disconnect`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Control {
    /// A ping, which the runtime has already answered (RFC 6455 §5.5.2).
    Ping(Bytes),
    /// A pong, solicited or not (RFC 6455 §5.5.3).
    Pong(Bytes),
}

/// A frame to send: a whole message or a control frame.
///
/// Covers the eight shapes that hackney_ws sends: `{text, Data}`, `{binary, Data}`, `ping`, `{ping, Data}`,
/// `pong`, `{pong, Data}`, `close`, `{close, Code, Reason}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Frame {
    /// A text message.
    Text(ByteString),
    /// A binary message.
    Binary(Bytes),
    /// A ping; its payload has at most 125 bytes.
    Ping(Bytes),
    /// An unsolicited pong; its payload has at most 125 bytes.
    Pong(Bytes),
    /// The start of the close handshake, with a code and a reason or without.
    Close(Option<CloseFrame>),
}

impl Frame {
    /// A text frame.
    pub fn text(text: impl Into<ByteString>) -> Self {
        Self::Text(text.into())
    }

    /// A binary frame.
    pub fn binary(bytes: impl Into<Bytes>) -> Self {
        Self::Binary(bytes.into())
    }

    /// A ping frame.
    pub fn ping(payload: impl Into<Bytes>) -> Self {
        Self::Ping(payload.into())
    }

    /// A pong frame that answers no ping (RFC 6455 §5.5.3 allows it as a one-way heartbeat).
    pub fn pong(payload: impl Into<Bytes>) -> Self {
        Self::Pong(payload.into())
    }

    /// A close frame with a code and a reason.
    pub fn close(code: impl Into<CloseCode>, reason: impl Into<ByteString>) -> Self {
        Self::Close(Some(CloseFrame::new(code, reason)))
    }

    /// Checks that RFC 6455 allows the frame on the wire. Every way to send a frame checks it before the frame is
    /// accepted.
    ///
    /// # Errors
    ///
    /// A control frame with a payload of more than 125 bytes (§5.5), and a close code that must not be sent (§7.4.1,
    /// §7.4.2).
    // Inlined without a call that takes the frame's address, so that a frame can be checked in registers.
    #[inline(always)]
    pub fn check(&self) -> Result<(), EncodeError> {
        match self {
            Self::Text(_) | Self::Binary(_) | Self::Close(None) => return Ok(()),
            Self::Ping(_) | Self::Pong(_) => {}
            Self::Close(Some(close)) if !close.code.is_sendable() => return Err(EncodeError::CloseCode(close.code)),
            Self::Close(Some(_)) => {}
        }
        let len = self.payload_len();
        if len > MAX_CONTROL { Err(EncodeError::ControlTooLong { len }) } else { Ok(()) }
    }

    /// Whether it is a message, and no control frame (RFC 6455 §5.6).
    #[inline]
    pub(crate) fn is_data(&self) -> bool {
        match self {
            Self::Text(_) | Self::Binary(_) => true,
            Self::Ping(_) | Self::Pong(_) | Self::Close(_) => false,
        }
    }

    /// The same frame, with a payload that is copied as by [`Message::compact`].
    pub(crate) fn compact(self) -> Self {
        match self {
            Self::Text(text) => Message::Text(text).compact().into(),
            Self::Binary(bytes) => Self::Binary(compact(bytes)),
            Self::Ping(payload) => Self::Ping(compact(payload)),
            Self::Pong(payload) => Self::Pong(compact(payload)),
            Self::Close(_) => self,
        }
    }

    /// As [`Message::held_bytes`], for a frame.
    pub(crate) fn held_bytes(&self) -> usize {
        held_bytes(self.payload_len())
    }

    /// The length of the payload on the wire, in bytes, before compression.
    #[inline(always)]
    pub fn payload_len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) | Self::Ping(bytes) | Self::Pong(bytes) => bytes.len(),
            Self::Close(None) => 0,
            Self::Close(Some(close)) => 2 + close.reason.len(),
        }
    }
}

/// The largest payload that is copied out of the read buffer when it has to wait, in bytes: half of that buffer, so that a
/// larger payload holds about twice its size at most.
const COMPACT: usize = 32 << 10;

/// The size of the read buffer that a payload may share with others, in bytes. A larger payload has a buffer for itself.
const READ_BUFFER: usize = 64 << 10;

#[inline]
fn held_bytes(len: usize) -> usize {
    if len > COMPACT { len.max(READ_BUFFER) } else { len }
}

fn compact(bytes: Bytes) -> Bytes {
    if bytes.len() > COMPACT { bytes } else { Bytes::copy_from_slice(&bytes) }
}

/// The largest payload of a control frame, in bytes (RFC 6455 §5.5).
const MAX_CONTROL: usize = 125;

/// A frame that RFC 6455 does not allow on the wire; it is refused where it is given to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A ping, pong or close payload of more than 125 bytes (RFC 6455 §5.5).
    #[error("a control frame of {len} bytes, where 125 is the most")]
    ControlTooLong {
        /// The length of the payload in bytes.
        len: usize,
    },
    /// A close code that may not be on the wire (RFC 6455 §7.4).
    #[error("the close code {0} may not be sent")]
    CloseCode(CloseCode),
    /// The pieces of a text message are not UTF-8, or end amid a character (RFC 6455 §8.1); only `send_stream`.
    #[error("text that is not UTF-8")]
    Utf8,
}

impl EncodeError {
    /// Returns `false`: RFC 6455 never allows the frame.
    pub fn is_transient(self) -> bool {
        false
    }
}

impl From<Message> for Frame {
    fn from(message: Message) -> Self {
        match message {
            Message::Text(text) => Self::Text(text),
            Message::Binary(bytes) => Self::Binary(bytes),
        }
    }
}

impl From<Control> for Frame {
    fn from(control: Control) -> Self {
        match control {
            Control::Ping(payload) => Self::Ping(payload),
            Control::Pong(payload) => Self::Pong(payload),
        }
    }
}

impl From<CloseFrame> for Frame {
    fn from(close: CloseFrame) -> Self {
        Self::Close(Some(close))
    }
}

/// Text types become a text frame or message, byte types a binary one.
macro_rules! from_data {
    ($($source:ty => $variant:ident),* $(,)?) => {$(
        impl From<$source> for Frame {
            fn from(data: $source) -> Self {
                Self::$variant(data.into())
            }
        }

        impl From<$source> for Message {
            fn from(data: $source) -> Self {
                Self::$variant(data.into())
            }
        }
    )*};
}

from_data! {
    &'static str => Text,
    String => Text,
    ByteString => Text,
    &'static [u8] => Binary,
    Vec<u8> => Binary,
    Bytes => Binary,
}

/// What a close frame says: a code and a reason (RFC 6455 §5.5.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CloseFrame {
    /// Why the connection is closed.
    pub code: CloseCode,
    /// The reason in words, at most 123 bytes of UTF-8.
    pub reason: ByteString,
}

impl CloseFrame {
    /// A close frame with this code and reason; it is checked when it is sent.
    pub fn new(code: impl Into<CloseCode>, reason: impl Into<ByteString>) -> Self {
        Self { code: code.into(), reason: reason.into() }
    }
}

/// The code of a close frame (RFC 6455 §7.4).
///
/// Every `u16` can be held, so that what an application meant can be shown; only those that
/// [`is_sendable`](Self::is_sendable) may cross the wire, in either direction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(u16);

macro_rules! close_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $label:literal;)*) => {
        impl CloseCode {
            $($(#[$doc])* pub const $name: Self = Self($code);)*

            /// The name in IANA's registry of close codes, where it has one.
            pub fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($code => Some($label),)*
                    _ => None,
                }
            }
        }
    };
}

close_codes! {
    /// 1000: the purpose of the connection is fulfilled.
    NORMAL_CLOSURE = 1000, "normal closure";
    /// 1001: an endpoint goes away, such as a server that shuts down; what `stop()` sends.
    GOING_AWAY = 1001, "going away";
    /// 1002: the peer broke the protocol.
    PROTOCOL_ERROR = 1002, "protocol error";
    /// 1003: a type of data that cannot be accepted.
    UNSUPPORTED_DATA = 1003, "unsupported data";
    /// 1005: a close frame held no code; never on the wire.
    NO_STATUS_RECEIVED = 1005, "no status received";
    /// 1006: the connection ended without a close frame; never on the wire.
    ABNORMAL_CLOSURE = 1006, "abnormal closure";
    /// 1007: data that is not what its type says, such as text that is not UTF-8.
    INVALID_PAYLOAD = 1007, "invalid frame payload data";
    /// 1008: a message that violates the endpoint's policy.
    POLICY_VIOLATION = 1008, "policy violation";
    /// 1009: a message too big to be processed.
    MESSAGE_TOO_BIG = 1009, "message too big";
    /// 1010: the server did not agree to an extension that the client needs.
    MANDATORY_EXTENSION = 1010, "mandatory extension";
    /// 1011: an unexpected condition.
    INTERNAL_ERROR = 1011, "internal error";
    /// 1012: the service restarts.
    SERVICE_RESTART = 1012, "service restart";
    /// 1013: try again later.
    TRY_AGAIN_LATER = 1013, "try again later";
    /// 1014: a gateway got an invalid answer from upstream.
    BAD_GATEWAY = 1014, "bad gateway";
    /// 1015: TLS failed; never on the wire.
    TLS_HANDSHAKE = 1015, "TLS handshake";
}

impl CloseCode {
    /// The code as a number.
    pub fn as_u16(self) -> u16 {
        self.0
    }

    /// Whether the code may stand in a close frame: 1000–1003, 1007–1014 and 3000–4999 (RFC 6455 §7.4.1, §7.4.2
    /// and IANA's registry).
    pub fn is_sendable(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }
}

impl From<u16> for CloseCode {
    fn from(code: u16) -> Self {
        Self(code)
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code.0
    }
}

impl PartialEq<u16> for CloseCode {
    fn eq(&self, other: &u16) -> bool {
        self.0 == *other
    }
}

impl fmt::Debug for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{} ({name})", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_payload_has_125_bytes_at_most() {
        assert_eq!(Frame::ping(vec![0; 125]).check(), Ok(()));
        assert_eq!(Frame::ping(vec![0; 126]).check(), Err(EncodeError::ControlTooLong { len: 126 }));
        assert_eq!(Frame::pong(vec![0; 126]).check(), Err(EncodeError::ControlTooLong { len: 126 }));
        assert_eq!(Frame::close(1000, "r".repeat(123)).check(), Ok(()));
        assert_eq!(Frame::close(1000, "r".repeat(124)).check(), Err(EncodeError::ControlTooLong { len: 126 }));
        assert_eq!(Frame::binary(vec![0; 126]).check(), Ok(()));
        assert_eq!(Frame::Close(None).check(), Ok(()));
    }

    #[test]
    fn a_close_code_that_must_not_be_sent_is_refused() {
        for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000].map(CloseCode::from) {
            assert_eq!(Frame::close(code, "").check(), Err(EncodeError::CloseCode(code)));
        }
        assert_eq!(Frame::close(4999, "").check(), Ok(()));
    }

    #[test]
    fn exactly_the_codes_of_the_registry_and_of_applications_are_sendable() {
        let sendable: Vec<u16> = (0..=u16::MAX).filter(|&code| CloseCode(code).is_sendable()).collect();
        let expected: Vec<u16> = (1000..=1003).chain(1007..=1014).chain(3000..=4999).collect();
        assert_eq!(sendable, expected);
    }

    #[test]
    fn a_compact_frame_has_the_same_payload_in_memory_of_its_own() {
        let buffer = Bytes::from(vec![b'x'; 64 << 10]);
        let text = ByteString::try_from(buffer.slice(..10)).unwrap();
        let small = buffer.slice(..COMPACT);
        for frame in
            [Frame::Text(text), Frame::Binary(small), Frame::Ping(buffer.slice(..5)), Frame::Pong(buffer.slice(..5))]
        {
            assert_eq!(frame.clone().compact(), frame);
            assert_eq!(frame.held_bytes(), frame.payload_len());
            let Ok(payload) = data(frame.clone().compact()).try_into_mut() else { panic!("{frame:?} is shared") };
            assert!(payload.capacity() <= frame.payload_len());
        }
    }

    #[test]
    fn a_large_payload_is_not_copied_and_counts_for_the_read_buffer_that_it_may_hold() {
        let buffer = Bytes::from(vec![b'x'; 64 << 10]);
        let large = Frame::Binary(buffer.slice(..COMPACT + 1));
        let pointer = data(large.clone()).as_ptr();
        assert_eq!(data(large.clone().compact()).as_ptr(), pointer);
        assert_eq!(large.held_bytes(), 64 << 10);
        assert_eq!(Frame::binary(vec![0; 100_000]).held_bytes(), 100_000);
    }

    fn data(frame: Frame) -> Bytes {
        match frame {
            Frame::Text(text) => text.into_bytes(),
            Frame::Binary(bytes) | Frame::Ping(bytes) | Frame::Pong(bytes) => bytes,
            Frame::Close(_) => panic!("a close frame has no data"),
        }
    }

    #[test]
    fn text_types_become_text_and_byte_types_binary() {
        assert_eq!(Frame::from("a"), Frame::text("a"));
        assert_eq!(Frame::from(String::from("a")), Frame::text("a"));
        assert_eq!(Frame::from(vec![1u8]), Frame::binary(vec![1u8]));
        assert_eq!(Message::from(Bytes::from_static(b"x")).as_bytes(), b"x");
    }

    #[test]
    fn a_binary_message_has_no_text() {
        assert_eq!(Message::from(vec![0u8]).to_text(), Err(NotText));
        assert_eq!(Message::from("é").to_text(), Ok("é"));
    }

    #[test]
    fn the_payload_of_a_close_frame_counts_its_code() {
        assert_eq!(Frame::Close(None).payload_len(), 0);
        assert_eq!(Frame::close(1000, "bye").payload_len(), 5);
    }

    #[test]
    fn a_code_shows_its_number_and_its_name() {
        assert_eq!(CloseCode::GOING_AWAY.to_string(), "1001 (going away)");
        assert_eq!(CloseCode::from(4000).to_string(), "4000");
    }
}
