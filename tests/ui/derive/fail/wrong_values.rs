use fresh::Handler;

struct Cmd;

#[derive(Handler)]
#[handler(info)]
struct NoType;

#[derive(Handler)]
#[handler(info(Cmd))]
struct InParentheses;

#[derive(Handler)]
#[handler(info = "Cmd")]
struct Quoted;

#[derive(Handler)]
#[handler(info = 7)]
struct NotAType;

#[derive(Handler)]
#[handler(handle_in = "on_message")]
struct CallbackWithAValue;

#[derive(Handler)]
#[handler(handle_in handle_connect)]
struct NoComma;

#[derive(Handler)]
#[handler]
struct NoList;

fn main() {}
