//! The decider: one input in, events and effects out.

use super::{
    Actor, Again, CallEvent, CallId, Calling, CheckpointEvent, ClosedBy, CompiledStep, Continuation, Effect,
    EndedStatus, Event, Found, Input, LookUpResult, Moved, OpenDoubt, Outcome, Phase, Refusal, Refused, Resolution,
    RunEvent, RunState, Stage, Start, StateEdit, StepEvent, UnknownAnswer, UnknownWait, Version, Wait, Waiting,
    WaitingWords, apply, calls,
    checked::undone,
    phase::Place,
    step_up::identified,
    steps::{approval, collect_form, condition, end, human_handoff, notify, tool_call},
    waiting,
};
use crate::{
    approval::{Accounts, RequestDifference},
    document::{Exit, StepId},
    expr::{ExpressionError, Scope, Template},
    log::{FailureClass, StepError},
    time::Timestamp,
};
use serde_json::{Map, Value};
use std::sync::{Arc, LazyLock};

/// What follows from an input.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// To be committed together.
    pub events: Vec<Event>,
    /// To be performed after the commit.
    pub effects: Vec<Effect>,
    /// The state after the events.
    pub after: Box<RunState>,
}

/// When something is decided, and what the shell knows in that moment.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// The time.
    pub now: Timestamp,
    /// What guarded requests would reach.
    pub accounts: &'a Accounts,
    /// What the workspace says to customers who wait.
    pub words: &'a WaitingWords,
}

impl From<Timestamp> for Moment<'_> {
    /// A moment in which no accounts are known, in a workspace that has no words of its own.
    fn from(now: Timestamp) -> Self {
        static UNKNOWN: Accounts = Accounts::NONE;
        static WORDS: LazyLock<WaitingWords> = LazyLock::new(WaitingWords::default);
        Self { now, accounts: &UNKNOWN, words: &WORDS }
    }
}

/// Decides what follows from `input` at `now`: the only way a state changes. The state becomes the state after, without a
/// copy.
///
/// # Errors
/// [`Refused`] when the input does not fit the state; then nothing changes.
pub fn step<'a>(
    version: &'a Version,
    state: Box<RunState>,
    input: Input,
    at: impl Into<Moment<'a>>,
) -> Result<Decision, Refused> {
    let mut machine = Machine::on(version, state, at);
    match machine.take(input) {
        Ok(()) => Ok(machine.decision()),
        Err(refusal) => {
            debug_assert!(machine.events.is_empty(), "a refusal comes before the first event");
            Err(Refused { refusal, state: machine.state })
        }
    }
}

/// What a step decided about the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Flow {
    /// It stays: a call is under way, a person is asked, or the run is over.
    Stay,
    /// It goes to that step.
    Go(StepId),
}

/// One decision in the making.
pub(crate) struct Machine<'a> {
    pub(crate) version: &'a Version,
    pub(crate) state: Box<RunState>,
    pub(crate) now: Timestamp,
    pub(crate) accounts: &'a Accounts,
    pub(super) words: &'a WaitingWords,
    events: Vec<Event>,
    effects: Vec<Effect>,
}

impl<'a> Machine<'a> {
    /// A decision about to be made on `state`.
    pub(crate) fn on(version: &'a Version, state: Box<RunState>, at: impl Into<Moment<'a>>) -> Self {
        let Moment { now, accounts, words } = at.into();
        Self { version, state, now, accounts, words, events: Vec::new(), effects: Vec::new() }
    }

    /// What was decided.
    fn decision(self) -> Decision {
        Decision { events: self.events, effects: self.effects, after: self.state }
    }

    fn emit(&mut self, event: Event) {
        apply(&mut self.state, &event);
        self.events.push(event);
    }

    pub(super) fn run(&mut self, what: RunEvent) {
        self.emit(Event::Run(what));
    }

    pub(super) fn step(&mut self, visit: u32, what: StepEvent) {
        self.emit(Event::Step { visit, what });
    }

    pub(super) fn call(&mut self, id: CallId, what: CallEvent) {
        self.emit(Event::Call { id, what });
    }

    pub(super) fn checkpoint(&mut self, visit: u32, what: CheckpointEvent) {
        self.emit(Event::Checkpoint { visit, what });
    }

    /// The wait is over.
    pub(super) fn close(&mut self, visit: u32, outcome: Outcome, by: ClosedBy, comment: String, values: Value) {
        self.checkpoint(visit, CheckpointEvent::Closed { outcome, by, comment, values, standing: None, said_at: None });
    }

    pub(crate) fn perform(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub(crate) fn scope(&self) -> Scope<'_> {
        self.state.scope(self.now)
    }

    fn take(&mut self, mut input: Input) -> Result<(), Refusal> {
        input.keep();
        if let Input::Started(start) = input {
            return self.start(*start, None);
        }
        if let Input::Continued { start, from } = input {
            return self.start(*start, Some(from));
        }
        if self.state.phase == Phase::Unstarted {
            return Err(Refusal::NotStarted);
        }
        if self.state.ended().is_some() && !matches!(input, Input::RetryRequested { .. }) {
            return Err(Refusal::RunOver);
        }
        let flow = match input {
            Input::Started(_) | Input::Continued { .. } => return Err(Refusal::AlreadyStarted),
            Input::CallSucceeded { id, output, exchange } => {
                let place = self.under_way(id)?.place.clone();
                self.call(id, CallEvent::Succeeded { output, exchange });
                self.after_call(&place, id.call)
            }
            Input::CallFailed { id, error, exchange, retry_after_seconds, jitter_per_mille } => {
                let calling = self.under_way(id)?.clone();
                self.call(id, CallEvent::Failed { error: error.clone(), exchange });
                let pause = calls::Pause { asked_seconds: retry_after_seconds, jitter_per_mille };
                calls::failed(self, &calling, error, pause)
            }
            Input::CallPutOff { id, due } => {
                let calling = self.under_way(id)?.clone();
                calls::put_off(self, &calling, due)
            }
            Input::LookedUp { id, result } => self.looked_up(id, result)?,
            Input::TimerFired => self.timer_fired()?,
            Input::FormSubmitted { visit, values, by } => collect_form::submitted(self, visit, values, by)?,
            Input::ReplyUnusable { visit, reply, by } => collect_form::unusable(self, visit, reply, by)?,
            Input::Decided { visit, verdict, comment, by, with } => {
                approval::decided(self, visit, approval::Said { verdict, comment, by, with: *with })?
            }
            Input::DecisionTakenBack { visit, by } => approval::taken_back(self, visit, &by)?,
            Input::HandedBack { visit, back, comment, values, by } => {
                human_handoff::handed_back(self, visit, human_handoff::Said { back, comment, values, by })?
            }
            Input::UnknownResolved { id, answer, comment, by, for_others } => {
                self.resolved(id, answer, comment, (&by, &for_others))?
            }
            Input::CancelRequested { reason, by } => self.cancel(reason, by),
            Input::RetryRequested { step, edit, again, by } => self.reopen(step, edit, again, by)?,
            Input::MoveRequested { checked, by } => self.moved(checked.on(&self.state, by)?),
            Input::UndoRequested { by } => self.moved(undone(&self.state, by)?),
            Input::Recovered => self.recover()?,
        };
        self.go(flow);
        Ok(())
    }

    fn start(&mut self, start: Start, from: Option<Box<Continuation>>) -> Result<(), Refusal> {
        if self.state.phase != Phase::Unstarted {
            return Err(Refusal::AlreadyStarted);
        }
        let first = from.as_ref().map_or(&self.version.workflow.start, |from| &from.step).clone();
        if !self.version.steps.contains_key(&first) {
            return Err(Refusal::NotRetryable(format!("there is no step `{first}`")));
        }
        let (at, vars) = (self.now, self.version.workflow.vars.clone());
        self.run(RunEvent::Started { start: Box::new(start), vars, at });
        if let Some(from) = from {
            self.run(RunEvent::Continued { from });
        }
        self.go(Flow::Go(first));
        Ok(())
    }

    /// Moves the token until a step makes it stay.
    fn go(&mut self, mut flow: Flow) {
        while let Flow::Go(step) = flow {
            flow = self.enter(step);
        }
    }

    fn enter(&mut self, step: StepId) -> Flow {
        if let Some((reason, by)) = self.state.cancel.clone() {
            return self.cancelled(reason, by);
        }
        let limit = self.version.workflow.step_limit();
        if self.state.visits >= limit {
            let error = StepError::fatal(
                "step_limit",
                format!("the run entered {limit} steps, its limit: is it going in circles?"),
            );
            return self.end(EndedStatus::Failed, Value::Null, Some(error), None);
        }
        let version = self.version;
        let gates = version.gates.before(&step);
        if let Some(gate) = gates.iter().find(|gate| !self.state.grants.has_passed(gate)) {
            return self.ask_at(step, gate, None);
        }
        let Some(compiled) = version.steps.get(&step) else {
            let error = StepError::fatal("unknown_step", format!("there is no step `{step}`"));
            return self.end(EndedStatus::Failed, Value::Null, Some(error), None);
        };
        let place = Place { visit: self.state.visits + 1, step, entered_at: self.now };
        self.step(place.visit, StepEvent::Entered { step: place.step.clone(), at: self.now });
        match compiled {
            CompiledStep::ToolCall(step) => tool_call::enter(self, step, &place),
            CompiledStep::CollectForm(step) => collect_form::enter(self, step, &place),
            CompiledStep::Condition(step) => condition::enter(self, step, &place),
            CompiledStep::Notify(step) => notify::enter(self, step, &place),
            CompiledStep::Approval(step) => approval::enter(self, step, &place, None),
            CompiledStep::HumanHandoff(step) => human_handoff::enter(self, step, &place),
            CompiledStep::End(step) => end::enter(self, step, &place),
        }
    }

    /// Asks an approval at the door of the step it guards, because it has not said yes to what would be sent.
    pub(crate) fn ask_again(&mut self, place: &Place, approval: &StepId, difference: RequestDifference) -> Flow {
        let voided = StepEvent::ApprovalVoided { approval: approval.clone(), difference: difference.clone() };
        self.step(place.visit, voided);
        if self.state.visits >= self.version.workflow.step_limit() {
            let error = StepError::fatal("step_limit", "the approval was asked again too often");
            return self.end(EndedStatus::Failed, Value::Null, Some(error), None);
        }
        self.ask_at(place.step.clone(), approval, Some(difference))
    }

    /// Asks an approval at the door of a step: a yes leads there, and nothing in between is done again.
    fn ask_at(&mut self, door: StepId, approval: &StepId, difference: Option<RequestDifference>) -> Flow {
        let version = self.version;
        let Some(CompiledStep::Approval(compiled)) = version.steps.get(approval) else {
            let error = StepError::fatal("unknown_step", format!("there is no approval `{approval}`"));
            return self.end(EndedStatus::Failed, Value::Null, Some(error), None);
        };
        let place = Place { visit: self.state.visits + 1, step: approval.clone(), entered_at: self.now };
        self.step(place.visit, StepEvent::Entered { step: place.step.clone(), at: self.now });
        approval::enter(self, compiled, &place, Some(approval::Asked { door, difference }))
    }

    /// Goes on after a call whose output is known.
    pub(crate) fn after_call(&mut self, place: &Place, call: u16) -> Flow {
        let version = self.version;
        match version.steps.get(&place.step) {
            Some(CompiledStep::ToolCall(step)) => tool_call::answered(self, step, place),
            Some(CompiledStep::Notify(step)) => notify::accepted(self, step, place, call),
            _ => self.lost(place),
        }
    }

    fn looked_up(&mut self, id: CallId, result: LookUpResult) -> Result<Flow, Refusal> {
        let Phase::Calling { calling, stage: Stage::LookingUp { error } } = &self.state.phase else {
            return Err(Refusal::Stale);
        };
        // What was found about an earlier attempt says nothing about this one.
        if calling.id() != id {
            return Err(Refusal::Stale);
        }
        let (calling, error) = (calling.clone(), error.clone());
        let (found, output) = match result {
            LookUpResult::Happened { output } => (Found::Happened, output),
            LookUpResult::DidNotHappen => (Found::DidNotHappen, Value::Null),
            LookUpResult::Unclear => (Found::Unclear, Value::Null),
        };
        self.call(id, CallEvent::LookUpAnswered { found });
        Ok(match found {
            Found::Happened => {
                self.call(id, CallEvent::Succeeded { output, exchange: Value::Null });
                self.after_call(&calling.place, id.call)
            }
            Found::DidNotHappen => calls::again_or_fail(self, &calling, error),
            Found::Unclear => calls::ask(self, &calling, error),
        })
    }

    fn timer_fired(&mut self) -> Result<Flow, Refusal> {
        if self.state.wake_at().is_none_or(|due| due > self.now) {
            return Err(Refusal::NotDue);
        }
        match self.state.phase.clone() {
            Phase::Calling { calling, stage: Stage::BackingOff { attempt, .. } } => {
                Ok(calls::request(self, &calling, attempt))
            }
            Phase::Waiting(Wait::Form(wait)) => Ok(collect_form::timed_out(self, &wait.place)),
            Phase::Waiting(Wait::Approval(wait)) => Ok(approval::timer_fired(self, &wait)),
            Phase::Waiting(Wait::Handoff(wait)) => Ok(human_handoff::timed_out(self, &wait.place)),
            Phase::Waiting(Wait::Unknown(_))
            | Phase::Calling { stage: Stage::UnderWay | Stage::Down | Stage::LookingUp { .. }, .. }
            | Phase::Unstarted
            | Phase::Moving
            | Phase::AtStep(_)
            | Phase::Ended(_) => Err(Refusal::NotDue),
        }
    }

    fn resolved(
        &mut self,
        id: CallId,
        answer: UnknownAnswer,
        comment: String,
        (by, for_others): (&Actor, &[Actor]),
    ) -> Result<Flow, Refusal> {
        let Phase::Waiting(Wait::Unknown(UnknownWait { calling, error })) = &self.state.phase else {
            return Err(Refusal::Stale);
        };
        // An answer about an earlier attempt must not decide the checkpoint of this one.
        if calling.id() != id {
            return Err(Refusal::Stale);
        }
        let (calling, error) = (calling.clone(), error.clone());
        let doubt = OpenDoubt::of(self.version, &self.state).ok_or(Refusal::Stale)?;
        let actor = doubt.seat(by, for_others).map_err(Refusal::NotAnApprover)?;
        let by = ClosedBy::Person { actor: identified(doubt.approvers(), actor, self.now)? };
        let (resolution, values) = match answer {
            UnknownAnswer::Happened { result } => (Resolution::Happened, result),
            UnknownAnswer::NotHappened => (Resolution::NotHappened, Value::Null),
            UnknownAnswer::Stop => (Resolution::Stop, Value::Null),
        };
        self.close(id.visit, Outcome::Resolved(resolution), by, comment, values.clone());
        Ok(match resolution {
            Resolution::Happened => {
                self.call(id, CallEvent::Succeeded { output: values, exchange: Value::Null });
                self.after_call(&calling.place, id.call)
            }
            // A run that is to stop makes no further call.
            Resolution::NotHappened if self.state.cancel.is_none() => {
                calls::request(self, &calling, calling.attempt + 1)
            }
            Resolution::NotHappened | Resolution::Stop => calls::give_up(self, &calling.place, calling.call, error),
        })
    }

    fn cancel(&mut self, reason: String, by: Actor) -> Flow {
        match &self.state.phase {
            // Its answer is awaited: what it did belongs on the record.
            Phase::Calling { stage: Stage::UnderWay | Stage::LookingUp { .. }, .. } => {
                if self.state.cancel.is_none() {
                    self.run(RunEvent::CancelRequested { reason, by });
                }
                Flow::Stay
            }
            Phase::Waiting(wait) => {
                let visit = wait.place().visit;
                self.close(visit, Outcome::Cancelled, ClosedBy::Cancel, String::new(), Value::Null);
                self.cancelled(reason, by)
            }
            Phase::Calling { stage: Stage::Down | Stage::BackingOff { .. }, .. }
            | Phase::Unstarted
            | Phase::Moving
            | Phase::AtStep(_)
            | Phase::Ended(_) => self.cancelled(reason, by),
        }
    }

    /// Nobody answered in time; there is no output.
    pub(crate) fn wait_timed_out(&mut self, place: &Place, next: &StepId) -> Flow {
        self.close(place.visit, Outcome::Timeout, ClosedBy::Timeout, String::new(), Value::Null);
        self.complete(place, Completion { exit: Exit::Timeout, next, set: &[], output: None, on_error: None })
    }

    pub(crate) fn cancelled(&mut self, reason: String, by: Actor) -> Flow {
        let error = StepError::fatal("cancelled", if reason.is_empty() { "cancelled".into() } else { reason });
        self.end(EndedStatus::Cancelled, Value::Null, Some(error), Some(by))
    }

    fn reopen(&mut self, step: Option<StepId>, edit: StateEdit, again: Again, by: Actor) -> Result<Flow, Refusal> {
        let Phase::Ended(ended) = &self.state.phase else {
            return Err(Refusal::NotRetryable("only a run that is over can be retried".into()));
        };
        let step = step
            .or_else(|| ended.last.as_ref().map(|place| place.step.clone()))
            .ok_or_else(|| Refusal::NotRetryable("name the step to go on from".into()))?;
        if !self.version.steps.contains_key(&step) {
            return Err(Refusal::NotRetryable(format!("there is no step `{step}`")));
        }
        let repeats = again.allows(&self.state, &step)?;
        self.run(RunEvent::Reopened { step: step.clone(), edit, repeats, by });
        Ok(Flow::Go(step))
    }

    /// It stays where it waits, on another version.
    fn moved(&mut self, moved: Moved) -> Flow {
        self.run(RunEvent::Moved { moved: Box::new(moved), at: self.now });
        Flow::Stay
    }

    /// Takes the run up where a dead process left it.
    fn recover(&mut self) -> Result<Flow, Refusal> {
        match self.state.phase.clone() {
            Phase::Calling { calling, stage: Stage::UnderWay } => Ok(calls::recover(self, &calling)),
            Phase::Calling { calling, stage: Stage::LookingUp { .. } } => Ok(calls::look_up(self, &calling)),
            Phase::Calling { stage: Stage::Down | Stage::BackingOff { .. }, .. }
            | Phase::Unstarted
            | Phase::Moving
            | Phase::AtStep(_)
            | Phase::Waiting(_)
            | Phase::Ended(_) => Err(Refusal::Stale),
        }
    }

    fn under_way(&self, id: CallId) -> Result<&Calling, Refusal> {
        match &self.state.phase {
            Phase::Calling { calling, stage: Stage::UnderWay } if calling.id() == id => Ok(calling),
            Phase::Calling { .. }
            | Phase::Unstarted
            | Phase::Moving
            | Phase::AtStep(_)
            | Phase::Waiting(_)
            | Phase::Ended(_) => Err(Refusal::Stale),
        }
    }

    /// Completes the step: evaluates `set` with `output` in scope, remembers the exit.
    pub(crate) fn complete(&mut self, place: &Place, done: Completion<'_>) -> Flow {
        match self.new_values(place, done.set, done.output.as_ref()) {
            Ok(set) => {
                let (exit, output) = (done.exit, done.output);
                self.step(place.visit, StepEvent::Completed { exit, output, set });
                Flow::Go(done.next.clone())
            }
            Err(error) => self.fail(place, error, done.on_error),
        }
    }

    fn new_values(
        &self,
        place: &Place,
        set: &[(String, Template)],
        output: Option<&Value>,
    ) -> Result<Map<String, Value>, StepError> {
        if set.is_empty() {
            return Ok(Map::new());
        }
        let stored = self.state.steps.get(&place.step).and_then(|step| step.get("output"));
        let output = output.or(stored).unwrap_or(&Value::Null);
        let scope = self.scope().with("output", output);
        set.iter()
            .map(|(name, template)| match template.render(&scope) {
                Ok(value) => Ok((name.clone(), value)),
                Err(error) => Err(StepError::fatal(error.code(), format!("set.{name}: {error}"))),
            })
            .collect()
    }

    /// The step failed: on to its error branch, or the run is over.
    pub(crate) fn fail(&mut self, place: &Place, error: StepError, on_error: Option<&StepId>) -> Flow {
        let exit = on_error.map(|_| Exit::Error);
        self.step(place.visit, StepEvent::Failed { error: error.clone(), exit });
        match on_error {
            Some(next) => Flow::Go(next.clone()),
            None => self.end(EndedStatus::Failed, Value::Null, Some(error), None),
        }
    }

    /// An expression failed.
    pub(crate) fn fail_expression(&mut self, place: &Place, field: &str, error: &ExpressionError) -> Flow {
        self.fail(place, StepError::fatal(error.code(), format!("{field}: {error}")), None)
    }

    pub(crate) fn end(
        &mut self,
        status: EndedStatus,
        output: Value,
        error: Option<StepError>,
        by: Option<Actor>,
    ) -> Flow {
        if status == EndedStatus::Failed {
            let version = self.version;
            waiting::say(self, self.state.visits, Waiting::Failure, version.waiting.as_ref());
        }
        self.run(RunEvent::Ended { status, output, error, by });
        Flow::Stay
    }

    /// The step of a waiting run is not what it was: a version cannot change, so this is a fault of ours.
    pub(crate) fn lost(&mut self, place: &Place) -> Flow {
        let message = format!("step `{}` is not what the run waited in", place.step);
        self.fail(
            place,
            StepError { class: FailureClass::Fatal, code: "lost_step".into(), message, details: Value::Null },
            None,
        )
    }

    pub(crate) fn key(&self, place: &Place, call: u16) -> Arc<str> {
        format!("{}.{}.{call}", self.state.info.run, place.visit).into()
    }
}

/// How a step completes.
pub(crate) struct Completion<'a> {
    pub(crate) exit: Exit,
    pub(crate) next: &'a StepId,
    pub(crate) set: &'a [(String, Template)],
    pub(crate) output: Option<Value>,
    pub(crate) on_error: Option<&'a StepId>,
}
