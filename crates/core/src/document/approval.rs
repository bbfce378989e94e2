//! An approval: what is asked, who decides, what happens while nobody does, and what may be allowed in advance.

use super::{StepId, Verdict, WaitingMessage};
use crate::time::Span;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Pauses until a person approves or rejects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// One line for the card; a template.
    pub summary: String,
    /// Facts beside the summary, each with its label.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
    /// Whether it is asked although an expression of the summary gives nothing; else the step fails before anybody is asked.
    #[serde(default, skip_serializing_if = "is_false")]
    pub allow_empty: bool,
    /// For how many seconds whoever decides can take it back, 1 to 60: the decision counts only then, and nothing is sent
    /// before. At once when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo_seconds: Option<u32>,
    /// What the customer reads while people decide: `true` for the workspace's words, or a template; nothing when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_message: Option<WaitingMessage>,
    /// The steps this approval allows; their rendered requests are shown and hashed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guards: Vec<StepId>,
    /// What an approver may change in what is sent: by guarded step, JSON pointers into its input.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub editable: IndexMap<StepId, Vec<String>>,
    /// JSON Schema of what an approver fills in with a yes: `steps.<id>.output.values`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Value>,
    /// What must be said with words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comment_required: Vec<Verdict>,
    /// Who may decide.
    #[serde(default)]
    pub approvers: Approvers,
    /// Who may decide instead in certain cases, tried in order: the first that holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<Tier>,
    /// Name of a calendar of the workflow: reminder, ladder and time limit are in its working time. A day is 24 hours of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// What happens while nobody decides, in order; at most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ladder: Vec<Rung>,
    /// When to remind the approvers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind_after: Option<Span>,
    /// What happens when nobody decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<ApprovalTimeout>,
    /// What a person who may approve this may allow in advance; nothing when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Box<StandingLimits>>,
    /// The step after approval.
    pub on_approve: StepId,
    /// The step after rejection.
    pub on_reject: StepId,
    /// The step after "ask for changes"; that outcome is not offered when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_changes: Option<StepId>,
    /// How often a run may be sent back from here, 1 to 100; 10 when absent. Then changes are offered no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes_max: Option<u32>,
}

/// For how many seconds a decision can be taken back at most.
pub const UNDO_SECONDS_MAX: u32 = 60;

/// How often a run may be sent back from an approval that does not say.
pub const CHANGES_DEFAULT: u32 = 10;

/// What may be allowed in advance: requests that fit are approved in the name of who allowed them, the rest goes to people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StandingLimits {
    /// The guarded step whose amount is limited.
    pub step: StepId,
    /// JSON pointer to a number in its input.
    pub field: String,
    /// The largest number that may be allowed in advance.
    pub max: f64,
    /// JSONata expression that must be true too, for example `currency = 'usd'`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// How many a day (UTC) at most; 1 to 10,000.
    pub per_day: u32,
    /// For how many days at most; 1 to 366.
    pub days: u32,
}

/// One thing that happens while nobody decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// How long after it was asked; longer than the one before.
    pub after: Span,
    /// What happens.
    #[serde(rename = "do")]
    pub act: RungAct,
    /// Roles, groups or e-mail addresses: who decides from then on (`reassign`), or who may besides (`escalate`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
}

/// What happens while nobody decides. What ends the wait is the time limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RungAct {
    /// Those who may decide are told again.
    Remind,
    /// Others decide instead.
    Reassign,
    /// Others may decide too.
    Escalate,
}

/// One fact that an approver sees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// Its value; a template.
    pub value: String,
    /// Whether it is left out when its value is empty; else the step fails before anybody is asked.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
}

/// Who may decide an approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approvers {
    /// Roles or groups, any of which is enough: `admin`, `builder`, `operator`, or a group such as `manager`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Operators by e-mail address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<String>,
    /// How many different people must approve; 1 to 10. One rejection rejects.
    #[serde(default = "one")]
    pub quorum: u32,
    /// Whether who started the run or had a hand in it may not decide.
    #[serde(default)]
    pub exclude_requester: bool,
    /// Whether who published the version may not decide.
    #[serde(default, skip_serializing_if = "is_false")]
    pub exclude_author: bool,
    /// How many of a role or group must be among those who approve; each person counts for one of them. At most 10 in all.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub counts: IndexMap<String, u32>,
    /// How many different people must say no to reject; 1 to 10.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub rejections: u32,
    /// Roles, groups or e-mail addresses whose single no rejects, also where they may not approve.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub veto: Vec<String>,
    /// That who decides has given their password lately.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_up: Option<StepUp>,
}

/// That who decides has given their password lately. API keys have none, and never do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepUp {
    /// How many minutes ago at most, 1 to 60.
    pub minutes: u32,
    /// Whether only who decides by a personal link must; else everybody.
    #[serde(default, skip_serializing_if = "is_false")]
    pub links_only: bool,
}

fn one() -> u32 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_one(number: &u32) -> bool {
    *number == 1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Default for Approvers {
    fn default() -> Self {
        Self {
            roles: Vec::new(),
            users: Vec::new(),
            quorum: 1,
            exclude_requester: false,
            exclude_author: false,
            counts: IndexMap::new(),
            rejections: 1,
            veto: Vec::new(),
            step_up: None,
        }
    }
}

/// Who may decide in a certain case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// JSONata expression over the run's state that is true or false; anything else fails the step before anybody is asked.
    pub when: String,
    /// What the case is called on the card.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Who may decide then.
    pub approvers: Approvers,
}

/// What happens when nobody decides in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalTimeout {
    /// How long to wait.
    pub after: Span,
    /// What the silence counts as.
    pub outcome: TimeoutOutcome,
    /// The step to go to; the branch of the outcome when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<StepId>,
    /// Who may decide after an escalation (outcome `escalate`): roles added to the approvers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escalate_to: Vec<String>,
}

/// What silence counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimeoutOutcome {
    /// As if approved. Refused by the checks when the approval guards a high-risk action.
    Approved,
    /// As if rejected.
    Rejected,
    /// More people may decide, and the wait starts once more; then it counts as rejected.
    Escalate,
}
