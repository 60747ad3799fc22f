//! The running part: waits for what happens, asks `decide` what follows, and does it.

use std::{ops::ControlFlow, time::Instant};

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{
    child::{Birth, Branch, ChildSpec},
    decide::{self, Exit, History, Scope, Verdict},
    error::StartError,
    events::Events,
    nursery::{Leaving, Nursery, Running},
    policy::{ChildKind, Policy, Rules, Shape},
    presence::Presence,
    request::{Request, Which},
    roster::{Roster, Seat, Standing},
};
use crate::exit::ExitReason;

/// A supervisor at work.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) rules: Rules,
    pub(super) roster: Roster,
    history: History,
    nursery: Nursery,
    events: Events,
    requests: mpsc::UnboundedReceiver<Request>,
    /// To itself.
    reminders: mpsc::UnboundedSender<Request>,
    stop: CancellationToken,
    pub(super) presence: Presence,
}

/// Goes on, or ends the supervisor for a reason.
type Flow = ControlFlow<ExitReason>;

enum Work {
    End(Seat, ExitReason),
    Request(Request),
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

impl Core {
    pub(super) fn new(rules: Rules, birth: Birth) -> (Self, mpsc::UnboundedSender<Request>) {
        let (sender, requests) = mpsc::unbounded_channel();
        let core = Self {
            rules,
            roster: Roster::default(),
            history: History::default(),
            nursery: Nursery::default(),
            events: birth.events,
            requests,
            reminders: sender.clone(),
            stop: birth.stop,
            presence: birth.presence,
        };
        (core, sender)
    }

    /// Starts the children in order, each when the one before it has started.
    pub(super) async fn start_all(&mut self, specs: Vec<ChildSpec>) -> Result<(), StartError> {
        for spec in specs {
            self.roster.add(spec, self.rules.shape);
        }
        for seat in self.roster.all() {
            if let Err(reason) = self.start(&seat).await {
                self.stop_all().await;
                return Err(StartError::Child { id: seat.id, reason });
            }
        }
        Ok(())
    }

    /// Supervises until the end, and leaves no child behind.
    pub(super) async fn run(mut self) -> ExitReason {
        let reason = self.supervise().await;
        self.refuse_requests();
        self.stop_all().await;
        reason
    }

    async fn supervise(&mut self) -> ExitReason {
        let stop = self.stop.clone();
        loop {
            let work = tokio::select! {
                biased;
                () = stop.cancelled() => return ExitReason::Stopped,
                work = self.next() => work,
            };
            let flow = match work {
                Work::End(seat, reason) => self.ended(&seat, &reason).await,
                Work::Request(request) => self.answer(request).await,
            };
            if let ControlFlow::Break(reason) = flow {
                return reason;
            }
        }
    }

    /// Answers no more: a child that waits for an answer could not end.
    fn refuse_requests(&mut self) {
        self.requests.close();
        while self.requests.try_recv().is_ok() {}
    }

    /// Ends and requests, neither before the other: a child that keeps failing starves nobody.
    async fn next(&mut self) -> Work {
        tokio::select! {
            (seat, reason) = self.nursery.next_end() => Work::End(seat, reason),
            // It never closes: `reminders` is its own.
            Some(request) = self.requests.recv() => Work::Request(request),
        }
    }

    async fn ended(&mut self, seat: &Seat, reason: &ExitReason) -> Flow {
        self.events.exited(&seat.id, reason);
        let Some((standing, policy)) = self.roster.stand(seat, Standing::Stopped) else { return Flow::Continue(()) };
        if let Standing::Running(running) = standing {
            running.none_below().await;
        }
        let others_significant = self.roster.awaits_significant();
        let exit = Exit { policy: &policy, reason, others_significant };
        let verdict = decide::decide(&self.rules, exit, &mut self.history, now());
        self.perform(seat, verdict, reason).await
    }

    /// Does what follows from the end of a child, or from its failed restart, for this reason.
    async fn perform(&mut self, seat: &Seat, verdict: Verdict, reason: &ExitReason) -> Flow {
        match verdict {
            Verdict::Restart(scope) => self.restart(seat, scope).await,
            Verdict::Keep => self.roster.publish(seat, reason),
            Verdict::Forget => self.roster.remove(seat, reason),
            Verdict::ShutDown => {
                self.roster.publish(seat, reason);
                return Flow::Break(ExitReason::Stopped);
            }
            Verdict::GiveUp => {
                self.roster.publish(seat, reason);
                return Flow::Break(self.events.gave_up(&seat.id, self.rules.intensity, reason.clone()));
            }
        }
        Flow::Continue(())
    }

    /// Stops what still runs in the scope, in reverse, and starts all of it, in order.
    async fn restart(&mut self, seat: &Seat, scope: Scope) {
        self.events.restarting(&seat.id);
        let concerned = self.roster.scope(seat, scope);
        for sibling in concerned.iter().rev().filter(|other| *other != seat) {
            self.stop_child(sibling).await;
        }
        for concerned in concerned {
            if let Err(reason) = self.start(&concerned).await {
                self.roster.stand(&concerned, Standing::Restarting(reason));
                // The receiver is its own.
                let _ = self.reminders.send(Request::Retry(concerned));
                return;
            }
        }
    }

    /// Starts a child and waits until it has started. A child that was forgotten needs no start.
    ///
    /// A child that has started before the supervisor is asked to stop has started, also if the child itself asked for
    /// the stop. If the stop comes first, the child is stopped, and its start failed as `Stopped`, however it ended.
    pub(super) async fn start(&mut self, seat: &Seat) -> Result<(), ExitReason> {
        let Some(entry) = self.roster.get(seat) else { return Ok(()) };
        if self.stop.is_cancelled() {
            return Err(ExitReason::Stopped);
        }
        let Policy { shutdown, kind, .. } = entry.spec.policy;
        let (presence, below) = match kind {
            ChildKind::Worker => (self.presence.clone(), None),
            ChildKind::Supervisor => {
                let presence = self.presence.below();
                let below = presence.gone();
                (presence, Some(below))
            }
        };
        let stop = CancellationToken::new();
        let (ready, started) = oneshot::channel();
        let birth = Birth { stop: stop.clone(), events: self.events.below(&seat.id), presence };
        let task = self.nursery.spawn(seat.clone(), entry.spec.live(birth, ready));
        let mut running = Running { stop, task, branch: Branch::Leaf, below };
        let reason = tokio::select! {
            biased;
            started = started => match started {
                Ok(branch) => {
                    running.branch = branch;
                    self.roster.stand(seat, Standing::Running(running));
                    self.events.started(&seat.id);
                    return Ok(());
                }
                Err(_) => {
                    let reason = self.nursery.end_of(seat).await;
                    running.none_below().await;
                    reason
                }
            },
            () = self.stop.cancelled() => {
                self.nursery.stop(Leaving { seat: seat.clone(), running, shutdown }).await;
                ExitReason::Stopped
            }
        };
        self.events.not_started(&seat.id, &reason);
        Err(reason)
    }

    /// Stops a child that runs, or the retries of its restart. Returns why the child ended.
    pub(super) async fn stop_child(&mut self, seat: &Seat) -> ExitReason {
        let Some((standing, policy)) = self.roster.stand(seat, Standing::Stopped) else { return ExitReason::Stopped };
        let reason = match standing {
            Standing::Running(running) => {
                let leaving = Leaving { seat: seat.clone(), running, shutdown: policy.shutdown };
                let reason = self.nursery.stop(leaving).await;
                self.events.exited(&seat.id, &reason);
                reason
            }
            Standing::Restarting(reason) => reason,
            Standing::Stopped => ExitReason::Stopped,
        };
        if decide::stopped(&self.rules, &policy) == Verdict::Forget {
            self.roster.remove(seat, &reason);
        }
        reason
    }

    async fn stop_all(&mut self) {
        match self.rules.shape {
            Shape::Listed => {
                for seat in self.roster.all().iter().rev() {
                    let reason = self.stop_child(seat).await;
                    self.roster.publish(seat, &reason);
                }
            }
            Shape::Alike { .. } => self.stop_together().await,
        }
    }

    async fn stop_together(&mut self) {
        let mut leaving = Vec::with_capacity(self.roster.len());
        for seat in self.roster.all() {
            match self.roster.stand(&seat, Standing::Stopped) {
                Some((Standing::Running(running), policy)) => {
                    leaving.push(Leaving { seat, running, shutdown: policy.shutdown });
                }
                Some((Standing::Restarting(reason), _)) => self.roster.publish(&seat, &reason),
                Some((Standing::Stopped, _)) | None => {}
            }
        }
        for (seat, reason) in self.nursery.stop_together(leaving).await {
            self.events.exited(&seat.id, &reason);
            self.roster.publish(&seat, &reason);
        }
    }

    /// Tries a failed restart again, unless the child was stopped, deleted or restarted meanwhile.
    async fn retry(&mut self, seat: &Seat) -> Flow {
        match self.roster.get(seat).map(|entry| &entry.standing) {
            Some(Standing::Restarting(reason)) => {
                let reason = reason.clone();
                let verdict = decide::retry(&self.rules, &mut self.history, now());
                self.perform(seat, verdict, &reason).await
            }
            Some(Standing::Running(_) | Standing::Stopped) | None => Flow::Continue(()),
        }
    }

    async fn answer(&mut self, request: Request) -> Flow {
        // Whoever asked may no longer wait for the answer.
        match request {
            Request::Start(spec, reply) => drop(reply.send(self.start_child(spec).await)),
            Request::Terminate(which, reply) => drop(reply.send(self.terminate_child(which).await)),
            Request::Restart(id, reply) => drop(reply.send(self.restart_child(id).await)),
            Request::Delete(id, reply) => drop(reply.send(self.delete_child(id))),
            Request::Spec(which, reply) => drop(reply.send(self.child_spec(which))),
            Request::Wait(id, reply) => drop(reply.send(self.ending(Which::Called(id)))),
            Request::Children(reply) => drop(reply.send(self.roster.infos())),
            Request::Count(reply) => drop(reply.send(self.roster.counts())),
            Request::Retry(seat) => return self.retry(&seat).await,
        }
        Flow::Continue(())
    }
}
