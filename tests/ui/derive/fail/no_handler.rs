use fresh::{Client, Options};

struct Counter;

fn main() {
    let options = Options::new("ws://example.com").unwrap();
    let _ = Client::start(options, Counter);
}
