//! TLS to PostgreSQL, with the meaning libpq gives to `sslmode`: `prefer` and `require` encrypt and believe any
//! certificate, `verify-ca` and `verify-full` check it and the name in it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect};
use tokio_rustls::TlsConnector;

use crate::{Result, StoreError};

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
        match option.split_once('=') {
            Some(("sslmode", "verify-ca" | "verify-full")) => {
                kept.push("sslmode=require");
                if trust == Trust::Anybody {
                    trust = Trust::System;
                }
            }
            Some(("sslrootcert", "system")) => trust = Trust::System,
            Some(("sslrootcert", file)) => trust = Trust::File(file.replace("%2F", "/")),
            Some(_) | None => kept.push(option),
        }
    }
    (format!("{address}?{}", kept.join("&")), trust)
}

/// Makes encrypted streams for the driver.
#[derive(Clone)]
pub(super) struct Tls {
    connector: TlsConnector,
}

impl Tls {
    pub(super) fn new(trust: &Trust) -> Result<Self> {
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
        Ok(Self { connector: TlsConnector::from(Arc::new(config)) })
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

impl MakeTlsConnect<Socket> for Tls {
    type Stream = Stream;
    type TlsConnect = Handshake;
    type Error = io::Error;

    fn make_tls_connect(&mut self, domain: &str) -> io::Result<Handshake> {
        // A socket's folder is no name; the server answers there without TLS and the name is never looked at.
        let name = ServerName::try_from(domain.to_owned()).or_else(|_| ServerName::try_from("localhost"));
        let name = name.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        Ok(Handshake { connector: self.connector.clone(), name })
    }
}

/// A connection about to be encrypted.
pub(super) struct Handshake {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl TlsConnect<Socket> for Handshake {
    type Stream = Stream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

    fn connect(self, stream: Socket) -> Self::Future {
        Box::pin(async move { self.connector.connect(self.name, stream).await.map(Stream) })
    }
}

/// An encrypted stream.
pub(super) struct Stream(tokio_rustls::client::TlsStream<Socket>);

impl tokio_postgres::tls::TlsStream for Stream {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
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
        ] {
            assert_eq!(split_url(url), (kept.to_owned(), trust), "{url}");
        }
    }
}
