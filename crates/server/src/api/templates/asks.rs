//! What a template asks for before it is ready to run, and the document with the answers.

use crate::http::{
    fields::bounded,
    problem::{ApiError, ApiResult},
};
use countersign_api::{TemplateAsk, TemplateAskKind};
use countersign_core::document::{Channel, StepKind, Workflow};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Longest name of an account, a group, a team or a value that is text.
const TEXT_MAX: usize = 200;

/// A variable of an example that everybody has a value of their own for.
pub(crate) struct Setting {
    pub(crate) variable: &'static str,
    pub(crate) title: &'static str,
}

/// What the document needs of a workspace, and the variables to set.
pub(crate) fn asks(workflow: &Workflow, settings: &[Setting]) -> Vec<TemplateAsk> {
    let mut found = BTreeSet::new();
    for step in workflow.steps.values() {
        match &step.kind {
            StepKind::ToolCall(call) => {
                let connector = call.action.split('.').next().unwrap_or_default();
                found.insert((TemplateAskKind::Connection, connector.to_owned()));
            }
            StepKind::Notify(notify) => {
                let outside = notify.channels.iter().filter(|channel| **channel != Channel::Conversation);
                found.extend(outside.map(|channel| (TemplateAskKind::Channel, channel.tag().to_owned())));
            }
            StepKind::Approval(approval) => {
                found.extend(approval.approvers.roles.iter().map(|role| (TemplateAskKind::Group, role.clone())));
            }
            StepKind::HumanHandoff(handoff) => {
                found.insert((TemplateAskKind::Team, handoff.team.clone()));
            }
            StepKind::CollectForm(_) | StepKind::Condition(_) | StepKind::End(_) => {}
        }
    }
    let of_steps = found.into_iter().filter(|(_, of)| !of.is_empty()).map(|(kind, of)| TemplateAsk {
        name: format!("{}.{of}", word(kind)),
        title: None,
        value: match kind {
            TemplateAskKind::Connection => Value::Null,
            TemplateAskKind::Channel => json!(true),
            TemplateAskKind::Group | TemplateAskKind::Team | TemplateAskKind::Value => json!(of),
        },
        kind,
        of,
    });
    let values = settings.iter().map(|setting| TemplateAsk {
        name: format!("{}.{}", word(TemplateAskKind::Value), setting.variable),
        kind: TemplateAskKind::Value,
        of: setting.variable.to_owned(),
        title: Some(setting.title.to_owned()),
        value: workflow.vars.get(setting.variable).cloned().unwrap_or_default(),
    });
    of_steps.chain(values).collect()
}

fn word(kind: TemplateAskKind) -> &'static str {
    match kind {
        TemplateAskKind::Connection => "connection",
        TemplateAskKind::Channel => "channel",
        TemplateAskKind::Group => "group",
        TemplateAskKind::Team => "team",
        TemplateAskKind::Value => "value",
    }
}

/// Writes the answers into the document.
///
/// # Errors
/// What was not asked for, and what is not of the kind that was.
pub(crate) fn answer(document: &mut Value, asks: &[TemplateAsk], answers: &BTreeMap<String, Value>) -> ApiResult<()> {
    for (name, value) in answers {
        let pointer = format!("/settings/{name}");
        let Some(ask) = asks.iter().find(|ask| ask.name == *name) else {
            return Err(ApiError::invalid(&pointer, "the template does not ask for this"));
        };
        set(document, ask, value, &pointer)?;
    }
    Ok(())
}

fn set(document: &mut Value, ask: &TemplateAsk, value: &Value, pointer: &str) -> ApiResult<()> {
    let text = || {
        let text = value.as_str().ok_or_else(|| ApiError::invalid(pointer, "a text"))?;
        bounded(pointer, text, TEXT_MAX)
    };
    match ask.kind {
        // The only account there is.
        TemplateAskKind::Connection if value.is_null() => {}
        TemplateAskKind::Connection => {
            let (connection, prefix) = (text()?, format!("{}.", ask.of));
            for step in steps(document, "tool_call") {
                if step["action"].as_str().is_some_and(|action| action.starts_with(&prefix)) {
                    step["connection"] = json!(connection);
                }
            }
        }
        TemplateAskKind::Channel => {
            let kept = value.as_bool().ok_or_else(|| ApiError::invalid(pointer, "true or false"))?;
            if !kept {
                steps(document, "notify").for_each(|step| leave_out(step, &ask.of));
            }
        }
        TemplateAskKind::Group => {
            let group = text()?.to_lowercase();
            for step in steps(document, "approval") {
                let roles = step.pointer_mut("/approvers/roles").and_then(Value::as_array_mut);
                roles.into_iter().flatten().filter(|role| **role == ask.of).for_each(|role| *role = json!(group));
            }
        }
        TemplateAskKind::Team => {
            let team = text()?;
            steps(document, "human_handoff").filter(|step| step["team"] == ask.of).for_each(|step| {
                step["team"] = json!(team);
            });
        }
        TemplateAskKind::Value => {
            let (fits, wanted) = if ask.value.is_number() {
                (value.as_f64().is_some_and(|number| number >= 0.0), "a number from 0 on")
            } else {
                (text().is_ok(), "a text of 1 to 200 characters")
            };
            if !fits {
                return Err(ApiError::invalid(pointer, wanted));
            }
            document["vars"][&ask.of] = value.clone();
        }
    }
    Ok(())
}

/// The steps of a type.
fn steps<'a>(document: &'a mut Value, kind: &'a str) -> impl Iterator<Item = &'a mut Value> {
    let steps = document["steps"].as_object_mut().into_iter().flatten();
    steps.map(|(_, step)| step).filter(move |step| step["type"] == kind)
}

/// What is told over nothing else is told in the conversation.
fn leave_out(step: &mut Value, channel: &str) {
    let Some(channels) = step["channels"].as_array_mut() else { return };
    channels.retain(|one| one != channel);
    if channels.is_empty() {
        channels.push(json!(Channel::Conversation.tag()));
    }
}
