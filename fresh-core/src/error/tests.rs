use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::*;
use crate::{options::OptionsError, socket::SocketError};

fn refused(status: u16) -> Error {
    let status = StatusCode::from_u16(status).unwrap();
    let refusal = Refusal { status, headers: HeaderMap::new(), body: Bytes::new(), retry_after: None };
    EstablishError::Refused(Arc::new(refusal)).into()
}

#[test]
fn a_refusal_is_worth_another_try_only_where_it_can_heal() {
    for status in [408, 425, 429, 500, 502, 503, 504, 599] {
        assert!(refused(status).is_transient(), "{status}");
    }
    for status in [200, 301, 400, 401, 403, 404, 410, 426, 499] {
        assert!(!refused(status).is_transient(), "{status}");
    }
}

#[test]
fn a_broken_connection_heals_and_a_bad_certificate_does_not() {
    let certificate = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
    assert!(Error::from(StreamError::Eof).is_transient());
    assert!(Error::from(ConnectError::Timeout { after: Duration::from_secs(8) }).is_transient());
    assert!(!Error::from(ConnectError::Tls(TlsError::Rustls(Arc::new(certificate)))).is_transient());
    assert!(!Error::Handler("broken".into()).is_transient());
}

#[test]
fn the_text_of_an_error_is_its_kind_and_its_cause() {
    let error = Error::from(StreamError::Eof);
    assert_eq!(error.to_string(), "streaming failed: the server ended the connection without a close frame");
    assert!(error.source().is_none(), "nothing is behind it");
}

/// An error of somebody's with another one behind it.
#[derive(Debug, thiserror::Error)]
#[error("outer")]
struct Outer(#[source] Inner);

#[derive(Debug, thiserror::Error)]
#[error("inner")]
struct Inner;

/// The texts of an error and of all that `source()` leads to.
fn chain(error: &(dyn StdError + 'static)) -> Vec<String> {
    let mut told = vec![error.to_string()];
    told.extend(error.source().into_iter().flat_map(chain));
    told
}

#[test]
fn a_chain_of_sources_names_each_cause_once() {
    let reason = || Reason::from(Outer(Inner));
    let io = || Arc::new(std::io::Error::other(Outer(Inner)));
    let rustls = || Arc::new(rustls::Error::General("outer".into()));
    let file = |reason| ConnectError::Tls(TlsError::File { path: "ca.pem".into(), reason });
    let errors: Vec<Error> = vec![
        ConnectError::Dns(io()).into(),
        ConnectError::Io(io()).into(),
        ConnectError::Connector(reason()).into(),
        ConnectError::Tls(TlsError::Io(io())).into(),
        file(FileError::Io(io())).into(),
        UpgradeError::Request(reason()).into(),
        UpgradeError::Hook(reason()).into(),
        UpgradeError::Send(io()).into(),
        ProcessError::Io(io()).into(),
        ProcessError::Http(reason()).into(),
        StreamError::Read(io()).into(),
        StreamError::Write(io()).into(),
        SendFailure::Io(io()).into(),
        SendFailure::Source(reason()).into(),
        Error::Handler(reason()),
    ];
    for error in errors {
        let told = chain(&error);
        assert!(told.len() == 2 && told[0].ends_with("outer") && told[1] == "inner", "{error:?}: {told:?}");
        let unsent = SendError::new(None, error);
        assert_eq!(chain(&unsent), told);
    }
    for error in [ConnectError::Tls(TlsError::Rustls(rustls())), file(FileError::Rustls(rustls()))] {
        let told = chain(&Error::from(error));
        assert!(told.len() == 1 && told[0].ends_with("outer"), "{told:?}");
    }
    let unsent = SendError::new(None, SendFailure::Io(io()));
    for error in [&SocketError::from(unsent) as &dyn StdError, &OptionsError::from(url::ParseError::EmptyHost)] {
        assert!(error.source().is_none(), "its text says all: {error}");
    }
}

#[test]
fn a_reason_keeps_the_error_it_was_made_of() {
    let reason = Reason::from("text".parse::<u32>().unwrap_err());
    assert!(reason.downcast_ref::<std::num::ParseIntError>().is_some());
    assert_eq!(Reason::from("in words").to_string(), "in words");
}

#[test]
fn tls_is_tried_again_only_where_the_handshake_was_cut_short() {
    use rustls::{AlertDescription as Alert, Error as Rustls, InvalidMessage, PeerIncompatible};
    let heals = |cause| Error::from(ConnectError::Tls(TlsError::Rustls(Arc::new(cause)))).is_transient();
    for alert in [Alert::CloseNotify, Alert::UserCanceled, Alert::InternalError, Alert::BadRecordMac] {
        assert!(heals(Rustls::AlertReceived(alert)), "{alert:?}");
    }
    for alert in [Alert::HandshakeFailure, Alert::CertificateRequired, Alert::UnknownCA, Alert::ProtocolVersion] {
        assert!(!heals(Rustls::AlertReceived(alert)), "{alert:?}");
    }
    assert!(!heals(Rustls::InvalidMessage(InvalidMessage::InvalidContentType)), "a server without TLS");
    assert!(!heals(Rustls::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon)));
    let cut = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
    assert!(Error::from(ConnectError::Tls(TlsError::Io(Arc::new(cut)))).is_transient());
}
