//! TLS to PostgreSQL: what is believed, that the password is bound to the channel, and what is said of a certificate that
//! cannot be read.
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]

#[path = "../../cli/tests/live/postgres.rs"]
#[allow(dead_code, unreachable_pub)]
mod postgres;

use countersign_store::{Store, StoreConfig, StoreError};
use postgres::Postgres;

/// A server that speaks TLS, and its address.
async fn encrypted(version: u8) -> Option<(Postgres, String)> {
    let mut server = Postgres::start()?;
    let address = server.listen_with_tls(version)?;
    server.sql("CREATE ROLE bound LOGIN PASSWORD 'p/w d'").await;
    server.crash();
    server.restart();
    Some((server, address))
}

async fn opened(address: &str, options: &str) -> Result<(), StoreError> {
    let url = format!("postgres://bound:p%2Fw%20d@localhost/postgres?hostaddr={address}&{options}");
    let store = Store::open(&StoreConfig::new(url)).await?;
    store.ping().await?;
    store.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_password_is_bound_to_the_channel_and_the_certificate_checked_when_asked() {
    let Some((server, address)) = encrypted(3).await else { return };
    let folder = tempfile::tempdir().unwrap();
    // A name with what a URL must encode.
    let authority = folder.path().join("the ca+%.pem");
    std::fs::copy(server.folder().join("data/server.crt"), &authority).unwrap();
    let authority = authority.display().to_string().replace('%', "%25").replace(' ', "%20").replace('/', "%2F");
    for good in [
        "sslmode=require".to_owned(),
        "sslmode=require&channel_binding=require".to_owned(),
        format!("sslmode=verify-full&channel_binding=require&sslrootcert={authority}"),
    ] {
        opened(&address, &good).await.unwrap_or_else(|error| panic!("{good}: {error}"));
    }
    // No authority of the system made it.
    let refused = opened(&address, "sslmode=verify-full&sslrootcert=system").await;
    assert!(matches!(refused, Err(StoreError::Config(_))), "{refused:?}");
    let refused = opened(&address, "sslmode=disable").await;
    assert!(refused.is_err(), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_of_version_1_is_refused_with_a_hint() {
    let Some((_server, address)) = encrypted(1).await else { return };
    let refused = opened(&address, "sslmode=require").await;
    let Err(StoreError::Config(message)) = refused else { panic!("{refused:?}") };
    assert!(message.contains("version 1") && message.contains("openssl req -x509"), "{message}");
}
