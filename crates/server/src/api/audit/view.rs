//! Entries of the trail as people read them: names for ids, a sentence.

use super::sentences::sentence;
use crate::{app::App, http::problem::ApiResult, rows};
use countersign_api::{AuditEntry, DecidedBy};
use countersign_store::AuditRow;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Names by subject, such as `workflow:<id>`.
pub(super) type Names = BTreeMap<String, String>;

/// Entries with the names of what they are about.
pub(super) async fn entries(app: &App, workspace: &str, rows: Vec<AuditRow>) -> ApiResult<Vec<AuditEntry>> {
    let names = names(app, workspace, &rows).await?;
    Ok(rows.into_iter().map(|row| entry(row, &names)).collect())
}

/// One read for each kind of thing that the entries are about, however many they are.
async fn names(app: &App, workspace: &str, rows: &[AuditRow]) -> ApiResult<Names> {
    let mut wanted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for about in rows.iter().flat_map(|row| [row.subject.as_str(), row.actor.as_str()]) {
        if let Some((kind, id)) = about.split_once(':').filter(|(_, id)| !id.is_empty()) {
            // A checkpoint is told by its run.
            let (kind, id) =
                if kind == "checkpoint" { ("run", id.split('.').next().unwrap_or(id)) } else { (kind, id) };
            wanted.entry(kind).or_default().insert(id);
        }
    }
    let mut names = Names::new();
    let ids = |kind: &str| wanted.get(kind).into_iter().flatten().copied().collect::<Vec<_>>();
    for run in app.store.get_runs(workspace, &ids("run")).await? {
        names.insert(format!("run:{}", run.id), run.title);
    }
    let conversations = app.store.get_conversations(workspace, &ids("conversation")).await?;
    let visitors = conversations.iter().filter_map(|row| row.customer.as_deref());
    let customers = app.customers(workspace, ids("customer").into_iter().chain(visitors)).await?;
    for (id, row) in &customers {
        let name = [&row.name, row.email.as_ref().unwrap_or(&row.name)].into_iter().find(|name| !name.is_empty());
        names.insert(format!("customer:{id}"), name.cloned().unwrap_or_else(|| "a visitor".to_owned()));
    }
    for row in conversations {
        let with = row.customer.and_then(|id| names.get(&format!("customer:{id}")).cloned());
        names.insert(format!("conversation:{}", row.id), with.unwrap_or_else(|| "a visitor".to_owned()));
    }
    for id in ids("workflow") {
        names.insert(format!("workflow:{id}"), app.workflow_ref(workspace, id).await?.name);
    }
    for kind in ["user", "key", "api_key"] {
        for id in ids(kind) {
            names.insert(format!("{kind}:{id}"), app.person(workspace, id).await?.name);
        }
    }
    if wanted.contains_key("connection") {
        let rows = app.store.list_connections(workspace).await?;
        names.extend(rows.into_iter().map(|row| (format!("connection:{}", row.id), row.name)));
    }
    if wanted.contains_key("channel") {
        let rows = app.store.list_channel_accounts(workspace).await?;
        names.extend(rows.into_iter().map(|row| (format!("channel:{}", row.id), row.name)));
    }
    Ok(names)
}

/// What an entry is about, by name: as it is called now, else as the entry has it, else its id.
fn subject_name(subject: &str, names: &Names, detail: &Value) -> String {
    let (kind, id) = subject.split_once(':').unwrap_or((subject, subject));
    let of =
        if kind == "checkpoint" { format!("run:{}", id.split('.').next().unwrap_or(id)) } else { subject.to_owned() };
    let known = names.get(&of).filter(|name| *name != id);
    let told = || {
        let kept = match kind {
            "workflow" => detail.get("workflow"),
            "user" => detail.get("email"),
            "api_key" => detail.get("key"),
            _ => detail.pointer("/before/name").or_else(|| detail.pointer("/after/name")),
        };
        kept.and_then(Value::as_str).filter(|name| !name.is_empty()).map(str::to_owned)
    };
    known.cloned().or_else(told).unwrap_or_else(|| id.to_owned())
}

fn entry(row: AuditRow, names: &Names) -> AuditEntry {
    let detail = rows::json(&row.detail);
    let told = [detail.pointer("/by/name"), detail.get("name")].into_iter().flatten().find_map(Value::as_str);
    let named = told.filter(|name| !name.is_empty()).or_else(|| names.get(&row.actor).map(String::as_str));
    let id = row.actor.split_once(':').map(|(_, id)| id.to_owned());
    let subject_name = subject_name(&row.subject, names, &detail);
    AuditEntry {
        id: row.seq.to_string(),
        seq: row.seq,
        at: row.at,
        actor: DecidedBy { id, name: named.unwrap_or(&row.actor).to_owned(), via: Some(row.via), on_behalf_of: None },
        actor_ref: row.actor,
        sentence: sentence(&row.action, &subject_name, &detail).unwrap_or_else(|| row.action.clone()),
        subject_name,
        action: row.action,
        subject: row.subject,
        detail,
        prev_hash: row.prev_hash,
        hash: row.hash,
        receipt: row.receipt,
    }
}
