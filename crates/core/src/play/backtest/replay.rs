//! The recording played to another version.

use super::{
    CannotSay, EndFacts, RequestChange,
    recording::{Answer, Closed, Entry, Key, Recording, Reopened, Wait},
};
use crate::{
    approval::GuardedRequest,
    difference::document,
    document::{Channel, StepId, UNUSABLE_MAX},
    run::{
        self, Actor, Again, ApprovalWait, CallEvent, CallRequest, Calling, CheckpointEvent, ClosedBy, DecidedWith,
        Event, Found, Input, LookUpResult, Opened, Outcome, Phase, Refusal, RunState, Stage, StepEvent, Version, step,
    },
    time::{Span, Timestamp},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The most inputs played; a run of the longest allowed length takes fewer.
const INPUTS_MAX: usize = 20_000;

/// What the version did.
pub(super) struct Played {
    pub(super) path: Vec<StepId>,
    /// Entries in which something is called, said or asked.
    pub(super) telling: BTreeSet<Key>,
    pub(super) requests: Vec<RequestChange>,
    /// None while it has not ended.
    pub(super) end: Option<EndFacts>,
    pub(super) cannot_say: Option<CannotSay>,
}

/// Why the play stopped before the end.
enum Stop {
    /// The recording went no further either.
    NoFurther,
    /// There is no answer.
    CannotSay(CannotSay),
}

pub(super) fn play(recording: &Recording, version: &Version) -> Played {
    let mut player = Player {
        recording,
        recorded: super::keyed(&recording.path).into_iter().collect(),
        version,
        state: RunState::default(),
        now: recording.started_at,
        times: BTreeMap::new(),
        waited: BTreeMap::new(),
        looked_up: BTreeMap::new(),
        reopened: 0,
        spoken: BTreeMap::new(),
        played: Played {
            path: Vec::new(),
            telling: BTreeSet::new(),
            requests: Vec::new(),
            end: None,
            cannot_say: None,
        },
    };
    if let Err(Stop::CannotSay(reason)) = player.run() {
        player.played.cannot_say = Some(reason);
    }
    if player.played.end.is_some() {
        player.left_unsaid();
    }
    player.played
}

struct Player<'a> {
    recording: &'a Recording,
    /// Every entry that was recorded.
    recorded: BTreeSet<Key>,
    version: &'a Version,
    state: RunState,
    now: Timestamp,
    /// How often each step was entered.
    times: BTreeMap<StepId, u32>,
    /// How many of an entry's waits and look-ups were used.
    waited: BTreeMap<Key, usize>,
    looked_up: BTreeMap<Key, usize>,
    /// How often something was said in an entry.
    spoken: BTreeMap<Key, usize>,
    reopened: usize,
    played: Played,
}

impl<'a> Player<'a> {
    fn run(&mut self) -> Result<(), Stop> {
        let problems = self.version.input_problems(&self.recording.start.input);
        if let Some(problem) = problems.first() {
            let message = format!("the input does not fit: {} {}", problem.pointer, problem.message);
            return Err(self.cannot_say("input_refused", message));
        }
        let start = Box::new(self.recording.start.clone());
        self.take(match self.recording.continued.clone() {
            Some(from) => Input::Continued { start, from },
            None => Input::Started(start),
        })?;
        for _ in 0..INPUTS_MAX {
            match self.state.phase.clone() {
                Phase::Ended(ended) => {
                    let Some(Reopened { step, edit, by, at }) = self.recording.reopened.get(self.reopened) else {
                        let error = ended.error.map(|error| error.code);
                        let status = ended.status.tag().to_owned();
                        self.played.end = Some(EndFacts { status, output: ended.output, error });
                        return Ok(());
                    };
                    self.reopened += 1;
                    self.now = self.now.max(*at);
                    let (again, step) = (Again::played(&self.state, step), Some(step.clone()));
                    self.take(Input::RetryRequested { step, edit: edit.clone(), again, by: by.clone() })?;
                }
                Phase::Calling { calling, stage } => self.calling(&calling, &stage)?,
                Phase::Waiting(_) => self.wait()?,
                Phase::Unstarted | Phase::Moving | Phase::AtStep(_) => return Err(self.stuck()),
            }
        }
        Err(self.cannot_say("too_long", "the run goes on for too long".into()))
    }

    fn calling(&mut self, calling: &Calling, stage: &Stage) -> Result<(), Stop> {
        match stage {
            Stage::UnderWay => self.call(calling),
            Stage::BackingOff { attempt, due } => {
                if self.entry().and_then(|entry| find(entry, calling.call, *attempt)).is_none() {
                    return self.stopped_here();
                }
                self.now = self.now.max(*due);
                self.take(Input::TimerFired)
            }
            Stage::LookingUp { .. } => self.look_up(calling),
            Stage::Down => Err(self.stuck()),
        }
    }

    fn stuck(&self) -> Stop {
        self.cannot_say("stuck", "the run stands between two steps".into())
    }

    fn take(&mut self, input: Input) -> Result<(), Stop> {
        let state = Box::new(std::mem::take(&mut self.state));
        let decision = match step(self.version, state, input, self.now) {
            Ok(decision) => decision,
            Err(refused) => {
                self.state = *refused.state;
                return Err(self.refused(&refused.refusal));
            }
        };
        self.state = *decision.after;
        for event in &decision.events {
            if let Event::Step { what: StepEvent::Entered { step, .. }, .. } = event {
                *self.times.entry(step.clone()).or_default() += 1;
                self.played.path.push(step.clone());
            }
            self.tells(event);
            if let Event::Checkpoint {
                what: CheckpointEvent::Opened { opened: Opened::Approval { requests, .. }, .. },
                ..
            } = event
            {
                self.shown(requests);
            }
        }
        Ok(())
    }

    /// Notes an entry in which something is called, said or asked, and words that are others than were said.
    fn tells(&mut self, event: &Event) {
        let telling = match event {
            Event::Call { what: CallEvent::Requested { .. }, .. }
            | Event::Checkpoint { what: CheckpointEvent::Opened { .. }, .. }
            | Event::Step { what: StepEvent::Said { .. }, .. } => self.last_key(),
            Event::Run(_) | Event::Step { .. } | Event::Call { .. } | Event::Checkpoint { .. } => None,
        };
        let Some(key) = telling else { return };
        self.played.telling.insert(key.clone());
        let Event::Step { what: StepEvent::Said { body, form: None, .. }, .. } = event else { return };
        let spoken = self.spoken.entry(key.clone()).or_default();
        let before = self.recording.entries.get(&key).and_then(|entry| entry.words.get(*spoken));
        *spoken += 1;
        if self.recorded.contains(&key) && before != Some(body) {
            self.words_changed(&key, before, Some(body));
        }
    }

    /// What was said and would not be any more.
    fn left_unsaid(&mut self) {
        let recording = self.recording;
        for key in super::keyed(&self.played.path) {
            let spoken = self.spoken.get(&key).copied().unwrap_or(0);
            let before = recording.entries.get(&key).and_then(|entry| entry.words.get(spoken));
            if before.is_some() {
                self.words_changed(&key, before, None);
            }
        }
    }

    fn words_changed(&mut self, (step, occurrence): &Key, before: Option<&String>, now: Option<&String>) {
        let fields = document::fields(&json!({ "text": before }), &json!({ "text": now }));
        self.played.requests.push(RequestChange { step: step.clone(), occurrence: *occurrence, fields });
    }

    /// The entry the play stands in, also when that was its last.
    fn last_key(&self) -> Option<Key> {
        let step = self.played.path.last()?;
        Some((step.clone(), self.times.get(step).copied().unwrap_or(1)))
    }

    /// What is shown for approval now, against what was.
    fn shown(&mut self, requests: &[GuardedRequest]) {
        let before = self.next_wait().map(|wait| wait.requests.as_ref()).unwrap_or_default();
        for request in requests {
            if let Some(before) = before.iter().find(|before| before.step == request.step)
                && !before.is_same_call(request)
            {
                self.request_changed(&request.step, &before.input, &request.input);
            }
        }
    }

    fn refused(&self, refusal: &Refusal) -> Stop {
        let (code, message) = match refusal {
            Refusal::NotAnApprover(reason) => {
                ("not_an_approver", format!("who decided may not decide this any more: {reason}"))
            }
            Refusal::NotOffered { outcome, .. } => ("not_offered", format!("`{outcome}` is not offered any more")),
            Refusal::InvalidForm { problems } => {
                let first = problems.first().map(|problem| format!("{} {}", problem.pointer, problem.message));
                ("form_refused", format!("the answers do not fit the form: {}", first.unwrap_or_default()))
            }
            Refusal::AlreadyStarted
            | Refusal::CommentNeeded(_)
            | Refusal::ShownAnother
            | Refusal::Held(_)
            | Refusal::StepUp { .. }
            | Refusal::NoStepUp
            | Refusal::HeldNoMore(_)
            | Refusal::NothingHeld
            | Refusal::NotTheirs(_)
            | Refusal::NotStarted
            | Refusal::RunOver
            | Refusal::Stale
            | Refusal::NotDue
            | Refusal::NotMovable(_)
            | Refusal::NotRetryable(_)
            | Refusal::WouldRepeat { .. } => ("refused", refusal.to_string()),
        };
        self.cannot_say(code, message)
    }

    fn cannot_say(&self, code: &'static str, message: String) -> Stop {
        Stop::CannotSay(CannotSay { step: self.state.place().map(|place| place.step.clone()), code, message })
    }

    fn key(&self) -> Option<Key> {
        let step = &self.state.place()?.step;
        Some((step.clone(), self.times.get(step).copied().unwrap_or(0)))
    }

    fn entry(&self) -> Option<&'a Entry> {
        self.recording.entries.get(&self.key()?)
    }

    fn next_wait(&self) -> Option<&'a Wait> {
        let used = self.waited.get(&self.key()?).copied().unwrap_or(0);
        self.entry()?.waits.get(used)
    }

    fn request_changed(&mut self, step: &str, before: &Value, now: &Value) {
        let occurrence = self.times.get(step).copied().unwrap_or(0).max(1);
        let known = self.played.requests.iter().any(|known| known.step == step && known.occurrence == occurrence);
        if !known {
            let fields = document::fields(before, now);
            self.played.requests.push(RequestChange { step: step.to_owned(), occurrence, fields });
        }
    }

    /// Whether words may be said in a conversation: where nobody asked that then, they were said.
    fn asks_unrecorded(&self, calling: &Calling) -> bool {
        let recorded = self.entry().and_then(|entry| find(entry, calling.call, calling.attempt));
        let same = recorded.is_some_and(|recorded| purpose(&recorded.request) == purpose(&calling.request));
        let asks = matches!(&*calling.request, CallRequest::Message { channel: Channel::Conversation, .. });
        asks && !same
    }

    fn call(&mut self, calling: &Calling) -> Result<(), Stop> {
        if self.asks_unrecorded(calling) {
            let (id, output) = (calling.id(), json!({ "channel": "conversation" }));
            return self.take(Input::CallSucceeded { id, output, exchange: Value::Null });
        }
        let Some(entry) = self.entry() else {
            let message = format!("`{}` was not called in this run, so its answer is not known", calling.place.step);
            return Err(self.cannot_say("never_called", message));
        };
        let Some(recorded) = find(entry, calling.call, calling.attempt) else {
            if entry.calls.is_empty() {
                return Err(
                    self.cannot_say("never_called", "this call was never made, so its answer is not known".into())
                );
            }
            let message = format!("attempt {} of this call was never made", calling.attempt);
            return Err(self.cannot_say("never_called", message));
        };
        let (before, now) = (told(&recorded.request), told(&calling.request));
        if before != now {
            self.request_changed(&calling.place.step, &before, &now);
        }
        if purpose(&recorded.request) != purpose(&calling.request) {
            let message = format!("`{}` was called, not `{}`", purpose(&recorded.request), purpose(&calling.request));
            return Err(self.cannot_say("other_action", message));
        }
        let id = calling.id();
        for _ in 0..recorded.resumed {
            self.take(Input::Recovered)?;
            if !matches!(&self.state.phase, Phase::Calling { calling, stage: Stage::UnderWay } if calling.id() == id) {
                return Ok(());
            }
        }
        if let Some((reason, by)) = recorded.stopped.clone() {
            self.take(Input::CancelRequested { reason, by })?;
        }
        let Some((answered_at, answer)) = &recorded.answer else { return Err(Stop::NoFurther) };
        self.pass(answered_at.since(recorded.at));
        let exchange = Value::Null;
        self.take(match answer.clone() {
            Answer::Output(output) => Input::CallSucceeded { id, output, exchange },
            Answer::Error(error) => {
                let (retry_after_seconds, jitter_per_mille) = (None, 0);
                Input::CallFailed { id, error, exchange, retry_after_seconds, jitter_per_mille }
            }
        })
    }

    fn look_up(&mut self, calling: &Calling) -> Result<(), Stop> {
        let Some(key) = self.key() else { return Err(Stop::NoFurther) };
        let used = self.looked_up.entry(key).or_default();
        let index = *used;
        *used += 1;
        let Some(found) = self.entry().and_then(|entry| entry.look_ups.get(index)) else {
            let message = "it was never looked up whether this call took place".to_owned();
            return if self.at_the_end() { Err(Stop::NoFurther) } else { Err(self.cannot_say("never_asked", message)) };
        };
        if let Some((asked, reason, by)) = self.entry().and_then(|entry| entry.stopped_at_look_up.clone())
            && asked == index
        {
            self.take(Input::CancelRequested { reason, by })?;
        }
        let result = match found.found {
            Found::Happened => LookUpResult::Happened { output: found.output.clone() },
            Found::DidNotHappen => LookUpResult::DidNotHappen,
            Found::Unclear => LookUpResult::Unclear,
        };
        self.take(Input::LookedUp { id: calling.id(), result })
    }

    /// Whether the recording stands where the play stands, and goes no further.
    fn at_the_end(&self) -> bool {
        self.recording.end.is_none() && self.played.path.len() == self.recording.path.len()
    }

    /// Nothing more was recorded here: the run was stopped here, or stands here still.
    fn stopped_here(&mut self) -> Result<(), Stop> {
        if let Some((reason, by)) = self.entry().and_then(|entry| entry.stopped.clone()) {
            return self.take(Input::CancelRequested { reason, by });
        }
        if self.at_the_end() {
            return Err(Stop::NoFurther);
        }
        Err(self.cannot_say("never_called", "this call was not tried again, so its answer is not known".into()))
    }

    /// A wait for a person: what they did, when they did it, or the silence.
    fn wait(&mut self) -> Result<(), Stop> {
        let Some(wait) = self.next_wait() else {
            let message = "nobody was asked this, so what they would say is not known".to_owned();
            return Err(self.cannot_say("never_asked", message));
        };
        let asked = self.state.phase.waiting().map(run::Wait::kind);
        if asked != Some(wait.kind) {
            return Err(self.cannot_say("never_asked", "something else was asked at this step".into()));
        }
        if let Some(key) = self.key() {
            *self.waited.entry(key).or_default() += 1;
        }
        let (opened, visit) = (self.now, self.state.visits);
        for said in &wait.given {
            if !self.until(wait, opened, said.at.since(wait.opened_at))? {
                return Ok(());
            }
            let (verdict, comment, by) = (said.verdict, said.comment.clone(), self.signed_in(said.by.clone()));
            let with = Box::new(DecidedWith { edits: said.edits.clone(), ..DecidedWith::default() });
            self.take(Input::Decided { visit, verdict, comment, by, with })?;
            self.hold_passes()?;
            if !self.still_waits(visit) {
                return Ok(());
            }
        }
        let Some(closed) = &wait.closed else { return Err(Stop::NoFurther) };
        self.close(wait, closed, opened)
    }

    fn close(&mut self, wait: &Wait, closed: &Closed, opened: Timestamp) -> Result<(), Stop> {
        let (visit, after) = (self.state.visits, closed.at.since(wait.opened_at));
        match &closed.by {
            ClosedBy::Person { actor } => {
                if !self.until(wait, opened, after)? {
                    return Ok(());
                }
                self.decide(closed, self.signed_in(actor.clone()), visit)?;
            }
            ClosedBy::Cancel => {
                if !self.until(wait, opened, after)? {
                    return Ok(());
                }
                let Some((reason, by)) = self.entry().and_then(|entry| entry.stopped.clone()) else {
                    return Err(Stop::NoFurther);
                };
                self.take(Input::CancelRequested { reason, by })?;
            }
            ClosedBy::Timeout => {
                // Nobody answered for so long: every timer that is due by then fires.
                while self.still_waits(visit) {
                    let end = opened.plus(Span(after));
                    let Some(due) = self.state.wake_at().filter(|due| *due <= end) else {
                        let message = "nobody answered while the run waited; it would wait longer".to_owned();
                        return Err(self.cannot_say("silence", message));
                    };
                    self.fire(wait, opened, due)?;
                }
                return Ok(());
            }
        }
        if self.still_waits(visit) {
            return Err(self.cannot_say("more_approvals", "more people would have to approve".into()));
        }
        Ok(())
    }

    fn decide(&mut self, closed: &Closed, by: Actor, visit: u32) -> Result<(), Stop> {
        let (comment, values) = (closed.comment.clone(), closed.values.clone());
        let input = match &closed.outcome {
            Outcome::Submitted => Input::FormSubmitted { visit, values, by },
            Outcome::Decided(verdict) => {
                let with = DecidedWith { edits: closed.edits.clone(), values, ..DecidedWith::default() };
                Input::Decided { visit, verdict: *verdict, comment, by, with: Box::new(with) }
            }
            Outcome::HandedBack(back) => Input::HandedBack { visit, back: back.clone(), comment, values, by },
            Outcome::Resolved(resolution) => {
                let Some(id) = self.state.phase.call().map(Calling::id) else { return Ok(()) };
                Input::UnknownResolved { id, answer: resolution.answer(values), comment, by, for_others: Vec::new() }
            }
            Outcome::Unusable => return self.no_answers(visit, &by),
            // Nobody does these.
            Outcome::Timeout | Outcome::Cancelled => return Ok(()),
        };
        self.take(input)?;
        self.hold_passes()
    }

    /// They wrote what is no answer until that was enough; where it never is, nobody knows what they would have done.
    fn no_answers(&mut self, visit: u32, by: &Actor) -> Result<(), Stop> {
        for number in 1..=UNUSABLE_MAX {
            if !self.still_waits(visit) {
                return Ok(());
            }
            let counted = self.take(Input::ReplyUnusable { visit, reply: number.to_string(), by: by.clone() });
            if counted.is_err() {
                break;
            }
        }
        if self.still_waits(visit) {
            return Err(self.cannot_say("no_answer", "the customer gave no answer; it would be asked for again".into()));
        }
        Ok(())
    }

    /// Whoever decided would have given their password, where a version asks for that.
    fn signed_in(&self, by: Actor) -> Actor {
        Actor { signed_in_at: Some(self.now), ..by }
    }

    /// A decision that is held counts once its time is over: what was taken back is not in the recording.
    fn hold_passes(&mut self) -> Result<(), Stop> {
        let Some(until) = self.state.phase.held().map(|held| held.until) else { return Ok(()) };
        self.now = self.now.max(until);
        self.take(Input::TimerFired)
    }

    fn still_waits(&self, visit: u32) -> bool {
        self.state.open_checkpoint().is_some() && self.state.place().is_some_and(|place| place.visit == visit)
    }

    /// Lets time pass up to `after` milliseconds past `opened`; timers that are due before fire, but not those as late as one
    /// that the recorded wait outlived. Whether it still waits.
    fn until(&mut self, wait: &Wait, opened: Timestamp, after: u64) -> Result<bool, Stop> {
        let (visit, end, outlived) = (self.state.visits, opened.plus(Span(after)), wait.outlived());
        while let Some(due) = self.state.wake_at() {
            let at = self.fires_at(wait, opened, due);
            if at >= end || outlived.is_some_and(|outlived| due.since(opened) >= outlived) {
                break;
            }
            self.fire(wait, opened, due)?;
            if !self.still_waits(visit) {
                return Ok(false);
            }
        }
        self.now = self.now.max(end);
        Ok(true)
    }

    fn fire(&mut self, wait: &Wait, opened: Timestamp, due: Timestamp) -> Result<(), Stop> {
        self.now = self.now.max(self.fires_at(wait, opened, due));
        self.take(Input::TimerFired)
    }

    /// When the timer that is due fires. What follows from an escalation is counted from when it took place.
    fn fires_at(&self, wait: &Wait, opened: Timestamp, due: Timestamp) -> Timestamp {
        let first = |now: &ApprovalWait| now.escalated.is_none() && now.due == Some(due);
        let escalates = self.state.phase.approval().is_some_and(first);
        let late = wait.escalated_at.filter(|_| escalates).map(|at| opened.plus(Span(at.since(wait.opened_at))));
        late.map_or(due, |late| late.max(due))
    }

    fn pass(&mut self, milliseconds: u64) {
        self.now = self.now.plus(Span(milliseconds));
    }
}

impl Wait {
    /// The timer that was due before the last thing a person did: the process was late. Milliseconds after it was opened.
    fn outlived(&self) -> Option<u64> {
        let closed = self.closed.as_ref().filter(|closed| closed.by != ClosedBy::Timeout).map(|closed| closed.at);
        let last = closed.or_else(|| self.given.last().map(|said| said.at))?;
        self.due.filter(|due| *due <= last).map(|due| due.since(self.opened_at))
    }
}

fn find(entry: &Entry, call: u16, attempt: u32) -> Option<&super::recording::Call> {
    entry.calls.iter().find(|made| made.call == call && made.attempt == attempt)
}

/// What makes an answer fit: the action, or the channel.
fn purpose(request: &CallRequest) -> &str {
    match request {
        CallRequest::Action { action, .. } => action,
        CallRequest::Message { channel, .. } => channel.tag(),
    }
}

/// The request as people compare it.
fn told(request: &CallRequest) -> Value {
    match request {
        CallRequest::Action { input, connection: None, .. } => input.clone(),
        // Which account is behind a connection is nothing that a version decides.
        CallRequest::Action { action, input, connection, .. } => {
            json!({ "kind": "action", "action": action, "connection": connection, "input": input })
        }
        // Its words are compared where they are said.
        CallRequest::Message { channel: Channel::Conversation, .. } => Value::Null,
        CallRequest::Message { .. } => serde_json::to_value(request).unwrap_or_default(),
    }
}
