//! Messages with their forms.

use crate::{
    app::App,
    http::problem::ApiResult,
    rows::{Tell, json_object},
};
use countersign_api::{FormStatus, Message, MessageAuthor, MessageContent, MessageDelivery, MessageForm};
use countersign_core::run::{Outcome, PostedForm};
use countersign_engine::started_form;
use countersign_store::{CheckpointRow, CheckpointStatus, MessageRow};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Answers of submitted forms by run and visit; each run is read once.
type Answers = HashMap<String, HashMap<u32, Map<String, Value>>>;

/// Messages for the wire, in order.
pub(crate) async fn message_views(app: &App, workspace: &str, rows: Vec<MessageRow>) -> ApiResult<Vec<Message>> {
    let mut messages = customer_views(app, workspace, rows).await?;
    // What is not sent is nobody's business yet.
    messages.iter_mut().filter_map(|message| message.form.as_mut()).for_each(|form| form.draft = None);
    Ok(messages)
}

/// The messages as their customer sees them: with what they filled in of a form and have not sent.
pub(crate) async fn customer_views(app: &App, workspace: &str, rows: Vec<MessageRow>) -> ApiResult<Vec<Message>> {
    let mut answers = Answers::new();
    let mut messages = Vec::with_capacity(rows.len());
    for row in rows {
        let form = form_of(app, workspace, &row, &mut answers).await?;
        messages.push(view(row, form));
    }
    Ok(messages)
}

/// A message that has no form.
pub(crate) fn one_message(row: MessageRow) -> Message {
    view(row, None)
}

fn view(row: MessageRow, form: Option<MessageForm>) -> Message {
    let data = row.data.as_deref().map(json_object).unwrap_or_default();
    Message {
        delivery: row.delivery.as_deref().map(json_object).and_then(|delivery| delivery_of(&delivery)),
        content: content_of(&data),
        id: row.id,
        position: row.position,
        at: row.at,
        author: MessageAuthor { kind: row.author.tell(), name: Some(row.author_name).filter(|name| !name.is_empty()) },
        body: row.body,
        form,
        run: row.run,
        client_id: data.get("client_id").and_then(Value::as_str).map(str::to_owned),
    }
}

fn delivery_of(delivery: &Map<String, Value>) -> Option<MessageDelivery> {
    let text = |name: &str| delivery.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(MessageDelivery {
        status: text("status")?,
        at: delivery.get("at").and_then(Value::as_i64),
        error: text("error").or_else(|| text("code")),
        code: text("code"),
    })
}

fn content_of(data: &Map<String, Value>) -> Option<MessageContent> {
    let number = |name: &str| data.get(name).and_then(Value::as_i64);
    let reaction = data.get("reaction").and_then(Value::as_str).map(str::to_owned);
    let kind = data.get("kind").and_then(Value::as_str).map(str::to_owned);
    let kind = kind.or_else(|| reaction.as_ref().map(|_| "text".to_owned()))?;
    let file = |file: &Value| serde_json::from_value(file.clone()).ok();
    Some(MessageContent {
        kind,
        attachments: data.get("media").and_then(Value::as_array).into_iter().flatten().filter_map(file).collect(),
        edited_at: number("edited_at"),
        deleted_at: number("deleted_at"),
        reaction,
    })
}

async fn form_of(
    app: &App,
    workspace: &str,
    row: &MessageRow,
    answers: &mut Answers,
) -> ApiResult<Option<MessageForm>> {
    let (Some(form), Some(id)) = (&row.form, &row.checkpoint) else { return Ok(None) };
    let Ok(form) = serde_json::from_str::<PostedForm>(form) else { return Ok(None) };
    let checkpoint = app.store.get_checkpoint(workspace, id).await?;
    let (status, values) = match &checkpoint {
        Some(row) if row.status == CheckpointStatus::Open => (FormStatus::Open, None),
        Some(row) if row.outcome == Some(Outcome::Submitted) => {
            (FormStatus::Submitted, submitted(app, row, answers).await?)
        }
        Some(_) | None => (FormStatus::Closed, None),
    };
    Ok(Some(MessageForm {
        checkpoint: id.clone(),
        schema: form.schema,
        prompt: Some(row.body.clone()).filter(|prompt| !prompt.is_empty()),
        prefill: form.prefill.as_object().cloned(),
        submit: Some(form.submit).filter(|submit| !submit.is_empty()),
        status,
        values,
        draft: checkpoint.as_ref().and_then(started_form).and_then(|draft| draft.as_object().cloned()),
    }))
}

/// The answers are in the run's log, which is the truth.
async fn submitted(
    app: &App,
    checkpoint: &CheckpointRow,
    answers: &mut Answers,
) -> ApiResult<Option<Map<String, Value>>> {
    if !answers.contains_key(&checkpoint.run) {
        let loaded = app.engine.load(&checkpoint.workspace, &checkpoint.run).await?;
        let closed = loaded.history().into_iter().flat_map(|execution| {
            let visit = execution.visit;
            execution.checkpoints.into_iter().filter_map(move |checkpoint| {
                let values = if let Value::Object(values) = checkpoint.values { Some(values) } else { None };
                values.map(|values| (visit, values))
            })
        });
        answers.insert(checkpoint.run.clone(), closed.collect());
    }
    Ok(answers.get(&checkpoint.run).and_then(|run| run.get(&checkpoint.visit)).cloned())
}
