//! Why no connection could be opened.

use std::{error::Error as StdError, fmt, io, path::PathBuf, sync::Arc, time::Duration};

use rustls::pki_types::pem;

use super::Reason;

/// Why no connection could be opened: everything before the upgrade request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// The host name has no address.
    Dns(Arc<io::Error>),
    /// No address accepted the connection, or the Unix socket could not be opened.
    Io(Arc<io::Error>),
    /// The attempt took longer than [`connect_timeout`](crate::Options::connect_timeout), the one budget for the request
    /// hook, DNS, TCP, TLS and the upgrade.
    Timeout {
        /// The `connect_timeout` that was in force.
        after: Duration,
    },
    /// TLS could not be established.
    Tls(TlsError),
    /// Your own [`Connector`](crate::options::Connector) returned an error.
    Connector(Reason),
}

impl ConnectError {
    /// Whether a later attempt may succeed: always, except for a [`TlsError`] that is permanent.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Dns(_) | Self::Io(_) | Self::Timeout { .. } | Self::Connector(_) => true,
            Self::Tls(cause) => cause.is_transient(),
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(_) => f.write_str("the host name could not be resolved"),
            Self::Io(_) => f.write_str("the server could not be reached"),
            Self::Timeout { after } => write!(f, "the attempt took longer than the `connect_timeout` of {after:?}"),
            Self::Tls(cause) => fmt::Display::fmt(cause, f),
            Self::Connector(_) => f.write_str("the connector failed"),
        }
    }
}

impl StdError for ConnectError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Dns(cause) | Self::Io(cause) => Some(&**cause),
            Self::Timeout { .. } => None,
            Self::Tls(cause) => cause.source(),
            Self::Connector(reason) => Some(reason.as_error()),
        }
    }
}

impl From<TlsError> for ConnectError {
    fn from(cause: TlsError) -> Self {
        Self::Tls(cause)
    }
}

/// Why TLS could not be established.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TlsError {
    /// rustls refused the server, or the server refused us: a bad certificate, no common version.
    Rustls(Arc<rustls::Error>),
    /// The connection failed during the handshake.
    Io(Arc<io::Error>),
    /// The system's certificate store has no usable root certificate.
    NoRoots,
    /// The program was built with neither of the features `ring` and `aws-lc-rs`, and gave no `ClientConfig`.
    NoProvider,
    /// The URL's host, or [`TlsOptions::server_name`](crate::options::TlsOptions::server_name), cannot be the name in a
    /// certificate.
    ServerName(String),
    /// A certificate or key file cannot be used.
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: FileError,
    },
}

impl TlsError {
    /// Whether a later attempt may succeed: where the handshake was cut short, garbled in transit, or ended by the
    /// server for a reason of its own. A bad certificate stays bad, and so does a server that speaks another TLS version
    /// or none.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Io(_) => true,
            Self::Rustls(cause) => is_passing(cause),
            Self::NoRoots | Self::NoProvider | Self::ServerName(_) | Self::File { .. } => false,
        }
    }
}

fn is_passing(cause: &rustls::Error) -> bool {
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

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rustls(_) => f.write_str("the TLS handshake failed"),
            Self::Io(_) => f.write_str("the connection failed during the TLS handshake"),
            Self::NoRoots => f.write_str("the system's certificate store has no usable root certificate"),
            Self::NoProvider => f.write_str(
                "there is no crypto provider: enable the feature `ring` or `aws-lc-rs`, or give a `ClientConfig`",
            ),
            Self::ServerName(name) => write!(f, "{name:?} is not a valid TLS server name"),
            Self::File { path, reason } => write!(f, "{}: {reason}", path.display()),
        }
    }
}

impl StdError for TlsError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Rustls(cause) => Some(&**cause),
            Self::Io(cause) => Some(&**cause),
            Self::NoRoots | Self::NoProvider | Self::ServerName(_) => None,
            Self::File { reason, .. } => reason.source(),
        }
    }
}

/// What is wrong with a PEM file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum FileError {
    /// The file could not be read.
    Io(Arc<io::Error>),
    /// The file is not valid PEM.
    Pem(Arc<pem::Error>),
    /// The file has no PEM section of the kind that is needed: no certificate, or no private key.
    NoSection,
    /// rustls refused the content: an invalid certificate, or a key that does not belong to the certificate.
    Rustls(Arc<rustls::Error>),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Io(_) => "the file could not be read",
            Self::Pem(_) => "the file is not valid PEM",
            Self::NoSection => "the file has no PEM section of the kind that is needed",
            Self::Rustls(_) => "rustls refused the content of the file",
        })
    }
}

impl StdError for FileError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Io(cause) => Some(&**cause),
            Self::Pem(cause) => Some(&**cause),
            Self::NoSection => None,
            Self::Rustls(cause) => Some(&**cause),
        }
    }
}
