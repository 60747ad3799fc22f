//! What is wrong with an option.

use http::HeaderName;

/// An option that cannot be used; it is told where the option is given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// The text is no URL.
    #[error("not a URL: {0}")]
    Url(url::ParseError),
    /// A scheme other than `ws` and `wss`.
    #[error("the scheme `{0}` is neither `ws` nor `wss`")]
    Scheme(String),
    /// The URL names no host.
    #[error("the URL has no host")]
    NoHost,
    /// A WebSocket URL has no fragment (RFC 6455 §3).
    #[error("a WebSocket URL has no fragment")]
    Fragment,
    /// A path that does not begin with `/`.
    #[error("the path {0:?} does not begin with `/`")]
    Path(String),
    /// What is no name of a header (RFC 9110 §5.1).
    #[error("{0:?} is no name of a header")]
    HeaderName(String),
    /// A value that HTTP does not allow (RFC 9110 §5.5). It is not repeated here, as it may be secret.
    #[error("the value of the header `{0}` is none that HTTP allows")]
    HeaderValue(HeaderName),
    /// A header that the handshake itself sets.
    #[error("the header `{0}` belongs to the handshake")]
    ReservedHeader(HeaderName),
    /// A subprotocol that is no token (RFC 9110 §5.6.2).
    #[error("the subprotocol {0:?} is no token")]
    Protocol(String),
    /// A subprotocol that is there twice (RFC 6455 §4.1).
    #[error("the subprotocol {0:?} is offered twice")]
    DuplicateProtocol(String),
    /// A window that DEFLATE does not have, or that not every implementation can compress with.
    #[error("the window bits of permessage-deflate must be 9 to 15, not {0}")]
    DeflateWindow(u8),
    /// A level that DEFLATE does not have.
    #[error("the `level` of permessage-deflate must be 1 to 9, not {0}")]
    DeflateLevel(u8),
    /// A factor that the backoff cannot be computed with.
    #[error("the `factor` of the backoff must be finite and at least 1")]
    BackoffFactor,
}

impl From<url::ParseError> for OptionsError {
    fn from(error: url::ParseError) -> Self {
        Self::Url(error)
    }
}
