//! An approval that waits: who may decide it, and what is still lacking.

use super::{Compiled, Standing};
use crate::{
    approval::{
        Audience, Contributors,
        policy::{self, Case, Shortage, shortage},
    },
    document::{Approvers, StepId},
    expr::Expression,
    run::{Actor, ApprovalWait, CompiledStep, Opened, RunState, StandingGrant, Verdict, Version},
    time::Timestamp,
};
use serde_json::Value;

/// An approval that waits, and all that says who may decide it.
#[derive(Debug, Clone, Copy)]
pub struct OpenApproval<'a> {
    step: &'a Compiled,
    wait: &'a ApprovalWait,
    contributors: &'a Contributors,
    author: Option<&'a str>,
    sent_back: u32,
    version: &'a Version,
}

impl<'a> OpenApproval<'a> {
    /// The one the run waits for, if it waits for one.
    #[must_use]
    pub fn of(version: &'a Version, state: &'a RunState) -> Option<Self> {
        let wait = state.phase.approval()?;
        match version.step(&wait.place.step) {
            Some(CompiledStep::Approval(step)) => Some(Self::on(step, wait, version, state)),
            _ => None,
        }
    }

    pub(super) fn on(step: &'a Compiled, wait: &'a ApprovalWait, version: &'a Version, state: &'a RunState) -> Self {
        let sent_back = state.sent_back.get(&wait.place.step).copied().unwrap_or_default();
        Self { step, wait, contributors: &state.contributors, author: version.author.as_deref(), sent_back, version }
    }

    /// The outcomes a person may choose now.
    #[must_use]
    pub fn outcomes(&self) -> Vec<String> {
        let offered = Verdict::ALL.into_iter().filter(|verdict| self.leads(*verdict).is_some());
        offered.map(|verdict| verdict.word().to_owned()).collect()
    }

    /// How often it may still be sent back; nothing where that is not offered at all.
    #[must_use]
    pub fn changes_left(&self) -> Option<u32> {
        self.step.on_changes.as_ref().map(|_| self.step.changes_max.saturating_sub(self.sent_back))
    }

    pub(super) fn leads(&self, verdict: Verdict) -> Option<&'a StepId> {
        let over = verdict == Verdict::Changes && self.changes_left() == Some(0);
        self.step.leads(verdict).filter(|_| !over)
    }

    /// The policy that holds for it.
    #[must_use]
    pub fn approvers(&self) -> &'a Approvers {
        self.wait.people.as_ref().unwrap_or(&self.step.approvers)
    }

    fn case(&self) -> Case<'a> {
        let Self { wait, contributors, author, .. } = *self;
        let added = [wait.escalated.as_deref().unwrap_or_default(), wait.added.as_slice()];
        Case { approvers: self.approvers(), added, contributors, author }
    }

    /// Whom it asks now: whoever has spoken is not asked again, and nobody is while a decision is held.
    pub(crate) fn audience(&self) -> Audience {
        if self.wait.held.is_some() {
            return Audience::nobody();
        }
        let mut audience = Audience::of_case(&self.case());
        let spoken = self.wait.given.iter().chain(&self.wait.against).flat_map(Actor::people);
        audience.barred.extend(spoken.map(str::to_owned));
        audience
    }

    /// Why `actor` may not say this now; nothing when they may.
    #[must_use]
    pub fn why_not(&self, actor: &Actor, verdict: Verdict) -> Option<String> {
        let (wait, approvers) = (self.wait, self.approvers());
        if let Some(held) = &wait.held {
            return Some(held.told());
        }
        if let Some(reason) = self.case().why_not(actor, verdict) {
            return Some(reason);
        }
        let spoken =
            |of: &[Actor]| of.iter().any(|given| given.people().any(|had| actor.people().any(|now| now == had)));
        if spoken(&wait.given) {
            return Some("you have already approved; another person must too".into());
        }
        if spoken(&wait.against) {
            return Some("you have already said no; another person must decide".into());
        }
        if verdict == Verdict::Approved
            && let Some(lacking) = self.lacking()
            && wait.given.len() >= approvers.quorum as usize
            && self
                .lacking_with(Some(actor))
                .is_some_and(|with| with.needed - with.found >= lacking.needed - lacking.found)
        {
            return Some(format!("enough of yours have approved; it takes {}", lacking.told()));
        }
        None
    }

    /// As whom this person decides: as themselves, or for somebody of `for_others` when only that is allowed. Without a
    /// verdict, any is meant.
    ///
    /// # Errors
    /// Why they may not themselves.
    pub fn seat(&self, by: &Actor, for_others: &[Actor], verdict: Option<Verdict>) -> Result<Actor, String> {
        let verdicts = match verdict {
            Some(verdict) => vec![verdict],
            None => vec![Verdict::Approved, Verdict::Rejected],
        };
        let may = |actor: &Actor| verdicts.iter().any(|verdict| self.why_not(actor, *verdict).is_none());
        if may(by) {
            return Ok(by.clone());
        }
        // A key was made for what its maker may.
        let deputy = by.made_by.is_empty();
        let mut seats = for_others.iter().filter(|_| deputy).map(|other| by.representing(other));
        match seats.find(|seat| may(seat)) {
            Some(seat) => Ok(seat),
            None => Err(verdicts.first().and_then(|verdict| self.why_not(by, *verdict)).unwrap_or_default()),
        }
    }

    /// Why what `by` allowed in advance does not decide this now; nothing when it does. How often a day is for who counts.
    #[must_use]
    pub fn why_not_standing(
        &self,
        by: &Actor,
        grant: &StandingGrant,
        state: &RunState,
        now: Timestamp,
    ) -> Option<String> {
        let told = |why: &str| Some(why.to_owned());
        let Some(Standing { limits, when }) = &self.step.standing else {
            return told("nothing may be allowed in advance here");
        };
        let Opened::Approval { difference, edited, .. } = self.wait.opened.as_ref() else {
            return told("nothing is to be approved");
        };
        let [request] = self.wait.requests.as_ref() else { return told("more than one request is to be approved") };
        let offered = self.version.standing_hash(&self.wait.place.step, request.account.as_deref());
        if offered.as_deref() != Some(grant.of.as_str()) {
            return told("something else was allowed in advance: the workflow or the connection has changed since");
        }
        if self.approvers().step_up.is_some_and(|step_up| !step_up.links_only) {
            return told("each decision takes a password here");
        }
        let amount = request.input.pointer(&limits.field).and_then(Value::as_f64);
        let within = amount.is_some_and(|amount| amount >= 0.0 && amount <= grant.amount_max && amount <= limits.max);
        if !within {
            return told("the amount is not within what was allowed in advance");
        }
        if now >= grant.until {
            return told("what was allowed in advance has ended");
        }
        if difference.is_some() || !edited.is_empty() {
            return told("what is sent was changed, so a person looks at it");
        }
        let holds = |when: &Expression| matches!(when.evaluate(&state.scope(now)), Ok(Some(Value::Bool(true))));
        if !when.as_ref().is_none_or(holds) {
            return told("the condition of what may be allowed in advance does not hold");
        }
        if let Some(reason) = self.why_not(by, Verdict::Approved) {
            return Some(reason);
        }
        self.lacking_with(Some(by)).map(|lacking| format!("it takes {} besides", lacking.told()))
    }

    /// What is missing for a yes; nothing when it has all.
    #[must_use]
    pub fn lacking(&self) -> Option<Shortage> {
        self.lacking_with(None)
    }

    pub(super) fn lacking_with(&self, actor: Option<&Actor>) -> Option<Shortage> {
        shortage(self.approvers(), self.wait.given.iter().chain(actor), 0)
    }

    /// Whether with this word it is decided. Where the requests are changed by it, earlier approvals count no more, and one
    /// who must not approve what they changed decides nothing.
    pub(super) fn decides(&self, by: &Actor, verdict: Verdict, changes: bool) -> bool {
        let given = if changes { &[][..] } else { self.wait.given.as_slice() };
        match verdict {
            Verdict::Approved if changes && self.approvers().exclude_requester => false,
            Verdict::Approved => shortage(self.approvers(), given.iter().chain([by]), 0).is_none(),
            Verdict::Rejected => self.rejects(by),
            Verdict::Changes => true,
        }
    }

    /// Whether this no is the last one it takes.
    pub(super) fn rejects(&self, by: &Actor) -> bool {
        let approvers = self.approvers();
        policy::names(&approvers.veto, by) || self.wait.against.len() + 1 >= approvers.rejections as usize
    }
}
