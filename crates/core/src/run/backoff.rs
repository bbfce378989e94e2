//! How long to wait before the next attempt.

use crate::{
    document::{Backoff, Retry},
    time::Span,
};

/// The longest pause another side may ask for: one day.
const ASKED_MAX: Span = Span::seconds(86_400);

/// The pause before attempt `next` (2 for the first repeat): between half and the whole of the grown pause,
/// never shorter than what the other side asked for.
#[must_use]
pub(crate) fn pause(retry: &Retry, next: u32, jitter_per_mille: u16, asked_seconds: Option<u64>) -> Span {
    let grown = match retry.backoff {
        Backoff::Constant => retry.initial.0,
        Backoff::Exponential => {
            let doublings = next.saturating_sub(2).min(40);
            retry.initial.0.saturating_mul(1_u64 << doublings)
        }
    };
    let capped = grown.min(retry.max.0);
    let half = capped / 2;
    let jittered = half + (capped - half) * u64::from(jitter_per_mille.min(1000)) / 1000;
    let asked = asked_seconds.map_or(0, |seconds| seconds.saturating_mul(1000)).min(ASKED_MAX.0);
    Span(jittered.max(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_within_its_bounds() {
        let retry = Retry { attempts: 9, backoff: Backoff::Exponential, initial: Span(1000), max: Span(5000) };
        assert_eq!(pause(&retry, 2, 1000, None), Span(1000));
        assert_eq!(pause(&retry, 3, 1000, None), Span(2000));
        assert_eq!(pause(&retry, 3, 0, None), Span(1000));
        assert_eq!(pause(&retry, 60, 1000, None), Span(5000));
        assert_eq!(pause(&retry, 2, 0, Some(30)), Span(30_000));
    }
}
