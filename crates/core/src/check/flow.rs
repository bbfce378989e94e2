//! Where a run can get to.

use super::{
    Context,
    report::{Report, token},
};
use crate::document::StepKind;

pub(super) fn check(context: &Context<'_>, report: &mut Report) {
    let steps = &context.workflow.steps;
    let ends = steps.values().enumerate().filter(|(_, step)| matches!(step.kind, StepKind::End(_)));
    let ending = context.graph.reaching(ends.map(|(index, _)| index));
    let started = context.reachable.iter().any(|reached| *reached);
    for (index, id) in steps.keys().enumerate() {
        report.step(index);
        let pointer = format!("/steps/{}", token(id));
        if started && !context.reachable[index] {
            let help = "Connect it or remove it.";
            report.warning("unreachable_step", &pointer, format!("no path leads from the start to `{id}`"), help);
        } else if !ending[index] {
            let help = "Connect one of its ways out with a path to an `end` step.";
            report.error("no_end", &pointer, format!("no path leads from `{id}` to an end"), help);
        }
    }
}
