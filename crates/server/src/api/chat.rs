//! The customer's side: no account, one secret per conversation.

use crate::{
    api::{
        conversations::{
            handlers::{MESSAGE_LENGTH_MAX, message_id},
            view::{customer_views, one_message},
        },
        customers::record,
    },
    app::App,
    auth::{Address, Visitor, random_secret, sha256_hex},
    http::{
        extract::{Body, Path, Query, invalid_parameter},
        fields::bounded,
        problem::{ApiError, ApiResult},
    },
};
use axum::{Json, extract::State, http::StatusCode};
use countersign_api::{
    ChatStartRequest, ChatStartResponse, ChatView, FormDraft, FormSubmitted, FormValuesRequest, Message,
    SendMessageRequest,
};
use countersign_core::run::{Actor, Outcome, Via};
use countersign_engine::Incoming;
use countersign_store::{
    Author, CheckpointKind, CheckpointRow, ConversationRow, ConversationStatus, CustomerRow, NewAudit, NewMessage,
    PageRequest, RunFilter, RunStatus,
};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use uuid::Uuid;

/// Messages told at once.
const MESSAGES_MAX: u32 = 200;

/// Opens a chat. The answer tells the visitor's secret, once.
#[utoipa::path(post, path = "/chat/{workspace}/conversations", operation_id = "startChat", tag = "chat",
    params(("workspace" = String, Path, description = "Slug of the workspace")), request_body = ChatStartRequest,
    responses((status = 201, description = "The chat", body = ChatStartResponse)), security(()))]
pub(crate) async fn start_chat(
    State(app): State<App>,
    Address(address): Address,
    Path(slug): Path<String>,
    body: Body<ChatStartRequest>,
) -> ApiResult<(StatusCode, Json<ChatStartResponse>)> {
    app.guesses.chat(address)?;
    let workspace = app.store.find_workspace(&slug).await?.ok_or_else(|| ApiError::not_found("workspace"))?;
    let ChatStartRequest { email, name } = body.value;
    // What a visitor types is their claim: it finds nobody and reveals nothing of whose address it is. A workflow that needs
    // to be sure proves who they are.
    let customer = record::claimed(&app, &workspace.id, email.as_deref(), name.as_deref()).await?;
    let token = random_secret()?;
    let row = ConversationRow {
        id: Uuid::now_v7().to_string(),
        workspace: workspace.id,
        customer: Some(customer.id),
        channel: "web".to_owned(),
        channel_account: None,
        external_id: None,
        subject: None,
        status: ConversationStatus::Open,
        token_hash: Some(sha256_hex(token.as_bytes())),
        assigned_to: None,
        last_position: 0,
        created_at: app.now(),
        updated_at: app.now(),
        last_message_at: None,
        unanswered_since: None,
        snoozed_until: None,
    };
    let entry = NewAudit {
        at: row.created_at,
        actor: format!("customer:{}", row.customer.as_deref().unwrap_or_default()),
        via: "conversation".to_owned(),
        action: "conversation.opened".to_owned(),
        subject: format!("conversation:{}", row.id),
        detail: json!({ "channel": row.channel, "address": address }).to_string(),
    };
    app.store.create_conversation(&row, vec![entry]).await?;
    Ok((StatusCode::CREATED, Json(ChatStartResponse { conversation: row.id, token })))
}

/// Which messages of a chat.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChatQuery {
    /// Only messages after this position, the oldest of them; without it the newest.
    after: Option<u64>,
    /// Only messages before this position, the newest of them.
    before: Option<u64>,
}

/// A chat as the customer sees it.
#[utoipa::path(get, path = "/chat/conversations/{id}", operation_id = "getChat", tag = "chat",
    params(("id" = String, Path), ChatQuery, ("X-Visitor" = String, Header)),
    responses((status = 200, description = "The chat", body = ChatView)), security(()))]
pub(crate) async fn get_chat(
    State(app): State<App>,
    Visitor(row): Visitor,
    Query(query): Query<ChatQuery>,
) -> ApiResult<Json<ChatView>> {
    let last = i64::MAX.unsigned_abs();
    let rows = match (query.after, query.before) {
        (Some(_), Some(_)) => return Err(invalid_parameter(Some("before"), "give either `after` or `before`")),
        (Some(after), None) => app.store.list_messages(&row.workspace, &row.id, after.min(last), MESSAGES_MAX).await?,
        (None, before) => {
            let before = before.unwrap_or(last).min(last);
            app.store.list_messages_before(&row.workspace, &row.id, before, MESSAGES_MAX).await?
        }
    };
    let has_older = rows.first().is_some_and(|message| message.position > 1);
    let workspace = app.store.get_workspace(&row.workspace).await?;
    let operator = app.some_person(&row.workspace, row.assigned_to.as_deref()).await?;
    let running =
        RunFilter { conversation: Some(row.id.clone()), status: vec![RunStatus::Running], ..RunFilter::default() };
    let running = app.store.list_runs(&row.workspace, &running, &PageRequest { after: None, limit: 1 }).await?;
    let mut messages = customer_views(&app, &row.workspace, rows).await?;
    // Which run said something is not the customer's business.
    messages.iter_mut().for_each(|message| message.run = None);
    Ok(Json(ChatView {
        messages,
        has_older,
        status: row.status.to_string(),
        working: !running.items.is_empty(),
        workspace_name: workspace.map(|workspace| workspace.name).unwrap_or_default(),
        operator: operator.map(|person| person.name),
    }))
}

/// Says something. Workflows that wait for such a message start.
#[utoipa::path(post, path = "/chat/conversations/{id}/messages", operation_id = "sendChatMessage", tag = "chat",
    params(("id" = String, Path), ("X-Visitor" = String, Header)), request_body = SendMessageRequest,
    responses((status = 201, description = "The message", body = Message)), security(()))]
pub(crate) async fn send_chat_message(
    State(app): State<App>,
    Visitor(conversation): Visitor,
    body: Body<SendMessageRequest>,
) -> ApiResult<(StatusCode, Json<Message>)> {
    app.guesses.message(&conversation.id)?;
    let request = body.value;
    let text = bounded("/body", &request.body, MESSAGE_LENGTH_MAX)?;
    let id = message_id(&conversation.id, "visitor", request.client_id.as_deref())?;
    let customer = customer_of(&app, &conversation).await?;
    let message = NewMessage {
        id,
        conversation: conversation.id.clone(),
        at: app.now(),
        author: Author::Customer,
        author_name: customer.as_ref().map(|row| row.name.clone()).unwrap_or_default(),
        body: text,
        form: None,
        checkpoint: None,
        run: None,
        data: request.client_id.map(|client_id| json!({ "client_id": client_id }).to_string()),
        leaves: false,
    };
    let accepted = app.engine.accept_message(Incoming { conversation, customer }, message).await?;
    Ok((StatusCode::CREATED, Json(one_message(accepted.message))))
}

async fn customer_of(app: &App, conversation: &ConversationRow) -> ApiResult<Option<CustomerRow>> {
    let Some(id) = &conversation.customer else { return Ok(None) };
    Ok(app.store.current_customer(&conversation.workspace, id).await?)
}

/// Sends a form.
#[utoipa::path(post, path = "/chat/conversations/{id}/forms/{checkpoint}", operation_id = "submitChatForm",
    tag = "chat",
    params(("id" = String, Path), ("checkpoint" = String, Path), ("X-Visitor" = String, Header)),
    request_body = FormValuesRequest,
    responses((status = 200, description = "Taken", body = FormSubmitted)), security(()))]
pub(crate) async fn submit_chat_form(
    State(app): State<App>,
    Visitor(conversation): Visitor,
    Path(path): Path<(String, String)>,
    body: Body<FormValuesRequest>,
) -> ApiResult<Json<FormSubmitted>> {
    app.guesses.message(&conversation.id)?;
    let (_, checkpoint) = path;
    let workspace = &conversation.workspace;
    form_of(&app, &conversation, &checkpoint).await?;
    let by = Actor {
        id: conversation.customer.clone().unwrap_or_else(|| conversation.id.clone()),
        name: customer_of(&app, &conversation).await?.map(|row| row.name).unwrap_or_default(),
        email: String::new(),
        roles: Vec::new(),
        via: Via::Conversation,
        made_by: String::new(),
        signed_in_at: None,
        on_behalf_of: None,
    };
    let row = app.engine.submit_form(workspace, &checkpoint, Value::Object(body.value.values), by).await?.row;
    Ok(Json(FormSubmitted {
        checkpoint: row.id,
        outcome: row.outcome.unwrap_or(Outcome::Submitted).word().to_owned(),
        submitted_at: row.decided_at,
    }))
}

/// A form of the visitor's own conversation: they reach nothing else.
async fn form_of(app: &App, conversation: &ConversationRow, checkpoint: &str) -> ApiResult<CheckpointRow> {
    let row = app.store.get_checkpoint(&conversation.workspace, checkpoint).await?;
    row.filter(|row| row.conversation.as_deref() == Some(&conversation.id) && row.kind == CheckpointKind::Form)
        .ok_or_else(|| ApiError::not_found("form"))
}

/// Keeps what is filled in of a form that is not sent yet, in the place of what was kept before. It is offered wherever the
/// form is shown, and gone once the form is closed. The answer tells what was kept.
#[utoipa::path(put, path = "/chat/conversations/{id}/forms/{checkpoint}/draft", operation_id = "keepChatFormDraft",
    tag = "chat",
    params(("id" = String, Path), ("checkpoint" = String, Path), ("X-Visitor" = String, Header)),
    request_body = FormValuesRequest,
    responses((status = 200, description = "What was kept", body = FormDraft)), security(()))]
pub(crate) async fn keep_chat_form_draft(
    State(app): State<App>,
    Visitor(conversation): Visitor,
    Path(path): Path<(String, String)>,
    body: Body<FormValuesRequest>,
) -> ApiResult<Json<FormDraft>> {
    app.guesses.draft(&conversation.id)?;
    let row = form_of(&app, &conversation, &path.1).await?;
    let kept = app.engine.keep_draft(&row, &Value::Object(body.value.values)).await?;
    Ok(Json(FormDraft { values: kept.as_object().cloned().unwrap_or_default() }))
}
