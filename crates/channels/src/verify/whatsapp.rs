//! WhatsApp: `X-Hub-Signature-256` and the registration of a webhook.

use super::{Refused, check_sha256, check_token};

/// Checks `X-Hub-Signature-256: sha256=<hex>` over the raw body. Parsing and writing the body again would change it:
/// Meta signs its own escapes.
pub fn whatsapp(app_secret: &str, header: &str, body: &[u8]) -> Result<(), Refused> {
    let wanted = header.strip_prefix("sha256=").and_then(|hex| hex::decode(hex).ok()).ok_or(Refused::Missing)?;
    check_sha256(app_secret, &[body], &wanted)
}

/// Answers the registration `GET ?hub.mode=subscribe&hub.verify_token=…&hub.challenge=…`: when it is good, the
/// challenge is the answer's body.
pub fn whatsapp_challenge<'a>(
    verify_token: &str,
    mode: &str,
    given_token: &str,
    challenge: &'a str,
) -> Result<&'a str, Refused> {
    if mode != "subscribe" {
        return Err(Refused::Missing);
    }
    check_token(verify_token, given_token).map(|()| challenge)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "sha256=25cc8c90950b302b1e25a21e961c40585478e91d59427e1276b55194d561947f";

    #[test]
    fn the_raw_body_is_what_counts() {
        assert_eq!(whatsapp("appsecret", HEADER, br#"{"a":"caf\u00e9"}"#), Ok(()));
        assert_eq!(whatsapp("appsecret", HEADER, "{\"a\":\"café\"}".as_bytes()), Err(Refused::Mismatch));
        assert_eq!(whatsapp("other", HEADER, br#"{"a":"caf\u00e9"}"#), Err(Refused::Mismatch));
        assert_eq!(whatsapp("", HEADER, b""), Err(Refused::Missing));
        assert_eq!(whatsapp("appsecret", "sha256=xyz", b""), Err(Refused::Missing));
    }

    #[test]
    fn registration_echoes_the_challenge() {
        assert_eq!(whatsapp_challenge("t", "subscribe", "t", "42"), Ok("42"));
        assert_eq!(whatsapp_challenge("t", "subscribe", "u", "42"), Err(Refused::Mismatch));
        assert_eq!(whatsapp_challenge("", "subscribe", "", "42"), Err(Refused::Missing));
        assert_eq!(whatsapp_challenge("t", "unsubscribe", "t", "42"), Err(Refused::Missing));
    }
}
