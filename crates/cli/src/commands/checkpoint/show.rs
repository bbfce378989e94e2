//! A checkpoint as a page of text: what will happen, for whom, and how it came here.

use crate::{
    client::text::{at, list, moment, plain, short, spaced, word, words},
    timeline::{looked_up, timeline, via},
};
use countersign_api::{
    ApprovalGiven, BranchPreview, Checkpoint, CheckpointConversation, CheckpointStatus, CheckpointSummary,
    EarlierDecision, GuardedRequest, HeldDecision, OpenForm, PreviewStep, RequestDifference, UnknownCall,
};
use serde_json::{Value, json};

/// Longest line of free text, characters.
const TEXT_LENGTH_MAX: usize = 200;
/// Messages of the conversation shown.
const MESSAGES_MAX: usize = 10;

pub(super) fn lines(checkpoint: &Checkpoint) -> Vec<String> {
    let Checkpoint { on_approve, on_reject, on_changes, .. } = checkpoint;
    let mut lines = head(checkpoint);
    section(&mut lines, "Would be sent when approved", checkpoint.requests.iter().flat_map(request));
    section(&mut lines, "The call in doubt", checkpoint.unknown.iter().flat_map(unknown));
    section(&mut lines, "Changed since the approval before", checkpoint.difference.iter().flat_map(difference));
    section(&mut lines, "The form", checkpoint.form.iter().flat_map(form));
    for (title, preview) in [("On approve", on_approve), ("On reject", on_reject), ("On changes", on_changes)] {
        section(&mut lines, title, preview.iter().flat_map(branch));
    }
    section(&mut lines, "Conversation", checkpoint.conversation.iter().flat_map(conversation));
    section(&mut lines, "Path", timeline(&checkpoint.path));
    section(&mut lines, "Earlier decisions for this customer", checkpoint.earlier.iter().map(earlier));
    lines
}

fn section(lines: &mut Vec<String>, title: &str, content: impl IntoIterator<Item = String>) {
    let mut content = content.into_iter().peekable();
    if content.peek().is_some() {
        lines.push(format!("\n{title}"));
        lines.extend(content.map(|line| format!("  {line}")));
    }
}

fn head(checkpoint: &Checkpoint) -> Vec<String> {
    let CheckpointSummary { id, kind, run, title, summary, customer, opened_at, status, .. } = &checkpoint.item;
    let mut facts = vec![
        ("summary", summary.clone()),
        ("id", id.clone()),
        ("workflow", format!("{} v{}, run {}", run.name, run.version, run.id)),
        ("customer", customer.as_ref().map(|customer| customer.name.clone()).unwrap_or_default()),
        ("opened", moment(*opened_at)),
    ];
    match status {
        CheckpointStatus::Decided => facts.push(("decided", decided(checkpoint))),
        CheckpointStatus::Open => facts.extend(open(checkpoint)),
    }
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
    let title = format!("{}: {title}", words(kind.as_str()));
    [title].into_iter().chain(facts.map(|(label, value)| format!("{label:<9} {value}"))).collect()
}

/// What matters while it waits, by label.
fn open(checkpoint: &Checkpoint) -> Vec<(&str, String)> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let taken_by = checkpoint.item.assigned_to.as_ref().map(|person| person.name.clone());
    let mut facts = vec![
        ("due", due(checkpoint)),
        ("team", text(&checkpoint.team)),
        ("note", short(&text(&checkpoint.note), TEXT_LENGTH_MAX)),
        ("taken by", taken_by.unwrap_or_default()),
        ("held", checkpoint.held.as_ref().map(held).unwrap_or_default()),
        ("approved", givers(&checkpoint.approvals)),
        ("said no", givers(&checkpoint.rejections)),
    ];
    facts.extend(checkpoint.item.facts.iter().map(|fact| (fact.label.as_str(), short(&fact.value, TEXT_LENGTH_MAX))));
    facts.extend(checkpoint.edited.iter().map(|edited| {
        ("edited", format!("{}: {} instead of {}", edited.step, plain(&edited.now), plain(&edited.approved)))
    }));
    let case = checkpoint.approvers.as_ref().and_then(|policy| policy.case.clone());
    let deciders: Vec<&str> = checkpoint.deciders.iter().map(|decider| decider.person.name.as_str()).collect();
    facts.extend([
        ("missing", text(&checkpoint.missing)),
        ("case", case.unwrap_or_default()),
        ("deciders", short(&deciders.join(", "), TEXT_LENGTH_MAX)),
        ("outcomes", checkpoint.outcomes.join(", ")),
    ]);
    if !checkpoint.item.may_decide {
        let why = checkpoint.why_not.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        facts.push(("you", format!("may not decide this{why}")));
    }
    facts
}

fn held(held: &HeldDecision) -> String {
    format!("{} by {}, counts {}", spaced(&held.outcome), held.by.name, moment(held.until))
}

fn givers(given: &[ApprovalGiven]) -> String {
    given.iter().map(|given| given.by.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn decided(checkpoint: &Checkpoint) -> String {
    let CheckpointSummary { outcome, decided_at, decided_by, .. } = &checkpoint.item;
    let by = decided_by.as_ref().map(|by| {
        let other = by.on_behalf_of.as_ref().map(|other| format!(" for {}", other.name)).unwrap_or_default();
        format!(" by {}{other}{}", by.name, via(by))
    });
    let when = decided_at.map(|at| format!(", {}", moment(at))).unwrap_or_default();
    let comment = checkpoint.comment.as_ref().map(|comment| format!(": {}", quoted(comment))).unwrap_or_default();
    format!("{}{}{when}{comment}", spaced(outcome.as_deref().unwrap_or_default()), by.unwrap_or_default())
}

fn due(checkpoint: &Checkpoint) -> String {
    let Some(due) = checkpoint.item.due_at.map(moment) else { return String::new() };
    let Some(then) = &checkpoint.on_timeout else { return due };
    let step = checkpoint.on_timeout_step.as_ref().map(|step| format!(" → {}", step.title)).unwrap_or_default();
    format!("{due}, then {}{step}", spaced(then))
}

fn request(guarded: &GuardedRequest) -> Vec<String> {
    let mut lines = vec![format!("{}  {}  [{}]", guarded.title, guarded.action, word(&guarded.risk))];
    lines.extend(guarded.request.as_ref().map(|request| format!("  {} {}", request.method, request.url)));
    lines.extend(guarded.error.as_ref().map(|error| format!("  cannot be rendered: {error}")));
    // What is sent, or at least what the action is given.
    let body = guarded.request.as_ref().map(|request| &request.body).filter(|body| !body.is_null());
    let body = plain(body.unwrap_or(&guarded.input));
    lines.extend((!body.is_empty()).then(|| format!("  {body}")));
    lines
}

fn unknown(call: &UnknownCall) -> [String; 5] {
    let error = &call.error.message;
    [
        format!("{}  sent {}", call.action, moment(call.at)),
        format!("key  {}", call.key),
        format!("why  {}", if error.is_empty() { "no answer came" } else { error }),
        format!("then {}", call.look_up.as_ref().map_or("nobody could be asked: the action has no look-up", looked_up)),
        format!("sent {}", json!(call.sent)),
    ]
}

fn difference(difference: &RequestDifference) -> [String; 3] {
    let RequestDifference { step, approved, now, .. } = difference;
    [step.clone(), format!("approved  {approved}"), format!("now       {now}")]
}

fn form(form: &OpenForm) -> Vec<String> {
    let required: Vec<&str> = list(&form.schema, "/required").iter().filter_map(Value::as_str).collect();
    let mut lines = vec![short(&form.prompt, TEXT_LENGTH_MAX)];
    let fields = form.schema.pointer("/properties").and_then(Value::as_object);
    lines.extend(fields.into_iter().flatten().map(|(name, schema)| {
        let must = if required.contains(&name.as_str()) { ", required" } else { "" };
        format!("{name}  {} ({}{must})", at(schema, "/title"), at(schema, "/type"))
    }));
    lines
}

fn branch(branch: &BranchPreview) -> Vec<String> {
    if !branch.steps.is_empty() {
        return branch.steps.iter().map(step_line).collect();
    }
    let messages = branch.messages.iter().map(|message| format!("  {}", quoted(message)));
    [branch.title.clone()].into_iter().chain(messages).collect()
}

fn step_line(step: &PreviewStep) -> String {
    let action = step.action.as_ref().map(|action| format!("  {action}")).unwrap_or_default();
    let channels = step.channels.join(", ");
    let channels = if channels.is_empty() { channels } else { format!("  {channels}") };
    let message = step.message.as_deref().unwrap_or_default();
    let message = if message.is_empty() { String::new() } else { format!("  {}", quoted(message)) };
    format!("{}  {}{action}{channels}{message}", step.kind, step.title)
}

fn conversation(conversation: &CheckpointConversation) -> Vec<String> {
    let messages = &conversation.messages;
    let newest = messages.iter().skip(messages.len().saturating_sub(MESSAGES_MAX));
    let line = |message: &countersign_api::Message| {
        let name = message.author.name.clone().unwrap_or_else(|| word(&message.author.kind));
        format!("{name}: {}", short(&message.body, TEXT_LENGTH_MAX))
    };
    newest.map(line).collect()
}

fn earlier(decision: &EarlierDecision) -> String {
    let by = decision.decided_by.as_ref().map(|by| format!(" by {}", by.name)).unwrap_or_default();
    let (when, outcome) = (moment(decision.decided_at), spaced(&decision.outcome));
    format!("{when}  {outcome}{by}: {}", short(&decision.summary, TEXT_LENGTH_MAX))
}

fn quoted(text: &str) -> String {
    format!("“{}”", short(text, TEXT_LENGTH_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    /// A checkpoint of which only the members that are named matter.
    fn checkpoint(members: &Value) -> Checkpoint {
        let nothing = json!({
            "status": "open", "step": "s", "title": "", "summary": "", "opened_at": 0, "may_decide": true, "ladder": [],
            "approvals": [], "rejections": [], "deciders": [], "facts": [], "edited": [], "outcomes": [], "requests": [],
            "state": { "vars": {}, "steps": {} }, "path": [], "earlier": [], "notices": [], "taken_back": [],
        });
        sample::of(members, &nothing)
    }

    #[test]
    fn an_approval_says_what_will_happen() {
        let step = |kind: &str, title: &str, action: Value, message: Value, channels: Value| {
            json!({ "step": "s", "kind": kind, "title": title, "action": action, "risk": null, "input": null,
                "request": null, "message": message, "channels": channels })
        };
        let path = sample::step(&json!({ "kind": "tool_call", "title": "Verify", "action": "identity.verify",
            "status": "completed", "duration_ms": 340 }));
        let checkpoint = checkpoint(&json!({
            "id": "r.3", "kind": "approval", "title": "Manager approval required",
            "summary": "Ada to Enterprise, $120.00 prorated",
            "run": { "id": "r", "workflow": "w", "name": "Upgrade", "version": 3, "status": "waiting", "title": "" },
            "customer": { "id": "c", "name": "Ada Example", "fields": {}, "created_at": 0 }, "on_timeout": "rejected",
            "outcomes": ["approved", "rejected"], "may_decide": false, "why_not": "you started this run",
            "requests": [{ "step": "execute", "title": "Execute the upgrade", "action": "stripe.subscription.update",
                "risk": "high", "input": {}, "hash": "h",
                "request": { "method": "POST", "url": "https://api.example.com/v1/subscriptions/sub_1", "headers": {},
                    "body": { "price": "p" } } }],
            "on_approve": { "step": "execute", "title": "Execute the upgrade", "messages": [], "steps": [
                step("tool_call", "Execute the upgrade", json!("stripe.subscription.update"), json!(null), json!([])),
                step("notify", "Confirm", json!(null), json!("Hello\nAda"), json!(["whatsapp", "email"])) ] },
            "on_reject": { "step": "explain", "title": "Explain the rejection", "messages": ["Sorry"], "steps": [] },
            "conversation": { "id": "v", "messages": [{ "id": "m", "position": 1, "at": 0,
                "author": { "kind": "customer", "name": null }, "body": "upgrade me" }] },
            "path": [path],
        }));
        let text = lines(&checkpoint).join("\n").replace(&moment(0), "[opened]");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_call_in_doubt_shows_its_key() {
        let mut error = sample::error();
        error["message"] = json!("timeout");
        let checkpoint = checkpoint(&json!({
            "id": "r.4", "kind": "unknown_outcome", "status": "decided", "title": "Charge", "outcome": "not_happened",
            "run": { "id": "r", "workflow": "w", "name": "Upgrade", "version": 3, "status": "running", "title": "" },
            "decided_at": 0, "comment": "checked in Stripe", "decided_by": { "name": "Ada Example", "via": "api" },
            "unknown": { "action": "http.request", "at": 0, "key": "r.4.0", "error": error,
                "look_up": { "asked_at": 1, "found": "unclear", "answered_at": 2 },
                "sent": { "kind": "action", "action": "http.request", "input": { "a": 1 } } },
        }));
        let lines = lines(&checkpoint);
        assert!(lines.contains(&"  then looked up: that does not tell".to_owned()), "{lines:?}");
        let decided = format!("decided   not happened by Ada Example (api), {}: “checked in Stripe”", moment(0));
        assert_eq!(lines[4], decided);
        assert!(lines.contains(&"  key  r.4.0".to_owned()));
    }
}
