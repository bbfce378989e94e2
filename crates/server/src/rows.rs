//! From the store's rows and words to the API's.

use countersign_api as api;
use countersign_core::run::ClosedBy;
use countersign_store::{self as store, CustomerRow};
use serde_json::{Map, Value};

/// What a visitor said of themselves, among a customer's own fields.
pub(crate) const CLAIMED: &str = "claimed";

/// What the store keeps, as the API tells it.
pub(crate) trait Tell {
    /// The API's type.
    type Told;

    /// Nothing is looked up.
    fn tell(self) -> Self::Told;
}

impl Tell for store::Role {
    type Told = api::Role;

    fn tell(self) -> Self::Told {
        match self {
            Self::Viewer => api::Role::Viewer,
            Self::Operator => api::Role::Operator,
            Self::Builder => api::Role::Builder,
            Self::Admin => api::Role::Admin,
        }
    }
}

/// The store's word for a role.
pub(crate) fn stored_role(role: api::Role) -> store::Role {
    match role {
        api::Role::Viewer => store::Role::Viewer,
        api::Role::Operator => store::Role::Operator,
        api::Role::Builder => store::Role::Builder,
        api::Role::Admin => store::Role::Admin,
    }
}

impl Tell for CustomerRow {
    type Told = api::Customer;

    fn tell(self) -> Self::Told {
        let mut fields = json_object(&self.data);
        let claimed = fields.shift_remove(CLAIMED).and_then(|claimed| serde_json::from_value(claimed).ok());
        api::Customer {
            claimed,
            id: self.id,
            name: self.name,
            email: self.email,
            phone: self.phone,
            telegram: self.telegram,
            external_id: self.external_id,
            fields,
            created_at: self.created_at,
            merged_into: self.merged_into,
        }
    }
}

impl Tell for store::UnreadableRun {
    type Told = api::UnreadableRun;

    fn tell(self) -> Self::Told {
        api::UnreadableRun {
            id: self.id,
            started_at: self.started_at,
            code: "corrupt_data".to_owned(),
            detail: self.reason,
        }
    }
}

impl Tell for &CustomerRow {
    type Told = api::CustomerRef;

    fn tell(self) -> Self::Told {
        let known = [Some(&self.name), self.email.as_ref(), self.phone.as_ref(), self.external_id.as_ref()];
        let name = known.into_iter().flatten().find(|name| !name.is_empty()).cloned();
        api::CustomerRef { id: self.id.clone(), name: name.unwrap_or_else(|| "Visitor".to_owned()) }
    }
}

impl Tell for store::Author {
    type Told = api::AuthorKind;

    fn tell(self) -> Self::Told {
        match self {
            Self::Customer => api::AuthorKind::Customer,
            Self::Workflow => api::AuthorKind::Workflow,
            Self::Operator => api::AuthorKind::Operator,
            Self::System => api::AuthorKind::System,
        }
    }
}

/// How a row was decided, in a word.
pub(crate) fn outcome(row: &store::CheckpointRow) -> Option<String> {
    row.outcome.as_ref().map(|outcome| outcome.word().to_owned())
}

/// By whom or what a row was decided.
pub(crate) fn decided_by(row: &store::CheckpointRow) -> Option<api::DecidedBy> {
    let by: ClosedBy = serde_json::from_str(row.decided_by.as_deref()?).ok()?;
    Some(api::closed_by(&by))
}

/// A page of the store with its items as they are told.
pub(crate) fn page<T>(items: Vec<T>, next: Option<store::Cursor>) -> api::Page<T> {
    api::Page { items, next: next.map(|cursor| cursor.to_string()) }
}

/// JSON text of a column; what cannot be read is null.
pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

/// JSON text of a column that should hold an object.
pub(crate) fn json_object(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}
