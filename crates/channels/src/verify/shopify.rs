//! Shopify: `X-Shopify-Hmac-SHA256`.

use super::{Refused, check_sha256};
use base64::{Engine, prelude::BASE64_STANDARD};

/// Checks a webhook of Shopify over the raw body.
pub fn shopify(client_secret: &str, header: &str, body: &[u8]) -> Result<(), Refused> {
    let wanted = BASE64_STANDARD.decode(header.trim()).map_err(|_| Refused::Missing)?;
    check_sha256(client_secret, &[body], &wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_signatures_are_checked() {
        let header = "xocA3LkeJ/RvNrkxep1EUtFHuj7rIoIqZYaLU26LyPQ=";
        assert_eq!(shopify("shpss_secret", header, br#"{"id":1}"#), Ok(()));
        assert_eq!(shopify("shpss_secret", header, br#"{"id":2}"#), Err(Refused::Mismatch));
        assert_eq!(shopify("shpss_secret", "?", b""), Err(Refused::Missing));
    }
}
