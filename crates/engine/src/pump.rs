//! The shape of what works off rows: look what is due, take no more than can be begun, have each dealt with beside the
//! others, rest until something is told or a while has passed, and stop with the engine.

use crate::{Engine, EngineError};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Between two looks when nothing is told, milliseconds: also how long a database that does not answer is left alone.
const LOOK_EVERY_MS: u64 = 1000;

/// What is worked off.
pub(crate) trait Pump: Clone + Send + Sync + 'static {
    /// What one place deals with.
    type Item: Send + 'static;
    /// How many are dealt with at once.
    const AT_ONCE: usize;
    /// What is written when the database does not answer.
    const WAITS: &'static str;

    /// What is done before the first look.
    fn begin(&self) -> impl Future<Output = Result<(), EngineError>> + Send {
        async { Ok(()) }
    }

    /// What is done beside, about once in [`LOOK_EVERY_MS`], with the number of times it was before.
    fn beside(&self, _times: u64) -> impl Future<Output = Result<(), EngineError>> + Send {
        async { Ok(()) }
    }

    /// Takes what is due and nobody has, at most so many; fewer only when no more are due.
    fn take(&self, most: u32) -> impl Future<Output = Result<Vec<Self::Item>, EngineError>> + Send;

    /// Sees one through; what cannot be done now is due again later.
    fn deal(&self, item: Self::Item) -> impl Future<Output = ()> + Send;

    /// Comes when there may be something to take.
    fn told(&self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }
}

/// Where a pump works.
pub(crate) trait House: Clone + Send + Sync + 'static {
    /// Milliseconds on a clock that nobody sets.
    fn elapsed(&self) -> i64;
    /// Whether it is to stop.
    fn stopping(&self) -> bool;
    /// Sleeps until [`House::elapsed`] shows `at`; false when it is to stop.
    fn rest_until(&self, at: i64) -> impl Future<Output = bool> + Send;
    /// Has something done beside, and sees it through when it stops.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);
}

impl House for Engine {
    fn elapsed(&self) -> i64 {
        self.0.clock.elapsed()
    }

    fn stopping(&self) -> bool {
        Self::stopping(self)
    }

    async fn rest_until(&self, at: i64) -> bool {
        // Read in this order: a clock that goes on in between makes the rest shorter, never longer.
        let now = self.now();
        self.pause_until(now.saturating_add(at.saturating_sub(self.elapsed()))).await
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.tasks.spawn(task);
    }
}

/// Works off what there is until the house stops.
pub(crate) async fn run<P: Pump>(house: impl House, pump: P) {
    let waits = |result: Result<bool, EngineError>| {
        result.unwrap_or_else(|error| {
            tracing::warn!(%error, "{}", P::WAITS);
            false
        })
    };
    waits(pump.begin().await.map(|()| false));
    let places = Arc::new(Semaphore::new(P::AT_ONCE));
    let (mut times, mut beside_at) = (0, i64::MIN);
    while !house.stopping() {
        if house.elapsed() >= beside_at {
            beside_at = house.elapsed().saturating_add_unsigned(LOOK_EVERY_MS);
            waits(pump.beside(times).await.map(|()| false));
            times += 1;
        }
        if waits(look(&house, &pump, &places).await) {
            continue;
        }
        tokio::select! {
            biased;
            () = pump.told() => {}
            // Counted from before the look: a clock that went on during it makes the rest shorter.
            goes_on = house.rest_until(beside_at) => if !goes_on { return },
        }
    }
}

/// Begins with what is due; whether there may be more.
async fn look<P: Pump>(house: &impl House, pump: &P, places: &Arc<Semaphore>) -> Result<bool, EngineError> {
    // Only as much is taken as is begun at once: what is taken counts as begun.
    let Ok(first) = Arc::clone(places).acquire_owned().await else { return Ok(false) };
    let mut free = vec![first];
    while let Ok(next) = Arc::clone(places).try_acquire_owned() {
        free.push(next);
    }
    let taken = pump.take(u32::try_from(free.len()).unwrap_or(u32::MAX)).await?;
    let more = taken.len() >= free.len();
    for (item, place) in taken.into_iter().zip(free) {
        let pump = pump.clone();
        house.spawn(async move {
            pump.deal(item).await;
            drop(place);
        });
    }
    Ok(more)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use parking_lot::Mutex;
    use std::time::Duration;
    use tokio::{sync::Notify, time::Instant};

    /// Rows that take a while each, and a house that stands on tokio's paused clock.
    #[derive(Clone)]
    struct Rows(Arc<Inner>);

    struct Inner {
        due: Mutex<Vec<u32>>,
        /// How many each look might take, and how often the database does not answer first.
        asked: Mutex<Vec<u32>>,
        failures: Mutex<u32>,
        busy: Mutex<(usize, usize)>,
        dealt: Mutex<Vec<u32>>,
        beside: Mutex<Vec<(u64, u128)>>,
        told: Notify,
        stop: tokio::sync::watch::Sender<bool>,
        began: Instant,
    }

    impl Rows {
        fn new(due: impl IntoIterator<Item = u32>) -> Self {
            Self(Arc::new(Inner {
                due: Mutex::new(due.into_iter().collect()),
                asked: Mutex::default(),
                failures: Mutex::default(),
                busy: Mutex::default(),
                dealt: Mutex::default(),
                beside: Mutex::default(),
                told: Notify::new(),
                stop: tokio::sync::watch::Sender::new(false),
                began: Instant::now(),
            }))
        }

        async fn until_dealt(&self, count: usize) -> Duration {
            let all = async {
                while self.0.dealt.lock().len() < count {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(60), all).await.unwrap();
            self.0.began.elapsed()
        }
    }

    impl Pump for Rows {
        type Item = u32;
        const AT_ONCE: usize = 3;
        const WAITS: &'static str = "rows wait";

        async fn beside(&self, times: u64) -> Result<(), EngineError> {
            self.0.beside.lock().push((times, self.0.began.elapsed().as_millis()));
            Ok(())
        }

        async fn take(&self, most: u32) -> Result<Vec<u32>, EngineError> {
            self.0.asked.lock().push(most);
            let mut failures = self.0.failures.lock();
            if *failures > 0 {
                *failures -= 1;
                return Err(EngineError::Busy);
            }
            let mut due = self.0.due.lock();
            let rest = due.len().min(most as usize);
            Ok(due.drain(..rest).collect())
        }

        /// Row 1 takes a minute's half, the others 10 ms.
        async fn deal(&self, row: u32) {
            {
                let mut busy = self.0.busy.lock();
                *busy = (busy.0 + 1, busy.1.max(busy.0 + 1));
            }
            tokio::time::sleep(Duration::from_millis(if row == 1 { 30_000 } else { 10 })).await;
            self.0.busy.lock().0 -= 1;
            self.0.dealt.lock().push(row);
        }

        async fn told(&self) {
            self.0.told.notified().await;
        }
    }

    impl House for Rows {
        fn elapsed(&self) -> i64 {
            i64::try_from(self.0.began.elapsed().as_millis()).unwrap()
        }

        fn stopping(&self) -> bool {
            *self.0.stop.borrow()
        }

        async fn rest_until(&self, at: i64) -> bool {
            let mut stop = self.0.stop.subscribe();
            tokio::select! {
                () = tokio::time::sleep_until(self.0.began + Duration::from_millis(at.unsigned_abs())) => true,
                _ = stop.wait_for(|stop| *stop) => false,
            }
        }

        fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
            tokio::spawn(task);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_slow_holds_up_no_other_and_no_more_are_begun_than_there_are_places() {
        let rows = Rows::new(1..=20);
        let pump = tokio::spawn(run(rows.clone(), rows.clone()));
        assert!(rows.until_dealt(19).await < Duration::from_secs(1), "the slow one takes longer");
        assert_eq!(rows.0.busy.lock().1, 3);
        assert!(rows.0.asked.lock().iter().all(|most| (1..=3).contains(most)), "{:?}", rows.0.asked.lock());
        rows.until_dealt(20).await;
        rows.0.stop.send_replace(true);
        pump.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn it_rests_until_it_is_told_or_a_while_has_passed() {
        let rows = Rows::new([]);
        let pump = tokio::spawn(run(rows.clone(), rows.clone()));
        tokio::time::sleep(Duration::from_millis(3_500)).await;
        assert_eq!(rows.0.asked.lock().len(), 4);
        rows.0.due.lock().push(2);
        rows.0.told.notify_one();
        assert!(rows.until_dealt(1).await < Duration::from_millis(3_600));
        // What is told does not bring forward what is done beside.
        let beside: Vec<_> = rows.0.beside.lock().clone();
        assert_eq!(beside, [(0, 0), (1, 1000), (2, 2000), (3, 3000)]);
        rows.0.stop.send_replace(true);
        tokio::time::timeout(Duration::from_millis(1), pump).await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_database_that_does_not_answer_is_asked_again_after_a_rest() {
        let rows = Rows::new([2]);
        *rows.0.failures.lock() = 2;
        let pump = tokio::spawn(run(rows.clone(), rows.clone()));
        assert!((2_000..2_100).contains(&rows.until_dealt(1).await.as_millis()));
        rows.0.stop.send_replace(true);
        pump.await.unwrap();
    }
}
