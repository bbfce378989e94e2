//! Where time comes from.

use async_trait::async_trait;
use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// The engine's only clock; tests put a virtual one in.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since the Unix epoch.
    fn now(&self) -> i64;
    /// Returns once this clock shows `at`.
    async fn sleep_until(&self, at: i64);
    /// Milliseconds since some moment, on a clock that nobody sets and that goes on while the machine sleeps.
    fn elapsed(&self) -> i64 {
        self.now()
    }
    /// A fresh id that sorts by time.
    fn new_id(&self) -> String {
        Uuid::now_v7().to_string()
    }
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

    fn elapsed(&self) -> i64 {
        let time = clock_gettime(ClockId::Boottime);
        time.tv_sec.saturating_mul(1000).saturating_add(time.tv_nsec / 1_000_000)
    }

    async fn sleep_until(&self, at: i64) {
        let wait = u64::try_from(at.saturating_sub(self.now())).unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
}
