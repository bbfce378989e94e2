//! The reference model: what may happen, told from the commits and from what the outside world saw, never from the
//! run machine's own opinion.

use crate::{
    asked::Allowed,
    decisions::{Around, Checkpoint, Moment},
    documents::{CATALOGUE, Published},
    promises::Promises,
    rows::same_standing,
    store::Store,
};
use countersign_core::{
    approval::GuardedCall,
    catalogue::{Idempotency, Risk},
    document::Exit,
    run::{
        CallEvent, CallId, CallRequest, CheckpointEvent, ClosedBy, Effect, Event, Phase, RunEvent, RunState, Stage,
        StepEvent, apply,
    },
    time::Span,
};
use countersign_store::{CheckpointChange, CheckpointStatus, Commit, RunStatus, verify_chain};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Why a commit was made, as the shell told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    Start,
    /// A call's answer.
    Answer,
    Timer,
    Recovery,
    /// A person who meant this checkpoint, or the run as a whole.
    Person(Option<String>),
}

#[derive(Default)]
pub struct Checker {
    runs: BTreeMap<String, Facts>,
    /// What people let others do, and allowed in advance.
    pub allowed: Allowed,
    /// Commits that somebody was told about.
    acknowledged: Vec<(String, u64)>,
    pub executions: u64,
    pub commits: u64,
    pub decisions: u64,
}

pub struct Facts {
    pub published: Arc<Published>,
    pub version: u32,
    pub state: RunState,
    intents: BTreeMap<(u32, u16), Intent>,
    /// Step and time of each entry.
    pub entered: BTreeMap<u32, (String, i64)>,
    /// When each attempt was made: entry, call, attempt.
    requested: BTreeMap<(u32, u32, u32), i64>,
    /// Checkpoints ever opened; closed ones have no due time any more.
    pub opened: BTreeMap<String, Checkpoint>,
    pub closed: usize,
    pub promises: Promises,
    /// How often each approval was sent back.
    pub sent_back: BTreeMap<String, u32>,
    /// From where to where it was moved, while nothing has happened since.
    pub last_moved: Option<(u32, u32)>,
    pub around: Around,
    stopping: bool,
    said: Vec<String>,
}

struct Intent {
    step: String,
    key: String,
    request: CallRequest,
    attempts: u32,
    executions: u32,
    /// How often a person said that it did not take place and may be sent.
    permits: u32,
    /// A person said yes to it, or the version lets it run without.
    may_run: bool,
}

impl Facts {
    fn of(published: &Arc<Published>, version: u32) -> Self {
        Self {
            published: Arc::clone(published),
            version,
            state: RunState::default(),
            intents: BTreeMap::new(),
            entered: BTreeMap::new(),
            requested: BTreeMap::new(),
            opened: BTreeMap::new(),
            closed: 0,
            promises: Promises::default(),
            sent_back: BTreeMap::new(),
            last_moved: None,
            around: Around::default(),
            stopping: false,
            said: Vec::new(),
        }
    }
}

fn events_of(commit: &Commit) -> Vec<Event> {
    serde_json::from_str(&commit.events).unwrap()
}

/// The first call a commit decides.
pub fn first_call(commit: &Commit) -> Option<Effect> {
    events_of(commit).into_iter().find_map(|event| match event {
        Event::Call { id, what: CallEvent::Requested { key, request, .. } } => {
            let timeout = Span::seconds(10);
            Some(match CallRequest::clone(&request) {
                CallRequest::Action { action, connection, account, input } => {
                    Effect::InvokeAction { id, key, action, connection, account, input, timeout, repeated: false }
                }
                CallRequest::Message { channel, to, subject, body, template } => {
                    Effect::SendMessage { id, key, channel, to, subject, body, template, timeout }
                }
            })
        }
        _ => None,
    })
}

pub type Verdict = Result<(), String>;

pub fn must(holds: bool, otherwise: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(otherwise()) }
}

impl Checker {
    pub fn around(&self) -> Around {
        let mut all = Around::default();
        self.runs.values().for_each(|facts| all.add(&facts.around));
        all
    }

    /// A commit was written.
    pub fn committed(&mut self, commit: &Commit, cause: &Cause, published: &Arc<Published>) -> Verdict {
        self.commits += 1;
        let run = &commit.run_id;
        let facts = self.runs.entry(run.clone()).or_insert_with(|| Facts::of(published, commit.run.version));
        if *cause == Cause::Timer {
            let due = facts.state.wake_at();
            must(due.is_some_and(|due| due.0 <= commit.at), || {
                format!("{run}: a timer due at {due:?} fired early, at {}", commit.at)
            })?;
        }
        let events: Vec<Event> = serde_json::from_str(&commit.events).unwrap();
        for event in &events {
            let found = if let Event::Run(RunEvent::Moved { moved, .. }) = event {
                facts.moves(moved, published)
            } else {
                facts.last_moved = None;
                facts.take(run, event, &mut Moment { at: commit.at, cause, allowed: &mut self.allowed })
            };
            found.map_err(|found| format!("{run} {cause:?}: {found}"))?;
            apply(&mut facts.state, event);
        }
        must(facts.version == commit.run.version, || format!("{run} changed its version"))?;
        let transient = facts.state.phase.is_transient();
        must(!transient, || format!("{run}: a commit ends between two steps: {:?}", facts.state.phase))?;
        same_standing(&commit.run, &facts.state)?;
        facts.same_rows(commit).map_err(|found| format!("{run} {cause:?}: {found}"))?;
        self.decisions += u64::from(matches!(cause, Cause::Person(Some(_))));
        Ok(())
    }

    /// Why a commit was made, as far as it shows.
    pub fn cause_of(&self, commit: &Commit) -> Cause {
        let events = events_of(commit);
        let has = |wanted: fn(&Event) -> bool| events.iter().any(wanted);
        if has(|event| matches!(event, Event::Run(RunEvent::Started { .. } | RunEvent::Continued { .. }))) {
            return Cause::Start;
        }
        let counts = |event: &Event| {
            matches!(event, Event::Checkpoint { what: CheckpointEvent::Closed { said_at: Some(_), .. }, .. })
        };
        if has(counts) {
            return Cause::Timer;
        }
        if has(|event| {
            let Event::Checkpoint { what, .. } = event else { return false };
            matches!(
                what,
                CheckpointEvent::Closed { by: ClosedBy::Person { .. }, .. }
                    | CheckpointEvent::Held(_)
                    | CheckpointEvent::TakenBack(_)
                    | CheckpointEvent::ApprovalGiven { .. }
                    | CheckpointEvent::RejectionGiven { .. }
                    | CheckpointEvent::Edited { .. }
            )
        }) {
            let meant = commit.checkpoints.first().map(|change| match change {
                CheckpointChange::Open(row) => row.id.clone(),
                CheckpointChange::Close { id, .. }
                | CheckpointChange::Ask { id, .. }
                | CheckpointChange::Find { id, .. }
                | CheckpointChange::Touch { id, .. }
                | CheckpointChange::Move { id, .. } => id.clone(),
            });
            return Cause::Person(meant);
        }
        if has(|event| {
            let Event::Run(what) = event else { return false };
            matches!(what, RunEvent::CancelRequested { .. } | RunEvent::Reopened { .. } | RunEvent::Moved { .. })
        }) {
            return Cause::Person(None);
        }
        if self.timer_fired(commit) {
            return Cause::Timer;
        }
        let answered = has(|event| {
            let Event::Call { what, .. } = event else { return false };
            matches!(what, CallEvent::Succeeded { .. } | CallEvent::Failed { .. } | CallEvent::LookUpAnswered { .. })
        });
        if answered { Cause::Answer } else { Cause::Recovery }
    }

    /// Whether a timer led to it: a reminder, an escalation, a timeout, or the next attempt after a pause.
    pub fn timer_fired(&self, commit: &Commit) -> bool {
        let pausing = self
            .runs
            .get(&commit.run_id)
            .is_some_and(|facts| matches!(facts.state.phase, Phase::Calling { stage: Stage::BackingOff { .. }, .. }));
        events_of(commit).iter().any(|event| match event {
            Event::Checkpoint { what, .. } => matches!(
                what,
                CheckpointEvent::Reminded
                    | CheckpointEvent::Escalated { .. }
                    | CheckpointEvent::Climbed { .. }
                    | CheckpointEvent::Closed { by: ClosedBy::Timeout, .. }
                    | CheckpointEvent::Closed { said_at: Some(_), .. }
            ),
            Event::Call { what: CallEvent::Requested { .. }, .. } => pausing,
            _ => false,
        })
    }

    /// Somebody was told that this commit is written.
    pub fn acknowledged(&mut self, run: &str, seq: u64) {
        self.acknowledged.push((run.to_owned(), seq));
    }

    /// A request reached the outside world; `executed` when it changed it.
    pub fn reached(&mut self, run: &str, effect: &Effect, executed: bool) -> Verdict {
        let CallId { visit, call, attempt } = effect.id();
        let facts = self.runs.get_mut(run).ok_or_else(|| format!("{run} sent something before it was committed"))?;
        let intent = facts.intents.get_mut(&(visit, call));
        let intent = intent.ok_or_else(|| format!("{run}.{visit}.{call}: sent before its intent was committed"))?;
        let (key, request) = match effect {
            Effect::InvokeAction { key, action, connection, account, input, .. } => {
                let (action, connection, account) = (action.clone(), connection.clone(), account.clone());
                (key, CallRequest::Action { action, connection, account, input: input.clone() })
            }
            Effect::SendMessage { key, channel, to, subject, body, template, .. } => {
                let (channel, to, subject, body) = (*channel, to.clone(), subject.clone(), body.clone());
                (key, CallRequest::Message { channel, to, subject, body, template: template.clone() })
            }
            Effect::LookUp { .. } => return Ok(()),
        };
        must(attempt <= intent.attempts, || format!("{key}: attempt {attempt} was sent before it was committed"))?;
        must(**key == intent.key, || {
            format!("{run}.{visit}.{call}: sent with key {key}, committed was {}", intent.key)
        })?;
        must(request == intent.request, || format!("{key}: sent was {request:?}, committed was {:?}", intent.request))?;
        if !executed {
            return Ok(());
        }
        self.executions += 1;
        intent.executions += 1;
        let (risk, harmless) = match &request {
            CallRequest::Action { action, .. } => CATALOGUE.action(action).map_or((Risk::High, false), |spec| {
                (spec.risk, spec.risk == Risk::Read || spec.idempotency == Idempotency::Natural)
            }),
            CallRequest::Message { .. } => (Risk::Write, false),
        };
        must(risk != Risk::High || intent.may_run, || {
            format!("{key}: a high-risk action ran without a person's approval")
        })?;
        if !harmless {
            facts.promises.executed(&intent.step, call);
        }
        must(harmless || intent.executions <= 1 + intent.permits, || {
            format!("{key}: executed {} times, allowed were {}: {request:?}", intent.executions, 1 + intent.permits)
        })
    }

    /// Everything is quiet: what is stored is what was decided.
    pub fn finish(&self, store: &Store) -> Verdict {
        for (run, seq) in &self.acknowledged {
            let log = store.log.get(run).map_or(0, |log| log.len() as u64);
            must(log >= *seq, || format!("{run}: commit {seq} was acknowledged and is not in the log"))?;
        }
        for (run, facts) in &self.runs {
            facts.finish(run, store).map_err(|found| format!("{run}: {found}"))?;
        }
        let decided = store.audit.iter().filter(|entry| entry.action == "checkpoint.decided").count();
        let closed: usize = self.runs.values().map(|facts| facts.closed).sum();
        must(decided == closed, || format!("{closed} decisions, {decided} on the audit record"))?;
        let verdict = verify_chain(store.audit.iter().cloned());
        must(verdict.broken_at.is_none(), || format!("the audit chain is broken: {verdict:?}"))
    }
}

impl Facts {
    fn take(&mut self, run: &str, event: &Event, moment: &mut Moment<'_>) -> Verdict {
        let cause = moment.cause;
        match event {
            Event::Run(what) => {
                match what {
                    RunEvent::CancelRequested { .. } => self.stopping = true,
                    RunEvent::Reopened { step, edit, repeats, by } => {
                        self.stopping = false;
                        self.promises.sent_on(step, !edit.is_empty(), repeats, by);
                    }
                    RunEvent::Started { start, .. } => {
                        self.promises.started(&self.published.version.workflow().start, start.started_by.as_ref());
                    }
                    RunEvent::Continued { from } => self.promises.started(&from.step, Some(&from.by)),
                    RunEvent::Moved { .. } | RunEvent::CustomerProven { .. } | RunEvent::Ended { .. } => {}
                }
                Ok(())
            }
            Event::Step { visit, what } => match what {
                StepEvent::Entered { step, at } => {
                    self.entered.insert(*visit, (step.clone(), at.0));
                    self.promises.entered(self.published.version.workflow(), step)?;
                    must(*visit == self.state.visits + 1, || format!("visit {visit} follows {}", self.state.visits))
                }
                StepEvent::Said { body, .. } => {
                    self.said.push(body.clone());
                    Ok(())
                }
                StepEvent::Failed { exit, .. } => {
                    exit.iter().for_each(|exit| self.left(exit));
                    self.gave_up(cause)
                }
                StepEvent::Completed { exit, .. } => {
                    self.left(exit);
                    Ok(())
                }
                StepEvent::ApprovalVoided { .. } => {
                    let step = self.step();
                    self.promises.held_at(&step);
                    Ok(())
                }
                StepEvent::Evaluated { .. } => Ok(()),
            },
            Event::Call { id, what } => self.call(run, *id, what, cause),
            Event::Checkpoint { visit, what } => self.checkpoint(run, *visit, what, moment),
        }
    }

    fn call(&mut self, run: &str, id: CallId, event: &CallEvent, cause: &Cause) -> Verdict {
        let CallId { visit, call, attempt } = id;
        match event {
            CallEvent::Requested { key, request, at } => {
                self.requested.insert((visit, u32::from(call), attempt), at.0);
                must(**key == format!("{run}.{visit}.{call}"), || format!("key {key} of call {visit}.{call}"))?;
                if attempt == 1 {
                    self.gave_up(cause)?;
                }
                self.requested((visit, call), attempt, key, request)
            }
            CallEvent::Succeeded { .. } if *cause == Cause::Answer => {
                let intent = self.intents.get(&(visit, call));
                must(intent.is_some_and(|intent| intent.executions > 0), || {
                    format!("call {visit}.{call} is said to have succeeded and was never executed")
                })
            }
            CallEvent::Succeeded { .. }
            | CallEvent::Resumed
            | CallEvent::Failed { .. }
            | CallEvent::Scheduled { .. }
            | CallEvent::LookUpRequested
            | CallEvent::LookUpAnswered { .. } => Ok(()),
        }
    }

    /// The call that is down is said to have failed: then it must not have taken place, unless a person answered for it.
    fn gave_up(&self, cause: &Cause) -> Verdict {
        let Phase::Calling { calling, stage: Stage::Down } = &self.state.phase else { return Ok(()) };
        let Some(intent) = self.intents.get(&(calling.place.visit, calling.call)) else { return Ok(()) };
        let read = match &intent.request {
            CallRequest::Action { action, .. } => CATALOGUE.action(action).is_some_and(|spec| spec.risk == Risk::Read),
            CallRequest::Message { .. } => false,
        };
        let told = matches!(cause, Cause::Person(_)) || intent.permits > 0;
        must(read || told || intent.executions == 0, || {
            format!("{}: it is said to have failed and was executed", intent.key)
        })
    }

    fn requested(&mut self, place: (u32, u16), attempt: u32, key: &str, request: &CallRequest) -> Verdict {
        must(!self.stopping, || format!("{key}: a call was decided after the run was told to stop"))?;
        if let Some(intent) = self.intents.get_mut(&place) {
            must(attempt == intent.attempts + 1, || format!("{key}: attempt {attempt} follows {}", intent.attempts))?;
            must(*request == intent.request, || format!("{key}: attempt {attempt} sends something else"))?;
            intent.attempts = attempt;
            return Ok(());
        }
        must(attempt == 1, || format!("{key}: the first attempt is number {attempt}"))?;
        let step = self.step();
        let approved = self.permission((&step, place.1), request).map_err(|found| format!("{key}: {found}"))?;
        let may_run = approved || self.published.allow_unguarded;
        self.intents.insert(
            place,
            Intent {
                step,
                key: key.to_owned(),
                request: request.clone(),
                attempts: 1,
                executions: 0,
                permits: 0,
                may_run,
            },
        );
        Ok(())
    }

    /// Whether it may leave, and whether a person said yes to it.
    fn permission(&mut self, call: (&str, u16), request: &CallRequest) -> Result<bool, String> {
        let workflow = self.published.version.workflow();
        let CallRequest::Action { action, connection, account, input } = request else {
            return self.promises.called(workflow, call, (None, false));
        };
        let high = CATALOGUE.action(action).is_none_or(|spec| spec.risk == Risk::High);
        let (action, connection, account) = (action.clone(), connection.clone(), account.clone());
        let hash = GuardedCall { action, connection, account, input: input.clone() }.hash();
        self.promises.called(workflow, call, (Some(&hash), high && !self.published.allow_unguarded))
    }

    pub fn step(&self) -> String {
        self.state.place().map(|place| place.step.clone()).unwrap_or_default()
    }

    fn left(&mut self, exit: &Exit) {
        let step = self.step();
        self.promises.left(self.published.version.workflow(), &step, exit);
    }

    /// A person said that the call did not take place.
    pub fn permits(&mut self, place: (u32, u16)) {
        if let Some(intent) = self.intents.get_mut(&place) {
            intent.permits += 1;
            self.promises.denied(&intent.step, place.1);
        }
    }

    fn finish(&self, run: &str, store: &Store) -> Verdict {
        let log = store.log.get(run).ok_or("the run is gone")?;
        let mut state = RunState::default();
        for (index, row) in log.iter().enumerate() {
            must(row.seq == index as u64 + 1, || format!("the log has {} at {}", row.seq, index + 1))?;
            let events: Vec<Event> = serde_json::from_str(&row.events).map_err(|error| error.to_string())?;
            events.iter().for_each(|event| apply(&mut state, event));
        }
        must(state == self.state, || "the log does not replay to the state".into())?;
        let row = store.runs.get(run).ok_or("the run has no row")?;
        must(row.seq == log.len() as u64, || format!("the row is at {}, the log at {}", row.seq, log.len()))?;
        must(row.version == self.version && state.info.version == self.version, || "another version".into())?;
        same_standing(row, &state)?;
        let said: Vec<&String> =
            store.messages.iter().filter(|message| message.run.as_deref() == Some(run)).map(|row| &row.body).collect();
        must(said.iter().copied().eq(&self.said), || format!("said {said:?}, decided {:?}", self.said))?;
        self.checkpoints_match(run, &state, store)?;
        let unfinished = self.intents.values().find(|intent| intent.step.is_empty());
        must(unfinished.is_none(), || "a call outside a step".into())?;
        must(row.status != RunStatus::Running, || {
            format!("nobody drives it: {:?} of {:?} in {:?}", row.status, row.node, state.phase)
        })
    }

    /// The rows of a commit name the step and the times the log names.
    fn same_rows(&self, commit: &Commit) -> Verdict {
        let entered =
            |visit: u32| self.entered.get(&visit).ok_or_else(|| format!("a row of visit {visit}, never entered"));
        for row in &commit.step_executions {
            let (step, at) = entered(row.visit)?;
            must(row.step == *step, || format!("visit {} is of `{step}`, its row says `{}`", row.visit, row.step))?;
            let requested = self.requested.get(&(row.visit, row.call, row.attempt));
            must(row.started_at == *at || requested == Some(&row.started_at), || {
                format!("visit {} began at {at}, its call at {requested:?}, the row says {}", row.visit, row.started_at)
            })?;
        }
        for change in &commit.checkpoints {
            if let CheckpointChange::Open(row) = change {
                let (step, _) = entered(row.visit)?;
                must(row.step == *step, || {
                    format!("checkpoint {} is of `{step}`, its row says `{}`", row.id, row.step)
                })?;
            }
        }
        Ok(())
    }

    fn checkpoints_match(&self, run: &str, state: &RunState, store: &Store) -> Verdict {
        let rows = store.checkpoints.values().filter(|row| row.run == run);
        let (open, decided): (Vec<_>, Vec<_>) = rows.partition(|row| row.status == CheckpointStatus::Open);
        let open: Vec<&str> = open.iter().map(|row| row.id.as_str()).collect();
        let expected = state.open_checkpoint();
        must(open == expected.iter().map(String::as_str).collect::<Vec<_>>(), || {
            format!("open are {open:?}, the run waits at {expected:?}")
        })?;
        let decided: BTreeSet<&str> = decided.iter().map(|row| row.id.as_str()).collect();
        let closed: BTreeSet<&str> =
            self.opened.iter().filter(|(_, checkpoint)| checkpoint.closed).map(|(id, _)| id.as_str()).collect();
        must(decided == closed, || format!("decided rows {decided:?}, closed in the log {closed:?}"))
    }
}
