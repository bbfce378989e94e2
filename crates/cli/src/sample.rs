//! Answers of the server for tests, of which only what matters is written down.
#![allow(clippy::unwrap_used)]

use countersign_api::StepExecution;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The members, with the defaults for those that are left out.
pub fn of<T: DeserializeOwned>(members: &Value, defaults: &Value) -> T {
    serde_json::from_value(with(members, defaults)).unwrap()
}

/// Step executions.
pub fn steps(members: &Value) -> Vec<StepExecution> {
    members.as_array().unwrap().iter().map(step).collect()
}

/// A step execution.
pub fn step(members: &Value) -> StepExecution {
    let mut members = members.clone();
    let error = error();
    let attempt = json!({ "call": 0, "attempt": 1, "started_at": 0, "status": "completed", "key": "k", "output": null, "exchange": null });
    let checkpoint =
        json!({ "id": "r.1", "kind": "approval", "status": "open", "opened_at": 0, "given": [], "saw": null });
    fill(members.get_mut("error"), &error);
    fill(members.get_mut("checkpoint"), &checkpoint);
    each(&mut members, "/earlier_checkpoints", |earlier| fill(Some(earlier), &checkpoint));
    each(&mut members, "/attempts", |made| {
        fill(Some(made), &attempt);
        fill(made.get_mut("error"), &error);
    });
    each(&mut members, "/notify/messages", |message| fill(Some(message), &json!({ "subject": "" })));
    let defaults = json!({ "visit": 1, "step": "s", "title": "", "started_at": 0, "input": null, "output": null, "set": {},
        "attempts": [], "earlier_checkpoints": [], "messages": [], "moves": [] });
    of(&members, &defaults)
}

/// What an error says when nothing of it matters.
pub fn error() -> Value {
    json!({ "class": "fatal", "code": "error", "message": "", "details": null, "cause": "", "help": "" })
}

fn each(members: &mut Value, pointer: &str, item: impl FnMut(&mut Value)) {
    members.pointer_mut(pointer).and_then(Value::as_array_mut).into_iter().flatten().for_each(item);
}

fn fill(value: Option<&mut Value>, defaults: &Value) {
    if let Some(value) = value.filter(|value| value.is_object()) {
        *value = with(value, defaults);
    }
}

fn with(members: &Value, defaults: &Value) -> Value {
    let mut whole = defaults.clone();
    let whole_members = whole.as_object_mut().unwrap();
    whole_members.extend(members.as_object().unwrap().clone());
    whole
}
