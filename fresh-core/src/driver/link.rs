//! The link between a client and its server at this moment: nothing, an attempt, or an open connection.

use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use super::{
    connection::Connection,
    guarded::{caught, caught_future},
    stream::Stream,
};
use crate::{
    connection::Upgrade,
    error::Error,
    options::{Options, Request, Transport},
    wire::{
        connect,
        upgrade::{self, Upgraded},
    },
};

/// How far the client's side of the connection is.
#[derive(Default)]
pub(super) enum Link {
    #[default]
    None,
    /// The hook, DNS, TCP and TLS.
    Opening(Attempt<Box<(Request, Transport)>>),
    /// TCP and TLS are up.
    Opened(Box<(Request, Transport)>),
    /// The HTTP upgrade.
    Upgrading(Attempt<Upgraded>),
    Open(Box<Connection>),
}

/// A step of an attempt: its result, or the message of a panic in the user's hook or connector.
type Attempt<T> = Pin<Box<dyn Future<Output = Result<Result<T, Error>, Arc<str>>> + Send>>;

/// The result of a step.
pub(super) enum Progress {
    Transported,
    /// With the number of bytes read behind the answer.
    Upgraded(Box<Upgrade>, usize),
    Failed(Error),
    Panicked(Arc<str>),
}

impl Link {
    pub(super) fn open(options: Arc<Options>, attempt: u64) -> Self {
        Self::Opening(Box::pin(caught_future(async move {
            let request = connect::prepare(&options, attempt).await?;
            let transport = connect::open(&options, &request).await?;
            Ok(Box::new((request, transport)))
        })))
    }

    /// Requests the upgrade on the transport that is open; the attempt ends at the deadline.
    pub(super) fn upgrade(&mut self, options: Arc<Options>, deadline: Option<Instant>) {
        if let Self::Opened(opened) = mem::take(self) {
            let (request, transport) = *opened;
            let upgrading = async move { upgrade::upgrade(transport, request, &options, deadline).await };
            *self = Self::Upgrading(Box::pin(caught_future(upgrading)));
        }
    }

    /// Whether an attempt is under way.
    pub(super) fn is_attempt(&self) -> bool {
        match self {
            Self::Opening(_) | Self::Upgrading(_) => true,
            Self::None | Self::Opened(_) | Self::Open(_) => false,
        }
    }

    /// Polls the attempt, if one is under way.
    pub(super) fn poll(&mut self, options: &Options, cx: &mut Context<'_>) -> Poll<Progress> {
        let (next, progress) = match self {
            Self::None | Self::Opened(_) | Self::Open(_) => return Poll::Pending,
            Self::Opening(attempt) => match ready!(attempt.as_mut().poll(cx)) {
                Ok(Ok(opened)) => (Self::Opened(opened), Progress::Transported),
                Ok(Err(error)) => (Self::None, Progress::Failed(error)),
                Err(panic) => (Self::None, Progress::Panicked(panic)),
            },
            Self::Upgrading(attempt) => match ready!(attempt.as_mut().poll(cx)) {
                Ok(Ok(Upgraded { io, read, upgrade, deflate })) => {
                    let progress = Progress::Upgraded(Box::new(upgrade.clone()), read.len());
                    let stream = Stream::new(io, read, deflate, options);
                    (Self::Open(Box::new(Connection::new(stream, &upgrade))), progress)
                }
                Ok(Err(error)) => (Self::None, Progress::Failed(error)),
                Err(panic) => (Self::None, Progress::Panicked(panic)),
            },
        };
        // The future of the step that ended may hold the user's values, whose drop may panic.
        match caught(|| *self = next) {
            Ok(()) => Poll::Ready(progress),
            Err(panic) => Poll::Ready(Progress::Panicked(panic)),
        }
    }

    #[inline]
    pub(super) fn connection(&mut self) -> Option<&mut Connection> {
        match self {
            Self::Open(connection) => Some(connection),
            Self::None | Self::Opening(_) | Self::Opened(_) | Self::Upgrading(_) => None,
        }
    }
}
