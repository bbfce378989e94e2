//! Starting runs.

use crate::{
    Engine, EngineError,
    customer::{conversation_object, customer_object},
    drive::{Committed, Held},
};
use countersign_core::run::{self, Actor, Continuation, Input, RunState, Start};
use countersign_store::{NewIdempotency, RunRow, RunStatus};
use serde_json::Value;
use std::{sync::Arc, time::Duration};

/// Scope of idempotency keys that start runs.
const SCOPE: &str = "run.start";

/// What a run is started with.
#[derive(Debug, Clone)]
pub struct StartRun {
    /// Whose.
    pub workspace: String,
    /// Workflow id.
    pub workflow: String,
    /// The active version when absent.
    pub version: Option<u32>,
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
    /// `NotPublished`, `NotFound`, `InvalidInput`, `KeyReused`, or `Busy` when too many runs move.
    pub async fn start_run(&self, request: StartRun) -> Result<StartedRun, EngineError> {
        self.start_with(request, None, None).await
    }

    /// Starts a run after another one, which may leave its state to it.
    pub(crate) async fn start_after(
        &self,
        request: StartRun,
        of: String,
        from: Option<Box<Continuation>>,
    ) -> Result<StartedRun, EngineError> {
        self.start_with(request, Some(of), from).await
    }

    async fn start_with(
        &self,
        request: StartRun,
        retry_of: Option<String>,
        from: Option<Box<Continuation>>,
    ) -> Result<StartedRun, EngineError> {
        let permit = Arc::clone(&self.0.moving).try_acquire_owned().map_err(|_| EngineError::Busy)?;
        if self.stopping() {
            return Err(EngineError::Busy);
        }
        let number = match request.version {
            Some(version) => version,
            None => self.active_version(&request.workspace, &request.workflow).await?,
        };
        let version = self.version(&request.workspace, &request.workflow, number).await?;
        let problems = version.input_problems(&request.input);
        if !problems.is_empty() {
            return Err(EngineError::InvalidInput(problems));
        }
        let start = self.start_of(&request, number).await?;
        let row = RunRow { retry_of, ..self.first_row(&request, &start, &version.workflow().name) };
        let run_id = start.run.clone();
        let start = Box::new(start);
        let input = match from {
            Some(from) => Input::Continued { start, from },
            None => Input::Started(start),
        };
        let decision = run::step(&version, &RunState::default(), input, self.timestamp())?;
        let waiting = request.wait.map(|wait| (wait, self.0.waiters.wait(&run_id)));
        let before = Held { row, version, state: RunState::default() };
        let idempotency = request.idempotency.as_ref().map(remembered);
        let written = self.commit(&before, decision, idempotency).await;
        let (row, after, todo) = match written {
            Ok(Committed::Written { row, after, todo }) => (*row, *after, todo),
            Ok(Committed::Replayed(known)) => {
                self.0.waiters.forget(&run_id);
                return self.replayed(&request, &known.request_hash, known.run.as_deref()).await;
            }
            Err(error) => {
                self.0.waiters.forget(&run_id);
                return Err(error);
            }
        };
        if !todo.effects.is_empty() {
            self.drive_new(Held { row: row.clone(), version: before.version, state: after }, todo, permit);
        }
        let run = match waiting {
            Some((wait, stopped)) => match tokio::time::timeout(wait, stopped).await {
                Ok(Ok(stopped)) => stopped,
                Ok(Err(_)) | Err(_) => {
                    self.0.waiters.forget(&run_id);
                    self.0.store.get_run(&request.workspace, &run_id).await?.unwrap_or(row)
                }
            },
            None => row,
        };
        Ok(StartedRun { run, replayed: false })
    }

    async fn start_of(&self, request: &StartRun, version: u32) -> Result<Start, EngineError> {
        let (workspace, store) = (&request.workspace, &self.0.store);
        let customer = match &request.customer {
            Some(id) => {
                let row = store.get_customer(workspace, id).await?.ok_or(EngineError::NotFound("customer"))?;
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
        Ok(Start {
            run: uuid::Uuid::now_v7().to_string(),
            workflow: request.workflow.clone(),
            version,
            trigger: request.trigger.clone(),
            input: request.input.clone(),
            customer,
            conversation,
            started_by: request.started_by.clone(),
        })
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
        }
    }

    async fn replayed(&self, request: &StartRun, hash: &str, run: Option<&str>) -> Result<StartedRun, EngineError> {
        if request.idempotency.as_ref().is_none_or(|asked| asked.request_hash != hash) {
            return Err(EngineError::KeyReused);
        }
        let run = run.ok_or(EngineError::NotFound("run"))?;
        let row = self.0.store.get_run(&request.workspace, run).await?.ok_or(EngineError::NotFound("run"))?;
        Ok(StartedRun { run: row, replayed: true })
    }
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
