//! What a form can ask for: each kind of field is told here once, by the shape of its schema. How it is drawn and how an
//! answer in words is read follows from it on every channel; the browser has the same kinds (`ui/src/model/field-kind.ts`).

use serde_json::Value;

/// The most a rating goes up to.
pub const RATING_MAX: u64 = 10;

/// The longest text that is asked for in one line.
const LINE_MAX: u64 = 200;

/// What a field asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// `type: null`: words to read, in `description`. Nothing is answered.
    Summary,
    /// `type: boolean`, `const: true`: what must be agreed to. Never agreed to beforehand.
    Consent,
    /// `type: boolean`.
    YesNo,
    /// `type: integer`, `format: rating`, from `minimum: 1` to `maximum`.
    Rating,
    /// `enum`, or `oneOf` with `const` and `title`.
    Choice,
    /// `type: array`, `items` a choice: any of these.
    Several,
    /// `format: data-url`, with `contentMediaType`.
    File,
    /// `type: object`.
    Group,
    /// `type: array` of anything else.
    List,
    /// `type: number` or `integer`.
    Number,
    /// `format: money` with `currency`: a text such as `42.60`.
    Money,
    /// `format: email`.
    Email,
    /// `format: phone`.
    Phone,
    /// `format: uri`.
    Link,
    /// `format: date`, as `2026-01-31`.
    Date,
    /// `format: time`, as `14:30`.
    Time,
    /// `format: password`.
    Secret,
    /// A text that may be longer than 200 characters.
    Long,
    /// Any other text.
    Text,
    /// What cannot be shown as a field.
    Other,
}

impl FieldKind {
    /// The kind of a field.
    #[must_use]
    pub fn of(field: &Value) -> Self {
        let format = field.get("format").and_then(Value::as_str).unwrap_or_default();
        match type_of(field) {
            "null" => Self::Summary,
            "boolean" if field.get("const") == Some(&Value::Bool(true)) => Self::Consent,
            "boolean" => Self::YesNo,
            "array" => match field.get("items").map(Self::of) {
                Some(Self::Choice) => Self::Several,
                Some(_) | None => Self::List,
            },
            _ if listed(field).is_some() => Self::Choice,
            _ if format == "data-url" => Self::File,
            "object" => Self::Group,
            "integer" if rating_most(field).is_some() => Self::Rating,
            "integer" | "number" => Self::Number,
            "string" => Self::of_text(field, format),
            _ => Self::Other,
        }
    }

    fn of_text(field: &Value, format: &str) -> Self {
        let longest = field.get("maxLength").and_then(Value::as_u64);
        match format {
            "money" => Self::Money,
            "email" => Self::Email,
            "phone" => Self::Phone,
            "uri" => Self::Link,
            "date" => Self::Date,
            "time" => Self::Time,
            "password" => Self::Secret,
            "binary" => Self::Other,
            "textarea" => Self::Long,
            _ if longest.is_some_and(|longest| longest > LINE_MAX) => Self::Long,
            _ => Self::Text,
        }
    }

    /// Its word, as both sides of the golden vectors know it.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Consent => "consent",
            Self::YesNo => "yes_no",
            Self::Rating => "rating",
            Self::Choice => "choice",
            Self::Several => "several",
            Self::File => "file",
            Self::Group => "group",
            Self::List => "list",
            Self::Number => "number",
            Self::Money => "money",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Link => "link",
            Self::Date => "date",
            Self::Time => "time",
            Self::Secret => "secret",
            Self::Long => "long",
            Self::Text => "text",
            Self::Other => "other",
        }
    }

    /// Whether a line or some lines of words can answer it.
    #[must_use]
    pub const fn is_words(self) -> bool {
        match self {
            Self::Number
            | Self::Money
            | Self::Email
            | Self::Phone
            | Self::Link
            | Self::Date
            | Self::Time
            | Self::Long
            | Self::Text => true,
            Self::Summary
            | Self::Consent
            | Self::YesNo
            | Self::Rating
            | Self::Choice
            | Self::Several
            | Self::File
            | Self::Group
            | Self::List
            | Self::Secret
            | Self::Other => false,
        }
    }
}

/// Labels and values of a field of which one is chosen.
#[must_use]
pub fn choices(field: &Value) -> Option<Vec<(String, Value)>> {
    match FieldKind::of(field) {
        FieldKind::Consent | FieldKind::YesNo => {
            Some(vec![("Yes".to_owned(), Value::Bool(true)), ("No".to_owned(), Value::Bool(false))])
        }
        FieldKind::Rating => Some((1..=rating_most(field)?).map(|stars| (stars.to_string(), stars.into())).collect()),
        FieldKind::Choice => listed(field),
        FieldKind::Summary
        | FieldKind::Several
        | FieldKind::File
        | FieldKind::Group
        | FieldKind::List
        | FieldKind::Number
        | FieldKind::Money
        | FieldKind::Email
        | FieldKind::Phone
        | FieldKind::Link
        | FieldKind::Date
        | FieldKind::Time
        | FieldKind::Secret
        | FieldKind::Long
        | FieldKind::Text
        | FieldKind::Other => None,
    }
}

/// The type of a value that is not null; text where none is told.
fn type_of(field: &Value) -> &str {
    match field.get("type") {
        Some(Value::String(one)) => one,
        Some(Value::Array(some)) => {
            some.iter().filter_map(Value::as_str).find(|one| *one != "null").unwrap_or("string")
        }
        _ => "string",
    }
}

/// What `enum` or `oneOf` lists.
fn listed(field: &Value) -> Option<Vec<(String, Value)>> {
    let label = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if let Some(values) = field.get("enum").and_then(Value::as_array) {
        return Some(values.iter().map(|value| (label(value), value.clone())).collect());
    }
    let ways = field.get("oneOf").and_then(Value::as_array)?;
    let choice = |way: &Value| {
        let value = way.get("const")?;
        Some((label(way.get("title").unwrap_or(value)), value.clone()))
    };
    ways.iter().map(choice).collect()
}

/// What a rating goes up to, where a field is one.
fn rating_most(field: &Value) -> Option<u64> {
    let says = |member: &str| field.get(member).and_then(Value::as_u64);
    let rated = field.get("format").and_then(Value::as_str) == Some("rating") && says("minimum") == Some(1);
    says("maximum").filter(|most| rated && (2..=RATING_MAX).contains(most))
}

/// Whether a text is a time of day: `14:30`, or as RFC 3339 has it, with seconds and where it counts.
#[must_use]
pub fn is_time(text: &str) -> bool {
    let (clock, zone) = match text.find(['Z', 'z', '+', '-']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let whole = |part: &str, most: u8| part.len() == 2 && number(part).is_some_and(|number| number <= most);
    let fits = match parts.as_slice() {
        [hour, minute] => zone.is_empty() && whole(hour, 23) && whole(minute, 59),
        [hour, minute, second] => {
            let (second, fraction) = second.split_once('.').unwrap_or((second, "0"));
            let fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
            whole(hour, 23) && whole(minute, 59) && whole(second, 60) && fraction
        }
        _ => false,
    };
    let offset = |zone: &str| zone.split_once(':').is_some_and(|(hour, minute)| whole(hour, 23) && whole(minute, 59));
    fits && match zone.get(..1) {
        None => true,
        Some("Z" | "z") => zone.len() == 1,
        Some(_) => offset(&zone[1..]),
    }
}

fn number(digits: &str) -> Option<u8> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// The time of day that somebody wrote, as `14:30`: on the clock of 24 hours, or with am or pm. A bare number is none.
#[must_use]
pub fn time_of_day(words: &str) -> Option<String> {
    let words = words.trim().to_lowercase();
    let half = [("a.m.", 0), ("am", 0), ("p.m.", 12), ("pm", 12)]
        .into_iter()
        .find_map(|(end, from)| Some((words.strip_suffix(end)?.trim_end(), from)));
    let (clock, from) = half.map_or((words.as_str(), None), |(clock, from)| (clock, Some(from)));
    let (hour, minute) = match clock.split_once([':', '.', 'h']) {
        Some((hour, "")) if clock.ends_with('h') => (hour.trim(), "00"),
        Some((hour, minute)) => (hour.trim(), minute.trim()),
        None => (clock, from.map(|_| "00")?),
    };
    let minute = minute.strip_suffix(":00").unwrap_or(minute);
    let fits = (1..=2).contains(&hour.len()) && minute.len() == 2;
    let (hour, minute) = (number(hour).filter(|_| fits)?, number(minute)?);
    let hour = match from {
        Some(from) if (1..=12).contains(&hour) => hour % 12 + from,
        Some(_) => return None,
        None => hour,
    };
    (hour < 24 && minute < 60).then(|| format!("{hour:02}:{minute:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_time_is_read_as_people_write_it() {
        for (words, time) in [
            ("14:30", "14:30"),
            ("9:05", "09:05"),
            ("14.30", "14:30"),
            ("14h30", "14:30"),
            ("14h", "14:00"),
            ("14:30:00", "14:30"),
            ("2 pm", "14:00"),
            ("2:30 p.m.", "14:30"),
            ("12am", "00:00"),
            ("12 PM", "12:00"),
            (" 0:00 ", "00:00"),
        ] {
            assert_eq!(time_of_day(words).as_deref(), Some(time), "{words}");
            assert!(is_time(time));
        }
        for words in [
            "",
            "9",
            "14",
            "24:00",
            "14:60",
            "13 pm",
            "0 am",
            "14:3",
            "14:300",
            "half past two",
            "14:30:15",
            "٢:30",
            "h",
        ] {
            assert_eq!(time_of_day(words), None, "{words}");
        }
    }

    #[test]
    fn a_time_is_kept_as_it_was_chosen() {
        for time in ["14:30", "14:30:00", "14:30:00Z", "14:30:00.5+02:00", "23:59:60Z"] {
            assert!(is_time(time), "{time}");
        }
        for time in [
            "",
            "9:30",
            "24:00",
            "14:60",
            "14:30Z",
            "14:30:00+2",
            "14:30:00.Z",
            "14:30:00Z ",
            "1٢:30",
            "Z",
            "14:30:00+24:00",
        ] {
            assert!(!is_time(time), "{time}");
        }
    }

    #[test]
    fn one_of_these_is_chosen() {
        let rating = json!({ "type": "integer", "format": "rating", "minimum": 1, "maximum": 3 });
        assert_eq!(choices(&rating).map(|all| all.len()), Some(3));
        assert_eq!(choices(&json!({ "type": "boolean", "const": true })).map(|all| all.len()), Some(2));
        assert_eq!(choices(&json!({ "type": "array", "items": { "enum": ["a"] } })), None);
        assert_eq!(choices(&json!({ "type": "string" })), None);
    }
}
