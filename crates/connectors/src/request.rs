//! Makes the request of a call: what is sent, and what is shown of it.

use crate::{
    call::{CallError, RenderedRequest},
    compile::header_value,
    connection::Connection,
    form::{self, Lists},
    limits::Limits,
    manifest::{Auth, Encoding},
    multipart,
    redact::{MASK, Redactor, is_secret_header},
    registry::{Action, Connector, MethodRule, Target},
    signing::{self, Signed, Signing},
    style,
    template::Scope,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use countersign_core::catalogue::Risk;
use countersign_outbound::HostList;
use reqwest::{
    Method,
    header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use url::{Url, form_urlencoded};

/// Stands for the key where a request is rendered before it is sent, so that the rendering is the same every time.
pub(crate) const KEY_TO_COME: &str = "(set when sent)";

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// A request ready to be sent.
pub(crate) struct Prepared {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
    /// The same without secrets.
    pub(crate) shown: RenderedRequest,
    pub(crate) risk: Risk,
    /// The only hosts it may go to, where the connection limits them.
    pub(crate) only: Option<HostList>,
}

/// What a request is made for.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) connector: &'a Connector,
    pub(crate) action: &'a Action,
    pub(crate) input: &'a Value,
    pub(crate) key: &'a str,
    pub(crate) connection: Option<&'a Connection>,
    /// Whether it may have been sent before.
    pub(crate) repeated: bool,
    /// Address of a page that the answer before it named, of the same origin; else it is made of the input.
    pub(crate) page: Option<&'a Url>,
}

/// Makes the request of an input that was checked.
pub(crate) fn prepare(wanted: Wanted<'_>, redactor: &mut Redactor<'_>) -> Result<Prepared, CallError> {
    let Wanted { connector, action, input, key, connection, page, repeated: _ } = wanted;
    if let Some(other) = connection.filter(|connection| connection.connector != connector.manifest.name) {
        let message = format!("connection `{}` is for connector `{}`", other.name, other.connector);
        return Err(CallError::fatal("connection_mismatch", message));
    }
    let scope = Scope {
        input: Some(input),
        settings: connection.map(|connection| &connection.settings),
        key,
        ..Scope::default()
    };
    let method = method(action, &scope)?;
    let base = base_url(connector, action, connection, &scope)?;
    let mut url = match page {
        Some(page) => page.clone(),
        None => whole_url(action, &scope, url(connector, action, &scope, &base)?),
    };
    let limits = connection.map(|connection| (connection, Limits::of(&connection.settings)));
    let only = match &limits {
        Some((connection, limits)) => limits.only((&connection.name, &base), &url)?,
        None => None,
    };
    let mut headers = HeaderMap::new();
    for (name, value) in &connector.headers {
        insert(&mut headers, name.clone(), &value.eval(&scope))?;
    }
    if let Some(Value::Object(members)) = action.headers.as_ref().and_then(|headers| headers.eval(&scope)) {
        for (name, value) in &members {
            match action.styles.headers.get(name) {
                Some(style) => insert_given(&mut headers, name, &style::text(value, *style))?,
                None => insert_given(&mut headers, name, value)?,
            }
        }
    }
    let mut cookies = action.cookies.as_ref().and_then(|cookies| cookies.eval(&scope)).unwrap_or_default();
    let auth = action.auth.as_ref().unwrap_or(&connector.manifest.auth);
    let credentials = credentials(auth, connector, connection, redactor)?;
    if !credentials.is_empty() {
        same_origin(action, &url, &base)?;
    }
    let (mut secret_cookie, mut signings) = (false, Vec::new());
    for credential in credentials {
        match credential {
            Credential::Header(name, value) => drop(headers.insert(name, value)),
            Credential::Signature(signing, secret) => signings.push((signing, secret)),
            Credential::Query(name, value) => {
                take_out_of_query(&mut url, &name);
                append_query(&mut url, &form::encode(&json!({ name: value }), Lists::Repeated))
            }
            Credential::Cookie(name, value) => {
                secret_cookie = true;
                merge(&mut cookies, name, value);
            }
        }
    }
    if let Some(mut value) = style::cookies(&cookies) {
        value.set_sensitive(secret_cookie);
        headers.insert(COOKIE, value);
    }
    if let Some(name) = &action.key_header {
        insert(&mut headers, name.clone(), key)?;
    }
    let (body, shown_body) = body(action, &scope, &mut headers)?;
    let signed = Signed { method: method.as_str(), url: &url, body: body.as_deref().unwrap_or_default() };
    sign(&signings, &signed, (&mut headers, redactor), key == KEY_TO_COME)?;
    let shown = shown(&method, &url, &headers, shown_body, redactor);
    Ok(Prepared { method, url, headers, body, shown, risk: action.spec.risk_of(input), only })
}

/// Signs the request as it will be sent. What is only shown has no time yet, so that it is the same every time.
fn sign(
    signings: &[(&Signing, String)],
    request: &Signed<'_>,
    (headers, redactor): (&mut HeaderMap, &mut Redactor<'_>),
    to_come: bool,
) -> Result<(), CallError> {
    let name = |name: &str| {
        HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| CallError::fatal("connection_invalid", "not a header's name"))
    };
    for (signing, secret) in signings {
        let timestamp = if to_come { KEY_TO_COME.to_owned() } else { signing::timestamp() };
        let signature = signing.signature(secret, request, &timestamp);
        redactor.add(&signature);
        if let Some(header) = &signing.timestamp_header {
            insert(headers, name(header)?, &timestamp)?;
        }
        if let Credential::Header(name, value) = header_credential(name(&signing.header)?, &signature)? {
            headers.insert(name, value);
        }
    }
    Ok(())
}

fn whole_url(action: &Action, scope: &Scope<'_>, mut url: Url) -> Url {
    if let Some(query) = action.query.as_ref().and_then(|query| query.eval(scope)) {
        append_query(&mut url, &style::query(&query, &action.styles.query, &action.styles.reserved));
    }
    url
}

/// Refuses an input that does not fit the action.
pub(crate) fn check_input(action: &Action, input: &Value, redactor: &Redactor<'_>) -> Result<(), CallError> {
    let rule = action.input.validator().map_err(|why| CallError::fatal("input_invalid", why))?;
    if rule.is_valid(input) {
        return Ok(());
    }
    let mut problems = rule.iter_errors(input).take(20).map(|error| {
        let mut message = error.to_string();
        redactor.text(&mut message);
        (error.instance_path().to_string(), message)
    });
    let (pointer, message) = problems.next().unwrap_or_default();
    let place = if pointer.is_empty() { "the input" } else { pointer.as_str() };
    let mut error = CallError::fatal("input_invalid", format!("{place}: {message}"));
    let first = (pointer.clone(), message.clone());
    error.details = std::iter::once(first)
        .chain(problems)
        .map(|(pointer, message)| json!({ "pointer": pointer, "message": message }))
        .collect();
    Err(error)
}

fn method(action: &Action, scope: &Scope<'_>) -> Result<Method, CallError> {
    match &action.method {
        MethodRule::Fixed(method) => Ok(method.clone()),
        MethodRule::From(pointer) => pointer
            .find(scope)
            .and_then(Value::as_str)
            .and_then(|text| Method::from_bytes(text.as_bytes()).ok())
            .ok_or_else(|| CallError::fatal("input_invalid", "/method: not an HTTP method")),
    }
}

/// The connection's setting with the base URL, else the manifest's with settings percent-encoded, so that a setting
/// cannot name another host; no slash at the end, may be empty.
fn base_url(
    connector: &Connector,
    action: &Action,
    connection: Option<&Connection>,
    scope: &Scope<'_>,
) -> Result<String, CallError> {
    let setting = action.server.as_ref().map_or("base_url", |(name, _)| name.as_str());
    let own = connection.and_then(|connection| connection.settings.get(setting)).and_then(Value::as_str);
    let of_action = action.server.as_ref().map(|(_, url)| url.as_str());
    match own.filter(|url| !url.is_empty()).or(of_action) {
        Some(url) => Ok(url.trim_end_matches('/').to_owned()),
        None => connector.base_url.eval_path(scope).map_err(|pointer| {
            let name = &connector.manifest.name;
            CallError::fatal(
                "connection_missing",
                format!("connector `{name}` needs a connection with settings{pointer}"),
            )
        }),
    }
}

fn url(connector: &Connector, action: &Action, scope: &Scope<'_>, base: &str) -> Result<Url, CallError> {
    let text = match &action.target {
        Target::Path(path) => {
            if base.is_empty() {
                let message = format!("connector `{}` needs a connection with a base URL", connector.manifest.name);
                return Err(CallError::fatal("connection_missing", message));
            }
            let path = path.eval_styled(scope, &action.styles.path).map_err(|pointer| {
                CallError::fatal(
                    "input_invalid",
                    format!("{pointer}: must be there and not empty: it is part of the URL"),
                )
            })?;
            format!("{base}{path}")
        }
        Target::Url(pointer) => {
            let given = pointer.find(scope).and_then(Value::as_str).unwrap_or_default();
            if given.starts_with('/') { format!("{base}{given}") } else { given.to_owned() }
        }
    };
    let url = Url::parse(&text)
        .map_err(|error| CallError::fatal("url_invalid", format!("the request's URL cannot be used: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(CallError::fatal("url_invalid", "only http and https URLs with a host can be called"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(CallError::fatal("url_invalid", "credentials do not belong into a URL: use a connection"));
    }
    Ok(url)
}

/// A secret goes only where its connection points: a URL from the input must not lead it elsewhere.
fn same_origin(action: &Action, url: &Url, base: &str) -> Result<(), CallError> {
    match &action.target {
        Target::Path(_) => Ok(()),
        Target::Url(_) => match Url::parse(base) {
            Ok(base) if base.origin() == url.origin() => Ok(()),
            Ok(_) | Err(_) => Err(CallError::fatal(
                "credentials_elsewhere",
                "the URL is outside the connection's base URL, so its credentials are not sent there",
            )),
        },
    }
}

/// A page's address may repeat the credential of the page before it.
fn take_out_of_query(url: &mut Url, name: &str) {
    let Some(query) = url.query() else { return };
    let is_it = |part: &&str| form_urlencoded::parse(part.as_bytes()).next().is_some_and(|(key, _)| key == name);
    if query.split('&').any(|part| is_it(&part)) {
        let rest = query.split('&').filter(|part| !is_it(part)).collect::<Vec<_>>().join("&");
        url.set_query(Some(rest.as_str()).filter(|rest| !rest.is_empty()));
    }
}

fn append_query(url: &mut Url, query: &str) {
    if query.is_empty() {
        return;
    }
    let joined = match url.query().filter(|present| !present.is_empty()) {
        Some(present) => format!("{present}&{query}"),
        None => query.to_owned(),
    };
    url.set_query(Some(&joined));
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) -> Result<(), CallError> {
    let value = header_value(value).ok_or_else(|| {
        CallError::fatal("input_invalid", format!("the value of header `{name}` has forbidden characters"))
    })?;
    headers.insert(name, value);
    Ok(())
}

/// Headers that nobody gives: those of the transport would change where a request ends or goes, the others make it of
/// another method than the one whose risk is known.
const RESERVED_HEADERS: [&str; 10] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "trailer",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
];

fn insert_given(headers: &mut HeaderMap, name: &str, value: &Value) -> Result<(), CallError> {
    let refused = |why: &str| CallError::fatal("input_invalid", format!("/headers: `{name}` {why}"));
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused("is not a header's name"))?;
    if RESERVED_HEADERS.contains(&name.as_str()) {
        return Err(refused("cannot be set"));
    }
    match value {
        Value::String(text) => insert(headers, name, text),
        Value::Number(number) => insert(headers, name, &number.to_string()),
        Value::Bool(flag) => insert(headers, name, &flag.to_string()),
        Value::Null => Ok(()),
        Value::Array(_) | Value::Object(_) => Err(refused("must be a string")),
    }
}

enum Credential<'a> {
    Header(HeaderName, HeaderValue),
    /// Made when everything else is there, with this secret.
    Signature(&'a Signing, String),
    Query(String, String),
    Cookie(String, String),
}

/// What the connection proves itself with; nothing where that is optional and it has nothing.
fn credentials<'a>(
    auth: &'a Auth,
    connector: &Connector,
    connection: Option<&Connection>,
    redactor: &mut Redactor<'_>,
) -> Result<Vec<Credential<'a>>, CallError> {
    let secret = |name: &str| connection.and_then(|connection| connection.secrets.get(name));
    let name = &connector.manifest.name;
    let missing = |required: bool| {
        let message = format!("connector `{name}` needs a connection with its credentials");
        if required { Err(CallError::fatal("connection_missing", message)) } else { Ok(Vec::new()) }
    };
    let authorization = |text: String| Ok(vec![header_credential(AUTHORIZATION, &text)?]);
    match auth {
        Auth::None => Ok(Vec::new()),
        Auth::Bearer { secret: name, required } => match secret(name) {
            Some(token) => authorization(format!("Bearer {token}")),
            None => missing(*required),
        },
        Auth::Header { name, secret: of, required } => match secret(of) {
            Some(value) => {
                let name = HeaderName::from_bytes(name.as_bytes())
                    .map_err(|_| CallError::fatal("connection_invalid", "not a header's name"))?;
                Ok(vec![header_credential(name, value)?])
            }
            None => missing(*required),
        },
        Auth::Query { name, secret: of, required } => match secret(of) {
            Some(value) => Ok(vec![Credential::Query(name.clone(), value.to_owned())]),
            None => missing(*required),
        },
        Auth::Cookie { name, secret: of, required } => match secret(of) {
            Some(value) => Ok(vec![Credential::Cookie(name.clone(), value.to_owned())]),
            None => missing(*required),
        },
        Auth::Basic { username, password, required } => {
            let setting = || connection?.settings.get(username)?.as_str();
            let Some((user, password)) = secret(username).or_else(setting).zip(secret(password)) else {
                return missing(*required);
            };
            let token = BASE64_STANDARD.encode(format!("{user}:{password}"));
            redactor.add(&token);
            redactor.add(&format!("{user}:{password}"));
            authorization(format!("Basic {token}"))
        }
        Auth::Hmac(signing) => match secret(&signing.secret) {
            Some(key) => Ok(vec![Credential::Signature(signing, key.to_owned())]),
            None => missing(signing.required),
        },
        Auth::Oauth2(oauth2) => match connection.and_then(|connection| connection.secrets.access_token()) {
            Some(token) => authorization(format!("Bearer {token}")),
            None => missing(oauth2.required),
        },
        Auth::All { of } => {
            let parts = of.iter().map(|auth| credentials(auth, connector, connection, redactor));
            Ok(parts.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
        }
        Auth::Any { of } => {
            let mut required = true;
            for auth in of {
                match credentials(auth, connector, connection, redactor) {
                    Ok(found) if !found.is_empty() => return Ok(found),
                    Ok(_) => required = false,
                    Err(error) if error.code == "connection_missing" => {}
                    Err(error) => return Err(error),
                }
            }
            missing(required)
        }
    }
}

fn header_credential<'a>(name: HeaderName, text: &str) -> Result<Credential<'a>, CallError> {
    let mut value = header_value(text)
        .ok_or_else(|| CallError::fatal("connection_invalid", "a secret of the connection has forbidden characters"))?;
    value.set_sensitive(true);
    Ok(Credential::Header(name, value))
}

fn merge(object: &mut Value, name: String, value: String) {
    if let Value::Object(members) = object {
        members.insert(name, value.into());
    } else {
        *object = json!({ name: value });
    }
}

fn body(action: &Action, scope: &Scope<'_>, headers: &mut HeaderMap) -> Result<(Option<Bytes>, Value), CallError> {
    let Some(rule) = &action.body else { return Ok((None, Value::Null)) };
    let Some(value) = rule.value.eval(scope) else { return Ok((None, Value::Null)) };
    if let Some(kind) = &rule.content_type {
        headers.entry(CONTENT_TYPE).or_insert_with(|| kind.clone());
    }
    let wants_form = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(FORM.as_bytes()));
    match (rule.encoding, value) {
        (Encoding::Auto, Value::String(text)) => {
            headers.entry(CONTENT_TYPE).or_insert(TEXT);
            Ok((Some(Bytes::from(text.clone())), Value::String(text)))
        }
        (Encoding::Auto, value @ (Value::Object(_) | Value::Array(_))) if wants_form => {
            Ok((Some(Bytes::from(form::encode(&value, Lists::Repeated))), value))
        }
        (Encoding::Form, value) => {
            headers.entry(CONTENT_TYPE).or_insert(FORM);
            Ok((Some(Bytes::from(form::encode(&value, Lists::Indexed))), value))
        }
        (Encoding::Graphql, variables) => {
            headers.entry(CONTENT_TYPE).or_insert(JSON);
            let value = json!({ "query": rule.query, "variables": variables });
            Ok((Some(json_bytes(&value)?), value))
        }
        (Encoding::Fields, value) => {
            headers.entry(CONTENT_TYPE).or_insert(FORM);
            Ok((Some(Bytes::from(style::query(&value, &rule.styles, &[]))), value))
        }
        (Encoding::Multipart, value) => {
            let (bytes, kind) = multipart::encode(&value)?;
            headers.insert(CONTENT_TYPE, kind);
            Ok((Some(bytes), value))
        }
        (Encoding::Text | Encoding::Bytes, value) => {
            headers.entry(CONTENT_TYPE).or_insert(if rule.encoding == Encoding::Text { TEXT } else { OCTETS });
            Ok((Some(multipart::bytes(&value)?), value))
        }
        (Encoding::Json | Encoding::Auto, value) => {
            headers.entry(CONTENT_TYPE).or_insert(JSON);
            Ok((Some(json_bytes(&value)?), value))
        }
    }
}

fn json_bytes(value: &Value) -> Result<Bytes, CallError> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|error| CallError::fatal("input_invalid", error.to_string()))
}

fn shown(method: &Method, url: &Url, headers: &HeaderMap, mut body: Value, redactor: &Redactor<'_>) -> RenderedRequest {
    let mut shown_url = url.to_string();
    redactor.text(&mut shown_url);
    redactor.value(&mut body);
    let headers: BTreeMap<String, String> = headers
        .iter()
        .map(|(name, value)| {
            let hidden = value.is_sensitive() || is_secret_header(name);
            let mut text =
                if hidden { MASK.to_owned() } else { String::from_utf8_lossy(value.as_bytes()).into_owned() };
            redactor.text(&mut text);
            (name.as_str().to_owned(), text)
        })
        .collect();
    RenderedRequest { method: method.as_str().to_owned(), url: shown_url, headers, body }
}
