//! The connector, and the byte stream that the client reads and writes.

use std::{
    future::{Future, pending},
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use async_trait::async_trait;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep, sleep_until},
};

use super::{
    line::{Arrival, Line},
    plan::MS,
    scene::{Dial, Quirk, Stage, panic},
};
use crate::{
    error::BoxError,
    options::{Connector, Target, Transport},
};

/// Connects to the server of the scene.
pub(super) struct Dialler(pub(super) Stage);

#[async_trait]
impl Connector for Dialler {
    async fn connect(&self, _: &Target) -> Result<Transport, BoxError> {
        let dial = {
            let mut scene = self.0.scene();
            scene.poll.dials += 1;
            scene.check_poll();
            let dial = scene.dials.pop_front().unwrap_or(Dial::Connect { after: MS });
            scene.note(|| format!("dial {dial:?}"));
            if scene.broken.is_some() { Dial::Hang } else { dial }
        };
        match dial {
            Dial::Connect { after } => wait(after).await,
            Dial::Fail { after } => {
                wait(after).await;
                return Err("no route".into());
            }
            Dial::Hang => pending().await,
            Dial::Panic => panic(),
        }
        let mut scene = self.0.scene();
        let reply = scene.replies.pop_front().unwrap_or_default();
        let number = scene.lines.len();
        let line = Line::new(number, reply, scene.plan.answers_pings, scene.plan.answers_close);
        scene.lines.push(line);
        scene.note(|| format!("line {number} is up, the server will {reply:?}"));
        Ok(Transport::new(Io { stage: self.0.clone(), line: number, sleep: None, panics_on_drop: false }))
    }
}

async fn wait(time: std::time::Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}

struct Io {
    stage: Stage,
    line: usize,
    /// Until more bytes arrive.
    sleep: Option<Pin<Box<Sleep>>>,
    panics_on_drop: bool,
}

impl Io {
    /// The next quirk of a direction.
    fn act_up(&mut self, quirk: Option<Quirk>, cx: &Context<'_>) -> Option<Poll<io::Result<usize>>> {
        Some(match quirk? {
            Quirk::Busy => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Quirk::Fail => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
            Quirk::Zero => Poll::Ready(Ok(0)),
            Quirk::Panic => panic(),
            Quirk::PanicOnDrop => {
                self.panics_on_drop = true;
                return None;
            }
        })
    }
}

impl AsyncRead for Io {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let quirk = {
            let mut scene = self.stage.scene();
            if scene.broken.is_some() {
                return Poll::Pending;
            }
            let is_open = scene.lines[self.line].is_past_head();
            scene.poll.reads += u32::from(is_open);
            scene.check_poll();
            let quirk = if is_open { scene.read_quirks.pop_front() } else { None };
            scene.poll.was_busy |= matches!(quirk, Some(Quirk::Busy));
            quirk
        };
        if let Some(polled) = self.act_up(quirk, cx) {
            return polled.map_ok(|_| ());
        }
        loop {
            let arrival = {
                let mut scene = self.stage.scene();
                let most = scene.plan.read_size.min(buffer.remaining());
                let was_paused = scene.is_full();
                let line = &mut scene.lines[self.line];
                line.reader = Some(cx.waker().clone());
                let arrival = line.take(most);
                if let (Arrival::Bytes(_), Some([pings_first, bytes_first])) = (&arrival, &mut line.silence) {
                    pings_first.read(Instant::now(), was_paused.1);
                    bytes_first.read(Instant::now(), was_paused.0);
                }
                arrival
            };
            match arrival {
                Arrival::Bytes(bytes) => {
                    buffer.put_slice(&bytes);
                    return Poll::Ready(Ok(()));
                }
                Arrival::End(end) => return Poll::Ready(io::Result::from(end).map(|_| ())),
                Arrival::Later(None) => return Poll::Pending,
                Arrival::Later(Some(at)) => {
                    let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(at)));
                    sleep.as_mut().reset(at);
                    ready!(sleep.as_mut().poll(cx));
                }
            }
        }
    }
}

impl AsyncWrite for Io {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let quirk = {
            let mut scene = self.stage.scene();
            let quirk = if scene.lines[self.line].is_upgraded() { scene.write_quirks.pop_front() } else { None };
            scene.lines[self.line].has_failed |= matches!(quirk, Some(Quirk::Fail | Quirk::Zero));
            quirk
        };
        if let Some(polled) = self.act_up(quirk, cx) {
            return polled;
        }
        let mut scene = self.stage.scene();
        let most = scene.plan.write_size;
        let line = &mut scene.lines[self.line];
        line.is_stalled = line.room == 0;
        if line.is_stalled {
            line.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let accepted = bytes.len().min(most).min(line.room);
        line.room = line.room.saturating_sub(if line.room == usize::MAX { 0 } else { accepted });
        if let Err(how) = line.accept(&bytes[..accepted]) {
            scene.breaks("frames are never interleaved, and nothing follows a close frame", how);
        }
        Poll::Ready(Ok(accepted))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Drop for Io {
    fn drop(&mut self) {
        let mut scene = self.stage.scene();
        let (is_paused, _) = scene.is_full();
        let was_busy = scene.poll.was_busy;
        let line = &mut scene.lines[self.line];
        line.is_dropped = true;
        line.reader = None;
        line.writer = None;
        let is_readable = line.is_readable() && !was_busy && !is_paused;
        if let Some([_, mut bytes_first]) = line.silence.take() {
            bytes_first.pass(Instant::now(), is_paused);
            line.dropped_with = Some((bytes_first, is_readable));
        }
        let number = self.line;
        scene.note(|| format!("line {number} is dropped"));
        drop(scene);
        if self.panics_on_drop && !std::thread::panicking() {
            panic();
        }
    }
}
