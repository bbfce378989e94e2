//! What an approver changes in the requests they approve.

use super::{Edits, GuardedRequest};
use crate::{document::StepId, pointer::token};
use indexmap::IndexMap;
use serde_json::Value;

/// A place that may not be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotEditable {
    /// JSON pointer into the decision.
    pub pointer: String,
    /// Why.
    pub message: &'static str,
}

/// The requests with these changes in them; what cannot be changed are problems, with their place in the edits.
///
/// # Errors
/// Each place that is not `editable`, or is not there.
pub fn edited(
    requests: &[GuardedRequest],
    editable: &IndexMap<StepId, Vec<String>>,
    edits: &Edits,
) -> Result<Vec<GuardedRequest>, Vec<NotEditable>> {
    let mut problems = Vec::new();
    let mut problem = |step: &str, pointer: &str, message: &'static str| {
        let pointer = format!("/edits/{}/{}", token(step), token(pointer));
        problems.push(NotEditable { pointer, message });
    };
    let mut changed: Vec<GuardedRequest> = requests.to_vec();
    for (step, fields) in edits {
        let Some(request) = changed.iter_mut().find(|request| request.step == *step) else {
            problem(step, "", "this approval guards no such step");
            continue;
        };
        let mut input = request.input.clone();
        for (pointer, value) in fields {
            let may = editable.get(step).is_some_and(|listed| listed.contains(pointer));
            if !may {
                problem(step, pointer, "this may not be changed here");
            } else if !put(&mut input, pointer, value) {
                problem(step, pointer, "the request has no such place");
            }
        }
        if input != request.input {
            *request = request.with_input(input);
        }
    }
    if problems.is_empty() { Ok(changed) } else { Err(problems) }
}

/// Puts a value in its place: an element that is there, or a member of an object that is there.
fn put(input: &mut Value, pointer: &str, value: &Value) -> bool {
    if let Some(place) = input.pointer_mut(pointer) {
        place.clone_from(value);
        return true;
    }
    let Some((parent, name)) = pointer.rsplit_once('/') else { return false };
    match input.pointer_mut(parent) {
        Some(Value::Object(members)) => {
            members.insert(name.replace("~1", "/").replace("~0", "~"), value.clone());
            true
        }
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::approval::GuardedCall;
    use serde_json::json;

    #[test]
    fn only_what_is_marked_is_changed() {
        let input = json!({ "amount": 9, "to": { "a": 1 } });
        let call = GuardedCall { action: "bank.pay".into(), connection: None, account: None, input };
        let request = GuardedRequest::new("pay".into(), call);
        let editable: IndexMap<_, _> =
            [("pay".to_owned(), vec!["/amount".to_owned(), "/to/b".to_owned(), "/x/y".to_owned()])].into();
        let edits = |fields: Value| Edits::from([("pay".to_owned(), fields.as_object().cloned().unwrap_or_default())]);
        let changed = edited(std::slice::from_ref(&request), &editable, &edits(json!({ "/amount": 5, "/to/b": 2 })));
        let inputs: Vec<_> = changed.unwrap_or_default().into_iter().map(|request| request.input).collect();
        assert_eq!(inputs, [json!({ "amount": 5, "to": { "a": 1, "b": 2 } })]);
        for bad in ["/to/a", "/x/y", "", "/amount/1"] {
            let found = edited(std::slice::from_ref(&request), &editable, &edits(json!({ bad: 1 })));
            assert!(found.is_err(), "{bad}");
        }
        let other = Edits::from([("other".to_owned(), serde_json::Map::new())]);
        assert!(edited(std::slice::from_ref(&request), &editable, &other).is_err());
    }
}
