#![no_implicit_prelude]

#[derive(::fresh::Handler)]
struct Bare;

#[derive(::fresh::Handler)]
#[handler(info = u8, handle_connect, handle_in, handle_control, handle_info, handle_disconnect)]
#[handler(handle_down, handle_error, delegate = 0)]
struct Full<T>(Bare, T);

impl<T> Full<T> {
    fn handle_connect(&mut self, _: &::fresh::Upgrade) -> ::fresh::Result<::fresh::Action> {
        ::std::result::Result::Ok(::fresh::Action::Continue)
    }

    async fn handle_in(&mut self, message: ::fresh::Message) -> ::fresh::Result<::fresh::Action> {
        ::std::result::Result::Ok(::fresh::Action::reply(message))
    }

    fn handle_control(&mut self, _: ::fresh::Control) -> ::fresh::Result<::fresh::Action> {
        ::std::result::Result::Ok(::fresh::Action::Continue)
    }

    fn handle_info(&mut self, info: u8) -> ::fresh::Result<::fresh::Action> {
        let _ = info;
        ::std::result::Result::Ok(::fresh::Action::Continue)
    }

    fn handle_down(&mut self, _: &::fresh::Down) {}

    fn handle_disconnect(&mut self, _: ::fresh::Disconnect) -> ::fresh::Recovery {
        ::fresh::Recovery::Close
    }

    fn handle_error(&mut self, _: &::fresh::Error) -> ::fresh::Recovery {
        ::fresh::Recovery::Close
    }
}

fn main() {
    fn is_handler<H: ::fresh::Handler<Info = u8>>() {}
    is_handler::<Full<u64>>();
}
