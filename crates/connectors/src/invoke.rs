//! Sends calls.

use crate::{
    call::{Call, CallError, CallOutcome, Exchange, LookUp, RenderedRequest},
    classify::{self, Answered},
    connection::Connection,
    limits,
    manifest::Answer,
    pages::{Asked, Pace},
    redact::Redactor,
    registry::{Action, Connector, LookUpRule, Registry},
    request::{self, KEY_TO_COME, Prepared, Wanted},
    template::{Response, Scope},
};
use bytes::Bytes;
use countersign_core::catalogue::Risk;
use countersign_outbound::{Answer as Received, Content, Failure, Outbound, Request};
use reqwest::{
    StatusCode,
    header::{HeaderMap, HeaderValue},
};
use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use url::Url;

/// Longest answer that is read, all pages together.
pub(crate) const BODY_BYTES_MAX: usize = 5 * 1024 * 1024;

/// How much of an answer's text the exchange keeps.
const KEPT_BYTES_MAX: usize = 64 * 1024;

/// Headers of an answer that help to explain it.
const KEPT_HEADERS: [&str; 13] = [
    "content-type",
    "date",
    "location",
    "retry-after",
    "request-id",
    "x-request-id",
    "idempotent-replayed",
    "original-request",
    "stripe-should-retry",
    "stripe-version",
    "x-shopify-api-version",
    "x-shopify-shop-api-call-limit",
    "www-authenticate",
];

/// Stands for an access token where a request is rendered: it is shown as a secret, whatever it is.
const TOKEN_TO_COME: &str = "oauth2-access-token-to-come";

/// Makes calls; share one per process (it is cheap to clone).
#[derive(Debug, Clone)]
pub struct Invoker {
    registry: Registry,
    outbound: Outbound,
    pub(crate) pace: Option<Arc<dyn Pace>>,
}

impl Invoker {
    /// An invoker of these connectors that calls by that way.
    #[must_use]
    pub fn new(registry: Registry, outbound: Outbound) -> Self {
        Self { registry, outbound, pace: None }
    }

    /// The same, asking somebody before each page of a list after the first.
    #[must_use]
    pub fn paced(&self, pace: Arc<dyn Pace>) -> Self {
        Self { pace: Some(pace), ..self.clone() }
    }

    /// The same, with other connectors: those a version was published with.
    #[must_use]
    pub fn knowing(&self, registry: Registry) -> Self {
        Self { registry, ..self.clone() }
    }

    /// The way its calls go.
    #[must_use]
    pub fn outbound(&self) -> &Outbound {
        &self.outbound
    }

    /// The connectors it knows.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The request a call would send, for approvers: without secrets, and the same for the same input every time.
    pub fn render(
        &self,
        action: &str,
        input: &Value,
        connection: Option<&Connection>,
    ) -> Result<RenderedRequest, CallError> {
        let tokenless = connection.filter(|one| one.secrets.access_token().is_none());
        let stand_in = tokenless.filter(|one| self.registry.takes_token(action, one)).map(|one| {
            let secrets = one.secrets.with_access_token(TOKEN_TO_COME);
            Connection { secrets, ..one.clone() }
        });
        let connection = stand_in.as_ref().or(connection);
        let mut redactor = Redactor::new(connection.map(|connection| &connection.secrets));
        let (connector, action) = self.find(action)?;
        let asked = Asked::of(action, input, &redactor)?;
        let input = &*asked.input;
        let wanted = Wanted { connector, action, input, key: KEY_TO_COME, connection, repeated: false, page: None };
        request::prepare(wanted, &mut redactor).map(|prepared| prepared.shown)
    }

    /// Makes one call, one attempt.
    pub async fn invoke(&self, call: Call<'_>) -> CallOutcome {
        let mut redactor = Redactor::new(call.connection.map(|connection| &connection.secrets));
        let found = self.find(call.action).and_then(|(connector, action)| {
            let asked = Asked::of(action, call.input, &redactor)?;
            Ok((connector, action, asked))
        });
        let (connector, action, asked) = match found {
            Ok(found) => found,
            Err(error) => return CallOutcome::Failed { error, exchange: None },
        };
        let started = Instant::now();
        let Call { key, connection, repeated, .. } = call;
        let timeout = connection.map_or(call.timeout, |one| limits::Limits::of(&one.settings).timeout(call.timeout));
        let wanted = Wanted { connector, action, input: &asked.input, key, connection, repeated, page: None };
        let outcome = match asked.pages {
            Some(pages) => self.pages(wanted, pages, timeout, &mut redactor).await,
            None => self.ask(wanted, Limits { timeout, body_bytes_max: BODY_BYTES_MAX }, &mut redactor).await.map(
                |(Reply { status, headers, body, .. }, exchange)| (output(wanted, status, &headers, body), exchange),
            ),
        };
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        match outcome {
            Ok((mut output, exchange)) => {
                redactor.value(&mut output);
                tracing::debug!(action = call.action, key, status = exchange.status, "called");
                CallOutcome::Succeeded { output, exchange: Exchange { duration_ms, ..exchange } }
            }
            Err(Unanswered { mut error, exchange }) => {
                redactor.text(&mut error.code);
                redactor.text(&mut error.message);
                redactor.value(&mut error.details);
                let exchange = exchange.map(|exchange| Exchange { duration_ms, ..*exchange });
                tracing::debug!(action = call.action, key, code = error.code, "called");
                CallOutcome::Failed { error, exchange }
            }
        }
    }

    /// Asks, with the action's declared look-up, whether a call with an unknown outcome took place. `call` is the
    /// original call; its timeout is the look-up's.
    pub async fn look_up(&self, call: Call<'_>) -> LookUp {
        let Some(rule) = self.registry.action(call.action).and_then(|(_, action)| action.look_up.as_ref()) else {
            return LookUp::Unknown;
        };
        let scope = Scope {
            input: Some(call.input),
            settings: call.connection.map(|connection| &connection.settings),
            key: call.key,
            ..Scope::default()
        };
        let input = rule.input.eval(&scope).unwrap_or_default();
        match self.invoke(Call { action: &rule.action, input: &input, repeated: false, ..call }).await {
            CallOutcome::Succeeded { output, .. } => judge(rule, &scope, &output),
            CallOutcome::Failed { .. } => LookUp::Unknown,
        }
    }

    fn find(&self, name: &str) -> Result<(&Connector, &Action), CallError> {
        self.registry
            .action(name)
            .ok_or_else(|| CallError::fatal("action_unknown", format!("there is no action `{name}`")))
    }

    /// Sends one request and reads its answer.
    pub(crate) async fn ask(
        &self,
        wanted: Wanted<'_>,
        limits: Limits,
        redactor: &mut Redactor<'_>,
    ) -> Result<(Reply, Exchange), Unanswered> {
        let prepared = request::prepare(wanted, redactor).map_err(|error| Unanswered { error, exchange: None })?;
        let Prepared { method, url, headers, body, shown, risk, only } = prepared;
        let Limits { timeout, body_bytes_max } = limits;
        let body = body.unwrap_or_default();
        let follow = risk == Risk::Read;
        let request = Request { method, url: url.clone(), headers, body, timeout, body_bytes_max, follow, only };
        let sent = self.outbound.exchange(request).await;
        finish(wanted, url, sent, shown, redactor)
    }
}

/// What one request may take.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) timeout: Duration,
    pub(crate) body_bytes_max: usize,
}

/// A good answer.
pub(crate) struct Reply {
    /// What was asked.
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    pub(crate) body_bytes: usize,
}

/// Why there is none.
pub(crate) struct Unanswered {
    pub(crate) error: CallError,
    /// Absent when nothing was about to be sent.
    pub(crate) exchange: Option<Box<Exchange>>,
}

fn finish(
    wanted: Wanted<'_>,
    url: Url,
    sent: Result<Received, Failure>,
    request: RenderedRequest,
    redactor: &Redactor<'_>,
) -> Result<(Reply, Exchange), Unanswered> {
    let action = wanted.action;
    let risk = action.spec.risk_of(wanted.input);
    let mut exchange = Exchange {
        status: None,
        request,
        response_headers: BTreeMap::new(),
        response_body: String::new(),
        response_truncated: false,
        duration_ms: 0,
        pages: None,
    };
    let failed = |error, exchange| Err(Unanswered { error, exchange: Some(Box::new(exchange)) });
    let received = match sent {
        Ok(received) => received,
        Err(error) => return failed(classify::failure(risk, error), exchange),
    };
    exchange.status = Some(received.status.as_u16());
    exchange.response_headers = kept_headers(&received.headers, redactor);
    let bytes = match received.body {
        Ok(bytes) => bytes,
        // The status stands although the rest of an error's text is missing.
        Err(_) if !received.status.is_success() => Bytes::new(),
        Err(error) => return failed(classify::failure(risk, error), exchange),
    };
    let text = countersign_outbound::text(&received.headers, &bytes).into_owned();
    (exchange.response_body, exchange.response_truncated) = kept_text(text, redactor);
    let (body, not_json) = match Content::read(&received.headers, &bytes) {
        Content::Json(body) => (body, false),
        Content::Text(text) => (Value::String(text), true),
        Content::Empty => (Value::Null, action.result.is_some()),
    };
    let (status, headers, body_bytes) = (received.status, received.headers, bytes.len());
    let answered = Answered { status, headers: &headers, body: &body, body_bytes, risk };
    if let Some(error) = classify::answer(action, &answered).filter(|error| !is_so(wanted, error, status)) {
        return failed(error, exchange);
    }
    if not_json && action.answer == Answer::Json {
        let message = "the answer is not JSON, so it did not come from the service that was meant";
        return failed(CallError::new(classify::unless_read(risk), "answer_not_json", message), exchange);
    }
    Ok((Reply { url, status, headers, body, body_bytes }, exchange))
}

/// Whether a refusal says that what was asked for is so already.
fn is_so(wanted: Wanted<'_>, error: &CallError, status: StatusCode) -> bool {
    let holds = |code: &str| wanted.action.done.hold(code, wanted.repeated);
    holds(&error.code) || holds(&format!("http_{}", status.as_u16()))
}

/// The action's output, secrets included.
pub(crate) fn output(wanted: Wanted<'_>, status: StatusCode, headers: &HeaderMap, body: Value) -> Value {
    let Some(rule) = &wanted.action.result else { return body };
    let status = Value::from(status.as_u16());
    let headers = all_headers(headers);
    let scope = Scope {
        input: Some(wanted.input),
        settings: wanted.connection.map(|connection| &connection.settings),
        key: wanted.key,
        response: Some(Response { status: &status, headers: &headers, body: &body }),
        ..Scope::default()
    };
    let mut output = rule.template.eval(&scope).unwrap_or_default();
    if let (Some(name), Value::Object(members)) = (&rule.body_member, &mut output) {
        members.insert(name.clone(), body);
    }
    output
}

/// By name; one that came several times is a list, in the order it came in.
pub(crate) fn all_headers(headers: &HeaderMap) -> Value {
    let text = |value: &HeaderValue| Value::String(String::from_utf8_lossy(value.as_bytes()).into_owned());
    let mut members = Map::with_capacity(headers.len());
    for name in headers.keys().filter(|name| !crate::redact::is_secret_header(name)) {
        let mut values: Vec<Value> = headers.get_all(name).iter().map(text).collect();
        let value = if values.len() == 1 { values.remove(0) } else { Value::Array(values) };
        members.insert(name.as_str().to_owned(), value);
    }
    Value::Object(members)
}

fn kept_headers(headers: &HeaderMap, redactor: &Redactor<'_>) -> BTreeMap<String, String> {
    KEPT_HEADERS
        .iter()
        .filter_map(|name| {
            let values = headers.get_all(*name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
            let mut text = values.collect::<Vec<_>>().join(", ");
            if text.is_empty() {
                return None;
            }
            redactor.text(&mut text);
            Some(((*name).to_owned(), text))
        })
        .collect()
}

/// Redacts before it cuts: a secret across the cut must not leave its beginning behind.
fn kept_text(mut text: String, redactor: &Redactor<'_>) -> (String, bool) {
    redactor.text(&mut text);
    let truncated = text.len() > KEPT_BYTES_MAX;
    if truncated {
        text.truncate(text.floor_char_boundary(KEPT_BYTES_MAX));
    }
    (text, truncated)
}

fn judge(rule: &LookUpRule, scope: &Scope<'_>, output: &Value) -> LookUp {
    let scope = Scope { output: Some(output), ..*scope };
    if !rule.answered_when.iter().all(|rule| rule.holds(&scope)) {
        return LookUp::Unknown;
    }
    let happened = |scope: &Scope<'_>| {
        rule.all.iter().all(|rule| rule.holds(scope)).then(|| match &rule.result {
            Some(result) => result.eval(scope).unwrap_or_default(),
            None => output.clone(),
        })
    };
    let found = match &rule.any {
        None => happened(&scope),
        Some(list) => match list.find(&scope) {
            Some(Value::Array(items)) => items.iter().find_map(|item| happened(&Scope { item: Some(item), ..scope })),
            // No list: the look-up did not answer the question.
            Some(_) | None => return LookUp::Unknown,
        },
    };
    found.map_or(LookUp::DidNotHappen, LookUp::Happened)
}
