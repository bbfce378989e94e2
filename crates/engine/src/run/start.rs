//! Starting runs.

use crate::{
    Engine, EngineError,
    run::{
        customer::{conversation_object, customer_object},
        drive::{Before, Beside, Committed, Held},
        pointers::Choice,
        project::Stood,
        waiters::{Wait, has_stopped},
    },
};
use countersign_core::{
    moves::{self, Ramp},
    run::{Actor, Continuation, Decision, Input, Refusal, RunState, Start, Version, switched_off},
};
use countersign_store::{
    Conflict, ConversationRow, CustomerRow, IdempotencyRow, NewAudit, NewIdempotency, Pointed, RunRow, RunStatus,
    StoreError,
};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, timeout_at},
};

/// Scope of idempotency keys that start runs.
const SCOPE: &str = "run.start";

/// How often a start looks again because the version to start with was moved.
const POINTER_TRIES: u32 = 16;

/// The version of a run to be, and what that was read from.
struct Chosen {
    version: u32,
    pointed: Option<Pointed>,
    /// What is put on the record with the start.
    audit: Vec<NewAudit>,
}

/// The version a run is asked to start on.
#[derive(Debug, Clone)]
pub struct NamedVersion {
    /// Its number.
    pub version: u32,
    /// What is put on the record when new runs do not take this version by themselves. It may have had weaker approvals, so
    /// without this such a start is refused, however late the version ceased to be the active or the ramped one.
    pub otherwise: Option<NewAudit>,
}

/// What a run follows from.
#[derive(Default)]
pub(crate) struct Origin {
    /// Its id; a fresh one when absent.
    pub(crate) run: Option<String>,
    /// The run it is a retry of.
    pub(crate) retry_of: Option<String>,
    /// What it goes on from.
    pub(crate) from: Option<Box<Continuation>>,
    /// What came in and ends with its start.
    pub(crate) inbound: Option<String>,
    /// The message trigger that this was for.
    pub(crate) wanted_by: Option<String>,
    /// Its conversation and customer, when they were just read.
    pub(crate) known: Option<(ConversationRow, Option<CustomerRow>)>,
}

/// What a run is started with.
#[derive(Debug, Clone)]
pub struct StartRun {
    /// Whose.
    pub workspace: String,
    /// Workflow id.
    pub workflow: String,
    /// Absent: the active version, or the ramped one for a part of the runs.
    pub version: Option<NamedVersion>,
    /// The run's input.
    pub input: Value,
    /// Customer id.
    pub customer: Option<String>,
    /// Conversation id.
    pub conversation: Option<String>,
    /// What set it off: an object with `type`.
    pub trigger: Value,
    /// Who started it.
    pub started_by: Option<Actor>,
    /// Makes a repeat of the request answer with the first run.
    pub idempotency: Option<IdempotencyKey>,
    /// How long to wait for the run to end or to need a person.
    pub wait: Option<Duration>,
}

/// A client's key and the hash of what it asked for.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    /// The client's key.
    pub key: String,
    /// SHA-256 hex of the request.
    pub request_hash: String,
}

/// A run that was started.
#[derive(Debug, Clone)]
pub struct StartedRun {
    /// The run, after the wait.
    pub run: RunRow,
    /// Whether an earlier request with the same key started it.
    pub replayed: bool,
}

impl Engine {
    /// Starts a run. When this returns, the run is on disk and will be driven to its end.
    ///
    /// # Errors
    /// `NotPublished`, `NotFound`, `NotCurrent`, `TriggerOff`, `InvalidInput`, `KeyReused`, or `Busy` when too many runs move.
    pub async fn start_run(&self, request: StartRun) -> Result<StartedRun, EngineError> {
        self.start_from(request, Origin::default()).await
    }

    /// Starts a run that follows from something.
    pub(crate) async fn start_from(&self, request: StartRun, origin: Origin) -> Result<StartedRun, EngineError> {
        let run = origin.run.clone().unwrap_or_else(|| self.0.clock.new_id());
        for _ in 0..POINTER_TRIES {
            let chosen = match self.choose(&request, (&run, &origin)).await {
                // What was started before is answered with that run, whatever became of the workflow since.
                Err(refused) => return self.started_before(&request).await?.ok_or(refused),
                chosen => chosen?,
            };
            match self.start_on(&request, &run, chosen, &origin).await {
                // Another version was chosen between the look and the commit: nothing was written.
                Err(EngineError::Store(StoreError::Conflict(Conflict::PointerMoved { workflow }))) => {
                    self.workflow_changed(&request.workspace, &workflow);
                }
                done => return done,
            }
        }
        Err(EngineError::Busy)
    }

    /// The run of an earlier request with the same key.
    async fn started_before(&self, request: &StartRun) -> Result<Option<StartedRun>, EngineError> {
        let Some(IdempotencyKey { key, .. }) = &request.idempotency else { return Ok(None) };
        match self.0.store.get_idempotency(&request.workspace, SCOPE, key).await? {
            Some(known) => Ok(Some(self.replayed(request, &known.request_hash, known.run.as_deref()).await?)),
            None => Ok(None),
        }
    }

    /// The version the run takes: the one asked for, or what the workflow's pointer says.
    async fn choose(&self, request: &StartRun, (run, origin): (&str, &Origin)) -> Result<Chosen, EngineError> {
        // Of an archived workflow nothing starts, whichever version is named; the commit is refused when that changed.
        let mut choice = self.choice(&request.workspace, &request.workflow).await?;
        if origin.retry_of.is_none() && self.off(request, &choice).await?.is_some() {
            // Another process may have switched it on, and the word of it not have come yet.
            choice = self.choice_anew((request.workspace.clone(), request.workflow.clone())).await?;
            self.off(request, &choice).await?.map_or(Ok(()), |id| Err(EngineError::TriggerOff(id)))?;
        }
        let row = &choice.pointer;
        let pointed = Some(Pointed { workflow: request.workflow.clone(), revision: row.pointer_revision });
        if let Some(NamedVersion { version, otherwise }) = &request.version {
            let version = *version;
            if [row.active_version, row.ramp_version].contains(&Some(version)) {
                return Ok(Chosen { version, pointed, audit: Vec::new() });
            }
            let entry = otherwise.clone().ok_or(EngineError::NotCurrent(version))?;
            return Ok(Chosen { version, pointed, audit: vec![entry] });
        }
        let active = row.active_version.ok_or(EngineError::NotPublished)?;
        let ramp = row.ramp_version.zip(row.ramp_percent).map(|(version, percent)| Ramp { version, percent });
        Ok(Chosen { version: moves::version_for(run, active, ramp), pointed, audit: Vec::new() })
    }

    /// The trigger that a start comes through, when it is off. Whichever version a start names: what the active one says is
    /// what people see on and off.
    async fn off(&self, request: &StartRun, choice: &Choice) -> Result<Option<String>, EngineError> {
        let Some(active) = choice.pointer.active_version.filter(|_| !choice.off.is_empty()) else { return Ok(None) };
        let version = self.version(&request.workspace, &request.workflow, active).await?;
        Ok(switched_off(version.workflow(), &choice.off, &request.trigger))
    }

    async fn start_on(
        &self,
        request: &StartRun,
        run: &str,
        chosen: Chosen,
        origin: &Origin,
    ) -> Result<StartedRun, EngineError> {
        let permit = Arc::clone(&self.0.moving).try_acquire_owned().map_err(|_| EngineError::Busy)?;
        if self.stopping() {
            return Err(EngineError::Busy);
        }
        let number = chosen.version;
        let version = self.version(&request.workspace, &request.workflow, number).await?;
        let problems = version.input_problems(&request.input);
        if !problems.is_empty() {
            return Err(EngineError::InvalidInput(problems));
        }
        let start = Box::new(self.start_of(request, run, number, origin).await?);
        let first = self.first_row(request, &start, &version.workflow().name);
        let row = RunRow { retry_of: origin.retry_of.clone(), ..first };
        let run_id = start.run.clone();
        let input = match origin.from.clone() {
            Some(from) => Input::Continued { start, from },
            None => Input::Started(start),
        };
        let around = self.around(&request.workspace, &version).await?;
        let decision = self.advance((&version, &around), Box::default(), input);
        let decision = decision.map_err(Refusal::from)?;
        let waiting = request.wait.map(|wait| (wait, self.0.waiters.wait(&run_id)));
        let Chosen { pointed, audit, .. } = chosen;
        let (idempotency, inbound) = (request.idempotency.as_ref().map(remembered), origin.inbound.clone());
        let beside = Beside { idempotency, pointed, inbound, wanted_by: origin.wanted_by.clone(), audit };
        let begin = self.clone().begin(row, version, decision, beside, permit);
        match self.see_through(begin).await? {
            Begun::Now(row) => {
                let row = Arc::unwrap_or_clone(row);
                let run = match waiting {
                    Some((time, wait)) => self.await_stop(row, wait, Instant::now() + time).await?,
                    None => row,
                };
                Ok(StartedRun { run, replayed: false })
            }
            Begun::Before(known) => self.replayed(request, &known.request_hash, known.run.as_deref()).await,
        }
    }

    /// Writes the start down and drives the run.
    async fn begin(
        self,
        first: RunRow,
        version: Arc<Version>,
        decision: Decision,
        beside: Beside,
        permit: OwnedSemaphorePermit,
    ) -> Result<Begun, EngineError> {
        let before = Before { row: &first, version: &version, stood: &Stood::of(&RunState::default()) };
        match self.commit(before, decision, beside).await? {
            Committed::Written { row, after, todo } => {
                if !todo.effects.is_empty() {
                    self.drive_new(Held { row: Arc::clone(&row), version, state: after }, todo, permit);
                }
                Ok(Begun::Now(row))
            }
            Committed::Replayed(known) => Ok(Begun::Before(known)),
        }
    }

    /// The run when it has stopped, or as it is at the deadline. The place to wait is older than the row, so that what
    /// stops in between is heard of.
    async fn await_stop(&self, row: RunRow, mut wait: Wait<'_>, deadline: Instant) -> Result<RunRow, EngineError> {
        if has_stopped(&row) {
            return Ok(row);
        }
        match timeout_at(deadline, wait.stopped()).await {
            Ok(Some(stopped)) => Ok(stopped),
            Ok(None) | Err(_) => Ok(self.0.store.get_run(&row.workspace, &row.id).await?.unwrap_or(row)),
        }
    }

    /// A run when it has stopped, or as it is at the deadline.
    pub(crate) async fn until_stopped(
        &self,
        workspace: &str,
        run: &str,
        deadline: Instant,
    ) -> Result<Option<RunRow>, EngineError> {
        let wait = self.0.waiters.wait(run);
        match self.0.store.get_run(workspace, run).await? {
            Some(row) => Ok(Some(self.await_stop(row, wait, deadline).await?)),
            None => Ok(None),
        }
    }

    async fn start_of(
        &self,
        request: &StartRun,
        run: &str,
        version: u32,
        origin: &Origin,
    ) -> Result<Start, EngineError> {
        let (customer, conversation) = match &origin.known {
            Some((conversation, customer)) => {
                (customer.as_ref().map_or(Value::Null, customer_object), conversation_object(conversation))
            }
            None => self.people_of(request).await?,
        };
        Ok(Start {
            run: run.to_owned(),
            workflow: request.workflow.clone(),
            version,
            trigger: request.trigger.clone(),
            input: request.input.clone(),
            customer,
            conversation,
            started_by: request.started_by.clone(),
        })
    }

    /// Customer and conversation as expressions see them.
    async fn people_of(&self, request: &StartRun) -> Result<(Value, Value), EngineError> {
        let (workspace, store) = (&request.workspace, &self.0.store);
        let customer = match &request.customer {
            Some(id) => {
                let row = store.current_customer(workspace, id).await?.ok_or(EngineError::NotFound("customer"))?;
                customer_object(&row)
            }
            None => Value::Null,
        };
        let conversation = match &request.conversation {
            Some(id) => {
                let row = store.get_conversation(workspace, id).await?.ok_or(EngineError::NotFound("conversation"))?;
                conversation_object(&row)
            }
            None => Value::Null,
        };
        Ok((customer, conversation))
    }

    fn first_row(&self, request: &StartRun, start: &Start, title: &str) -> RunRow {
        let now = self.now();
        RunRow {
            id: start.run.clone(),
            workspace: request.workspace.clone(),
            workflow: request.workflow.clone(),
            version: start.version,
            status: RunStatus::Running,
            step: None,
            step_kind: None,
            waiting_for: None,
            seq: 0,
            customer: request.customer.clone(),
            conversation: request.conversation.clone(),
            trigger: start.trigger["type"].as_str().unwrap_or("api").to_owned(),
            title: title.to_owned(),
            started_by: request.started_by.as_ref().map(|actor| actor.id.clone()),
            started_at: now,
            updated_at: now,
            ended_at: None,
            wake_at: None,
            node: Some(self.0.config.node.clone()),
            error_code: None,
            error_message: None,
            output: None,
            retry_of: None,
            failed_step: None,
            failed_message: None,
        }
    }

    async fn replayed(&self, request: &StartRun, hash: &str, run: Option<&str>) -> Result<StartedRun, EngineError> {
        if request.idempotency.as_ref().is_none_or(|asked| asked.request_hash != hash) {
            return Err(EngineError::KeyReused);
        }
        let run = run.ok_or(EngineError::NotFound("run"))?;
        let run = match request.wait {
            Some(time) => self.until_stopped(&request.workspace, run, Instant::now() + time).await?,
            None => self.0.store.get_run(&request.workspace, run).await?,
        };
        Ok(StartedRun { run: run.ok_or(EngineError::NotFound("run"))?, replayed: true })
    }
}

/// What became of a start.
enum Begun {
    Now(Arc<RunRow>),
    /// A start with the same key was first.
    Before(Box<IdempotencyRow>),
}

fn remembered(asked: &IdempotencyKey) -> NewIdempotency {
    NewIdempotency {
        scope: SCOPE.to_owned(),
        key: asked.key.clone(),
        request_hash: asked.request_hash.clone(),
        response_status: 201,
        response_body: String::new(),
    }
}
