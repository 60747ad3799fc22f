//! The mailbox between the handles of a client and its driver: frames and infos, each bounded, and controls, which are not.
//!
//! `mail` has the entries. `queue` (the handles' end) and `post` (the driver's end) know neither the entries nor the rest
//! of the crate, and take their primitives from `sync`, so that `tests/loom` can check them in every interleaving.

mod mail;
mod post;
mod queue;
mod sync;
#[cfg(test)]
mod tests;

pub(crate) use self::{
    mail::{Close, Confirm, Control, Mail, Pieces},
    queue::Refused,
};

/// The handles' end of a client's mailbox.
pub(crate) type Mailbox<I> = queue::Mailbox<Mail, I, Control>;

/// The driver's end of a client's mailbox.
pub(crate) type Post<I> = post::Post<Mail, I, Control>;
