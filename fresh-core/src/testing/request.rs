//! What a client's upgrade request must hold (RFC 6455 §4.1).

use base64::{Engine, prelude::BASE64_STANDARD};
use fastwebsockets::upgrade::is_upgrade_request;
use http::{HeaderMap, Method, Request, Uri, Version, header};

/// What is wrong with the request, if anything is.
pub(super) fn fault(request: &Request<()>) -> Option<String> {
    let headers = request.headers();
    let faults = [
        (request.method() != Method::GET).then(|| format!("the method is {}", request.method())),
        (request.version() != Version::HTTP_11).then(|| format!("the version is {:?}", request.version())),
        (!is_origin_form(request.uri())).then(|| format!("the target {} is not a path", request.uri())),
        single(headers, "host").filter(|host| !host.is_empty()).is_none().then(|| "there is not one Host".into()),
        (!is_upgrade_request(request)).then(|| {
            let [upgrade, connection] = [header::UPGRADE, header::CONNECTION].map(|name| headers.get(name));
            format!("it asks for no upgrade: Upgrade {upgrade:?}, Connection {connection:?}")
        }),
        (single(headers, "sec-websocket-version") != Some("13")).then(|| "Sec-WebSocket-Version is not 13".into()),
        (!has_a_good_key(headers)).then(|| "Sec-WebSocket-Key is not one key of 16 bytes in base64".into()),
        (headers.contains_key(header::CONTENT_LENGTH) || headers.contains_key(header::TRANSFER_ENCODING))
            .then(|| "it has a body".into()),
    ];
    faults.into_iter().flatten().next()
}

/// Whether the target is a path, and a query maybe (RFC 9112 §3.2.1).
fn is_origin_form(target: &Uri) -> bool {
    target.authority().is_none() && target.path().starts_with('/')
}

fn has_a_good_key(headers: &HeaderMap) -> bool {
    let key = single(headers, "sec-websocket-key").and_then(|key| BASE64_STANDARD.decode(key).ok());
    key.is_some_and(|key| key.len() == 16)
}

/// The value of a header that stands there exactly once.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        (Some(_), Some(_)) | (None, _) => None,
    }
}
