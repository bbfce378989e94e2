//! Schedules across the change to summer time and from it, with the server down in between: each policy of missed times
//! does as it says, and nothing starts twice, with one process or two. `SCHEDULES` says how many there are.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use countersign_engine::{Clock as _, Engine, Fire};
use countersign_store::{RunFilter, Store, testing::TestDatabase};
use std::{collections::BTreeMap, time::Duration};
use support::{WORKSPACE, World};

/// Schedules; `make crash` asks for more.
const SCHEDULES: usize = 100;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// 2027-03-27T22:59:30Z and 2027-10-30T23:59:30Z, milliseconds since the epoch.
const SPRING: i64 = 1_806_188_370_000;
const AUTUMN: i64 = 1_824_940_770_000;
/// Within which all fires of one hour are runs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Every hour under each policy; the last one every night at a time that is skipped in spring and comes twice in autumn.
const KINDS: [(&str, &str, &str); 4] = [
    ("all", "0 0 * * * *", "all"),
    ("one", "0 0 * * * *", "one"),
    ("skip", "0 0 * * * *", "skip"),
    ("night", "0 30 2 * * *", "all"),
];

fn document(name: &str, cron: &str, missed: &str) -> String {
    format!(
        "schema: 1\nname: {name}\ntriggers:\n  - {{ type: schedule, cron: \"{cron}\", time_zone: Europe/Berlin, missed: {missed}, overlap: allow }}\n\
         start: done\nsteps:\n  done: {{ type: end }}\n"
    )
}

struct Shop {
    world: World,
    /// Another process that is up all the time.
    other: Option<Engine>,
    /// Workflows of each kind.
    each: usize,
    /// Runs that each workflow of a kind must have.
    wanted: BTreeMap<&'static str, usize>,
}

impl Shop {
    /// The clock stands at the moment before anything is published.
    async fn at(database: TestDatabase, moment: i64) -> Self {
        let world = World::on(database).await;
        world.clock.advance(moment - world.clock.now());
        let asked = std::env::var("SCHEDULES").ok().and_then(|count| count.parse().ok()).unwrap_or(SCHEDULES);
        let each = asked.div_ceil(KINDS.len());
        for (kind, cron, missed) in KINDS {
            for number in 0..each {
                let id = format!("{kind}-{number}");
                world.publish(&id, &document(&id, cron, missed)).await;
                let triggers = world.engine.triggers(WORKSPACE, &id).await.unwrap();
                let clock = triggers.first().and_then(|trigger| trigger.row.as_ref()?.next_at);
                assert!(clock.is_some(), "{id} has no clock");
            }
        }
        Self { world, other: None, each, wanted: KINDS.iter().map(|(kind, ..)| (*kind, 0)).collect() }
    }

    fn count(&mut self, more: [usize; 4]) {
        for ((kind, ..), more) in KINDS.iter().zip(more) {
            *self.wanted.get_mut(kind).unwrap() += more;
        }
    }

    async fn runs(&self) -> usize {
        let counts = self.world.store.count_runs_by_status(WORKSPACE, &RunFilter::default()).await.unwrap();
        counts.iter().map(|(_, count)| *count as usize).sum()
    }

    /// All that must have started has, and nothing besides.
    async fn settled(&self) {
        let wanted = self.wanted.values().sum::<usize>() * self.each;
        let mut changes = self.world.store.subscribe();
        let there = async {
            while self.runs().await < wanted {
                drop(changes.recv().await);
            }
        };
        let waited = tokio::time::timeout(PATIENCE, there).await;
        if waited.is_err() {
            panic!("{} of {wanted} at {}: {:#?}", self.runs().await, self.world.clock.now(), self.lost().await);
        }
        assert_eq!(self.runs().await, wanted);
    }

    /// Triggers that are behind, and fires that started nothing.
    async fn lost(&self) -> Vec<String> {
        let mut lost = Vec::new();
        for (kind, ..) in KINDS {
            for number in 0..self.each {
                let id = format!("{kind}-{number}");
                for trigger in self.world.engine.triggers(WORKSPACE, &id).await.unwrap() {
                    let fires: Vec<String> = trigger.fires.iter().map(|fire| format!("{fire:?}")).collect();
                    if !trigger.fires.iter().all(started) || fires.len() != self.wanted[kind] {
                        lost.push(format!("{id}: next {:?}, fires {fires:?}", trigger.row.map(|row| row.next_at)));
                    }
                }
            }
        }
        lost
    }

    /// The clock goes on while everything is up; so many fires of each kind follow.
    async fn goes_on(&mut self, milliseconds: i64, fires: [usize; 4]) {
        self.world.clock.advance(milliseconds);
        self.count(fires);
        self.settled().await;
    }

    /// The server dies, the clock goes on, and it comes back.
    async fn is_down_for(&mut self, milliseconds: i64, fires: [usize; 4]) {
        self.world.engine.shutdown(Duration::ZERO).await;
        self.world.clock.advance(milliseconds);
        self.world.crash().await;
        self.count(fires);
        self.settled().await;
    }

    /// Of each workflow as many as were to be; a time starts one run.
    async fn judged(&self) {
        for (kind, ..) in KINDS {
            for number in 0..self.each {
                let filter = RunFilter { workflow: Some(format!("{kind}-{number}")), ..RunFilter::default() };
                let counts = self.world.store.count_runs_by_status(WORKSPACE, &filter).await.unwrap();
                let started: u64 = counts.iter().map(|(_, count)| count).sum();
                assert_eq!(started as usize, self.wanted[kind], "{kind}-{number}");
            }
        }
        assert_eq!(self.lost().await, Vec::<String>::new(), "each fire is one time, and has its run");
        if let Some(other) = &self.other {
            other.shutdown(Duration::ZERO).await;
        }
    }
}

fn started(fire: &Fire) -> bool {
    match fire {
        Fire::CameIn(row) => row.run.is_some(),
        Fire::Started(_) => true,
    }
}

/// At 01:00 UTC on 28 March 2027 it becomes 03:00 in Berlin: 02:30 is skipped, and made up for at 03:00.
async fn spring(database: TestDatabase) {
    let mut shop = Shop::at(database, SPRING).await;
    shop.goes_on(MINUTE_MS, [1, 1, 1, 0]).await;
    // Down from half past midnight for two hours and ten minutes, across the change: 00:00 and 01:00 UTC are missed.
    shop.goes_on(29 * MINUTE_MS, [0, 0, 0, 0]).await;
    shop.is_down_for(2 * HOUR_MS + 10 * MINUTE_MS - 30_000, [2, 1, 0, 1]).await;
    // On the next hours nothing is missed.
    shop.goes_on(21 * MINUTE_MS, [1, 1, 1, 0]).await;
    for _ in 0..3 {
        shop.goes_on(HOUR_MS, [1, 1, 1, 0]).await;
    }
    shop.judged().await;
}

/// At 01:00 UTC on 31 October 2027 it becomes 02:00 again in Berlin: the hour comes twice, 02:30 fires once.
async fn autumn(database: TestDatabase) {
    let mut shop = Shop::at(database, AUTUMN).await;
    shop.goes_on(MINUTE_MS, [1, 1, 1, 0]).await;
    shop.goes_on(30 * MINUTE_MS, [0, 0, 0, 1]).await;
    // Down for an hour in which the clocks go back: 01:00 UTC is missed, and 02:30 does not come again.
    shop.is_down_for(HOUR_MS + 10 * MINUTE_MS, [1, 1, 0, 0]).await;
    shop.goes_on(20 * MINUTE_MS, [1, 1, 1, 0]).await;
    for _ in 0..2 {
        shop.goes_on(HOUR_MS, [1, 1, 1, 0]).await;
    }
    shop.judged().await;
}

/// Two processes look at the same clock, and one of them dies for an hour: a time is fired once, whoever is first, and
/// nothing is missed as long as one is up. Then both see at once that more than two hours have passed.
async fn fleet(database: TestDatabase, moment: i64, [night, later]: [usize; 2]) {
    let shared = database.config().url.starts_with("postgres").then(|| database.config().clone());
    let mut shop = Shop::at(database, moment).await;
    let other = match shared {
        Some(config) => shop.world.another_on(&Store::open(&config).await.unwrap()).await,
        None => shop.world.another().await,
    };
    shop.other = Some(other);
    shop.goes_on(MINUTE_MS, [1, 1, 1, 0]).await;
    shop.goes_on(31 * MINUTE_MS, [0, 0, 0, night]).await;
    shop.world.engine.shutdown(Duration::ZERO).await;
    shop.goes_on(29 * MINUTE_MS, [1, 1, 1, later]).await;
    shop.is_down_for(MINUTE_MS, [0, 0, 0, 0]).await;
    shop.goes_on(2 * HOUR_MS + 10 * MINUTE_MS, [2, 1, 0, 0]).await;
    shop.goes_on(49 * MINUTE_MS, [1, 1, 1, 0]).await;
    for _ in 0..2 {
        shop.goes_on(HOUR_MS, [1, 1, 1, 0]).await;
    }
    shop.judged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn across_the_change_to_summer_time() {
    spring(TestDatabase::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn across_the_change_from_summer_time() {
    autumn(TestDatabase::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn across_the_change_to_summer_time_on_postgres() {
    let Some(database) = TestDatabase::postgres().await else { return };
    spring(database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn across_the_change_from_summer_time_on_postgres() {
    let Some(database) = TestDatabase::postgres().await else { return };
    autumn(database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_fire_a_time_once_while_the_clocks_go_back() {
    fleet(TestDatabase::sqlite(), AUTUMN, [1, 0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_fire_a_time_once_while_the_clocks_go_back_on_postgres() {
    let Some(database) = TestDatabase::postgres().await else { return };
    fleet(database, AUTUMN, [1, 0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_fire_a_time_once_while_the_clocks_go_forward_on_postgres() {
    let Some(database) = TestDatabase::postgres().await else { return };
    fleet(database, SPRING + HOUR_MS, [0, 1]).await;
}
