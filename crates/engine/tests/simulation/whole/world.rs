//! What all processes share: true time, chance, services, the database, and the reference model that watches.

use crate::{
    checker::Checker, documents::Published, outside::Outside, random::Random, sabotage::Sabotage, scenario::STARTED_AT,
};
use countersign_core::run::Effect;
use countersign_store::{Commit, CommitOutcome, Conflict, StoreError};
use parking_lot::{Mutex, MutexGuard};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use tokio::time::Instant;

#[derive(Clone)]
pub struct World(Arc<Mutex<Inner>>);

pub struct Inner {
    pub random: Random,
    pub sabotage: Sabotage,
    pub faults: bool,
    pub outside: Outside,
    pub checker: Checker,
    pub versions: Vec<Arc<Published>>,
    /// The first thing that must not have happened.
    pub broken: Option<String>,
    /// Requests of people and effects under way.
    pub under_way: usize,
    /// Messages whose sender was told that they are taken.
    pub written: Vec<usize>,
    pub commits: u64,
    pub trace: u64,
    began: Instant,
    skipped: i64,
    ids: u64,
    /// Client keys that have started a run.
    keys: BTreeSet<String>,
    /// `seq` by run, for a store without a fence.
    seqs: BTreeMap<String, u64>,
}

impl World {
    pub fn new(random: Random, sabotage: Sabotage, versions: Vec<Arc<Published>>) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            random,
            sabotage,
            faults: true,
            outside: Outside::default(),
            checker: Checker::default(),
            versions,
            broken: None,
            under_way: 0,
            written: Vec::new(),
            commits: 0,
            trace: 0,
            began: Instant::now(),
            skipped: 0,
            ids: 0,
            keys: BTreeSet::new(),
            seqs: BTreeMap::new(),
        })))
    }

    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock()
    }

    /// The true time.
    pub fn now(&self) -> i64 {
        self.lock().now()
    }

    /// Nothing happened until this time.
    pub fn skip_to(&self, time: i64) {
        let mut world = self.lock();
        let gap = time - world.now();
        world.skipped += gap.max(0);
    }

    pub async fn sleep(&self, milliseconds: i64) {
        tokio::time::sleep(Duration::from_millis(milliseconds.max(0) as u64)).await;
    }

    /// Sleeps for a random while.
    pub async fn sleep_between(&self, from: i64, to: i64) {
        let pause = self.lock().random.between(from, to);
        self.sleep(pause).await;
    }

    /// Whether a fault happens that has this chance while there are faults.
    pub fn fault(&self, per_mille: u64) -> bool {
        let mut world = self.lock();
        world.faults && world.random.chance(per_mille)
    }

    pub fn found(&self, verdict: Result<(), String>) {
        if let Err(found) = verdict {
            self.lock().broken.get_or_insert(found);
        }
    }
}

impl Inner {
    pub fn now(&self) -> i64 {
        STARTED_AT + self.began.elapsed().as_millis() as i64 + self.skipped
    }

    pub fn new_id(&mut self) -> String {
        self.ids += 1;
        format!("id{:06}", self.ids)
    }

    /// Whether processes fall silent often.
    pub fn silences(&self) -> bool {
        matches!(self.sabotage, Sabotage::NoLease | Sabotage::Silences)
    }

    /// Faults built into the store on purpose. Whether the commit is written at all.
    pub fn sabotaged(&mut self, commit: &mut Commit) -> bool {
        self.commits += 1;
        match self.sabotage {
            Sabotage::NoFence => commit.expected_seq = self.seqs.get(&commit.run_id).copied().unwrap_or(0),
            Sabotage::IgnoresStartKeys => {
                if let Some(new) = &mut commit.idempotency {
                    new.key = format!("{} {}", new.key, self.commits);
                }
            }
            Sabotage::DoubleMessages => {
                let again = commit.messages.clone().into_iter();
                commit.messages.extend(again.map(|mut message| {
                    message.id.push('x');
                    message
                }));
            }
            Sabotage::ForgetsCommits => return !self.commits.is_multiple_of(40),
            Sabotage::EarlyTimers if self.checker.timer_fired(commit) => commit.at -= 3_000,
            Sabotage::None
            | Sabotage::ResendsInterrupted
            | Sabotage::EffectsBeforeCommit
            | Sabotage::FreshKeys
            | Sabotage::ChangesRequests
            | Sabotage::EarlyTimers
            | Sabotage::NoRecovery
            | Sabotage::NoSweep
            | Sabotage::Silences
            | Sabotage::NoLease
            | Sabotage::CancelStealsRuns
            | Sabotage::MisplacesAnswers
            | Sabotage::ForgetsDoubts
            | Sabotage::CoversForOthers
            | Sabotage::ForgetsContributors
            | Sabotage::AgreesForPeople
            | Sabotage::ForgetsDoors
            | Sabotage::IgnoresAccounts
            | Sabotage::EditsAnything
            | Sabotage::IgnoresCalendars
            | Sabotage::SendsBackForEver
            | Sabotage::ForgetsPeople
            | Sabotage::KeepsVoices
            | Sabotage::ForgetsEditors
            | Sabotage::ForgetsSeats
            | Sabotage::DelegatesToAll
            | Sabotage::StandsForEver
            | Sabotage::StandsForMore
            | Sabotage::MovesAnyhow
            | Sabotage::CountsAtOnce
            | Sabotage::UndoesLater => {}
        }
        true
    }

    /// The database has answered a commit.
    pub fn written(&mut self, commit: &Commit, outcome: &Result<CommitOutcome, StoreError>) -> Result<(), String> {
        match outcome {
            Ok(CommitOutcome::Committed { seq }) => {
                self.seqs.insert(commit.run_id.clone(), *seq);
                if let Some(new) = &commit.idempotency {
                    let client = new.key.split(' ').next().unwrap_or_default().to_owned();
                    if !self.keys.insert(client) {
                        return Err(format!("{} started a second run, {}", new.key, commit.run_id));
                    }
                }
                for byte in commit.events.bytes() {
                    self.trace = (self.trace ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
                }
                let published = Arc::clone(&self.versions[commit.run.version as usize - 1]);
                let cause = self.checker.cause_of(commit);
                self.checker.committed(commit, &cause, &published)
            }
            Ok(CommitOutcome::Replayed(_))
            | Err(StoreError::Conflict(
                Conflict::RunMoved { .. }
                | Conflict::AlreadyDecided(_)
                | Conflict::PointerMoved { .. }
                // Two processes took the same event, one after the other's time was up: one commit ends it.
                | Conflict::InboundDone { .. },
            )) => Ok(()),
            Err(error) => Err(format!("{}: {error}", commit.run_id)),
        }
    }

    /// A request reaches the outside world: what its sender will know, and after how many milliseconds.
    pub fn arrive(&mut self, run: &str, effect: &Effect) -> Result<(countersign_core::run::Input, i64), String> {
        let arrival = self.outside.arrive(effect, &mut self.random, self.faults)?;
        self.checker.reached(run, effect, arrival.executed)?;
        Ok((arrival.input, arrival.delay))
    }
}
