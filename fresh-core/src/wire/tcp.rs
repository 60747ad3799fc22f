//! TCP by hyper-util: DNS, happy eyeballs, nodelay.

use std::{
    error::Error as StdError,
    io,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::future::{MapErr, TryFutureExt as _};
use http::Uri;
use hyper_util::client::legacy::connect::{
    HttpConnector,
    dns::{GaiAddrs, GaiFuture, GaiResolver, Name},
};
use tokio::net::TcpStream;
use tower_service::Service;

use crate::{
    error::{Chain, ConnectError, Error, UpgradeError},
    options::{Options, Target, Transport},
};

/// Connects to the target: the first of its addresses that answers.
pub(crate) async fn connect(options: &Options, target: &Target) -> Result<Transport, Error> {
    let stream = stream(options, target).await?;
    let (peer, local) = (stream.peer_addr().ok(), stream.local_addr().ok());
    Ok(Transport::with_addrs(stream, peer, local))
}

async fn stream(options: &Options, target: &Target) -> Result<TcpStream, Error> {
    let uri = uri(target).map_err(|error| UpgradeError::Request(error.into()))?;
    let mut connector = connector(options, Resolver(GaiResolver::new()));
    Ok(connector.call(uri).await.map_err(|error| cause(&error))?.into_inner())
}

/// Always `http` with the port named: the connector knows no `wss` and would take port 80 for it.
fn uri(target: &Target) -> Result<Uri, http::Error> {
    let Target { host, port, .. } = target;
    let authority = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    Uri::builder().scheme("http").authority(authority).path_and_query("/").build()
}

fn connector<R>(options: &Options, resolver: R) -> HttpConnector<R> {
    let mut connector = HttpConnector::new_with_resolver(resolver);
    connector.set_nodelay(options.nodelay);
    connector.set_happy_eyeballs_timeout(Some(options.happy_eyeballs).filter(|delay| !delay.is_zero()));
    connector
}

/// The system's resolver, whose errors are marked as such.
#[derive(Clone)]
struct Resolver(GaiResolver);

/// The mark on the error of a lookup. The error is shared, as it can only be borrowed from hyper-util's.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unresolved(Arc<io::Error>);

impl Service<Name> for Resolver {
    type Response = GaiAddrs;
    type Error = Unresolved;
    type Future = MapErr<GaiFuture, fn(io::Error) -> Unresolved>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unresolved>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        self.0.call(name).map_err(|error| Unresolved(Arc::new(error)))
    }
}

fn cause(error: &(dyn StdError + Send + Sync + 'static)) -> ConnectError {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(Unresolved(cause)) = error.downcast_ref() {
            return ConnectError::Dns(Arc::clone(cause));
        }
        if let Some(cause) = error.downcast_ref() {
            return ConnectError::Io(Arc::new(owned(cause)));
        }
        next = error.source();
    }
    ConnectError::Io(Arc::new(io::Error::other(Chain(error).to_string())))
}

/// The same error again, as one that is only borrowed cannot be kept.
pub(crate) fn owned(error: &io::Error) -> io::Error {
    let copy = || io::Error::new(error.kind(), Chain(error).to_string());
    error.raw_os_error().map_or_else(copy, io::Error::from_raw_os_error)
}

#[cfg(test)]
mod tests;
