//! How lists and objects are written in paths, queries, headers and cookies (OpenAPI's `style` and `explode`, RFC 6570).

use crate::{
    form::{self, Lists, RESERVED},
    manifest::Style,
};
use indexmap::IndexMap;
use percent_encoding::{AsciiSet, utf8_percent_encode};
use reqwest::header::HeaderValue;
use serde_json::{Map, Value};

/// What `allowReserved` still encodes: what would end the value or the query.
const CLOSED: &AsciiSet = &RESERVED
    .remove(b':')
    .remove(b'/')
    .remove(b'?')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b',')
    .remove(b';');

/// The members of an object as a query or a form, each by its style. What has no value is not sent.
pub(crate) fn query(value: &Value, styles: &IndexMap<String, Style>, reserved: &[String]) -> String {
    let mut out = Vec::new();
    for (name, member) in value.as_object().into_iter().flatten() {
        let allowed = if reserved.contains(name) { CLOSED } else { RESERVED };
        let part = match (styles.get(name), member) {
            (_, Value::Null) => continue,
            (Some(Style::Json), value) => pair(name, &encode(&value.to_string(), RESERVED)),
            (Some(Style::Spread), Value::Object(members)) => {
                form::encode(&Value::Object(members.clone()), Lists::Repeated)
            }
            (Some(Style::Brackets), Value::Object(_)) => {
                form::encode(&Value::Object(Map::from_iter([(name.clone(), member.clone())])), Lists::Indexed)
            }
            (Some(style), Value::Array(_) | Value::Object(_)) => match separator(*style) {
                Some(separator) => pair(name, &flat(member, separator, allowed)),
                None => usual(name, member, allowed),
            },
            (Some(_) | None, _) => usual(name, member, allowed),
        };
        if !part.is_empty() {
            out.push(part);
        }
    }
    out.join("&")
}

fn usual(name: &str, value: &Value, allowed: &'static AsciiSet) -> String {
    match value {
        Value::String(text) => pair(name, &encode(text, allowed)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            form::encode(&Value::Object(Map::from_iter([(name.to_owned(), value.clone())])), Lists::Repeated)
        }
    }
}

fn pair(name: &str, value: &str) -> String {
    format!("{}={value}", encode(name, RESERVED))
}

/// What stands between the parts in a query.
fn separator(style: Style) -> Option<&'static str> {
    match style {
        Style::Comma => Some(","),
        Style::Space => Some("%20"),
        Style::Pipe => Some("%7C"),
        Style::Brackets
        | Style::Spread
        | Style::Pairs
        | Style::Json
        | Style::Label
        | Style::LabelApart
        | Style::Matrix
        | Style::MatrixApart => None,
    }
}

/// A value in a path, percent-encoded; empty when there is nothing in it.
pub(crate) fn path(value: &Value, name: &str, style: Option<Style>) -> String {
    let commas = flat(value, ",", RESERVED);
    let (Some(style), false) = (style, commas.is_empty()) else { return commas };
    let name = encode(name, RESERVED);
    match style {
        Style::Label => format!(".{commas}"),
        Style::Matrix => format!(";{name}={commas}"),
        Style::LabelApart => format!(".{}", flat(value, ".", RESERVED)),
        Style::MatrixApart => format!(";{name}={}", flat(value, &format!(";{name}="), RESERVED)),
        Style::Pairs => pairs(value, RESERVED),
        Style::Json => encode(&value.to_string(), RESERVED),
        Style::Comma | Style::Space | Style::Pipe | Style::Brackets | Style::Spread => commas,
    }
}

/// A value in a header, as text.
pub(crate) fn text(value: &Value, style: Style) -> Value {
    const NOTHING: &AsciiSet = &AsciiSet::EMPTY;
    match (style, value) {
        (_, Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => value.clone(),
        (Style::Json, _) => value.to_string().into(),
        (Style::Pairs, _) => pairs(value, NOTHING).into(),
        (_, Value::Array(_) | Value::Object(_)) => flat(value, ",", NOTHING).into(),
    }
}

/// Cookies as one header; none when there are none, or when a value cannot stand in a header.
pub(crate) fn cookies(value: &Value) -> Option<HeaderValue> {
    let members = value.as_object()?;
    let part = |(name, value): (&String, &Value)| {
        let value = flat(value, ",", RESERVED);
        (!value.is_empty()).then(|| format!("{name}={value}"))
    };
    let parts: Vec<String> = members.iter().filter_map(part).collect();
    HeaderValue::from_str(&parts.join("; ")).ok().filter(|value| !value.is_empty())
}

fn flat(value: &Value, separator: &str, reserved: &'static AsciiSet) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) => encode(&value.to_string(), reserved),
        Value::String(text) => encode(text, reserved),
        Value::Array(items) => items.iter().map(|item| leaf(item, reserved)).collect::<Vec<_>>().join(separator),
        Value::Object(members) => {
            let parts = members.iter().flat_map(|(name, value)| [encode(name, reserved), leaf(value, reserved)]);
            parts.collect::<Vec<_>>().join(separator)
        }
    }
}

fn pairs(value: &Value, reserved: &'static AsciiSet) -> String {
    let Value::Object(members) = value else { return flat(value, ",", reserved) };
    let parts = members.iter().map(|(name, value)| format!("{}={}", encode(name, reserved), leaf(value, reserved)));
    parts.collect::<Vec<_>>().join(",")
}

/// A part of a list: what is nested in it has no style and is JSON.
fn leaf(value: &Value, reserved: &'static AsciiSet) -> String {
    match value {
        Value::String(text) => encode(text, reserved),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => encode(&value.to_string(), reserved),
    }
}

fn encode(text: &str, reserved: &'static AsciiSet) -> String {
    utf8_percent_encode(text, reserved).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn one(value: Value, style: Style) -> String {
        query(&json!({ "a": value }), &IndexMap::from_iter([("a".to_owned(), style)]), &[])
    }

    #[test]
    fn a_query_is_written_by_its_style() {
        let list = json!([1, "x,y", null]);
        let object = json!({ "role": "admin", "first name": "A&B" });
        assert_eq!(one(list.clone(), Style::Comma), "a=1,x%2Cy,");
        assert_eq!(one(list.clone(), Style::Pipe), "a=1%7Cx%2Cy%7C");
        assert_eq!(one(list, Style::Space), "a=1%20x%2Cy%20");
        assert_eq!(one(object.clone(), Style::Comma), "a=role,admin,first%20name,A%26B");
        assert_eq!(one(object.clone(), Style::Spread), "role=admin&first%20name=A%26B");
        assert_eq!(one(object.clone(), Style::Brackets), "a[role]=admin&a[first%20name]=A%26B");
        assert_eq!(one(json!({ "n": 1 }), Style::Json), "a=%7B%22n%22%3A1%7D");
        let plain = query(&json!({ "tags[]": ["x", "y"], "none": null, "q": "" }), &IndexMap::new(), &[]);
        assert_eq!(plain, "tags%5B%5D=x&tags%5B%5D=y&q=");
        assert_eq!(query(&json!({ "q": "a/b?c&d#e" }), &IndexMap::new(), &["q".to_owned()]), "q=a/b?c%26d%23e");
    }

    #[test]
    fn a_path_is_written_by_its_style() {
        let list = json!(["x", "y/z"]);
        assert_eq!(path(&list, "a", None), "x,y%2Fz");
        assert_eq!(path(&list, "a", Some(Style::Label)), ".x,y%2Fz");
        assert_eq!(path(&list, "a", Some(Style::LabelApart)), ".x.y%2Fz");
        assert_eq!(path(&list, "a", Some(Style::Matrix)), ";a=x,y%2Fz");
        assert_eq!(path(&list, "a", Some(Style::MatrixApart)), ";a=x;a=y%2Fz");
        assert_eq!(path(&json!({ "k": 1 }), "a", Some(Style::Pairs)), "k=1");
        assert_eq!(path(&json!([]), "a", Some(Style::Label)), "");
    }

    #[test]
    fn headers_and_cookies_are_text() {
        assert_eq!(text(&json!([1, 2]), Style::Comma), json!("1,2"));
        assert_eq!(text(&json!({ "k": "v" }), Style::Pairs), json!("k=v"));
        assert_eq!(cookies(&json!({ "a": "x;y", "b": null })), Some(HeaderValue::from_static("a=x%3By")));
        assert_eq!(cookies(&json!({})), None);
    }
}
