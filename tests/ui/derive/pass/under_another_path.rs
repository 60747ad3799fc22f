mod vendor {
    pub use fresh as websocket;
}

use vendor::websocket::{Action, Handler, Message, Result};

#[derive(Handler)]
#[handler(crate = vendor::websocket, handle_in)]
struct Echo;

impl Echo {
    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        Ok(Action::reply(message))
    }
}

mod inner {
    #[derive(fresh::Handler)]
    #[handler(crate = crate::vendor::websocket, delegate = echo)]
    pub(super) struct Wrapper {
        pub(super) echo: super::Echo,
    }
}

fn main() {
    fn is_handler<H: Handler>() {}
    is_handler::<inner::Wrapper>();
}
