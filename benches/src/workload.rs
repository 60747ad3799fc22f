//! What is measured: the workloads and the numbers that define them.

use fresh::Message;

use crate::clients::Peer;

/// A workload: what a client does, and who does it.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) job: Job,
    pub(crate) payload: Payload,
    pub(crate) tls: bool,
    /// How many messages one round has.
    pub(crate) count: u64,
    pub(crate) peers: &'static [Peer],
}

/// What a client does once it is connected.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Job {
    /// Sends `window` messages, then sends back each that comes.
    Echo { window: u64 },
    /// Receives what the server sends.
    Receive,
    /// Waits for a message that does not come.
    Wait,
    /// Sends from so many tasks at once; the server says when it has everything.
    Send { tasks: u64 },
}

/// What each message holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Payload {
    Text(usize),
    Binary(usize),
}

impl Payload {
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Text(len) | Self::Binary(len) => len,
        }
    }

    pub(crate) fn is_text(self) -> bool {
        matches!(self, Self::Text(_))
    }

    pub(crate) fn message(self) -> Message {
        match self {
            Self::Text(len) => Message::Text("m".repeat(len).into()),
            Self::Binary(len) => Message::Binary(vec![b'm'; len].into()),
        }
    }
}

impl Workload {
    /// The path by which the server is told what to do.
    pub(crate) fn path(&self, count: u64) -> String {
        match self.job {
            Job::Echo { .. } => "/echo".to_owned(),
            Job::Receive => {
                let kind = if self.payload.is_text() { "text" } else { "binary" };
                format!("/flood/{kind}/{}/{count}", self.payload.len())
            }
            Job::Wait => "/idle".to_owned(),
            Job::Send { .. } => format!("/sink/{count}"),
        }
    }

    pub(crate) fn named(name: &str) -> fresh::Result<&'static Self> {
        let found = WORKLOADS.iter().find(|workload| workload.name.eq_ignore_ascii_case(name));
        Ok(found.ok_or_else(|| format!("there is no workload {name}"))?)
    }
}

const KI: usize = 1024;

/// All but what is only measured where messages are written by hand.
const AS_DOCUMENTED: &[Peer] =
    &[Peer::Fastwebsockets, Peer::Tungstenite, Peer::Websockets, Peer::Yawc, Peer::Ezsockets, Peer::Fresh];

const WITH_BY_HAND: &[Peer] = &[
    Peer::Fastwebsockets,
    Peer::Tungstenite,
    Peer::Websockets,
    Peer::Yawc,
    Peer::YawcByHand,
    Peer::Ezsockets,
    Peer::Fresh,
];

/// Those with a handle that tasks can share, and the yardstick, which sends from one task.
const SHARED: &[Peer] = &[Peer::Fastwebsockets, Peer::Ezsockets, Peer::Fresh];

pub(crate) const WORKLOADS: &[Workload] = &[
    Workload {
        name: "W1",
        title: "ping-pong, 32 B text",
        job: Job::Echo { window: 1 },
        payload: Payload::Text(32),
        tls: false,
        count: 20_000,
        peers: AS_DOCUMENTED,
    },
    Workload {
        name: "W2",
        title: "echo, 256 in flight, 64 B binary",
        job: Job::Echo { window: 256 },
        payload: Payload::Binary(64),
        tls: false,
        count: 500_000,
        peers: WITH_BY_HAND,
    },
    Workload {
        name: "W3",
        title: "receive 64 B text",
        job: Job::Receive,
        payload: Payload::Text(64),
        tls: false,
        count: 4_000_000,
        peers: AS_DOCUMENTED,
    },
    Workload {
        name: "W3b",
        title: "receive 1 KiB text",
        job: Job::Receive,
        payload: Payload::Text(KI),
        tls: false,
        count: 1_500_000,
        peers: AS_DOCUMENTED,
    },
    Workload {
        name: "W3c",
        title: "receive 16 KiB text",
        job: Job::Receive,
        payload: Payload::Text(16 * KI),
        tls: false,
        count: 100_000,
        peers: AS_DOCUMENTED,
    },
    Workload {
        name: "W4",
        title: "echo 1 MiB binary",
        job: Job::Echo { window: 1 },
        payload: Payload::Binary(KI * KI),
        tls: false,
        count: 1_000,
        peers: AS_DOCUMENTED,
    },
    Workload {
        name: "W5",
        title: "send 64 B binary",
        job: Job::Send { tasks: 1 },
        payload: Payload::Binary(64),
        tls: false,
        count: 500_000,
        peers: WITH_BY_HAND,
    },
    Workload {
        name: "W6",
        title: "receive 64 B text over TLS",
        job: Job::Receive,
        payload: Payload::Text(64),
        tls: true,
        count: 4_000_000,
        peers: AS_DOCUMENTED,
    },
    Workload {
        name: "W9",
        title: "send 64 B binary from eight tasks",
        job: Job::Send { tasks: 8 },
        payload: Payload::Binary(64),
        tls: false,
        count: 500_000,
        peers: SHARED,
    },
];
