//! Expressions: that they parse, and that what they read is there.

use super::{
    Context,
    report::{Report, shown},
};
use crate::{
    document::sites::{self, Form, RESERVED, Site},
    expr::{Expression, FUNCTIONS, TextTemplate},
};
use std::collections::BTreeSet;

pub(super) fn check(context: &Context<'_>, report: &mut Report) {
    let variables: BTreeSet<&str> =
        context.workflow.vars.keys().map(String::as_str).chain(sites::set_names(context.workflow)).collect();
    report.document();
    for site in sites::of_case(context.workflow).into_iter().chain(sites::of_waiting(context.workflow)) {
        check_site(context, None, &site, &variables, report);
    }
    for (index, (id, step)) in context.workflow.steps.iter().enumerate() {
        report.step(index);
        for site in sites::of_step(id, &step.kind) {
            check_site(context, Some(index), &site, &variables, report);
        }
    }
}

/// What one site holds; `step` is the step it belongs to, none for what is read at any time.
fn check_site(
    context: &Context<'_>,
    step: Option<usize>,
    site: &Site<'_>,
    variables: &BTreeSet<&str>,
    report: &mut Report,
) {
    let compiled = match site.form {
        Form::Expression => Expression::compile(site.text).map(|expression| vec![expression]),
        Form::Template => TextTemplate::compile(site.text).map(|template| template.expressions().cloned().collect()),
    };
    match compiled {
        Err(error) => {
            let help = match site.form {
                Form::Expression => "Write a JSONata expression such as amount > 100.",
                Form::Template => "Between {{ and }} stands a JSONata expression such as customer.name.",
            };
            report.error("expression_parse", &site.pointer, error.message, help);
        }
        Ok(expressions) => {
            for expression in expressions {
                check_one(context, step, site, &expression, variables, report);
            }
        }
    }
}

fn check_one(
    context: &Context<'_>,
    step: Option<usize>,
    site: &Site<'_>,
    expression: &Expression,
    variables: &BTreeSet<&str>,
    report: &mut Report,
) {
    check_functions(expression, &site.pointer, report);
    super::comparisons::check(context, expression, &site.pointer, report);
    for name in expression.roots() {
        let known =
            RESERVED.contains(&name.as_str()) || variables.contains(name.as_str()) || (site.output && name == "output");
        if !known {
            unknown(name, &site.pointer, variables, report);
        }
    }
    for path in expression.paths() {
        if let [root, id, rest @ ..] = path.as_slice()
            && root == "steps"
        {
            let answered = expression.tests(path);
            check_step_path(
                context,
                step,
                site,
                &Read { id, member: rest.first().map(String::as_str), answered },
                report,
            );
        }
    }
}

fn unknown(name: &str, pointer: &str, variables: &BTreeSet<&str>, report: &mut Report) {
    let near = report.suggestion(name, variables.iter().copied().chain(RESERVED));
    let help = match (name, near) {
        ("output", _) => "`output` is there inside `set` only; elsewhere write steps.<id>.output.".to_owned(),
        (_, Some(near)) => format!("Did you mean `{near}`?"),
        (_, None) => "Name it in `vars`, or set it in a step's `set`.".to_owned(),
    };
    report.error("unknown_name", pointer, format!("nothing is called `{}`", shown(name)), help);
}

/// What is read of a step, and whether the expression says what holds when it is absent.
struct Read<'a> {
    id: &'a str,
    member: Option<&'a str>,
    answered: bool,
}

fn check_step_path(context: &Context<'_>, step: Option<usize>, site: &Site<'_>, read: &Read<'_>, report: &mut Report) {
    let Read { id, member, answered } = *read;
    let Some(read) = context.workflow.steps.get_index_of(id) else {
        let near = report.suggestion(id, context.workflow.steps.keys().map(String::as_str));
        let message = format!("there is no step `{}` to read from", shown(id));
        report.error("unknown_name", &site.pointer, message, super::names::meant(near));
        return;
    };
    if let Some(member) = member.filter(|member| !matches!(*member, "output" | "error")) {
        let message = format!("a step has `output` and `error`, and no `{}`", shown(member));
        report.error("unknown_name", &site.pointer, message, format!("Write steps.{id}.output.{}.", shown(member)));
    }
    // The case has a mark where a step has not run.
    let Some(step) = step else { return };
    let itself = read == step;
    if answered || (itself && site.output) || (!itself && context.dominators.dominates(read, step)) {
        return;
    }
    let message = format!("`{id}` may not have run when this is read: some paths lead here without it");
    let help = format!(
        "Where it has not run, steps.{id} is nothing. Give a value for that case, as in steps.{id}.output.x ?? 0."
    );
    report.warning("output_before_step", &site.pointer, message, help);
}

/// The `$names` that an expression calls or reads.
pub(super) fn check_functions(expression: &Expression, pointer: &str, report: &mut Report) {
    for name in expression.refused_functions() {
        let (message, help) = match *name {
            "eval" => ("`$eval` runs text as code, which nobody can check", "Write the expression out."),
            _ => (
                "a run must come out the same when it is looked at again; this is chance",
                "Take the value from an action.",
            ),
        };
        report.error("expression_random", pointer, format!("`${name}`: {message}"), help);
    }
    for name in expression.unknown_functions() {
        let near = report.suggestion(name, FUNCTIONS.iter().map(|function| function.name));
        let help = match near {
            Some(near) => format!("Did you mean `${near}`?"),
            None => "JSONata has no such function, and the expression does not define it.".to_owned(),
        };
        report.error("unknown_name", pointer, format!("nothing is called `${}`", shown(name)), help);
    }
}
