//! Why no transport came up.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use rustls::pki_types::pem;

use super::Reason;

/// Why no transport came up: everything before the upgrade request.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The host's name has no address.
    #[error("the name could not be resolved: {0}")]
    Dns(#[source] Arc<io::Error>),
    /// No address answered, or the Unix socket could not be opened.
    #[error("{0}")]
    Io(#[source] Arc<io::Error>),
    /// The one budget for DNS, TCP, TLS and the upgrade was used up.
    #[error("not established within {after:?}")]
    Timeout {
        /// The `connect_timeout` that was in force.
        after: Duration,
    },
    /// TLS did not come up.
    #[error("TLS: {0}")]
    Tls(#[from] TlsError),
    /// Your own `Connector` answered with an error.
    #[error("the connector failed: {0}")]
    Connector(Reason),
}

impl ConnectError {
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Dns(_) | Self::Io(_) | Self::Timeout { .. } | Self::Connector(_) => true,
            Self::Tls(cause) => cause.is_transient(),
        }
    }
}

/// Why TLS did not come up.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// rustls refused the peer, or the peer refused us: a bad certificate, no common version.
    #[error("{0}")]
    Rustls(#[source] Arc<rustls::Error>),
    /// The transport failed under the handshake.
    #[error("{0}")]
    Io(#[source] Arc<io::Error>),
    /// The system's certificate store has no usable root certificate.
    #[error("no usable root certificate in the system's store")]
    NoRoots,
    /// The program was built with neither of the features `ring` and `aws-lc-rs`, and gave no `ClientConfig`.
    #[error("no crypto provider: enable the feature `ring` or `aws-lc-rs`, or give a `ClientConfig`")]
    NoProvider,
    /// The URL's host, or the SNI option, is no name a certificate could hold.
    #[error("{0:?} is no server name")]
    ServerName(String),
    /// A certificate or key file could not be used.
    #[error("{path}: {reason}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: FileError,
    },
}

/// What is wrong with a PEM file.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It could not be read.
    #[error(transparent)]
    Io(Arc<io::Error>),
    /// It could be read, and is no PEM.
    #[error(transparent)]
    Pem(Arc<pem::Error>),
    /// It has no section of the kind that is needed: no certificate, or no private key.
    #[error("it holds no PEM section of the kind that is needed")]
    NoSection,
    /// rustls has no use for what it holds: a certificate that is none, or a key that is not the certificate's.
    #[error(transparent)]
    Rustls(Arc<rustls::Error>),
}

impl TlsError {
    /// A certificate that is wrong now is wrong in a second, and so is a peer that speaks another TLS or none.
    /// What was merely cut short, garbled on its way or given up by the server for its own reasons may pass.
    fn is_transient(&self) -> bool {
        match self {
            Self::Io(_) => true,
            Self::Rustls(cause) => passes(cause),
            Self::NoRoots | Self::NoProvider | Self::ServerName(_) | Self::File { .. } => false,
        }
    }
}

fn passes(cause: &rustls::Error) -> bool {
    use rustls::{AlertDescription as Alert, Error};
    matches!(
        cause,
        Error::DecryptError
            | Error::FailedToGetCurrentTime
            | Error::FailedToGetRandomBytes
            | Error::HandshakeNotComplete
            | Error::AlertReceived(
                Alert::CloseNotify | Alert::UserCanceled | Alert::InternalError | Alert::BadRecordMac
            )
    )
}
