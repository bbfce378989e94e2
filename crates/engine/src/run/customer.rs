//! Customers and conversations as expressions see them.

use countersign_store::{ConversationRow, CustomerRow};
use serde_json::{Value, json};

/// `customer` in the scope: its own data at the root, and `id`, `name`, `email`, `phone`, `telegram`, `external_id`.
#[must_use]
pub fn customer_object(row: &CustomerRow) -> Value {
    let own = serde_json::from_str::<Value>(&row.data).ok().filter(Value::is_object);
    let mut object = own.unwrap_or_else(|| json!({}));
    object["id"] = json!(row.id);
    object["name"] = json!(row.name);
    object["email"] = json!(row.email);
    object["phone"] = json!(row.phone);
    object["telegram"] = json!(row.telegram);
    object["external_id"] = json!(row.external_id);
    object
}

/// `conversation` in the scope: `id` and `channel`.
#[must_use]
pub fn conversation_object(row: &ConversationRow) -> Value {
    json!({ "id": row.id, "channel": row.channel })
}
