//! One run at a time: decide, commit, perform, and again until it waits or ends.

use crate::{
    Engine, EngineError,
    run::{
        Around,
        calls::{Published, Turn},
        load::LoadedRun,
        project::{self, Stood},
    },
};
use countersign_core::run::{self, Decision, Effect, Input, Phase, Refusal, Refused, RunState, RunStatus, Version};
use countersign_store::{
    CommitOutcome, Conflict, IdempotencyRow, NewAudit, NewIdempotency, Pointed, Priority, RunRow, StoreError,
};
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};
use tokio::sync::OwnedSemaphorePermit;

/// How often a decision is taken anew because another process moved the run.
const RELOADS_MAX: usize = 5;

/// Runs this process holds in memory: only those that move or are being decided right now.
#[derive(Default, Clone)]
pub(crate) struct Cells(Arc<Mutex<HashMap<String, Arc<Cell>>>>);

/// One run in memory. The lock orders everything that happens to it in this process; `seq` fences other processes.
#[derive(Default)]
pub(crate) struct Cell(tokio::sync::Mutex<Option<Held>>);

pub(crate) struct Held {
    pub(crate) row: Arc<RunRow>,
    pub(crate) version: Arc<Version>,
    pub(crate) state: Box<RunState>,
}

/// A hold on a run in memory; the last to let go, however that comes about, takes it out.
pub(crate) struct Hold {
    cells: Cells,
    run: String,
    cell: Arc<Cell>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut cells = self.cells.0.lock();
        // Two owners are left when nobody else holds it: the map and this one.
        if Arc::strong_count(&self.cell) <= 2 {
            cells.remove(&self.run);
        }
    }
}

impl Cells {
    fn get(&self, run: &str) -> Hold {
        let cell = Arc::clone(self.0.lock().entry(run.to_owned()).or_default());
        Hold { cells: self.clone(), run: run.to_owned(), cell }
    }

    /// A run that nobody can have held before.
    fn put(&self, held: Held) -> Hold {
        let run = held.row.id.clone();
        let cell = Arc::new(Cell(tokio::sync::Mutex::new(Some(held))));
        self.0.lock().insert(run.clone(), Arc::clone(&cell));
        Hold { cells: self.clone(), run, cell }
    }

    pub(crate) fn holds(&self, run: &str) -> bool {
        self.0.lock().contains_key(run)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().len()
    }
}

/// What a decision was made on.
pub(crate) struct Before<'a> {
    pub(crate) row: &'a RunRow,
    pub(crate) version: &'a Version,
    /// Where the run stood, by the state.
    pub(crate) stood: &'a Stood,
}

/// What an input led to.
pub(crate) struct Moved {
    pub(crate) row: Arc<RunRow>,
    pub(crate) todo: Todo,
}

/// What a start is written with beside its decision.
#[derive(Default)]
pub(crate) struct Beside {
    pub(crate) idempotency: Option<NewIdempotency>,
    pub(crate) pointed: Option<Pointed>,
    pub(crate) inbound: Option<String>,
    pub(crate) wanted_by: Option<String>,
    /// Put on the record with it.
    pub(crate) audit: Vec<NewAudit>,
}

/// What a commit asks for, and the lease of this process it was sent on.
pub(crate) struct Todo {
    pub(crate) effects: Vec<Effect>,
    pub(crate) lease: u64,
}

impl Engine {
    /// Takes an input for an existing run and, when calls follow, drives the run in the background.
    pub(crate) async fn take(&self, workspace: &str, run: &str, input: Input) -> Result<RunRow, EngineError> {
        self.take_on(None, (workspace, run), input, None).await
    }

    /// [`Engine::take`] for a run that was just read. What is in memory by now goes before it.
    pub(crate) async fn take_on(
        &self,
        known: Option<Held>,
        (workspace, run): (&str, &str),
        input: Input,
        inbound: Option<String>,
    ) -> Result<RunRow, EngineError> {
        let (engine, workspace, run) = (self.clone(), workspace.to_owned(), run.to_owned());
        let work = async move {
            let hold = engine.0.cells.get(&run);
            let Moved { row, todo } = engine.decide_in(&hold, known, (&workspace, &run), &input, inbound).await?;
            if !todo.effects.is_empty()
                && let Ok(permit) = Arc::clone(&engine.0.moving).acquire_owned().await
            {
                engine.spawn_drive(hold, &row, todo, permit);
            }
            Ok(Arc::unwrap_or_clone(row))
        };
        self.see_through(work).await
    }

    /// Does work that must not stop half-way. The future of a request is dropped when its time is up or its client is gone;
    /// between a commit and what it asks for that would leave a run that says it moves, and nobody who moves it.
    pub(crate) async fn see_through<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, EngineError>> + Send + 'static,
    ) -> Result<T, EngineError> {
        match self.0.tasks.spawn(Box::pin(work)).await {
            Ok(done) => done,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The process ends.
            Err(_) => Err(EngineError::Busy),
        }
    }

    /// Performs what is to do and what follows from it in the background.
    fn spawn_drive(&self, hold: Hold, row: &RunRow, todo: Todo, permit: OwnedSemaphorePermit) {
        let (engine, workspace, run) = (self.clone(), row.workspace.clone(), row.id.clone());
        let (workflow, version) = (row.workflow.clone(), row.version);
        // Boxed: the runtime moves what it is given several times.
        self.0.tasks.spawn(Box::pin(async move {
            let published = Published { workspace: &workspace, workflow: &workflow, version };
            engine.drive(hold, published, &run, todo).await;
            drop(permit);
        }));
    }

    async fn drive(&self, hold: Hold, published: Published<'_>, run: &str, mut todo: Todo) {
        let workspace = published.workspace;
        while let Some(effect) = todo.effects.pop() {
            debug_assert!(todo.effects.is_empty(), "a run has one token and so one call at a time");
            let turn = Turn { of: published, run, lease: todo.lease };
            let Some(input) = Box::pin(self.perform(turn, effect)).await else {
                tracing::warn!(run, "this process was silent for too long; whoever took the run up makes the call");
                break;
            };
            match self.answer(&hold, workspace, run, &input).await {
                Some(moved) => todo = moved.todo,
                None => break,
            }
        }
    }

    /// Commits a call's answer. It must not be lost, so a database that is away is waited for.
    async fn answer(&self, hold: &Hold, workspace: &str, run: &str, input: &Input) -> Option<Moved> {
        let mut pause_ms = 20;
        loop {
            match self.decide_in(hold, None, (workspace, run), input, None).await {
                Ok(moved) => return Some(moved),
                Err(EngineError::Refused(refusal)) => {
                    tracing::info!(run, %refusal, "an answer came too late");
                    return None;
                }
                Err(EngineError::Store(error)) if error.may_pass() => {
                    tracing::warn!(run, %error, "the answer of a call waits for the database");
                }
                Err(error) => {
                    tracing::error!(run, %error, "the run cannot go on");
                    return None;
                }
            }
            if !self.pause(pause_ms).await {
                return None;
            }
            pause_ms = (pause_ms * 2).min(5000);
        }
    }

    async fn decide_in(
        &self,
        hold: &Hold,
        mut known: Option<Held>,
        (workspace, run): (&str, &str),
        input: &Input,
        inbound: Option<String>,
    ) -> Result<Moved, EngineError> {
        let mut held = hold.cell.0.lock().await;
        for _ in 0..RELOADS_MAX {
            // Whose run it is now says only the database.
            let recovered = matches!(input, Input::Recovered);
            let in_memory = held.is_some() && !recovered;
            let now = match held.take().filter(|_| !recovered) {
                Some(now) => now,
                None => match known.take() {
                    Some(known) => known,
                    None => self.hold(workspace, run).await?,
                },
            };
            if recovered && now.row.node.as_deref() != Some(&self.0.config.node) {
                return Err(Refusal::Stale.into());
            }
            let Held { row, version, state } = now;
            let stood = Stood::of(&state);
            let around = self.around(workspace, &version).await?;
            let decision = match self.advance((&version, &around), state, input.clone()) {
                Ok(decision) => decision,
                // Another process may have moved the run: only what is stored may refuse.
                Err(_) if in_memory => continue,
                Err(Refused { refusal, state }) => {
                    *held = Some(Held { row, version, state });
                    return Err(refusal.into());
                }
            };
            let before = Before { row: &row, version: &version, stood: &stood };
            let beside = Beside { inbound: inbound.clone(), ..Beside::default() };
            match self.commit(before, decision, beside).await {
                Ok(Committed::Written { row, after, todo }) => {
                    *held = Some(Held { row: Arc::clone(&row), version, state: after });
                    return Ok(Moved { row, todo });
                }
                Ok(Committed::Replayed(_)) => return Err(EngineError::KeyReused),
                // Another process moved it, or closed its checkpoint: what is in memory is old.
                Err(EngineError::Store(StoreError::Conflict(Conflict::RunMoved { .. }))) => {}
                Err(error) => return Err(error),
            }
        }
        Err(EngineError::Busy)
    }

    /// What follows from an input, by the machine.
    pub(crate) fn advance(
        &self,
        (version, around): (&Arc<Version>, &Around),
        state: Box<RunState>,
        input: Input,
    ) -> Result<Decision, Refused> {
        let decide = || run::step(version, state, input, around.at(self.timestamp()));
        self.0.aside.decide(version, || self.0.clock.elapsed(), decide)
    }

    async fn hold(&self, workspace: &str, run: &str) -> Result<Held, EngineError> {
        let LoadedRun { row, version, state, .. } = self.load(workspace, run).await?;
        Ok(Held { row: Arc::new(row), version, state: Box::new(state) })
    }

    /// Drives a run that was just started.
    pub(crate) fn drive_new(&self, held: Held, todo: Todo, permit: OwnedSemaphorePermit) {
        let row = held.row.clone();
        self.spawn_drive(self.0.cells.put(held), &row, todo, permit);
    }

    /// What a run is about, told as it starts and whenever it stops: of one that goes on running only its place is written.
    fn case_of(&self, row: &RunRow, version: &Version, after: &RunState) -> Option<String> {
        if row.seq > 0 && after.phase.standing().0 == RunStatus::Running {
            return None;
        }
        let told = || version.case(after, self.timestamp());
        if version.workflow().case.is_empty() {
            None
        } else {
            self.0.aside.decide(version, || self.0.clock.elapsed(), told)
        }
    }

    /// Writes a decision down; the effects may be performed only after it returns well.
    pub(crate) async fn commit(
        &self,
        before: Before<'_>,
        decision: Decision,
        beside: Beside,
    ) -> Result<Committed, EngineError> {
        let Decision { events, effects, after } = decision;
        let (at, lease) = (self.now(), self.0.lease.number());
        let Before { row, version, stood } = before;
        let node = &self.0.config.node;
        let proven = self.proven_customer(&row.workspace, &events).await?;
        let proven = proven.as_deref();
        let case = self.case_of(row, version, &after);
        let facts =
            project::Facts { before: row, stood, version, after: &after, events: &events, at, node, proven, case };
        let mut commit = project::commit(&facts)?;
        commit.idempotency = beside.idempotency;
        commit.pointed = beside.pointed;
        commit.inbound = beside.inbound;
        commit.wanted_by = beside.wanted_by;
        commit.audit.extend(beside.audit);
        let priority = if row.seq == 0 { Priority::Start } else { Priority::Continue };
        let row = RunRow { seq: commit.expected_seq + 1, ..commit.run.clone() };
        let leaves = commit.messages.iter().any(|message| message.leaves);
        let tells = !commit.outbound.is_empty() || commit.alert;
        match self.0.store.commit(commit, priority).await? {
            CommitOutcome::Committed { .. } => {}
            CommitOutcome::Replayed(known) => return Ok(Committed::Replayed(known)),
        }
        if row.wake_at.is_some() {
            self.0.timer_set.notify_one();
        }
        if let Some(checkpoint) = after.open_checkpoint()
            && stood.checkpoint() != Some(&checkpoint)
            && Self::may_stand(version, &after.phase)
        {
            self.0.tasks.spawn(self.clone().use_standing(row.workspace.clone(), checkpoint));
        }
        if leaves {
            self.0.to_send.notify_one();
        }
        if tells {
            self.0.to_tell.notify_one();
        }
        if row.status.is_final() || waits_for_person(&after.phase) {
            self.0.waiters.stopped(&row);
        }
        Ok(Committed::Written { row: Arc::new(row), after, todo: Todo { effects, lease } })
    }
}

/// What became of a commit that did not fail.
pub(crate) enum Committed {
    Written {
        row: Arc<RunRow>,
        after: Box<RunState>,
        todo: Todo,
    },
    /// A start with this key was committed before.
    Replayed(Box<IdempotencyRow>),
}

fn waits_for_person(phase: &Phase) -> bool {
    phase.waiting().is_some()
}
