//! Checks that what arrives comes from who it says it does. Always over the raw bytes, always in constant time.

mod hmac;
mod mailgun;
mod shopify;
mod slack;
mod stripe;
mod telegram;
mod twilio;
mod whatsapp;

pub use self::hmac::hmac;
pub use mailgun::mailgun;
pub use shopify::shopify;
pub use slack::slack;
pub use stripe::stripe;
pub use telegram::{telegram, telegram_init_data};
pub use twilio::{TwilioAlgorithm, twilio, twilio_body};
pub use whatsapp::{whatsapp, whatsapp_challenge};

use ::hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Seconds a signed timestamp may be away from now: what Slack and Stripe ask for.
const TOLERANCE_SECONDS: u64 = 300;

/// Why a signature was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is none, it cannot be read, or there is no secret to check it with.
    #[error("the signature is missing or cannot be read")]
    Missing,
    /// It is not by the holder of the secret.
    #[error("the signature does not match")]
    Mismatch,
    /// It is too old or from the future: perhaps a replay.
    #[error("the signature's time is too far from now")]
    Stale,
}

/// Checks a secret that is sent along.
pub fn token(secret: &str, given: &str) -> Result<(), Refused> {
    check_token(secret, given)
}

fn hmac_sha256(secret: &[u8]) -> Hmac<Sha256> {
    // HMAC takes keys of every length; the error exists for other constructions.
    Hmac::new_from_slice(secret).unwrap_or_else(|_| Hmac::new(&Default::default()))
}

/// The signature of these parts equals `wanted`. An empty secret matches nothing: it means the check is not set up.
fn check_sha256(secret: &str, parts: &[&[u8]], wanted: &[u8]) -> Result<(), Refused> {
    if secret.is_empty() {
        return Err(Refused::Missing);
    }
    let mut mac = hmac_sha256(secret.as_bytes());
    parts.iter().for_each(|part| mac.update(part));
    mac.verify_slice(wanted).map_err(|_| Refused::Mismatch)
}

/// Two tokens are the same; an empty one is none.
fn check_token(secret: &str, given: &str) -> Result<(), Refused> {
    if secret.is_empty() || given.is_empty() {
        return Err(Refused::Missing);
    }
    if bool::from(secret.as_bytes().ct_eq(given.as_bytes())) { Ok(()) } else { Err(Refused::Mismatch) }
}

fn check_time(timestamp: &str, now_seconds: i64) -> Result<(), Refused> {
    let signed: i64 = timestamp.parse().map_err(|_| Refused::Missing)?;
    if signed.abs_diff(now_seconds) > TOLERANCE_SECONDS { Err(Refused::Stale) } else { Ok(()) }
}
