//! Documents and expressions without keeping them.

use crate::{
    app::App,
    documents,
    error::ApiResult,
    extract::{Body, Caller},
    wire::{CheckRequest, CheckResponse, EvalRequest, EvalResponse},
};
use axum::{Json, extract::State};
use countersign_core::{
    document::workflow_schema,
    expr::{Expression, ExpressionError},
    time::Timestamp,
};
use serde_json::Value;
use std::sync::OnceLock;

/// The JSON Schema of workflow documents.
#[utoipa::path(get, path = "/schemas/workflow.json", operation_id = "getWorkflowSchema", tag = "documents",
    responses((status = 200, description = "JSON Schema", body = Value)), security(()))]
pub(crate) async fn workflow_json_schema() -> Json<&'static Value> {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    Json(SCHEMA.get_or_init(workflow_schema))
}

/// Checks a document. What is wrong with it is the answer, not an error.
#[utoipa::path(post, path = "/check", operation_id = "checkDocument", tag = "documents",
    request_body = CheckRequest, responses((status = 200, description = "Findings", body = CheckResponse)))]
pub(crate) async fn check(
    State(app): State<App>,
    _: Caller,
    body: Body<CheckRequest>,
) -> ApiResult<Json<CheckResponse>> {
    let diagnostics = match documents::read(body.value.document, body.value.source.as_deref()) {
        Ok(document) => documents::check(&document, &app.engine.catalogue()).1,
        Err(unreadable) => unreadable.diagnostics(),
    };
    Ok(Json(CheckResponse { diagnostics }))
}

/// Evaluates an expression.
#[utoipa::path(post, path = "/eval", operation_id = "evaluate", tag = "documents",
    request_body = EvalRequest, responses((status = 200, description = "Value or error", body = EvalResponse)))]
pub(crate) async fn evaluate(
    State(app): State<App>,
    _: Caller,
    body: Body<EvalRequest>,
) -> ApiResult<Json<EvalResponse>> {
    let EvalRequest { expression, data } = body.value;
    let result =
        Expression::compile(&expression).and_then(|expression| expression.evaluate_value(&data, Timestamp(app.now())));
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
