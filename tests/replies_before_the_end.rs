//! What the server said before it closed, or broke the protocol, is answered before the connection ends.

#![allow(clippy::unwrap_used)]

use std::future::pending;

use fresh::{
    Action, Client, Disconnect, Error, Handler, Message, Recovery, Result,
    testing::{Connection, Server, WireFrame},
};

const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;

#[derive(Clone, Copy)]
enum Echo {
    AtOnce,
    Never,
}

impl Handler for Echo {
    type Info = ();

    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        match self {
            Self::AtOnce => Ok(Action::reply(message)),
            Self::Never => pending().await,
        }
    }

    async fn handle_disconnect(&mut self, _disconnect: Disconnect) -> Recovery {
        Recovery::Close
    }

    async fn handle_error(&mut self, error: &Error) -> Recovery {
        Recovery::fail(error.clone())
    }
}

async fn connected(handler: Echo) -> (Client, Connection) {
    let server = Server::in_memory();
    let client = Client::start(server.options(), handler).unwrap();
    let connection = server.accept().await;
    client.connected().await.unwrap();
    (client, connection)
}

/// Frames that arrive together.
fn together(frames: &[WireFrame]) -> Vec<u8> {
    frames.iter().flat_map(|frame| frame.encode().to_vec()).collect()
}

fn text(text: &'static str) -> WireFrame {
    WireFrame::new(TEXT, text)
}

#[tokio::test(start_paused = true)]
async fn messages_that_come_with_a_violation_are_answered_before_it() {
    let (client, mut connection) = connected(Echo::AtOnce).await;
    let violation = WireFrame { rsv: 2, ..text("3") };
    connection.raw(together(&[text("1"), text("2"), violation])).await;
    connection.expect_text("1").await;
    connection.expect_text("2").await;
    connection.expect_close(1002).await;
    connection.finish_close().await;
    assert!(client.closed().await.is_abnormal());
}

#[tokio::test(start_paused = true)]
async fn messages_that_come_with_a_close_are_answered_before_it() {
    let (client, mut connection) = connected(Echo::AtOnce).await;
    connection.raw(together(&[text("1"), text("2"), WireFrame::new(CLOSE, &b"\x03\xe8"[..])])).await;
    connection.expect_text("1").await;
    connection.expect_text("2").await;
    connection.expect_close(1000).await;
    connection.drop_connection();
    assert!(!client.closed().await.is_abnormal());
    assert_eq!(client.stats().frames_lost, 0);
}

#[tokio::test(start_paused = true)]
async fn an_end_does_not_wait_for_a_callback_that_waits() {
    for (end, code) in [(WireFrame::new(CLOSE, &b"\x03\xe9"[..]), 1001), (WireFrame { rsv: 2, ..text("") }, 1002)] {
        let (_client, mut connection) = connected(Echo::Never).await;
        connection.raw(together(&[text("1"), text("2"), end])).await;
        connection.expect_close(code).await;
    }
}
