//! Moving a waiting run to another version of its workflow, and taking that back.
//!
//! The run stays where it waits: same entry, same checkpoint, same people, same timers. What was approved stays what runs:
//! a grant keeps its hash, so a guarded call that another version would render differently asks its approval again.

use crate::{
    approval::GuardedRequest,
    document::{
        Approvers, CollectForm, Step, StepId, StepKind, Workflow,
        graph::Graph,
        sites::{self, Form, RESERVED},
    },
    expr::{Expression, TextTemplate},
    run::{
        Actor, CompiledStep, Event, Movable, Moved, Refusal, RunEvent, RunState, Version, Via, apply, machine::Machine,
    },
    time::Timestamp,
};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The most reasons told about one run.
const REASONS_MAX: usize = 20;

/// Whether a run can be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveVerdict {
    /// Nothing stands against it.
    Safe,
    /// Its step is not there, but others of its kind are: one must be named.
    NeedsMapping,
    /// It must stay.
    Unsafe,
}

/// Why a run must stay, or what to know when it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveReason {
    /// Stable short name.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

/// What is said about moving one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveCheck {
    /// Whether it can be moved.
    pub verdict: MoveVerdict,
    /// The step it waits at.
    pub step: Option<StepId>,
    /// The step it would wait at.
    pub now_at: Option<StepId>,
    /// Why it must stay, or why a step must be named.
    pub reasons: Vec<MoveReason>,
    /// What to know when it goes.
    pub notes: Vec<MoveReason>,
    /// Steps it could wait at instead.
    pub candidates: Vec<StepId>,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct MoveRequest<'a> {
    /// The version it is on.
    pub from: &'a Version,
    /// The version it is to go on with.
    pub to: &'a Version,
    /// The number of that.
    pub number: u32,
    /// Steps that are called otherwise there: old id → new id.
    pub mapping: &'a BTreeMap<StepId, StepId>,
}

/// Says whether the run can be moved, and why not.
#[must_use]
pub fn check_move(request: &MoveRequest<'_>, state: &RunState, now: Timestamp) -> MoveCheck {
    let mut found = MoveCheck {
        verdict: MoveVerdict::Unsafe,
        step: state.place().map(|place| place.step.clone()),
        now_at: None,
        reasons: Vec::new(),
        notes: Vec::new(),
        candidates: Vec::new(),
    };
    if !state.phase.waits() {
        found.because("not_waiting", "it does not wait at a step: only a waiting run can be moved".into());
        return found;
    }
    if let Some(held) = state.phase.held() {
        found.because("held", held.told());
        return found;
    }
    if state.info.version == request.number {
        found.because("same_version", format!("it is on version {} already", request.number));
        return found;
    }
    let Some(step) = found.step.clone() else { return found };
    let Some((now_at, here, there)) = counterpart(request, state, &step, &mut found) else { return found };
    found.now_at = Some(now_at.clone());
    compatible(state, here, there, &mut found);
    let moved = moved(request, state, (&step, &now_at), &system());
    let mut after = state.clone();
    apply(&mut after, &Event::Run(RunEvent::Moved { moved: Box::new(moved), at: now }));
    let downstream = Downstream::of(request.to.workflow(), &now_at);
    // What was already missing stays as it was.
    let mut before = MoveCheck { reasons: Vec::new(), ..found.clone() };
    Downstream::of(request.from.workflow(), &step).reads(request.from.workflow(), state, &mut before);
    let mut reads = MoveCheck { reasons: Vec::new(), ..found.clone() };
    downstream.reads(request.to.workflow(), state, &mut reads);
    found.reasons.extend(reads.reasons.into_iter().filter(|reason| !before.reasons.contains(reason)));
    guards(request, state, &now_at, &mut found);
    requests(request, &after, &now_at, &downstream, now, &mut found);
    if (request.to.workflow().step_limit()..request.from.workflow().step_limit()).contains(&state.visits) {
        found.because("step_limit", "it has entered as many steps as the version allows".into());
    }
    found.reasons.truncate(REASONS_MAX);
    if found.reasons.is_empty() {
        found.verdict = MoveVerdict::Safe;
    }
    found
}

impl Movable {
    /// Checks the move of a run in this state.
    ///
    /// # Errors
    /// `NotMovable` with the first reason.
    pub fn check(request: &MoveRequest<'_>, state: &RunState, now: Timestamp) -> Result<Self, Refusal> {
        let found = check_move(request, state, now);
        let (Some(step), Some(now_at), MoveVerdict::Safe) = (found.step, found.now_at, found.verdict) else {
            let reason = found.reasons.into_iter().next().map(|reason| reason.message);
            return Err(Refusal::NotMovable(reason.unwrap_or_else(|| "it cannot be moved".into())));
        };
        Ok(Self(moved(request, state, (&step, &now_at), &system())))
    }
}

/// Who asks when nobody does yet.
fn system() -> Actor {
    Actor {
        id: String::new(),
        name: String::new(),
        email: String::new(),
        roles: Vec::new(),
        via: Via::Api,
        made_by: String::new(),
        signed_in_at: None,
        on_behalf_of: None,
    }
}

impl MoveCheck {
    fn because(&mut self, code: &'static str, message: String) {
        let reason = MoveReason { code, message };
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    fn note(&mut self, code: &'static str, message: String) {
        self.notes.push(MoveReason { code, message });
    }
}

fn moved(request: &MoveRequest<'_>, state: &RunState, (step, now_at): (&str, &str), by: &Actor) -> Moved {
    let vars = &request.to.workflow().vars;
    let added = vars.iter().filter(|(name, _)| !state.vars.contains_key(*name));
    let (people, people_before) = match state.phase.approval() {
        Some(wait) => (asked(request, wait.people.as_ref(), step, now_at), wait.people.clone()),
        None => (None, None),
    };
    Moved {
        visit: state.place().map_or(0, |place| place.visit),
        from: state.info.version,
        to: request.number,
        step: step.to_owned(),
        now_at: now_at.to_owned(),
        added: added.map(|(name, value)| (name.clone(), value.clone())).collect(),
        dropped: Vec::new(),
        people,
        people_before,
        undo: false,
        by: by.clone(),
    }
}

/// The people who were asked, when the other version would ask others.
fn asked(request: &MoveRequest<'_>, kept: Option<&Approvers>, step: &str, now_at: &str) -> Option<Approvers> {
    let of = |version: &Version, step: &str| match version.step(step) {
        Some(CompiledStep::Approval(step)) => Some(step.approvers().clone()),
        _ => None,
    };
    let asked = kept.cloned().or_else(|| of(request.from, step))?;
    (of(request.to, now_at).as_ref() != Some(&asked)).then_some(asked)
}

/// The step to wait at: the one named, or the one of the same id when it is of the same kind.
fn counterpart<'a>(
    request: &MoveRequest<'a>,
    state: &RunState,
    step: &str,
    found: &mut MoveCheck,
) -> Option<(StepId, &'a Step, &'a Step)> {
    let (from, to) = (request.from.workflow(), request.to.workflow());
    let here = from.steps.get(step)?;
    let like = |there: &Step| there.kind.tag() == here.kind.tag();
    let named = request.mapping.get(step);
    let wanted = named.map_or(step, String::as_str);
    if let Some(there) = to.steps.get(wanted).filter(|there| like(there)) {
        return Some((wanted.to_owned(), here, there));
    }
    found.candidates = to
        .steps
        .iter()
        .filter(|(_, there)| like(there))
        .filter(|(_, there)| {
            let mut trial = MoveCheck { reasons: Vec::new(), ..found.clone() };
            compatible(state, here, there, &mut trial);
            trial.reasons.is_empty()
        })
        .map(|(id, _)| id.clone())
        .collect();
    let kind = here.kind.tag();
    let missing = match to.steps.get(wanted) {
        Some(there) => format!("`{wanted}` is a {} there, not a {kind}", there.kind.tag()),
        None => format!("there is no step `{wanted}`"),
    };
    if found.candidates.is_empty() {
        found.because("step_missing", format!("{missing}, and no other {kind} it could wait at"));
    } else {
        found.verdict = MoveVerdict::NeedsMapping;
        found.because("step_missing", format!("{missing}: name the {kind} it is to wait at"));
    }
    None
}

/// Whether somebody who was shown the one can go on with the other.
fn compatible(state: &RunState, here: &Step, there: &Step, found: &mut MoveCheck) {
    let due = state.wake_at().is_some();
    let mut timer = |gone: bool| {
        if due && gone {
            found.because("timer_gone", "its timer runs, and the step has none there".into());
        }
    };
    match (&here.kind, &there.kind) {
        (StepKind::ToolCall(here), StepKind::ToolCall(there)) => {
            if (&here.action, &here.connection) != (&there.action, &there.connection) {
                let message = format!("its call is `{}`, there it would be `{}`", here.action, there.action);
                found.because("action_changed", message);
            }
        }
        (StepKind::Notify(here), StepKind::Notify(there)) => {
            if (&here.channels, here.delivery) != (&there.channels, there.delivery) {
                found.because("channels_changed", "it was sending over other channels".into());
            }
        }
        (StepKind::CollectForm(here), StepKind::CollectForm(there)) => {
            timer(there.timeout.is_none());
            form_fits(here, there, found);
        }
        (StepKind::HumanHandoff(_), StepKind::HumanHandoff(there)) => timer(there.timeout.is_none()),
        (StepKind::Approval(here), StepKind::Approval(there)) => {
            // A reminder alone needs nothing of the step.
            timer(there.timeout.is_none() && here.timeout.is_some());
            if here.ladder != there.ladder && state.phase.approval().is_some_and(|wait| wait.rung_at.is_some()) {
                found.because("ladder_changed", "while nobody decides something else would happen there".into());
            }
            if here.approvers != there.approvers {
                found.note("people_kept", "the people who were asked stay, though others would be asked there".into());
            }
        }
        _ => found.because("kind_changed", "the step is of another kind there".into()),
    }
}

/// The customer has the old form before them; what they send must fit the new one.
fn form_fits(here: &CollectForm, there: &CollectForm, found: &mut MoveCheck) {
    if here.form == there.form {
        return;
    }
    let none = Map::new();
    let properties = |form: &Value| form.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let required = |form: &Value| -> BTreeSet<String> {
        let listed = form.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        listed.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (old, new) = (properties(&here.form), properties(&there.form));
    for name in required(&there.form).difference(&required(&here.form)) {
        found.because("form_changed", format!("the form there needs `{name}`, which the one shown does not"));
    }
    let closed = there.form.get("additionalProperties") == Some(&Value::Bool(false));
    for (name, schema) in &old {
        match new.get(name) {
            Some(other) if same_shape(schema, other) => {}
            None if !closed => {}
            Some(_) | None => found.because("form_changed", format!("`{name}` is asked for otherwise there")),
        }
    }
    let rest = |form: &Value| {
        let mut rest = form.as_object().unwrap_or(&none).clone();
        rest.retain(|key, _| !matches!(key.as_str(), "properties" | "required" | "title" | "description"));
        rest
    };
    if rest(&here.form) != rest(&there.form) {
        found.because("form_changed", "the form has other rules there".into());
    }
}

/// Whether two schemas differ in words only.
fn same_shape(one: &Value, other: &Value) -> bool {
    let bare = |schema: &Value| {
        let mut schema = schema.as_object().cloned().unwrap_or_default();
        schema.retain(|key, _| !matches!(key.as_str(), "title" | "description" | "examples"));
        schema
    };
    one == other || (one.is_object() && other.is_object() && bare(one) == bare(other))
}

/// The steps that can follow.
struct Downstream<'a> {
    at: &'a str,
    steps: BTreeSet<&'a str>,
}

impl<'a> Downstream<'a> {
    fn of(workflow: &'a Workflow, at: &'a str) -> Self {
        Self { at, steps: reachable(workflow, at, |_| true) }
    }

    /// What these steps read must be there.
    fn reads(&self, workflow: &Workflow, state: &RunState, found: &mut MoveCheck) {
        for (id, step) in &workflow.steps {
            let whole = self.steps.contains(id.as_str());
            if !whole && id != self.at {
                continue;
            }
            // The step it waits at has been rendered; only what follows its answer is still to come.
            let sites = sites::of_step(id, &step.kind);
            for site in sites.iter().filter(|site| whole || site.output) {
                let compiled = match site.form {
                    Form::Expression => Expression::compile(site.text).map(|expression| vec![expression]),
                    Form::Template => {
                        TextTemplate::compile(site.text).map(|text| text.expressions().cloned().collect())
                    }
                };
                for expression in compiled.unwrap_or_default() {
                    self.read(workflow, state, id, &expression, found);
                }
            }
        }
    }

    fn read(&self, workflow: &Workflow, state: &RunState, by: &str, expression: &Expression, found: &mut MoveCheck) {
        for name in expression.roots() {
            let known = RESERVED.contains(&name.as_str()) || name == "output" || state.vars.contains_key(name);
            if known || self.sets(workflow, name) {
                continue;
            }
            // A constant of the new version comes with the move; what an earlier step would have set does not.
            let constant = workflow.vars.contains_key(name) && !sites::set_names(workflow).any(|set| set == name);
            if !constant {
                let message = format!("`{by}` reads `{name}`, which a step sets that this run is past");
                found.because("variable_missing", message);
            }
        }
        for path in expression.paths() {
            if let [root, step, ..] = path.as_slice()
                && root == "steps"
                && state.steps.get(step).is_none()
                && step != self.at
                && !self.steps.contains(step.as_str())
            {
                let message = format!("`{by}` reads what `{step}` gave, which this run never took");
                found.because("output_missing", message);
            }
        }
    }

    /// Whether a step still to come sets the variable.
    fn sets(&self, workflow: &Workflow, name: &str) -> bool {
        workflow.steps.iter().any(|(id, step)| {
            (id == self.at || self.steps.contains(id.as_str()))
                && match &step.kind {
                    StepKind::ToolCall(step) => step.set.contains_key(name),
                    StepKind::CollectForm(step) => step.set.contains_key(name),
                    StepKind::Condition(_)
                    | StepKind::Notify(_)
                    | StepKind::Approval(_)
                    | StepKind::HumanHandoff(_)
                    | StepKind::End(_) => false,
                }
        })
    }
}

/// The steps that can follow `at`, on paths through steps that may be passed.
fn reachable<'a>(workflow: &'a Workflow, at: &str, pass: impl Fn(&str) -> bool) -> BTreeSet<&'a str> {
    let Some(from) = workflow.steps.get_index_of(at) else { return BTreeSet::new() };
    let passes = |to: usize| workflow.steps.get_index(to).is_some_and(|(id, _)| pass(id));
    let reached = Graph::of(workflow).following(from, |_, edge| passes(edge.to));
    workflow.steps.keys().zip(reached).filter(|(_, reached)| *reached).map(|(id, _)| id.as_str()).collect()
}

/// An approval the new version asks for must not lie behind the run.
fn guards(request: &MoveRequest<'_>, state: &RunState, now_at: &str, found: &mut MoveCheck) {
    let (from, to) = (request.from, request.to);
    for (guarded, approvals) in &to.guarded_by {
        for approval in approvals.iter().filter(|approval| *approval != now_at) {
            let known = from.guarded_by.get(guarded).is_some_and(|before| before.contains(approval));
            if known || state.grants.about(guarded).is_some_and(|about| about.contains_key(approval)) {
                continue;
            }
            if reachable(to.workflow(), now_at, |step| step != approval).contains(guarded.as_str()) {
                let message = format!("`{approval}` is to approve `{guarded}` there, and this run is past it");
                found.because("unapproved_guard", message);
            }
        }
    }
    for (guarded, approval, _) in state.grants.live() {
        if to.step(guarded).is_some() && to.step(approval).is_none() {
            let message = format!("`{guarded}` was approved at `{approval}`, which is not there to ask again");
            found.because("approval_gone", message);
        }
    }
}

/// What was shown for approval must be what would run.
fn requests(
    request: &MoveRequest<'_>,
    after: &RunState,
    now_at: &str,
    downstream: &Downstream<'_>,
    now: Timestamp,
    found: &mut MoveCheck,
) {
    let machine = Machine::on(request.to, Box::new(after.clone()), now);
    if let (Some(wait), Some(CompiledStep::Approval(step))) = (after.phase.approval(), request.to.step(now_at)) {
        let same = |there: &[GuardedRequest]| {
            let is_there = |shown: &GuardedRequest| {
                there.iter().any(|request| request.step == shown.step && request.is_same_call(shown))
            };
            there.len() == wait.requests.len() && wait.requests.iter().all(is_there)
        };
        match step.requests(&machine) {
            Ok(there) if same(&there) => {}
            Ok(_) | Err(_) => {
                found.because("request_changed", "what was shown for approval is not what would run there".into());
            }
        }
    }
    for (guarded, _, grant) in after.grants.live() {
        if let Some(CompiledStep::ToolCall(call)) = request.to.step(guarded)
            && downstream.steps.contains(guarded.as_str())
            && call.request(&machine, guarded).is_ok_and(|now| !now.is_same_call(&grant.request))
        {
            let message =
                format!("`{guarded}` would send something else than was approved: its approval is asked again");
            found.note("asked_again", message);
        }
    }
}
