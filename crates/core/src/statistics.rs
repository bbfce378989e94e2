//! Numbers about many measurements.

/// How measurements are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// How many.
    pub count: u64,
    /// Half of them are at most this.
    pub p50: i64,
    /// 95 of 100 are at most this.
    pub p95: i64,
    /// The largest.
    pub max: i64,
}

/// The spread of some measurements, by nearest rank; none without any.
#[must_use]
pub fn spread(mut values: Vec<i64>) -> Option<Spread> {
    values.sort_unstable();
    let rank = |per_cent: usize| values.get((values.len() * per_cent).div_ceil(100).saturating_sub(1)).copied();
    Some(Spread { count: values.len() as u64, p50: rank(50)?, p95: rank(95)?, max: *values.last()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_measured_values() {
        assert_eq!(spread(Vec::new()), None);
        assert_eq!(spread(vec![7]), Some(Spread { count: 1, p50: 7, p95: 7, max: 7 }));
        assert_eq!(spread((1..=100).rev().collect()), Some(Spread { count: 100, p50: 50, p95: 95, max: 100 }));
        assert_eq!(spread(vec![1, 2]), Some(Spread { count: 2, p50: 1, p95: 2, max: 2 }));
    }
}
