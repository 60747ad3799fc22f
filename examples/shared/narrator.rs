//! Says what happens to a connection, one line an event, and leaves every decision to the handler inside.

use fresh::{
    Action, Client, ConnectionState, Control, Disconnect, Down, Error, ExitReason, Handler, Initiator, Message,
    Recovery, Upgrade, error::Chain,
};
use futures_util::StreamExt;

/// A handler around a handler: it prints what the runtime tells of the connection, and passes everything on.
pub(crate) struct Narrated<H> {
    handler: H,
    was_connected: bool,
}

impl<H> Narrated<H> {
    pub(crate) fn new(handler: H) -> Self {
        Self { handler, was_connected: false }
    }
}

impl<H: Handler> Handler for Narrated<H> {
    type Info = H::Info;

    async fn handle_connect(&mut self, upgrade: &Upgrade) -> fresh::Result<Action> {
        let again = if std::mem::replace(&mut self.was_connected, true) { "re" } else { "" };
        let peer = upgrade.peer_addr.map(|peer| format!(" to {peer}")).unwrap_or_default();
        println!("{again}connected{peer}, attempt {}", upgrade.attempt);
        self.handler.handle_connect(upgrade).await
    }

    async fn handle_in(&mut self, message: Message) -> fresh::Result<Action> {
        self.handler.handle_in(message).await
    }

    async fn handle_control(&mut self, control: Control) -> fresh::Result<Action> {
        self.handler.handle_control(control).await
    }

    async fn handle_info(&mut self, info: Self::Info) -> fresh::Result<Action> {
        self.handler.handle_info(info).await
    }

    async fn handle_down(&mut self, down: &Down) {
        self.handler.handle_down(down).await;
    }

    async fn handle_disconnect(&mut self, disconnect: Disconnect) -> Recovery {
        let who = match disconnect.initiator {
            Initiator::Local => "us",
            Initiator::Remote => "the server",
        };
        match disconnect.code {
            Some(code) => println!("disconnected by {who}: {code}"),
            None => println!("disconnected by {who}"),
        }
        self.handler.handle_disconnect(disconnect).await
    }

    async fn handle_error(&mut self, error: &Error) -> Recovery {
        println!("failed: {}", Chain(error));
        self.handler.handle_error(error).await
    }

    async fn handle_terminate(&mut self, reason: &ExitReason) {
        self.handler.handle_terminate(reason).await;
        println!("ended: {reason}");
    }
}

/// Says what no callback is told: that the client waits for its next attempt. Ends with the client.
pub(crate) async fn tell_waits<I: Send + 'static>(client: Client<I>) {
    let mut states = client.watch();
    while let Some(state) = states.next().await {
        if state == ConnectionState::Waiting {
            println!("waiting for the next attempt");
        }
    }
}
