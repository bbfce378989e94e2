//! Compares what clients were told and what the world recorded with what the server has on record.

use super::{furnish::is_over, load::Town};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What was found, for the summary.
#[derive(Debug, Default)]
pub struct Findings {
    pub runs: usize,
    pub approved: u64,
    pub chats: usize,
    pub asked: u64,
    pub decisions: usize,
    pub lost_races: usize,
    wrong: Vec<String>,
}

impl Findings {
    fn expect(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.wrong.push(what());
        }
    }
}

/// Looks at everything once all is quiet; `context` (the seed) is in the message when something is wrong.
///
/// # Panics
/// When something is wrong.
pub async fn judge(town: &Town, base: &str, context: &str) -> Findings {
    let (keys, chats, told, asked) = {
        let notes = town.notes.lock().unwrap();
        (notes.runs.clone(), notes.chats.clone(), notes.told.clone(), notes.asked)
    };
    let lost_races = told.iter().filter(|told| !told.won).count();
    let mut findings = Findings {
        runs: keys.len(),
        chats: chats.len(),
        asked,
        decisions: told.len(),
        lost_races,
        ..Findings::default()
    };
    orders(town, base, &keys, &mut findings).await;
    checkpoints(town, base, &told, &mut findings).await;
    for (chat, token) in &chats {
        conversation(town, base, (chat, token), &mut findings).await;
    }
    let audit = town.people.admin.get(base, "/audit/verify").await;
    findings.expect(audit["ok"] == true, || format!("the audit trail is broken: {audit}"));
    assert!(findings.wrong.is_empty(), "{context}: {} things are wrong: {:#?}", findings.wrong.len(), findings.wrong);
    findings
}

async fn orders(town: &Town, base: &str, keys: &BTreeMap<String, String>, findings: &mut Findings) {
    let listed = town.people.admin.all(base, "/runs?workflow=Order").await;
    let listed: BTreeSet<&str> = listed.iter().map(|run| run["id"].as_str().unwrap()).collect();
    let accepted: BTreeSet<&str> = keys.values().map(String::as_str).collect();
    findings.expect(accepted.is_subset(&listed), || format!("lost: {:?}", accepted.difference(&listed)));
    findings.expect(listed.is_subset(&accepted), || format!("nobody's: {:?}", listed.difference(&accepted)));
    let (posts, mails) = (town.outside.posts().await, town.outside.mails().await);
    for (key, id) in keys {
        let run = town.people.admin.get(base, &format!("/runs/{id}")).await;
        findings.expect(is_over(&run), || format!("not over: {run:#}"));
        let approved = run["steps"].as_array().unwrap().iter().any(|step| step["step"] == "unkeyed");
        findings.approved += u64::from(approved);
        let status = if approved { "completed" } else { "rejected" };
        findings.expect(run["status"] == status, || format!("{id} is not {status}: {run:#}"));
        let executed = |path: &str| posts.get(&format!("/{path}/{id}")).map_or(0, |calls| calls.executed);
        let mail = mails.get(&format!("{key}@example.com")).copied().unwrap_or_default();
        let found = (executed("keyed"), executed("unkeyed"), mail, executed("after"));
        let expected = if approved { (1, 1, 1, 1) } else { (1, 0, 0, 0) };
        findings.expect(found == expected, || format!("{id}: executed {found:?} instead of {expected:?}: {run:#}"));
        log(town, base, id, findings).await;
    }
}

/// Nothing happened twice by the run's own log. A call that was put off before it was sent is asked for again as the
/// same attempt: then, and only then, a second request follows the first with nothing of the call but this between.
async fn log(town: &Town, base: &str, id: &str, findings: &mut Findings) {
    let events = town.people.admin.get(base, &format!("/runs/{id}/events")).await;
    let events = events["items"].as_array().unwrap();
    let mut once = BTreeSet::new();
    let mut latest = BTreeMap::new();
    for event in events {
        let kind = event["type"].as_str().unwrap();
        let data = &event["data"];
        if data.get("call").is_some() {
            let attempt = format!("{} {} {}", data["visit"], data["call"], data["attempt"]);
            let before = latest.insert(format!("{} {}", data["visit"], data["call"]), (kind, attempt.clone()));
            if kind == "retry_scheduled" && before == Some(("call_requested", attempt.clone())) {
                once.remove(&("call_requested", attempt));
            }
        }
        let place = match kind {
            "run_started" | "run_ended" => String::new(),
            "step_entered" | "step_completed" => data["visit"].to_string(),
            "call_succeeded" => format!("{} {}", data["visit"], data["call"]),
            "call_requested" => format!("{} {} {}", data["visit"], data["call"], data["attempt"]),
            _ => continue,
        };
        findings.expect(once.insert((kind, place)), || format!("{id}: twice in its log: {event}"));
    }
    let count = |kind: &str| events.iter().filter(|event| event["type"] == kind).count();
    let (opened, closed) = (count("checkpoint_opened"), count("checkpoint_closed"));
    findings.expect(opened == closed, || format!("{id}: {opened} checkpoints opened and {closed} closed"));
}

/// Whatever anybody was told about a checkpoint is what holds.
async fn checkpoints(town: &Town, base: &str, told: &[super::load::Told], findings: &mut Findings) {
    let records = town.people.admin.all(base, "/checkpoints").await;
    let records: BTreeMap<&str, &Value> =
        records.iter().map(|record| (record["id"].as_str().unwrap(), record)).collect();
    for told in told {
        let record = records.get(told.checkpoint.as_str());
        let text = |name: &str| record.and_then(|record| record.pointer(name)?.as_str()).unwrap_or_default();
        let agrees = text("/outcome") == told.outcome && text("/decided_by/name") == told.by;
        findings.expect(agrees, || format!("somebody was told {told:?}, on record is {record:?}"));
    }
    for record in records.values() {
        findings.expect(record["status"] == "decided", || format!("still open: {record}"));
    }
}

/// Each thing was said once.
async fn conversation(town: &Town, base: &str, (id, token): (&str, &str), findings: &mut Findings) {
    let request = super::api::Request::get(format!("/chat/conversations/{id}")).header("x-visitor", token);
    let view = town.people.visitor.send(base, &request).await.unwrap().good();
    let said: Vec<&str> =
        view["messages"].as_array().unwrap().iter().filter_map(|message| message["body"].as_str()).collect();
    for text in ["one of those please", "Which one would you like?", "It is on its way."] {
        let times = said.iter().filter(|said| **said == text).count();
        findings.expect(times == 1, || format!("chat {id}: said {times} times: {text}: {said:?}"));
    }
    let calls = town.outside.posts_to(&format!("/chat/{id}")).await;
    findings.expect(calls.executed == 1, || format!("chat {id}: {calls:?}"));
    let runs = town.people.admin.all(base, &format!("/runs?conversation={id}")).await;
    findings.expect(runs.len() == 1, || format!("chat {id}: {} runs", runs.len()));
}
