//! `multipart/form-data` (RFC 7578), and files as an input. The same value always gives the same bytes: what a person
//! approved is what is sent, on every attempt.

use crate::call::CallError;
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use reqwest::header::HeaderValue;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// A file's bytes, or a text as it is; anything else as JSON.
pub(crate) fn bytes(value: &Value) -> Result<Bytes, CallError> {
    match value {
        Value::String(text) => Ok(Bytes::from(text.clone())),
        Value::Object(members) if members.contains_key("base64") => decoded(members),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Ok(Bytes::from(value.to_string()))
        }
    }
}

fn decoded(file: &Map<String, Value>) -> Result<Bytes, CallError> {
    let text = file.get("base64").and_then(Value::as_str).unwrap_or_default();
    let wrong = |error: base64::DecodeError| {
        CallError::fatal("input_invalid", format!("/base64: the file's bytes are not base64: {error}"))
    };
    BASE64_STANDARD.decode(text.trim()).map(Bytes::from).map_err(wrong)
}

/// The members of an object as a multipart form, and its content type. What has no value is not sent; a list is a part
/// for each of its items.
pub(crate) fn encode(value: &Value) -> Result<(Bytes, HeaderValue), CallError> {
    let mut parts = Vec::new();
    for (name, member) in value.as_object().into_iter().flatten() {
        match member {
            Value::Null => {}
            Value::Array(items) => items.iter().try_for_each(|item| part(&mut parts, name, item))?,
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => part(&mut parts, name, member)?,
        }
    }
    let boundary = boundary(&parts);
    let mut body = Vec::new();
    for (head, bytes) in &parts {
        body.extend_from_slice(format!("--{boundary}\r\n{head}\r\n\r\n").as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let kind = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}"))
        .map_err(|error| CallError::fatal("input_invalid", error.to_string()))?;
    Ok((Bytes::from(body), kind))
}

fn part(parts: &mut Vec<(String, Bytes)>, name: &str, value: &Value) -> Result<(), CallError> {
    let mut head = format!("Content-Disposition: form-data; name=\"{}\"", quoted(name));
    match value {
        Value::Object(file) if file.contains_key("base64") => {
            let text = |member: &str| file.get(member).and_then(Value::as_str).filter(|text| !text.is_empty());
            let kind = text("content_type").unwrap_or("application/octet-stream");
            let kind: String = kind.chars().filter(|c| !c.is_control()).collect();
            head.push_str(&format!("; filename=\"{}\"", quoted(text("filename").unwrap_or("file"))));
            head.push_str(&format!("\r\nContent-Type: {kind}"));
        }
        Value::Object(_) | Value::Array(_) => head.push_str("\r\nContent-Type: application/json"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    parts.push((head, bytes(value)?));
    Ok(())
}

/// A name cannot end its quotes or its line (WHATWG, multipart/form-data encoding algorithm).
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// A line that is in no part. Ends: each try has another number, and a part holds finitely many.
fn boundary(parts: &[(String, Bytes)]) -> String {
    let mut hash = Sha256::new();
    for (head, bytes) in parts {
        hash.update(head);
        hash.update(bytes);
    }
    let hash: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let free = |boundary: &String| {
        let line = boundary.as_bytes();
        !parts.iter().any(|(_, bytes)| bytes.windows(line.len()).any(|window| window == line))
    };
    (0_u32..).map(|number| format!("countersign-{hash}-{number}")).find(free).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_same_value_gives_the_same_bytes() {
        let value = json!({ "note": "a\"b", "tags": ["x", "y"], "none": null, "n": 1,
            "photo": { "base64": "aGk=", "filename": "p\"\r\n.png", "content_type": "image/png" } });
        let (body, kind) = encode(&value).unwrap();
        assert_eq!(encode(&value).unwrap(), (body.clone(), kind.clone()));
        let kind = kind.to_str().unwrap();
        let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert_eq!(text.matches(&format!("--{boundary}")).count(), 6);
        assert!(text.contains("filename=\"p%22%0D%0A.png\"\r\nContent-Type: image/png\r\n\r\nhi\r\n"));
        assert!(text.contains("name=\"tags\"\r\n\r\nx\r\n") && text.contains("name=\"tags\"\r\n\r\ny\r\n"));
        assert!(!text.contains("none"));
    }

    #[test]
    fn bytes_that_are_no_base64_are_refused() {
        assert_eq!(encode(&json!({ "f": { "base64": "%%" } })).unwrap_err().code, "input_invalid");
    }
}
