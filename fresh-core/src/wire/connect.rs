//! From a URL to a byte stream: TCP, Unix socket or the user's connector, and TLS where the scheme is `wss`.

use std::{io, path::Path, sync::Arc};

use url::{Host, Url};

use super::{request, tcp, tls};
use crate::{
    error::{ConnectError, Error, UpgradeError},
    options::{Options, OptionsError, Request, Target, Transport},
};

/// What the attempt asks for: the options, as the request hook changed them.
///
/// # Errors
///
/// [`UpgradeError::Hook`] where the hook failed, [`UpgradeError::Request`] where its answer cannot be used.
pub(crate) async fn prepare(options: &Options, attempt: u64) -> Result<Request, Error> {
    let request = Request {
        url: options.url.clone(),
        headers: options.headers.clone(),
        protocols: options.protocols.clone(),
        attempt,
    };
    let Some(hook) = &options.request_hook else { return Ok(request) };
    let changed = hook(request).await.map_err(|error| UpgradeError::Hook(error.into()))?;
    request::check(&changed)?;
    // The number is told to the hook, not asked of it.
    Ok(Request { attempt, ..changed })
}

/// Opens the byte stream that the upgrade request goes over.
///
/// # Errors
///
/// [`Error::Connect`]; [`UpgradeError::Request`] where the URL cannot be connected to at all.
pub(crate) async fn open(options: &Options, request: &Request) -> Result<Transport, Error> {
    let target = target(&request.url)?;
    let transport = match (&options.connector, &options.unix_socket) {
        (Some(connector), _) => {
            connector.connect(&target).await.map_err(|error| ConnectError::Connector(error.into()))?
        }
        (None, Some(path)) => unix(path).await.map_err(|error| ConnectError::Io(Arc::new(error)))?,
        (None, None) => tcp::connect(options, &target).await?,
    };
    if !target.secure {
        return Ok(transport);
    }
    Ok(tls::secure(transport, &target.host, &options.tls).await.map_err(ConnectError::Tls)?)
}

fn target(url: &Url) -> Result<Target, UpgradeError> {
    let refused = |error: OptionsError| UpgradeError::Request(error.into());
    let secure = match url.scheme() {
        "ws" => false,
        "wss" => true,
        other => return Err(refused(OptionsError::Scheme(other.to_owned()))),
    };
    let host = match url.host().ok_or_else(|| refused(OptionsError::NoHost))? {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    let port = url.port().unwrap_or(if secure { 443 } else { 80 });
    Ok(Target { host, port, secure })
}

#[cfg(unix)]
async fn unix(path: &Path) -> io::Result<Transport> {
    Ok(Transport::new(tokio::net::UnixStream::connect(path).await?))
}

#[cfg(not(unix))]
async fn unix(_: &Path) -> io::Result<Transport> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no Unix sockets"))
}

#[cfg(test)]
mod tests;
