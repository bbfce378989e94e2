//! What differs between two revisions of a connector, down to what differs inside an action.

use crate::manifest::{ActionManifest, IdempotencyManifest, Manifest};
use countersign_core::catalogue::Risk;
use serde_json::{Map, Value};

/// Members of an input that are compared; of deeper ones only that something differs.
const DEPTH_MAX: usize = 4;

/// What is told of one action's input; the rest is counted.
const TOLD_MAX: usize = 30;

/// What differs between two revisions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// New actions.
    pub added: Vec<String>,
    /// Actions that are gone.
    pub removed: Vec<String>,
    /// Actions that say something else.
    pub changed: Vec<ActionChange>,
    /// What differs for all actions: address, credentials, settings.
    pub of_all: Vec<String>,
}

/// What differs inside an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionChange {
    /// Its name.
    pub action: String,
    /// How much harm it could do and can do now, at the worst.
    pub risk: Option<(Risk, Risk)>,
    /// Method and path as they were and as they are.
    pub address: Option<(String, String)>,
    /// What of its input is new, gone or different.
    pub input: Vec<String>,
    /// What else differs.
    pub other: Vec<String>,
}

impl Manifest {
    /// What differs from the revision before.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Changes {
        let not_in = |one: &Self, other: &Self| -> Vec<String> {
            one.actions.keys().filter(|name| !other.actions.contains_key(*name)).cloned().collect()
        };
        let both = self.actions.iter().filter_map(|(name, now)| Some((name, before.actions.get(name)?, now)));
        let changed = both.filter(|(_, old, now)| old != now).map(|(name, old, now)| inside(name, old, now)).collect();
        Changes { added: not_in(self, before), removed: not_in(before, self), changed, of_all: of_all(before, self) }
    }
}

impl ActionManifest {
    /// How much harm it can do at the worst, whatever is sent.
    #[must_use]
    pub fn worst_risk(&self) -> Risk {
        let listed = self.risk_by.iter().flat_map(|by| by.values.values());
        listed.copied().fold(self.risk, Risk::max)
    }

    /// Gives it the risk a person says it has, whatever is sent. What followed from a guessed risk follows from this one.
    pub fn set_risk(&mut self, risk: Risk) {
        self.risk_by = None;
        if self.risk == risk {
            return;
        }
        let read = risk == Risk::Read;
        self.risk = risk;
        let natural = || IdempotencyManifest::Natural { done_codes: Vec::new(), repeated_codes: Vec::new() };
        match &self.idempotency {
            IdempotencyManifest::None if read => self.idempotency = natural(),
            // A repeat of what only reads does no harm; of this one nobody knows.
            IdempotencyManifest::Natural { .. } if !read && !matches!(self.method.as_str(), "PUT" | "DELETE") => {
                self.idempotency = IdempotencyManifest::None;
            }
            IdempotencyManifest::None
            | IdempotencyManifest::Natural { .. }
            | IdempotencyManifest::Header { .. }
            | IdempotencyManifest::Key { .. } => {}
        }
        if !read {
            self.pagination = None;
        }
    }

    /// Method and address, as a person reads them.
    #[must_use]
    pub fn address(&self) -> String {
        match &self.server {
            Some(server) => format!("{} {} at {server}", self.method, self.place()),
            None => format!("{} {}", self.method, self.place()),
        }
    }

    /// Its path, `/pets/{id}`, or where its URL is taken from.
    #[must_use]
    pub fn place(&self) -> String {
        self.path.as_deref().or(self.url.as_deref()).unwrap_or_default().replace("{input.", "{")
    }
}

fn of_all(before: &Manifest, now: &Manifest) -> Vec<String> {
    let mut told = Vec::new();
    if before.base_url != now.base_url {
        told.push(format!("the address was `{}` and is `{}`", before.base_url, now.base_url));
    }
    let parts = [
        (before.auth != now.auth, "calls are authenticated otherwise"),
        (before.headers != now.headers, "headers of every call differ"),
        (before.errors != now.errors, "errors are recognised otherwise"),
        (before.probe != now.probe, "an account is tested otherwise"),
    ];
    told.extend(parts.into_iter().filter(|(differs, _)| *differs).map(|(_, text)| text.to_owned()));
    for (label, old, new) in [("setting", &before.settings, &now.settings), ("secret", &before.secrets, &now.secrets)] {
        let mut found = Vec::new();
        members(label, "", (old, new), 0, &mut found);
        told.extend(found);
    }
    told
}

fn inside(name: &str, before: &ActionManifest, now: &ActionManifest) -> ActionChange {
    let mut input = Vec::new();
    members("input", "", (&before.input, &now.input), 0, &mut input);
    if input.is_empty() && before.input != now.input {
        input.push("what is deep inside the input differs".to_owned());
    }
    if input.len() > TOLD_MAX {
        let more = input.len() - TOLD_MAX;
        input.truncate(TOLD_MAX);
        input.push(format!("and {more} more"));
    }
    let sends_otherwise = before.body != now.body
        || before.query != now.query
        || before.headers != now.headers
        || before.cookies != now.cookies
        || before.styles != now.styles;
    let other = [
        (before.title != now.title || before.description != now.description, "its words"),
        (sends_otherwise, "how the input is sent"),
        (before.output != now.output || before.result != now.result, "the output"),
        (before.auth != now.auth, "how it is authenticated"),
        (before.idempotency != now.idempotency || before.look_up != now.look_up, "how repeats are recognised"),
        (before.pagination != now.pagination, "how its list comes page by page"),
        (before.errors != now.errors || before.answer != now.answer, "how errors are recognised"),
        (before.risk_by != now.risk_by, "on what its risk depends"),
    ];
    let (was, is) = (before.address(), now.address());
    let risks = (before.worst_risk(), now.worst_risk());
    ActionChange {
        action: name.to_owned(),
        risk: (risks.0 != risks.1).then_some(risks),
        address: (was != is).then_some((was, is)),
        input,
        other: other.into_iter().filter(|(differs, _)| *differs).map(|(_, text)| text.to_owned()).collect(),
    }
}

/// The members of two object schemas that differ, by their names with dots.
fn members(label: &str, parent: &str, (before, now): (&Value, &Value), depth: usize, told: &mut Vec<String>) {
    let empty = Map::new();
    let all = |schema: &Value| schema.get("properties").and_then(Value::as_object).cloned();
    let (old, new) = (all(before).unwrap_or_else(|| empty.clone()), all(now).unwrap_or(empty));
    let needs = |schema: &Value, name: &str| {
        schema.get("required").and_then(Value::as_array).is_some_and(|list| list.iter().any(|one| one == name))
    };
    let full = |name: &str| if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") };
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        told.push(format!("{label} `{}` is gone", full(name)));
    }
    for (name, schema) in &new {
        let (shown, needed) = (full(name), needs(now, name));
        let Some(earlier) = old.get(name) else {
            let must = if needed { ", and must be given" } else { "" };
            told.push(format!("{label} `{shown}` is new{must}"));
            continue;
        };
        match (needs(before, name), needed) {
            (false, true) => told.push(format!("{label} `{shown}` must be given now")),
            (true, false) => told.push(format!("{label} `{shown}` may be left out now")),
            (true, true) | (false, false) => {}
        }
        let (earlier, schema) = (looked_up(before, earlier), looked_up(now, schema));
        if without_words(earlier) == without_words(schema) {
            continue;
        }
        let before_deeper = told.len();
        let both = (&with_definitions(earlier, before), &with_definitions(schema, now));
        if depth < DEPTH_MAX && earlier.get("properties").is_some() && schema.get("properties").is_some() {
            members(label, &shown, both, depth + 1, told);
        }
        if told.len() == before_deeper {
            told.push(format!("{label} `{shown}` takes {}, and took {}", kind(schema), kind(earlier)));
        }
    }
}

/// What a reference into the schema's own definitions stands for.
fn looked_up<'a>(whole: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
    target.and_then(|pointer| whole.pointer(pointer)).unwrap_or(schema)
}

fn with_definitions(schema: &Value, whole: &Value) -> Value {
    let mut schema = schema.clone();
    if let (Some(members), Some(definitions)) = (schema.as_object_mut(), whole.get("$defs")) {
        members.insert("$defs".to_owned(), definitions.clone());
    }
    schema
}

/// What a schema demands, without what it says to people.
fn without_words(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(members) = schema.as_object_mut() {
        members.retain(|name, _| !matches!(name.as_str(), "title" | "description" | "examples" | "$defs"));
    }
    schema
}

/// A schema in a few words.
fn kind(schema: &Value) -> String {
    let mut text = match schema.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => "a value".to_owned(),
    };
    for (keyword, word) in [
        ("enum", "of"),
        ("minimum", "from"),
        ("maximum", "to"),
        ("maxLength", "at most"),
        ("default", "usually"),
        ("pattern", "like"),
        ("format", "as"),
    ] {
        if let Some(value) = schema.get(keyword) {
            let value: String = value.to_string().chars().take(80).collect();
            text.push_str(&format!(" {word} {value}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn manifest(action: Value, base_url: &str) -> Manifest {
        let mut whole = json!({ "title": "Say", "method": "POST", "path": "/words", "risk": "write",
            "idempotency": { "kind": "none" } });
        whole.as_object_mut().unwrap().extend(action.as_object().unwrap().clone());
        let document = json!({ "name": "echo", "title": "Echo", "base_url": base_url, "actions": { "say": whole } });
        serde_json::from_value(document).unwrap()
    }

    #[test]
    fn what_differs_inside_an_action_is_told() {
        let object = |properties: Value, required: Value| json!({ "type": "object", "properties": properties, "required": required });
        let body = |member: Value| {
            json!({ "$defs": { "Body": { "type": "object", "properties": { "deep": member } } },
            "type": "object", "properties": { "body": { "$ref": "#/$defs/Body" } } })
        };
        for (before, now, wanted) in [
            (
                json!({}),
                json!({ "input": object(json!({ "a": {} }), json!(["a"])) }),
                "input `a` is new, and must be given",
            ),
            (json!({ "input": object(json!({ "a": {} }), json!([])) }), json!({}), "input `a` is gone"),
            (
                json!({ "input": object(json!({ "a": {} }), json!([])) }),
                json!({ "input": object(json!({ "a": {} }), json!(["a"])) }),
                "input `a` must be given now",
            ),
            (
                json!({ "input": body(json!({ "type": "string" })) }),
                json!({ "input": body(json!({ "type": "integer" })) }),
                "input `body.deep` takes integer, and took string",
            ),
            (
                json!({ "input": body(json!({ "enum": ["a", "b"] })) }),
                json!({ "input": body(json!({ "enum": ["a"] })) }),
                "input `body.deep` takes a value of [\"a\"], and took a value of [\"a\",\"b\"]",
            ),
        ] {
            let changes = manifest(now, "https://a").changes_since(&manifest(before, "https://a"));
            assert_eq!(changes.changed[0].input, [wanted]);
            assert_eq!((&changes.changed[0].risk, &changes.changed[0].address), (&None, &None));
        }
        let one = manifest(json!({}), "https://a").changes_since(&manifest(
            json!({ "risk": "high", "path": "/old", "body": { "encoding": "json" }, "description": "x" }),
            "https://b",
        ));
        let change = &one.changed[0];
        assert_eq!(change.risk, Some((Risk::High, Risk::Write)));
        assert_eq!(change.address, Some(("POST /old".to_owned(), "POST /words".to_owned())));
        assert_eq!(change.other, ["its words", "how the input is sent"]);
        assert_eq!(one.of_all, ["the address was `https://b` and is `https://a`"]);
        let same = manifest(json!({}), "https://a");
        assert_eq!(same.changes_since(&same), Changes::default());
    }

    #[test]
    fn what_followed_from_a_guess_follows_from_what_a_person_says() {
        let mut read = manifest(json!({ "method": "GET", "risk": "read", "idempotency": { "kind": "natural" } }), "");
        let action = &mut read.actions["say"];
        action.set_risk(Risk::High);
        assert_eq!((action.risk, &action.idempotency), (Risk::High, &IdempotencyManifest::None));
        action.set_risk(Risk::Read);
        assert!(matches!(action.idempotency, IdempotencyManifest::Natural { .. }));
        let mut put = manifest(json!({ "method": "PUT", "idempotency": { "kind": "natural" } }), "");
        put.actions["say"].set_risk(Risk::High);
        assert!(matches!(put.actions["say"].idempotency, IdempotencyManifest::Natural { .. }));
    }

    #[test]
    fn what_a_person_says_is_the_risk_whatever_is_sent() {
        let by_method = json!({ "risk": "write", "risk_by": { "member": "method", "values": { "GET": "read", "DELETE": "high" } } });
        let before = manifest(by_method, "https://a");
        assert_eq!(before.actions["say"].worst_risk(), Risk::High);
        for said in [Risk::Read, Risk::Write, Risk::High] {
            let mut now = before.clone();
            now.actions["say"].set_risk(said);
            let action = &now.actions["say"];
            assert_eq!((action.risk, action.worst_risk(), &action.risk_by), (said, said, &None));
            let change = now.changes_since(&before).changed.remove(0);
            assert_eq!(
                change.risk,
                (said != Risk::High).then_some((Risk::High, said)),
                "told by what it was at the worst"
            );
            assert!(change.other.contains(&"on what its risk depends".to_owned()), "{:?}", change.other);
        }
    }
}
