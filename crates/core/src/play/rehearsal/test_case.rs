//! Test cases: a script and what must come of it.

use super::{
    play::{Rehearsal, Speaker, rehearse},
    script::{Act, Opening, Script, or_default},
    waiting::Waiting,
};
use crate::{
    catalogue::Catalogue,
    document::{StepId, StepKind},
    run::{EndedStatus, Version},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// The most test cases of one workflow.
pub const CASES_MAX: usize = 200;
/// Longest text of a file of test cases, bytes.
const SOURCE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Longest name, characters.
const NAME_LENGTH_MAX: usize = 200;
/// When a test case starts that does not say: the same instant every time. 2026-01-01T09:00:00Z.
const STARTS_AT: Timestamp = Timestamp(1_767_258_000_000);

/// A rehearsal kept to be played again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TestCaseBody)]
pub struct TestCase {
    /// What it shows.
    pub name: String,
    /// What sets the run off.
    #[serde(default)]
    pub opening: Opening,
    /// What happens then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acts: Vec<Act>,
    /// What must come of it.
    #[serde(default)]
    pub expect: Expectations,
}

/// Where a run must stand after the last act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExpectedStatus {
    /// It did what it was for.
    Completed,
    /// It was refused on the way.
    Rejected,
    /// Something went wrong.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// It is not over.
    Waiting,
    /// The message did not start it.
    NotStarted,
}

impl ExpectedStatus {
    fn tag(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Waiting => "waiting",
            Self::NotStarted => "not_started",
        }
    }
}

/// What must come of a test case. What is left out is not looked at.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectations {
    /// Where the run stands at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ExpectedStatus>,
    /// Every step that is entered, in order. Steps that do nothing but lead on, or end without a word, may differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub path: Option<Vec<StepId>>,
    /// Steps that are entered, in this order, others between them or not.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Option<Vec<String>>)]
    pub passes: Vec<StepId>,
    /// Steps that are not entered.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Option<Vec<String>>)]
    pub avoids: Vec<StepId>,
    /// Every call of an action, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<Vec<ExpectedRequest>>,
    /// Messages the customer gets, in this order, others between them or not.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Option<Vec<ExpectedMessage>>)]
    pub messages: Vec<ExpectedMessage>,
    /// Part of what the run answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
}

/// A call that must be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedRequest {
    /// `<connector>.<action>`.
    pub action: String,
    /// Part of its input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
}

/// A message the customer must get.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedMessage {
    /// Over which channel; any when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Part of its text.
    pub text: String,
}

/// One expectation that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TestFailure)]
pub struct Failure {
    /// act, status, path, passes, avoids, requests, messages, output.
    pub what: String,
    /// In one sentence.
    pub message: String,
}

/// How a test case went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Its name.
    pub name: String,
    /// Empty when it passed.
    pub failures: Vec<Failure>,
    /// The steps that were entered.
    pub path: Vec<StepId>,
    /// Whether these are not the ones written down, although nothing else was done.
    pub other_path: bool,
    /// Where the run stood at the end.
    pub status: String,
}

impl Verdict {
    /// Whether every expectation held.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

impl TestCase {
    /// The script it plays.
    #[must_use]
    pub fn script(&self) -> Script {
        let opening = Opening { at: self.opening.at.or(Some(STARTS_AT)), ..self.opening.clone() };
        Script { opening, acts: self.acts.clone() }
    }

    /// A test case that expects all of what came of a rehearsal.
    #[must_use]
    pub fn keep(name: String, script: Script, rehearsal: &Rehearsal) -> Self {
        Self {
            name,
            opening: Opening { at: Some(rehearsal.began), ..script.opening },
            acts: script.acts,
            expect: Expectations {
                status: Some(status(rehearsal)),
                path: Some(path(rehearsal)),
                requests: Some(
                    rehearsal
                        .requests
                        .iter()
                        .map(|sent| ExpectedRequest { action: sent.action.clone(), input: Some(sent.input.clone()) })
                        .collect(),
                ),
                messages: messages(rehearsal)
                    .map(|(channel, text)| ExpectedMessage { channel: Some(channel.to_owned()), text: text.to_owned() })
                    .collect(),
                output: rehearsal.ended.as_ref().map(|ended| ended.output.clone()).filter(|output| !output.is_null()),
                ..Expectations::default()
            },
        }
    }

    /// Plays it.
    #[must_use]
    pub fn run(&self, version: &Version, catalogue: &Catalogue) -> Verdict {
        let rehearsal = rehearse(version, catalogue, &self.script(), STARTS_AT);
        let mut judge = Judge { rehearsal: &rehearsal, version, other_path: false, failures: Vec::new() };
        judge.all(&self.expect);
        let Judge { failures, other_path, .. } = judge;
        Verdict {
            name: self.name.clone(),
            failures,
            path: path(&rehearsal),
            other_path,
            status: status(&rehearsal).tag().to_owned(),
        }
    }
}

fn status(rehearsal: &Rehearsal) -> ExpectedStatus {
    match &rehearsal.ended {
        Some(ended) => match ended.status {
            EndedStatus::Completed => ExpectedStatus::Completed,
            EndedStatus::Rejected => ExpectedStatus::Rejected,
            EndedStatus::Failed => ExpectedStatus::Failed,
            EndedStatus::Cancelled => ExpectedStatus::Cancelled,
        },
        None if matches!(rehearsal.waiting, Waiting::Start { .. }) => ExpectedStatus::NotStarted,
        None => ExpectedStatus::Waiting,
    }
}

fn path(rehearsal: &Rehearsal) -> Vec<StepId> {
    rehearsal.steps.iter().map(|step| step.step.clone()).collect()
}

fn messages(rehearsal: &Rehearsal) -> impl Iterator<Item = (&str, &str)> {
    let ours = rehearsal.said.iter().filter(|said| said.by == Speaker::Workflow && !said.text.is_empty());
    ours.map(|said| (said.channel.as_str(), said.text.as_str()))
}

struct Judge<'a> {
    rehearsal: &'a Rehearsal,
    version: &'a Version,
    other_path: bool,
    failures: Vec<Failure>,
}

impl Judge<'_> {
    fn no(&mut self, what: &str, message: String) {
        self.failures.push(Failure { what: what.to_owned(), message });
    }

    fn all(&mut self, expect: &Expectations) {
        let opening_may_fail = expect.status == Some(ExpectedStatus::NotStarted);
        if let Some(refused) = &self.rehearsal.refused {
            match refused.act {
                Some(act) => self.no("act", format!("act {} could not be played: {}", act + 1, refused.message)),
                None if opening_may_fail => {}
                None => self.no("act", format!("it did not start: {}", refused.message)),
            }
        }
        self.status(expect);
        self.path(expect);
        self.requests(expect);
        self.messages(expect);
        if let Some(expected) = &expect.output {
            let actual = self.rehearsal.ended.as_ref().map_or(&Value::Null, |ended| &ended.output);
            if !includes(actual, expected) {
                self.no("output", format!("the run answers {}, not {}", brief(actual), brief(expected)));
            }
        }
    }

    fn status(&mut self, expect: &Expectations) {
        let actual = status(self.rehearsal);
        if let Some(expected) = expect.status.filter(|expected| *expected != actual) {
            let error = self.rehearsal.ended.as_ref().and_then(|ended| ended.error.as_ref());
            let why = error.map(|error| format!(" ({}: {})", error.code, error.message)).unwrap_or_default();
            self.no("status", format!("the run is {}, not {}{why}", actual.tag(), expected.tag()));
        }
    }

    fn path(&mut self, expect: &Expectations) {
        let actual = path(self.rehearsal);
        if let Some(expected) = expect.path.as_ref().filter(|expected| **expected != actual) {
            if self.telling(expected, expect) == self.telling(&actual, expect) {
                self.other_path = true;
            } else {
                self.no("path", format!("the path is {}, not {}", actual.join(" → "), expected.join(" → ")));
            }
        }
        let mut left = actual.iter();
        if let Some(missing) = expect.passes.iter().find(|wanted| !left.any(|step| step == *wanted)) {
            self.no("passes", format!("`{missing}` is not entered in its place"));
        }
        for avoided in expect.avoids.iter().filter(|avoided| actual.contains(avoided)) {
            self.no("avoids", format!("`{avoided}` is entered"));
        }
    }

    /// The steps of a path that do something. One that is not there any more is judged by the calls, where they are written
    /// down.
    fn telling<'p>(&self, path: &'p [StepId], expect: &Expectations) -> Vec<&'p StepId> {
        let tells = |step: &&StepId| match self.version.workflow().steps.get(*step).map(|step| &step.kind) {
            Some(StepKind::Condition(_)) => false,
            Some(StepKind::End(end)) => !end.message.is_empty(),
            Some(
                StepKind::ToolCall(_)
                | StepKind::CollectForm(_)
                | StepKind::Notify(_)
                | StepKind::Approval(_)
                | StepKind::HumanHandoff(_),
            ) => true,
            None => expect.requests.is_none(),
        };
        path.iter().filter(tells).collect()
    }

    fn requests(&mut self, expect: &Expectations) {
        let Some(expected) = &expect.requests else { return };
        let actual = &self.rehearsal.requests;
        let names = |names: Vec<&str>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        if actual.len() != expected.len()
            || actual.iter().zip(expected).any(|(sent, wanted)| sent.action != wanted.action)
        {
            let sent = names(actual.iter().map(|sent| sent.action.as_str()).collect());
            let wanted = names(expected.iter().map(|wanted| wanted.action.as_str()).collect());
            self.no("requests", format!("the calls are {sent}, not {wanted}"));
            return;
        }
        for (sent, wanted) in actual.iter().zip(expected) {
            if let Some(input) = wanted.input.as_ref().filter(|input| !includes(&sent.input, input)) {
                let (sent_input, wanted) = (brief(&sent.input), brief(input));
                self.no("requests", format!("`{}` sends {sent_input}, not {wanted}", sent.action));
            }
        }
    }

    fn messages(&mut self, expect: &Expectations) {
        let rehearsal = self.rehearsal;
        let mut left = messages(rehearsal);
        for wanted in &expect.messages {
            let mut fits = |(channel, text): (&str, &str)| {
                wanted.channel.as_ref().is_none_or(|wanted| wanted == channel) && text.contains(&wanted.text)
            };
            if !left.any(&mut fits) {
                let over = wanted.channel.as_ref().map(|channel| format!(" over {channel}")).unwrap_or_default();
                self.no("messages", format!("nobody is told{over} \"{}\"", clipped(&wanted.text)));
                return;
            }
        }
    }
}

/// Whether `whole` has everything that `part` has: objects member by member, the rest the same.
fn includes(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(name, part)| whole.get(name).is_some_and(|whole| includes(whole, part)))
        }
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(whole, part)| includes(whole, part))
        }
        (Value::Number(whole), Value::Number(part)) => whole == part || whole.as_f64() == part.as_f64(),
        (whole, part) => whole == part,
    }
}

fn brief(value: &Value) -> String {
    clipped(&value.to_string())
}

fn clipped(text: &str) -> String {
    if text.chars().count() <= 300 { text.to_owned() } else { text.chars().take(299).chain(['…']).collect() }
}

/// The test cases of one workflow, as a file beside it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// The test cases.
    pub tests: Vec<TestCase>,
}

/// Why a text is not a file of test cases.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SuiteError {
    /// What is wrong.
    pub message: String,
    /// Line, from 1, when known.
    pub line: Option<usize>,
    /// Column, from 1, when known.
    pub column: Option<usize>,
}

impl Suite {
    /// Reads test cases from YAML or JSON.
    ///
    /// # Errors
    /// What is wrong with the text, or with a name or bound.
    pub fn parse(text: &str) -> Result<Self, SuiteError> {
        let plain = |message: String| SuiteError { message, line: None, column: None };
        if text.len() > SOURCE_BYTES_MAX {
            return Err(plain(format!("a file of test cases has at most {SOURCE_BYTES_MAX} bytes")));
        }
        let suite: Self = serde_norway::from_str(crate::text::without_mark(text)).map_err(|error| SuiteError {
            line: error.location().map(|place| place.line()),
            column: error.location().map(|place| place.column()),
            message: error.to_string(),
        })?;
        suite.problem().map_or(Ok(suite), |problem| Err(plain(problem)))
    }

    /// The first name or bound that is wrong.
    fn problem(&self) -> Option<String> {
        if self.tests.len() > CASES_MAX {
            return Some(format!("a workflow has at most {CASES_MAX} test cases"));
        }
        let mut seen = BTreeSet::new();
        self.tests.iter().find_map(|case| {
            let length = case.name.trim().chars().count();
            if length == 0 || length > NAME_LENGTH_MAX {
                return Some(format!("a test case has a name of 1 to {NAME_LENGTH_MAX} characters"));
            }
            (!seen.insert(case.name.trim())).then(|| format!("two test cases are named `{}`", case.name))
        })
    }

    /// As YAML.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        serde_norway::to_string(self).unwrap_or_default()
    }
}
