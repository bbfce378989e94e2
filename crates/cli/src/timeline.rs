//! A run as cards: one line for each step, and below it what a person should know about it.

use crate::client::text::{duration, moment_in, short, spaced, words};
use countersign_api::{
    Attempt, CallRequest, CheckpointStatus, ConditionRecord, DecidedBy, ExecutionStatus, Found, LookUp, SentMessage,
    StepCheckpoint, StepError, StepExecution,
};
use jiff::tz::TimeZone;

/// Longest line of free text, characters.
const TEXT_LENGTH_MAX: usize = 100;

/// The steps of a run in aligned columns, with attempts, decisions and errors.
#[must_use]
pub fn timeline(steps: &[StepExecution]) -> Vec<String> {
    timeline_in(steps, &TimeZone::system())
}

fn timeline_in(steps: &[StepExecution], zone: &TimeZone) -> Vec<String> {
    let cards: Vec<Card> = steps.iter().map(|step| Card::of(step, zone)).collect();
    let mut columns = Columns::default();
    for card in &cards {
        columns.fit(card);
    }
    cards.iter().flat_map(|card| [columns.line(card)].into_iter().chain(card.notes())).collect()
}

/// One step execution, ready to be printed.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    cells: [String; 3],
    status: String,
    notes: Vec<String>,
}

impl Card {
    /// The card of a step execution.
    #[must_use]
    pub fn of(step: &StepExecution, zone: &TimeZone) -> Self {
        let title = if step.title.is_empty() { &step.step } else { &step.title };
        let cells = [step.kind.clone(), short(title, TEXT_LENGTH_MAX), short(&what(step), TEXT_LENGTH_MAX)];
        Self { cells, status: status(step), notes: notes(step, zone) }
    }

    /// What stands below the line, indented.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        self.notes.iter().map(|note| format!("    {note}"))
    }

    /// Where the step stands, and how long it took.
    #[must_use]
    pub fn status(&self) -> &str {
        &self.status
    }
}

/// How wide the columns are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns([usize; 3]);

impl Columns {
    /// Columns for cards that are not known yet: of usual width, wider where a card needs it.
    #[must_use]
    pub fn usual() -> Self {
        Self(["human_handoff".len(), 28, 28])
    }

    fn fit(&mut self, card: &Card) {
        for (width, cell) in self.0.iter_mut().zip(&card.cells) {
            *width = (*width).max(cell.chars().count());
        }
    }

    /// The first line of a card.
    #[must_use]
    pub fn line(&self, card: &Card) -> String {
        let [kind, title, what] = self.0;
        let [kind_cell, title_cell, what_cell] = &card.cells;
        // A column nobody uses takes no place.
        let what_cell = if what == 0 { String::new() } else { format!("{what_cell:<what$}  ") };
        format!("{kind_cell:<kind$}  {title_cell:<title$}  {what_cell}{}", card.status)
    }
}

/// The one thing that matters about a step of this kind.
fn what(step: &StepExecution) -> String {
    if let Some(action) = &step.action {
        return action.clone();
    }
    if let Some(ConditionRecord { branches }) = &step.condition {
        let held = branches.iter().find(|branch| branch.held);
        return match (held, branches.as_slice()) {
            (Some(branch), _) | (None, [branch]) => branch.when.clone(),
            (None, _) => String::new(),
        };
    }
    let messages = step.notify.iter().flat_map(|notify| &notify.messages);
    messages.map(|message| message.channel.as_str()).collect::<Vec<_>>().join(", ")
}

fn status(step: &StepExecution) -> String {
    let unknown = step.status == ExecutionStatus::Unknown;
    let word = if unknown { "Outcome unknown".to_owned() } else { words(step.status.as_str()) };
    // Where a condition went is its result; a branch without a name is told by its expression.
    let exit = step.branch.as_ref().filter(|exit| step.condition.is_some() && !exit.starts_with("when "));
    let exit = exit.map(|exit| format!(" → {exit}")).unwrap_or_default();
    match step.duration_ms {
        Some(milliseconds) => format!("{word} ({}){exit}", duration(milliseconds)),
        None => word,
    }
}

fn notes(step: &StepExecution, zone: &TimeZone) -> Vec<String> {
    let mut notes: Vec<String> = step.messages.iter().map(|message| quoted(message)).collect();
    // One attempt that went well is what the card itself says.
    let plain = |attempt: &Attempt| attempt.status == ExecutionStatus::Completed && attempt.attempt <= 1;
    if !step.attempts.iter().all(plain) {
        notes.extend(step.attempts.iter().map(|attempt| attempt_note(attempt, zone)));
    }
    let checkpoints = step.earlier_checkpoints.iter().chain(&step.checkpoint);
    notes.extend(checkpoints.map(|checkpoint| checkpoint_note(checkpoint, zone)));
    notes.extend(step.notify.iter().flat_map(|notify| &notify.messages).map(message_note));
    notes.extend(step.error.iter().map(|error| format!("error: {}", error_text(error))));
    notes
}

/// What the other side told of a call when it was asked.
pub fn looked_up(look_up: &LookUp) -> &'static str {
    match look_up.found {
        Some(Found::Happened) => "looked up: it took place",
        Some(Found::DidNotHappen) => "looked up: it did not take place",
        Some(Found::Unclear) => "looked up: that does not tell",
        None => "being looked up",
    }
}

fn attempt_note(attempt: &Attempt, zone: &TimeZone) -> String {
    // A step that sends several messages has attempts of each.
    let channel = match &attempt.request {
        Some(CallRequest::Message { channel, .. }) => format!("{channel} "),
        Some(CallRequest::Action { .. }) | None => String::new(),
    };
    let mut note = format!("{channel}attempt {}: {}", attempt.attempt, spaced(attempt.status.as_str()));
    if let Some(ended) = attempt.ended_at {
        note.push_str(&format!(" after {}", duration(ended - attempt.started_at)));
    }
    if let Some(error) = &attempt.error {
        note.push_str(&format!(" - {}", error_text(error)));
    }
    if let Some(look_up) = &attempt.look_up {
        note.push_str(&format!(", {}", looked_up(look_up)));
    }
    if let (Some(retry), ExecutionStatus::Retrying) = (attempt.retry_at, attempt.status) {
        note.push_str(&format!(", again at {}", moment_in(retry, zone)));
    }
    note
}

fn checkpoint_note(checkpoint: &StepCheckpoint, zone: &TimeZone) -> String {
    let comment = checkpoint.comment.as_ref().map(|comment| format!(": {}", quoted(comment))).unwrap_or_default();
    match checkpoint.status {
        CheckpointStatus::Open => {
            let (kind, id) = (spaced(checkpoint.kind.as_str()), &checkpoint.id);
            let due = checkpoint.due_at.map(|due| format!(", until {}", moment_in(due, zone))).unwrap_or_default();
            let given = checkpoint.given.join(", ");
            let given = if given.is_empty() { given } else { format!(", approved so far by {given}") };
            format!("waits for {kind} {id}{due}{given}")
        }
        CheckpointStatus::Decided => {
            let after =
                checkpoint.decided_at.map(|decided| format!(" after {}", duration(decided - checkpoint.opened_at)));
            let outcome = words(checkpoint.outcome.as_deref().unwrap_or_default());
            let by = checkpoint.decided_by.as_ref().map(|by| format!(" by {}{}", by.name, via(by))).unwrap_or_default();
            format!("{outcome}{by}{}{comment}", after.unwrap_or_default())
        }
    }
}

/// ` (portal)`; nothing where nobody decided.
pub fn via(by: &DecidedBy) -> String {
    let via = by.via.as_deref().filter(|via| !matches!(*via, "timeout" | "cancel"));
    via.map(|via| format!(" ({via})")).unwrap_or_default()
}

fn message_note(message: &SentMessage) -> String {
    let SentMessage { channel, to, body, status, template, .. } = message;
    let template = template.as_ref().map(|template| format!(" (or template {})", template.name)).unwrap_or_default();
    let to = if to.is_empty() { String::new() } else { format!(" to {to}") };
    let done = *status == ExecutionStatus::Completed;
    let status = if done { String::new() } else { format!(" ({})", spaced(status.as_str())) };
    format!("{channel}{to}{template}{status}: {}", quoted(body))
}

fn error_text(error: &StepError) -> String {
    format!("{}: {}", error.code, short(&error.message, TEXT_LENGTH_MAX))
}

fn quoted(text: &str) -> String {
    format!("“{}”", short(text, TEXT_LENGTH_MAX))
}

#[cfg(test)]
mod tests;
