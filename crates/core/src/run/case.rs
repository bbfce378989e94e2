//! What a run is about, in one line, and what went wrong in one that went on all the same.

use super::{RunState, Version};
use crate::{document::StepId, expr::Scope, expr::TextTemplate, text::keep_text, time::Timestamp};
use serde_json::Value;

/// Longest case, characters.
pub const CASE_CHARS_MAX: usize = 200;
/// What stands where a value is not there yet.
const GAP: &str = "…";

/// A workflow's template of the case, compiled.
#[derive(Debug)]
pub(super) struct Case {
    template: TextTemplate,
    /// What it says when nothing it names is there.
    blank: String,
}

impl Case {
    pub(super) fn of(template: TextTemplate) -> Self {
        let blank = template.render_with_gaps(&Scope::new(Timestamp(0)), GAP);
        Self { template, blank }
    }
}

impl Version {
    /// The case of a run by the workflow's template: one line of at most [`CASE_CHARS_MAX`] characters, with `…` where a
    /// value is not there yet. Nothing when the workflow has no template, or none of what it names is there.
    #[must_use]
    pub fn case(&self, state: &RunState, now: Timestamp) -> Option<String> {
        let case = self.case.as_ref()?;
        let text = case.template.render_with_gaps(&state.scope(now), GAP);
        let said = case.template.is_constant() || text != case.blank;
        Some(line(&text)).filter(|line| said && !line.is_empty())
    }
}

/// On one line, without what cannot be kept or seen, cut to its longest.
fn line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let mut line = words.collect::<Vec<_>>().join(" ");
    keep_text(&mut line);
    if let Some((cut, _)) = line.char_indices().nth(CASE_CHARS_MAX) {
        let last = line[..cut].char_indices().next_back().map_or(0, |(at, _)| at);
        line.truncate(last);
        line.push('…');
    }
    line
}

impl RunState {
    /// A step that failed and did not succeed since, with what it said: the one that failed last.
    #[must_use]
    pub fn failed_step(&self) -> Option<(StepId, String)> {
        let id = self.failing.last()?;
        let error = self.steps.get(id).and_then(|step| step.get("error")).unwrap_or(&Value::Null);
        let said =
            ["message", "code"].iter().find_map(|name| error.get(*name)?.as_str().filter(|said| !said.is_empty()));
        Some((id.clone(), said.unwrap_or_default().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_one_line_of_bounded_length() {
        assert_eq!(line("  Order\n\t1042 \u{0}· Ada "), "Order 1042 · Ada");
        let long = line(&"ä".repeat(500));
        assert_eq!((long.chars().count(), long.ends_with('…')), (CASE_CHARS_MAX, true));
        assert_eq!(line(&"b".repeat(CASE_CHARS_MAX)), "b".repeat(CASE_CHARS_MAX));
    }
}
