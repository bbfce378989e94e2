//! Who could decide what a run waits for, among the people there are.

use super::{
    Audience,
    policy::{Case, names, operates},
};
use crate::{
    document::{Approvers, StepKind},
    run::{Actor, HandoffWait, OpenApproval, OpenDoubt, RunState, Verdict, Version, Wait},
};

/// The people of a workspace, as the policies see them.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    /// Everybody who belongs to it.
    pub members: Vec<RosterMember>,
}

/// One of them.
#[derive(Debug, Clone)]
pub struct RosterMember {
    /// Who, with role and groups.
    pub actor: Actor,
    /// Why they cannot do anything.
    pub hindered: Option<Hindrance>,
    /// Whether they are away now: they may decide all the same, but nobody should count on it.
    pub away: bool,
    /// Those for whom they decide now.
    pub stands_in_for: Vec<Actor>,
}

/// Why a member cannot decide anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hindrance {
    /// They are shut out.
    Disabled,
    /// They were invited and have not signed in yet.
    Pending,
}

/// Somebody who may decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decider {
    /// User id.
    pub person: String,
    /// What people call them.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// User id of whom they would decide for, when they may only so.
    pub on_behalf_of: Option<String>,
}

impl Roster {
    /// The members who can do something.
    pub fn able(&self) -> impl Iterator<Item = &RosterMember> {
        self.members.iter().filter(|member| member.hindered.is_none())
    }

    /// The members whom a policy names, also those who cannot do anything.
    pub fn named<'a>(&'a self, policy: &'a Approvers) -> impl Iterator<Item = &'a RosterMember> {
        let nobody = &super::contributors::NOBODY;
        let case = Case { approvers: policy, added: [&[], &[]], contributors: nobody, author: None };
        self.members.iter().filter(move |member| case.why_not(&member.actor, Verdict::Approved).is_none())
    }

    /// The members who could approve by a policy.
    pub fn approvers<'a>(&'a self, policy: &'a Approvers) -> impl Iterator<Item = &'a Actor> {
        self.named(policy).filter(|member| member.hindered.is_none()).map(|member| &member.actor)
    }
}

/// Who may decide what the run waits for now: everybody of `roster` who is there, in its order. Nobody while it waits for
/// the customer or for nothing.
#[must_use]
pub fn deciders(version: &Version, state: &RunState, roster: &Roster) -> Vec<Decider> {
    let there = roster.able().filter(|member| !member.away);
    let chosen: Vec<Actor> = match state.phase.waiting() {
        Some(Wait::Approval(_)) => {
            let Some(open) = OpenApproval::of(version, state) else { return Vec::new() };
            there.filter_map(|member| open.seat(&member.actor, &member.stands_in_for, None).ok()).collect()
        }
        Some(Wait::Handoff(wait)) => {
            let team = team(version, wait);
            let of_team = |actor: &Actor| team.is_empty() || names(&[team.to_owned()], actor);
            there.map(|member| &member.actor).filter(|actor| operates(actor) && of_team(actor)).cloned().collect()
        }
        Some(Wait::Unknown(_)) => {
            let Some(doubt) = OpenDoubt::of(version, state) else { return Vec::new() };
            there.filter_map(|member| doubt.seat(&member.actor, &member.stands_in_for).ok()).collect()
        }
        Some(Wait::Form(_)) | None => Vec::new(),
    };
    let decider = |actor: Actor| Decider {
        on_behalf_of: actor.on_behalf_of.map(|other| other.id),
        person: actor.id,
        name: actor.name,
        email: actor.email,
    };
    chosen.into_iter().map(decider).collect()
}

/// Whom the run asks now, to be kept beside its checkpoint; nobody where a form waits for the customer.
#[must_use]
pub fn audience(version: &Version, state: &RunState) -> Option<Audience> {
    match state.phase.waiting()? {
        Wait::Approval(_) => OpenApproval::of(version, state).map(|open| open.audience()),
        Wait::Unknown(_) => OpenDoubt::of(version, state).map(|doubt| Audience::of_case(&doubt.case())),
        Wait::Handoff(wait) => Some(Audience::of_team(team(version, wait))),
        Wait::Form(_) => None,
    }
}

fn team<'a>(version: &'a Version, wait: &HandoffWait) -> &'a str {
    match version.workflow().steps.get(&wait.place.step).map(|step| &step.kind) {
        Some(StepKind::HumanHandoff(step)) => step.team.as_str(),
        _ => "",
    }
}
