//! What the tests share: handlers that tell what they are told, a log that can be read, and patience.

#![allow(dead_code, reason = "each test crate uses its part")]

pub(crate) mod log;
pub(crate) mod probe;
pub(crate) mod script;
pub(crate) mod tap;
pub(crate) mod time;

use fresh::{
    Client, Options,
    testing::{Connection, Server},
};

use self::probe::{Probe, Seen};

/// A client with these options, connected to the server.
pub(crate) async fn connect(server: &Server, options: Options) -> (Client<&'static str>, Seen, Connection) {
    let (probe, mut seen) = Probe::new();
    let client = Client::start(options, probe).unwrap();
    let connection = server.accept().await;
    seen.connected().await;
    (client, seen, connection)
}
