//! Swagger 2.0 as OpenAPI 3: where things stand differs, not what they say. Schemas stay where they are, so references
//! to `#/definitions/…` lead to them.

use super::{references, text};
use serde_json::{Map, Value, json};

/// What makes up the schema of a parameter that has none of its own.
const SCHEMA_KEYWORDS: [&str; 17] = [
    "type",
    "format",
    "items",
    "default",
    "enum",
    "pattern",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "multipleOf",
    "example",
];

/// The document in the words of OpenAPI 3.0.
pub(super) fn to_openapi(document: &Value) -> Value {
    let mut out = document.as_object().cloned().unwrap_or_default();
    out.insert("openapi".to_owned(), "3.0.3".into());
    out.insert("servers".to_owned(), servers(document));
    out.insert("components".to_owned(), json!({ "securitySchemes": schemes(document) }));
    let responses = document.get("responses").and_then(Value::as_object).into_iter().flatten();
    let kinds = list(document, "produces");
    let responses: Map<String, Value> =
        responses.map(|(name, response)| (name.clone(), answer(response, &kinds))).collect();
    out.insert("responses".to_owned(), Value::Object(responses));
    let parameters = document.get("parameters").and_then(Value::as_object).into_iter().flatten();
    let parameters: Map<String, Value> = parameters.map(|(name, value)| (name.clone(), parameter(value))).collect();
    out.insert("parameters".to_owned(), Value::Object(parameters));
    let mut paths = Map::new();
    for (path, item) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
        paths.insert(path.clone(), path_item(document, item));
    }
    out.insert("paths".to_owned(), Value::Object(paths));
    Value::Object(out)
}

fn servers(document: &Value) -> Value {
    let host = text(document, "host");
    if host.is_empty() {
        let path = text(document, "basePath");
        return if path.is_empty() { json!([]) } else { json!([{ "url": path }]) };
    }
    let schemes = list(document, "schemes");
    let secure = schemes.is_empty() || schemes.iter().any(|scheme| scheme == "https");
    let scheme = if secure { "https" } else { "http" };
    json!([{ "url": format!("{scheme}://{host}{}", text(document, "basePath")) }])
}

fn schemes(document: &Value) -> Value {
    let mut out = Map::new();
    for (name, scheme) in document.get("securityDefinitions").and_then(Value::as_object).into_iter().flatten() {
        let scheme = match text(scheme, "type").as_str() {
            "basic" => json!({ "type": "http", "scheme": "basic", "description": text(scheme, "description") }),
            "oauth2" => oauth2(scheme),
            _ => scheme.clone(),
        };
        out.insert(name.clone(), scheme);
    }
    Value::Object(out)
}

/// The one flow a scheme has, by the name it has today.
fn oauth2(scheme: &Value) -> Value {
    let flow = match text(scheme, "flow").as_str() {
        "accessCode" => "authorizationCode".to_owned(),
        "application" => "clientCredentials".to_owned(),
        other => other.to_owned(),
    };
    let mut scheme = scheme.clone();
    scheme["flows"] = json!({ flow: scheme.clone() });
    scheme
}

fn path_item(document: &Value, item: &Value) -> Value {
    let Some(members) = item.as_object() else { return item.clone() };
    let shared = item.get("parameters").and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
    let mut out = Map::new();
    for (name, member) in members {
        let value = match name.as_str() {
            // What is no list stays as it is, and is told.
            "parameters" if member.is_array() => {
                shared.iter().filter(|value| !in_body(document, value)).map(parameter).collect()
            }
            "get" | "head" | "post" | "put" | "patch" | "delete" | "options" => operation(document, shared, member),
            _ => member.clone(),
        };
        out.insert(name.clone(), value);
    }
    Value::Object(out)
}

fn operation(document: &Value, shared: &[Value], operation: &Value) -> Value {
    let Some(members) = operation.as_object() else { return operation.clone() };
    let mut out = members.clone();
    let own = operation.get("parameters").and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
    if let Some(Value::Array(plain)) = out.get_mut("parameters") {
        *plain = own.iter().filter(|value| !in_body(document, value)).map(parameter).collect();
    }
    let consumes = own_or_shared(document, operation, "consumes");
    let in_body: Vec<&Value> = shared
        .iter()
        .chain(own)
        .filter(|value| in_body(document, value))
        .filter_map(|value| references::resolve(document, value))
        .collect();
    if let Some(body) = body(&in_body, &consumes) {
        out.insert("requestBody".to_owned(), body);
    }
    let produces = own_or_shared(document, operation, "produces");
    if let Some(Value::Object(responses)) = out.get_mut("responses") {
        for response in responses.values_mut() {
            *response = answer(response, &produces);
        }
    }
    Value::Object(out)
}

fn in_body(document: &Value, parameter: &Value) -> bool {
    references::resolve(document, parameter)
        .is_some_and(|found| matches!(text(found, "in").as_str(), "body" | "formData"))
}

fn body(parameters: &[&Value], consumes: &[String]) -> Option<Value> {
    if let Some(whole) = parameters.iter().find(|parameter| text(parameter, "in") == "body") {
        let kinds = if consumes.is_empty() { vec!["application/json".to_owned()] } else { consumes.to_vec() };
        let media = json!({ "schema": whole.get("schema").cloned().unwrap_or_else(|| json!({})) });
        let content: Map<String, Value> = kinds.into_iter().map(|kind| (kind, media.clone())).collect();
        let (description, required) = (text(whole, "description"), super::flag(whole, "required"));
        return Some(json!({ "required": required, "description": description, "content": content }));
    }
    if parameters.is_empty() {
        return None;
    }
    let mut properties = Map::new();
    let (mut required, mut encodings, mut has_file) = (Vec::new(), Map::new(), false);
    for field in parameters {
        let name = text(field, "name");
        has_file |= text(field, "type") == "file";
        if super::flag(field, "required") {
            required.push(name.clone());
        }
        if text(field, "collectionFormat") != "multi" && text(field, "type") == "array" {
            encodings.insert(name.clone(), json!({ "style": "form", "explode": false }));
        }
        properties.insert(name, schema(field));
    }
    let multipart = has_file || consumes.iter().any(|kind| kind == "multipart/form-data");
    let kind = if multipart { "multipart/form-data" } else { "application/x-www-form-urlencoded" };
    let needed = !required.is_empty();
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    Some(json!({ "required": needed, "content": { kind: { "schema": schema, "encoding": encodings } } }))
}

fn parameter(parameter: &Value) -> Value {
    let Some(members) = parameter.as_object() else { return parameter.clone() };
    if members.contains_key("$ref") || matches!(text(parameter, "in").as_str(), "body" | "formData") {
        return parameter.clone();
    }
    let mut out = members.clone();
    out.retain(|name, _| !SCHEMA_KEYWORDS.contains(&name.as_str()));
    out.insert("schema".to_owned(), schema(parameter));
    if text(parameter, "type") == "array" {
        let (style, explode) = match (text(parameter, "collectionFormat").as_str(), text(parameter, "in").as_str()) {
            (_, "path" | "header") => ("simple", false),
            ("multi", _) => ("form", true),
            ("ssv", _) => ("spaceDelimited", false),
            ("pipes", _) => ("pipeDelimited", false),
            _ => ("form", false),
        };
        out.insert("style".to_owned(), style.into());
        out.insert("explode".to_owned(), explode.into());
    }
    Value::Object(out)
}

fn schema(parameter: &Value) -> Value {
    let mut schema: Map<String, Value> = SCHEMA_KEYWORDS
        .iter()
        .filter_map(|keyword| Some(((*keyword).to_owned(), parameter.get(*keyword)?.clone())))
        .collect();
    if text(parameter, "type") == "file" {
        schema = Map::from_iter([("type".to_owned(), "string".into()), ("format".to_owned(), "binary".into())]);
    }
    let description = text(parameter, "description");
    if !description.is_empty() {
        schema.insert("description".to_owned(), description.into());
    }
    Value::Object(schema)
}

fn answer(response: &Value, produces: &[String]) -> Value {
    let Some(schema) = response.get("schema") else { return response.clone() };
    let json = produces.iter().find(|kind| kind.contains("json"));
    let kind = json.or_else(|| produces.first()).map_or("application/json", String::as_str);
    let mut out = response.clone();
    out["content"] = json!({ kind: { "schema": schema } });
    out
}

fn list(value: &Value, member: &str) -> Vec<String> {
    let items = value.get(member).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn own_or_shared(document: &Value, operation: &Value, member: &str) -> Vec<String> {
    if operation.get(member).is_some() { list(operation, member) } else { list(document, member) }
}
