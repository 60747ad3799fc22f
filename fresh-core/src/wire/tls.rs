//! TLS by rustls: roots, client certificate, server name.

use std::{
    io,
    path::Path,
    sync::{Arc, OnceLock},
};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::CryptoProvider,
    pki_types::{
        CertificateDer, PrivateKeyDer, ServerName,
        pem::{self, PemObject as _},
    },
};
use tokio::task::spawn_blocking;
use tokio_rustls::TlsConnector;

use crate::{
    error::{FileError, TlsError},
    options::{Roots, TlsOptions, Transport},
};

/// Speaks TLS over the transport, to the server of this name.
pub(crate) async fn secure(transport: Transport, host: &str, options: &TlsOptions) -> Result<Transport, TlsError> {
    let name = options.server_name.as_deref().unwrap_or(host);
    let name = ServerName::try_from(name.to_owned()).map_err(|_| TlsError::ServerName(name.to_owned()))?;
    let config = match &options.config {
        Some(config) => Arc::clone(config),
        None => {
            let options = options.clone();
            let built = spawn_blocking(move || build(&options)).await;
            Arc::new(built.map_err(|error| TlsError::Io(Arc::new(io::Error::other(error))))??)
        }
    };
    let Transport { io, peer_addr, local_addr } = transport;
    let io = TlsConnector::from(config).connect(name, io).await.map_err(failure)?;
    Ok(Transport::with_addrs(io, peer_addr, local_addr))
}

/// What rustls said, where an I/O error of tokio-rustls is only its envelope.
pub(crate) fn rustls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn failure(error: io::Error) -> TlsError {
    match rustls_error(&error) {
        Some(cause) => TlsError::Rustls(Arc::new(cause.clone())),
        None => TlsError::Io(Arc::new(error)),
    }
}

/// Reads files: not for an async context.
fn build(options: &TlsOptions) -> Result<ClientConfig, TlsError> {
    let rustls = |error| TlsError::Rustls(Arc::new(error));
    let provider = provider().ok_or(TlsError::NoProvider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(rustls)?
        .with_root_certificates(roots(&options.roots)?);
    let mut config = match &options.identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let chain = certificates(&identity.certificates)?;
            let key = PrivateKeyDer::from_pem_file(&identity.key).map_err(|error| unreadable(&identity.key, error))?;
            builder.with_client_auth_cert(chain, key).map_err(|error| refused(&identity.key, error))?
        }
    };
    config.alpn_protocols.clone_from(&options.alpn);
    Ok(config)
}

/// The provider is always named: rustls panics where it has to choose between two.
fn provider() -> Option<Arc<CryptoProvider>> {
    #[cfg(feature = "ring")]
    return Some(Arc::new(rustls::crypto::ring::default_provider()));
    #[cfg(all(feature = "aws-lc-rs", not(feature = "ring")))]
    return Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    return None;
}

fn roots(roots: &Roots) -> Result<Arc<RootCertStore>, TlsError> {
    let (mut store, files) = match roots {
        Roots::Native => (native(), None),
        Roots::NativeAnd(files) => (native(), Some(files)),
        Roots::Only(files) => (Arc::new(RootCertStore::empty()), Some(files)),
    };
    for path in files.into_iter().flatten() {
        for certificate in certificates(path)? {
            Arc::make_mut(&mut store).add(certificate).map_err(|error| refused(path, error))?;
        }
    }
    if store.is_empty() { Err(TlsError::NoRoots) } else { Ok(store) }
}

/// The system's roots, loaded once a process: that takes some 10 ms, and they change with the system only. A store
/// that came up empty is not remembered.
fn native() -> Arc<RootCertStore> {
    static NATIVE: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    if let Some(store) = NATIVE.get() {
        return Arc::clone(store);
    }
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if store.is_empty() { Arc::new(store) } else { Arc::clone(NATIVE.get_or_init(|| Arc::new(store))) }
}

/// All certificates of a PEM file: at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    match found {
        Ok(found) if found.is_empty() => Err(unreadable(path, pem::Error::NoItemsFound)),
        Ok(found) => Ok(found),
        Err(error) => Err(unreadable(path, error)),
    }
}

fn unreadable(path: &Path, error: pem::Error) -> TlsError {
    let reason = if let pem::Error::Io(error) = error {
        FileError::Io(Arc::new(error))
    } else if matches!(error, pem::Error::NoItemsFound) {
        FileError::NoSection
    } else {
        FileError::Pem(Arc::new(error))
    };
    TlsError::File { path: path.to_owned(), reason }
}

fn refused(path: &Path, error: rustls::Error) -> TlsError {
    TlsError::File { path: path.to_owned(), reason: FileError::Rustls(Arc::new(error)) }
}

#[cfg(test)]
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
mod tests;
