use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::*;

mod chains;

fn refusal(status: u16) -> Arc<Refusal> {
    let status = StatusCode::from_u16(status).unwrap();
    Arc::new(Refusal { status, headers: HeaderMap::new(), body: Bytes::new(), retry_after: None })
}

fn refused(status: u16) -> Error {
    EstablishError::Refused(refusal(status)).into()
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
    assert!(!Error::from(HandlerError::new(Callback::In, "broken")).is_transient());
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
