//! Takes secrets out of whatever is shown, stored or logged.

use crate::connection::{Secrets, spellings_of};
use reqwest::header::HeaderName;
use serde_json::Value;

/// What stands where a secret was.
pub(crate) const MASK: &str = "***";

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
    derived: Vec<String>,
}

impl<'a> Redactor<'a> {
    pub(crate) fn new(secrets: Option<&'a Secrets>) -> Self {
        Self { secrets, derived: Vec::new() }
    }

    pub(crate) fn add(&mut self, value: &str) {
        self.derived.extend(spellings_of(value));
    }

    fn spellings(&self) -> impl Iterator<Item = &str> {
        let known = self.secrets.map(Secrets::spellings).unwrap_or_default();
        self.derived.iter().chain(known).map(String::as_str)
    }

    fn is_empty(&self) -> bool {
        self.spellings().next().is_none()
    }

    /// The text without secrets; allocates only when there was one.
    pub(crate) fn text(&self, text: &mut String) {
        for spelling in self.spellings() {
            if text.contains(spelling) {
                *text = text.replace(spelling, MASK);
            }
        }
    }

    /// Every string and member name of the value without secrets.
    pub(crate) fn value(&self, value: &mut Value) {
        if !self.is_empty() {
            self.walk(value);
        }
    }

    fn walk(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(item)),
            Value::Object(members) => {
                if members.keys().any(|name| self.spellings().any(|spelling| name.contains(spelling))) {
                    *members = std::mem::take(members)
                        .into_iter()
                        .map(|(mut name, member)| {
                            self.text(&mut name);
                            (name, member)
                        })
                        .collect();
                }
                members.values_mut().for_each(|member| self.walk(member));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
