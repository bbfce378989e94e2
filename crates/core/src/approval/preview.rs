//! What would happen along a branch, as far as it can be told now.

use crate::{
    document::StepId,
    run::{CompiledStep, RunState, Version},
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Stands for a value that only a step before it will bring.
const NOT_KNOWN_YET: &str = "…";

/// The most steps shown.
const STEPS_MAX: usize = 20;

/// One step that would be taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PreviewStep {
    /// The step.
    pub step: StepId,
    /// Its title.
    pub title: String,
    /// Its type tag.
    pub kind: String,
    /// `<connector>.<action>` of a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Rendered input of a call; absent when it cannot be told yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// Text of a message, with `…` for what is not known yet; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Channels of a message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
}

/// Walks from `from` along the ordinary exits until a decision, a person or the end.
#[must_use]
pub fn preview(version: &Version, state: &RunState, from: &str, now: Timestamp) -> Vec<PreviewStep> {
    let mut shown = Vec::new();
    let mut next = Some(from.to_owned());
    while let Some(id) = next.take() {
        let seen = shown.iter().any(|step: &PreviewStep| step.step == id);
        let Some(step) = version.step(&id).filter(|_| !seen && shown.len() < STEPS_MAX) else { break };
        let scope = state.scope(now);
        let mut line = PreviewStep {
            title: version.title(&id).to_owned(),
            kind: version.workflow().steps.get(&id).map_or("", |step| step.kind.tag()).to_owned(),
            step: id,
            action: None,
            input: None,
            message: None,
            channels: Vec::new(),
        };
        match step {
            CompiledStep::ToolCall(call) => {
                line.action = Some(call.action().to_owned());
                line.input = call.input.render(&scope).ok().map(|input| state.edited_input(&line.step, input));
                next = Some(call.next.clone());
            }
            CompiledStep::Notify(notify) => {
                line.message = Some(notify.body.render_with_gaps(&scope, NOT_KNOWN_YET));
                line.channels = notify.channels.iter().map(|channel| channel.tag().to_owned()).collect();
                next = Some(notify.next.clone());
            }
            CompiledStep::End(end) => {
                line.message =
                    Some(end.message.render_with_gaps(&scope, NOT_KNOWN_YET)).filter(|text| !text.is_empty());
            }
            CompiledStep::CollectForm(_)
            | CompiledStep::Condition(_)
            | CompiledStep::Approval(_)
            | CompiledStep::HumanHandoff(_) => {}
        }
        shown.push(line);
    }
    shown
}
