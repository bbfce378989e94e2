//! The record of every call, and the exact counts behind it.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{fault::FaultKind, ring::Ring};
use crate::wire::{
    reply::{Effect, Reply},
    request::Request,
};

const CALLS_MAX: usize = 200_000;
const EXECUTIONS_MAX: usize = 1_000_000;
const PARAMS_BYTES_MAX: usize = 4 * 1024;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Answered(u16),
    HungUp,
}

/// One call.
#[derive(Debug)]
pub(crate) struct Record {
    at: i64,
    service: &'static str,
    operation: &'static str,
    key: Option<String>,
    path: String,
    params: Box<str>,
    params_hash: String,
    ending: Ending,
    effect: Effect,
    fault: Option<FaultKind>,
}

/// What was called.
#[derive(Debug)]
pub(crate) struct Called {
    /// The service.
    pub(crate) service: &'static str,
    /// `<service>.<thing>.<verb>`.
    pub(crate) operation: &'static str,
    /// The key that names the call.
    pub(crate) key: Option<String>,
    /// The path, without secrets.
    pub(crate) path: String,
}

impl Record {
    /// A call as it came in; it counts as hung up until it is answered.
    pub(crate) fn received(called: Called, request: &Request, now: i64) -> Self {
        Self::new(called, &request.params(), request.fingerprint(), now)
    }

    /// A mail comes in through another door; it is recorded like a call.
    pub(crate) fn new(called: Called, params: &Value, params_hash: String, now: i64) -> Self {
        Self {
            at: now,
            service: called.service,
            operation: called.operation,
            key: called.key,
            path: called.path,
            params: shortened(params),
            params_hash,
            ending: Ending::HungUp,
            effect: Effect::Refused,
            fault: None,
        }
    }

    pub(crate) fn answered(self, fault: Option<FaultKind>, reply: &Reply) -> Self {
        self.ended(fault, reply.effect, reply.status.as_u16())
    }

    /// Ended with a status of its protocol, HTTP or SMTP.
    pub(crate) fn ended(self, fault: Option<FaultKind>, effect: Effect, status: u16) -> Self {
        Self { fault, effect, ending: Ending::Answered(status), ..self }
    }

    pub(crate) fn hung_up(self, fault: Option<FaultKind>, effect: Effect) -> Self {
        Self { fault, effect, ending: Ending::HungUp, ..self }
    }

    fn failed(&self) -> bool {
        let bad_end = match self.ending {
            Ending::Answered(status) => status >= 400,
            Ending::HungUp => true,
        };
        bad_end || matches!(self.effect, Effect::Refused | Effect::Failed)
    }

    fn json(&self) -> Value {
        let status = match self.ending {
            Ending::Answered(status) => Some(status),
            Ending::HungUp => None,
        };
        json!({
            "at": self.at, "service": self.service, "operation": self.operation, "key": self.key, "path": self.path,
            "params": serde_json::from_str::<Value>(&self.params).unwrap_or_default(), "params_hash": self.params_hash,
            "status": status, "executed": self.effect == Effect::Changed, "replayed": self.effect == Effect::Replayed,
            "failed": self.failed(), "fault": self.fault.map(FaultKind::name),
        })
    }
}

fn shortened(params: &Value) -> Box<str> {
    let text = params.to_string();
    if text.len() <= PARAMS_BYTES_MAX {
        return text.into_boxed_str();
    }
    json!({ "truncated": true, "bytes": text.len() }).to_string().into_boxed_str()
}

#[derive(Debug, Default, Clone, Copy)]
struct Totals {
    received: u64,
    executed: u64,
    replayed: u64,
    failed: u64,
}

/// How often one request was seen and how often it changed the world.
#[derive(Debug)]
struct Execution {
    service: &'static str,
    operation: &'static str,
    key: Option<String>,
    params_hash: String,
    received: u64,
    executed: u64,
    replayed: u64,
}

/// The newest 200,000 calls, totals over all calls, and counts for up to 1,000,000 different (operation, key, request).
#[derive(Debug)]
pub(crate) struct Ledger {
    calls: Ring<Record>,
    totals: HashMap<&'static str, Totals>,
    index: HashMap<(&'static str, Option<String>, String), usize>,
    executions: Vec<Execution>,
    /// Calls that found the execution table full; while this is 0 the table is exact.
    untracked: u64,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            calls: Ring::new(CALLS_MAX),
            totals: HashMap::new(),
            index: HashMap::new(),
            executions: Vec::new(),
            untracked: 0,
        }
    }
}

/// Which calls to list; `None` means any.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filter<'a> {
    pub(crate) service: Option<&'a str>,
    pub(crate) operation: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
}

impl<'a> Filter<'a> {
    /// From the query of a control request.
    pub(crate) fn from_query(request: &'a Request) -> Self {
        Self {
            service: request.query_value("service"),
            operation: request.query_value("operation"),
            key: request.query_value("key"),
        }
    }

    fn passes(&self, service: &str, operation: &str, key: Option<&str>) -> bool {
        self.service.is_none_or(|wanted| wanted == service)
            && self.operation.is_none_or(|wanted| wanted == operation)
            && self.key.is_none_or(|wanted| key == Some(wanted))
    }
}

impl Ledger {
    pub(crate) fn push(&mut self, record: Record) {
        let totals = self.totals.entry(record.operation).or_default();
        totals.received += 1;
        totals.executed += u64::from(record.effect == Effect::Changed);
        totals.replayed += u64::from(record.effect == Effect::Replayed);
        totals.failed += u64::from(record.failed());
        match self.execution(&record) {
            Some(execution) => {
                execution.received += 1;
                execution.executed += u64::from(record.effect == Effect::Changed);
                execution.replayed += u64::from(record.effect == Effect::Replayed);
            }
            None => self.untracked += 1,
        }
        self.calls.push(record);
    }

    fn execution(&mut self, record: &Record) -> Option<&mut Execution> {
        let identity = (record.operation, record.key.clone(), record.params_hash.clone());
        if let Some(&place) = self.index.get(&identity) {
            return self.executions.get_mut(place);
        }
        if self.executions.len() >= EXECUTIONS_MAX {
            return None;
        }
        self.index.insert(identity, self.executions.len());
        self.executions.push(Execution {
            service: record.service,
            operation: record.operation,
            key: record.key.clone(),
            params_hash: record.params_hash.clone(),
            received: 0,
            executed: 0,
            replayed: 0,
        });
        self.executions.last_mut()
    }

    /// The newest `limit` calls that pass, oldest first.
    pub(crate) fn calls_json(&self, filter: Filter<'_>, limit: usize) -> Value {
        let passes = |call: &Record| filter.passes(call.service, call.operation, call.key.as_deref());
        self.calls.newest(limit, passes).into_iter().map(Record::json).collect()
    }

    /// Per operation: how many calls, and over how many different requests.
    pub(crate) fn counts_json(&self) -> Value {
        let mut distinct: HashMap<&str, (u64, u64, u64)> = HashMap::new();
        for execution in &self.executions {
            let (requests, executed, repeated) = distinct.entry(execution.operation).or_default();
            *requests += 1;
            *executed += u64::from(execution.executed > 0);
            *repeated += u64::from(execution.executed > 1);
        }
        let mut names: Vec<_> = self.totals.iter().collect();
        names.sort_by_key(|(name, _)| **name);
        let counts = names.into_iter().map(|(name, totals)| {
            let (requests, executed, repeated) = distinct.get(name).copied().unwrap_or_default();
            let json = json!({
                "received": totals.received, "executed": totals.executed, "replayed": totals.replayed,
                "failed": totals.failed, "distinct": requests, "distinct_executed": executed, "repeated": repeated,
            });
            ((*name).to_owned(), json)
        });
        Value::Object(counts.collect::<Map<_, _>>())
    }

    /// One entry per different (operation, key, request), in order of first sight.
    pub(crate) fn executions_json(&self, filter: Filter<'_>) -> Value {
        let passes = |entry: &&Execution| filter.passes(entry.service, entry.operation, entry.key.as_deref());
        let entry_json = |entry: &Execution| {
            json!({
                "operation": entry.operation, "key": entry.key, "params_hash": entry.params_hash,
                "received": entry.received, "executed": entry.executed, "replayed": entry.replayed,
            })
        };
        self.executions.iter().filter(passes).map(entry_json).collect()
    }

    /// Calls missing from the execution table because it was full.
    pub(crate) fn untracked(&self) -> u64 {
        self.untracked
    }
}
