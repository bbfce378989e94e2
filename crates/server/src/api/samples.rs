//! What steps and triggers of a workflow are tried with, kept for everybody who builds it. No run reads it.

use crate::{
    api::workflows::view::required_workflow,
    app::App,
    auth::Caller,
    http::{
        extract::{Body, Path, invalid_parameter},
        problem::{ApiError, ApiResult},
    },
    rows::json as stored,
};
use axum::{Json, extract::State, http::StatusCode};
use countersign_api::{KeepSampleRequest, Page, Sample};
use countersign_core::text;
use countersign_store::{Role, SampleRow};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Longest sample, bytes of JSON.
const SAMPLE_BYTES_MAX: usize = 64 * 1024;
/// Longest id of a step or a trigger, characters.
const ID_LENGTH_MAX: usize = 100;

/// The samples of a workflow.
#[utoipa::path(get, path = "/workflows/{id}/samples", operation_id = "listSamples", tag = "workflows",
    params(("id" = String, Path)), responses((status = 200, description = "Samples", body = Page<Sample>)))]
pub(crate) async fn list_samples(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Page<Sample>>> {
    caller.require(Role::Builder)?;
    let workspace = caller.workspace();
    required_workflow(&app, workspace, &id).await?;
    let mut items = Vec::new();
    for row in app.store.list_samples(workspace, &id).await? {
        let Some((of, id)) = row.place.split_once(':') else { continue };
        items.push(Sample {
            of: of.to_owned(),
            id: id.to_owned(),
            value: stored(&row.value),
            kept_at: row.kept_at,
            kept_by: app.some_person(workspace, Some(&row.kept_by)).await?,
        });
    }
    Ok(Json(Page::whole(items)))
}

/// Keeps a sample of a step (`of` is `step`) or a trigger (`trigger`) in the place of the one before, without the secrets of
/// the workspace's connections and channels and the workflow's triggers. Of more than 200 the oldest go.
#[utoipa::path(put, path = "/workflows/{id}/samples/{of}/{name}", operation_id = "keepSample", tag = "workflows",
    params(("id" = String, Path), ("of" = String, Path, description = "step or trigger"),
        ("name" = String, Path, description = "Id of the step or the trigger")),
    request_body = KeepSampleRequest, responses((status = 204, description = "Kept")))]
pub(crate) async fn keep_sample(
    State(app): State<App>,
    caller: Caller,
    Path((id, of, name)): Path<(String, String, String)>,
    body: Body<KeepSampleRequest>,
) -> ApiResult<StatusCode> {
    caller.require(Role::Builder)?;
    let (workspace, place) = (caller.workspace(), place(&of, &name)?);
    required_workflow(&app, workspace, &id).await?;
    let KeepSampleRequest { mut value } = body.value;
    bounded(&value)?;
    text::keep(&mut value);
    app.engine.without_secrets(workspace, &id, &mut value).await?;
    let value = value.to_string();
    let sha256 = hex::encode(Sha256::digest(&value));
    let detail = json!({ "of": of, "id": name, "bytes": value.len(), "sha256": sha256 });
    let entry = caller.audit(app.now(), "sample.kept", format!("workflow:{id}"), detail);
    let (kept_at, kept_by) = (app.now(), caller.id().to_owned());
    let row = SampleRow { workspace: workspace.to_owned(), workflow: id, place, value, kept_at, kept_by };
    app.store.keep_sample(&row, vec![entry]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a sample away.
#[utoipa::path(delete, path = "/workflows/{id}/samples/{of}/{name}", operation_id = "removeSample", tag = "workflows",
    params(("id" = String, Path), ("of" = String, Path, description = "step or trigger"),
        ("name" = String, Path, description = "Id of the step or the trigger")),
    responses((status = 204, description = "Taken away")))]
pub(crate) async fn remove_sample(
    State(app): State<App>,
    caller: Caller,
    Path((id, of, name)): Path<(String, String, String)>,
) -> ApiResult<StatusCode> {
    caller.require(Role::Builder)?;
    let place = place(&of, &name)?;
    let detail = json!({ "of": of, "id": name });
    let entry = caller.audit(app.now(), "sample.removed", format!("workflow:{id}"), detail);
    app.store.remove_sample(caller.workspace(), &id, &place, vec![entry]).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn place(of: &str, name: &str) -> ApiResult<String> {
    if !matches!(of, "step" | "trigger") {
        return Err(invalid_parameter(Some("of"), format!("`{of}` is neither step nor trigger")));
    }
    if name.is_empty() || name.chars().count() > ID_LENGTH_MAX {
        return Err(invalid_parameter(Some("name"), format!("1 to {ID_LENGTH_MAX} characters")));
    }
    Ok(format!("{of}:{name}"))
}

fn bounded(value: &Value) -> ApiResult<()> {
    let bytes = value.to_string().len();
    if bytes <= SAMPLE_BYTES_MAX {
        return Ok(());
    }
    Err(ApiError::invalid("/value", format!("{bytes} bytes as JSON; at most {SAMPLE_BYTES_MAX}")))
}
