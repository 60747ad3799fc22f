//! What is tried against every server.

mod close;
mod compression;
mod control;
mod data;
mod handshake;
mod outage;
mod socket;

use crate::{report::Report, server::Server};

/// Every case, one after the other. The outages come last: a server that one of them leaves dead spoils nothing.
pub(crate) async fn all(server: &mut Server<'_>, report: &mut Report) {
    handshake::all(server, report).await;
    data::all(server, report).await;
    compression::all(server, report).await;
    control::all(server, report).await;
    close::all(server, report).await;
    socket::all(server, report).await;
    outage::all(server, report).await;
}
