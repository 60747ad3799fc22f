//! Whatever a server sends, in whatever pieces it comes.

use bytes::BytesMut;

use super::Inbound;
#[cfg(feature = "deflate")]
use crate::wire::deflate::Agreed;
use crate::{
    error::DecodeError,
    frame::Frame,
    options::Limits,
    wire::{assembler::most_compressed, deflate::Inflater},
};

/// A server's longest head: two bytes and a 64-bit length (RFC 6455 §5.2).
const MAX_HEAD: usize = 10;

/// The first byte says what was agreed on, the second how the bytes behind it are cut.
pub(crate) fn any_bytes(data: &[u8]) {
    let &[agreed, cuts, ref bytes @ ..] = data else { return };
    let limits = match agreed & 1 {
        0 => Limits { max_frame: 300, max_message: 1000, max_fragments: 8, ..Limits::default() },
        _ => Limits::default(),
    };
    let told = |size: &mut dyn FnMut() -> usize| tell(&limits, inflater(agreed, &limits), bytes, size);

    let whole = told(&mut || usize::MAX);
    assert_eq!(told(&mut || 1), whole, "one byte at a time");
    let mut sizes = fastrand::Rng::with_seed(cuts.into());
    let mut cut = || sizes.usize(1..=1 + usize::from(cuts));
    assert_eq!(told(&mut cut), whole, "cut at random");
    for frame in &whole.0 {
        judge(frame, &limits);
    }
}

/// Where compression was agreed on, which is another kind of connection.
#[cfg(feature = "deflate")]
fn inflater(agreed: u8, limits: &Limits) -> Option<Box<Inflater>> {
    let terms = Agreed {
        server_no_context_takeover: agreed & 4 != 0,
        client_no_context_takeover: false,
        client_window_bits: 15,
    };
    (agreed & 2 != 0).then(|| Box::new(Inflater::new(terms, limits)))
}

#[cfg(not(feature = "deflate"))]
fn inflater(_: u8, _: &Limits) -> Option<Box<Inflater>> {
    None
}

/// What is told of these bytes, and the error that ends it.
fn tell(
    limits: &Limits,
    inflater: Option<Box<Inflater>>,
    mut bytes: &[u8],
    size: &mut dyn FnMut() -> usize,
) -> (Vec<Frame>, Option<DecodeError>) {
    let mut inbound = Inbound::new(limits, inflater);
    let (mut buffer, mut told) = (BytesMut::new(), Vec::new());
    loop {
        match inbound.next(&mut buffer) {
            Ok(Some(frame)) => told.push(frame),
            Ok(None) => {
                assert!(buffer.len() < MAX_HEAD + most_compressed(limits.max_frame), "{} bytes wait", buffer.len());
                let held = inbound.assembler.held();
                // A buffer that grows is doubled.
                assert!(held <= 2 * limits.max_message + 64, "{held} bytes are held");
                if bytes.is_empty() {
                    return (told, None);
                }
                let (piece, rest) = bytes.split_at(size().min(bytes.len()));
                buffer.extend_from_slice(piece);
                bytes = rest;
            }
            Err(error) => return (told, Some(error)),
        }
    }
}

/// Whether a client may be told this.
fn judge(frame: &Frame, limits: &Limits) {
    match frame {
        Frame::Text(_) | Frame::Binary(_) => assert!(frame.payload_len() <= limits.max_message),
        Frame::Ping(_) | Frame::Pong(_) | Frame::Close(None) => assert!(frame.payload_len() <= 125),
        Frame::Close(Some(close)) => assert!(frame.payload_len() <= 125 && close.code.is_sendable()),
    }
}
