//! The decider: one input in, events and effects out.

use super::{
    Actor, CallRequest, ClosedBy, CompiledStep, Effect, EndedStatus, Event, Input, LookUpResult, Phase, RunState,
    Start, UnknownAnswer, Version, apply, calls,
    state::Place,
    steps::{approval, collect_form, condition, end, human_handoff, notify, tool_call},
};
use crate::{
    approval::RequestDifference,
    document::StepId,
    expr::{ExpressionError, Scope, Template},
    log::{FailureClass, StepError},
    moves::{Again, Continuation, Repeat, StateEdit},
    time::Timestamp,
};
use serde::Serialize;
use serde_json::{Map, Value};

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

/// Why an input was refused. A refused input changes nothing.
#[derive(Debug, Clone, PartialEq, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "snake_case")]
pub enum Refusal {
    /// A second start.
    #[error("the run has already started")]
    AlreadyStarted,
    /// Anything before the start.
    #[error("the run has not started")]
    NotStarted,
    /// The run is over.
    #[error("the run is over")]
    RunOver,
    /// An answer to something the run no longer waits for.
    #[error("the run does not wait for this any more")]
    Stale,
    /// No timer is due.
    #[error("no timer is due")]
    NotDue,
    /// Who decides must be an approver.
    #[error("{0}")]
    NotAnApprover(String),
    /// The checkpoint does not offer this outcome.
    #[error("`{outcome}` is not offered here: choose one of {}", offered.join(", "))]
    NotOffered {
        /// What was asked for.
        outcome: String,
        /// What there is.
        offered: Vec<String>,
    },
    /// The form's answers do not fit.
    #[error("the answers do not fit the form")]
    InvalidForm {
        /// Each with the place in the answers.
        problems: Vec<FieldProblem>,
    },
    /// The run cannot go on on that version, or its move cannot be taken back.
    #[error("{0}")]
    NotMovable(String),
    /// Only an ended run can be retried, and only from a step it has.
    #[error("{0}")]
    NotRetryable(String),
    /// Something that was done could be done again, and nobody agreed to that.
    #[error("{} would be done again", repeats.iter().map(|done| done.title.as_str()).collect::<Vec<_>>().join(", "))]
    WouldRepeat {
        /// What.
        repeats: Vec<Repeat>,
    },
}

/// What is wrong with one field of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// JSON pointer into the answers.
    pub pointer: String,
    /// For the person who filled it in.
    pub message: String,
}

/// Decides what follows from `input` at `now`.
///
/// # Errors
/// A [`Refusal`] when the input does not fit the state; then nothing changes.
pub fn step(version: &Version, state: &RunState, input: Input, now: Timestamp) -> Result<Decision, Refusal> {
    advance(version, Box::new(state.clone()), input, now).map_err(|(refusal, _)| refusal)
}

/// [`step`] for a caller that needs the state before no longer: it becomes the state after, without a copy.
///
/// # Errors
/// A [`Refusal`] and the state as it was.
pub fn advance(
    version: &Version,
    state: Box<RunState>,
    input: Input,
    now: Timestamp,
) -> Result<Decision, (Refusal, Box<RunState>)> {
    let mut machine = Machine::on(version, state, now);
    match machine.take(input) {
        Ok(()) => Ok(machine.decision()),
        Err(refusal) => {
            debug_assert!(machine.events.is_empty(), "a refusal comes before the first event");
            Err((refusal, machine.state))
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
    events: Vec<Event>,
    effects: Vec<Effect>,
}

impl<'a> Machine<'a> {
    /// A decision about to be made on `state`.
    pub(crate) fn on(version: &'a Version, state: Box<RunState>, now: Timestamp) -> Self {
        Self { version, state, now, events: Vec::new(), effects: Vec::new() }
    }

    /// What was decided.
    pub(crate) fn decision(self) -> Decision {
        Decision { events: self.events, effects: self.effects, after: self.state }
    }

    pub(crate) fn emit(&mut self, event: Event) {
        apply(&mut self.state, &event);
        self.events.push(event);
    }

    pub(crate) fn perform(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub(crate) fn scope(&self) -> Scope<'_> {
        self.state.scope(self.now)
    }

    fn take(&mut self, input: Input) -> Result<(), Refusal> {
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
            Input::CallSucceeded { visit, call, attempt, output, exchange } => {
                let calling = self.calling(visit, call, attempt)?;
                self.emit(Event::CallSucceeded { visit, call, attempt, output, exchange });
                self.after_call(&calling.place, call)
            }
            Input::CallFailed { visit, call, attempt, error, exchange, retry_after_seconds, jitter_per_mille } => {
                let calling = self.calling(visit, call, attempt)?;
                self.emit(Event::CallFailed { visit, call, attempt, error: error.clone(), exchange });
                let pause = calls::Pause { asked_seconds: retry_after_seconds, jitter_per_mille };
                calls::failed(self, &calling, error, pause)
            }
            Input::LookedUp { visit, call, attempt, result } => self.looked_up((visit, call, attempt), result)?,
            Input::TimerFired => self.timer_fired()?,
            Input::FormSubmitted { visit, values, by } => collect_form::submitted(self, visit, values, by)?,
            Input::Decided { visit, outcome, comment, by } => approval::decided(self, visit, &outcome, comment, by)?,
            Input::HandedBack { visit, outcome, comment, by } => {
                human_handoff::handed_back(self, visit, outcome, comment, by)?
            }
            Input::UnknownResolved { visit, call, attempt, answer, comment, by } => {
                self.resolved((visit, call, attempt), answer, comment, by)?
            }
            Input::CancelRequested { reason, by } => self.cancel(reason, by),
            Input::RetryRequested { step, edit, again, by } => self.reopen(step, edit, again, by)?,
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
        self.emit(Event::RunStarted { start: Box::new(start), vars, at });
        if let Some(from) = from {
            self.emit(Event::RunContinued { from });
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
        let Some(compiled) = version.steps.get(&step) else {
            let error = StepError::fatal("unknown_step", format!("there is no step `{step}`"));
            return self.end(EndedStatus::Failed, Value::Null, Some(error), None);
        };
        let place = Place { visit: self.state.visits + 1, step, entered_at: self.now };
        self.emit(Event::StepEntered { visit: place.visit, step: place.step.clone(), at: self.now });
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

    /// Enters an approval once more because what it approved has changed.
    pub(crate) fn ask_again(&mut self, place: &Place, approval: StepId, difference: RequestDifference) -> Flow {
        let version = self.version;
        let Some(CompiledStep::Approval(compiled)) = version.steps.get(&approval) else {
            let error = StepError::fatal("unknown_step", format!("there is no approval `{approval}`"));
            return self.fail(place, error, None);
        };
        let visit = place.visit;
        self.emit(Event::ApprovalVoided { visit, approval: approval.clone(), difference: difference.clone() });
        if self.state.visits >= self.version.workflow.step_limit() {
            let error = StepError::fatal("step_limit", "the approval was asked again too often");
            return self.end(EndedStatus::Failed, Value::Null, Some(error), None);
        }
        let place = Place { visit: self.state.visits + 1, step: approval, entered_at: self.now };
        self.emit(Event::StepEntered { visit: place.visit, step: place.step.clone(), at: self.now });
        approval::enter(self, compiled, &place, Some(difference))
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

    fn looked_up(&mut self, sent: (u32, u16, u32), result: LookUpResult) -> Result<Flow, Refusal> {
        let Phase::LookingUp(wait) = self.state.phase.clone() else { return Err(Refusal::Stale) };
        // What was found about an earlier attempt says nothing about this one.
        if wait.calling.sent() != sent {
            return Err(Refusal::Stale);
        }
        let (visit, call, attempt) = sent;
        let mut answered = |found: &str| self.emit(Event::LookUpAnswered { visit, call, found: found.to_owned() });
        Ok(match result {
            LookUpResult::Happened { output } => {
                answered("happened");
                self.emit(Event::CallSucceeded { visit, call, attempt, output, exchange: Value::Null });
                self.after_call(&wait.calling.place, call)
            }
            LookUpResult::DidNotHappen => {
                answered("did_not_happen");
                calls::again_or_fail(self, &wait.calling, wait.error)
            }
            LookUpResult::Unclear => {
                answered("unclear");
                calls::ask(self, &wait.calling, wait.error)
            }
        })
    }

    fn timer_fired(&mut self) -> Result<Flow, Refusal> {
        if self.state.wake_at().is_none_or(|due| due > self.now) {
            return Err(Refusal::NotDue);
        }
        match self.state.phase.clone() {
            Phase::BackingOff(wait) => Ok(calls::request(self, &wait.calling, wait.attempt)),
            Phase::WaitingForm(wait) => Ok(collect_form::timed_out(self, &wait.place)),
            Phase::WaitingApproval(wait) => Ok(approval::timer_fired(self, &wait)),
            Phase::WaitingHandoff(wait) => Ok(human_handoff::timed_out(self, &wait.place)),
            Phase::Unstarted
            | Phase::Moving
            | Phase::AtStep(_)
            | Phase::Calling(_)
            | Phase::CallDown(_)
            | Phase::LookingUp(_)
            | Phase::WaitingUnknown(_)
            | Phase::Ended(_) => Err(Refusal::NotDue),
        }
    }

    fn resolved(
        &mut self,
        sent: (u32, u16, u32),
        answer: UnknownAnswer,
        comment: String,
        by: Actor,
    ) -> Result<Flow, Refusal> {
        let Phase::WaitingUnknown(wait) = self.state.phase.clone() else { return Err(Refusal::Stale) };
        // An answer about an earlier attempt must not decide the checkpoint of this one.
        if wait.calling.sent() != sent {
            return Err(Refusal::Stale);
        }
        let visit = sent.0;
        let by = ClosedBy::Person { actor: by };
        let calling = wait.calling;
        Ok(match answer {
            UnknownAnswer::Happened { result } => {
                let values = result.clone();
                self.emit(Event::CheckpointClosed { visit, outcome: "happened".into(), by, comment, values });
                let (call, attempt) = (calling.call, calling.attempt);
                self.emit(Event::CallSucceeded { visit, call, attempt, output: result, exchange: Value::Null });
                self.after_call(&calling.place, call)
            }
            UnknownAnswer::NotHappened => {
                let outcome = "not_happened".into();
                self.emit(Event::CheckpointClosed { visit, outcome, by, comment, values: Value::Null });
                // A run that is to stop makes no further call.
                if self.state.cancel.is_some() {
                    return Ok(calls::give_up(self, &calling.place, calling.call, wait.error));
                }
                calls::request(self, &calling, calling.attempt + 1)
            }
            UnknownAnswer::Stop => {
                self.emit(Event::CheckpointClosed { visit, outcome: "stop".into(), by, comment, values: Value::Null });
                calls::give_up(self, &calling.place, calling.call, wait.error)
            }
        })
    }

    fn cancel(&mut self, reason: String, by: Actor) -> Flow {
        match &self.state.phase {
            // Its answer is awaited: what it did belongs on the record.
            Phase::Calling(_) | Phase::LookingUp(_) => {
                if self.state.cancel.is_none() {
                    self.emit(Event::CancelRequested { reason, by });
                }
                Flow::Stay
            }
            Phase::WaitingForm(_) | Phase::WaitingApproval(_) | Phase::WaitingHandoff(_) | Phase::WaitingUnknown(_) => {
                if let Some(visit) = self.state.place().map(|place| place.visit) {
                    let (outcome, by) = ("cancelled".into(), ClosedBy::Cancel);
                    self.emit(Event::CheckpointClosed {
                        visit,
                        outcome,
                        by,
                        comment: String::new(),
                        values: Value::Null,
                    });
                }
                self.cancelled(reason, by)
            }
            Phase::Unstarted
            | Phase::Moving
            | Phase::AtStep(_)
            | Phase::CallDown(_)
            | Phase::BackingOff(_)
            | Phase::Ended(_) => self.cancelled(reason, by),
        }
    }

    /// Nobody answered in time; there is no output.
    pub(crate) fn wait_timed_out(&mut self, place: &Place, next: &StepId) -> Flow {
        let (visit, by) = (place.visit, ClosedBy::Timeout);
        self.emit(Event::CheckpointClosed {
            visit,
            outcome: "timeout".into(),
            by,
            comment: String::new(),
            values: Value::Null,
        });
        self.complete(place, Completion { exit: "timeout".into(), next, set: &[], output: None, on_error: None })
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
        again.allows(&self.state, &step)?;
        self.emit(Event::RunReopened { step: step.clone(), edit, by });
        Ok(Flow::Go(step))
    }

    /// Takes the run up where a dead process left it.
    fn recover(&mut self) -> Result<Flow, Refusal> {
        match self.state.phase.clone() {
            Phase::Calling(calling) => Ok(calls::recover(self, &calling)),
            Phase::LookingUp(wait) => Ok(calls::look_up(self, &wait.calling)),
            Phase::Unstarted
            | Phase::Moving
            | Phase::AtStep(_)
            | Phase::CallDown(_)
            | Phase::BackingOff(_)
            | Phase::WaitingForm(_)
            | Phase::WaitingApproval(_)
            | Phase::WaitingHandoff(_)
            | Phase::WaitingUnknown(_)
            | Phase::Ended(_) => Err(Refusal::Stale),
        }
    }

    fn calling(&self, visit: u32, call: u16, attempt: u32) -> Result<super::Calling, Refusal> {
        let Phase::Calling(calling) = &self.state.phase else { return Err(Refusal::Stale) };
        if calling.sent() == (visit, call, attempt) { Ok(calling.clone()) } else { Err(Refusal::Stale) }
    }

    /// Completes the step: evaluates `set` with `output` in scope, remembers the exit.
    pub(crate) fn complete(&mut self, place: &Place, done: Completion<'_>) -> Flow {
        match self.new_values(place, done.set, done.output.as_ref()) {
            Ok(set) => {
                let (exit, output) = (done.exit, done.output);
                self.emit(Event::StepCompleted { visit: place.visit, exit, output, set });
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
        let exit = on_error.map(|_| "error".to_owned());
        self.emit(Event::StepFailed { visit: place.visit, error: error.clone(), exit });
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
        self.emit(Event::RunEnded { status, output, error, by });
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

    pub(crate) fn key(&self, place: &Place, call: u16) -> String {
        format!("{}.{}.{call}", self.state.info.run, place.visit)
    }
}

/// How a step completes.
pub(crate) struct Completion<'a> {
    pub(crate) exit: String,
    pub(crate) next: &'a StepId,
    pub(crate) set: &'a [(String, Template)],
    pub(crate) output: Option<Value>,
    pub(crate) on_error: Option<&'a StepId>,
}

/// What a call would send, for comparing and performing.
pub(crate) fn action_request(request: &CallRequest) -> Option<(&str, Option<&str>, &Value)> {
    match request {
        CallRequest::Action { action, connection, input } => Some((action, connection.as_deref(), input)),
        CallRequest::Message { .. } => None,
    }
}
