use fresh::Handler;

#[derive(Handler)]
#[handler(inof = u8)]
struct Slip;

#[derive(Handler)]
#[handler(retries(3), handle_reconnection = "no", "handle_in")]
struct Unknown;

fn main() {}
