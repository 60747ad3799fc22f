//! From a URL to a byte stream: TCP, Unix socket or the user's connector, and TLS where the scheme is `wss`.
