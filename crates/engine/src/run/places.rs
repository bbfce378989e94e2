//! Places for calls: no single connection takes them all, and none is called faster than it was set to be.
//!
//! A run whose call has no place is put off: it waits as a row until a time spread by how fast places become free.

use crate::Clock;
use countersign_connectors::Pace;
use parking_lot::Mutex;
use serde_json::{Map, Value};
use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::Arc,
    time::Duration,
};

/// Workspace, connector or channel, and connection: what shares limits.
type Account = (String, String, Option<String>);

/// One connection may have this part of the runs that may move, and at least one.
const SHARE: usize = 4;
/// The shortest and the longest wait for a place, milliseconds.
const WAIT_MS: (i64, i64) = (200, 300_000);
/// How long a call is taken to last before the first one ended, milliseconds.
const GUESS_MS: f64 = 500.0;
/// The weight of the last call in what a call takes.
const WEIGHT: f64 = 0.2;
/// How far calls may be ahead of their rate, milliseconds.
const BURST_MS: f64 = 1000.0;
/// The longest that an account is left alone, milliseconds, whatever the other side says.
const HELD_MS_MAX: i64 = 3_600_000;

/// What a connection was set to, in its settings.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Limits {
    /// `calls_at_once`.
    at_once: Option<usize>,
    /// `calls_per_second`.
    per_second: Option<f64>,
}

impl Limits {
    pub(crate) fn of(settings: &Map<String, Value>) -> Self {
        let countersign_connectors::Limits { calls_at_once, calls_per_second, timeout: _, allowed_hosts: _ } =
            countersign_connectors::Limits::of(settings);
        Self { at_once: calls_at_once, per_second: calls_per_second }
    }

    /// Milliseconds from one call to the next.
    fn apart(self) -> f64 {
        self.per_second.map_or(0.0, |rate| 1000.0 / rate)
    }
}

/// The places of this process.
pub(crate) struct Places {
    share: usize,
    clock: Arc<dyn Clock>,
    doors: Arc<Mutex<HashMap<Account, Door>>>,
}

/// How one connection is used now.
struct Door {
    under_way: usize,
    /// What a call takes, milliseconds.
    lasts_ms: f64,
    /// The next time that the one put off next is given.
    next_at: f64,
    /// When the calls made so far are due by their rate.
    paced_at: f64,
    /// Until when the other side wants no call.
    held_until: f64,
    /// When those put off ask again, the soonest first.
    waiting: VecDeque<i64>,
}

impl Door {
    /// As it is before the first call.
    const NEW: Self = Self {
        under_way: 0,
        lasts_ms: GUESS_MS,
        next_at: 0.0,
        paced_at: 0.0,
        held_until: 0.0,
        waiting: VecDeque::new(),
    };

    /// How many were put off until later than now.
    fn waiting(&mut self, now: i64) -> usize {
        while self.waiting.front().is_some_and(|due| *due <= now) {
            self.waiting.pop_front();
        }
        self.waiting.len()
    }
}

/// A place; given back when it is dropped.
pub(crate) struct Taken {
    doors: Arc<Mutex<HashMap<Account, Door>>>,
    clock: Arc<dyn Clock>,
    account: Account,
    begun: i64,
    apart: f64,
}

impl Places {
    pub(crate) fn new(moving_max: usize, clock: Arc<dyn Clock>) -> Self {
        Self { share: (moving_max / SHARE).max(1), clock, doors: Arc::default() }
    }

    /// A place for a call; else the time to ask again.
    pub(crate) fn take(&self, account: Account, limits: Limits) -> Result<Taken, i64> {
        let begun = self.clock.now();
        let now = as_float(begun);
        let most = limits.at_once.unwrap_or(self.share).min(self.share);
        let mut doors = self.doors.lock();
        let door = doors.entry(account.clone()).or_insert(Door::NEW);
        let apart = limits.apart();
        let ahead = (BURST_MS - apart).max(0.0);
        if door.under_way >= most || (apart > 0.0 && door.paced_at > now + ahead) || door.held_until > now {
            let soonest = (now + as_float(WAIT_MS.0)).max(door.paced_at - ahead).max(door.held_until);
            let due = door.next_at.max(soonest).min(now + as_float(WAIT_MS.1));
            door.next_at = due + apart.max(door.lasts_ms / as_float(i64::try_from(most).unwrap_or(i64::MAX)));
            door.waiting(begun);
            door.waiting.push_back(as_whole(due));
            return Err(as_whole(due));
        }
        door.under_way += 1;
        door.paced_at = door.paced_at.max(now) + apart;
        drop(doors);
        Ok(Taken { doors: Arc::clone(&self.doors), clock: Arc::clone(&self.clock), account, begun, apart })
    }

    /// The accounts of a workspace whose calls wait for a place in this process, and how many of each; the most first. Of
    /// channels there are the ids, of connections the names.
    pub(crate) fn waiting(&self, workspace: &str) -> Vec<(String, Option<String>, usize)> {
        let now = self.clock.now();
        let mut doors = self.doors.lock();
        let own = doors.iter_mut().filter(|((of, ..), _)| of == workspace);
        let counted = own.map(|((_, connector, name), door)| (connector.clone(), name.clone(), door.waiting(now)));
        let mut waiting: Vec<_> = counted.filter(|(.., count)| *count > 0).collect();
        drop(doors);
        waiting.sort_by(|a, b| (b.2, &a.0, &a.1).cmp(&(a.2, &b.0, &b.1)));
        waiting
    }

    /// The other side wants no call of this account for so many seconds.
    pub(crate) fn hold(&self, account: Account, seconds: u64) {
        let wait_ms = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000).min(HELD_MS_MAX);
        let until = as_float(self.clock.now().saturating_add(wait_ms));
        let mut doors = self.doors.lock();
        let door = doors.entry(account).or_insert(Door::NEW);
        door.held_until = door.held_until.max(until);
    }
}

impl fmt::Debug for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Taken").field("account", &self.account).finish_non_exhaustive()
    }
}

/// A call of several requests keeps its place and waits in it.
impl Pace for Taken {
    fn next(&self) -> Duration {
        let now = as_float(self.clock.now());
        let mut doors = self.doors.lock();
        let Some(door) = doors.get_mut(&self.account) else { return Duration::ZERO };
        let due = now.max(door.held_until).max(door.paced_at - (BURST_MS - self.apart).max(0.0));
        door.paced_at = door.paced_at.max(now) + self.apart;
        Duration::from_millis(as_whole(due - now).unsigned_abs())
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let now = self.clock.now();
        let mut doors = self.doors.lock();
        let Some(door) = doors.get_mut(&self.account) else { return };
        door.under_way = door.under_way.saturating_sub(1);
        door.lasts_ms += (as_float((now - self.begun).max(0)) - door.lasts_ms) * WEIGHT;
        if door.under_way == 0 && door.next_at.max(door.paced_at).max(door.held_until) <= as_float(now) {
            doors.remove(&self.account);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit into 53 bits")]
fn as_float(milliseconds: i64) -> f64 {
    milliseconds as f64
}

#[expect(clippy::cast_possible_truncation, reason = "bounded by the longest wait")]
fn as_whole(milliseconds: f64) -> i64 {
    milliseconds.ceil() as i64
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use serde_json::json;
    use std::sync::atomic::{AtomicI64, Ordering};

    struct At(AtomicI64);

    #[async_trait]
    impl Clock for At {
        fn now(&self) -> i64 {
            self.0.load(Ordering::SeqCst)
        }

        async fn sleep_until(&self, _: i64) {}
    }

    fn places(moving_max: usize) -> (Places, Arc<At>) {
        let clock = Arc::new(At(AtomicI64::new(1_700_000_000_000)));
        (Places::new(moving_max, Arc::clone(&clock) as Arc<dyn Clock>), clock)
    }

    fn account(name: &str) -> Account {
        ("w".into(), "http".into(), Some(name.into()))
    }

    fn limits(settings: Value) -> Limits {
        Limits::of(settings.as_object().unwrap())
    }

    #[test]
    fn an_account_that_is_to_be_left_alone_gets_no_call_until_then() {
        let (places, clock) = places(8);
        let taken = places.take(account("busy"), Limits::default()).unwrap();
        places.hold(account("busy"), 30);
        drop(taken);
        let until = clock.now() + 30_000;
        let due = places.take(account("busy"), Limits::default()).err().unwrap();
        assert_eq!(due, until);
        assert!(places.take(account("busy"), Limits::default()).err().unwrap() > due, "one after the other");
        assert!(places.take(account("other"), Limits::default()).is_ok());
        clock.0.store(until, Ordering::SeqCst);
        assert!(places.take(account("busy"), Limits::default()).is_ok());
    }

    #[test]
    fn one_connection_leaves_places_to_the_others() {
        let (places, clock) = places(8);
        let held: Vec<Taken> = (0..2).map(|_| places.take(account("slow"), Limits::default()).unwrap()).collect();
        let waits: Vec<i64> = (0..4).map(|_| places.take(account("slow"), Limits::default()).err().unwrap()).collect();
        let soonest = clock.now() + WAIT_MS.0;
        assert_eq!(waits, [soonest, soonest + 250, soonest + 500, soonest + 750]);
        assert_eq!(places.waiting("w"), [("http".to_owned(), Some("slow".to_owned()), 4)]);
        assert!(places.waiting("other").is_empty());
        assert!(places.take(account("other"), Limits::default()).is_ok());
        clock.0.fetch_add(300, Ordering::SeqCst);
        assert_eq!(places.waiting("w")[0].2, 3, "one of them asks again now");
        clock.0.fetch_add(9_700, Ordering::SeqCst);
        assert!(places.waiting("w").is_empty());
        drop(held);
        assert!(places.take(account("slow"), Limits::default()).is_ok());
        drop(places.take(account("slow"), Limits::default()));
        assert!(places.doors.lock().is_empty(), "nothing is kept of who is not called");
    }

    #[test]
    fn a_connection_may_be_set_to_less() {
        let (places, _) = places(4096);
        let one = limits(json!({ "calls_at_once": 1 }));
        let held = places.take(account("a"), one);
        assert!(held.is_ok() && places.take(account("a"), one).is_err());
    }

    #[test]
    fn the_pages_of_a_call_count_as_calls() {
        let (places, clock) = places(4096);
        let ten = limits(json!({ "calls_per_second": 10 }));
        let taken = places.take(account("a"), ten).unwrap();
        let waits: Vec<u128> = (0..12).map(|_| taken.next().as_millis()).collect();
        assert_eq!(waits[..9], [0; 9], "as many at once as other calls");
        assert_eq!(waits[9..], [100, 200, 300]);
        assert!(places.take(account("a"), ten).is_err());
        places.hold(account("a"), 5);
        assert_eq!(taken.next().as_millis(), 5000);
        clock.0.fetch_add(60_000, Ordering::SeqCst);
        assert_eq!(taken.next(), Duration::ZERO);
        let free = places.take(account("b"), Limits::default()).unwrap();
        assert_eq!((free.next(), free.next()), (Duration::ZERO, Duration::ZERO));
    }

    #[test]
    fn a_rate_is_kept_over_time() {
        let (places, clock) = places(4096);
        let ten = limits(json!({ "calls_per_second": 10 }));
        let begun = clock.now();
        let mut sent = 0;
        for _ in 0..500 {
            sent += i32::from(places.take(account("a"), ten).is_ok());
            clock.0.fetch_add(20, Ordering::SeqCst);
        }
        let seconds = (clock.now() - begun) / 1000;
        assert!((i64::from(sent) - seconds * 10).abs() <= 11, "{sent} in {seconds} s");
    }
}
