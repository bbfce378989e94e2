//! Stripe: `Stripe-Signature: t=…,v1=…`.

use super::{Refused, check_sha256, check_time};

/// Checks a webhook of Stripe; `now_seconds` since the epoch. One good `v1` is enough: while a secret is being changed
/// there are several.
pub fn stripe(secret: &str, header: &str, body: &[u8], now_seconds: i64) -> Result<(), Refused> {
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let timestamp = parts().find(|(name, _)| *name == "t").map(|(_, value)| value).ok_or(Refused::Missing)?;
    check_time(timestamp, now_seconds)?;
    let mut outcome = Err(Refused::Missing);
    for wanted in parts().filter(|(name, _)| *name == "v1").filter_map(|(_, value)| hex::decode(value).ok()) {
        outcome = check_sha256(secret, &[timestamp.as_bytes(), b".", body], &wanted);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "v1=c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925";

    #[test]
    fn one_good_signature_is_enough() {
        let check = |header: String| stripe("whsec_test", &header, br#"{"id":"evt_1"}"#, 1_700_000_000);
        let wrong = format!("v1={}", "0".repeat(64));
        assert_eq!(check(format!("t=1700000000,{GOOD}")), Ok(()));
        assert_eq!(check(format!("t=1700000000,{GOOD},{wrong},v0=1")), Ok(()));
        assert_eq!(check(format!("t=1700000000,{wrong},{GOOD}")), Ok(()));
        assert_eq!(check(format!("t=1700000000,{wrong}")), Err(Refused::Mismatch));
        assert_eq!(check(format!("t=1699990000,{GOOD}")), Err(Refused::Stale));
        assert_eq!(check("t=1700000000".to_owned()), Err(Refused::Missing));
        assert_eq!(check(String::new()), Err(Refused::Missing));
    }
}
