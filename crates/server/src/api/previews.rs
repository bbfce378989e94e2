//! What a part of a document would do, before there is a run. Nothing here changes anything.

use crate::{
    app::App,
    auth::{Caller, actor_roles},
    http::{extract::Body, problem::ApiResult},
};
use axum::{Json, extract::State};
use countersign_api::{
    ApproverPreview, ApproversPreview, FormPreview, FormPreviews, FormShowing, PreviewApproversRequest,
    PreviewFormRequest,
};
use countersign_channels::{Showing, form_problems, showing};
use countersign_core::{
    approval::{Contributors, policy::why_not},
    document::{Approvers, Channel},
    run::{Actor, Via},
};
use countersign_store::{Member, Role};

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
    let PreviewApproversRequest { roles, users, quorum, exclude_requester } = body.value;
    let policy = Approvers { roles, users, quorum, exclude_requester };
    let members = app.store.list_members(caller.workspace()).await?;
    let mut people: Vec<ApproverPreview> = members.into_iter().filter_map(|member| named(&policy, member)).collect();
    people.sort_by(|a, b| a.name.cmp(&b.name));
    let able = people.iter().filter(|person| person.hindered.is_none()).count();
    let needed = usize::try_from(policy.quorum).unwrap_or(usize::MAX);
    let left = if policy.exclude_requester { able.saturating_sub(1) } else { able };
    Ok(Json(ApproversPreview { people, enough: able >= needed, enough_without_requester: left >= needed }))
}

fn named(policy: &Approvers, member: Member) -> Option<ApproverPreview> {
    let Member { user, membership } = member;
    let roles = actor_roles(membership.role, &membership.groups);
    let actor =
        Actor { id: user.id, name: user.name, email: user.email, roles, via: Via::Portal, made_by: String::new() };
    if why_not(policy, &[], &actor, &Contributors::default()).is_some() {
        return None;
    }
    let hindered = match (membership.disabled_at, user.password_hash) {
        (Some(_), _) => Some("disabled".to_owned()),
        (None, None) => Some("invited, not signed in yet".to_owned()),
        (None, Some(_)) => None,
    };
    Some(ApproverPreview { id: actor.id, name: actor.name, email: actor.email, hindered })
}

/// How every channel would show a form.
#[utoipa::path(post, path = "/forms/preview", operation_id = "previewForm", tag = "documents",
    request_body = PreviewFormRequest,
    responses((status = 200, description = "Channels", body = FormPreviews)))]
pub(crate) async fn preview_form(caller: Caller, body: Body<PreviewFormRequest>) -> ApiResult<Json<FormPreviews>> {
    caller.require(Role::Builder)?;
    let form = body.value.form;
    let all = [Channel::Conversation, Channel::Whatsapp, Channel::Telegram, Channel::Sms, Channel::Email];
    let one = |channel: Channel| FormPreview {
        channel: channel.tag().to_owned(),
        showing: shown(showing(channel, &form)),
        problems: form_problems(channel, &form),
    };
    Ok(Json(FormPreviews { channels: all.into_iter().map(one).collect() }))
}

fn shown(showing: Showing) -> FormShowing {
    match showing {
        Showing::Inline => FormShowing::Inline,
        Showing::Buttons => FormShowing::Buttons,
        Showing::List => FormShowing::List,
        Showing::Numbered => FormShowing::Numbered,
        Showing::Question => FormShowing::Question,
        Showing::Link => FormShowing::Link,
    }
}
