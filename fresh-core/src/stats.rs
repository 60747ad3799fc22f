//! What a client counts.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What a client has counted since it was started; a snapshot by `client.stats()`.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Stats {
            $($(#[$doc])* pub $name: u64,)*
        }

        /// The same counters, shared between the driver and the handles.
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: Counter,)*
            latency: AtomicU64,
        }

        impl Counters {
            pub(crate) fn snapshot(&self) -> Stats {
                Stats { $($name: self.$name.0.load(Ordering::Relaxed),)* }
            }
        }
    };
}

counters! {
    /// Attempts to connect, successful or not.
    attempts,
    /// Connections that were established; all but the first are reconnections.
    connections,
    /// Messages received.
    messages_received,
    /// Bytes read from the socket after the upgrade, the bytes of frame heads included; inside TLS.
    bytes_received,
    /// Frames written to the socket, but for pings, pongs and close frames of the runtime's own. A message of
    /// `send_stream` counts once, when all of it is written.
    frames_sent,
    /// Bytes written to the socket after the upgrade, the bytes of frame heads included; inside TLS.
    bytes_sent,
    /// Payload bytes of compressed messages received, as they came. What compression spared the network is
    /// `inflate_bytes_out - inflate_bytes_in`; messages that came uncompressed are not among them.
    inflate_bytes_in,
    /// Bytes that those messages became when they were decompressed.
    inflate_bytes_out,
    /// Payload bytes of the messages that were sent compressed, before that. What compression spared the network is
    /// `deflate_bytes_in - deflate_bytes_out`; messages that were sent uncompressed are not among them.
    deflate_bytes_in,
    /// Bytes that those messages became when they were compressed.
    deflate_bytes_out,
    /// Frames that were accepted, or replied by a callback, and did not go out; but for those of `send_confirmed` and
    /// `send_stream`, which tell their caller instead, unless that call was dropped.
    frames_lost,
    /// Messages received that no callback was told of, because the client ended or was told to connect anew.
    messages_lost,
    /// Infos that no callback was told of, because the client ended.
    infos_lost,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// One more, where the driver alone counts: cheaper than [`add`](Self::add), and wrong for several.
    #[inline]
    pub(crate) fn count(&self) {
        self.0.store(self.0.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }
}

/// In `latency`: no ping of ours has come back yet.
const UNKNOWN: u64 = 0;

impl Counters {
    pub(crate) fn set_latency(&self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.latency.store(nanos.max(UNKNOWN + 1), Ordering::Relaxed);
    }

    pub(crate) fn latency(&self) -> Option<Duration> {
        match self.latency.load(Ordering::Relaxed) {
            UNKNOWN => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }
}
