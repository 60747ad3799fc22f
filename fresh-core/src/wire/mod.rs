//! Bytes: how they are opened (`connect`, `tls`, `upgrade`), read (`decoder`, `assembler`, both joined by `inbound`)
//! and written (`encoder`, whole messages or `piece` by piece); `deflate` compresses and decompresses between the two
//! sides of each.

pub(crate) mod answer;
pub(crate) mod assembler;
pub(crate) mod connect;
pub(crate) mod decoder;
pub(crate) mod deflate;
pub(crate) mod encoder;
pub(crate) mod inbound;
pub(crate) mod key;
pub(crate) mod piece;
pub(crate) mod request;
pub(crate) mod shared_text;
pub(crate) mod tagged;
pub(crate) mod tcp;
pub(crate) mod tls;
pub(crate) mod upgrade;
pub(crate) mod utf8;
