//! What differs between two documents, step by step. Works on drafts too: nothing here asks that a document be right.

use super::json::{self, ChangeKind, Reading};
use crate::document::Exit;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The most changes told about one value; more are told as one change of the whole.
const CHANGES_MAX: usize = 200;

/// What differs between two documents.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Difference {
    /// Steps that differ, those of the later document first, in its order.
    pub steps: Vec<StepChange>,
    /// Ways from step to step that lead elsewhere, were added or are gone; not those of steps that were added or removed.
    pub connections: Vec<ConnectionChange>,
    /// What differs outside the steps: name, triggers, variables, input, start.
    pub document: Vec<FieldChange>,
}

/// How a step differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepChangeKind {
    /// Only in the later document.
    Added,
    /// Only in the earlier document.
    Removed,
    /// In both, and not the same.
    Changed,
    /// In both, only drawn elsewhere.
    Moved,
    /// The same under another id.
    Renamed,
}

/// One step that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct StepChange {
    /// How.
    pub kind: StepChangeKind,
    /// Its id in the later document; in the earlier one when it was removed.
    pub step: String,
    /// Its id in the earlier document, when it was renamed.
    pub was: Option<String>,
    /// What differs inside it, without its connections and its place on the canvas.
    pub fields: Vec<FieldChange>,
}

/// One way out of a step that leads elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionChange {
    /// The step, by its id in the later document.
    pub step: String,
    /// `next`, `error`, `timeout`, `approved`, `when 1`, …
    pub exit: String,
    /// Where it led.
    pub before: Option<String>,
    /// Where it leads.
    pub after: Option<String>,
}

/// One value that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// JSON pointer.
    pub pointer: String,
    /// Absent when it was added.
    pub before: Option<Value>,
    /// Absent when it was removed.
    pub after: Option<Value>,
}

impl Difference {
    /// Whether the documents are the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.connections.is_empty() && self.document.is_empty()
    }
}

/// Old id → new id of steps that are the same under another name.
#[must_use]
pub fn renamed(before: &Value, after: &Value) -> BTreeMap<String, String> {
    match (steps(before), steps(after)) {
        (Some(old), Some(new)) => renames(old, new),
        (_, _) => BTreeMap::new(),
    }
}

/// What differs between two documents.
#[must_use]
pub fn difference(before: &Value, after: &Value) -> Difference {
    let none = Map::new();
    let (old, new) = (steps(before).unwrap_or(&none), steps(after).unwrap_or(&none));
    let renamed = renames(old, new);
    let mut found = Difference { document: outside(before, after, &renamed), ..Difference::default() };
    for (id, step) in new {
        let was = renamed.iter().find(|(_, now)| *now == id).map(|(was, _)| was.clone());
        let Some(earlier) = old.get(was.as_ref().unwrap_or(id)) else {
            found.steps.push(StepChange { kind: StepChangeKind::Added, step: id.clone(), was: None, fields: vec![] });
            continue;
        };
        let earlier = with_new_names(earlier, &renamed);
        let connections = rewired(id, &earlier, step);
        let fields = fields(&content(&earlier), &content(step));
        let kind = match (was.is_some(), fields.is_empty() && connections.is_empty()) {
            (true, _) => Some(StepChangeKind::Renamed),
            (false, false) => Some(StepChangeKind::Changed),
            (false, true) => {
                let place = |step: &Value| step.get("position").cloned();
                (place(&earlier) != place(step)).then_some(StepChangeKind::Moved)
            }
        };
        found.connections.extend(connections);
        if let Some(kind) = kind {
            found.steps.push(StepChange { kind, step: id.clone(), was, fields });
        }
    }
    let gone = old.keys().filter(|id| !new.contains_key(*id) && !renamed.contains_key(*id));
    found.steps.extend(gone.map(|id| StepChange {
        kind: StepChangeKind::Removed,
        step: id.clone(),
        was: None,
        fields: vec![],
    }));
    found
}

/// The values that differ, by JSON pointer; lists of different length count as a whole.
#[must_use]
pub fn fields(before: &Value, after: &Value) -> Vec<FieldChange> {
    let found = json::changes(before, after, Reading::Document, CHANGES_MAX + 1);
    if found.len() > CHANGES_MAX {
        return vec![FieldChange { pointer: String::new(), before: Some(before.clone()), after: Some(after.clone()) }];
    }
    let field = |json::Change { pointer, kind, before, after }| FieldChange {
        pointer,
        before: (kind != ChangeKind::Added).then_some(before),
        after: (kind != ChangeKind::Removed).then_some(after),
    };
    found.into_iter().map(field).collect()
}

fn steps(document: &Value) -> Option<&Map<String, Value>> {
    document.get("steps")?.as_object()
}

/// Everything but the steps; `start` by its new name.
fn outside(before: &Value, after: &Value, renamed: &BTreeMap<String, String>) -> Vec<FieldChange> {
    let rest = |document: &Value| {
        let mut rest = document.as_object().cloned().unwrap_or_default();
        rest.shift_remove("steps");
        rest
    };
    let mut before = rest(before);
    if let Some(Value::String(start)) = before.get_mut("start") {
        rename(start, renamed);
    }
    fields(&Value::Object(before), &Value::Object(rest(after)))
}

/// Old id → new id of steps that only changed their name: gone here, new there, the same inside, and no other is.
fn renames(old: &Map<String, Value>, new: &Map<String, Value>) -> BTreeMap<String, String> {
    let gone: Vec<&String> = old.keys().filter(|id| !new.contains_key(*id)).collect();
    let fresh: Vec<&String> = new.keys().filter(|id| !old.contains_key(*id)).collect();
    let same = |was: &String, now: &String| match (old.get(was), new.get(now)) {
        (Some(was), Some(now)) => Exit::written(was).len() == Exit::written(now).len() && content(was) == content(now),
        _ => false,
    };
    let mut renamed = BTreeMap::new();
    for was in &gone {
        let twins: Vec<_> = fresh.iter().filter(|now| same(was, now)).collect();
        if let [now] = twins.as_slice()
            && gone.iter().filter(|other| same(other, now)).count() == 1
        {
            renamed.insert((*was).clone(), (**now).clone());
        }
    }
    renamed
}

/// A step without its place, its connections and the names of what it guards.
fn content(step: &Value) -> Value {
    let mut step = step.clone();
    for (_, pointer) in Exit::written(&step) {
        if let Some((parent, key)) = pointer.rsplit_once('/')
            && let Some(Value::Object(parent)) = step.pointer_mut(parent)
        {
            parent.shift_remove(key);
        }
    }
    if let Some(step) = step.as_object_mut() {
        step.shift_remove("position");
    }
    step
}

fn with_new_names(step: &Value, renamed: &BTreeMap<String, String>) -> Value {
    let mut step = step.clone();
    if renamed.is_empty() {
        return step;
    }
    for (_, pointer) in Exit::written(&step) {
        if let Some(Value::String(target)) = step.pointer_mut(&pointer) {
            rename(target, renamed);
        }
    }
    if let Some(Value::Array(guards)) = step.get_mut("guards") {
        for guarded in guards {
            if let Value::String(guarded) = guarded {
                rename(guarded, renamed);
            }
        }
    }
    step
}

fn rename(id: &mut String, renamed: &BTreeMap<String, String>) {
    if let Some(now) = renamed.get(id) {
        id.clone_from(now);
    }
}

fn rewired(id: &str, before: &Value, after: &Value) -> Vec<ConnectionChange> {
    let targets = |step: &Value| -> Vec<(String, Option<String>)> {
        let target = |pointer: &str| step.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        Exit::written(step).into_iter().map(|(exit, pointer)| (exit.to_string(), target(&pointer))).collect()
    };
    let (before, after) = (targets(before), targets(after));
    let find = |list: &[(String, Option<String>)], exit: &str| {
        list.iter().find(|(name, _)| name == exit).and_then(|(_, target)| target.clone())
    };
    let names: BTreeSet<&String> = before.iter().chain(&after).map(|(exit, _)| exit).collect();
    let changes = names.into_iter().map(|exit| ConnectionChange {
        step: id.to_owned(),
        exit: exit.clone(),
        before: find(&before, exit),
        after: find(&after, exit),
    });
    changes.filter(|change| change.before != change.after).collect()
}
