//! A client's upgrade request, before it is answered.

use std::{convert::Infallible, future, panic::Location};

use bytes::{Bytes, BytesMut};
use fastwebsockets::upgrade::upgrade;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::Empty;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc;

use super::{
    connection::{Connection, Frozen},
    patience::{Caller, patiently},
    request,
    server::Stream,
};
use crate::frame::Frame;

/// A correct upgrade request that has no answer yet. While it is held, the client waits.
#[derive(Debug)]
pub struct Handshake {
    request: Request<()>,
    connection: Connection,
}

impl Handshake {
    /// What the client asked for: path, headers, protocols, extensions.
    pub fn request(&self) -> &Request<()> {
        &self.request
    }

    /// Agrees: answers 101, with neither a subprotocol nor an extension.
    #[track_caller]
    pub fn accept(self) -> impl Future<Output = Connection> {
        self.accept_for(Location::caller())
    }

    /// Answers 101 with these headers too. One that the answer has anyway is replaced, so that
    /// `("sec-websocket-accept", "wrong")` is a wrong answer.
    #[track_caller]
    pub fn accept_with(mut self, headers: &[(&str, &str)]) -> impl Future<Output = Connection> {
        let at = Location::caller();
        let mut response = self.agreement();
        replace(response.headers_mut(), headers);
        self.answer(at, head(&response))
    }

    /// Answers 101 and sends these frames with it, in one segment.
    #[track_caller]
    pub fn accept_and_send<F: Into<Frame>>(
        mut self,
        frames: impl IntoIterator<Item = F>,
    ) -> impl Future<Output = Connection> {
        let at = Location::caller();
        let agreement = head(&self.agreement());
        self.connection.queue(&agreement);
        for frame in frames {
            self.connection.queue_frame(&frame.into());
        }
        self.answer(at, Vec::new())
    }

    /// Refuses with this status, these headers and this body (`""` for none), and ends the connection.
    #[track_caller]
    pub fn refuse(self, status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> impl Future<Output = ()> {
        let at = Location::caller();
        let body = body.as_ref();
        let mut response = Response::new(());
        *response.status_mut() =
            StatusCode::from_u16(status).unwrap_or_else(|_| panic!("{status} is no status (at {at})"));
        let length = body.len().to_string();
        replace(response.headers_mut(), &[("connection", "close"), ("content-length", length.as_str())]);
        replace(response.headers_mut(), headers);
        let answer = [head(&response).as_slice(), body].concat();
        let mut connection = self.connection;
        async move {
            connection.queue(&answer);
            // A client that has seen enough may hang up.
            let _ = patiently(at, "the client did not read the refusal", connection.flush()).await;
        }
    }

    /// Answers these bytes, whatever they are.
    #[track_caller]
    pub fn raw(self, bytes: impl Into<Bytes>) -> impl Future<Output = Connection> {
        self.answer(Location::caller(), bytes.into().into())
    }

    /// Never answers, while the guard lives.
    pub fn freeze(self) -> Frozen {
        self.connection.freeze()
    }

    /// Ends the connection without an answer.
    pub fn drop_connection(self) {
        self.connection.drop_connection();
    }

    pub(super) async fn read(at: Caller, stream: Stream) -> Self {
        let reading = read_request(stream);
        let read = patiently(at, "no upgrade request came", reading).await;
        let (request, stream, rest) = read.unwrap_or_else(|ended| panic!("{ended} (waited for at {at})"));
        if let Some(fault) = request::fault(&request) {
            panic!("the upgrade request is wrong: {fault} (accepted at {at}): {request:?}");
        }
        assert!(rest.is_empty(), "the client sent {rest:?} before the handshake was over (accepted at {at})");
        Self { request, connection: Connection::new(stream) }
    }

    pub(super) async fn accept_for(mut self, at: Caller) -> Connection {
        let agreement = head(&self.agreement());
        self.answer(at, agreement).await
    }

    fn agreement(&mut self) -> Response<Empty<Bytes>> {
        let (response, _) =
            upgrade(&mut self.request).unwrap_or_else(|error| panic!("the request was checked: {error}"));
        response
    }

    async fn answer(self, at: Caller, bytes: Vec<u8>) -> Connection {
        let mut connection = self.connection;
        connection.queue(&bytes);
        connection.flush_for(at).await;
        connection
    }
}

/// Lets hyper read one request, and takes the stream back before it answers.
async fn read_request(stream: Stream) -> Result<(Request<()>, Stream, BytesMut), String> {
    let (seen, mut requests) = mpsc::unbounded_channel();
    let service = service_fn(move |request: Request<Incoming>| {
        let _ = seen.send(request.map(drop));
        future::pending::<Result<Response<Empty<Bytes>>, Infallible>>()
    });
    let mut http = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let request = tokio::select! {
        biased;
        Some(request) = requests.recv() => request,
        ended = future::poll_fn(|context| http.poll_without_shutdown(context)) => return Err(match ended {
            Ok(()) => "the client ended the connection before it sent a request".into(),
            Err(error) => format!("the client sent no upgrade request but broken HTTP: {error}"),
        }),
    };
    let parts = http.into_parts();
    Ok((request, parts.io.into_inner(), parts.read_buf.into()))
}

fn replace(all: &mut HeaderMap, headers: &[(&str, &str)]) {
    let headers: Vec<_> = headers.iter().map(|&(name, value)| header(name, value)).collect();
    for (name, _) in &headers {
        all.remove(name);
    }
    for (name, value) in headers {
        all.append(name, value);
    }
}

fn header(name: &str, value: &str) -> (HeaderName, HeaderValue) {
    match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        (Ok(name), Ok(value)) => (name, value),
        (Err(_), _) | (_, Err(_)) => panic!("{name}: {value} is no header; `raw` sends anything"),
    }
}

fn head<B>(response: &Response<B>) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {}\r\n", response.status()).into_bytes();
    for (name, value) in response.headers() {
        head.extend_from_slice(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    head.extend_from_slice(b"\r\n");
    head
}
