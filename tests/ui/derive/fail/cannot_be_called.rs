use fresh::{Action, Handler, Message, Result};

pub mod types {
    #[derive(fresh::Handler)]
    #[handler(handle_in)]
    pub struct PrivateElsewhere;
}

mod methods {
    impl super::types::PrivateElsewhere {
        async fn handle_in(&mut self, _: fresh::Message) -> fresh::Result<fresh::Action> {
            Ok(fresh::Action::Continue)
        }
    }
}

#[derive(Handler)]
#[handler(handle_in)]
struct LacksABound<T>(T);

impl<T: std::fmt::Display> LacksABound<T> {
    async fn handle_in(&mut self, _: Message) -> Result<Action> {
        Ok(Action::reply(self.0.to_string()))
    }
}

trait Echo {
    fn handle_in(&mut self, message: Message) -> Result<Action> {
        Ok(Action::reply(message))
    }
}

#[derive(Handler)]
#[handler(handle_in)]
struct FromATrait;

impl Echo for FromATrait {}

fn main() {}
