//! The HMAC of a body, written as a trigger says.

use super::Refused;
use base64::{Engine, prelude::BASE64_STANDARD};
use countersign_core::document::{Signature, SignatureAlgorithm, SignatureEncoding};
use hmac::{Hmac, Mac, digest::KeyInit};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

/// Checks the signature of a raw body.
pub fn hmac(secret: &str, how: &Signature, header: &str, body: &[u8]) -> Result<(), Refused> {
    let given = match &how.prefix {
        Some(prefix) => header.strip_prefix(prefix.as_str()).ok_or(Refused::Missing)?,
        None => header.strip_prefix(how.algorithm.tag()).and_then(|rest| rest.strip_prefix('=')).unwrap_or(header),
    };
    let given = match how.encoding {
        SignatureEncoding::Hex => hex::decode(given.trim()).map_err(|_| Refused::Missing)?,
        SignatureEncoding::Base64 => BASE64_STANDARD.decode(given.trim()).map_err(|_| Refused::Missing)?,
    };
    match how.algorithm {
        SignatureAlgorithm::Sha256 => check::<Hmac<Sha256>>(secret, body, &given),
        SignatureAlgorithm::Sha1 => check::<Hmac<Sha1>>(secret, body, &given),
        SignatureAlgorithm::Sha512 => check::<Hmac<Sha512>>(secret, body, &given),
    }
}

/// The whole signature, not its beginning. An empty secret matches nothing: it means the check is not set up.
fn check<M: Mac + KeyInit>(secret: &str, body: &[u8], given: &[u8]) -> Result<(), Refused> {
    if secret.is_empty() {
        return Err(Refused::Missing);
    }
    // HMAC takes keys of every length; the error exists for other constructions.
    let mut mac = <M as Mac>::new_from_slice(secret.as_bytes()).map_err(|_| Refused::Missing)?;
    mac.update(body);
    mac.verify_slice(given).map_err(|_| Refused::Mismatch)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf '%s' 'what do ya want for nothing?' | openssl dgst -ALGORITHM -hmac Jefe`; the test case of RFC 2202 and RFC 4231.
    const BODY: &[u8] = b"what do ya want for nothing?";
    const SHA1: &str = "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79";
    const SHA256: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    const SHA512: &str = "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737";

    fn of(algorithm: SignatureAlgorithm) -> Signature {
        Signature { algorithm, ..Signature::default() }
    }

    #[test]
    fn each_algorithm_is_its_own_with_or_without_its_name() {
        let all = [
            (SignatureAlgorithm::Sha1, SHA1),
            (SignatureAlgorithm::Sha256, SHA256),
            (SignatureAlgorithm::Sha512, SHA512),
        ];
        for (algorithm, signature) in all {
            let how = of(algorithm);
            for header in [signature.to_owned(), format!("{}={signature}", algorithm.tag()), signature.to_uppercase()] {
                assert_eq!(hmac("Jefe", &how, &header, BODY), Ok(()), "{header}");
            }
            assert_eq!(hmac("Jefe", &how, signature, b"what"), Err(Refused::Mismatch));
            assert_eq!(hmac("", &how, signature, BODY), Err(Refused::Missing), "no secret is set");
            assert_eq!(
                hmac("Jefe", &how, &signature[..20], BODY),
                Err(Refused::Mismatch),
                "the beginning is not enough"
            );
            assert!(hmac("Jefe", &how, "", BODY).is_err());
            for (_, other) in all.iter().filter(|(other, _)| *other != algorithm) {
                assert_eq!(hmac("Jefe", &how, other, BODY), Err(Refused::Mismatch));
            }
        }
        assert_eq!(
            hmac("Jefe", &of(SignatureAlgorithm::Sha512), &format!("sha256={SHA512}"), BODY),
            Err(Refused::Missing)
        );
    }

    #[test]
    fn a_prefix_that_is_asked_for_must_be_there() {
        let how = Signature { prefix: Some("v1=".to_owned()), ..Signature::default() };
        assert_eq!(hmac("Jefe", &how, &format!("v1={SHA256}"), BODY), Ok(()));
        for header in [SHA256.to_owned(), format!("sha256={SHA256}"), format!("v1=v1={SHA256}")] {
            assert_eq!(hmac("Jefe", &how, &header, BODY), Err(Refused::Missing), "{header}");
        }
    }

    #[test]
    fn base64_is_read_where_it_is_said() {
        let encoded = BASE64_STANDARD.encode(hex::decode(SHA256).unwrap());
        let how = Signature { encoding: SignatureEncoding::Base64, ..Signature::default() };
        assert_eq!(hmac("Jefe", &how, &encoded, BODY), Ok(()));
        assert_eq!(hmac("Jefe", &how, &format!("sha256={encoded}"), BODY), Ok(()));
        assert!(hmac("Jefe", &how, SHA256, BODY).is_err(), "hex is not base64");
        assert_eq!(hmac("Jefe", &Signature::default(), &encoded, BODY), Err(Refused::Missing));
    }
}
