//! The server's answer, judged (RFC 6455 §4.1, "the client MUST validate the server's response").

use std::time::{Duration, SystemTime};

use http::{
    HeaderMap, HeaderName, HeaderValue, Version,
    header::{
        CONNECTION, RETRY_AFTER, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_PROTOCOL, UPGRADE,
    },
    response,
};

use super::{
    deflate::{self, Agreed},
    key,
};
use crate::{
    error::{Error, EstablishError, MalformedResponse, ProcessError},
    options::DeflateOptions,
};

/// The longest wait a server may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// What both sides agreed on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Agreement {
    /// The server's choice among the subprotocols offered.
    pub(crate) protocol: Option<String>,
    /// The extensions in force, each with its parameters.
    pub(crate) extensions: Vec<String>,
    /// What compression was agreed on, if any was.
    pub(crate) deflate: Option<Agreed>,
}

/// Whether an answer with the status 101 is an agreement to what was asked.
pub(crate) fn judge(
    answer: &response::Parts,
    key: &str,
    offered: &[String],
    deflate: Option<&DeflateOptions>,
) -> Result<Agreement, Error> {
    if answer.version < Version::HTTP_11 {
        return Err(ProcessError::from(MalformedResponse::Version).into());
    }
    let headers = &answer.headers;
    if !is_websocket(headers) {
        return Err(EstablishError::NoUpgrade.into());
    }
    if !tokens(headers, &CONNECTION).any(|token| token.eq_ignore_ascii_case(b"upgrade")) {
        return Err(EstablishError::NoConnectionUpgrade.into());
    }
    let accept = only(headers, &SEC_WEBSOCKET_ACCEPT).ok_or(EstablishError::Accept)?;
    if accept.as_bytes().trim_ascii() != key::accept(key).as_bytes() {
        return Err(EstablishError::Accept.into());
    }
    let (extensions, deflate) = extensions(headers, deflate)?;
    Ok(Agreement { protocol: protocol(headers, offered)?, extensions, deflate })
}

/// How long the server asks to wait: seconds or a date (RFC 9110 §10.2.3), at most a day.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // What overflows is more than a day, too.
        text.parse().map_or(LONGEST_WAIT, Duration::from_secs)
    } else {
        let date = httpdate::parse_http_date(text).ok()?;
        date.duration_since(now).unwrap_or_default()
    };
    Some(wait.min(LONGEST_WAIT))
}

/// `Upgrade` names `websocket`, and nothing else.
fn is_websocket(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(UPGRADE).iter().peekable();
    values.peek().is_some() && values.all(|value| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"websocket"))
}

fn protocol(headers: &HeaderMap, offered: &[String]) -> Result<Option<String>, EstablishError> {
    if !headers.contains_key(SEC_WEBSOCKET_PROTOCOL) {
        return Ok(None);
    }
    let chosen = only(headers, &SEC_WEBSOCKET_PROTOCOL).map(|value| value.as_bytes().trim_ascii());
    offered.iter().find(|name| Some(name.as_bytes()) == chosen).map_or_else(
        || Err(EstablishError::Protocol(joined(headers, &SEC_WEBSOCKET_PROTOCOL))),
        |name| Ok(Some(name.clone())),
    )
}

/// The extensions in force. Nothing but permessage-deflate is ever offered, so the server names that once, or nothing.
fn extensions(
    headers: &HeaderMap,
    offered: Option<&DeflateOptions>,
) -> Result<(Vec<String>, Option<Agreed>), EstablishError> {
    let mut elements = tokens(headers, &SEC_WEBSOCKET_EXTENSIONS).map(String::from_utf8_lossy);
    let Some(first) = elements.next() else { return Ok((Vec::new(), None)) };
    let agreed = offered.and_then(|offered| deflate::judge(&first, offered));
    match (agreed, elements.next()) {
        (Some(agreed), None) => Ok((vec![first.into_owned()], Some(agreed))),
        (Some(_), Some(another)) => Err(EstablishError::Extension(another.into_owned())),
        (None, _) => Err(EstablishError::Extension(first.into_owned())),
    }
}

/// The value of a header that must be there exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// The elements of a list that may be spread over several lines; empty ones count for nothing (RFC 9110 §5.6.1).
fn tokens<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    let values = headers.get_all(name).iter();
    values
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|token| !token.is_empty())
}

fn joined(headers: &HeaderMap, name: &HeaderName) -> String {
    let values: Vec<_> = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    values.join(", ")
}

#[cfg(test)]
mod tests;
