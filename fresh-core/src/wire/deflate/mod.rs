//! permessage-deflate (RFC 7692): what is offered and agreed on (`offer`), and the two directions of it (`inflater`,
//! `deflater`). Without the feature `deflate` the same names stand for what never exists (`off`).

#[cfg(feature = "deflate")]
mod deflater;
#[cfg(all(feature = "deflate", any(fuzzing, test)))]
pub(crate) mod fuzz;
#[cfg(feature = "deflate")]
mod inflater;
#[cfg(not(feature = "deflate"))]
mod off;
#[cfg(feature = "deflate")]
mod offer;
#[cfg(test)]
#[cfg(feature = "deflate")]
mod tests;

#[cfg(not(feature = "deflate"))]
pub(crate) use self::off::{Agreed, Deflater, Inflater, judge, offer};
#[cfg(feature = "deflate")]
pub(crate) use self::{
    deflater::Deflater,
    inflater::Inflater,
    offer::{Agreed, judge, offer},
};

/// What both sides leave out at the end of a message: the length fields of an empty stored block (RFC 7692 §7.2.1).
#[cfg(feature = "deflate")]
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// The payloads of compressed messages, in bytes, since this was last asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Before compression, or after decompression.
    pub(crate) plain: u64,
    /// As they are on the wire.
    pub(crate) compressed: u64,
}
