//! Conversations, as operators see them.

use crate::{
    api::{
        conversations::{
            canned::without_gaps,
            consent::consents,
            snooze::snooze_of,
            view::{message_views, one_message},
        },
        runs::view::run_summaries,
    },
    app::App,
    auth::{Caller, sha256_hex},
    http::{
        extract::{Body, IdempotencyHeader, Listing, Path, Query, words},
        fields::bounded,
        idempotency::Once,
        problem::{ApiError, ApiResult},
    },
    rows::{self, Tell},
};
use axum::{Json, extract::State, response::Response};
use countersign_api::{
    AssignRequest, Conversation, ConversationCounts, ConversationSummary, CustomerRef, Message, Note, NoteRequest,
    Page, SendMessageRequest,
};
use countersign_store::{
    Author, ConversationFilter, ConversationRow, ConversationStatus, ConversationUpdate, NewAudit, NewMessage, NoteRow,
    PageRequest, Role, RunFilter, Snoozed,
};
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Longest message, characters.
pub(crate) const MESSAGE_LENGTH_MAX: usize = 8_000;
/// Messages shown at once.
const MESSAGES_MAX: u32 = 200;
/// Conversations counted at most.
const COUNTED_MAX: u32 = 1000;
/// Characters of the newest message in lists.
const EXCERPT_LENGTH: usize = 140;

/// Which conversations.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConversationsQuery {
    /// One or several of open, with_person, closed; comma-separated.
    status: Option<String>,
    /// Customer id.
    customer: Option<String>,
    /// User id; `me` for the caller.
    assigned_to: Option<String>,
    /// web, whatsapp, telegram, sms, email.
    channel: Option<String>,
    /// `true`: only those whose customer said something that nobody and no workflow answers.
    unanswered: Option<bool>,
    /// `true`: only those that are put aside; `any`: they as well. Else they are left out.
    #[param(inline)]
    snoozed: Option<SnoozedQuery>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Items wanted, 1 to 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Whether conversations that are put aside are meant.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SnoozedQuery {
    /// Only they.
    True,
    /// Without them.
    False,
    /// Both.
    Any,
}

impl SnoozedQuery {
    fn at(query: Option<Self>, now: i64) -> Snoozed {
        match query {
            Some(Self::True) => Snoozed::Only(now),
            Some(Self::Any) => Snoozed::Any,
            Some(Self::False) | None => Snoozed::Without(now),
        }
    }
}

/// Conversations, the most recently active first.
#[utoipa::path(get, path = "/conversations", operation_id = "listConversations", tag = "conversations",
    params(ConversationsQuery),
    responses((status = 200, description = "Conversations", body = Page<ConversationSummary>)))]
pub(crate) async fn list_conversations(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ConversationsQuery>,
) -> ApiResult<Json<Page<ConversationSummary>>> {
    let workspace = caller.workspace();
    let page = Listing { cursor: query.cursor, limit: query.limit }.page()?;
    let me = |id: String| if id == "me" { caller.id().to_owned() } else { id };
    let filter = ConversationFilter {
        status: words("status", query.status.as_deref())?,
        assigned_to: query.assigned_to.map(me),
        customer: app.same_customers(workspace, query.customer.as_deref()).await?,
        channel: query.channel,
        unanswered: query.unanswered.unwrap_or_default(),
        snoozed: SnoozedQuery::at(query.snoozed, app.now()),
    };
    let page = app.store.list_conversations(workspace, &filter, &page).await?;
    let customers = app.customers(workspace, page.items.iter().filter_map(|row| row.customer.as_deref())).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for row in page.items {
        let customer = row.customer.as_ref().and_then(|id| customers.get(id)).map(Tell::tell);
        items.push(summary(&app, row, customer).await?);
    }
    Ok(Json(rows::page(items, page.next)))
}

async fn summary(app: &App, row: ConversationRow, customer: Option<CustomerRef>) -> ApiResult<ConversationSummary> {
    let newest = app.store.list_messages(&row.workspace, &row.id, row.last_position.saturating_sub(1), 1).await?;
    Ok(ConversationSummary {
        customer,
        assigned_to: app.some_person(&row.workspace, row.assigned_to.as_deref()).await?,
        id: row.id,
        channel: row.channel,
        subject: row.subject,
        status: row.status.to_string(),
        updated_at: row.updated_at,
        unanswered_since: row.unanswered_since,
        snoozed: snooze_of(row.snoozed_until, app.now()),
        last_message: newest.into_iter().next().map(|message| message.body.chars().take(EXCERPT_LENGTH).collect()),
    })
}

/// Which messages of a conversation.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConversationQuery {
    /// Only messages before this position.
    before: Option<u64>,
}

pub(super) async fn required(app: &App, caller: &Caller, id: &str) -> ApiResult<ConversationRow> {
    app.store.get_conversation(caller.workspace(), id).await?.ok_or_else(|| ApiError::not_found("conversation"))
}

pub(super) async fn detail(app: &App, row: ConversationRow, before: Option<u64>) -> ApiResult<Json<Conversation>> {
    let workspace = row.workspace.as_str();
    let before = before.unwrap_or(i64::MAX.unsigned_abs()).min(i64::MAX.unsigned_abs());
    let rows = app.store.list_messages_before(workspace, &row.id, before, MESSAGES_MAX).await?;
    let has_older = rows.first().is_some_and(|message| message.position > 1);
    let filter = RunFilter { conversation: Some(row.id.clone()), ..RunFilter::default() };
    let runs = app.store.list_runs(workspace, &filter, &PageRequest { after: None, limit: 20 }).await?;
    let customer = match &row.customer {
        Some(id) => app.store.current_customer(workspace, id).await?,
        None => None,
    };
    Ok(Json(Conversation {
        consents: consents(app, &row, customer.as_ref()).await?,
        customer: customer.map(Tell::tell),
        assigned_to: app.some_person(workspace, row.assigned_to.as_deref()).await?,
        messages: message_views(app, workspace, rows).await?,
        has_older,
        runs: run_summaries(app, workspace, runs.items).await?,
        id: row.id,
        channel: row.channel,
        subject: row.subject,
        status: row.status.to_string(),
        created_at: row.created_at,
        updated_at: row.updated_at,
        unanswered_since: row.unanswered_since,
        snoozed: snooze_of(row.snoozed_until, app.now()),
    }))
}

/// A conversation with its newest messages and its runs.
#[utoipa::path(get, path = "/conversations/{id}", operation_id = "getConversation", tag = "conversations",
    params(("id" = String, Path), ConversationQuery),
    responses((status = 200, description = "The conversation", body = Conversation)))]
pub(crate) async fn get_conversation(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<ConversationQuery>,
) -> ApiResult<Json<Conversation>> {
    let row = required(&app, &caller, &id).await?;
    detail(&app, row, query.before).await
}

/// Says something to the customer.
#[utoipa::path(post, path = "/conversations/{id}/messages", operation_id = "sendMessage", tag = "conversations",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = SendMessageRequest, responses((status = 201, description = "The message", body = Message)))]
pub(crate) async fn send_message(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    IdempotencyHeader(key): IdempotencyHeader,
    body: Body<SendMessageRequest>,
) -> ApiResult<Response> {
    caller.require(Role::Operator)?;
    let leaves = required(&app, &caller, &id).await?.channel_account.is_some();
    let once = Once::of(&app, &caller, format!("message:{id}"), key, body.hash());
    let request = body.value;
    let work = async move {
        let subject = format!("conversation:{id}");
        let message = NewMessage {
            id: message_id(&id, caller.id(), request.client_id.as_deref())?,
            conversation: id,
            at: app.now(),
            author: Author::Operator,
            author_name: caller.actor().name.clone(),
            body: without_gaps(bounded("/body", &request.body, MESSAGE_LENGTH_MAX)?)?,
            form: None,
            checkpoint: None,
            run: None,
            data: Some(json!({ "client_id": request.client_id, "user": caller.id() }).to_string()),
            leaves,
        };
        // The text stands in the conversation; its hash says that it is still the one that was sent.
        let detail = json!({ "message": message.id, "sha256": sha256_hex(message.body.as_bytes()) });
        let entry = caller.audit(message.at, "message.sent", subject, detail);
        Ok(one_message(app.engine.say(caller.workspace(), &message, vec![entry]).await?))
    };
    once.run(work).await
}

/// The same id for the same message of the same sender, so that sending it again changes nothing.
pub(crate) fn message_id(conversation: &str, sender: &str, client_id: Option<&str>) -> ApiResult<String> {
    match client_id {
        None => Ok(Uuid::now_v7().to_string()),
        Some(client_id) if client_id.is_empty() || client_id.len() > 200 => {
            Err(ApiError::invalid("/client_id", "1 to 200 characters"))
        }
        Some(client_id) => {
            Ok(crate::api::customers::record::seeded_id(conversation, &format!("{sender}\n{client_id}")))
        }
    }
}

/// Gives a conversation to an operator, or to nobody.
#[utoipa::path(post, path = "/conversations/{id}/assign", operation_id = "assignConversation", tag = "conversations",
    params(("id" = String, Path)), request_body = AssignRequest,
    responses((status = 200, description = "The conversation", body = Conversation)))]
pub(crate) async fn assign_conversation(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<AssignRequest>,
) -> ApiResult<Json<Conversation>> {
    caller.require(Role::Operator)?;
    let before = required(&app, &caller, &id).await?;
    let assigned_to = body.value.assigned_to;
    if let Some(user) = &assigned_to {
        let member = app.store.get_member(caller.workspace(), user).await?;
        member.ok_or_else(|| ApiError::invalid("/assigned_to", "there is no such person in this workspace"))?;
    }
    let (was, is) = (json!({ "assigned_to": before.assigned_to }), json!({ "assigned_to": assigned_to }));
    let what = ("conversation.assigned", format!("conversation:{id}"));
    let entry = caller.changed(app.now(), what, (&was, &is), json!({ "to": assigned_to }));
    let update = ConversationUpdate { assigned_to: Some(assigned_to), ..change(&app, &caller, &id) };
    updated(&app, &update, entry).await
}

/// Closes a conversation; a new message opens it again.
#[utoipa::path(post, path = "/conversations/{id}/close", operation_id = "closeConversation", tag = "conversations",
    params(("id" = String, Path)), responses((status = 200, description = "The conversation", body = Conversation)))]
pub(crate) async fn close_conversation(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Conversation>> {
    caller.require(Role::Operator)?;
    let before = required(&app, &caller, &id).await?;
    let (was, is) = (json!({ "status": before.status }), json!({ "status": ConversationStatus::Closed }));
    let what = ("conversation.closed", format!("conversation:{id}"));
    let entry = caller.changed(app.now(), what, (&was, &is), json!({}));
    let update = ConversationUpdate { status: Some(ConversationStatus::Closed), ..change(&app, &caller, &id) };
    updated(&app, &update, entry).await
}

/// Takes a conversation out of *Unanswered*: what the customer said needs no reply.
#[utoipa::path(post, path = "/conversations/{id}/answered", operation_id = "markAnswered", tag = "conversations",
    params(("id" = String, Path)), responses((status = 200, description = "The conversation", body = Conversation)))]
pub(crate) async fn mark_answered(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Conversation>> {
    caller.require(Role::Operator)?;
    let before = required(&app, &caller, &id).await?;
    let (was, is) = (json!({ "unanswered_since": before.unanswered_since }), json!({ "unanswered_since": null }));
    let what = ("conversation.answered", format!("conversation:{id}"));
    let entry = caller.changed(app.now(), what, (&was, &is), json!({}));
    let update = ConversationUpdate { answered: true, ..change(&app, &caller, &id) };
    updated(&app, &update, entry).await
}

/// How many conversations wait for people.
#[utoipa::path(get, path = "/conversations/counts", operation_id = "countConversations", tag = "conversations",
    responses((status = 200, description = "Counts", body = ConversationCounts)))]
pub(crate) async fn count_conversations(State(app): State<App>, caller: Caller) -> ApiResult<Json<ConversationCounts>> {
    let unanswered = app.store.count_unanswered(caller.workspace(), app.now(), COUNTED_MAX).await?;
    Ok(Json(ConversationCounts { unanswered }))
}

pub(super) fn change(app: &App, caller: &Caller, id: &str) -> ConversationUpdate {
    ConversationUpdate {
        workspace: caller.workspace().to_owned(),
        id: id.to_owned(),
        at: app.now(),
        ..ConversationUpdate::default()
    }
}

pub(super) async fn updated(app: &App, update: &ConversationUpdate, entry: NewAudit) -> ApiResult<Json<Conversation>> {
    let row = app.store.update_conversation(update, vec![entry]).await?;
    detail(app, row, None).await
}

async fn note_view(app: &App, row: NoteRow) -> ApiResult<Note> {
    let author = app.some_person(&row.workspace, Some(&row.author)).await?;
    Ok(Note { id: row.id, body: row.body, author, at: row.at })
}

/// Internal remarks about a conversation, oldest first.
#[utoipa::path(get, path = "/conversations/{id}/notes", operation_id = "listNotes", tag = "conversations",
    params(("id" = String, Path)), responses((status = 200, description = "Notes", body = Page<Note>)))]
pub(crate) async fn list_notes(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Page<Note>>> {
    required(&app, &caller, &id).await?;
    let rows = app.store.list_notes(caller.workspace(), &format!("conversation:{id}")).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(note_view(&app, row).await?);
    }
    Ok(Json(Page::whole(items)))
}

/// Writes an internal remark.
#[utoipa::path(post, path = "/conversations/{id}/notes", operation_id = "createNote", tag = "conversations",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NoteRequest, responses((status = 201, description = "The note", body = Note)))]
pub(crate) async fn create_note(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    IdempotencyHeader(key): IdempotencyHeader,
    body: Body<NoteRequest>,
) -> ApiResult<Response> {
    caller.require(Role::Operator)?;
    required(&app, &caller, &id).await?;
    let once = Once::of(&app, &caller, format!("note:{id}"), key, body.hash());
    let request = body.value;
    let work = async move {
        let row = NoteRow {
            id: Uuid::now_v7().to_string(),
            workspace: caller.workspace().to_owned(),
            subject: format!("conversation:{id}"),
            body: bounded("/body", &request.body, MESSAGE_LENGTH_MAX)?,
            author: caller.id().to_owned(),
            at: app.now(),
        };
        let detail = json!({ "note": row.id, "sha256": sha256_hex(row.body.as_bytes()) });
        let entry = caller.audit(row.at, "note.written", row.subject.clone(), detail);
        app.store.add_note(&row, vec![entry]).await?;
        note_view(&app, row).await
    };
    once.run(work).await
}
