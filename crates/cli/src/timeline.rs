//! A run as cards: one line for each step, and below it what a person should know about it.

use crate::client::text::{at, duration, list, moment_in, short, words};
use jiff::tz::TimeZone;
use serde_json::Value;

/// Longest line of free text, characters.
const TEXT_LENGTH_MAX: usize = 100;

/// The steps of a run (as `GET /api/v1/runs/{id}` answers) in aligned columns, with attempts, decisions and errors.
#[must_use]
pub fn timeline(run: &Value) -> Vec<String> {
    timeline_in(run, &TimeZone::system())
}

fn timeline_in(run: &Value, zone: &TimeZone) -> Vec<String> {
    let cards: Vec<Card> = list(run, "/steps").iter().map(|step| Card::of(step, zone)).collect();
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
    pub fn of(step: &Value, zone: &TimeZone) -> Self {
        let title = at(step, "/title");
        let title = if title.is_empty() { at(step, "/step") } else { title };
        let cells = [at(step, "/kind"), short(&title, TEXT_LENGTH_MAX), short(&what(step), TEXT_LENGTH_MAX)];
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
fn what(step: &Value) -> String {
    let action = at(step, "/action");
    if !action.is_empty() {
        return action;
    }
    match at(step, "/kind").as_str() {
        "condition" => {
            let branches = list(step, "/condition/branches");
            let held = branches.iter().find(|branch| at(branch, "/held") == "true");
            match (held, branches) {
                (Some(branch), _) | (None, [branch]) => at(branch, "/when"),
                (None, _) => String::new(),
            }
        }
        "notify" => {
            let messages = list(step, "/notify/messages");
            messages.iter().map(|message| at(message, "/channel")).collect::<Vec<_>>().join(", ")
        }
        _ => String::new(),
    }
}

fn status(step: &Value) -> String {
    let word = match at(step, "/status").as_str() {
        "unknown" => "Outcome unknown".to_owned(),
        status => words(status),
    };
    let kind = at(step, "/kind");
    let exit = at(step, "/branch");
    // Where a condition went is its result; a branch without a name is told by its expression.
    let told = kind != "condition" || exit.is_empty() || exit.starts_with("when ");
    let exit = if told { String::new() } else { format!(" → {exit}") };
    match step.pointer("/duration_ms").and_then(Value::as_i64) {
        Some(milliseconds) => format!("{word} ({}){exit}", duration(milliseconds)),
        None => word,
    }
}

fn notes(step: &Value, zone: &TimeZone) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(list(step, "/messages").iter().filter_map(Value::as_str).map(quoted));
    let attempts = list(step, "/attempts");
    // One attempt that went well is what the card itself says.
    if attempts.iter().any(|attempt| at(attempt, "/status") != "completed") || attempts.iter().any(is_repeat) {
        notes.extend(attempts.iter().map(|attempt| attempt_note(attempt, zone)));
    }
    for checkpoint in list(step, "/earlier_checkpoints").iter().chain(step.pointer("/checkpoint")) {
        notes.extend(checkpoint_note(checkpoint, zone));
    }
    notes.extend(list(step, "/notify/messages").iter().map(message_note));
    let error = step.pointer("/error").filter(|error| !error.is_null());
    notes.extend(error.map(|error| format!("error: {}", error_text(error))));
    notes
}

fn is_repeat(attempt: &Value) -> bool {
    attempt.pointer("/attempt").and_then(Value::as_u64).is_some_and(|number| number > 1)
}

fn attempt_note(attempt: &Value, zone: &TimeZone) -> String {
    let moment = |pointer: &str| attempt.pointer(pointer).and_then(Value::as_i64);
    let (number, status) = (at(attempt, "/attempt"), at(attempt, "/status").replace('_', " "));
    // A step that sends several messages has attempts of each.
    let channel = Some(at(attempt, "/request/channel")).filter(|channel| !channel.is_empty());
    let mut note = format!("{}attempt {number}: {status}", channel.map(|channel| channel + " ").unwrap_or_default());
    if let (Some(started), Some(ended)) = (moment("/started_at"), moment("/ended_at")) {
        note.push_str(&format!(" after {}", duration(ended - started)));
    }
    if let Some(error) = attempt.pointer("/error").filter(|error| !error.is_null()) {
        note.push_str(&format!(" - {}", error_text(error)));
    }
    if let (Some(retry), "retrying") = (moment("/retry_at"), at(attempt, "/status").as_str()) {
        note.push_str(&format!(", again at {}", moment_in(retry, zone)));
    }
    note
}

fn checkpoint_note(checkpoint: &Value, zone: &TimeZone) -> Option<String> {
    if checkpoint.is_null() {
        return None;
    }
    let moment = |pointer: &str| checkpoint.pointer(pointer).and_then(Value::as_i64);
    let comment = Some(at(checkpoint, "/comment")).filter(|comment| !comment.is_empty());
    let comment = comment.map(|comment| format!(": {}", quoted(&comment))).unwrap_or_default();
    let given: Vec<&str> = list(checkpoint, "/given").iter().filter_map(Value::as_str).collect();
    let given = if given.is_empty() { String::new() } else { format!(", approved so far by {}", given.join(", ")) };
    if at(checkpoint, "/status") != "decided" {
        let kind = at(checkpoint, "/kind").replace('_', " ");
        let due = moment("/due_at").map(|due| format!(", until {}", moment_in(due, zone))).unwrap_or_default();
        return Some(format!("waits for {kind} {}{due}{given}", at(checkpoint, "/id")));
    }
    let after = match (moment("/opened_at"), moment("/decided_at")) {
        (Some(opened), Some(decided)) => format!(" after {}", duration(decided - opened)),
        _ => String::new(),
    };
    let outcome = words(&at(checkpoint, "/outcome"));
    let (name, via) = (at(checkpoint, "/decided_by/name"), at(checkpoint, "/decided_by/via"));
    let by = match (name.as_str(), via.as_str()) {
        ("", _) => String::new(),
        (name, "" | "timeout" | "cancel") => format!(" by {name}"),
        (name, via) => format!(" by {name} ({via})"),
    };
    Some(format!("{outcome}{by}{after}{comment}"))
}

fn message_note(message: &Value) -> String {
    let (channel, to, status) = (at(message, "/channel"), at(message, "/to"), at(message, "/status"));
    let to = if to.is_empty() { String::new() } else { format!(" to {to}") };
    let status = if status == "completed" { String::new() } else { format!(" ({})", status.replace('_', " ")) };
    format!("{channel}{to}{status}: {}", quoted(&at(message, "/body")))
}

fn error_text(error: &Value) -> String {
    format!("{}: {}", at(error, "/code"), short(&at(error, "/message"), TEXT_LENGTH_MAX))
}

fn quoted(text: &str) -> String {
    format!("“{}”", short(text, TEXT_LENGTH_MAX))
}

#[cfg(test)]
mod tests;
