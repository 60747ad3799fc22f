//! Whatever a server says is compressed, in whatever frames it comes.

use super::{Agreed, Inflater};
use crate::{error::DecodeError, options::Limits};

/// What the messages become, up to the first that cannot be inflated.
type Inflated = (Vec<Vec<u8>>, Option<DecodeError>);

/// The first byte says what was agreed on, the second how many messages the bytes behind it are, the third how these are
/// cut into frames.
pub(crate) fn any_messages(data: &[u8]) {
    let &[agreed, count, cuts, ref bytes @ ..] = data else { return };
    let messages: Vec<&[u8]> = bytes.chunks(1 + bytes.len() / (1 + usize::from(count % 4))).collect();

    let whole = inflate(agreed, &messages, &mut || usize::MAX);
    assert_eq!(inflate(agreed, &messages, &mut || 1), whole, "one byte a frame");
    let mut sizes = fastrand::Rng::with_seed(cuts.into());
    assert_eq!(inflate(agreed, &messages, &mut || sizes.usize(..=usize::from(cuts))), whole, "cut at random");
}

fn inflate(agreed: u8, messages: &[&[u8]], size: &mut dyn FnMut() -> usize) -> Inflated {
    let terms = Agreed {
        server_no_context_takeover: agreed & 1 != 0,
        client_no_context_takeover: false,
        client_window_bits: 15,
    };
    let max_message = if agreed & 2 == 0 { 1000 } else { 1 << 20 };
    let mut inflater = Inflater::new(terms, &Limits { max_message, ..Limits::default() });
    let mut inflated = Vec::new();
    for message in messages {
        match inflate_one(&mut inflater, message, max_message, size) {
            Ok(plain) => inflated.push(plain),
            Err(error) => return (inflated, Some(error)),
        }
        if agreed & 4 != 0 {
            inflater.shrink();
        }
    }
    (inflated, None)
}

fn inflate_one(
    inflater: &mut Inflater,
    mut payload: &[u8],
    limit: usize,
    size: &mut dyn FnMut() -> usize,
) -> Result<Vec<u8>, DecodeError> {
    let (mut plain, mut steps, mut frames) = (Vec::new(), 0, 0);
    let most = payload.len();
    loop {
        // An empty frame now and then, and not for ever.
        let cut = if frames % 3 == 2 { 1 } else { 0 };
        let (frame, rest) = payload.split_at(size().max(cut).min(payload.len()));
        (payload, frames) = (rest, frames + 1);
        let outcome = inflater.inflate(frame, rest.is_empty(), |bytes| {
            steps += 1;
            plain.extend_from_slice(bytes);
            Ok(())
        });
        assert!(plain.len() <= limit, "{} bytes of at most {limit}", plain.len());
        // Each step reads or makes something, but for the last of a frame.
        assert!(steps <= most + plain.len() + 4 * frames, "{steps} steps for {most} bytes");
        outcome?;
        if rest.is_empty() {
            return Ok(plain);
        }
    }
}
