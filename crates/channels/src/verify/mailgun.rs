//! Mailgun: `signature` over `timestamp` and `token`, all three in the form.

use super::{Refused, check_sha256, check_time};

/// Checks what Mailgun posts; `now_seconds` since the epoch.
pub fn mailgun(signing_key: &str, time: &str, token: &str, signature: &str, now_seconds: i64) -> Result<(), Refused> {
    let wanted = hex::decode(signature.trim()).map_err(|_| Refused::Missing)?;
    check_time(time, now_seconds)?;
    check_sha256(signing_key, &[time.as_bytes(), token.as_bytes()], &wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::hmac_sha256;
    use hmac::Mac;

    #[test]
    fn time_and_token_are_signed() {
        let mut mac = hmac_sha256(b"key");
        mac.update(b"1700000000token");
        let good = hex::encode(mac.finalize().into_bytes());
        assert_eq!(mailgun("key", "1700000000", "token", &good, 1_700_000_100), Ok(()));
        assert_eq!(mailgun("key", "1700000000", "token", &good, 1_700_000_301), Err(Refused::Stale));
        assert_eq!(mailgun("key", "1700000000", "tokem", &good, 1_700_000_000), Err(Refused::Mismatch));
        assert_eq!(mailgun("", "1700000000", "token", &good, 1_700_000_000), Err(Refused::Missing));
        assert_eq!(mailgun("key", "1700000000", "token", "", 1_700_000_000), Err(Refused::Mismatch));
    }
}
