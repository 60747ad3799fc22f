use std::{fs, path::PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    AlertDescription, CertificateError, Error as Rustls, ServerConfig,
    pki_types::PrivatePkcs8KeyDer,
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::*;

/// A certificate authority with its certificates in files.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: TempDir,
}

impl Authority {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        // A name of its own: authorities of the same name are told apart by their signatures only.
        params.distinguished_name.push(DnType::CommonName, directory.path().display().to_string());
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        fs::write(directory.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, directory }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn ca(&self) -> PathBuf {
        self.file("ca.pem")
    }

    fn roots(&self) -> Arc<RootCertStore> {
        roots(&Roots::Only(vec![self.ca()])).unwrap()
    }

    /// A certificate for this name and its key, also as the files `name.pem` and `name.key`.
    fn issue(&self, name: &str) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        fs::write(self.file(&format!("{name}.pem")), certificate.pem()).unwrap();
        fs::write(self.file(&format!("{name}.key")), key.serialize_pem()).unwrap();
        (certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der()).into())
    }

    /// The configuration of a server with a certificate for this name.
    fn server(&self, name: &str) -> ServerConfig {
        let (certificate, key) = self.issue(name);
        server_builder().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap()
    }

    /// The same, where the server asks for a certificate of this authority.
    fn asking_server(&self, name: &str) -> ServerConfig {
        let (certificate, key) = self.issue(name);
        let verifier: Arc<dyn ClientCertVerifier> =
            WebPkiClientVerifier::builder_with_provider(self.roots(), provider().unwrap()).build().unwrap();
        server_builder().with_client_cert_verifier(verifier).with_single_cert(vec![certificate], key).unwrap()
    }
}

fn server_builder() -> rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier> {
    ServerConfig::builder_with_provider(provider().unwrap()).with_safe_default_protocol_versions().unwrap()
}

/// Both ends of a handshake with this host.
async fn handshake(
    host: &str,
    options: &TlsOptions,
    server: ServerConfig,
) -> (Result<Transport, TlsError>, io::Result<TlsStream<DuplexStream>>) {
    let (ours, theirs) = duplex(1 << 16);
    let acceptor = TlsAcceptor::from(Arc::new(server));
    tokio::join!(secure(Transport::new(ours), host, options), acceptor.accept(theirs))
}

fn certificate_error(outcome: Result<Transport, TlsError>) -> CertificateError {
    let error = outcome.unwrap_err();
    let TlsError::Rustls(cause) = &error else { panic!("{error:?}") };
    let Rustls::InvalidCertificate(cause) = &**cause else { panic!("{cause:?}") };
    cause.clone()
}

#[tokio::test]
async fn bytes_go_both_ways_once_only_this_ca_is_trusted() {
    let ca = Authority::new();
    let options = TlsOptions::new().only_ca(ca.ca());
    let (client, server) = handshake("example.com", &options, ca.server("example.com")).await;
    let (mut client, mut server) = (client.unwrap().io, server.unwrap());
    client.write_all(b"up").await.unwrap();
    client.flush().await.unwrap();
    server.write_all(b"down").await.unwrap();
    server.flush().await.unwrap();
    let (mut up, mut down) = ([0; 2], [0; 4]);
    server.read_exact(&mut up).await.unwrap();
    client.read_exact(&mut down).await.unwrap();
    assert_eq!((&up, &down), (b"up", b"down"));
}

#[tokio::test]
async fn an_extra_ca_is_trusted_besides_the_system_s() {
    let (ca, other) = (Authority::new(), Authority::new());
    let options = TlsOptions::new().extra_ca(other.ca()).extra_ca(ca.ca());
    let (client, _server) = handshake("example.com", &options, ca.server("example.com")).await;
    assert!(client.is_ok());
}

#[tokio::test]
async fn a_ca_that_is_not_trusted_is_refused() {
    let (ca, other) = (Authority::new(), Authority::new());
    let options = TlsOptions::new().only_ca(other.ca());
    let (client, server) = handshake("example.com", &options, ca.server("example.com")).await;
    assert_eq!(certificate_error(client), CertificateError::UnknownIssuer);
    assert!(server.is_err());
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let ca = Authority::new();
    let options = TlsOptions::new().only_ca(ca.ca());
    let (client, _server) = handshake("other.example.com", &options, ca.server("example.com")).await;
    assert!(matches!(certificate_error(client), CertificateError::NotValidForNameContext { .. }));
}

#[tokio::test]
async fn the_host_is_sent_as_sni_unless_another_name_is_given() {
    let ca = Authority::new();
    let options = TlsOptions::new().only_ca(ca.ca());
    for (options, sni) in [(options.clone(), "example.com"), (options.server_name("inner.example"), "inner.example")] {
        let (client, server) = handshake("example.com", &options, ca.server(sni)).await;
        assert!(client.is_ok(), "{sni}");
        assert_eq!(server.unwrap().get_ref().1.server_name(), Some(sni));
    }
}

#[tokio::test]
async fn an_address_is_held_against_the_certificate_too() {
    let ca = Authority::new();
    let options = TlsOptions::new().only_ca(ca.ca());
    for address in ["127.0.0.1", "::1"] {
        let (client, server) = handshake(address, &options, ca.server(address)).await;
        assert!(client.is_ok(), "{address}");
        assert_eq!(server.unwrap().get_ref().1.server_name(), None, "an address is no SNI");
    }
}

#[tokio::test]
async fn what_no_certificate_could_hold_is_no_server_name() {
    let options = TlsOptions::new().server_name("not a name");
    let error = secure(Transport::new(duplex(64).0), "example.com", &options).await.unwrap_err();
    assert!(matches!(error, TlsError::ServerName(name) if name == "not a name"));
}

#[tokio::test]
async fn the_server_sees_the_alpn_offered() {
    let ca = Authority::new();
    let options = TlsOptions::new().only_ca(ca.ca()).alpn("http/1.1");
    let mut server = ca.server("example.com");
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let (client, server) = handshake("example.com", &options, server).await;
    assert!(client.is_ok());
    assert_eq!(server.unwrap().get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_a_server_that_asks() {
    let ca = Authority::new();
    let (certificate, _) = ca.issue("client");
    let options = TlsOptions::new().only_ca(ca.ca()).client_certificate(ca.file("client.pem"), ca.file("client.key"));
    let (client, server) = handshake("example.com", &options, ca.asking_server("example.com")).await;
    assert!(client.is_ok());
    assert_eq!(server.unwrap().get_ref().1.peer_certificates(), Some(&[certificate][..]));
}

#[tokio::test]
async fn a_server_that_misses_our_certificate_says_so_and_that_does_not_heal() {
    use crate::{
        error::{ConnectError, Error},
        options::{Options, Request},
        wire::upgrade::upgrade,
    };

    let ca = Authority::new();
    let options = TlsOptions::new().only_ca(ca.ca());
    let (client, server) = handshake("example.com", &options, ca.asking_server("example.com")).await;
    assert!(server.is_err());
    // With TLS 1.3 our side is done before the server has judged: the alert comes in place of the answer.
    let options = Options::new("wss://example.com/").unwrap();
    let request: Request = crate::wire::connect::prepare(&options, 1).await.unwrap();
    let Err(error) = upgrade(client.unwrap(), request, &options, None).await else { panic!("upgraded") };
    let Error::Connect(ConnectError::Tls(TlsError::Rustls(cause))) = &error else { panic!("{error:?}") };
    assert_eq!(**cause, Rustls::AlertReceived(AlertDescription::CertificateRequired));
    assert!(!error.is_transient());
}

#[tokio::test]
async fn your_own_configuration_is_used_as_it_is() {
    let ca = Authority::new();
    let mut own = build(&TlsOptions::new().only_ca(ca.ca())).unwrap();
    own.alpn_protocols = vec![b"own".to_vec()];
    let mut server = ca.server("example.com");
    server.alpn_protocols = vec![b"own".to_vec()];
    let options = TlsOptions::new().config(own).only_ca("/nowhere").alpn("ignored").server_name("example.com");
    let (client, server) = handshake("192.0.2.1", &options, server).await;
    assert!(client.is_ok());
    assert_eq!(server.unwrap().get_ref().1.alpn_protocol(), Some(&b"own"[..]));
}

#[tokio::test]
async fn a_server_without_tls_is_not_tried_again() {
    let ca = Authority::new();
    let (ours, mut theirs) = duplex(1 << 16);
    theirs.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    let error = secure(Transport::new(ours), "example.com", &TlsOptions::new().only_ca(ca.ca())).await.unwrap_err();
    assert!(matches!(error, TlsError::Rustls(_)), "{error:?}");
}

#[tokio::test]
async fn a_handshake_that_is_cut_short_is_an_io_error() {
    let ca = Authority::new();
    let (ours, theirs) = duplex(1 << 16);
    drop(theirs);
    let error = secure(Transport::new(ours), "example.com", &TlsOptions::new().only_ca(ca.ca())).await.unwrap_err();
    assert!(matches!(error, TlsError::Io(_)), "{error:?}");
}

#[test]
fn a_file_that_cannot_be_used_is_named_with_what_is_wrong_about_it() {
    let ca = Authority::new();
    ca.issue("client");
    ca.issue("other");
    fs::write(ca.file("empty.pem"), "no section at all").unwrap();
    fs::write(ca.file("cut.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n").unwrap();
    fs::write(ca.file("junk.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    let with = |certificates: &str, key: &str| {
        TlsOptions::new().only_ca(ca.ca()).client_certificate(ca.file(certificates), ca.file(key))
    };
    for (options, file, wrong) in [
        (TlsOptions::new().only_ca(ca.file("missing.pem")), "missing.pem", "Io"),
        (TlsOptions::new().extra_ca(ca.file("empty.pem")), "empty.pem", "NoSection"),
        (TlsOptions::new().only_ca(ca.file("client.key")), "client.key", "NoSection"),
        (TlsOptions::new().only_ca(ca.file("cut.pem")), "cut.pem", "Pem"),
        (TlsOptions::new().only_ca(ca.file("junk.pem")), "junk.pem", "Rustls"),
        (with("missing.pem", "client.key"), "missing.pem", "Io"),
        (with("client.pem", "missing.key"), "missing.key", "Io"),
        (with("client.pem", "client.pem"), "client.pem", "NoSection"),
        (with("client.pem", "other.key"), "other.key", "Rustls"),
    ] {
        let error = build(&options).unwrap_err();
        let TlsError::File { path, reason } = &error else { panic!("{file}: {error:?}") };
        let told = match reason {
            FileError::Io(_) => "Io",
            FileError::Pem(_) => "Pem",
            FileError::NoSection => "NoSection",
            FileError::Rustls(_) => "Rustls",
        };
        assert_eq!((path, told), (&ca.file(file), wrong), "{error}");
    }
}

#[test]
fn a_file_is_read_anew_at_each_attempt() {
    let (old, new) = (Authority::new(), Authority::new());
    let options = Roots::Only(vec![old.ca()]);
    let before = roots(&options).unwrap();
    fs::copy(new.ca(), old.ca()).unwrap();
    assert_ne!(roots(&options).unwrap().roots, before.roots);
}

#[test]
fn trust_in_nobody_is_refused() {
    assert!(matches!(roots(&Roots::Only(vec![])), Err(TlsError::NoRoots)));
}
