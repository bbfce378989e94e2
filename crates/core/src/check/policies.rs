//! Who may decide: whether that can be, and by whom of the people there are.

use super::{
    Context,
    report::{Report, shown, token},
};
use crate::{
    approval::{
        Roster,
        policy::{COUNTED_MAX, shortage},
    },
    document::{Approvers, StepKind, TimeoutOutcome},
    run::Actor,
};
use std::collections::BTreeSet;

/// People a policy may ask for.
const PEOPLE: std::ops::RangeInclusive<u32> = 1..=10;

pub(super) fn check(context: &Context<'_>, report: &mut Report) {
    for (index, (id, step)) in context.workflow.steps.iter().enumerate() {
        report.step(index);
        let pointer = format!("/steps/{}", token(id));
        match &step.kind {
            StepKind::Approval(approval) => {
                policy(context, &approval.approvers, &format!("{pointer}/approvers"), report);
                for (at, tier) in approval.tiers.iter().enumerate() {
                    policy(context, &tier.approvers, &format!("{pointer}/tiers/{at}/approvers"), report);
                }
                if let (Some(people), Some(timeout)) = (context.people, &approval.timeout)
                    && timeout.outcome == TimeoutOutcome::Escalate
                {
                    had(people, &timeout.escalate_to, &format!("{pointer}/timeout/escalate_to"), report);
                }
            }
            StepKind::HumanHandoff(handoff) => {
                if let (Some(people), false) = (context.people, handoff.team.is_empty()) {
                    had(people, std::slice::from_ref(&handoff.team), &format!("{pointer}/team"), report);
                }
            }
            StepKind::ToolCall(_)
            | StepKind::CollectForm(_)
            | StepKind::Condition(_)
            | StepKind::Notify(_)
            | StepKind::End(_) => {}
        }
    }
}

/// One policy: numbers that fit each other, and people who can satisfy it.
fn policy(context: &Context<'_>, approvers: &Approvers, pointer: &str, report: &mut Report) {
    if !numbers(approvers, pointer, report) || !listed(approvers, pointer, report) {
        return;
    }
    if let Some(people) = context.people {
        satisfiable(people, approvers, pointer, report);
    }
}

fn numbers(approvers: &Approvers, pointer: &str, report: &mut Report) -> bool {
    let in_all: u64 = approvers.counts.values().map(|count| u64::from(*count)).sum();
    if !PEOPLE.contains(&approvers.quorum) {
        let message = format!("a quorum of {} is not between 1 and 10", approvers.quorum);
        let help = "Say how many different people must approve.";
        report.error("no_approver", &format!("{pointer}/quorum"), message, help);
    } else if !PEOPLE.contains(&approvers.rejections) {
        let message = format!("{} rejections are not between 1 and 10", approvers.rejections);
        let help = "Say how many different people must say no.";
        report.error("no_approver", &format!("{pointer}/rejections"), message, help);
    } else if in_all > 10 || approvers.counts.len() > COUNTED_MAX || approvers.counts.values().any(|count| *count == 0)
    {
        let message = "each role or group is counted with at least 1, all of them with at most 10";
        report.error("no_approver", &format!("{pointer}/counts"), message, "Leave out what need not be counted.");
    } else {
        return true;
    }
    false
}

/// Where only certain people may decide, those must be enough.
fn listed(approvers: &Approvers, pointer: &str, report: &mut Report) -> bool {
    let users: BTreeSet<String> = approvers.users.iter().map(|user| user.trim().to_lowercase()).collect();
    if !approvers.roles.is_empty() || !approvers.counts.is_empty() || users.is_empty() {
        return true;
    }
    let needed = approvers.quorum as usize;
    if needed > users.len() {
        let message = format!("{needed} people must approve and only {} may", users.len());
        let help = "Name more people or a role, or ask for fewer.";
        report.error("no_approver", &format!("{pointer}/quorum"), message, help);
        return false;
    }
    if needed == users.len() && approvers.exclude_requester {
        let message = "when one of these people started the run, too few are left to approve";
        let help = "Name one more person or a role.";
        report.warning("no_approver", &format!("{pointer}/exclude_requester"), message, help);
        return false;
    }
    true
}

fn satisfiable(people: &Roster, approvers: &Approvers, pointer: &str, report: &mut Report) {
    let known = people.members.iter().map(|member| member.actor.email.to_lowercase()).collect::<BTreeSet<_>>();
    for (at, user) in approvers.users.iter().enumerate().filter(|(_, user)| !known.contains(&user.to_lowercase())) {
        let message = format!("nobody here has the address `{}`", shown(user));
        report.warning(
            "nobody_there",
            &format!("{pointer}/users/{at}"),
            message,
            "Invite them, or name somebody else.",
        );
    }
    had(people, &approvers.roles, &format!("{pointer}/roles"), report);
    let able: Vec<&Actor> = people.approvers(approvers).collect();
    if let Some(lacking) = shortage(approvers, able.iter().copied(), 0) {
        let message = format!("the people there are cannot approve this: it takes {}", lacking.told());
        report.warning(
            "unsatisfiable_policy",
            pointer,
            message,
            "Give more people the role or group, or ask for fewer.",
        );
        return;
    }
    let spare = usize::from(approvers.exclude_requester) + usize::from(approvers.exclude_author);
    if let Some(lacking) = shortage(approvers, able.iter().copied(), spare) {
        let message = format!("when one of them had a hand in it, it takes {}", lacking.told());
        report.warning("unsatisfiable_policy", pointer, message, "Give one more person the role or group.");
    }
    let (yes, no) = (approvers.quorum as usize, approvers.rejections as usize);
    if no > 1 && yes + no - 2 >= able.len() {
        let message = format!("all {} may have decided, and neither {yes} said yes nor {no} said no", able.len());
        report.warning("unsatisfiable_policy", pointer, message, "Ask for fewer, or name somebody with a veto.");
    }
}

/// Roles and groups that nobody has.
fn had(people: &Roster, named: &[String], pointer: &str, report: &mut Report) {
    for name in named {
        if !people.able().any(|member| member.actor.roles.contains(name)) {
            let message = format!("nobody has the role or group `{}`", shown(name));
            report.warning("nobody_there", pointer, message, "Give it to somebody, or name another.");
        }
    }
}
