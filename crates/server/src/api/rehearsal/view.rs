//! Rehearsals, with requests as they would go out.

use crate::{
    api::checkpoints::view::{Calls, preview_steps},
    app::App,
    http::problem::field_errors,
};
use countersign_api::{
    GuardedRequest, NotPlayed, Rehearsal, RehearsalEnd, RehearsedForm, RequestDifference, Risk, Said, Speaker, Waiting,
    WaitingApproval, WaitingCall, WaitingForm, WaitingHandoff, WaitingRetry, WaitingStart, WaitingUnknown,
};
use countersign_core::{approval, play::rehearsal as core, run::Version};

/// A rehearsal for the page.
pub(crate) async fn rehearsal(app: &App, workspace: &str, version: &Version, played: core::Rehearsal) -> Rehearsal {
    Rehearsal {
        began_at: played.began.0,
        now: played.now.0,
        played: played.played,
        refused: played.refused.map(|refused| NotPlayed {
            act: refused.act,
            message: refused.message,
            problems: field_errors(refused.problems),
        }),
        steps: played.steps.into_iter().map(Into::into).collect(),
        said: played.said.into_iter().map(said).collect(),
        waiting: waiting(&Calls::to_come(app, workspace).await, version, played.waiting).await,
        vars: played.vars,
        ended: played.ended.map(|ended| RehearsalEnd {
            status: ended.status.into(),
            output: ended.output,
            error: ended.error.map(Into::into),
        }),
    }
}

fn said(said: core::Said) -> Said {
    Said {
        at: said.at.0,
        by: match said.by {
            core::Speaker::Customer => Speaker::Customer,
            core::Speaker::Workflow => Speaker::Workflow,
        },
        visit: said.visit,
        channel: said.channel,
        to: said.to,
        subject: said.subject,
        text: said.text,
        form: said.form.map(|form| RehearsedForm { schema: form.schema, prefill: form.prefill, submit: form.submit }),
        values: said.values.unwrap_or_default(),
    }
}

async fn waiting(calls: &Calls<'_>, version: &Version, waiting: core::Waiting) -> Waiting {
    match waiting {
        core::Waiting::Start { reason } => Waiting::Start(WaitingStart { reason }),
        core::Waiting::Answer(pending) => Waiting::Answer(call(calls, pending).await),
        core::Waiting::LookUp(pending) => Waiting::LookUp(call(calls, pending).await),
        core::Waiting::Form { visit, step, prompt, schema, prefill, submit, due } => {
            let due_at = due.map(|due| due.0);
            Waiting::Form(WaitingForm { visit, step, prompt, schema, prefill, submit, due_at })
        }
        core::Waiting::Approval { .. } => approval(calls, version, waiting).await,
        core::Waiting::Handoff { visit, step, team, note, outcomes, form, due } => {
            let due_at = due.map(|due| due.0);
            Waiting::Handoff(WaitingHandoff { visit, step, team, note, outcomes, form, due_at })
        }
        core::Waiting::UnknownOutcome { visit, step, request, error } => {
            Waiting::UnknownOutcome(WaitingUnknown { visit, step, request: request.into(), error: error.into() })
        }
        core::Waiting::Retry { visit, step, attempt, due } => {
            Waiting::Retry(WaitingRetry { visit, step, attempt, due_at: due.0 })
        }
        core::Waiting::Nothing => Waiting::Nothing,
    }
}

async fn call(calls: &Calls<'_>, call: core::Call) -> WaitingCall {
    let rendered = calls.render((&call.action, call.connection.as_deref()), &call.input).await;
    let (request, error) = match rendered {
        Ok(request) => (Some(request), None),
        Err(error) => (None, Some(error)),
    };
    WaitingCall {
        visit: call.visit,
        step: call.step,
        attempt: call.attempt,
        action: call.action,
        connection: call.connection,
        input: call.input,
        risk: call.risk,
        sample: call.sample,
        request,
        error,
    }
}

async fn approval(calls: &Calls<'_>, version: &Version, waiting: core::Waiting) -> Waiting {
    let core::Waiting::Approval {
        visit,
        step,
        summary,
        requests,
        difference,
        roles,
        users,
        quorum,
        given,
        outcomes,
        on_approve,
        on_reject,
        due,
        remind_at,
    } = waiting
    else {
        return Waiting::Nothing;
    };
    let mut shown = Vec::with_capacity(requests.len());
    for request in requests {
        shown.push(guarded(calls, version, request).await);
    }
    Waiting::Approval(Box::new(WaitingApproval {
        visit,
        step,
        summary,
        requests: shown,
        difference: difference.map(|difference| RequestDifference {
            step: difference.step,
            approved: difference.approved,
            now: difference.now,
            account_changed: difference.account_changed,
        }),
        roles,
        users,
        quorum,
        given,
        outcomes,
        on_approve: preview_steps(calls, version, on_approve).await,
        on_reject: preview_steps(calls, version, on_reject).await,
        due_at: due.map(|due| due.0),
        remind_at: remind_at.map(|at| at.0),
    }))
}

async fn guarded(calls: &Calls<'_>, version: &Version, request: approval::GuardedRequest) -> GuardedRequest {
    let rendered = calls.render((&request.action, request.connection.as_deref()), &request.input).await;
    let (rendered, error) = match rendered {
        Ok(rendered) => (Some(rendered), None),
        Err(error) => (None, Some(error)),
    };
    GuardedRequest {
        title: version.title(&request.step).to_owned(),
        risk: calls.risk(&request.action, &request.input).unwrap_or(Risk::High),
        step: request.step,
        action: request.action,
        connection: request.connection,
        input: request.input,
        hash: request.hash,
        request: rendered,
        error,
    }
}
