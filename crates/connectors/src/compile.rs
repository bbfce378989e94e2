//! How a manifest is compiled: each part of it is read once, and what makes no sense is refused with its place.

use crate::{
    input_rule::InputRule,
    limits,
    manifest::{
        ActionManifest, Auth, BudgetRule, Encoding, ErrorRules, IdempotencyManifest, LookUpManifest, Manifest,
        ManifestError, ValueRule,
    },
    oauth2_rule::Oauth2Rule,
    pagination::{self, Paging},
    registry::{
        Action, BodyRule, Budget, Connector, DoneCodes, Errors, Inputs, LookUpRule, MethodRule, ResultRule, Target,
    },
    template::{Pointer, Rule, Schemas, Template, Text},
};
use countersign_core::catalogue::{ActionSpec, Risk};
use jsonschema::Validator;
use reqwest::{
    Method, StatusCode,
    header::{HeaderName, HeaderValue},
};
use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

/// Where in an action's manifest and what is wrong there.
pub(crate) type Wrong = (&'static str, String);

fn invalid(connector: &str, at: impl Into<String>, message: impl Into<String>) -> ManifestError {
    ManifestError::Invalid { connector: connector.to_owned(), at: at.into(), message: message.into() }
}

fn spec(name: &str, action: &ActionManifest) -> ActionSpec {
    ActionSpec {
        name: name.to_owned(),
        title: action.title.clone(),
        description: action.description.clone(),
        risk: action.risk,
        risk_by: action.risk_by.clone(),
        idempotency: action.idempotency.to_catalogue(),
        look_up: action.look_up.as_ref().map(|look_up| look_up.action.clone()),
        input: pagination::input(action),
        output: pagination::output(action),
    }
}

pub(crate) fn compile_connector(manifest: Manifest, inputs: Inputs) -> Result<Connector, ManifestError> {
    let wrong = |at: &str, message: String| invalid(&manifest.name, at, message);
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if manifest.name.is_empty() || manifest.name.len() > 64 || !manifest.name.chars().all(plain) {
        return Err(wrong("name", "must be 1 to 64 lower-case letters, digits or `_`".to_owned()));
    }
    let schemas = Schemas { input: None, settings: Some(&manifest.settings) };
    let mut headers = Vec::with_capacity(manifest.headers.len());
    for (name, value) in &manifest.headers {
        headers.push((header(name).map_err(|message| wrong("headers", message))?, Text::parse(value, schemas)));
    }
    check_auth(&manifest.auth).map_err(|message| wrong("auth.name", message))?;
    let declared = manifest.settings.get("properties").and_then(Value::as_object);
    if let Some(name) = declared.into_iter().flat_map(|members| members.keys()).find(|name| limits::is_limit(name)) {
        let message = "is a limit that every connection may have: name the setting otherwise";
        return Err(wrong(&format!("settings.properties.{name}"), message.to_owned()));
    }
    let settings = validator(&manifest.settings).map_err(|message| wrong("settings", message))?;
    let secrets = validator(&manifest.secrets).map_err(|message| wrong("secrets", message))?;
    let base_url = Text::parse(manifest.base_url.trim_end_matches('/'), schemas);
    let mut actions = HashMap::with_capacity(manifest.actions.len());
    let mut specs = Vec::with_capacity(manifest.actions.len());
    for (name, action) in &manifest.actions {
        let spec = Arc::new(spec(&format!("{}.{name}", manifest.name), action));
        let compiled = compile_action(&manifest, action, Arc::clone(&spec), inputs)
            .map_err(|(at, message)| invalid(&manifest.name, format!("actions.{name}.{at}"), message))?;
        specs.push(spec);
        actions.insert(name.clone(), compiled);
    }
    check_look_ups(&manifest.name, &actions)?;
    check_probe(&manifest, &actions)?;
    let oauth2 = Oauth2Rule::of(&manifest, schemas).map_err(|(at, message)| wrong(&at, message))?;
    Ok(Connector { hash: OnceLock::new(), oauth2, base_url, headers, settings, secrets, actions, specs, manifest })
}

fn check_look_ups(connector: &str, actions: &HashMap<String, Action>) -> Result<(), ManifestError> {
    for (name, action) in actions {
        let Some(look_up) = &action.look_up else { continue };
        own_read(connector, actions, &look_up.action)
            .map_err(|message| invalid(connector, format!("{connector}.{name}.look_up.action"), message))?;
    }
    Ok(())
}

fn check_probe(manifest: &Manifest, actions: &HashMap<String, Action>) -> Result<(), ManifestError> {
    let Some(probe) = &manifest.probe else { return Ok(()) };
    let action = own_read(&manifest.name, actions, &probe.action)
        .map_err(|message| invalid(&manifest.name, "probe.action", message))?;
    let input = action.input.validator().map_err(|why| invalid(&manifest.name, "probe.action", why))?;
    let mut errors = input.iter_errors(&probe.input);
    match errors.next() {
        Some(error) => {
            let message = format!("`{}` does not take it: {}: {error}", probe.action, error.instance_path());
            Err(invalid(&manifest.name, "probe.input", message))
        }
        None => Ok(()),
    }
}

/// The read action of this connector with this full name, or why there is none.
fn own_read<'a>(connector: &str, actions: &'a HashMap<String, Action>, name: &str) -> Result<&'a Action, String> {
    let own = name.strip_prefix(connector).and_then(|rest| rest.strip_prefix('.'));
    let wrong = match own.map(|own| actions.get(own)) {
        None => "must be of the same connector",
        Some(None) => "names no action",
        Some(Some(action)) if action.spec.worst_risk() != Risk::Read => "must be a read action",
        Some(Some(action)) => return Ok(action),
    };
    Err(format!("`{name}` {wrong}"))
}

fn compile_action(
    manifest: &Manifest,
    action: &ActionManifest,
    spec: Arc<ActionSpec>,
    inputs: Inputs,
) -> Result<Action, Wrong> {
    let at = |place: &'static str| move |message: String| (place, message);
    let schemas = Schemas { input: Some(&action.input), settings: Some(&manifest.settings) };
    let optional = |value: &Value, place| {
        (!value.is_null()).then(|| Template::parse(value, schemas)).transpose().map_err(at(place))
    };
    let target = match (&action.path, &action.url) {
        (Some(path), None) if path.starts_with('/') || path.is_empty() => Target::Path(Text::parse(path, schemas)),
        (None, Some(url)) => Target::Url(Pointer::parse(url, schemas).map_err(at("url"))?),
        (Some(_), None) => return Err(("path", "must begin with `/`".to_owned())),
        (Some(_), Some(_)) | (None, None) => return Err(("path", "give either `path` or `url`".to_owned())),
    };
    let query = optional(&action.query, "query")?;
    let headers = optional(&action.headers, "headers")?;
    let cookies = optional(&action.cookies, "cookies")?;
    let server = action.server.as_ref().map(|name| compile_server(manifest, name)).transpose().map_err(at("server"))?;
    if let Some(auth) = &action.auth {
        check_auth(auth).map_err(at("auth"))?;
    }
    let body = action.body.as_ref().map(|body| compile_body(body, schemas)).transpose().map_err(at("body"))?;
    let key_header = match &action.idempotency {
        IdempotencyManifest::Header { name } => Some(header(name).map_err(at("idempotency.name"))?),
        IdempotencyManifest::Key { .. } => {
            let mentioned = query.iter().chain(&headers).chain(body.iter().map(|body| &body.value));
            if !mentioned.into_iter().any(Template::mentions_key) {
                return Err(("idempotency", "kind `key` needs `$key` or `{key}` in the request".to_owned()));
            }
            None
        }
        IdempotencyManifest::Natural { .. } | IdempotencyManifest::None => None,
    };
    let result = optional(&action.result, "result")?.map(|mut template| {
        let body_member = template.take_body_member();
        ResultRule { template, body_member }
    });
    if let Some(by) = &action.risk_by
        && action.input.pointer("/properties").and_then(|members| members.get(&by.member)).is_none()
    {
        return Err(("risk_by.member", format!("the input has no member `{}`", by.member)));
    }
    if inputs == Inputs::Unchecked {
        validator(&action.input).map_err(at("input"))?;
    }
    let paged = action.pagination.is_some();
    Ok(Action {
        paging: Paging::of(action, spec.worst_risk())?,
        input: InputRule::new(Arc::clone(&spec), paged),
        spec,
        method: compile_method(&action.method, schemas).map_err(at("method"))?,
        target,
        query,
        headers,
        cookies,
        styles: action.styles.clone(),
        server,
        auth: action.auth.clone(),
        body,
        key_header,
        done: DoneCodes::of(&action.idempotency),
        errors: compile_errors(action.errors.as_ref().unwrap_or(&manifest.errors)).map_err(at("errors"))?,
        look_up: action
            .look_up
            .as_ref()
            .map(|look_up| compile_look_up(look_up, schemas))
            .transpose()
            .map_err(at("look_up"))?,
        answer: action.answer,
        result,
    })
}

fn check_auth(auth: &Auth) -> Result<(), String> {
    match auth {
        Auth::Header { name, .. } => header(name).map(drop),
        Auth::Hmac(signing) => {
            header(&signing.header)?;
            signing.timestamp_header.as_deref().map(header).transpose()?;
            signing.check()
        }
        Auth::All { of } | Auth::Any { of } => of.iter().try_for_each(check_auth),
        Auth::None
        | Auth::Bearer { .. }
        | Auth::Basic { .. }
        | Auth::Query { .. }
        | Auth::Cookie { .. }
        | Auth::Oauth2(_) => Ok(()),
    }
}

fn compile_server(manifest: &Manifest, name: &str) -> Result<(String, String), String> {
    let schema = manifest.settings.get("properties").and_then(|properties| properties.get(name));
    let schema = schema.ok_or_else(|| format!("there is no setting `{name}`"))?;
    let default = schema.get("default").and_then(Value::as_str).unwrap_or_default();
    Ok((name.to_owned(), default.to_owned()))
}

fn compile_method(method: &str, schemas: Schemas<'_>) -> Result<MethodRule, String> {
    if method.starts_with('$') {
        return Pointer::parse(method, schemas).map(MethodRule::From);
    }
    if !is_method(method) {
        return Err(format!("`{method}` is not one of {}", METHODS.join(", ")));
    }
    Method::from_bytes(method.as_bytes()).map(MethodRule::Fixed).map_err(|error| error.to_string())
}

/// Methods an action may have.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"];

/// Whether an action may have this method, in capitals.
pub(crate) fn is_method(method: &str) -> bool {
    METHODS.contains(&method)
}

fn compile_body(body: &crate::manifest::BodyManifest, schemas: Schemas<'_>) -> Result<BodyRule, String> {
    if (body.encoding == Encoding::Graphql) == body.query.is_empty() {
        return Err("`query` goes with encoding `graphql` and only with it".to_owned());
    }
    Ok(BodyRule {
        encoding: body.encoding,
        value: Template::parse(&body.value, schemas)?,
        query: Value::from(body.query.trim()),
        content_type: Some(body.content_type.as_str())
            .filter(|kind| !kind.is_empty())
            .map(|kind| header_value(kind).ok_or_else(|| format!("`{kind}` is not a media type")))
            .transpose()?,
        styles: body.styles.clone(),
    })
}

fn compile_errors(rules: &ErrorRules) -> Result<Errors, String> {
    let pointers = |paths: &[String]| {
        paths.iter().map(|path| Pointer::parse(path, Schemas::default())).collect::<Result<Vec<_>, _>>()
    };
    let pointer = |path: &str| Pointer::parse(path, Schemas::default());
    let budget = |rule: &BudgetRule| {
        let (cost, left) = (pointer(&rule.cost)?, pointer(&rule.left)?);
        Ok::<_, String>(Budget { cost, left, per_second: pointer(&rule.per_second)? })
    };
    let status = |status: &u16| StatusCode::from_u16(*status).map_err(|error| format!("status {status}: {error}"));
    Ok(Errors {
        code: pointers(&rules.code)?,
        message: pointers(&rules.message)?,
        failed_when: compile_rules(&rules.failed_when, Schemas::default())?,
        retryable_codes: rules.retryable_codes.clone(),
        unknown_codes: rules.unknown_codes.clone(),
        retryable_statuses: rules.retryable_statuses.iter().map(status).collect::<Result<_, _>>()?,
        retry_header: rules.retry_header.as_deref().map(header).transpose()?,
        budget: rules.budget.as_ref().map(budget).transpose()?,
    })
}

fn compile_rules(rules: &[ValueRule], schemas: Schemas<'_>) -> Result<Vec<Rule>, String> {
    let compile = |rule: &ValueRule| {
        Ok(Rule {
            at: Pointer::parse(&rule.at, schemas)?,
            equals: rule.equals.as_ref().map(|wanted| Template::parse(wanted, schemas)).transpose()?,
            not_empty: rule.not_empty,
        })
    };
    rules.iter().map(compile).collect()
}

fn compile_look_up(look_up: &LookUpManifest, schemas: Schemas<'_>) -> Result<LookUpRule, String> {
    if look_up.happened_when.all.is_empty() {
        return Err("`happened_when.all` needs a rule".to_owned());
    }
    Ok(LookUpRule {
        action: look_up.action.clone(),
        input: Template::parse(&look_up.input, schemas)?,
        any: look_up.happened_when.any.as_deref().map(|path| Pointer::parse(path, schemas)).transpose()?,
        answered_when: compile_rules(&look_up.happened_when.answered_when, schemas)?,
        all: compile_rules(&look_up.happened_when.all, schemas)?,
        result: (!look_up.result.is_null()).then(|| Template::parse(&look_up.result, schemas)).transpose()?,
    })
}

fn header(name: &str) -> Result<HeaderName, String> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("`{name}` is not a header's name"))
}

pub(crate) fn header_value(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(text).ok()
}

pub(crate) fn validator(schema: &Value) -> Result<Validator, String> {
    jsonschema::validator_for(schema).map_err(|error| format!("not a usable JSON Schema: {error}"))
}
