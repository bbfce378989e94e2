//! Telegram: the webhook's secret token, and what a web app says about its user.

use super::{Refused, check_token, hmac_sha256};
use hmac::Mac;
use std::collections::BTreeMap;

/// Checks `X-Telegram-Bot-Api-Secret-Token`.
pub fn telegram(secret_token: &str, header: &str) -> Result<(), Refused> {
    check_token(secret_token, header)
}

/// Checks a web app's `initData` (as the query string it is) and gives its fields. `age_seconds_max` bounds how old
/// `auth_date` may be.
///
/// Libraries disagree whether the newer field `signature` belongs to the signed text, so both readings are tried: each
/// needs the bot's token.
pub fn telegram_init_data(
    bot_token: &str,
    init_data: &str,
    now_seconds: i64,
    age_seconds_max: u64,
) -> Result<BTreeMap<String, String>, Refused> {
    if bot_token.is_empty() {
        return Err(Refused::Missing);
    }
    let mut fields: BTreeMap<String, String> = url::form_urlencoded::parse(init_data.as_bytes()).into_owned().collect();
    let wanted = fields.remove("hash").and_then(|hash| hex::decode(hash).ok()).ok_or(Refused::Missing)?;
    let mut key = hmac_sha256(b"WebAppData");
    key.update(bot_token.as_bytes());
    let key = key.finalize().into_bytes();
    let matches = |with_signature: bool| {
        let lines = fields.iter().filter(|(name, _)| with_signature || *name != "signature");
        let text: Vec<String> = lines.map(|(name, value)| format!("{name}={value}")).collect();
        let mut mac = hmac_sha256(&key);
        mac.update(text.join("\n").as_bytes());
        mac.verify_slice(&wanted).is_ok()
    };
    if !matches(true) && !matches(false) {
        return Err(Refused::Mismatch);
    }
    let signed: i64 = fields.get("auth_date").and_then(|date| date.parse().ok()).ok_or(Refused::Missing)?;
    if signed.abs_diff(now_seconds) > age_seconds_max { Err(Refused::Stale) } else { Ok(fields) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const DATA: &str = "query_id=AAH&user=%7B%22id%22%3A1%7D&auth_date=1700000000\
         &hash=beccfc2b6da7bad766361b0df28ab7383dbf4ba65bc9467cc53816803d560966";

    #[test]
    fn init_data_is_checked() {
        let fields = telegram_init_data("123456:ABC", DATA, 1_700_000_100, 3600).unwrap();
        assert_eq!(fields["user"], r#"{"id":1}"#);
        let with_signature = format!("{DATA}&signature=later");
        assert!(telegram_init_data("123456:ABC", &with_signature, 1_700_000_100, 3600).is_ok());
        assert_eq!(telegram_init_data("123456:ABD", DATA, 1_700_000_100, 3600), Err(Refused::Mismatch));
        assert_eq!(telegram_init_data("123456:ABC", DATA, 1_700_009_999, 3600), Err(Refused::Stale));
        assert_eq!(telegram_init_data("123456:ABC", "user=1", 0, 1), Err(Refused::Missing));
        let other = DATA.replace("id%22%3A1", "id%22%3A2");
        assert_eq!(telegram_init_data("123456:ABC", &other, 1_700_000_100, 3600), Err(Refused::Mismatch));
    }

    #[test]
    fn the_secret_token_is_compared() {
        assert_eq!(telegram("a-token", "a-token"), Ok(()));
        assert_eq!(telegram("a-token", "a-tokem"), Err(Refused::Mismatch));
        assert_eq!(telegram("", ""), Err(Refused::Missing));
    }
}
