//! Who decides, and when they gave their password.

use super::{Actor, Refusal, Via};
use crate::{
    document::Approvers,
    time::{Span, Timestamp},
};

/// Who decides, with when they gave their password where the policy demands that, and without where it does not.
///
/// # Errors
/// `StepUp` when that was too long ago, `NoStepUp` for who has no password.
pub(crate) fn identified(approvers: &Approvers, by: Actor, now: Timestamp) -> Result<Actor, Refusal> {
    let by_message = matches!(by.via, Via::Link | Via::Channel);
    let Some(step_up) = approvers.step_up.filter(|step_up| by_message || !step_up.links_only) else {
        return Ok(Actor { signed_in_at: None, ..by });
    };
    if by.via == Via::Api || !by.made_by.is_empty() {
        return Err(Refusal::NoStepUp);
    }
    let minutes = step_up.minutes;
    match by.signed_in_at {
        Some(at) if now <= at.plus(Span::seconds(u64::from(minutes) * 60)) => Ok(by),
        Some(_) | None => Err(Refusal::StepUp { minutes }),
    }
}
