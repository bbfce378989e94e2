//! Functions of JSONata that are answered here and not by the evaluator, and the checks of arguments it leaves out:
//! URLs as ECMAScript encodes them, times in zones, numbers written as text.

use crate::{time::Timestamp, time_zone::TimeZone};
use jsonata_core::{evaluator::EvaluatorError, value::JValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What `encodeURIComponent` leaves as it is, besides letters and digits.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');
/// What `encodeURI` leaves as it is.
const WHOLE: &AsciiSet = &COMPONENT
    .remove(b';')
    .remove(b',')
    .remove(b'/')
    .remove(b'?')
    .remove(b':')
    .remove(b'@')
    .remove(b'&')
    .remove(b'=')
    .remove(b'+')
    .remove(b'$')
    .remove(b'#');
/// What `decodeURI` leaves encoded.
const RESERVED: &[u8] = b";/?:@&=+$,#";

/// A function for URLs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Url {
    Encode,
    EncodeComponent,
    Decode,
    DecodeComponent,
}

impl Url {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Encode => "encodeUrl",
            Self::EncodeComponent => "encodeUrlComponent",
            Self::Decode => "decodeUrl",
            Self::DecodeComponent => "decodeUrlComponent",
        }
    }
}

pub(super) fn failed(message: impl Into<String>) -> EvaluatorError {
    EvaluatorError::EvaluationError(message.into())
}

/// `$encodeUrl` and its kin, as ECMAScript's functions of that kind.
pub(super) fn url(url: Url, arguments: &[JValue]) -> Result<JValue, EvaluatorError> {
    let text = match arguments {
        [JValue::String(text)] => text,
        [JValue::Undefined] => return Ok(JValue::Undefined),
        _ => return Err(failed(format!("T0410: ${} takes one text", url.name()))),
    };
    let decoded = match url {
        Url::Encode => return Ok(JValue::string(utf8_percent_encode(text, WHOLE).to_string())),
        Url::EncodeComponent => return Ok(JValue::string(utf8_percent_encode(text, COMPONENT).to_string())),
        Url::Decode => decode(text, RESERVED),
        Url::DecodeComponent => decode(text, &[]),
    };
    decoded.map(JValue::string).ok_or_else(|| {
        failed(format!("D3140: ${} cannot decode this: it is no text in which % is followed by a code", url.name()))
    })
}

/// Decodes all but the characters kept; `None` when a `%` has no code or the codes make no text.
fn decode(text: &str, kept: &[u8]) -> Option<String> {
    let mut source = String::with_capacity(text.len());
    for (at, piece) in text.split('%').enumerate() {
        if at > 0 {
            let code = piece.get(..2).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
            let byte = u8::from_str_radix(code, 16).ok()?;
            source.push_str(if kept.contains(&byte) { "%25" } else { "%" });
        }
        source.push_str(piece);
    }
    percent_decode_str(&source).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// Text for `$number`: as JSON writes numbers, or with a base in front. The evaluator would take more, and digits that
/// a double does not hold would be lost.
pub(super) fn number_text(value: &JValue) -> Result<(), EvaluatorError> {
    let Some(text) = value.as_str() else { return Ok(()) };
    let based = ["0x", "0X", "0b", "0B", "0o", "0O"].iter().any(|base| text.starts_with(base));
    if !based && !written_as_number(text) {
        return Err(failed("D3030: this text is no number"));
    }
    match text.parse::<i128>() {
        Ok(number) if !counts(number) => {
            Err(failed(format!("D3030: {text} has more digits than a number keeps: leave it a text")))
        }
        _ => Ok(()),
    }
}

fn written_as_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole) && fraction.is_none_or(digits) && exponent.is_none_or(digits)
}

/// Whether a double holds this whole number exactly.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
pub(super) fn counts(number: i128) -> bool {
    number as f64 as i128 == number
}

/// The zone for `$fromMillis`, as the evaluator wants it: the offset at that instant in its own arithmetic.
pub(super) fn zone(arguments: &[JValue]) -> Result<JValue, EvaluatorError> {
    let [millis, name] = arguments else { return Err(failed("T0410: a time and a zone")) };
    let (Some(millis), Some(name)) = (millis.as_f64(), name.as_str()) else { return Ok(name.clone()) };
    let zone = find(name)?;
    #[allow(clippy::cast_possible_truncation)]
    let seconds = zone.offset_seconds(Timestamp(millis as i64)).ok_or_else(|| failed("D3110: no such time"))?;
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    if seconds % 60 != 0 || (hours == 0 && minutes < 0) {
        return Err(failed(format!("D3110: clocks in {name} were not whole minutes from UTC then")));
    }
    // It takes the hours by rounding down and the minutes with their sign.
    let offset = if minutes < 0 { (hours + 1) * 100 + minutes } else { hours * 100 + minutes };
    Ok(JValue::string(format!("{offset:+05}")))
}

/// The instant of a time that was read as if it were UTC's, in a zone.
pub(super) fn local(arguments: &[JValue]) -> Result<JValue, EvaluatorError> {
    let [millis, name] = arguments else { return Err(failed("T0410: a time and a zone")) };
    if name.is_undefined() {
        return Ok(millis.clone());
    }
    let zone = find(name.as_str().ok_or_else(|| failed("T0410: the zone of $toMillis is a text"))?)?;
    let Some(millis) = millis.as_f64() else { return Ok(millis.clone()) };
    #[allow(clippy::cast_possible_truncation)]
    let instant = zone.instant(Timestamp(millis as i64)).ok_or_else(|| failed("D3110: no such time"))?;
    #[allow(clippy::cast_precision_loss)]
    Ok(JValue::Number(instant.0 as f64))
}

fn find(name: &str) -> Result<TimeZone, EvaluatorError> {
    offset(name).and_then(TimeZone::fixed).or_else(|| TimeZone::named(name)).ok_or_else(|| {
        let shown: String = name.chars().take(40).collect();
        failed(format!("D3110: `{shown}` is no time zone: write it like Europe/Berlin or +05:30"))
    })
}

/// Seconds of `Z`, `+05`, `+0530` or `+05:30`.
fn offset(text: &str) -> Option<i32> {
    if text == "Z" {
        return Some(0);
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = match text.get(1..)?.split_once(':') {
        Some((hours, minutes)) if hours.len() == 2 && minutes.len() == 2 => format!("{hours}{minutes}"),
        Some(_) => return None,
        None => text[1..].to_owned(),
    };
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = digits.split_at(2);
    let (hours, minutes): (i32, i32) =
        (hours.parse().ok()?, if minutes.is_empty() { 0 } else { minutes.parse().ok()? });
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// The text for `$toMillis` with a picture: the evaluator adds the minutes of an offset that is west of UTC, so the
/// offset is written in its arithmetic.
pub(super) fn stamp(arguments: &[JValue]) -> Result<JValue, EvaluatorError> {
    let [text, picture] = arguments else { return Err(failed("T0410: a time and a picture")) };
    let (Some(given), Some(picture)) = (text.as_str(), picture.as_str()) else { return Ok(text.clone()) };
    let markers: Vec<&str> = picture.split('[').skip(1).collect();
    let zone = |marker: &&str| marker.starts_with(['Z', 'z']);
    if !markers.iter().any(zone) {
        return Ok(text.clone());
    }
    let offsets: Vec<usize> =
        given.match_indices('-').map(|(at, _)| at).filter(|at| minutes(&given[*at..]).is_some()).collect();
    let at = match (markers.first().is_some_and(zone), markers.last().is_some_and(zone)) {
        (_, true) => offsets.last().filter(|at| given[**at..].len() <= 6),
        (true, false) => offsets.first().filter(|at| **at <= 3),
        (false, false) => return Err(failed("D3136: in a picture for $toMillis the zone stands first or last")),
    };
    let Some((at, (hours, colon, minutes))) = at.and_then(|at| Some((*at, minutes(&given[*at..])?))) else {
        return Ok(text.clone());
    };
    if minutes == 0 {
        return Ok(text.clone());
    }
    let rest = &given[at + 5 + colon.len()..];
    Ok(JValue::string(format!("{}-{:02}{colon}{:02}{rest}", &given[..at], hours + 1, 60 - minutes)))
}

/// Hours, colon and minutes of `-hh:mm` or `-hhmm` at the start of a text.
fn minutes(text: &str) -> Option<(u32, &str, u32)> {
    let number = |text: Option<&str>| text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok();
    let hours = number(text.get(1..3))?;
    let colon = if text.get(3..4) == Some(":") { ":" } else { "" };
    let at = 3 + colon.len();
    let minutes = number(text.get(at..at + 2)).filter(|minutes| *minutes < 60)?;
    Some((hours, colon, minutes))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::{expr::Expression, time::Timestamp};
    use serde_json::{Value, json};

    fn eval(source: &str) -> Result<Value, String> {
        let answer = Expression::compile(source).and_then(|it| it.evaluate_value(&json!({ "s": "x" }), Timestamp(0)));
        answer.map(|value| value.unwrap_or(json!("nothing"))).map_err(|error| error.message)
    }

    #[test]
    fn times_in_zones() {
        for (source, expected) in [
            (r#"$fromMillis(1783944000000, "[H01]:[m01] [Z]", "+0530")"#, "17:30 +05:30"),
            (r#"$fromMillis(1783944000000, "[H01]:[m01] [Z]", "+05:45")"#, "17:45 +05:45"),
            (r#"$fromMillis(1783944000000, "[H01]:[m01] [Z]", "-0330")"#, "08:30 -03:30"),
            (r#"$fromMillis(1783944000000, "[H01]:[m01] [z]", "-09:30")"#, "02:30 GMT-09:30"),
            (r#"$fromMillis(1783944000000, "[H01]:[m01] [Z]", "Europe/Berlin")"#, "14:00 +02:00"),
            (r#"$fromMillis(1767873600000, "[H01]:[m01] [Z]", "Europe/Berlin")"#, "13:00 +01:00"),
            (r#"$fromMillis(1783944000000, "[H01]:[m01] [Z]", "America/St_Johns")"#, "09:30 -02:30"),
            (r#"$fromMillis(1783944000000, "[H01]:[m01]", "UTC")"#, "12:00"),
            (r#"$fromMillis(1783944000000, missing, "Asia/Kolkata")"#, "2026-07-13T17:30:00.000+05:30"),
            (r#"[1783944000000] ~> $map(function($t){ $fromMillis($t, "[H01]", "Asia/Tokyo") })"#, "21"),
            (r#"$fromMillis(?, "[H01]:[m01]", "Asia/Tokyo")(0)"#, "09:00"),
            (r#"$now("[H01]:[m01]", "Asia/Kolkata")"#, "05:30"),
        ] {
            assert_eq!(eval(source), Ok(json!(expected)), "{source}");
        }
        for (source, expected) in [
            (
                r#"$toMillis("2026-07-13 17:30 +05:30", "[Y0001]-[M01]-[D01] [H01]:[m01] [Z01:01]")"#,
                1_783_944_000_000_i64,
            ),
            (r#"$toMillis("2026-07-13 08:30 -03:30", "[Y0001]-[M01]-[D01] [H01]:[m01] [Z01:01]")"#, 1_783_944_000_000),
            (r#"$toMillis("2026-07-13 08:30 -0330", "[Y0001]-[M01]-[D01] [H01]:[m01] [Z0001]")"#, 1_783_944_000_000),
            (r#"$toMillis("2026-07-13 07:00 -0500", "[Y0001]-[M01]-[D01] [H01]:[m01] [Z0001]")"#, 1_783_944_000_000),
            (
                r#"$toMillis("GMT-09:30 2026-07-13 02:30", "[z01:01] [Y0001]-[M01]-[D01] [H01]:[m01]")"#,
                1_783_944_000_000,
            ),
            (r#"$toMillis("2026-07-13T08:30:00-03:30")"#, 1_783_944_000_000),
            (r#"$toMillis("13.07.2026 14:00", "[D01].[M01].[Y0001] [H01]:[m01]", "Europe/Berlin")"#, 1_783_944_000_000),
            (r#"$toMillis("13.01.2026 13:00", "[D01].[M01].[Y0001] [H01]:[m01]", "Europe/Berlin")"#, 1_768_305_600_000),
        ] {
            assert_eq!(eval(source), Ok(json!(expected)), "{source}");
        }
    }

    #[test]
    fn what_is_no_zone_is_refused() {
        for zone in ["Europe/Atlantis", "+25:00", "+05:60", "0530", "+5", "CET+1", "", "12", "+05:3", "now"] {
            let error = eval(&format!(r#"$fromMillis(0, "[H01]", "{zone}")"#)).unwrap_err();
            assert!(error.contains("is no time zone"), "{zone}: {error}");
            assert!(eval(&format!(r#"$toMillis("2026", "[Y]", "{zone}")"#)).is_err(), "{zone}");
        }
        assert!(eval(r#"$toMillis("13.07.26", "[D01].[M01].[Y,2-2]")"#).unwrap_err().contains("century"));
    }

    #[test]
    fn numbers_written_as_text() {
        assert_eq!(eval(r#"$number("-1.5e3")"#), Ok(json!(-1500)));
        assert_eq!(eval(r#"$number("9007199254740992")"#), Ok(json!(9_007_199_254_740_992_i64)));
        for bad in ["9007199254740993", " 1", "1.", ".5", "+1", "1,000", "", "NaN", "1e", "0x"] {
            assert!(eval(&format!(r#"$number("{bad}")"#)).is_err(), "{bad}");
            assert!(eval(&format!(r#"$map(["{bad}"], $number)"#)).is_err(), "{bad}");
        }
    }

    #[test]
    fn arguments_of_the_wrong_type_are_refused() {
        for (source, code) in [
            (r#"$replace("hello", 1)"#, "T041"),
            (r#"s.$replace("x", 1)"#, "T0410"),
            (r#"s.$replace(1, "y")"#, "T0410"),
            (r#"$replace(missing, 1)"#, "T041"),
            (r#"$encodeUrl(1)"#, "T0410"),
            (r#"$map([1], $encodeUrlComponent)"#, "T0410"),
            (r#"$sort("a", missing)"#, "T0410"),
            (r#"[1..null]"#, "T2004"),
            (r#"["a"..2]"#, "T2003"),
        ] {
            let error = eval(source).unwrap_err();
            assert!(error.contains(code), "{source}: {error}");
        }
        assert_eq!(eval(r#"s.$replace("x", "y")"#), Ok(json!("y")));
        assert_eq!(eval(r#"s.$encodeUrl()"#), Ok(json!("x")));
        assert_eq!(eval(r#"$map(["ä"], $encodeUrl)"#), Ok(json!("%C3%A4")));
        assert_eq!(eval(r#""ä" ~> $encodeUrl"#), Ok(json!("%C3%A4")));
        assert_eq!(eval(r#""ä" ~> $encodeUrl() ~> $decodeUrl()"#), Ok(json!("ä")));
    }
}
