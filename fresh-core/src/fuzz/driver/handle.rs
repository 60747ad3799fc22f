//! The calls of a handle, and what they give to the client to send.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep};

use super::{handler::Info, plan::MS, scene::Stage};
use crate::{
    client::Client,
    error::{BoxError, Error, SendFailure},
    frame::{Frame, MessageType},
};

/// How many calls there are.
const CALLS: u8 = 16;

/// Makes a call, and waits until it resolves.
pub(super) async fn call(stage: &Stage, client: &Client<Info>, which: u8, like: u8) {
    stage.scene().note(|| format!("    call {} {like}", which % CALLS));
    match which % CALLS {
        0 | 1 => {
            let sent = client.send(frame(like)).await;
            note_sent(stage, sent.is_ok());
        }
        2 | 3 => {
            let sent = client.try_send(frame(like));
            note_sent(stage, sent.is_ok());
        }
        4 | 5 => send_confirmed(stage, client, like).await,
        6 | 7 => send_stream(stage, client, like).await,
        8 => {
            let given = client.info(Info { panics: false }).await;
            stage.scene().given.infos += u64::from(given.is_ok());
        }
        9 => {
            let given = client.try_info(Info { panics: false });
            stage.scene().given.infos += u64::from(given.is_ok());
        }
        10 => {
            let _ = client.close(if like & 7 == 0 { 1005 } else { 1000 }, "");
        }
        11 => client.reconnect(),
        12 => client.reconnect_now(),
        13 => {
            let _ = client.connected().await;
        }
        14 => {
            client.closed().await;
        }
        // Rarely, because little happens behind it.
        _ if like & 3 == 0 => {
            note_stop(stage);
            client.request_stop();
        }
        _ if like & 3 == 1 => {
            note_stop(stage);
            client.stop().await;
        }
        _ => {}
    }
}

fn note_sent(stage: &Stage, is_accepted: bool) {
    let mut scene = stage.scene();
    scene.note(|| format!("    accepted: {is_accepted}"));
    scene.given.frames += u64::from(is_accepted);
}

pub(super) fn note_stop(stage: &Stage) {
    stage.scene().given.stopped.get_or_insert_with(Instant::now);
}

/// A call whose frame may or may not be counted, until it has resolved.
struct Unresolved<'a> {
    stage: &'a Stage,
    began: Instant,
    is_stream: bool,
}

impl<'a> Unresolved<'a> {
    fn new(stage: &'a Stage, is_stream: bool) -> Self {
        let began = Instant::now();
        let given = &mut stage.scene().given;
        given.unsure += 1;
        if is_stream {
            given.streaming += 1;
        } else {
            given.confirming.push(began);
        }
        Self { stage, began, is_stream }
    }

    /// The frame is counted as sent or lost, or reported to this call.
    fn resolve(self, is_counted: bool) {
        let given = &mut self.stage.scene().given;
        given.unsure -= 1;
        given.frames += u64::from(is_counted);
    }
}

impl Drop for Unresolved<'_> {
    fn drop(&mut self) {
        let given = &mut self.stage.scene().given;
        if self.is_stream {
            given.streaming -= 1;
        } else if let Some(at) = given.confirming.iter().position(|began| *began == self.began) {
            given.confirming.remove(at);
        }
    }
}

async fn send_confirmed(stage: &Stage, client: &Client<Info>, like: u8) {
    let unresolved = Unresolved::new(stage, false);
    let sent = client.send_confirmed(frame(like)).await;
    stage.scene().note(|| format!("    confirmed: {:?}", sent.is_ok()));
    match sent {
        Ok(()) => unresolved.resolve(true),
        // The frame may still be queued.
        Err(error) if matches!(error.cause(), Error::Send(SendFailure::WithinCallback(_))) => {}
        Err(_) => unresolved.resolve(false),
    }
}

async fn send_stream(stage: &Stage, client: &Client<Info>, like: u8) {
    let pieces = stream::iter(0..like >> 3 & 7).then(move |number| async move {
        if like & 3 == 1 {
            sleep(MS * u32::from(number)).await;
        }
        if like & 7 == 7 && number == 3 {
            return Err(BoxError::from("no more pieces"));
        }
        Ok::<_, BoxError>(Bytes::from(vec![b'.'; usize::from(number) * 20]))
    });
    let unresolved = Unresolved::new(stage, true);
    let sent = if like & 4 == 0 {
        client.send_stream(MessageType::Text, pieces).await
    } else {
        let all = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"whole"))]);
        client.send_stream(MessageType::Binary, all).await
    };
    stage.scene().note(|| format!("    streamed: {:?}", sent.is_ok()));
    unresolved.resolve(sent.is_ok());
}

/// A frame of the user's, some of which may not be sent.
pub(super) fn frame(like: u8) -> Frame {
    match like % 16 {
        0..=3 => Frame::text("user"),
        4..=6 => Frame::binary(vec![like; usize::from(like) * 4]),
        7 => Frame::binary(vec![like; 70_000]),
        8 | 9 => Frame::ping("user"),
        10 | 11 => Frame::pong("user"),
        12 => Frame::ping(vec![0; 126]),
        13 => Frame::close(1000, ""),
        14 => Frame::Close(None),
        _ => Frame::text(""),
    }
}
