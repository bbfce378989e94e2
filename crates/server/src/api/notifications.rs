//! How people are told what waits for them, and what they were told.

use crate::{
    app::App,
    auth::Caller,
    http::{
        extract::{Body, Listing, Query, words},
        problem::{ApiError, ApiResult},
    },
    rows::page,
};
use axum::{Json, extract::State};
use countersign_api::{
    Digest, MyNotifications, Notice, NotificationChannel, NotificationSettings, Page, QuietHours, TestNotification,
    TestNotificationRequest,
};
use countersign_engine::{EngineError, NoticeChannel, NoticeReason, Notifications, Notified};
use countersign_store::{NotificationsRow, OutboundFilter, OutboundKind, OutboundRow};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

async fn view(app: &App, workspace: &str, settings: Notifications) -> ApiResult<MyNotifications> {
    let accounts = app.store.list_channel_accounts(workspace).await?;
    let there = |tag: &&str| accounts.iter().any(|account| account.channel == *tag);
    let channel = |it: Notified| NotificationChannel {
        channel: it.channel.tag().to_owned(),
        address: it.address,
        except: it.except.iter().map(|reason| reason.tag().to_owned()).collect(),
    };
    Ok(MyNotifications {
        available: NoticeChannel::ALL
            .map(NoticeChannel::tag)
            .iter()
            .filter(|tag| there(tag))
            .map(|tag| (*tag).to_owned())
            .collect(),
        channels: settings.channels.into_iter().map(channel).collect(),
        quiet_hours: settings.quiet_hours.map(|quiet| QuietHours {
            from: quiet.from,
            to: quiet.to,
            time_zone: quiet.time_zone,
        }),
        digest: settings.digest.map(|digest| Digest { times: digest.times, time_zone: digest.time_zone }),
    })
}

fn checked(request: NotificationSettings) -> ApiResult<Notifications> {
    let mut channels = Vec::new();
    for (index, NotificationChannel { channel, address, except }) in request.channels.into_iter().enumerate() {
        let known = NoticeChannel::read(&channel).ok_or_else(|| {
            let all = NoticeChannel::ALL.map(NoticeChannel::tag).join(", ");
            ApiError::invalid(format!("/channels/{index}/channel"), format!("one of {all}"))
        })?;
        let reason = |(at, name): (usize, String)| {
            let all = NoticeReason::ALL.map(NoticeReason::tag).join(", ");
            let pointer = format!("/channels/{index}/except/{at}");
            NoticeReason::read(&name).ok_or_else(|| ApiError::invalid(pointer, format!("one of {all}")))
        };
        let except = except.into_iter().enumerate().map(reason).collect::<ApiResult<_>>()?;
        channels.push(Notified { channel: known, address, except });
    }
    let quiet_hours = request.quiet_hours.map(|quiet| countersign_engine::QuietHours {
        from: quiet.from,
        to: quiet.to,
        time_zone: quiet.time_zone,
    });
    let digest =
        request.digest.map(|digest| countersign_engine::Digest { times: digest.times, time_zone: digest.time_zone });
    let settings = Notifications { channels, quiet_hours, digest };
    settings.checked().map_err(|problem| ApiError::invalid(problem.pointer, problem.message))
}

/// How the caller is told: by e-mail when they said nothing.
#[utoipa::path(get, path = "/me/notifications", operation_id = "getNotifications", tag = "people",
    responses((status = 200, description = "Settings", body = MyNotifications)))]
pub(crate) async fn get_notifications(State(app): State<App>, caller: Caller) -> ApiResult<Json<MyNotifications>> {
    Ok(Json(view(&app, caller.workspace(), kept(&app, &caller).await?).await?))
}

/// What the caller said; the default when nothing.
async fn kept(app: &App, caller: &Caller) -> ApiResult<Notifications> {
    match app.store.get_notifications(caller.workspace(), caller.id()).await? {
        Some(row) => serde_json::from_str(&row.settings).map_err(ApiError::internal),
        None => Ok(Notifications::default()),
    }
}

/// Sends the caller one message over a channel of theirs, as it is saved, to see whether it arrives.
#[utoipa::path(post, path = "/me/notifications/test", operation_id = "testNotification", tag = "people",
    request_body = TestNotificationRequest,
    responses((status = 200, description = "What came of it", body = TestNotification)))]
pub(crate) async fn test_notification(
    State(app): State<App>,
    caller: Caller,
    body: Body<TestNotificationRequest>,
) -> ApiResult<Json<TestNotification>> {
    caller.session()?;
    let TestNotificationRequest { channel, address } = body.value;
    let ways = kept(&app, &caller).await?.channels;
    let asked = |way: &Notified| way.channel.tag() == channel && (address.is_none() || way.address == address);
    let Some(way) = ways.into_iter().find(asked) else {
        return Err(ApiError::invalid("/channel", "you are not told over this channel: save it first"));
    };
    app.guesses.test_message(caller.id())?;
    let subject = format!("user:{}", caller.id());
    let entry = caller.audit(app.now(), "notifications.tested", subject, json!({ "channel": channel }));
    app.store.append_audit(caller.workspace(), vec![entry]).await?;
    match app.engine.send_test(caller.workspace(), &way, &caller.actor().email).await {
        Ok(()) => Ok(Json(TestNotification { sent: true, error: None })),
        Err(EngineError::Invalid(why)) => Ok(Json(TestNotification { sent: false, error: Some(why) })),
        Err(error) => Err(error.into()),
    }
}

/// Sets how the caller is told.
#[utoipa::path(put, path = "/me/notifications", operation_id = "setNotifications", tag = "people",
    request_body = NotificationSettings,
    responses((status = 200, description = "Settings", body = MyNotifications)))]
pub(crate) async fn set_notifications(
    State(app): State<App>,
    caller: Caller,
    body: Body<NotificationSettings>,
) -> ApiResult<Json<MyNotifications>> {
    // Whoever gets a person's messages decides as that person: no key sets where they go.
    caller.session()?;
    let settings = checked(body.value)?;
    let text = serde_json::to_string(&settings).map_err(ApiError::internal)?;
    if let Some(address) = app.engine.claimed_by_another((caller.workspace(), caller.id()), &text).await? {
        let detail = format!("{address} is somebody else's here: what they press would be taken for yours");
        return Err(ApiError::conflict("address_taken", &detail));
    }
    let row = NotificationsRow {
        workspace: caller.workspace().to_owned(),
        user_id: caller.id().to_owned(),
        settings: text,
        updated_at: app.now(),
    };
    let subject = format!("user:{}", caller.id());
    let before = app.store.get_notifications(caller.workspace(), caller.id()).await?;
    let before = before.map_or_else(|| json!({}), |row| crate::rows::json(&row.settings));
    let what = ("notifications.changed", subject);
    let entry = caller.changed(app.now(), what, (&before, &json!(settings)), json!({}));
    app.store.put_notifications(&row, vec![entry]).await?;
    Ok(Json(view(&app, caller.workspace(), settings).await?))
}

/// Which messages.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OutboundQuery {
    /// Checkpoint id.
    checkpoint: Option<String>,
    /// `waiting` or `done`.
    status: Option<String>,
    /// `sent`, `sent_again`, `undeliverable`, `unknown` or `moot`.
    outcome: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Items wanted, 1 to 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// What people were and are to be told, newest first.
#[utoipa::path(get, path = "/outbound", operation_id = "listOutbound", tag = "checkpoints", params(OutboundQuery),
    responses((status = 200, description = "Messages", body = Page<Notice>)))]
pub(crate) async fn list_outbound(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<OutboundQuery>,
) -> ApiResult<Json<Page<Notice>>> {
    let wanted = Listing { cursor: query.cursor, limit: query.limit }.page()?;
    let filter = OutboundFilter {
        checkpoint: query.checkpoint,
        status: words("status", query.status.as_deref())?.into_iter().next(),
        outcome: words("outcome", query.outcome.as_deref())?.into_iter().next(),
    };
    let found = app.store.list_outbound(caller.workspace(), &filter, &wanted).await?;
    Ok(Json(page(notices(&app, found.items).await?, found.next)))
}

/// Rows as they are told; those of nobody are left out.
pub(crate) async fn notices(app: &App, rows: Vec<OutboundRow>) -> ApiResult<Vec<Notice>> {
    let mut notices = Vec::new();
    let told = |row: &OutboundRow| !matches!(row.kind, OutboundKind::Announce | OutboundKind::Alert);
    for row in rows.into_iter().filter(told) {
        notices.push(Notice {
            about: row.about.filter(|_| row.kind == OutboundKind::Warning),
            person: app.some_person(&row.workspace, row.person.as_deref()).await?,
            checkpoint: row.checkpoint,
            channel: row.channel.unwrap_or_default(),
            address: row.address.unwrap_or_default(),
            reason: row.reason.to_string(),
            status: row.status.to_string(),
            outcome: row.outcome.map(|outcome| outcome.to_string()),
            at: row.at,
            done_at: row.done_at,
            attempts: row.attempts,
            error: row.error,
        });
    }
    Ok(notices)
}
