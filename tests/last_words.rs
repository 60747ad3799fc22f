//! What a server said before it went reaches the handler, also where that is busy and our next write fails.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{sync::Arc, time::Duration};

use fresh::{Action, Client, Disconnect, Handler, Initiator, Message, Recovery, Result, testing::Server};
use tokio::sync::{Notify, mpsc};

/// Waits for a permit before each message, and passes on what it is told.
struct Slow {
    permits: Arc<Notify>,
    told: mpsc::UnboundedSender<String>,
}

impl Handler for Slow {
    type Info = ();

    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        self.permits.notified().await;
        self.told.send(message.to_text()?.to_owned())?;
        Ok(Action::reply("seen"))
    }

    async fn handle_disconnect(&mut self, disconnect: Disconnect) -> Recovery {
        assert_eq!(disconnect.initiator, Initiator::Remote);
        let code = disconnect.code.map_or_else(|| "none".to_owned(), |code| code.as_u16().to_string());
        // The test holds the receiver until the client has ended.
        let _ = self.told.send(code);
        Recovery::Close
    }
}

#[tokio::test(start_paused = true)]
async fn messages_and_the_close_frame_that_lie_unread_are_told_before_a_failed_write_is() {
    let server = Server::in_memory();
    let permits = Arc::new(Notify::new());
    let (told, mut telling) = mpsc::unbounded_channel();
    let handler = Slow { permits: Arc::clone(&permits), told };
    let client = Client::start(server.options().inbound(1, 1), handler).unwrap();

    let mut connection = server.accept().await;
    for number in 0..5 {
        connection.send(number.to_string()).await;
    }
    connection.close(4001, "enough").await;
    connection.drop_connection();
    // The ping of the keepalive finds nobody to write to.
    tokio::time::sleep(Duration::from_secs(31)).await;
    for number in 0..5 {
        permits.notify_one();
        assert_eq!(next(&mut telling).await, number.to_string());
    }
    assert_eq!(next(&mut telling).await, "4001");
    assert!(!client.closed().await.is_abnormal());
}

async fn next(telling: &mut mpsc::UnboundedReceiver<String>) -> String {
    let told = tokio::time::timeout(Duration::from_secs(1), telling.recv()).await;
    told.ok().flatten().unwrap_or_else(|| "nothing".to_owned())
}
