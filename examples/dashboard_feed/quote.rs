//! What travels: one quote a message, as JSON.

use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Quote<'a> {
    /// Counted by the exchange, so that a gap shows what was missed.
    pub(crate) number: u64,
    pub(crate) symbol: &'a str,
    pub(crate) price: f64,
    pub(crate) size: u32,
}
