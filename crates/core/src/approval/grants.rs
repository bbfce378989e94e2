//! What approvals have allowed so far, kept per guarded step and approval, and which approvals a run has passed.

use super::GuardedRequest;
use crate::document::StepId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What one approval says about one guarded step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    /// The request that was shown.
    pub request: GuardedRequest,
    /// What became of it.
    pub standing: Standing,
}

/// What became of the asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Asked, and no yes so far.
    Asked,
    /// A person said yes, and nothing was sent on it.
    Given,
    /// Silence counted as a yes: never enough for a high-risk action.
    Silent,
    /// Asked for changes: enough only where nothing demands a person's yes, since a way leads on from there too.
    Returned,
    /// Something was sent on it.
    Used,
    /// A yes from before the run was sent on by a person.
    Old,
}

/// The yes of every approval of a run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Grants {
    /// By guarded step, then by approval.
    of: BTreeMap<StepId, BTreeMap<StepId, Grant>>,
    /// Approvals whose last word was a yes, since the state was last edited by a person.
    passed: BTreeSet<StepId>,
}

/// Why a request may not be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Missing {
    /// The approval that must say yes to it.
    pub approval: StepId,
    /// What that approval said yes to; `None` when there is no such yes, or it was used.
    pub approved: Option<GuardedRequest>,
}

/// What must hold before a guarded step is performed.
#[derive(Debug, Clone, Copy)]
pub struct Needed<'a> {
    /// Every approval that names the step.
    pub naming: &'a [StepId],
    /// Those of them that every path to the step passes.
    pub always: &'a [StepId],
    /// Whether the step needs a yes even when the run's path passed no approval that names it.
    pub anyway: bool,
    /// Whether silence is not enough.
    pub by_person: bool,
}

impl Grants {
    /// The approval is asked about these requests: an earlier word of it counts no more.
    pub fn asked(&mut self, approval: &str, requests: &[GuardedRequest]) {
        self.passed.remove(approval);
        for request in requests {
            let grant = Grant { request: request.clone(), standing: Standing::Asked };
            self.of.entry(request.step.clone()).or_default().insert(approval.to_owned(), grant);
        }
    }

    /// The approval said yes to what it was asked about; `silent` when by silence.
    pub fn given(&mut self, approval: &str, requests: &[GuardedRequest], silent: bool) {
        self.asked(approval, requests);
        self.passed.insert(approval.to_owned());
        let standing = if silent { Standing::Silent } else { Standing::Given };
        for request in requests {
            if let Some(grant) = self.of.get_mut(&request.step).and_then(|of| of.get_mut(approval)) {
                grant.standing = standing;
            }
        }
    }

    /// The approval sent back what it was asked about.
    pub fn returned(&mut self, approval: &str, requests: &[GuardedRequest]) {
        for request in requests {
            if let Some(grant) = self.of.get_mut(&request.step).and_then(|of| of.get_mut(approval)) {
                grant.standing = Standing::Returned;
            }
        }
    }

    /// The step's call leaves: every yes to it is used up, and what was used before is forgotten.
    pub fn used(&mut self, step: &str) {
        let Some(of) = self.of.get_mut(step) else { return };
        let live = |grant: &Grant| grant.standing != Standing::Used;
        if of.values().any(live) {
            of.retain(|_, grant| live(grant));
        }
        of.values_mut().for_each(|grant| grant.standing = Standing::Used);
    }

    /// A person sent the run on: no earlier yes allows a call any more, and when they changed something in it, no approval
    /// was passed.
    pub fn sent_on(&mut self, changed: bool) {
        for grant in self.of.values_mut().flat_map(BTreeMap::values_mut) {
            if matches!(grant.standing, Standing::Given | Standing::Silent) {
                grant.standing = Standing::Old;
            }
        }
        if changed {
            self.passed.clear();
        }
    }

    /// The run goes on on a version that calls a step otherwise.
    pub fn renamed(&mut self, from: &str, to: &str) {
        if from == to {
            return;
        }
        if self.passed.remove(from) {
            self.passed.insert(to.to_owned());
        }
        if let Some(of) = self.of.remove(from) {
            self.of.insert(to.to_owned(), of);
        }
        for of in self.of.values_mut() {
            if let Some(grant) = of.remove(from) {
                of.insert(to.to_owned(), grant);
            }
        }
    }

    /// Every yes that nothing was sent on: guarded step, approval, grant.
    pub fn live(&self) -> impl Iterator<Item = (&StepId, &StepId, &Grant)> {
        let all = self.of.iter().flat_map(|(step, of)| of.iter().map(move |(approval, grant)| (step, approval, grant)));
        all.filter(|(_, _, grant)| matches!(grant.standing, Standing::Given | Standing::Silent))
    }

    /// What the approvals say about one guarded step.
    #[must_use]
    pub fn about(&self, step: &str) -> Option<&BTreeMap<StepId, Grant>> {
        self.of.get(step)
    }

    /// The guarded steps that an approval was asked about.
    pub fn steps(&self) -> impl Iterator<Item = &StepId> {
        self.of.keys()
    }

    /// Whether the last word of this approval was a yes, given since the run was last edited.
    #[must_use]
    pub fn has_passed(&self, approval: &str) -> bool {
        self.passed.contains(approval)
    }

    /// What stands in the way of sending a request with this hash: the first approval without a yes to exactly that.
    #[must_use]
    pub fn missing(&self, step: &str, hash: &str, needed: Needed<'_>) -> Option<Missing> {
        let empty = BTreeMap::new();
        let of = self.of.get(step).unwrap_or(&empty);
        let lacking = |approval: &StepId| match of.get(approval) {
            Some(grant) if grant.allows(hash, needed.by_person) => None,
            Some(grant) => {
                let approved = (grant.standing != Standing::Used).then(|| grant.request.clone());
                Some(Missing { approval: approval.clone(), approved })
            }
            None => Some(Missing { approval: approval.clone(), approved: None }),
        };
        let missing = self.required(of, needed).iter().find_map(&lacking);
        if missing.is_some() || !of.is_empty() || !needed.always.is_empty() || !needed.anyway {
            return missing;
        }
        needed.naming.iter().find_map(lacking)
    }

    /// The approvals on the run's path that name the step: asked since it was last performed, else those it was performed
    /// on; and those that every path passes.
    fn required(&self, of: &BTreeMap<StepId, Grant>, needed: Needed<'_>) -> BTreeSet<StepId> {
        let live = of.values().any(|grant| grant.standing != Standing::Used);
        let on_path = of.iter().filter(|(_, grant)| !live || grant.standing != Standing::Used);
        // One that a version no longer has cannot be asked; those of the version are.
        let on_path = on_path.map(|(approval, _)| approval).filter(|approval| needed.naming.contains(approval));
        on_path.chain(needed.always).cloned().collect()
    }
}

impl Grant {
    fn allows(&self, hash: &str, by_person: bool) -> bool {
        match self.standing {
            Standing::Given => self.request.hash == hash,
            Standing::Silent => !by_person && self.request.hash == hash,
            Standing::Returned => !by_person,
            Standing::Asked | Standing::Used | Standing::Old => false,
        }
    }
}
