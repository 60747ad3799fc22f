//! Calls of a client's own handle inside its callbacks: which of them wait for themselves, and what they return then.

mod acting;
mod connected;
mod ending;
mod infos;
mod names;
mod others;
mod sending;
