//! Random secrets, of which only hashes are kept.

use crate::http::problem::ApiError;
use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 43 characters of 62 hold 256 bits.
const LENGTH: usize = 43;

/// A random secret of 256 bits in letters and digits.
pub(crate) fn random_secret() -> Result<String, ApiError> {
    let mut secret = String::with_capacity(LENGTH);
    let mut bytes = [0_u8; 64];
    while secret.len() < LENGTH {
        getrandom::fill(&mut bytes).map_err(ApiError::internal)?;
        // Bytes above the last multiple of 62 would favour the first letters.
        let usable = bytes.iter().filter(|byte| **byte < 248);
        secret.extend(usable.map(|byte| char::from(ALPHABET[usize::from(byte % 62)])).take(LENGTH - secret.len()));
    }
    Ok(secret)
}

/// SHA-256 of a secret: the key of the caches.
pub(crate) fn fingerprint(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// SHA-256 hex of a secret: what the database keeps.
pub(crate) fn sha256_hex(secret: &[u8]) -> String {
    hex::encode(fingerprint(secret))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn secrets_are_long_and_differ() {
        let (one, other) = (random_secret().unwrap(), random_secret().unwrap());
        assert_eq!(one.len(), LENGTH);
        assert!(one.chars().all(|c| c.is_ascii_alphanumeric()));
        assert_ne!(one, other);
    }
}
