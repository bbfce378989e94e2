//! What was measured, for people and for programs.

use super::latency::Latencies;
use crate::output;
use serde_json::{Map, Value};

/// Results in the order they were added; a value that could not be measured is null.
#[derive(Debug, Clone)]
pub(super) struct Report {
    workload: &'static str,
    store: String,
    values: Map<String, Value>,
}

/// What a value should reach.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Target {
    AtMost(f64),
    AtLeast(f64),
}

impl Target {
    fn is_met_by(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }
}

/// The promise for a value: workload, name, on SQLite, on PostgreSQL.
const TARGETS: [(&str, &str, Target, Target); 17] = [
    ("straight", "cpu_ms_per_run", Target::AtMost(0.5), Target::AtMost(1.0)),
    ("straight", "ratio", Target::AtLeast(0.3), Target::AtLeast(0.1)),
    ("straight", "p50_ms_at_1", Target::AtMost(3.0), Target::AtMost(5.0)),
    ("straight", "startup_ms", Target::AtMost(150.0), Target::AtMost(300.0)),
    ("straight", "idle_rss_mib", Target::AtMost(60.0), Target::AtMost(60.0)),
    ("straight", "duplicate_calls", Target::AtMost(0.0), Target::AtMost(0.0)),
    ("approval", "next_call_p50_ms_at_1", Target::AtMost(2.0), Target::AtMost(4.0)),
    ("approval", "next_call_p50_ms_at_32", Target::AtMost(10.0), Target::AtMost(15.0)),
    ("approval", "duplicate_calls", Target::AtMost(0.0), Target::AtMost(0.0)),
    ("hooks", "accepted_p99_ms", Target::AtMost(20.0), Target::AtMost(20.0)),
    ("hooks", "duplicate_calls", Target::AtMost(0.0), Target::AtMost(0.0)),
    ("idle", "more_rss_mib", Target::AtMost(50.0), Target::AtMost(50.0)),
    ("idle", "restart_ms", Target::AtMost(1_000.0), Target::AtMost(1_000.0)),
    ("idle", "timer_late_max_ms", Target::AtMost(1_000.0), Target::AtMost(1_000.0)),
    ("idle", "inbox_page_p99_ms", Target::AtMost(100.0), Target::AtMost(100.0)),
    ("idle", "inbox_counts_p99_ms", Target::AtMost(100.0), Target::AtMost(100.0)),
    ("growth", "rate_to_first", Target::AtLeast(0.9), Target::AtLeast(0.9)),
];

impl Report {
    /// An empty one.
    pub(super) fn new(workload: &'static str, store: &str) -> Self {
        let mut report = Self { workload, store: store.to_owned(), values: Map::new() };
        report.text("workload", workload);
        report.text("store", store);
        report
    }

    /// Adds a text.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.put(name, Value::from(value));
    }

    /// Adds a number, to three decimals.
    pub(super) fn number(&mut self, name: &str, value: impl Into<Option<f64>>) {
        self.put(name, number(value.into()));
    }

    /// Adds a count.
    pub(super) fn count(&mut self, name: &str, value: impl Into<u64>) {
        self.put(name, Value::from(value.into()));
    }

    /// Adds the median and what 99 of 100 are not above: `<prefix>p50_ms<suffix>`, `<prefix>p99_ms<suffix>`.
    pub(super) fn percentiles(&mut self, prefix: &str, suffix: &str, latencies: &Latencies) {
        self.number(&format!("{prefix}p50_ms{suffix}"), latencies.p50());
        self.number(&format!("{prefix}p99_ms{suffix}"), latencies.p99());
    }

    /// Adds anything else.
    pub(super) fn put(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    /// A number that was added.
    pub(super) fn value(&self, name: &str) -> Option<f64> {
        self.values.get(name)?.as_f64()
    }

    fn target(&self, name: &str) -> Option<Target> {
        let row = TARGETS.iter().find(|(workload, value, ..)| *workload == self.workload && *value == name);
        row.map(|(_, _, sqlite, postgres)| if self.store == "sqlite" { *sqlite } else { *postgres })
    }

    /// The promises that are not kept, by name.
    pub(super) fn missed(&self) -> Vec<&str> {
        let missed = |name: &&str| {
            let target = self.target(name).zip(self.value(name));
            target.is_some_and(|(target, value)| !target.is_met_by(value))
        };
        self.values.keys().map(String::as_str).filter(missed).collect()
    }

    /// Everything as one JSON object.
    pub(super) fn as_json(&self) -> Value {
        let mut values = self.values.clone();
        values.insert("missed".to_owned(), self.missed().into());
        Value::Object(values)
    }

    /// Everything for people: what, the value, what it should reach; then what was measured several times.
    pub(super) fn print(&self) {
        let (single, several): (Vec<_>, Vec<_>) = self.values.iter().partition(|(_, value)| !value.is_array());
        let rows = single.iter().map(|(name, value)| vec![words(name), text(value), self.verdict(name)]);
        output::table(&["measured", "value", "promised"], &rows.collect::<Vec<_>>());
        for (name, items) in several {
            for item in items.as_array().into_iter().flatten() {
                output::line(format!("{}: {}", words(name), text(item)));
            }
        }
    }

    /// A value as people read it.
    pub(super) fn cell(&self, name: &str) -> String {
        text(self.values.get(name).unwrap_or(&Value::Null))
    }

    fn verdict(&self, name: &str) -> String {
        let Some(target) = self.target(name) else { return String::new() };
        let promise = match target {
            Target::AtMost(most) => format!("≤ {most}"),
            Target::AtLeast(least) => format!("≥ {least}"),
        };
        match self.value(name) {
            Some(value) if target.is_met_by(value) => promise,
            Some(_) => format!("{promise}  MISSED"),
            None => format!("{promise}  not measured"),
        }
    }
}

/// A number to three decimals; null when there is none.
pub(super) fn number(value: Option<f64>) -> Value {
    let rounded = value.map(|value| (value * 1e3).round() / 1e3);
    rounded.and_then(serde_json::Number::from_f64).map_or(Value::Null, Value::Number)
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| format!("{} {}", words(name), text(value)));
            members.collect::<Vec<_>>().join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::Duration;

    #[test]
    fn a_report_is_one_flat_object_that_names_what_is_missed() {
        let mut report = Report::new("straight", "sqlite");
        report.number("cpu_ms_per_run", 0.500_4);
        report.number("ratio", 0.299);
        report.number("p50_ms_at_1", None);
        report.count("errors", 0_u64);
        let times: Latencies = [1_500, 2_500, 3_500].map(Duration::from_micros).into_iter().collect();
        report.percentiles("", "", &times);
        let expected = json!({
            "workload": "straight", "store": "sqlite", "cpu_ms_per_run": 0.5, "ratio": 0.299, "p50_ms_at_1": null,
            "errors": 0, "p50_ms": 2.5, "p99_ms": 3.5, "missed": ["ratio"],
        });
        assert_eq!(report.as_json(), expected);
    }

    #[test]
    fn each_store_has_its_own_promise() {
        let mut report = Report::new("straight", "postgres");
        report.number("cpu_ms_per_run", 0.9);
        assert!(report.missed().is_empty());
        assert_eq!(report.verdict("cpu_ms_per_run"), "≤ 1");
        assert_eq!(report.verdict("errors"), "");
    }

    #[test]
    fn nested_results_are_readable() {
        assert_eq!(text(&json!({ "finished_runs": 3, "p50_ms": null })), "finished runs 3, p50 ms –");
    }

    #[test]
    fn what_is_not_a_number_becomes_null() {
        assert_eq!(number(Some(f64::NAN)), Value::Null);
        assert_eq!(number(Some(1.0 / 3.0)), json!(0.333));
    }
}
