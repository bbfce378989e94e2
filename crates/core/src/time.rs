//! Instants and durations as plain numbers, so that nothing here reads a clock.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, fmt, str::FromStr};

/// Milliseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The instant `duration` later; saturates at the end of time.
    #[must_use]
    pub fn plus(self, duration: Span) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.0).unwrap_or(i64::MAX)))
    }

    /// Milliseconds from `earlier` to `self`, never negative.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }
}

/// A duration in milliseconds, written `250ms`, `10s`, `30m`, `4h`, `2d` or combined (`1h30m`). At most ten years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(pub u64);

impl Span {
    /// The longest duration a document may name: ten years.
    pub const MAX: Self = Self(10 * 365 * 86_400_000);

    /// A span of whole seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(seconds * 1000)
    }
}

const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("ms", 1), ("m", 60_000), ("s", 1000)];

/// Why a duration was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration: write it like 250ms, 10s, 30m, 4h, 2d or 1h30m, at most ten years")]
pub struct SpanError(String);

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let refused = || SpanError(text.chars().take(40).collect());
        let mut rest = text.trim();
        let mut total: u64 = 0;
        if rest.is_empty() {
            return Err(refused());
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(refused)?;
            let amount: u64 = rest[..digits].parse().map_err(|_| refused())?;
            rest = &rest[digits..];
            let (unit, millis) = UNITS.iter().find(|(unit, _)| rest.starts_with(unit)).ok_or_else(refused)?;
            rest = &rest[unit.len()..];
            total = amount.checked_mul(*millis).and_then(|part| total.checked_add(part)).ok_or_else(refused)?;
        }
        if total > Self::MAX.0 { Err(refused()) } else { Ok(Self(total)) }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0;
        if left == 0 {
            return f.write_str("0s");
        }
        for (unit, millis) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] {
            let amount = left / millis;
            if amount > 0 {
                write!(f, "{amount}{unit}")?;
                left %= millis;
            }
        }
        Ok(())
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^([0-9]+(ms|s|m|h|d))+$", "description": "A duration such as 10s, 30m, 4h or 1h30m." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_and_write_the_same() {
        for (text, millis) in [("250ms", 250), ("10s", 10_000), ("1h30m", 5_400_000), ("2d", 172_800_000)] {
            let span: Span = text.parse().unwrap();
            assert_eq!(span.0, millis);
            assert_eq!(span.to_string(), text);
        }
    }

    #[test]
    fn nonsense_spans_are_refused() {
        for text in ["", "10", "s", "-1s", "1w", "99999999999999999999s", "4000d", "1.5h"] {
            assert!(text.parse::<Span>().is_err(), "{text} was accepted");
        }
    }
}
