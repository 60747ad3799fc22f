//! What a derived handler does, against the scripted server.

#![cfg(all(feature = "macros", feature = "testing"))]
// The methods have the signatures that a user may give them.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, clippy::manual_async_fn)]

use std::{future::Future, time::Duration};

use fresh::{
    Action, CancellationToken, Client, Control, Disconnect, Down, Error, ExitReason, Handler, HandlerExt, Message,
    Recovery, Result, Upgrade,
    testing::{Connection, Server},
};
use tokio::sync::mpsc;

async fn meet<H: Handler>(handler: H) -> (Server, Connection, Client<H::Info>) {
    let server = Server::in_memory();
    let client = handler.start(server.options()).unwrap();
    let connection = server.accept().await;
    client.connected().await.unwrap();
    (server, connection, client)
}

mod defaults {
    use super::*;

    #[derive(Handler)]
    struct Quiet;

    #[tokio::test(start_paused = true)]
    async fn a_bare_derive_answers_nothing_and_ends_on_our_close() {
        let (_server, mut connection, client) = meet(Quiet).await;
        connection.send("hello").await;
        client.close(1000, "bye").unwrap();
        assert_eq!(connection.expect_close(1000).await, "bye");
        connection.finish_close().await;
        assert!(matches!(client.closed().await, ExitReason::Normal));
    }

    #[tokio::test(start_paused = true)]
    async fn a_bare_derive_comes_back_after_a_close_by_the_server() {
        let (server, mut connection, _client) = meet(Quiet).await;
        connection.close(1001, "restarting").await;
        connection.finish_close().await;
        server.accept().await;
    }
}

mod forwarding {
    use super::*;

    type Log = mpsc::UnboundedSender<&'static str>;

    /// Every callback, `async` or not, with `&mut self` or `&self`.
    #[derive(Handler)]
    #[handler(info = u64, handle_connect, handle_in, handle_control, handle_info)]
    #[handler(handle_disconnect, handle_error, handle_terminate)]
    struct Teller {
        log: Log,
        said: u64,
    }

    impl Teller {
        async fn handle_connect(&mut self, upgrade: &Upgrade) -> Result<Action> {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Ok(Action::reply(upgrade.attempt.to_string()))
        }

        fn handle_in(&mut self, message: Message) -> Result<Action> {
            self.said += message.to_text()?.parse::<u64>()?;
            Ok(Action::reply(self.said.to_string()))
        }

        async fn handle_control(&self, control: Control) -> Result<Action> {
            self.log.send(if matches!(control, Control::Ping(_)) { "ping" } else { "pong" })?;
            Ok(Action::Continue)
        }

        fn handle_info(&mut self, info: u64) -> impl Future<Output = Result<Action>> + Send + 'static {
            async move { Ok(Action::reply(info.to_string())) }
        }

        fn handle_disconnect(&self, _: Disconnect) -> Recovery {
            let _ = self.log.send("disconnect");
            Recovery::Reconnect
        }

        async fn handle_error(&mut self, error: &Error) -> Recovery {
            let _ = self.log.send(if error.is_transient() { "stream error" } else { "handler error" });
            Recovery::Close
        }

        fn handle_terminate(&mut self, _: &ExitReason) {
            let _ = self.log.send("terminate");
        }
    }

    fn teller() -> (Teller, mpsc::UnboundedReceiver<&'static str>) {
        let (log, told) = mpsc::unbounded_channel();
        (Teller { log, said: 40 }, told)
    }

    #[tokio::test(start_paused = true)]
    async fn each_listed_callback_runs_the_method_of_its_name() {
        let (teller, mut told) = teller();
        let (server, mut connection, client) = meet(teller).await;
        connection.expect_text("1").await;
        connection.send("2").await;
        connection.expect_text("42").await;
        client.info(7).await.unwrap();
        connection.expect_text("7").await;
        connection.send(Control::Ping(Default::default())).await;
        assert_eq!(told.recv().await, Some("ping"));
        connection.close(1000, "").await;
        connection.finish_close().await;
        assert_eq!(told.recv().await, Some("disconnect"));
        let mut connection = server.accept().await;
        connection.expect_text("2").await;
        connection.send("no number").await;
        assert_eq!(told.recv().await, Some("handler error"));
        connection.finish_close().await;
        assert!(matches!(client.closed().await, ExitReason::Normal));
        assert_eq!(told.recv().await, Some("terminate"));
    }

    /// Cleans up after each connection.
    #[derive(Default, Handler)]
    #[handler(handle_down)]
    struct Session {
        pending: Vec<u64>,
    }

    impl Session {
        fn handle_down(&mut self, _: &Down) {
            self.pending.clear();
        }
    }

    #[tokio::test]
    async fn a_listed_handle_down_cleans_up() {
        let mut session = Session { pending: vec![1, 2] };
        Handler::handle_down(&mut session, &Down::Replaced).await;
        assert!(session.pending.is_empty());
    }

    /// A method with a callback's name that is not listed is the type's own, whatever its signature.
    #[derive(Handler)]
    #[handler(handle_connect)]
    struct Own;

    impl Own {
        fn handle_in(text: &str) -> String {
            text.to_uppercase()
        }

        fn handle_connect(&self, _: &Upgrade) -> Result<Action> {
            Ok(Action::reply(Self::handle_in("up")))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_method_that_is_not_listed_is_not_called() {
        let (_server, mut connection, client) = meet(Own).await;
        connection.expect_text("UP").await;
        connection.send("x").await;
        client.send("still here").await.unwrap();
        connection.expect_text("still here").await;
    }
}

mod delegate {
    use super::*;

    /// A base policy: greets, and takes commands.
    struct Base;

    impl Handler for Base {
        type Info = &'static str;

        async fn handle_connect(&mut self, _: &Upgrade) -> Result<Action> {
            Ok(Action::reply("base"))
        }

        async fn handle_in(&mut self, _: Message) -> Result<Action> {
            Ok(Action::reply("base in"))
        }

        async fn handle_info(&mut self, info: &'static str) -> Result<Action> {
            Ok(Action::reply(info))
        }

        async fn handle_disconnect(&mut self, _: Disconnect) -> Recovery {
            Recovery::fail("the base does not come back")
        }
    }

    #[derive(Handler)]
    #[handler(handle_in, delegate = base)]
    struct Derived {
        base: Base,
    }

    impl Derived {
        async fn handle_in(&mut self, message: Message) -> Result<Action> {
            match message.to_text()? {
                "base" => self.base.handle_in(message).await,
                _ => Ok(Action::reply("own")),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_listed_comes_from_the_delegate_and_so_does_info() {
        let (_server, mut connection, client) = meet(Derived { base: Base }).await;
        connection.expect_text("base").await;
        connection.send("x").await;
        connection.expect_text("own").await;
        connection.send("base").await;
        connection.expect_text("base in").await;
        client.info("by the base").await.unwrap();
        connection.expect_text("by the base").await;
        connection.close(1000, "").await;
        connection.finish_close().await;
        assert!(matches!(client.closed().await, ExitReason::Failed(_)));
    }

    #[derive(Handler)]
    #[handler(delegate = base)]
    struct Cleaned {
        base: CleansUp,
    }

    struct CleansUp {
        pending: bool,
    }

    impl Handler for CleansUp {
        type Info = ();

        async fn handle_down(&mut self, down: &Down) {
            self.pending = !matches!(down, Down::Ended(ExitReason::Stopped));
        }
    }

    #[tokio::test]
    async fn a_delegate_cleans_up_too() {
        let mut cleaned = Cleaned { base: CleansUp { pending: true } };
        Handler::handle_down(&mut cleaned, &Down::Ended(ExitReason::Stopped)).await;
        assert!(!cleaned.base.pending);
    }

    /// The delegate's bound is the derive's.
    #[derive(Handler)]
    #[handler(delegate = 1)]
    struct Tagged<B>(std::marker::PhantomData<u64>, B);

    #[tokio::test(start_paused = true)]
    async fn a_delegate_may_be_a_generic_field_of_a_tuple() {
        let (_server, mut connection, client) = meet(Tagged(std::marker::PhantomData, Derived { base: Base })).await;
        connection.expect_text("base").await;
        client.info("two deep").await.unwrap();
        connection.expect_text("two deep").await;
    }

    #[derive(Handler)]
    #[handler(info = u8, handle_info, delegate = base)]
    struct OtherInfo {
        base: Base,
    }

    impl OtherInfo {
        async fn handle_info(&mut self, info: u8) -> Result<Action> {
            self.base.handle_info(if info == 0 { "zero" } else { "more" }).await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_info_of_its_own_goes_to_a_listed_handle_info() {
        let (_server, mut connection, client) = meet(OtherInfo { base: Base }).await;
        connection.expect_text("base").await;
        client.info(1).await.unwrap();
        connection.expect_text("more").await;
    }
}

mod shapes {
    use super::*;

    #[derive(Handler)]
    #[handler(handle_in)]
    enum Mode {
        Echo,
        Count(usize),
    }

    impl Mode {
        fn handle_in(&mut self, message: Message) -> Result<Action> {
            match self {
                Self::Echo => Ok(Action::reply(message)),
                Self::Count(n) => {
                    *n += 1;
                    Ok(Action::reply(n.to_string()))
                }
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_enum_is_a_handler() {
        for (mode, answer) in [(Mode::Echo, "x"), (Mode::Count(1), "2")] {
            let (_server, mut connection, _client) = meet(mode).await;
            connection.send("x").await;
            connection.expect_text(answer).await;
        }
    }

    #[derive(Handler)]
    #[handler(info = Option<T>, handle_connect, handle_info)]
    struct Generic<T: Sync, const N: usize = 2>
    where
        T: ToString,
    {
        parts: [T; N],
    }

    impl<T: ToString + Send + Sync + 'static, const N: usize> Generic<T, N> {
        fn joined(&self) -> String {
            self.parts.iter().map(ToString::to_string).collect::<Vec<_>>().join("+")
        }

        async fn handle_connect(&mut self, _: &Upgrade) -> Result<Action> {
            Ok(Action::reply(self.joined()))
        }

        fn handle_info(&mut self, info: Option<T>) -> Result<Action> {
            self.parts[0] = info.ok_or("nothing")?;
            Ok(Action::reply(self.joined()))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn generics_with_bounds_and_const_parameters_are_handlers() {
        let (_server, mut connection, client) = meet(Generic { parts: [1, 2, 3] }).await;
        connection.expect_text("1+2+3").await;
        client.info(Some(9)).await.unwrap();
        connection.expect_text("9+2+3").await;
    }
}

mod starting {
    use super::*;

    #[derive(Handler)]
    struct Quiet;

    #[tokio::test(start_paused = true)]
    async fn a_handler_starts_itself_linked_to_a_token() {
        let server = Server::in_memory();
        let token = CancellationToken::new();
        let client = Quiet.start_linked(server.options(), token.clone()).unwrap();
        let connection = server.accept().await;
        client.connected().await.unwrap();
        token.cancel();
        connection.finish_close().await;
        assert!(matches!(client.closed().await, ExitReason::Stopped));
    }
}
