//! What becomes of a document's forms on the channels of its workspace.

use countersign_api::{Diagnostic, Severity};
use countersign_channels::form_problems;
use countersign_core::{
    document::{Channel, StepKind, Workflow},
    pointer::token,
};
use std::collections::BTreeSet;

/// Warnings for forms that some of these channels shows otherwise or not at all.
pub(crate) fn lowered(workflow: &Workflow, channels: &BTreeSet<Channel>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (id, step) in &workflow.steps {
        let StepKind::CollectForm(asked) = &step.kind else { continue };
        let problems: Vec<String> = channels.iter().flat_map(|channel| form_problems(*channel, &asked.form)).collect();
        if problems.is_empty() {
            continue;
        }
        found.push(Diagnostic {
            code: "form_lowered".to_owned(),
            severity: Severity::Warning,
            pointer: format!("/steps/{}/form", token(id.as_str())),
            message: format!("Customers do not get this form as it is everywhere. {}", problems.join(". ")),
            help: Some("Look at the form's preview, channel by channel.".to_owned()),
        });
    }
    found
}
