use fresh::{Client, Handler, HandlerExt, Options};

enum Command {
    Stop,
}

/// Four mistakes, four messages; what uses the handler is not blamed.
#[derive(Handler)]
#[handler(info = "Command", handle_conect, handle_in, handle_in)]
#[handler(delgate = base)]
struct Counter {
    base: Base,
}

#[derive(Handler)]
struct Base;

fn main() {
    let options = Options::new("ws://example.com").unwrap();
    let client: Client<Command> = Counter { base: Base }.start(options).unwrap();
    let _ = client.try_info(Command::Stop);
}
