use fresh::Handler;

#[derive(Handler)]
struct Base;

#[derive(Handler)]
struct Derived {
    #[handler(delegate)]
    base: Base,
}

#[derive(Handler)]
enum Mode {
    #[handler(handle_in)]
    Loud,
    Quiet(#[handler(delegate)] Base),
}

fn main() {}
