//! A handler that notes what it is told and answers by a script.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use fresh::{
    Action, Client, Control, Disconnect, Down, Error, ExitReason, Handler, Message, Options, Recovery, Result, Upgrade,
    default_after_disconnect, default_after_error,
    options::BackoffOptions,
    testing::{Connection, Server},
};
use tokio::{
    sync::{Notify, mpsc},
    time::Instant,
};

use super::time::soon;

pub(crate) const MS: Duration = Duration::from_millis(1);
pub(crate) const S: Duration = Duration::from_secs(1);

/// What a handler was told.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    Connect(Upgrade),
    In(Message),
    Control(Control),
    Info(u32),
    /// Only to a recorder `with_downs`.
    Down(Down),
    Disconnect(Disconnect),
    Error(Error),
    Terminate(ExitReason),
    /// A callback began while another one was running.
    Overlap,
}

impl Told {
    /// The same in few words, for assertions that read as what happened.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Connect(_) => "connect".into(),
            Self::In(Message::Text(text)) => format!("in {text}"),
            Self::In(Message::Binary(bytes)) => format!("in {} bytes", bytes.len()),
            Self::Control(Control::Ping(payload)) => format!("ping {}", String::from_utf8_lossy(payload)),
            Self::Control(Control::Pong(_)) => "pong".into(),
            Self::Info(info) => format!("info {info}"),
            Self::Down(Down::Closed(_)) => "down closed".into(),
            Self::Down(Down::Lost(error)) => format!("down lost {:?}", error.kind()),
            Self::Down(Down::Replaced) => "down replaced".into(),
            Self::Down(Down::Ended(reason)) => format!("down ended {}", name(reason)),
            Self::Down(down) => format!("a down that this test does not know: {down}"),
            Self::Disconnect(Disconnect { code, initiator, clean, .. }) => {
                let code = code.map_or("-".into(), |code| code.as_u16().to_string());
                format!("disconnect {code} {initiator:?}{}", if *clean { "" } else { " unclean" })
            }
            Self::Error(error) => format!("error {:?}", error.kind()),
            Self::Terminate(reason) => format!("terminate {}", name(reason)),
            Self::Overlap => "OVERLAP".into(),
        }
    }
}

/// The variant of an exit reason.
pub(crate) fn name(reason: &ExitReason) -> &'static str {
    match reason {
        ExitReason::Normal => "Normal",
        ExitReason::Stopped => "Stopped",
        ExitReason::Failed(_) => "Failed",
        ExitReason::Error(_) => "Error",
        ExitReason::GaveUp { .. } => "GaveUp",
        ExitReason::Panicked(_) => "Panicked",
        ExitReason::Aborted => "Aborted",
        ExitReason::Intensity { .. } => "Intensity",
        _ => "a reason that this test does not know",
    }
}

/// What a callback does.
pub(crate) enum Then {
    /// What the trait's default does.
    Default,
    Do(Action),
    Raise(&'static str),
    Recover(Recovery),
    Panic(&'static str),
    /// Never returns.
    Hang,
    /// Waits until the test lets it go on.
    Hold(Arc<Notify>, Box<Then>),
    /// Takes this long.
    Take(Duration, Box<Then>),
}

type Script = Arc<Mutex<dyn FnMut(&Told) -> Then + Send>>;

/// A handler that notes what it is told and answers by a script. A clone shares both.
#[derive(Clone)]
pub(crate) struct Recorder {
    told: mpsc::UnboundedSender<Told>,
    script: Script,
    running: Arc<AtomicBool>,
    downs: bool,
}

/// What a recorder was told, as it comes.
pub(crate) struct Log(mpsc::UnboundedReceiver<Told>);

/// A recorder that answers by a script.
pub(crate) fn recorder(script: impl FnMut(&Told) -> Then + Send + 'static) -> (Recorder, Log) {
    let (told, log) = mpsc::unbounded_channel();
    (Recorder { told, script: Arc::new(Mutex::new(script)), running: Arc::default(), downs: false }, Log(log))
}

/// A recorder whose callbacks do what the trait's defaults do.
pub(crate) fn plain() -> (Recorder, Log) {
    recorder(|_| Then::Default)
}

/// A client with a scripted handler.
pub(crate) fn start(options: Options, script: impl FnMut(&Told) -> Then + Send + 'static) -> (Client<u32>, Log) {
    let (recorder, log) = recorder(script);
    (Client::start(options, recorder).unwrap(), log)
}

/// Delays without jitter: 250 ms, and half as much again after each attempt.
pub(crate) fn steady() -> BackoffOptions {
    BackoffOptions::new().jitter(false)
}

impl Recorder {
    /// Notes `handle_down` as well, and lets the script answer it.
    pub(crate) fn with_downs(self) -> Self {
        Self { downs: true, ..self }
    }

    async fn act(&mut self, told: Told) -> Option<Then> {
        let running = Running::enter(&self.running, &self.told);
        let then = (self.script.lock().unwrap())(&told);
        // Whoever dropped the log does not want to know.
        let _ = self.told.send(told);
        let then = settle(then).await;
        drop(running);
        then
    }

    async fn data(&mut self, told: Told) -> Result<Action> {
        match self.act(told).await {
            None => Ok(Action::Continue),
            Some(Then::Do(action)) => Ok(action),
            Some(Then::Raise(text)) => Err(text.into()),
            Some(_) => panic!("the script gives a recovery where an action is due"),
        }
    }

    async fn recovery(&mut self, told: Told, default: Recovery) -> Recovery {
        match self.act(told).await {
            None => default,
            Some(Then::Recover(recovery)) => recovery,
            Some(_) => panic!("the script gives an action where a recovery is due"),
        }
    }
}

/// Does what takes time, or never ends, and gives what is left to answer.
async fn settle(mut then: Then) -> Option<Then> {
    loop {
        then = match then {
            Then::Default => return None,
            Then::Panic(message) => panic!("{message}"),
            Then::Hang => std::future::pending().await,
            Then::Hold(gate, next) => {
                gate.notified().await;
                *next
            }
            Then::Take(time, next) => {
                tokio::time::sleep(time).await;
                *next
            }
            Then::Do(_) | Then::Raise(_) | Then::Recover(_) => return Some(then),
        }
    }
}

/// Marks a running callback, also where its future is dropped.
struct Running<'a>(&'a AtomicBool);

impl<'a> Running<'a> {
    fn enter(running: &'a AtomicBool, told: &mpsc::UnboundedSender<Told>) -> Self {
        if running.swap(true, SeqCst) {
            let _ = told.send(Told::Overlap);
        }
        Self(running)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.store(false, SeqCst);
    }
}

impl Handler for Recorder {
    type Info = u32;

    async fn handle_connect(&mut self, upgrade: &Upgrade) -> Result<Action> {
        self.data(Told::Connect(upgrade.clone())).await
    }

    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        self.data(Told::In(message)).await
    }

    async fn handle_control(&mut self, control: Control) -> Result<Action> {
        self.data(Told::Control(control)).await
    }

    async fn handle_info(&mut self, info: u32) -> Result<Action> {
        self.data(Told::Info(info)).await
    }

    async fn handle_down(&mut self, down: &Down) {
        if self.downs {
            self.act(Told::Down(down.clone())).await;
        }
    }

    async fn handle_disconnect(&mut self, disconnect: Disconnect) -> Recovery {
        let default = default_after_disconnect(&disconnect);
        self.recovery(Told::Disconnect(disconnect), default).await
    }

    async fn handle_error(&mut self, error: &Error) -> Recovery {
        self.recovery(Told::Error(error.clone()), default_after_error(error)).await
    }

    async fn handle_terminate(&mut self, reason: &ExitReason) {
        self.act(Told::Terminate(reason.clone())).await;
    }
}

impl Log {
    /// What the handler is told next.
    pub(crate) async fn next(&mut self) -> Told {
        soon(self.0.recv()).await.expect("the handler is still there")
    }

    /// The next one that says this, passing over others.
    pub(crate) async fn until(&mut self, words: &str) -> Told {
        loop {
            let told = self.next().await;
            if told.words() == words {
                return told;
            }
        }
    }

    /// What the handler has been told since the last look.
    pub(crate) fn so_far(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.0.try_recv().ok()).map(|told| told.words()).collect()
    }

    /// Everything up to the end: until the handler is dropped.
    pub(crate) async fn rest(mut self) -> Vec<String> {
        let mut all = Vec::new();
        while let Some(told) = soon(self.0.recv()).await {
            all.push(told.words());
        }
        all
    }
}

/// How long the future took, by tokio's clock, and what it gave.
pub(crate) async fn timed<T>(future: impl Future<Output = T>) -> (Duration, T) {
    let began = Instant::now();
    let output = soon(future).await;
    (began.elapsed(), output)
}

/// The next connection, once the client knows of it too.
pub(crate) async fn accept(server: &Server, client: &Client<u32>) -> Connection {
    let connection = server.accept().await;
    soon(client.connected()).await.expect("the client lives");
    connection
}
