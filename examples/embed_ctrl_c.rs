//! A supervisor in a plain `main`: Ctrl-C closes every connection properly, and the program exits with 0.
//!
//! ```sh
//! cargo run --all-features --example embed_ctrl_c
//! ```
//!
//! It presses Ctrl-C itself after its first message, so that it ends by itself.

use std::future::Future;

use fresh::{
    Action, BoxError, ExitReason, Handler, Message, Options, Upgrade,
    supervisor::{ChildSpec, Strategy, Supervisor},
    testing::EchoServer,
};
use tokio::sync::mpsc;

/// Runs until it is interrupted, or until its supervisor gives up.
pub(crate) async fn serve<H: Handler>(
    options: Options,
    handler: impl Fn() -> H + Send + Sync + 'static,
    interrupted: impl Future<Output = ()>,
) -> Result<ExitReason, BoxError> {
    let feed = ChildSpec::client("feed", options, move |_client| handler());
    let supervisor = Supervisor::builder(Strategy::OneForOne).child(feed).start().await?;
    tokio::select! {
        reason = supervisor.closed() => Ok(reason),
        // What was accepted before goes out before the close frame, which says 1001.
        () = interrupted => Ok(supervisor.stop().await),
    }
}

struct Feed(mpsc::UnboundedSender<Message>);

impl Handler for Feed {
    type Info = ();

    async fn handle_connect(&mut self, _upgrade: &Upgrade) -> fresh::Result<Action> {
        Ok(Action::reply("hello"))
    }

    async fn handle_in(&mut self, message: Message) -> fresh::Result<Action> {
        self.0.send(message)?;
        Ok(Action::Continue)
    }

    async fn handle_terminate(&mut self, reason: &ExitReason) {
        println!("the feed ends: {reason}");
    }
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let server = EchoServer::start().await?;
    let (messages, mut received) = mpsc::unbounded_channel();
    let interrupted = async {
        let message = received.recv().await;
        println!("received {message:?}");
        tokio::spawn(press_ctrl_c());
        let _ = tokio::signal::ctrl_c().await;
    };
    let options = Options::new(server.url().as_str())?;
    let reason = serve(options, move || Feed(messages.clone()), interrupted).await?;
    if reason.is_abnormal() {
        return Err(reason.to_string().into()); // exits with 1
    }
    println!("done: {reason}");
    Ok(())
}

/// What the terminal does.
async fn press_ctrl_c() {
    println!("^C");
    let id = std::process::id().to_string();
    let kill = std::process::Command::new("kill").args(["-s", "INT", &id]).status();
    assert!(kill.is_ok_and(|status| status.success()), "this example needs a Unix");
}
