//! Test cases and templates.

pub use countersign_core::play::rehearsal::{
    Expectations, ExpectedMessage, ExpectedRequest, ExpectedStatus, Failure as TestFailure, TestCase as TestCaseBody,
};
use countersign_core::play::rehearsal::{Script, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// How a test case went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestResult {
    /// Its name.
    pub name: String,
    /// Whether every expectation held.
    pub passed: bool,
    /// What did not hold.
    pub failures: Vec<TestFailure>,
    /// The steps that were entered.
    pub path: Vec<String>,
    /// Whether these are not the ones written down, although nothing else was done.
    #[serde(default)]
    pub other_path: bool,
    /// Where the run stood at the end.
    pub status: String,
}

impl From<Verdict> for TestResult {
    fn from(verdict: Verdict) -> Self {
        let passed = verdict.passed();
        let Verdict { name, failures, path, other_path, status } = verdict;
        Self { name, passed, failures, path, other_path, status }
    }
}

/// A test case of a workflow.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TestCase {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// What is played and what must come of it.
    pub body: TestCaseBody,
    /// How it went the last time it was run on the saved draft.
    pub last_result: Option<TestResult>,
    /// Creation.
    pub created_at: i64,
    /// Last change.
    pub updated_at: i64,
}

/// Keeps a test case.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteTestCaseRequest {
    /// What it shows, 1 to 200 characters, unique in its workflow.
    pub name: String,
    /// What is played.
    pub script: Script,
    /// What must come of it; all of what comes of it on the document now when absent.
    pub expect: Option<Expectations>,
    /// The document it was rehearsed on; the draft as it is saved when absent.
    pub document: Option<Value>,
}

/// Something of a run that a test case does not show.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TestCaseLimit {
    /// not_over, trigger, channel, not_compared.
    pub code: String,
    /// In one sentence.
    pub message: String,
}

/// A run as a test case.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RunTestCase {
    /// What is played and what must come of it.
    pub case: TestCaseBody,
    /// What of the run it does not show.
    pub limits: Vec<TestCaseLimit>,
}

/// Keeps a run as a test case.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepRunTestRequest {
    /// What it shows, 1 to 200 characters, unique in its workflow.
    pub name: String,
}

/// A run that was kept as a test case.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct KeptRunTest {
    /// The workflow whose test case it is.
    pub workflow: String,
    /// The test case.
    pub test: TestCase,
    /// What of the run it does not show.
    pub limits: Vec<TestCaseLimit>,
}

/// Runs test cases on a document, the draft or a version.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RunTestsRequest {
    /// The document; the draft as it is saved when neither this nor `version` is given.
    pub document: Option<Value>,
    /// A version.
    pub version: Option<u32>,
    /// Only test cases of these names.
    pub names: Option<Vec<String>>,
}

/// How test cases went.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TestReport {
    /// Whether all passed.
    pub passed: bool,
    /// One for each, by name.
    pub results: Vec<TestResult>,
}

/// Replaces all test cases of a workflow.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportTestsRequest {
    /// YAML or JSON: `tests:` and a list.
    pub source: String,
}

/// A workflow to begin with.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Template {
    /// Stable short name.
    pub id: String,
    /// Name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// Connectors it calls.
    pub connectors: Vec<String>,
    /// Channels it sends over, beside the conversation.
    pub channels: Vec<String>,
    /// Groups whose approval it asks for.
    pub approvers: Vec<String>,
    /// How many steps it has.
    pub steps: usize,
    /// How many test cases come with it.
    pub tests: usize,
    /// What it asks for, to be ready to run.
    pub asks: Vec<TemplateAsk>,
    /// The document.
    pub document: Value,
}

/// One thing a template asks for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TemplateAsk {
    /// What its answer is called.
    pub name: String,
    /// What is asked for.
    pub kind: TemplateAskKind,
    /// The connector, channel, group, team or variable the template was written with.
    pub of: String,
    /// What it is called, where `of` does not say it.
    pub title: Option<String>,
    /// What holds without an answer.
    pub value: Value,
}

/// What a template can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TemplateAskKind {
    /// Name of the connection its steps call with; null for the only one.
    Connection,
    /// Whether it sends over a channel.
    Channel,
    /// Who approves.
    Group,
    /// Who takes conversations over.
    Team,
    /// Value of a variable: a number from 0 on, or a text.
    Value,
}

/// Makes a workflow from a template.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UseTemplateRequest {
    /// Its name; the template's when absent.
    pub name: Option<String>,
    /// Answers to what the template asks, by name; the rest stays as the template has it.
    pub settings: BTreeMap<String, Value>,
}
