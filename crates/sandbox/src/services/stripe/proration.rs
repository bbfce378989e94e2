//! What a change in the middle of a billing period costs.
//!
//! Stripe prorates by the second. The sandbox prorates by whole days, so that the amount a manager saw stays the amount
//! that is charged without every caller freezing the clock: upgrading a seeded Pro subscription costs 7200 − 2940 = 4260.

use super::{error::StripeError, state::Price};

const DAY: i64 = 86_400;
/// Length of every billing period.
pub(super) const PERIOD_DAYS: i64 = 30;
/// How far into the period the seeded subscriptions are. The half day keeps the whole-day count the same for twelve
/// hours on either side of the sandbox's start.
pub(super) const SEEDED_AGE_SECONDS: i64 = 12 * DAY + DAY / 2;

/// A billing period, in seconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) start: i64,
    pub(super) end: i64,
}

impl Period {
    /// The period around `now` in the chain of periods that starts at `anchor`.
    pub(super) fn around(anchor: i64, now: i64) -> Self {
        let length = PERIOD_DAYS * DAY;
        let start = anchor + (now - anchor).div_euclid(length) * length;
        Self { start, end: start + length }
    }

    /// Days of the period that are left at `moment`; a day that has begun counts as left.
    pub(super) fn days_left(self, moment: i64) -> i64 {
        PERIOD_DAYS - (moment - self.start).div_euclid(DAY)
    }

    /// The moment to prorate at: what was asked for, if it lies in this period, else now.
    pub(super) fn moment(self, asked: Option<i64>, now: i64, shown: &str) -> Result<i64, StripeError> {
        match asked {
            None => Ok(now),
            Some(moment) if (self.start..self.end).contains(&moment) => Ok(moment),
            Some(_) => Err(StripeError::invalid(format!(
                "The proration date must be within the current billing period, {} to {}.",
                self.start, self.end
            ))
            .at(shown)),
        }
    }
}

/// The share of an amount that falls on the days left, rounded half away from zero.
pub(super) fn share(amount: i64, days_left: i64) -> i64 {
    let (numerator, half) = (amount * days_left, PERIOD_DAYS / 2);
    if numerator >= 0 { (numerator + half) / PERIOD_DAYS } else { (numerator - half) / PERIOD_DAYS }
}

/// Something that is billed per period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) price: &'static Price,
    pub(super) quantity: i64,
}

/// One line of a prorated invoice.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) item: Item,
    pub(super) amount: i64,
    pub(super) description: String,
}

/// The lines that turn `before` into `after` with that many days left: a credit for every item that goes, a charge for
/// every item that comes.
pub(super) fn lines(before: &[Item], after: &[Item], days_left: i64) -> Vec<Line> {
    let line = |item: &Item, sign: i64, word: &str| Line {
        item: item.clone(),
        amount: share(sign * item.price.unit_amount * item.quantity, days_left),
        description: format!("{word} time on {} ({days_left} of {PERIOD_DAYS} days)", item.price.name),
    };
    let gone = before.iter().filter(|item| !after.contains(item)).map(|item| line(item, -1, "Unused"));
    let come = after.iter().filter(|item| !before.contains(item)).map(|item| line(item, 1, "Remaining"));
    gone.chain(come).collect()
}

#[cfg(test)]
mod tests {
    use super::{DAY, Period, SEEDED_AGE_SECONDS, share};

    #[test]
    fn a_seeded_period_has_eighteen_days_left_for_half_a_day_either_way() {
        let now = 1_800_000_000;
        let period = Period::around(now - SEEDED_AGE_SECONDS, now);
        for offset in [-DAY / 2, 0, 3_600, DAY / 2 - 1] {
            assert_eq!(period.days_left(now + offset), 18);
        }
        assert_eq!(period.days_left(now + DAY / 2), 17);
        assert_eq!(period.days_left(period.start), 30);
        assert_eq!(Period::around(now, now + 30 * DAY).start, now + 30 * DAY);
    }

    #[test]
    fn shares_round_half_away_from_zero() {
        assert_eq!((share(12_000, 18), share(-4_900, 18)), (7_200, -2_940));
        assert_eq!((share(1, 15), share(-1, 15), share(1, 14)), (1, -1, 0));
    }
}
