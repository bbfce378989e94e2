//! What the bytes of an answer say.

use countersign_core::text::whole_kept;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::Value;
use std::borrow::Cow;

/// An answer's body, read.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// There was none.
    Empty,
    /// It is JSON and does not say otherwise.
    Json(Value),
    /// Anything else, as text.
    Text(String),
}

impl Content {
    /// Reads a body. It is tried as JSON unless its content type says that it is something else. Whole numbers beyond 64
    /// bits become texts, so that their digits are kept.
    #[must_use]
    pub fn read(headers: &HeaderMap, bytes: &[u8]) -> Self {
        let text = text(headers, bytes);
        if text.is_empty() {
            return Self::Empty;
        }
        let kind = headers.get(CONTENT_TYPE).map(|kind| kind.as_bytes().to_ascii_lowercase());
        let may_be_json = kind.is_none_or(|kind| kind.windows(4).any(|part| part == b"json"));
        match may_be_json.then(|| serde_json::from_slice(&whole_kept(text.as_bytes()))) {
            Some(Ok(value)) => Self::Json(value),
            Some(Err(_)) | None => Self::Text(text.into_owned()),
        }
    }
}

/// A body as text: by its byte order mark, which is left out, else by the charset it declares, else as UTF-8 (JSON
/// also as UTF-16, which its first characters show). What is not of that encoding becomes U+FFFD.
#[must_use]
pub fn text<'a>(headers: &HeaderMap, bytes: &'a [u8]) -> Cow<'a, str> {
    let (encoding, mark) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (encoding, length),
        None => (charset(headers).or_else(|| wide(bytes)).unwrap_or(UTF_8), 0),
    };
    encoding.decode_without_bom_handling(&bytes[mark..]).0
}

fn charset(headers: &HeaderMap) -> Option<&'static Encoding> {
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let label = kind.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']))
    })?;
    Encoding::for_label(label.as_bytes())
}

/// UTF-16 without a mark: JSON begins with an ASCII character, so one half of its first unit is zero.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    match *bytes {
        [0, second, ..] if second != 0 => Some(UTF_16BE),
        [first, 0, ..] if first != 0 => Some(UTF_16LE),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use reqwest::header::HeaderValue;
    use serde_json::json;

    fn of(kind: &str) -> HeaderMap {
        let kind = (!kind.is_empty()).then(|| (CONTENT_TYPE, HeaderValue::from_str(kind).unwrap()));
        kind.into_iter().collect()
    }

    #[test]
    fn digits_beyond_64_bits_are_kept() {
        let read = Content::read(&HeaderMap::new(), br#"{"id":99999999999999999999,"n":18446744073709551615}"#);
        let Content::Json(value) = read else { panic!("{read:?}") };
        assert_eq!(value.to_string(), r#"{"id":"99999999999999999999","n":18446744073709551615}"#);
    }

    #[test]
    fn a_mark_is_no_part_of_the_text() {
        let kind = of("application/json; charset=utf-8");
        assert_eq!(Content::read(&kind, b"\xef\xbb\xbf{\"id\":7}"), Content::Json(json!({ "id": 7 })));
        assert_eq!(Content::read(&of("text/plain"), b"\xef\xbb\xbfhi"), Content::Text("hi".into()));
        assert_eq!(Content::read(&kind, b"\xef\xbb\xbf"), Content::Empty);
    }

    #[test]
    fn the_declared_charset_counts() {
        for kind in ["text/plain; charset=iso-8859-1", "text/plain;Charset=\"Windows-1252\"; x=y"] {
            assert_eq!(Content::read(&of(kind), b"Jos\xe9"), Content::Text("José".into()), "{kind}");
        }
        let name = Content::Json(json!({ "name": "José" }));
        assert_eq!(Content::read(&of("application/json; charset=latin1"), b"{\"name\":\"Jos\xe9\"}"), name);
        assert_eq!(
            Content::read(&of("text/plain; charset=shift_jis"), b"\x93\xfa\x96\x7b"),
            Content::Text("日本".into())
        );
        assert_eq!(Content::read(&of("text/plain; charset=klingon"), "é".as_bytes()), Content::Text("é".into()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn whatever_comes_is_read(
            bytes in prop::collection::vec(any::<u8>(), 0..256),
            kind in "[ -~]{0,40}|(application/json|text/[a-z]{1,5})(; ?charset=\"?[a-z0-9-]{0,12}\"?)?",
        ) {
            drop(Content::read(&of(kind.trim()), &bytes));
        }

        #[test]
        fn json_says_the_same_in_every_encoding(name in "\\PC{0,12}", number in any::<i64>()) {
            let value = json!({ "name": name, "number": number });
            let text = value.to_string();
            let wide = |unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
            let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
            let (little, big) = (wide(u16::to_le_bytes), wide(u16::to_be_bytes));
            for bytes in [
                marked(b"\xef\xbb\xbf", text.as_bytes()),
                marked(b"\xff\xfe", &little),
                marked(b"\xfe\xff", &big),
                little,
                big,
                text.clone().into_bytes(),
            ] {
                prop_assert_eq!(Content::read(&of("application/json"), &bytes), Content::Json(value.clone()));
            }
        }
    }
}
