use bytestring::ByteString;
use futures_util::{FutureExt, future::BoxFuture};

use super::*;
use crate::{
    connection::ConnectionState,
    error::{Error, SendError},
    exit::ExitReason,
    frame::{CloseCode, Frame},
};

/// A client that is only a number.
#[derive(Clone, Debug, PartialEq)]
struct Fake(usize);

impl Erased for Fake {
    fn send(&self, _: Frame) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn close(&self, _: CloseCode, _: ByteString) -> Result<(), Error> {
        Ok(())
    }

    fn stop(&self) -> BoxFuture<'_, ExitReason> {
        self.closed()
    }

    fn closed(&self) -> BoxFuture<'_, ExitReason> {
        Box::pin(std::future::ready(ExitReason::Normal))
    }

    fn state(&self) -> ConnectionState {
        ConnectionState::Idle
    }

    fn identity(&self) -> usize {
        self.0
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

fn client(number: usize) -> AnyClient {
    AnyClient::new(Fake(number))
}

fn now<F: Future>(future: F) -> F::Output {
    future.now_or_never().expect("a registry in memory answers at once")
}

#[test]
fn a_name_belongs_to_the_first_who_takes_it() {
    let registry = LocalRegistry::new();
    now(registry.register_name("a", client(1))).unwrap();
    let holder = now(registry.register_name("a", client(2))).unwrap_err();
    assert!(holder.is_same(&client(1)));
    assert!(registry.holder("a").is_some_and(|holder| holder.is_same(&client(1))));
}

#[test]
fn only_its_holder_frees_a_name() {
    let registry = LocalRegistry::new();
    now(registry.register_name("a", client(1))).unwrap();
    now(registry.unregister_name("a", &client(2)));
    assert_eq!(registry.registered(), ["a"]);
    now(registry.unregister_name("a", &client(1)));
    assert!(registry.registered().is_empty());
}

#[test]
fn a_handle_gives_its_own_type_back_and_no_other() {
    assert_eq!(client(1).downcast::<Fake>(), Some(Fake(1)));
    assert_eq!(client(1).downcast::<String>(), None);
}

#[test]
fn a_name_is_free_again_when_its_registration_is_dropped() {
    let registry = Arc::new(LocalRegistry::new());
    let name = || Some(Name::via(registry.clone(), "a"));
    let first = Registration::new(name(), client(1)).try_now().unwrap();
    assert!(Registration::new(name(), client(2)).try_now().is_err());
    drop(first);
    assert!(Registration::new(name(), client(2)).try_now().is_ok());
}
