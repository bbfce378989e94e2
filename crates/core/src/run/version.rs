//! A published document, compiled once: templates and expressions parsed, forms made checkable.

use super::steps::{approval, collect_form, condition, end, human_handoff, notify, tool_call};
use super::{
    FieldProblem,
    case::Case,
    forms,
    waiting::{WaitingWords, Words},
};
use crate::{
    approval::{ChosenAccounts, Gates, json_hash},
    catalogue::{ActionSpec, Catalogue},
    document::{Approval, Calendar, StandingLimits, StepId, StepKind, ToolCall, Workflow},
    expr::{ExpressionError, Template, TextTemplate},
    working_time::WorkingTime,
};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Why a document cannot run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{pointer}: {message}")]
pub struct CompileError {
    /// JSON pointer into the document.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
}

/// A published document, ready to run. Immutable.
#[derive(Debug)]
pub struct Version {
    pub(crate) workflow: Workflow,
    pub(crate) steps: IndexMap<StepId, CompiledStep>,
    input: Option<jsonschema::Validator>,
    /// The conditions of message triggers.
    pub(super) messages: Vec<super::triggers::MessageTrigger>,
    /// What a run is about, for lists.
    pub(super) case: Option<Case>,
    /// What the customer reads when a run fails.
    pub(crate) waiting: Option<Words>,
    /// Guarded step → the approvals that guard it.
    pub(crate) guarded_by: BTreeMap<StepId, Vec<StepId>>,
    /// The approvals that every path to a step passes.
    pub(crate) gates: Gates,
    /// Whether a high-risk action may run without a grant: the workspace's policy said so at publishing.
    pub(crate) allow_unguarded: bool,
    /// User id of who published it, where that is known.
    pub(crate) author: Option<String>,
    accounts: ChosenAccounts,
    words: WaitingWords,
}

/// One step, compiled.
#[derive(Debug)]
pub enum CompiledStep {
    /// Calls a connector action.
    ToolCall(tool_call::Compiled),
    /// Collects a form.
    CollectForm(collect_form::Compiled),
    /// Branches.
    Condition(condition::Compiled),
    /// Sends a message.
    Notify(notify::Compiled),
    /// Waits for an approval.
    Approval(Box<approval::Compiled>),
    /// Gives the conversation to a person.
    HumanHandoff(human_handoff::Compiled),
    /// Ends the run.
    End(end::Compiled),
}

impl Version {
    /// Compiles `workflow` against the actions that exist.
    ///
    /// # Errors
    /// The first place that does not compile, or a target that does not exist. Run the checks for the whole list.
    pub fn compile(workflow: Workflow, catalogue: &Catalogue, allow_unguarded: bool) -> Result<Self, CompileError> {
        let input = workflow.input.as_ref().map(forms::validator).transpose();
        let input = input.map_err(|message| CompileError { pointer: "/input".into(), message })?;
        let case = case_of(&workflow)?;
        let text = |source: &str| {
            let pointer = "/waiting_message".to_owned();
            TextTemplate::compile(source).map_err(|error| CompileError { pointer, message: error.to_string() })
        };
        let waiting = Words::compile(workflow.waiting_message.as_ref(), text)?;
        let guarded: BTreeSet<&str> = workflow.steps.values().flat_map(|step| guards(&step.kind)).collect();
        let mut steps = IndexMap::with_capacity(workflow.steps.len());
        let mut guarded_by: BTreeMap<StepId, Vec<StepId>> = BTreeMap::new();
        check_target(&workflow, "/start", &workflow.start)?;
        for (id, step) in &workflow.steps {
            for (exit, target) in step.kind.exits() {
                check_target(&workflow, &format!("/steps/{id} ({exit})"), target)?;
            }
            let at = Place { id, catalogue, guarded: guarded.contains(id.as_str()), calendars: &workflow.calendars };
            let compiled = match &step.kind {
                StepKind::ToolCall(step) => CompiledStep::ToolCall(tool_call::compile(step, &at)?),
                StepKind::CollectForm(step) => CompiledStep::CollectForm(collect_form::compile(step, &at)?),
                StepKind::Condition(step) => CompiledStep::Condition(condition::compile(step, &at)?),
                StepKind::Notify(step) => CompiledStep::Notify(notify::compile(step, &at)?),
                StepKind::Approval(step) => {
                    for guarded in &step.guards {
                        check_target(&workflow, &format!("/steps/{id}/guards"), guarded)?;
                        guarded_by.entry(guarded.clone()).or_default().push(id.clone());
                    }
                    CompiledStep::Approval(Box::new(approval::compile(step, &at)?))
                }
                StepKind::HumanHandoff(step) => CompiledStep::HumanHandoff(human_handoff::compile(step, &at)?),
                StepKind::End(step) => CompiledStep::End(end::compile(step, &at)?),
            };
            steps.insert(id.clone(), compiled);
        }
        let messages = super::triggers::compile(&workflow);
        let gates = Gates::of(&workflow);
        Ok(Self {
            workflow,
            input,
            messages,
            case,
            waiting,
            steps,
            guarded_by,
            gates,
            allow_unguarded,
            author: None,
            accounts: ChosenAccounts::default(),
            words: WaitingWords::default(),
        })
    }

    /// The same, published by this person (user id).
    #[must_use]
    pub fn published_by(self, author: &str) -> Self {
        Self { author: Some(author.to_owned()), ..self }
    }

    /// The same, with the accounts that were chosen for it.
    #[must_use]
    pub fn through(self, accounts: ChosenAccounts) -> Self {
        Self { accounts, ..self }
    }

    /// The accounts that were chosen for it.
    #[must_use]
    pub fn accounts(&self) -> &ChosenAccounts {
        &self.accounts
    }

    /// The document it was compiled from.
    #[must_use]
    pub fn workflow(&self) -> &Workflow {
        &self.workflow
    }

    /// Whether a customer's message may start it.
    #[must_use]
    pub fn takes_messages(&self) -> bool {
        !self.messages.is_empty()
    }

    /// The same, in a workspace that says this to customers who wait; for playing it.
    #[must_use]
    pub fn saying(self, words: WaitingWords) -> Self {
        Self { words, ..self }
    }

    /// What customers who wait are told when it is played.
    pub(crate) fn words(&self) -> &WaitingWords {
        &self.words
    }

    /// Whether what its customers are told while they wait is for the workspace to say.
    #[must_use]
    pub fn leaves_words(&self) -> bool {
        let approval = |step: &CompiledStep| matches!(step, CompiledStep::Approval(step) if step.speaks());
        self.waiting.is_some() || self.steps.values().any(approval)
    }

    /// What does not fit the schema of a run's input; at most 50 problems.
    #[must_use]
    pub fn input_problems(&self, input: &Value) -> Vec<FieldProblem> {
        self.input.as_ref().map_or_else(Vec::new, |validator| forms::problems(validator, input))
    }

    /// SHA-256 (hex) of what an approval step would let people allow in advance: which place of which call, as the document has
    /// it, and the account it goes to. Whoever allowed something else did not allow this. Nothing where nothing may be allowed.
    #[must_use]
    pub fn standing_hash(&self, step: &str, account: Option<&str>) -> Option<String> {
        let (approval, limits, call) = self.standing(step)?;
        let (action, connection, input) = (&call.action, &call.connection, &call.input);
        Some(json_hash(&json!({
            "guards": approval.guards, "step": limits.step, "field": limits.field, "when": limits.when,
            "action": action, "connection": connection, "account": account, "input": input,
        })))
    }

    /// The action that may be allowed in advance at an approval step, and through which connection.
    #[must_use]
    pub fn standing_call(&self, step: &str) -> Option<(&str, Option<&str>)> {
        self.standing(step).map(|(.., call)| (call.action.as_str(), call.connection.as_deref()))
    }

    fn standing(&self, step: &str) -> Option<(&Approval, &StandingLimits, &ToolCall)> {
        let StepKind::Approval(approval) = &self.workflow.steps.get(step)?.kind else { return None };
        let limits = approval.standing.as_deref()?;
        let StepKind::ToolCall(call) = &self.workflow.steps.get(&limits.step)?.kind else { return None };
        Some((approval, limits, call))
    }

    /// What guarded steps call, and through which connection.
    pub fn guarded_calls(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.guarded_by.keys().filter_map(|step| match &self.workflow.steps.get(step)?.kind {
            StepKind::ToolCall(call) => Some((call.action.as_str(), call.connection.as_deref())),
            StepKind::CollectForm(_)
            | StepKind::Condition(_)
            | StepKind::Notify(_)
            | StepKind::Approval(_)
            | StepKind::HumanHandoff(_)
            | StepKind::End(_) => None,
        })
    }

    /// The step of that id.
    #[must_use]
    pub fn step(&self, id: &str) -> Option<&CompiledStep> {
        self.steps.get(id)
    }

    /// The title of a step, or its id.
    #[must_use]
    pub fn title<'a>(&'a self, id: &'a str) -> &'a str {
        match self.workflow.steps.get(id) {
            Some(step) if !step.title.is_empty() => &step.title,
            _ => id,
        }
    }
}

fn case_of(workflow: &Workflow) -> Result<Option<Case>, CompileError> {
    let source = workflow.case.trim();
    if source.is_empty() {
        return Ok(None);
    }
    let template = TextTemplate::compile(source);
    let template = template.map_err(|error| CompileError { pointer: "/case".into(), message: error.to_string() })?;
    Ok(Some(Case::of(template)))
}

fn check_target(workflow: &Workflow, pointer: &str, target: &str) -> Result<(), CompileError> {
    if workflow.steps.contains_key(target) {
        return Ok(());
    }
    Err(CompileError { pointer: pointer.to_owned(), message: format!("there is no step `{target}`") })
}

/// Where a step's compilation is, for its error messages.
pub(crate) struct Place<'a> {
    id: &'a str,
    catalogue: &'a Catalogue,
    guarded: bool,
    calendars: &'a IndexMap<String, Calendar>,
}

/// The steps that an approval guards.
fn guards(kind: &StepKind) -> impl Iterator<Item = &str> {
    let guards = if let StepKind::Approval(step) = kind { step.guards.as_slice() } else { &[] };
    guards.iter().map(String::as_str)
}

impl Place<'_> {
    /// The working time of that name.
    pub(crate) fn calendar(&self, name: &str) -> Result<WorkingTime, CompileError> {
        let calendar = self.calendars.get(name);
        let calendar = calendar.ok_or_else(|| self.error("calendar", format!("there is no calendar `{name}`")))?;
        WorkingTime::of(calendar).map_err(|error| self.error("calendar", error))
    }

    /// Whether an approval guards the step.
    pub(crate) fn is_guarded(&self) -> bool {
        self.guarded
    }

    pub(crate) fn error(&self, field: &str, message: impl ToString) -> CompileError {
        CompileError { pointer: format!("/steps/{}/{field}", self.id), message: message.to_string() }
    }

    pub(crate) fn text(&self, field: &str, source: &str) -> Result<TextTemplate, CompileError> {
        TextTemplate::compile(source).map_err(|error| self.error(field, error))
    }

    pub(crate) fn template(&self, field: &str, source: &Value) -> Result<Template, CompileError> {
        Template::compile(source).map_err(|error| self.error(field, error))
    }

    pub(crate) fn set(&self, source: &Map<String, Value>) -> Result<Vec<(String, Template)>, CompileError> {
        source.iter().map(|(name, value)| Ok((name.clone(), self.template(&format!("set/{name}"), value)?))).collect()
    }

    pub(crate) fn expression<T>(&self, field: &str, result: Result<T, ExpressionError>) -> Result<T, CompileError> {
        result.map_err(|error| self.error(field, error))
    }

    pub(crate) fn action(&self, name: &str) -> Result<Arc<ActionSpec>, CompileError> {
        self.catalogue.shared(name).ok_or_else(|| self.error("action", format!("there is no action `{name}`")))
    }
}
