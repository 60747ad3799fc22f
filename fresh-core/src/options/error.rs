//! What is wrong with an option.

use http::HeaderName;

/// An option that cannot be used; it is told where the option is given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// The text is no URL.
    #[error("not a URL: {0}")]
    Url(#[from] url::ParseError),
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
    /// A header's name or value that HTTP does not allow; its value is not repeated here.
    #[error("the header {0:?} has a name or a value that HTTP does not allow")]
    Header(String),
    /// A header that the handshake itself sets.
    #[error("the header `{0}` belongs to the handshake")]
    ReservedHeader(HeaderName),
    /// A subprotocol that is no token, or is there twice.
    #[error("the subprotocol {0:?} is no token or is offered twice")]
    Protocol(String),
    /// A window or a level that compression does not have.
    #[error("{0}")]
    Deflate(&'static str),
    /// A backoff that cannot be computed with.
    #[error("{0}")]
    Backoff(&'static str),
}
