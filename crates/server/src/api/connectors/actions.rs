//! What connectors can do, searched and told page by page: one that was imported can have thousands of actions.

use crate::{
    app::App,
    auth::Caller,
    http::{
        extract::{Listing, Path, Query, invalid_parameter},
        problem::{ApiError, ApiResult},
    },
};
use axum::{Json, extract::State};
use countersign_api::{ActionBrief, ActionCounts, ActionPage, ActionSpec};
use countersign_core::catalogue::{self, Risk};
use countersign_store::Cursor;
use serde::Deserialize;
use std::cmp::Ordering;
use utoipa::IntoParams;

/// Longest description in a list, characters.
const DESCRIPTION_MAX: usize = 300;
/// Longest search, characters.
const SEARCH_MAX: usize = 200;

/// Which actions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ActionsQuery {
    /// Name of a connector; all connectors when absent.
    connector: Option<String>,
    /// Words, each a part of the name, the title or the description; at most 200 characters.
    q: Option<String>,
    /// One or several of read, write, high; comma-separated.
    risk: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Items wanted, 1 to 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// How many there are, as answers tell it.
pub(super) fn counted(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Searches what connectors can do. What has all words in its name comes first, then in its title, then anywhere; among
/// those by name.
#[utoipa::path(get, path = "/actions", operation_id = "listActions", tag = "connectors",
    params(ActionsQuery), responses((status = 200, description = "Actions", body = ActionPage)))]
pub(crate) async fn list_actions(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ActionsQuery>,
) -> ApiResult<Json<ActionPage>> {
    let page = Listing { cursor: query.cursor, limit: query.limit }.page()?;
    let risks = risks(query.risk.as_deref().unwrap_or_default())?;
    let text = query.q.unwrap_or_default().to_lowercase();
    if text.chars().count() > SEARCH_MAX {
        return Err(invalid_parameter(Some("q"), format!("at most {SEARCH_MAX} characters")));
    }
    let wanted: Vec<&str> = text.split_whitespace().collect();
    let registry = app.engine.connectors(caller.workspace()).await?;
    let prefix = match &query.connector {
        Some(name) if registry.connector(name).is_none() => return Err(ApiError::not_found("connector")),
        Some(name) => format!("{name}."),
        None => String::new(),
    };
    let catalogue = registry.catalogue();
    let mut counts = ActionCounts::default();
    let mut found: Vec<(i64, &catalogue::ActionSpec)> = Vec::new();
    for action in catalogue.actions().filter(|action| action.name.starts_with(&prefix)) {
        count(&mut counts, action.risk);
        if risks.is_empty() || risks.contains(&action.risk) {
            found.extend(rank(action, &wanted).map(|rank| (rank, action)));
        }
    }
    // They come by name.
    found.sort_by_key(|(rank, _)| *rank);
    let total = counted(found.len());
    let begin = page.after.map_or(0, |after| found.partition_point(|one| place(one, &after) != Ordering::Greater));
    let limit = page.limit as usize;
    let more = found.len() > begin + limit;
    let shown = &found[begin.min(found.len())..(begin + limit).min(found.len())];
    let next = shown.last().filter(|_| more).map(|(rank, action)| cursor(*rank, action).to_string());
    let items = shown.iter().map(|(_, action)| brief(action)).collect();
    Ok(Json(ActionPage { items, next, found: total, counts }))
}

/// One action, with what it takes and gives.
#[utoipa::path(get, path = "/connectors/{name}/actions/{action}", operation_id = "getAction", tag = "connectors",
    params(("name" = String, Path), ("action" = String, Path, description = "Without the connector's name")),
    responses((status = 200, description = "The action", body = ActionSpec)))]
pub(crate) async fn get_action(
    State(app): State<App>,
    caller: Caller,
    Path((name, action)): Path<(String, String)>,
) -> ApiResult<Json<ActionSpec>> {
    let registry = app.engine.connectors(caller.workspace()).await?;
    let catalogue = registry.catalogue();
    let found = catalogue.action(&format!("{name}.{action}")).ok_or_else(|| ApiError::not_found("action"))?;
    Ok(Json(found.into()))
}

/// Risks named by their words.
fn risks(text: &str) -> ApiResult<Vec<Risk>> {
    let named = |word: &str| match word.trim() {
        "read" => Ok(Risk::Read),
        "write" => Ok(Risk::Write),
        "high" => Ok(Risk::High),
        other => Err(invalid_parameter(Some("risk"), format!("`{other}` is none of read, write, high"))),
    };
    text.split(',').filter(|word| !word.trim().is_empty()).map(named).collect()
}

fn count(counts: &mut ActionCounts, risk: Risk) {
    let count = match risk {
        Risk::Read => &mut counts.read,
        Risk::Write => &mut counts.write,
        Risk::High => &mut counts.high,
    };
    *count += 1;
}

/// How well an action fits, the smaller the better; not at all where a word is nowhere.
fn rank(action: &catalogue::ActionSpec, wanted: &[&str]) -> Option<i64> {
    let mut own = action.name.to_lowercase();
    let all_in = |own: &str| wanted.iter().all(|word| own.contains(word));
    for (rank, more) in [(0, &action.title), (1, &action.description)] {
        if all_in(&own) {
            return Some(rank);
        }
        own.push(' ');
        own.push_str(&more.to_lowercase());
    }
    all_in(&own).then_some(2)
}

fn cursor(rank: i64, action: &catalogue::ActionSpec) -> Cursor {
    Cursor { at: rank, id: action.name.clone() }
}

fn place((rank, action): &(i64, &catalogue::ActionSpec), after: &Cursor) -> Ordering {
    (*rank, action.name.as_str()).cmp(&(after.at, after.id.as_str()))
}

fn brief(action: &catalogue::ActionSpec) -> ActionBrief {
    let description = match action.description.char_indices().nth(DESCRIPTION_MAX) {
        Some((end, _)) => format!("{}…", action.description[..end].trim_end()),
        None => action.description.clone(),
    };
    ActionBrief { name: action.name.clone(), title: action.title.clone(), description, risk: action.risk }
}
