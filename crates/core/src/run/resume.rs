//! How a run goes on after its end: from which step, with what changed. Every word of it is on the record.

use super::{Actor, RunState};
use crate::{
    approval::Contributors,
    difference::json::{Change, difference},
    document::StepId,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What a person changed in the state before a run went on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StateEdit {
    /// The point of the log the state was taken from; the end when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<u32>,
    /// Variables that get these values.
    #[serde(default)]
    pub vars: Map<String, Value>,
    /// Variables that are taken away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unset: Vec<String>,
    /// What the steps so far are taken to have given, all of it; absent when nothing of it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<Value>,
    /// What that changes, before and after; at most 200 places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<StateChange>,
}

/// One value of the state that a person changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StateChange {
    /// JSON pointer below `vars` and `steps`.
    pub pointer: String,
    /// Null when there was none.
    #[serde(default)]
    pub before: Value,
    /// Null when there is none any more.
    #[serde(default)]
    pub after: Value,
}

impl StateEdit {
    /// What turns `state` into one with these variables and step results.
    #[must_use]
    pub fn towards(state: &RunState, vars: &Map<String, Value>, steps: &Value) -> Self {
        let changed = vars.iter().filter(|(name, value)| state.vars.get(*name) != Some(*value));
        let (was, is) = (json!({ "vars": state.vars, "steps": state.steps }), json!({ "vars": vars, "steps": steps }));
        let changes = difference(&was, &is).into_iter();
        Self {
            changes: changes
                .map(|Change { pointer, before, after, .. }| StateChange { pointer, before, after })
                .collect(),
            point: None,
            vars: changed.map(|(name, value)| (name.clone(), value.clone())).collect(),
            unset: state.vars.keys().filter(|name| !vars.contains_key(*name)).cloned().collect(),
            steps: (*steps != state.steps).then(|| steps.clone()),
        }
    }

    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.vars.is_empty() && self.unset.is_empty() && self.steps.is_none()
    }

    pub(crate) fn apply(&self, state: &mut RunState) {
        state.vars.extend(self.vars.iter().map(|(name, value)| (name.clone(), value.clone())));
        state.vars.retain(|name, _| !self.unset.contains(name));
        if let Some(steps) = &self.steps {
            state.steps.clone_from(steps);
        }
    }
}

/// What a new run takes over from one that is over, to go on where that one stopped, on another version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Continuation {
    /// The run it continues.
    pub of: String,
    /// The point of that run's log the state was taken from; its end when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<u32>,
    /// The first step.
    pub step: StepId,
    /// All variables.
    pub vars: Map<String, Value>,
    /// What the steps so far gave.
    #[serde(default)]
    pub steps: Value,
    /// The latest failure.
    #[serde(default)]
    pub error: Value,
    /// In what the variables and results are not those that the run gave.
    #[serde(default, skip_serializing_if = "StateEdit::is_empty")]
    pub edit: StateEdit,
    /// Steps whose effects a person agreed to have a second time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repeats: Vec<StepId>,
    /// Who wanted it.
    pub by: Actor,
    /// Who had a hand in that run.
    #[serde(default, skip_serializing_if = "Contributors::is_empty")]
    pub contributors: Contributors,
}
