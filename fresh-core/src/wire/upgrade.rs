//! The opening handshake (RFC 6455 §4.1), by hyper.

use std::{
    error::Error as StdError,
    io,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use bytes::{Bytes, BytesMut};
use futures_util::future::{Either, select};
use http::{StatusCode, response};
use http_body_util::BodyExt as _;
use http_body_util::Empty;
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;

use super::{
    answer::{self, Agreement},
    deflate::Agreed,
    key, request,
    tagged::{Tagged, untag},
    tcp::owned,
    tls::rustls_error,
};
use crate::{
    connection::Upgrade,
    error::{ConnectError, Error, EstablishError, MalformedResponse, ProcessError, Refusal, TlsError, UpgradeError},
    options::{Io, Options, Request, Transport},
};

/// The least that `max_handshake` can be; hyper panics below it.
const LEAST_HEAD: usize = 8 << 10;
/// How many fields a head may have: each costs memory of its own, however short it is.
const MAX_FIELDS: usize = 1024;
/// How much of a refusal's body is kept.
const MAX_BODY: usize = 8 << 10;
/// How long the body of a refusal is waited for: the refusal itself is known.
const BODY_PATIENCE: Duration = Duration::from_secs(1);

/// A connection that speaks WebSocket from here on.
pub(crate) struct Upgraded {
    pub(crate) io: Box<dyn Io>,
    /// What came behind the answer: the first frames.
    pub(crate) read: BytesMut,
    pub(crate) upgrade: Upgrade,
    /// What compression was agreed on, if any was.
    pub(crate) deflate: Option<Agreed>,
}

/// Asks for the upgrade and judges the answer. Dropping the future drops the transport.
///
/// At the deadline the attempt is over: what is known of a refusal by then is told by then.
pub(crate) async fn upgrade(
    transport: Transport,
    request: Request,
    options: &Options,
    deadline: Option<Instant>,
) -> Result<Upgraded, Error> {
    let key = key::generate().map_err(|error| UpgradeError::Request(error.into()))?;
    let asked = request::build(&request, &key, options.deflate.as_ref())?;
    let limit = options.limits.max_handshake.max(LEAST_HEAD);
    let Transport { io, peer_addr, local_addr } = transport;
    let (sender, connection) =
        builder(limit).handshake(TokioIo::new(Tagged::new(io))).await.map_err(|error| broken(error, limit))?;

    let exchange = pin!(exchange(sender, asked, limit, deadline, |head| {
        answer::judge(head, &key, &request.protocols, options.deflate.as_ref())
    }));
    // hyper's connection moves the bytes of the exchange. Where it is done first, it is dropped, and what it has to
    // say waits in the channels that the exchange reads.
    let (answered, switched, agreement) = match select(exchange, connection.with_upgrades()).await {
        Either::Left((outcome, _)) => outcome?,
        Either::Right((_, exchange)) => exchange.await?,
    };

    let upgrade = Upgrade {
        protocol: agreement.protocol,
        extensions: agreement.extensions,
        peer_addr,
        local_addr,
        attempt: request.attempt,
        ..Upgrade::new(answered.headers)
    };
    let parts = switched
        .downcast::<TokioIo<Tagged>>()
        .map_err(|_| malformed(MalformedResponse::Http("hyper gave another stream back".into())))?;
    Ok(Upgraded {
        io: parts.io.into_inner().into_inner(),
        read: parts.read_buf.into(),
        upgrade,
        deflate: agreement.deflate,
    })
}

/// Header names are sent as `Upgrade`, `X-Api-Key`. Names are case-insensitive (RFC 9110 §5.1), but old servers and
/// middleboxes compare bytes; [`Tagged`] restores the case of the names that RFC 6455 defines.
///
/// A folded header of the response is one value, with spaces in place of the fold (RFC 9112 §5.2).
fn builder(limit: usize) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.title_case_headers(true).allow_obsolete_multiline_headers_in_responses(true);
    builder.max_buf_size(limit).max_header_size(limit).max_headers(MAX_FIELDS);
    builder
}

async fn exchange(
    mut sender: SendRequest<Empty<Bytes>>,
    asked: http::Request<Empty<Bytes>>,
    limit: usize,
    deadline: Option<Instant>,
    judge: impl FnOnce(&response::Parts) -> Result<Agreement, Error>,
) -> Result<(response::Parts, hyper::upgrade::Upgraded, Agreement), Error> {
    let mut answer = sender.send_request(asked).await.map_err(|error| broken(error, limit))?;
    let switching = hyper::upgrade::on(&mut answer);
    let (head, body) = answer.into_parts();
    if head.status != StatusCode::SWITCHING_PROTOCOLS {
        return Err(EstablishError::Refused(Arc::new(refusal(head, body, deadline).await)).into());
    }
    let agreement = judge(&head)?;
    let switched = switching.await.map_err(|error| broken(error, limit))?;
    Ok((head, switched, agreement))
}

async fn refusal(head: response::Parts, body: Incoming, deadline: Option<Instant>) -> Refusal {
    let retry_after = answer::retry_after(&head.headers, SystemTime::now());
    Refusal { status: head.status, headers: head.headers, body: beginning(body, deadline).await, retry_after }
}

/// As much of the body as comes in time, up to [`MAX_BODY`]; what breaks off is kept as far as it came.
async fn beginning(mut body: Incoming, deadline: Option<Instant>) -> Bytes {
    let mut kept = BytesMut::new();
    let reading = async {
        while kept.len() < MAX_BODY
            && let Some(Ok(frame)) = body.frame().await
        {
            if let Ok(data) = frame.into_data() {
                kept.extend_from_slice(&data[..data.len().min(MAX_BODY - kept.len())]);
            }
        }
    };
    // Running out of time is no failure: it only ends the body here.
    let patience = tokio::time::Instant::now() + BODY_PATIENCE;
    let until = deadline.map_or(patience, |deadline| patience.min(deadline.into()));
    let _ = tokio::time::timeout_at(until, reading).await;
    kept.freeze()
}

/// Why hyper gave up.
fn broken(error: hyper::Error, limit: usize) -> Error {
    if error.is_parse_too_large() {
        return EstablishError::HeadTooLarge { limit }.into();
    }
    if let Some(cause) = io_cause(&error) {
        return broken_io(cause);
    }
    // A request that never got out has the end of the connection as its cause.
    let cause = error.source().and_then(|cause| cause.downcast_ref::<hyper::Error>()).unwrap_or(&error);
    if cause.is_incomplete_message() || cause.is_canceled() || cause.is_closed() {
        return ProcessError::Eof.into();
    }
    if error.is_canceled() {
        return malformed(MalformedResponse::SpokeFirst);
    }
    malformed(MalformedResponse::Http(error.into()))
}

fn malformed(response: MalformedResponse) -> Error {
    ProcessError::from(response).into()
}

fn broken_io(error: &io::Error) -> Error {
    let (in_write, cause) = untag(error);
    if let Some(tls) = rustls_error(cause) {
        // With TLS 1.3 the server judges our certificate only after our side of the handshake is done.
        return ConnectError::Tls(TlsError::Rustls(Arc::new(tls.clone()))).into();
    }
    if in_write {
        return UpgradeError::Send(Arc::new(owned(cause))).into();
    }
    if cause.kind() == io::ErrorKind::UnexpectedEof {
        // TLS that ended without its own goodbye.
        return ProcessError::Eof.into();
    }
    ProcessError::Io(Arc::new(owned(cause))).into()
}

fn io_cause(error: &hyper::Error) -> Option<&io::Error> {
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(io) = cause.downcast_ref() {
            return Some(io);
        }
        next = cause.source();
    }
    None
}

#[cfg(any(fuzzing, test))]
pub(crate) mod fuzz;
#[cfg(test)]
mod tests;
