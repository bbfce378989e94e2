//! The same scenarios on the real engine: its drives, fleet, timers and starts, on a real store, in virtual time. What is
//! simulated is only what lies between processes and around them: networks, clocks, people, services, crashes.

mod around;
mod director;
mod ending;
mod people;
mod process;
mod world;

use crate::{sabotage::Sabotage, scenario::Report};

/// Plays the scenario of a seed.
pub fn play(seed: u64, sabotage: Sabotage) -> Result<Report, String> {
    // Everything runs on this thread and time passes when all wait: the same seed gives the same scenario.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async { director::Director::new(seed, sabotage).play().await })
}
