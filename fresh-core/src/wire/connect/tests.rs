use std::{net::SocketAddr, time::Duration};

use async_trait::async_trait;
use http::{HeaderValue, header::SEC_WEBSOCKET_KEY};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
    net::TcpListener,
    sync::mpsc,
};

use super::*;
use crate::{
    error::{BoxError, Chain, TlsError},
    options::Connector,
};

fn options(url: impl AsRef<str>) -> Options {
    Options::new(url).unwrap()
}

async fn opened(options: &Options) -> Result<Transport, Error> {
    open(options, &prepare(options, 1).await?).await
}

/// A listener on this address, and the address it got.
async fn listener(address: &str) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(address).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[tokio::test]
async fn tcp_connects_and_tells_both_addresses() {
    let (listener, address) = listener("127.0.0.1:0").await;
    let options = options(format!("ws://{address}/"));
    let (transport, accepted) = tokio::join!(opened(&options), listener.accept());
    let (mut transport, (mut theirs, client)) = (transport.unwrap(), accepted.unwrap());
    assert_eq!((transport.peer_addr, transport.local_addr), (Some(address), Some(client)));
    theirs.write_all(b"hello").await.unwrap();
    let mut read = [0; 5];
    transport.io.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"hello");
}

#[tokio::test]
async fn a_name_is_looked_up() {
    let (listener, address) = listener("127.0.0.1:0").await;
    for delay in [Duration::ZERO, Duration::from_millis(300)] {
        let options = options(format!("ws://localhost:{}/", address.port())).happy_eyeballs(delay);
        let (transport, _accepted) = tokio::join!(opened(&options), listener.accept());
        assert_eq!(transport.unwrap().peer_addr, Some(address));
    }
}

#[tokio::test]
async fn an_ipv6_address_needs_no_lookup() {
    let Ok(listener) = TcpListener::bind("[::1]:0").await else { return };
    let address = listener.local_addr().unwrap();
    let options = options(format!("ws://[::1]:{}/", address.port()));
    let (transport, _accepted) = tokio::join!(opened(&options), listener.accept());
    assert_eq!(transport.unwrap().peer_addr, Some(address));
}

#[tokio::test]
async fn a_name_without_an_address_is_a_dns_error() {
    let error = opened(&options("ws://no-such-host.invalid/")).await.unwrap_err();
    assert!(matches!(error, Error::Connect(ConnectError::Dns(_))), "{error:?}");
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_is_an_io_error() {
    let (listener, address) = listener("127.0.0.1:0").await;
    drop(listener);
    let error = opened(&options(format!("ws://{address}/"))).await.unwrap_err();
    let Error::Connect(ConnectError::Io(cause)) = &error else { panic!("{error:?}") };
    assert_eq!(cause.kind(), io::ErrorKind::ConnectionRefused);
    assert!(Chain(&error).to_string().to_lowercase().contains("refused"), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_takes_the_place_of_host_and_port() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let options = options("ws://no-such-host.invalid/").unix_socket(&path);
    let (transport, accepted) = tokio::join!(opened(&options), listener.accept());
    let (mut transport, (mut theirs, _)) = (transport.unwrap(), accepted.unwrap());
    assert_eq!((transport.peer_addr, transport.local_addr), (None, None));
    transport.io.write_all(b"x").await.unwrap();
    assert_eq!(theirs.read_u8().await.unwrap(), b'x');
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_that_is_not_there_is_an_io_error() {
    let directory = tempfile::tempdir().unwrap();
    let options = options("ws://host/").unix_socket(directory.path().join("nothing"));
    let error = opened(&options).await.unwrap_err();
    assert!(matches!(&error, Error::Connect(ConnectError::Io(cause)) if cause.kind() == io::ErrorKind::NotFound));
}

/// Notes what it is asked for and answers with one end of a pipe whose other end is gone.
struct Noting(mpsc::UnboundedSender<Target>);

#[async_trait]
impl Connector for Noting {
    async fn connect(&self, target: &Target) -> Result<Transport, BoxError> {
        self.0.send(target.clone())?;
        Ok(Transport::new(duplex(64).0))
    }
}

struct Failing;

#[async_trait]
impl Connector for Failing {
    async fn connect(&self, _: &Target) -> Result<Transport, BoxError> {
        Err("the tunnel is down".into())
    }
}

#[tokio::test]
async fn the_user_s_connector_is_told_the_target() {
    for (url, host, port) in [
        ("ws://example.com/", "example.com", 80),
        ("ws://example.com:9000/", "example.com", 9000),
        ("ws://[::1]/", "::1", 80),
        ("ws://192.0.2.1/", "192.0.2.1", 80),
    ] {
        let (asked, mut targets) = mpsc::unbounded_channel();
        let options = options(url).connector(Noting(asked)).unix_socket("/nowhere");
        opened(&options).await.unwrap();
        let expected = Target { host: host.into(), port, secure: false };
        assert_eq!(targets.recv().await.unwrap(), expected);
    }
}

#[tokio::test]
async fn tls_is_spoken_over_the_user_s_connector() {
    let (asked, mut targets) = mpsc::unbounded_channel();
    let tls = crate::options::TlsOptions::new();
    let options = options("wss://example.com/").connector(Noting(asked)).tls(tls);
    let error = opened(&options).await.unwrap_err();
    assert_eq!(targets.recv().await.unwrap(), Target { host: "example.com".into(), port: 443, secure: true });
    let Error::Connect(ConnectError::Tls(cause)) = error else { panic!("{error:?}") };
    if cfg!(any(feature = "ring", feature = "aws-lc-rs")) {
        // A machine may have no roots; otherwise the handshake meets the end of the stream.
        assert!(matches!(cause, TlsError::Io(_) | TlsError::NoRoots), "{cause:?}");
    } else {
        assert!(matches!(cause, TlsError::NoProvider), "{cause:?}");
    }
}

#[tokio::test]
async fn a_connector_that_fails_is_told_as_such() {
    let error = opened(&options("ws://host/").connector(Failing)).await.unwrap_err();
    assert!(matches!(&error, Error::Connect(ConnectError::Connector(_))));
    assert_eq!(error.to_string(), "connecting failed: the connector failed");
    assert_eq!(Chain(&error).to_string(), format!("{error}: the tunnel is down"));
}

#[tokio::test]
async fn without_a_hook_an_attempt_asks_for_what_the_options_say() {
    let options = options("ws://host/").header("x-tag", "one").unwrap().protocol("chat").unwrap();
    let request = prepare(&options, 3).await.unwrap();
    assert_eq!(request.url.as_str(), "ws://host/");
    assert_eq!(request.headers["x-tag"], "one");
    assert_eq!(request.protocols, ["chat"]);
    assert_eq!(request.attempt, 3);
}

#[tokio::test]
async fn the_hook_changes_url_headers_and_subprotocols() {
    let (listener, address) = listener("127.0.0.1:0").await;
    let options = options("wss://no-such-host.invalid/").request_hook(move |mut request| async move {
        assert_eq!(request.attempt, 5);
        request.url = format!("ws://{address}/next").parse()?;
        request.headers.insert("authorization", HeaderValue::from_static("Bearer fresh"));
        request.protocols.push("mqtt".into());
        request.attempt = 0;
        Ok(request)
    });
    let request = prepare(&options, 5).await.unwrap();
    assert_eq!(request.url.path(), "/next");
    assert_eq!(request.headers["authorization"], "Bearer fresh");
    assert_eq!(request.protocols, ["mqtt"]);
    assert_eq!(request.attempt, 5, "the number is not the hook's to change");
    let (transport, _accepted) = tokio::join!(open(&options, &request), listener.accept());
    assert_eq!(transport.unwrap().peer_addr, Some(address));
}

#[tokio::test]
async fn a_hook_that_fails_is_worth_another_try() {
    let options = options("ws://host/").request_hook(|_| async { Err("no token to be had".into()) });
    let error = prepare(&options, 1).await.unwrap_err();
    assert!(matches!(&error, Error::Upgrade(UpgradeError::Hook(_))));
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_hook_that_asks_for_the_impossible_is_not() {
    let to_http = options("ws://host/").request_hook(|mut request| async move {
        request.url = "http://user:secret@host/?token=secret".parse()?;
        Ok(request)
    });
    let with_key = options("ws://host/").request_hook(|mut request| async move {
        request.headers.insert(SEC_WEBSOCKET_KEY, HeaderValue::from_static("secret"));
        Ok(request)
    });
    for options in [to_http, with_key] {
        let error = prepare(&options, 1).await.unwrap_err();
        assert!(matches!(&error, Error::Upgrade(UpgradeError::Request(_))));
        assert!(!error.is_transient());
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn an_attempt_can_be_driven_by_any_task() {
    fn is_send(_: impl Send) {}
    let options = options("ws://host/");
    is_send(opened(&options));
}
