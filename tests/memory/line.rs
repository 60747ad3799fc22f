//! Connections that hold almost nothing on the server's side, so that what is measured is the client's.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use fresh::options::{Connector, Target, Transport};
use hyper::Request;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The way to a server that agrees to every upgrade, and then says only what it is told to.
#[derive(Clone)]
pub(crate) struct Lines {
    extensions: Option<&'static str>,
    open: Arc<Mutex<Vec<Arc<Mutex<State>>>>>,
}

#[derive(Default)]
struct State {
    asked: Vec<u8>,
    said: VecDeque<u8>,
    reader: Option<Waker>,
}

impl Lines {
    pub(crate) fn new(extensions: Option<&'static str>) -> Self {
        Self { extensions, open: Arc::default() }
    }

    /// How many bytes wait to be read, on all connections.
    pub(crate) fn unread(&self) -> usize {
        self.open.lock().unwrap().iter().map(|state| state.lock().unwrap().said.len()).sum()
    }

    /// The latest so many connections get these bytes.
    pub(crate) fn say(&self, latest: usize, bytes: &[u8]) {
        for state in self.open.lock().unwrap().iter().rev().take(latest) {
            state.lock().unwrap().say(bytes);
        }
    }
}

#[async_trait::async_trait]
impl Connector for Lines {
    async fn connect(&self, _: &Target) -> fresh::Result<Transport> {
        let state = Arc::<Mutex<State>>::default();
        self.open.lock().unwrap().push(Arc::clone(&state));
        Ok(Transport::new(Line { extensions: self.extensions, state }))
    }
}

impl State {
    fn say(&mut self, bytes: &[u8]) {
        self.said.extend(bytes);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    fn hear(&mut self, bytes: &[u8], extensions: Option<&str>) {
        self.asked.extend_from_slice(bytes);
        if self.asked.ends_with(b"\r\n\r\n") {
            let asked = String::from_utf8(std::mem::take(&mut self.asked)).unwrap();
            let key = asked.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
            self.say(agreement(key, extensions).as_bytes());
        }
    }
}

fn agreement(key: &str, extensions: Option<&str>) -> String {
    let request =
        Request::builder().header("sec-websocket-key", key).header("sec-websocket-version", "13").body(()).unwrap();
    let (response, _) = fastwebsockets::upgrade::upgrade(request).unwrap();
    let accept = response.headers()["sec-websocket-accept"].to_str().unwrap();
    let extensions = extensions.map(|names| format!("Sec-WebSocket-Extensions: {names}\r\n")).unwrap_or_default();
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{extensions}\r\n"
    )
}

struct Line {
    extensions: Option<&'static str>,
    state: Arc<Mutex<State>>,
}

impl AsyncRead for Line {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut state = self.state.lock().unwrap();
        if state.said.is_empty() {
            state.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let count = state.said.len().min(buf.remaining());
        let bytes: Vec<u8> = state.said.drain(..count).collect();
        buf.put_slice(&bytes);
        if state.said.is_empty() {
            state.said = VecDeque::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.state.lock().unwrap().hear(bytes, self.extensions);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
