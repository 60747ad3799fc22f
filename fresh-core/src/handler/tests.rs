use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, StatusCode};

use super::*;
use crate::error::{Callback, EncodeError, EstablishError, HandlerError, Refusal, SendFailure, StreamError};

struct Bare;

impl Handler for Bare {
    type Info = ();
}

fn answer<F: Future>(callback: F) -> F::Output {
    callback.now_or_never().expect("a default callback is ready at once")
}

fn refused(status: StatusCode) -> Error {
    let refusal = Refusal { status, headers: HeaderMap::new(), body: Bytes::new(), retry_after: None };
    EstablishError::Refused(Arc::new(refusal)).into()
}

#[test]
fn default_callbacks_continue() {
    let upgrade = Upgrade::new(HeaderMap::new());
    assert_eq!(answer(Handler::handle_connect(&mut Bare, &upgrade)).unwrap(), Action::Continue);
    assert_eq!(answer(Handler::handle_in(&mut Bare, "x".into())).unwrap(), Action::Continue);
    assert_eq!(answer(Handler::handle_control(&mut Bare, Control::Ping(Bytes::new()))).unwrap(), Action::Continue);
    assert_eq!(answer(Handler::handle_info(&mut Bare, ())).unwrap(), Action::Continue);
}

#[test]
fn by_default_the_end_of_a_connection_needs_no_cleanup() {
    answer(Handler::handle_down(&mut Bare, &Down::Replaced));
}

#[test]
fn by_default_our_own_close_ends_the_client() {
    let disconnect = Disconnect::unanswered();
    assert!(matches!(answer(Handler::handle_disconnect(&mut Bare, disconnect)), Recovery::Close));
}

#[test]
fn by_default_a_close_by_the_server_reconnects() {
    let disconnect = Disconnect::clean(Initiator::Remote, None);
    assert!(matches!(answer(Handler::handle_disconnect(&mut Bare, disconnect)), Recovery::Reconnect));
}

#[test]
fn by_default_a_frame_that_did_not_get_out_is_ignored() {
    for error in [EncodeError::ControlTooLong { len: 126 }.into(), SendFailure::NotConnected.into()] {
        assert!(matches!(answer(Handler::handle_error(&mut Bare, &error)), Recovery::Ignore), "{error}");
    }
}

#[test]
fn by_default_what_can_heal_reconnects_and_the_rest_fails() {
    for error in [StreamError::Eof.into(), refused(StatusCode::SERVICE_UNAVAILABLE)] {
        assert!(matches!(answer(Handler::handle_error(&mut Bare, &error)), Recovery::Reconnect), "{error}");
    }
    for error in [refused(StatusCode::UNAUTHORIZED), HandlerError::new(Callback::In, "broken").into()] {
        assert!(matches!(answer(Handler::handle_error(&mut Bare, &error)), Recovery::Fail(_)), "{error}");
    }
}

#[test]
fn a_boxed_handler_answers_as_the_one_inside() {
    struct Shout;
    impl Handler for Shout {
        type Info = u8;
        async fn handle_info(&mut self, info: u8) -> Result<Action> {
            Ok(Action::reply(vec![info]))
        }
    }
    let mut boxed: Box<dyn DynHandler<u8>> = Box::new(Shout);
    assert_eq!(answer(Handler::handle_info(&mut boxed, 7)).unwrap(), Action::reply(vec![7u8]));
}

#[test]
fn a_boxed_handler_cleans_up_as_the_one_inside() {
    #[derive(Default)]
    struct Session(Arc<AtomicBool>);
    impl Handler for Session {
        type Info = ();
        async fn handle_down(&mut self, down: &Down) {
            self.0.store(matches!(down, Down::Lost(Error::Stream(_))), Ordering::Relaxed);
        }
    }
    let session = Session::default();
    let cleaned_up = Arc::clone(&session.0);
    let mut boxed: Box<dyn DynHandler<()>> = Box::new(session);
    answer(Handler::handle_down(&mut boxed, &Down::Lost(StreamError::Eof.into())));
    assert!(cleaned_up.load(Ordering::Relaxed));
}
