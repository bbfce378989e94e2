//! `approval`: nothing goes on until a person has said yes.

use crate::{
    approval::{Edits, GuardedRequest, NotEditable, RequestDifference, ShownFact, edited, policy::COUNTED_MAX},
    document::{
        self, ApprovalTimeout, Approvers, CHANGES_DEFAULT, Exit, Fact, Rung, RungAct, StandingLimits, StepId, Tier,
        TimeoutOutcome, UNDO_SECONDS_MAX,
    },
    expr::{Expression, ExpressionError, TextTemplate},
    log::StepError,
    run::{
        Actor, ApprovalWait, CheckpointEvent, ClosedBy, CompileError, CompiledStep, DecidedWith, FieldProblem,
        HeldDecision, Opened, Outcome, Refusal, RunState, Verdict, Waiting, forms,
        machine::{Completion, Flow, Machine},
        phase::Place,
        step_up, version,
        waiting::{self, Words},
    },
    time::{Span, Timestamp},
    working_time::WorkingTime,
};
mod held;
mod open;

pub(crate) use held::taken_back;
pub use open::OpenApproval;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

/// A compiled `approval`.
#[derive(Debug)]
pub struct Compiled {
    summary: TextTemplate,
    waiting: Option<Words>,
    facts: Vec<(Fact, TextTemplate)>,
    allow_empty: bool,
    editable: IndexMap<StepId, Vec<String>>,
    form: Option<forms::Form>,
    comment_required: Vec<Verdict>,
    changes_max: u32,
    standing: Option<Standing>,
    undo: Option<Span>,
    guards: Vec<StepId>,
    approvers: Approvers,
    tiers: Vec<(Expression, Tier)>,
    remind_after: Option<Span>,
    timeout: Option<ApprovalTimeout>,
    ladder: Vec<Rung>,
    clock: Option<WorkingTime>,
    on_approve: StepId,
    on_reject: StepId,
    on_changes: Option<StepId>,
}

/// What may be allowed in advance, compiled.
#[derive(Debug)]
struct Standing {
    limits: StandingLimits,
    when: Option<Expression>,
}

impl Standing {
    fn compile(limits: &StandingLimits, at: &version::Place<'_>) -> Result<Self, CompileError> {
        let when = limits.when.as_deref().map(|when| at.expression("standing/when", Expression::compile(when)));
        Ok(Self { limits: limits.clone(), when: when.transpose()? })
    }
}

impl Compiled {
    /// Who may decide.
    #[must_use]
    pub fn approvers(&self) -> &Approvers {
        &self.approvers
    }

    /// What happens when nobody decides.
    #[must_use]
    pub fn timeout(&self) -> Option<&ApprovalTimeout> {
        self.timeout.as_ref()
    }

    /// Whether the customer is told that they wait.
    pub(in crate::run) fn speaks(&self) -> bool {
        self.waiting.is_some()
    }

    fn leads(&self, verdict: Verdict) -> Option<&StepId> {
        match verdict {
            Verdict::Approved => Some(&self.on_approve),
            Verdict::Rejected => Some(&self.on_reject),
            Verdict::Changes => self.on_changes.as_ref(),
        }
    }

    /// When so much time has passed, of the working time where the step reckons with one.
    fn after(&self, from: Timestamp, span: Span) -> Timestamp {
        let working = self.clock.as_ref().and_then(|clock| clock.after(from, span));
        working.unwrap_or_else(|| from.plus(span))
    }

    /// The next rung is reached. One that a version no longer has is passed by.
    fn climb(&self, wait: &ApprovalWait) -> CheckpointEvent {
        let at = wait.rung as usize;
        let next = self.ladder.get(at + 1).map(|rung| self.after(wait.place.entered_at, rung.after));
        let (act, to) = self.ladder.get(at).map_or((RungAct::Remind, &[][..]), |rung| (rung.act, &rung.to));
        let instead = || {
            let (users, roles) = to.iter().cloned().partition(|name: &String| name.contains('@'));
            let before = wait.people.as_ref().unwrap_or(&self.approvers).clone();
            Box::new(Approvers { roles, users, counts: IndexMap::new(), ..before })
        };
        let people = (act == RungAct::Reassign).then(instead);
        CheckpointEvent::Climbed { rung: wait.rung + 1, act, to: to.to_vec(), people, next }
    }

    /// The first case that holds.
    fn tier(&self, machine: &Machine<'_>) -> Result<Option<Box<Tier>>, StepError> {
        for (when, tier) in &self.tiers {
            match when.evaluate(&machine.scope()) {
                Ok(Some(Value::Bool(true))) => return Ok(Some(Box::new(tier.clone()))),
                Ok(Some(Value::Bool(false))) => {}
                Ok(_) => {
                    let message =
                        format!("`{}` is neither true nor false, so it is not known who may decide", tier.when);
                    return Err(StepError::fatal("tier_undecided", message));
                }
                Err(error) => return Err(StepError::fatal(error.code(), format!("{}: {error}", tier.when))),
            }
        }
        Ok(None)
    }

    pub(crate) fn requests(&self, machine: &Machine<'_>) -> Result<Vec<GuardedRequest>, StepError> {
        let mut requests = Vec::new();
        for guarded in &self.guards {
            let Some(CompiledStep::ToolCall(step)) = machine.version.step(guarded) else { continue };
            let request = step.request(machine, guarded)?;
            let problems = step.problems(&request.input);
            if let Some(problem) = problems.first() {
                let message = format!("what `{guarded}` would send does not fit {}: {}", step.action(), told(problem));
                return Err(StepError { details: json!(problems), ..StepError::fatal("request_invalid", message) });
            }
            requests.push(request);
        }
        Ok(requests)
    }

    /// The line and the facts an approver reads, or why nobody could understand them.
    fn shown(&self, machine: &Machine<'_>) -> Result<(String, Vec<ShownFact>), StepError> {
        let scope = machine.scope();
        let failed = |field: &str, error: &ExpressionError| StepError::fatal(error.code(), format!("{field}: {error}"));
        let unclear = |message: String| StepError::fatal("unclear_approval", message);
        let (summary, gaps) = self.summary.render_noting_gaps(&scope).map_err(|error| failed("summary", &error))?;
        if !self.allow_empty {
            if let Some(gap) = gaps.first() {
                return Err(unclear(format!("`{gap}` gives nothing, so nobody could understand the summary")));
            }
            if summary.trim().is_empty() {
                return Err(unclear("the summary is empty, so nobody would know what they approve".to_owned()));
            }
        }
        let mut facts = Vec::with_capacity(self.facts.len());
        for (fact, template) in &self.facts {
            let (value, gaps) = template.render_noting_gaps(&scope).map_err(|error| failed(&fact.label, &error))?;
            if gaps.is_empty() && !value.trim().is_empty() {
                facts.push(ShownFact { label: fact.label.clone(), value });
            } else if !fact.optional {
                return Err(unclear(format!("the fact `{}` is empty", fact.label)));
            }
        }
        Ok((summary, facts))
    }

    /// What people changed in these requests so far.
    fn edited(requests: &[GuardedRequest], state: &RunState) -> Vec<RequestDifference> {
        let difference = |request: &GuardedRequest| {
            let edited = state.edited.get(&request.step).filter(|edited| edited.after == request.input)?;
            let (approved, now) = (edited.before.clone(), edited.after.clone());
            Some(RequestDifference { step: request.step.clone(), approved, now, account_changed: false })
        };
        requests.iter().filter_map(difference).collect()
    }

    /// What they fill in fits the form; without one nothing is filled in.
    fn taken(&self, verdict: Verdict, values: Value) -> Result<Value, Refusal> {
        let form = self.form.as_ref().filter(|_| verdict == Verdict::Approved);
        forms::answers_taken(form, values, "a yes takes answers").map_err(|problems| Refusal::InvalidForm { problems })
    }
}

fn told(problem: &FieldProblem) -> String {
    if problem.pointer.is_empty() {
        problem.message.clone()
    } else {
        format!("{} ({})", problem.message, problem.pointer)
    }
}

pub(crate) fn compile(step: &document::Approval, at: &version::Place<'_>) -> Result<Compiled, CompileError> {
    if step.approvers.counts.len() > COUNTED_MAX {
        return Err(at.error("approvers/counts", format!("at most {COUNTED_MAX} roles or groups are counted")));
    }
    let tiers = step.tiers.iter().enumerate().map(|(index, tier)| {
        if tier.approvers.counts.len() > COUNTED_MAX {
            let field = format!("tiers/{index}/approvers/counts");
            return Err(at.error(&field, format!("at most {COUNTED_MAX} roles or groups are counted")));
        }
        let when = at.expression(&format!("tiers/{index}/when"), Expression::compile(&tier.when))?;
        Ok((when, tier.clone()))
    });
    let facts = step
        .facts
        .iter()
        .enumerate()
        .map(|(index, fact)| Ok((fact.clone(), at.text(&format!("facts/{index}/value"), &fact.value)?)));
    Ok(Compiled {
        summary: at.text("summary", &step.summary)?,
        waiting: Words::compile(step.waiting_message.as_ref(), |text| at.text("waiting_message", text))?,
        facts: facts.collect::<Result<_, CompileError>>()?,
        allow_empty: step.allow_empty,
        editable: step.editable.clone(),
        form: step.form.as_ref().map(forms::Form::new).transpose().map_err(|error| at.error("form", error))?,
        comment_required: step.comment_required.clone(),
        changes_max: step.changes_max.unwrap_or(CHANGES_DEFAULT),
        standing: step.standing.as_deref().map(|limits| Standing::compile(limits, at)).transpose()?,
        undo: step.undo_seconds.map(|seconds| Span::seconds(seconds.min(UNDO_SECONDS_MAX).into())),
        guards: step.guards.clone(),
        approvers: step.approvers.clone(),
        tiers: tiers.collect::<Result<_, CompileError>>()?,
        remind_after: step.remind_after,
        timeout: step.timeout.clone(),
        ladder: step.ladder.clone(),
        clock: step.calendar.as_deref().map(|name| at.calendar(name)).transpose()?,
        on_approve: step.on_approve.clone(),
        on_reject: step.on_reject.clone(),
        on_changes: step.on_changes.clone(),
    })
}

/// Why an approval is asked elsewhere than where the document has it.
pub(crate) struct Asked {
    /// The step at whose door it is asked.
    pub(crate) door: StepId,
    /// What differs from what was approved.
    pub(crate) difference: Option<RequestDifference>,
}

pub(crate) fn enter(machine: &mut Machine<'_>, step: &Compiled, place: &Place, asked: Option<Asked>) -> Flow {
    let asked_for = step.shown(machine).and_then(|shown| Ok((shown, step.requests(machine)?, step.tier(machine)?)));
    let ((summary, facts), requests, tier) = match asked_for {
        Ok(asked_for) => asked_for,
        Err(error) => return machine.fail(place, error, None),
    };
    // Asked again in place, the customer waits for what they were told.
    if asked.is_none() {
        waiting::say(machine, place.visit, Waiting::Approval, step.waiting.as_ref());
    }
    let edited = Compiled::edited(&requests, &machine.state);
    let due = step.timeout.as_ref().map(|timeout| step.after(machine.now, timeout.after));
    let remind_at = step.remind_after.map(|after| step.after(machine.now, after));
    let rung_at = step.ladder.first().map(|rung| step.after(machine.now, rung.after));
    let (door, difference) = asked.map_or((None, None), |asked| (Some(asked.door), asked.difference));
    let opened = Opened::Approval { summary, requests: requests.into(), difference, door, tier, facts, edited };
    machine.checkpoint(place.visit, CheckpointEvent::Opened { opened, due, remind_at, rung_at });
    Flow::Stay
}

/// What a person says about an approval.
pub(crate) struct Said {
    pub(crate) verdict: Verdict,
    pub(crate) comment: String,
    pub(crate) by: Actor,
    pub(crate) with: DecidedWith,
}

pub(crate) fn decided(machine: &mut Machine<'_>, visit: u32, said: Said) -> Result<Flow, Refusal> {
    let version = machine.version;
    let Some(wait) = machine.state.phase.approval().filter(|wait| wait.place.visit == visit).cloned() else {
        return Err(Refusal::Stale);
    };
    let Some(CompiledStep::Approval(step)) = version.step(&wait.place.step) else {
        return Ok(machine.lost(&wait.place));
    };
    let Said { verdict, comment, by, with } = said;
    if let Some(held) = wait.held {
        return Err(Refusal::Held(held));
    }
    if with.shown.as_ref().is_some_and(|shown| *shown != machine.state.shown) {
        return Err(Refusal::ShownAnother);
    }
    let open = OpenApproval::on(step, &wait, version, &machine.state);
    let Some(next) = open.leads(verdict).cloned() else {
        return Err(Refusal::NotOffered { outcome: verdict.word().to_owned(), offered: open.outcomes() });
    };
    let by = open.seat(&by, &with.for_others, Some(verdict)).map_err(Refusal::NotAnApprover)?;
    let by = if with.standing.is_some() { by } else { step_up::identified(open.approvers(), by, machine.now)? };
    if comment.trim().is_empty() && step.comment_required.contains(&verdict) {
        return Err(Refusal::CommentNeeded(verdict));
    }
    let with = DecidedWith { values: step.taken(verdict, with.values)?, ..with };
    if let Some(grant) = &with.standing {
        let open = OpenApproval::on(step, &wait, version, &machine.state);
        if let Some(reason) = open.why_not_standing(&by, grant, &machine.state, machine.now) {
            return Err(Refusal::NotAnApprover(reason));
        }
    }
    let standing = with.standing.map(|grant| grant.id);
    let DecidedWith { edits, values, .. } = with;
    let requests = changed(machine, step, &wait, (verdict, &edits))?;
    if let (Some(undo), None) = (step.undo, &standing)
        && open.decides(&by, verdict, requests.is_some())
    {
        let (at, until) = (machine.now, machine.now.plus(undo));
        let said = HeldDecision { verdict, by, comment, values, edits, at, until };
        machine.checkpoint(visit, CheckpointEvent::Held(Box::new(said)));
        return Ok(Flow::Stay);
    }
    let said = Counted { verdict, comment, by, values, next, standing, said_at: None };
    entered(machine, step, &wait, Entered { requests, edits, said })
}

/// What somebody said who may, and what they change in the requests.
struct Entered {
    requests: Option<Vec<GuardedRequest>>,
    edits: Edits,
    said: Counted,
}

/// The change first, then the word.
fn entered(
    machine: &mut Machine<'_>,
    step: &Compiled,
    wait: &ApprovalWait,
    Entered { requests, edits, said }: Entered,
) -> Result<Flow, Refusal> {
    if let Some(requests) = requests {
        let another = OpenApproval::on(step, wait, machine.version, &machine.state).approvers().exclude_requester;
        let opened = reopened(&machine.state, wait, requests).ok_or(Refusal::Stale)?;
        let (by, comment) = (said.by.clone(), said.comment.clone());
        machine.checkpoint(wait.place.visit, CheckpointEvent::Edited { opened, edits, by, comment });
        // Where another pair of eyes is demanded, whoever changed it is not that pair.
        if another {
            return Ok(Flow::Stay);
        }
    }
    Ok(counted(machine, step, said))
}

/// What somebody said who may.
struct Counted {
    verdict: Verdict,
    comment: String,
    by: Actor,
    values: Value,
    next: StepId,
    standing: Option<String>,
    said_at: Option<Timestamp>,
}

/// Another voice: it decides, or waits for others.
fn counted(machine: &mut Machine<'_>, step: &Compiled, said: Counted) -> Flow {
    let Counted { verdict, comment, by, values, next, standing, said_at } = said;
    let Some(wait) = machine.state.phase.approval().cloned() else { return Flow::Stay };
    let open = OpenApproval::on(step, &wait, machine.version, &machine.state);
    let visit = wait.place.visit;
    match verdict {
        Verdict::Approved if open.lacking_with(Some(&by)).is_some() => {
            machine.checkpoint(visit, CheckpointEvent::ApprovalGiven { by, comment });
            return Flow::Stay;
        }
        Verdict::Rejected if !open.rejects(&by) => {
            machine.checkpoint(visit, CheckpointEvent::RejectionGiven { by, comment });
            return Flow::Stay;
        }
        Verdict::Approved | Verdict::Rejected | Verdict::Changes => {}
    }
    let next = wait.door.as_ref().filter(|_| verdict == Verdict::Approved).unwrap_or(&next);
    let mut output = json!({
        "outcome": verdict,
        "comment": comment,
        "by": { "id": by.id, "name": by.name, "email": by.email },
    });
    if !values.is_null() {
        output["values"] = values.clone();
    }
    if let Some(standing) = &standing {
        output["standing"] = json!(standing);
    }
    let edited = Compiled::edited(&wait.requests, &machine.state);
    if verdict == Verdict::Approved && !edited.is_empty() {
        output["edited"] = edited.into_iter().map(|edited| (edited.step, edited.now)).collect::<Map<_, _>>().into();
    }
    let by = ClosedBy::Person { actor: by };
    close(machine, &wait.place, Closing { verdict, by, comment, values, output, next, standing, said_at })
}

/// The requests as somebody changed them; nothing when they change nothing.
fn changed(
    machine: &Machine<'_>,
    step: &Compiled,
    wait: &ApprovalWait,
    (verdict, edits): (Verdict, &Edits),
) -> Result<Option<Vec<GuardedRequest>>, Refusal> {
    let refused = |problems| Refusal::InvalidForm { problems };
    if edits.values().all(Map::is_empty) {
        return Ok(None);
    }
    if verdict != Verdict::Approved {
        let message = "only who approves changes what is sent".to_owned();
        return Err(refused(vec![FieldProblem { pointer: "/edits".into(), message }]));
    }
    let told = |wrong: NotEditable| FieldProblem { pointer: wrong.pointer, message: wrong.message.to_owned() };
    let requests = edited(&wait.requests, &step.editable, edits);
    let requests = requests.map_err(|wrong| refused(wrong.into_iter().map(told).collect()))?;
    let mut problems = Vec::new();
    for (old, new) in wait.requests.iter().zip(&requests).filter(|(old, new)| old.input != new.input) {
        let Some(CompiledStep::ToolCall(call)) = machine.version.step(&old.step) else { continue };
        let unkept = crate::text::unkept(&new.input)
            .map(|pointer| FieldProblem { pointer, message: "the character U+0000 cannot be kept".to_owned() });
        problems.extend(call.problems(&new.input).into_iter().chain(unkept));
    }
    if !problems.is_empty() {
        return Err(refused(problems));
    }
    Ok((requests[..] != wait.requests[..]).then_some(requests))
}

/// What is shown once the requests are these.
fn reopened(state: &RunState, wait: &ApprovalWait, now: Vec<GuardedRequest>) -> Option<Opened> {
    let Opened::Approval { summary, requests, difference, door, tier, facts, .. } = wait.opened.as_ref().clone() else {
        return None;
    };
    let edited = |(old, new): (&GuardedRequest, &GuardedRequest)| {
        let first = state.edited.get(&old.step).filter(|edited| edited.after == old.input);
        let approved = first.map_or(&old.input, |edited| &edited.before).clone();
        let (step, now) = (new.step.clone(), new.input.clone());
        (approved != now).then_some(RequestDifference { step, approved, now, account_changed: false })
    };
    let edited = requests.iter().zip(&now).filter_map(edited).collect();
    Some(Opened::Approval { summary, requests: now.into(), difference, door, tier, facts, edited })
}

struct Closing<'a> {
    verdict: Verdict,
    by: ClosedBy,
    comment: String,
    values: Value,
    output: Value,
    next: &'a StepId,
    standing: Option<String>,
    said_at: Option<Timestamp>,
}

fn close(machine: &mut Machine<'_>, place: &Place, closing: Closing<'_>) -> Flow {
    let Closing { verdict, by, comment, values, output, next, standing, said_at } = closing;
    let outcome = Outcome::Decided(verdict);
    machine.checkpoint(place.visit, CheckpointEvent::Closed { outcome, by, comment, values, standing, said_at });
    let exit = match verdict {
        Verdict::Approved => Exit::Approved,
        Verdict::Rejected => Exit::Rejected,
        Verdict::Changes => Exit::Changes,
    };
    machine.complete(place, Completion { exit, next, set: &[], output: Some(output), on_error: None })
}

pub(crate) fn timer_fired(machine: &mut Machine<'_>, wait: &ApprovalWait) -> Flow {
    let version = machine.version;
    let (visit, now) = (wait.place.visit, machine.now);
    let Some(CompiledStep::Approval(step)) = version.step(&wait.place.step) else { return machine.lost(&wait.place) };
    if let Some(held) = &wait.held {
        return held::handed_over(machine, step, wait, held);
    }
    if wait.due.is_none_or(|due| due > now) {
        let event =
            if wait.remind_at.is_some_and(|at| at <= now) { CheckpointEvent::Reminded } else { step.climb(wait) };
        machine.checkpoint(visit, event);
        return Flow::Stay;
    }
    let Some(timeout) = &step.timeout else { return machine.lost(&wait.place) };
    let (verdict, branch) = match timeout.outcome {
        TimeoutOutcome::Approved => (Verdict::Approved, wait.door.as_ref().unwrap_or(&step.on_approve)),
        TimeoutOutcome::Escalate if wait.escalated.is_none() => {
            let (roles, due) = (timeout.escalate_to.clone(), step.after(now, timeout.after));
            machine.checkpoint(visit, CheckpointEvent::Escalated { roles, due });
            return Flow::Stay;
        }
        TimeoutOutcome::Rejected | TimeoutOutcome::Escalate => (Verdict::Rejected, &step.on_reject),
    };
    let next = timeout.next.as_ref().unwrap_or(branch);
    let output = json!({ "outcome": verdict, "comment": "", "by": null, "timeout": true });
    let (by, comment, values) = (ClosedBy::Timeout, String::new(), Value::Null);
    close(machine, &wait.place, Closing { verdict, by, comment, values, output, next, standing: None, said_at: None })
}
