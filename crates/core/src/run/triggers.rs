//! Which messages start a run.

use super::Version;
use crate::{
    document::{Trigger, Workflow},
    expr::{Expression, ExpressionError, Scope},
    time::Timestamp,
};
use serde_json::Value;
use std::collections::BTreeSet;

/// A customer's message, as the conditions of message triggers see it.
#[derive(Debug, Clone, Copy)]
pub struct IncomingMessage<'a> {
    /// The words.
    pub text: &'a Value,
    /// Over which channel.
    pub channel: &'a Value,
    /// The customer, or null.
    pub customer: &'a Value,
    /// The conversation, or null.
    pub conversation: &'a Value,
    /// Whether nothing of the customer came before it in the conversation.
    pub first: bool,
}

/// The condition of a message trigger.
#[derive(Debug)]
pub(super) struct MessageTrigger {
    /// Its id in the workflow.
    id: String,
    /// Compiled; one that does not compile fails with every message.
    when: Result<Expression, ExpressionError>,
}

/// The message triggers of a workflow.
pub(super) fn compile(workflow: &Workflow) -> Vec<MessageTrigger> {
    let condition = |(id, trigger): (String, &Trigger)| match trigger {
        Trigger::Message { when, .. } => Some(MessageTrigger { id, when: Expression::compile(when) }),
        Trigger::Api | Trigger::Webhook { .. } | Trigger::Schedule { .. } | Trigger::Manual => None,
    };
    workflow.triggers_by_id().filter_map(condition).collect()
}

/// Whether a message trigger of the version looks at whether the message is the first.
#[must_use]
pub fn asks_whether_first(version: &Version) -> bool {
    let asks = |when: &Expression| when.reads_everything() || when.roots().iter().any(|name| name == "first");
    version.messages.iter().filter_map(|trigger| trigger.when.as_ref().ok()).any(asks)
}

/// The first message trigger that wants the message, none that is switched off; with the conditions that could not be
/// evaluated, which count as false.
#[must_use]
pub fn message_starts<'a>(
    version: &'a Version,
    message: IncomingMessage<'_>,
    off: &BTreeSet<String>,
    now: Timestamp,
) -> (Option<&'a str>, Vec<ExpressionError>) {
    let first = Value::Bool(message.first);
    let scope = Scope::new(now)
        .with("text", message.text)
        .with("channel", message.channel)
        .with("customer", message.customer)
        .with("conversation", message.conversation)
        .with("first", &first);
    let mut failed = Vec::new();
    let starts = version.messages.iter().filter(|trigger| !off.contains(&trigger.id)).find(|trigger| {
        let holds = trigger.when.as_ref().map_err(Clone::clone).and_then(|when| when.truthy(&scope));
        holds.map_or_else(
            |error| {
                failed.push(error);
                false
            },
            |(holds, _)| holds,
        )
    });
    (starts.map(|trigger| trigger.id.as_str()), failed)
}

/// The triggers that a start by a person (`manual`) or the API (`api`) comes through: the workflow's own for that. A workflow
/// that names only one of the two is started both ways through that one, of any other way it has none.
#[must_use]
pub fn starts_through(workflow: &Workflow, way: &str) -> Vec<String> {
    let ways: &[&str] = match way {
        "manual" => &["manual", "api"],
        "api" => &["api", "manual"],
        _ => &[],
    };
    let of = |tag: &&str| -> Vec<String> {
        workflow.triggers_by_id().filter(|(_, trigger)| trigger.tag() == *tag).map(|(id, _)| id).collect()
    };
    ways.iter().map(of).find(|ids| !ids.is_empty()).unwrap_or_default()
}

/// The trigger that a start would come through, when it is switched off: the one that `about` (the run's `trigger`) names,
/// or that for starts by people or the API. What a workflow names no trigger for is nobody's to switch off.
#[must_use]
pub fn switched_off(workflow: &Workflow, off: &BTreeSet<String>, about: &Value) -> Option<String> {
    if let Some(id) = about["id"].as_str() {
        return Some(id.to_owned()).filter(|id| off.contains(id));
    }
    let through = starts_through(workflow, about["type"].as_str().unwrap_or_default());
    if through.iter().all(|id| off.contains(id)) { through.into_iter().next() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn off_by(triggers: Value, off: &[&str], about: Value) -> Option<String> {
        let document = json!({
            "schema": 1, "name": "w", "triggers": triggers, "start": "end", "steps": { "end": { "type": "end" } },
        });
        let workflow: Workflow = serde_json::from_value(document).unwrap();
        switched_off(&workflow, &off.iter().map(|id| (*id).to_owned()).collect(), &about)
    }

    #[test]
    fn a_start_comes_through_the_trigger_that_the_workflow_has_for_it() {
        let (manual, api) = (json!({ "type": "manual" }), json!({ "type": "api" }));
        let both = json!([manual, api]);
        assert_eq!(off_by(both.clone(), &["manual-1"], manual.clone()).as_deref(), Some("manual-1"));
        assert_eq!(off_by(both, &["manual-1"], api.clone()), None);
        // With one of the two, both ways are that one's.
        assert_eq!(off_by(json!([manual]), &["manual-1"], api.clone()).as_deref(), Some("manual-1"));
        assert_eq!(off_by(json!([api]), &["api-1"], manual.clone()).as_deref(), Some("api-1"));
        // Without either nothing is switched off, whatever an earlier version had.
        assert_eq!(off_by(json!([{ "type": "message", "when": "true" }]), &["api-1", "message-1"], api.clone()), None);
        // The same one twice is off when both are.
        assert_eq!(off_by(json!([api, api]), &["api-1"], api.clone()), None);
        assert_eq!(off_by(json!([api, api]), &["api-1", "api-2"], api).as_deref(), Some("api-1"));
    }

    #[test]
    fn what_came_through_a_named_trigger_is_off_with_it() {
        let about = |id: &str| json!({ "type": "message", "id": id });
        let messages =
            json!([{ "type": "message", "when": "true" }, { "type": "message", "when": "true", "id": "late" }]);
        assert_eq!(off_by(messages.clone(), &["late"], about("late")).as_deref(), Some("late"));
        assert_eq!(off_by(messages.clone(), &["late"], about("message-1")), None);
        // The fallback has no trigger.
        assert_eq!(off_by(messages, &["late"], json!({ "type": "message", "fallback": true })), None);
    }
}
