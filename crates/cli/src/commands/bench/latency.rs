//! Percentiles of measured times.

use std::time::Duration;

/// Measured times, in ascending order.
#[derive(Debug, Clone, Default)]
pub(super) struct Latencies(Vec<Duration>);

impl FromIterator<Duration> for Latencies {
    fn from_iter<T: IntoIterator<Item = Duration>>(times: T) -> Self {
        let mut times: Vec<Duration> = times.into_iter().collect();
        times.sort_unstable();
        Self(times)
    }
}

impl Latencies {
    /// How many were measured.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// The time that this part (0 to 1) of all are not above, milliseconds; nothing when nothing was measured.
    pub(super) fn ms(&self, part: f64) -> Option<f64> {
        let last = self.0.len().checked_sub(1)?;
        let index = (last as f64 * part.clamp(0.0, 1.0)).round() as usize;
        Some(self.0[index.min(last)].as_secs_f64() * 1e3)
    }

    /// The median, milliseconds.
    pub(super) fn p50(&self) -> Option<f64> {
        self.ms(0.5)
    }

    /// What 99 of 100 are not above, milliseconds.
    pub(super) fn p99(&self) -> Option<f64> {
        self.ms(0.99)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_measured_values() {
        let times: Latencies = (1..=101).rev().map(Duration::from_millis).collect();
        assert_eq!(times.count(), 101);
        assert_eq!((times.p50(), times.p99()), (Some(51.0), Some(100.0)));
        assert_eq!((times.ms(0.0), times.ms(1.0), times.ms(7.0)), (Some(1.0), Some(101.0), Some(101.0)));
    }

    #[test]
    fn nothing_measured_has_no_percentile() {
        assert_eq!(Latencies::default().p50(), None);
    }
}
