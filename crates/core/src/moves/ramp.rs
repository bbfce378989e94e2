//! A part of the new runs takes another version.

use sha2::{Digest, Sha256};

/// A version that a part of the new runs takes instead of the active one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ramp {
    /// The version.
    pub version: u32,
    /// How many of a hundred new runs, 0 to 100.
    pub percent: u32,
}

/// The version of the new run `run`: by a hash of its id, so the choice can be explained and repeated.
#[must_use]
pub fn version_for(run: &str, active: u32, ramp: Option<Ramp>) -> u32 {
    match ramp {
        Some(ramp) if place(run) < ramp.percent.saturating_mul(100) => ramp.version,
        Some(_) | None => active,
    }
}

/// Where the run falls among ten thousand places.
fn place(run: &str) -> u32 {
    let hash = Sha256::digest(run.as_bytes());
    let first = hash.iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    u32::try_from(first % 10_000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_is_what_was_asked_for_and_the_same_run_always_falls_the_same_way() {
        for percent in [0, 1, 10, 50, 99, 100] {
            let ramp = Some(Ramp { version: 8, percent });
            let runs = (0..20_000).map(|n| format!("0197a1b2-0001-7000-8000-{n:012}"));
            let chosen = runs.filter(|run| {
                assert_eq!(version_for(run, 7, ramp), version_for(run, 7, ramp));
                version_for(run, 7, ramp) == 8
            });
            let (chosen, wanted) = (chosen.count(), 200 * percent as usize);
            assert!(chosen.abs_diff(wanted) <= 300, "{percent} %: {chosen} of 20000");
        }
        assert_eq!(version_for("any", 7, None), 7);
    }

    #[test]
    fn a_growing_ramp_keeps_the_runs_it_had() {
        let takes = |run: &str, percent| version_for(run, 1, Some(Ramp { version: 2, percent })) == 2;
        for n in 0..2_000 {
            let run = format!("run-{n}");
            assert!(!takes(&run, 10) || takes(&run, 40), "{run}");
        }
    }
}
