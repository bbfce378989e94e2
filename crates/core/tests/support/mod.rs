//! One door to the run machine: a run that is played by hand, and replayed after every input.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used, clippy::expect_used)]

pub mod acts;
pub mod documents;

use countersign_core::{
    approval::Accounts,
    catalogue::{ActionSpec, Catalogue, Idempotency, Risk},
    document::Workflow,
    log::{FailureClass, LogEntry, StepError},
    moves::MoveRequest,
    run::{
        Actor, Again, CallId, Decision, Effect, Event, Input, Moment, Movable, Phase, Refusal, RunState, Stage, Start,
        StateEdit, Verdict, Version, Via, apply, step,
    },
    time::Timestamp,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub fn catalogue() -> Catalogue {
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
    Catalogue::new([
        spec("shop.read", Risk::Read, Idempotency::Natural, None),
        spec("shop.keyed", Risk::Write, keyed(), None),
        spec("shop.unkeyed", Risk::Write, Idempotency::None, None),
        spec("shop.looked_up", Risk::Write, Idempotency::None, Some("shop.read")),
        spec("bank.pay", Risk::High, keyed(), None),
    ])
}

pub fn workflow(yaml: &str) -> Workflow {
    serde_norway::from_str(yaml).unwrap()
}

pub fn version(yaml: &str) -> Version {
    Version::compile(workflow(yaml), &catalogue(), false).unwrap()
}

pub fn person(id: &str, roles: &[&str]) -> Actor {
    Actor {
        id: id.into(),
        name: id.into(),
        email: format!("{id}@example.com"),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        via: Via::Portal,
        made_by: String::new(),
        signed_in_at: None,
        on_behalf_of: None,
    }
}

pub struct Play {
    pub version: Version,
    pub state: RunState,
    pub log: Vec<LogEntry>,
    pub effects: Vec<Effect>,
    pub now: Timestamp,
    pub accounts: Accounts,
    pub conversation: Value,
}

impl Play {
    pub fn new(yaml: &str) -> Self {
        Self::of(version(yaml))
    }

    pub fn of(version: Version) -> Self {
        Self {
            version,
            state: RunState::default(),
            log: Vec::new(),
            effects: Vec::new(),
            now: Timestamp(1_000_000),
            accounts: Accounts::NONE,
            conversation: json!({ "id": "c1", "channel": "web" }),
        }
    }

    pub fn started(yaml: &str) -> Self {
        let mut play = Self::new(yaml);
        play.start(json!({})).unwrap();
        play
    }

    pub fn start(&mut self, input: Value) -> Result<(), Refusal> {
        let start = Start {
            run: "r1".into(),
            workflow: "w1".into(),
            version: 1,
            trigger: json!({ "type": "api" }),
            input,
            customer: json!({ "name": "Ada Example", "email": "ada@example.com", "phone": "+15555550101" }),
            conversation: self.conversation.clone(),
            started_by: Some(person("starter", &["operator"])),
        };
        self.take(Input::Started(Box::new(start)))
    }

    /// Feeds an input; checks that replaying the whole log gives the state, and that a refusal changed nothing.
    pub fn take(&mut self, input: Input) -> Result<(), Refusal> {
        let at = Moment { accounts: &self.accounts, ..self.now.into() };
        let decision = step(&self.version, Box::new(self.state.clone()), input, at)?;
        self.decided(decision);
        Ok(())
    }

    /// Remembers a decision, with the same checks.
    pub fn decided(&mut self, decision: Decision) {
        let Decision { events, effects, after } = decision;
        let text = serde_json::to_string(&events).unwrap();
        let read: Vec<Event> = serde_json::from_str(&text).unwrap();
        assert_eq!(read, events, "events must survive being written down");
        let seq = self.log.len() as u64 + 1;
        self.log.push(LogEntry { seq, at: self.now, events });
        self.state = *after;
        // A call stays under way when something else happened meanwhile.
        if !(effects.is_empty() && matches!(self.state.phase, Phase::Calling { stage: Stage::UnderWay, .. })) {
            self.effects = effects;
        }
        assert_eq!(self.replayed(), self.state, "replaying the log must give the state");
        assert!(self.effects.len() <= 1, "one token, one call");
    }

    pub fn replayed(&self) -> RunState {
        let mut state = RunState::default();
        for event in self.log.iter().flat_map(|entry| &entry.events) {
            apply(&mut state, event);
        }
        state
    }

    pub fn pass(&mut self, milliseconds: i64) {
        self.now = Timestamp(self.now.0 + milliseconds);
    }

    /// Which attempt of which call is under way.
    pub fn under_way(&self) -> CallId {
        self.effects.first().expect("a call is under way").id()
    }

    pub fn succeed(&mut self, output: Value) -> Result<(), Refusal> {
        let id = self.under_way();
        self.take(Input::CallSucceeded { id, output, exchange: Value::Null })
    }

    pub fn fail(&mut self, class: FailureClass) -> Result<(), Refusal> {
        let id = self.under_way();
        let error = StepError { class, code: "boom".into(), message: "it failed".into(), details: Value::Null };
        let (retry_after_seconds, jitter_per_mille, exchange) = (None, 1000, Value::Null);
        self.take(Input::CallFailed { id, error, exchange, retry_after_seconds, jitter_per_mille })
    }

    pub fn visit(&self) -> u32 {
        self.state.place().map_or(0, |place| place.visit)
    }

    pub fn decide(&mut self, outcome: &str, by: Actor) -> Result<(), Refusal> {
        let visit = self.visit();
        let Some(verdict) = Verdict::read(outcome) else {
            let offered = Verdict::ALL.map(|verdict| verdict.word().to_owned()).to_vec();
            return Err(Refusal::NotOffered { outcome: outcome.to_owned(), offered });
        };
        self.take(Input::Decided { visit, verdict, comment: String::new(), by, with: Box::default() })
    }

    pub fn retry(&mut self, step: Option<&str>, vars: Value) -> Result<(), Refusal> {
        let vars = vars.as_object().cloned().unwrap_or_else(Map::new);
        let edit = StateEdit { vars, ..StateEdit::default() };
        let again = self.agreed(step);
        let step = step.map(str::to_owned);
        self.take(Input::RetryRequested { step, edit, again, by: person("op", &["operator"]) })
    }

    /// Everything may be done again from that step, or from the one it ended at.
    pub fn agreed(&self, step: Option<&str>) -> Again {
        Again::played(&self.state, step.unwrap_or_else(|| self.step_id()))
    }

    /// Moves it to another version, with the same checks.
    pub fn move_to(
        &mut self,
        to: Version,
        number: u32,
        mapping: &BTreeMap<String, String>,
        by: Actor,
    ) -> Result<(), Refusal> {
        let request = MoveRequest { from: &self.version, to: &to, number, mapping };
        let checked = Box::new(Movable::check(&request, &self.state, self.now)?);
        let input = Input::MoveRequested { checked, by };
        let decision = step(&to, Box::new(self.state.clone()), input, self.now)?;
        assert!(decision.effects.is_empty(), "a move does nothing to the world");
        self.version = to;
        self.decided(decision);
        Ok(())
    }

    pub fn undo(&mut self, back: Version, by: Actor) -> Result<(), Refusal> {
        let decision = step(&back, Box::new(self.state.clone()), Input::UndoRequested { by }, self.now)?;
        self.version = back;
        self.decided(decision);
        Ok(())
    }

    pub fn status(&self) -> &'static str {
        self.state.ended().map_or("open", |ended| ended.status.tag())
    }

    pub fn step_id(&self) -> &str {
        self.state.place().map_or("", |place| &place.step)
    }

    pub fn last_events(&self) -> Vec<&'static str> {
        self.log.last().map(|entry| entry.events.iter().map(Event::tag).collect()).unwrap_or_default()
    }
}
