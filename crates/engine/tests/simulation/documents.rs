//! What is run: the Subscription Upgrade of the examples, and random documents.

use crate::random::Random;
use countersign_connectors::Registry;
use countersign_core::{
    catalogue::{ActionSpec, Catalogue, Idempotency, Risk},
    check::check,
    document,
    run::Version,
};
use serde_json::{Map, Value, json};
use std::sync::{Arc, LazyLock};

const UPGRADE: &str = include_str!("../../../../examples/subscription-upgrade.yaml");

pub static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let spec = |name: &str, risk, idempotency, look_up: Option<&str>| ActionSpec {
        name: name.into(),
        title: String::new(),
        description: String::new(),
        risk,
        idempotency,
        look_up: look_up.map(str::to_owned),
        input: json!({}),
        output: json!({}),
    };
    let keyed = || Idempotency::Header { name: "Idempotency-Key".into() };
    let own = [
        spec("shop.read", Risk::Read, Idempotency::Natural, None),
        spec("shop.put", Risk::Write, Idempotency::Natural, None),
        spec("shop.keyed", Risk::Write, keyed(), None),
        spec("shop.unkeyed", Risk::Write, Idempotency::None, None),
        spec("shop.looked_up", Risk::Write, Idempotency::None, Some("shop.read")),
        spec("bank.pay", Risk::High, keyed(), None),
        spec("bank.wire", Risk::High, Idempotency::None, None),
    ];
    Catalogue::new(Registry::built_in().unwrap().catalogue().actions().cloned().chain(own))
});

const ACTIONS: [&str; 9] = [
    "shop.read",
    "shop.put",
    "shop.keyed",
    "shop.unkeyed",
    "shop.unkeyed",
    "shop.looked_up",
    "shop.looked_up",
    "bank.pay",
    "bank.wire",
];
const DOUBTFUL: [&str; 3] = ["shop.unkeyed", "shop.looked_up", "shop.looked_up"];
const TEXTS: [&str; 5] =
    ["plain", "{{ a }}", "{{ steps.s1.output.x }}", "{{ a }} for {{ customer.name }}", "{{ $millis() }}"];
const WHENS: [&str; 4] = ["a = 1", "steps.s1.output.x > 2", "$count(steps.*) > 2", "$not(b)"];
const WAITS: [&str; 4] = ["2s", "90s", "10m", "1h"];

static UPGRADE_VERSION: LazyLock<Arc<Published>> = LazyLock::new(|| {
    let workflow = document::parse(UPGRADE).unwrap();
    let version = Version::compile(workflow, &CATALOGUE, false).unwrap();
    Arc::new(Published { version: Arc::new(version), allow_unguarded: false })
});

/// A version that runs are started on.
pub struct Published {
    pub version: Arc<Version>,
    /// The workspace's policy let high-risk actions run without an approval.
    pub allow_unguarded: bool,
}

pub fn published(random: &mut Random) -> Arc<Published> {
    if random.chance(250) {
        return Arc::clone(&UPGRADE_VERSION);
    }
    let workflow: document::Workflow = serde_json::from_value(document(random)).unwrap();
    let unguarded = check(&workflow, &CATALOGUE).iter().any(|found| found.code == "unguarded_action");
    // Without the policy the machine itself must keep an unguarded action from running.
    let allow_unguarded = unguarded && random.chance(300);
    let version = Version::compile(workflow, &CATALOGUE, allow_unguarded).unwrap();
    Arc::new(Published { version: Arc::new(version), allow_unguarded })
}

struct Draft<'a> {
    random: &'a mut Random,
    actions: Vec<Option<&'static str>>,
}

impl Draft<'_> {
    /// Mostly forward, so that most runs end; loops now and then.
    fn target(&mut self, from: usize) -> String {
        let last = self.actions.len();
        let to = if self.random.chance(800) {
            from + 1 + self.random.below(2.min(last - from))
        } else {
            self.random.below(last + 1)
        };
        format!("s{}", to.min(last))
    }

    fn perhaps(&mut self, per_mille: u64, value: impl FnOnce(&mut Self) -> Value) -> Value {
        if self.random.chance(per_mille) { value(self) } else { Value::Null }
    }

    fn text(&mut self) -> &'static str {
        TEXTS[self.random.below(TEXTS.len())]
    }

    fn timeout(&mut self, from: usize) -> Value {
        self.perhaps(600, |draft| json!({ "after": draft.random.pick(&WAITS), "next": draft.target(from) }))
    }

    fn tool_call(&mut self, from: usize, action: &str) -> Value {
        let error = self.perhaps(500, |draft| json!({ "next": draft.target(from) }));
        json!({
            "type": "tool_call", "action": action, "input": { "x": self.text() }, "set": { "a": "{{ output.x }}" },
            "retry": { "attempts": self.random.between(1, 4) }, "timeout": "10s",
            "next": self.target(from), "on_error": error,
        })
    }

    fn approval(&mut self, from: usize) -> Value {
        let mut guards: Vec<String> = Vec::new();
        for (index, action) in self.actions.iter().enumerate() {
            let high = action.is_some_and(|action| action.starts_with("bank."));
            if action.is_some() && self.random.chance(if high { 850 } else { 300 }) {
                guards.push(format!("s{index}"));
            }
        }
        let outcomes =
            if guards.is_empty() { &["approved", "rejected", "escalate"][..] } else { &["rejected", "escalate"] };
        let timeout = self.perhaps(700, |draft| {
            let (after, outcome) = (*draft.random.pick(&WAITS), *draft.random.pick(outcomes));
            json!({ "after": after, "outcome": outcome, "escalate_to": ["boss"] })
        });
        let roles = if self.random.chance(600) { json!(["manager"]) } else { json!([]) };
        let yes = match guards.first() {
            Some(guarded) if self.random.chance(700) => guarded.clone(),
            _ => self.target(from),
        };
        json!({
            "type": "approval", "summary": self.text(), "guards": guards,
            "approvers": { "roles": roles, "quorum": self.random.between(1, 2), "exclude_requester": self.random.chance(300) },
            "remind_after": self.perhaps(400, |draft| json!(draft.random.pick(&WAITS))), "timeout": timeout,
            "on_approve": yes, "on_reject": self.target(from), "on_changes": self.perhaps(300, |draft| json!(draft.target(from))),
        })
    }

    fn other(&mut self, from: usize) -> Value {
        match self.random.below(9) {
            0 => json!({
                "type": "collect_form", "prompt": self.text(), "next": self.target(from), "timeout": self.timeout(from),
                "form": { "type": "object", "required": ["x"], "properties": { "x": { "type": "integer" } } },
                "set": { "b": "{{ output.x }}" },
            }),
            1 => json!({
                "type": "condition", "branches": [{ "when": self.random.pick(&WHENS), "next": self.target(from) }],
                "otherwise": self.target(from),
            }),
            2 | 3 => json!({
                "type": "notify", "channels": ["conversation", "whatsapp", "telegram", "email"], "body": self.text(),
                "delivery": if self.random.chance(600) { "all" } else { "first" }, "next": self.target(from),
                "on_error": self.perhaps(500, |draft| json!({ "next": draft.target(from) })),
            }),
            4 => json!({
                "type": "human_handoff", "note": self.text(), "message": self.text(), "next": self.target(from),
                "timeout": self.timeout(from), "outcomes": { "solved": { "next": self.target(from) } },
            }),
            5..=7 => self.approval(from),
            _ => json!({ "type": "end", "message": self.text(), "status": "rejected" }),
        }
    }
}

fn document(random: &mut Random) -> Value {
    let steps = 3 + random.below(6);
    // Now and then only actions that must not be repeated blindly.
    let among = if random.chance(300) { &DOUBTFUL[..] } else { &ACTIONS };
    let actions = (0..steps).map(|_| random.chance(500).then(|| *random.pick(among))).collect();
    let mut draft = Draft { random, actions };
    let mut all: Map<String, Value> = Map::new();
    for index in 0..steps {
        let mut step = match draft.actions[index] {
            Some(action) => draft.tool_call(index, action),
            None => draft.other(index),
        };
        if let Value::Object(fields) = &mut step {
            fields.retain(|_, value| !value.is_null());
        }
        all.insert(format!("s{index}"), step);
    }
    all.insert(format!("s{steps}"), json!({ "type": "end", "message": "{{ a }}", "output": { "a": "{{ a }}" } }));
    json!({
        "schema": 1, "name": "random", "start": "s0", "step_limit": 30, "vars": { "a": 1, "b": null }, "steps": all,
        "triggers": [{ "type": "message", "when": "true" }],
    })
}
