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
        self, Workflow,
        graph::{Dominators, Graph},
    },
};
use report::Report;

/// What every rule looks at.
struct Context<'a> {
    workflow: &'a Workflow,
    catalogue: &'a Catalogue,
    graph: Graph,
    /// Which steps can be reached from the start.
    reachable: Vec<bool>,
    dominators: Dominators,
    /// The people there are, where that is known.
    people: Option<&'a Roster>,
}

/// Everything worth saying about a document, in the order of the document; at most [`DIAGNOSTICS_MAX`].
#[must_use]
pub fn check(workflow: &Workflow, catalogue: &Catalogue) -> Vec<Diagnostic> {
    check_among(workflow, catalogue, None)
}

/// As [`check`], and whether the people there are can do what it asks of them.
#[must_use]
pub fn check_among(workflow: &Workflow, catalogue: &Catalogue, people: Option<&Roster>) -> Vec<Diagnostic> {
    let graph = Graph::of(workflow);
    let reachable = graph.reachable(|_, _| true);
    let dominators = graph.dominators();
    let context = Context { workflow, catalogue, graph, reachable, dominators, people };
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
