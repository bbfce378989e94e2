//! The ways out of a step: one definition for machine, checks, moves, differences and pages.

use super::{StepId, StepKind};
use crate::pointer::token;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// A way out of a step.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// The ordinary way on.
    Next,
    /// The branch of a condition with this number, from 1.
    When(usize),
    /// No branch of a condition holds.
    Otherwise,
    /// An approval was given.
    Approved,
    /// An approval was refused.
    Rejected,
    /// Something else was wanted of an approval.
    Changes,
    /// A named outcome of a handoff.
    Named(String),
    /// The step failed.
    Error,
    /// Nobody answered in time.
    Timeout,
    /// What the customer wrote was no answer too often.
    Unusable,
    /// The run ends here.
    End,
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Next => f.write_str("next"),
            Self::When(number) => write!(f, "when {number}"),
            Self::Otherwise => f.write_str("otherwise"),
            Self::Approved => f.write_str("approved"),
            Self::Rejected => f.write_str("rejected"),
            Self::Changes => f.write_str("changes"),
            Self::Named(name) => f.write_str(name),
            Self::Error => f.write_str("error"),
            Self::Timeout => f.write_str("timeout"),
            Self::Unusable => f.write_str("unusable"),
            Self::End => f.write_str("end"),
        }
    }
}

impl Exit {
    /// Where a step names the target of this exit: a JSON pointer into the step; none for an end, which leads nowhere.
    #[must_use]
    pub fn pointer(&self) -> Option<String> {
        Some(match self {
            Self::Next => "/next".to_owned(),
            Self::When(number) => format!("/branches/{}/next", number.saturating_sub(1)),
            Self::Otherwise => "/otherwise".to_owned(),
            Self::Approved => "/on_approve".to_owned(),
            Self::Rejected => "/on_reject".to_owned(),
            Self::Changes => "/on_changes".to_owned(),
            Self::Named(name) => format!("/outcomes/{}/next", token(name)),
            Self::Error => "/on_error/next".to_owned(),
            Self::Timeout => "/timeout/next".to_owned(),
            Self::Unusable => "/on_unusable/next".to_owned(),
            Self::End => return None,
        })
    }

    /// The exits that a step names as it is written, with their pointers; the step need not be right.
    #[must_use]
    pub fn written(step: &Value) -> Vec<(Self, String)> {
        let branches = step.get("branches").and_then(Value::as_array).map_or(0, Vec::len);
        let outcomes = step.get("outcomes").and_then(Value::as_object);
        let named = outcomes.into_iter().flat_map(|outcomes| outcomes.keys().cloned().map(Self::Named));
        let fixed = [Self::Next, Self::Otherwise, Self::Approved, Self::Rejected, Self::Changes, Self::Error];
        fixed
            .into_iter()
            .chain([Self::Timeout, Self::Unusable])
            .chain((1..=branches).map(Self::When))
            .chain(named)
            .filter_map(|exit| exit.pointer().map(|pointer| (exit, pointer)))
            .filter(|(_, pointer)| step.pointer(pointer).is_some())
            .collect()
    }
}

impl StepKind {
    /// Every step this one can lead to, in the order of the document.
    #[must_use]
    pub fn exits(&self) -> Vec<(Exit, &StepId)> {
        let some = |exit: Exit, target| Some((exit, target));
        let maybe = |exit: Exit, target: Option<_>| target.map(|target| (exit, target));
        let exits: Vec<Option<(Exit, &StepId)>> = match self {
            Self::ToolCall(step) => {
                vec![some(Exit::Next, &step.next), maybe(Exit::Error, step.on_error.as_ref().map(|to| &to.next))]
            }
            Self::CollectForm(step) => {
                let timeout = maybe(Exit::Timeout, step.timeout.as_ref().map(|to| &to.next));
                let unusable = maybe(Exit::Unusable, step.on_unusable.as_ref().map(|to| &to.next));
                vec![some(Exit::Next, &step.next), timeout, unusable]
            }
            Self::Condition(step) => {
                let branches = step.branches.iter().enumerate();
                let branches = branches.map(|(index, branch)| some(Exit::When(index + 1), &branch.next));
                branches.chain([some(Exit::Otherwise, &step.otherwise)]).collect()
            }
            Self::Notify(step) => {
                vec![some(Exit::Next, &step.next), maybe(Exit::Error, step.on_error.as_ref().map(|to| &to.next))]
            }
            Self::Approval(step) => vec![
                some(Exit::Approved, &step.on_approve),
                some(Exit::Rejected, &step.on_reject),
                maybe(Exit::Changes, step.on_changes.as_ref()),
                maybe(Exit::Timeout, step.timeout.as_ref().and_then(|to| to.next.as_ref())),
            ],
            Self::HumanHandoff(step) => {
                let outcomes = step.outcomes.iter().map(|(name, to)| some(Exit::Named(name.clone()), &to.next));
                let timeout = maybe(Exit::Timeout, step.timeout.as_ref().map(|to| &to.next));
                [some(Exit::Next, &step.next)].into_iter().chain(outcomes).chain([timeout]).collect()
            }
            Self::End(_) => Vec::new(),
        };
        exits.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Step;
    use serde_json::json;

    #[test]
    fn a_step_as_it_is_written_and_as_it_is_read_has_the_same_exits() {
        let steps = [
            json!({ "type": "tool_call", "action": "a.b", "next": "x", "on_error": { "next": "y" } }),
            json!({ "type": "collect_form", "form": {}, "next": "x", "timeout": { "after": "1h", "next": "y" },
                "on_unusable": { "replies": 3, "next": "z" } }),
            json!({ "type": "condition", "branches": [{ "when": "a", "next": "x" }, { "when": "b", "next": "y" }],
                "otherwise": "z" }),
            json!({ "type": "approval", "summary": "s", "on_approve": "x", "on_reject": "y", "on_changes": "z",
                "timeout": { "after": "1h", "outcome": "rejected", "next": "t" } }),
            json!({ "type": "human_handoff", "next": "x", "outcomes": { "a/b": { "next": "y" } },
                "timeout": { "after": "1h", "next": "z" } }),
        ];
        for written in steps {
            let step: Step = serde_json::from_value(written.clone()).expect("a step");
            let target =
                |pointer: &str| written.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
            let mut as_written: Vec<(Exit, StepId)> =
                Exit::written(&written).into_iter().map(|(exit, pointer)| (exit, target(&pointer))).collect();
            let mut as_read: Vec<(Exit, StepId)> =
                step.kind.exits().into_iter().map(|(exit, to)| (exit, to.clone())).collect();
            as_written.sort();
            as_read.sort();
            assert_eq!(as_written, as_read);
        }
    }
}
