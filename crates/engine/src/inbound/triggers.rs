//! Triggers: their switches, addresses and clocks, and what follows when a webhook or a schedule fires.

use super::{Came, SWITCHED_OFF, accepted};
use crate::{Engine, EngineError, StartRun, run::Origin};
use countersign_core::{
    document::{Missed, Overlap, Schedule, Trigger},
    expr::{Expression, Scope},
    moves::{Ramp, version_for},
    run::{Version, starts_through},
    time::Timestamp,
};
use countersign_store::{InboundFilter, InboundKind, InboundOutcome, InboundRow, PageRequest, RunRow, TriggerRow};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Random bytes of an address.
const TOKEN_BYTES: usize = 24;
/// Schedules fired at once.
const BATCH: u32 = 256;
/// How often more of them are looked for before anything else is done.
const BATCHES_MAX: u32 = 64;
/// A time that passed this long ago was missed, milliseconds.
const MISSED_AFTER_MS: i64 = 60_000;
/// How often a workflow's triggers are looked at while others change them.
const RECONCILED_MAX: u32 = 5;
/// Missed times that are made up for.
const MADE_UP_MAX: usize = 1000;
/// How long a fire that waits for the last run is left alone, milliseconds.
const QUEUE_PAUSE_MS: i64 = 2000;
/// Fires told of a trigger.
const FIRES_TOLD: u32 = 20;

/// A trigger of the active version, and what it keeps.
#[derive(Debug, Clone)]
pub struct TriggerState {
    /// Its id.
    pub id: String,
    /// Its definition.
    pub trigger: Trigger,
    /// What it keeps.
    pub row: Option<TriggerRow>,
    /// The last part of its address, of a webhook.
    pub token: Option<String>,
    /// The last fires, newest first.
    pub fires: Vec<Fire>,
}

/// One fire of a trigger.
#[derive(Debug, Clone)]
pub enum Fire {
    /// Something came in.
    CameIn(Box<InboundRow>),
    /// A person or the API started a run.
    Started(Box<RunRow>),
}

/// Through what a fire comes.
pub(super) fn source(workflow: &str, trigger: &str) -> String {
    format!("trigger:{workflow}/{trigger}")
}

pub(super) fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

pub(super) fn place(row: &TriggerRow, what: &str) -> String {
    format!("{}/trigger/{}/{}/{what}", row.workspace, row.workflow, row.id)
}

impl Engine {
    /// The triggers of a workflow's active version. Rows that are missing are made.
    ///
    /// # Errors
    /// `NotFound`, `Corrupt`.
    pub async fn triggers(&self, workspace: &str, workflow: &str) -> Result<Vec<TriggerState>, EngineError> {
        self.reconcile(workspace, workflow).await?;
        let pointer = self.pointer(workspace, workflow).await?;
        let Some(active) = pointer.active_version else { return Ok(Vec::new()) };
        let version = self.version(workspace, workflow, active).await?;
        let mut states = Vec::new();
        for (id, trigger) in version.workflow().triggers_by_id() {
            let row = self.0.store.get_trigger(workspace, workflow, &id).await?;
            let token = row.as_ref().and_then(|row| self.token(row).transpose()).transpose()?;
            let fires = self.fires(&version, (workspace, workflow), (&id, trigger)).await?;
            states.push(TriggerState { id, trigger: trigger.clone(), row, token, fires });
        }
        Ok(states)
    }

    /// The last fires of a trigger of a version, newest first.
    async fn fires(
        &self,
        version: &Version,
        (workspace, workflow): (&str, &str),
        (id, trigger): (&str, &Trigger),
    ) -> Result<Vec<Fire>, EngineError> {
        let filter = match trigger {
            Trigger::Webhook { .. } | Trigger::Schedule { .. } => {
                InboundFilter { source: Some(source(workflow, id)), ..InboundFilter::default() }
            }
            Trigger::Message { .. } => {
                InboundFilter { wanted_by: Some(source(workflow, id)), ..InboundFilter::default() }
            }
            Trigger::Api | Trigger::Manual => {
                let mut runs = Vec::new();
                for way in ["api", "manual"] {
                    if starts_through(version.workflow(), way).contains(&id.to_owned()) {
                        runs.extend(self.0.store.started_by_hand(workspace, workflow, way, FIRES_TOLD).await?);
                    }
                }
                runs.sort_by(|one, other| (other.started_at, &other.id).cmp(&(one.started_at, &one.id)));
                runs.truncate(FIRES_TOLD as usize);
                return Ok(runs.into_iter().map(|run| Fire::Started(Box::new(run))).collect());
            }
        };
        let page = PageRequest { after: None, limit: FIRES_TOLD };
        let came = self.0.store.list_inbound(workspace, &filter, &page).await?.items;
        Ok(came.into_iter().map(|row| Fire::CameIn(Box::new(row))).collect())
    }

    fn token(&self, row: &TriggerRow) -> Result<Option<String>, EngineError> {
        if row.token_sealed.is_empty() {
            return Ok(None);
        }
        let opened = self.0.vault.open(&place(row, "token"), &row.token_sealed);
        let opened = opened.map_err(|error| EngineError::Corrupt(error.to_string()))?;
        Ok(opened.get("token").and_then(Value::as_str).map(|token| format!("{}.{token}", row.workspace)))
    }

    /// A trigger's secret as it is stored.
    ///
    /// # Errors
    /// `Corrupt` when there is no randomness.
    pub fn seal_trigger_secret(&self, row: &TriggerRow, secret: &str) -> Result<String, EngineError> {
        let secrets = Map::from_iter([("secret".to_owned(), Value::from(secret))]);
        self.0.vault.seal(&place(row, "secret"), &secrets).map_err(|error| EngineError::Corrupt(error.to_string()))
    }

    /// Makes the rows of a workflow's triggers what its active version says: new ones get a switch, an address, a clock;
    /// clocks of what is gone stop, switches and addresses stay. Where somebody was faster it is looked at again.
    pub(crate) async fn reconcile(&self, workspace: &str, workflow: &str) -> Result<(), EngineError> {
        for _ in 0..RECONCILED_MAX {
            if self.reconciled(workspace, workflow).await? {
                return Ok(());
            }
        }
        Err(EngineError::Busy)
    }

    /// `false` when something was changed meanwhile.
    async fn reconciled(&self, workspace: &str, workflow: &str) -> Result<bool, EngineError> {
        // As it stands now, not as it was when last looked: what is written holds for this revision only.
        let Some(pointer) = self.0.store.get_pointer(workspace, workflow).await? else { return Ok(true) };
        let version = match pointer.active_version.filter(|_| pointer.archived_at.is_none()) {
            Some(active) => Some(self.version(workspace, workflow, active).await?),
            None => None,
        };
        let triggers: Vec<(String, &Trigger)> =
            version.iter().flat_map(|version| version.workflow().triggers_by_id()).collect();
        let rows = self.0.store.list_triggers(workspace, workflow).await?;
        let (store, seen) = (&self.0.store, pointer.pointer_revision);
        let mut all = true;
        for (id, trigger) in &triggers {
            let definition = json!(trigger).to_string();
            all &= match rows.iter().find(|row| row.id == *id) {
                // Another kind of trigger had its name.
                Some(row) if row.token_hash.is_none() && matches!(trigger, Trigger::Webhook { .. }) => {
                    let (hash, sealed) = self.new_address(row)?;
                    store.give_address(row, &hash, &sealed).await?;
                    false
                }
                Some(row) if row.definition == definition => true,
                Some(row) => store.set_clock(row, (&definition, next_time(trigger, self.now())), seen).await?,
                None => self.add_trigger(workspace, workflow, id, trigger).await?,
            };
        }
        for row in rows.iter().filter(|row| row.next_at.is_some() && !triggers.iter().any(|(id, _)| row.id == *id)) {
            all &= store.set_clock(row, ("{}", None), seen).await?;
        }
        Ok(all)
    }

    async fn add_trigger(
        &self,
        workspace: &str,
        workflow: &str,
        id: &str,
        trigger: &Trigger,
    ) -> Result<bool, EngineError> {
        let mut row = TriggerRow {
            workspace: workspace.to_owned(),
            workflow: workflow.to_owned(),
            id: id.to_owned(),
            kind: trigger.tag().to_owned(),
            definition: json!(trigger).to_string(),
            enabled: true,
            token_hash: None,
            token_sealed: String::new(),
            secret_sealed: String::new(),
            next_at: None,
            last_at: None,
        };
        match trigger {
            Trigger::Webhook { .. } => {
                let (hash, sealed) = self.new_address(&row)?;
                (row.token_hash, row.token_sealed) = (Some(hash), sealed);
            }
            Trigger::Schedule { .. } => row.next_at = next_time(trigger, self.now()),
            Trigger::Message { .. } | Trigger::Api | Trigger::Manual => {}
        }
        Ok(self.0.store.add_trigger(&row).await?)
    }

    /// The secret part of an address: its hash, and itself encrypted.
    fn new_address(&self, row: &TriggerRow) -> Result<(String, String), EngineError> {
        let mut bytes = [0_u8; TOKEN_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| EngineError::Corrupt(error.to_string()))?;
        let token = hex::encode(bytes);
        let sealed = Map::from_iter([("token".to_owned(), Value::from(token.as_str()))]);
        let sealed = self.0.vault.seal(&place(row, "token"), &sealed);
        Ok((hash(&token), sealed.map_err(|error| EngineError::Corrupt(error.to_string()))?))
    }

    pub(super) fn evaluated(&self, expression: &str, said: &Value) -> Result<Option<Value>, EngineError> {
        evaluated_at(self.timestamp(), expression, said)
    }

    /// Whether a call of a webhook counts.
    pub(super) fn filter_holds(&self, filter: Option<&str>, call: &Value) -> Result<bool, EngineError> {
        let Some(filter) = filter else { return Ok(true) };
        Ok(self.evaluated(&format!("$boolean({filter})"), call)? == Some(Value::Bool(true)))
    }

    /// What the run of a call is started with.
    pub(super) fn input_of(&self, input: Option<&str>, call: &Value) -> Result<Value, EngineError> {
        Ok(match input {
            Some(input) => self.evaluated(input, call)?.unwrap_or_else(|| json!({})),
            None if call["body"].is_object() => call["body"].clone(),
            None => json!({}),
        })
    }

    /// The trigger as the version says that a run of this id would take; the active one without a run.
    pub(super) async fn trigger_of(
        &self,
        row: &TriggerRow,
        run: Option<&str>,
    ) -> Result<Option<(Arc<Version>, Trigger)>, EngineError> {
        let pointer = self.pointer(&row.workspace, &row.workflow).await?;
        let active = pointer.active_version.ok_or(EngineError::NotPublished)?;
        let ramp = pointer.ramp_version.zip(pointer.ramp_percent).map(|(version, percent)| Ramp { version, percent });
        let number = run.map_or(active, |run| version_for(run, active, ramp));
        let version = self.version(&row.workspace, &row.workflow, number).await?;
        let trigger = version.workflow().triggers_by_id().find(|(id, _)| *id == row.id).map(|(_, found)| found.clone());
        Ok(trigger.map(|trigger| (version, trigger)))
    }

    /// Accepts the fires of schedules that are due. Of several processes one does, and none is lost between them.
    pub(super) async fn tick(&self) -> Result<(), EngineError> {
        let now = self.now();
        for _ in 0..BATCHES_MAX {
            let due = self.0.store.due_triggers(now, BATCH).await?;
            let all = due.len() < BATCH as usize;
            self.fire_schedules(due, now).await?;
            if all {
                break;
            }
        }
        Ok(())
    }

    async fn fire_schedules(&self, due: Vec<TriggerRow>, now: i64) -> Result<(), EngineError> {
        for row in due {
            let (schedule, missed) = match schedule_of(&row) {
                Ok(found) => found,
                Err(error) => {
                    // Its clock is stopped, or it would be in front of the others at every tick.
                    tracing::error!(workspace = row.workspace, workflow = row.workflow, trigger = row.id, %error, "a schedule cannot be read");
                    self.0.store.stop_clock(&row).await?;
                    continue;
                }
            };
            let (times, next) = due_times(&schedule, row.next_at.unwrap_or(now), now, missed);
            let event = |time: i64| InboundRow {
                source: source(&row.workflow, &row.id),
                dedup: format!("at:{time}"),
                payload: json!({ "workflow": row.workflow, "trigger": row.id, "at": time }).to_string(),
                due_at: 0,
                attempts: 0,
                ..accepted(&row.workspace, self.0.clock.new_id(), InboundKind::Schedule, now)
            };
            let fires: Vec<InboundRow> = if row.enabled { times.into_iter().map(event).collect() } else { Vec::new() };
            self.0.store.fire_trigger(&row, next, &fires).await?;
        }
        Ok(())
    }

    /// A webhook was called, or a schedule's time came.
    pub(super) async fn trigger_fired(&self, event: &InboundRow) -> Result<Came, EngineError> {
        let payload: Value =
            serde_json::from_str(&event.payload).map_err(|error| EngineError::Corrupt(error.to_string()))?;
        let text = |name: &str| payload[name].as_str().unwrap_or_default();
        let (workspace, workflow) = (&event.workspace, text("workflow"));
        let row = self.0.store.get_trigger(workspace, workflow, text("trigger")).await?;
        let Some(row) = row.filter(|row| row.enabled) else { return Ok(Came::ignored(SWITCHED_OFF)) };
        let run = self.0.clock.new_id();
        let Some((_, trigger)) = self.trigger_of(&row, Some(&run)).await? else {
            return Ok(Came::ignored("the version has no such trigger"));
        };
        let call = &payload["call"];
        let (input, about) = match &trigger {
            Trigger::Webhook { filter, input, .. } => {
                if !self.filter_holds(filter.as_deref(), call)? {
                    return Ok(Came::ignored("the filter does not hold"));
                }
                (
                    self.input_of(input.as_deref(), call)?,
                    json!({ "type": "webhook", "id": row.id, "body": call["body"], "headers": call["headers"], "query": call["query"] }),
                )
            }
            Trigger::Schedule { input, overlap, .. } => {
                if let Some(came) = self.overlaps(event, workflow, *overlap).await? {
                    return Ok(came);
                }
                let about = json!({ "type": "schedule", "id": row.id, "at": payload["at"] });
                (input.clone().unwrap_or_else(|| json!({})), about)
            }
            Trigger::Message { .. } | Trigger::Api | Trigger::Manual => {
                return Ok(Came::ignored("the version has no such trigger"));
            }
        };
        let request = StartRun {
            workspace: workspace.clone(),
            workflow: workflow.to_owned(),
            version: None,
            input,
            customer: None,
            conversation: None,
            trigger: about,
            started_by: None,
            idempotency: None,
            wait: None,
        };
        let origin = Origin { run: Some(run), inbound: Some(event.id.clone()), ..Origin::default() };
        Ok(Came::Ended(Some(Box::new(self.start_from(request, origin).await?.run))))
    }

    /// What becomes of a fire while a run of the same trigger is under way.
    async fn overlaps(
        &self,
        event: &InboundRow,
        workflow: &str,
        overlap: Overlap,
    ) -> Result<Option<Came>, EngineError> {
        let store = &self.0.store;
        if overlap == Overlap::Allow || !store.has_run_under_way(&event.workspace, workflow, &event.source).await? {
            return Ok(None);
        }
        Ok(Some(match overlap {
            Overlap::Queue => Came::Later(QUEUE_PAUSE_MS),
            Overlap::Skip | Overlap::Allow => {
                Came::Nothing(InboundOutcome::Skipped, Some("its last run is under way".to_owned()))
            }
        }))
    }

    /// Lets an event that was dealt with come once more, as a new one.
    ///
    /// # Errors
    /// `NotFound`, `Invalid` for a message, `Busy`.
    pub async fn replay_event(&self, workspace: &str, event: &str) -> Result<String, EngineError> {
        let found = self.0.store.get_inbound(workspace, event).await?.ok_or(EngineError::NotFound("inbound event"))?;
        if matches!(found.kind, InboundKind::Message | InboundKind::Channel) {
            return Err(EngineError::Invalid("a message is said again by who said it".to_owned()));
        }
        self.0.inbox.admit()?;
        let again = InboundRow {
            source: found.source,
            payload: found.payload,
            ..accepted(workspace, self.0.clock.new_id(), found.kind, self.now())
        };
        self.0.store.accept_inbound(&again).await?;
        let (engine, id) = (self.clone(), again.id.clone());
        self.0.tasks.spawn(async move { engine.deal_with(again, None).await });
        Ok(id)
    }
}

/// What an expression about a call gives at this time.
pub(super) fn evaluated_at(at: Timestamp, expression: &str, said: &Value) -> Result<Option<Value>, EngineError> {
    let failed = |error| EngineError::Invalid(format!("`{expression}`: {error}"));
    let expression_of = Expression::compile(expression).map_err(|error| failed(error.to_string()))?;
    let scope =
        ["body", "headers", "query"].into_iter().fold(Scope::new(at), |scope, name| scope.with(name, &said[name]));
    expression_of.evaluate(&scope).map_err(|error| failed(error.to_string()))
}

/// When a stored trigger fires, and what becomes of times that were missed.
fn schedule_of(row: &TriggerRow) -> Result<(Schedule, Missed), String> {
    match serde_json::from_str(&row.definition).map_err(|error| error.to_string())? {
        Trigger::Schedule { cron, time_zone, missed, .. } => {
            Ok((Schedule::parse(&cron, &time_zone).map_err(|error| error.to_string())?, missed))
        }
        other @ (Trigger::Webhook { .. } | Trigger::Message { .. } | Trigger::Api | Trigger::Manual) => {
            Err(format!("it is a {} trigger", other.tag()))
        }
    }
}

fn next_time(trigger: &Trigger, now: i64) -> Option<i64> {
    let Trigger::Schedule { cron, time_zone, .. } = trigger else { return None };
    Schedule::parse(cron, time_zone).ok()?.next_after(now)
}

/// The times to fire of those from `due` until now, and the next one after now.
fn due_times(schedule: &Schedule, due: i64, now: i64, missed: Missed) -> (Vec<i64>, Option<i64>) {
    let mut times = vec![due];
    let mut next = schedule.next_after(due);
    while let Some(time) = next.filter(|time| *time <= now) {
        times.push(time);
        // Only the newest are made up for.
        if times.len() > MADE_UP_MAX {
            times.remove(0);
        }
        next = schedule.next_after(time);
    }
    let late = |time: &i64| *time < now - MISSED_AFTER_MS;
    match missed {
        Missed::All => {}
        Missed::Skip => times.retain(|time| !late(time)),
        Missed::One => {
            let (mut missed, mut fresh): (Vec<i64>, Vec<i64>) = times.into_iter().partition(late);
            if fresh.is_empty() {
                fresh.extend(missed.pop());
            }
            times = fresh;
        }
    }
    (times, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missed_times_are_skipped_made_up_for_once_or_all() {
        let hourly = Schedule::parse("0 * * * *", "Europe/Berlin").unwrap();
        let hour = 3_600_000;
        // 2026-10-24T22:00:00Z; three hours later the clocks in Berlin are set back.
        let due = 1_792_879_200_000;
        let now = due + 5 * hour + 120_000;
        let next = Some(due + 6 * hour);
        let all: Vec<i64> = (0..6).map(|at| due + at * hour).collect();
        assert_eq!(due_times(&hourly, due, now, Missed::All), (all, next));
        assert_eq!(due_times(&hourly, due, now, Missed::One), (vec![due + 5 * hour], next));
        assert_eq!(due_times(&hourly, due, now, Missed::Skip), (vec![], next));
        let on_time = due + 5;
        for missed in [Missed::All, Missed::One, Missed::Skip] {
            assert_eq!(due_times(&hourly, due, on_time, missed), (vec![due], Some(due + hour)));
        }
    }

    #[test]
    fn of_a_long_silence_at_most_a_thousand_times_are_made_up_for() {
        let often = Schedule::parse("* * * * *", "UTC").unwrap();
        let (times, next) = due_times(&often, 0, 10_000 * 60_000, Missed::All);
        assert_eq!((times.len(), times.last().copied()), (MADE_UP_MAX, Some(10_000 * 60_000)));
        assert_eq!(next, Some(10_001 * 60_000));
    }
}
