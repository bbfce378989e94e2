//! What people do around approvals: they move runs and take that back, change what they approve, let others decide for them,
//! allow things in advance, and think better of it.

use crate::{
    asked::{Deputy, Standing, standing_call},
    checker::Cause,
    documents::Published,
    node::{Held, Job, Work},
    people::{PEOPLE, person},
    random::Random,
    sabotage::Sabotage,
    scenario::Scenario,
};
use countersign_core::{
    approval::Edits,
    document::StepKind,
    moves::MoveRequest,
    run::{Actor, DecidedWith, Input, Movable, OpenApproval, Opened, StandingGrant, Verdict, Via},
    time::Timestamp,
};
use countersign_store::{CheckpointRow, RunStatus};
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc};

const DAY_MS: i64 = 86_400_000;

/// What somebody changes in what they approve: often something they may.
pub fn edits(random: &mut Random, row: &CheckpointRow, verdict: Verdict) -> Edits {
    let mut edits = Edits::new();
    let Ok(Opened::Approval { requests, .. }) = serde_json::from_str(&row.payload) else { return edits };
    if verdict == Verdict::Approved && !requests.is_empty() && random.chance(500) {
        let step = random.pick(&requests).step.clone();
        let field = if random.chance(850) { "/x" } else { "/y" };
        edits.insert(step, [(field.to_owned(), json!(random.below(5)))].into_iter().collect());
    }
    edits
}

/// Somebody lets another decide for a while.
pub fn deputy(random: &mut Random, now: i64) -> Deputy {
    let (from, to) = (person(random.below(4)), person(random.below(PEOPLE)));
    let until = now + random.between(1000, 5 * DAY_MS);
    Deputy { from: from.id, to: to.person().to_owned(), until }
}

/// Somebody allows something in advance, at one of the steps where that can be.
pub fn standing(random: &mut Random, number: usize, now: i64, published: &Published) -> Option<Standing> {
    let workflow = published.version.workflow();
    let steps: Vec<(&String, u32)> = workflow
        .steps
        .iter()
        .filter_map(|(id, step)| match &step.kind {
            StepKind::Approval(approval) => approval.standing.as_ref().map(|limits| (id, limits.per_day)),
            _ => None,
        })
        .collect();
    let (step, per_day) = *steps.get(random.below(steps.len()))?;
    Some(Standing {
        id: format!("standing{number}"),
        by: person(random.below(5)).id,
        step: step.clone(),
        max: random.between(1, 3) as f64,
        per_day,
        until: now + random.between(1000, 6 * DAY_MS),
        bound: String::new(),
        call: standing_call(workflow, step)?,
        used: BTreeMap::new(),
        counted: BTreeMap::new(),
    })
}

impl Scenario {
    pub fn around_approvals(&mut self) {
        let now = self.now;
        match self.random.below(10) {
            0..=3 => self.move_run(),
            4 => self.take_back(),
            5 | 6 => {
                let deputy = deputy(&mut self.random, now);
                self.checker.allowed.deputies.push(deputy);
            }
            7 | 8 => self.allow(),
            _ => {
                let allowed = &mut self.checker.allowed;
                let ends = allowed.deputies.iter_mut().map(|deputy| &mut deputy.until);
                let mut ends: Vec<&mut i64> =
                    ends.chain(allowed.standing.iter_mut().map(|one| &mut one.until)).collect();
                if !ends.is_empty() {
                    let index = self.random.below(ends.len());
                    *ends[index] = now.min(*ends[index]);
                }
            }
        }
    }

    /// Who decides; those who may for others are often the ones.
    pub fn decider(&mut self) -> Actor {
        let deputies = &self.checker.allowed.deputies;
        if !deputies.is_empty() && self.random.chance(400) {
            let to = &self.random.pick(deputies).to;
            if let Some(deputy) = (0..PEOPLE).map(person).find(|person| person.id == *to) {
                return deputy;
            }
        }
        person(self.random.below(PEOPLE))
    }

    /// What comes with a decision: as the shell finds it.
    pub fn with(&mut self, row: &CheckpointRow, by: &Actor, verdict: Verdict) -> Box<DecidedWith> {
        let edits = edits(&mut self.random, row, verdict);
        let now = self.now;
        let deputies = self.checker.allowed.deputies.iter();
        let lets = |other: &Actor| {
            let mut given = deputies.clone();
            given.any(|deputy| deputy.from == other.id && deputy.to == by.person() && now < deputy.until)
        };
        let anybody = self.sabotage == Sabotage::DelegatesToAll;
        let all = (0..PEOPLE).map(person).filter(|other| other.made_by.is_empty() && other.id != by.id);
        let for_others = all.filter(|other| anybody || lets(other)).collect();
        Box::new(DecidedWith { for_others, edits, ..DecidedWith::default() })
    }

    fn move_run(&mut self) {
        let waiting = self.store.runs.values().filter(|row| row.status == RunStatus::Waiting);
        let waiting: Vec<String> = waiting.map(|row| row.id.clone()).collect();
        if waiting.is_empty() {
            return;
        }
        let run = self.random.pick(&waiting).clone();
        let Some(held) = self.load(&run) else { return };
        let number = if held.row.version == 1 { 2 } else { 1 };
        let from = &held.published.played;
        let to = &self.versions[number as usize - 1].played;
        // What a careless shell looks at is the version the run is on.
        let to = if self.sabotage == Sabotage::MovesAnyhow { from } else { to };
        let request = MoveRequest { from, to, number, mapping: &BTreeMap::new() };
        let Ok(checked) = Movable::check(&request, &held.state, Timestamp(self.now)) else { return };
        let by = person(self.random.below(PEOPLE));
        self.on_run(run, Input::MoveRequested { checked: Box::new(checked), by });
    }

    fn take_back(&mut self) {
        let moved = self.store.runs.values().filter(|row| row.version == 2 || self.sabotage == Sabotage::UndoesLater);
        let moved: Vec<String> = moved.map(|row| row.id.clone()).collect();
        if !moved.is_empty() {
            let (run, by) = (self.random.pick(&moved).clone(), person(self.random.below(PEOPLE)));
            self.on_run(run, Input::UndoRequested { by });
        }
    }

    /// On which version an input is decided: a move on the one it leads to.
    pub fn target(&self, held: &Held, input: &Input) -> Arc<Published> {
        let other = |number: u32| self.versions.get(number as usize - 1).map(Arc::clone);
        let on = match input {
            Input::MoveRequested { .. } => other(if held.row.version == 1 { 2 } else { 1 }),
            Input::UndoRequested { .. } => held.state.undoable.as_ref().and_then(|moved| other(moved.from)),
            _ => None,
        };
        on.unwrap_or_else(|| Arc::clone(&held.published))
    }

    fn allow(&mut self) {
        let published = Arc::clone(&self.versions[self.active as usize - 1]);
        let number = self.checker.allowed.standing.len();
        let Some(mut standing) = standing(&mut self.random, number, self.now, &published) else { return };
        let bound = published.version.standing_hash(&standing.step, Some(&self.account()));
        standing.bound = bound.unwrap_or_default();
        self.checker.allowed.standing.push(standing);
    }

    /// Decides an approval that just opened by what somebody allowed in advance, as the shell does.
    pub fn use_standing(&mut self, at: usize, run: &str, held: &Held) {
        let Some(wait) = held.state.phase.approval() else { return };
        let (now, sabotage) = (self.now, self.sabotage);
        let (visit, step, day) = (wait.place.visit, wait.place.step.clone(), now.div_euclid(DAY_MS));
        let Some(open) = OpenApproval::of(&held.published.played, &held.state) else { return };
        for standing in self.checker.allowed.standing.iter_mut().filter(|standing| standing.step == step) {
            let for_ever = sabotage == Sabotage::StandsForEver;
            let used = standing.counted.entry(day).or_default();
            if !for_ever && (now >= standing.until || *used >= standing.per_day) {
                continue;
            }
            let by = (0..PEOPLE).map(person).find(|person| person.id == standing.by);
            let Some(by) = by.map(|by| Actor { via: Via::Standing, ..by }) else { continue };
            let grant = StandingGrant {
                id: standing.id.clone(),
                amount_max: if sabotage == Sabotage::StandsForMore { 1e9 } else { standing.max },
                until: Timestamp(if for_ever { i64::MAX } else { standing.until }),
                of: standing.bound.clone(),
            };
            if open.why_not_standing(&by, &grant, &held.state, Timestamp(now)).is_some() {
                continue;
            }
            *used += 1;
            let with = Box::new(DecidedWith { standing: Some(grant), ..DecidedWith::default() });
            let input = Input::Decided { visit, verdict: Verdict::Approved, comment: String::new(), by, with };
            let job = Job::new(run.to_owned(), input, Cause::Person(held.state.open_checkpoint()));
            return self.later(at, 1, Work::Decide(Box::new(job)));
        }
    }
}
