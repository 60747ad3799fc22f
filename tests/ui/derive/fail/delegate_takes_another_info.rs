use fresh::Handler;

#[derive(Handler)]
#[handler(info = u8)]
struct Base;

#[derive(Handler)]
#[handler(info = String, delegate = base)]
struct Derived {
    base: Base,
}

fn main() {}
