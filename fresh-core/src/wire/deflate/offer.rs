//! The offer, and whether the answer is an agreement to it (RFC 7692 §7.1).

use http::HeaderValue;

use crate::options::{DeflateOptions, is_token};

const NAME: &str = "permessage-deflate";
const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";

/// The window that is used where nothing else is agreed on: 32 KiB.
const MAX_BITS: u8 = 15;

/// What both sides do from here on.
///
/// The server's window is not among it: ours to decompress is the largest anyway, and never too small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreed {
    /// The server's messages do not point back into those before.
    pub(crate) server_no_context_takeover: bool,
    /// Ours must not.
    pub(crate) client_no_context_takeover: bool,
    /// How far back ours may point, 8 to 15.
    pub(crate) client_window_bits: u8,
}

/// The value of `Sec-WebSocket-Extensions` in the request.
///
/// `client_max_window_bits` always stands there, without a value where ours is the largest: a server that needs less
/// may only say so where it does (RFC 7692 §7.1.2.2).
pub(crate) fn offer(options: &DeflateOptions) -> HeaderValue {
    let mut text = NAME.to_owned();
    let mut add = |parameter: &str| {
        text.push_str("; ");
        text.push_str(parameter);
    };
    if options.server_no_context_takeover {
        add(SERVER_NO_CONTEXT_TAKEOVER);
    }
    if options.client_no_context_takeover {
        add(CLIENT_NO_CONTEXT_TAKEOVER);
    }
    match options.server_max_window_bits {
        MAX_BITS => {}
        bits => add(&format!("{SERVER_MAX_WINDOW_BITS}={bits}")),
    }
    match options.client_max_window_bits {
        MAX_BITS => add(CLIENT_MAX_WINDOW_BITS),
        bits => add(&format!("{CLIENT_MAX_WINDOW_BITS}={bits}")),
    }
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(NAME))
}

/// What the server agreed to by this element of its answer's `Sec-WebSocket-Extensions`; `None` where it does not
/// answer what was offered.
pub(crate) fn judge(answer: &str, offered: &DeflateOptions) -> Option<Agreed> {
    let mut elements = answer.split(';').map(str::trim_ascii);
    if elements.next() != Some(NAME) {
        return None;
    }
    let mut answered = Answered::default();
    for element in elements {
        answered.add(element)?;
    }
    // RFC 7692 §7.1.1.1 and §7.1.2.1: a server accepts these by repeating them, the window the same or smaller.
    if offered.server_no_context_takeover && !answered.server_no_context_takeover {
        return None;
    }
    if answered.server_max_window_bits.unwrap_or(MAX_BITS) > offered.server_max_window_bits {
        return None;
    }
    // RFC 7692 §7.1.2.2: of ours, a server may say nothing, or "a value equal to or smaller than the received value".
    let allowed = answered.client_max_window_bits.unwrap_or(offered.client_max_window_bits);
    if allowed > offered.client_max_window_bits {
        return None;
    }
    // RFC 7692 §7.1.1.2: that we share no context holds whether the server repeats it or not.
    Some(Agreed {
        server_no_context_takeover: answered.server_no_context_takeover,
        client_no_context_takeover: answered.client_no_context_takeover || offered.client_no_context_takeover,
        client_window_bits: allowed,
    })
}

/// The parameters of an answer.
#[derive(Default)]
struct Answered {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
    client_max_window_bits: Option<u8>,
}

impl Answered {
    /// RFC 7692 §7.1 refuses a parameter that is not defined, one with a wrong value and one that is there twice.
    fn add(&mut self, element: &str) -> Option<()> {
        let (name, value) = match element.split_once('=') {
            Some((name, value)) => (name.trim_ascii_end(), Some(value.trim_ascii_start())),
            None => (element, None),
        };
        match (name, value) {
            (SERVER_NO_CONTEXT_TAKEOVER, None) => flag(&mut self.server_no_context_takeover),
            (CLIENT_NO_CONTEXT_TAKEOVER, None) => flag(&mut self.client_no_context_takeover),
            (SERVER_MAX_WINDOW_BITS, Some(value)) => once(&mut self.server_max_window_bits, bits(value)?),
            (CLIENT_MAX_WINDOW_BITS, Some(value)) => once(&mut self.client_max_window_bits, bits(value)?),
            _ => None,
        }
    }
}

fn flag(seen: &mut bool) -> Option<()> {
    (!std::mem::replace(seen, true)).then_some(())
}

fn once(seen: &mut Option<u8>, value: u8) -> Option<()> {
    seen.replace(value).is_none().then_some(())
}

/// "a decimal integer value without leading zeroes between 8 to 15, inclusive" (RFC 7692 §7.1.2), which may be quoted
/// (RFC 6455 §9.1).
fn bits(value: &str) -> Option<u8> {
    let value = match value.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"')?,
        None => value,
    };
    if !is_token(value) {
        return None;
    }
    (8..=MAX_BITS).find(|bits| value == bits.to_string())
}

#[cfg(test)]
mod tests;
