//! Time zones by their IANA names, from the tables compiled in: no file and no clock is read.

use crate::time::Timestamp;
use jiff::tz::TimeZoneDatabase;
use std::sync::OnceLock;

/// A time zone.
#[derive(Debug, Clone)]
pub struct TimeZone(jiff::tz::TimeZone);

impl TimeZone {
    /// The zone of an IANA name such as `Europe/Berlin` or `UTC`; `None` when there is none of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        static TABLES: OnceLock<TimeZoneDatabase> = OnceLock::new();
        TABLES.get_or_init(TimeZoneDatabase::bundled).get(name).ok().map(Self)
    }

    /// Its rules, for who reckons with them.
    pub(crate) fn rules(self) -> jiff::tz::TimeZone {
        self.0
    }

    /// A zone that is always so many seconds east of UTC; `None` beyond 25 hours.
    pub(crate) fn fixed(seconds: i32) -> Option<Self> {
        jiff::tz::Offset::from_seconds(seconds).ok().map(|offset| Self(offset.to_time_zone()))
    }

    /// Seconds east of UTC at that instant; `None` for an instant outside the years -9999 to 9999.
    #[must_use]
    pub fn offset_seconds(&self, at: Timestamp) -> Option<i32> {
        let at = jiff::Timestamp::from_millisecond(at.0).ok()?;
        Some(self.0.to_offset(at).seconds())
    }

    /// The instant at which clocks there show what clocks in UTC show at `shown`. Of a time shown twice the first; a
    /// time that is skipped is taken as far after the gap as it is into it.
    #[must_use]
    pub fn instant(&self, shown: Timestamp) -> Option<Timestamp> {
        let shown = jiff::Timestamp::from_millisecond(shown.0).ok()?;
        let civil = jiff::tz::Offset::UTC.to_datetime(shown);
        let instant = self.0.to_ambiguous_timestamp(civil).compatible().ok()?;
        Some(Timestamp(instant.as_millisecond()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_or_not() {
        for good in
            ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Etc/GMT+5", "America/Argentina/Ushuaia"]
        {
            assert!(TimeZone::named(good).is_some(), "{good}");
        }
        for bad in ["", "Berlin", "Europe/Atlantis", "CEST+1", "../etc/passwd", "+05:30", "Europe/Berlin "] {
            assert!(TimeZone::named(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn clocks_that_are_turned() {
        let berlin = TimeZone::named("Europe/Berlin").unwrap();
        let summer = Timestamp(1_774_746_000_000); // 2026-03-29T01:00Z, when summer time begins
        assert_eq!(berlin.offset_seconds(Timestamp(summer.0 - 1)), Some(3_600));
        assert_eq!(berlin.offset_seconds(summer), Some(7_200));
        // 02:30 is skipped that night: 03:30 in summer time.
        assert_eq!(berlin.instant(Timestamp(summer.0 + 90 * 60_000)), Some(Timestamp(summer.0 + 30 * 60_000)));
        // 02:30 on 2026-10-25 is shown twice: the first is still summer time.
        assert_eq!(berlin.instant(Timestamp(1_792_895_400_000)), Some(Timestamp(1_792_888_200_000)));
        assert_eq!(TimeZone::named("America/St_Johns").unwrap().offset_seconds(Timestamp(0)), Some(-12_600));
    }
}
