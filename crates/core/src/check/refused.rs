//! What the run machine would refuse at an approval, told before it is published: a request that cannot be rendered from what
//! is known when it is asked, words that nobody could understand, a case that is neither true nor false.

use super::{
    Context,
    foreseen::{Foreseen, Knowledge, single},
    literal,
    report::{Report, shown, token},
};
use crate::{
    document::{Approval, StepKind, ToolCall},
    expr::{Expression, TextTemplate},
};
use serde_json::Value;

pub(super) fn check(context: &Context<'_>, report: &mut Report) {
    let entries = context.graph.entries();
    for (index, (id, step)) in context.workflow.steps.iter().enumerate() {
        if !context.reachable[index] {
            continue;
        }
        report.step(index);
        let pointer = format!("/steps/{}", token(id));
        match &step.kind {
            StepKind::ToolCall(call) => {
                let known = Knowledge::at(context, &entries, index);
                for (place, message) in unrendered(context, call, &known) {
                    let help = "Read what is there by then, or give a value for that case, as in x ?? 0.";
                    report.error("action_input", &format!("{pointer}/input{place}"), message, help);
                }
            }
            StepKind::Approval(approval) => {
                let known = Knowledge::at(context, &entries, index);
                guards(context, (approval, &entries), &known, &pointer, report);
                if !approval.allow_empty {
                    understood(&approval.summary, "summary", &known, &pointer, report);
                }
                for (at, fact) in approval.facts.iter().enumerate().filter(|(_, fact)| !fact.optional) {
                    understood(&fact.value, &format!("facts/{at}/value"), &known, &pointer, report);
                }
                for (at, tier) in approval.tiers.iter().enumerate() {
                    decided(context, &tier.when, &known, &format!("{pointer}/tiers/{at}/when"), report);
                }
            }
            StepKind::Condition(condition) => {
                let known = Knowledge::at(context, &entries, index);
                for (at, branch) in condition.branches.iter().enumerate() {
                    let when = Expression::compile(&branch.when).ok();
                    if let Some(why) = when.and_then(|when| when.never_holds(&known)) {
                        let help = "Correct the condition, or remove the branch.";
                        report.warning("never_holds", &format!("{pointer}/branches/{at}/when"), why, help);
                    }
                }
            }
            StepKind::CollectForm(_) | StepKind::Notify(_) | StepKind::HumanHandoff(_) | StepKind::End(_) => {}
        }
    }
}

/// What of a call's input cannot fit its action, whatever comes; without what its literal parts show by themselves.
fn unrendered(context: &Context<'_>, call: &ToolCall, known: &Knowledge<'_>) -> Vec<(String, String)> {
    let Some(action) = context.catalogue.action(&call.action) else { return Vec::new() };
    let mut gone = Vec::new();
    let filled = known.filled(&call.input, "", &mut gone).unwrap_or(Value::Null);
    let plain = literal::problems(&call.input, &action.input);
    let types = |text: &str| {
        let expression = single(text)?;
        let (types, always) = super::types::held(context, expression.plain_path()?)?;
        always.then_some(types)
    };
    let found = literal::problems_knowing(&filled, &action.input, &types);
    let found = found.into_iter().filter(|problem| !plain.contains(problem));
    let told = found.map(|problem| {
        let lost = gone.iter().find(|(place, _)| {
            let (parent, name) = place.rsplit_once('/').unwrap_or(("", place));
            parent == problem.pointer && problem.message.contains(&format!("`{name}`"))
        });
        match lost {
            Some((place, why)) => (place.clone(), format!("{}: {why}", problem.message)),
            None => (problem.pointer, problem.message),
        }
    });
    told.collect()
}

/// Each guarded request is rendered when the approval is asked, from what is there by then.
fn guards(
    context: &Context<'_>,
    (approval, entries): (&Approval, &[Vec<usize>]),
    known: &Knowledge<'_>,
    pointer: &str,
    report: &mut Report,
) {
    for (at, guarded) in approval.guards.iter().enumerate() {
        let Some((index, _, step)) = context.workflow.steps.get_full(guarded) else { continue };
        let StepKind::ToolCall(call) = &step.kind else { continue };
        // What is wrong there in any case is said there.
        let anyway = unrendered(context, call, &Knowledge::at(context, entries, index));
        for (place, message) in unrendered(context, call, known).into_iter().filter(|one| !anyway.contains(one)) {
            let message = format!("what `{guarded}` would send cannot be shown when this is asked: {place}: {message}");
            let help = "Ask for the approval where everything is known that the request reads.";
            report.error("guard_unrendered", &format!("{pointer}/guards/{at}"), message, help);
        }
    }
}

/// What an approver reads has words and no gap.
fn understood(text: &str, field: &str, known: &Knowledge<'_>, pointer: &str, report: &mut Report) {
    let pointer = format!("{pointer}/{field}");
    let help = "An approval that nobody could understand is not asked: the run fails there.";
    if text.trim().is_empty() {
        report.error("unclear_approval", &pointer, "it is empty, so nobody would know what they approve", help);
        return;
    }
    let Ok(template) = TextTemplate::compile(text) else { return };
    for expression in template.expressions() {
        let why = match known.of(expression) {
            Foreseen::Nothing(why) => why,
            Foreseen::Value(Value::Null) => "it is null".to_owned(),
            Foreseen::Value(Value::String(text)) if text.trim().is_empty() => "it is empty".to_owned(),
            Foreseen::Value(_) | Foreseen::Unknown => continue,
        };
        let message = format!("`{}` never gives anything here: {why}", shown(expression.source()));
        report.error("unclear_approval", &pointer, message, help);
    }
}

/// Whether a case applies must be true or false.
fn decided(context: &Context<'_>, when: &str, known: &Knowledge<'_>, pointer: &str, report: &mut Report) {
    let Ok(expression) = Expression::compile(when) else { return };
    let help = "Write a comparison such as amount > 1000; for what may be absent, $exists(x) and x > 1000.";
    let message = match known.of(&expression) {
        Foreseen::Value(Value::Bool(_)) => return,
        Foreseen::Value(value) => {
            format!("this is always {}, which is neither true nor false", shown(&value.to_string()))
        }
        Foreseen::Nothing(why) => format!("this is nothing, which is neither true nor false: {why}"),
        Foreseen::Unknown => {
            let typed = expression.plain_path().and_then(|path| super::types::held(context, path));
            match typed {
                Some((types, _)) if !types.iter().any(|kind| kind == "boolean") => {
                    format!("this is {}, which is neither true nor false", types.join(" or "))
                }
                Some(_) | None => return,
            }
        }
    };
    report.error("tier_undecided", pointer, message, help);
}
