use fresh::Handler;

struct Base;

#[derive(Handler)]
#[handler(delegate = base)]
struct Derived {
    base: Base,
}

fn main() {}
