#![deny(warnings)]

use fresh::Handler;

/// Has a `handle_in` of another signature that is not listed.
#[derive(Handler)]
struct Lamp {
    on: bool,
}

impl Lamp {
    fn handle_in(&self, hand: u8) -> bool {
        self.on && hand > 0
    }
}

fn main() {
    assert!(Lamp { on: true }.handle_in(1));
}
