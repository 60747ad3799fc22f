#![deny(warnings)]

use fresh::{Client, Handler, HandlerExt, Options, client::StartError};

/// Is started by value, as a handler is.
#[derive(Handler)]
struct Lamp;

impl Lamp {
    fn start(self) -> &'static str {
        "on"
    }
}

/// Is started by reference.
#[derive(Handler)]
struct Engine;

impl Engine {
    fn start(&self) -> &'static str {
        "running"
    }
}

/// By value `HandlerExt::start` comes before a method that takes a reference, so that one is called by its path.
fn its_own() {
    assert_eq!(Lamp.start(), "on");
    assert_eq!(Engine::start(&Engine), "running");
    let engine = &Engine;
    assert_eq!(engine.start(), "running");
}

/// Both are clients all the same.
fn as_handlers(options: Options) -> Result<(Client, Client), StartError> {
    Ok((HandlerExt::start(Lamp, options.clone())?, Engine.start(options)?))
}

fn main() {
    its_own();
    let options = Options::new("ws://example.com").unwrap();
    assert!(as_handlers(options).is_err(), "there is no runtime");
}
