//! The player: acts become inputs of the run machine, and what follows is written down.

use super::{
    script::{ACTS_MAX, Act, Answer, Opening, Persona, Script},
    waiting::{Standing, Waiting},
};
use crate::{
    catalogue::Catalogue,
    document::{Channel, StepId},
    log::{FailureClass, LogEntry, StepError, StepExecution, history},
    run::{
        self, Actor, CallEvent, CheckpointEvent, CompiledStep, DecidedWith, Effect, Ended, Event, FieldProblem,
        HandedBack, IncomingMessage, Input, LookUpResult, Moment, OpenApproval, Outcome, Phase, PostedForm, Refusal,
        RunState, Stage, Start, StepEvent, Verdict, Version, Via, Wait,
    },
    time::Timestamp,
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The id of a rehearsed run, as keys and expressions see it.
const RUN: &str = "rehearsal";
/// The random part of a pause: none, so that a rehearsal is the same every time.
const JITTER_PER_MILLE: u16 = 1000;

/// How a rehearsal went, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsal {
    /// When it began.
    pub began: Timestamp,
    /// What time it is there.
    pub now: Timestamp,
    /// How many acts were played.
    pub played: usize,
    /// The act that could not be played; those after it were not tried.
    pub refused: Option<NotPlayed>,
    /// Every step that was entered, in order.
    pub steps: Vec<StepExecution>,
    /// What was said, in order.
    pub said: Vec<Said>,
    /// The calls of actions, each once, in order.
    pub requests: Vec<SentRequest>,
    /// What it waits for now.
    pub waiting: Waiting,
    /// Variables.
    pub vars: Map<String, Value>,
    /// How it ended.
    pub ended: Option<Ended>,
}

/// An act that could not be played. It changed nothing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NotPlayed {
    /// Which act, from 0; none for the opening.
    pub act: Option<usize>,
    /// Why.
    pub message: String,
    /// What does not fit, for a form or the run's input.
    pub problems: Vec<FieldProblem>,
}

impl NotPlayed {
    fn because(message: impl Into<String>) -> Self {
        Self { act: None, message: message.into(), problems: Vec::new() }
    }
}

impl From<Refusal> for NotPlayed {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        let problems = if let Refusal::InvalidForm { problems } = refusal { problems } else { Vec::new() };
        Self { act: None, message, problems }
    }
}

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The customer.
    Customer,
    /// The workflow.
    Workflow,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Said {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Speaker,
    /// Which entry of which step it comes from.
    pub visit: Option<u32>,
    /// Over which channel.
    pub channel: String,
    /// Address, for messages that leave the conversation.
    pub to: String,
    /// Subject, for e-mail.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The form shown with it.
    pub form: Option<PostedForm>,
    /// The answers the customer sent.
    pub values: Option<Value>,
}

/// A request an action sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SentRequest {
    /// The step.
    pub step: StepId,
    /// `<connector>.<action>`.
    pub action: String,
    /// Named connection.
    pub connection: Option<String>,
    /// Rendered input.
    pub input: Value,
}

/// Plays `script` on `version`. The same arguments give the same answer; nothing leaves.
#[must_use]
pub fn rehearse(version: &Version, catalogue: &Catalogue, script: &Script, now: Timestamp) -> Rehearsal {
    rehearse_logged(version, catalogue, script, now).0
}

/// [`rehearse`], with the log the run would have left.
#[must_use]
pub fn rehearse_logged(
    version: &Version,
    catalogue: &Catalogue,
    script: &Script,
    now: Timestamp,
) -> (Rehearsal, Vec<LogEntry>) {
    let began = script.opening.at.unwrap_or(now);
    let mut player = Player::new(version, began);
    let (mut played, mut refused) = (0, None);
    if let Err(problem) = player.open(&script.opening) {
        refused = Some(problem);
    } else {
        player.deliver(script.acts.first());
        for (index, act) in script.acts.iter().enumerate() {
            let result = if index < ACTS_MAX {
                player.act(act, script.acts.get(index + 1))
            } else {
                Err(NotPlayed::because(format!("a script has at most {ACTS_MAX} acts")))
            };
            if let Err(problem) = result {
                refused = Some(NotPlayed { act: Some(index), ..problem });
                break;
            }
            played += 1;
            player.deliver(script.acts.get(index + 1));
        }
    }
    player.finish(catalogue, began, (played, refused))
}

pub(super) struct Player<'a> {
    version: &'a Version,
    state: RunState,
    log: Vec<LogEntry>,
    effect: Option<Effect>,
    said: Vec<Said>,
    now: Timestamp,
    /// Whether messages are taken without an act.
    delivers: bool,
}

impl<'a> Player<'a> {
    pub(super) fn new(version: &'a Version, now: Timestamp) -> Self {
        Self {
            version,
            state: RunState::default(),
            log: Vec::new(),
            effect: None,
            said: Vec::new(),
            now,
            delivers: true,
        }
    }

    /// Every message wants its answer.
    pub(super) fn without_deliveries(self) -> Self {
        Self { delivers: false, ..self }
    }

    pub(super) fn state(&self) -> &RunState {
        &self.state
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    pub(super) fn open(&mut self, opening: &Opening) -> Result<(), NotPlayed> {
        let customer = customer(opening);
        let conversation = json!({ "id": RUN, "channel": "web" });
        let (trigger, by) = match &opening.message {
            Some(text) => {
                self.says(text);
                let (words, channel) = (json!(text), json!("web"));
                let message = IncomingMessage {
                    text: &words,
                    channel: &channel,
                    customer: &customer,
                    conversation: &conversation,
                    first: true,
                };
                let (wanted, failed) = run::message_starts(self.version, message, &BTreeSet::new(), self.now);
                let Some(id) = wanted else {
                    let why = failed.first().map(|error| format!(": {error}")).unwrap_or_default();
                    return Err(NotPlayed::because(format!("no message trigger wants this message{why}")));
                };
                let trigger = json!({ "type": "message", "id": id, "text": text, "channel": "web" });
                (trigger, Some(self.customer_actor(&customer)))
            }
            None => (json!({ "type": "manual" }), opening.by.as_ref().map(Persona::actor)),
        };
        let input = if opening.input.is_null() { json!({}) } else { opening.input.clone() };
        let problems = self.version.input_problems(&input);
        if !problems.is_empty() {
            let message = "the input does not fit the workflow".to_owned();
            return Err(NotPlayed { act: None, message, problems });
        }
        self.take(Input::Started(Box::new(Start {
            run: RUN.to_owned(),
            workflow: RUN.to_owned(),
            version: 0,
            trigger,
            input,
            customer,
            conversation,
            started_by: by,
        })))
    }

    /// Plays one act; `next` is the one after it.
    pub(super) fn act(&mut self, act: &Act, next: Option<&Act>) -> Result<(), NotPlayed> {
        let visit = self.state.place().map_or(0, |place| place.visit);
        match act {
            Act::Says { text } => {
                self.says(text);
                self.is_no_answer(visit)
            }
            Act::Submits { values } => {
                let by = self.customer_actor(&self.state.info.customer);
                self.take(Input::FormSubmitted { visit, values: values.clone(), by })
            }
            Act::Decides { outcome, comment, by, edits, values } => {
                let by = self.signed_in(by.as_ref().map_or_else(|| self.approver(), Persona::actor));
                let Some(verdict) = Verdict::read(outcome) else {
                    let offered = Verdict::ALL.map(|verdict| verdict.word().to_owned()).to_vec();
                    return Err(Refusal::NotOffered { outcome: outcome.clone(), offered }.into());
                };
                let (edits, values, for_others) = (edits.clone(), values.clone(), Vec::new());
                let with = Box::new(DecidedWith { for_others, edits, values, ..DecidedWith::default() });
                self.take(Input::Decided { visit, verdict, comment: comment.clone(), by, with })?;
                self.hold_passes()
            }
            Act::HandsBack { outcome, comment, by, values } => {
                let by = by.as_ref().map_or_else(operator, Persona::actor);
                let (back, comment, values) = (HandedBack::read(outcome), comment.clone(), values.clone());
                self.take(Input::HandedBack { visit, back, comment, values, by })
            }
            Act::Resolves { answer, comment } => {
                let Phase::Waiting(Wait::Unknown(wait)) = &self.state.phase else { return Err(Refusal::Stale.into()) };
                let id = wait.calling.id();
                let (answer, comment) = (answer.clone(), comment.clone());
                let by = self.signed_in(operator());
                self.take(Input::UnknownResolved { id, answer, comment, by, for_others: Vec::new() })
            }
            Act::Waits { duration } => {
                let until = match duration {
                    Some(duration) => self.now.plus(*duration),
                    None => self.state.wake_at().ok_or_else(|| NotPlayed::because("no timer runs"))?,
                };
                self.wait(until, next)
            }
            Act::Answers { step, answer } => self.answer(step.as_deref(), answer),
            Act::Cancels { reason } => self.take(Input::CancelRequested { reason: reason.clone(), by: operator() }),
        }
    }

    /// Whoever is played has just given their password, where that is asked for.
    fn signed_in(&self, by: Actor) -> Actor {
        Actor { signed_in_at: Some(self.now), ..by }
    }

    /// Nobody takes back what they decide here: the time for it passes at once.
    fn hold_passes(&mut self) -> Result<(), NotPlayed> {
        let Some(until) = self.state.phase.held().map(|held| held.until) else { return Ok(()) };
        self.now = self.now.max(until);
        self.take(Input::TimerFired)
    }

    /// Lets timers fire until then; a call under way stops the clock, for its answer decides what comes.
    fn wait(&mut self, until: Timestamp, next: Option<&Act>) -> Result<(), NotPlayed> {
        while let Some(due) = self.state.wake_at().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.take(Input::TimerFired)?;
            self.deliver(next);
        }
        if self.state.under_way().is_none() {
            self.now = self.now.max(until);
        }
        Ok(())
    }

    fn answer(&mut self, step: Option<&str>, answer: &Answer) -> Result<(), NotPlayed> {
        let Some(effect) = self.effect.clone() else {
            return Err(NotPlayed::because(match step {
                Some(step) => format!("no call of `{step}` is under way: the run {}", self.whereabouts()),
                None => format!("no call is under way: the run {}", self.whereabouts()),
            }));
        };
        let at = self.state.place().map_or("", |place| place.step.as_str());
        if let Some(step) = step.filter(|step| *step != at) {
            return Err(NotPlayed::because(format!("`{at}` waits for its answer, not `{step}`")));
        }
        self.take(input_of(&effect, answer)?)
    }

    /// Messages are taken as soon as they are sent, unless the next act says otherwise.
    fn deliver(&mut self, next: Option<&Act>) {
        if !self.delivers {
            return;
        }
        while let Some(Effect::SendMessage { id, channel, .. }) = &self.effect {
            let at = self.state.place().map(|place| place.step.as_str());
            if matches!(next, Some(Act::Answers { step: Some(step), .. }) if Some(step.as_str()) == at) {
                return;
            }
            let output = json!({ "channel": channel.tag(), "provider_id": format!("{RUN}.{}.{}", id.visit, id.call) });
            let input = Input::CallSucceeded { id: *id, output, exchange: Value::Null };
            if self.take(input).is_err() {
                return;
            }
        }
    }

    fn take(&mut self, input: Input) -> Result<(), NotPlayed> {
        let state = Box::new(std::mem::take(&mut self.state));
        let at = Moment { words: self.version.words(), ..self.now.into() };
        let decision = match run::step(self.version, state, input, at) {
            Ok(decision) => decision,
            Err(refused) => {
                self.state = *refused.state;
                return Err(refused.refusal.into());
            }
        };
        let seq = u64::try_from(self.log.len()).unwrap_or(u64::MAX).saturating_add(1);
        self.log.push(LogEntry { seq, at: self.now, events: decision.events.clone() });
        for event in &decision.events {
            self.note(event);
        }
        self.state = *decision.after;
        match decision.effects.into_iter().next_back() {
            Some(effect) => self.effect = Some(effect),
            // A call stays under way when something else happened meanwhile.
            None if self.state.under_way().is_none() => self.effect = None,
            None => {}
        }
        Ok(())
    }

    fn note(&mut self, event: &Event) {
        let at = self.now;
        let said = |by, visit| Said {
            at,
            by,
            visit: Some(visit),
            channel: "conversation".to_owned(),
            to: String::new(),
            subject: String::new(),
            text: String::new(),
            form: None,
            values: None,
        };
        match event {
            Event::Run(_) => {}
            Event::Step { visit, what: StepEvent::Said { body, form, .. } } => {
                self.said.push(Said { text: body.clone(), form: form.clone(), ..said(Speaker::Workflow, *visit) });
            }
            Event::Step { .. } => {}
            Event::Checkpoint { visit, what: CheckpointEvent::Closed { outcome: Outcome::Submitted, values, .. } } => {
                self.said.push(Said { values: Some(values.clone()), ..said(Speaker::Customer, *visit) });
            }
            Event::Checkpoint { .. } => {}
            Event::Call { id, what: CallEvent::Succeeded { .. } } => {
                if let Some(Effect::SendMessage { channel, to, subject, body, .. }) =
                    self.effect.as_ref().filter(|effect| effect.id() == *id)
                    && *channel != Channel::Conversation
                {
                    let (channel, to, subject, text) =
                        (channel.tag().to_owned(), to.clone(), subject.clone(), body.clone());
                    self.said.push(Said { channel, to, subject, text, ..said(Speaker::Workflow, id.visit) });
                }
            }
            Event::Call { .. } => {}
        }
    }

    fn says(&mut self, text: &str) {
        self.said.push(Said {
            at: self.now,
            by: Speaker::Customer,
            visit: None,
            channel: "conversation".to_owned(),
            to: String::new(),
            subject: String::new(),
            text: text.to_owned(),
            form: None,
            values: None,
        });
    }

    /// What the customer writes while a form waits is no answer to it, where that counts.
    fn is_no_answer(&mut self, visit: u32) -> Result<(), NotPlayed> {
        let Phase::Waiting(Wait::Form(wait)) = &self.state.phase else { return Ok(()) };
        let (step, reply) = (self.version.step(&wait.place.step), format!("reply.{}", self.said.len()));
        if !matches!(step, Some(CompiledStep::CollectForm(form)) if form.counts_replies()) {
            return Ok(());
        }
        let by = self.customer_actor(&self.state.info.customer);
        self.take(Input::ReplyUnusable { visit, reply, by })
    }

    fn whereabouts(&self) -> String {
        let at = self.state.place().map_or("", |place| place.step.as_str());
        match &self.state.phase {
            Phase::Unstarted => "has not started".to_owned(),
            Phase::Ended(ended) => format!("is over ({})", ended.status.tag()),
            Phase::Waiting(wait) => match wait {
                Wait::Form(_) => format!("waits for a form in `{at}`"),
                Wait::Approval(_) => format!("waits for an approval in `{at}`"),
                Wait::Handoff(_) => format!("is with a person in `{at}`"),
                Wait::Unknown(_) => format!("asks what became of the call of `{at}`"),
            },
            Phase::Calling { stage: Stage::BackingOff { .. }, .. } => format!("waits to try `{at}` again"),
            Phase::Calling { .. } | Phase::Moving | Phase::AtStep(_) => format!("is at `{at}`"),
        }
    }

    fn customer_actor(&self, customer: &Value) -> Actor {
        let text = |name: &str| customer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let name = Some(text("name")).filter(|name| !name.is_empty()).unwrap_or_else(|| "customer".to_owned());
        Actor {
            id: "customer".to_owned(),
            name,
            email: text("email"),
            roles: Vec::new(),
            via: Via::Conversation,
            made_by: String::new(),
            signed_in_at: None,
            on_behalf_of: None,
        }
    }

    /// Somebody who may decide the open approval.
    fn approver(&self) -> Actor {
        let mut actor = operator();
        let Some(wait) = self.state.phase.approval() else { return actor };
        if let Some(open) = OpenApproval::of(self.version, &self.state) {
            let asked = open.approvers();
            let escalated = wait.escalated.iter().flatten().chain(&wait.added);
            actor.roles.extend(asked.roles.iter().chain(asked.counts.keys()).chain(escalated).cloned());
            let listed = asked.users.iter().find(|email| wait.given.iter().all(|given| given.email != **email));
            if let Some(email) = listed.filter(|_| asked.roles.is_empty() && asked.counts.is_empty()) {
                actor.email.clone_from(email);
            }
        }
        let spoken = wait.given.len() + wait.against.len();
        if spoken > 0 {
            actor.id = format!("{}-{}", actor.id, spoken + 1);
            actor.name = format!("{} {}", actor.name, spoken + 1);
        }
        actor
    }

    fn finish(
        self,
        catalogue: &Catalogue,
        began: Timestamp,
        (played, refused): (usize, Option<NotPlayed>),
    ) -> (Rehearsal, Vec<LogEntry>) {
        let Self { version, state, log, effect, said, now, delivers: _ } = self;
        let mut waiting =
            Standing { version, catalogue, state: &state, log: &log, effect: effect.as_ref(), now }.waiting();
        if let (Waiting::Start { reason }, Some(refused)) = (&mut waiting, &refused) {
            reason.clone_from(&refused.message);
        }
        let steps = history(version, &log);
        let requests = steps.iter().flat_map(requests).collect();
        let ended = state.ended().cloned();
        (Rehearsal { began, now, played, refused, steps, said, requests, waiting, vars: state.vars, ended }, log)
    }
}

/// The calls of actions in a step, each once.
fn requests(execution: &StepExecution) -> impl Iterator<Item = SentRequest> {
    execution.sent().map(|(action, connection, input)| SentRequest {
        step: execution.step.clone(),
        action: action.to_owned(),
        connection: connection.map(str::to_owned),
        input: input.clone(),
    })
}

/// The customer as expressions see one: every field there is, null when not known.
fn customer(opening: &Opening) -> Value {
    if opening.customer.is_empty() {
        return Value::Null;
    }
    let mut customer = opening.customer.clone();
    for field in ["name", "email", "phone", "telegram", "external_id"] {
        customer.entry(field).or_insert(Value::Null);
    }
    customer.entry("id").or_insert_with(|| json!("customer"));
    Value::Object(customer)
}

fn operator() -> Actor {
    Actor {
        id: "operator".to_owned(),
        name: "Operator".to_owned(),
        email: "operator@example.com".to_owned(),
        roles: vec!["operator".to_owned()],
        via: Via::Portal,
        made_by: String::new(),
        signed_in_at: None,
        on_behalf_of: None,
    }
}

/// The answer as the machine takes it.
fn input_of(effect: &Effect, answer: &Answer) -> Result<Input, NotPlayed> {
    let id = effect.id();
    let looked_up = matches!(effect, Effect::LookUp { .. });
    let failed = |error: StepError| Input::CallFailed {
        id,
        error,
        exchange: Value::Null,
        retry_after_seconds: None,
        jitter_per_mille: JITTER_PER_MILLE,
    };
    let found = |result| Ok(Input::LookedUp { id, result });
    match answer {
        Answer::Happened { output } if looked_up => found(LookUpResult::Happened { output: output.clone() }),
        Answer::DidNotHappen if looked_up => found(LookUpResult::DidNotHappen),
        Answer::Unclear | Answer::Timeout | Answer::Error { .. } if looked_up => found(LookUpResult::Unclear),
        Answer::Output { output, .. } if !looked_up => {
            Ok(Input::CallSucceeded { id, output: output.clone(), exchange: Value::Null })
        }
        Answer::Error { class, code, message, details, .. } => Ok(failed(StepError {
            class: *class,
            code: code.clone(),
            message: if message.is_empty() { code.clone() } else { message.clone() },
            details: details.clone(),
        })),
        Answer::Timeout => Ok(failed(StepError {
            class: FailureClass::Unknown,
            code: "timeout".to_owned(),
            message: "no answer came in time".to_owned(),
            details: Value::Null,
        })),
        Answer::Output { .. } => Err(NotPlayed::because("a look-up is answered: happened, did not happen or unclear")),
        Answer::Happened { .. } | Answer::DidNotHappen | Answer::Unclear => {
            Err(NotPlayed::because("this is a call, not a look-up: answer with an output, an error or a timeout"))
        }
    }
}
