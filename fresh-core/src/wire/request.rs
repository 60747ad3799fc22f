//! The upgrade request, as a value (RFC 6455 §4.1).

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use http::{
    HeaderValue, Uri,
    header::{
        AUTHORIZATION, CONNECTION, HOST, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
        SEC_WEBSOCKET_VERSION, UPGRADE,
    },
};
use http_body_util::Empty;
use percent_encoding::percent_decode_str;
use url::{Position, Url};

use super::deflate;
use crate::{
    error::UpgradeError,
    options::{DeflateOptions, OptionsError, Request, check_protocol, checked_url, is_of_the_handshake},
};

/// Refuses what a request hook must not ask for: the rules are those of the setters of `Options`.
pub(crate) fn check(request: &Request) -> Result<(), UpgradeError> {
    let refuse = |error: OptionsError| Err(UpgradeError::Request(error.into()));
    if let Err(error) = checked_url(request.url.as_str()) {
        return refuse(error);
    }
    if let Some(name) = request.headers.keys().find(|name| is_of_the_handshake(name)) {
        return refuse(OptionsError::ReservedHeader(name.clone()));
    }
    for (index, protocol) in request.protocols.iter().enumerate() {
        if let Err(error) = check_protocol(protocol, &request.protocols[..index]) {
            return refuse(error);
        }
    }
    Ok(())
}

/// The request that asks for the upgrade. The user's own `Host` and `Authorization` go before ours.
pub(crate) fn build(
    request: &Request,
    key: &str,
    deflate: Option<&DeflateOptions>,
) -> Result<http::Request<Empty<Bytes>>, UpgradeError> {
    let mut built = http::Request::new(Empty::new());
    *built.uri_mut() = origin_form(&request.url)?;
    let headers = built.headers_mut();
    if !request.headers.contains_key(HOST) {
        headers.insert(HOST, value(host(&request.url))?);
    }
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(SEC_WEBSOCKET_KEY, value(key.to_owned())?);
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    if !request.protocols.is_empty() {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, value(request.protocols.join(", "))?);
    }
    if let Some(deflate) = deflate {
        headers.insert(SEC_WEBSOCKET_EXTENSIONS, deflate::offer(deflate));
    }
    if let Some(credentials) = basic(&request.url)
        && !request.headers.contains_key(AUTHORIZATION)
    {
        let mut value = value(credentials)?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    for (name, value) in &request.headers {
        headers.append(name, value.clone());
    }
    Ok(built)
}

/// Path and query (RFC 9112 §3.2.1): neither userinfo nor fragment ever gets into a request line.
fn origin_form(url: &Url) -> Result<Uri, UpgradeError> {
    url[Position::BeforePath..Position::AfterQuery].parse().map_err(|error: http::uri::InvalidUri| unfit(error))
}

/// The host, with its port where that is not the scheme's own; an IPv6 address is in brackets.
fn host(url: &Url) -> String {
    url[Position::BeforeHost..Position::AfterPort].to_owned()
}

/// RFC 7617: the URL's userinfo, percent-decoded.
fn basic(url: &Url) -> Option<String> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut pair: Vec<u8> = percent_decode_str(url.username()).collect();
    pair.push(b':');
    pair.extend(percent_decode_str(url.password().unwrap_or_default()));
    Some(format!("Basic {}", BASE64.encode(pair)))
}

fn value(text: String) -> Result<HeaderValue, UpgradeError> {
    HeaderValue::try_from(text).map_err(unfit)
}

/// The causes say what is wrong without repeating the text, which may be secret.
fn unfit(cause: impl std::error::Error + Send + Sync + 'static) -> UpgradeError {
    UpgradeError::Request(cause.into())
}

#[cfg(test)]
mod tests;
