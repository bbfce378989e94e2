//! Where time comes from.

use async_trait::async_trait;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The engine's only clock; tests put a virtual one in.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since the Unix epoch.
    fn now(&self) -> i64;
    /// Returns once this clock shows `at`.
    async fn sleep_until(&self, at: i64);
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the Clock the ban points to")]
    fn now(&self) -> i64 {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
    }

    async fn sleep_until(&self, at: i64) {
        let wait = u64::try_from(at.saturating_sub(self.now())).unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
}
