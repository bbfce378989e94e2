//! Filters of the list of runs under a name; each person has their own.

use crate::{
    app::App,
    auth::Caller,
    http::{
        extract::{Body, IdempotencyHeader, Path},
        fields::bounded,
        idempotency::Once,
        problem::{ApiError, ApiResult},
    },
    rows::json_object,
};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use countersign_api::{Page, SavedView, SavedViewRequest};
use countersign_store::SavedViewRow;
use serde_json::{Value, json};
use uuid::Uuid;

/// Longest name, characters.
const NAME_LENGTH_MAX: usize = 60;
/// Filters in one view.
const FILTERS_MAX: usize = 20;
/// Longest filters, bytes of JSON.
const SEARCH_BYTES_MAX: usize = 4_000;

fn view(row: SavedViewRow) -> SavedView {
    SavedView { id: row.id, name: row.name, search: json_object(&row.search), created_at: row.created_at }
}

fn told(row: &SavedViewRow) -> Value {
    json!({ "name": row.name, "search": json_object(&row.search) })
}

fn checked(request: SavedViewRequest) -> ApiResult<(String, String)> {
    let name = bounded("/name", &request.name, NAME_LENGTH_MAX)?;
    let plain = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    let search = Value::Object(request.search);
    let fits = search.as_object().is_some_and(|all| all.len() <= FILTERS_MAX && all.values().all(plain));
    let search = search.to_string();
    if !fits || search.len() > SEARCH_BYTES_MAX {
        return Err(ApiError::invalid("/search", format!("at most {FILTERS_MAX} filters, each a text or a number")));
    }
    Ok((name, search))
}

/// The caller's views by name.
#[utoipa::path(get, path = "/saved-views", operation_id = "listSavedViews", tag = "runs",
    responses((status = 200, description = "Views", body = Page<SavedView>)))]
pub(crate) async fn list_saved_views(State(app): State<App>, caller: Caller) -> ApiResult<Json<Page<SavedView>>> {
    let rows = app.store.list_saved_views(caller.workspace(), caller.id()).await?;
    Ok(Json(Page::whole(rows.into_iter().map(view).collect())))
}

/// Keeps a view; at most 50 each.
#[utoipa::path(post, path = "/saved-views", operation_id = "createSavedView", tag = "runs",
    params(("Idempotency-Key" = Option<String>, Header)), request_body = SavedViewRequest,
    responses((status = 201, description = "The view", body = SavedView)))]
pub(crate) async fn create_saved_view(
    State(app): State<App>,
    caller: Caller,
    IdempotencyHeader(key): IdempotencyHeader,
    body: Body<SavedViewRequest>,
) -> ApiResult<Response> {
    let once = Once::of(&app, &caller, format!("saved_view:{}", caller.id()), key, body.hash());
    let work = async move {
        let (name, search) = checked(body.value)?;
        let row = SavedViewRow {
            id: Uuid::now_v7().to_string(),
            workspace: caller.workspace().to_owned(),
            user_id: caller.id().to_owned(),
            name,
            search,
            created_at: app.now(),
        };
        let what = ("view.saved", format!("view:{}", row.id));
        let entry = caller.changed(app.now(), what, (&json!({}), &told(&row)), json!({}));
        if !app.store.create_saved_view(&row, vec![entry]).await? {
            return Err(ApiError::conflict("too_many", "There are as many views as there may be"));
        }
        Ok(view(row))
    };
    once.run(work).await
}

/// Gives a view another name or other filters.
#[utoipa::path(put, path = "/saved-views/{id}", operation_id = "updateSavedView", tag = "runs",
    params(("id" = String, Path)), request_body = SavedViewRequest,
    responses((status = 200, description = "The view", body = SavedView)))]
pub(crate) async fn update_saved_view(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<SavedViewRequest>,
) -> ApiResult<Json<SavedView>> {
    let (name, search) = checked(body.value)?;
    let row = app.store.get_saved_view(caller.workspace(), caller.id(), &id).await?;
    let row = row.ok_or_else(|| ApiError::not_found("view"))?;
    let before = told(&row);
    let row = SavedViewRow { name, search, ..row };
    let what = ("view.changed", format!("view:{id}"));
    let entry = caller.changed(app.now(), what, (&before, &told(&row)), json!({}));
    app.store.update_saved_view(&row, vec![entry]).await?;
    Ok(Json(view(row)))
}

/// Forgets a view.
#[utoipa::path(delete, path = "/saved-views/{id}", operation_id = "deleteSavedView", tag = "runs",
    params(("id" = String, Path)), responses((status = 204, description = "Forgotten")))]
pub(crate) async fn delete_saved_view(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    let row = app.store.get_saved_view(caller.workspace(), caller.id(), &id).await?;
    let row = row.ok_or_else(|| ApiError::not_found("view"))?;
    let entry = caller.changed(app.now(), ("view.removed", format!("view:{id}")), (&told(&row), &json!({})), json!({}));
    app.store.delete_saved_view(caller.workspace(), caller.id(), &id, vec![entry]).await?;
    Ok(StatusCode::NO_CONTENT)
}
