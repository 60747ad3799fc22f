//! Whatever a server answers to the upgrade.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use http::HeaderMap;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use url::Url;

use super::{LEAST_HEAD, MAX_BODY, Upgraded, upgrade};
#[cfg(feature = "deflate")]
use crate::options::DeflateOptions;
use crate::{
    error::{Error, ErrorKind, EstablishError},
    options::{Limits, Options, Request, Transport},
    wire::key,
};

/// Where it stands in an answer, the accept that belongs to the request's key comes instead.
const ACCEPT: &[u8] = b"ACCEPT";
const PROTOCOLS: [&str; 2] = ["chat", "mqtt"];

/// The first byte says how the answer behind it is cut.
pub(crate) fn any_answer(data: &[u8]) {
    let Some((&cuts, answer)) = data.split_first() else { return };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_time().build() else { return };
    let mut sizes = fastrand::Rng::with_seed(cuts.into());
    let whole = runtime.block_on(outcome(answer, || usize::MAX));
    let cut = runtime.block_on(outcome(answer, move || sizes.usize(1..=1 + usize::from(cuts))));
    match (&whole, &cut) {
        (Outcome::Agreed { behind: whole }, Outcome::Agreed { behind: cut }) => assert_eq!(whole, cut),
        // A head that is both malformed and too long is refused for what shows first.
        (Outcome::Refused(_), Outcome::Refused(_)) => {}
        (Outcome::Agreed { .. }, Outcome::Refused(_)) | (Outcome::Refused(_), Outcome::Agreed { .. }) => {
            panic!("{whole:?} in one piece and {cut:?} in several")
        }
    }
}

#[derive(Debug)]
enum Outcome {
    /// The bytes behind the head are those of the WebSocket.
    Agreed {
        behind: Vec<u8>,
    },
    Refused(#[allow(dead_code, reason = "told where an assertion fails")] ErrorKind),
}

async fn outcome(answer: &[u8], size: impl FnMut() -> usize + Send + Unpin + 'static) -> Outcome {
    let Ok(options) = Options::new("ws://example.com/") else { unreachable!("the URL is right") };
    let options = options.limits(Limits { max_handshake: LEAST_HEAD, ..Limits::default() });
    #[cfg(feature = "deflate")]
    let options = options.deflate(DeflateOptions::new());
    let Ok(url) = Url::parse("ws://example.com/") else { unreachable!("the URL is right") };
    let protocols = PROTOCOLS.map(String::from).to_vec();
    let request = Request { url, headers: HeaderMap::new(), protocols, attempt: 1 };

    let server = Arc::new(Mutex::new(Server { asked: Vec::new(), answer: answer.to_vec(), given: 0 }));
    let io = Script { server: Arc::clone(&server), size };
    let outcome = upgrade(Transport::new(io), request, &options, None).await;
    let server = server.lock().unwrap_or_else(PoisonError::into_inner);
    // One head, and what one read brings behind it.
    let read = server.given;
    match outcome {
        Ok(upgraded) => {
            let behind = [&upgraded.read[..], &server.answer[read..]].concat();
            let head = &server.answer[..server.answer.len() - behind.len()];
            assert!(server.answer.ends_with(&behind), "bytes behind the head are lost");
            judge(head, &server, &upgraded);
            Outcome::Agreed { behind }
        }
        Err(error) => {
            if let Error::Establish(EstablishError::HeadTooLarge { limit }) = &error {
                assert_eq!(*limit, LEAST_HEAD);
                assert!(read <= 3 * LEAST_HEAD, "{read} bytes were read of a head of at most {LEAST_HEAD}");
            }
            assert!(error.refusal().is_none_or(|refusal| refusal.body.len() <= MAX_BODY));
            Outcome::Refused(error.kind())
        }
    }
}

/// Holds what was accepted against the bytes that came (RFC 6455 §4.1).
fn judge(head: &[u8], server: &Server, upgraded: &Upgraded) {
    // A character a byte, whatever it is.
    let text: String = head.iter().copied().map(char::from).collect();
    // Answers with a status of 1xx may come before it.
    let start = text.rfind("\nHTTP/1.1 101").map_or(0, |before| before + 1);
    assert!(text[start..].trim_start().starts_with("HTTP/1.1 101"), "{text}");
    let fields: Vec<(String, &str)> = text[start..]
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim_matches([' ', '\t'])))
        .collect();
    let all = |name: &str| fields.iter().filter(|field| field.0 == name).map(|field| field.1).collect::<Vec<_>>();

    assert!(text.ends_with("\n\r\n") || text.ends_with("\n\n"), "the head does not end: {text:?}");
    assert!(text[start..].chars().count() <= LEAST_HEAD, "a head of {} bytes", text.len());
    assert!(all("upgrade").iter().all(|value| value.eq_ignore_ascii_case("websocket")), "{text}");
    assert!(!all("upgrade").is_empty(), "{text}");
    let connection = all("connection").join(",").to_ascii_lowercase();
    assert!(connection.split(',').any(|token| token.trim() == "upgrade"), "{text}");
    assert_eq!(all("sec-websocket-accept"), [server.accept()], "{text}");
    let protocol: Vec<&str> = upgraded.upgrade.protocol.as_deref().into_iter().collect();
    assert_eq!(all("sec-websocket-protocol"), protocol, "{text}");
    assert!(protocol.iter().all(|protocol| PROTOCOLS.contains(protocol)), "{text}");
    let extensions = all("sec-websocket-extensions").join(",");
    assert_eq!(upgraded.deflate.is_some(), extensions.contains("permessage-deflate"), "{text}");
    assert_eq!(upgraded.deflate.is_some(), !upgraded.upgrade.extensions.is_empty(), "{text}");
}

/// A server that has its answer ready, and closes behind it.
struct Server {
    asked: Vec<u8>,
    answer: Vec<u8>,
    given: usize,
}

impl Server {
    /// The accept that belongs to the request's key.
    fn accept(&self) -> String {
        let asked = String::from_utf8_lossy(&self.asked);
        let key = asked.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
        key::accept(key.unwrap_or_default())
    }

    fn heard(&mut self, bytes: &[u8]) {
        self.asked.extend_from_slice(bytes);
        if self.asked.ends_with(b"\r\n\r\n")
            && let Some(at) = self.answer.windows(ACCEPT.len()).position(|bytes| bytes == ACCEPT)
        {
            let accept = self.accept();
            self.answer.splice(at..at + ACCEPT.len(), accept.into_bytes());
        }
    }
}

/// The stream to such a server.
struct Script<F> {
    server: Arc<Mutex<Server>>,
    size: F,
}

impl<F> Script<F> {
    fn server(&self) -> std::sync::MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: FnMut() -> usize + Unpin> AsyncRead for Script<F> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let size = (self.size)();
        let mut server = self.server();
        if !server.asked.ends_with(b"\r\n\r\n") {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let end = server.answer.len().min(server.given.saturating_add(size.min(buf.remaining())));
        buf.put_slice(&server.answer[server.given..end]);
        server.given = end;
        Poll::Ready(Ok(()))
    }
}

impl<F: Unpin> AsyncWrite for Script<F> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.server().heard(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
