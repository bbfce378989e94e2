//! What a webhook brings, as a value: JSON, the fields of a form, the elements of XML, or text.

use super::xml;
use crate::http::problem::{ApiError, ApiResult};
use axum::http::{StatusCode, header::CONTENT_DISPOSITION};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use countersign_core::{pointer, text};
use futures::stream;
use multer::Multipart;
use percent_encoding::percent_decode;
use serde_json::{Map, Value, json};
use std::convert::Infallible;

/// The most fields of a form.
const FIELDS_MAX: usize = 1000;
/// The most bytes of all files of a form together: they are kept with the run.
const FILES_BYTES_MAX: usize = 1024 * 1024;
/// How many lists and objects of a value may be in one another. What is kept puts some more around it, and is read again
/// only up to 128 levels.
pub(super) const DEPTH_MAX: usize = 64;

/// Reads a body by its content type; text and what claims to be nothing is JSON where it is that, else text.
pub(super) async fn read(content_type: &str, bytes: &Bytes) -> ApiResult<Value> {
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let value = match media_type.as_str() {
        "application/x-www-form-urlencoded" => form(bytes),
        "multipart/form-data" => multipart(content_type, bytes.clone()).await,
        "application/json" => json_of(bytes).map_err(|error| invalid(error.to_string())),
        "application/xml" | "text/xml" => xml::read(utf8(bytes, "XML")?),
        other if other.ends_with("+json") => json_of(bytes).map_err(|error| invalid(error.to_string())),
        other if other.ends_with("+xml") => xml::read(utf8(bytes, "XML")?),
        _ => json_of(bytes).or_else(|_| Ok(Value::from(utf8(bytes, "text")?))),
    }?;
    match too_deep(&value, DEPTH_MAX) {
        Some(place) => Err(ApiError::invalid(place, format!("the value is more than {DEPTH_MAX} levels deep"))),
        None => Ok(value),
    }
}

/// Where a value has more levels than so many: a JSON pointer to it.
fn too_deep(value: &Value, levels: usize) -> Option<String> {
    let below = |value| too_deep(value, levels - 1);
    match value {
        Value::Array(_) | Value::Object(_) if levels == 0 => Some(String::new()),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| Some(format!("/{index}{}", below(item)?)))
        }
        Value::Object(members) => {
            members.iter().find_map(|(name, member)| Some(format!("/{}{}", pointer::token(name), below(member)?)))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

pub(super) fn invalid(message: String) -> ApiError {
    ApiError::invalid("", message)
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

fn json_of(bytes: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(&text::whole_kept(without_mark(bytes)))
}

/// Bytes of another encoding are refused: what would stand in their place is nothing that anybody sent.
fn utf8<'a>(bytes: &'a [u8], what: &str) -> ApiResult<&'a str> {
    std::str::from_utf8(without_mark(bytes)).map_err(|error| invalid(format!("the {what} is not UTF-8: {error}")))
}

/// One that came several times is a list.
pub(super) fn put(members: &mut Map<String, Value>, name: &str, value: Value) {
    match members.get_mut(name) {
        None => drop(members.insert(name.to_owned(), value)),
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

/// As browsers send it (URL Standard, 5.1), but strict about UTF-8.
fn form(bytes: &[u8]) -> ApiResult<Value> {
    let mut members = Map::new();
    let fields = bytes.split(|byte| *byte == b'&').filter(|field| !field.is_empty());
    for (count, field) in fields.enumerate() {
        if count == FIELDS_MAX {
            return Err(invalid(format!("a form has at most {FIELDS_MAX} fields")));
        }
        let mut parts = field.splitn(2, |byte| *byte == b'=');
        let name = decoded(parts.next().unwrap_or_default())?;
        put(&mut members, &name, Value::from(decoded(parts.next().unwrap_or_default())?));
    }
    Ok(Value::Object(members))
}

fn decoded(part: &[u8]) -> ApiResult<String> {
    let spaced: Vec<u8> = part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let decoded = percent_decode(&spaced).decode_utf8();
    decoded.map(String::from).map_err(|error| invalid(format!("the form is not UTF-8: {error}")))
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
        let disposition = part.headers().get(CONTENT_DISPOSITION);
        if disposition.is_some_and(|head| std::str::from_utf8(head.as_bytes()).is_err()) {
            return Err(invalid(format!("the head of part {count} of the form is not UTF-8")));
        }
        let Some(name) = part.name().map(str::to_owned) else {
            return Err(invalid(format!("part {count} of the form has no name")));
        };
        let file = part.file_name().map(str::to_owned);
        let kind = part.content_type().map(ToString::to_string);
        let content = part.bytes().await.map_err(unreadable)?;
        let value = match file {
            None => Value::from(utf8(&content, &format!("field `{name}`"))?),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    async fn body(content_type: &str, bytes: &str) -> ApiResult<Value> {
        read(content_type, &Bytes::copy_from_slice(bytes.as_bytes())).await
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
            ("text/plain; charset=utf-8", "7 o'clock", json!("7 o'clock")),
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

    /// What is read within a time that no body may need by far.
    fn soon(content_type: &'static str, bytes: String) -> ApiResult<Value> {
        let (told, hears) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            told.send(runtime.block_on(body(content_type, &bytes)))
        });
        hears.recv_timeout(std::time::Duration::from_secs(20)).expect("it is read soon")
    }

    #[test]
    fn xml_with_very_many_attributes_or_namespaces_is_answered_soon() {
        let many = |count: usize, of: fn(usize) -> String| (0..count).map(of).collect::<String>();
        let attribute = |number| format!(" a{number}=''");
        let prefix = |number| format!(" xmlns:p{number}='u'");
        for refused in [
            format!("<a{}/>", many(150_000, attribute)),
            format!("<a b = '>'{}/>", many(250, attribute)),
            format!("<a{}/>", many(50_000, prefix)),
            format!("<a xmlns\n=\n\"1\"{}/>", " xmlns=''".repeat(100_000)),
            format!("<a>{}</a>", many(101, |number| format!("<b xmlns:p{number}='u'/>"))),
        ] {
            assert!(soon("text/xml", refused).is_err());
        }
        let long = many(250, attribute);
        let value = soon("text/xml", format!("<a>{}</a>", format!("<b{long}/>").repeat(400))).unwrap();
        assert_eq!(value["a"]["b"][399].as_object().unwrap().len(), 250);
        let (names, children) = (many(99, prefix), many(30_000, |number| format!("<b xmlns:q='u{}'/>", number % 999)));
        let value = soon("text/xml", format!("<a{names}>{children}</a>")).unwrap();
        assert_eq!(value["a"]["b"].as_array().unwrap().len(), 30_000);
        let words = format!("{{{}}} a=\"1\" <b {}", "\"a\":\"b\",".repeat(1000), "\"a\" ".repeat(1000));
        let value = soon("text/xml", format!("<a><![CDATA[{words}]]></a>")).unwrap();
        assert_eq!(value, json!({ "a": words.trim() }));
    }

    #[tokio::test]
    async fn no_value_is_deeper_than_can_be_read_again() {
        let list = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        // Every element but the last comes twice: it is an object in a list.
        let pairs = |pairs: usize| format!("{}{}", "<a><a/>".repeat(pairs), "</a>".repeat(pairs));
        let form = "application/x-www-form-urlencoded";
        for (kind, bytes) in [
            ("application/json", list(64)),
            ("text/plain", list(64)),
            ("", list(64)),
            ("text/xml", format!("{}x{}", "<a>".repeat(64), "</a>".repeat(64))),
            ("text/xml", pairs(32)),
            (form, "a=1&a=2".to_owned()),
        ] {
            assert!(body(kind, &bytes).await.is_ok(), "{kind} {bytes}");
        }
        let place = |problem: ApiError| problem.into_problem().pointer.unwrap_or_default();
        for (kind, bytes, at) in [
            ("application/json", list(65), "/0".repeat(64)),
            ("application/json", format!(r#"{{"a/b":{}}}"#, list(64)), format!("/a~1b{}", "/0".repeat(63))),
            ("text/plain", list(65), "/0".repeat(64)),
            ("", list(65), "/0".repeat(64)),
            ("text/xml", format!("{}{}", "<a>".repeat(65), "</a>".repeat(65)), String::new()),
            ("text/xml", pairs(33), format!("/a{}/a", "/a/1".repeat(31))),
        ] {
            assert_eq!(place(body(kind, &bytes).await.unwrap_err()), at, "{kind} {bytes}");
        }
        for deep in ["<a>".repeat(500_000), "[".repeat(1_000_000), r#"{"a":"#.repeat(300_000)] {
            let kind = if deep.starts_with('<') { "text/xml" } else { "application/json" };
            assert!(body(kind, &deep).await.is_err());
        }
    }

    #[tokio::test]
    async fn attributes_of_several_namespaces_are_all_kept() {
        let text = r#"<a xmlns:x="u" xmlns:y="v" x:id="1" y:id="2" id="3" xml:lang="de" b="x&#10;&lt;&#x1F600;"/>"#;
        let value = json!({ "a": { "@id": ["1", "2", "3"], "@lang": "de", "@b": "x\n<\u{1F600}" } });
        assert_eq!(body("text/xml", text).await.unwrap(), value);
    }

    #[tokio::test]
    async fn what_is_not_utf_8_is_refused_and_not_changed() {
        let form = "application/x-www-form-urlencoded; charset=iso-8859-1";
        let multipart = "multipart/form-data; boundary=X";
        let part = |content: &[u8]| {
            [b"--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n", content, b"\r\n--X--\r\n"].concat()
        };
        let utf_16: Vec<u8> = "<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (kind, bytes) in [
            (form, b"a=%E4".to_vec()),
            (form, b"%E4=a".to_vec()),
            (form, b"a=\xE4".to_vec()),
            (multipart, part(b"\xE4")),
            ("text/plain; charset=iso-8859-1", b"\xE4".to_vec()),
            ("application/octet-stream", vec![0xFF, 0xFE]),
            ("", vec![0xFF, 0xFE]),
            ("application/json", b"\"\xE4\"".to_vec()),
            ("text/xml", b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xE4</a>".to_vec()),
            ("text/xml", [b"\xFF\xFE".to_vec(), utf_16].concat()),
        ] {
            let refused = read(kind, &Bytes::from(bytes)).await.unwrap_err();
            assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{kind}");
        }
        let kept = read(multipart, &Bytes::from(part("ä".as_bytes()))).await.unwrap();
        assert_eq!(kept, json!({ "a": "ä" }));
        assert_eq!(body(form, "%C3%A4=+%2B%&&b&=c&=%").await.unwrap(), json!({ "ä": " +%", "b": "", "": ["c", "%"] }));
    }

    #[tokio::test]
    async fn text_that_is_json_is_its_value() {
        for (kind, text, value) in [
            ("text/plain; charset=UTF-8", r#"{"Type":"Notification"}"#, json!({ "Type": "Notification" })),
            ("text/plain", "7", json!(7)),
            ("TEXT/PLAIN", " [1] ", json!([1])),
            ("text/html", "[1", json!("[1")),
            ("text/plain", "", Value::Null),
        ] {
            assert_eq!(body(kind, text).await.unwrap(), value, "{kind} {text}");
        }
    }

    #[tokio::test]
    async fn odd_names_are_names_and_many_are_too_many() {
        let names = [r#"{"__proto__":{"a":1},"constructor":1,"":2,"a":3,"a":4}"#];
        let value = json!({ "__proto__": { "a": 1 }, "constructor": 1, "": 2, "a": 4 });
        assert_eq!(body("application/json", names[0]).await.unwrap(), value);
        let part = |name: &str| format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n1\r\n");
        let multipart =
            |names: &[&str]| format!("{}--X--\r\n", names.iter().map(|name| part(name)).collect::<String>());
        let long = "n".repeat(100_000);
        let value = soon("multipart/form-data; boundary=X", multipart(&["__proto__", "", &long])).unwrap();
        assert_eq!(value, json!({ "__proto__": "1", "": "1", long: "1" }));
        assert!(soon("multipart/form-data; boundary=X", multipart(&vec!["a"; 20_000])).is_err());
        let form: String = (0..100_000).map(|number| format!("n{number}=&")).collect();
        assert!(soon("application/x-www-form-urlencoded", form).is_err());
        let head = format!("--X\r\nContent-Disposition: {}\r\n\r\n1\r\n--X--\r\n", "name name=\\\"".repeat(100_000));
        drop(soon("multipart/form-data; boundary=X", head));
        let heads = format!("--X\r\n{}\r\n1\r\n--X--\r\n", "a: b\r\n".repeat(300_000));
        assert!(soon("multipart/form-data; boundary=X", heads).is_err());
    }
}
