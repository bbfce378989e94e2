//! What people are told, in words.

use super::{alone::Invitation, settings::NoticeChannel};
use crate::LoadedCheckpoint;
use countersign_core::{
    document::{StepKind, TimeoutOutcome},
    run::{ClosedBy, Opened, Outcome},
};
use countersign_store::{CheckpointKind, CheckpointRow, ConnectionRow, OutboundReason, RunRow};

/// The longest summary in a message, characters; the page has all of it.
const SUMMARY_MAX: usize = 300;
/// The same where every character is paid for.
const SUMMARY_SHORT: usize = 90;
/// Calls of an approval that are named.
const EFFECTS_MAX: usize = 5;

/// Checkpoints that a digest names.
const LISTED_MAX: usize = 20;

/// A message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) subject: String,
    pub(super) body: String,
}

/// How somebody gets from a message to the decision.
pub(super) enum Way {
    /// With a link of theirs, which decides as them.
    Link(String),
    /// By the page, where they sign in.
    SignIn(String),
}

/// What somebody is told who may decide.
pub(super) fn to_decide(
    found: &LoadedCheckpoint,
    (reason, channel): (OutboundReason, NoticeChannel),
    now: i64,
    way: &Way,
) -> Words {
    let row = &found.row;
    let (Way::Link(url) | Way::SignIn(url)) = way;
    let summary = one_line(&row.title, SUMMARY_MAX);
    let subject = format!("{}: {summary}", heading(row.kind, reason));
    let left = time_left(found, now);
    if channel == NoticeChannel::Sms {
        let left = row.due_at.map(|due| format!(" {} left.", span(due - now))).unwrap_or_default();
        let short = one_line(&row.title, SUMMARY_SHORT);
        return Words { body: format!("{}: {short}.{left} {url}", heading(row.kind, reason)), subject };
    }
    let mut lines = vec![subject.clone(), String::new()];
    lines.extend(effects(found));
    lines.extend(left);
    lines.push(format!("Decide: {url}"));
    lines.push(String::new());
    lines.push(
        match way {
            Way::Link(_) => "The link is yours alone: who has it decides as you. It ends with the decision.",
            Way::SignIn(_) => "Whoever may decide this does so as themselves: by a button, or signed in.",
        }
        .to_owned(),
    );
    Words { subject, body: lines.join("\n") }
}

/// One message about all that waits for somebody, soonest to end first. It has no link that decides.
pub(super) fn digest(
    waiting: &[LoadedCheckpoint],
    more: bool,
    (channel, now): (NoticeChannel, i64),
    inbox: &str,
) -> Words {
    let count = waiting.len();
    let at_least = if more { "More than " } else { "" };
    let subject = match (count, more) {
        (1, false) => "1 thing waits for you".to_owned(),
        _ => format!("{at_least}{count} things wait for you"),
    };
    if channel == NoticeChannel::Sms {
        return Words { body: format!("{subject}. {inbox}"), subject };
    }
    let mut rows: Vec<&CheckpointRow> = waiting.iter().map(|found| &found.row).collect();
    rows.sort_by_key(|row| (row.due_at.unwrap_or(i64::MAX), row.opened_at));
    let line = |row: &&CheckpointRow| {
        let left = row.due_at.map(|due| format!(" ({} left)", span(due - now))).unwrap_or_default();
        format!("- {}: {}{left}", heading(row.kind, OutboundReason::Opened), one_line(&row.title, SUMMARY_SHORT))
    };
    let mut lines = vec![subject.clone(), String::new()];
    lines.extend(rows.iter().take(LISTED_MAX).map(line));
    if count > LISTED_MAX {
        lines.push(format!("… and {} more", count - LISTED_MAX));
    }
    lines.extend([String::new(), format!("Decide: {inbox}")]);
    Words { subject, body: lines.join("\n") }
}

/// A message that shows that messages arrive.
pub(super) fn test(inbox: &str) -> Words {
    let subject = "A test message".to_owned();
    let body =
        format!("What waits for your decision is told here. Nothing can be decided with this message.\n\n{inbox}");
    Words { subject, body }
}

/// Somebody is let into a workspace.
pub(super) fn invitation(Invitation { workspace, by, link }: &Invitation<'_>, inbox: &str) -> Words {
    let (workspace, by) = (one_line(workspace, SUMMARY_SHORT), one_line(by, SUMMARY_SHORT));
    let subject = format!("{by} invites you to {workspace}");
    let body = match link {
        Some(link) => format!(
            "{by} invites you to {workspace} on Countersign. Choose a password here; the link works once:\n\n{link}"
        ),
        None => format!("{by} has let you into {workspace} on Countersign. Sign in as before:\n\n{inbox}"),
    };
    Words { subject, body }
}

/// What a message becomes with which nothing can be decided any more.
pub(super) fn decided(row: &CheckpointRow) -> String {
    let summary = one_line(&row.title, SUMMARY_MAX);
    let by = row.decided_by.as_deref().and_then(|by| serde_json::from_str::<ClosedBy>(by).ok());
    let by = match by {
        Some(ClosedBy::Person { actor }) => format!(" by {}", actor.name),
        Some(ClosedBy::Timeout) => ": nobody decided in time".to_owned(),
        Some(ClosedBy::Cancel) => ": the run was cancelled".to_owned(),
        None => String::new(),
    };
    let outcome = row.outcome.as_ref().map_or("over", Outcome::word).replace('_', " ");
    format!("{summary}\n\nDecided: {outcome}{by}")
}

/// A run failed, and with it so many of the last that ended.
pub(super) fn failed(workflow: &str, run: &RunRow, (ended, failed): (u64, u64), url: &str) -> Words {
    let workflow = one_line(workflow, SUMMARY_SHORT);
    let about = if run.title.is_empty() { &run.id } else { &run.title };
    let subject = format!("{workflow} failed: {}", one_line(about, SUMMARY_SHORT));
    let why = run.error_message.as_deref().unwrap_or("it ended as failed");
    let body =
        format!("{subject}\n{}\n\n{failed} of the last {ended} runs failed.\n\n{url}", one_line(why, SUMMARY_MAX));
    Words { subject, body }
}

/// A connection takes no calls any more.
pub(super) fn disconnected(connection: &ConnectionRow, why: &str, url: &str) -> Words {
    let named = format!("{} ({})", one_line(&connection.name, SUMMARY_SHORT), connection.connector);
    let subject = format!("Connect {named} again");
    let body =
        format!("{subject}: it was cut off, and steps that call it fail.\n{}\n\n{url}", one_line(why, SUMMARY_MAX));
    Words { subject, body }
}

/// The service of a connection takes its credentials no more.
pub(super) fn refused(connection: &ConnectionRow, why: &str, url: &str) -> Words {
    let named = format!("{} ({})", one_line(&connection.name, SUMMARY_SHORT), connection.connector);
    let subject = format!("The credentials of {named} are refused");
    let body = format!(
        "{subject}: its service does not take them, and steps that call it fail.\n{}\n\n{url}",
        one_line(why, SUMMARY_MAX)
    );
    Words { subject, body }
}

/// Where a workspace's audit trail ends; `key` signs its decisions.
pub(super) fn head(workspace: &str, (entries, hash): (&str, &str), key: Option<&str>) -> Words {
    let subject = format!("The audit trail of {} ends at entry {entries}", one_line(workspace, SUMMARY_SHORT));
    let key = key.map(|key| format!("Decisions are signed with {key}.\n")).unwrap_or_default();
    let body = format!(
        "{subject}:\n{hash}\n{key}\nKeep this where the server does not reach. What is changed or cut off before it is found by\n\
         countersign audit verify --file audit.jsonl --head {hash}"
    );
    Words { subject, body }
}

fn heading(kind: CheckpointKind, reason: OutboundReason) -> &'static str {
    match reason {
        OutboundReason::Reminded => "Still waiting for you",
        OutboundReason::Escalated => "Nobody decided this in time",
        OutboundReason::Changed => "Changed, please look again",
        OutboundReason::Opened
        | OutboundReason::Reassigned
        | OutboundReason::Decided
        | OutboundReason::Failed
        | OutboundReason::Disconnected
        | OutboundReason::Head => match kind {
            CheckpointKind::Approval | CheckpointKind::Form => "Approval wanted",
            CheckpointKind::Handoff => "A customer waits for a person",
            CheckpointKind::UnknownOutcome => "Nobody knows whether this happened",
        },
    }
}

/// The facts of an approval and what it allows, a line each.
fn effects(found: &LoadedCheckpoint) -> Vec<String> {
    let Ok(Opened::Approval { requests, facts, .. }) = serde_json::from_str(&found.row.payload) else {
        return Vec::new();
    };
    let version = &found.run.version;
    let line = |request: &countersign_core::approval::GuardedRequest| {
        format!("Approving does: {} ({})", one_line(version.title(&request.step), SUMMARY_MAX), request.action)
    };
    let fact = |fact: &countersign_core::approval::ShownFact| {
        format!("{}: {}", one_line(&fact.label, SUMMARY_SHORT), one_line(&fact.value, SUMMARY_MAX))
    };
    let mut lines: Vec<String> = facts.iter().map(fact).collect();
    lines.extend(requests.iter().take(EFFECTS_MAX).map(line));
    if requests.len() > EFFECTS_MAX {
        lines.push(format!("… and {} more", requests.len() - EFFECTS_MAX));
    }
    lines
}

fn time_left(found: &LoadedCheckpoint, now: i64) -> Option<String> {
    let left = span(found.row.due_at? - now);
    let then = match found.run.version.workflow().steps.get(&found.row.step).map(|step| &step.kind) {
        Some(StepKind::Approval(step)) => step.timeout.as_ref().map(|timeout| match timeout.outcome {
            TimeoutOutcome::Approved => "then it counts as approved",
            TimeoutOutcome::Rejected => "then it counts as rejected",
            TimeoutOutcome::Escalate => "then others are asked",
        }),
        _ => None,
    };
    Some(format!("Time left: {left}, {}", then.unwrap_or("then the run goes on without you")))
}

/// `3 h 59 min`, the two largest units.
fn span(milliseconds: i64) -> String {
    let minutes = milliseconds.max(0) / 60_000;
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours) {
        (0, 0) if minutes == 0 => "less than a minute".to_owned(),
        (0, 0) => format!("{rest} min"),
        (0, _) => format!("{hours} h {rest} min"),
        (_, _) => format!("{days} d {hours} h"),
    }
}

/// What a workflow wrote, on one line.
fn one_line(text: &str, characters_max: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= characters_max {
        return line;
    }
    let cut: String = line.chars().take(characters_max.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_lines_are_short() {
        assert_eq!(span(14_399_000), "3 h 59 min");
        assert_eq!(span(-1), "less than a minute");
        assert_eq!(span(90_000), "1 min");
        assert_eq!(span(3 * 86_400_000 + 3_700_000), "3 d 1 h");
        assert_eq!(one_line("a\r\nBcc: b  c", 20), "a Bcc: b c");
        assert_eq!(one_line("abcdef", 4), "abc…");
    }
}
