//! Argon2id, off the async threads and not too many at once.

use crate::http::problem::{ApiError, ApiResult};
use argon2::{
    Argon2, PasswordHash, PasswordHasher, PasswordVerifier,
    password_hash::{SaltString, rand_core::OsRng},
};
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;

/// Hashes computed at the same time: each takes 19 MiB and a core for some 30 ms.
const HASHES_MAX: usize = 2;
/// Requests that may wait for their hash.
const WAITING_MAX: usize = 64;

/// Shortest password, characters.
const LENGTH_MIN: usize = 10;
/// Longest password, characters.
const LENGTH_MAX: usize = 256;

/// Hashes and verifies passwords, bounded.
pub(crate) struct Passwords {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { running: Arc::new(Semaphore::new(HASHES_MAX)), waiting: Arc::new(Semaphore::new(WAITING_MAX)) }
    }
}

impl Passwords {
    /// A PHC string of the password.
    pub(crate) async fn hash(&self, password: String) -> ApiResult<String> {
        self.run(move || hash(&password)).await?.map_err(ApiError::internal)
    }

    /// Whether the password is the one of `known`. Without `known` it takes as long and the answer is no, so that the
    /// time does not tell which accounts exist.
    pub(crate) async fn verify(&self, password: String, known: Option<String>) -> ApiResult<bool> {
        self.run(move || match known {
            Some(known) => verify(&password, &known),
            None => {
                static NOBODY: OnceLock<String> = OnceLock::new();
                let nobody = NOBODY.get_or_init(|| hash("nobody has this password").unwrap_or_default());
                verify(&password, nobody);
                false
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> ApiResult<T> {
        let _place = self.waiting.try_acquire().map_err(|_| ApiError::busy("too many people sign in at once"))?;
        let _turn = self.running.acquire().await.map_err(ApiError::internal)?;
        tokio::task::spawn_blocking(work).await.map_err(ApiError::internal)
    }
}

/// A PHC string of the password, on this thread.
pub(crate) fn hash(password: &str) -> Result<String, argon2::password_hash::Error> {
    let salt = SaltString::generate(&mut OsRng);
    Ok(Argon2::default().hash_password(password.as_bytes(), &salt)?.to_string())
}

fn verify(password: &str, known: &str) -> bool {
    PasswordHash::new(known).is_ok_and(|known| Argon2::default().verify_password(password.as_bytes(), &known).is_ok())
}

/// Refuses passwords that are too short to keep or too long to hash.
pub(crate) fn check_password_rules(pointer: &str, password: &str) -> ApiResult<()> {
    let length = password.chars().count();
    if (LENGTH_MIN..=LENGTH_MAX).contains(&length) {
        return Ok(());
    }
    Err(ApiError::invalid(pointer, format!("a password has {LENGTH_MIN} to {LENGTH_MAX} characters")))
}
