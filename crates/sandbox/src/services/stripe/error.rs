//! Stripe's error object.

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::wire::reply::{Effect, Reply};

/// An error in Stripe's shape.
#[derive(Debug)]
pub(crate) struct StripeError {
    status: StatusCode,
    kind: &'static str,
    code: Option<&'static str>,
    decline_code: Option<&'static str>,
    param: Option<String>,
    message: String,
    /// Whether execution had begun, which makes the answer one that is saved under the idempotency key.
    began: bool,
}

impl StripeError {
    /// A bad request; execution never began.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind: "invalid_request_error",
            code: None,
            decline_code: None,
            param: None,
            message: message.into(),
            began: false,
        }
    }

    /// A request the account's state refuses once it is being executed.
    pub(crate) fn conflicting(code: &'static str, message: impl Into<String>) -> Self {
        Self { code: Some(code), began: true, ..Self::invalid(message) }
    }

    pub(crate) fn declined() -> Self {
        Self {
            status: StatusCode::PAYMENT_REQUIRED,
            kind: "card_error",
            code: Some("card_declined"),
            decline_code: Some("generic_decline"),
            began: true,
            ..Self::invalid("Your card was declined.")
        }
    }

    pub(crate) fn unauthorised() -> Self {
        let message = "You did not provide a valid API key. Use one that starts with sk_test_.";
        Self { status: StatusCode::UNAUTHORIZED, ..Self::invalid(message) }
    }

    pub(crate) fn key_reused(key: &str) -> Self {
        Self {
            kind: "idempotency_error",
            ..Self::invalid(format!(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. \
                 Try using a key other than '{key}' if you meant to execute a different request."
            ))
        }
    }

    pub(crate) fn key_in_use(key: &str) -> Self {
        Self {
            status: StatusCode::CONFLICT,
            kind: "idempotency_error",
            code: Some("idempotency_key_in_use"),
            ..Self::invalid(format!("There is currently another in-progress request using the key '{key}'."))
        }
    }

    /// Adds the code a caller decides on.
    pub(crate) fn coded(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    /// An id nobody has.
    pub(crate) fn missing(kind: &str, id: &str) -> Self {
        let error = Self::invalid(format!("No such {kind}: '{id}'")).coded("resource_missing").at("id");
        Self { status: StatusCode::NOT_FOUND, ..error }
    }

    /// Names the parameter at fault.
    pub(crate) fn at(self, param: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..self }
    }

    pub(crate) fn reply(self) -> Reply {
        let mut error = json!({ "type": self.kind, "message": self.message });
        if let Some(code) = self.code {
            error["code"] = json!(code);
        }
        if let Some(code) = self.decline_code {
            error["decline_code"] = json!(code);
        }
        if let Some(param) = self.param {
            error["param"] = json!(param);
        }
        let effect = if self.began { Effect::Failed } else { Effect::Refused };
        Reply::json(self.status, &json!({ "error": error }), effect)
    }
}

/// The error object for a bare HTTP status.
pub(crate) fn body(status: StatusCode, message: &str) -> Value {
    let (kind, code) = match status.as_u16() {
        402 => ("card_error", Some("card_declined")),
        409 => ("idempotency_error", Some("idempotency_key_in_use")),
        429 => ("invalid_request_error", Some("rate_limit")),
        500.. => ("api_error", None),
        _ => ("invalid_request_error", None),
    };
    json!({ "error": { "type": kind, "code": code, "message": message } })
}
