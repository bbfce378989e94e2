//! Entries of the trail as people read them: names for ids, a sentence.

use super::sentences::sentence;
use crate::{app::App, http::problem::ApiResult, rows};
use countersign_api::{AuditEntry, DecidedBy};
use countersign_store::AuditRow;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Names by subject, such as `workflow:<id>`; titles of steps by `step:<run>.<step>`.
pub(super) type Names = BTreeMap<String, String>;

/// Entries with the names of what they are about.
pub(super) async fn entries(app: &App, workspace: &str, rows: Vec<AuditRow>) -> ApiResult<Vec<AuditEntry>> {
    let rows: Vec<_> = rows.into_iter().map(|row| (rows::json(&row.detail), row)).collect();
    let mut names = names(app, workspace, rows.iter().map(|(_, row)| row)).await?;
    titles(app, workspace, &rows, &mut names).await?;
    Ok(rows.into_iter().map(|(detail, row)| entry(row, detail, &names)).collect())
}

/// Kind and id of what an entry is about or by; a checkpoint is told by its run.
fn parts(about: &str) -> Option<(&str, &str)> {
    let (kind, id) = about.split_once(':').filter(|(_, id)| !id.is_empty())?;
    Some(if kind == "checkpoint" { ("run", id.split('.').next().unwrap_or(id)) } else { (kind, id) })
}

/// One read for each kind of thing that the entries are about, of so many at a time.
async fn names(app: &App, workspace: &str, rows: impl Iterator<Item = &AuditRow>) -> ApiResult<Names> {
    let mut wanted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (kind, id) in rows.flat_map(|row| [row.subject.as_str(), row.actor.as_str()]).filter_map(parts) {
        wanted.entry(kind).or_default().insert(id);
    }
    let mut names = Names::new();
    let ids = |kind: &str| wanted.get(kind).into_iter().flatten().copied().collect::<Vec<_>>();
    let conversations = app.store.get_conversations(workspace, &ids("conversation")).await?;
    let visitors = conversations.iter().filter_map(|row| row.customer.as_deref());
    // Those of the entries themselves, also when they turned out to be another since.
    let customers: BTreeSet<&str> = ids("customer").into_iter().chain(visitors).collect();
    let customers = app.store.get_customers(workspace, &customers.into_iter().collect::<Vec<_>>()).await?;
    for row in &customers {
        let id = &row.id;
        let name = [&row.name, row.email.as_ref().unwrap_or(&row.name)].into_iter().find(|name| !name.is_empty());
        names.insert(format!("customer:{id}"), name.cloned().unwrap_or_else(|| "a visitor".to_owned()));
    }
    for row in conversations {
        let with = row.customer.and_then(|id| names.get(&format!("customer:{id}")).cloned());
        names.insert(format!("conversation:{}", row.id), with.unwrap_or_else(|| "a visitor".to_owned()));
    }
    let workflows = app.store.workflow_names(workspace, &ids("workflow")).await?;
    names.extend(workflows.into_iter().map(|(id, name)| (format!("workflow:{id}"), name)));
    let kinds = ["user", "key", "api_key"];
    let people = app.store.person_names(workspace, &kinds.map(ids).concat()).await?;
    for (kind, id) in kinds.into_iter().flat_map(|kind| ids(kind).into_iter().map(move |id| (kind, id))) {
        names.insert(format!("{kind}:{id}"), people.get(id).cloned().unwrap_or_else(|| id.to_owned()));
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

/// The run and the step an entry tells of.
fn step_of<'a>(row: &'a AuditRow, detail: &'a Value) -> Option<(&'a str, &'a str)> {
    let (_, run) = parts(&row.subject).filter(|(kind, _)| *kind == "run")?;
    Some((run, detail.get("step")?.as_str()?))
}

/// Names of the runs and titles of the steps, as the version that each run is on has them.
async fn titles(app: &App, workspace: &str, rows: &[(Value, AuditRow)], names: &mut Names) -> ApiResult<()> {
    let mut steps: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (detail, row) in rows {
        if let Some((_, run)) = parts(&row.subject).filter(|(kind, _)| *kind == "run") {
            steps.entry(run).or_default().extend(step_of(row, detail).map(|(_, step)| step));
        }
    }
    for run in app.store.get_runs(workspace, &steps.keys().copied().collect::<Vec<_>>()).await? {
        let steps = steps.get(run.id.as_str()).into_iter().flatten();
        // A version that no longer compiles must not hide the entries.
        if let Ok(version) = app.engine.version(workspace, &run.workflow, run.version).await {
            names.extend(steps.map(|step| (format!("step:{}.{step}", run.id), version.title(step).to_owned())));
        }
        names.insert(format!("run:{}", run.id), run.title);
    }
    Ok(())
}

/// What an entry is about, by name: as it is called now, else as the entry has it, else its id.
fn subject_name(subject: &str, names: &Names, detail: &Value) -> String {
    let (kind, id) = subject.split_once(':').unwrap_or((subject, subject));
    let of = parts(subject).map_or_else(|| subject.to_owned(), |(kind, id)| format!("{kind}:{id}"));
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

fn entry(row: AuditRow, detail: Value, names: &Names) -> AuditEntry {
    let told = [detail.pointer("/by/name"), detail.get("name")].into_iter().flatten().find_map(Value::as_str);
    let system = (row.actor == "system" || row.actor.starts_with("system:")).then_some("Countersign");
    let named = told.filter(|name| !name.is_empty()).or_else(|| names.get(&row.actor).map(String::as_str)).or(system);
    let id = row.actor.split_once(':').map(|(_, id)| id.to_owned());
    let subject_name = subject_name(&row.subject, names, &detail);
    let step = step_of(&row, &detail).and_then(|(run, step)| names.get(&format!("step:{run}.{step}")));
    AuditEntry {
        id: row.seq.to_string(),
        seq: row.seq,
        at: row.at,
        actor: DecidedBy { id, name: named.unwrap_or(&row.actor).to_owned(), via: Some(row.via), on_behalf_of: None },
        actor_ref: row.actor,
        sentence: sentence(&row.action, (&subject_name, step.map(String::as_str)), &detail)
            .unwrap_or_else(|| row.action.clone()),
        subject_name,
        action: row.action,
        subject: row.subject,
        detail,
        prev_hash: row.prev_hash,
        hash: row.hash,
        receipt: row.receipt,
    }
}
