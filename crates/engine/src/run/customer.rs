//! Customers and conversations as expressions see them.

use crate::{Engine, EngineError};
use countersign_core::run::{Event, RunEvent};
use countersign_store::{BY_SLACK, ConversationRow, CustomerKey, CustomerRow, StoreError};
use serde_json::{Map, Value, json};

/// `customer` in the scope: its own data at the root, and `id`, `name`, `email`, `phone`, `telegram`, `external_id`.
#[must_use]
pub fn customer_object(row: &CustomerRow) -> Value {
    let own = serde_json::from_str::<Value>(&row.data).ok().filter(Value::is_object);
    let mut object = own.unwrap_or_else(|| json!({}));
    object["id"] = json!(row.id);
    object["name"] = json!(row.name);
    // What a visitor typed is theirs to read back; who they are is not proven by it.
    let claimed = object.pointer("/claimed/email").cloned().unwrap_or_default();
    object["email"] = row.email.as_ref().map_or(claimed, |email| json!(email));
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

impl Engine {
    /// The customer that these events prove, with what was proven of them; made when nobody knew them. What is written here
    /// is true whether or not the events are: who asks again finds the same customer.
    pub(crate) async fn proven_customer(
        &self,
        workspace: &str,
        events: &[Event],
    ) -> Result<Option<String>, EngineError> {
        let proven = events.iter().rev().find_map(|event| match event {
            Event::Run(RunEvent::CustomerProven { customer, .. }) => Some(customer),
            Event::Run(_) | Event::Step { .. } | Event::Call { .. } | Event::Checkpoint { .. } => None,
        });
        let Some(proven) = proven else { return Ok(None) };
        // Somebody else may prove the same customer at the same moment: then they are known.
        for _ in 0..3 {
            match self.keep_customer(workspace, proven).await {
                // Or merge them.
                Err(EngineError::Store(StoreError::AlreadyExists(_) | StoreError::NotFound(_))) => {}
                kept => return kept.map(Some),
            }
        }
        Err(EngineError::Busy)
    }

    async fn keep_customer(&self, workspace: &str, proven: &Map<String, Value>) -> Result<String, EngineError> {
        let store = &self.0.store;
        let text = |name: &str| proven.get(name).and_then(Value::as_str);
        let keys = [
            text("external_id").map(CustomerKey::ExternalId),
            text("email").map(CustomerKey::Email),
            text("phone").map(CustomerKey::Phone),
        ];
        let mut known = None;
        for key in keys.into_iter().flatten() {
            let Some(found) = store.find_customer(workspace, key).await? else { continue };
            // Whom the business calls otherwise is another, though the address be the same.
            let same = store.same_customer(workspace, &found.id).await?;
            let called = same.iter().filter_map(|row| row.external_id.as_deref());
            let called: Vec<&str> = called.filter(|id| !id.starts_with(BY_SLACK)).collect();
            if text("external_id").is_none_or(|now| called.is_empty() || called.contains(&now)) {
                known = Some(found);
                break;
            }
        }
        let new = known.is_none();
        let mut row = known.unwrap_or_else(|| CustomerRow {
            id: self.0.clock.new_id(),
            workspace: workspace.to_owned(),
            external_id: None,
            name: String::new(),
            email: None,
            phone: None,
            telegram: None,
            data: json!({}).to_string(),
            created_at: self.now(),
            merged_into: None,
            merges: 0,
        });
        let before = row.clone();
        let put = |place: &mut Option<String>, name: &str| {
            if let Some(value) = text(name) {
                *place = Some(value.to_owned());
            }
        };
        put(&mut row.external_id, "external_id");
        put(&mut row.email, "email");
        put(&mut row.phone, "phone");
        row.name = text("name").map_or(row.name, str::to_owned);
        if let Some(data) = proven.get("data").and_then(Value::as_object) {
            let mut own = serde_json::from_str::<Map<String, Value>>(&row.data).unwrap_or_default();
            own.extend(data.iter().map(|(name, value)| (name.clone(), value.clone())));
            row.data = Value::Object(own).to_string();
        }
        if new {
            store.create_customer(&row, Vec::new()).await?;
        } else if row != before {
            store.update_customer(&row, Vec::new()).await?;
        }
        Ok(row.id)
    }
}
