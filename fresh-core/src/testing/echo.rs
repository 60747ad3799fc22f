//! A server that needs no script.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use bytes::Bytes;
use fastwebsockets::{
    FragmentCollector, Frame, OpCode,
    upgrade::{is_upgrade_request, upgrade},
};
use http::{Request, Response, StatusCode};
use http_body_util::Empty;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use url::Url;

/// An embedded server that sends every message back: for examples, and for tests that need no script.
///
/// It answers pings, completes close handshakes and takes up to 64 MiB a message. Dropping it ends it, and every
/// connection with it.
#[derive(Debug)]
pub struct EchoServer {
    addr: SocketAddr,
    url: Url,
    open: Arc<AtomicUsize>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    stop: CancellationToken,
    task: AbortOnDropHandle<()>,
}

impl EchoServer {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// There is no port to listen on.
    pub async fn start() -> io::Result<Self> {
        Self::start_on(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Listens on this address.
    ///
    /// # Errors
    ///
    /// The address cannot be listened on, such as one in use.
    pub async fn start_on(addr: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let url = Url::parse(&format!("ws://{addr}/")).map_err(io::Error::other)?;
        let mut server = Self { addr, url, open: Arc::default(), running: None };
        server.run(listener);
        Ok(server)
    }

    /// The `ws://` URL of the server.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// How many WebSocket connections are open.
    pub fn connections(&self) -> usize {
        self.open.load(Relaxed)
    }

    /// Ends every connection without a close frame and stops listening: from then on the port refuses.
    pub async fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop.cancel();
            // It cannot fail: it is cancelled only when the server is dropped, and does not panic.
            let _ = running.task.await;
        }
    }

    /// Listens again on the same port, after [`kill`](Self::kill) or in its place.
    ///
    /// # Errors
    ///
    /// Somebody else took the port meanwhile.
    pub async fn restart(&mut self) -> io::Result<()> {
        self.kill().await;
        // tokio sets SO_REUSEADDR, without which the old connections would hold the port for a while.
        let listener = TcpListener::bind(self.addr).await?;
        self.run(listener);
        Ok(())
    }

    fn run(&mut self, listener: TcpListener) {
        let stop = CancellationToken::new();
        let task = tokio::spawn(accept(listener, stop.clone(), Arc::clone(&self.open)));
        self.running = Some(Running { stop, task: AbortOnDropHandle::new(task) });
    }
}

async fn accept(listener: TcpListener, stop: CancellationToken, open: Arc<AtomicUsize>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => {}
            Ok((stream, _)) = listener.accept() => {
                connections.spawn(serve(stream, Arc::clone(&open)));
            }
        }
    }
    drop(listener);
    connections.shutdown().await;
}

/// Serves HTTP until a request asks for the upgrade, then echoes. Whatever fails ends this connection alone.
async fn serve(stream: TcpStream, open: Arc<AtomicUsize>) {
    let _ = stream.set_nodelay(true);
    let (agreed, mut upgrades) = mpsc::unbounded_channel();
    let service = service_fn(|mut request: Request<Incoming>| {
        let response = match upgrade(&mut request) {
            Ok((response, socket)) if is_upgrade_request(&request) => {
                let _ = agreed.send(socket);
                response
            }
            Ok(_) | Err(_) => upgrade_required(),
        };
        async { Ok::<_, Infallible>(response) }
    });
    let http = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
    if http.await.is_ok()
        && let Ok(upgrade) = upgrades.try_recv()
        && let Ok(socket) = upgrade.await
    {
        let _open = Open::one_more(open);
        echo(FragmentCollector::new(socket)).await;
    }
}

fn upgrade_required() -> Response<Empty<Bytes>> {
    let mut response = Response::new(Empty::new());
    *response.status_mut() = StatusCode::UPGRADE_REQUIRED;
    response.headers_mut().insert("upgrade", http::HeaderValue::from_static("websocket"));
    response
}

/// The reader answers pings and the close frame by itself.
async fn echo<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(mut socket: FragmentCollector<S>) {
    while let Ok(frame) = socket.read_frame().await {
        match frame.opcode {
            OpCode::Text | OpCode::Binary => {
                // A new frame: the one that was read would go out with the client's masking key.
                let answer = Frame::new(true, frame.opcode, None, frame.payload);
                if socket.write_frame(answer).await.is_err() {
                    return;
                }
            }
            OpCode::Close => return,
            OpCode::Ping | OpCode::Pong | OpCode::Continuation => {}
        }
    }
}

/// Counts one open connection while it lives.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn one_more(count: Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Relaxed);
        Self(count)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
