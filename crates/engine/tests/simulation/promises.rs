//! What approvals promise, as the reference model keeps it: it knows the document, the events and what was executed, and
//! nothing of how the run machine remembers grants.
//!
//! 1. Every performed guarded call was seen, byte for byte, by every approval on its path.
//! 2. Nobody who had a hand in it approved where that is excluded.
//! 3. No effect of a step happens twice without a person's recorded consent.

use crate::checker::{Verdict, must};
use countersign_core::{
    approval::GuardedRequest,
    document::{Exit, Step, StepKind, Workflow},
    run::{Actor, Via},
};
use std::collections::{BTreeMap, BTreeSet};

/// The last word of an approval about a guarded step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Asked,
    /// A person said yes.
    Yes,
    /// Silence counted as one.
    Silence,
    Rejected,
    /// Asked for changes.
    Returned,
    /// A yes from before a person sent the run on.
    Old,
    Used,
}

struct Seen {
    hash: String,
    word: Word,
}

#[derive(Default)]
pub struct Promises {
    /// Guarded step, then approval.
    seen: BTreeMap<String, BTreeMap<String, Seen>>,
    /// Approvals whose last word was a yes since somebody changed the state.
    passed: BTreeSet<String>,
    contributors: BTreeSet<String>,
    /// How often a person sent the run on.
    epoch: u32,
    /// What they agreed to have a second time, this time.
    agreed: BTreeSet<String>,
    /// What was executed, by step and call: when, by the count of the above.
    executed: BTreeMap<(String, u16), u32>,
    /// Where the token may go now; empty when nothing is known.
    next: BTreeSet<String>,
    /// The step at whose door an approval is asked.
    door: Option<String>,
    /// Nobody decided in time.
    timed_out: bool,
}

fn approvals(workflow: &Workflow) -> impl Iterator<Item = (&String, &[String])> {
    workflow.steps.iter().filter_map(|(id, step)| match &step.kind {
        StepKind::Approval(approval) => Some((id, approval.guards.as_slice())),
        _ => None,
    })
}

/// Whether ways from the start lead to a step, and all of them through a yes of this approval.
fn on_every_path(workflow: &Workflow, approval: &str, to: &str) -> bool {
    leads(workflow, None, to) && !leads(workflow, Some(approval), to)
}

/// Whether a way leads from the start to a step; with `shut`, one without a yes of that approval.
fn leads(workflow: &Workflow, shut: Option<&str>, to: &str) -> bool {
    let mut left = vec![workflow.start.as_str()];
    let mut reached = BTreeSet::new();
    while let Some(at) = left.pop() {
        if at == to {
            return true;
        }
        let Some(step) = workflow.steps.get(at).filter(|_| reached.insert(at)) else { continue };
        left.extend(
            ways(step).into_iter().filter(|(exit, _)| shut != Some(at) || !is_yes(step, exit)).map(|(_, to)| to),
        );
    }
    false
}

fn ways(step: &Step) -> Vec<(Exit, &str)> {
    step.kind.exits().into_iter().map(|(exit, to)| (exit, to.as_str())).collect()
}

fn is_yes(step: &Step, exit: &Exit) -> bool {
    let StepKind::Approval(approval) = &step.kind else { return false };
    let silence = approval
        .timeout
        .as_ref()
        .is_some_and(|timeout| timeout.outcome == countersign_core::document::TimeoutOutcome::Approved);
    *exit == Exit::Approved || *exit == Exit::Timeout && silence
}

impl Promises {
    pub fn started(&mut self, at: &str, by: Option<&Actor>) {
        self.next = BTreeSet::from([at.to_owned()]);
        by.into_iter().for_each(|by| self.had_a_hand(by));
    }

    pub fn had_a_hand(&mut self, by: &Actor) {
        if by.via != Via::Conversation {
            self.contributors.insert(by.person().to_owned());
        }
    }

    /// A person sent the run on from a step.
    pub fn sent_on(&mut self, from: &str, changed: bool, agreed: &[String], by: &Actor) {
        self.had_a_hand(by);
        self.epoch += 1;
        self.agreed = agreed.iter().cloned().collect();
        self.next = BTreeSet::from([from.to_owned()]);
        (self.door, self.timed_out) = (None, false);
        for seen in self.seen.values_mut().flat_map(BTreeMap::values_mut) {
            if matches!(seen.word, Word::Yes | Word::Silence) {
                seen.word = Word::Old;
            }
        }
        if changed {
            self.passed.clear();
        }
    }

    /// The token enters a step: some way led there, or it is an approval asked at the door of where the way led.
    pub fn entered(&mut self, workflow: &Workflow, step: &str) -> Verdict {
        if self.next.contains(step) {
            self.door = None;
            return Ok(());
        }
        let asked_for = self.next.iter().find(|next| {
            let names = approvals(workflow).any(|(id, guards)| id == step && guards.contains(next));
            names || on_every_path(workflow, step, next)
        });
        let approval = matches!(workflow.steps.get(step).map(|step| &step.kind), Some(StepKind::Approval(_)));
        let door = asked_for.filter(|_| approval).cloned();
        must(door.is_some(), || format!("the token went to `{step}`, no way led there but to {:?}", self.next))?;
        self.door = door;
        Ok(())
    }

    /// It leaves a step.
    pub fn left(&mut self, workflow: &Workflow, step: &str, exit: &Exit) {
        let Some(of) = workflow.steps.get(step) else { return };
        let mut next: BTreeSet<String> =
            ways(of).into_iter().filter(|(way, _)| way == exit).map(|(_, to)| to.to_owned()).collect();
        // A yes at the door leads in, and past nothing else.
        if let Some(door) = self.door.take()
            && *exit == Exit::Approved
        {
            next = BTreeSet::from([door]);
        }
        // A time limit may have a way of its own.
        if let (StepKind::Approval(approval), true) = (&of.kind, std::mem::take(&mut self.timed_out)) {
            let own = approval.timeout.as_ref().and_then(|timeout| timeout.next.clone());
            next = own.map_or(next, |own| BTreeSet::from([own]));
        }
        self.next = next;
    }

    /// It stays at the door of a step, where an approval is asked again.
    pub fn held_at(&mut self, step: &str) {
        self.next = BTreeSet::from([step.to_owned()]);
    }

    pub fn asked(&mut self, approval: &str, requests: &[GuardedRequest], door: Option<&String>) -> Verdict {
        self.passed.remove(approval);
        for request in requests {
            let seen = Seen { hash: request.hash.clone(), word: Word::Asked };
            self.seen.entry(request.step.clone()).or_default().insert(approval.to_owned(), seen);
        }
        must(door == self.door.as_ref(), || {
            format!("`{approval}` is asked at {door:?}, the token is at {:?}", self.door)
        })
    }

    pub fn said(&mut self, approval: &str, requests: &[GuardedRequest], word: Word, by_person: bool) {
        self.timed_out = !by_person;
        if matches!(word, Word::Yes | Word::Silence) {
            self.passed.insert(approval.to_owned());
        }
        for request in requests {
            let seen = Seen { hash: request.hash.clone(), word };
            self.seen.entry(request.step.clone()).or_default().insert(approval.to_owned(), seen);
        }
    }

    /// Whether they, or whom they decide for, had a hand in it.
    pub fn had_one_of(&self, by: &Actor) -> bool {
        by.people().any(|person| self.contributors.contains(person))
    }

    /// A call leaves for the first time: whether a person said yes to it. `high` when it must not leave otherwise.
    pub fn called(
        &mut self,
        workflow: &Workflow,
        (step, call): (&str, u16),
        (hash, high): (Option<&str>, bool),
    ) -> Result<bool, String> {
        if let Some(epoch) = self.executed.get(&(step.to_owned(), call)) {
            must(*epoch == self.epoch || self.agreed.contains(step), || {
                format!("`{step}` is done again, and nobody agreed to that when the run was sent on")
            })?;
        }
        for (approval, guards) in approvals(workflow) {
            let gate = !guards.iter().any(|guarded| guarded == step) && on_every_path(workflow, approval, step);
            must(!gate || self.passed.contains(approval), || format!("`{step}` was reached around `{approval}`"))?;
        }
        let Some(hash) = hash else { return Ok(false) };
        let always = approvals(workflow)
            .filter(|(id, guards)| guards.iter().any(|guarded| guarded == step) && on_every_path(workflow, id, step));
        let always: BTreeSet<String> = always.map(|(id, _)| id.clone()).collect();
        let empty = BTreeMap::new();
        let of = self.seen.get(step).unwrap_or(&empty);
        let live = of.values().any(|seen| seen.word != Word::Used);
        // One that the run's version does not have cannot say anything any more.
        let naming =
            |id: &String| approvals(workflow).any(|(of, guards)| of == id && guards.iter().any(|to| to == step));
        let asked = of.iter().filter(|(id, seen)| naming(id) && (!live || seen.word != Word::Used));
        let asked = asked.map(|(id, _)| id.clone());
        let mut by_person = false;
        for approval in asked.chain(always) {
            let seen = of.get(&approval);
            let good = seen.is_some_and(|seen| match seen.word {
                Word::Yes => seen.hash == hash,
                Word::Silence => !high && seen.hash == hash,
                Word::Returned => !high,
                Word::Asked | Word::Rejected | Word::Old | Word::Used => false,
            });
            by_person |= seen.is_some_and(|seen| seen.word == Word::Yes);
            let word = seen.map(|seen| (seen.word, seen.hash == hash));
            must(good, || format!("`{step}` sends what `{approval}` has not approved: {word:?}"))?;
        }
        must(by_person || !high, || format!("`{step}` is high-risk, and nobody approved it"))?;
        if let Some(of) = self.seen.get_mut(step) {
            if live {
                of.retain(|_, seen| seen.word != Word::Used);
            }
            of.values_mut().for_each(|seen| seen.word = Word::Used);
        }
        Ok(by_person)
    }

    /// It changed the world.
    pub fn executed(&mut self, step: &str, call: u16) {
        self.executed.insert((step.to_owned(), call), self.epoch);
    }

    /// A person said that it did not take place: whoever does it now has their word for it.
    pub fn denied(&mut self, step: &str, call: u16) {
        self.executed.remove(&(step.to_owned(), call));
    }
}
