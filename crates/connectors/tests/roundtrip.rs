//! A described operation is called as it was described: a document that is made up becomes a connector, its action is
//! called, and what arrives is read by a small reader of its own that knows only what OpenAPI says of styles.
//! `COUNTERSIGN_FUZZ_CASES` makes it more cases (`make fuzz`).
#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs, unreachable_pub)]

mod server;

use base64::{Engine, prelude::BASE64_STANDARD};
use countersign_connectors::{ActionManifest, Call, CallOutcome, Invoker, Manifest, Registry};
use countersign_outbound::Outbound;
use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use server::{Seen, Server};
use std::{collections::BTreeSet, time::Duration};

fn cases() -> u32 {
    std::env::var("COUNTERSIGN_FUZZ_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(150)
}

/// A parameter or a field of a form as the document describes it, and what is given for it.
#[derive(Debug, Clone)]
struct Part {
    place: &'static str,
    name: String,
    style: &'static str,
    explode: bool,
    /// Style and explode are left to what is usual where they are that.
    silent: bool,
    value: Value,
}

#[derive(Debug, Clone)]
enum Body {
    None,
    Json(Value),
    Form(Vec<Part>),
    Multipart(Map<String, Value>),
}

#[derive(Debug, Clone)]
struct Case {
    parts: Vec<Part>,
    body: Body,
}

/// A single value; `pattern` is of a text.
fn leaf(pattern: &'static str) -> BoxedStrategy<Value> {
    prop_oneof![pattern.prop_map(Value::from), any::<i32>().prop_map(Value::from), any::<bool>().prop_map(Value::from)]
        .boxed()
}

fn list(pattern: &'static str) -> BoxedStrategy<Value> {
    prop::collection::vec(leaf(pattern), 1..4).prop_map(Value::from).boxed()
}

fn object(pattern: &'static str) -> BoxedStrategy<Value> {
    let members = prop::collection::btree_map("k[a-d]", leaf(pattern), 1..4);
    members.prop_map(|members| members.into_iter().collect::<Map<_, _>>().into()).boxed()
}

/// Any text: what divides it is encoded.
const ANY: &str = "v[ -~äß€]{0,6}";
/// Texts without what cannot be told from a divider.
const NO_SPACE: &str = "v[!-~ä]{0,6}";
const NO_PIPE: &str = "v[ -{}~ä]{0,6}";
const NO_DOT: &str = "v[ --/-~ä]{0,6}";
const TOKEN: &str = "[a-zA-Z0-9_-]{1,6}";

fn part(place: &'static str, names: &'static [&'static str]) -> BoxedStrategy<Part> {
    let shapes: Vec<(&'static str, bool, BoxedStrategy<Value>)> = match place {
        "query" => vec![
            ("form", true, leaf(ANY)),
            ("form", true, list(ANY)),
            ("form", false, list(ANY)),
            ("form", true, object(ANY)),
            ("form", false, object(ANY)),
            ("spaceDelimited", false, list(NO_SPACE)),
            ("pipeDelimited", false, list(NO_PIPE)),
            ("deepObject", true, object(ANY)),
        ],
        "path" => vec![
            ("simple", false, leaf(ANY)),
            ("simple", false, list(ANY)),
            ("simple", false, object(ANY)),
            ("simple", true, object(ANY)),
            ("label", false, leaf(ANY)),
            ("label", false, list(ANY)),
            ("label", true, list(NO_DOT)),
            ("matrix", false, leaf(ANY)),
            ("matrix", false, list(ANY)),
            ("matrix", true, list(ANY)),
        ],
        "header" => vec![
            ("simple", false, leaf(TOKEN)),
            ("simple", false, list(TOKEN)),
            ("simple", false, object(TOKEN)),
            ("simple", true, object(TOKEN)),
        ],
        "cookie" => vec![("form", true, leaf(ANY)), ("form", false, list(ANY)), ("form", false, object(ANY))],
        _ => vec![
            ("form", true, leaf(ANY)),
            ("form", true, list(ANY)),
            ("form", false, list(ANY)),
            ("deepObject", true, object(ANY)),
            ("json", true, object(ANY)),
        ],
    };
    let one =
        shapes.into_iter().map(|(style, explode, value)| value.prop_map(move |value| (style, explode, value)).boxed());
    (prop::sample::select(names), prop::strategy::Union::new(one), any::<bool>())
        .prop_map(move |(name, (style, explode, value), silent)| Part {
            place,
            name: name.to_owned(),
            style,
            explode,
            silent,
            value,
        })
        .boxed()
}

/// One of each name in a place; members of objects that stand beside other parameters are no other's.
fn distinct(parts: Vec<Part>) -> Vec<Part> {
    let mut seen = BTreeSet::new();
    let mut parts: Vec<Part> = parts.into_iter().filter(|part| seen.insert((part.place, part.name.clone()))).collect();
    for (index, part) in parts.iter_mut().enumerate() {
        // What has another name in the input cannot have it before each of its items.
        part.explode &= part.style != "matrix" || part.name.chars().all(|c| c.is_ascii_alphanumeric());
        if let Value::Object(members) = &part.value {
            let own = members.iter().map(|(name, value)| (format!("{name}{index}"), value.clone()));
            part.value = Value::Object(own.collect());
        }
    }
    parts
}

fn case() -> impl Strategy<Value = Case> {
    let plain: &[&str] = &["id", "name", "X-Tag"];
    let any_name: &[&str] = &["id", "name", "filter[x]", "$top", "a.b", "ü"];
    let places =
        prop_oneof![part("query", any_name), part("path", any_name), part("header", plain), part("cookie", plain)];
    let deep = leaf(ANY).prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-c$.]{1,3}", inner, 0..3)
                .prop_map(|members| members.into_iter().collect::<Map<_, _>>().into()),
        ]
    });
    let file = prop::collection::vec(any::<u8>(), 0..20)
        .prop_map(|bytes| json!({ "base64": BASE64_STANDARD.encode(bytes), "filename": "f.bin" }));
    let multipart = prop::collection::btree_map("[a-c]", prop_oneof![leaf(ANY), list(ANY), file], 1..4);
    let body = prop_oneof![
        Just(Body::None),
        deep.prop_map(Body::Json),
        prop::collection::vec(part("form", any_name), 1..5).prop_map(|parts| Body::Form(distinct(parts))),
        multipart.prop_map(|fields| Body::Multipart(fields.into_iter().collect())),
    ];
    (prop::collection::vec(places, 0..7).prop_map(distinct), body).prop_map(|(parts, body)| Case { parts, body })
}

fn schema(value: &Value) -> Value {
    match value {
        Value::Object(members) if members.contains_key("base64") => json!({ "type": "string", "format": "binary" }),
        Value::Object(members) => {
            let properties: Map<_, _> = members.iter().map(|(name, value)| (name.clone(), schema(value))).collect();
            json!({ "type": "object", "properties": properties })
        }
        Value::Array(_) => json!({ "type": "array", "items": {} }),
        Value::String(_) => json!({ "type": "string" }),
        Value::Number(_) => json!({ "type": "integer" }),
        Value::Bool(_) => json!({ "type": "boolean" }),
        Value::Null => json!({}),
    }
}

fn described(part: &Part) -> Value {
    let mut described = json!({ "name": part.name, "in": part.place, "required": true, "schema": schema(&part.value) });
    let usual = match part.place {
        "path" | "header" => ("simple", false),
        _ => ("form", true),
    };
    if !(part.silent && usual == (part.style, part.explode)) {
        described["style"] = part.style.into();
        described["explode"] = part.explode.into();
    }
    described
}

fn document(case: &Case, url: &str) -> Value {
    let path: String =
        case.parts.iter().filter(|part| part.place == "path").map(|part| format!("/{{{}}}", part.name)).collect();
    let parameters: Vec<Value> = case.parts.iter().map(described).collect();
    let mut operation = json!({ "operationId": "act", "parameters": parameters, "responses": {} });
    let content = match &case.body {
        Body::None => None,
        Body::Json(value) => Some(json!({ "application/json": { "schema": schema(value) } })),
        Body::Form(parts) => {
            let properties: Map<_, _> = parts.iter().map(|part| (part.name.clone(), schema(&part.value))).collect();
            let encoding: Map<_, _> = parts
                .iter()
                .filter(|part| !(part.silent && (part.style, part.explode) == ("form", true)))
                .map(|part| {
                    let json = json!({ "contentType": "application/json" });
                    let styled = json!({ "style": part.style, "explode": part.explode });
                    (part.name.clone(), if part.style == "json" { json } else { styled })
                })
                .collect();
            let schema = json!({ "type": "object", "properties": properties });
            Some(json!({ "application/x-www-form-urlencoded": { "schema": schema, "encoding": encoding } }))
        }
        Body::Multipart(fields) => {
            Some(json!({ "multipart/form-data": { "schema": schema(&Value::Object(fields.clone())) } }))
        }
    };
    if let Some(content) = content {
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    json!({ "openapi": "3.1.0", "info": { "title": "Made up" }, "servers": [{ "url": format!("{url}/base") }],
        "paths": { format!("/r{path}/end"): { "post": operation } } })
}

/// Which member of the input stands for a parameter: what the manifest says.
fn member(action: &ActionManifest, part: &Part, nth_of_path: usize) -> String {
    let pointer = match part.place {
        "query" => action.query[&part.name].as_str().unwrap().to_owned(),
        "header" => action.headers[&part.name].as_str().unwrap().to_owned(),
        "cookie" => action.cookies[&part.name].as_str().unwrap().to_owned(),
        _ => {
            let path = action.path.clone().unwrap();
            let (inside, _) = path.split("{input.").nth(nth_of_path + 1).unwrap().split_once('}').unwrap();
            format!("$input.{inside}")
        }
    };
    pointer.strip_prefix("$input.").unwrap().to_owned()
}

fn input(case: &Case, action: &ActionManifest) -> Value {
    let mut input = Map::new();
    let mut nth = 0;
    for part in &case.parts {
        let given = input.insert(member(action, part, nth), part.value.clone());
        assert_eq!(given, None, "two parameters have one name");
        nth += usize::from(part.place == "path");
    }
    let body = match &case.body {
        Body::None => return input.into(),
        Body::Json(value) => value.clone(),
        Body::Form(parts) => {
            parts.iter().map(|part| (part.name.clone(), part.value.clone())).collect::<Map<_, _>>().into()
        }
        Body::Multipart(fields) => fields.clone().into(),
    };
    let name = action.body.as_ref().unwrap().value.as_str().unwrap().strip_prefix("$input.").unwrap().to_owned();
    input.insert(name, body);
    input.into()
}

/// What a value is when only texts are told: numbers and flags as they are written.
fn texts(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(texts).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), texts(value))).collect::<Map<_, _>>().into()
        }
        Value::String(text) => text.as_str().into(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string().into(),
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8().unwrap().into_owned()
}

/// Divided texts as the kind of value that was described; `pairs` is of an object that has `=` between name and value.
fn shaped(wanted: &Value, items: &[&str], pairs: bool) -> Value {
    match wanted {
        Value::Array(_) => items.iter().map(|item| Value::from(decoded(item))).collect(),
        Value::Object(_) if pairs => {
            let pair =
                |item: &&str| item.split_once('=').map(|(name, value)| (decoded(name), Value::from(decoded(value))));
            items.iter().filter_map(pair).collect::<Map<_, _>>().into()
        }
        Value::Object(_) => {
            items.chunks(2).map(|pair| (decoded(pair[0]), Value::from(decoded(pair[1])))).collect::<Map<_, _>>().into()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            decoded(items.first().unwrap_or(&"")).into()
        }
    }
}

/// What a query or a form says of a parameter.
fn of_form(part: &Part, form: &str) -> Value {
    let pairs: Vec<(String, &str)> =
        form.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (decoded(name), value)).collect();
    let own: Vec<&str> = pairs.iter().filter(|(name, _)| *name == part.name).map(|(_, value)| *value).collect();
    let apart = |name: &dyn Fn(&str) -> String| -> Value {
        let members = part.value.as_object().unwrap().keys();
        let found =
            members.filter_map(|key| Some((key.clone(), pairs.iter().find(|(known, _)| *known == name(key))?.1)));
        found.map(|(key, value)| (key, Value::from(decoded(value)))).collect::<Map<_, _>>().into()
    };
    let divided = |divider: &str| {
        assert_eq!(own.len(), 1, "{} once in {form}", part.name);
        shaped(&part.value, &own[0].split(divider).collect::<Vec<_>>(), false)
    };
    match (part.style, part.explode, &part.value) {
        ("json", ..) => texts(&serde_json::from_str(&decoded(own[0])).unwrap()),
        ("deepObject", ..) => apart(&|key| format!("{}[{key}]", part.name)),
        ("form", true, Value::Object(_)) => apart(&|key| key.to_owned()),
        ("form", true, _) => shaped(&part.value, &own, false),
        ("spaceDelimited", ..) => divided("%20"),
        ("pipeDelimited", ..) => divided("%7C"),
        _ => divided(","),
    }
}

/// What a segment of the path says.
fn of_segment(part: &Part, segment: &str) -> Value {
    let value = &part.value;
    match (part.style, part.explode) {
        ("label", true) => shaped(value, &segment.split('.').skip(1).collect::<Vec<_>>(), true),
        ("label", false) => shaped(value, &segment.strip_prefix('.').unwrap().split(',').collect::<Vec<_>>(), false),
        ("matrix", _) => {
            let own: Vec<&str> = segment
                .split(';')
                .skip(1)
                .map(|pair| pair.split_once('=').unwrap())
                .inspect(|(name, _)| assert_eq!(decoded(name), part.name, "{segment}"))
                .map(|(_, value)| value)
                .collect();
            let items = if part.explode { own } else { own[0].split(',').collect() };
            shaped(value, &items, false)
        }
        _ if value.is_array() || value.is_object() => {
            shaped(value, &segment.split(',').collect::<Vec<_>>(), part.explode)
        }
        _ => decoded(segment).into(),
    }
}

fn of_multipart(seen: &Seen) -> Map<String, Value> {
    let kind = seen.headers["content-type"].to_str().unwrap();
    let boundary = format!("--{}", kind.split_once("boundary=").unwrap().1);
    let body = &seen.body[..];
    let starts: Vec<usize> = body
        .windows(boundary.len())
        .enumerate()
        .filter(|(_, line)| *line == boundary.as_bytes())
        .map(|(at, _)| at)
        .collect();
    let mut fields: Map<String, Value> = Map::new();
    for pair in starts.windows(2) {
        let whole = &body[pair[0] + boundary.len() + 2..pair[1] - 2];
        let split = whole.windows(4).position(|line| line == b"\r\n\r\n").unwrap();
        let head = std::str::from_utf8(&whole[..split]).unwrap();
        let bytes = &whole[split + 4..];
        let name = head.split_once("name=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
        let value = match head.contains("filename=") {
            true => json!({ "base64": BASE64_STANDARD.encode(bytes), "filename": "f.bin" }),
            false => Value::from(String::from_utf8(bytes.to_vec()).unwrap()),
        };
        match fields.get_mut(&name) {
            Some(Value::Array(items)) => items.push(value),
            Some(first) => *first = json!([first.clone(), value]),
            None => drop(fields.insert(name, value)),
        }
    }
    fields
}

fn compare(case: &Case, seen: &Seen) {
    let path = seen.uri.path();
    let segments: Vec<&str> = path.split('/').skip(3).collect();
    assert!(path.starts_with("/base/r/") && path.ends_with("/end"), "{path}");
    let mut nth = 0;
    for part in &case.parts {
        let found = match part.place {
            "query" => of_form(part, seen.uri.query().unwrap_or_default()),
            "path" => {
                nth += 1;
                of_segment(part, segments[nth - 1])
            }
            "header" => {
                let text = seen.headers[part.name.as_str()].to_str().unwrap();
                match part.value.is_array() || part.value.is_object() {
                    true => shaped(&part.value, &text.split(',').collect::<Vec<_>>(), part.explode),
                    false => text.into(),
                }
            }
            _ => {
                let cookies = seen.headers["cookie"].to_str().unwrap();
                let pair = cookies.split("; ").find_map(|pair| pair.strip_prefix(&format!("{}=", part.name)));
                shaped(&part.value, &pair.unwrap().split(',').collect::<Vec<_>>(), false)
            }
        };
        assert_eq!(found, texts(&part.value), "{part:?} of {seen:?}");
    }
    assert_eq!(segments.len(), nth + 1, "{path}");
    let text = || std::str::from_utf8(&seen.body).unwrap();
    match &case.body {
        Body::None => assert!(seen.body.is_empty()),
        Body::Json(value) => assert_eq!(serde_json::from_str::<Value>(text()).unwrap(), *value),
        Body::Form(parts) => {
            parts
                .iter()
                .for_each(|part| assert_eq!(of_form(part, text()), texts(&part.value), "{part:?} of {}", text()));
        }
        Body::Multipart(fields) => {
            let found = of_multipart(seen);
            assert_eq!(found.len(), fields.len());
            for (name, value) in fields {
                // A list of one cannot be told from the one.
                let only = value.as_array().filter(|items| items.len() == 1).map(|items| &items[0]);
                let wanted = texts(only.unwrap_or(value));
                assert_eq!(found[name], wanted, "{name}");
            }
        }
    }
}

#[test]
fn what_is_sent_reads_back_as_what_was_given() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(Server::start(|_| server::json(200, json!({}))));
    let outbound = Outbound::with_private();
    let config = ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(case in case())| {
        let document = document(&case, &server.url);
        let imported = Manifest::from_openapi(&document).unwrap();
        prop_assert_eq!(&imported.left_out, &[]);
        prop_assert_eq!(&imported.warnings, &Vec::<String>::new());
        let input = input(&case, &imported.manifest.actions["act"]);
        let invoker = Invoker::new(Registry::only([imported.manifest]).unwrap(), outbound.clone());
        let (key, timeout, connection) = ("k", Duration::from_secs(10), None);
        let call = Call { action: "made_up.act", input: &input, key, timeout, connection, repeated: false };
        let outcome = runtime.block_on(invoker.invoke(call));
        prop_assert!(matches!(outcome, CallOutcome::Succeeded { .. }), "{:?}", outcome);
        compare(&case, &server.seen().pop().unwrap());
    });
}
