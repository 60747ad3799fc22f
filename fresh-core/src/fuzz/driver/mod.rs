//! The whole life of a client, whatever happens in whatever order: the driver in paused time, with a scripted byte stream,
//! and a handler and tasks that act by chance.
//!
//! `plan` reads an input, `scene` holds what the parts share, `network` and `line` are the server, `handler` and `handle`
//! the user's code, `judge` and `silence` say what has to hold.

mod frames;
mod handle;
mod handler;
mod judge;
mod line;
mod network;
mod plan;
mod scene;
mod silence;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::{
    runtime::{Builder, Handle},
    task::{JoinHandle, yield_now},
    time::{sleep, timeout},
};

use self::{
    handler::{Actor, Info},
    judge::Judged,
    line::{End, Reply},
    network::Dialler,
    plan::{MS, Plan},
    scene::{Act, Dial, Quirk, Stage},
};
use crate::{client::Client, exit::ExitReason};

/// Longer than anything that a script makes the end of a client wait for.
const FOR_EVER: Duration = Duration::from_secs(3600);
/// How often all other tasks run before they have to be done.
const YIELDS: usize = 64;

/// The first twelve bytes are the options; of the others, each two are a step.
pub(crate) fn any_life(data: &[u8]) {
    if let Some((broken, _)) = live(data, false) {
        // The same again, for its reader.
        let trace = live(data, true).map(|(_, trace)| trace).unwrap_or_default();
        panic!("{trace}\n\n{broken}");
    }
}

/// The promise that is broken, and what led to it.
fn live(data: &[u8], is_traced: bool) -> Option<(String, String)> {
    let Ok(runtime) = Builder::new_current_thread().enable_time().start_paused(true).build() else { return None };
    runtime.block_on(async {
        let (plan, steps) = Plan::parse(data);
        let stage = Stage::new(plan, is_traced);
        Life::start(stage.clone()).run(steps).await;
        let scene = stage.scene();
        scene.broken.clone().map(|broken| (format!("{broken}\n{:?}", scene.plan), scene.trace()))
    })
}

struct Life {
    stage: Stage,
    client: Client<Info>,
    driver: JoinHandle<ExitReason>,
    closed: JoinHandle<ExitReason>,
    is_killed: bool,
}

impl Life {
    fn start(stage: Stage) -> Self {
        let (options, is_renewable) = {
            let scene = stage.scene();
            (scene.plan.options().connector(Dialler(stage.clone())), scene.plan.is_renewable)
        };
        let own = Arc::new(OnceLock::new());
        let actor = {
            let (stage, own) = (stage.clone(), Arc::clone(&own));
            move || Actor::new(stage.clone(), Arc::clone(&own))
        };
        let (client, driver): (_, BoxFuture<'static, ExitReason>) = if is_renewable {
            let (client, driver) = Client::new_with(options, move |_| actor());
            (client, Box::pin(driver))
        } else {
            let (client, driver) = Client::new(options, actor());
            (client, Box::pin(driver))
        };
        let _ = own.set(client.clone());
        let driver = tokio::spawn(Judged::new(driver, client.clone(), stage.clone()));
        let closed = tokio::spawn({
            let client = client.clone();
            async move { client.closed().await }
        });
        Self { stage, client, driver, closed, is_killed: false }
    }

    async fn run(mut self, steps: impl Iterator<Item = (u8, u8)>) {
        for (kind, like) in steps {
            self.step(kind, like).await;
        }
        handle::note_stop(&self.stage);
        self.client.request_stop();
        let Ok(Ok(reason)) = timeout(FOR_EVER, &mut self.closed).await else {
            self.stage.scene().breaks("closed() resolves after a stop", self.client.state());
            self.driver.abort();
            return;
        };
        self.judge_end(&reason).await;
    }

    /// One step of the script. Steps coincide until time passes.
    async fn step(&mut self, kind: u8, like: u8) {
        let millis = u32::from(like);
        self.stage.scene().note(|| format!("# {} {like}", kind % 64));
        match kind % 64 {
            0..=2 => yield_now().await,
            3..=5 => sleep(MS * (1 + millis % 16)).await,
            6..=8 => sleep(MS * millis).await,
            9 | 10 => sleep(MS * 4 * millis).await,
            kind @ 11..=29 => self.serve(kind - 11, like),
            30..=41 => self.call(like >> 4, like, kind % 64 == 41),
            kind @ 42..=51 => {
                let act = match kind {
                    42 | 43 => Act::Take(MS * millis),
                    44 => Act::Call(like >> 4, like),
                    45 if like & 3 == 0 => Act::Hang,
                    45 if like & 15 == 1 => Act::Panic,
                    _ => Act::Return(like & 7, like),
                };
                self.stage.scene().acts.push_back(act);
            }
            kind @ 52..=54 => {
                let after = MS * (millis >> 2);
                self.stage.scene().dials.push_back(match like & 3 {
                    0 => Dial::Connect { after },
                    1 | 2 => Dial::Fail { after },
                    _ if like == 255 => Dial::Panic,
                    _ if kind == 54 => Dial::Hang,
                    _ => Dial::Fail { after: Duration::ZERO },
                });
            }
            55 | 56 => self.stage.scene().replies.push_back(match like % 10 {
                0 | 1 => Reply::AcceptAndSpeak,
                2 => Reply::Refuse(503),
                3 => Reply::Refuse(429),
                4 => Reply::Refuse(401),
                5 => Reply::WrongKey,
                6 => Reply::Garbage,
                7 => Reply::Eof,
                8 => Reply::Never,
                _ => Reply::Accept,
            }),
            57 | 58 => self.stage.scene().read_quirks.push_back(quirk(like)),
            59 | 60 => self.stage.scene().write_quirks.push_back(quirk(like)),
            61 if like & 31 == 1 => {
                self.driver.abort();
                self.is_killed = true;
            }
            62 if like == 1 => match self.client.try_info(Info { panics: true }) {
                Ok(()) => self.stage.scene().given.infos += 1,
                Err(refused) => refused.into_info().panics = false,
            },
            _ => yield_now().await,
        }
    }

    /// The server does something.
    fn serve(&self, kind: u8, like: u8) {
        let mut scene = self.stage.scene();
        let Some(line) = scene.line() else { return };
        match kind {
            13 => line.latency = (like & 15).into(),
            14 => line.room = like.into(),
            15 | 16 => line.resume(),
            17 => line.finish(if like & 1 == 0 { End::Eof } else { End::Reset }),
            _ if !line.is_open() => {}
            0..=3 => line.send_message(kind & 1 == 0, like.into()),
            4 => (0..8 * u32::from(like)).for_each(|_| line.send_message(true, 0)),
            5 => line.send_message(false, usize::from(like) * 600),
            6 => line.send_fragments(usize::from(like & 7) + 1),
            7..=9 => line.send_control(true, like.into()),
            10 => line.send_control(false, like.into()),
            11 => (0..like).for_each(|_| line.send_control(true, 0)),
            12 => line.send_close([None, Some(1000), Some(1001), Some(1005)][usize::from(like & 3)]),
            _ if like & 7 == 0 => line.send_garbage(like >> 3),
            _ => {}
        }
    }

    /// Another task makes a call of the handle, and may give it up before it resolves.
    fn call(&self, which: u8, like: u8, is_given_up: bool) {
        let (stage, client) = (self.stage.clone(), self.client.clone());
        tokio::spawn(async move {
            let call = handle::call(&stage, &client, which, like);
            if is_given_up {
                let _ = timeout(MS * u32::from(like & 15), call).await;
            } else {
                call.await;
            }
        });
    }

    /// Everything that has to be true behind the end.
    async fn judge_end(mut self, reason: &ExitReason) {
        let driver = (&mut self.driver).await;
        for _ in 0..YIELDS {
            yield_now().await;
        }
        let stats = self.client.stats();
        let mut scene = self.stage.scene();
        let tasks = Handle::current().metrics().num_alive_tasks();
        scene.holds(tasks == 0, "every call resolves, and no task is left behind", tasks);
        let left = scene.lines.iter().filter(|line| !line.is_dropped).count();
        scene.holds(left == 0, "no connection is left behind", left);
        if self.is_killed && driver.is_err() {
            let is_aborted = matches!(reason, ExitReason::Aborted);
            scene.holds(is_aborted, "closed() resolves as `Aborted` after a kill", reason);
            return;
        }
        let told = scene.called.terminated.clone();
        let has_panicked = scene.called.has_panicked_last && matches!(reason, ExitReason::Panicked(_));
        let is_same = has_panicked || told == Some(format!("{reason:?}"));
        scene.holds(told.is_some(), "handle_terminate runs exactly once", reason);
        scene.holds(is_same, "closed() resolves with the reason that handle_terminate received", (reason, told));
        let ups = (scene.called.connects, scene.called.downs);
        scene.holds(ups.0 == ups.1, "handle_down comes once for each handle_connect", ups);
        let counted = stats.frames_sent + stats.frames_lost;
        let (frames, unsure) = (scene.given.frames, scene.given.unsure);
        let is_counted = (frames..=frames + unsure).contains(&counted);
        scene.holds(is_counted, "each frame is sent, counted as lost or reported", (frames, unsure, stats));
        let messages = scene.called.messages + stats.messages_lost;
        scene.holds(
            messages == stats.messages_received,
            "each message is delivered or counted as lost",
            (messages, stats),
        );
        let infos = (scene.called.infos + stats.infos_lost, scene.given.infos);
        scene.holds(infos.0 == infos.1, "each info is delivered or counted as lost", infos);
    }
}

fn quirk(like: u8) -> Quirk {
    match like & 31 {
        0..=1 => Quirk::Fail,
        2 => Quirk::Zero,
        3 => Quirk::Panic,
        4 => Quirk::PanicOnDrop,
        _ => Quirk::Busy,
    }
}
