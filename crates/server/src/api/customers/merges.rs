//! Who customers are, and two of them made one.

use super::{
    handlers::{merged_away, required},
    record,
};
use crate::{
    app::App,
    auth::Caller,
    http::{
        extract::{Body, Path, Query},
        fields::bounded,
        problem::{ApiError, ApiResult},
    },
    rows::{CLAIMED, Tell, json_object},
};
use axum::{Json, extract::State};
use countersign_api::{
    CustomerMerge, CustomerRef, Identities, Identity, MergeConflict, MergeDifference, MergePreview, MergeRequest,
    OptedOut, Standing,
};
use countersign_channels::{OVER_WHATSAPP, consent::plain_address};
use countersign_engine::Platform;
use countersign_store::{
    BY_SLACK, CustomerMergeRow, CustomerRow, PageRequest, Role, RunFilter, RunStatus, WrittenFrom,
};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use utoipa::IntoParams;
use uuid::Uuid;

/// Longest reason, characters.
const REASON_LENGTH_MAX: usize = 500;
/// Runs told that go on.
const OPEN_RUNS_MAX: u32 = 20;
/// Customers that may be one.
const SAME_MAX: usize = 50;

/// With whom.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MergeQuery {
    /// The customer who would be this one.
    customer: String,
}

/// Two customers with everybody who is the same as either: who would be left, and who would turn out to be them.
struct Pair {
    kept: Vec<CustomerRow>,
    merged: Vec<CustomerRow>,
}

impl Pair {
    async fn read(app: &App, caller: &Caller, id: &str, other: &str) -> ApiResult<(Self, Option<MergeConflict>)> {
        let workspace = caller.workspace();
        let asked = required(app, caller, id).await?;
        let with = app.store.get_customer(workspace, other).await?;
        let with = with.ok_or_else(|| ApiError::invalid("/customer", "there is no such customer"))?;
        let gone = asked.merged_into.is_some() || with.merged_into.is_some();
        let pair = Self {
            kept: app.store.same_customer(workspace, id).await?,
            merged: app.store.same_customer(workspace, other).await?,
        };
        let (Some(kept), Some(merged)) = (pair.kept.first(), pair.merged.first()) else {
            return Err(ApiError::not_found("customer"));
        };
        let conflict = if kept.id == merged.id {
            Some(conflict("same_customer", "They are the same customer already".to_owned()))
        } else if gone {
            Some(conflict("merged", "One of them turned out to be another customer: merge with that one".to_owned()))
        } else {
            pair.conflict()
        };
        Ok((pair, conflict))
    }

    fn conflict(&self) -> Option<MergeConflict> {
        if let Some(text) = two_external_ids(self.kept.iter().chain(&self.merged)) {
            return Some(conflict("two_external_ids", text));
        }
        let too_many = self.kept.len() + self.merged.len() > SAME_MAX;
        too_many.then(|| conflict("too_many", format!("At most {SAME_MAX} customers can be one")))
    }

    /// Who was looked at: another when anything changed of whom the preview shows.
    fn reviewed(&self) -> String {
        let said = |row: &CustomerRow| json!([row.id, row.merges, record::fields(row)]);
        let side = |rows: &[CustomerRow]| rows.iter().map(said).collect::<Vec<_>>();
        hex::encode(Sha256::digest(json!([side(&self.kept), side(&self.merged)]).to_string()))
    }

    /// What both say differently.
    fn differs(&self) -> Vec<MergeDifference> {
        let (Some(kept), Some(merged)) = (self.kept.first(), self.merged.first()) else { return Vec::new() };
        let name = |row: &CustomerRow| Some(row.name.clone()).filter(|name| !name.is_empty());
        let both = [
            ("name", name(kept), name(merged)),
            ("email", kept.email.clone(), merged.email.clone()),
            ("phone", kept.phone.clone(), merged.phone.clone()),
            ("telegram", kept.telegram.clone(), merged.telegram.clone()),
            ("external_id", kept.external_id.clone(), merged.external_id.clone()),
        ];
        let differs = both.into_iter().filter_map(|(field, kept, merged)| {
            let (kept, merged) = (kept?, merged?);
            (kept != merged).then(|| MergeDifference { field: field.to_owned(), kept, merged })
        });
        differs.collect()
    }
}

/// Why these are not one: the business itself tells them apart.
pub(super) fn two_external_ids<'a>(rows: impl Iterator<Item = &'a CustomerRow>) -> Option<String> {
    let called = rows.filter_map(|row| row.external_id.as_deref()).filter(|id| !id.starts_with(BY_SLACK));
    let called: BTreeSet<&str> = called.collect();
    if called.len() < 2 {
        return None;
    }
    let called: Vec<String> = called.into_iter().map(|id| format!("`{id}`")).collect();
    Some(format!("In your own systems they are two: {}. Make them one there first", called.join(" and ")))
}

fn conflict(code: &str, text: String) -> MergeConflict {
    MergeConflict { code: code.to_owned(), text }
}

fn changed() -> ApiError {
    ApiError::conflict("changed", "One of the customers was changed meanwhile: look again")
}

fn ids(rows: &[CustomerRow]) -> Vec<String> {
    rows.iter().map(|row| row.id.clone()).collect()
}

/// What making another customer this one would do; nothing is done.
#[utoipa::path(get, path = "/customers/{id}/merge", operation_id = "previewMerge", tag = "customers",
    params(("id" = String, Path), MergeQuery),
    responses((status = 200, description = "What would follow", body = MergePreview)))]
pub(crate) async fn preview_merge(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<MergeQuery>,
) -> ApiResult<Json<MergePreview>> {
    caller.require(Role::Operator)?;
    let workspace = caller.workspace();
    let (pair, conflict) = Pair::read(&app, &caller, &id, &query.customer).await?;
    let held = app.store.customer_holdings(workspace, &ids(&pair.merged)).await?;
    let identities = identities(&app, workspace, &pair.merged).await?;
    let (kept, merged) = (whole(&app, &id, workspace).await?, whole(&app, &query.customer, workspace).await?);
    Ok(Json(MergePreview {
        kept,
        merged,
        conversations: held.conversations,
        runs: held.runs,
        open_runs: held.open_runs,
        open_checkpoints: held.open_checkpoints,
        opted_out: opted_out(&app, workspace, &pair).await?,
        differs: pair.differs(),
        reviewed: pair.reviewed(),
        identities,
        conflict,
    }))
}

async fn whole(app: &App, id: &str, workspace: &str) -> ApiResult<CustomerRef> {
    let row = app.store.current_customer(workspace, id).await?;
    Ok((&row.ok_or_else(|| ApiError::not_found("customer"))?).tell())
}

/// The addresses of either that want no messages.
async fn opted_out(app: &App, workspace: &str, pair: &Pair) -> ApiResult<Vec<OptedOut>> {
    let mut all = Vec::new();
    for side in [&pair.kept, &pair.merged] {
        for (platform, address) in app.engine.customer_addresses(workspace, side).await? {
            let known = app.store.get_consent(workspace, platform.tag(), &address).await?;
            if known.is_some_and(|row| row.opted_out) {
                all.push(OptedOut { channel: platform.tag().to_owned(), address });
            }
        }
    }
    Ok(all)
}

/// Makes another customer this one: what the other has and what comes from their addresses is read as this one's. It can be
/// taken back.
#[utoipa::path(post, path = "/customers/{id}/merge", operation_id = "mergeCustomers", tag = "customers",
    params(("id" = String, Path)), request_body = MergeRequest,
    responses((status = 200, description = "The identities", body = Identities)))]
pub(crate) async fn merge_customers(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<MergeRequest>,
) -> ApiResult<Json<Identities>> {
    caller.require(Role::Operator)?;
    required(&app, &caller, &id).await?;
    let reason = bounded("/reason", &body.value.reason, REASON_LENGTH_MAX)?;
    let (pair, conflict) = Pair::read(&app, &caller, &id, &body.value.customer).await?;
    if let Some(conflict) = conflict {
        return Err(ApiError::conflict(&conflict.code, &conflict.text));
    }
    if body.value.reviewed.is_some_and(|reviewed| reviewed != pair.reviewed()) {
        return Err(changed());
    }
    let (Some(kept), Some(merged)) = (pair.kept.first(), pair.merged.first()) else {
        return Err(ApiError::not_found("customer"));
    };
    let row = CustomerMergeRow {
        id: Uuid::now_v7().to_string(),
        workspace: caller.workspace().to_owned(),
        kept: kept.id.clone(),
        merged: merged.id.clone(),
        reason,
        at: app.now(),
        merged_by: caller.id().to_owned(),
        undone_at: None,
        undone_by: None,
    };
    let detail = json!({ "merged": row.merged, "merge": row.id, "reason": row.reason });
    let entry = caller.audit(row.at, "customer.merged", format!("customer:{}", row.kept), detail);
    if !app.store.merge_customers((kept, merged), &row, entry).await? {
        return Err(changed());
    }
    told(&app, caller.workspace(), &id).await
}

/// The runs that began since somebody became one of these customers, and go on: what they hold is of both.
async fn runs_since(app: &App, workspace: &str, same: &[CustomerRow], since: i64) -> ApiResult<Vec<String>> {
    let status = vec![RunStatus::Running, RunStatus::Waiting];
    let filter = RunFilter { customer: ids(same), status, started_after: Some(since), ..RunFilter::default() };
    let page = PageRequest { after: None, limit: OPEN_RUNS_MAX };
    let runs = app.store.list_runs(workspace, &filter, &page).await?.items;
    Ok(runs.into_iter().map(|run| run.id).collect())
}

/// Takes a merge back: who turned out to be this customer is another one again, with all that is theirs and what came from
/// their addresses since. 409 `runs_open` while runs that began since then go on: an approval would name the wrong person.
#[utoipa::path(post, path = "/customers/{id}/merges/{merge}/undo", operation_id = "undoMerge", tag = "customers",
    params(("id" = String, Path), ("merge" = String, Path)),
    responses((status = 200, description = "The identities", body = Identities)))]
pub(crate) async fn undo_merge(
    State(app): State<App>,
    caller: Caller,
    Path((id, merge)): Path<(String, String)>,
) -> ApiResult<Json<Identities>> {
    caller.require(Role::Operator)?;
    let asked = required(&app, &caller, &id).await?;
    let workspace = caller.workspace();
    let row = app.store.get_merge(workspace, &merge).await?.ok_or_else(|| ApiError::not_found("merge"))?;
    let same = app.store.same_customer(workspace, &id).await?;
    if same.iter().all(|one| one.id != row.kept) {
        return Err(ApiError::not_found("merge"));
    }
    if row.undone_at.is_some() {
        return Err(ApiError::conflict("undone", "The merge was taken back before"));
    }
    // By who is left, or by whom they came to: never by who was merged.
    if asked.merged_into.is_some() && asked.id != row.kept {
        return Err(merged_away());
    }
    let open = runs_since(&app, workspace, &same, row.at).await?;
    if !open.is_empty() {
        let text =
            format!("Runs that began with what both were go on: {}. Let them end, or cancel them", open.join(", "));
        return Err(ApiError::conflict("runs_open", &text));
    }
    let at = app.now();
    let detail = json!({ "merged": row.merged, "merge": row.id });
    let entry = caller.audit(at, "customer.merge_undone", format!("customer:{}", row.kept), detail);
    if !app.store.undo_merge(&row, (at, caller.id()), entry).await? {
        return Err(ApiError::conflict("undone", "The merge was taken back before"));
    }
    told(&app, workspace, &id).await
}

/// What a customer is known and reached by, and who turned out to be them.
#[utoipa::path(get, path = "/customers/{id}/identities", operation_id = "listIdentities", tag = "customers",
    params(("id" = String, Path)), responses((status = 200, description = "The identities", body = Identities)))]
pub(crate) async fn list_identities(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Identities>> {
    required(&app, &caller, &id).await?;
    told(&app, caller.workspace(), &id).await
}

async fn told(app: &App, workspace: &str, id: &str) -> ApiResult<Json<Identities>> {
    let same = app.store.same_customer(workspace, id).await?;
    let mut merges = Vec::new();
    for merge in app.store.list_merges(workspace, &ids(&same)).await? {
        let merged = same.iter().find(|row| row.id == merge.merged);
        merges.push(CustomerMerge {
            customer: merged.map_or_else(|| CustomerRef { id: merge.merged, name: String::new() }, Tell::tell),
            id: merge.id,
            into: merge.kept,
            reason: merge.reason,
            at: merge.at,
            by: app.some_person(workspace, Some(&merge.merged_by)).await?,
        });
    }
    let identities = identities(app, workspace, &same).await?;
    Ok(Json(Identities { customer: whole(app, id, workspace).await?, identities, merges }))
}

/// The identities of everybody who is the same; the first is whose they are.
pub(super) async fn identities(app: &App, workspace: &str, same: &[CustomerRow]) -> ApiResult<Vec<Identity>> {
    let Some(own) = same.first() else { return Ok(Vec::new()) };
    let from = |id: &str| (id != own.id).then(|| id.to_owned());
    let mut all = Vec::new();
    for row in same {
        known(row, from(&row.id).as_ref(), &mut all);
    }
    for place in app.store.written_from(workspace, &ids(same)).await? {
        written_from(&place, from(&place.customer), &mut all);
    }
    Ok(all)
}

/// Each once, as the surest it is.
fn add(all: &mut Vec<Identity>, new: Identity) {
    match all.iter_mut().find(|one| (&one.kind, &one.value) == (&new.kind, &new.value)) {
        Some(known) if new.standing == Standing::Proven => known.standing = Standing::Proven,
        Some(_) => {}
        None => all.push(new),
    }
}

/// What stands in a customer's row.
fn known(row: &CustomerRow, from: Option<&String>, identities: &mut Vec<Identity>) {
    let claimed = json_object(&row.data).get(CLAIMED).and_then(|claimed| claimed["email"].as_str().map(str::to_owned));
    let slack = row.external_id.as_deref().and_then(|id| id.strip_prefix(BY_SLACK)).map(str::to_owned);
    let external_id = row.external_id.clone().filter(|_| slack.is_none());
    let all = [
        ("external_id", external_id, Standing::Proven),
        ("email", row.email.clone(), Standing::Proven),
        ("phone", row.phone.clone(), Standing::Proven),
        ("telegram", row.telegram.clone(), Standing::Proven),
        ("slack", slack, Standing::Proven),
        ("email", claimed.map(|address| plain_address(Platform::Email, &address)), Standing::Claimed),
    ];
    for (kind, value, standing) in all {
        let Some(value) = value else { continue };
        add(identities, Identity { kind: kind.to_owned(), value, standing, merged_from: from.cloned() });
    }
}

/// The address that a conversation comes from. Anybody can write any sender into a mail, and whoever is at the page is not
/// known by it.
fn written_from(place: &WrittenFrom, merged_from: Option<String>, identities: &mut Vec<Identity>) {
    let address = place.address().unwrap_or_default();
    let (kind, value, standing) = match Platform::read(&place.channel) {
        Some(platform @ (Platform::Whatsapp | Platform::Sms)) => {
            let bare = address.strip_prefix(OVER_WHATSAPP).unwrap_or(address);
            ("phone", plain_address(platform, bare), Standing::Proven)
        }
        Some(Platform::Email) => ("email", plain_address(Platform::Email, address), Standing::Claimed),
        Some(Platform::Telegram) => ("telegram", address.to_owned(), Standing::Proven),
        Some(Platform::Slack) => ("slack", address.to_owned(), Standing::Proven),
        None => ("web", place.conversation.clone(), Standing::Claimed),
    };
    add(identities, Identity { kind: kind.to_owned(), value, standing, merged_from });
}
