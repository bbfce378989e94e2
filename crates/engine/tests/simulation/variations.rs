//! Other versions of a document: as its author would change it, and as a machine plays it that keeps a promise badly.

use crate::{random::Random, sabotage::Sabotage};
use serde_json::{Value, json};

fn steps(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    document["steps"].as_object_mut().into_iter().flat_map(|steps| steps.values_mut())
}

fn approvals(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    steps(document).filter(|step| step["type"] == "approval")
}

/// The next version of a document: a run can often be moved to it.
pub fn varied(mut document: Value, random: &mut Random) -> Value {
    for step in steps(&mut document) {
        match step["type"].as_str() {
            Some("approval") if random.chance(500) => approval(step, random),
            Some("tool_call") if random.chance(150) && step["input"]["y"] != Value::Null => {
                step["input"]["z"] = json!(1)
            }
            Some("notify") if random.chance(200) => step["body"] = json!("another text"),
            _ => {}
        }
    }
    document
}

fn approval(step: &mut Value, random: &mut Random) {
    match random.below(6) {
        0 | 1 => step["approvers"]["roles"] = json!([random.pick(&["manager", "boss", "operator"])]),
        2 => step["approvers"]["quorum"] = json!(random.between(1, 2)),
        3 => step["summary"] = json!("another line"),
        4 => step["editable"] = json!({}),
        _ => {
            if let Some(fields) = step.as_object_mut() {
                fields.remove("standing");
                fields.remove("ladder");
            }
        }
    }
}

/// A document in which what this fault breaks is not too rare to be met.
pub fn suited(mut document: Value, sabotage: Sabotage) -> Value {
    if sabotage == Sabotage::KeepsVoices {
        // One says yes, another changes the request and does not count: with a third it is decided by two of whom one saw it.
        approvals(&mut document).for_each(|step| {
            (step["approvers"]["quorum"], step["approvers"]["exclude_requester"]) = (json!(2), json!(true));
            everything_editable(step);
            if let Some(fields) = step.as_object_mut() {
                fields.remove("standing");
            }
        });
    }
    document
}

/// The document as it is played with this fault; nothing where it is played as it was published.
pub fn as_played(document: &Value, sabotage: Sabotage) -> Option<Value> {
    let mut played = document.clone();
    match sabotage {
        Sabotage::EditsAnything => approvals(&mut played).for_each(everything_editable),
        Sabotage::IgnoresCalendars => approvals(&mut played).for_each(|step| drop(step["calendar"].take())),
        Sabotage::CountsAtOnce => approvals(&mut played).for_each(|step| drop(step["undo_seconds"].take())),
        Sabotage::SendsBackForEver => {
            approvals(&mut played).for_each(|step| step["changes_max"] = json!(10));
        }
        _ => return None,
    }
    Some(played)
}

fn everything_editable(step: &mut Value) {
    let guards = step["guards"].as_array().cloned().unwrap_or_default();
    let all = guards.iter().filter_map(Value::as_str).map(|guarded| (guarded.to_owned(), json!(["/x", "/y"])));
    step["editable"] = Value::Object(all.collect());
}
