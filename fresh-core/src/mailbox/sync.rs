//! The primitives that the mailbox is built on; `tests/loom` has others of the same names in their place.

pub(super) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicUsize, Ordering},
};

pub(super) use tokio::sync::{Semaphore, SemaphorePermit, TryAcquireError};
