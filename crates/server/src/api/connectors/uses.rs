//! Which workflows call a connector.

use crate::{
    api::{documents::source, versions::publishing},
    app::App,
    http::problem::ApiResult,
    rows::json as read_json,
};
use countersign_api::ConnectorUse;
use countersign_core::catalogue::Catalogue;

/// Workflows whose draft, active or ramped version calls a connector, and what the check of their drafts says with this
/// catalogue.
pub(super) async fn uses(
    app: &App,
    workspace: &str,
    connector: &str,
    catalogue: &Catalogue,
) -> ApiResult<Vec<ConnectorUse>> {
    let mut uses = Vec::new();
    for row in app.store.list_workflows(workspace, false).await? {
        let (document, mut diagnostics) = source::check(&read_json(&row.draft), catalogue);
        let draft = document.is_some_and(|draft| publishing::connectors(&draft).any(|name| name == connector));
        if !draft {
            diagnostics.clear();
        }
        let pointer = match row.active_version {
            Some(_) => app.store.get_pointer(workspace, &row.id).await?,
            None => None,
        };
        let calls = async |version: Option<u32>| -> ApiResult<Option<u32>> {
            let Some(number) = version else { return Ok(None) };
            let version = app.engine.version(workspace, &row.id, number).await?;
            let calls = publishing::connectors(version.workflow()).any(|name| name == connector);
            Ok(calls.then_some(number))
        };
        let active_version = calls(pointer.as_ref().and_then(|pointer| pointer.active_version)).await?;
        let ramped_version = calls(pointer.as_ref().and_then(|pointer| pointer.ramp_version)).await?;
        if draft || active_version.is_some() || ramped_version.is_some() {
            uses.push(ConnectorUse {
                workflow: row.id,
                name: row.name,
                draft,
                active_version,
                ramped_version,
                diagnostics,
            });
        }
    }
    Ok(uses)
}
