//! Makes a manifest from an OpenAPI 3 document: a good start, for a person to look over.

use crate::manifest::{
    ActionManifest, Answer, Auth, BodyManifest, Encoding, ErrorRules, IdempotencyManifest, Manifest, ManifestError,
};
use countersign_core::catalogue::Risk;
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

/// More operations than this are left out.
const ACTIONS_MAX: usize = 500;

/// `$ref`s are followed this many times before a schema counts as too deep.
const REFERENCES_MAX: usize = 64;

const METHODS: [&str; 6] = ["get", "head", "post", "put", "patch", "delete"];

const FORM: &str = "application/x-www-form-urlencoded";

impl Manifest {
    /// Makes a manifest from an OpenAPI 3.0 or 3.1 document, with warnings about what a person should look at. Path,
    /// query and header parameters become members of the input, the request's body its member `body`. Reading
    /// operations are `read`, `DELETE` is `high`, everything else `write`.
    pub fn from_openapi(document: &Value) -> Result<(Self, Vec<String>), ManifestError> {
        let title = document.pointer("/info/title").and_then(Value::as_str).unwrap_or("API");
        let name = slug(title);
        let paths = document.get("paths").and_then(Value::as_object).ok_or_else(|| ManifestError::Unreadable {
            name: name.clone(),
            message: "an OpenAPI 3 document has `openapi`, `info` and `paths`".to_owned(),
        })?;
        let mut import = Import { document, warnings: Vec::new() };
        let base_url = import.base_url();
        let (auth, secrets) = import.auth();
        let mut actions = IndexMap::new();
        for (path, item) in paths {
            for method in METHODS {
                let Some(operation) = item.get(method) else { continue };
                if actions.len() == ACTIONS_MAX {
                    import.warnings.push(format!("more than {ACTIONS_MAX} operations: the rest was left out"));
                    break;
                }
                let id = operation.get("operationId").and_then(Value::as_str);
                let mut action_name = id.map_or_else(|| slug(&format!("{method} {path}")), slug);
                if actions.contains_key(&action_name) {
                    action_name = slug(&format!("{method} {path} {}", actions.len()));
                }
                if let Some(action) = import.action(method, path, item, operation) {
                    actions.insert(action_name, action);
                }
            }
        }
        let manifest = Self {
            name,
            title: title.to_owned(),
            description: document.pointer("/info/description").and_then(Value::as_str).unwrap_or_default().to_owned(),
            settings: settings(&base_url),
            base_url,
            auth,
            headers: IndexMap::new(),
            secrets,
            errors: ErrorRules {
                code: strings(&["$response.body.error.code", "$response.body.code"]),
                message: strings(&["$response.body.error.message", "$response.body.detail", "$response.body.message"]),
                ..ErrorRules::default()
            },
            actions,
        };
        Ok((manifest, import.warnings))
    }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn settings(base_url: &str) -> Value {
    let mut schema = json!({
        "type": "object",
        "properties": { "base_url": { "type": "string", "title": "Base URL", "format": "uri" } },
    });
    if base_url.is_empty() {
        schema["required"] = json!(["base_url"]);
    } else {
        schema["properties"]["base_url"]["default"] = base_url.into();
    }
    schema
}

/// Lower-case letters, digits and single underscores, at most 64.
fn slug(text: &str) -> String {
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
    out.truncate(64);
    let trimmed = out.trim_end_matches('_');
    if trimmed.is_empty() { "api".to_owned() } else { trimmed.to_owned() }
}

struct Import<'a> {
    document: &'a Value,
    warnings: Vec<String>,
}

/// What the parameters of one operation become.
#[derive(Default)]
struct Parts {
    properties: Map<String, Value>,
    required: Vec<Value>,
    query: Map<String, Value>,
    headers: Map<String, Value>,
    key_header: Option<String>,
}

impl<'a> Import<'a> {
    fn base_url(&mut self) -> String {
        let url = self.document.pointer("/servers/0/url").and_then(Value::as_str).unwrap_or_default();
        if url.starts_with("http") && !url.contains('{') {
            return url.trim_end_matches('/').to_owned();
        }
        self.warnings.push("the document names no absolute server: every connection needs a base URL".to_owned());
        String::new()
    }

    fn auth(&mut self) -> (Auth, Value) {
        let none = json!({ "type": "object", "properties": {} });
        let schemes = self.document.pointer("/components/securitySchemes").and_then(Value::as_object);
        let secret = |name: &str, title: &str| json!({ "type": "object", "properties": { name: { "type": "string", "title": title } }, "required": [name] });
        for (name, scheme) in schemes.into_iter().flatten() {
            let text = |member: &str| scheme.get(member).and_then(Value::as_str).unwrap_or_default();
            match (text("type"), text("scheme").to_ascii_lowercase().as_str(), text("in")) {
                ("http", "bearer", _) | ("oauth2" | "openIdConnect", _, _) => {
                    return (Auth::Bearer { secret: "token".to_owned(), required: true }, secret("token", "Token"));
                }
                ("http", "basic", _) => {
                    let mut secrets = secret("password", "Password");
                    secrets["properties"]["username"] = json!({ "type": "string", "title": "User name" });
                    secrets["required"] = json!(["username", "password"]);
                    let (username, password) = ("username".to_owned(), "password".to_owned());
                    return (Auth::Basic { username, password, required: true }, secrets);
                }
                ("apiKey", _, "header") => {
                    let auth =
                        Auth::Header { name: text("name").to_owned(), secret: "api_key".to_owned(), required: true };
                    return (auth, secret("api_key", "API key"));
                }
                _ => self.warnings.push(format!("security scheme `{name}` is of a kind that cannot be used")),
            }
        }
        (Auth::None, none)
    }

    fn action(&mut self, method: &str, path: &str, item: &Value, operation: &Value) -> Option<ActionManifest> {
        let mut parts = Parts::default();
        let lists = [item.get("parameters"), operation.get("parameters")];
        for parameter in lists.into_iter().flatten().filter_map(Value::as_array).flatten() {
            self.parameter(self.resolve(parameter), &mut parts, path);
        }
        let body = operation.get("requestBody").and_then(|body| self.body(self.resolve(body), &mut parts, path));
        let Some(template) = path_template(path, &parts.properties) else {
            self.warnings.push(format!("{method} {path}: left out, a part of its path is not a parameter"));
            return None;
        };
        let (risk, idempotency) = match (method, parts.key_header) {
            ("get" | "head", _) => (Risk::Read, IdempotencyManifest::Natural),
            ("delete", _) => (Risk::High, IdempotencyManifest::Natural),
            (_, Some(name)) => (Risk::Write, IdempotencyManifest::Header { name }),
            ("put", None) => (Risk::Write, IdempotencyManifest::Natural),
            (_, None) => (Risk::Write, IdempotencyManifest::None),
        };
        let mut input = json!({ "type": "object", "properties": parts.properties, "required": parts.required });
        let mut output = self.output(operation);
        self.embed_definitions(&mut input);
        self.embed_definitions(&mut output);
        let text = |member: &str| operation.get(member).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        let title =
            Some(text("summary")).filter(|title| !title.is_empty()).unwrap_or_else(|| format!("{method} {path}"));
        let object =
            |members: Map<String, Value>| if members.is_empty() { Value::Null } else { Value::Object(members) };
        Some(ActionManifest {
            title,
            description: text("description"),
            method: method.to_ascii_uppercase(),
            path: Some(template),
            url: None,
            query: object(parts.query),
            headers: object(parts.headers),
            body,
            input,
            output,
            risk,
            idempotency,
            look_up: None,
            errors: None,
            answer: Answer::Any,
            result: Value::Null,
        })
    }

    fn parameter(&mut self, parameter: &Value, parts: &mut Parts, path: &str) {
        let text = |member: &str| parameter.get(member).and_then(Value::as_str).unwrap_or_default();
        let (name, place) = (text("name"), text("in"));
        if place == "header" && name.eq_ignore_ascii_case("idempotency-key") {
            parts.key_header = Some(name.to_owned());
            return;
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let member: String = name.chars().map(|c| if plain(c) { c } else { '_' }).collect();
        let pointer = Value::from(format!("$input.{member}"));
        match place {
            "path" => {}
            "query" => drop(parts.query.insert(name.to_owned(), pointer)),
            "header" => drop(parts.headers.insert(name.to_owned(), pointer)),
            _ => return self.warnings.push(format!("{path}: parameter `{name}` in {place} is left out")),
        }
        let mut schema = parameter.get("schema").cloned().unwrap_or_else(|| json!({}));
        if let (Some(members), Some(description)) = (schema.as_object_mut(), parameter.get("description")) {
            members.insert("description".to_owned(), description.clone());
        }
        if place == "path" || parameter.get("required").and_then(Value::as_bool) == Some(true) {
            parts.required.push(Value::from(member.as_str()));
        }
        parts.properties.insert(member, schema);
    }

    fn body(&mut self, body: &Value, parts: &mut Parts, path: &str) -> Option<BodyManifest> {
        let content = body.get("content").and_then(Value::as_object)?;
        let json = content.iter().find(|(kind, _)| kind.contains("json"));
        let (encoding, media) = match (json, content.get(FORM)) {
            (Some((_, media)), _) => (Encoding::Json, media),
            (None, Some(media)) => (Encoding::Form, media),
            (None, None) => {
                self.warnings.push(format!("{path}: its body is neither JSON nor a form and was left out"));
                return None;
            }
        };
        parts.properties.insert("body".to_owned(), media.get("schema").cloned().unwrap_or_else(|| json!({})));
        if body.get("required").and_then(Value::as_bool) == Some(true) {
            parts.required.push("body".into());
        }
        Some(BodyManifest { encoding, value: "$input.body".into(), query: String::new() })
    }

    fn output(&self, operation: &Value) -> Value {
        let responses = operation.get("responses").and_then(Value::as_object);
        let good = responses.into_iter().flatten().find(|(status, _)| status.starts_with('2'));
        good.and_then(|(_, response)| {
            self.resolve(response).get("content")?.as_object()?.values().next()?.get("schema")
        })
        .cloned()
        .unwrap_or_else(|| json!({}))
    }

    /// What a `{"$ref": "#/…"}` stands for; anything else stands for itself.
    fn resolve<'b>(&self, value: &'b Value) -> &'b Value
    where
        'a: 'b,
    {
        let mut value = value;
        for _ in 0..REFERENCES_MAX {
            let target = value.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
            match target.and_then(|path| self.document.pointer(path)) {
                Some(found) => value = found,
                None => break,
            }
        }
        value
    }

    /// Puts the component schemas that are referred to into `$defs` and points the references there.
    fn embed_definitions(&self, schema: &mut Value) {
        let mut definitions = Map::new();
        let mut wanted = Vec::new();
        rewrite(schema, &mut wanted);
        // Ends: every name is taken once.
        while let Some(name) = wanted.pop() {
            if definitions.contains_key(&name) {
                continue;
            }
            let schemas = self.document.pointer("/components/schemas");
            let mut found = schemas.and_then(|schemas| schemas.get(&name)).cloned().unwrap_or_else(|| json!({}));
            rewrite(&mut found, &mut wanted);
            definitions.insert(name, found);
        }
        if let (false, Value::Object(members)) = (definitions.is_empty(), schema) {
            members.insert("$defs".to_owned(), Value::Object(definitions));
        }
    }
}

/// `/pets/{pet.id}` as a template over the input; nothing when a part is no parameter.
fn path_template(path: &str, properties: &Map<String, Value>) -> Option<String> {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        let member: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' }).collect();
        properties.get(&member)?;
        out.push_str(&format!("{before}{{input.{member}}}"));
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

/// Points references at `$defs`, notes their names, and says `nullable` (OpenAPI 3.0) the way JSON Schema does.
fn rewrite(schema: &mut Value, wanted: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(target)) = members.get_mut("$ref")
                && let Some(name) = target.strip_prefix("#/components/schemas/").map(str::to_owned)
            {
                *target = format!("#/$defs/{name}");
                wanted.push(name);
            }
            if members.get("nullable").is_some_and(|flag| *flag == Value::Bool(true)) {
                members.remove("nullable");
                if let Some(Value::String(kind)) = members.get("type").cloned() {
                    members.insert("type".to_owned(), json!([kind, "null"]));
                }
            }
            // In OpenAPI 3.0 these are flags beside a bound; in JSON Schema they are bounds themselves.
            members.retain(|name, value| !(name.starts_with("exclusiveM") && value.is_boolean()));
            members.values_mut().for_each(|member| rewrite(member, wanted));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rewrite(item, wanted)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Registry;

    #[test]
    fn a_document_becomes_a_manifest_that_compiles() {
        let document = json!({
            "openapi": "3.0.3",
            "info": { "title": "Pet Store" },
            "servers": [{ "url": "https://pets.example.com/v1/" }],
            "components": {
                "securitySchemes": { "key": { "type": "apiKey", "in": "header", "name": "X-Api-Key" } },
                "schemas": {
                    "Pet": { "type": "object", "properties": {
                        "id": { "type": "integer" }, "parent": { "$ref": "#/components/schemas/Pet" },
                        "nick": { "type": "string", "nullable": true } } },
                },
            },
            "paths": {
                "/pets/{petId}": {
                    "parameters": [{ "name": "petId", "in": "path", "required": true, "schema": { "type": "string" } }],
                    "get": { "operationId": "getPet", "responses": { "200": { "content": { "application/json": {
                        "schema": { "$ref": "#/components/schemas/Pet" } } } } } },
                    "delete": { "summary": "Delete a pet", "responses": {} },
                },
                "/pets": { "post": {
                    "operationId": "createPet",
                    "parameters": [
                        { "name": "dry run", "in": "query", "schema": { "type": "boolean" } },
                        { "name": "Idempotency-Key", "in": "header" }],
                    "requestBody": { "required": true, "content": { "application/json": {
                        "schema": { "$ref": "#/components/schemas/Pet" } } } },
                    "responses": {} } },
                "/bad/{gone}": { "get": { "responses": {} } },
            },
        });
        let (manifest, warnings) = Manifest::from_openapi(&document).unwrap();
        assert_eq!(warnings, ["get /bad/{gone}: left out, a part of its path is not a parameter"]);
        assert_eq!(manifest.actions.keys().collect::<Vec<_>>(), ["get_pet", "delete_pets_pet_id", "create_pet"]);
        let registry = Registry::with_manifests([manifest]).unwrap();
        let catalogue = registry.catalogue();
        let create = catalogue.action("pet_store.create_pet").unwrap();
        assert!(create.repeatable());
        assert_eq!(create.input["$defs"]["Pet"]["properties"]["nick"]["type"], json!(["string", "null"]));
        assert_eq!(catalogue.action("pet_store.delete_pets_pet_id").unwrap().risk, Risk::High);
    }
}
