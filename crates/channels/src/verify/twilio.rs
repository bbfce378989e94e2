//! Twilio: `X-Twilio-Signature` over the URL and the form's fields.

use super::{Refused, hmac_sha256};
use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use subtle::ConstantTimeEq;
use url::Url;

/// Which hash the signature uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TwilioAlgorithm {
    /// Signed with the account's auth token.
    #[default]
    Sha1,
    /// Signed with a shared key; the header `X-Twilio-Webhooks-Signature-Settings` says so.
    Sha256,
}

/// Checks a form webhook. `url` is the public URL the webhook was registered with, query included; `fields` are all
/// fields received, unknown ones too.
pub fn twilio(
    secret: &str,
    algorithm: TwilioAlgorithm,
    url: &str,
    fields: &[(String, String)],
    signature: &str,
) -> Result<(), Refused> {
    let mut sorted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in fields {
        sorted.entry(name).or_default().insert(value);
    }
    let suffix: String =
        sorted.iter().flat_map(|(name, values)| values.iter().flat_map(move |value| [*name, *value])).collect();
    check(secret, algorithm, url, &suffix, signature)
}

/// Checks a webhook whose body is not a form: the URL, which carries the body's hash as `bodySHA256`, is signed.
pub fn twilio_body(
    secret: &str,
    algorithm: TwilioAlgorithm,
    url: &str,
    body: &[u8],
    signature: &str,
) -> Result<(), Refused> {
    let parsed = Url::parse(url).map_err(|_| Refused::Missing)?;
    let wanted = parsed
        .query_pairs()
        .find(|(name, _)| name == "bodySHA256")
        .and_then(|(_, hash)| hex::decode(hash.as_ref()).ok())
        .ok_or(Refused::Missing)?;
    check(secret, algorithm, url, "", signature)?;
    if bool::from(Sha256::digest(body).as_slice().ct_eq(&wanted)) { Ok(()) } else { Err(Refused::Mismatch) }
}

fn check(secret: &str, algorithm: TwilioAlgorithm, url: &str, suffix: &str, signature: &str) -> Result<(), Refused> {
    let wanted = BASE64_STANDARD.decode(signature.trim()).map_err(|_| Refused::Missing)?;
    if secret.is_empty() || wanted.is_empty() {
        return Err(Refused::Missing);
    }
    let matches = |url: &String| match algorithm {
        TwilioAlgorithm::Sha1 => Hmac::<Sha1>::new_from_slice(secret.as_bytes()).is_ok_and(|mut mac| {
            mac.update(url.as_bytes());
            mac.update(suffix.as_bytes());
            mac.verify_slice(&wanted).is_ok()
        }),
        TwilioAlgorithm::Sha256 => {
            let mut mac = hmac_sha256(secret.as_bytes());
            mac.update(url.as_bytes());
            mac.update(suffix.as_bytes());
            mac.verify_slice(&wanted).is_ok()
        }
    };
    if spellings(url).iter().any(matches) { Ok(()) } else { Err(Refused::Mismatch) }
}

/// The URL as it is, with its port written out, and without: Twilio signs one of them.
fn spellings(url: &str) -> Vec<String> {
    let mut all = vec![url.to_owned()];
    if let Some((scheme, rest)) = url.split_once("://") {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (bare, port) = match authority.rsplit_once(':') {
            Some((bare, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (bare, Some(port)),
            Some(_) | None => (authority, None),
        };
        match port {
            Some(_) => all.push(format!("{scheme}://{bare}{path}")),
            None => {
                let port = if scheme == "https" { 443 } else { 80 };
                all.push(format!("{scheme}://{bare}:{port}{path}"));
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use TwilioAlgorithm::{Sha1 as Old, Sha256 as New};

    const URL: &str = "https://example.com/myapp.php?foo=1&bar=2";
    const OLD: &str = "L/OH5YylLD5NRKLltdqwSvS0BnU=";
    const NEW: &str = "qMztBq0IANMH/q0K9sCfKQJLylezvRdRzRS647SAVow=";

    fn fields() -> Vec<(String, String)> {
        [
            ("Digits", "1234"),
            ("CallSid", "CA1234567890ABCDE"),
            ("To", "+18005551212"),
            ("Caller", "+14158675310"),
            ("From", "+14158675310"),
            ("From", "+14158675310"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    #[test]
    fn both_algorithms_are_checked() {
        assert_eq!(twilio("12345", Old, URL, &fields(), OLD), Ok(()));
        assert_eq!(twilio("12345", New, URL, &fields(), NEW), Ok(()));
        assert_eq!(twilio("12345", New, URL, &fields(), OLD), Err(Refused::Mismatch));
        assert_eq!(twilio("1234", Old, URL, &fields(), OLD), Err(Refused::Mismatch));
        assert_eq!(twilio("12345", Old, URL, &fields()[1..], OLD), Err(Refused::Mismatch));
        assert_eq!(twilio("", Old, URL, &fields(), OLD), Err(Refused::Missing));
    }

    #[test]
    fn the_port_may_be_written_or_not() {
        let with_port = URL.replace("example.com", "example.com:443");
        assert_eq!(twilio("12345", Old, &with_port, &fields(), OLD), Ok(()));
        assert_eq!(twilio("12345", Old, "https://example.org/", &fields(), OLD), Err(Refused::Mismatch));
    }

    #[test]
    fn bodies_are_bound_by_their_hash() {
        let hash = hex::encode(Sha256::digest(b"{}"));
        let url = format!("https://example.com/hook?bodySHA256={hash}");
        let mut mac = hmac_sha256(b"12345");
        mac.update(url.as_bytes());
        let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
        assert_eq!(twilio_body("12345", New, &url, b"{}", &signature), Ok(()));
        assert_eq!(twilio_body("12345", New, &url, b"[]", &signature), Err(Refused::Mismatch));
        assert_eq!(twilio_body("12345", New, URL, b"{}", &signature), Err(Refused::Missing));
    }
}
