//! The server's side of a WebSocket, by hyper and fastwebsockets.

use std::future::ready;

use fastwebsockets::{WebSocket, upgrade::upgrade};
use hyper::{body::Incoming, server::conn::http1, service::service_fn, upgrade::Upgraded};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, sync::mpsc};

pub(crate) type Socket = WebSocket<TokioIo<Upgraded>>;

/// The next client that comes, once it has upgraded to a WebSocket.
pub(crate) async fn accept(listener: &TcpListener) -> fresh::Result<Socket> {
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    let (agreed, mut upgrades) = mpsc::unbounded_channel();
    let service = service_fn(|mut request: hyper::Request<Incoming>| {
        ready(upgrade(&mut request).and_then(|(response, socket)| {
            agreed.send(socket).map_err(|_| fastwebsockets::WebSocketError::ConnectionClosed)?;
            Ok(response)
        }))
    });
    http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await?;
    Ok(upgrades.try_recv()?.await?)
}
