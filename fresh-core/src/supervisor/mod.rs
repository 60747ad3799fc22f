//! Supervision as OTP has it: children that start in order, stop in reverse, and are restarted by rules.
//!
//! A child is a client, another supervisor, or any future that is given a `CancellationToken`:
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use fresh_core::{
//!     Handler, Options,
//!     supervisor::{ChildSpec, Strategy, Supervisor},
//! };
//!
//! struct Prices;
//!
//! impl Handler for Prices {
//!     type Info = ();
//! }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let options = Options::new("wss://example.com/prices")?;
//! let supervisor = Supervisor::builder(Strategy::OneForOne)
//!     .intensity(3, Duration::from_secs(5))
//!     .child(ChildSpec::client("prices", options, |_client| Prices))
//!     .child(ChildSpec::new("report", |stop| async move { stop.cancelled().await }))
//!     .start()
//!     .await?;
//! println!("{}", supervisor.closed().await); // an ExitReason
//! # Ok(())
//! # }
//! ```
//!
//! # What follows from the end of a child
//!
//! | the child is | ended `Normal` or `Stopped` | ended abnormally |
//! |---|---|---|
//! | permanent | restarted | restarted |
//! | transient | its spec is kept | restarted |
//! | temporary | its spec is forgotten | its spec is forgotten |
//!
//! A restart concerns the child alone (one_for_one), all children (one_for_all), or the child and those behind it
//! (rest_for_one): those that still run are stopped in reverse order, temporary ones forgotten, and all start in
//! order, those that had been stopped before included. It counts once. The restart after `intensity` of them within
//! `period` ends the supervisor instead: its other children stop in reverse order, it ends with
//! [`ExitReason::Intensity`](crate::ExitReason::Intensity), and the supervisor above it acts by the same table.
//!
//! A restart that fails, because a child does not start, counts too, and is tried again, behind the calls that came
//! meanwhile.
//!
//! The end of a child that was stopped, by a call or with its siblings, is followed by nothing of this.
//!
//! # How it is built
//!
//! `policy` is the data of the rules; `decide` the table above, a pure function of rules, end, restarts so far and
//! time; `roster` the children in order; `nursery` their tasks; `presence` whether a task is alive; `ending` the end of a
//! child or of the supervisor, for those who wait for it; `run` waits for what happens, asks `decide`, and does
//! what it says.

mod builder;
mod child;
mod client;
mod decide;
mod dynamic;
mod ending;
mod error;
mod events;
mod handle;
mod info;
mod nursery;
mod outcome;
mod policy;
mod presence;
mod request;
mod roster;
mod run;

pub use crate::exit::child_id::{ChildId, ChildPath};
pub use builder::SupervisorBuilder;
pub use child::{Child, ChildSpec};
pub use dynamic::{DynamicSupervisor, DynamicSupervisorBuilder};
pub use error::{ChildError, StartError};
pub use events::Event;
pub use handle::Supervisor;
pub use info::{ChildInfo, ChildState, Counts};
pub use outcome::Outcome;
pub use policy::{AutoShutdown, ChildKind, Intensity, Policy, Restart, Shutdown, SignificanceError, Strategy};
