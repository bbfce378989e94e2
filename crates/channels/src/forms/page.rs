//! A form as a page that works without script: which control asks for which value, and what was sent back. Controls are named
//! by the JSON Pointer of their value, as the problems of a value are.

use super::{
    options,
    read::{shown_number, written_value},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use countersign_core::{
    pointer::token,
    run::{FieldKind, FieldProblem, asked_values, conditions, form_fields, is_asked_for, same_choice},
};
use mail_parser::{MessageParser, MimeHeaders};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Objects inside one another at most.
const DEPTH_MAX: usize = 4;
/// Conditions upon one another at most.
const CONDITIONS_MAX: usize = 20;
/// Longest file, bytes.
pub const FILE_BYTES_MAX: usize = 1024 * 1024;
/// Values that are read at most.
const SENT_MAX: usize = 1000;

/// How a value is asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Control {
    /// One line; the type of HTML's input.
    Line(&'static str),
    /// Several lines of words.
    Text,
    /// An amount in this currency.
    Money(String),
    /// One box to tick.
    Tick,
    /// Words to read; nothing is asked.
    Words,
    /// One of these labels.
    One(Vec<String>),
    /// Any of these labels.
    Several(Vec<String>),
    /// A list, one in a line.
    Lines,
    /// A file; of these media types when any are named.
    File(String),
    /// Values that belong together.
    Group(Vec<Entry>),
}

/// A value that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// JSON Pointer of the value.
    pub pointer: String,
    /// What people read.
    pub title: String,
    /// More words.
    pub description: String,
    /// Whether it must be given.
    pub required: bool,
    /// How.
    pub control: Control,
    /// What is there already: labels chosen, or the words.
    pub given: Vec<String>,
    /// What has to be chosen before it is asked for, all of it.
    pub only_when: Vec<Needs>,
}

/// What has to be chosen elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// JSON Pointer of the value where it is chosen.
    pub pointer: String,
    /// What people read there.
    pub title: String,
    /// The choices that do: their numbers there, and their labels.
    pub chosen: Vec<(usize, String)>,
}

/// A value that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// Words, or the number of what was chosen.
    Words(String),
    /// A file: name, media type, content.
    File(String, String, Vec<u8>),
}

/// Whether every value can be asked for on a page.
#[must_use]
pub fn can_be_shown(form: &Value) -> bool {
    entries(form, &Value::Null).is_some_and(|all| !all.is_empty())
}

/// What is asked for, with the values that are there; nothing when a page cannot ask for all of it.
#[must_use]
pub fn entries(form: &Value, values: &Value) -> Option<Vec<Entry>> {
    let mut all = group(form, values, "", DEPTH_MAX)?;
    let fields = form.get("properties").and_then(Value::as_object)?;
    for (entry, field) in all.iter_mut().zip(fields.values()) {
        needs(fields, field, CONDITIONS_MAX, (&mut entry.only_when, &mut BTreeSet::new()));
    }
    Some(all)
}

/// The conditions of a field, and of the fields that these are on, each field once.
fn needs<'a>(
    fields: &'a Map<String, Value>,
    field: &'a Value,
    depth: usize,
    (found, seen): (&mut Vec<Needs>, &mut BTreeSet<&'a str>),
) {
    let Some(depth) = depth.checked_sub(1) else { return };
    for (name, wanted) in conditions(field) {
        let Some(of) = fields.get(name) else { continue };
        let all = options(of).or_else(|| options(of.get("items")?)).unwrap_or_default().into_iter().enumerate();
        let is_wanted = |value: &Value| wanted.iter().any(|one| same_choice(one, value));
        let chosen = all.filter(|(_, (_, value))| is_wanted(value)).map(|(index, (label, _))| (index, label));
        let title = of.get("title").and_then(Value::as_str).unwrap_or(name).to_owned();
        let own = Needs { pointer: format!("/{}", token(name)), title, chosen: chosen.collect() };
        if seen.insert(name) {
            needs(fields, of, depth, (&mut *found, &mut *seen));
        }
        if !found.contains(&own) {
            found.push(own);
        }
    }
}

fn group(form: &Value, values: &Value, at: &str, depth: usize) -> Option<Vec<Entry>> {
    let fields = form.get("properties").and_then(Value::as_object)?;
    let required = form.get("required").and_then(Value::as_array);
    let entry = |(name, field): (&String, &Value)| {
        let pointer = format!("{at}/{}", token(name));
        let said = |member: &str| field.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        // Nobody has agreed to anything before they were asked.
        let default = field.get("default").filter(|_| FieldKind::of(field) != FieldKind::Consent);
        let value = values.get(name).or(default).unwrap_or(&Value::Null);
        let untitled = if FieldKind::of(field) == FieldKind::Summary { "" } else { name.as_str() };
        let title = Some(said("title")).filter(|title| !title.is_empty()).unwrap_or_else(|| untitled.to_owned());
        Some(Entry {
            title,
            description: said("description"),
            required: required.is_some_and(|all| all.iter().any(|one| one == name)),
            control: control(field, value, &pointer, depth.checked_sub(1)?)?,
            given: given(field, value),
            only_when: Vec::new(),
            pointer,
        })
    };
    fields.iter().map(entry).collect()
}

fn control(field: &Value, value: &Value, pointer: &str, depth: usize) -> Option<Control> {
    let said = |member: &str| field.get(member).and_then(Value::as_str).unwrap_or_default();
    let labels = |field: &Value| options(field).map(|all| all.into_iter().map(|(label, _)| label).collect::<Vec<_>>());
    let line = |kind| Some(Control::Line(kind));
    match FieldKind::of(field) {
        FieldKind::Summary => Some(Control::Words),
        FieldKind::Consent => Some(Control::Tick),
        FieldKind::YesNo | FieldKind::Rating | FieldKind::Choice => {
            labels(field).filter(|all| !all.is_empty()).map(Control::One)
        }
        FieldKind::Several => labels(field.get("items")?).map(Control::Several),
        FieldKind::File => Some(Control::File(said("contentMediaType").to_owned())),
        FieldKind::Group => group(field, value, pointer, depth).map(Control::Group),
        FieldKind::List => FieldKind::of(field.get("items")?).is_words().then_some(Control::Lines),
        FieldKind::Money => Some(Control::Money(said("currency").to_owned())),
        FieldKind::Email => line("email"),
        FieldKind::Phone => line("tel"),
        FieldKind::Link => line("url"),
        FieldKind::Date => line("date"),
        FieldKind::Time => line("time"),
        FieldKind::Secret => line("password"),
        FieldKind::Long => Some(Control::Text),
        FieldKind::Number | FieldKind::Text => line("text"),
        FieldKind::Other => None,
    }
}

/// What is there, as it is shown.
fn given(field: &Value, value: &Value) -> Vec<String> {
    let words = |value: &Value| match value {
        Value::String(words) => words.clone(),
        Value::Number(number) => shown_number(number),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    };
    let label = |of: &Value, value: &Value| match options(of) {
        Some(all) => all.into_iter().find(|(_, one)| one == value).map(|(label, _)| label),
        None => Some(words(value)),
    };
    match value {
        Value::Null | Value::Object(_) => Vec::new(),
        Value::Array(all) => {
            let items = field.get("items").unwrap_or(&Value::Null);
            all.iter().filter_map(|one| label(items, one)).collect()
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => label(field, value).into_iter().collect(),
    }
}

/// The values of what was sent, and what of it could not be taken. What nobody asked for is left out, and what is wrong
/// with a field that is not asked for with these values is not told: nobody sees it.
#[must_use]
pub fn values(form: &Value, sent: &[(String, Sent)]) -> (Value, Vec<FieldProblem>) {
    let mut problems = Vec::new();
    let values = taken(form, sent, "", DEPTH_MAX, &mut problems);
    let values = values.unwrap_or_else(|| json!({}));
    let asked = asked_values(form, values.clone());
    let Some(asked) = asked.as_object() else { return (values, problems) };
    for (name, field) in form_fields(form) {
        if !is_asked_for(field, asked) {
            let own = format!("/{}", token(name));
            let inside = format!("{own}/");
            problems.retain(|problem| problem.pointer != own && !problem.pointer.starts_with(&inside));
        }
    }
    (values, problems)
}

fn taken(
    form: &Value,
    sent: &[(String, Sent)],
    at: &str,
    depth: usize,
    problems: &mut Vec<FieldProblem>,
) -> Option<Value> {
    let mut values = Map::new();
    for (name, field) in form.get("properties").and_then(Value::as_object)? {
        let pointer = format!("{at}/{}", token(name));
        let value = if FieldKind::of(field) == FieldKind::Group {
            let inside = taken(field, sent, &pointer, depth.checked_sub(1)?, problems);
            let required = form.get("required").and_then(Value::as_array);
            let wanted = required.is_some_and(|all| all.iter().any(|one| one == name));
            inside.filter(|inside| wanted || inside != &json!({}))
        } else {
            let of_it = || sent.iter().filter(|(named, _)| *named == pointer).map(|(_, sent)| sent);
            match one(field, of_it()) {
                Ok(value) => value,
                // What was written stays where it was written.
                Err(message) => {
                    let kept = of_it().filter_map(words_of).next_back().map(Value::from);
                    problems.push(FieldProblem { pointer, message });
                    kept
                }
            }
        };
        if let Some(value) = value {
            values.insert(name.clone(), value);
        }
    }
    Some(Value::Object(values))
}

/// One value of what was sent for it; nothing when it was left empty.
fn one<'a>(field: &Value, sent: impl Iterator<Item = &'a Sent>) -> Result<Option<Value>, String> {
    let kind = FieldKind::of(field);
    if kind == FieldKind::Summary {
        return Ok(None);
    }
    if kind == FieldKind::File {
        return sent.last().map_or(Ok(None), |sent| file(field, sent));
    }
    let words = sent.filter_map(words_of);
    if !matches!(kind, FieldKind::Several | FieldKind::List) {
        return words.last().map_or(Ok(None), |words| chosen_or_written(field, words));
    }
    let items = field.get("items").unwrap_or(&Value::Null);
    let lines = words.flat_map(str::lines).map(str::trim).filter(|line| !line.is_empty());
    let all = lines.filter_map(|line| chosen_or_written(items, line).transpose()).collect::<Result<Vec<_>, _>>()?;
    Ok((!all.is_empty()).then_some(Value::Array(all)))
}

/// What was written, unless nothing was.
fn words_of(sent: &Sent) -> Option<&str> {
    match sent {
        Sent::Words(words) => Some(words.trim()).filter(|words| !words.is_empty()),
        Sent::File(..) => None,
    }
}

/// Choices come by their number; one that is none counts as left empty.
fn chosen_or_written(field: &Value, words: &str) -> Result<Option<Value>, String> {
    let Some(all) = options(field) else { return written_value(field, words).map(Some) };
    let chosen = words.parse::<usize>().ok().and_then(|number| all.into_iter().nth(number));
    Ok(chosen.map(|(_, value)| value))
}

fn file(field: &Value, sent: &Sent) -> Result<Option<Value>, String> {
    let Sent::File(name, media_type, bytes) = sent else { return Ok(None) };
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.len() > FILE_BYTES_MAX {
        return Err(format!("the file has {} KiB; at most {} are taken", bytes.len() / 1024, FILE_BYTES_MAX / 1024));
    }
    let wanted = field.get("contentMediaType").and_then(Value::as_str).unwrap_or_default();
    let fits = |wanted: &str| match wanted.trim().strip_suffix("/*") {
        Some(kind) => media_type.split('/').next() == Some(kind),
        None => wanted.trim().eq_ignore_ascii_case(media_type),
    };
    if !wanted.is_empty() && !wanted.split(',').any(fits) {
        return Err(format!("the file is {media_type}; wanted is {wanted}"));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '/');
    let media_type: String = media_type.chars().filter(|c| plain(*c)).collect();
    let name: String = name
        .bytes()
        .map(|b| if plain(b.into()) && b != b'/' { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect();
    Ok(Some(json!(format!("data:{media_type};name={name};base64,{}", BASE64_STANDARD.encode(bytes)))))
}

/// What a browser sent, as either of the two media types of HTML's forms.
#[must_use]
pub fn sent(content_type: &str, body: &[u8]) -> Vec<(String, Sent)> {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("multipart/form-data") {
        let pairs = url::form_urlencoded::parse(body).into_owned().take(SENT_MAX);
        return pairs.map(|(name, words)| (name, Sent::Words(words))).collect();
    }
    let mut message = format!("Content-Type: {}\r\n\r\n", content_type.replace(['\r', '\n'], " ")).into_bytes();
    message.extend_from_slice(body);
    let Some(parsed) = MessageParser::default().parse(&message) else { return Vec::new() };
    let one = |part: &mail_parser::MessagePart<'_>| {
        let disposition = part.content_disposition()?;
        let name = disposition.attribute("name")?.to_owned();
        let (from, to) = (usize::try_from(part.offset_body).ok()?, usize::try_from(part.offset_end).ok()?);
        let bytes = message.get(from..to)?;
        Some(match disposition.attribute("filename") {
            Some(file) => {
                let kind =
                    part.content_type().map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("*")));
                let kind = kind.unwrap_or_else(|| "application/octet-stream".to_owned()).to_lowercase();
                (name, Sent::File(file.to_owned(), kind, bytes.to_vec()))
            }
            None => (name, Sent::Words(String::from_utf8_lossy(bytes).into_owned())),
        })
    };
    parsed.parts.iter().take(SENT_MAX).filter_map(one).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_told_once_however_they_hang_together() {
        let fields: Map<String, Value> = (0..40)
            .map(|number| {
                let when: Map<String, Value> = (0..number).map(|one| (format!("f{one}"), json!(true))).collect();
                (format!("f{number}"), json!({ "type": "boolean", "when": when }))
            })
            .collect();
        let all = entries(&json!({ "type": "object", "properties": fields }), &Value::Null).unwrap();
        assert_eq!(all.last().unwrap().only_when.len(), 39);
        let round = json!({ "type": "object", "properties": {
            "a": { "type": "boolean", "when": { "b": true } }, "b": { "type": "boolean", "when": { "a": true } },
        } });
        let all = entries(&round, &Value::Null).unwrap();
        assert_eq!(all[0].only_when.iter().map(|needs| needs.pointer.as_str()).collect::<Vec<_>>(), ["/b", "/a"]);
        // `4.0` of a condition is the `4` of a choice.
        let stars = json!({ "type": "object", "properties": {
            "stars": { "type": "integer", "enum": [3, 4] }, "why": { "type": "string", "when": { "stars": [4.0] } },
        } });
        assert_eq!(entries(&stars, &Value::Null).unwrap()[1].only_when[0].chosen.len(), 1);
    }

    #[test]
    fn what_was_typed_where_nothing_is_asked_any_more_is_in_nobodys_way() {
        let form = json!({ "type": "object", "properties": {
            "why": { "type": "string", "enum": ["Late", "Broken"] },
            "cost": { "type": "string", "format": "money", "currency": "EUR", "when": { "why": "Broken" } },
        } });
        let sent = |why: &str| {
            let one = |name: &str, words: &str| (name.to_owned(), Sent::Words(words.to_owned()));
            vec![one("/why", why), one("/cost", "about 5")]
        };
        assert_eq!(values(&form, &sent("0")).1, []);
        assert_eq!(values(&form, &sent("1")).1.len(), 1);
        // Nor is what hangs on something that is itself not asked for, though an answer to that came too.
        let chain = json!({ "type": "object", "properties": {
            "a": { "type": "string", "enum": ["no", "yes"] },
            "b": { "type": "string", "enum": ["no", "yes"], "when": { "a": "yes" } },
            "c": { "type": "integer", "when": { "b": "yes" } },
        } });
        let sent = |a: &str| {
            [("/a", a), ("/b", "1"), ("/c", "many")]
                .map(|(name, words)| (name.to_owned(), Sent::Words(words.to_owned())))
        };
        assert_eq!(values(&chain, &sent("0")).1, []);
        assert_eq!(values(&chain, &sent("1")).1.len(), 1);
    }

    fn form() -> Value {
        json!({ "type": "object", "required": ["email", "home"], "properties": {
            "email": { "type": "string", "format": "email", "title": "E-mail" },
            "plan": { "oneOf": [{ "const": "p", "title": "Pro" }, { "const": "m", "title": "Max" }] },
            "yes": { "type": "boolean" },
            "seats": { "type": "integer" },
            "tags": { "type": "array", "items": { "enum": ["a", "b", "c"] } },
            "lines": { "type": "array", "items": { "type": "string" } },
            "home": { "type": "object", "properties": { "a/b": { "type": "string" } } },
            "bill": { "type": "string", "format": "data-url", "contentMediaType": "image/*,application/pdf" },
        } })
    }

    fn words(pairs: &[(&str, &str)]) -> Vec<(String, Sent)> {
        pairs.iter().map(|(name, words)| ((*name).to_owned(), Sent::Words((*words).to_owned()))).collect()
    }

    #[test]
    fn what_a_page_sends_becomes_the_values() {
        let sent = words(&[
            ("/email", " ada@example.com "),
            ("/plan", "1"),
            ("/yes", "1"),
            ("/seats", "3"),
            ("/tags", "0"),
            ("/tags", "2"),
            ("/lines", "x\r\n\r\ny"),
            ("/home/a~1b", "z"),
            ("/nobody", "asked"),
        ]);
        let expected = json!({ "email": "ada@example.com", "plan": "m", "yes": false, "seats": 3, "tags": ["a", "c"],
            "lines": ["x", "y"], "home": { "a/b": "z" } });
        assert_eq!(values(&form(), &sent), (expected.clone(), Vec::new()));
        let shown = entries(&form(), &expected).unwrap();
        let given: Vec<&str> = shown.iter().flat_map(|entry| &entry.given).map(String::as_str).collect();
        assert_eq!(given, ["ada@example.com", "Max", "No", "3", "a", "c", "x", "y"]);
        let (kept, problems) = values(&form(), &words(&[("/seats", "many"), ("/plan", "9"), ("/home/a~1b", "")]));
        assert_eq!((kept, problems[0].pointer.as_str()), (json!({ "seats": "many", "home": {} }), "/seats"));
    }

    #[test]
    fn a_thousand_is_never_taken_for_one() {
        for ambiguous in ["1,000", "1.000", "12,500", "1 000", "1.000.000", "-1,000"] {
            let (kept, problems) = values(&form(), &words(&[("/seats", ambiguous)]));
            assert_eq!(problems.len(), 1, "{ambiguous}");
            assert_eq!(kept["seats"], ambiguous, "what was written stands there to be corrected");
        }
        for (written, read) in
            [("1000", 1000.0), ("12,5", 12.5), ("0.125", 0.125), ("0,125", 0.125), ("1000,250", 1000.25)]
        {
            let (taken, problems) = values(&form(), &words(&[("/seats", written)]));
            assert_eq!((taken["seats"].as_f64(), problems), (Some(read), Vec::new()), "{written}");
        }
    }

    #[test]
    fn a_number_that_is_known_is_sent_back_as_it_is() {
        for known in [json!(1.125), json!(-12.5), json!(1000), json!(999.999), json!(0.125), json!(1e21)] {
            let shown = entries(&form(), &json!({ "seats": known })).unwrap();
            let seats = shown.iter().find(|entry| entry.pointer == "/seats").unwrap();
            let (taken, problems) = values(&form(), &words(&[("/seats", &seats.given[0])]));
            assert_eq!((taken["seats"].as_f64(), problems), (known.as_f64(), Vec::new()), "{known}");
        }
        let asked = values(&form(), &words(&[("/seats", "1.125")])).1.remove(0).message;
        assert_eq!(asked, "1.125 can be read in two ways: please write 1125 or 1.1250.");
    }

    #[test]
    fn files_come_as_they_are_within_their_bounds() {
        let png = b"\x89PNG\r\n\x1a\n\0\xff\r\n--x\r\n\r\n";
        let part = |content: &[u8], kind: &str| {
            let mut body =
                b"--BB\r\nContent-Disposition: form-data; name=\"/email\"\r\n\r\nada@example.com\r\n--BB\r\n\
                Content-Disposition: form-data; name=\"/bill\"; filename=\"a bill.png\"\r\n"
                    .to_vec();
            body.extend_from_slice(format!("Content-Type: {kind}\r\n\r\n").as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n--BB--\r\n");
            sent("multipart/form-data; boundary=BB", &body)
        };
        let (taken, problems) = values(&form(), &part(png, "image/png"));
        assert_eq!(problems, Vec::new());
        assert_eq!(taken["email"], "ada@example.com");
        let url = taken["bill"].as_str().unwrap();
        let content = url.strip_prefix("data:image/png;name=a%20bill.png;base64,").unwrap();
        assert_eq!(BASE64_STANDARD.decode(content).unwrap(), png);
        assert!(values(&form(), &part(b"x", "text/html")).1[0].message.contains("wanted is image"));
        let large = vec![7; FILE_BYTES_MAX + 1];
        assert!(values(&form(), &part(&large, "image/png")).1[0].message.contains("at most 1024"));
        assert_eq!(values(&form(), &part(b"", "application/octet-stream")).1, Vec::new());
    }

    #[test]
    fn each_kind_has_its_control() {
        let form = json!({ "type": "object", "required": ["agree"], "properties": {
            "order": { "type": "null", "description": "Order #1001" },
            "agree": { "type": "boolean", "const": true, "default": true },
            "paid": { "type": "string", "format": "money", "currency": "EUR" },
            "at": { "type": "string", "format": "time" },
            "stars": { "type": "integer", "format": "rating", "minimum": 1, "maximum": 2 },
        } });
        let shown = entries(&form, &json!({})).unwrap();
        let controls: Vec<&Control> = shown.iter().map(|entry| &entry.control).collect();
        let stars = Control::One(vec!["1".to_owned(), "2".to_owned()]);
        let money = Control::Money("EUR".to_owned());
        assert_eq!(controls, [&Control::Words, &Control::Tick, &money, &Control::Line("time"), &stars]);
        assert!(shown.iter().all(|entry| entry.given.is_empty()), "nothing is agreed to beforehand");
        let sent = [("/order", "x"), ("/agree", "0"), ("/paid", "€ 42,6"), ("/at", "14:30"), ("/stars", "1")];
        let expected = json!({ "agree": true, "paid": "42.60", "at": "14:30", "stars": 2 });
        assert_eq!(values(&form, &words(&sent)), (expected.clone(), Vec::new()));
        assert_eq!(entries(&form, &expected).unwrap()[1].given, ["Yes"], "what they ticked stays ticked");
        let (kept, problems) = values(&form, &words(&[("/paid", "42.605")]));
        assert_eq!((kept, problems[0].pointer.as_str()), (json!({ "paid": "42.605" }), "/paid"));
    }

    #[test]
    fn a_field_says_what_asks_for_it() {
        let form = json!({ "type": "object", "properties": {
            "why": { "title": "Why", "oneOf": [{ "const": "l", "title": "Late" }, { "const": "b", "title": "Broken" }] },
            "parts": { "type": "array", "items": { "enum": ["lid", "cup"] }, "when": { "why": ["b"] } },
            "lid": { "type": "string", "when": { "parts": ["lid", "cup"] } },
        } });
        let shown = entries(&form, &json!({})).unwrap();
        let of = |at: usize| shown[at].only_when.clone();
        let why = Needs { pointer: "/why".to_owned(), title: "Why".to_owned(), chosen: vec![(1, "Broken".to_owned())] };
        let both = vec![(0, "lid".to_owned()), (1, "cup".to_owned())];
        let parts = Needs { pointer: "/parts".to_owned(), title: "parts".to_owned(), chosen: both };
        assert_eq!((of(0), of(1), of(2)), (vec![], vec![why.clone()], vec![why, parts]));
    }

    #[test]
    fn lists_of_objects_are_not_for_a_page() {
        assert!(can_be_shown(&form()));
        let list = json!({ "properties": { "a": { "type": "array", "items": { "type": "object" } } } });
        assert!(!can_be_shown(&list) && !can_be_shown(&json!({})));
    }
}
