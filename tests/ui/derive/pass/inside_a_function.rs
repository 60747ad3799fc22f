fn main() {
    use fresh::{Action, Handler, HandlerExt, Message, Result};

    #[derive(Handler)]
    #[handler(handle_in)]
    struct Local {
        seen: u64,
    }

    impl Local {
        async fn handle_in(&mut self, _: Message) -> Result<Action> {
            self.seen += 1;
            Ok(Action::Continue)
        }
    }

    let _ = Local::start;
}
