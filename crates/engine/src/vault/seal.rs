//! Secrets at rest: sealed with one key, bound to the place they belong to.

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD},
};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::{fmt, sync::Arc};

/// Marks the format, so that another one can follow.
const PREFIX: &str = "v1.";
/// Bytes of a random nonce; long enough never to repeat.
const NONCE_BYTES: usize = 24;

/// Why secrets could not be sealed or opened. Says nothing about their content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The operating system gave no random bytes, or the secrets are too large.
    #[error("the secrets could not be sealed")]
    Seal,
    /// Not sealed by this key for this place, or changed since.
    #[error("the secrets cannot be opened: they were sealed with another key, for another place, or were changed")]
    Open,
}

/// Seals and opens secrets with one 256-bit key. Cheap to clone; `Debug` shows nothing of the key.
#[derive(Clone)]
pub struct Vault {
    cipher: Arc<XChaCha20Poly1305>,
    /// What tokens are made with: nothing of the key can be learnt from it.
    tokens: Hmac<Sha256>,
}

impl Vault {
    /// A vault with this key.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        // HMAC fills a key up to a block with zeros itself.
        let mut block = [0_u8; 64];
        block[..32].copy_from_slice(&Sha256::new_with_prefix(b"countersign/tokens/").chain_update(key).finalize());
        let tokens = <Hmac<Sha256> as Mac>::new(&block.into());
        Self { cipher: Arc::new(XChaCha20Poly1305::new(&key.into())), tokens }
    }

    /// A secret of 256 bits in letters, digits, `-` and `_`: always the same for a purpose and what it is of, so that it need
    /// not be kept to be told again, and nobody without the key can make it.
    #[must_use]
    pub fn token(&self, purpose: &str, of: &str) -> String {
        let parts = [purpose.as_bytes(), b"/", of.as_bytes()];
        let mac = parts.into_iter().fold(self.tokens.clone(), |mac, part| mac.chain_update(part));
        BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }

    /// Seals `secrets` for `context`, which names their place (`<workspace>/connection/<id>`). The same secrets seal to
    /// another text each time.
    ///
    /// # Errors
    /// [`VaultError::Seal`] when there is no randomness.
    pub fn seal(&self, context: &str, secrets: &Map<String, Value>) -> Result<String, VaultError> {
        let plain = serde_json::to_vec(secrets).map_err(|_| VaultError::Seal)?;
        let mut nonce = [0_u8; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| VaultError::Seal)?;
        let payload = Payload { msg: &plain, aad: context.as_bytes() };
        let sealed = self.cipher.encrypt(XNonce::from_slice(&nonce), payload).map_err(|_| VaultError::Seal)?;
        let mut bytes = nonce.to_vec();
        bytes.extend_from_slice(&sealed);
        Ok(format!("{PREFIX}{}", BASE64_STANDARD_NO_PAD.encode(bytes)))
    }

    /// Opens what [`Vault::seal`] sealed for the same `context`.
    ///
    /// # Errors
    /// [`VaultError::Open`] for another key, another context or a changed text.
    pub fn open(&self, context: &str, sealed: &str) -> Result<Map<String, Value>, VaultError> {
        let text = sealed.strip_prefix(PREFIX).ok_or(VaultError::Open)?;
        let bytes = BASE64_STANDARD_NO_PAD.decode(text).map_err(|_| VaultError::Open)?;
        let (nonce, body) = bytes.split_at_checked(NONCE_BYTES).ok_or(VaultError::Open)?;
        let payload = Payload { msg: body, aad: context.as_bytes() };
        let plain = self.cipher.decrypt(XNonce::from_slice(nonce), payload).map_err(|_| VaultError::Open)?;
        serde_json::from_slice(&plain).map_err(|_| VaultError::Open)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn secrets() -> Map<String, Value> {
        json!({ "api_key": "sk_test_4eC39HqLyjWDarjtT1zdp7dc" }).as_object().unwrap().clone()
    }

    #[test]
    fn sealed_secrets_open_in_their_place_only() {
        let vault = Vault::new([7; 32]);
        let sealed = vault.seal("w/connection/1", &secrets()).unwrap();
        assert!(!sealed.contains("sk_test"));
        assert_eq!(vault.open("w/connection/1", &sealed).unwrap(), secrets());
        assert_eq!(vault.open("w/connection/2", &sealed), Err(VaultError::Open));
        assert_eq!(Vault::new([8; 32]).open("w/connection/1", &sealed), Err(VaultError::Open));
    }

    #[test]
    fn tokens_are_of_one_purpose_one_thing_and_one_key() {
        let vault = Vault::new([7; 32]);
        let token = vault.token("link", "1");
        assert_eq!((token.len(), &token), (43, &vault.token("link", "1")));
        for other in [vault.token("link", "2"), vault.token("page", "1"), Vault::new([8; 32]).token("link", "1")] {
            assert_ne!(token, other);
        }
    }

    #[test]
    fn the_same_secrets_never_look_the_same() {
        let vault = Vault::new([7; 32]);
        assert_ne!(vault.seal("w", &secrets()).unwrap(), vault.seal("w", &secrets()).unwrap());
    }

    #[test]
    fn changed_or_foreign_texts_are_refused() {
        let vault = Vault::new([7; 32]);
        let sealed = vault.seal("w", &secrets()).unwrap();
        let mut changed = sealed.clone();
        let last = if changed.pop() == Some('A') { 'B' } else { 'A' };
        changed.push(last);
        for text in ["", "v1.", "v1.AAAA", "v2.AAAA", "{}", &changed, &sealed[..sealed.len() / 2]] {
            assert_eq!(vault.open("w", text), Err(VaultError::Open), "{text}");
        }
    }
}
