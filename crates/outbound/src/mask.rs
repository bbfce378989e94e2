//! Takes secrets out of whatever comes back, whole or in parts, and in whatever spelling.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// What stands where a secret was.
pub const MASK: &str = "***";

/// Values shorter than this are not searched for in texts: they would blot out innocent ones.
const SEARCHED_LENGTH_MIN: usize = 4;

/// Encoded pieces of a longer whole are searched for from this length on.
const PIECE_LENGTH_MIN: usize = 8;

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What browsers' `encodeURIComponent` encodes.
const COMPONENT: &AsciiSet = &RESERVED.remove(b'!').remove(b'\'').remove(b'(').remove(b')').remove(b'*');

/// Secrets and every spelling of them that may turn up in a text.
#[derive(Clone, Default)]
pub struct Mask {
    /// Longest first, so that no part is masked where the whole stands.
    spellings: Vec<String>,
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(MASK)
    }
}

impl<'a> FromIterator<&'a str> for Mask {
    fn from_iter<I: IntoIterator<Item = &'a str>>(secrets: I) -> Self {
        let mut mask = Self::default();
        secrets.into_iter().for_each(|secret| mask.add(secret));
        mask
    }
}

impl Mask {
    /// One more secret: the value, the part behind a scheme, a decoded pair and the password in it, members of a JSON
    /// document that are named like secrets.
    pub fn add(&mut self, secret: &str) {
        for part in parts(secret) {
            self.spellings.extend(spellings(&part));
        }
        self.spellings.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        self.spellings.dedup();
    }

    /// The text without secrets; allocates only when there was one.
    pub fn text(&self, text: &mut String) {
        for spelling in &self.spellings {
            if text.contains(spelling) {
                *text = text.replace(spelling, MASK);
            }
        }
    }

    /// Every string and member name of the value without secrets.
    pub fn value(&self, value: &mut Value) {
        if self.spellings.is_empty() {
            return;
        }
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(members) => {
                if members.keys().any(|name| self.spellings.iter().any(|spelling| name.contains(spelling))) {
                    *members = std::mem::take(members)
                        .into_iter()
                        .map(|(mut name, member)| {
                            self.text(&mut name);
                            (name, member)
                        })
                        .collect();
                }
                members.values_mut().for_each(|member| self.value(member));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// The secret and what of it is a secret by itself.
fn parts(secret: &str) -> Vec<String> {
    let secret = secret.trim();
    let mut found = vec![secret.to_owned()];
    let scheme = |word: &str| !word.is_empty() && word.len() <= 20 && word.bytes().all(|b| b.is_ascii_alphabetic());
    let bare = match secret.split_once(' ') {
        Some((word, rest)) if scheme(word) => rest.trim(),
        Some(_) | None => secret,
    };
    found.push(bare.to_owned());
    // `token="x", id="y"` and cookies.
    for pair in bare.split([',', ';']) {
        if let Some((_, value)) = pair.split_once('=').filter(|(name, _)| name.trim().len() < 32) {
            found.push(value.trim().trim_matches('"').to_owned());
        }
    }
    for encoding in [&BASE64_STANDARD, &BASE64_URL_SAFE, &BASE64_STANDARD_NO_PAD, &BASE64_URL_SAFE_NO_PAD] {
        if let Some(pair) = encoding.decode(bare).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
            found.extend(password(&pair));
            found.push(pair);
            break;
        }
    }
    found.extend(password(bare));
    if let Ok(document) = serde_json::from_str::<Value>(secret) {
        members(&document, false, &mut found);
    }
    found.retain(|part| part.len() >= SEARCHED_LENGTH_MIN);
    found.sort_unstable();
    found.dedup();
    found
}

/// The password of `user:password`, also inside a URL.
fn password(pair: &str) -> Option<String> {
    if let Some((_, rest)) = pair.split_once("://") {
        let (login, _) = rest.split_once('@')?;
        return login.split_once(':').map(|(_, password)| password.to_owned());
    }
    let (user, password) = pair.split_once(':')?;
    (!user.contains(char::is_whitespace)).then(|| password.to_owned())
}

fn members(document: &Value, secret: bool, found: &mut Vec<String>) {
    const TELLING: [&str; 5] = ["key", "secret", "token", "password", "credential"];
    match document {
        Value::String(text) if secret && text.len() >= PIECE_LENGTH_MIN => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| members(item, secret, found)),
        Value::Object(object) => {
            for (name, member) in object {
                let name = name.to_ascii_lowercase();
                // Addresses and ids of keys are no secrets.
                let telling = TELLING.iter().any(|word| name.contains(word));
                members(member, telling && !name.ends_with("_uri") && !name.ends_with("_id"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The value as it reads raw, inside JSON, HTML, a URL or a form, and in Base64, also in the middle of something else.
fn spellings(value: &str) -> Vec<String> {
    let json = Value::from(value).to_string();
    let json = json[1..json.len() - 1].to_owned();
    let ascii: String = json.chars().map(|c| if c.is_ascii() { c.to_string() } else { escaped(c) }).collect();
    let html = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let form: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let encoded = [NON_ALPHANUMERIC, RESERVED, COMPONENT].map(|set| utf8_percent_encode(value, set).to_string());
    let mut all = vec![
        value.to_owned(),
        json.replace('/', "\\/"),
        json,
        ascii.replace('/', "\\/"),
        ascii,
        html.replace('\'', "&#39;"),
        html,
    ];
    for encoded in encoded.into_iter().chain([form]) {
        all.extend([small_hex(&encoded), encoded.replace("%20", "+"), encoded]);
    }
    for offset in 0..3 {
        all.extend(piece(value, offset));
    }
    all
}

fn escaped(c: char) -> String {
    c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
}

/// `%2F` as `%2f`.
fn small_hex(encoded: &str) -> String {
    let mut left = 0_u8;
    encoded
        .chars()
        .map(|c| {
            let small = if left > 0 { c.to_ascii_lowercase() } else { c };
            left = if c == '%' { 2 } else { left.saturating_sub(1) };
            small
        })
        .collect()
}

/// What of the Base64 of a longer text is told by this value alone, when it begins at that offset of a group of three.
fn piece(value: &str, offset: usize) -> Vec<String> {
    let bytes = [&[0_u8; 2][..offset], value.as_bytes()].concat();
    let first = [0, 2, 3][offset];
    [BASE64_STANDARD_NO_PAD.encode(&bytes), BASE64_URL_SAFE_NO_PAD.encode(&bytes)]
        .into_iter()
        .filter_map(|whole| {
            let last = whole.len() - usize::from(!bytes.len().is_multiple_of(3));
            let piece = whole.get(first..last)?;
            (piece.len() >= PIECE_LENGTH_MIN).then(|| piece.to_owned())
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn masked(secret: &str, text: &str) -> String {
        let mut text = text.to_owned();
        Mask::from_iter([secret]).text(&mut text);
        text
    }

    #[test]
    fn what_stands_behind_a_scheme_is_a_secret_too() {
        for scheme in ["Bearer ", "token ", "Basic ", "Bot ", "GenieKey ", ""] {
            assert_eq!(masked(&format!("{scheme}s3cr3t-value"), "got s3cr3t-value!"), "got ***!", "{scheme}");
        }
        assert_eq!(masked("Token token=\"s3cr3t-value\", id=7", "s3cr3t-value"), "***");
        assert_eq!(masked("session=s3cr3t-value; Path=/", "s3cr3t-value"), "***");
    }

    #[test]
    fn a_pair_is_known_decoded_and_its_password_alone() {
        let basic = format!("Basic {}", BASE64_STANDARD.encode("ada:open sesame"));
        assert_eq!(masked(&basic, "user ada:open sesame"), "user ***");
        assert_eq!(masked(&basic, "user ada, password open+sesame, open%20sesame"), "user ada, password ***, ***");
        assert_eq!(masked("ada:open-sesame", &BASE64_STANDARD.encode("x-ada:open-sesame-x")).matches(MASK).count(), 1);
        assert_eq!(masked("https://ada:open-sesame@x.example/", "open-sesame"), "***");
    }

    #[test]
    fn a_key_file_hides_its_keys_and_not_its_addresses() {
        let file = json!({ "type": "service_account", "private_key": "-----BEGIN\nMIIEv/Q", "token_uri": "https://oauth.example", "inner": { "client_secret": "abcdefghij" } });
        let echo = json!({ "said": "-----BEGIN\nMIIEv/Q abcdefghij https://oauth.example service_account" });
        let mut echo = echo.to_string();
        Mask::from_iter([file.to_string().as_str()]).text(&mut echo);
        assert_eq!(echo, r#"{"said":"*** *** https://oauth.example service_account"}"#);
    }

    proptest! {
        #[test]
        fn a_secret_is_found_in_every_spelling(secret in "[!-~äß€😀]{6,24}", before in "[a-z]{0,4}", after in "[a-z]{0,4}") {
            let whole = format!("{before}{secret}{after}");
            for text in [
                secret.clone(),
                Value::from(secret.as_str()).to_string(),
                utf8_percent_encode(&secret, NON_ALPHANUMERIC).to_string(),
                small_hex(&utf8_percent_encode(&secret, RESERVED).to_string()),
                url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
                BASE64_STANDARD.encode(&secret),
                BASE64_URL_SAFE_NO_PAD.encode(&secret),
                whole.clone(),
            ] {
                prop_assert!(masked(&secret, &text).contains(MASK), "{} in {}", secret, text);
            }
            if secret.len() >= 11 {
                for text in [BASE64_STANDARD.encode(&whole), BASE64_URL_SAFE.encode(&whole)] {
                    prop_assert!(masked(&secret, &text).contains(MASK), "{} in {}", secret, text);
                }
            }
        }
    }
}
