//! Processes that share a database: who is alive, who takes up the runs of the dead, who fires what is due.

mod lease;
mod nodes;
mod timers;

pub(crate) use lease::Lease;
