//! How `wss` is secured, against a server that speaks TLS.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use fresh::{
    BoxError, Client, Error, ExitReason, Options,
    error::{ConnectError, StreamError, TlsError},
    options::{Connector, Roots, Target, TlsOptions, Transport},
    testing::Server,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    CertificateError, ClientConfig, ConfigBuilder, RootCertStore, ServerConfig, WantsVerifier,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    server::WebPkiClientVerifier,
};
use tempfile::TempDir;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::AbortOnDropHandle;

use crate::support::{probe::Probe, time::soon};

/// A certificate authority with its certificates in files.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: TempDir,
}

impl Authority {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.push(DnType::CommonName, directory.path().display().to_string());
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        fs::write(directory.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, directory }
    }

    fn file(&self, name: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join(name)
    }

    fn ca(&self) -> PathBuf {
        self.file("ca.pem")
    }

    fn store(&self) -> RootCertStore {
        let mut store = RootCertStore::empty();
        store.add(self.issuer.der().clone()).unwrap();
        store
    }

    /// A certificate for this name, and the files of it and of its key.
    fn issue(&self, name: &str) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        fs::write(self.file(format!("{name}.pem")), certificate.pem()).unwrap();
        fs::write(self.file(format!("{name}.key")), key.serialize_pem()).unwrap();
        (certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der()).into())
    }

    fn server(&self, name: &str) -> ServerConfig {
        let (certificate, key) = self.issue(name);
        server().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap()
    }

    /// A server that asks for a certificate of this authority.
    fn asking_server(&self, name: &str) -> ServerConfig {
        let (certificate, key) = self.issue(name);
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(self.store()), provider()).build().unwrap();
        server().with_client_cert_verifier(verifier).with_single_cert(vec![certificate], key).unwrap()
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn server() -> ConfigBuilder<ServerConfig, WantsVerifier> {
    ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap()
}

/// What a TLS server learned of its client.
struct Hello {
    server_name: Option<String>,
    protocol: Option<Vec<u8>>,
    certificate: Option<CertificateDer<'static>>,
}

/// A scripted server behind TLS.
struct Secured {
    scripted: Server,
    addr: SocketAddr,
    hellos: mpsc::UnboundedReceiver<Hello>,
    _relay: AbortOnDropHandle<()>,
}

impl Secured {
    async fn start(config: ServerConfig) -> Self {
        let scripted = Server::tcp().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (told, hellos) = mpsc::unbounded_channel();
        let relay = relay(listener, config, told, scripted.url().port().unwrap());
        Self { scripted, addr, hellos, _relay: AbortOnDropHandle::new(tokio::spawn(relay)) }
    }

    /// Options for a client that takes the server for this host.
    fn options(&self, host: &str, tls: TlsOptions) -> Options {
        Options::new(format!("wss://{host}/")).unwrap().connector(To(self.addr)).tls(tls)
    }

    /// Connects a client, has a word with it, and gives what the server learned of it.
    async fn talks_to(&mut self, host: &str, tls: TlsOptions) -> Hello {
        let (probe, mut seen) = Probe::new();
        let client = Client::start(self.options(host, tls), probe).unwrap();
        let hello = soon(self.hellos.recv()).await.unwrap();
        let mut connection = self.scripted.accept().await;
        seen.connected().await;
        client.send("up").await.unwrap();
        connection.expect_text("up").await;
        connection.send("down").await;
        assert_eq!(seen.text().await, "down");
        hello
    }

    /// Why a client does not connect, which ends it.
    async fn fails(&self, host: &str, tls: TlsOptions) -> TlsError {
        let client = Client::start(self.options(host, tls), Probe::new().0).unwrap();
        let reason = soon(client.closed()).await;
        let ExitReason::Error(Error::Connect(ConnectError::Tls(error))) = reason else { panic!("{reason:?}") };
        error
    }
}

async fn relay(listener: TcpListener, config: ServerConfig, told: mpsc::UnboundedSender<Hello>, port: u16) {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    while let Ok((near, _)) = listener.accept().await {
        let Ok(mut near) = acceptor.accept(near).await else { continue };
        let session = near.get_ref().1;
        let certificate = session.peer_certificates().and_then(|chain| chain.first());
        let _ = told.send(Hello {
            server_name: session.server_name().map(str::to_owned),
            protocol: session.alpn_protocol().map(<[u8]>::to_vec),
            certificate: certificate.map(|certificate| certificate.clone().into_owned()),
        });
        let mut far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        // However it ends, it ends this connection alone.
        let _ = copy_bidirectional(&mut near, &mut far).await;
    }
}

struct To(SocketAddr);

#[async_trait]
impl Connector for To {
    async fn connect(&self, _: &Target) -> Result<Transport, BoxError> {
        Ok(Transport::new(TcpStream::connect(self.0).await?))
    }
}

fn is_of_an_unknown_issuer(error: &TlsError) -> bool {
    let TlsError::Rustls(cause) = error else { return false };
    matches!(**cause, rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer))
}

#[tokio::test]
async fn only_ca_trusts_that_authority() {
    let ca = Authority::new();
    let mut server = Secured::start(ca.server("example.test")).await;
    let hello = server.talks_to("example.test", TlsOptions::new().only_ca(ca.ca())).await;
    assert_eq!(hello.server_name.as_deref(), Some("example.test"));
    assert_eq!((hello.protocol, hello.certificate), (None, None));
}

#[tokio::test]
async fn only_ca_trusts_no_other_authority_and_the_client_ends() {
    let (ca, other) = (Authority::new(), Authority::new());
    let server = Secured::start(ca.server("example.test")).await;
    let error = server.fails("example.test", TlsOptions::new().only_ca(other.ca())).await;
    assert!(is_of_an_unknown_issuer(&error), "{error:?}");
}

#[tokio::test]
async fn without_an_extra_ca_the_system_s_roots_alone_are_trusted() {
    let ca = Authority::new();
    let server = Secured::start(ca.server("example.test")).await;
    let error = server.fails("example.test", TlsOptions::new()).await;
    // A machine may have no roots at all.
    assert!(is_of_an_unknown_issuer(&error) || matches!(error, TlsError::NoRoots), "{error:?}");
}

#[tokio::test]
async fn an_extra_ca_is_trusted_too() {
    let (ca, other) = (Authority::new(), Authority::new());
    let mut server = Secured::start(ca.server("example.test")).await;
    server.talks_to("example.test", TlsOptions::new().extra_ca(other.ca()).extra_ca(ca.ca())).await;
    let roots = Roots::NativeAnd(vec![ca.ca()]);
    server.talks_to("example.test", TlsOptions::new().roots(roots)).await;
}

#[tokio::test]
async fn the_client_certificate_is_shown() {
    let ca = Authority::new();
    let (certificate, _) = ca.issue("client");
    let mut server = Secured::start(ca.asking_server("example.test")).await;
    let tls = TlsOptions::new().only_ca(ca.ca()).client_certificate(ca.file("client.pem"), ca.file("client.key"));
    assert_eq!(server.talks_to("example.test", tls).await.certificate, Some(certificate));
}

#[tokio::test]
async fn without_a_client_certificate_a_server_that_asks_refuses_and_the_client_ends() {
    let ca = Authority::new();
    let server = Secured::start(ca.asking_server("example.test")).await;
    let error = server.fails("example.test", TlsOptions::new().only_ca(ca.ca())).await;
    let TlsError::Rustls(cause) = &error else { panic!("{error:?}") };
    assert!(matches!(**cause, rustls::Error::AlertReceived(_)), "{error:?}");
}

#[tokio::test]
async fn the_server_name_is_sent_and_held_against_the_certificate() {
    let ca = Authority::new();
    let mut server = Secured::start(ca.server("inner.test")).await;
    let tls = TlsOptions::new().only_ca(ca.ca());
    let error = server.fails("example.test", tls.clone()).await;
    let TlsError::Rustls(cause) = &error else { panic!("{error:?}") };
    assert!(matches!(**cause, rustls::Error::InvalidCertificate(_)), "{error:?}");
    let hello = server.talks_to("example.test", tls.server_name("inner.test")).await;
    assert_eq!(hello.server_name.as_deref(), Some("inner.test"));
}

#[tokio::test]
async fn application_protocols_are_offered() {
    let ca = Authority::new();
    let mut config = ca.server("example.test");
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let mut server = Secured::start(config).await;
    let tls = TlsOptions::new().only_ca(ca.ca());
    assert_eq!(server.talks_to("example.test", tls.clone()).await.protocol, None);
    let hello = server.talks_to("example.test", tls.alpn("other").alpn("http/1.1")).await;
    assert_eq!(hello.protocol.as_deref(), Some(&b"http/1.1"[..]));
}

#[tokio::test]
async fn your_own_client_config_is_used_as_it_is() {
    let ca = Authority::new();
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let mut own = builder.with_root_certificates(ca.store()).with_no_client_auth();
    own.alpn_protocols = vec![b"own".to_vec()];
    let mut config = ca.server("example.test");
    config.alpn_protocols = vec![b"own".to_vec()];
    let mut server = Secured::start(config).await;
    let tls = TlsOptions::new().config(own).only_ca(ca.file("nothing.pem")).alpn("ignored");
    assert_eq!(server.talks_to("example.test", tls).await.protocol.as_deref(), Some(&b"own"[..]));
}

#[tokio::test]
async fn a_renewed_certificate_file_is_used_by_the_next_attempt() {
    let (old, new) = (Authority::new(), Authority::new());
    let mut server = Secured::start(new.server("example.test")).await;
    let ca = old.ca();
    let tls = TlsOptions::new().only_ca(&ca);
    assert!(is_of_an_unknown_issuer(&server.fails("example.test", tls.clone()).await));
    fs::copy(new.ca(), &ca).unwrap();
    server.talks_to("example.test", tls).await;
}

#[tokio::test]
async fn a_server_that_is_killed_is_reported_as_it_is_without_tls() {
    let ca = Authority::new();
    let server = Secured::start(ca.server("example.test")).await;
    let (probe, mut seen) = Probe::new();
    let options = server.options("example.test", TlsOptions::new().only_ca(ca.ca()));
    let _client = Client::start(options, probe).unwrap();
    let _connection = server.scripted.accept().await;
    seen.connected().await;
    // Its TCP connection ends without close_notify.
    drop(server._relay);
    let error = seen.failed().await;
    assert!(matches!(error, Error::Stream(StreamError::Eof)), "{error:?}");
}

#[tokio::test]
async fn a_frame_is_confirmed_though_a_later_one_is_stuck() {
    let ca = Authority::new();
    let server = Secured::start(ca.server("example.test")).await;
    let (probe, mut seen) = Probe::new();
    let options = server.options("example.test", TlsOptions::new().only_ca(ca.ca())).write_timeout(Duration::ZERO);
    let client = Client::start(options, probe).unwrap();
    let _unread = server.scripted.accept().await.freeze();
    seen.connected().await;
    // Both are accepted before the first byte is written; the second is more than any socket takes.
    let confirmed = client.send_confirmed("first");
    let stuck = client.send(vec![0; 64 << 20]);
    let (confirmed, stuck) = soon(async { tokio::join!(confirmed, stuck) }).await;
    confirmed.unwrap();
    stuck.unwrap();
    assert_eq!(client.stats().frames_sent, 1);
}
