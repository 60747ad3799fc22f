//! What connects a client with its server at this moment: nothing, an attempt, or an open stream.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use super::{callbacks::caught, stream::Stream};
use crate::{
    connection::Upgrade,
    error::Error,
    options::{Options, Request, Transport},
    wire::{
        connect,
        upgrade::{self, Upgraded},
    },
};

/// The client's side of the connection, as far as it has come.
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
    /// Messages travel.
    Open(Box<Stream>),
}

/// An attempt's step: its result, or the message of a panic in the user's hook or connector.
type Attempt<T> = Pin<Box<dyn Future<Output = Result<Result<T, Error>, Arc<str>>> + Send>>;

/// How far an attempt has come.
pub(super) enum Progress {
    Transported,
    /// With so many bytes behind the answer.
    Upgraded(Box<Upgrade>, usize),
    Failed(Error),
    Panicked(Arc<str>),
}

impl Link {
    pub(super) fn open(options: Arc<Options>, attempt: u64) -> Self {
        Self::Opening(Box::pin(caught(async move {
            let request = connect::prepare(&options, attempt).await?;
            let transport = connect::open(&options, &request).await?;
            Ok(Box::new((request, transport)))
        })))
    }

    /// Asks for the upgrade on the transport that is open; the attempt ends at the deadline.
    pub(super) fn upgrade(&mut self, options: Arc<Options>, deadline: Option<Instant>) {
        if let Self::Opened(opened) = std::mem::take(self) {
            let (request, transport) = *opened;
            let upgrading = async move { upgrade::upgrade(transport, request, &options, deadline).await };
            *self = Self::Upgrading(Box::pin(caught(upgrading)));
        }
    }

    /// Polls the attempt, where one is under way.
    pub(super) fn poll(&mut self, options: &Options, cx: &mut Context<'_>) -> Poll<Progress> {
        let (next, progress) = match self {
            Self::None | Self::Opened(_) | Self::Open(_) => return Poll::Pending,
            Self::Opening(attempt) => match std::task::ready!(attempt.as_mut().poll(cx)) {
                Ok(Ok(opened)) => (Self::Opened(opened), Progress::Transported),
                Ok(Err(error)) => (Self::None, Progress::Failed(error)),
                Err(panic) => (Self::None, Progress::Panicked(panic)),
            },
            Self::Upgrading(attempt) => match std::task::ready!(attempt.as_mut().poll(cx)) {
                Ok(Ok(Upgraded { io, read, upgrade, deflate })) => {
                    let progress = Progress::Upgraded(Box::new(upgrade), read.len());
                    (Self::Open(Box::new(Stream::new(io, read, deflate, options))), progress)
                }
                Ok(Err(error)) => (Self::None, Progress::Failed(error)),
                Err(panic) => (Self::None, Progress::Panicked(panic)),
            },
        };
        *self = next;
        Poll::Ready(progress)
    }

    pub(super) fn stream(&mut self) -> Option<&mut Stream> {
        match self {
            Self::Open(stream) => Some(stream),
            Self::None | Self::Opening(_) | Self::Opened(_) | Self::Upgrading(_) => None,
        }
    }
}
