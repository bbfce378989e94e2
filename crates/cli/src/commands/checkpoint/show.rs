//! A checkpoint as a page of text: what will happen, for whom, and how it came here.

use crate::{
    client::text::{at, list, moment_at, short, words},
    timeline::timeline,
};
use serde_json::{Value, json};

/// Longest line of free text, characters.
const TEXT_LENGTH_MAX: usize = 200;
/// Messages of the conversation shown.
const MESSAGES_MAX: usize = 10;

pub(super) fn lines(checkpoint: &Value) -> Vec<String> {
    let mut lines = head(checkpoint);
    section(&mut lines, "Would be sent when approved", requests(checkpoint));
    section(&mut lines, "The call in doubt", unknown(checkpoint));
    section(&mut lines, "Changed since the approval before", difference(checkpoint));
    section(&mut lines, "The form", form(checkpoint));
    for (title, pointer) in [("On approve", "/on_approve"), ("On reject", "/on_reject"), ("On changes", "/on_changes")]
    {
        section(&mut lines, title, branch(checkpoint, pointer));
    }
    section(&mut lines, "Conversation", conversation(checkpoint));
    section(&mut lines, "Path", timeline(&json!({ "steps": list(checkpoint, "/path") })));
    section(&mut lines, "Earlier decisions for this customer", earlier(checkpoint));
    lines
}

fn section(lines: &mut Vec<String>, title: &str, content: Vec<String>) {
    if !content.is_empty() {
        lines.push(format!("\n{title}"));
        lines.extend(content.into_iter().map(|line| format!("  {line}")));
    }
}

fn head(checkpoint: &Value) -> Vec<String> {
    let (kind, title) = (words(&at(checkpoint, "/kind")), at(checkpoint, "/title"));
    let run = format!(
        "{} v{}, run {}",
        at(checkpoint, "/run/name"),
        at(checkpoint, "/run/version"),
        at(checkpoint, "/run/id")
    );
    let mut lines = vec![format!("{kind}: {title}")];
    let mut fact = |label: &str, value: String| {
        if !value.is_empty() {
            lines.push(format!("{label:<9} {value}"));
        }
    };
    fact("summary", at(checkpoint, "/summary"));
    fact("id", at(checkpoint, "/id"));
    fact("workflow", run);
    fact("customer", at(checkpoint, "/customer/name"));
    fact("opened", moment_at(checkpoint, "/opened_at"));
    if at(checkpoint, "/status") == "decided" {
        fact("decided", decided(checkpoint));
        return lines;
    }
    fact("due", due(checkpoint));
    fact("team", at(checkpoint, "/team"));
    fact("note", short(&at(checkpoint, "/note"), TEXT_LENGTH_MAX));
    fact("taken by", at(checkpoint, "/assigned_to/name"));
    fact("approved", names(list(checkpoint, "/approvals"), "/by/name"));
    fact("said no", names(list(checkpoint, "/rejections"), "/by/name"));
    for shown in list(checkpoint, "/facts") {
        fact(&at(shown, "/label"), short(&at(shown, "/value"), TEXT_LENGTH_MAX));
    }
    for edited in list(checkpoint, "/edited") {
        fact(
            "edited",
            format!("{}: {} instead of {}", at(edited, "/step"), at(edited, "/now"), at(edited, "/approved")),
        );
    }
    fact("missing", at(checkpoint, "/missing"));
    fact("case", at(checkpoint, "/approvers/case"));
    fact("deciders", short(&names(list(checkpoint, "/deciders"), "/person/name"), TEXT_LENGTH_MAX));
    fact("outcomes", names(list(checkpoint, "/outcomes"), ""));
    if at(checkpoint, "/may_decide") == "false" {
        let why = at(checkpoint, "/why_not");
        fact(
            "you",
            if why.is_empty() { "may not decide this".to_owned() } else { format!("may not decide this: {why}") },
        );
    }
    lines
}

fn names(items: &[Value], pointer: &str) -> String {
    items.iter().map(|item| at(item, pointer)).collect::<Vec<_>>().join(", ")
}

fn decided(checkpoint: &Value) -> String {
    let (name, comment) = (at(checkpoint, "/decided_by/name"), at(checkpoint, "/comment"));
    let via = at(checkpoint, "/decided_by/via");
    let via = if matches!(via.as_str(), "" | "timeout" | "cancel") { String::new() } else { format!(" ({via})") };
    let comment =
        if comment.is_empty() { String::new() } else { format!(": “{}”", short(&comment, TEXT_LENGTH_MAX)) };
    let (outcome, when) = (at(checkpoint, "/outcome").replace('_', " "), moment_at(checkpoint, "/decided_at"));
    let other = at(checkpoint, "/decided_by/on_behalf_of/name");
    let other = if other.is_empty() { other } else { format!(" for {other}") };
    format!("{outcome} by {name}{other}{via}, {when}{comment}")
}

fn due(checkpoint: &Value) -> String {
    let (due, then) = (moment_at(checkpoint, "/due_at"), at(checkpoint, "/on_timeout"));
    let step = at(checkpoint, "/on_timeout_step/title");
    let step = if step.is_empty() { String::new() } else { format!(" → {step}") };
    if due.is_empty() || then.is_empty() { due } else { format!("{due}, then {}{step}", then.replace('_', " ")) }
}

fn requests(checkpoint: &Value) -> Vec<String> {
    let request = |guarded: &Value| {
        let mut lines =
            vec![format!("{}  {}  [{}]", at(guarded, "/title"), at(guarded, "/action"), at(guarded, "/risk"))];
        let (method, url, error) = (at(guarded, "/request/method"), at(guarded, "/request/url"), at(guarded, "/error"));
        if !url.is_empty() {
            lines.push(format!("  {method} {url}"));
        }
        if !error.is_empty() {
            lines.push(format!("  cannot be rendered: {error}"));
        }
        // What is sent, or at least what the action is given.
        let body = Some(at(guarded, "/request/body")).filter(|body| !body.is_empty());
        let body = body.unwrap_or_else(|| at(guarded, "/input"));
        lines.extend((!body.is_empty()).then(|| format!("  {body}")));
        lines
    };
    list(checkpoint, "/requests").iter().flat_map(request).collect()
}

fn unknown(checkpoint: &Value) -> Vec<String> {
    if at(checkpoint, "/unknown").is_empty() {
        return Vec::new();
    }
    let error = at(checkpoint, "/unknown/error/message");
    vec![
        format!("{}  sent {}", at(checkpoint, "/unknown/action"), moment_at(checkpoint, "/unknown/at")),
        format!("key  {}", at(checkpoint, "/unknown/key")),
        format!("why  {}", if error.is_empty() { "no answer came" } else { &error }),
        format!("sent {}", at(checkpoint, "/unknown/sent")),
    ]
}

fn difference(checkpoint: &Value) -> Vec<String> {
    if at(checkpoint, "/difference").is_empty() {
        return Vec::new();
    }
    let value = |pointer: &str| checkpoint.pointer(pointer).map(Value::to_string).unwrap_or_default();
    vec![
        at(checkpoint, "/difference/step"),
        format!("approved  {}", value("/difference/approved")),
        format!("now       {}", value("/difference/now")),
    ]
}

fn form(checkpoint: &Value) -> Vec<String> {
    if at(checkpoint, "/form").is_empty() {
        return Vec::new();
    }
    let required: Vec<&str> = list(checkpoint, "/form/schema/required").iter().filter_map(Value::as_str).collect();
    let mut lines = vec![short(&at(checkpoint, "/form/prompt"), TEXT_LENGTH_MAX)];
    let fields = checkpoint.pointer("/form/schema/properties").and_then(Value::as_object);
    lines.extend(fields.into_iter().flatten().map(|(name, schema)| {
        let must = if required.contains(&name.as_str()) { ", required" } else { "" };
        format!("{name}  {} ({}{must})", at(schema, "/title"), at(schema, "/type"))
    }));
    lines
}

fn branch(checkpoint: &Value, pointer: &str) -> Vec<String> {
    let Some(branch) = checkpoint.pointer(pointer).filter(|branch| !branch.is_null()) else { return Vec::new() };
    let mut lines: Vec<String> = list(branch, "/steps").iter().map(step_line).collect();
    if lines.is_empty() {
        lines.push(at(branch, "/title"));
        let messages = list(branch, "/messages").iter().filter_map(Value::as_str);
        lines.extend(messages.map(|message| format!("  “{}”", short(message, TEXT_LENGTH_MAX))));
    }
    lines
}

fn step_line(step: &Value) -> String {
    let (action, message) = (at(step, "/action"), at(step, "/message"));
    let channels = names(list(step, "/channels"), "");
    let mut line = format!("{}  {}", at(step, "/kind"), at(step, "/title"));
    for part in [action, channels] {
        if !part.is_empty() {
            line.push_str(&format!("  {part}"));
        }
    }
    if !message.is_empty() {
        line.push_str(&format!("  “{}”", short(&message, TEXT_LENGTH_MAX)));
    }
    line
}

fn conversation(checkpoint: &Value) -> Vec<String> {
    let messages = list(checkpoint, "/conversation/messages");
    let first = messages.len().saturating_sub(MESSAGES_MAX);
    let line = |message: &Value| {
        let (name, kind) = (at(message, "/author/name"), at(message, "/author/kind"));
        let name = if name.is_empty() { kind } else { name };
        format!("{name}: {}", short(&at(message, "/body"), TEXT_LENGTH_MAX))
    };
    messages[first..].iter().map(line).collect()
}

fn earlier(checkpoint: &Value) -> Vec<String> {
    let line = |decision: &Value| {
        let (when, outcome) = (moment_at(decision, "/decided_at"), at(decision, "/outcome").replace('_', " "));
        let by = at(decision, "/decided_by/name");
        let by = if by.is_empty() { String::new() } else { format!(" by {by}") };
        format!("{when}  {outcome}{by}: {}", short(&at(decision, "/summary"), TEXT_LENGTH_MAX))
    };
    list(checkpoint, "/earlier").iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_approval_says_what_will_happen() {
        let checkpoint = json!({
            "id": "r.3", "kind": "approval", "status": "open", "title": "Manager approval required",
            "summary": "Ada to Enterprise, $120.00 prorated",
            "run": { "id": "r", "name": "Upgrade", "version": 3, "status": "waiting" },
            "customer": { "id": "c", "name": "Ada Example" }, "on_timeout": "rejected", "due_at": null,
            "outcomes": ["approved", "rejected"], "may_decide": false, "why_not": "you started this run",
            "requests": [{ "step": "execute", "title": "Execute the upgrade", "action": "stripe.subscription.update",
                "risk": "high", "input": {},
                "request": { "method": "POST", "url": "https://api.example.com/v1/subscriptions/sub_1", "body": { "price": "p" } } }],
            "on_approve": { "step": "execute", "title": "Execute the upgrade", "messages": [], "steps": [
                { "kind": "tool_call", "title": "Execute the upgrade", "action": "stripe.subscription.update", "channels": [] },
                { "kind": "notify", "title": "Confirm", "message": "Hello\nAda", "channels": ["whatsapp", "email"] }] },
            "on_reject": { "step": "explain", "title": "Explain the rejection", "messages": ["Sorry"], "steps": [] },
            "conversation": { "messages": [{ "author": { "kind": "customer", "name": null }, "body": "upgrade me" }] },
            "path": [{ "kind": "tool_call", "title": "Verify", "action": "identity.verify", "status": "completed", "duration_ms": 340 }],
            "earlier": [], "unknown": null, "form": null, "difference": null,
        });
        insta::assert_snapshot!(lines(&checkpoint).join("\n"));
    }

    #[test]
    fn a_call_in_doubt_shows_its_key() {
        let checkpoint = json!({
            "id": "r.4", "kind": "unknown_outcome", "status": "decided", "title": "Charge", "outcome": "not_happened",
            "run": { "id": "r", "name": "Upgrade", "version": 3 }, "comment": "checked in Stripe",
            "decided_by": { "name": "Ada Example", "via": "api" },
            "unknown": { "action": "http.request", "at": null, "key": "r.4.0", "sent": { "a": 1 }, "error": { "message": "timeout" } },
        });
        let lines = lines(&checkpoint);
        assert_eq!(lines[3], "decided   not happened by Ada Example (api), : “checked in Stripe”");
        assert!(lines.contains(&"  key  r.4.0".to_owned()));
    }
}
