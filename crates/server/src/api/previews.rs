//! What a part of a document would do, before there is a run. Nothing here changes anything.

use crate::{
    app::App,
    auth::Caller,
    http::{extract::Body, problem::ApiResult},
};
use axum::{Json, extract::State};
use countersign_api::{
    ApproverPreview, ApproversPreview, FormMessage, FormPreview, FormPreviews, FormShowing, PreviewApproversRequest,
    PreviewFormRequest, PreviewScheduleRequest, SchedulePreview,
};
use countersign_channels::{Lowered, Platform, Showing, form_problems, has_page, lower, showing};
use countersign_core::{
    approval::{Hindrance, RosterMember, policy},
    document::{Approvers, Channel, Schedule},
    run::PostedForm,
};
use countersign_store::Role;
use serde_json::Value;
use std::iter::successors;

/// Times told of a schedule.
const TIMES_TOLD: usize = 5;

/// Who could approve by a policy now.
#[utoipa::path(post, path = "/approvers/preview", operation_id = "previewApprovers", tag = "documents",
    request_body = PreviewApproversRequest,
    responses((status = 200, description = "People", body = ApproversPreview)))]
pub(crate) async fn preview_approvers(
    State(app): State<App>,
    caller: Caller,
    body: Body<PreviewApproversRequest>,
) -> ApiResult<Json<ApproversPreview>> {
    caller.require(Role::Builder)?;
    let PreviewApproversRequest { roles, users, quorum, exclude_requester, exclude_author, counts } = body.value;
    let counts = counts.into_iter().collect();
    let policy = Approvers { roles, users, quorum, exclude_requester, exclude_author, counts, ..Approvers::default() };
    let roster = app.engine.roster(caller.workspace()).await?;
    let able: Vec<_> = roster.approvers(&policy).collect();
    let lacking = |spare: usize| policy::shortage(&policy, able.iter().copied(), spare);
    let spare = usize::from(policy.exclude_requester) + usize::from(policy.exclude_author);
    let (missing, left) = (lacking(0), lacking(spare));
    let mut people: Vec<ApproverPreview> = roster.named(&policy).map(preview).collect();
    people.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Json(ApproversPreview {
        people,
        enough: missing.is_none(),
        enough_without_requester: left.is_none(),
        missing: missing.or(left).map(|lacking| lacking.told()),
    }))
}

fn preview(member: &RosterMember) -> ApproverPreview {
    let hindered = match member.hindered {
        Some(Hindrance::Disabled) => Some("disabled".to_owned()),
        Some(Hindrance::Pending) => Some("invited, not signed in yet".to_owned()),
        None => member.away.then(|| "away".to_owned()),
    };
    let actor = &member.actor;
    ApproverPreview { id: actor.id.clone(), name: actor.name.clone(), email: actor.email.clone(), hindered }
}

/// How every channel would show a form.
#[utoipa::path(post, path = "/forms/preview", operation_id = "previewForm", tag = "documents",
    request_body = PreviewFormRequest,
    responses((status = 200, description = "Channels", body = FormPreviews)))]
pub(crate) async fn preview_form(
    State(app): State<App>,
    caller: Caller,
    body: Body<PreviewFormRequest>,
) -> ApiResult<Json<FormPreviews>> {
    caller.require(Role::Builder)?;
    let PreviewFormRequest { form, prompt } = body.value;
    let all = [Channel::Conversation, Channel::Whatsapp, Channel::Telegram, Channel::Sms, Channel::Email];
    let one = |channel: Channel| FormPreview {
        channel: channel.tag().to_owned(),
        showing: shown(showing(channel, &form)),
        message: Platform::of(channel).map(|platform| message(&app, platform, &prompt, &form)),
        problems: form_problems(channel, &form),
    };
    Ok(Json(FormPreviews { channels: all.into_iter().map(one).collect() }))
}

/// The first message, made by what makes those that are sent.
fn message(app: &App, platform: Platform, prompt: &str, form: &Value) -> FormMessage {
    let posted = PostedForm { schema: form.clone(), prefill: Value::Null, submit: String::new() };
    let page = has_page(platform, form).then(|| format!("{}/f/…", app.config.base_url.trim_end_matches('/')));
    let Lowered { text, choices } = lower(prompt, &posted, "preview", page.as_deref()).written_for(platform);
    FormMessage { text, choices: choices.into_iter().map(|choice| choice.title).collect() }
}

fn shown(showing: Showing) -> FormShowing {
    match showing {
        Showing::Inline => FormShowing::Inline,
        Showing::Buttons => FormShowing::Buttons,
        Showing::List => FormShowing::List,
        Showing::Numbered => FormShowing::Numbered,
        Showing::Question => FormShowing::Question,
        Showing::Questions => FormShowing::Questions,
        Showing::Link => FormShowing::Link,
    }
}

/// When a schedule would fire.
#[utoipa::path(post, path = "/schedules/preview", operation_id = "previewSchedule", tag = "documents",
    request_body = PreviewScheduleRequest,
    responses((status = 200, description = "Times", body = SchedulePreview)))]
pub(crate) async fn preview_schedule(
    State(app): State<App>,
    caller: Caller,
    body: Body<PreviewScheduleRequest>,
) -> ApiResult<Json<SchedulePreview>> {
    caller.require(Role::Builder)?;
    let times = Schedule::parse(&body.value.cron, &body.value.time_zone).map_or_else(
        |_| Vec::new(),
        |schedule| {
            let next = |after: &i64| schedule.next_after(*after);
            successors(next(&app.now()), next).take(TIMES_TOLD).collect()
        },
    );
    Ok(Json(SchedulePreview { times }))
}
