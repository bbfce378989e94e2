//! Finding a customer, or adding one.

use crate::{
    app::App,
    auth::Caller,
    http::{
        fields::{at_most, email},
        problem::{ApiError, ApiResult},
    },
    rows::{CLAIMED, json_object},
};
use countersign_api::CustomerRequest;
use countersign_store::{CustomerKey, CustomerRow, NewAudit, StoreError};
use serde_json::{Value, json};
use uuid::Uuid;

/// Longest JSON of a customer's own fields, bytes.
const FIELDS_BYTES_MAX: usize = 64 * 1024;

/// Puts what is given into a row, checked.
pub(crate) fn apply(row: &mut CustomerRow, request: &CustomerRequest) -> ApiResult<()> {
    let text = |pointer: &str, value: &Option<String>| match value {
        Some(value) => at_most(pointer, value, 200).map(|value| Some(value).filter(|value| !value.is_empty())),
        None => Ok(None),
    };
    if let Some(name) = text("/name", &request.name)? {
        row.name = name;
    }
    if let Some(address) = text("/email", &request.email)? {
        row.email = Some(email("/email", &address)?);
    }
    if let Some(phone) = text("/phone", &request.phone)? {
        row.phone = Some(self::phone(&phone)?);
    }
    if let Some(telegram) = text("/telegram", &request.telegram)? {
        row.telegram = Some(telegram);
    }
    if let Some(external_id) = text("/external_id", &request.external_id)? {
        row.external_id = Some(external_id);
    }
    if let Some(fields) = &request.fields {
        let mut data = json_object(&row.data);
        for (name, value) in fields {
            if value.is_null() {
                data.shift_remove(name);
            } else {
                data.insert(name.clone(), value.clone());
            }
        }
        row.data = Value::Object(data).to_string();
        if row.data.len() > FIELDS_BYTES_MAX {
            return Err(ApiError::invalid("/fields", "at most 64 KiB"));
        }
    }
    Ok(())
}

/// A number as channels take it: a plus and digits.
fn phone(text: &str) -> ApiResult<String> {
    let refused = || ApiError::invalid("/phone", "write the number with its country, for example +4930123456");
    countersign_core::contact::phone(text).ok_or_else(refused)
}

/// An empty customer.
pub(crate) fn blank(workspace: &str, id: String, now: i64) -> CustomerRow {
    CustomerRow {
        id,
        workspace: workspace.to_owned(),
        external_id: None,
        name: String::new(),
        email: None,
        phone: None,
        telegram: None,
        data: json!({}).to_string(),
        created_at: now,
        merged_into: None,
        merges: 0,
    }
}

/// What can be changed of a customer.
pub(crate) fn fields(row: &CustomerRow) -> Value {
    json!({
        "external_id": row.external_id, "name": row.name, "email": row.email, "phone": row.phone,
        "telegram": row.telegram, "data": json_object(&row.data),
    })
}

/// That somebody added this customer.
pub(crate) fn created(app: &App, caller: &Caller, row: &CustomerRow) -> NewAudit {
    let detail = json!({ "after": fields(row) });
    caller.audit(app.now(), "customer.created", format!("customer:{}", row.id), detail)
}

/// A visitor who says this of themselves: a customer of their own, whom nobody finds by it.
pub(crate) async fn claimed(
    app: &App,
    workspace: &str,
    address: Option<&str>,
    name: Option<&str>,
) -> ApiResult<CustomerRow> {
    let address = address.map(str::trim).filter(|text| !text.is_empty());
    let name = name.map(str::trim).filter(|text| !text.is_empty());
    let address = address.map(|address| email("/email", address)).transpose()?;
    let name = name.map(|name| at_most("/name", name, 200)).transpose()?;
    let mut row = blank(workspace, Uuid::now_v7().to_string(), app.now());
    row.name = name.clone().unwrap_or_default();
    if address.is_some() || name.is_some() {
        row.data = json!({ CLAIMED: { "email": address, "name": name } }).to_string();
    }
    app.store.create_customer(&row, Vec::new()).await?;
    Ok(row)
}

/// The customer known by any of what is given, or a new one. With `seed` (an idempotency key) a repeat of the request
/// finds the customer it added.
pub(crate) async fn find_or_add(
    app: &App,
    caller: &Caller,
    request: &CustomerRequest,
    seed: Option<&str>,
) -> ApiResult<CustomerRow> {
    let workspace = caller.workspace();
    let mut row = blank(workspace, String::new(), app.now());
    apply(&mut row, request)?;
    let keys = [
        row.external_id.as_deref().map(CustomerKey::ExternalId),
        row.email.as_deref().map(CustomerKey::Email),
        row.phone.as_deref().map(CustomerKey::Phone),
        row.telegram.as_deref().map(CustomerKey::Telegram),
    ];
    for key in keys.into_iter().flatten() {
        if let Some(known) = app.store.find_customer(workspace, key).await? {
            return Ok(known);
        }
    }
    row.id = seed.map_or_else(|| Uuid::now_v7().to_string(), |seed| seeded_id(workspace, seed));
    match app.store.create_customer(&row, vec![created(app, caller, &row)]).await {
        Ok(()) => Ok(row),
        // Somebody added the same one meanwhile, or an earlier try of this request did.
        Err(StoreError::AlreadyExists(what)) => {
            let known = match app.store.get_customer(workspace, &row.id).await? {
                Some(known) => Some(known),
                None => match row.external_id.as_deref() {
                    Some(id) => app.store.find_customer(workspace, CustomerKey::ExternalId(id)).await?,
                    None => None,
                },
            };
            known.ok_or_else(|| StoreError::AlreadyExists(what).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// The same id for the same seed.
pub(crate) fn seeded_id(workspace: &str, seed: &str) -> String {
    let hash = crate::auth::fingerprint(format!("{workspace}\n{seed}").as_bytes());
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}
