//! Faults ordered by a test: what goes wrong, where, and how many times.

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

const FAULTS_MAX: usize = 1_000;
const DELAY_MS_MAX: u64 = 600_000;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaultKind {
    /// An error answer; nothing is executed.
    Fail,
    /// Executed at once, answered `delay_ms` later. The caller may be gone by then; the world has changed all the same.
    Delay,
    /// The connection closes before anything is executed.
    DropBefore,
    /// Executed, then the connection closes without an answer.
    DropAfter,
    /// The service's own way of saying "too many requests"; nothing is executed.
    RateLimit,
}

impl FaultKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Delay => "delay",
            Self::DropBefore => "drop_before",
            Self::DropAfter => "drop_after",
            Self::RateLimit => "rate_limit",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultRequest {
    service: Option<String>,
    operation: Option<String>,
    contains: Option<String>,
    kind: FaultKind,
    status: Option<u16>,
    #[serde(default)]
    delay_ms: u64,
    #[serde(default = "once")]
    times: u64,
    #[serde(default = "one_second")]
    retry_after_seconds: u64,
    #[serde(default)]
    saved: bool,
}

fn once() -> u64 {
    1
}

fn one_second() -> u64 {
    1
}

/// One ordered fault.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    id: u64,
    service: Option<String>,
    operation: Option<String>,
    contains: Option<String>,
    times: u64,
    used: u64,
    pub(crate) kind: FaultKind,
    pub(crate) status: Option<StatusCode>,
    /// Milliseconds, at most ten minutes; 0 for every kind but `delay`.
    pub(crate) delay_ms: u64,
    pub(crate) retry_after_seconds: u64,
    /// For `fail`: execution had begun, so the error is saved under the idempotency key and repeated.
    pub(crate) saved: bool,
}

impl Fault {
    fn json(&self) -> Value {
        json!({
            "id": self.id, "service": self.service, "operation": self.operation, "contains": self.contains,
            "kind": self.kind.name(), "status": self.status.map(|status| status.as_u16()), "delay_ms": self.delay_ms,
            "times": self.times, "used": self.used, "left": self.times - self.used,
            "retry_after_seconds": self.retry_after_seconds, "saved": self.saved,
        })
    }
}

/// The ordered faults, in the order they were ordered. At most 1,000.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    list: Vec<Fault>,
    ids: u64,
}

impl Faults {
    /// Adds a fault from its JSON; the error is a sentence for the caller.
    pub(crate) fn add(&mut self, body: &[u8]) -> Result<Value, String> {
        let asked: FaultRequest = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let status = match asked.status {
            Some(code) => Some(StatusCode::from_u16(code).map_err(|_| format!("{code} is not an HTTP status"))?),
            None => None,
        };
        if asked.kind == FaultKind::Delay && asked.delay_ms == 0 {
            return Err("a delay needs delay_ms".to_owned());
        }
        if self.list.len() >= FAULTS_MAX {
            return Err(format!("{FAULTS_MAX} faults are ordered already"));
        }
        self.ids += 1;
        let fault = Fault {
            id: self.ids,
            service: asked.service,
            operation: asked.operation,
            contains: asked.contains,
            times: asked.times,
            used: 0,
            kind: asked.kind,
            status,
            delay_ms: if asked.kind == FaultKind::Delay { asked.delay_ms.min(DELAY_MS_MAX) } else { 0 },
            retry_after_seconds: asked.retry_after_seconds,
            saved: asked.saved,
        };
        let json = fault.json();
        self.list.push(fault);
        Ok(json)
    }

    /// The first fault that fits and has times left; it is used up by one.
    pub(crate) fn take(&mut self, service: &str, operation: &str, text: impl Fn() -> String) -> Option<Fault> {
        let fits = |fault: &Fault| {
            fault.used < fault.times
                && fault.service.as_deref().is_none_or(|wanted| wanted == service)
                && fault.operation.as_deref().is_none_or(|wanted| wanted == operation)
                && fault.contains.as_deref().is_none_or(|wanted| text().contains(wanted))
        };
        let fault = self.list.iter_mut().find(|fault| fits(fault))?;
        fault.used += 1;
        Some(fault.clone())
    }

    /// All of them, used up or not.
    pub(crate) fn json(&self) -> Value {
        self.list.iter().map(Fault::json).collect()
    }

    pub(crate) fn clear(&mut self) {
        self.list.clear();
    }
}
