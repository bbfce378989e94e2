//! TLS to PostgreSQL, with the meaning libpq gives to `sslmode`: `prefer` and `require` encrypt and believe any
//! certificate, `verify-ca` and `verify-full` check it and the name in it.

use std::borrow::Cow;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres::Socket;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{Result, StoreError};

/// An encrypted connection, bound to the server's certificate where the password exchange can be (SCRAM-SHA-256-PLUS).
pub(super) type Stream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// How much a certificate is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trust {
    /// Any certificate.
    Anybody,
    /// The system's authorities.
    System,
    /// The authorities in this PEM file.
    File(String),
}

/// Takes what the driver does not know out of a URL: `sslmode=verify-…` and `sslrootcert`.
pub(super) fn split_url(url: &str) -> (String, Trust) {
    let Some((address, options)) = url.split_once('?') else { return (url.to_owned(), Trust::Anybody) };
    let mut trust = Trust::Anybody;
    let mut kept = Vec::new();
    for option in options.split('&') {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        match (decoded(name).as_ref(), decoded(value).as_ref()) {
            ("sslmode", "verify-ca" | "verify-full") => {
                kept.push("sslmode=require");
                if trust == Trust::Anybody {
                    trust = Trust::System;
                }
            }
            ("sslrootcert", "system") => trust = Trust::System,
            ("sslrootcert", file) => trust = Trust::File(file.to_owned()),
            _ => kept.push(option),
        }
    }
    (format!("{address}?{}", kept.join("&")), trust)
}

/// Percent-decoded, as libpq does with every part of a URL; a plus is a plus.
fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

/// Makes encrypted streams for the driver.
pub(super) fn connector(trust: &Trust) -> Result<MakeRustlsConnect> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::Config(format!("TLS: {error}")))?;
    let config = match trust {
        Trust::Anybody => {
            let anybody = Arc::new(Anybody { provider });
            builder.dangerous().with_custom_certificate_verifier(anybody).with_no_client_auth()
        }
        Trust::System => builder.with_root_certificates(system_roots()).with_no_client_auth(),
        Trust::File(file) => builder.with_root_certificates(roots_in(file)?).with_no_client_auth(),
    };
    Ok(MakeRustlsConnect::new(config))
}

/// What to do about a certificate that ends a handshake, where that is not plain from the error; empty otherwise.
pub(super) fn hint(error: &str) -> &'static str {
    if error.contains("UnsupportedCertVersion") {
        " (the server's certificate is of X.509 version 1, as Citus and old scripts make them; give the server one of \
         version 3, `openssl req -x509 -extensions v3_req` with `-addext subjectAltName=DNS:<host>`, or say sslmode=disable where the \
         network is your own)"
    } else {
        ""
    }
}

fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn roots_in(file: &str) -> Result<RootCertStore> {
    let fail = |error: &dyn std::fmt::Display| StoreError::Config(format!("sslrootcert {file}: {error}"));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| fail(&error))? {
        let certificate = certificate.map_err(|error| fail(&error))?;
        roots.add(certificate).map_err(|error| fail(&error))?;
    }
    Ok(roots)
}

/// Believes any certificate, but still checks that the server holds its key.
#[derive(Debug)]
struct Anybody {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verification_is_taken_out_of_the_url() {
        for (url, kept, trust) in [
            ("postgres://h/d", "postgres://h/d", Trust::Anybody),
            ("postgres://h/d?sslmode=require", "postgres://h/d?sslmode=require", Trust::Anybody),
            ("postgres://h/d?sslmode=verify-full&a=b", "postgres://h/d?sslmode=require&a=b", Trust::System),
            (
                "postgres://h/d?sslrootcert=%2Fca.pem&sslmode=verify-ca",
                "postgres://h/d?sslmode=require",
                Trust::File("/ca.pem".to_owned()),
            ),
            (
                "postgres://h/d?sslrootcert=%2fetc%2Fmy%20ca+1%25.pem&sslmode=verify%2Dfull&host=%2Frun",
                "postgres://h/d?sslmode=require&host=%2Frun",
                Trust::File("/etc/my ca+1%.pem".to_owned()),
            ),
        ] {
            assert_eq!(split_url(url), (kept.to_owned(), trust), "{url}");
        }
    }
}
