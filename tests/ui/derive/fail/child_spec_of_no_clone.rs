use fresh::{Handler, HandlerExt, Options};

#[derive(Handler)]
struct Counter;

fn main() {
    let options = Options::new("ws://example.com").unwrap();
    let _ = Counter.child_spec(options);
}
