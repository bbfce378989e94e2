//! A process of the fleet as the engine's shell is: cells, drives, heartbeat, timers. Every step of it can be the last.

use crate::{
    checker::Cause,
    documents::Published,
    sabotage::Sabotage,
    scenario::{Scenario, Task},
    tamper::not_sent,
};
use countersign_core::{
    run::{
        CallRequest, Decision, Effect, Event, Input, Moment, Phase, Refusal, Refused, RunState, Stage, Wait, apply,
        step,
    },
    time::{Span, Timestamp},
};
use countersign_engine::project;
use countersign_store::{CommitOutcome, Conflict, NewIdempotency, RunRow, StoreError};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

pub const HEARTBEAT_MS: i64 = 2000;
pub const DEAD_AFTER_MS: i64 = 7000;
/// How long after its last sign of life a process still sends; the rest covers clocks and requests on their way.
const LEASE_MS: i64 = 5000;
const TIMER_POLL_MS: i64 = 500;
const RELOADS_MAX: u32 = 5;
/// Every how many heartbeats a process looks for runs of its own that it does not drive.
const SWEEP_EVERY: u64 = 3;

#[derive(Clone)]
pub struct Held {
    pub row: RunRow,
    pub published: Arc<Published>,
    pub state: RunState,
}

/// Something a run is to take, and who wants to know what became of it.
#[derive(Clone)]
pub struct Job {
    pub run: String,
    pub input: Input,
    pub cause: Cause,
    /// Request of a person or client, by number.
    pub request: Option<usize>,
    pub key: Option<NewIdempotency>,
    /// An answer that was delivered before.
    pub echo: bool,
    pub reloads: u32,
    pub pause: i64,
}

struct Flight {
    job: Job,
    row: RunRow,
    published: Arc<Published>,
    after: Box<RunState>,
    effects: Vec<Effect>,
    /// The lease it was sent on.
    lease: u64,
}

#[derive(Default)]
struct Cell {
    held: Option<Held>,
    flight: Option<Flight>,
    waiting: VecDeque<Job>,
    /// Effects under way.
    driving: u32,
    /// Which lease they were begun on.
    lease: u64,
}

pub struct Node {
    pub id: String,
    pub life: u64,
    pub alive: bool,
    pub paused_until: i64,
    pub cut_off_until: i64,
    /// What its clock shows beyond the true time.
    pub offset: i64,
    lease_until: i64,
    /// Counts how often it was silent for too long: work from before must not be performed any more.
    lease: u64,
    beats: u64,
    cells: BTreeMap<String, Cell>,
    /// Runs of its own that it did not drive at the last look.
    left: BTreeMap<String, u64>,
}

/// What happens at a process.
pub enum Work {
    Join,
    Beat,
    Timers,
    Decide(Box<Job>),
    Written { run: String, result: Result<CommitOutcome, StoreError> },
    Perform { run: String, effect: Effect, lease: u64 },
    Forget(Vec<String>),
}

/// What became of a job.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Done(u64),
    Replayed(String),
    Refused(Refusal),
    AlreadyDecided,
    Busy,
    NotFound,
}

impl Node {
    pub fn new(index: usize) -> Self {
        Self {
            id: format!("node{index}.0"),
            life: 0,
            alive: true,
            paused_until: 0,
            cut_off_until: 0,
            offset: 0,
            lease_until: 0,
            lease: 0,
            beats: 0,
            cells: BTreeMap::new(),
            left: BTreeMap::new(),
        }
    }

    pub fn crash(&mut self) {
        self.alive = false;
        self.life += 1;
        self.cells.clear();
        self.left.clear();
    }

    pub fn restart(&mut self, index: usize) {
        self.alive = true;
        self.id = format!("node{index}.{}", self.life);
        (self.paused_until, self.cut_off_until, self.lease_until) = (0, 0, 0);
    }

    pub fn lives_on(&mut self, skipped: i64) {
        self.lease_until += skipped;
    }
}

impl Scenario {
    pub fn work(&mut self, at: usize, work: Work) -> Result<(), String> {
        match work {
            Work::Join => {
                self.sign_on(at);
                self.later(at, HEARTBEAT_MS, Work::Beat);
                self.later(at, 1, Work::Timers);
                self.take_over(at);
            }
            Work::Beat => self.beat(at),
            Work::Timers => self.timers(at),
            Work::Decide(job) => self.take(at, *job),
            Work::Written { run, result } => self.written(at, &run, result)?,
            Work::Perform { run, effect, lease } => self.perform(at, run, effect, lease),
            Work::Forget(dead) => self.forget(&dead),
        }
        Ok(())
    }

    fn cut_off(&self, at: usize) -> bool {
        self.nodes[at].cut_off_until > self.now
    }

    fn renew_lease(&mut self, at: usize) {
        let now = self.now;
        let node = &mut self.nodes[at];
        if now > node.lease_until {
            node.lease += 1;
        }
        node.lease_until = now + LEASE_MS;
    }

    fn beat(&mut self, at: usize) {
        self.later(at, HEARTBEAT_MS, Work::Beat);
        if self.cut_off(at) {
            return;
        }
        self.sign_on(at);
        self.nodes[at].beats += 1;
        self.take_over(at);
        if self.nodes[at].beats.is_multiple_of(SWEEP_EVERY) && self.sabotage != Sabotage::NoSweep {
            self.sweep(at);
        }
    }

    /// A sign of life; registers again when it was taken for dead.
    fn sign_on(&mut self, at: usize) {
        let (now, id) = (self.clock(at), self.nodes[at].id.clone());
        self.store.nodes.insert(id, now);
        self.renew_lease(at);
    }

    fn take_over(&mut self, at: usize) {
        if self.sabotage == Sabotage::NoRecovery {
            return;
        }
        let id = self.nodes[at].id.clone();
        let dead = self.store.dead_nodes(self.clock(at) - DEAD_AFTER_MS, &id);
        for run in self.store.claim_orphans(&id, &dead) {
            self.recover(at, run);
        }
        if !dead.is_empty() {
            let pause = self.random.between(0, 50);
            self.later(at, pause, Work::Forget(dead));
        }
    }

    fn forget(&mut self, dead: &[String]) {
        // As the store is asked to: only nodes that are silent for long, so that nothing of theirs can be missed.
        let long_ago = self.now - 10 * DEAD_AFTER_MS;
        self.store.nodes.retain(|id, seen| !dead.contains(id) || *seen > long_ago);
    }

    /// Runs of this process that it did not drive at two looks: a commit whose answer was lost, a failed take-over.
    fn sweep(&mut self, at: usize) {
        let id = self.nodes[at].id.clone();
        let own = self.store.running_of(&id);
        let idle: BTreeMap<String, u64> =
            own.into_iter().filter(|(run, _)| !self.nodes[at].cells.contains_key(run)).collect();
        let before = std::mem::replace(&mut self.nodes[at].left, idle.clone());
        for (run, seq) in idle {
            if before.get(&run) == Some(&seq) {
                self.recover(at, run);
            }
        }
    }

    fn recover(&mut self, at: usize, run: String) {
        if self.sabotage == Sabotage::ResendsInterrupted && self.resend(at, &run) {
            return;
        }
        self.take(at, Job::new(run, Input::Recovered, Cause::Recovery));
    }

    /// What a careless shell would do: the call again, without a word to the machine.
    fn resend(&mut self, at: usize, run: &str) -> bool {
        let Some(held) = self.load(run) else { return false };
        let Phase::Calling { calling, stage: Stage::UnderWay } = &held.state.phase else { return false };
        let CallRequest::Action { action, connection, account, input } = CallRequest::clone(&calling.request) else {
            return false;
        };
        let (id, key) = (calling.id(), calling.key.clone());
        let timeout = Span::seconds(10);
        let effect = Effect::InvokeAction { id, key, action, connection, account, input, timeout, repeated: true };
        let lease = self.nodes[at].lease;
        self.perform_soon(at, run, vec![effect], lease);
        true
    }

    fn timers(&mut self, at: usize) {
        let now = self.clock(at);
        let early = if self.sabotage == Sabotage::EarlyTimers { 3_000 } else { 0 };
        if !self.cut_off(at) {
            for run in self.store.due_runs(now + early) {
                // One look waits for the other.
                if self.nodes[at].cells.get(&run).is_none_or(|cell| cell.flight.is_none()) {
                    self.take(at, Job::new(run, Input::TimerFired, Cause::Timer));
                }
            }
        }
        let next = self.store.next_wake_at().map_or(TIMER_POLL_MS, |next| (next - now).clamp(5, TIMER_POLL_MS));
        self.later(at, next, Work::Timers);
    }

    pub fn load(&self, run: &str) -> Option<Held> {
        let row = self.store.runs.get(run)?.clone();
        let published = Arc::clone(&self.versions[row.version as usize - 1]);
        let log = self.store.log.get(run)?;
        let mut state = RunState::default();
        for entry in log {
            let events: Vec<Event> = serde_json::from_str(&entry.events).ok()?;
            events.iter().for_each(|event| apply(&mut state, event));
        }
        Some(Held { row: RunRow { seq: log.len() as u64, ..row }, published, state })
    }

    fn take(&mut self, at: usize, job: Job) {
        let run = job.run.clone();
        self.decide(at, job);
        self.next_job(at, &run);
    }

    fn decide(&mut self, at: usize, job: Job) {
        let cut_off = self.cut_off(at);
        let run = job.run.clone();
        let cell = self.nodes[at].cells.entry(run.clone()).or_default();
        if cell.flight.is_some() {
            cell.waiting.push_back(job);
            return;
        }
        if job.cause == Cause::Recovery {
            // Whose run it is now says only the database.
            cell.held = None;
        }
        let in_memory = cell.held.is_some();
        let held = match cell.held.take() {
            Some(held) => held,
            None if cut_off => return self.finished(at, job, Outcome::Busy),
            None => match (&job.cause, self.load(&run)) {
                (Cause::Start, None) => self.first(at, &job),
                (_, Some(held)) => held,
                (_, None) => return self.finished(at, job, Outcome::NotFound),
            },
        };
        if job.cause == Cause::Recovery && held.row.node.as_ref() != Some(&self.nodes[at].id) {
            return self.finished(at, job, Outcome::Refused(Refusal::Stale));
        }
        let mut held = held;
        if self.sabotage == Sabotage::ForgetsDoubts
            && let Phase::Calling { calling, stage: Stage::UnderWay } = &mut held.state.phase
        {
            calling.in_doubt = false;
        }
        self.tamper(&mut held);
        let job = if self.sabotage == Sabotage::MisplacesAnswers { job.misplaced(&held.state) } else { job };
        let mut now = self.clock(at);
        if self.sabotage == Sabotage::EarlyTimers && job.cause == Cause::Timer {
            now += 3_000;
        }
        let target = self.target(&held, &job.input);
        let accounts = self.accounts(&target);
        let moment = Moment { accounts: &accounts, ..Timestamp(now).into() };
        match step(&target.played, Box::new(held.state.clone()), job.input.clone(), moment) {
            Ok(decision) => self.commit(at, Held { published: target, ..held }, decision, job),
            // What is in memory may be old: only what is stored may refuse.
            Err(_) if in_memory => self.decide(at, job),
            Err(Refused { refusal, .. }) => {
                self.cell(at, &run).held = Some(held);
                self.finished(at, job, Outcome::Refused(refusal));
            }
        }
    }

    fn cell(&mut self, at: usize, run: &str) -> &mut Cell {
        self.nodes[at].cells.entry(run.to_owned()).or_default()
    }

    fn commit(&mut self, at: usize, held: Held, decision: Decision, job: Job) {
        let Decision { events, effects, after } = decision;
        let node = self.nodes[at].id.clone();
        let stood = project::Stood::of(&held.state);
        let facts = project::Facts {
            before: &held.row,
            stood: &stood,
            version: &held.published.played,
            after: &after,
            events: &events,
            at: self.clock(at),
            node: &node,
            proven: None,
            case: None,
        };
        let mut commit = project::commit(&facts).unwrap();
        commit.idempotency = job.key.clone();
        if self.sabotage == Sabotage::CancelStealsRuns && commit.run.node.is_some() {
            commit.run.node = Some(node);
        }
        if self.sabotage == Sabotage::EffectsBeforeCommit {
            let lease = self.nodes[at].lease;
            self.perform_soon(at, &job.run, effects.clone(), lease);
        }
        let (run, cause, row) = (job.run.clone(), job.cause.clone(), commit.run.clone());
        let published = Arc::clone(&held.published);
        let row = RunRow { seq: commit.expected_seq + 1, ..row };
        let flight = Flight { job, row, published, after, effects, lease: self.nodes[at].lease };
        self.cell(at, &run).flight = Some(flight);
        let lost = self.cut_off(at) || self.faults && self.random.chance(10);
        if lost {
            let pause = self.random.between(20, 3000);
            let result = Err(StoreError::Busy("the database is away".into()));
            return self.later(at, pause, Work::Written { run, result });
        }
        let pause = if self.faults && self.random.chance(10) {
            self.random.between(20, 9000)
        } else {
            self.random.between(1, 20)
        };
        let life = self.nodes[at].life;
        self.after(pause, Task::Commit { at, life, commit: Box::new(commit), cause });
        self.strike(at);
    }

    /// The commit reaches the database, whatever has become of the process.
    pub fn write(
        &mut self,
        at: usize,
        life: u64,
        commit: &countersign_store::Commit,
        cause: &Cause,
    ) -> Result<(), String> {
        let result = self.store.commit(commit, self.sabotage);
        if let Ok(CommitOutcome::Committed { .. }) = &result {
            if *cause == Cause::Recovery && self.driven_elsewhere(at, &commit.run_id) {
                return Err(format!("{} was taken up although its driver lives", commit.run_id));
            }
            let published = Arc::clone(&self.versions[commit.run.version as usize - 1]);
            if let Some(new) = &commit.idempotency
                && !self.keys.insert(new.key.clone())
            {
                return Err(format!("{} started a second run, {}", new.key, commit.run_id));
            }
            self.checker.committed(commit, cause, &published)?;
            self.note(&commit.events);
        }
        let answer_lost = self.faults && self.random.chance(20);
        let result = if answer_lost { Err(StoreError::Busy("no answer from the database".into())) } else { result };
        let pause = self.random.between(1, if answer_lost { 3000 } else { 20 });
        self.at_node(at, life, pause, Work::Written { run: commit.run_id.clone(), result });
        Ok(())
    }

    /// Whether another process, not silent for a moment since, is performing an effect of this run.
    fn driven_elsewhere(&self, at: usize, run: &str) -> bool {
        self.nodes.iter().enumerate().any(|(other, node)| {
            let lives = other != at && node.alive && self.now <= node.lease_until;
            lives && node.cells.get(run).is_some_and(|cell| cell.driving > 0 && cell.lease == node.lease)
        })
    }

    fn written(&mut self, at: usize, run: &str, result: Result<CommitOutcome, StoreError>) -> Result<(), String> {
        let cell = self.cell(at, run);
        let Some(Flight { mut job, row, published, after, effects, lease }) = cell.flight.take() else { return Ok(()) };
        match result {
            Ok(CommitOutcome::Committed { seq }) => {
                let held = Held { row, published, state: *after };
                cell.held = Some(held.clone());
                self.use_standing(at, run, &held);
                self.checker.acknowledged(run, seq);
                if self.sabotage != Sabotage::EffectsBeforeCommit {
                    self.perform_soon(at, run, effects, lease);
                }
                self.finished(at, job, Outcome::Done(seq));
            }
            Ok(CommitOutcome::Replayed(known)) => {
                self.finished(at, job, Outcome::Replayed(known.run.unwrap_or_default()));
            }
            Err(StoreError::Conflict(Conflict::RunMoved { .. })) if job.reloads + 1 < RELOADS_MAX => {
                job.reloads += 1;
                self.decide(at, job);
            }
            Err(StoreError::Conflict(Conflict::AlreadyDecided(_))) => self.finished(at, job, Outcome::AlreadyDecided),
            Err(StoreError::NotFound(what)) if !matches!(job.cause, Cause::Start) => {
                return Err(format!("{run}: {what} is gone"));
            }
            Err(StoreError::AlreadyExists(what)) => return Err(format!("{run}: the {what} exists already")),
            Err(_) => self.finished(at, job, Outcome::Busy),
        }
        self.next_job(at, run);
        Ok(())
    }

    /// Takes what waited behind a commit of this run, and lets go of a run nobody needs.
    fn next_job(&mut self, at: usize, run: &str) {
        while let Some(cell) = self.nodes[at].cells.get_mut(run).filter(|cell| cell.flight.is_none()) {
            let Some(job) = cell.waiting.pop_front() else { break };
            self.decide(at, job);
        }
        let idle = |cell: &Cell| cell.flight.is_none() && cell.waiting.is_empty() && cell.driving == 0;
        if self.nodes[at].cells.get(run).is_some_and(idle) {
            self.nodes[at].cells.remove(run);
        }
    }

    fn perform_soon(&mut self, at: usize, run: &str, effects: Vec<Effect>, lease: u64) {
        for effect in effects {
            let pause = self.random.between(0, 3);
            let cell = self.cell(at, run);
            cell.driving += 1;
            cell.lease = lease;
            self.later(at, pause, Work::Perform { run: run.to_owned(), effect, lease });
            self.strike(at);
        }
    }

    fn perform(&mut self, at: usize, run: String, mut effect: Effect, lease: u64) {
        let node = &self.nodes[at];
        let taken_for_dead = lease != node.lease || self.now > node.lease_until;
        if taken_for_dead && self.sabotage != Sabotage::NoLease {
            if self.cut_off(at) {
                return self.later(at, 100, Work::Perform { run, effect, lease });
            }
            self.sign_on(at);
            if !self.still_drives(at, &run, &effect) {
                let driving = &mut self.cell(at, &run).driving;
                *driving = driving.saturating_sub(1);
                return self.next_job(at, &run);
            }
            let lease = self.nodes[at].lease;
            self.cell(at, &run).lease = lease;
        }
        if let Effect::InvokeAction { id, key, input, .. } = &mut effect {
            match self.sabotage {
                Sabotage::FreshKeys => *key = format!("{key}.{}", id.attempt).into(),
                Sabotage::ChangesRequests if self.random.chance(50) => *input = serde_json::Value::Bool(true),
                _ => {}
            }
        }
        let through = self.account();
        if let Effect::InvokeAction { id, account: Some(approved), .. } = &effect
            && *approved != through
            && self.sabotage != Sabotage::IgnoresAccounts
        {
            let job = Job::new(run, not_sent(*id), Cause::Answer);
            return self.later(at, 1, Work::Decide(Box::new(job)));
        }
        let life = self.nodes[at].life;
        let pause = self.random.between(1, 400);
        self.after(pause, Task::Arrive { at, life, run, effect: Box::new(effect), through });
        self.strike(at);
    }

    /// After a silence: whether nobody has taken the run up meanwhile.
    fn still_drives(&self, at: usize, run: &str, effect: &Effect) -> bool {
        self.load(run).is_some_and(|held| {
            held.row.node.as_ref() == Some(&self.nodes[at].id) && held.state.under_way() == Some(effect.id())
        })
    }

    /// A job is over: tell who asked; an answer of a call is tried again until the database takes it.
    fn finished(&mut self, at: usize, mut job: Job, outcome: Outcome) {
        if job.cause == Cause::Answer && !job.echo {
            if outcome == Outcome::Busy {
                job.reloads = 0;
                job.pause = (job.pause * 2).clamp(20, 5000);
                let pause = job.pause;
                return self.later(at, pause, Work::Decide(Box::new(job)));
            }
            let driving = &mut self.cell(at, &job.run).driving;
            *driving = driving.saturating_sub(1);
        }
        if let Some(request) = job.request {
            self.answered(request, &outcome);
        }
    }
}

impl Job {
    fn misplaced(mut self, state: &RunState) -> Self {
        let doubtful = match &state.phase {
            Phase::Calling { calling, stage: Stage::LookingUp { .. } } => calling.id(),
            Phase::Waiting(Wait::Unknown(wait)) => wait.calling.id(),
            _ => return self,
        };
        if let Input::LookedUp { id, .. } | Input::UnknownResolved { id, .. } = &mut self.input
            && id.visit == doubtful.visit
        {
            *id = doubtful;
        }
        self
    }

    pub fn new(run: String, input: Input, cause: Cause) -> Self {
        Self { run, input, cause, request: None, key: None, echo: false, reloads: 0, pause: 10 }
    }
}
