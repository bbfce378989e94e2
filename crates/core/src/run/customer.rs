//! Whom an action proves the customer to be.

use super::CompileError;
use super::version::Place;
use crate::{
    contact,
    document::ProvenCustomer,
    expr::{Scope, Template},
    log::StepError,
};
use serde_json::{Map, Value, json};

/// The templates of a proof, compiled.
#[derive(Debug)]
pub(crate) struct Proof(Template);

impl Proof {
    pub(crate) fn compile(customer: &ProvenCustomer, at: &Place<'_>) -> Result<Self, CompileError> {
        let ProvenCustomer { external_id, name, email, phone, data } = customer;
        let source = json!({ "external_id": external_id, "name": name, "email": email, "phone": phone, "data": data });
        at.template("customer", &source).map(Self)
    }

    /// Who it is.
    pub(crate) fn render(&self, scope: &Scope<'_>) -> Result<Map<String, Value>, StepError> {
        let failed = |message: String| StepError::fatal("customer_unproven", message);
        let rendered =
            self.0.render(scope).map_err(|error| StepError::fatal(error.code(), format!("customer: {error}")))?;
        let mut proven = Map::new();
        for name in ["external_id", "name", "email", "phone"] {
            let text = match rendered.get(name) {
                None | Some(Value::Null) => continue,
                Some(Value::String(text)) => text.trim().to_owned(),
                Some(Value::Number(number)) => number.to_string(),
                Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
                    return Err(failed(format!("`{name}` of the customer is no text")));
                }
            };
            let kept = match name {
                "email" => contact::email(&text),
                "phone" => contact::phone(&text),
                _ => Some(text.chars().take(200).collect()),
            };
            if text.is_empty() {
                continue;
            }
            let kept = kept.ok_or_else(|| failed(format!("`{name}` of the customer is none")))?;
            proven.insert(name.to_owned(), kept.into());
        }
        if ["external_id", "email", "phone"].iter().all(|name| !proven.contains_key(*name)) {
            return Err(failed(
                "the answer names no external id, e-mail address or phone number of the customer".into(),
            ));
        }
        if let Some(Value::Object(data)) = rendered.get("data") {
            proven.insert("data".to_owned(), Value::Object(data.clone()));
        }
        Ok(proven)
    }
}

/// The customer in the scope once they are proven. Nothing of whom the run had before is taken over, but the address at which
/// the conversation reaches them.
pub(crate) fn proven(before: &Value, conversation: &Value, customer: &Map<String, Value>) -> Value {
    let mut object = customer.get("data").and_then(Value::as_object).cloned().unwrap_or_default();
    for name in ["external_id", "name", "email", "phone"] {
        object.insert(name.to_owned(), customer.get(name).cloned().unwrap_or_default());
    }
    object.insert("telegram".to_owned(), Value::Null);
    let reached = match conversation.get("channel").and_then(Value::as_str) {
        Some("telegram") => Some("telegram"),
        Some("whatsapp" | "sms") => Some("phone"),
        Some("email") => Some("email"),
        Some(_) | None => None,
    };
    if let Some(name) = reached
        && object.get(name).is_none_or(Value::is_null)
    {
        object.insert(name.to_owned(), before.get(name).cloned().unwrap_or_default());
    }
    object.insert("proven".to_owned(), true.into());
    Value::Object(object)
}
