//! The tasks of the children: starting them, waiting for their ends, stopping them.

use std::{
    collections::{HashMap, VecDeque},
    future::{Future, pending},
    time::Duration,
};

use tokio::{
    task::{AbortHandle, Id, JoinError, JoinSet},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{child::Branch, policy::Shutdown, presence::Gone, roster::Seat};
use crate::exit::{ExitReason, panic_message};

/// The running children of one supervisor; dropping it kills them.
#[derive(Debug, Default)]
pub(super) struct Nursery {
    tasks: JoinSet<ExitReason>,
    seats: HashMap<Id, Seat>,
    /// Ends that came while the end of another child was waited for.
    ended: VecDeque<(Seat, ExitReason)>,
}

/// What a supervisor holds of a child that runs.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) stop: CancellationToken,
    pub(super) task: AbortHandle,
    pub(super) branch: Branch,
    /// The end of the tasks below the child, for a supervisor.
    pub(super) below: Option<Gone>,
}

impl Running {
    /// Waits until no task below the child is alive, once the child has ended: a child that was killed did not wait.
    pub(super) async fn none_below(&self) {
        if let Some(below) = &self.below {
            below.wait().await;
        }
    }
}

/// A child that has to end, and how.
pub(super) struct Leaving {
    pub(super) seat: Seat,
    pub(super) running: Running,
    pub(super) shutdown: Shutdown,
}

impl Leaving {
    fn ask(&self) {
        match self.shutdown {
            Shutdown::Timeout(_) | Shutdown::Infinity => self.running.stop.cancel(),
            Shutdown::Abort => self.running.task.abort(),
        }
    }

    fn patience(&self) -> Option<Duration> {
        match self.shutdown {
            Shutdown::Timeout(limit) => Some(limit),
            Shutdown::Infinity | Shutdown::Abort => None,
        }
    }
}

impl Nursery {
    pub(super) fn spawn(
        &mut self,
        seat: Seat,
        child: impl Future<Output = ExitReason> + Send + 'static,
    ) -> AbortHandle {
        let task = self.tasks.spawn(child);
        self.seats.insert(task.id(), seat);
        task
    }

    /// The next child that ends. May be cancelled: no end is lost.
    pub(super) async fn next_end(&mut self) -> (Seat, ExitReason) {
        match self.ended.pop_front() {
            Some(ended) => ended,
            None => self.join().await,
        }
    }

    /// The end of this child. May be cancelled: no end is lost.
    pub(super) async fn end_of(&mut self, seat: &Seat) -> ExitReason {
        if let Some(place) = self.ended.iter().position(|(ended, _)| ended == seat)
            && let Some((_, reason)) = self.ended.remove(place)
        {
            return reason;
        }
        loop {
            let (ended, reason) = self.join().await;
            if ended == *seat {
                return reason;
            }
            self.ended.push_back((ended, reason));
        }
    }

    /// Asks a child to end, kills it where it takes too long, and waits for its end and that of the tasks below it.
    pub(super) async fn stop(&mut self, leaving: Leaving) -> ExitReason {
        let reason = self.stop_task(&leaving).await;
        leaving.running.none_below().await;
        reason
    }

    async fn stop_task(&mut self, leaving: &Leaving) -> ExitReason {
        leaving.ask();
        if let Some(limit) = leaving.patience() {
            if let Ok(reason) = timeout(limit, self.end_of(&leaving.seat)).await {
                return reason;
            }
            leaving.running.task.abort();
        }
        self.end_of(&leaving.seat).await
    }

    /// Stops children all at once: those with a timeout share one timer, that of the most patient.
    pub(super) async fn stop_together(&mut self, leaving: Vec<Leaving>) -> Vec<(Seat, ExitReason)> {
        leaving.iter().for_each(Leaving::ask);
        let mut ends = Vec::with_capacity(leaving.len());
        if let Some(limit) = leaving.iter().filter_map(Leaving::patience).max() {
            let patience = sleep(limit);
            tokio::pin!(patience);
            while ends.len() < leaving.len() {
                tokio::select! {
                    biased;
                    end = self.next_end() => ends.push(end),
                    () = &mut patience => break,
                }
            }
            let late = leaving.iter().filter(|leaving| leaving.patience().is_some());
            late.for_each(|late| late.running.task.abort());
        }
        while ends.len() < leaving.len() {
            ends.push(self.next_end().await);
        }
        for leaving in leaving {
            leaving.running.none_below().await;
        }
        ends
    }

    /// The next task that ends; waits forever where there is none.
    async fn join(&mut self) -> (Seat, ExitReason) {
        loop {
            let Some(joined) = self.tasks.join_next_with_id().await else { return pending().await };
            let (task, reason) = match joined {
                Ok(ended) => ended,
                Err(error) => (error.id(), crashed(error)),
            };
            // Every task of the set has a seat.
            if let Some(seat) = self.seats.remove(&task) {
                return (seat, reason);
            }
        }
    }
}

fn crashed(error: JoinError) -> ExitReason {
    match error.try_into_panic() {
        Ok(panic) => ExitReason::Panicked(panic_message(&*panic)),
        Err(_) => ExitReason::Aborted,
    }
}
