//! Children that do what the test says, and a log of what they did.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use fresh::{ExitReason, supervisor::ChildSpec};
use tokio::{
    sync::{Mutex as AsyncMutex, mpsc},
    time::sleep,
};

/// What happened, in order: `a+` a started, `a?` a did not start, `a!` a ended by itself, `a-` a was stopped.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    /// What happened since the last look.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// The strings of a child, which hold through its restarts.
#[derive(Clone)]
pub(crate) struct Puppet {
    id: String,
    log: Log,
    orders: mpsc::UnboundedSender<ExitReason>,
    ordered: Arc<AsyncMutex<mpsc::UnboundedReceiver<ExitReason>>>,
    failing_starts: Arc<AtomicU32>,
    starts: Arc<AtomicU32>,
    start_takes: Duration,
    stop_takes: Duration,
}

impl Puppet {
    pub(crate) fn new(id: &str, log: &Log) -> Self {
        let (orders, ordered) = mpsc::unbounded_channel();
        Self {
            id: id.to_owned(),
            log: log.clone(),
            orders,
            ordered: Arc::new(AsyncMutex::new(ordered)),
            failing_starts: Arc::default(),
            starts: Arc::default(),
            start_takes: Duration::ZERO,
            stop_takes: Duration::ZERO,
        }
    }

    pub(crate) fn start_takes(mut self, time: Duration) -> Self {
        self.start_takes = time;
        self
    }

    pub(crate) fn stop_takes(mut self, time: Duration) -> Self {
        self.stop_takes = time;
        self
    }

    /// It ends by itself, for this reason.
    pub(crate) fn end(&self, reason: ExitReason) {
        self.orders.send(reason).unwrap();
    }

    /// Its next starts fail.
    pub(crate) fn fail_starts(&self, count: u32) {
        self.failing_starts.store(count, Relaxed);
    }

    /// How often it was started, successfully or not.
    pub(crate) fn starts(&self) -> u32 {
        self.starts.load(Relaxed)
    }

    pub(crate) fn spec(&self) -> ChildSpec {
        let puppet = self.clone();
        ChildSpec::with_start(self.id.as_str(), move |stop| {
            let puppet = puppet.clone();
            async move {
                puppet.start().await?;
                Ok::<_, String>(async move {
                    let mut ordered = puppet.ordered.lock().await;
                    tokio::select! {
                        Some(reason) = ordered.recv() => {
                            puppet.note('!');
                            reason
                        }
                        () = stop.cancelled() => {
                            sleep(puppet.stop_takes).await;
                            puppet.note('-');
                            ExitReason::Stopped
                        }
                    }
                })
            }
        })
    }

    async fn start(&self) -> Result<(), String> {
        self.starts.fetch_add(1, Relaxed);
        if !self.start_takes.is_zero() {
            sleep(self.start_takes).await;
        }
        if self.failing_starts.load(Relaxed) > 0 {
            self.failing_starts.fetch_sub(1, Relaxed);
            self.note('?');
            return Err("no start".to_owned());
        }
        self.note('+');
        Ok(())
    }

    fn note(&self, what: char) {
        self.log.note(format!("{}{what}", self.id));
    }
}
