//! Clients and people: they start, answer, decide, cancel and retry at random, late, twice, and against each other, at
//! whatever process they reach.

use super::director::{Director, MESSAGES_MAX};
use crate::{
    acts::edits,
    people::{PEOPLE, WORKSPACE, person},
    random::Random,
};
use countersign_core::run::{Actor, Opened, Refusal, Verdict};
use countersign_engine::{DecideRequest, Engine, EngineError, IdempotencyKey, Incoming, RetryBy, RetryRun, StartRun};
use countersign_store::{
    Author, CheckpointFilter, CheckpointKind, CheckpointRow, CheckpointStatus, NewMessage, PAGE_MAX, PageRequest,
    RunFilter, RunRow, StoreError,
};
use serde_json::{Value, json};
use std::time::Duration;

/// How long a client waits for an answer.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// How many people decide about one thing at once.
const CROWD_MAX: i64 = 6;
/// How often a client with a key asks again.
const TRIES: usize = 8;

impl Director {
    /// A client starts a run; with a key it asks until it is told, and an impatient one asks twice at once.
    pub async fn start(self, number: usize) {
        let (keyed, twice) = {
            let mut world = self.world.lock();
            (world.random.chance(600), world.random.chance(250))
        };
        let conversation = format!("c{number}");
        let key = keyed.then(|| IdempotencyKey { key: format!("key{number}"), request_hash: "h".into() });
        let other = self.clone().ask_to_start(conversation.clone(), key.clone());
        if twice {
            tokio::join!(other, self.ask_to_start(conversation, key));
        } else {
            other.await;
        }
    }

    async fn ask_to_start(self, conversation: String, key: Option<IdempotencyKey>) {
        for _ in 0..TRIES {
            let Some(engine) = self.some_engine() else {
                self.world.sleep(1000).await;
                continue;
            };
            let by = self.world.lock().random.below(PEOPLE);
            let request = StartRun {
                workspace: WORKSPACE.into(),
                workflow: "w1".into(),
                version: None,
                input: json!({}),
                customer: Some("ada".into()),
                conversation: Some(conversation.clone()),
                trigger: json!({ "type": "api" }),
                started_by: Some(person(by)),
                idempotency: key.clone(),
                wait: None,
            };
            match tokio::time::timeout(PATIENCE, engine.start_run(request)).await {
                Ok(Ok(started)) => {
                    self.world.lock().checker.acknowledged(&started.run.id, started.run.seq);
                    return;
                }
                Ok(Err(EngineError::Busy | EngineError::Store(StoreError::Busy(_)))) | Err(_) => {}
                Ok(Err(error)) => return self.world.found(Err(format!("a start was refused: {error}"))),
            }
            if key.is_none() {
                return;
            }
            self.world.sleep_between(10, 5000).await;
        }
    }

    /// A customer writes, once; whoever is told that the message is taken does not say it again.
    pub async fn write(self, number: usize) {
        let Some(engine) = self.some_engine() else { return };
        let id = format!("m{number}");
        let conversation = self.calm.get_conversation(WORKSPACE, &id).await.unwrap().unwrap();
        let message = NewMessage {
            id: format!("{id}.said"),
            conversation: id,
            at: engine.now(),
            author: Author::Customer,
            author_name: "Ada Example".into(),
            body: "upgrade please".into(),
            form: None,
            checkpoint: None,
            run: None,
            data: None,
            leaves: false,
        };
        let taken = engine.accept_message(Incoming { conversation, customer: None }, message);
        match tokio::time::timeout(PATIENCE, taken).await {
            Ok(Ok(_)) => self.world.lock().written.push(number),
            Ok(Err(EngineError::Busy | EngineError::Store(StoreError::Busy(_)))) | Err(_) => {}
            Ok(Err(error)) => self.world.found(Err(format!("a message was refused: {error}"))),
        }
    }

    /// What was taken has started one run; what was not may have started one.
    pub async fn messages_started(&self) -> Result<(), String> {
        for number in 0..MESSAGES_MAX {
            let filter = RunFilter { conversation: Some(format!("m{number}")), ..RunFilter::default() };
            let page = PageRequest { after: None, limit: 10 };
            let runs = self.calm.list_runs(WORKSPACE, &filter, &page).await.unwrap().items.len();
            let taken = self.world.lock().written.contains(&number);
            if runs > 1 || (taken && runs == 0) {
                return Err(format!("message {number} (taken: {taken}) started {runs} runs"));
            }
        }
        Ok(())
    }

    /// Somebody does something.
    pub async fn act(self) {
        let rows = self.checkpoints().await;
        let open: Vec<CheckpointRow> =
            rows.iter().filter(|row| row.status == CheckpointStatus::Open).cloned().collect();
        let (kind, silences) = {
            let mut world = self.world.lock();
            (world.random.below(26), world.silences())
        };
        match kind {
            0 => self.cancel().await,
            1 => self.retry().await,
            // Where processes fall silent again and again, no moment is quiet enough to skip the days this takes.
            20..=25 if !silences => self.around_approvals().await,
            // Late: a card that is perhaps decided by now.
            2 if !rows.is_empty() => {
                let row = self.world.lock().random.pick(&rows).clone();
                self.clone().decide(row).await;
            }
            _ if !open.is_empty() => {
                let (row, racing) = {
                    let mut world = self.world.lock();
                    let row = world.random.pick(&open).clone();
                    let chance = if row.kind == CheckpointKind::UnknownOutcome { 700 } else { 350 };
                    (row, world.random.chance(chance))
                };
                if racing {
                    let people = self.world.lock().random.between(2, CROWD_MAX) as usize;
                    let all = std::iter::repeat_with(|| self.clone().decide(row.clone()));
                    futures::future::join_all(all.take(people)).await;
                } else {
                    self.clone().decide(row).await;
                }
            }
            _ => {}
        }
    }

    pub async fn checkpoints(&self) -> Vec<CheckpointRow> {
        let (mut all, mut page) = (Vec::new(), PageRequest { after: None, limit: PAGE_MAX });
        loop {
            let found = self.calm.list_checkpoints(WORKSPACE, &CheckpointFilter::default(), &page).await.unwrap();
            all.extend(found.items);
            match found.next {
                Some(next) => page.after = Some(next),
                None => return all,
            }
        }
    }

    pub async fn runs(&self) -> Vec<RunRow> {
        let page = PageRequest { after: None, limit: 200 };
        self.calm.list_runs(WORKSPACE, &RunFilter::default(), &page).await.unwrap().items
    }

    async fn decide(self, row: CheckpointRow) {
        let Some(engine) = self.some_engine() else { return };
        let answer = {
            let mut world = self.world.lock();
            let by = world.decider();
            let known = happened(&row, &world.outside.happened);
            answer(&mut world.random, &row, by, known)
        };
        let (workspace, id) = (WORKSPACE, row.id.as_str());
        let done = match answer {
            Answer::Form(values, by) => {
                tokio::time::timeout(PATIENCE, engine.submit_form(workspace, id, values, by)).await
            }
            Answer::Decision(request, by) => {
                let decided = engine.decide(workspace, id, request, by.clone());
                let decided = tokio::time::timeout(PATIENCE, decided).await;
                let held = matches!(&decided, Ok(Ok(now)) if now.run.state.phase.held().is_some());
                if held && self.world.lock().random.chance(400) {
                    self.take_back(&engine, id, by).await;
                }
                decided
            }
        };
        match done {
            Ok(Ok(now)) if now.row.status == CheckpointStatus::Decided || row.kind == CheckpointKind::Approval => {}
            Ok(Ok(_)) => self.world.found(Err(format!("{id} is open and somebody was told that it is decided"))),
            Ok(Err(EngineError::AlreadyDecided(_) | EngineError::Refused(Refusal::RunOver))) => {
                let now = self.calm.get_checkpoint(workspace, id).await.unwrap();
                if now.is_none_or(|now| now.status == CheckpointStatus::Open) {
                    self.world.found(Err(format!("{id} is open and somebody was told that it is decided")));
                }
            }
            Ok(Err(EngineError::Refused(_) | EngineError::Busy | EngineError::Store(StoreError::Busy(_)))) | Err(_) => {
            }
            Ok(Err(error)) => self.world.found(Err(format!("a decision on {id} failed: {error}"))),
        }
    }

    /// They think better of it at once; meanwhile it may count, or the run be over.
    async fn take_back(&self, engine: &Engine, id: &str, by: Actor) {
        match tokio::time::timeout(PATIENCE, engine.take_back(WORKSPACE, id, by)).await {
            Ok(Err(
                EngineError::AlreadyDecided(_)
                | EngineError::Refused(_)
                | EngineError::Busy
                | EngineError::Store(StoreError::Busy(_)),
            ))
            | Ok(Ok(_))
            | Err(_) => {}
            Ok(Err(error)) => self.world.found(Err(format!("taking back a decision on {id} failed: {error}"))),
        }
    }

    async fn cancel(&self) {
        let Some((engine, run, by)) = self.somebody_and_a_run(false).await else { return };
        self.allowed(tokio::time::timeout(PATIENCE, engine.cancel(WORKSPACE, &run, "enough".into(), by)).await);
    }

    async fn retry(&self) {
        let Some((engine, run, actor)) = self.somebody_and_a_run(true).await else { return };
        let (step, repeat, set) = {
            let mut world = self.world.lock();
            let step = world.random.chance(300).then(|| format!("s{}", world.random.below(4)));
            let all = (0..10).map(|index| format!("s{index}"));
            let mut set = serde_json::Map::new();
            if world.random.chance(300) {
                set.insert("a".to_owned(), json!(world.random.below(5)));
            }
            (step, if world.random.chance(700) { all.collect() } else { Vec::new() }, set)
        };
        let retry = RetryRun { step, repeat, set, ..RetryRun::default() };
        let by = RetryBy { actor, idempotency: None };
        self.allowed(tokio::time::timeout(PATIENCE, engine.retry(WORKSPACE, &run, retry, by)).await);
    }

    pub fn allowed(&self, done: Result<Result<RunRow, EngineError>, tokio::time::error::Elapsed>) {
        match done {
            Ok(Ok(row)) => self.world.lock().checker.acknowledged(&row.id, row.seq),
            Ok(Err(
                EngineError::RunOver(_)
                | EngineError::Refused(_)
                | EngineError::Busy
                | EngineError::Store(StoreError::Busy(_)),
            ))
            | Err(_) => {}
            Ok(Err(error)) => self.world.found(Err(format!("what a person did to a run failed: {error}"))),
        }
    }

    pub async fn somebody_and_a_run(&self, ended: bool) -> Option<(Engine, String, Actor)> {
        let runs: Vec<String> =
            self.runs().await.into_iter().filter(|row| row.status.is_final() == ended).map(|row| row.id).collect();
        let engine = self.some_engine()?;
        let mut world = self.world.lock();
        let run = if runs.is_empty() { return None } else { world.random.pick(&runs).clone() };
        let by = person(world.random.below(PEOPLE));
        Some((engine, run, by))
    }
}

enum Answer {
    Form(Value, Actor),
    Decision(DecideRequest, Actor),
}

/// What the call in doubt gave, if it took place.
fn happened(row: &CheckpointRow, known: &std::collections::BTreeMap<String, (u32, Value)>) -> Option<Value> {
    match serde_json::from_str(&row.payload) {
        Ok(Opened::UnknownOutcome { key, .. }) => known.get(&*key).map(|(_, output)| output.clone()),
        _ => None,
    }
}

fn answer(random: &mut Random, row: &CheckpointRow, by: Actor, known: Option<Value>) -> Answer {
    use Verdict::{Approved, Changes, Rejected};
    let decision = |outcome: &str, result: Option<Value>| DecideRequest {
        outcome: outcome.to_owned(),
        comment: String::new(),
        result,
        ..DecideRequest::default()
    };
    let request = match row.kind {
        CheckpointKind::Form => {
            let mut values = json!({ "email": "ada@example.com" });
            // The example's form allows no other fields.
            if !row.payload.contains("\"email\"") {
                values["x"] = json!(random.below(5));
            }
            return Answer::Form(if random.below(8) == 0 { json!("nonsense") } else { values }, by);
        }
        CheckpointKind::Approval => {
            let verdict = *random.pick(&[Approved, Approved, Approved, Rejected, Changes]);
            DecideRequest { edits: edits(random, row, verdict), ..decision(verdict.word(), None) }
        }
        CheckpointKind::Handoff => decision(random.pick::<&str>(&["returned", "solved"]), None),
        CheckpointKind::UnknownOutcome => match (random.below(10), known) {
            (0, _) => decision("stop", None),
            // People err.
            (1, _) => decision("not_happened", None),
            (2, _) => decision("happened", Some(json!({ "x": 3, "amount_due": 1 }))),
            (_, Some(result)) => decision("happened", Some(result)),
            (_, None) => decision("not_happened", None),
        },
    };
    Answer::Decision(request, by)
}
