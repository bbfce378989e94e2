//! What the checks say.

use crate::document::SourceError;
use schemars::JsonSchema;
use serde::Serialize;

/// The most diagnostics of one document; errors are kept before warnings, warnings before the rest.
pub const DIAGNOSTICS_MAX: usize = 500;
/// The most that are collected before the choice is made.
const COLLECTED_MAX: usize = 5_000;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It cannot be published.
    Error,
    /// It can be published and is probably not what was meant.
    Warning,
    /// Worth knowing.
    Info,
}

/// One thing the checks found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Diagnostic {
    /// Stable code.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// JSON pointer into the document; empty for the whole document.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl From<SourceError> for Diagnostic {
    fn from(error: SourceError) -> Self {
        let help = match error.code {
            "schema_newer" => "Update Countersign, or export the document from a version of the same age.",
            "syntax" => "The text must be YAML or JSON.",
            "source_size" => "Split the workflow, or move long texts out of it.",
            "duplicate_key" => "Remove one of the two: only one of them would count.",
            "unknown_field" => "Remove the field or correct its name; the document format names every field.",
            "missing_field" => "Add the field.",
            _ => "Look up the field in the document format.",
        };
        let message = match (error.line, error.column) {
            (Some(line), Some(column)) => format!("{} (line {line}, column {column})", error.message),
            _ => error.message,
        };
        Self { code: error.code, severity: Severity::Error, pointer: error.pointer, message, help: help.to_owned() }
    }
}

/// Where the rules write what they find.
#[derive(Default)]
pub(super) struct Report {
    found: Vec<(usize, Diagnostic)>,
    order: usize,
    suggested: usize,
}

impl Report {
    /// What follows is about the document as a whole.
    pub(super) fn document(&mut self) {
        self.order = 0;
    }

    /// What follows is about the step of that index.
    pub(super) fn step(&mut self, index: usize) {
        self.order = index + 1;
    }

    pub(super) fn error(
        &mut self,
        code: &'static str,
        pointer: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Severity::Error, code, pointer, message.into(), help.into());
    }

    pub(super) fn warning(
        &mut self,
        code: &'static str,
        pointer: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Severity::Warning, code, pointer, message.into(), help.into());
    }

    pub(super) fn info(
        &mut self,
        code: &'static str,
        pointer: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Severity::Info, code, pointer, message.into(), help.into());
    }

    /// "Did you mean" for a name, for the first few: looking for it takes time.
    pub(super) fn suggestion<'a>(&mut self, name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
        const SUGGESTIONS_MAX: usize = 20;
        self.suggested += 1;
        if self.suggested > SUGGESTIONS_MAX { None } else { super::suggest::nearest(name, known) }
    }

    fn push(&mut self, severity: Severity, code: &'static str, pointer: &str, message: String, help: String) {
        if self.found.len() < COLLECTED_MAX || (severity == Severity::Error && self.found.len() < 2 * COLLECTED_MAX) {
            let pointer = pointer.to_owned();
            self.found.push((self.order, Diagnostic { code, severity, pointer, message, help }));
        }
    }

    /// In the order of the document; when there are too many the worst are kept.
    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        if self.found.len() > DIAGNOSTICS_MAX {
            self.found.sort_by_key(|(order, diagnostic)| (diagnostic.severity, *order));
            self.found.truncate(DIAGNOSTICS_MAX);
        }
        self.found.sort_by_key(|(order, _)| *order);
        self.found.into_iter().map(|(_, diagnostic)| diagnostic).collect()
    }
}

/// Text from a document, short enough for a message.
pub(super) fn shown(text: &str) -> String {
    const SHOWN_MAX: usize = 60;
    let mut short: String = text.chars().take(SHOWN_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

pub(super) use crate::pointer::token;
