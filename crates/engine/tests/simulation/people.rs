//! Clients and people: they start, answer, decide, cancel and retry at random, late, twice, and against each other.

use crate::{
    checker::Cause,
    node::{Job, Outcome, Work},
    sabotage::Sabotage,
    scenario::{Scenario, Task},
};
use countersign_core::{
    log::LogEntry,
    run::{
        Actor, Again, CallId, HandedBack, Input, Opened, Refusal, RunState, Start, StateEdit, UnknownAnswer, Verdict,
        Via,
    },
    time::Timestamp,
};
use countersign_store::{
    CheckpointKind, CheckpointRow, CheckpointStatus, NewIdempotency, Role, RunEventsRow, RunRow, RunStatus, roles_of,
};
use serde_json::{Value, json};
use std::sync::Arc;

pub const WORKSPACE: &str = "ws1";
/// How many there are.
pub const PEOPLE: usize = 8;

/// What somebody asked for.
pub enum Request {
    Start {
        key: Option<String>,
        version: u32,
    },
    /// A decision about this checkpoint.
    Decision {
        checkpoint: String,
    },
    /// Cancel or retry.
    Run,
}

pub fn person(index: usize) -> Actor {
    let (id, role, groups): (&str, Role, &[&str]) = match index % PEOPLE {
        0 | 1 => ("manager1", Role::Operator, &["manager"]),
        2 => ("manager2", Role::Operator, &["manager"]),
        3 => ("boss", Role::Viewer, &["boss"]),
        4 => ("operator", Role::Operator, &[]),
        5 => ("key of manager1", Role::Operator, &["manager"]),
        6 => ("manager3", Role::Operator, &["manager"]),
        _ => ("viewer", Role::Viewer, &[]),
    };
    let groups: Vec<String> = groups.iter().map(|group| (*group).to_owned()).collect();
    Actor {
        id: id.into(),
        name: id.into(),
        email: format!("{id}@example.com"),
        roles: roles_of(role, &groups),
        via: if id.starts_with("key") { Via::Api } else { Via::Portal },
        made_by: id.strip_prefix("key of ").unwrap_or_default().to_owned(),
        signed_in_at: None,
        on_behalf_of: None,
    }
}

impl Scenario {
    pub fn start_run(&mut self) {
        let version = self.active;
        let key = self.random.chance(500).then(|| format!("key{}", self.requests.len()));
        self.requests.push(Request::Start { key, version });
        self.send_start(self.requests.len() - 1);
        if self.random.chance(200) {
            // A client that is impatient sends the same again, perhaps elsewhere.
            self.send_start(self.requests.len() - 1);
        }
    }

    /// The request arrives at some process. Without a key every arrival is a new run.
    fn send_start(&mut self, request: usize) {
        let Some(at) = self.some_node() else { return };
        let Request::Start { key, version } = &self.requests[request] else { return };
        let (key, version) = (key.clone(), *version);
        self.started += 1;
        let run = format!("run{}", self.started);
        let by = self.random.below(PEOPLE);
        let start = Start {
            run: run.clone(),
            workflow: "w1".into(),
            version,
            trigger: json!({ "type": "api" }),
            input: json!({}),
            customer: json!({ "name": "Ada Example", "email": "ada@example.com", "phone": "+15555550101", "telegram": 7 }),
            conversation: json!({ "id": format!("c-{run}"), "channel": "web" }),
            started_by: Some(person(by)),
        };
        let mut job = Job::new(run, Input::Started(Box::new(start)), Cause::Start);
        job.key = key.map(|key| NewIdempotency {
            scope: "run.start".into(),
            key,
            request_hash: "h".into(),
            response_status: 201,
            response_body: String::new(),
        });
        job.request = Some(request);
        self.later(at, 1, Work::Decide(Box::new(job)));
    }

    /// The row a start is decided on.
    pub fn first(&self, at: usize, job: &Job) -> crate::node::Held {
        let Input::Started(start) = &job.input else { unreachable!("only starts have no row") };
        let now = self.clock(at);
        let row = RunRow {
            id: job.run.clone(),
            workspace: WORKSPACE.into(),
            workflow: "w1".into(),
            version: start.version,
            status: RunStatus::Running,
            step: None,
            step_kind: None,
            waiting_for: None,
            seq: 0,
            customer: None,
            conversation: Some(format!("c-{}", job.run)),
            trigger: "api".into(),
            title: String::new(),
            started_by: None,
            started_at: now,
            updated_at: now,
            ended_at: None,
            wake_at: None,
            node: Some(self.nodes[at].id.clone()),
            error_code: None,
            error_message: None,
            output: None,
            retry_of: None,
            failed_step: None,
            failed_message: None,
        };
        let published = Arc::clone(&self.versions[start.version as usize - 1]);
        crate::node::Held { row, published, state: RunState::default() }
    }

    /// Somebody does something.
    pub fn person_acts(&mut self) {
        let rows: Vec<CheckpointRow> = self.store.checkpoints.values().cloned().collect();
        let open: Vec<&CheckpointRow> = rows.iter().filter(|row| row.status == CheckpointStatus::Open).collect();
        match self.random.below(26) {
            0 => self.cancel(),
            1 => self.retry(),
            20..=25 => self.around_approvals(),
            // Late: a card that is perhaps decided by now.
            2 if !rows.is_empty() => {
                let row = self.random.pick(&rows).clone();
                self.decide_checkpoint(&row);
            }
            _ if !open.is_empty() => {
                let row = (*self.random.pick(&open)).clone();
                self.decide_checkpoint(&row);
                let racing = if row.kind == CheckpointKind::UnknownOutcome { 700 } else { 350 };
                if self.random.chance(racing) {
                    self.decide_checkpoint(&row);
                }
            }
            _ => {}
        }
    }

    fn decide_checkpoint(&mut self, row: &CheckpointRow) {
        let taken_back = self.taken_back(row);
        let Some(input) = taken_back.or_else(|| self.decision(row)) else { return };
        let Some(at) = self.some_node() else { return };
        self.requests.push(Request::Decision { checkpoint: row.id.clone() });
        let request = self.requests.len() - 1;
        let slow = if self.random.chance(150) { 60_000 } else { 30 };
        let (pause, think) = (self.random.between(1, 30), self.random.between(1, slow));
        // As the shell does: it looks at the checkpoint first, and something may happen before it decides.
        self.after(pause, Task::Look { at, life: self.nodes[at].life, request, input: Box::new(input), think });
    }

    /// Somebody thinks better of a decision that is held; now and then of another's.
    fn taken_back(&mut self, row: &CheckpointRow) -> Option<Input> {
        let held = self.load(&row.run)?;
        let said = held.state.phase.held()?;
        if self.random.chance(400) {
            return None;
        }
        let by = if self.random.chance(800) { said.by.clone() } else { person(self.random.below(PEOPLE)) };
        Some(Input::DecisionTakenBack { visit: row.visit, by })
    }

    pub fn look(&mut self, at: usize, request: usize, input: Input, think: i64) {
        let Request::Decision { checkpoint } = &self.requests[request] else { return };
        let Some(row) = self.store.checkpoints.get(checkpoint) else { return };
        if row.status == CheckpointStatus::Decided {
            return self.answered(request, &Outcome::AlreadyDecided);
        }
        let mut job = Job::new(row.run.clone(), input, Cause::Person(Some(checkpoint.clone())));
        job.request = Some(request);
        self.later(at, think, Work::Decide(Box::new(job)));
    }

    fn decision(&mut self, row: &CheckpointRow) -> Option<Input> {
        let by = self.decider();
        let (visit, comment) = (row.visit, String::new());
        Some(match row.kind {
            CheckpointKind::Form => {
                let values = match self.random.below(8) {
                    0 => json!("nonsense"),
                    _ => json!({ "x": self.random.below(5), "email": "ada@example.com" }),
                };
                // The example's form allows no other fields.
                let values = if row.payload.contains("\"email\"") { only_email(values) } else { values };
                Input::FormSubmitted { visit, values, by }
            }
            CheckpointKind::Approval => {
                use Verdict::{Approved, Changes, Rejected};
                let verdict = *self.random.pick(&[Approved, Approved, Approved, Rejected, Changes]);
                let with = self.with(row, &by, verdict);
                Input::Decided { visit, verdict, comment, by, with }
            }
            CheckpointKind::Handoff => {
                let outcome = *self.random.pick(&["returned", "solved"]);
                Input::HandedBack { visit, back: HandedBack::read(outcome), comment, values: Value::Null, by }
            }
            CheckpointKind::UnknownOutcome => {
                let Ok(Opened::UnknownOutcome { call, attempt, key, .. }) = serde_json::from_str(&row.payload) else {
                    return None;
                };
                let happened = self.outside.happened.get(&*key).map(|(_, output)| output.clone());
                let answer = match (self.random.below(10), happened) {
                    (0, _) => UnknownAnswer::Stop,
                    // People err.
                    (1, _) => UnknownAnswer::NotHappened,
                    (2, _) => UnknownAnswer::Happened { result: json!({ "x": 3, "amount_due": 1 }) },
                    (_, Some(result)) => UnknownAnswer::Happened { result },
                    (_, None) => UnknownAnswer::NotHappened,
                };
                let id = CallId { visit, call, attempt };
                Input::UnknownResolved { id, answer, comment, by, for_others: Vec::new() }
            }
        })
    }

    fn cancel(&mut self) {
        let by = person(self.random.below(PEOPLE));
        if let Some(run) = self.some_run(false) {
            self.on_run(run, Input::CancelRequested { reason: "enough".into(), by });
        }
    }

    fn retry(&mut self) {
        let by = person(self.random.below(PEOPLE));
        let step = self.random.chance(300).then(|| format!("s{}", self.random.below(4)));
        let Some(run) = self.some_run(true) else { return };
        let Some(held) = self.load(&run) else { return };
        let last = held.state.place().map(|place| place.step.clone());
        let from = step.clone().or(last).unwrap_or_default();
        let version = &held.published.played;
        // Whoever retries is shown what would be done again; some agree, to some of it.
        let named = self.random.below(1000) as u64;
        let agreed: Vec<String> = version.workflow().steps.keys().filter(|_| named < 700).cloned().collect();
        let again = if self.sabotage == Sabotage::AgreesForPeople {
            Again::played(&held.state, &from)
        } else {
            Again::read(version, &self.log(&run), &from, &agreed)
        };
        let edit = self.edit(&held.state);
        self.on_run(run, Input::RetryRequested { step, edit, again, by });
    }

    /// Some change a variable or make a result up before the run goes on.
    fn edit(&mut self, state: &RunState) -> StateEdit {
        let (mut vars, mut steps) = (state.vars.clone(), state.steps.clone());
        if self.random.chance(300) {
            vars.insert("a".to_owned(), json!(self.random.below(5)));
        }
        if self.random.chance(100) {
            steps["s1"] = json!({ "output": { "x": self.random.below(5) } });
        }
        StateEdit::towards(state, &vars, &steps)
    }

    fn log(&self, run: &str) -> Vec<LogEntry> {
        let rows = self.store.log.get(run).into_iter().flatten();
        let entry = |row: &RunEventsRow| {
            let events = serde_json::from_str(&row.events).unwrap();
            LogEntry { seq: row.seq, at: Timestamp(row.at), events }
        };
        rows.map(entry).collect()
    }

    fn some_run(&mut self, ended: bool) -> Option<String> {
        let runs: Vec<String> =
            self.store.runs.values().filter(|row| row.status.is_final() == ended).map(|row| row.id.clone()).collect();
        if runs.is_empty() { None } else { Some(self.random.pick(&runs).clone()) }
    }

    pub fn on_run(&mut self, run: String, input: Input) {
        let Some(at) = self.some_node() else { return };
        self.requests.push(Request::Run);
        let mut job = Job::new(run, input, Cause::Person(None));
        job.request = Some(self.requests.len() - 1);
        self.later(at, 1, Work::Decide(Box::new(job)));
    }

    /// Somebody is told what became of their request.
    pub fn answered(&mut self, request: usize, outcome: &Outcome) {
        match (&self.requests[request], outcome) {
            (Request::Start { key: Some(_), .. }, Outcome::Busy) if self.faults => {
                let pause = self.random.between(10, 5000);
                self.after(pause, Task::StartAgain(request));
            }
            (Request::Start { key: Some(key), .. }, Outcome::Replayed(run)) => {
                if !self.store.runs.contains_key(run) {
                    self.broken.get_or_insert(format!("{key} answers with {run}, which does not exist"));
                }
            }
            (Request::Decision { checkpoint }, Outcome::AlreadyDecided | Outcome::Refused(Refusal::RunOver)) => {
                let decided =
                    self.store.checkpoints.get(checkpoint).is_some_and(|row| row.status == CheckpointStatus::Decided);
                if !decided {
                    self.broken.get_or_insert(format!("{checkpoint} is open and somebody was told that it is decided"));
                }
            }
            (Request::Start { .. } | Request::Decision { .. } | Request::Run, _) => {}
        }
    }

    pub fn start_again(&mut self, request: usize) {
        self.send_start(request);
    }
}

fn only_email(values: Value) -> Value {
    match values {
        Value::Object(mut fields) => {
            fields.remove("x");
            Value::Object(fields)
        }
        other => other,
    }
}
