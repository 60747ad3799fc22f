use fresh::{Handler, HandlerExt, Options};

#[derive(Handler)]
#[handler(delegate = number)]
union Bits {
    number: u32,
    bytes: [u8; 4],
}

fn main() {
    let _ = Bits { number: 0 }.start(Options::new("ws://example.com").unwrap());
}
