//! Every error with its causes: no text stands in the chain twice, and the innermost cause is at the end.

use std::{io, sync::Arc};

use rustls::pki_types::pem;

use super::*;
use crate::{
    client::{EndedError, StartError},
    exit::ExitReason,
    frame::CloseCode,
    options::OptionsError,
};

/// An example of every variant. A variant that is not listed does not compile, and neither does one without an example.
macro_rules! every {
    ($type:ty { $($pattern:pat => $example:expr),* $(,)? }) => {{
        let _: fn(&$type) = |error| match error { $($pattern => {})* };
        vec![$({
            let example: $type = $example;
            assert!(matches!(&example, $pattern), "{example:?} stands beside another variant");
            example
        }),*]
    }};
}

/// A cause whose text no other error has.
const INNERMOST: &str = "the innermost cause";

fn io_error() -> Arc<io::Error> {
    Arc::new(io::Error::other(INNERMOST))
}

fn rustls_error() -> Arc<rustls::Error> {
    Arc::new(rustls::Error::General(INNERMOST.into()))
}

fn reason() -> Reason {
    Reason::from(Wrapper(io::Error::other(INNERMOST)))
}

/// A user's error with a cause of its own.
#[derive(Debug, thiserror::Error)]
#[error("a user's error")]
struct Wrapper(#[source] io::Error);

fn files() -> Vec<FileError> {
    every!(FileError {
        FileError::Io(_) => FileError::Io(io_error()),
        FileError::Pem(_) => FileError::Pem(Arc::new(pem::Error::MissingSectionEnd { end_marker: b"-----END".to_vec() })),
        FileError::NoSection => FileError::NoSection,
        FileError::Rustls(_) => FileError::Rustls(rustls_error()),
    })
}

fn tls() -> Vec<TlsError> {
    let mut every = every!(TlsError {
        TlsError::Rustls(_) => TlsError::Rustls(rustls_error()),
        TlsError::Io(_) => TlsError::Io(io_error()),
        TlsError::NoRoots => TlsError::NoRoots,
        TlsError::NoProvider => TlsError::NoProvider,
        TlsError::ServerName(_) => TlsError::ServerName("a b".into()),
        TlsError::File { .. } => TlsError::File { path: "ca.pem".into(), reason: FileError::NoSection },
    });
    every.extend(files().into_iter().map(|reason| TlsError::File { path: "ca.pem".into(), reason }));
    every
}

fn connect() -> Vec<ConnectError> {
    let mut every = every!(ConnectError {
        ConnectError::Dns(_) => ConnectError::Dns(io_error()),
        ConnectError::Io(_) => ConnectError::Io(io_error()),
        ConnectError::Timeout { .. } => ConnectError::Timeout { after: Duration::from_secs(8) },
        ConnectError::Tls(_) => ConnectError::Tls(TlsError::NoRoots),
        ConnectError::Connector(_) => ConnectError::Connector(reason()),
    });
    every.extend(tls().into_iter().map(ConnectError::Tls));
    every
}

fn upgrade() -> Vec<UpgradeError> {
    every!(UpgradeError {
        UpgradeError::Request(_) => UpgradeError::Request(reason()),
        UpgradeError::Hook(_) => UpgradeError::Hook(reason()),
        UpgradeError::Send(_) => UpgradeError::Send(io_error()),
    })
}

fn establish() -> Vec<EstablishError> {
    every!(EstablishError {
        EstablishError::Refused(_) => EstablishError::Refused(refusal(503)),
        EstablishError::NoUpgrade => EstablishError::NoUpgrade,
        EstablishError::NoConnectionUpgrade => EstablishError::NoConnectionUpgrade,
        EstablishError::Accept => EstablishError::Accept,
        EstablishError::Protocol(_) => EstablishError::Protocol("soap".into()),
        EstablishError::Extension(_) => EstablishError::Extension("x-snappy".into()),
        EstablishError::HeadTooLarge { .. } => EstablishError::HeadTooLarge { limit: 65536 },
    })
}

fn malformed() -> Vec<MalformedResponse> {
    every!(MalformedResponse {
        MalformedResponse::SpokeFirst => MalformedResponse::SpokeFirst,
        MalformedResponse::Version => MalformedResponse::Version,
        MalformedResponse::Http(_) => MalformedResponse::Http(reason()),
    })
}

fn process() -> Vec<ProcessError> {
    let mut every = every!(ProcessError {
        ProcessError::Eof => ProcessError::Eof,
        ProcessError::Io(_) => ProcessError::Io(io_error()),
        ProcessError::Malformed { .. } => ProcessError::from(MalformedResponse::Version),
    });
    let repeated =
        |response| [1, 3].map(|in_a_row| ProcessError::Malformed { response: Clone::clone(&response), in_a_row });
    every.extend(malformed().into_iter().flat_map(repeated));
    every
}

fn stream() -> Vec<StreamError> {
    let after = Duration::from_secs(20);
    every!(StreamError {
        StreamError::Eof => StreamError::Eof,
        StreamError::Read(_) => StreamError::Read(io_error()),
        StreamError::Write(_) => StreamError::Write(io_error()),
        StreamError::PongTimeout { .. } => StreamError::PongTimeout { after },
        StreamError::IdleTimeout { .. } => StreamError::IdleTimeout { after },
        StreamError::Unfinished => StreamError::Unfinished,
    })
}

fn decode() -> Vec<DecodeError> {
    every!(DecodeError {
        DecodeError::ReservedBits { .. } => DecodeError::ReservedBits { bits: 4 },
        DecodeError::ReservedOpcode { .. } => DecodeError::ReservedOpcode { opcode: 3 },
        DecodeError::Masked => DecodeError::Masked,
        DecodeError::FragmentedControl => DecodeError::FragmentedControl,
        DecodeError::ControlTooLong => DecodeError::ControlTooLong,
        DecodeError::NonMinimalLength => DecodeError::NonMinimalLength,
        DecodeError::NegativeLength => DecodeError::NegativeLength,
        DecodeError::UnexpectedContinuation => DecodeError::UnexpectedContinuation,
        DecodeError::ExpectedContinuation => DecodeError::ExpectedContinuation,
        DecodeError::ClosePayload => DecodeError::ClosePayload,
        DecodeError::CloseCode(_) => DecodeError::CloseCode(CloseCode::from(1005)),
        DecodeError::CloseReason => DecodeError::CloseReason,
        DecodeError::Utf8 => DecodeError::Utf8,
        DecodeError::Deflate => DecodeError::Deflate,
        DecodeError::FrameTooBig { .. } => DecodeError::FrameTooBig { limit: 1 },
        DecodeError::MessageTooBig { .. } => DecodeError::MessageTooBig { limit: 1 },
        DecodeError::TooManyFragments { .. } => DecodeError::TooManyFragments { limit: 1 },
    })
}

fn encode() -> Vec<EncodeError> {
    every!(EncodeError {
        EncodeError::ControlTooLong { .. } => EncodeError::ControlTooLong { len: 126 },
        EncodeError::CloseCode(_) => EncodeError::CloseCode(CloseCode::from(1005)),
        EncodeError::Utf8 => EncodeError::Utf8,
    })
}

fn name() -> Vec<NameError> {
    every!(NameError {
        NameError::Unknown(_) => NameError::Unknown("ticker".into()),
        NameError::OtherInfo(_) => NameError::OtherInfo("ticker".into()),
    })
}

fn send() -> Vec<SendFailure> {
    let mut every = every!(SendFailure {
        SendFailure::NotConnected => SendFailure::NotConnected,
        SendFailure::QueueFull => SendFailure::QueueFull,
        SendFailure::Dropped => SendFailure::Dropped,
        SendFailure::Closing => SendFailure::Closing,
        SendFailure::Ended => SendFailure::Ended,
        SendFailure::Name(_) => SendFailure::Name(NameError::Unknown("ticker".into())),
        SendFailure::WithinCallback(_) => SendFailure::WithinCallback(Callback::In),
        SendFailure::MailboxFull => SendFailure::MailboxFull,
        SendFailure::Timeout { .. } => SendFailure::Timeout { after: Duration::from_secs(10) },
        SendFailure::Io(_) => SendFailure::Io(io_error()),
        SendFailure::Source(_) => SendFailure::Source(reason()),
    });
    every.extend(name().into_iter().map(SendFailure::Name));
    every
}

fn handler() -> Vec<HandlerError> {
    callbacks().into_iter().map(|callback| HandlerError::new(callback, reason())).collect()
}

fn callbacks() -> Vec<Callback> {
    every!(Callback {
        Callback::Connect => Callback::Connect,
        Callback::In => Callback::In,
        Callback::Control => Callback::Control,
        Callback::Info => Callback::Info,
        Callback::Disconnect => Callback::Disconnect,
        Callback::Error => Callback::Error,
        Callback::Down => Callback::Down,
        Callback::Terminate => Callback::Terminate,
    })
}

fn options() -> Vec<OptionsError> {
    let name = http::header::AUTHORIZATION;
    every!(OptionsError {
        OptionsError::Url(_) => url::ParseError::RelativeUrlWithoutBase.into(),
        OptionsError::Scheme(_) => OptionsError::Scheme("http".into()),
        OptionsError::NoHost => OptionsError::NoHost,
        OptionsError::Fragment => OptionsError::Fragment,
        OptionsError::Path(_) => OptionsError::Path("x".into()),
        OptionsError::HeaderName(_) => OptionsError::HeaderName("a b".into()),
        OptionsError::HeaderValue(_) => OptionsError::HeaderValue(name.clone()),
        OptionsError::ReservedHeader(_) => OptionsError::ReservedHeader(name),
        OptionsError::Protocol(_) => OptionsError::Protocol("a b".into()),
        OptionsError::DuplicateProtocol(_) => OptionsError::DuplicateProtocol("mqtt".into()),
        OptionsError::DeflateWindow(_) => OptionsError::DeflateWindow(8),
        OptionsError::DeflateLevel(_) => OptionsError::DeflateLevel(0),
        OptionsError::BackoffFactor => OptionsError::BackoffFactor,
    })
}

/// Every error with every cause.
fn every_error() -> Vec<Error> {
    fn all<E: Into<Error>>(causes: Vec<E>) -> Vec<Error> {
        causes.into_iter().map(Into::into).collect()
    }
    let every = every!(Error {
        Error::Connect(_) => ConnectError::Tls(TlsError::NoRoots).into(),
        Error::Upgrade(_) => UpgradeError::Hook(reason()).into(),
        Error::Establish(_) => EstablishError::Accept.into(),
        Error::Process(_) => ProcessError::Eof.into(),
        Error::Stream(_) => StreamError::Eof.into(),
        Error::Decode(_) => DecodeError::Masked.into(),
        Error::Encode(_) => EncodeError::Utf8.into(),
        Error::Send(_) => SendFailure::Ended.into(),
        Error::Handler(_) => HandlerError::new(Callback::In, reason()).into(),
    });
    let of_each_kind = [
        all(connect()),
        all(upgrade()),
        all(establish()),
        all(process()),
        all(stream()),
        all(decode()),
        all(encode()),
        all(send()),
        all(handler()),
    ];
    every.into_iter().chain(of_each_kind.into_iter().flatten()).collect()
}

fn every_start_error() -> Vec<StartError> {
    every!(StartError {
        StartError::NoRuntime => StartError::NoRuntime,
        StartError::AlreadyStarted { .. } => taken(),
    })
}

fn taken() -> StartError {
    struct Quiet;
    impl crate::handler::Handler for Quiet {
        type Info = ();
    }
    let registry = crate::registry::LocalRegistry::new();
    let name = crate::registry::Name::via(Arc::new(registry), "ticker");
    let options = crate::options::Options::new("ws://host").unwrap().name(name);
    let (client, _running) = crate::client::Client::new(options, Quiet);
    StartError::AlreadyStarted { name: "ticker".into(), client: crate::registry::AnyClient::new(client) }
}

/// The texts from the error down to its innermost cause.
fn texts(error: &(dyn StdError + 'static)) -> Vec<String> {
    let mut texts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        texts.push(cause.to_string());
        next = cause.source();
    }
    texts
}

#[track_caller]
fn assert_names_each_cause_once(error: &(impl StdError + 'static)) {
    let texts = texts(error);
    for (index, text) in texts.iter().enumerate() {
        assert!(!text.is_empty(), "{error:?}: an empty text");
        let above = &texts[..index];
        assert!(!above.iter().any(|other| other.contains(text.as_str())), "{text:?} stands twice: {texts:?}");
    }
    if format!("{error:?}").contains(INNERMOST) {
        assert_eq!(texts.last().map(String::as_str).unwrap().matches(INNERMOST).count(), 1, "{texts:?}");
    }
    assert_eq!(Chain(error).to_string(), texts.join(": "));
}

#[track_caller]
fn assert_each_names_each_cause_once(errors: Vec<impl StdError + 'static>) {
    for error in errors {
        assert_names_each_cause_once(&error);
    }
}

#[test]
fn no_text_stands_in_a_chain_twice_and_the_innermost_cause_is_at_its_end() {
    assert_each_names_each_cause_once(files());
    assert_each_names_each_cause_once(tls());
    assert_each_names_each_cause_once(connect());
    assert_each_names_each_cause_once(upgrade());
    assert_each_names_each_cause_once(establish());
    assert_each_names_each_cause_once(malformed());
    assert_each_names_each_cause_once(process());
    assert_each_names_each_cause_once(stream());
    assert_each_names_each_cause_once(decode());
    assert_each_names_each_cause_once(encode());
    assert_each_names_each_cause_once(name());
    assert_each_names_each_cause_once(send());
    assert_each_names_each_cause_once(handler());
    assert_each_names_each_cause_once(every_error());
    assert_each_names_each_cause_once(every_start_error());
    assert_each_names_each_cause_once(options());
}

#[test]
fn the_errors_of_the_calls_name_each_cause_once_too() {
    assert_each_names_each_cause_once(send().into_iter().map(|failure| InfoError::new((), failure)).collect());
    for error in every_error() {
        assert_names_each_cause_once(&SendError::new(None, error.clone()));
        assert_names_each_cause_once(&EndedError(ExitReason::Failed(Reason::from(error.clone()))));
        assert_names_each_cause_once(&EndedError(ExitReason::GaveUp { attempts: 3, last: Some(error.clone()) }));
        assert_names_each_cause_once(&EndedError(ExitReason::Error(error)));
    }
}

#[test]
fn the_text_of_an_exit_reason_is_the_whole_chain() {
    for error in every_error() {
        let chain = Chain(&error).to_string();
        assert_eq!(ExitReason::Error(error.clone()).to_string(), format!("error: {chain}"));
        assert_eq!(ExitReason::Failed(Reason::from(error.clone())).to_string(), format!("failed: {chain}"));
        let gave_up = ExitReason::GaveUp { attempts: 3, last: Some(error.clone()) };
        assert_eq!(gave_up.to_string(), format!("gave up after 3 attempts: {chain}"));
        let ended = EndedError(ExitReason::Error(error));
        assert_eq!(Chain(&ended).to_string(), format!("the client has ended: error: {chain}"));
    }
}

/// The innermost cause.
fn innermost<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost
}

#[test]
fn the_sources_end_in_the_io_error_the_rustls_error_or_the_error_of_the_user() {
    let file = |reason| TlsError::File { path: "ca.pem".into(), reason };
    let of_io: Vec<Error> = vec![
        ConnectError::Dns(io_error()).into(),
        ConnectError::Io(io_error()).into(),
        ConnectError::Tls(TlsError::Io(io_error())).into(),
        ConnectError::Tls(file(FileError::Io(io_error()))).into(),
        ConnectError::Connector(reason()).into(),
        UpgradeError::Request(reason()).into(),
        UpgradeError::Hook(reason()).into(),
        UpgradeError::Send(io_error()).into(),
        ProcessError::Io(io_error()).into(),
        ProcessError::from(MalformedResponse::Http(reason())).into(),
        StreamError::Read(io_error()).into(),
        StreamError::Write(io_error()).into(),
        SendFailure::Io(io_error()).into(),
        SendFailure::Source(reason()).into(),
        HandlerError::new(Callback::Info, reason()).into(),
    ];
    for error in of_io {
        assert!(innermost(&error).is::<io::Error>(), "{error:?}");
    }
    for tls in [TlsError::Rustls(rustls_error()), file(FileError::Rustls(rustls_error()))] {
        assert!(innermost(&Error::from(ConnectError::Tls(tls))).is::<rustls::Error>());
    }
    let pem = Arc::new(pem::Error::NoItemsFound);
    assert!(innermost(&Error::from(ConnectError::Tls(file(FileError::Pem(pem))))).is::<pem::Error>());
}

#[test]
fn a_text_names_what_it_is_about() {
    assert_eq!(taken().to_string(), "a client named \"ticker\" is already started");
    assert_eq!(NameError::Unknown("ticker".into()).to_string(), "no client is named \"ticker\"");
    assert_eq!(
        TlsError::File { path: "ca.pem".into(), reason: FileError::NoSection }.to_string(),
        "ca.pem: the file has no PEM section of the kind that is needed"
    );
    let slow = Error::from(ConnectError::Timeout { after: Duration::from_secs(8) });
    assert_eq!(slow.to_string(), "connecting failed: the attempt took longer than the `connect_timeout` of 8s");
    let raised = Error::from(HandlerError::new(Callback::In, "no number"));
    assert_eq!(Chain(&raised).to_string(), "a callback failed: `handle_in` returned an error: no number");
}

#[test]
fn an_error_with_which_the_connection_goes_is_one_that_was_about_the_connection() {
    for error in every_error() {
        let stays = matches!(error.kind(), ErrorKind::Encode | ErrorKind::Send | ErrorKind::Handler);
        assert_eq!(error.ends_connection(), !stays, "{error}");
    }
}

#[test]
fn the_error_of_a_call_and_the_error_that_is_reported_agree_on_a_retry() {
    for failure in send() {
        let transient = failure.is_transient();
        assert_eq!(Error::from(failure.clone()).is_transient(), transient, "{failure}");
        assert_eq!(SendError::new(None, failure.clone()).is_transient(), transient, "{failure}");
        assert_eq!(InfoError::new((), failure.clone()).is_transient(), transient, "{failure}");
    }
    assert!(!SendFailure::Ended.is_transient() && !SendFailure::Source(reason()).is_transient());
    assert!(!SendFailure::Name(NameError::OtherInfo("ticker".into())).is_transient());
    assert!(SendFailure::NotConnected.is_transient() && SendFailure::Closing.is_transient());
}

#[test]
fn a_send_error_says_whether_there_is_no_connection_or_no_room() {
    use SendFailure::{Closing, Dropped, Ended, MailboxFull, NotConnected, QueueFull};
    let of = |failure| SendError::new(None, failure);
    for (failure, offline, full) in [
        (NotConnected, true, false),
        (QueueFull, true, true),
        (Dropped, true, false),
        (MailboxFull, false, true),
        (Closing, false, false),
        (Ended, false, false),
    ] {
        assert_eq!((of(failure.clone()).is_offline(), of(failure.clone()).is_full()), (offline, full), "{failure}");
        assert_eq!(InfoError::new((), failure).is_full(), full);
    }
    assert!(!SendError::new(None, EncodeError::Utf8).is_offline());
}

#[test]
fn a_tls_connection_that_ends_without_close_notify_is_an_end_like_that_of_tcp() {
    let cut = io::Error::new(io::ErrorKind::UnexpectedEof, "peer closed connection without sending TLS close_notify");
    assert!(matches!(StreamError::from_read(cut), StreamError::Eof));
    let reset = io::Error::from(io::ErrorKind::ConnectionReset);
    assert!(matches!(StreamError::from_read(reset), StreamError::Read(_)));
}

#[test]
fn the_third_malformed_response_in_a_row_is_one_too_many() {
    for response in malformed() {
        let transient = |in_a_row| ProcessError::Malformed { response: response.clone(), in_a_row }.is_transient();
        assert_eq!([1, 2, 3, 4].map(transient), [true, true, false, false], "{response}");
    }
}
