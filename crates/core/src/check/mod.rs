//! Checks of a document. They never fail: what is wrong is data, in a fixed order. A draft may have errors, a published
//! version may not.
//!
//! One file per group of rules; each walks the document once and writes to a [`Report`].

mod actions;
mod approvals;
mod comparisons;
mod expressions;
mod flow;
mod foreseen;
mod form_fields;
mod forms;
mod literal;
mod names;
mod notify;
mod policies;
mod refused;
mod report;
mod suggest;
mod triggers;
mod types;
mod waits;

pub use report::{DIAGNOSTICS_MAX, Diagnostic, Severity};

use crate::{
    approval::Roster,
    catalogue::Catalogue,
    document::{
        self, Channel, Workflow,
        graph::{Dominators, Graph},
    },
};
use report::Report;
use std::collections::{BTreeMap, BTreeSet};

/// What every rule looks at.
struct Context<'a> {
    workflow: &'a Workflow,
    catalogue: &'a Catalogue,
    graph: Graph,
    /// Which steps can be reached from the start.
    reachable: Vec<bool>,
    dominators: Dominators,
    among: Among<'a>,
}

/// The accounts of a connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorAccounts {
    /// Their names.
    pub names: Vec<String>,
    /// Whether a call needs one.
    pub needed: bool,
}

/// Accounts by connector.
pub type AccountNames = BTreeMap<String, ConnectorAccounts>;

/// What there is around a document, where that is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Among<'a> {
    /// The people.
    pub people: Option<&'a Roster>,
    /// The accounts calls can go through.
    pub accounts: Option<&'a AccountNames>,
    /// The channels messages can go over besides the conversation.
    pub channels: Option<&'a BTreeSet<Channel>>,
}

/// Everything worth saying about a document, in the order of the document; at most [`DIAGNOSTICS_MAX`].
#[must_use]
pub fn check(workflow: &Workflow, catalogue: &Catalogue) -> Vec<Diagnostic> {
    check_among(workflow, catalogue, Among::default())
}

/// As [`check`], and whether what there is around it can do what it asks.
#[must_use]
pub fn check_among(workflow: &Workflow, catalogue: &Catalogue, among: Among<'_>) -> Vec<Diagnostic> {
    let graph = Graph::of(workflow);
    let reachable = graph.reachable(|_, _| true);
    let dominators = graph.dominators();
    let context = Context { workflow, catalogue, graph, reachable, dominators, among };
    let mut report = Report::default();
    for group in [
        names::check,
        triggers::check,
        flow::check,
        actions::check,
        forms::check,
        notify::check,
        waits::check,
        approvals::check,
        policies::check,
        expressions::check,
        refused::check,
    ] {
        group(&context, &mut report);
    }
    report.finish()
}

/// Reads and checks a document's text; what keeps it from being read is a diagnostic too.
#[must_use]
pub fn check_source(text: &str, catalogue: &Catalogue) -> (Option<Workflow>, Vec<Diagnostic>) {
    match document::parse_all(text) {
        Ok(workflow) => {
            let diagnostics = check(&workflow, catalogue);
            (Some(workflow), diagnostics)
        }
        Err(errors) => (None, errors.into_iter().take(DIAGNOSTICS_MAX).map(Diagnostic::from).collect()),
    }
}

#[cfg(test)]
mod tests;
