use fresh::{Client, Handler, HandlerExt, Options};

#[derive(Handler)]
#[handler(info = u8)]
struct Base;

#[derive(Handler)]
#[handler(delegate = bsae)]
struct Misspelt {
    base: Base,
}

#[derive(Handler)]
#[handler(delegate = other)]
struct NoSuchField {
    base: Base,
    count: usize,
}

#[derive(Handler)]
#[handler(delegate = 1)]
struct NoSuchNumber(Base);

#[derive(Handler)]
#[handler(delegate = base)]
struct NoField;

#[derive(Handler)]
#[handler(delegate = base)]
enum Variants {
    One { base: Base },
}

fn main() {
    let options = Options::new("ws://example.com").unwrap();
    let _: Client<u8> = Misspelt { base: Base }.start(options).unwrap();
}
