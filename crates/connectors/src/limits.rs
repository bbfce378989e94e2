//! Limits that every connection may be given, whatever its connector: they stand among its settings.

use crate::call::CallError;
use countersign_outbound::{AllowedHost, HostList};
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::{sync::LazyLock, time::Duration};
use url::Url;

const CALLS_AT_ONCE: &str = "calls_at_once";
const CALLS_PER_SECOND: &str = "calls_per_second";
const TIMEOUT_SECONDS: &str = "timeout_seconds";
const ALLOWED_HOSTS: &str = "allowed_hosts";

/// The limits of a connection; what is not set is not limited here.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Limits {
    /// The most calls under way at a time, in one process.
    pub calls_at_once: Option<usize>,
    /// The most calls begun in a second, in one process.
    pub calls_per_second: Option<f64>,
    /// The most that a call may take.
    pub timeout: Option<Duration>,
    /// The only hosts that calls go to besides the connection's own.
    pub allowed_hosts: Option<HostList>,
}

impl Limits {
    /// Those among a connection's settings. What was not checked and makes no sense limits nothing, but a host that makes
    /// none opens none.
    #[must_use]
    pub fn of(settings: &Map<String, Value>) -> Self {
        let most = settings.get(CALLS_AT_ONCE).and_then(Value::as_u64).filter(|most| *most > 0);
        let seconds = settings.get(TIMEOUT_SECONDS).and_then(Value::as_u64).filter(|seconds| *seconds > 0);
        Self {
            calls_at_once: most.map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
            calls_per_second: settings.get(CALLS_PER_SECOND).and_then(Value::as_f64).filter(|rate| *rate > 0.0),
            timeout: seconds.map(Duration::from_secs),
            allowed_hosts: settings.get(ALLOWED_HOSTS).map(|hosts| {
                let texts = hosts.as_array().into_iter().flatten().filter_map(Value::as_str);
                HostList::new(texts.filter_map(|text| host(text).ok()))
            }),
        }
    }

    /// How long a call may take that its step gives so long.
    pub(crate) fn timeout(&self, given: Duration) -> Duration {
        self.timeout.map_or(given, |most| most.min(given))
    }

    /// The only hosts that a request may go to, of a connection with this base URL; none where that is not limited. Refuses
    /// a request that begins elsewhere.
    pub(crate) fn only(&self, (name, base): (&str, &str), url: &Url) -> Result<Option<HostList>, CallError> {
        let Some(listed) = &self.allowed_hosts else { return Ok(None) };
        let own = Url::parse(base).ok().and_then(|base| listed.with(&base).ok());
        let only = own.unwrap_or_else(|| listed.clone());
        if only.has(url) {
            return Ok(Some(only));
        }
        let to = url.host_str().unwrap_or_default();
        let message = format!("calls through the connection `{name}` may go to {only}, and this one goes to {to}");
        Err(CallError::fatal("host_not_allowed", message))
    }
}

/// JSON Schema of the limits, for forms.
#[must_use]
pub fn limits_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            (CALLS_AT_ONCE): {
                "type": "integer", "minimum": 1, "maximum": 4096, "title": "Calls at once",
                "description": "The most calls under way at a time, for each process. Others wait.",
            },
            (CALLS_PER_SECOND): {
                "type": "number", "exclusiveMinimum": 0, "maximum": 10_000, "title": "Calls in a second",
                "description": "The most calls begun in a second, for each process. Others wait.",
            },
            (TIMEOUT_SECONDS): {
                "type": "integer", "minimum": 1, "maximum": 86_400, "title": "Time limit, seconds",
                "description": "The most that a call may take. The smaller of this and the step's own counts.",
            },
            (ALLOWED_HOSTS): {
                "type": "array", "minItems": 1, "maxItems": 100, "uniqueItems": true,
                "items": { "type": "string", "title": "Host", "maxLength": 255 },
                "title": "Allowed hosts",
                "description": "Calls and redirects go to the connection's own address and to these alone.",
            },
        },
    })
}

/// Settings without the limits among them: what is the connector's own.
pub(crate) fn without(settings: &Map<String, Value>) -> Map<String, Value> {
    settings.iter().filter(|(name, _)| !is_limit(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Whether a setting of that name is a limit.
pub(crate) fn is_limit(name: &str) -> bool {
    [CALLS_AT_ONCE, CALLS_PER_SECOND, TIMEOUT_SECONDS, ALLOWED_HOSTS].contains(&name)
}

/// What is wrong with the limits among settings: `(pointer, message)`.
pub(crate) fn problems(settings: &Map<String, Value>) -> Vec<(String, String)> {
    static VALIDATOR: LazyLock<Option<Validator>> = LazyLock::new(|| jsonschema::validator_for(&limits_schema()).ok());
    let limits = settings.iter().filter(|(name, _)| is_limit(name));
    let limits = Value::Object(limits.map(|(name, value)| (name.clone(), value.clone())).collect());
    let Some(validator) = &*VALIDATOR else { return vec![(String::new(), "no limit can be checked".to_owned())] };
    let misfits = validator.iter_errors(&limits);
    let mut problems: Vec<_> = misfits.map(|error| (error.instance_path().to_string(), error.to_string())).collect();
    let hosts = limits.get(ALLOWED_HOSTS).and_then(Value::as_array).into_iter().flatten().enumerate();
    let wrong = |(at, value): (usize, &Value)| Some((format!("/{ALLOWED_HOSTS}/{at}"), host(value.as_str()?).err()?));
    problems.extend(hosts.filter_map(wrong));
    problems
}

fn host(text: &str) -> Result<AllowedHost, String> {
    if !text.is_ascii() {
        return Err(format!("`{text}`: write a name with other letters as it is looked up (xn--…)"));
    }
    text.parse().map_err(|error: countersign_outbound::AllowedHostError| error.to_string())
}
