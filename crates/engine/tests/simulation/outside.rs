//! The outside world: keyed actions recognise a repeat, the others do not; and it fails in every way it can.

use crate::{documents::CATALOGUE, random::Random};
use countersign_core::{
    catalogue::Idempotency,
    log::{FailureClass, StepError},
    run::{CallId, Effect, Input, LookUpResult},
    time::Span,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Outside {
    /// What a keyed action answered first, with the request it was for.
    remembered: BTreeMap<String, (Value, Value)>,
    /// What took place, by key: how often, and the last answer.
    pub happened: BTreeMap<String, (u32, Value)>,
}

/// What became of a request that arrived.
pub struct Arrival {
    /// Whether it changed the world (a recognised repeat does not).
    pub executed: bool,
    pub input: Input,
    /// Milliseconds until the caller knows.
    pub delay: i64,
}

enum Fate {
    Answers,
    /// It is done, and the answer comes after the caller gave up.
    AnswersTooLate,
    /// It is done, and the answer is an error that does not tell.
    DoneThenBroken,
    /// It gets lost on the way and the caller waits for nothing.
    NeverArrives,
    TryLater,
    Refused,
}

fn fate(random: &mut Random, faults: bool) -> Fate {
    if !faults {
        return Fate::Answers;
    }
    match random.below(100) {
        0..=69 => Fate::Answers,
        70..=75 => Fate::AnswersTooLate,
        76..=79 => Fate::DoneThenBroken,
        80..=85 => Fate::NeverArrives,
        86..=94 => Fate::TryLater,
        _ => Fate::Refused,
    }
}

impl Outside {
    pub fn arrive(&mut self, effect: &Effect, random: &mut Random, faults: bool) -> Result<Arrival, String> {
        match effect {
            Effect::InvokeAction { id, key, action, input, timeout, .. } => {
                let keyed = CATALOGUE.action(action).is_some_and(|spec| match spec.idempotency {
                    Idempotency::Header { .. } => true,
                    Idempotency::Natural | Idempotency::None => false,
                });
                let request = json!({ "action": action, "input": input });
                self.call(*id, Sent { key, keyed, request, timeout: *timeout }, random, faults)
            }
            Effect::SendMessage { id, key, channel, to, body, timeout, .. } => {
                let request = json!({ "channel": channel.tag(), "to": to, "body": body });
                self.call(*id, Sent { key, keyed: false, request, timeout: *timeout }, random, faults)
            }
            Effect::LookUp { .. } => {
                let input = self.look_up(effect, random, faults);
                Ok(Arrival { executed: false, input, delay: random.between(1, 400) })
            }
        }
    }

    fn look_up(&self, effect: &Effect, random: &mut Random, faults: bool) -> Input {
        let Effect::LookUp { id, key, .. } = effect else { unreachable!("only look-ups come here") };
        let result = match self.happened.get(&**key) {
            _ if faults && random.chance(150) => LookUpResult::Unclear,
            Some((_, output)) => LookUpResult::Happened { output: output.clone() },
            None => LookUpResult::DidNotHappen,
        };
        Input::LookedUp { id: *id, result }
    }

    fn call(&mut self, place: CallId, sent: Sent<'_>, random: &mut Random, faults: bool) -> Result<Arrival, String> {
        let quick = random.between(1, 900);
        let timeout = sent.timeout.0 as i64;
        let unknown = |code| failed(place, FailureClass::Unknown, code, None, 0);
        let jitter = random.between(0, 1000) as u16;
        Ok(match fate(random, faults) {
            Fate::Answers => {
                let (executed, output) = self.execute(sent, random)?;
                Arrival { executed, input: succeeded(place, output), delay: quick }
            }
            Fate::AnswersTooLate => {
                let (executed, _) = self.execute(sent, random)?;
                Arrival { executed, input: unknown("timeout"), delay: timeout }
            }
            Fate::DoneThenBroken => {
                let (executed, _) = self.execute(sent, random)?;
                Arrival { executed, input: unknown("http_500"), delay: quick }
            }
            Fate::NeverArrives => Arrival { executed: false, input: unknown("timeout"), delay: timeout },
            Fate::TryLater => {
                let pause = random.chance(400).then(|| random.between(0, 120) as u64);
                let input = failed(place, FailureClass::Retryable, "http_429", pause, jitter);
                Arrival { executed: false, input, delay: quick }
            }
            Fate::Refused => {
                let input = failed(place, FailureClass::Fatal, "http_400", None, jitter);
                Arrival { executed: false, input, delay: quick }
            }
        })
    }

    fn execute(&mut self, sent: Sent<'_>, random: &mut Random) -> Result<(bool, Value), String> {
        let Sent { key, keyed, request, .. } = sent;
        if keyed && let Some((first, output)) = self.remembered.get(key) {
            if *first != request {
                return Err(format!("key {key} was used for {first} and then for {request}"));
            }
            return Ok((false, output.clone()));
        }
        let output = output(&request, random);
        if keyed {
            self.remembered.insert(key.to_owned(), (request, output.clone()));
        }
        let happened = self.happened.entry(key.to_owned()).or_insert((0, Value::Null));
        *happened = (happened.0 + 1, output.clone());
        Ok((true, output))
    }
}

struct Sent<'a> {
    key: &'a str,
    keyed: bool,
    request: Value,
    timeout: Span,
}

/// Whatever any of the workflows reads from an answer.
fn output(request: &Value, random: &mut Random) -> Value {
    json!({
        "x": random.below(5), "name": "Ada Example", "phone": "+15555550101", "customer_id": "cus_1",
        "plan": if random.chance(900) { "pro" } else { "enterprise" },
        "subscription_id": "sub_1", "subscription_item_id": "si_1",
        "amount_due": random.between(100, 90_000), "proration_date": request["input"]["proration_date"],
    })
}

fn succeeded(id: CallId, output: Value) -> Input {
    Input::CallSucceeded { id, output, exchange: Value::Null }
}

fn failed(
    id: CallId,
    class: FailureClass,
    code: &str,
    retry_after_seconds: Option<u64>,
    jitter_per_mille: u16,
) -> Input {
    let error = StepError { class, code: code.into(), message: code.into(), details: Value::Null };
    Input::CallFailed { id, error, exchange: Value::Null, retry_after_seconds, jitter_per_mille }
}
