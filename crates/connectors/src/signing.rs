//! Requests signed with a secret (HMAC): what is signed, and where the signature goes.

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, Mac, digest::KeyInit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Sha256, Sha512};
use std::time::{SystemTime, UNIX_EPOCH};
use url::Url;

const TIMESTAMP: &str = "timestamp";
/// What a signature may be over.
const SIGNED: [&str; 5] = ["method", "path", "query", "body", TIMESTAMP];

/// A signature of the request as it is sent (HMAC), in a header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    /// Name of the secret that it is signed with.
    pub secret: String,
    /// The header with the signature.
    pub header: String,
    /// The hash.
    #[serde(default)]
    pub algorithm: SigningAlgorithm,
    /// How the signature is written.
    #[serde(default)]
    pub encoding: SignatureEncoding,
    /// What stands before it in the header, such as `sha256=`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// What is signed: a text with `{method}` in capitals, `{path}` and `{query}` as they are sent, `{body}` byte for byte, and
    /// `{timestamp}`, the seconds since 1970. Such as `{timestamp}.{body}`.
    #[serde(default = "whole_body")]
    pub signs: String,
    /// The header with the timestamp, where it is signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_header: Option<String>,
    /// Whether a call without the secret is refused here.
    #[serde(default = "yes")]
    pub required: bool,
}

/// The hash of a signature.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SigningAlgorithm {
    /// HMAC-SHA256.
    #[default]
    Sha256,
    /// HMAC-SHA512.
    Sha512,
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignatureEncoding {
    /// Hexadecimal, small letters.
    #[default]
    Hex,
    /// Base64 with padding.
    Base64,
}

fn whole_body() -> String {
    "{body}".to_owned()
}

fn yes() -> bool {
    true
}

/// A request as it is signed.
pub(crate) struct Signed<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a Url,
    pub(crate) body: &'a [u8],
}

impl Signing {
    /// What is wrong with what is signed.
    pub(crate) fn check(&self) -> Result<(), String> {
        let names: Vec<&str> = pieces(&self.signs).filter_map(|(_, name)| name).collect();
        if names.is_empty() {
            return Err(format!("`signs` names none of {}", SIGNED.map(|name| format!("{{{name}}}")).join(", ")));
        }
        match (names.contains(&TIMESTAMP), &self.timestamp_header) {
            (true, None) => Err("`signs` has {timestamp}, and no `timestamp_header` sends it along".to_owned()),
            (false, Some(_)) => Err("`timestamp_header` goes with {timestamp} in `signs`".to_owned()),
            (true, Some(_)) | (false, None) => Ok(()),
        }
    }

    /// What the header says.
    pub(crate) fn signature(&self, secret: &str, request: &Signed<'_>, timestamp: &str) -> String {
        let mut text = Vec::with_capacity(self.signs.len() + request.body.len());
        for (before, name) in pieces(&self.signs) {
            text.extend_from_slice(before.as_bytes());
            text.extend_from_slice(match name {
                Some("method") => request.method.as_bytes(),
                Some("path") => request.url.path().as_bytes(),
                Some("query") => request.url.query().unwrap_or_default().as_bytes(),
                Some("body") => request.body,
                Some(_) => timestamp.as_bytes(),
                None => b"",
            });
        }
        let bytes = match self.algorithm {
            SigningAlgorithm::Sha256 => keyed::<Hmac<Sha256>>(secret, &text),
            SigningAlgorithm::Sha512 => keyed::<Hmac<Sha512>>(secret, &text),
        };
        let written = match self.encoding {
            SignatureEncoding::Hex => hex::encode(bytes),
            SignatureEncoding::Base64 => BASE64_STANDARD.encode(bytes),
        };
        format!("{}{written}", self.prefix)
    }
}

fn keyed<M: Mac + KeyInit>(secret: &str, text: &[u8]) -> Vec<u8> {
    // A key of any length is taken.
    let Ok(mac) = <M as Mac>::new_from_slice(secret.as_bytes()) else { return Vec::new() };
    mac.chain_update(text).finalize().into_bytes().to_vec()
}

/// Literal text and the name in braces after it, in order; braces around anything else are text.
fn pieces(template: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let mut rest = Some(template);
    std::iter::from_fn(move || {
        let text = rest?;
        let found = SIGNED.iter().filter_map(|name| Some((text.find(&format!("{{{name}}}"))?, *name))).min();
        match found {
            Some((at, name)) => {
                rest = Some(&text[at + name.len() + 2..]);
                Some((&text[..at], Some(name)))
            }
            None => {
                rest = None;
                Some((text, None))
            }
        }
    })
}

/// Seconds since 1970, as they are signed and sent.
pub(crate) fn timestamp() -> String {
    #[expect(clippy::disallowed_methods, reason = "the other side compares it with its own clock")]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().to_string()
}
