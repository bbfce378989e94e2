//! Where the service is: servers, their variables, and servers of single paths and operations.

use super::{Notes, text, unique};
use countersign_core::pointer;
use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use url::Url;

/// The setting with the address most operations go to.
const BASE_URL: &str = "base_url";

/// Where OAuth says what is asked for, in the settings too.
const SCOPES: &str = "scopes";

/// All addresses of a document, each a setting of the connection.
pub(super) struct Servers {
    /// Every address a connection may name instead of the first.
    choices: Vec<String>,
    /// The first with its variables as placeholders.
    template: String,
    /// A setting for each of its variables.
    variables: Map<String, Value>,
    /// What a person can put in for the variables of the others.
    notes: Vec<String>,
    /// Where the path of every address begins, when no host is told.
    prefix: String,
    /// Setting's name by address, for operations with a server of their own.
    own: IndexMap<String, String>,
    /// Where the document was read.
    at: Option<Url>,
}

impl Servers {
    pub(super) fn of(document: &Value, at: Option<&Url>, notes: &mut Notes) -> Self {
        let mut servers = Self {
            choices: Vec::new(),
            template: String::new(),
            variables: Map::new(),
            notes: Vec::new(),
            prefix: String::new(),
            own: IndexMap::new(),
            at: at.cloned(),
        };
        // A document that names none is served by what it describes.
        let here = [json!({ "url": "/" })];
        let all = if list(document).is_empty() && at.is_some() { here.as_slice() } else { list(document) };
        for (index, server) in all.iter().enumerate() {
            servers.add(server, &format!("/servers/{index}"), notes);
        }
        if servers.choices.is_empty() {
            let ending = match servers.prefix.as_str() {
                "" => String::new(),
                prefix => format!(" that ends with `{prefix}`"),
            };
            let message = format!("the document names no absolute server: every connection needs a base URL{ending}");
            notes.warn("/servers", &message);
        }
        servers
    }

    fn add(&mut self, server: &Value, place: &str, notes: &mut Notes) {
        let written = address(server);
        let Some(url) = self.absolute(&written) else {
            if self.prefix.is_empty() {
                self.prefix = written.trim_start_matches('.').to_owned();
            }
            return;
        };
        if self.choices.is_empty() {
            self.template.clone_from(&url);
            if absolute(&written) {
                self.template = self.with_variables(server, place, notes);
            }
        } else {
            self.notes.extend(variables(server));
        }
        self.choices.push(url);
    }

    /// An address with its host: of a relative one that of the document, where that is known.
    fn absolute(&self, url: &str) -> Option<String> {
        if absolute(url) {
            return Some(url.to_owned());
        }
        let url = self.at.as_ref()?.join(if url.is_empty() { "/" } else { url }).ok()?;
        Some(url.as_str().trim_end_matches('/').to_owned())
    }

    /// The server's URL with a placeholder for each variable of which a setting can be made; the others stand at their
    /// defaults.
    fn with_variables(&mut self, server: &Value, place: &str, notes: &mut Notes) -> String {
        let mut url = text(server, "url");
        for (name, variable) in server.get("variables").and_then(Value::as_object).into_iter().flatten() {
            let written = format!("{{{name}}}");
            let Some(default) = variable.get("default").and_then(scalar).filter(|_| url.contains(&written)) else {
                continue;
            };
            let mut choices: Vec<String> =
                variable.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(scalar).collect();
            if !choices.is_empty() && !choices.contains(&default) {
                choices.insert(0, default.clone());
            }
            // What stands in a URL by itself: anything else would be encoded there.
            if choices.iter().chain([&default]).any(|value| !is_plain(value)) {
                let place = format!("{place}/variables/{}", pointer::token(name));
                let message =
                    format!("stands at its default `{default}`: another address goes into the setting `{BASE_URL}`");
                notes.warn(&place, &message);
                self.notes.push(variable_note(server, name, variable));
                url = url.replace(&written, &default);
                continue;
            }
            let taken = |name: &str| {
                matches!(name, BASE_URL | SCOPES) || crate::limits::is_limit(name) || self.variables.contains_key(name)
            };
            let setting = unique(&setting_name(name), taken);
            url = url.replace(&written, &format!("{{settings.{setting}}}"));
            let mut schema = json!({ "type": "string", "title": name, "default": default });
            if !choices.is_empty() {
                schema["enum"] = json!(choices);
            }
            let description = text(variable, "description");
            if !description.is_empty() {
                schema["description"] = description.into();
            }
            self.variables.insert(setting, schema);
        }
        url.trim_end_matches('/').to_owned()
    }

    /// Where operations go that say nothing else, a template over the settings; empty when the document does not tell.
    pub(super) fn template(&self) -> &str {
        &self.template
    }

    /// The setting with the address of an operation that has a server of its own; none when it goes where all go.
    pub(super) fn own(&mut self, item: &Value, operation: &Value, place: &str, notes: &mut Notes) -> Option<String> {
        let servers = if list(operation).is_empty() { list(item) } else { list(operation) };
        let server = servers.first()?;
        let place = format!("{place}/servers/0");
        let written = address(server);
        let first = self.choices.first().map_or("", String::as_str);
        let Some(url) = self.absolute(&written).or_else(|| join(first, &written)) else {
            if written != self.prefix {
                let message =
                    format!("no host is told for `{written}`: it goes to the base URL of the connection as it is");
                notes.warn(&place, &message);
            }
            return None;
        };
        if url == first {
            return None;
        }
        let taken = |name: &str| self.variables.contains_key(name) || self.own.values().any(|known| known == name);
        let setting = match self.own.get(&url) {
            Some(known) => known.clone(),
            None => unique(&format!("{BASE_URL}_{}", self.own.len() + 2), taken),
        };
        self.own.entry(url).or_insert_with(|| setting.clone());
        if server.get("variables").and_then(Value::as_object).is_some_and(|all| !all.is_empty()) {
            let message =
                format!("its variables stand at their defaults: another address goes into the setting `{setting}`");
            notes.often(&place, &message);
        }
        if servers.len() > 1 {
            notes.often(
                &place,
                &format!("of several servers the first is used: another goes into the setting `{setting}`"),
            );
        }
        Some(setting)
    }

    /// The connection's settings.
    pub(super) fn settings(&self) -> Value {
        let mut properties = Map::new();
        let mut base = json!({ "type": "string", "title": "Base URL", "format": "uri" });
        let mut said = self.notes.clone();
        match self.choices.first() {
            Some(_) if !self.variables.is_empty() => {
                let names: Vec<&str> = self.variables.keys().map(String::as_str).collect();
                said.insert(0, format!("When it is empty the address is made of {}.", names.join(", ")));
            }
            Some(first) => base["default"] = first.as_str().into(),
            None if !self.prefix.is_empty() => {
                base["title"] = format!("Base URL, with {} at its end", self.prefix).into();
                base["examples"] = json!([format!("https://api.example.com{}", self.prefix)]);
            }
            None => {}
        }
        if self.choices.len() > 1 {
            base["examples"] = json!(self.choices);
        }
        if !said.is_empty() {
            base["description"] = said.join("\n").into();
        }
        properties.insert(BASE_URL.to_owned(), base);
        properties.extend(self.variables.clone());
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

/// Unreserved in a URL, and not nothing.
fn is_plain(value: &str) -> bool {
    !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~'))
}

/// A variable's name as that of a setting.
fn setting_name(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if plain.is_empty() { "variable".to_owned() } else { plain }
}

/// What a person can put in for each variable.
fn variables(server: &Value) -> impl Iterator<Item = String> {
    let all = server.get("variables").and_then(Value::as_object).into_iter().flatten();
    all.map(|(name, variable)| variable_note(server, name, variable))
}

fn variable_note(server: &Value, name: &str, variable: &Value) -> String {
    let template = text(server, "url");
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
}

/// A relative server (`/v2`) at the host of the first.
fn join(first: &str, relative: &str) -> Option<String> {
    let url = url::Url::parse(&format!("{first}/")).ok()?.join(relative).ok()?;
    Some(url.as_str().trim_end_matches('/').to_owned())
}
