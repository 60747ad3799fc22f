#![deny(warnings)]

use std::{future::Future, pin::Pin};

use fresh::{Action, Down, Error, ExitReason, Handler, Recovery, Result, Upgrade};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Each callback that borrows its argument, with one lifetime for the handler and the argument.
#[derive(Handler)]
#[handler(handle_connect, handle_down, handle_error, handle_terminate)]
struct OneLifetime {
    attempts: Vec<u64>,
}

impl OneLifetime {
    fn handle_connect<'a>(&'a mut self, upgrade: &'a Upgrade) -> BoxFuture<'a, Result<Action>> {
        Box::pin(async move {
            self.attempts.push(upgrade.attempt);
            Ok(Action::Continue)
        })
    }

    fn handle_down<'a>(&'a mut self, _: &'a Down) -> BoxFuture<'a, ()> {
        Box::pin(async move { self.attempts.clear() })
    }

    fn handle_error<'a>(&'a self, error: &'a Error) -> BoxFuture<'a, Recovery> {
        Box::pin(async move { fresh::default_after_error(error) })
    }

    fn handle_terminate<'a>(&'a mut self, reason: &'a ExitReason) -> impl Future<Output = ()> + Send + use<'a> {
        async move { println!("{reason} after {:?}", self.attempts) }
    }
}

fn main() {
    fn is_handler<H: Handler>(_: H) {}
    is_handler(OneLifetime { attempts: Vec::new() });
}
