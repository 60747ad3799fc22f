//! TLS by rustls: roots, client certificate, server name.
