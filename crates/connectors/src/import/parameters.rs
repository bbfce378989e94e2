//! Parameters of an operation as members of the input.

use super::{Import, flag, references, schema::Direction, text, unique};
use crate::{
    form::RESERVED,
    manifest::{ActionManifest, Style},
};
use percent_encoding::utf8_percent_encode;
use serde_json::{Map, Value, json};

/// Headers that OpenAPI says are not parameters: they belong to the body, the answer and the security scheme.
const NOT_PARAMETERS: [&str; 3] = ["accept", "content-type", "authorization"];

/// Headers by which services know a repeat again.
const KEY_HEADERS: [&str; 4] = ["idempotency-key", "x-idempotency-key", "idempotence-key", "paypal-request-id"];

/// Headers of the transport, which no input may set.
const TRANSPORT: [&str; 5] = ["host", "content-length", "transfer-encoding", "connection", "cookie"];

/// The input in the making.
#[derive(Default)]
pub(super) struct Input {
    pub(super) properties: Map<String, Value>,
    pub(super) required: Vec<String>,
    /// Pointers of schemas that are referred to.
    pub(super) refers_to: Vec<String>,
    pub(super) key_header: Option<String>,
    /// Members by the names of path parameters, and what stands before their value.
    path: Vec<(String, String, String)>,
}

impl Input {
    /// A free name for a member.
    pub(super) fn member(&self, wire: &str, place: &str) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
        let mut name: String = wire.chars().map(plain).collect();
        while name.contains("__") {
            name = name.replace("__", "_");
        }
        let name = name.trim_matches(['_', '-']);
        let name = if name.is_empty() { "value" } else { name };
        let taken = |name: &str| self.properties.contains_key(name);
        if taken(name) { unique(&format!("{name}_{place}"), taken) } else { name.to_owned() }
    }
}

impl Import<'_> {
    /// Parameters of the path item and the operation; the operation's own win.
    pub(super) fn parameters(
        &mut self,
        item: &Value,
        operation: &Value,
        place: &str,
        action: &mut ActionManifest,
        input: &mut Input,
    ) -> Result<(), String> {
        let mut all: Vec<(&Value, String)> = Vec::new();
        for (owner, place) in [(item, item_place(place)), (operation, place)] {
            let given = owner.get("parameters");
            let list = given.and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
            if given.is_some_and(|given| !given.is_array()) {
                self.notes.warn(&format!("{place}/parameters"), "is no list: no parameter is taken from it");
            }
            for (index, parameter) in list.iter().enumerate() {
                let place = format!("{place}/parameters/{index}");
                let Some(found) = references::resolve(self.document, parameter) else {
                    self.notes.warn(&place, &format!("`$ref` {} leads nowhere", references::target(parameter)));
                    continue;
                };
                let same = |other: &Value| {
                    text(other, "name") == text(found, "name") && text(other, "in") == text(found, "in")
                };
                all.retain(|(other, _)| !same(other));
                all.push((found, place));
            }
        }
        // The path's names first: they are what an operation is about.
        all.sort_by_key(|(parameter, _)| text(parameter, "in") != "path");
        all.iter().try_for_each(|(parameter, place)| self.parameter(parameter, place, action, input))
    }

    fn parameter(
        &mut self,
        parameter: &Value,
        place: &str,
        action: &mut ActionManifest,
        input: &mut Input,
    ) -> Result<(), String> {
        let (wire, location) = (text(parameter, "name"), text(parameter, "in"));
        let lower = wire.to_ascii_lowercase();
        let required = flag(parameter, "required") || location == "path";
        match location.as_str() {
            "header" if NOT_PARAMETERS.contains(&lower.as_str()) => return Ok(()),
            "header" if KEY_HEADERS.contains(&lower.as_str()) && action.method != "GET" => {
                input.key_header = Some(wire);
                return Ok(());
            }
            "header" if TRANSPORT.contains(&lower.as_str()) => {
                self.notes.warn(place, &format!("header `{wire}` is set by the transport"));
                return Ok(());
            }
            "header" if reqwest::header::HeaderName::from_bytes(wire.as_bytes()).is_err() => {
                self.notes.warn(place, &format!("`{wire}` is not a header's name: it is not sent"));
                return Ok(());
            }
            "querystring" => return self.query_string(parameter, place, action, input),
            "path" | "query" | "header" | "cookie" if !wire.is_empty() => {}
            _ if required => return Err(format!("{place}: a parameter in `{location}` cannot be sent")),
            _ => {
                self.notes.warn(place, &format!("a parameter in `{location}` cannot be sent and is left out"));
                return Ok(());
            }
        }
        let member = input.member(&wire, &location);
        let (schema, style) = self.shape(parameter, place, &location, input);
        let pointer = Value::from(format!("$input.{member}"));
        match location.as_str() {
            "path" => {
                let (style, before) = self.named(style, &wire, &member, parameter, place);
                style.map(|style| action.styles.path.insert(member.clone(), style));
                input.path.push((wire, member.clone(), before));
            }
            "query" => {
                style.map(|style| action.styles.query.insert(wire.clone(), style));
                if flag(parameter, "allowReserved") {
                    action.styles.reserved.push(wire.clone());
                }
                put(&mut action.query, wire, pointer);
            }
            "header" => {
                style.map(|style| action.styles.headers.insert(wire.clone(), style));
                put(&mut action.headers, wire, pointer);
            }
            _ => put(&mut action.cookies, wire, pointer),
        }
        if required {
            input.required.push(member.clone());
        }
        input.properties.insert(member, schema);
        Ok(())
    }

    /// The whole query as one parameter: an object whose members are written as those of a form.
    fn query_string(
        &mut self,
        parameter: &Value,
        place: &str,
        action: &mut ActionManifest,
        input: &mut Input,
    ) -> Result<(), String> {
        let content = parameter.get("content").and_then(Value::as_object).and_then(|content| content.iter().next());
        let required = flag(parameter, "required");
        let Some((_, media)) = content.filter(|(kind, _)| kind.contains("form-urlencoded")) else {
            let kind = content.map_or("nothing", |(kind, _)| kind.as_str());
            let message = format!("a whole query as {kind} cannot be sent");
            if required {
                return Err(format!("{place}: {message}"));
            }
            self.notes.warn(place, &format!("{message} and is left out"));
            return Ok(());
        };
        if media.get("encoding").and_then(Value::as_object).is_some_and(|all| !all.is_empty()) {
            self.notes.often(place, "the encoding of single members of the query is not heeded");
        }
        let wire = text(parameter, "name");
        let wire = if wire.is_empty() { "query".to_owned() } else { wire };
        let member = input.member(&wire, "querystring");
        let (mut schema, _) = self.shape(parameter, place, "querystring", input);
        if let Some(members) = schema.as_object_mut() {
            members.entry("type").or_insert_with(|| "object".into());
        }
        action.styles.query.insert(wire.clone(), Style::Spread);
        put(&mut action.query, wire, format!("$input.{member}").into());
        if required {
            input.required.push(member.clone());
        }
        input.properties.insert(member, schema);
        Ok(())
    }

    /// What a parameter takes and how it is written.
    fn shape(&mut self, parameter: &Value, place: &str, location: &str, input: &mut Input) -> (Value, Option<Style>) {
        let content = parameter.get("content").and_then(Value::as_object).and_then(|content| content.iter().next());
        let (schema, style) = match content {
            Some((media, value)) => {
                let style = media.contains("json").then_some(Style::Json);
                (value.get("schema"), style)
            }
            None => {
                let schema = parameter.get("schema");
                (schema, self.style(parameter, schema, place, location))
            }
        };
        let place = format!("{place}/schema");
        let empty = json!({});
        let mut schema = self.schemas.translate(
            schema.unwrap_or(&empty),
            &place,
            Direction::Request,
            &mut input.refers_to,
            &mut self.notes,
        );
        let description = text(parameter, "description");
        if let (Some(members), false) = (schema.as_object_mut(), description.is_empty()) {
            members.insert("description".to_owned(), description.into());
        }
        if let (Some(members), Some(example)) = (schema.as_object_mut(), parameter.get("example")) {
            members.insert("examples".to_owned(), json!([example]));
        }
        (schema, style)
    }

    /// How a list or an object is written; nothing where the usual way is right.
    fn style(&mut self, parameter: &Value, schema: Option<&Value>, place: &str, location: &str) -> Option<Style> {
        let style = text(parameter, "style");
        let form = matches!(location, "query" | "cookie");
        let explode =
            parameter.get("explode").and_then(Value::as_bool).unwrap_or(form && matches!(style.as_str(), "" | "form"));
        let object = schema.is_some_and(|schema| self.is_object(schema));
        match (location, style.as_str(), explode) {
            ("query", "" | "form", true) => object.then_some(Style::Spread),
            ("query", "" | "form", false) => Some(Style::Comma),
            ("query", "spaceDelimited", false) => Some(Style::Space),
            ("query", "pipeDelimited", false) => Some(Style::Pipe),
            // Written apart they are what a list is anyway.
            ("query", "spaceDelimited" | "pipeDelimited", true) => None,
            ("query", "deepObject", _) => Some(Style::Brackets),
            ("header" | "path", "" | "simple", true) if object => Some(Style::Pairs),
            ("header" | "path", "" | "simple", _) => Some(Style::Comma),
            ("path", "label", false) => Some(Style::Label),
            ("path", "matrix", false) => Some(Style::Matrix),
            ("path", "label", true) if !object => Some(Style::LabelApart),
            ("path", "matrix", true) if !object => Some(Style::MatrixApart),
            ("cookie", "" | "form", true) if object || schema.is_some_and(|schema| self.is_list(schema)) => {
                self.notes.often(place, "lists and objects in a cookie are written with commas, not apart");
                None
            }
            ("cookie", "" | "form", _) => None,
            _ => {
                self.notes.warn(place, &format!("style `{style}` is not known in `{location}`: the usual one is used"));
                None
            }
        }
    }

    /// A style that writes the parameter's name where that is not the member's: the name then stands in the path itself.
    fn named(
        &mut self,
        style: Option<Style>,
        wire: &str,
        member: &str,
        parameter: &Value,
        place: &str,
    ) -> (Option<Style>, String) {
        if wire == member || !matches!(style, Some(Style::Matrix | Style::MatrixApart)) {
            return (style, String::new());
        }
        if style == Some(Style::MatrixApart) && parameter.get("schema").is_some_and(|schema| self.is_list(schema)) {
            self.notes.often(place, "its items are written with commas: its name cannot stand before each");
        }
        (Some(Style::Comma), format!(";{}=", utf8_percent_encode(wire, RESERVED)))
    }

    fn is_list(&self, schema: &Value) -> bool {
        references::resolve(self.document, schema).is_some_and(|schema| match schema.get("type") {
            Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "array"),
            kind => kind.is_some_and(|kind| kind == "array") || schema.get("items").is_some(),
        })
    }

    fn is_object(&self, schema: &Value) -> bool {
        let Some(schema) = references::resolve(self.document, schema) else { return false };
        match schema.get("type") {
            Some(Value::String(kind)) => kind == "object",
            Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
            _ => schema.get("properties").is_some(),
        }
    }

    /// `/pets/{pet.id}` as a template over the input. A part that no parameter describes becomes a required member.
    pub(super) fn path(&mut self, path: &str, place: &str, input: &mut Input) -> String {
        let path = path.split_once('#').map_or(path, |(path, _)| path);
        let mut out = String::new();
        if !path.starts_with('/') {
            out.push('/');
        }
        let mut rest = path;
        while let Some((before, name, after)) = placeholder(rest) {
            let known = input.path.iter().find(|(wire, ..)| wire == name);
            let known = known.map(|(_, member, prefix)| (member.clone(), prefix.clone()));
            let (member, prefix) = known.unwrap_or_else(|| {
                self.notes.warn(place, &format!("`{name}` of the path is described nowhere: it is taken for a text"));
                let member = input.member(name, "path");
                input.properties.insert(member.clone(), json!({ "type": "string" }));
                input.required.push(member.clone());
                input.path.push((name.to_owned(), member.clone(), String::new()));
                (member, String::new())
            });
            out.push_str(&format!("{before}{prefix}{{input.{member}}}"));
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

/// The text before the first `{name}`, the name, and the rest.
fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (before, after) = text.split_once('{')?;
    let (name, rest) = after.split_once('}')?;
    (!name.is_empty()).then_some((before, name, rest))
}

/// `/paths/~1a/get` is an operation of the item at `/paths/~1a`.
fn item_place(place: &str) -> &str {
    place.rsplit_once('/').map_or(place, |(item, _)| item.strip_suffix("/additionalOperations").unwrap_or(item))
}

pub(super) fn put(object: &mut Value, name: String, value: Value) {
    if let Value::Object(members) = object {
        members.insert(name, value);
    } else {
        *object = Value::Object(Map::from_iter([(name, value)]));
    }
}
