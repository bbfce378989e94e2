//! Documents and expressions without keeping them.

use crate::{
    api::documents::{around::check_in, source},
    app::App,
    auth::Caller,
    http::{
        extract::Body,
        problem::{ApiError, ApiResult},
    },
};
use axum::{Json, extract::State};
use countersign_api::{CheckRequest, CheckResponse, EvalRequest, EvalResponse};
use countersign_connectors::manifest_schema;
use countersign_core::{
    document::workflow_schema,
    expr::{Expression, ExpressionError, Scope, Template},
    time::Timestamp,
};
use countersign_engine::beside_workers;
use countersign_store::Role;
use serde_json::{Map, Value};
use std::sync::OnceLock;

/// The JSON Schema of workflow documents.
#[utoipa::path(get, path = "/schemas/workflow.json", operation_id = "getWorkflowSchema", tag = "documents",
    responses((status = 200, description = "JSON Schema", body = Value)), security(()))]
pub(crate) async fn workflow_json_schema() -> Json<&'static Value> {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    Json(SCHEMA.get_or_init(workflow_schema))
}

/// The JSON Schema of connector manifests.
#[utoipa::path(get, path = "/schemas/connector.json", operation_id = "getConnectorSchema", tag = "documents",
    responses((status = 200, description = "JSON Schema", body = Value)), security(()))]
pub(crate) async fn connector_json_schema() -> Json<&'static Value> {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    Json(SCHEMA.get_or_init(manifest_schema))
}

/// Checks a document. What is wrong with it is the answer, not an error.
#[utoipa::path(post, path = "/check", operation_id = "checkDocument", tag = "documents",
    request_body = CheckRequest, responses((status = 200, description = "Findings", body = CheckResponse)))]
pub(crate) async fn check(
    State(app): State<App>,
    caller: Caller,
    body: Body<CheckRequest>,
) -> ApiResult<Json<CheckResponse>> {
    let diagnostics = match source::read(body.value.document, body.value.source.as_deref()) {
        Ok(document) => check_in(&app, caller.workspace(), &document).await?,
        Err(unreadable) => unreadable.diagnostics(),
    };
    Ok(Json(CheckResponse { diagnostics }))
}

/// Evaluates an expression or a template over a sample. Nothing is kept.
#[utoipa::path(post, path = "/eval", operation_id = "evaluate", tag = "documents",
    request_body = EvalRequest, responses((status = 200, description = "Value or error", body = EvalResponse)))]
pub(crate) async fn evaluate(
    State(app): State<App>,
    caller: Caller,
    body: Body<EvalRequest>,
) -> ApiResult<Json<EvalResponse>> {
    caller.require(Role::Builder)?;
    let EvalRequest { expression, template, data } = body.value;
    let now = Timestamp(app.now());
    let result = match (expression, template) {
        (Some(expression), None) => {
            let compiled = Expression::compile(&expression);
            beside_workers(|| compiled.and_then(|expression| expression.evaluate_value(&data, now)))
        }
        (None, Some(template)) => beside_workers(|| render(&template, &data, now)),
        (Some(_), Some(_)) | (None, None) => {
            return Err(ApiError::invalid("/expression", "give either `expression` or `template`"));
        }
    };
    Ok(Json(evaluated(result)))
}

/// What to answer; an error of the expression is an answer too.
pub(crate) fn evaluated(result: Result<Option<Value>, ExpressionError>) -> EvalResponse {
    match result {
        Ok(value) => EvalResponse {
            nothing: value.is_none(),
            value: value.unwrap_or_default(),
            error: None,
            code: None,
            position: None,
        },
        Err(error) => EvalResponse {
            value: Value::Null,
            nothing: true,
            code: Some(error.code().to_owned()),
            position: error.position.and_then(|position| u64::try_from(position).ok()),
            error: Some(error.message),
        },
    }
}

/// What a step would make of a template: the value of a single expression, else text.
fn render(source: &str, data: &Value, now: Timestamp) -> Result<Option<Value>, ExpressionError> {
    let none = Map::new();
    let scope = Scope::new(now).with_map(data.as_object().unwrap_or(&none));
    let template = Template::compile(&Value::String(source.to_owned())).map_err(|error| error.error)?;
    template.render(&scope).map(Some).map_err(|error| error.error)
}
