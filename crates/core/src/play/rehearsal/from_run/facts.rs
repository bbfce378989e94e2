//! What a run did, read from its history, and what two runs have in common of it.

use super::{Limit, NotATest};
use crate::{
    document::Channel,
    log::{ExecutionStatus, StepExecution},
    play::rehearsal::{Expectations, ExpectedMessage, ExpectedRequest},
    run::{CallRequest, CheckpointKind, Ended},
};
use serde_json::{Map, Value};

/// What a run did.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) path: Vec<&'a str>,
    /// Calls of actions, each once.
    requests: Vec<(&'a str, &'a Value)>,
    /// Channel and text of what the customer was told.
    said: Vec<(&'a str, &'a str)>,
    pub(super) end: Option<&'a Ended>,
}

impl<'a> Facts<'a> {
    /// Of a run with this history, that ended so.
    pub(super) fn of(history: &'a [StepExecution], end: Option<&'a Ended>) -> Self {
        Self {
            path: history.iter().map(|execution| execution.step.as_str()).collect(),
            requests: history.iter().flat_map(StepExecution::sent).map(|(action, _, input)| (action, input)).collect(),
            said: history.iter().flat_map(said).filter(|(_, text)| !text.is_empty()).collect(),
            end,
        }
    }

    /// What both did, as expectations. Where only data differs, it is left out and told; anything else refuses.
    pub(super) fn shared_with(&self, played: &Self, limits: &mut Vec<Limit>) -> Result<Expectations, NotATest> {
        let differs =
            |what: &str, run: String, now: String| NotATest::PlaysDifferently(format!("{what} {now}, not {run}"));
        if self.path != played.path {
            return Err(differs("the path is", self.path.join(" → "), played.path.join(" → ")));
        }
        if self.ending() != played.ending() {
            return Err(differs("it ends", self.ending(), played.ending()));
        }
        if self.actions() != played.actions() {
            return Err(differs("the calls are", self.actions(), played.actions()));
        }
        if self.said.len() != played.said.len() {
            let count = |facts: &Self| facts.said.len().to_string();
            return Err(differs("the number of messages is", count(self), count(played)));
        }
        let mut left_out = LeftOut { limits };
        let requests = self.requests.iter().zip(&played.requests);
        let requests = requests.map(|((action, recorded), (_, now))| ExpectedRequest {
            action: (*action).to_owned(),
            input: left_out.common(&format!("what `{action}` was sent"), recorded, now),
        });
        let requests = requests.collect();
        let messages = self.said.iter().zip(&played.said).filter(|(recorded, now)| {
            let same = recorded == now;
            if !same {
                left_out.told(format!("A message over {} would read otherwise and is not looked at.", recorded.0));
            }
            same
        });
        let messages = messages.map(|((channel, text), _)| ExpectedMessage {
            channel: Some((*channel).to_owned()),
            text: (*text).to_owned(),
        });
        let messages = messages.collect();
        let output = match (self.end, played.end) {
            (Some(recorded), Some(now)) => left_out.common("what the run answers", &recorded.output, &now.output),
            (Some(_) | None, _) => None,
        };
        Ok(Expectations {
            path: Some(self.path.iter().map(|step| (*step).to_owned()).collect()),
            requests: Some(requests),
            messages,
            output: output.filter(|output| !output.is_null()),
            ..Expectations::default()
        })
    }

    fn ending(&self) -> String {
        let Some(Ended { status, error, .. }) = self.end else { return "nowhere".to_owned() };
        error.as_ref().map_or_else(|| status.tag().to_owned(), |error| format!("{} ({})", status.tag(), error.code))
    }

    fn actions(&self) -> String {
        let names: Vec<&str> = self.requests.iter().map(|(action, _)| *action).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    }
}

/// What the customer was told in a step: in the conversation, then over channels. What a person says of a message is not seen
/// as sent.
fn said(execution: &StepExecution) -> impl Iterator<Item = (&str, &str)> {
    let here = execution.messages.iter().map(|body| ("conversation", body.as_str()));
    let sent = execution.attempts.iter().filter_map(|attempt| {
        let CallRequest::Message { channel, body, .. } = attempt.request.as_ref() else { return None };
        let by_a_person = execution.checkpoints.iter().any(|checkpoint| {
            checkpoint.kind == CheckpointKind::UnknownOutcome && checkpoint.closed_at == attempt.ended_at
        });
        // What the conversation took is among its words.
        let sent = attempt.status == ExecutionStatus::Completed && *channel != Channel::Conversation;
        (sent && !by_a_person).then_some((channel.tag(), body.as_str()))
    });
    here.chain(sent)
}

/// Keeps what is told of data that is not looked at.
struct LeftOut<'a> {
    limits: &'a mut Vec<Limit>,
}

impl LeftOut<'_> {
    fn told(&mut self, message: String) {
        let limit = Limit { code: "not_compared", message };
        if !self.limits.contains(&limit) {
            self.limits.push(limit);
        }
    }

    /// What both values have; the rest is told.
    fn common(&mut self, of: &str, one: &Value, other: &Value) -> Option<Value> {
        let mut places = Vec::new();
        let common = common(one, other, "", &mut places);
        for place in places {
            let place = if place.is_empty() { String::new() } else { format!("`{place}` of ") };
            self.told(format!("{place}{of} depends on the moment, the run or its conversation and is not looked at."));
        }
        common
    }
}

/// What both have, members and elements by themselves; pointers of the rest go to `places`.
fn common(one: &Value, other: &Value, at: &str, places: &mut Vec<String>) -> Option<Value> {
    if one == other {
        return Some(one.clone());
    }
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let mut shared = Map::new();
            for (name, value) in one {
                let below = format!("{at}/{}", crate::pointer::token(name));
                match other.get(name) {
                    Some(other) => shared.extend(common(value, other, &below, places).map(|both| (name.clone(), both))),
                    None => places.push(below),
                }
            }
            Some(Value::Object(shared))
        }
        (Value::Array(one), Value::Array(others)) if one.len() == others.len() => {
            let mut inner = Vec::new();
            let pairs = one.iter().zip(others).enumerate();
            let shared: Option<Vec<Value>> =
                pairs.map(|(index, (one, other))| common(one, other, &format!("{at}/{index}"), &mut inner)).collect();
            // An array that lacks an element is another array.
            places.extend(if shared.is_some() { inner } else { vec![at.to_owned()] });
            shared.map(Value::Array)
        }
        _ => {
            places.push(at.to_owned());
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_two_values_share_is_kept_and_the_rest_is_named() {
        let one =
            json!({ "same": 1, "other": { "a": 1, "b": 2 }, "list": [{ "x": 1, "y": 1 }], "short": [1], "gone": 1 });
        let other = json!({ "same": 1, "other": { "a": 1, "b": 3 }, "list": [{ "x": 1, "y": 2 }], "short": [2] });
        let mut places = Vec::new();
        let shared = common(&one, &other, "", &mut places);
        assert_eq!(shared, Some(json!({ "same": 1, "other": { "a": 1 }, "list": [{ "x": 1 }] })));
        places.sort();
        assert_eq!(places, ["/gone", "/list/0/y", "/other/b", "/short"]);
        assert_eq!(common(&json!("a"), &json!("b"), "", &mut places), None);
    }
}
