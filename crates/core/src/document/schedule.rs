//! When a schedule fires: a cron expression read in a time zone. Gives times for times; no clock is read.

use croner::{
    Cron,
    errors::CronError,
    parser::{CronParser, Seconds, Year},
};
use jiff::{Timestamp, Zoned, tz::TimeZone};

/// Longest cron expression, in bytes.
pub const CRON_BYTES_MAX: usize = 200;
/// A leap year's first day, from where it is tried whether an expression ever fires: 2024-01-01T00:00:00Z.
const TRIED_FROM_MS: i64 = 1_704_067_200_000;

/// Why a schedule cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// The expression has no meaning.
    #[error("{0}")]
    Cron(String),
    /// The expression has a meaning, but no day is ever like that (30 February).
    #[error("it never fires")]
    Never,
    /// No such zone in the IANA list this build carries.
    #[error("no time zone is called that")]
    TimeZone,
}

/// A schedule that can be kept.
#[derive(Debug, Clone)]
pub struct Schedule {
    cron: Cron,
    zone: TimeZone,
}

impl Schedule {
    /// Reads a cron expression of five fields, of six that begin with seconds (or `@daily` and the like) and the IANA name of a time zone.
    pub fn parse(cron: &str, time_zone: &str) -> Result<Self, ScheduleError> {
        let zone = time_zone_named(time_zone).ok_or(ScheduleError::TimeZone)?;
        let schedule = Self { cron: parse_cron(cron)?, zone };
        schedule.next_after(TRIED_FROM_MS).ok_or(ScheduleError::Never)?;
        Ok(schedule)
    }

    /// The first time after `now` at which it fires, both in milliseconds since the epoch; `None` when it never does
    /// again. A time that the clocks skip is made up for at the end of the gap; one that comes twice fires once,
    /// unless the expression fires every so often.
    #[must_use]
    pub fn next_after(&self, now: i64) -> Option<i64> {
        let now = Timestamp::from_millisecond(now).ok()?;
        let next = self.cron.find_next_occurrence(&Zoned::new(now, self.zone.clone()), false).ok()?;
        Some(next.timestamp().as_millisecond())
    }
}

/// The time zone of this IANA name (`Europe/Berlin`, `UTC`), from the list this build carries: the same on every machine.
#[must_use]
pub fn time_zone_named(name: &str) -> Option<TimeZone> {
    crate::time_zone::TimeZone::named(name).map(crate::time_zone::TimeZone::rules)
}

/// The expression alone.
pub(crate) fn parse_cron(cron: &str) -> Result<Cron, ScheduleError> {
    if cron.len() > CRON_BYTES_MAX {
        return Err(ScheduleError::Cron(format!("a cron expression has at most {CRON_BYTES_MAX} bytes")));
    }
    // `5/10` is read as "from 5 every 10", as most crons do.
    let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).sloppy_ranges(true).build();
    parser.parse(cron).map_err(|error| ScheduleError::Cron(in_our_words(error)))
}

fn in_our_words(error: CronError) -> String {
    match error {
        CronError::EmptyPattern | CronError::InvalidPattern(_) => {
            "a cron expression has five fields, or six with seconds".to_owned()
        }
        CronError::IllegalCharacters(what) | CronError::ComponentError(what) => what,
        CronError::InvalidDate | CronError::InvalidTime | CronError::TimeSearchLimitExceeded => {
            "it never fires".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn what_is_a_cron_expression() {
        for good in [
            "* * * * *",
            "0 9 * * MON-FRI",
            "*/15 0-6,22 1,15 jan 7",
            "5/10 0 1 1-6/2 0",
            "0 0 29 2 *",
            "@daily",
            "*/10 * * * * *",
        ] {
            assert!(Schedule::parse(good, "UTC").is_ok(), "{good}");
        }
        for bad in [
            "",
            "* * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 8",
            "5-1 * * * *",
            "*/0 * * * *",
            "a * * * *",
            "+5 * * * *",
            "-1 * * * *",
            "@never",
        ] {
            assert!(matches!(Schedule::parse(bad, "UTC"), Err(ScheduleError::Cron(_))), "{bad}");
        }
        for never in ["0 0 30 2 *", "0 0 31 4,6 *"] {
            assert_eq!(Schedule::parse(never, "UTC").unwrap_err(), ScheduleError::Never, "{never}");
        }
    }

    #[test]
    fn what_is_a_time_zone() {
        for good in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Kathmandu", "Etc/GMT+5"] {
            assert!(Schedule::parse("0 9 * * *", good).is_ok(), "{good}");
        }
        for bad in ["", "Mars/Phobos", "Europe/Berlim", "CEST", "+02:00", "../etc/passwd"] {
            assert_eq!(Schedule::parse("0 9 * * *", bad).unwrap_err(), ScheduleError::TimeZone, "{bad}");
        }
    }

    #[test]
    fn it_fires_by_the_clock_on_the_wall() {
        let daily = Schedule::parse("0 9 * * *", "Europe/Berlin").unwrap();
        for (now, next) in [
            ("2026-03-28T07:59:59.999Z", "2026-03-28T08:00:00Z"),
            // Not the moment itself again; and the summer begins.
            ("2026-03-28T08:00:00Z", "2026-03-29T07:00:00Z"),
            ("2026-10-24T07:00:00.001Z", "2026-10-25T08:00:00Z"),
        ] {
            assert_eq!(daily.next_after(at(now)), Some(at(next)), "{now}");
        }
    }

    #[test]
    fn clocks_that_are_set_forward_and_back() {
        // 02:30 is skipped on 29 March and comes twice on 25 October.
        let nightly = Schedule::parse("30 2 * * *", "Europe/Berlin").unwrap();
        assert_eq!(nightly.next_after(at("2026-03-28T12:00:00Z")), Some(at("2026-03-29T01:00:00Z")));
        assert_eq!(nightly.next_after(at("2026-03-29T01:00:00Z")), Some(at("2026-03-30T00:30:00Z")));
        assert_eq!(nightly.next_after(at("2026-10-24T12:00:00Z")), Some(at("2026-10-25T00:30:00Z")));
        assert_eq!(nightly.next_after(at("2026-10-25T00:30:00Z")), Some(at("2026-10-26T01:30:00Z")));
        let often = Schedule::parse("*/30 * * * *", "Europe/Berlin").unwrap();
        assert_eq!(often.next_after(at("2026-10-25T00:30:00Z")), Some(at("2026-10-25T01:00:00Z")));
    }

    #[test]
    fn times_out_of_all_bounds_fire_nothing() {
        let daily = Schedule::parse("0 9 * * *", "UTC").unwrap();
        assert_eq!(daily.next_after(i64::MAX), None);
        assert_eq!(daily.next_after(i64::MIN), None);
    }
}
