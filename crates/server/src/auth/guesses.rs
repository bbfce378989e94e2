//! How often somebody may try.

use crate::http::problem::ApiError;
use parking_lot::Mutex;
use quick_cache::unsync::Cache;
use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

/// Keys remembered at most. Beyond that those go that were tried once: filling it makes nobody's count forgotten who is tried
/// again and again.
const KEYS_MAX: usize = 50_000;

/// At most so many tries per key in a window of time.
pub(crate) struct Limiter {
    tries_max: u32,
    window: Duration,
    windows: Mutex<Cache<String, (Instant, u32)>>,
}

impl Limiter {
    pub(crate) fn new(tries_max: u32, window: Duration) -> Self {
        Self::remembering(KEYS_MAX, tries_max, window)
    }

    fn remembering(keys_max: usize, tries_max: u32, window: Duration) -> Self {
        Self { tries_max, window, windows: Mutex::new(Cache::new(keys_max)) }
    }

    /// Counts a try; an error with the seconds to wait once there were too many.
    pub(crate) fn take(&self, key: &str) -> Result<(), ApiError> {
        let now = Instant::now();
        let mut windows = self.windows.lock();
        let known = windows.get(key).copied().filter(|(since, _)| now.duration_since(*since) < self.window);
        let (since, tries) = known.unwrap_or((now, 0));
        let tries = tries.saturating_add(1);
        windows.insert(key.to_owned(), (since, tries));
        if tries <= self.tries_max {
            return Ok(());
        }
        let left = self.window.saturating_sub(now.duration_since(since)).as_secs();
        Err(ApiError::rate_limited(u32::try_from(left).unwrap_or(u32::MAX)))
    }

    /// An error when there were too many tries already; counts none.
    fn spent(&self, key: &str) -> Result<(), ApiError> {
        let now = Instant::now();
        let windows = self.windows.lock();
        let Some((since, tries)) = windows.get(key) else { return Ok(()) };
        let left = self.window.saturating_sub(now.duration_since(*since)).as_secs();
        if *tries < self.tries_max || left == 0 {
            return Ok(());
        }
        Err(ApiError::rate_limited(u32::try_from(left).unwrap_or(u32::MAX)))
    }

    /// Forgets the tries of a key: the last one was right.
    pub(crate) fn forgive(&self, key: &str) {
        self.windows.lock().remove(key);
    }
}

/// All limits on guessing and flooding.
pub(crate) struct Guesses {
    account: Limiter,
    /// Of one account from anywhere: beyond these only now and then, so that its owner still gets in.
    anywhere: Limiter,
    now_and_then: Limiter,
    address: Limiter,
    /// Personal links that were never given out.
    links: Limiter,
    chats: Limiter,
    messages: Limiter,
    drafts: Limiter,
    hooks: Limiter,
    /// Test messages of one person.
    tests: Limiter,
}

impl Default for Guesses {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self {
            account: Limiter::new(10, minutes(5)),
            anywhere: Limiter::new(20, minutes(15)),
            now_and_then: Limiter::new(1, Duration::from_secs(10)),
            address: Limiter::new(100, minutes(5)),
            links: Limiter::new(30, minutes(5)),
            chats: Limiter::new(30, minutes(1)),
            messages: Limiter::new(120, minutes(1)),
            drafts: Limiter::new(120, minutes(1)),
            hooks: Limiter::new(120, minutes(1)),
            tests: Limiter::new(10, minutes(5)),
        }
    }
}

impl Guesses {
    /// A try to sign in.
    pub(crate) fn sign_in(&self, account: &str, address: Option<IpAddr>) -> Result<(), ApiError> {
        self.account.take(&account_key(account, address))?;
        self.address.take(&address_key(address))?;
        let account = bounded(account);
        self.anywhere.take(&account).or_else(|_| self.now_and_then.take(&account))
    }

    /// The try was right.
    pub(crate) fn signed_in(&self, account: &str, address: Option<IpAddr>) {
        self.account.forgive(&account_key(account, address));
        self.anywhere.forgive(&bounded(account));
    }

    /// A try of a set-up token.
    pub(crate) fn set_up(&self, address: Option<IpAddr>) -> Result<(), ApiError> {
        self.address.take(&address_key(address))
    }

    /// Whether personal links are still answered there: an address that guesses is not told whether it guessed right.
    pub(crate) fn link_allowed(&self, address: Option<IpAddr>) -> Result<(), ApiError> {
        self.links.spent(&address_key(address))
    }

    /// A personal link that was never given out.
    pub(crate) fn link_missed(&self, address: Option<IpAddr>) -> Result<(), ApiError> {
        self.links.take(&address_key(address))
    }

    /// A new chat.
    pub(crate) fn chat(&self, address: Option<IpAddr>) -> Result<(), ApiError> {
        self.chats.take(&address_key(address))
    }

    /// A request to a platform's address that is not from the platform, or for nobody.
    pub(crate) fn hook_refused(&self, address: Option<IpAddr>) -> Result<(), ApiError> {
        self.hooks.take(&address_key(address))
    }

    /// A test message of a person to themselves.
    pub(crate) fn test_message(&self, person: &str) -> Result<(), ApiError> {
        self.tests.take(person)
    }

    /// What is filled in of a form, kept again and again while somebody types.
    pub(crate) fn draft(&self, conversation: &str) -> Result<(), ApiError> {
        self.drafts.take(conversation)
    }

    /// A message or form in a conversation.
    pub(crate) fn message(&self, conversation: &str) -> Result<(), ApiError> {
        self.messages.take(conversation)
    }
}

fn address_key(address: Option<IpAddr>) -> String {
    address.map_or_else(|| "unknown".to_owned(), |address| address.to_string())
}

fn account_key(account: &str, address: Option<IpAddr>) -> String {
    format!("{} {}", bounded(account), address_key(address))
}

/// The account is what somebody typed.
fn bounded(account: &str) -> String {
    account.chars().take(256).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_tries_are_refused_until_forgiven() {
        let limiter = Limiter::new(2, Duration::from_secs(60));
        assert!(limiter.take("a").is_ok());
        assert!(limiter.take("a").is_ok());
        assert!(limiter.take("a").is_err());
        assert!(limiter.take("b").is_ok());
        limiter.forgive("a");
        assert!(limiter.take("a").is_ok());
    }

    #[test]
    fn guesses_at_one_account_from_many_addresses_slow_down() {
        let guesses = Guesses::default();
        let from = |host: u8| Some(IpAddr::from([192, 0, 2, host]));
        let through = (0..200).filter(|host| guesses.sign_in("ada@example.com", from(*host)).is_ok()).count();
        assert!((20..=22).contains(&through), "{through} guesses went through");
        assert!(guesses.sign_in("eve@example.com", from(1)).is_ok());
    }

    #[test]
    fn filling_the_memory_forgets_nobody_who_is_tried_again_and_again() {
        let limiter = Limiter::remembering(100, 3, Duration::from_secs(60));
        for _ in 0..4 {
            drop(limiter.take("ada@example.com"));
        }
        for stranger in 0..10_000 {
            assert!(limiter.take(&format!("{stranger}@example.com")).is_ok());
        }
        assert!(limiter.take("ada@example.com").is_err());
    }

    #[test]
    fn a_window_ends() {
        let limiter = Limiter::new(1, Duration::ZERO);
        assert!(limiter.take("a").is_ok());
        assert!(limiter.take("a").is_ok());
    }
}
