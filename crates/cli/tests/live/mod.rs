//! The real executable in processes of its own, the sandbox for a world, and clients that talk HTTP to both.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::disallowed_methods)]

pub mod api;
pub mod disk;
pub mod furnish;
pub mod judge;
pub mod load;
pub mod node;
pub mod outside;
pub mod postgres;
pub mod proxy;
pub mod random;

use std::{future::Future, time::Duration};

/// Pause between two looks where nothing tells that something happened.
const LOOK: Duration = Duration::from_millis(40);

/// Looks again and again until there is an answer.
///
/// # Panics
/// When there is none in time.
pub async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    within: Duration,
    mut look: impl FnMut() -> F,
) -> T {
    let deadline = tokio::time::Instant::now() + within;
    let mut looks = tokio::time::interval(LOOK);
    while tokio::time::Instant::now() < deadline {
        looks.tick().await;
        if let Some(answer) = look().await {
            return answer;
        }
    }
    panic!("not within {within:?}: {what}");
}

/// Chooses ring for TLS, as the executable does; `reqwest` needs it even without TLS.
pub fn install_crypto() {
    // Fails only when it was chosen before, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
}
