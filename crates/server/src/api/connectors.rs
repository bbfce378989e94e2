//! What workflows can call.

use crate::{
    app::App,
    auth::Caller,
    http::{
        extract::Path,
        problem::{ApiError, ApiResult},
    },
};
use axum::{Json, extract::State};
use countersign_api::{Connector, Page};
use countersign_connectors::Manifest;

fn view(app: &App, manifest: &Manifest) -> Connector {
    let catalogue = app.engine.catalogue();
    let full = |action: &String| format!("{}.{action}", manifest.name);
    Connector {
        name: manifest.name.clone(),
        title: manifest.title.clone(),
        description: manifest.description.clone(),
        settings_schema: manifest.settings.clone(),
        secrets_schema: manifest.secrets.clone(),
        actions: manifest.actions.keys().filter_map(|action| catalogue.action(&full(action))).map(Into::into).collect(),
    }
}

/// All connectors with their actions.
#[utoipa::path(get, path = "/connectors", operation_id = "listConnectors", tag = "connectors",
    responses((status = 200, description = "Connectors", body = Page<Connector>)))]
pub(crate) async fn list_connectors(State(app): State<App>, _: Caller) -> Json<Page<Connector>> {
    let items = app.engine.registry().connectors().map(|manifest| view(&app, manifest)).collect();
    Json(Page::whole(items))
}

/// One connector.
#[utoipa::path(get, path = "/connectors/{name}", operation_id = "getConnector", tag = "connectors",
    params(("name" = String, Path)), responses((status = 200, description = "The connector", body = Connector)))]
pub(crate) async fn get_connector(
    State(app): State<App>,
    _: Caller,
    Path(name): Path<String>,
) -> ApiResult<Json<Connector>> {
    let manifest = app.engine.registry().connector(&name).ok_or_else(|| ApiError::not_found("connector"))?;
    Ok(Json(view(&app, manifest)))
}
