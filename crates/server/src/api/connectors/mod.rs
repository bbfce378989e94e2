//! What workflows can call: the connectors that come with the executable and those a workspace brought.

mod actions;
mod offer;
mod uses;

pub(crate) use actions::*;

use crate::{
    app::App,
    auth::Caller,
    http::{
        extract::{Path, Upload},
        problem::{ApiError, ApiResult},
    },
    rows::json as read_json,
};
use axum::{Json, extract::State, http::StatusCode};
use countersign_api::{Connector, Page, PutInConnector, PutInConnectorRequest};
use countersign_connectors::{Grant, Manifest, Registry, limits_schema};
use countersign_engine::{EngineError, PutIn};
use countersign_store::{ConnectorRow, Role};
use offer::{Offer, unusable};
use serde_json::json;
use uses::uses;

fn view(app: &App, registry: &Registry, rows: &[ConnectorRow], manifest: &Manifest) -> Connector {
    Connector {
        name: manifest.name.clone(),
        title: manifest.title.clone(),
        description: manifest.description.clone(),
        settings_schema: manifest.settings.clone(),
        limits_schema: limits_schema(),
        secrets_schema: manifest.secrets.clone(),
        oauth_callback: registry
            .oauth2(&manifest.name)
            .filter(|oauth2| oauth2.grant == Grant::AuthorizationCode)
            .map(|_| app.engine.oauth_callback()),
        action_count: counted(manifest.actions.len()),
        revision: rows.iter().find(|row| row.name == manifest.name).map(|row| row.revision),
    }
}

/// All connectors; their actions are read apart.
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
/// revision they were published with. A dry run only says what would come of it; what it answers as `reviewed` is given back
/// so that nothing else is put in than what a person looked at.
#[utoipa::path(post, path = "/connectors", operation_id = "putInConnector", tag = "connectors",
    request_body = PutInConnectorRequest,
    responses((status = 200, description = "What a dry run would put in", body = PutInConnector),
        (status = 201, description = "What became of it", body = PutInConnector)))]
pub(crate) async fn put_in_connector(
    State(app): State<App>,
    caller: Caller,
    Upload(request): Upload<PutInConnectorRequest>,
) -> ApiResult<(StatusCode, Json<PutInConnector>)> {
    caller.require(Role::Admin)?;
    let (dry_run, risks, reviewed) = (request.dry_run, request.risks.clone(), request.reviewed.clone());
    let offer = Offer::read(&app, caller.workspace(), request).await?;
    if dry_run {
        return Ok((StatusCode::OK, Json(offer.dry_run(&app, caller.workspace()).await?)));
    }
    if let Some(reviewed) = reviewed {
        offer.hold_against(&reviewed)?;
    }
    let name = offer.connector.name().to_owned();
    let entry = caller.audit(
        app.now(),
        "connector.put_in",
        format!("connector:{name}"),
        json!({
            "actions": offer.manifest().actions.len(), "left_out": offer.left_out.len(), "changes": offer.summary(),
            "hash": offer.connector.hash(), "risks": risks,
        }),
    );
    let audit = |revision: u32| {
        let mut entry = entry.clone();
        let mut detail = read_json(&entry.detail);
        detail["revision"] = revision.into();
        entry.detail = detail.to_string();
        vec![entry]
    };
    let (workspace, connector, instead) = (caller.workspace(), offer.connector.clone(), offer.instead);
    let put_in = PutIn { workspace, connector, instead, by: caller.id() };
    let revision = match app.engine.put_in_connector(put_in, &audit).await {
        Err(EngineError::Invalid(why)) => return Err(unusable(why)),
        put_in => put_in?,
    };
    let catalogue = app.engine.catalogue_of(caller.workspace()).await?;
    let used_by = uses(&app, caller.workspace(), &name, &catalogue).await?;
    Ok((StatusCode::CREATED, Json(offer.answer(revision, used_by))))
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
    let catalogue = app.engine.catalogue_of(caller.workspace()).await?;
    let used_by = uses(&app, caller.workspace(), &name, &catalogue).await?;
    if !used_by.is_empty() {
        let names: Vec<&str> = used_by.iter().map(|workflow| workflow.name.as_str()).collect();
        let detail = format!("used by {}", names.join(", "));
        return Err(ApiError::conflict("connector_used", "Workflows call this connector").detail(detail));
    }
    let entry = caller.audit(app.now(), "connector.removed", format!("connector:{name}"), json!({}));
    app.engine.remove_connector(caller.workspace(), &name, vec![entry]).await?;
    Ok(StatusCode::NO_CONTENT)
}
