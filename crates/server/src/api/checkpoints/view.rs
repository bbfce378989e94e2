//! Checkpoints: who may decide, what they see, what would follow.

use super::{
    held::{held, held_until, taken_back},
    summary::{summary, why_not},
};
use crate::{
    api::{notifications::notices, standing},
    app::App,
    auth::Caller,
    http::problem::ApiResult,
    rows::json,
};
use countersign_api::{
    ApprovalGiven, Approvers, AskedOfApprover, BranchPreview, Checkpoint, CheckpointConversation, CheckpointState,
    Decider, EarlierDecision, GuardedRequest, OpenForm, PersonRef, PreviewStep, Receipt, RenderedRequest,
    RequestDifference, Rung, StepRef, StepUp, UnknownCall, closed_by, on_behalf_of,
};
use countersign_connectors::Registry;
use countersign_core::{
    approval::{self, ChosenAccounts, connector_of, preview},
    document::{RungAct, StepKind, TimeoutOutcome},
    run::{
        Actor, CallRequest, ClosedBy, CompiledStep, OpenApproval, OpenDoubt, Opened, Outcome, Phase, Verdict, Version,
    },
    time::Timestamp,
};
use countersign_engine::{AccountChoice, LoadedCheckpoint, LoadedRun};
use countersign_store::{
    AuditFilter, AuditRow, CheckpointFilter, CheckpointKind, CheckpointRow, CheckpointStatus, PageRequest,
    audit_document,
};
use serde_json::Value;

/// Earlier decisions shown.
const EARLIER_MAX: usize = 10;
/// Messages shown beside a checkpoint.
const MESSAGES_MAX: u32 = 50;

/// A checkpoint with everything a person needs to decide.
pub(crate) async fn checkpoint_detail(app: &App, caller: &Caller, found: LoadedCheckpoint) -> ApiResult<Checkpoint> {
    let workspace = caller.workspace();
    let LoadedCheckpoint { row, run: loaded } = found;
    let customer = match &row.customer {
        Some(id) => app.store.current_customer(workspace, id).await?,
        None => None,
    };
    let for_others = app.engine.stands_in_for(workspace, caller.actor()).await?;
    let why_not = why_not(caller, &for_others, &row, &loaded);
    let open = OpenApproval::of(&loaded.version, &loaded.state).filter(|_| row.status == CheckpointStatus::Open);
    let missing = open.and_then(|open| open.lacking()).filter(|lacking| lacking.needed > 1 || !lacking.of.is_empty());
    let deciders = deciders(app, &row, &loaded).await?;
    let opened: Option<Opened> = serde_json::from_str(&row.payload).ok();
    let (on_timeout, on_timeout_step) = on_timeout(&loaded, &row);
    let branches = branches(app, workspace, &loaded, &row).await;
    let (step, earlier, conversation) = (
        loaded.version.workflow().steps.get(&row.step).map(|step| &step.kind),
        earlier(app, &row).await?,
        conversation(app, &row).await?,
    );
    let asked_of = asked_of_approver(app, caller, (&row, step)).await?;
    let mut item = summary(app, row.clone(), customer, (&loaded.row, why_not.is_none())).await?;
    item.held_until = held_until(&loaded, &row);
    // Here all of it is told.
    item.shown = opened.as_ref().filter(|_| row.status == CheckpointStatus::Open).map(Opened::shown_hash);
    let [on_approve, on_reject, on_changes] = branches;
    let held = held(caller, &loaded, &row);
    let mut detail = Checkpoint {
        item,
        on_timeout,
        on_timeout_step,
        approvers: policy(&loaded, step, opened.as_ref()),
        ladder: ladder(&loaded, step),
        approvals: approvals(&loaded, &row),
        rejections: rejections(&loaded, &row),
        deciders,
        missing: missing.map(|lacking| lacking.told()),
        changes_left: open.and_then(|open| open.changes_left()),
        edited: Vec::new(),
        asked: asked_of,
        outcomes: if row.status == CheckpointStatus::Open { outcomes(&loaded, &row) } else { Vec::new() },
        why_not,
        requests: Vec::new(),
        difference: None,
        on_approve,
        on_reject,
        on_changes,
        team: None,
        note: None,
        hand_back: hand_back(&loaded, &row),
        form: None,
        unknown: None,
        conversation,
        state: CheckpointState {
            vars: loaded.state.vars.clone(),
            steps: loaded.state.steps.as_object().cloned().unwrap_or_default(),
        },
        path: loaded.history().into_iter().map(Into::into).collect(),
        earlier,
        comment: row.comment.clone(),
        notices: notices(app, app.store.outbound_of(workspace, &row.id).await?).await?,
        receipt: receipt(app, &row).await?,
        held,
        taken_back: taken_back(&loaded, &row),
    };
    if let Some(opened) = opened {
        show(app, &mut detail, opened, (workspace, &loaded)).await;
    }
    Ok(detail)
}

/// Who may decide it.
fn policy(loaded: &LoadedRun, step: Option<&StepKind>, opened: Option<&Opened>) -> Option<Approvers> {
    match step {
        Some(StepKind::Approval(step)) => {
            Some(approvers(asked(&loaded.state.phase).unwrap_or(&step.approvers), opened.and_then(case)))
        }
        _ => OpenDoubt::of(&loaded.version, &loaded.state).map(|doubt| approvers(doubt.approvers(), None)),
    }
}

/// What an approver may or must give besides a word, and may allow for the next time.
async fn asked_of_approver(
    app: &App,
    caller: &Caller,
    (row, step): (&CheckpointRow, Option<&StepKind>),
) -> ApiResult<Option<AskedOfApprover>> {
    let Some(StepKind::Approval(step)) = step else { return Ok(None) };
    Ok(Some(AskedOfApprover {
        standing: standing::offer(app, caller, (&row.workflow, &row.step)).await?,
        editable: step.editable.iter().map(|(step, fields)| (step.clone(), fields.clone())).collect(),
        form: step.form.clone(),
        comment_required: step.comment_required.iter().map(|verdict| verdict.word().to_owned()).collect(),
    }))
}

/// What happens while nobody decides.
fn ladder(loaded: &LoadedRun, step: Option<&StepKind>) -> Vec<Rung> {
    let (Some(StepKind::Approval(step)), Some(wait)) = (step, loaded.state.phase.approval()) else { return Vec::new() };
    let rungs = step.ladder.iter().enumerate().map(|(at, rung)| {
        let reached = at < wait.rung as usize;
        let act = match rung.act {
            RungAct::Remind => "remind",
            RungAct::Reassign => "reassign",
            RungAct::Escalate => "escalate",
        };
        let next = at == wait.rung as usize;
        let at = wait.rung_at.filter(|_| next).map(|at| at.0);
        Rung { act: act.to_owned(), after: rung.after.to_string(), to: rung.to.clone(), reached, at }
    });
    rungs.collect()
}

/// The signed entry of the audit trail that decided it.
async fn receipt(app: &App, row: &CheckpointRow) -> ApiResult<Option<Receipt>> {
    if row.status == CheckpointStatus::Open {
        return Ok(None);
    }
    let filter = AuditFilter {
        subject: Some(format!("run:{}", row.run)),
        action_prefix: Some("checkpoint.decided".to_owned()),
        ..AuditFilter::default()
    };
    let entries = app.store.list_audit(&row.workspace, &filter, None, 1000).await?;
    let of_this = |entry: &AuditRow| json(&entry.detail).get("checkpoint").and_then(Value::as_str) == Some(&row.id);
    let entry = entries.into_iter().find(of_this);
    Ok(entry.and_then(|entry| {
        Some(Receipt {
            document: audit_document(&entry),
            public_key: app.store.receipt_key(&row.workspace)?,
            signature: entry.receipt?,
            seq: entry.seq,
            hash: entry.hash,
        })
    }))
}

/// Puts in what the checkpoint itself shows.
async fn show(app: &App, detail: &mut Checkpoint, opened: Opened, (workspace, loaded): (&str, &LoadedRun)) {
    let calls = Calls::of_run(app, workspace, loaded).await;
    match opened {
        Opened::Form { prompt, schema, prefill, submit } => {
            detail.form = Some(OpenForm { schema, prompt, prefill, submit });
        }
        Opened::Approval { requests, difference, edited, .. } => {
            let told = |difference: approval::RequestDifference| RequestDifference {
                step: difference.step,
                approved: difference.approved,
                now: difference.now,
                account_changed: difference.account_changed,
            };
            detail.edited = edited.into_iter().map(told).collect();
            detail.difference = difference.map(told);
            for request in requests.iter().cloned() {
                let connection = request.connection.as_deref();
                let rendered = calls.render((&request.action, connection), &request.input).await;
                let (rendered, error) = match rendered {
                    Ok(rendered) => (Some(rendered), None),
                    Err(error) => (None, Some(error)),
                };
                detail.requests.push(GuardedRequest {
                    title: loaded.version.title(&request.step).to_owned(),
                    risk: calls.risk(&request.action, &request.input).unwrap_or(countersign_api::Risk::High),
                    step: request.step,
                    action: request.action,
                    connection: request.connection,
                    input: request.input,
                    hash: request.hash,
                    request: rendered,
                    error,
                });
            }
        }
        Opened::Handoff { team, note } => {
            detail.team = Some(team).filter(|team| !team.is_empty());
            detail.note = Some(note).filter(|note| !note.is_empty());
        }
        Opened::UnknownOutcome { key, request, error, .. } => {
            let action = match request.as_ref() {
                CallRequest::Action { action, .. } => action.clone(),
                CallRequest::Message { channel, .. } => channel.tag().to_owned(),
            };
            let history = loaded.history();
            let attempt =
                history.iter().flat_map(|execution| &execution.attempts).rfind(|attempt| *attempt.key == *key);
            // Where it was looked up, the checkpoint only says that this did not help.
            let cause = attempt.and_then(|attempt| attempt.error.clone());
            detail.unknown = Some(UnknownCall {
                sent: CallRequest::clone(&request).into(),
                at: attempt.map_or(detail.item.opened_at, |attempt| attempt.sent_at.0),
                action,
                key: key.to_string(),
                error: cause.unwrap_or(error).into(),
                exchange: attempt.map_or(Value::Null, |attempt| attempt.exchange.clone()),
                look_up: attempt.and_then(|attempt| attempt.look_up).map(Into::into),
            });
        }
    }
}

/// The calls of a workspace, as they would leave with certain connectors.
pub(crate) struct Calls<'a> {
    app: &'a App,
    workspace: &'a str,
    connectors: Registry,
    /// What the version was published with; nothing of one that is not.
    accounts: Option<ChosenAccounts>,
}

impl<'a> Calls<'a> {
    /// With the connectors that the run's version was published with.
    pub(crate) async fn of_run(app: &'a App, workspace: &'a str, loaded: &LoadedRun) -> Self {
        let found = app.engine.connectors_of(workspace, &loaded.row.workflow, loaded.row.version).await;
        let accounts = Some(loaded.version.accounts().clone());
        Self { app, workspace, connectors: found.unwrap_or_else(|_| app.engine.registry().clone()), accounts }
    }

    /// With the connectors that a version published now would have.
    pub(crate) async fn to_come(app: &'a App, workspace: &'a str) -> Self {
        let found = app.engine.connectors(workspace).await;
        Self { app, workspace, connectors: found.unwrap_or_else(|_| app.engine.registry().clone()), accounts: None }
    }

    /// The request as it would leave, without secrets.
    pub(crate) async fn render(
        &self,
        (action, connection): (&str, Option<&str>),
        input: &Value,
    ) -> Result<RenderedRequest, String> {
        let Self { app, workspace, connectors, accounts } = self;
        let connector = connector_of(action);
        let of_now;
        let accounts = match accounts {
            Some(accounts) => accounts,
            None => {
                let call = std::iter::once((action, connection));
                of_now = app.engine.choose_accounts(workspace, call).await.map_err(|error| error.to_string())?;
                &of_now
            }
        };
        let choice = AccountChoice::of_step(accounts, connector, connection);
        let connection =
            app.engine.connection(workspace, connector, choice).await.map_err(|error| error.to_string())?;
        let invoker = app.engine.invoker().knowing(connectors.clone());
        let rendered = invoker.render(action, input, connection.as_deref()).map_err(|error| error.to_string())?;
        Ok(RenderedRequest {
            method: rendered.method,
            url: rendered.url,
            headers: rendered.headers,
            body: rendered.body,
        })
    }

    /// How much harm a call of an action can do.
    pub(crate) fn risk(&self, action: &str, input: &Value) -> Option<countersign_api::Risk> {
        self.connectors.catalogue().action(action).map(|spec| spec.risk_of(input))
    }
}

/// Those who were asked, when the run was moved to a version that would ask others.
fn asked(phase: &Phase) -> Option<&countersign_core::document::Approvers> {
    phase.approval().and_then(|wait| wait.people.as_ref())
}

/// The case that held when it was asked, in the words of the author.
fn case(opened: &Opened) -> Option<String> {
    let Opened::Approval { tier: Some(tier), .. } = opened else { return None };
    Some(if tier.label.is_empty() { tier.when.clone() } else { tier.label.clone() })
}

fn approvers(approvers: &countersign_core::document::Approvers, case: Option<String>) -> Approvers {
    Approvers {
        roles: approvers.roles.clone(),
        users: approvers.users.clone(),
        quorum: approvers.quorum,
        exclude_requester: approvers.exclude_requester,
        exclude_author: approvers.exclude_author,
        counts: approvers.counts.iter().map(|(name, count)| (name.clone(), *count)).collect(),
        rejections: approvers.rejections,
        veto: approvers.veto.clone(),
        step_up: approvers.step_up.map(|step_up| StepUp { minutes: step_up.minutes, links_only: step_up.links_only }),
        case,
    }
}

/// Who may decide it now.
async fn deciders(app: &App, row: &CheckpointRow, loaded: &LoadedRun) -> ApiResult<Vec<Decider>> {
    let mut shown = Vec::new();
    if row.status == CheckpointStatus::Decided {
        return Ok(shown);
    }
    for decider in app.engine.deciders(loaded).await? {
        let on_behalf_of = app.some_person(&row.workspace, decider.on_behalf_of.as_deref()).await?;
        shown.push(Decider { person: PersonRef { id: decider.person, name: decider.name }, on_behalf_of });
    }
    Ok(shown)
}

/// Rejections given at this entry of the step that did not decide it.
fn rejections(loaded: &LoadedRun, row: &CheckpointRow) -> Vec<ApprovalGiven> {
    let mut checkpoints = loaded.history().into_iter().flat_map(|execution| execution.checkpoints);
    let found = checkpoints.find(|checkpoint| checkpoint.id == row.id);
    found.map_or_else(Vec::new, |found| {
        found.rejections.iter().map(|one| given(&one.by, &one.comment, one.at.0)).collect()
    })
}

/// Approvals given at this entry of the step, the deciding one last.
fn approvals(loaded: &LoadedRun, row: &CheckpointRow) -> Vec<ApprovalGiven> {
    let checkpoints = loaded.history().into_iter().flat_map(|execution| execution.checkpoints);
    let Some(checkpoint) = checkpoints.into_iter().find(|checkpoint| checkpoint.id == row.id) else {
        return Vec::new();
    };
    let several = checkpoint.approvals.iter().map(|one| given(&one.by, &one.comment, one.at.0));
    let last = match (&checkpoint.outcome, &checkpoint.closed_by, checkpoint.closed_at) {
        (Some(Outcome::Decided(Verdict::Approved)), Some(ClosedBy::Person { actor }), Some(at)) => {
            Some(given(actor, &checkpoint.comment, at.0))
        }
        _ => None,
    };
    several.chain(last).collect()
}

fn given(by: &Actor, comment: &str, at: i64) -> ApprovalGiven {
    ApprovalGiven {
        by: PersonRef { id: by.id.clone(), name: by.name.clone() },
        at,
        comment: Some(comment.to_owned()).filter(|comment| !comment.is_empty()),
        on_behalf_of: on_behalf_of(by),
    }
}

pub(crate) fn outcomes(loaded: &LoadedRun, row: &CheckpointRow) -> Vec<String> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match (row.kind, loaded.version.step(&row.step)) {
        (CheckpointKind::Approval, _) => {
            OpenApproval::of(&loaded.version, &loaded.state).map_or_else(Vec::new, |open| open.outcomes())
        }
        (CheckpointKind::Handoff, Some(CompiledStep::HumanHandoff(step))) => step.outcomes(),
        (CheckpointKind::UnknownOutcome, _) => words(&["happened", "not_happened", "stop"]),
        (CheckpointKind::Form, _) => words(&["submitted"]),
        (CheckpointKind::Handoff, _) => Vec::new(),
    }
}

/// The schema of what is filled in to hand a conversation back.
pub(crate) fn hand_back(loaded: &LoadedRun, row: &CheckpointRow) -> Option<Value> {
    match (row.kind, loaded.version.step(&row.step)) {
        (CheckpointKind::Handoff, Some(CompiledStep::HumanHandoff(step))) => step.form().cloned(),
        (_, _) => None,
    }
}

fn on_timeout(loaded: &LoadedRun, row: &CheckpointRow) -> (Option<String>, Option<StepRef>) {
    let step_ref = |step: &str| StepRef { step: step.to_owned(), title: loaded.version.title(step).to_owned() };
    let silent = |to: &Option<countersign_core::document::WaitTimeout>| match to {
        Some(to) => (Some("timeout".to_owned()), Some(step_ref(&to.next))),
        None => (None, None),
    };
    if row.kind == CheckpointKind::UnknownOutcome {
        return (None, None);
    }
    match loaded.version.workflow().steps.get(&row.step).map(|step| &step.kind) {
        Some(StepKind::Approval(step)) => {
            let Some(timeout) = &step.timeout else { return (None, None) };
            let (outcome, branch) = match timeout.outcome {
                TimeoutOutcome::Approved => ("approved", &step.on_approve),
                TimeoutOutcome::Rejected => ("rejected", &step.on_reject),
                TimeoutOutcome::Escalate => ("escalate", &step.on_reject),
            };
            (Some(outcome.to_owned()), Some(step_ref(timeout.next.as_ref().unwrap_or(branch))))
        }
        Some(StepKind::CollectForm(step)) => silent(&step.timeout),
        Some(StepKind::HumanHandoff(step)) => silent(&step.timeout),
        _ => (None, None),
    }
}

/// What would follow approval, rejection and "ask for changes".
async fn branches(app: &App, workspace: &str, loaded: &LoadedRun, row: &CheckpointRow) -> [Option<BranchPreview>; 3] {
    let step = loaded.version.workflow().steps.get(&row.step).map(|step| &step.kind);
    let (true, Some(StepKind::Approval(step))) = (row.kind == CheckpointKind::Approval, step) else {
        return [None, None, None];
    };
    let approve = branch(app, workspace, loaded, &step.on_approve).await;
    let reject = branch(app, workspace, loaded, &step.on_reject).await;
    let changes = match &step.on_changes {
        Some(next) => branch(app, workspace, loaded, next).await,
        None => None,
    };
    [approve, reject, changes]
}

async fn branch(app: &App, workspace: &str, loaded: &LoadedRun, from: &str) -> Option<BranchPreview> {
    let steps = preview(&loaded.version, &loaded.state, from, Timestamp(app.now()));
    let calls = Calls::of_run(app, workspace, loaded).await;
    let steps = preview_steps(&calls, &loaded.version, steps).await;
    let messages = steps.iter().filter_map(|step| step.message.clone()).filter(|text| !text.is_empty()).collect();
    let title = loaded.version.title(from).to_owned();
    Some(BranchPreview { step: from.to_owned(), title, messages, steps })
}

/// Steps to come, with the requests they would send.
pub(crate) async fn preview_steps(
    calls: &Calls<'_>,
    version: &Version,
    steps: Vec<approval::PreviewStep>,
) -> Vec<PreviewStep> {
    let mut shown = Vec::with_capacity(steps.len());
    for step in steps {
        let connection = match version.workflow().steps.get(&step.step).map(|step| &step.kind) {
            Some(StepKind::ToolCall(call)) => call.connection.as_deref(),
            _ => None,
        };
        let request = match (&step.action, &step.input) {
            (Some(action), Some(input)) => calls.render((action, connection), input).await.ok(),
            _ => None,
        };
        shown.push(PreviewStep {
            risk: step
                .action
                .as_ref()
                .and_then(|action| calls.risk(action, step.input.as_ref().unwrap_or(&Value::Null))),
            step: step.step,
            title: step.title,
            kind: step.kind,
            action: step.action,
            input: step.input.unwrap_or_default(),
            request,
            message: step.message,
            channels: step.channels,
        });
    }
    shown
}

async fn conversation(app: &App, row: &CheckpointRow) -> ApiResult<Option<CheckpointConversation>> {
    let Some(id) = &row.conversation else { return Ok(None) };
    let rows = app.store.list_messages_before(&row.workspace, id, i64::MAX.unsigned_abs(), MESSAGES_MAX).await?;
    let messages = crate::api::conversations::view::message_views(app, &row.workspace, rows).await?;
    Ok(Some(CheckpointConversation { id: id.clone(), messages }))
}

/// Decisions people made for this customer before.
async fn earlier(app: &App, row: &CheckpointRow) -> ApiResult<Vec<EarlierDecision>> {
    let Some(customer) = &row.customer else { return Ok(Vec::new()) };
    let filter = CheckpointFilter {
        status: Some(CheckpointStatus::Decided),
        kind: vec![CheckpointKind::Approval, CheckpointKind::Handoff, CheckpointKind::UnknownOutcome],
        customer: app.store.customer_ids(&row.workspace, customer).await?,
        ..CheckpointFilter::default()
    };
    let page = app.store.list_checkpoints(&row.workspace, &filter, &PageRequest { after: None, limit: 50 }).await?;
    let mut earlier: Vec<EarlierDecision> = page
        .items
        .into_iter()
        .filter(|other| other.id != row.id)
        .filter_map(|other| {
            Some(EarlierDecision {
                outcome: other.outcome.as_ref()?.word().to_owned(),
                decided_at: other.decided_at?,
                decided_by: other
                    .decided_by
                    .as_deref()
                    .and_then(|by| serde_json::from_str::<ClosedBy>(by).ok())
                    .map(|by| closed_by(&by)),
                checkpoint: other.id,
                summary: other.title,
            })
        })
        .collect();
    earlier.sort_by_key(|decision| std::cmp::Reverse(decision.decided_at));
    earlier.truncate(EARLIER_MAX);
    Ok(earlier)
}
