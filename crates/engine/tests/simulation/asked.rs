//! The reference model of an open approval: who may decide it, what happens while nobody does, what of it may be changed,
//! and what was allowed in advance. It knows the document, the events and the clock, and nothing of the run machine's folds.

use crate::{
    checker::{Verdict, must},
    people::{PEOPLE, person},
};
use countersign_core::{
    approval::{Edits, GuardedRequest},
    document::{Approval, Approvers, Rung, RungAct, StepKind, Workflow},
    run::{self as core, Actor, Via},
    time::{Span, Timestamp},
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;
/// Whoever was on the way when something ended is let through for so long.
const ON_THE_WAY_MS: i64 = 180_000;

/// How much working time lies between two times: of the only calendar there is, or of all time.
pub fn worked(office: bool, from: i64, to: i64) -> i64 {
    if !office {
        return to - from;
    }
    let days = from.div_euclid(DAY_MS)..=to.div_euclid(DAY_MS);
    // The first day of the epoch was a Thursday.
    let working = days.filter(|day| (day + 3).rem_euclid(7) < 5);
    working.map(|day| (to.min(day * DAY_MS + 17 * HOUR_MS) - from.max(day * DAY_MS + 9 * HOUR_MS)).max(0)).sum()
}

/// What people let others do for them, or allowed in advance.
#[derive(Default)]
pub struct Allowed {
    pub deputies: Vec<Deputy>,
    pub standing: Vec<Standing>,
}

/// Somebody decides for another.
#[derive(Clone)]
pub struct Deputy {
    pub from: String,
    pub to: String,
    pub until: i64,
}

/// Something is allowed in advance.
#[derive(Clone)]
pub struct Standing {
    pub id: String,
    pub by: String,
    pub step: String,
    pub max: f64,
    pub per_day: u32,
    pub until: i64,
    /// What the machine binds it to.
    pub bound: String,
    /// What it is for: action, connection, input, as the document has them.
    pub call: Value,
    /// Uses by day, as they were decided.
    pub used: BTreeMap<i64, u32>,
    /// Uses by day, as the shell of the small model counts them.
    pub counted: BTreeMap<i64, u32>,
}

/// What an approval step would let people allow in advance.
pub fn standing_call(workflow: &Workflow, step: &str) -> Option<Value> {
    let StepKind::Approval(approval) = &workflow.steps.get(step)?.kind else { return None };
    let limits = approval.standing.as_deref()?;
    let StepKind::ToolCall(call) = &workflow.steps.get(&limits.step)?.kind else { return None };
    Some(serde_json::json!([limits.step, limits.field, call.action, call.connection, call.input]))
}

impl Allowed {
    fn stands_in(&self, by: &Actor, at: i64) -> Verdict {
        let Some(other) = &by.on_behalf_of else { return Ok(()) };
        let given = self
            .deputies
            .iter()
            .any(|deputy| deputy.from == other.id && deputy.to == by.id && at < deputy.until + ON_THE_WAY_MS);
        must(given && by.made_by.is_empty(), || format!("{} decided for {}, who did not let them", by.id, other.id))?;
        let real = (0..PEOPLE).map(person).find(|person| person.id == other.id);
        must(real.is_some_and(|real| same(&real.roles, &other.roles)), || {
            format!("{} decided for {} as {:?}", by.id, other.id, other.roles)
        })
    }

    /// A standing approval decided: it must still have allowed just that.
    pub fn used(&mut self, id: &str, (asked, workflow): (&Asked, &Workflow), by: &Actor, at: i64) -> Verdict {
        let standing = self.standing.iter_mut().find(|standing| standing.id == id);
        let standing = standing.ok_or_else(|| format!("nobody allowed {id} in advance"))?;
        let good = by.id == standing.by && by.via == Via::Standing && asked.step == standing.step;
        must(good, || {
            format!("{id} is of {} for `{}`, {} decided `{}`", standing.by, standing.step, by.id, asked.step)
        })?;
        must(at < standing.until + ON_THE_WAY_MS, || format!("{id} had ended when it decided"))?;
        must(standing_call(workflow, &asked.step).as_ref() == Some(&standing.call), || {
            format!("{id} decided about another call than it was for")
        })?;
        must(!asked.changed, || format!("{id} decided about what was changed"))?;
        let amount = asked.requests.first().and_then(|request| request.input["y"].as_f64());
        must(asked.requests.len() == 1 && amount.is_some_and(|amount| (0.0..=standing.max).contains(&amount)), || {
            format!("{id} allows {} in advance, it decided about {amount:?}", standing.max)
        })?;
        // One that was counted before midnight may be decided after it.
        if at.rem_euclid(DAY_MS) > ON_THE_WAY_MS {
            let used = standing.used.entry(at.div_euclid(DAY_MS)).or_default();
            *used += 1;
            must(*used <= standing.per_day, || format!("{id} decided {used} times that day"))?;
        }
        Ok(())
    }
}

fn same(some: &[String], others: &[String]) -> bool {
    some.iter().all(|one| others.contains(one)) && others.iter().all(|one| some.contains(one))
}

/// An approval that waits.
#[derive(Clone)]
pub struct Asked {
    pub step: String,
    pub requests: Vec<GuardedRequest>,
    /// Something differs from what was approved before, or from what the document gives.
    pub changed: bool,
    policy: Approvers,
    added: Vec<String>,
    escalated: Vec<String>,
    given: Vec<Actor>,
    against: Vec<Actor>,
    rung: u32,
    since: i64,
}

/// What is said about an approval, and by whom.
pub struct Voice<'a> {
    pub by: &'a Actor,
    pub verdict: core::Verdict,
    pub at: i64,
    /// They had a hand in it.
    pub involved: bool,
}

impl Asked {
    pub fn new(step: &str, policy: Approvers, requests: &[GuardedRequest], since: i64, changed: bool) -> Self {
        Self {
            step: step.to_owned(),
            requests: requests.to_vec(),
            changed,
            policy,
            added: Vec::new(),
            escalated: Vec::new(),
            given: Vec::new(),
            against: Vec::new(),
            rung: 0,
            since,
        }
    }

    /// The time limit is when the document says.
    pub fn due(&self, approval: &Approval, due: Option<Timestamp>) -> Verdict {
        let after = approval.timeout.as_ref().map(|timeout| timeout.after.0 as i64);
        let real = due.map(|due| worked(approval.calendar.is_some(), self.since, due.0));
        must(after == real, || format!("`{}` times out after {real:?} ms, not {after:?}", self.step))
    }

    pub fn may(&self, voice: &Voice<'_>, allowed: &Allowed) -> Verdict {
        let Voice { by, at, involved, .. } = *voice;
        allowed.stands_in(by, at)?;
        let (roles, email) =
            by.on_behalf_of.as_ref().map_or((&by.roles, &by.email), |other| (&other.roles, &other.email));
        let is = |name: &String| roles.contains(name) || name == email;
        let Approvers { roles: wanted, users, .. } = &self.policy;
        let named = wanted.iter().chain(users).chain(&self.added).chain(&self.escalated).any(is);
        let anyone = wanted.is_empty() && users.is_empty() && roles.iter().any(|role| role == "operator");
        must(named || anyone, || format!("{} is no approver", by.id))?;
        must(!(self.policy.exclude_requester && involved), || format!("{} had a hand in it and approved it", by.id))?;
        let twice = self
            .given
            .iter()
            .chain(&self.against)
            .any(|had| had.people().any(|one| by.people().any(|other| one == other)));
        must(!twice, || format!("{} decided twice, or for somebody who had", by.id))
    }

    pub fn said(&mut self, voice: &Voice<'_>) {
        match voice.verdict {
            core::Verdict::Approved => self.given.push(voice.by.clone()),
            core::Verdict::Rejected => self.against.push(voice.by.clone()),
            core::Verdict::Changes => {}
        }
    }

    /// Whether with this voice there are enough.
    pub fn enough(&self, verdict: core::Verdict) -> Verdict {
        let (had, needed) = match verdict {
            core::Verdict::Approved => (self.given.len(), self.policy.quorum as usize),
            core::Verdict::Rejected => (self.against.len(), self.policy.rejections as usize),
            core::Verdict::Changes => (0, 1),
        };
        must(had + 1 >= needed, || format!("`{}` was decided by too few people", self.step))
    }

    pub fn escalated(&mut self, roles: &[String], approval: &Approval, (at, due): (i64, Timestamp)) -> Verdict {
        let limits = approval.timeout.as_ref().ok_or("an escalation without a time limit")?;
        let (office, after) = (approval.calendar.is_some(), limits.after.0 as i64);
        must(worked(office, self.since, at) >= after && worked(office, at, due.0) <= after, || {
            format!("`{}` is escalated early", self.step)
        })?;
        must(roles == limits.escalate_to, || format!("`{}` is escalated to {roles:?}", self.step))?;
        self.escalated = roles.to_vec();
        Ok(())
    }

    /// A rung was reached: the next one, in time, and what it says.
    pub fn climbed(&mut self, approval: &Approval, rung: u32, (act, to): (RungAct, &[String]), at: i64) -> Verdict {
        must(rung == self.rung + 1, || format!("rung {rung} of `{}` follows {}", self.step, self.rung))?;
        self.rung = rung;
        let said = approval.ladder.get(rung as usize - 1);
        let Rung { after: Span(after), act: wanted, to: of } =
            said.ok_or_else(|| format!("there is no rung {rung}"))?;
        let passed = worked(approval.calendar.is_some(), self.since, at);
        must(passed >= *after as i64, || {
            format!("rung {rung} of `{}` was climbed early, after {passed} ms of {after}", self.step)
        })?;
        must((act, to) == (*wanted, of.as_slice()), || format!("rung {rung} of `{}` is another", self.step))?;
        match act {
            RungAct::Remind => {}
            RungAct::Reassign => {
                let (users, roles) = to.iter().cloned().partition(|name: &String| name.contains('@'));
                (self.policy.users, self.policy.roles) = (users, roles);
                self.added.clear();
                self.escalated.clear();
            }
            RungAct::Escalate => self.added.extend(to.iter().cloned()),
        }
        Ok(())
    }

    /// Somebody made another request of it: where they may, and what they said; earlier voices are about another.
    pub fn edited(&mut self, approval: &Approval, edits: &Edits, now: &[GuardedRequest]) -> Verdict {
        must(now.len() == self.requests.len(), || "an edit changes how many requests there are".into())?;
        for (old, new) in self.requests.iter().zip(now) {
            let none = Map::new();
            let fields = edits.get(&old.step).unwrap_or(&none);
            let mut input = old.input.clone();
            for (pointer, value) in fields {
                let may = approval.editable.get(&old.step).is_some_and(|listed| listed.contains(pointer));
                must(may, || format!("`{pointer}` of `{}` may not be changed", old.step))?;
                input[pointer.trim_start_matches('/')] = value.clone();
            }
            must(input == new.input && old.step == new.step, || format!("`{}` was changed otherwise", old.step))?;
        }
        self.requests = now.to_vec();
        self.given.clear();
        self.changed = true;
        Ok(())
    }
}
