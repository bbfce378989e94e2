//! What each kind of entry says, told once: the sentence goes on after who did it. `{subject}` is what it was done to, other
//! names are of the entry's detail; what stands in `[]` is left out when its name is not there.

use serde_json::Value;

/// Kinds of entries and their sentences, by name.
const SENTENCES: &[(&str, &str)] = &[
    ("account.set_up", "set up their account"),
    ("action.tried", "tried {subject} away from any run"),
    ("action.try_sent", "sent a trial of {subject}"),
    ("api_key.created", "made the API key {subject}"),
    ("api_key.revoked", "revoked the API key {subject}"),
    ("audit.exported", "downloaded the audit trail"),
    ("channel.changed", "changed the channel account {subject}"),
    ("channel.created", "added the channel account {subject}"),
    ("channel.heard", "heard how the channel account {subject} does[: {message}]"),
    ("channel.removed", "removed the channel account {subject}"),
    ("channel.tested", "tested the channel account {subject}"),
    ("checkpoint.approval_given", "agreed to step {step} of {subject}; others are asked too"),
    ("checkpoint.decided", "decided step {step} of {subject}[: {outcome}]"),
    ("checkpoint.edited", "changed what step {step} of {subject} asks for"),
    ("checkpoint.escalated", "escalated step {step} of {subject}"),
    ("checkpoint.held", "decided step {step} of {subject}[: {outcome}]; it can still be taken back"),
    ("checkpoint.reassigned", "gave {subject} to somebody else[: {reason}]"),
    ("checkpoint.rejection_given", "said no to step {step} of {subject}; others are asked too"),
    ("checkpoint.released", "gave back {subject}"),
    ("checkpoint.reminded", "reminded of step {step} of {subject}"),
    ("checkpoint.taken", "took {subject}"),
    ("checkpoint.taken_back", "took back their decision of step {step} of {subject}[: {outcome}]"),
    ("connection.asked", "asked whether the credentials of {subject} work"),
    ("connection.changed", "changed the connection {subject}"),
    ("connection.connect_failed", "was not let in by the service of the connection {subject}[: {message}]"),
    ("connection.connected", "connected {subject} as an account of its service"),
    ("connection.connecting", "went to the service of {subject} to connect it"),
    ("connection.created", "added the connection {subject}"),
    ("connection.disconnected", "disconnected {subject}"),
    ("connection.heard", "heard how the connection {subject} does[: {message}]"),
    ("connection.lost", "lost the access of the connection {subject}: {message}"),
    ("connection.not_revoked", "could not have the tokens of {subject} taken back[: {message}]"),
    ("connection.removed", "removed the connection {subject}"),
    ("connection.revoked", "had the tokens of {subject} taken back by its service"),
    ("connection.tested", "tested the connection {subject}"),
    ("connector.put_in", "put in the connector {subject}"),
    ("connector.removed", "removed the connector {subject}"),
    ("consent.set", "wrote down what {subject} wants over {channel}[: {reason}]"),
    ("consent.told", "said over {channel} that {subject} wants {wish}"),
    ("conversation.answered", "marked that the conversation with {subject} needs no reply"),
    ("conversation.assigned", "assigned the conversation with {subject}"),
    ("conversation.closed", "closed the conversation with {subject}"),
    ("conversation.opened", "opened a conversation[ over {channel}]"),
    ("conversation.returned", "brought back the conversation with {subject}[: {why}]"),
    ("conversation.snoozed", "put the conversation with {subject} aside"),
    ("customer.changed", "changed the customer {subject}"),
    ("customer.created", "added the customer {subject}"),
    ("customer.merge_undone", "took back that somebody else is the customer {subject}"),
    ("customer.merged", "said that somebody else is the customer {subject}: {reason}"),
    ("customer.proven", "proved who the customer of {subject} is"),
    ("delegation.created", "arranged who stands in for {subject}"),
    ("delegation.ended", "ended an arrangement of who stands in for {subject}"),
    ("inbound.replayed", "had an event from outside dealt with again"),
    ("message.received", "wrote in the conversation with {subject}"),
    ("message.sent", "answered in the conversation with {subject}"),
    ("note.written", "wrote a note about {subject}"),
    ("notifications.changed", "changed how they are told what waits"),
    ("notifications.tested", "sent themselves a test message[ over {channel}]"),
    ("password.changed", "changed their password"),
    ("person.changed", "changed the rights of {subject}"),
    ("person.invited", "invited {subject}"),
    ("reply.changed", "changed the canned reply {reply}"),
    ("reply.created", "added the canned reply {reply}"),
    ("reply.removed", "removed the canned reply {reply}"),
    ("run.cancel_requested", "asked to stop {subject}[: {reason}]"),
    ("run.cancelled", "stopped {subject}[: {reason}]"),
    ("run.continued", "went on from an earlier run in {subject}"),
    ("run.evaluated", "calculated in the state of {subject}"),
    ("run.move_undone", "took back the move of {subject} to version {from}"),
    ("run.moved", "moved {subject} from version {from} to {to}"),
    ("run.retried", "retried {subject}[ from step {step}]"),
    ("run.started", "started {subject}[ on version {version}]"),
    ("run.started_on_another_version", "started {subject} on version {version}, which is not the active one"),
    ("runs.bulk", "dealt with several runs at once[: {action}]"),
    ("runs.exported", "downloaded a list of runs"),
    ("sample.kept", "kept a sample of {of} {id} in {subject}"),
    ("sample.removed", "took away the sample of {of} {id} in {subject}"),
    ("session.closed", "signed out"),
    ("session.opened", "signed in"),
    ("session.refused", "refused a wrong password for {subject}"),
    ("standing.granted", "allowed something in advance in {subject}"),
    ("standing.revoked", "took back what was allowed in advance in {subject}"),
    ("trigger.changed", "changed the trigger {trigger} of {subject}"),
    ("vault.rotated", "replaced the secret key that credentials are sealed with"),
    ("view.changed", "changed a view of runs"),
    ("view.removed", "removed a view of runs"),
    ("view.saved", "saved a view of runs"),
    ("workflow.archived", "archived {subject}"),
    ("workflow.backtested", "tried {subject} on recorded runs"),
    ("workflow.created", "added the workflow {subject}"),
    ("workflow.draft_forked", "made version {version} the draft of {subject}"),
    ("workflow.draft_saved", "changed the draft of {subject}"),
    ("workflow.published", "published[ version {version} of] {subject}"),
    ("workflow.ramp_ended", "ended the ramp of {subject}"),
    ("workflow.ramped", "gave a part of the runs of {subject} another version"),
    ("workflow.rehearsal_called", "let a rehearsal of {subject} call the real service"),
    ("workflow.restored", "took {subject} out of the archive"),
    ("workflow.rolled_back", "made version {after} of {subject} the active one again"),
    ("workflow.test_kept", "kept a test case of {subject}"),
    ("workflow.test_removed", "removed a test case of {subject}"),
    ("workflow.tests_imported", "took in test cases of {subject}"),
    ("workflow.tests_run", "ran the test cases of {subject}"),
    ("workspace.changed", "changed the workspace"),
];

/// What an entry of that kind says, without who did it; nothing for a kind that is not known. Beside the name of what it was
/// done to stands the title of the step it tells of, where that is known.
pub(crate) fn sentence(kind: &str, (subject, step): (&str, Option<&str>), detail: &Value) -> Option<String> {
    let (_, template) = SENTENCES.iter().find(|(name, _)| *name == kind)?;
    let value = |name: &str| match detail.get(name) {
        _ if name == "subject" => Some(subject.to_owned()),
        Some(_) if name == "step" && step.is_some() => step.map(|title| format!("\u{201c}{title}\u{201d}")),
        Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_) | Value::Null | Value::String(_)) | None => None,
    };
    let mut said = String::new();
    for (index, part) in template.split(['[', ']']).enumerate() {
        let filled = filled(part, &value);
        // Every second part stands between brackets.
        if let (true, Ok(text)) | (false, Ok(text) | Err(text)) = (index % 2 == 1, filled) {
            said.push_str(&text);
        }
    }
    Some(said)
}

/// The text with its names filled in; `Err` with `…` for those that are not there.
fn filled(part: &str, value: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut whole = true;
    let mut text = String::new();
    for piece in part.split_inclusive('}') {
        let Some((before, name)) = piece.split_once('{') else {
            text.push_str(piece);
            continue;
        };
        let found = value(name.trim_end_matches('}'));
        whole &= found.is_some();
        text.push_str(before);
        text.push_str(found.as_deref().unwrap_or("…"));
    }
    if whole { Ok(text) } else { Err(text) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;
    use std::{collections::BTreeSet, fs, path::Path};

    #[test]
    fn a_sentence_says_what_is_known() {
        let told = |detail: &Value| sentence("run.retried", ("Order 1042", None), detail).unwrap();
        assert_eq!(told(&json!({ "step": "pay" })), "retried Order 1042 from step pay");
        assert_eq!(told(&json!({})), "retried Order 1042");
        let titled = sentence("run.retried", ("Order 1042", Some("Pay back")), &json!({ "step": "pay" })).unwrap();
        assert_eq!(titled, "retried Order 1042 from step \u{201c}Pay back\u{201d}");
        assert_eq!(sentence("run.moved", ("R", None), &json!({ "from": 1 })).unwrap(), "moved R from version 1 to …");
        assert_eq!(sentence("no.such", ("R", None), &json!({})), None);
    }

    #[test]
    fn kinds_are_told_once_and_in_order() {
        assert!(SENTENCES.is_sorted_by(|(one, _), (other, _)| one < other));
    }

    /// Texts such as `"run.started"` in the code that writes entries.
    fn written(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                written(&path, found);
            } else if path.file_name().is_some_and(|name| name != "sentences.rs") {
                let text = fs::read_to_string(&path).unwrap_or_default();
                let kind = |text: &&str| {
                    let letters =
                        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
                    text.split_once('.').is_some_and(|(of, act)| letters(of) && letters(act))
                };
                found.extend(text.split('"').filter(kind).map(str::to_owned));
            }
        }
    }

    #[test]
    fn every_kind_that_is_written_has_a_sentence() {
        let mut found = BTreeSet::new();
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for name in ["server", "engine"] {
            written(&crates.join(name).join("src"), &mut found);
        }
        // The scope of a start's Idempotency-Key is no entry.
        found.remove("run.start");
        // What is put together of a word and an act.
        found.extend(
            ["channel", "connection"]
                .iter()
                .flat_map(|of| ["created", "changed", "removed"].map(|act| format!("{of}.{act}"))),
        );
        let subjects: BTreeSet<&str> =
            SENTENCES.iter().filter_map(|(kind, _)| kind.split_once('.')).map(|(of, _)| of).collect();
        let kinds = found.iter().filter(|kind| kind.split_once('.').is_some_and(|(of, _)| subjects.contains(of)));
        let silent: Vec<_> = kinds.filter(|kind| sentence(kind, ("", None), &Value::Null).is_none()).collect();
        assert!(silent.is_empty(), "no sentence for {silent:?}");
        let unwritten: Vec<_> = SENTENCES.iter().filter(|(kind, _)| !found.contains(*kind)).collect();
        assert!(unwritten.is_empty(), "nothing writes {unwritten:?}");
    }
}
