//! Customers.

use crate::{
    api::customers::{merges::two_external_ids, record},
    app::App,
    auth::Caller,
    http::{
        extract::{Body, IdempotencyHeader, Listing, Path, Query},
        idempotency::Once,
        problem::{ApiError, ApiResult},
    },
    rows::{self, Tell},
};
use axum::{Json, extract::State, response::Response};
use countersign_api::{Customer, CustomerRequest, Page};
use countersign_store::{CustomerRow, Role, StoreError};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use uuid::Uuid;

/// Which customers.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CustomersQuery {
    /// Part of name, address or number.
    text: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Items wanted, 1 to 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Customers, newest first.
#[utoipa::path(get, path = "/customers", operation_id = "listCustomers", tag = "customers", params(CustomersQuery),
    responses((status = 200, description = "Customers", body = Page<Customer>)))]
pub(crate) async fn list_customers(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<CustomersQuery>,
) -> ApiResult<Json<Page<Customer>>> {
    let page = Listing { cursor: query.cursor, limit: query.limit }.page()?;
    let text = query.text.as_deref().filter(|text| !text.is_empty());
    let page = app.store.list_customers(caller.workspace(), text, &page).await?;
    let mut now = app.customers(caller.workspace(), page.items.iter().map(|row| row.id.as_str())).await?;
    let items = page.items.into_iter().map(|row| now.remove(&row.id).unwrap_or(row).tell()).collect();
    Ok(Json(rows::page(items, page.next)))
}

/// Adds a customer.
#[utoipa::path(post, path = "/customers", operation_id = "createCustomer", tag = "customers",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = CustomerRequest, responses((status = 201, description = "The customer", body = Customer)))]
pub(crate) async fn create_customer(
    State(app): State<App>,
    caller: Caller,
    IdempotencyHeader(key): IdempotencyHeader,
    body: Body<CustomerRequest>,
) -> ApiResult<Response> {
    caller.require(Role::Operator)?;
    let once = Once::of(&app, &caller, "customer", key, body.hash());
    let request = body.value;
    let work = async move {
        let mut row = record::blank(caller.workspace(), Uuid::now_v7().to_string(), app.now());
        record::apply(&mut row, &request)?;
        app.store.create_customer(&row, vec![record::created(&app, &caller, &row)]).await?;
        Ok(row.tell())
    };
    once.run(work).await
}

pub(super) fn merged_away() -> ApiError {
    ApiError::conflict("merged", "The customer turned out to be another one")
}

pub(super) async fn required(app: &App, caller: &Caller, id: &str) -> ApiResult<CustomerRow> {
    app.store.get_customer(caller.workspace(), id).await?.ok_or_else(|| ApiError::not_found("customer"))
}

/// As they are told: with what those knew who turned out to be them; one who turned out to be another as they were.
async fn told(app: &App, row: CustomerRow) -> ApiResult<Json<Customer>> {
    let now = match row.merged_into {
        None => app.store.current_customer(&row.workspace, &row.id).await?,
        Some(_) => None,
    };
    Ok(Json(now.unwrap_or(row).tell()))
}

/// One customer.
#[utoipa::path(get, path = "/customers/{id}", operation_id = "getCustomer", tag = "customers",
    params(("id" = String, Path)), responses((status = 200, description = "The customer", body = Customer)))]
pub(crate) async fn get_customer(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Customer>> {
    told(&app, required(&app, &caller, &id).await?).await
}

/// Changes a customer: what is given is set, a field that is null is removed.
#[utoipa::path(patch, path = "/customers/{id}", operation_id = "updateCustomer", tag = "customers",
    params(("id" = String, Path)), request_body = CustomerRequest,
    responses((status = 200, description = "The customer", body = Customer)))]
pub(crate) async fn update_customer(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<CustomerRequest>,
) -> ApiResult<Json<Customer>> {
    caller.require(Role::Operator)?;
    let mut row = required(&app, &caller, &id).await?;
    if row.merged_into.is_some() {
        return Err(merged_away());
    }
    let before = record::fields(&row);
    record::apply(&mut row, &body.value)?;
    if body.value.external_id.is_some() {
        let same = app.store.same_customer(caller.workspace(), &id).await?;
        if let Some(text) = two_external_ids(same.iter().filter(|other| other.id != row.id).chain([&row])) {
            return Err(ApiError::conflict("two_external_ids", &text));
        }
    }
    let what = ("customer.changed", format!("customer:{id}"));
    let entry = caller.changed(app.now(), what, (&before, &record::fields(&row)), json!({}));
    match app.store.update_customer(&row, vec![entry]).await {
        Err(StoreError::NotFound(_)) => Err(ApiError::conflict("changed", "Somebody merged this customer meanwhile")),
        written => {
            written?;
            told(&app, row).await
        }
    }
}
