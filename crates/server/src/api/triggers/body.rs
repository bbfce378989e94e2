//! What a webhook brings, as a value: JSON, the fields of a form, the elements of XML, or text.

use crate::http::problem::{ApiError, ApiResult};
use axum::http::StatusCode;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use countersign_core::text;
use futures::stream;
use multer::Multipart;
use roxmltree::{Document, Node, ParsingOptions};
use serde_json::{Map, Value, json};
use std::convert::Infallible;

/// The most fields of a form.
const FIELDS_MAX: usize = 1000;
/// The most bytes of all files of a form together: they are kept with the run.
const FILES_BYTES_MAX: usize = 1024 * 1024;
/// The most elements and attributes of XML.
const NODES_MAX: u32 = 100_000;
/// How deep XML may be.
const DEPTH_MAX: usize = 100;

/// A body that was read.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// Its value.
    pub(super) value: Value,
    /// The fields in their order, of a URL-encoded form: Twilio signs them.
    pub(super) fields: Vec<(String, String)>,
}

impl From<Value> for Read {
    fn from(value: Value) -> Self {
        Self { value, fields: Vec::new() }
    }
}

/// Reads a body by its content type; what claims to be nothing is JSON where it is that, else text.
pub(super) async fn read(content_type: &str, bytes: &Bytes) -> ApiResult<Read> {
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if bytes.is_empty() {
        return Ok(Read::default());
    }
    match media_type.as_str() {
        "application/x-www-form-urlencoded" => form(bytes),
        "multipart/form-data" => multipart(content_type, bytes.clone()).await.map(Read::from),
        "application/json" => json_of(bytes).map(Read::from).map_err(|error| invalid(error.to_string())),
        "application/xml" | "text/xml" => xml(bytes).map(Read::from),
        "text/plain" => Ok(words(bytes).into()),
        other if other.ends_with("+json") => json_of(bytes).map(Read::from).map_err(|error| invalid(error.to_string())),
        other if other.ends_with("+xml") => xml(bytes).map(Read::from),
        _ => Ok(json_of(bytes).unwrap_or_else(|_| words(bytes)).into()),
    }
}

fn invalid(message: String) -> ApiError {
    ApiError::invalid("", message)
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

fn json_of(bytes: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(&text::whole_kept(without_mark(bytes)))
}

fn words(bytes: &[u8]) -> Value {
    Value::from(String::from_utf8_lossy(without_mark(bytes)))
}

/// One that came several times is a list.
fn put(members: &mut Map<String, Value>, name: &str, value: Value) {
    match members.get_mut(name) {
        None => drop(members.insert(name.to_owned(), value)),
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

fn form(bytes: &[u8]) -> ApiResult<Read> {
    let fields: Vec<(String, String)> = form_urlencoded::parse(bytes).into_owned().take(FIELDS_MAX + 1).collect();
    if fields.len() > FIELDS_MAX {
        return Err(invalid(format!("a form has at most {FIELDS_MAX} fields")));
    }
    let mut members = Map::new();
    for (name, value) in &fields {
        put(&mut members, name, Value::from(value.as_str()));
    }
    Ok(Read { value: Value::Object(members), fields })
}

/// A field with a file is `{ filename, content_type, base64 }`, as a connector's input takes files.
async fn multipart(content_type: &str, bytes: Bytes) -> ApiResult<Value> {
    let unreadable = |error: multer::Error| invalid(format!("the multipart form cannot be read: {error}"));
    let boundary = multer::parse_boundary(content_type).map_err(unreadable)?;
    let mut parts = Multipart::new(stream::iter([Ok::<_, Infallible>(bytes)]), boundary);
    let mut members = Map::new();
    let (mut count, mut files_bytes) = (0, 0);
    while let Some(part) = parts.next_field().await.map_err(unreadable)? {
        count += 1;
        if count > FIELDS_MAX {
            return Err(invalid(format!("a form has at most {FIELDS_MAX} fields")));
        }
        let Some(name) = part.name().map(str::to_owned) else {
            return Err(invalid(format!("part {count} of the form has no name")));
        };
        let file = part.file_name().map(str::to_owned);
        let kind = part.content_type().map(ToString::to_string);
        let content = part.bytes().await.map_err(unreadable)?;
        let value = match file {
            None => Value::from(String::from_utf8_lossy(&content)),
            Some(filename) => {
                files_bytes += content.len();
                if files_bytes > FILES_BYTES_MAX {
                    return Err(files_too_large(&name));
                }
                let kind = kind.unwrap_or_else(|| "application/octet-stream".to_owned());
                json!({ "filename": filename, "content_type": kind, "base64": BASE64_STANDARD.encode(&content) })
            }
        };
        put(&mut members, &name, value);
    }
    Ok(Value::Object(members))
}

fn files_too_large(field: &str) -> ApiError {
    let detail = format!("with the file in `{field}` they are more than {} KiB together", FILES_BYTES_MAX / 1024);
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "files_too_large", "The files of the form are too large")
        .detail(detail)
}

/// `<order id="7"><item>a</item><item>b</item></order>` is `{ "order": { "@id": "7", "item": ["a", "b"] } }`. Prefixes of
/// namespaces are left out, text beside elements is `#text`. Document types are refused.
fn xml(bytes: &[u8]) -> ApiResult<Value> {
    let text =
        std::str::from_utf8(without_mark(bytes)).map_err(|error| invalid(format!("the XML is not UTF-8: {error}")))?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options)
        .map_err(|error| invalid(format!("the XML cannot be read: {error}")))?;
    let root = document.root_element();
    Ok(Value::Object(Map::from_iter([(root.tag_name().name().to_owned(), element(root, 0)?)])))
}

fn element(node: Node<'_, '_>, depth: usize) -> ApiResult<Value> {
    if depth >= DEPTH_MAX {
        return Err(invalid(format!("the XML is more than {DEPTH_MAX} elements deep")));
    }
    let mut members = Map::new();
    for attribute in node.attributes() {
        members.insert(format!("@{}", attribute.name()), Value::from(attribute.value()));
    }
    let mut words = String::new();
    for child in node.children() {
        if child.is_element() {
            put(&mut members, child.tag_name().name(), element(child, depth + 1)?);
        } else if child.is_text() {
            words.push_str(child.text().unwrap_or_default());
        }
    }
    let words = words.trim();
    if members.is_empty() {
        return Ok(Value::from(words));
    }
    if !words.is_empty() {
        members.insert("#text".to_owned(), Value::from(words));
    }
    Ok(Value::Object(members))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    async fn body(content_type: &str, bytes: &str) -> ApiResult<Value> {
        read(content_type, &Bytes::copy_from_slice(bytes.as_bytes())).await.map(|read| read.value)
    }

    #[tokio::test]
    async fn a_body_is_json_a_form_or_text() {
        let form = "application/x-www-form-urlencoded; charset=utf-8";
        for (kind, bytes, value) in [
            ("application/json", r#"{"a":1}"#, json!({ "a": 1 })),
            ("application/vnd.api+json", "[1]", json!([1])),
            (form, "a=1&b=%C3%A4+x", json!({ "a": "1", "b": "ä x" })),
            (form, "tag=a&tag=b&tag=c", json!({ "tag": ["a", "b", "c"] })),
            ("text/plain", "hello there", json!("hello there")),
            ("text/plain; charset=utf-8", "7", json!("7")),
            ("", r#"{"a":1}"#, json!({ "a": 1 })),
            ("", "", Value::Null),
            ("application/json", "\u{FEFF}[184467440737095516160]", json!(["184467440737095516160"])),
        ] {
            assert_eq!(body(kind, bytes).await.unwrap(), value, "{kind} {bytes}");
        }
        assert!(body("application/json", "{").await.is_err());
        assert!(body(form, &"a=1&".repeat(FIELDS_MAX + 1)).await.is_err());
    }

    #[tokio::test]
    async fn xml_is_its_elements_and_attributes() {
        let order = r#"<?xml version="1.0"?><o:order xmlns:o="urn:o" id="7"><item>a</item><item sku="9">b</item>
            <note/><total><![CDATA[1 < 2]]></total></o:order>"#;
        let value = json!({ "order": {
            "@id": "7", "item": ["a", { "@sku": "9", "#text": "b" }], "note": "", "total": "1 < 2",
        } });
        assert_eq!(body("application/xml", order).await.unwrap(), value);
        assert_eq!(body("application/soap+xml; charset=utf-8", "<a>1</a>").await.unwrap(), json!({ "a": "1" }));
        let deep = format!("{}{}", "<a>".repeat(DEPTH_MAX + 1), "</a>".repeat(DEPTH_MAX + 1));
        let bomb = r#"<!DOCTYPE a [<!ENTITY b "x">]><a>&b;</a>"#;
        let secret = r#"<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>"#;
        for refused in ["<a>", "", " ", "<a/><b/>", &deep, bomb, secret].into_iter().filter(|text| !text.is_empty()) {
            assert!(body("text/xml", refused).await.is_err(), "{refused}");
        }
    }

    #[tokio::test]
    async fn a_multipart_form_is_its_fields_and_files() {
        let part =
            |head: &str, content: &str| format!("--X\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n");
        let file = |content: &str| part("name=\"scan\"; filename=\"a.txt\"\r\nContent-Type: text/plain", content);
        let kind = "multipart/form-data; boundary=X";
        let whole = |parts: &[String]| format!("{}--X--\r\n", parts.concat());
        let read = body(kind, &whole(&[part("name=\"a\"", "1"), part("name=\"a\"", "2"), file("hi")])).await.unwrap();
        let scan = json!({ "filename": "a.txt", "content_type": "text/plain", "base64": "aGk=" });
        assert_eq!(read, json!({ "a": ["1", "2"], "scan": scan }));
        let half = "x".repeat(FILES_BYTES_MAX / 2);
        assert!(body(kind, &whole(&[file(&half), file(&half)])).await.is_ok());
        assert!(body(kind, &whole(&[file(&half), file(&half), file("x")])).await.is_err(), "too large together");
        for broken in [file("hi"), "nothing".to_owned(), whole(&[part("filename=\"a\"", "1")])] {
            assert!(body(kind, &broken).await.is_err(), "{broken}");
        }
        assert!(body("multipart/form-data", "x").await.is_err(), "without a boundary");
    }
}
