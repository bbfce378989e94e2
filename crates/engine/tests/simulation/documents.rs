//! What is run: the Subscription Upgrade of the examples, and random documents; and other versions of both.

use crate::{
    random::Random,
    sabotage::Sabotage,
    variations::{as_played, suited, varied},
};
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
        risk_by: None,
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

/// Of whom a ladder asks.
const OTHERS: [&str; 3] = ["boss", "operator", "manager3@example.com"];

static UPGRADE_DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(document::parse(UPGRADE).unwrap()).unwrap());
static UPGRADE_VERSION: LazyLock<Arc<Published>> =
    LazyLock::new(|| Arc::new(Published::of(&UPGRADE_DOCUMENT, false, Sabotage::None)));

/// A version that runs are started on.
pub struct Published {
    pub version: Arc<Version>,
    /// What is played: the same, unless sabotage has the machine play another document than was published.
    pub played: Arc<Version>,
    /// The workspace's policy let high-risk actions run without an approval.
    pub allow_unguarded: bool,
}

impl Published {
    fn of(document: &Value, allow_unguarded: bool, sabotage: Sabotage) -> Self {
        let compiled = |document: Value| {
            let workflow: document::Workflow = serde_json::from_value(document).unwrap();
            Arc::new(Version::compile(workflow, &CATALOGUE, allow_unguarded).unwrap())
        };
        let version = compiled(document.clone());
        let played = as_played(document, sabotage).map_or_else(|| Arc::clone(&version), compiled);
        Self { version, played, allow_unguarded }
    }
}

/// The versions there are: the second is often one of the same document.
pub fn versions(random: &mut Random, sabotage: Sabotage) -> Vec<Arc<Published>> {
    let mut made = Vec::new();
    let mut first = None;
    for _ in 0..2 {
        let document = match first.take() {
            Some(first) if random.chance(600) => varied(first, random),
            _ if random.chance(250) => UPGRADE_DOCUMENT.clone(),
            _ if random.chance(300) => two_approvals(random),
            _ => document(random),
        };
        let document = suited(document, sabotage);
        made.push(published(&document, random, sabotage));
        first = Some(document);
    }
    made
}

fn published(document: &Value, random: &mut Random, sabotage: Sabotage) -> Arc<Published> {
    if *document == *UPGRADE_DOCUMENT && as_played(document, sabotage).is_none() {
        return Arc::clone(&UPGRADE_VERSION);
    }
    let workflow: document::Workflow = serde_json::from_value(document.clone()).unwrap();
    let unguarded = check(&workflow, &CATALOGUE).iter().any(|found| found.code == "unguarded_action");
    // Without the policy the machine itself must keep an unguarded action from running.
    let allow_unguarded = unguarded && random.chance(300);
    Arc::new(Published::of(document, allow_unguarded, sabotage))
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
            "type": "tool_call", "action": action, "input": { "x": self.text(), "y": "{{ a }}" }, "set": { "a": "{{ output.x }}" },
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
        self.approval_of(from, &guards)
    }

    fn approval_of(&mut self, from: usize, guards: &[String]) -> Value {
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
            "approvers": {
                "roles": roles, "quorum": self.random.between(1, 2), "exclude_requester": self.random.chance(300),
                "rejections": if self.random.chance(200) { 2 } else { 1 },
            },
            "remind_after": self.perhaps(400, |draft| json!(draft.random.pick(&WAITS))), "timeout": timeout,
            "ladder": self.perhaps(400, Self::ladder), "calendar": self.perhaps(250, |_| json!("office")),
            "editable": self.perhaps(500, |draft| draft.editable(guards)), "standing": self.standing(guards),
            "on_approve": yes, "on_reject": self.target(from), "on_changes": self.perhaps(400, |draft| draft.sent_back_to(from)),
            "undo_seconds": self.perhaps(350, |draft| json!(draft.random.between(1, 60))),
            "changes_max": self.perhaps(700, |draft| json!(draft.random.between(1, 2))),
        })
    }

    /// Often to be asked again.
    fn sent_back_to(&mut self, from: usize) -> Value {
        json!(if self.random.chance(600) { format!("s{from}") } else { self.target(from) })
    }

    /// One or two rungs.
    fn ladder(&mut self) -> Value {
        let first = self.random.below(WAITS.len());
        let mut rungs = Vec::new();
        for after in WAITS.iter().skip(first).take(2) {
            let act = *self.random.pick(&["remind", "reassign", "reassign", "escalate"]);
            let to = if act == "remind" { Vec::new() } else { vec![*self.random.pick(&OTHERS)] };
            rungs.push(json!({ "after": after, "do": act, "to": to }));
        }
        json!(rungs)
    }

    /// Of some of the guarded steps, `/x`; never `/y`.
    fn editable(&mut self, guards: &[String]) -> Value {
        let some = guards.iter().filter(|_| self.random.chance(700)).map(|step| (step.clone(), json!(["/x"])));
        Value::Object(some.collect())
    }

    fn standing(&mut self, guards: &[String]) -> Value {
        let [step] = guards else { return Value::Null };
        self.perhaps(
            600,
            |draft| json!({ "step": step, "field": "/y", "max": 3, "per_day": draft.random.between(1, 2), "days": 7 }),
        )
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
    whole(all)
}

/// Two approvals of one call, between which what it sends may change; perhaps again and again.
fn two_approvals(random: &mut Random) -> Value {
    let action = *random.pick(&["bank.pay", "bank.wire", "shop.keyed", "shop.unkeyed"]);
    let mut draft = Draft { random, actions: vec![None, Some("shop.read"), None, Some(action)] };
    let mut all = Map::new();
    for from in 0..4 {
        let next = format!("s{}", from + 1);
        let mut step = if from == 1 || from == 3 {
            let mut call = draft.tool_call(from, draft.actions[from].unwrap_or(action));
            call["next"] = json!(if from == 3 && draft.random.chance(400) { "s0".to_owned() } else { next });
            call
        } else {
            let mut approval = draft.approval_of(from, &["s3".to_owned()]);
            (approval["summary"], approval["on_approve"]) = (json!("{{ a }}"), json!(next));
            approval
        };
        if let Value::Object(fields) = &mut step {
            fields.retain(|_, value| !value.is_null());
        }
        all.insert(format!("s{from}"), step);
    }
    all.insert("s4".to_owned(), json!({ "type": "end", "output": { "a": "{{ a }}" } }));
    whole(all)
}

fn whole(steps: Map<String, Value>) -> Value {
    json!({
        "schema": 1, "name": "random", "start": "s0", "step_limit": 30, "vars": { "a": 1, "b": null }, "steps": steps,
        "calendars": { "office": office() }, "triggers": [{ "type": "message", "when": "true" }],
    })
}

/// Monday to Friday from nine to five, in UTC; [`crate::asked::worked`] reckons with it.
fn office() -> Value {
    let day = || json!(["09:00-17:00"]);
    json!({ "time_zone": "UTC", "hours": { "mon": day(), "tue": day(), "wed": day(), "thu": day(), "fri": day() } })
}
