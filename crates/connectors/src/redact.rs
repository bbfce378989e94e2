//! Takes secrets out of whatever is shown, stored or logged.

use crate::connection::Secrets;
pub(crate) use countersign_outbound::MASK;
use countersign_outbound::Mask;
use reqwest::header::HeaderName;
use serde_json::Value;

/// Headers that are credentials whoever wrote them.
const SECRET_HEADERS: [&str; 8] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "api-key",
    "x-auth-token",
    "x-shopify-access-token",
];

pub(crate) fn is_secret_header(name: &HeaderName) -> bool {
    SECRET_HEADERS.contains(&name.as_str())
}

/// The secrets of one call.
#[derive(Default)]
pub(crate) struct Redactor<'a> {
    secrets: Option<&'a Secrets>,
    /// Secrets made from others, for example the token of basic authentication.
    derived: Mask,
}

impl<'a> Redactor<'a> {
    pub(crate) fn new(secrets: Option<&'a Secrets>) -> Self {
        Self { secrets, derived: Mask::default() }
    }

    pub(crate) fn add(&mut self, value: &str) {
        self.derived.add(value);
    }

    /// The text without secrets.
    pub(crate) fn text(&self, text: &mut String) {
        self.derived.text(text);
        if let Some(secrets) = self.secrets {
            secrets.mask().text(text);
        }
    }

    /// Every string and member name of the value without secrets.
    pub(crate) fn value(&self, value: &mut Value) {
        self.derived.value(value);
        if let Some(secrets) = self.secrets {
            secrets.mask().value(value);
        }
    }
}
