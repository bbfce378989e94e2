//! How a run goes on after its end: from which step, with what changed. Every word of it is on the record.

use super::{Actor, RunState};
use crate::{approval::Contributors, document::StepId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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
}

impl StateEdit {
    /// What turns `state` into one with these variables and step results.
    #[must_use]
    pub fn towards(state: &RunState, vars: &Map<String, Value>, steps: &Value) -> Self {
        let changed = vars.iter().filter(|(name, value)| state.vars.get(*name) != Some(*value));
        Self {
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
    /// Who wanted it.
    pub by: Actor,
    /// Who had a hand in that run.
    #[serde(default, skip_serializing_if = "Contributors::is_empty")]
    pub contributors: Contributors,
}
