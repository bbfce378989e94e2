//! Who may decide: whether that can be, and by whom of the people there are.

use super::{
    Context,
    report::{Report, shown, token},
};
use crate::{
    approval::{
        Hindrance, Roster, RosterMember,
        policy::{COUNTED_MAX, names, operates, shortage},
    },
    document::{Approval, Approvers, RungAct, StepKind, TimeoutOutcome},
    run::Actor,
    time::Span,
    working_time::WorkingTime,
};
use std::collections::BTreeSet;

/// The most rungs of a ladder.
const RUNGS_MAX: usize = 10;

/// People a policy may ask for.
const PEOPLE: std::ops::RangeInclusive<u32> = 1..=10;

/// How many minutes ago a password may have been given.
const MINUTES: std::ops::RangeInclusive<u32> = 1..=60;

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
                ladder(context, approval, &pointer, report);
                if let (Some(people), Some(timeout)) = (context.among.people, &approval.timeout)
                    && timeout.outcome == TimeoutOutcome::Escalate
                {
                    had(people, &timeout.escalate_to, &format!("{pointer}/timeout/escalate_to"), report);
                }
            }
            StepKind::HumanHandoff(handoff) => {
                if let Some(people) = context.among.people {
                    team(people, &handoff.team, &format!("{pointer}/team"), report);
                }
            }
            StepKind::ToolCall(call) => in_doubt(context, call.unknown_outcome.as_deref(), &pointer, report),
            StepKind::Notify(notify) => in_doubt(context, notify.unknown_outcome.as_deref(), &pointer, report),
            StepKind::CollectForm(_) | StepKind::Condition(_) | StepKind::End(_) => {}
        }
    }
    report.document();
    alerts(context, report);
    for (name, calendar) in &context.workflow.calendars {
        if let Err(error) = WorkingTime::of(calendar) {
            let help = "A calendar has a time zone, hours by weekday and holidays.";
            report.error("calendar", &format!("/calendars/{}", token(name)), error.to_string(), help);
        }
    }
}

/// Who is told when runs fail, and when.
fn alerts(context: &Context<'_>, report: &mut Report) {
    let Some(alerts) = &context.workflow.alerts else { return };
    if alerts.tell.is_empty() {
        report.error("alerts", "/alerts/tell", "nobody is told", "Name a role, a group or an e-mail address.");
    }
    if alerts.percent.is_some_and(|percent| !(1..=100).contains(&percent)) {
        report.error("alerts", "/alerts/percent", "a share is 1 to 100 of a hundred", "Write 20 for every fifth run.");
    }
    if !alerts.each && alerts.percent.is_none() {
        let help = "Leave `each` out, or say with `percent` from which share on.";
        report.error("alerts", "/alerts", "they are told of nothing", help);
    }
    if let Some(people) = context.among.people {
        had(people, &alerts.tell, "/alerts/tell", report);
    }
}

/// Who may say what became of a call: one person, so nobody is counted.
fn in_doubt(context: &Context<'_>, approvers: Option<&Approvers>, pointer: &str, report: &mut Report) {
    let Some(approvers) = approvers else { return };
    let pointer = format!("{pointer}/unknown_outcome");
    if approvers.quorum != 1 || approvers.rejections != 1 || !approvers.counts.is_empty() || !approvers.veto.is_empty()
    {
        let message = "one person says what became of a call: nobody is counted and nobody objects";
        report.error("no_approver", &pointer, message, "Name roles and users, and whom to exclude.");
        return;
    }
    policy(context, approvers, &pointer, report);
}

/// The rungs follow each other before the time limit, and lead to people.
fn ladder(context: &Context<'_>, approval: &Approval, pointer: &str, report: &mut Report) {
    if let Some(name) = &approval.calendar
        && !context.workflow.calendars.contains_key(name)
    {
        let near = report.suggestion(name, context.workflow.calendars.keys().map(String::as_str));
        let help = near.map_or("Describe it under `calendars`.".to_owned(), |near| format!("Did you mean `{near}`?"));
        report.error(
            "calendar",
            &format!("{pointer}/calendar"),
            format!("there is no calendar `{}`", shown(name)),
            help,
        );
    }
    if approval.ladder.len() > RUNGS_MAX {
        let message = format!("{} rungs are too many", approval.ladder.len());
        report.error("ladder", &format!("{pointer}/ladder"), message, format!("At most {RUNGS_MAX}."));
    }
    let mut before = Span(0);
    for (at, rung) in approval.ladder.iter().enumerate() {
        let pointer = format!("{pointer}/ladder/{at}");
        if rung.after <= before {
            let message = "each rung comes after the one before";
            report.error("ladder", &format!("{pointer}/after"), message, "Count from when the approval was asked.");
        }
        if approval.timeout.as_ref().is_some_and(|limit| rung.after >= limit.after) {
            let message = "the time limit ends it before";
            report.warning("ladder", &format!("{pointer}/after"), message, "Let the time limit be longer.");
        }
        before = rung.after;
        match (rung.act, rung.to.is_empty()) {
            (RungAct::Remind, false) => {
                let help = "Escalate to let others decide too.";
                report.warning("ladder", &format!("{pointer}/to"), "a reminder goes to those who may decide", help);
            }
            (RungAct::Reassign | RungAct::Escalate, true) => {
                let help = "Name roles, groups or addresses in `to`.";
                report.error("ladder", &format!("{pointer}/to"), "it leads to nobody", help);
            }
            (RungAct::Remind, true) | (RungAct::Reassign | RungAct::Escalate, false) => {}
        }
        if let Some(people) = context.among.people {
            had(people, &rung.to, &format!("{pointer}/to"), report);
        }
    }
}

/// One policy: numbers that fit each other, and people who can satisfy it.
fn policy(context: &Context<'_>, approvers: &Approvers, pointer: &str, report: &mut Report) {
    if approvers.step_up.is_some_and(|step_up| !MINUTES.contains(&step_up.minutes)) {
        let message = "a password was given 1 to 60 minutes ago";
        let help = "Write 5, or leave it out where nobody has to sign in again.";
        report.error("step_up_range", &format!("{pointer}/step_up/minutes"), message, help);
    }
    if !numbers(approvers, pointer, report) || !listed(approvers, pointer, report) {
        return;
    }
    if let Some(people) = context.among.people {
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
    for (at, user) in approvers.users.iter().enumerate() {
        let theirs = |actor: &Actor| user.eq_ignore_ascii_case(actor.counted_email());
        one_had(people, (user, true), theirs, (&format!("{pointer}/users/{at}"), report));
    }
    had(people, &approvers.veto, &format!("{pointer}/veto"), report);
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

/// Roles, groups and addresses of nobody who can do anything.
fn had(people: &Roster, named: &[String], pointer: &str, report: &mut Report) {
    for name in named {
        let theirs = |actor: &Actor| names(std::slice::from_ref(name), actor);
        one_had(people, (name, name.contains('@')), theirs, (pointer, report));
    }
}

fn one_had(
    people: &Roster,
    (name, address): (&str, bool),
    theirs: impl Fn(&Actor) -> bool,
    (pointer, report): (&str, &mut Report),
) {
    let there: Vec<&RosterMember> = people.members.iter().filter(|member| theirs(&member.actor)).collect();
    if there.iter().any(|member| member.hindered.is_none()) {
        return;
    }
    let name = shown(name);
    let (message, help) = match (address, hindrance(&there)) {
        (true, None) => (format!("nobody here has the address `{name}`"), "Invite them, or name somebody else."),
        (true, Some(why)) => (format!("`{name}` {why}"), "Let them in, or name somebody else."),
        (false, None) => (format!("nobody has the role or group `{name}`"), "Give it to somebody, or name another."),
        (false, Some(why)) => {
            let help = "Give it to somebody else too, or name another.";
            (format!("everybody with the role or group `{name}` {why}"), help)
        }
    };
    report.warning("nobody_there", pointer, message, help);
}

/// Why none of these can do anything; nothing where there are none.
fn hindrance(members: &[&RosterMember]) -> Option<&'static str> {
    let disabled = members.iter().filter(|member| member.hindered == Some(Hindrance::Disabled)).count();
    match (members.len(), disabled) {
        (0, _) => None,
        (all, disabled) if all == disabled => Some("is shut out"),
        (_, 0) => Some("has not signed in yet"),
        (_, _) => Some("is shut out or has not signed in yet"),
    }
}

/// A conversation is handed to operators: those of the team, any where none is named.
fn team(people: &Roster, team: &str, pointer: &str, report: &mut Report) {
    let wanted = [team.to_owned()];
    let of_team = |member: &&RosterMember| team.is_empty() || names(&wanted, &member.actor);
    if people.able().filter(of_team).any(|member| operates(&member.actor)) {
        return;
    }
    let all: Vec<&RosterMember> = people.members.iter().filter(of_team).collect();
    let (message, help) = if team.is_empty() {
        ("nobody here can take it: it takes an operator".to_owned(), "Make somebody an operator.")
    } else if people.able().any(|member| of_team(&member)) {
        let message = format!("nobody of the team `{}` can take it: it takes an operator", shown(team));
        (message, "Make one of them an operator, or name another team.")
    } else if let Some(why) = hindrance(&all) {
        (format!("everybody of the team `{}` {why}", shown(team)), "Add somebody to it, or name another.")
    } else {
        (format!("the team `{}` has no members", shown(team)), "Add somebody to it, or name another.")
    };
    report.warning("nobody_there", pointer, message, help);
}
