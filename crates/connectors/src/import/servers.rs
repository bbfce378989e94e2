//! Where the service is: servers, their variables, and servers of single paths and operations.

use super::{Notes, text};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

/// The setting with the address most operations go to.
const BASE_URL: &str = "base_url";

/// All addresses of a document, each a setting of the connection.
pub(super) struct Servers {
    /// Every address a connection may name instead of the first.
    choices: Vec<String>,
    notes: Vec<String>,
    /// Setting's name by address, for operations with a server of their own.
    own: IndexMap<String, String>,
}

impl Servers {
    pub(super) fn of(document: &Value, notes: &mut Notes) -> Self {
        let mut servers = Self { choices: Vec::new(), notes: Vec::new(), own: IndexMap::new() };
        for server in list(document) {
            let url = address(server);
            if absolute(&url) {
                servers.choices.push(url);
                servers.notes.extend(variables(server));
            }
        }
        if servers.choices.is_empty() {
            notes.warn("/servers", "the document names no absolute server: every connection needs a base URL");
        }
        servers
    }

    /// Where operations go that say nothing else; empty when the document does not tell.
    pub(super) fn first(&self) -> &str {
        self.choices.first().map_or("", String::as_str)
    }

    /// The setting with the address of an operation that has a server of its own; none when it goes where all go.
    pub(super) fn own(&mut self, item: &Value, operation: &Value) -> Option<String> {
        let server = list(operation).first().or_else(|| list(item).first())?;
        let url = address(server);
        let url = if absolute(&url) { url } else { join(self.first(), &url)? };
        if self.choices.contains(&url) && url == self.first() {
            return None;
        }
        let number = self.own.len() + 2;
        Some(self.own.entry(url).or_insert_with(|| format!("{BASE_URL}_{number}")).clone())
    }

    /// The connection's settings.
    pub(super) fn settings(&self) -> Value {
        let mut properties = Map::new();
        let mut base = json!({ "type": "string", "title": "Base URL", "format": "uri" });
        if let Some(first) = self.choices.first() {
            base["default"] = first.as_str().into();
        }
        if self.choices.len() > 1 {
            base["examples"] = json!(self.choices);
        }
        if !self.notes.is_empty() {
            base["description"] = self.notes.join("\n").into();
        }
        properties.insert(BASE_URL.to_owned(), base);
        for (url, name) in &self.own {
            let title = format!("Base URL of operations at {url}");
            properties
                .insert(name.clone(), json!({ "type": "string", "title": title, "format": "uri", "default": url }));
        }
        let mut schema = json!({ "type": "object", "properties": properties });
        if self.choices.is_empty() {
            schema["required"] = json!([BASE_URL]);
        }
        schema
    }
}

fn list(owner: &Value) -> &[Value] {
    owner.get("servers").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn absolute(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

/// A server's URL with the defaults of its variables, without a slash at the end.
fn address(server: &Value) -> String {
    let mut url = text(server, "url");
    for (name, variable) in server.get("variables").and_then(Value::as_object).into_iter().flatten() {
        if let Some(value) = variable.get("default").and_then(scalar) {
            url = url.replace(&format!("{{{name}}}"), &value);
        }
    }
    url.trim_end_matches('/').to_owned()
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// What a person can put in for each variable.
fn variables(server: &Value) -> impl Iterator<Item = String> {
    let template = text(server, "url");
    server.get("variables").and_then(Value::as_object).into_iter().flatten().map(move |(name, variable)| {
        let choices: Vec<String> =
            variable.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(scalar).collect();
        let description = text(variable, "description");
        let mut line = format!("{template}: {name}");
        if !choices.is_empty() {
            line.push_str(&format!(", one of {}", choices.join(", ")));
        }
        if !description.is_empty() {
            line.push_str(&format!(" ({description})"));
        }
        line
    })
}

/// A relative server (`/v2`) at the host of the first.
fn join(first: &str, relative: &str) -> Option<String> {
    let url = url::Url::parse(&format!("{first}/")).ok()?.join(relative).ok()?;
    Some(url.as_str().trim_end_matches('/').to_owned())
}
