//! Working time: weekly hours and holidays of a place, and when so much of it has passed.

use crate::{
    document::{Calendar, Weekday},
    time::{Span, Timestamp},
    time_zone::TimeZone,
};
use jiff::civil::{Date, Time, Weekday as Civil};
use std::collections::BTreeSet;

/// Days looked at: more than a century of them.
const DAYS_MAX: u32 = 40_000;

/// When people of a place work.
#[derive(Debug, Clone)]
pub struct WorkingTime {
    zone: jiff::tz::TimeZone,
    /// By weekday from Monday: begin and end in minutes of the day, in order.
    hours: [Vec<(u16, u16)>; 7],
    holidays: BTreeSet<Date>,
}

/// Why a calendar cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// No such zone in the IANA list this build carries.
    #[error("no time zone is called `{0}`")]
    TimeZone(String),
    /// Hours that are none.
    #[error("`{0}` are no hours: write them like 09:00-17:30, each after the one before")]
    Hours(String),
    /// A day that is none.
    #[error("`{0}` is no day: write it like 2026-12-25")]
    Holiday(String),
    /// Nobody ever works.
    #[error("it has no working hours")]
    Never,
}

impl WorkingTime {
    /// Reads a calendar.
    ///
    /// # Errors
    /// What of it cannot be kept.
    pub fn of(calendar: &Calendar) -> Result<Self, CalendarError> {
        let zone = TimeZone::named(&calendar.time_zone);
        let zone = zone.ok_or_else(|| CalendarError::TimeZone(calendar.time_zone.clone()))?.rules();
        let mut hours: [Vec<(u16, u16)>; 7] = Default::default();
        for (day, written) in &calendar.hours {
            let mut ranges: Vec<(u16, u16)> = Vec::with_capacity(written.len());
            for text in written {
                let range = range(text).filter(|(begin, _)| ranges.last().is_none_or(|(_, end)| end <= begin));
                ranges.push(range.ok_or_else(|| CalendarError::Hours(text.clone()))?);
            }
            if let Some(of_day) = hours.get_mut(index(*day)) {
                *of_day = ranges;
            }
        }
        if hours.iter().all(Vec::is_empty) {
            return Err(CalendarError::Never);
        }
        let day = |text: &String| text.parse::<Date>().map_err(|_| CalendarError::Holiday(text.clone()));
        let holidays = calendar.holidays.iter().map(day).collect::<Result<_, _>>()?;
        Ok(Self { zone, hours, holidays })
    }

    /// When so much working time has passed since `from`: within the hours in which the last of it passes. Nothing beyond
    /// the times that are reckoned with.
    #[must_use]
    pub fn after(&self, from: Timestamp, span: Span) -> Option<Timestamp> {
        let mut left = i64::try_from(span.0).ok()?;
        let start = jiff::Timestamp::from_millisecond(from.0).ok()?;
        // A day may have begun earlier elsewhere: hours that cross a change of the clocks belong to their own day.
        let mut day = start.to_zoned(self.zone.clone()).date();
        for _ in 0..DAYS_MAX {
            for (begin, end) in self.of_day(day) {
                let (begin, end) = (self.instant(day, *begin)?.max(from.0), self.instant(day, *end)?);
                if end <= begin {
                    continue;
                }
                if left <= end - begin {
                    return Some(Timestamp(begin + left));
                }
                left -= end - begin;
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    fn of_day(&self, day: Date) -> &[(u16, u16)] {
        if self.holidays.contains(&day) {
            return &[];
        }
        self.hours.get(civil_index(day.weekday())).map_or(&[], Vec::as_slice)
    }

    /// The instant at which clocks there show that minute of the day; of a time shown twice the first, one that is skipped
    /// as far after the gap as it is into it.
    fn instant(&self, day: Date, minute: u16) -> Option<i64> {
        let (day, minute) = if minute == 24 * 60 { (day.tomorrow().ok()?, 0) } else { (day, minute) };
        let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
        let civil = day.to_datetime(Time::new(hour, minute, 0, 0).ok()?);
        let instant = self.zone.to_ambiguous_timestamp(civil).compatible().ok()?;
        Some(instant.as_millisecond())
    }
}

fn index(day: Weekday) -> usize {
    match day {
        Weekday::Mon => 0,
        Weekday::Tue => 1,
        Weekday::Wed => 2,
        Weekday::Thu => 3,
        Weekday::Fri => 4,
        Weekday::Sat => 5,
        Weekday::Sun => 6,
    }
}

fn civil_index(day: Civil) -> usize {
    usize::try_from(day.to_monday_zero_offset()).unwrap_or_default()
}

/// `09:00-17:30` in minutes of the day.
fn range(text: &str) -> Option<(u16, u16)> {
    let (begin, end) = text.split_once('-')?;
    let (begin, end) = (minute(begin.trim())?, minute(end.trim())?);
    (begin < end).then_some((begin, end))
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |text: &str, length: usize| text.len() <= length && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hour, 2) || minute.len() != 2 || !digits(minute, 2) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (minute < 60 && hour * 60 + minute <= 24 * 60).then_some(hour * 60 + minute)
}
