//! All routes in one flat list, and the OpenAPI document made from them.

use crate::{
    app::App,
    error::ApiError,
    guard, handlers as h,
    openapi::{self, Document},
    pages,
};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{Method, StatusCode},
    middleware,
    routing::get,
};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Largest body, bytes.
const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Where the API is.
const BASE: &str = "/api/v1";

fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(h::auth::login))
        .routes(routes!(h::auth::logout))
        .routes(routes!(h::auth::get_me))
        .routes(routes!(h::auth::set_up))
        .routes(routes!(h::auth::change_password))
        .routes(routes!(h::workspace::get_workspace, h::workspace::update_workspace))
        .routes(routes!(h::people::list_people, h::people::create_person))
        .routes(routes!(h::people::update_person))
        .routes(routes!(h::people::invite_person))
        .routes(routes!(h::api_keys::list_api_keys, h::api_keys::create_api_key))
        .routes(routes!(h::api_keys::revoke_api_key))
        .routes(routes!(h::documents::workflow_json_schema))
        .routes(routes!(h::documents::check))
        .routes(routes!(h::documents::evaluate))
        .routes(routes!(h::previews::preview_approvers))
        .routes(routes!(h::previews::preview_form))
        .routes(routes!(h::connectors::list_connectors))
        .routes(routes!(h::connectors::get_connector))
        .routes(routes!(h::connections::list_connections, h::connections::create_connection))
        .routes(routes!(h::connections::update_connection, h::connections::delete_connection))
        .routes(routes!(h::channels::list_channel_kinds))
        .routes(routes!(h::channels::list_channels, h::channels::create_channel))
        .routes(routes!(h::channels::update_channel, h::channels::delete_channel))
        .routes(routes!(h::workflows::list_workflows, h::workflows::create_workflow))
        .routes(routes!(h::workflows::get_workflow, h::workflows::archive_workflow))
        .routes(routes!(h::workflows::restore_workflow))
        .routes(routes!(h::workflows::save_draft))
        .routes(routes!(h::workflows::get_draft_yaml))
        .routes(routes!(h::versions::publish_workflow))
        .routes(routes!(h::versions::rollback_workflow))
        .routes(routes!(h::ramps::ramp_workflow, h::ramps::end_ramp))
        .routes(routes!(h::backtests::backtest_workflow))
        .routes(routes!(h::moves::move_runs))
        .routes(routes!(h::moves::undo_moves))
        .routes(routes!(h::workflows::fork_draft))
        .routes(routes!(h::versions::list_versions))
        .routes(routes!(h::versions::get_version))
        .routes(routes!(h::versions::diff_versions))
        .routes(routes!(h::versions::list_activations))
        .merge(runs())
        .routes(routes!(h::checkpoints::list_checkpoints))
        .routes(routes!(h::checkpoints::count_checkpoints))
        .routes(routes!(h::checkpoints::get_checkpoint))
        .routes(routes!(h::checkpoints::decide_checkpoint))
        .routes(routes!(h::checkpoints::take_checkpoint))
        .routes(routes!(h::checkpoints::release_checkpoint))
        .routes(routes!(h::customers::list_customers, h::customers::create_customer))
        .routes(routes!(h::customers::get_customer, h::customers::update_customer))
        .routes(routes!(h::conversations::list_conversations))
        .routes(routes!(h::conversations::get_conversation))
        .routes(routes!(h::conversations::send_message))
        .routes(routes!(h::conversations::assign_conversation))
        .routes(routes!(h::conversations::close_conversation))
        .routes(routes!(h::conversations::list_notes, h::conversations::create_note))
        .routes(routes!(h::audit::list_audit))
        .routes(routes!(h::audit::verify_audit))
        .routes(routes!(h::audit::export_audit))
        .routes(routes!(h::events::stream_events))
        .routes(routes!(h::chat::start_chat))
        .routes(routes!(h::chat::get_chat))
        .routes(routes!(h::chat::send_chat_message))
        .routes(routes!(h::chat::submit_chat_form))
        .routes(routes!(h::events::stream_chat))
        .merge(rehearsal())
}

/// Rehearsals, test cases, templates.
fn rehearsal() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(h::rehearsal::rehearse))
        .routes(routes!(h::rehearsal::call))
        .routes(routes!(h::rehearsal::samples))
        .routes(routes!(
            h::test_cases::list_test_cases,
            h::test_cases::create_test_case,
            h::test_cases::import_test_cases
        ))
        .routes(routes!(h::test_cases::update_test_case, h::test_cases::delete_test_case))
        .routes(routes!(h::test_cases::run_test_cases))
        .routes(routes!(h::test_cases::export_test_cases))
        .routes(routes!(h::run_tests::get_run_test_case, h::run_tests::keep_run_test_case))
        .routes(routes!(h::templates::list_templates))
        .routes(routes!(h::templates::use_template))
}

/// Runs, one or many.
fn runs() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(h::runs::list_runs, h::runs::start_run))
        .routes(routes!(h::runs::count_runs))
        .routes(routes!(h::runs::get_run))
        .routes(routes!(h::runs::list_run_events))
        .routes(routes!(h::runs::get_run_graph))
        .routes(routes!(h::runs::cancel_run))
        .routes(routes!(h::retry::plan_retry, h::retry::retry_run))
        .routes(routes!(h::retry::bulk_runs))
        .routes(routes!(h::exports::export_runs))
        .routes(routes!(h::debug::list_points))
        .routes(routes!(h::debug::get_state))
        .routes(routes!(h::debug::evaluate_in_run))
        .routes(routes!(h::debug::list_requests))
        .routes(routes!(h::saved_views::list_saved_views, h::saved_views::create_saved_view))
        .routes(routes!(h::saved_views::update_saved_view, h::saved_views::delete_saved_view))
        .routes(routes!(h::dashboard::get_dashboard))
}

fn split() -> (Router<App>, utoipa::openapi::OpenApi) {
    let (routes, mut document) = OpenApiRouter::with_openapi(Document::openapi()).nest(BASE, api()).split_for_parts();
    openapi::finish(&mut document);
    (routes, document)
}

/// The OpenAPI document of the API.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    split().1
}

/// Everything the server answers.
pub fn router(app: App) -> Router {
    let (api, document) = split();
    let text: bytes::Bytes = document.to_json().unwrap_or_default().into();
    let document = get(move || async move { ([("content-type", "application/json")], text) });
    api.route("/api/v1/openapi.json", document)
        .route("/healthz", get(h::health::healthz))
        .route("/readyz", get(h::health::readyz))
        .route("/metrics", get(h::health::metrics))
        .fallback(fallback)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(app.clone(), guard::guard))
        .with_state(app)
}

/// Pages for browsers; under `/api` only problems.
async fn fallback(method: Method, uri: axum::http::Uri, headers: axum::http::HeaderMap) -> axum::response::Response {
    use axum::response::IntoResponse;
    if guard::is_api(uri.path()) {
        return ApiError::not_found("this address").into_response();
    }
    if !matches!(method, Method::GET | Method::HEAD) {
        return method_not_allowed().await.into_response();
    }
    pages::page(uri.path(), &headers)
}

async fn method_not_allowed() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This address does not take this method")
}
