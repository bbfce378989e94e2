//! Makes a manifest from an OpenAPI document (Swagger 2.0, OpenAPI 3.0, 3.1, 3.2): a good start, for a person to look
//! over. One action an operation; an operation that cannot be used is left out with its place and reason, and the rest
//! stands. What is not understood is a warning with its place, never silence.

mod body;
mod oauth2;
mod operation;
mod pages;
#[cfg(test)]
mod pages_tests;
mod parameters;
mod references;
mod risk;
mod schema;
mod security;
mod servers;
mod swagger;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod told_tests;

use crate::{
    Compiled,
    manifest::{ActionManifest, ErrorRules, Manifest, ManifestError},
    schema::faults,
};
use countersign_core::{catalogue::Risk, pointer};
use indexmap::{IndexMap, IndexSet};
use schema::Schemas;
use security::Security;
use serde::Serialize;
use serde_json::{Map, Value, json};
use servers::Servers;
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};
use url::Url;

/// Warnings kept of one import; the rest is counted.
const WARNINGS_MAX: usize = 1_000;

/// Places named of what is so at many.
const PLACES_MAX: usize = 10;

/// What became of a document.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The connector.
    pub manifest: Manifest,
    /// What a person should look at, each with its place.
    pub warnings: Vec<String>,
    /// Operations that cannot be used.
    pub left_out: Vec<LeftOut>,
    /// What it was made from.
    pub made_from: MadeFrom,
    /// Names of the actions whose risk is a guess: nobody said it, and it was not kept from the revision before.
    pub guessed: BTreeSet<String>,
}

/// What a connector was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MadeFrom {
    /// A manifest: it says the risks itself, and its inputs are as somebody wrote them.
    Manifest,
    /// An OpenAPI document: risks are guesses, and each input was compiled when it was made.
    OpenApi,
}

/// An operation that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// JSON pointer into the document.
    pub pointer: String,
    /// Why.
    pub reason: String,
}

impl Manifest {
    /// Reads text that is an OpenAPI document: JSON or YAML, with or without a byte order mark.
    ///
    /// # Errors
    /// When it is neither, or no OpenAPI document.
    pub fn import(text: &str) -> Result<Imported, ManifestError> {
        let document = parse(text)?;
        Self::from_openapi(&document)
    }

    /// Reads a manifest or an OpenAPI document, JSON or YAML; `name` is its name instead of its own.
    ///
    /// # Errors
    /// When it is neither, or an OpenAPI document without an operation that can be used or without any name.
    pub fn read_or_import(text: &str, name: Option<&str>) -> Result<Imported, ManifestError> {
        Self::read_or_import_from(text, name, None)
    }

    /// As [`Manifest::read_or_import`], of a text that was read at this address: servers that are relative are there.
    ///
    /// # Errors
    /// The same.
    pub fn read_or_import_from(text: &str, name: Option<&str>, at: Option<&str>) -> Result<Imported, ManifestError> {
        let at = at.and_then(|at| Url::parse(at).ok());
        let document = parse(text)?;
        let described = document.get("openapi").is_some() || document.get("swagger").is_some();
        let mut imported = match described {
            true => usable(&document, made_from(&document, at.as_ref())?, name)?,
            false => {
                let name = name.unwrap_or("the manifest");
                let faults = faults(&document);
                if !faults.is_empty() {
                    return Err(ManifestError::Unfit { name: name.to_owned(), faults });
                }
                let manifest: Self =
                    serde_json::from_value(document).map_err(|error| unreadable(name, &error.to_string()))?;
                Imported {
                    manifest,
                    warnings: Vec::new(),
                    left_out: Vec::new(),
                    made_from: MadeFrom::Manifest,
                    guessed: BTreeSet::new(),
                }
            }
        };
        if let Some(name) = name {
            name.clone_into(&mut imported.manifest.name);
        }
        if described {
            imported.manifest.probe = imported.manifest.probe_by_guess();
        }
        Ok(imported)
    }

    /// Makes a manifest from an OpenAPI document. Path, query, header and cookie parameters become members of the
    /// input, the request's body its member `body`; a name in two places is told apart.
    ///
    /// # Errors
    /// When it is no OpenAPI document, or one of a version that is not known.
    pub fn from_openapi(document: &Value) -> Result<Imported, ManifestError> {
        made_from(document, None)
    }
}

impl Imported {
    /// Compiles the manifest; what was compiled when it was made is not compiled again.
    ///
    /// # Errors
    /// When a part of it makes no sense.
    pub fn compile(manifest: Manifest, made_from: MadeFrom) -> Result<Compiled, ManifestError> {
        match made_from {
            MadeFrom::OpenApi => Compiled::checked(manifest),
            MadeFrom::Manifest => Compiled::new(manifest),
        }
    }

    /// Corrects risks by the actions' names. What was guessed is not guessed lower than it was under that name in the
    /// revision before, wherever that called. An error is the name of an action that is not there.
    ///
    /// # Errors
    /// The name.
    pub fn correct_risks(&mut self, said: &BTreeMap<String, Risk>, before: Option<&Manifest>) -> Result<(), String> {
        if let Some(name) = said.keys().find(|name| !self.manifest.actions.contains_key(*name)) {
            return Err(name.clone());
        }
        for (name, action) in &mut self.manifest.actions {
            let earlier = before.and_then(|before| before.actions.get(name)).map(ActionManifest::worst_risk);
            let kept = earlier.filter(|earlier| self.guessed.contains(name) && *earlier >= action.risk);
            if let Some(risk) = said.get(name).copied().or(kept) {
                action.set_risk(risk);
                self.guessed.remove(name);
            }
        }
        match self.made_from {
            MadeFrom::OpenApi => self.manifest.probe = self.manifest.probe_by_guess(),
            MadeFrom::Manifest => {}
        }
        Ok(())
    }
}

/// Makes a manifest from an OpenAPI document, which was read at this address.
fn made_from(document: &Value, at: Option<&Url>) -> Result<Imported, ManifestError> {
    let document = known_version(document)?;
    let title = document.pointer("/info/title").and_then(Value::as_str).unwrap_or("API").trim();
    let mut notes = Notes::default();
    let servers = Servers::of(&document, at, &mut notes);
    let security = Security::of(&document, &mut notes);
    let manifest = Manifest {
        name: slug(title),
        title: title.to_owned(),
        description: text(document.get("info").unwrap_or(&Value::Null), "description"),
        settings: Value::Null,
        base_url: servers.template().to_owned(),
        auth: security.default_auth().clone(),
        headers: IndexMap::new(),
        secrets: security.secrets(),
        errors: error_rules(),
        probe: None,
        actions: IndexMap::new(),
    };
    let schemas = Schemas::of(&document);
    let mut import = Import { document: &document, manifest, servers, security, schemas, notes, left_out: Vec::new() };
    import.operations();
    Ok(import.finish())
}

/// What a document must have besides to be put in: something to call, and a name that is its own.
fn usable(document: &Value, imported: Imported, name: Option<&str>) -> Result<Imported, ManifestError> {
    let mut lacking = Vec::new();
    let title = document.pointer("/info/title").and_then(Value::as_str).unwrap_or_default();
    if name.is_none() && slug_long(title).is_empty() {
        lacking.push("a title (`info.title`) to be named by: add one, or give a name".to_owned());
    }
    if imported.manifest.actions.is_empty() {
        lacking.push(match imported.left_out.first() {
            Some(LeftOut { pointer, reason }) => format!("an operation that can be used ({pointer}: {reason})"),
            None => "operations (`paths`)".to_owned(),
        });
    }
    match lacking.is_empty() {
        true => Ok(imported),
        false => Err(ManifestError::Lacking(lacking.join("; "))),
    }
}

/// JSON first: it is much faster, and most large documents are JSON.
fn parse(text: &str) -> Result<Value, ManifestError> {
    let text = text.trim_start_matches('\u{feff}');
    serde_json::from_str(text)
        .or_else(|_| serde_norway::from_str(text))
        .map_err(|error| unreadable("the document", &format!("it is neither JSON nor YAML: {error}")))
}

/// Work on one document.
struct Import<'a> {
    document: &'a Value,
    manifest: Manifest,
    servers: Servers,
    security: Security,
    schemas: Schemas<'a>,
    notes: Notes,
    left_out: Vec<LeftOut>,
}

impl Import<'_> {
    fn operations(&mut self) {
        let document = self.document;
        let paths = document.get("paths").and_then(Value::as_object);
        for (path, item) in paths.into_iter().flatten().filter(|(path, _)| !path.starts_with("x-")) {
            let place = format!("/paths/{}", pointer::token(path));
            let Some(item) = references::resolve(document, item) else {
                self.leave_out(place, format!("`$ref` {} leads nowhere", references::target(item)));
                continue;
            };
            for (method, operation, pointer) in methods(item) {
                let place = format!("{place}{pointer}");
                match self.operation(method, path, item, operation, &place) {
                    Ok((name, action)) => drop(self.manifest.actions.insert(name, action)),
                    Err(reason) => self.leave_out(place, reason),
                }
            }
        }
        if self.manifest.actions.is_empty() && self.left_out.is_empty() {
            self.notes.warn("/paths", "the document describes no operation");
        }
        for name in document.get("webhooks").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
            let place = format!("/webhooks/{}", pointer::token(name));
            self.notes.often(&place, "calls of the service are no actions: a webhook trigger takes them");
        }
    }

    fn leave_out(&mut self, pointer: String, reason: String) {
        self.left_out.push(LeftOut { pointer, reason });
    }

    fn finish(mut self) -> Imported {
        self.manifest.settings = self.servers.settings();
        if self.security.has_oauth2() {
            self.manifest.settings["properties"]["scopes"] = json!({
                "type": "string", "title": "Scopes", "description": "Instead of those of the manifest; divided by spaces.",
            });
        }
        Imported {
            guessed: self.manifest.actions.keys().cloned().collect(),
            manifest: self.manifest,
            warnings: self.notes.finish(),
            left_out: self.left_out,
            made_from: MadeFrom::OpenApi,
        }
    }
}

/// The operations of a path item: method, operation, pointer from the item.
fn methods(item: &Value) -> impl Iterator<Item = (&str, &Value, String)> {
    const METHODS: [&str; 9] = ["get", "head", "post", "put", "patch", "delete", "options", "trace", "query"];
    let fixed = METHODS.into_iter().filter_map(|method| Some((method, item.get(method)?, format!("/{method}"))));
    let more = item.get("additionalOperations").and_then(Value::as_object).into_iter().flatten();
    fixed.chain(more.map(|(method, operation)| {
        (method.as_str(), operation, format!("/additionalOperations/{}", pointer::token(method)))
    }))
}

/// The document as OpenAPI 3.
fn known_version(document: &Value) -> Result<Cow<'_, Value>, ManifestError> {
    if let Some(version) = document.get("swagger") {
        return match version_text(version).starts_with('2') {
            true => Ok(Cow::Owned(swagger::to_openapi(document))),
            false => {
                Err(unreadable("the document", "Swagger before 2.0 cannot be read: convert it to OpenAPI 3 first"))
            }
        };
    }
    match document.get("openapi").map(version_text) {
        Some(version) if version.starts_with("3.") || version == "3" => Ok(Cow::Borrowed(document)),
        Some(version) => Err(unreadable("the document", &format!("OpenAPI {version} is not known: 2.0 and 3.x are"))),
        None => Err(unreadable("the document", "an OpenAPI document says `openapi` or `swagger`, `info` and `paths`")),
    }
}

/// A version is a text, but YAML without quotes makes it a number.
fn version_text(version: &Value) -> String {
    version.as_str().map_or_else(|| version.to_string(), str::to_owned)
}

fn unreadable(name: &str, message: &str) -> ManifestError {
    ManifestError::Unreadable { name: name.to_owned(), message: message.to_owned() }
}

fn error_rules() -> ErrorRules {
    let strings = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    ErrorRules {
        code: strings(&["$response.body.error.code", "$response.body.code"]),
        message: strings(&["$response.body.error.message", "$response.body.detail", "$response.body.message"]),
        ..ErrorRules::default()
    }
}

/// A member that is a text, trimmed; empty when it is none.
fn text(value: &Value, member: &str) -> String {
    value.get(member).and_then(Value::as_str).unwrap_or_default().trim().to_owned()
}

fn flag(value: &Value, member: &str) -> bool {
    value.get(member).and_then(Value::as_bool).unwrap_or(false)
}

/// Lower-case letters, digits and single underscores, at most 64.
fn slug(text: &str) -> String {
    let mut out = slug_long(text);
    out.truncate(64);
    let trimmed = out.trim_end_matches('_');
    if trimmed.is_empty() { "api".to_owned() } else { trimmed.to_owned() }
}

/// As [`slug`], of any length.
fn slug_long(text: &str) -> String {
    let mut out = String::new();
    let mut previous_lower = false;
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            if c.is_ascii_uppercase() && previous_lower {
                out.push('_');
            }
            previous_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
            previous_lower = false;
        }
    }
    out
}

/// The words of an id, a path or a sentence, in lower case.
fn slug_words(text: &str) -> impl Iterator<Item = String> {
    slug_long(text).split('_').map(str::to_owned).collect::<Vec<_>>().into_iter()
}

/// `wanted`, or with the first number behind it that is free; at most 64 long.
fn unique(wanted: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(wanted) {
        return wanted.to_owned();
    }
    let stem = wanted.get(..wanted.len().min(58)).unwrap_or(wanted);
    (2..).map(|number: u32| format!("{stem}_{number}")).find(|name| !taken(name)).unwrap_or_default()
}

/// What a person should look at: each said once.
#[derive(Debug, Default)]
struct Notes {
    said: IndexSet<String>,
    more: usize,
    /// What is said of many places: the first of them, and how many more there are.
    often: IndexMap<String, (Vec<String>, usize)>,
}

impl Notes {
    fn warn(&mut self, place: &str, message: &str) {
        let text = format!("{place}: {message}");
        if self.said.contains(&text) {
            return;
        }
        if self.said.len() < WARNINGS_MAX {
            self.said.insert(text);
        } else {
            self.more += 1;
        }
    }

    /// As [`Notes::warn`], of something that may be so at hundreds of places: the first are named, the rest is counted.
    fn often(&mut self, place: &str, message: &str) {
        if !self.often.contains_key(message) && self.often.len() >= WARNINGS_MAX {
            return self.warn(place, message);
        }
        let (places, more) = self.often.entry(message.to_owned()).or_default();
        if places.iter().any(|known| known == place) {
            return;
        }
        if places.len() < PLACES_MAX {
            places.push(place.to_owned());
        } else {
            *more += 1;
        }
    }

    fn finish(self) -> Vec<String> {
        let more = (self.more > 0).then(|| format!("and {} more warnings", self.more));
        let often = self.often.into_iter().flat_map(|(message, (places, more))| {
            let more = (more > 0).then(|| format!("and at {more} more places: {message}"));
            places.into_iter().map(|place| format!("{place}: {message}")).chain(more).collect::<Vec<_>>()
        });
        self.said.into_iter().chain(more).chain(often).collect()
    }
}
