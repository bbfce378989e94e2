//! Who may do what, from the table.

use crate::{
    auth::{Caller, Least, also, least},
    rows::Tell,
};
use axum::Json;
use countersign_api::{Page, Right};
use serde_json::Value;
use std::sync::OnceLock;

/// The description does not change while the server runs.
static RIGHTS: OnceLock<Vec<Right>> = OnceLock::new();

/// Every operation of the API and the least role that may do it.
#[utoipa::path(get, path = "/rights", operation_id = "listRights", tag = "people",
    responses((status = 200, description = "Operations", body = Page<Right>)))]
pub(crate) async fn list_rights(_: Caller) -> Json<Page<Right>> {
    Json(Page::whole(RIGHTS.get_or_init(|| rights(&crate::router::openapi())).clone()))
}

fn rights(document: &Value) -> Vec<Right> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(path, item)| {
        let of_path = item.as_object().into_iter().flatten();
        of_path.filter_map(move |(method, operation)| right(method, path, operation))
    });
    operations.collect()
}

/// None for what the table has forgotten.
fn right(method: &str, path: &str, described: &Value) -> Option<Right> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let operation = text(&described["operationId"]);
    let role = match least(&operation)? {
        Least::Anyone => None,
        Least::Role(role) => Some(role.tell()),
    };
    Some(Right {
        subject: text(&described["tags"][0]),
        what: text(&described["summary"]),
        also: also(&operation).map(str::to_owned),
        method: method.to_uppercase(),
        path: path.to_owned(),
        operation,
        role,
    })
}
