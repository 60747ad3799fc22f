//! A handler that tells the test what it is told.

use std::sync::Arc;

use fresh::{
    Action, Control, Disconnect, Down, Error, ExitReason, Handler, Message, Recovery, Result, Upgrade,
    default_after_disconnect, default_after_error,
};
use tokio::sync::{Semaphore, mpsc};

use super::time::soon;

/// What a callback was told.
#[derive(Debug)]
pub(crate) enum Told {
    Connected(Upgrade),
    Message(Message),
    Control(Control),
    Info(&'static str),
    /// Only from a probe `with_downs`.
    Down(Down),
    Disconnected(Disconnect),
    Failed(Error),
    Terminated(ExitReason),
}

type OnError = fn(&Error) -> Recovery;
type OnDisconnect = fn(&Disconnect) -> Recovery;

/// Tells everything; answers as the default callbacks do, unless it was given other answers.
pub(crate) struct Probe {
    told: mpsc::UnboundedSender<Told>,
    gate: Option<Gate>,
    downs: bool,
    on_error: OnError,
    on_disconnect: OnDisconnect,
}

impl Probe {
    pub(crate) fn new() -> (Self, Seen) {
        let (told, seen) = mpsc::unbounded_channel();
        let (on_error, on_disconnect) = (default_after_error, default_after_disconnect);
        let probe = Self { told, gate: None, downs: false, on_error, on_disconnect };
        (probe, Seen(seen))
    }

    pub(crate) fn on_error(self, on_error: OnError) -> Self {
        Self { on_error, ..self }
    }

    pub(crate) fn on_disconnect(self, on_disconnect: OnDisconnect) -> Self {
        Self { on_disconnect, ..self }
    }

    /// Tells `handle_down` as well.
    pub(crate) fn with_downs(self) -> Self {
        Self { downs: true, ..self }
    }

    /// Each callback but `handle_connect`, `handle_down` and `handle_terminate` returns only once the gate lets it.
    pub(crate) fn gated(self) -> (Self, Gate) {
        let gate = Gate(Arc::new(Semaphore::new(0)));
        (Self { gate: Some(gate.clone()), ..self }, gate)
    }

    async fn tell(&self, told: Told) {
        // A test that has seen enough looks no more.
        let _ = self.told.send(told);
        if let Some(Gate(gate)) = &self.gate {
            gate.acquire().await.unwrap().forget();
        }
    }
}

/// What a gated probe waits at.
#[derive(Clone)]
pub(crate) struct Gate(Arc<Semaphore>);

impl Gate {
    /// Lets this many callbacks return.
    pub(crate) fn open(&self, callbacks: usize) {
        self.0.add_permits(callbacks);
    }
}

impl Handler for Probe {
    type Info = &'static str;

    async fn handle_connect(&mut self, upgrade: &Upgrade) -> Result<Action> {
        let _ = self.told.send(Told::Connected(upgrade.clone()));
        Ok(Action::Continue)
    }

    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        self.tell(Told::Message(message)).await;
        Ok(Action::Continue)
    }

    async fn handle_control(&mut self, control: Control) -> Result<Action> {
        self.tell(Told::Control(control)).await;
        Ok(Action::Continue)
    }

    async fn handle_info(&mut self, info: &'static str) -> Result<Action> {
        self.tell(Told::Info(info)).await;
        Ok(Action::Continue)
    }

    async fn handle_down(&mut self, down: &Down) {
        if self.downs {
            let _ = self.told.send(Told::Down(down.clone()));
        }
    }

    async fn handle_disconnect(&mut self, disconnect: Disconnect) -> Recovery {
        let recovery = (self.on_disconnect)(&disconnect);
        self.tell(Told::Disconnected(disconnect)).await;
        recovery
    }

    async fn handle_error(&mut self, error: &Error) -> Recovery {
        self.tell(Told::Failed(error.clone())).await;
        (self.on_error)(error)
    }

    async fn handle_terminate(&mut self, reason: &ExitReason) {
        let _ = self.told.send(Told::Terminated(reason.clone()));
    }
}

/// What a probe was told, in order.
pub(crate) struct Seen(mpsc::UnboundedReceiver<Told>);

macro_rules! expectations {
    ($($name:ident: $told:ident => $what:ty;)*) => {$(
        pub(crate) async fn $name(&mut self) -> $what {
            let told = self.next().await;
            let Told::$told(what) = told else { panic!("expected {}, and it was {told:?}", stringify!($told)) };
            what
        }
    )*};
}

impl Seen {
    pub(crate) async fn next(&mut self) -> Told {
        soon(self.0.recv()).await.expect("the handler is gone")
    }

    /// What came already, if anything did.
    pub(crate) fn already(&mut self) -> Option<Told> {
        self.0.try_recv().ok()
    }

    pub(crate) async fn text(&mut self) -> String {
        self.message().await.to_text().unwrap().to_owned()
    }

    expectations! {
        connected: Connected => Upgrade;
        message: Message => Message;
        control: Control => Control;
        info: Info => &'static str;
        down: Down => Down;
        disconnected: Disconnected => Disconnect;
        failed: Failed => Error;
        terminated: Terminated => ExitReason;
    }
}
