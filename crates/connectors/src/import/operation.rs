//! One operation as an action.

use super::{Import, parameters::Input, references, risk, schema::Direction, slug, text, unique};
use crate::manifest::{ActionManifest, Answer, IdempotencyManifest, Styles};
use countersign_core::{catalogue::Risk, pointer};
use serde_json::{Map, Value, json};

/// Longest title of an action, in characters.
const TITLE_MAX: usize = 120;

impl Import<'_> {
    /// The action's name and what it does, or why it cannot be used.
    pub(super) fn operation(
        &mut self,
        method: &str,
        path: &str,
        item: &Value,
        operation: &Value,
        place: &str,
    ) -> Result<(String, ActionManifest), String> {
        if !operation.is_object() {
            return Err("is not an operation".to_owned());
        }
        if !crate::compile::is_method(&method.to_ascii_uppercase()) {
            return Err(format!("method `{method}` cannot be sent"));
        }
        let id = text(operation, "operationId");
        let words = if id.is_empty() { format!("{method} {path}") } else { id.clone() };
        let mut action = blank(method, path, operation, risk::guess(method, &id, path, &text(operation, "summary")));
        let mut input = Input::default();
        self.parameters(item, operation, place, &mut action, &mut input)?;
        action.body = self.body(operation, place, &mut input)?;
        action.path = Some(self.path(path, place, &mut input));
        action.server = self.servers.own(item, operation, place, &mut self.notes);
        action.auth = self.security.own(operation, place, &mut self.notes);
        action.idempotency = idempotency(method, action.risk, input.key_header.take());
        let accept;
        self.not_called(operation, place);
        (action.output, accept) = self.output(operation, place);
        if let Some(kind) = accept {
            super::parameters::put(&mut action.headers, "Accept".to_owned(), kind.into());
        }
        let refers_to = std::mem::take(&mut input.refers_to);
        let definitions = self.schemas.definitions(refers_to, Direction::Request, place, &mut self.notes);
        action.input = object(input, definitions);
        self.paged(operation, &mut action);
        jsonschema::validator_for(&action.input).map_err(|error| format!("its input cannot be checked: {error}"))?;
        let name = unique(&slug(&words), |name| self.manifest.actions.contains_key(name));
        Ok((name, action))
    }

    /// What an operation says besides the call itself.
    fn not_called(&mut self, operation: &Value, place: &str) {
        let told = |owner: &Value, member: &str| {
            owner.get(member).and_then(Value::as_object).is_some_and(|all| !all.is_empty())
        };
        if told(operation, "callbacks") {
            let place = format!("{place}/callbacks");
            self.notes.often(&place, "calls of the service are no actions: a webhook trigger takes them");
        }
        for (status, response) in operation.get("responses").and_then(Value::as_object).into_iter().flatten() {
            if references::resolve(self.document, response).is_some_and(|response| told(response, "links")) {
                self.notes
                    .often(&format!("{place}/responses/{status}/links"), "links to other operations are not followed");
            }
        }
    }

    /// JSON Schema of the answer, and the media type to ask for when it is not plain JSON.
    fn output(&mut self, operation: &Value, place: &str) -> (Value, Option<String>) {
        let responses = operation.get("responses").and_then(Value::as_object);
        let good = |status: &&String| status.starts_with('2');
        let status = responses.into_iter().flat_map(Map::keys).filter(good).min();
        let status = status.map(String::as_str).or_else(|| responses?.contains_key("default").then_some("default"));
        let found = status.and_then(|status| {
            let response = references::resolve(self.document, responses?.get(status)?)?;
            let content = response.get("content")?.as_object()?;
            let json = content.iter().find(|(kind, _)| kind.contains("json"));
            json.or_else(|| content.iter().next()).map(|(kind, media)| (status, kind, media))
        });
        let Some((status, kind, media)) = found else { return (json!({}), None) };
        let plain = kind == "application/json" || kind.contains('*');
        let ask = (!plain && kind.contains('/')).then(|| kind.clone());
        if !kind.contains("json") && !kind.contains('*') {
            return (json!({ "type": "string" }), ask);
        }
        let Some(schema) = media.get("schema") else { return (json!({}), ask) };
        let place = format!("{place}/responses/{status}/content/{}/schema", pointer::token(kind));
        let mut refers_to = Vec::new();
        let mut output = self.schemas.translate(schema, &place, Direction::Answer, &mut refers_to, &mut self.notes);
        let definitions = self.schemas.definitions(refers_to, Direction::Answer, &place, &mut self.notes);
        if let (false, Some(members)) = (definitions.is_empty(), output.as_object_mut()) {
            members.insert("$defs".to_owned(), Value::Object(definitions));
        }
        (output, ask)
    }
}

fn blank(method: &str, path: &str, operation: &Value, risk: Risk) -> ActionManifest {
    let mut title = text(operation, "summary");
    if title.is_empty() {
        title = format!("{} {path}", method.to_ascii_uppercase());
    }
    if let Some((cut, _)) = title.char_indices().nth(TITLE_MAX) {
        title.truncate(cut);
    }
    ActionManifest {
        title,
        description: text(operation, "description"),
        method: method.to_ascii_uppercase(),
        path: None,
        url: None,
        server: None,
        auth: None,
        query: Value::Null,
        headers: Value::Null,
        cookies: Value::Null,
        styles: Styles::default(),
        body: None,
        input: Value::Null,
        output: Value::Null,
        risk_by: None,
        risk,
        idempotency: IdempotencyManifest::None,
        look_up: None,
        pagination: None,
        errors: None,
        answer: Answer::Any,
        result: Value::Null,
    }
}

fn idempotency(method: &str, risk: Risk, key_header: Option<String>) -> IdempotencyManifest {
    match (key_header, method) {
        _ if risk == Risk::Read => natural(&[]),
        (Some(name), _) => IdempotencyManifest::Header { name },
        (None, "put") => natural(&[]),
        // What was deleted is not there any more.
        (None, "delete") => natural(&["http_404", "http_410"]),
        (None, _) => IdempotencyManifest::None,
    }
}

fn natural(repeated_codes: &[&str]) -> IdempotencyManifest {
    let repeated_codes = repeated_codes.iter().map(|code| (*code).to_owned()).collect();
    IdempotencyManifest::Natural { done_codes: Vec::new(), repeated_codes }
}

fn object(input: Input, definitions: Map<String, Value>) -> Value {
    let mut schema = json!({ "type": "object", "properties": input.properties, "additionalProperties": false });
    if !input.required.is_empty() {
        schema["required"] = json!(input.required);
    }
    if !definitions.is_empty() {
        schema["$defs"] = Value::Object(definitions);
    }
    schema
}
