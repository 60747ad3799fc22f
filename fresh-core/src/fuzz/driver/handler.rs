//! A handler that acts by chance, and checks the order in which it is called.

use std::{
    fmt::Debug,
    future::pending,
    sync::{Arc, OnceLock},
};

use tokio::time::sleep;

use super::{
    handle,
    scene::{Act, Stage, panic},
};
use crate::{
    action::{Action, Frames, Recovery},
    client::Client,
    connection::{Disconnect, Upgrade},
    down::Down,
    error::{Error, Result, StreamError},
    exit::ExitReason,
    frame::{Control, Frame, Message},
    handler::{Handler, default_after_disconnect, default_after_error},
};

/// An info whose drop may panic, as long as no callback has received it.
#[derive(Debug)]
pub(super) struct Info {
    pub(super) panics: bool,
}

impl Drop for Info {
    fn drop(&mut self) {
        if self.panics && !std::thread::panicking() {
            panic();
        }
    }
}

pub(super) struct Actor {
    stage: Stage,
    client: Arc<OnceLock<Client<Info>>>,
}

/// What a callback returns.
type Verdict = Option<(u8, u8)>;

impl Actor {
    pub(super) fn new(stage: Stage, client: Arc<OnceLock<Client<Info>>>) -> Self {
        let mut scene = stage.scene();
        scene.called.is_renewed = true;
        drop(scene);
        Self { stage, client }
    }

    /// Runs a callback up to what it returns; `None` is the default.
    async fn act(&mut self, name: &'static str, with: impl Debug) -> Verdict {
        let running = self.enter(name, with);
        let verdict = self.act_until_it_returns().await;
        drop(running);
        verdict
    }

    async fn act_until_it_returns(&mut self) -> Verdict {
        loop {
            let (act, is_ending) = {
                let mut scene = self.stage.scene();
                let act = if scene.broken.is_some() { Some(Act::Hang) } else { scene.acts.pop_front() };
                scene.note(|| format!("  {act:?}"));
                (act, scene.called.is_ending)
            };
            match act? {
                Act::Take(time) => sleep(time).await,
                Act::Call(which, like) => {
                    if let Some(client) = self.client.get() {
                        handle::call(&self.stage, client, which, like).await;
                    }
                }
                // The last callbacks are bounded by nothing.
                Act::Hang if is_ending => {}
                Act::Hang => pending().await,
                Act::Panic => panic(),
                Act::Return(what, like) => return Some((what, like)),
            }
        }
    }

    fn enter(&self, name: &'static str, with: impl Debug) -> Running {
        let mut scene = self.stage.scene();
        scene.note(|| format!("{name} {with:?}"));
        scene.poll.calls += 1;
        scene.check_poll();
        let running = scene.called.running.replace(name);
        scene.holds(running.is_none(), "callbacks never overlap", (running, name));
        let is_last = scene.called.terminated.is_none();
        scene.holds(is_last, "handle_terminate is the last callback", name);
        Running(self.stage.clone())
    }

    /// A callback received a frame of the server.
    fn received(&self, payload: &[u8]) {
        let mut scene = self.stage.scene();
        let is_up = scene.called.is_up || scene.called.is_renewed;
        scene.holds(is_up, "a message is delivered between handle_connect and handle_down", ());
        let Some(line) = scene.called.line else { return };
        let expected = scene.lines[line].hand_over().map(|frame| frame.payload);
        let is_next = expected.as_ref().is_some_and(|expected| expected[..] == *payload);
        let received = String::from_utf8_lossy(payload).into_owned();
        scene.holds(is_next, "each message is delivered once, in order", (expected, received));
    }

    fn action(&self, verdict: Verdict) -> Result<Action> {
        let action = match verdict {
            None => return Ok(Action::Continue),
            Some((what, like)) => match what % 8 {
                0 | 1 => Action::Continue,
                2 | 3 => Action::Reply(Frames::One(handle::frame(like))),
                4 => Action::Reply([handle::frame(like), handle::frame(like / 8)].into()),
                5 => Action::Reply([handle::frame(like), Frame::close(1000, ""), handle::frame(0)].into()),
                6 => Action::close(if like & 7 == 0 { 1005 } else { 1000 }, ""),
                _ => return Err("broken".into()),
            },
        };
        let given = &mut self.stage.scene().given;
        match &action {
            Action::Continue => {}
            Action::Reply(frames) => {
                given.frames += frames.clone().into_iter().filter(|frame| frame.check().is_ok()).count() as u64;
            }
            // Without an open connection nothing is sent.
            Action::Close(_) => given.unsure += 1,
        }
        Ok(action)
    }

    fn recovery(&self, verdict: Verdict, default: Recovery) -> Recovery {
        let Some((what, _)) = verdict else {
            let is_sturdy = self.stage.scene().plan.is_sturdy;
            return match default {
                Recovery::Close | Recovery::Fail(_) if is_sturdy => Recovery::Reconnect,
                default @ (Recovery::Ignore
                | Recovery::Reconnect
                | Recovery::Abandon
                | Recovery::ReconnectNow
                | Recovery::Restart
                | Recovery::Close
                | Recovery::Fail(_)) => default,
            };
        };
        match what % 8 {
            0 | 1 => Recovery::Reconnect,
            2 => Recovery::Ignore,
            3 => Recovery::Abandon,
            4 => Recovery::ReconnectNow,
            5 => Recovery::Restart,
            6 => Recovery::Close,
            _ => Recovery::fail("broken"),
        }
    }

    /// A lost connection is reported only after a silence that is long enough.
    fn judge(&self, error: &Error) {
        let mut scene = self.stage.scene();
        let lost = scene.called.line.and_then(|line| scene.lines[line].dropped_with.take());
        let (Error::Stream(error), Some((silence, is_readable))) = (error, lost) else { return };
        let (pong, idle) = silence.left();
        let left = match error {
            StreamError::PongTimeout { .. } => pong,
            StreamError::IdleTimeout { .. } => idle,
            StreamError::Eof | StreamError::Read(_) | StreamError::Write(_) | StreamError::Unfinished => return,
        };
        let is_over = left.is_some_and(|left| left.is_zero());
        scene.holds(is_over, "a server is not given up before its deadline", (error, silence));
        scene.holds(!is_readable, "a server is not given up while its bytes can be read", error);
    }
}

/// Marks a callback that runs, until its future ends or is dropped.
struct Running(Stage);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.scene().called.running = None;
    }
}

impl Handler for Actor {
    type Info = Info;

    async fn handle_connect(&mut self, upgrade: &Upgrade) -> Result<Action> {
        {
            let mut scene = self.stage.scene();
            let is_up = scene.called.is_up;
            scene.holds(!is_up, "handle_down comes before the next handle_connect", ());
            let line: Option<usize> = upgrade.headers.get("x-line").and_then(|line| line.to_str().ok()?.parse().ok());
            let is_later = line > scene.called.line;
            scene.holds(is_later, "handle_connect comes once for each connection, in order", line);
            // What earlier connections brought comes before.
            scene.lines.iter_mut().take(line.unwrap_or_default()).for_each(super::line::Line::give_up);
            let called = &mut scene.called;
            (called.is_up, called.is_renewed, called.line) = (true, false, line);
            called.connects += 1;
        }
        let verdict = self.act("handle_connect", upgrade.attempt).await;
        self.action(verdict)
    }

    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        self.stage.scene().called.messages += 1;
        self.received(message.as_bytes());
        let verdict = self.act("handle_in", message.len()).await;
        self.action(verdict)
    }

    async fn handle_control(&mut self, control: Control) -> Result<Action> {
        let (Control::Ping(payload) | Control::Pong(payload)) = &control;
        self.received(payload);
        let verdict = self.act("handle_control", control).await;
        self.action(verdict)
    }

    async fn handle_info(&mut self, mut info: Info) -> Result<Action> {
        info.panics = false;
        self.stage.scene().called.infos += 1;
        let verdict = self.act("handle_info", ()).await;
        self.action(verdict)
    }

    async fn handle_down(&mut self, down: &Down) {
        {
            let mut scene = self.stage.scene();
            let is_up = scene.called.is_up;
            scene.holds(is_up, "handle_down comes once for each handle_connect", down);
            scene.called.is_up = false;
            scene.called.downs += 1;
            scene.called.is_ending |= matches!(down, Down::Ended(_));
        }
        if let Down::Lost(error) = down {
            self.judge(error);
        }
        self.act("handle_down", down).await;
    }

    async fn handle_disconnect(&mut self, disconnect: Disconnect) -> Recovery {
        self.comes_after_down("handle_disconnect");
        let default = default_after_disconnect(&disconnect);
        let verdict = self.act("handle_disconnect", disconnect).await;
        self.recovery(verdict, default)
    }

    async fn handle_error(&mut self, error: &Error) -> Recovery {
        if let Error::Stream(_) = error {
            self.comes_after_down("handle_error");
        }
        let verdict = self.act("handle_error", error).await;
        self.recovery(verdict, default_after_error(error))
    }

    async fn handle_terminate(&mut self, reason: &ExitReason) {
        self.comes_after_down("handle_terminate");
        let running = self.enter("handle_terminate", reason);
        {
            let mut scene = self.stage.scene();
            scene.called.terminated = Some(format!("{reason:?}"));
            scene.called.is_ending = true;
            // Until it has returned.
            scene.called.has_panicked_last = true;
        }
        self.act_until_it_returns().await;
        self.stage.scene().called.has_panicked_last = false;
        drop(running);
    }
}

impl Actor {
    fn comes_after_down(&self, name: &str) {
        let mut scene = self.stage.scene();
        let is_up = scene.called.is_up;
        scene.holds(!is_up, "handle_down comes before every later callback", name);
    }
}
