//! Waits for people.

use super::{
    Context,
    report::{Report, token},
};
use crate::document::{StepKind, UNUSABLE_MAX};

pub(super) fn check(context: &Context<'_>, report: &mut Report) {
    for (index, (id, step)) in context.workflow.steps.iter().enumerate() {
        report.step(index);
        let pointer = format!("/steps/{}", token(id));
        let (who, after) = match &step.kind {
            StepKind::CollectForm(form) => ("the customer", form.timeout.as_ref().map(|to| to.after)),
            StepKind::Approval(approval) => ("an approver", approval.timeout.as_ref().map(|to| to.after)),
            StepKind::HumanHandoff(handoff) => ("a colleague", handoff.timeout.as_ref().map(|to| to.after)),
            StepKind::ToolCall(_) | StepKind::Condition(_) | StepKind::Notify(_) | StepKind::End(_) => continue,
        };
        if let StepKind::CollectForm(form) = &step.kind
            && let Some(on) = &form.on_unusable
            && !(1..=UNUSABLE_MAX).contains(&on.replies)
        {
            let message = format!("`replies` must be between 1 and {UNUSABLE_MAX}");
            let pointer = format!("{pointer}/on_unusable/replies");
            report.error("unusable_range", &pointer, message, "Two or three are usual.");
        }
        match after {
            None => {
                let help = "Say with `timeout` how long to wait and what happens then.";
                report.warning("wait_without_timeout", &pointer, format!("this may wait for {who} for ever"), help);
            }
            Some(after) if after.0 == 0 => {
                let message = "a timeout of no time leaves nobody a chance";
                report.error("timeout_range", &format!("{pointer}/timeout/after"), message, "Give a time such as 4h.");
            }
            Some(after) => {
                let StepKind::Approval(approval) = &step.kind else { continue };
                if approval.remind_after.is_some_and(|remind| remind >= after) {
                    let message = "the reminder comes no earlier than the timeout, so it never comes";
                    let help = "Remind earlier or wait longer.";
                    report.warning("remind_after_timeout", &format!("{pointer}/remind_after"), message, help);
                }
            }
        }
    }
}
