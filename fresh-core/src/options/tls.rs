//! How `wss` is secured.

use std::{path::PathBuf, sync::Arc};

/// Which certificate authorities are trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Roots {
    /// Those of the operating system, loaded once a process.
    #[default]
    Native,
    /// Those of the operating system and those in these PEM files.
    NativeAnd(Vec<PathBuf>),
    /// Only those in these PEM files.
    Only(Vec<PathBuf>),
}

/// How `wss` is secured. Files are read at each attempt, so that a renewed certificate is used without a restart. One
/// that cannot be used is a `Connect` error that another try does not heal.
///
/// There is no switch that turns the check of certificates off.
///
/// Answers to the `cacertfile` and its like in Fresh's `:transport_opts` and to hackney_ws's `ssl_options`.
#[derive(Clone, Debug, Default)]
pub struct TlsOptions {
    pub(crate) roots: Roots,
    pub(crate) identity: Option<Identity>,
    pub(crate) server_name: Option<String>,
    pub(crate) alpn: Vec<Vec<u8>>,
    pub(crate) config: Option<Arc<rustls::ClientConfig>>,
}

/// The files of a client certificate.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) certificates: PathBuf,
    pub(crate) key: PathBuf,
}

impl TlsOptions {
    /// The defaults: the system's roots, no client certificate, SNI from the URL, no ALPN.
    pub fn new() -> Self {
        Self::default()
    }

    /// Which certificate authorities are trusted. Default: [`Roots::Native`]. It takes the place of what
    /// [`extra_ca`](Self::extra_ca) and [`only_ca`](Self::only_ca) said before.
    ///
    /// Whoever holds the key of a trusted authority can pass for any server.
    pub fn roots(mut self, roots: Roots) -> Self {
        self.roots = roots;
        self
    }

    /// Trusts, besides those trusted so far, the authorities in this PEM file. May be called more than once. Default:
    /// none. Fresh's `cacertfile` takes the place of the system's, as [`only_ca`](Self::only_ca) does.
    pub fn extra_ca(mut self, path: impl Into<PathBuf>) -> Self {
        self.roots = match self.roots {
            Roots::Native => Roots::NativeAnd(vec![path.into()]),
            Roots::NativeAnd(mut paths) => {
                paths.push(path.into());
                Roots::NativeAnd(paths)
            }
            Roots::Only(mut paths) => {
                paths.push(path.into());
                Roots::Only(paths)
            }
        };
        self
    }

    /// Trusts only the authorities in this PEM file. Default: the system's are trusted. Fresh's `cacertfile`.
    pub fn only_ca(self, path: impl Into<PathBuf>) -> Self {
        self.roots(Roots::Only(vec![path.into()]))
    }

    /// The client's own certificate chain and private key, as PEM files, for a server that asks for them. Default:
    /// none. `certfile` and `keyfile` in Fresh's `:transport_opts`.
    pub fn client_certificate(mut self, certificates: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.identity = Some(Identity { certificates: certificates.into(), key: key.into() });
        self
    }

    /// The name that is sent as SNI (RFC 6066 §3) and that the certificate must hold. Default: the URL's host.
    /// `server_name_indication` in Fresh's `:transport_opts`. Only a [`config`](Self::config) of yours sends no SNI.
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// Offers an application protocol (ALPN, RFC 7301); may be called more than once, the preferred one first. Default:
    /// none; some gateways ask for `http/1.1`. One that a WebSocket cannot follow, such as `h2`, breaks the upgrade.
    pub fn alpn(mut self, protocol: impl Into<Vec<u8>>) -> Self {
        self.alpn.push(protocol.into());
        self
    }

    /// Your own configuration of rustls, used as it is: roots, certificate and ALPN above have no effect then;
    /// [`server_name`](Self::server_name) still has. Default: none.
    ///
    /// Its verifier is yours: one that accepts everything makes `wss` as open as `ws`.
    pub fn config(mut self, config: impl Into<Arc<rustls::ClientConfig>>) -> Self {
        self.config = Some(config.into());
        self
    }
}
