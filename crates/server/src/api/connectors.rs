//! What workflows can call: the connectors that come with the executable and those a workspace brought.

use crate::{
    api::{documents::source, versions::publishing},
    app::App,
    auth::Caller,
    http::{
        extract::{Path, Upload},
        problem::{ApiError, ApiResult},
    },
    rows::json as read_json,
};
use axum::{Json, extract::State, http::StatusCode};
use countersign_api::{
    Connector, ConnectorChanges, ConnectorUse, LeftOutOperation, Page, PutInConnector, PutInConnectorRequest,
};
use countersign_connectors::{Grant, Imported, Manifest, Registry};
use countersign_engine::{EngineError, PutIn};
use countersign_store::{ConnectorRow, Role};
use serde_json::json;

fn view(app: &App, registry: &Registry, rows: &[ConnectorRow], manifest: &Manifest) -> Connector {
    let catalogue = registry.catalogue();
    let full = |action: &String| format!("{}.{action}", manifest.name);
    Connector {
        name: manifest.name.clone(),
        title: manifest.title.clone(),
        description: manifest.description.clone(),
        settings_schema: manifest.settings.clone(),
        secrets_schema: manifest.secrets.clone(),
        oauth_callback: registry
            .oauth2(&manifest.name)
            .filter(|oauth2| oauth2.grant == Grant::AuthorizationCode)
            .map(|_| app.engine.oauth_callback()),
        actions: manifest.actions.keys().filter_map(|action| catalogue.action(&full(action))).map(Into::into).collect(),
        revision: rows.iter().find(|row| row.name == manifest.name).map(|row| row.revision),
    }
}

/// All connectors with their actions.
#[utoipa::path(get, path = "/connectors", operation_id = "listConnectors", tag = "connectors",
    responses((status = 200, description = "Connectors", body = Page<Connector>)))]
pub(crate) async fn list_connectors(State(app): State<App>, caller: Caller) -> ApiResult<Json<Page<Connector>>> {
    let registry = app.engine.connectors(caller.workspace()).await?;
    let rows = app.store.list_connectors(caller.workspace()).await?;
    Ok(Json(Page::whole(registry.connectors().map(|manifest| view(&app, &registry, &rows, manifest)).collect())))
}

/// One connector.
#[utoipa::path(get, path = "/connectors/{name}", operation_id = "getConnector", tag = "connectors",
    params(("name" = String, Path)), responses((status = 200, description = "The connector", body = Connector)))]
pub(crate) async fn get_connector(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
) -> ApiResult<Json<Connector>> {
    let registry = app.engine.connectors(caller.workspace()).await?;
    let rows = app.store.list_connectors(caller.workspace()).await?;
    let manifest = registry.connector(&name).ok_or_else(|| ApiError::not_found("connector"))?;
    Ok(Json(view(&app, &registry, &rows, manifest)))
}

/// Puts a connector in, or its next revision: a manifest or an OpenAPI document. Versions that are published go on with the
/// revision they were published with.
#[utoipa::path(post, path = "/connectors", operation_id = "putInConnector", tag = "connectors",
    request_body = PutInConnectorRequest,
    responses((status = 201, description = "What became of it", body = PutInConnector)))]
pub(crate) async fn put_in_connector(
    State(app): State<App>,
    caller: Caller,
    Upload(request): Upload<PutInConnectorRequest>,
) -> ApiResult<(StatusCode, Json<PutInConnector>)> {
    caller.require(Role::Admin)?;
    let PutInConnectorRequest { source, url, name } = request;
    let (source, at) = match (source, url) {
        (Some(source), None) => (source, None),
        (None, Some(url)) => (fetched(&app, &url).await?, Some(url)),
        (Some(_), Some(_)) | (None, None) => return Err(ApiError::invalid("/source", "give either a source or a url")),
    };
    let read = move || Manifest::read_or_import_from(&source, name.as_deref(), at.as_deref());
    let read = tokio::task::spawn_blocking(read).await.map_err(ApiError::internal)?;
    let Imported { manifest, warnings, left_out, .. } = read.map_err(|error| unusable(error.to_string()))?;
    if app.engine.registry().connector(&manifest.name).is_some() {
        let detail = format!("`{}` comes with Countersign: give another name", manifest.name);
        return Err(ApiError::conflict("name_taken", "This name is taken").detail(detail).pointer("/name"));
    }
    let before = app.engine.connectors(caller.workspace()).await?;
    let changes = before.connector(&manifest.name).map(|before| changes(before, &manifest));
    let (name, actions) = (manifest.name.clone(), manifest.actions.len());
    let paged = manifest.paged().map(str::to_owned).collect();
    let entry = caller.audit(
        app.now(),
        "connector.put_in",
        format!("connector:{name}"),
        json!({ "actions": actions, "left_out": left_out.len(), "changes": changes, "hash": manifest.hash() }),
    );
    let audit = |revision: u32| {
        let mut entry = entry.clone();
        let mut detail = read_json(&entry.detail);
        detail["revision"] = revision.into();
        entry.detail = detail.to_string();
        vec![entry]
    };
    let put_in = PutIn { workspace: caller.workspace(), manifest, by: caller.id() };
    let revision = match app.engine.put_in_connector(put_in, &audit).await {
        Err(EngineError::Invalid(why)) => return Err(unusable(why)),
        put_in => put_in?,
    };
    let left_out =
        left_out.into_iter().map(|left| LeftOutOperation { pointer: left.pointer, reason: left.reason }).collect();
    let used_by = used_by(&app, caller.workspace(), &name).await?;
    let answer = PutInConnector { name, revision, actions, paged, warnings, left_out, changes, used_by };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Takes a connector out. Refused while a draft or an active version calls it.
#[utoipa::path(delete, path = "/connectors/{name}", operation_id = "removeConnector", tag = "connectors",
    params(("name" = String, Path)), responses((status = 204, description = "Taken out")))]
pub(crate) async fn remove_connector(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
) -> ApiResult<StatusCode> {
    caller.require(Role::Admin)?;
    let used_by = used_by(&app, caller.workspace(), &name).await?;
    if !used_by.is_empty() {
        let names: Vec<&str> = used_by.iter().map(|workflow| workflow.name.as_str()).collect();
        let detail = format!("used by {}", names.join(", "));
        return Err(ApiError::conflict("connector_used", "Workflows call this connector").detail(detail));
    }
    let entry = caller.audit(app.now(), "connector.removed", format!("connector:{name}"), json!({}));
    app.engine.remove_connector(caller.workspace(), &name, vec![entry]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The document behind an address that the server may call.
async fn fetched(app: &App, url: &str) -> ApiResult<String> {
    app.engine.fetch_document(url).await.map_err(|why| {
        ApiError::unprocessable("not_fetched", "The document could not be read there").detail(why).pointer("/url")
    })
}

fn unusable(why: String) -> ApiError {
    ApiError::unprocessable("connector_unusable", "This is no usable connector").detail(why).pointer("/source")
}

fn changes(before: &Manifest, now: &Manifest) -> ConnectorChanges {
    let not_in = |one: &Manifest, other: &Manifest| -> Vec<String> {
        one.actions.keys().filter(|name| !other.actions.contains_key(*name)).cloned().collect()
    };
    let differs =
        |name: &&String| before.actions.get(*name).is_some_and(|action| now.actions.get(*name) != Some(action));
    ConnectorChanges {
        added: not_in(now, before),
        removed: not_in(before, now),
        changed: now.actions.keys().filter(differs).cloned().collect(),
    }
}

/// Workflows whose draft or active version calls a connector.
async fn used_by(app: &App, workspace: &str, connector: &str) -> ApiResult<Vec<ConnectorUse>> {
    let catalogue = app.engine.catalogue_of(workspace).await?;
    let mut uses = Vec::new();
    for row in app.store.list_workflows(workspace, false).await? {
        let (draft, diagnostics) = source::check(&read_json(&row.draft), &catalogue);
        let in_draft = draft.is_some_and(|draft| publishing::connectors(&draft).any(|name| name == connector));
        let in_version = match row.active_version {
            Some(version) if !in_draft => {
                let version = app.engine.version(workspace, &row.id, version).await?;
                publishing::connectors(version.workflow()).any(|name| name == connector)
            }
            Some(_) | None => false,
        };
        if in_draft || in_version {
            uses.push(ConnectorUse { workflow: row.id, name: row.name, diagnostics });
        }
    }
    Ok(uses)
}
