//! How the byte stream under a connection is opened.

use async_trait::async_trait;
use fresh::{
    BoxError, Client, Error, Options,
    error::ConnectError,
    options::{Connector, Target, Transport},
    testing::{Dialer, Server},
};
use tokio::sync::mpsc;

use crate::support::probe::Probe;

/// Notes what it is asked for; the first time it fails.
struct Tunnel {
    asked: mpsc::UnboundedSender<Target>,
    up: std::sync::atomic::AtomicBool,
    way: Dialer,
}

#[async_trait]
impl Connector for Tunnel {
    async fn connect(&self, target: &Target) -> Result<Transport, BoxError> {
        self.asked.send(target.clone())?;
        if !self.up.swap(true, std::sync::atomic::Ordering::Relaxed) {
            return Err("the tunnel is down".into());
        }
        self.way.connect(target).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_connector_opens_every_transport_and_its_error_is_worth_another_try() {
    let server = Server::in_memory();
    let (asked, mut targets) = mpsc::unbounded_channel();
    let tunnel = Tunnel { asked, up: false.into(), way: server.connector() };
    let (probe, mut seen) = Probe::new();
    let options = Options::new("ws://far.test:9000/path").unwrap().connector(tunnel);
    let client = Client::start(options, probe).unwrap();
    let error = seen.failed().await;
    assert!(matches!(&error, Error::Connect(ConnectError::Connector(_))), "{error:?}");
    let handshake = server.pending().await;
    assert_eq!(handshake.request().headers()["host"], "far.test:9000");
    assert_eq!(handshake.request().uri(), "/path");
    let mut connection = handshake.accept().await;
    seen.connected().await;
    client.send("through").await.unwrap();
    connection.expect_text("through").await;
    for _ in 0..2 {
        let Target { host, port, secure, .. } = targets.recv().await.unwrap();
        assert_eq!((host.as_str(), port, secure), ("far.test", 9000, false));
    }
    assert!(targets.try_recv().is_err());
}

#[tokio::test]
async fn the_ends_of_a_transport_are_told() {
    let server = Server::tcp().await;
    let (probe, mut seen) = Probe::new();
    let options = Options::new("ws://far.test/").unwrap().connector(server.connector());
    let client = Client::start(options, probe).unwrap();
    let _connection = server.accept().await;
    let upgrade = seen.connected().await;
    assert_eq!(upgrade.peer_addr.map(|addr| addr.port()), server.url().port());
    assert_eq!((client.peer_addr(), client.local_addr()), (upgrade.peer_addr, upgrade.local_addr));
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_takes_the_place_of_host_and_port() {
    use tokio::{
        io::copy_bidirectional,
        net::{TcpStream, UnixListener},
    };

    let server = Server::tcp().await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let port = server.url().port().unwrap();
    let relay = tokio::spawn(async move {
        let (mut near, _) = listener.accept().await.unwrap();
        let mut far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        copy_bidirectional(&mut near, &mut far).await
    });
    let (probe, mut seen) = Probe::new();
    let options = Options::new("ws://no-such-host.invalid/path").unwrap().unix_socket(&path);
    let client = Client::start(options, probe).unwrap();
    let handshake = server.pending().await;
    assert_eq!(handshake.request().headers()["host"], "no-such-host.invalid");
    assert_eq!(handshake.request().uri(), "/path");
    let mut connection = handshake.accept().await;
    assert_eq!(seen.connected().await.peer_addr, None);
    client.send("hello").await.unwrap();
    connection.expect_text("hello").await;
    drop(connection);
    relay.abort();
}
