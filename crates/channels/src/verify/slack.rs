//! Slack: `X-Slack-Signature` and `X-Slack-Request-Timestamp`.

use super::{Refused, check_sha256, check_time};

/// Checks a request from Slack; `now_seconds` since the epoch.
pub fn slack(
    signing_secret: &str,
    timestamp: &str,
    signature: &str,
    body: &[u8],
    now_seconds: i64,
) -> Result<(), Refused> {
    let wanted = signature.strip_prefix("v0=").and_then(|hex| hex::decode(hex).ok()).ok_or(Refused::Missing)?;
    check_time(timestamp, now_seconds)?;
    check_sha256(signing_secret, &[b"v0:", timestamp.as_bytes(), b":", body], &wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signature_and_time_are_checked() {
        let signature = "v0=4186ad57a18c16fb48a959ad946b3071684bc0f677f761fa9f29d0bf1e9c0d93";
        let check = |body: &[u8], now| slack("slack_secret", "1700000000", signature, body, now);
        assert_eq!(check(b"payload=%7B%7D", 1_700_000_299), Ok(()));
        assert_eq!(check(b"payload=%7B%7D", 1_700_000_301), Err(Refused::Stale));
        assert_eq!(check(b"payload=%7B%7D", 1_699_999_000), Err(Refused::Stale));
        assert_eq!(check(b"payload=%7B%7E", 1_700_000_000), Err(Refused::Mismatch));
        assert_eq!(slack("s", "soon", signature, b"", 0), Err(Refused::Missing));
    }
}
