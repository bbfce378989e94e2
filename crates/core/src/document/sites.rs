//! Every place of a document that holds an expression.

use crate::{
    document::{StepKind, WaitingMessage, Workflow},
    pointer::token,
    run::FieldKind,
};
use serde_json::{Map, Value};

/// Root names that every expression of a run can read; variables of these names would be hidden.
pub(crate) const RESERVED: [&str; 7] = ["input", "steps", "customer", "conversation", "trigger", "run", "error"];

/// How the text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The text is an expression.
    Expression,
    /// Expressions are in `{{ }}`.
    Template,
}

/// One text that holds expressions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Site<'a> {
    /// JSON pointer into the document.
    pub(crate) pointer: String,
    /// The text.
    pub(crate) text: &'a str,
    /// How it is written.
    pub(crate) form: Form,
    /// Whether it can read `output`: inside `set`.
    pub(crate) output: bool,
}

/// The site of the document that belongs to no step: the template of the case.
pub(crate) fn of_case(workflow: &Workflow) -> Option<Site<'_>> {
    let text = workflow.case.as_str();
    let site = Site { pointer: "/case".to_owned(), text, form: Form::Template, output: false };
    text.contains("{{").then_some(site)
}

/// The site of the document that belongs to no step: what the customer reads when a run fails.
pub(crate) fn of_waiting(workflow: &Workflow) -> Option<Site<'_>> {
    let text = workflow.waiting_message.as_ref().and_then(WaitingMessage::own)?;
    let site = Site { pointer: "/waiting_message".to_owned(), text, form: Form::Template, output: false };
    text.contains("{{").then_some(site)
}

/// The sites of one step.
pub(crate) fn of_step<'a>(id: &str, kind: &'a StepKind) -> Vec<Site<'a>> {
    let mut sites = Sites { found: Vec::new(), at: format!("/steps/{}", token(id)), output: false };
    match kind {
        StepKind::ToolCall(step) => {
            sites.value("input", &step.input);
            sites.set(&step.set);
            if let Some(customer) = &step.customer {
                sites.output = true;
                let texts = [
                    ("external_id", &customer.external_id),
                    ("name", &customer.name),
                    ("email", &customer.email),
                    ("phone", &customer.phone),
                ];
                for (name, text) in texts {
                    sites.text(&format!("customer/{name}"), text.as_deref().unwrap_or_default());
                }
                sites.below("customer", |sites| sites.map("data", &customer.data));
                sites.output = false;
            }
        }
        StepKind::CollectForm(step) => {
            sites.text("prompt", &step.prompt);
            sites.summaries(&step.form);
            sites.map("prefill", &step.prefill);
            sites.set(&step.set);
        }
        StepKind::Condition(step) => {
            for (index, branch) in step.branches.iter().enumerate() {
                sites.push(&format!("branches/{index}/when"), &branch.when, Form::Expression);
            }
        }
        StepKind::Notify(step) => {
            if let Some(to) = &step.to {
                let addresses = [("phone", &to.phone), ("email", &to.email), ("telegram", &to.telegram)];
                for (name, address) in addresses {
                    sites.text(&format!("to/{name}"), address.as_deref().unwrap_or_default());
                }
            }
            sites.text("subject", &step.subject);
            sites.text("body", &step.body);
            for (index, parameter) in step.template.iter().flat_map(|template| &template.parameters).enumerate() {
                sites.text(&format!("template/parameters/{index}"), parameter);
            }
        }
        StepKind::Approval(step) => {
            sites.text("summary", &step.summary);
            sites.text(
                "waiting_message",
                step.waiting_message.as_ref().and_then(WaitingMessage::own).unwrap_or_default(),
            );
            for (index, fact) in step.facts.iter().enumerate() {
                sites.text(&format!("facts/{index}/value"), &fact.value);
            }
            if let Some(when) = step.standing.as_ref().and_then(|standing| standing.when.as_deref()) {
                sites.push("standing/when", when, Form::Expression);
            }
            for (index, tier) in step.tiers.iter().enumerate() {
                sites.push(&format!("tiers/{index}/when"), &tier.when, Form::Expression);
            }
        }
        StepKind::HumanHandoff(step) => {
            sites.text("note", &step.note);
            sites.text("message", &step.message);
        }
        StepKind::End(step) => {
            sites.text("message", &step.message);
            sites.value("output", &step.output);
        }
    }
    sites.found
}

/// The words that a form shows to be read, with the field each is.
pub(crate) fn summaries(form: &Value) -> impl Iterator<Item = (&String, &str)> {
    let fields = form.get("properties").and_then(Value::as_object).into_iter().flatten();
    let summaries = fields.filter(|(_, field)| FieldKind::of(field) == FieldKind::Summary);
    summaries.filter_map(|(name, field)| Some((name, field.get("description")?.as_str()?)))
}

/// The variables that some step sets.
pub(crate) fn set_names(workflow: &Workflow) -> impl Iterator<Item = &str> {
    let set = workflow.steps.values().filter_map(|step| match &step.kind {
        StepKind::ToolCall(step) => Some(&step.set),
        StepKind::CollectForm(step) => Some(&step.set),
        StepKind::Condition(_)
        | StepKind::Notify(_)
        | StepKind::Approval(_)
        | StepKind::HumanHandoff(_)
        | StepKind::End(_) => None,
    });
    set.flat_map(Map::keys).map(String::as_str)
}

struct Sites<'a> {
    found: Vec<Site<'a>>,
    at: String,
    output: bool,
}

impl<'a> Sites<'a> {
    fn push(&mut self, name: &str, text: &'a str, form: Form) {
        let pointer = format!("{}/{name}", self.at);
        self.found.push(Site { pointer, text, form, output: self.output });
    }

    fn text(&mut self, name: &str, text: &'a str) {
        if text.contains("{{") {
            self.push(name, text, Form::Template);
        }
    }

    fn summaries(&mut self, form: &'a Value) {
        for (name, words) in summaries(form) {
            self.text(&format!("form/properties/{}/description", token(name)), words);
        }
    }

    fn set(&mut self, set: &'a Map<String, Value>) {
        self.output = true;
        self.map("set", set);
        self.output = false;
    }

    fn map(&mut self, name: &str, map: &'a Map<String, Value>) {
        self.below(name, |sites| map.iter().for_each(|(name, value)| sites.value(&token(name), value)));
    }

    fn value(&mut self, name: &str, value: &'a Value) {
        match value {
            Value::String(text) => self.text(name, text),
            Value::Array(items) => self.below(name, |sites| {
                items.iter().enumerate().for_each(|(index, item)| sites.value(&index.to_string(), item));
            }),
            Value::Object(map) => self.map(name, map),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn below(&mut self, name: &str, walk: impl FnOnce(&mut Self)) {
        let length = self.at.len();
        self.at.push('/');
        self.at.push_str(name);
        walk(self);
        self.at.truncate(length);
    }
}
