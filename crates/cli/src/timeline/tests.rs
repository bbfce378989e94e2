use super::*;
use crate::sample::steps;
use serde_json::json;

fn upgrade() -> Vec<StepExecution> {
    steps(&json!([
        { "visit": 1, "step": "verify", "kind": "tool_call", "title": "Verify customer identity",
          "action": "identity.verify", "status": "completed", "started_at": 0, "ended_at": 340, "duration_ms": 340,
          "attempts": [{ "call": 0, "attempt": 1, "status": "completed", "started_at": 0, "ended_at": 340 }] },
        { "visit": 2, "step": "eligible", "kind": "condition", "title": "Check eligibility", "status": "completed",
          "duration_ms": 0, "branch": "not on Enterprise yet",
          "condition": { "branches": [{ "when": "current_plan != 'enterprise'", "value": true, "held": true }] } },
        { "visit": 3, "step": "approve", "kind": "approval", "title": "Manager approval required",
          "status": "completed", "duration_ms": 252_000,
          "earlier_checkpoints": [{ "id": "r.3", "kind": "approval", "status": "decided", "outcome": "void",
            "opened_at": 0, "decided_at": 1_000, "decided_by": { "name": "the time limit", "via": "timeout" } }],
          "checkpoint": { "id": "r.3", "kind": "approval", "status": "decided", "outcome": "approved",
            "opened_at": 1_000, "decided_at": 253_000, "comment": "fine\nby me",
            "decided_by": { "id": "u", "name": "Ada Example", "via": "portal" } } },
        { "visit": 4, "step": "execute", "kind": "tool_call", "title": "Execute the upgrade",
          "action": "stripe.subscription.update", "status": "completed", "duration_ms": 1_600, "attempts": [
            { "attempt": 1, "status": "failed", "started_at": 0, "ended_at": 200,
              "error": { "class": "retryable", "code": "http_503", "message": "unavailable" } },
            { "attempt": 2, "status": "completed", "started_at": 1_200, "ended_at": 1_600 }] },
        { "visit": 5, "step": "confirm", "kind": "notify", "title": "Confirm to the customer", "status": "completed",
          "duration_ms": 700, "attempts": [{ "attempt": 1, "status": "completed" }],
          "notify": { "messages": [
            { "channel": "whatsapp", "to": "+15550100", "body": "Hello Ada", "status": "completed" },
            { "channel": "email", "to": "ada@example.com", "body": "Hello Ada", "status": "failed" }] } },
        { "visit": 6, "step": "done", "kind": "end", "title": "Upgraded", "status": "completed", "duration_ms": 0,
          "messages": ["Done! You are on Enterprise now."] },
    ]))
}

#[test]
fn an_upgrade_reads_as_cards() {
    insta::assert_snapshot!(timeline_in(&upgrade(), &TimeZone::UTC).join("\n"));
}

#[test]
fn what_still_waits_or_failed_says_so() {
    let run = steps(&json!([
        { "kind": "tool_call", "title": "Charge", "action": "http.request", "status": "unknown", "attempts": [
            { "attempt": 1, "status": "retrying", "started_at": 0, "ended_at": 50, "retry_at": 60_000,
              "error": { "code": "timeout", "message": "no answer" } }],
          "checkpoint": { "id": "r.1", "kind": "unknown_outcome", "status": "open", "due_at": 86_400_000 } },
        { "kind": "approval", "title": "", "step": "approve", "status": "waiting",
          "checkpoint": { "id": "r.2", "kind": "approval", "status": "open", "given": ["Ada Example"] } },
        { "kind": "human_handoff", "title": "Ask a person", "status": "timed_out", "duration_ms": 10_000,
          "error": { "code": "timed_out", "message": "nobody took it" }, "checkpoint": null },
    ]));
    insta::assert_snapshot!(timeline_in(&run, &TimeZone::UTC).join("\n"));
}

#[test]
fn a_run_without_steps_has_no_lines() {
    assert!(timeline(&[]).is_empty());
}

#[test]
fn a_column_nobody_uses_takes_no_place() {
    let run = steps(&json!([{ "kind": "end", "title": "Done", "status": "completed", "duration_ms": 5 }]));
    assert_eq!(timeline_in(&run, &TimeZone::UTC), ["end  Done  Completed (5ms)"]);
}
