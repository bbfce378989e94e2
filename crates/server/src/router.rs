//! All routes in one flat list, and the OpenAPI document made from them.

use crate::{
    api as h,
    app::App,
    http::{guard, problem::ApiError},
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
/// Largest mail that a provider posts, bytes.
const MAIL_BYTES_MAX: usize = 10 * 1024 * 1024;
/// Largest form of a page, bytes.
const FORM_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Where the API is.
const BASE: &str = "/api/v1";

fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(h::account::login))
        .routes(routes!(h::account::logout))
        .routes(routes!(h::account::get_me))
        .routes(routes!(h::account::set_up))
        .routes(routes!(h::account::change_password))
        .routes(routes!(h::workspace::get_workspace, h::workspace::update_workspace))
        .routes(routes!(h::people::list_people, h::people::create_person))
        .routes(routes!(h::rights::list_rights))
        .routes(routes!(h::people::update_person))
        .routes(routes!(h::people::invite_person))
        .routes(routes!(h::api_keys::list_api_keys, h::api_keys::create_api_key))
        .routes(routes!(h::api_keys::revoke_api_key))
        .merge(documents())
        .routes(routes!(h::connectors::list_connectors, h::connectors::put_in_connector))
        .routes(routes!(h::connectors::get_connector, h::connectors::remove_connector))
        .routes(routes!(h::connectors::list_actions))
        .routes(routes!(h::connectors::get_action))
        .routes(routes!(h::trying::try_action))
        .routes(routes!(h::connections::handlers::list_connections, h::connections::handlers::create_connection))
        .routes(routes!(h::connections::handlers::update_connection, h::connections::handlers::delete_connection))
        .routes(routes!(h::connections::handlers::test_connection))
        .routes(routes!(h::connections::handlers::list_connection_uses))
        .routes(routes!(h::connections::connecting::begin_connecting))
        .routes(routes!(h::connections::connecting::finish_connecting))
        .routes(routes!(h::connections::connecting::disconnect))
        .routes(routes!(h::channels::handlers::list_channel_kinds))
        .routes(routes!(h::channels::handlers::list_channels, h::channels::handlers::create_channel))
        .routes(routes!(h::channels::handlers::update_channel, h::channels::handlers::delete_channel))
        .routes(routes!(h::channels::handlers::test_channel))
        .routes(routes!(h::workflows::handlers::list_workflows, h::workflows::handlers::create_workflow))
        .routes(routes!(h::workflows::handlers::get_workflow, h::workflows::handlers::archive_workflow))
        .routes(routes!(h::workflows::handlers::restore_workflow))
        .routes(routes!(h::workflows::handlers::save_draft))
        .routes(routes!(h::workflows::handlers::get_draft_yaml))
        .routes(routes!(h::versions::handlers::publish_workflow))
        .routes(routes!(h::versions::handlers::rollback_workflow))
        .routes(routes!(h::versions::ramps::ramp_workflow, h::versions::ramps::end_ramp))
        .routes(routes!(h::backtests::handlers::backtest_workflow))
        .routes(routes!(h::moves::move_runs))
        .routes(routes!(h::moves::undo_moves))
        .routes(routes!(h::workflows::handlers::fork_draft))
        .routes(routes!(h::versions::handlers::list_versions))
        .routes(routes!(h::versions::handlers::get_version))
        .routes(routes!(h::versions::handlers::diff_versions))
        .routes(routes!(h::versions::handlers::list_activations))
        .merge(runs())
        .merge(checkpoints())
        .routes(routes!(h::customers::handlers::list_customers, h::customers::handlers::create_customer))
        .routes(routes!(h::customers::handlers::get_customer, h::customers::handlers::update_customer))
        .routes(routes!(h::customers::merges::list_identities))
        .routes(routes!(h::customers::merges::preview_merge, h::customers::merges::merge_customers))
        .routes(routes!(h::customers::merges::undo_merge))
        .merge(conversations())
        .routes(routes!(h::inbound::list_inbound))
        .merge(told())
        .merge(triggers())
        .routes(routes!(h::audit::handlers::list_audit))
        .routes(routes!(h::audit::handlers::verify_audit))
        .routes(routes!(h::audit::handlers::export_audit))
        .routes(routes!(h::events::stream_events))
        .routes(routes!(h::chat::start_chat))
        .routes(routes!(h::chat::get_chat))
        .routes(routes!(h::chat::send_chat_message))
        .routes(routes!(h::chat::submit_chat_form))
        .routes(routes!(h::chat::keep_chat_form_draft))
        .routes(routes!(h::events::stream_chat))
        .merge(rehearsal())
}

/// What is said to customers, and by whom.
fn conversations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(h::conversations::handlers::list_conversations))
        .routes(routes!(h::conversations::handlers::get_conversation))
        .routes(routes!(h::conversations::handlers::send_message))
        .routes(routes!(h::conversations::handlers::assign_conversation))
        .routes(routes!(h::conversations::handlers::close_conversation))
        .routes(routes!(h::conversations::handlers::mark_answered))
        .routes(routes!(h::conversations::snooze::snooze_conversation))
        .routes(routes!(h::conversations::snooze::wake_conversation))
        .routes(routes!(h::conversations::handlers::count_conversations))
        .routes(routes!(h::conversations::consent::set_consent))
        .routes(routes!(h::conversations::canned::list_canned_replies, h::conversations::canned::create_canned_reply))
        .routes(routes!(h::conversations::canned::update_canned_reply, h::conversations::canned::delete_canned_reply))
        .routes(routes!(h::conversations::canned::fill_canned_replies))
        .routes(routes!(h::conversations::handlers::list_notes, h::conversations::handlers::create_note))
}

/// What starts runs, and what it is tried with.
fn triggers() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(h::triggers::replay_inbound))
        .routes(routes!(h::triggers::list_triggers))
        .routes(routes!(h::triggers::change_trigger))
        .routes(routes!(h::triggers::try_trigger))
        .routes(routes!(h::samples::list_samples))
        .routes(routes!(h::samples::keep_sample, h::samples::remove_sample))
}

/// What a document is and would do, without one that is kept.
fn documents() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(h::documents::handlers::workflow_json_schema))
        .routes(routes!(h::documents::handlers::connector_json_schema))
        .routes(routes!(h::documents::handlers::check))
        .routes(routes!(h::documents::handlers::evaluate))
        .routes(routes!(h::previews::preview_approvers))
        .routes(routes!(h::previews::preview_form))
        .routes(routes!(h::previews::preview_schedule))
}

/// What waits for people, and who decides it.
fn checkpoints() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(h::checkpoints::inbox::list_checkpoints))
        .routes(routes!(h::checkpoints::inbox::count_checkpoints))
        .routes(routes!(h::checkpoints::batch::decide_checkpoints))
        .routes(routes!(h::checkpoints::handlers::get_checkpoint))
        .routes(routes!(h::checkpoints::handlers::decide_checkpoint))
        .routes(routes!(h::checkpoints::held::undo_decision))
        .routes(routes!(h::checkpoints::handlers::take_checkpoint))
        .routes(routes!(h::checkpoints::handlers::release_checkpoint))
        .routes(routes!(h::checkpoints::handlers::reassign_checkpoint))
        .routes(routes!(h::delegations::list_delegations, h::delegations::create_delegation))
        .routes(routes!(h::delegations::end_delegation))
        .routes(routes!(h::standing::list_standing_approvals, h::standing::create_standing_approval))
        .routes(routes!(h::standing::revoke_standing_approval))
}

/// How people are told, and what they decide with.
fn told() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(h::notifications::get_notifications, h::notifications::set_notifications))
        .routes(routes!(h::notifications::test_notification))
        .routes(routes!(h::notifications::list_outbound))
        .routes(routes!(h::links::get_link))
        .routes(routes!(h::links::decide_link))
        .routes(routes!(h::links::undo_link))
}

/// Rehearsals, test cases, templates.
fn rehearsal() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(h::rehearsal::handlers::rehearse))
        .routes(routes!(h::rehearsal::handlers::call))
        .routes(routes!(h::rehearsal::handlers::samples))
        .routes(routes!(
            h::test_cases::handlers::list_test_cases,
            h::test_cases::handlers::create_test_case,
            h::test_cases::handlers::import_test_cases
        ))
        .routes(routes!(h::test_cases::handlers::update_test_case, h::test_cases::handlers::delete_test_case))
        .routes(routes!(h::test_cases::handlers::run_test_cases))
        .routes(routes!(h::test_cases::handlers::export_test_cases))
        .routes(routes!(h::test_cases::of_run::get_run_test_case, h::test_cases::of_run::keep_run_test_case))
        .routes(routes!(h::templates::handlers::list_templates))
        .routes(routes!(h::templates::handlers::use_template))
}

/// Runs, one or many.
fn runs() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(h::runs::handlers::list_runs, h::runs::handlers::start_run))
        .routes(routes!(h::runs::handlers::count_runs))
        .routes(routes!(h::runs::handlers::get_run))
        .routes(routes!(h::runs::handlers::list_run_events))
        .routes(routes!(h::runs::handlers::get_run_graph))
        .routes(routes!(h::runs::handlers::cancel_run))
        .routes(routes!(h::runs::retry::plan_retry, h::runs::retry::retry_run))
        .routes(routes!(h::runs::retry::bulk_runs))
        .routes(routes!(h::runs::exports::export_runs))
        .routes(routes!(h::runs::debug::list_points))
        .routes(routes!(h::runs::debug::get_state))
        .routes(routes!(h::runs::debug::evaluate_in_run))
        .routes(routes!(h::runs::debug::list_requests))
        .routes(routes!(h::saved_views::list_saved_views, h::saved_views::create_saved_view))
        .routes(routes!(h::saved_views::update_saved_view, h::saved_views::delete_saved_view))
        .routes(routes!(h::dashboard::handlers::get_dashboard))
}

fn split() -> (Router<App>, utoipa::openapi::OpenApi) {
    let (routes, mut document) = OpenApiRouter::with_openapi(Document::openapi()).nest(BASE, api()).split_for_parts();
    openapi::finish(&mut document);
    (routes, document)
}

/// The OpenAPI document of the API.
#[must_use]
pub fn openapi() -> serde_json::Value {
    described(&split().1)
}

/// With formats as the OpenAPI format registry names them: utoipa says `u-int32` for `uint32`.
fn described(document: &utoipa::openapi::OpenApi) -> serde_json::Value {
    let text = document.to_json().unwrap_or_default().replace("\"u-int", "\"uint");
    serde_json::from_str(&text).unwrap_or_default()
}

/// Everything the server answers.
pub fn router(app: App) -> Router {
    let (api, document) = split();
    let text: bytes::Bytes = described(&document).to_string().into();
    let document = get(move || async move { ([("content-type", "application/json")], text) });
    api.route("/api/v1/openapi.json", document)
        .route("/hooks/t/{token}", axum::routing::post(h::triggers::receive))
        .route("/hooks/{channel}/{account}", get(h::hooks::handshake).post(h::hooks::receive))
        .merge(mail_hooks())
        .merge(form_pages())
        .route("/u/{token}", get(pages::unsubscribe::show).post(pages::unsubscribe::answer))
        .route("/d/{token}", get(pages::decide::show).post(pages::decide::answer))
        .route("/healthz", get(h::health::healthz))
        .route("/readyz", get(h::health::readyz))
        .route("/metrics", get(h::health::metrics))
        .fallback(fallback)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(app.clone(), guard::guard))
        .with_state(app)
}

/// Mail carries files; it may be larger than all else.
fn mail_hooks() -> Router<App> {
    let limit = DefaultBodyLimit::max(MAIL_BYTES_MAX);
    Router::new().route("/hooks/email/{account}", axum::routing::post(h::hooks::receive_mail).layer(limit))
}

/// Forms carry files too.
fn form_pages() -> Router<App> {
    let limit = DefaultBodyLimit::max(FORM_BYTES_MAX);
    Router::new().route("/f/{token}", get(pages::form::show).post(pages::form::answer).layer(limit))
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
