//! A server that misbehaves on purpose: each path in its own way, the first time only.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use fresh::testing::{self, Handshake, Received};
use tokio::{sync::Notify, task::JoinSet};
use tokio_util::task::AbortOnDropHandle;

pub(crate) struct Server {
    url: fresh::url::Url,
    _task: AbortOnDropHandle<()>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let server = testing::Server::tcp().await;
        let url = server.url().clone();
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            let visits = Visits::default();
            let ordered = Arc::new(Notify::new());
            loop {
                let handshake = server.pending().await;
                let visit = visits.count(handshake.request().uri().path());
                connections.spawn(serve(handshake, visit, Arc::clone(&ordered)));
            }
        });
        Self { url, _task: AbortOnDropHandle::new(task) }
    }

    pub(crate) fn url(&self) -> &fresh::url::Url {
        &self.url
    }
}

async fn serve(handshake: Handshake, visit: u32, ordered: Arc<Notify>) {
    let path = handshake.request().uri().path().to_owned();
    match (path.as_str(), visit) {
        // A refusal that cannot heal by itself: the client ends, the supervisor tries once more.
        ("/news", 1) => handshake.refuse(403, &[], "not yet").await,
        // A connection that is lost: the client reconnects, the supervisor does not notice.
        ("/prices", 1) => {
            let mut connection = handshake.accept().await;
            connection.send("1").await;
            connection.drop_connection();
        }
        // A message that the handler cannot take: the client ends, the supervisor starts a new one.
        ("/trades" | "/session", 1) => {
            let mut connection = handshake.accept().await;
            connection.send("2").await;
            if path == "/session" {
                ordered.notified().await;
            }
            connection.send("two and a half").await;
            connection.receive().await;
        }
        _ => {
            let mut connection = handshake.accept().await;
            connection.send("3").await;
            if path == "/orders" {
                ordered.notify_one();
            }
            // A client that was stopped before it knew of the connection says nothing.
            if let Received::Close(_) = connection.receive().await {
                connection.finish_close().await;
            }
        }
    }
}

/// How often each path was asked for.
#[derive(Clone, Default)]
struct Visits(Arc<Mutex<HashMap<String, u32>>>);

impl Visits {
    fn count(&self, path: &str) -> u32 {
        let mut visits = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let visit = visits.entry(path.to_owned()).or_default();
        *visit += 1;
        *visit
    }
}
