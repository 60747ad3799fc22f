//! The opening handshake (RFC 6455 §4.1), by hyper.
