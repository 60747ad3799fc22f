//! 8. TLS is ended with close_notify (RFC 8446 §6.1), so that the server can tell the end from a truncation.

use std::{io, net::SocketAddr, sync::Arc};

use fresh::{
    BoxError, Client, Options, Recovery,
    options::{Connector, Target, TlsOptions, Transport},
};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{ServerConfig, crypto::ring, pki_types::PrivatePkcs8KeyDer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::support::{
    script::{Log, Then, Told, start},
    time::soon,
};

struct To(SocketAddr);

#[async_trait::async_trait]
impl Connector for To {
    async fn connect(&self, _: &Target) -> Result<Transport, BoxError> {
        Ok(Transport::new(TcpStream::connect(self.0).await?))
    }
}

/// A client, and the server's side of its connection, upgraded.
async fn secured() -> (Client<u32>, Log, TlsStream<TcpStream>) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["example.test".to_owned()]).unwrap();
    let ca = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&ca, cert.pem()).unwrap();
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der()).into();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = Options::new("wss://example.test/").unwrap().connector(To(listener.local_addr().unwrap()));
    let (client, log) = start(options.tls(TlsOptions::new().only_ca(ca.path())), |told| match told {
        Told::Disconnect(_) => Then::Recover(Recovery::Close),
        _ => Then::Default,
    });
    let (tcp, _) = soon(listener.accept()).await.unwrap();
    let mut tls = soon(TlsAcceptor::from(Arc::new(config)).accept(tcp)).await.unwrap();
    soon(upgrade(&mut tls)).await.unwrap();
    soon(client.connected()).await.unwrap();
    (client, log, tls)
}

/// Reads the request, and agrees.
async fn upgrade(tls: &mut TlsStream<TcpStream>) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(tls.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap();
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let request = http::Request::builder().header("sec-websocket-key", key).header("sec-websocket-version", "13");
    let (response, _) = fastwebsockets::upgrade::upgrade(request.body(()).unwrap()).unwrap();
    let accept = response.headers()["sec-websocket-accept"].to_str().unwrap().to_owned();
    let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    tls.write_all(format!("{head}Sec-WebSocket-Accept: {accept}\r\n\r\n").as_bytes()).await?;
    tls.flush().await
}

/// A close frame with code 1000, as a server sends it.
const CLOSE: [u8; 4] = [0x88, 0x02, 0x03, 0xE8];

/// The client's masked close frame: two bytes of head, four of mask, two of code.
async fn expect_close(tls: &mut TlsStream<TcpStream>) {
    let mut frame = [0; 8];
    soon(tls.read_exact(&mut frame)).await.unwrap();
    assert_eq!(frame[..2], [0x88, 0x82]);
}

/// Asserts that TLS ends with close_notify: otherwise rustls reports `UnexpectedEof`.
async fn assert_clean_end(mut tls: TlsStream<TcpStream>) {
    let ended = soon(tls.read(&mut [0; 64])).await;
    assert!(matches!(ended, Ok(0)), "{ended:?}");
}

#[tokio::test]
async fn promise_08_tls_is_ended_with_close_notify_after_a_close_of_ours() {
    for server_ends_first in [false, true] {
        let (client, _log, mut tls) = secured().await;
        client.close(1000, "").unwrap();
        expect_close(&mut tls).await;
        tls.write_all(&CLOSE).await.unwrap();
        if server_ends_first {
            tls.shutdown().await.unwrap();
        } else {
            tls.flush().await.unwrap();
        }
        assert_clean_end(tls).await;
        assert_eq!(soon(client.closed()).await.to_string(), "normal");
    }
}

#[tokio::test]
async fn promise_08_tls_is_ended_with_close_notify_after_a_close_of_the_server() {
    for server_ends_first in [false, true] {
        let (client, _log, mut tls) = secured().await;
        tls.write_all(&CLOSE).await.unwrap();
        tls.flush().await.unwrap();
        expect_close(&mut tls).await;
        if server_ends_first {
            tls.shutdown().await.unwrap();
        }
        assert_clean_end(tls).await;
        assert_eq!(soon(client.closed()).await.to_string(), "normal");
    }
}

#[tokio::test]
async fn promise_08_tls_is_ended_with_close_notify_after_a_stop() {
    let (client, _log, mut tls) = secured().await;
    client.request_stop();
    expect_close(&mut tls).await;
    tls.write_all(&CLOSE).await.unwrap();
    tls.flush().await.unwrap();
    assert_clean_end(tls).await;
    assert_eq!(soon(client.closed()).await.to_string(), "stopped");
}

#[tokio::test]
async fn promise_08_tls_is_ended_with_close_notify_also_if_the_connection_is_dropped_at_once() {
    let (client, _log, tls) = secured().await;
    client.reconnect_now();
    assert_clean_end(tls).await;
    client.request_stop();
}
