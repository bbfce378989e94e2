//! What the API's description forbids is refused, and what it allows is not refused for its shape: requests are made from
//! the description, for every operation, and sent to the router.

use crate::support::{Client, TestApp};
use axum::http::{Method, StatusCode};
use countersign_store::Role;
use http_body_util::BodyExt;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Schemas lead into themselves: from this depth on, only what is required.
const DEEPEST: usize = 6;

struct Described(Value);

impl Described {
    fn read() -> Self {
        Self(countersign_server::openapi())
    }

    /// Method, path and operation.
    fn operations(&self) -> impl Iterator<Item = (Method, &str, &Value)> {
        self.0["paths"].as_object().unwrap().iter().flat_map(|(path, item)| {
            let of_path = item.as_object().unwrap().iter();
            of_path.map(|(method, operation)| (method.to_uppercase().parse().unwrap(), path.as_str(), operation))
        })
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => self.resolved(self.0.pointer(&reference[1..]).unwrap()),
            None => schema,
        }
    }

    /// A value that fits, with everything or with what is required only.
    fn sample(&self, schema: &Value, full: bool, depth: usize) -> Value {
        let schema = self.resolved(schema);
        if let Some(word) = schema["enum"].get(0).or_else(|| schema.get("const")) {
            return word.clone();
        }
        for several in ["oneOf", "anyOf"] {
            if let Some(of) = schema[several].as_array() {
                let some = of.iter().find(|one| self.resolved(one)["type"] != "null").unwrap_or(&of[0]);
                return self.sample(some, full, depth + 1);
            }
        }
        if let Some(all) = schema["allOf"].as_array() {
            let parts = all.iter().map(|part| self.sample(part, full, depth + 1));
            let members = parts.filter_map(|part| part.as_object().cloned()).flatten();
            return Value::Object(members.collect());
        }
        match kind(schema) {
            "integer" => schema.get("minimum").cloned().unwrap_or(json!(1)),
            "number" => json!(1.5),
            "boolean" => json!(true),
            "string" => json!("x".repeat(schema["minLength"].as_u64().unwrap_or(1) as usize)),
            "array" if full && depth < DEEPEST => json!([self.sample(&schema["items"], full, depth + 1)]),
            "array" => json!([]),
            "object" => self.object(schema, full, depth),
            _ => json!({}),
        }
    }

    fn object(&self, schema: &Value, full: bool, depth: usize) -> Value {
        let required = |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
        let members = schema["properties"].as_object().into_iter().flatten();
        let wanted = members.filter(|(name, _)| required(name) || (full && depth < DEEPEST));
        let made = wanted.map(|(name, of)| (name.clone(), self.sample(of, full, depth + 1)));
        Value::Object(made.collect())
    }
}

/// The type; of several the one that is not null.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(one) => one,
        Value::Array(several) => several.iter().filter_map(Value::as_str).find(|one| *one != "null").unwrap_or("null"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => "",
    }
}

/// Texts of a parameter that the schema allows, and some that it forbids.
fn texts(schema: &Value) -> (Vec<String>, Vec<String>) {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    match (kind(schema), schema["format"].as_str()) {
        ("integer", format) => {
            let (least, most): (i128, i128) = match format {
                Some("uint32") => (0, u32::MAX.into()),
                Some("uint64") => (0, u64::MAX.into()),
                Some("int64") => (i64::MIN.into(), i64::MAX.into()),
                other => panic!("a parameter with the format {other:?}"),
            };
            let least = schema["minimum"].as_i64().map_or(least, i128::from);
            let most = schema["maximum"].as_i64().map_or(most, i128::from);
            let numbers = |numbers: [i128; 2]| numbers.map(|number| number.to_string()).to_vec();
            (numbers([least, most]), [numbers([least - 1, most + 1]), words(&["x", "1.5"])].concat())
        }
        ("boolean", _) => (words(&["true", "false"]), words(&["maybe", "2"])),
        ("string", _) => match schema["enum"].as_array() {
            Some(of) => (of.iter().map(|word| word.as_str().unwrap().to_owned()).collect(), words(&["no-such-word"])),
            None => (words(&["x", "%F0%9F%92%A9"]), Vec::new()),
        },
        other => panic!("a parameter of the type {other:?}"),
    }
}

/// One operation, with everything it needs filled in.
struct Asked<'a> {
    client: Client,
    method: Method,
    path: &'a str,
    parts: BTreeMap<&'a str, String>,
    query: Vec<(&'a str, String)>,
}

impl<'a> Asked<'a> {
    fn new(client: &Client, (method, path, operation): (Method, &'a str, &'a Value)) -> Self {
        let mut asked = Self { client: client.clone(), method, path, parts: BTreeMap::new(), query: Vec::new() };
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            match (parameter["in"].as_str(), parameter["required"] == true) {
                (Some("path"), _) => drop(asked.parts.insert(name, texts(&parameter["schema"]).0[0].clone())),
                (Some("query"), true) => asked.query.push((name, texts(&parameter["schema"]).0[0].clone())),
                (Some("header"), true) => asked.client = asked.client.with(name, "\"1\""),
                _ => {}
            }
        }
        asked
    }

    fn with(&self, parameter: &'a Value, text: &str) -> Self {
        let name = parameter["name"].as_str().unwrap();
        let (mut parts, mut query) = (self.parts.clone(), self.query.clone());
        if parameter["in"] == "path" {
            parts.insert(name, text.to_owned());
        } else {
            query.retain(|(other, _)| *other != name);
            query.push((name, text.to_owned()));
        }
        Self { client: self.client.clone(), method: self.method.clone(), path: self.path, parts, query }
    }

    /// The status, and the problem when there is one.
    async fn answer(&self, body: Option<&Value>) -> (StatusCode, Value) {
        let path = self
            .parts
            .iter()
            .fold(self.path.to_owned(), |path, (name, text)| path.replace(&format!("{{{name}}}"), text));
        let query: Vec<String> = self.query.iter().map(|(name, text)| format!("{name}={text}")).collect();
        let uri = format!("/{path}?{}", query.join("&"));
        let answer = self.client.open(self.method.clone(), &uri, body.map(Value::to_string)).await;
        let status = answer.status();
        if status.is_success() {
            // A stream has no end.
            return (status, Value::Null);
        }
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }
}

/// Operations that end what the others need.
fn spared(operation: &Value) -> bool {
    matches!(operation["operationId"].as_str(), Some("logout"))
}

/// A visitor is known by a conversation, which is looked up before all else.
fn by_visitor(path: &str, status: StatusCode) -> bool {
    path.contains("/chat/conversations/") && status == StatusCode::NOT_FOUND
}

#[tokio::test]
async fn parameters_are_what_the_description_says() {
    let (test, described) = (TestApp::start().await, Described::read());
    let admin = test.key(Role::Admin).await;
    for (method, path, operation) in described.operations().filter(|(.., operation)| !spared(operation)) {
        let body = operation["requestBody"]["content"]["application/json"]["schema"].as_object();
        let body = body.map(|schema| described.sample(&Value::Object(schema.clone()), false, 0));
        let asked = Asked::new(&admin, (method.clone(), path, operation));
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        for parameter in parameters.filter(|parameter| parameter["in"] != "header") {
            let (allowed, forbidden) = texts(&parameter["schema"]);
            let text_only = kind(&parameter["schema"]) == "string" && parameter["schema"]["enum"].is_null();
            let of = |text: &str| format!("{method} {path} with {}={text}", parameter["name"]);
            for text in allowed {
                let (status, problem) = asked.with(parameter, &text).answer(body.as_ref()).await;
                assert!(!status.is_server_error(), "{}: {status} {problem}", of(&text));
                // The dashboard's period is bounded, which is a matter of both its ends.
                let refused = problem["code"] == "invalid_parameter" && !text_only && path != "/api/v1/dashboard";
                assert!(!refused, "{} is allowed: {problem}", of(&text));
            }
            for text in forbidden {
                let (status, problem) = asked.with(parameter, &text).answer(body.as_ref()).await;
                assert!(status.is_client_error(), "{} is forbidden: {status}", of(&text));
                let named =
                    parameter["in"] == "path" || by_visitor(path, status) || problem["code"] == "invalid_parameter";
                assert!(named, "{} is refused for something else: {problem}", of(&text));
            }
        }
    }
}

/// Bodies that do not fit, and what is wrong with each.
fn spoilt(described: &Described, schema: &Value, sound: &Map<String, Value>) -> Vec<(String, Value)> {
    let schema = described.resolved(schema);
    let mut bodies = vec![("a list".to_owned(), json!([])), ("a text".to_owned(), json!("x"))];
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let mut body = sound.clone();
        body.remove(name);
        bodies.push((format!("no `{name}`"), Value::Object(body)));
    }
    for (name, of) in schema["properties"].as_object().into_iter().flatten() {
        let wrong = match kind(described.resolved(of)) {
            "string" | "integer" | "number" | "boolean" | "array" => json!({ "no": "such" }),
            _ => continue,
        };
        bodies.push((
            format!("an object as `{name}`"),
            Value::Object([sound.clone(), Map::from_iter([(name.clone(), wrong)])].into_iter().flatten().collect()),
        ));
    }
    bodies
}

#[tokio::test]
async fn bodies_are_what_the_description_says() {
    let (test, described) = (TestApp::start().await, Described::read());
    let admin = test.key(Role::Admin).await;
    for (method, path, operation) in described.operations().filter(|(.., operation)| !spared(operation)) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        if schema.is_null() {
            continue;
        }
        let asked = Asked::new(&admin, (method.clone(), path, operation));
        let least = described.sample(schema, false, 0);
        for body in [&least, &described.sample(schema, true, 0)] {
            let (status, problem) = asked.answer(Some(body)).await;
            assert!(!status.is_server_error(), "{method} {path} with {body}: {status} {problem}");
            assert!(problem["line"].is_null(), "{method} {path} refuses the shape of {body}: {problem}");
        }
        for (what, body) in spoilt(&described, schema, least.as_object().unwrap_or(&Map::new())) {
            let (status, problem) = asked.answer(Some(&body)).await;
            assert!(status.is_client_error(), "{method} {path} takes {what}: {status}");
            assert!(
                by_visitor(path, status) || !problem["line"].is_null(),
                "{method} {path} refuses {what} for something else: {problem}"
            );
        }
    }
}

/// The table of rights has every operation, and each role is refused exactly what the table says.
#[tokio::test]
async fn rights_are_what_the_table_says() {
    let (test, described) = (TestApp::start().await, Described::read());
    let roles = [Role::Viewer, Role::Operator, Role::Builder, Role::Admin];
    let mut callers = Vec::new();
    for role in roles {
        callers.push((role, test.key(role).await));
    }
    let table = callers[0].1.get("/rights").await;
    let table: BTreeMap<String, Option<Role>> = table.is(200).json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|right| {
            let role = right["role"].as_str().map(|role| role.parse().unwrap());
            (right["operation"].as_str().unwrap().to_owned(), role)
        })
        .collect();
    let mut refused = 0;
    for (method, path, operation) in described.operations() {
        let name = operation["operationId"].as_str().unwrap();
        let least = table.get(name).unwrap_or_else(|| panic!("`{name}` has no right in the table"));
        assert_eq!(least.is_none(), operation["security"] == json!([{}]), "{name}: whether anyone may");
        let body = operation["requestBody"]["content"]["application/json"]["schema"].as_object();
        let body = body.map(|schema| described.sample(&Value::Object(schema.clone()), false, 0));
        for (role, client) in &callers {
            let asked = Asked::new(client, (method.clone(), path, operation));
            let (status, problem) = asked.answer(body.as_ref()).await;
            let by_role = problem["detail"].as_str().is_some_and(|detail| detail.starts_with("this needs the role"));
            let may = least.is_none_or(|least| *role >= least);
            assert_eq!(by_role, !may, "{name} as {role}: {status} {problem}");
            assert!(may || status == StatusCode::FORBIDDEN, "{name} as {role}: {status}");
            refused += usize::from(by_role);
        }
    }
    assert!(refused > 100, "{refused} refusals: the walk asks for what takes a role");
}
