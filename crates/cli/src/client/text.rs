//! How values of the API are written for people, and read from them.

use anyhow::bail;
use jiff::{Timestamp, civil, tz::TimeZone};
use serde::Serialize;
use serde_json::Value;

/// The value at a JSON pointer as text; empty for nothing and null, JSON for what is not a scalar.
#[must_use]
pub fn at(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The list at a JSON pointer; empty when there is none.
#[must_use]
pub fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A time in milliseconds, as [`moment`]; empty when there is none.
#[must_use]
pub fn moment_if(at: Option<i64>) -> String {
    at.map(moment).unwrap_or_default()
}

/// The word of an enum, as the API writes it.
#[must_use]
pub fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A JSON value: a text without its quotes, nothing for null.
#[must_use]
pub fn plain(value: &Value) -> String {
    at(value, "")
}

/// A time in milliseconds, in the time zone of this machine.
#[must_use]
pub fn moment(at: i64) -> String {
    moment_in(at, &TimeZone::system())
}

/// A time in milliseconds, to the second.
#[must_use]
pub fn moment_in(at: i64, zone: &TimeZone) -> String {
    match Timestamp::from_millisecond(at) {
        Ok(at) => at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => at.to_string(),
    }
}

/// A length of time in milliseconds, as precise as people care for.
#[must_use]
pub fn duration(milliseconds: i64) -> String {
    let milliseconds = milliseconds.max(0);
    let seconds = milliseconds / 1000;
    match seconds {
        0 if milliseconds < 100 => format!("{milliseconds}ms"),
        // Whole tenths: 59.96 s must not become "60.0s".
        0..60 => format!("{seconds}.{}s", milliseconds % 1000 / 100),
        60..3_600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h {:02}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d {:02}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// A word of the API in words: `timed_out` is "timed out".
#[must_use]
pub fn spaced(word: &str) -> String {
    word.replace('_', " ")
}

/// A word of the API as the start of a sentence: `timed_out` is "Timed out".
#[must_use]
pub fn words(word: &str) -> String {
    let text = spaced(word);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The text on one line of at most `length_max` characters.
#[must_use]
pub fn short(text: &str, length_max: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= length_max {
        return line;
    }
    line.chars().take(length_max.saturating_sub(1)).chain(['…']).collect()
}

/// Reads a time: `2h` (that long ago; s, m, h, d, w), milliseconds since 1970, a date or date and time in the time zone
/// of this machine, or RFC 3339.
///
/// # Errors
/// When it is none of these.
pub fn parse_moment(text: &str) -> anyhow::Result<i64> {
    parse_moment_in(text, Timestamp::now(), &TimeZone::system())
}

fn parse_moment_in(text: &str, now: Timestamp, zone: &TimeZone) -> anyhow::Result<i64> {
    let text = text.trim();
    if let Some(milliseconds) = ago(text) {
        return Ok(now.as_millisecond().saturating_sub(milliseconds));
    }
    if let Ok(milliseconds) = text.parse::<i64>() {
        return Ok(milliseconds);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.as_millisecond());
    }
    let Ok(at) = text.parse::<civil::DateTime>() else {
        bail!("`{text}` is no time: write 2h, 2026-05-31, 2026-05-31T14:00 or 2026-05-31T14:00:00Z");
    };
    Ok(at.to_zoned(zone.clone())?.timestamp().as_millisecond())
}

fn ago(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let count: i64 = text[..text.len() - unit.len_utf8()].parse().ok().filter(|count| *count >= 0)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return None,
    };
    count.checked_mul(seconds * 1000)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lengths_are_as_precise_as_people_care_for() {
        for (milliseconds, text) in [
            (-5, "0ms"),
            (12, "12ms"),
            (340, "0.3s"),
            (59_960, "59.9s"),
            (252_000, "4m 12s"),
            (3_900_000, "1h 05m"),
            (100 * 3_600_000, "4d 04h"),
        ] {
            assert_eq!(duration(milliseconds), text);
        }
    }

    #[test]
    fn times_are_read_in_every_form() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let read = |text| parse_moment_in(text, now, &zone).unwrap();
        assert_eq!(read("2h"), 1_000_000_000 - 7_200_000);
        assert_eq!(read("123"), 123);
        assert_eq!(read("1970-01-01T00:00:01Z"), 1000);
        assert_eq!(read("1970-01-01T02:00"), 0);
        assert_eq!(read("1970-01-02"), 86_400_000 - 7_200_000);
        assert!(parse_moment_in("yesterday", now, &zone).is_err());
        assert!(parse_moment_in("", now, &zone).is_err());
        assert!(parse_moment_in("9999999999999999w", now, &zone).is_err());
    }

    #[test]
    fn long_text_ends_in_an_ellipsis() {
        assert_eq!(short("a\n  b", 10), "a b");
        assert_eq!(short("äöüäöü", 4), "äöü…");
        assert_eq!(words("timed_out"), "Timed out");
        assert_eq!(words(""), "");
    }
}
