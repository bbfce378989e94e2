//! The same random work on both databases: every answer and every row must be the same.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "behaviour/fixtures.rs"]
#[allow(dead_code, unreachable_pub)]
mod fixtures;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use countersign_store::testing::TestDatabase;
use countersign_store::*;
use fixtures::*;
use futures::future::join_all;

const STEPS: usize = 900;

/// Answers the work must meet, or it proves little.
const ANSWERS: [&str; 10] = [
    "Committed",
    "Replayed",
    "RunMoved",
    "PointerMoved",
    "AlreadyDecided",
    "AlreadyExists",
    "NotFound",
    "DraftChanged",
    "ActiveChanged",
    "Known",
];

/// Small and reproducible; the quality of the numbers does not matter here.
struct Dice {
    state: Cell<u64>,
    /// Where the runs are, so that most commits fit.
    runs: RefCell<BTreeMap<(String, String), u64>>,
}

impl Dice {
    fn roll(&self, sides: u64) -> u64 {
        let mut state = self.state.get();
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        self.state.set(state);
        state % sides
    }

    fn maybe<T>(&self, value: T) -> Option<T> {
        (self.roll(2) == 0).then_some(value)
    }

    fn pick<T: Copy>(&self, from: &[T]) -> T {
        from[usize::try_from(self.roll(from.len() as u64)).unwrap()]
    }

    fn run(&self) -> String {
        format!("r{}", self.roll(12))
    }

    fn workspace(&self) -> String {
        self.pick(&[WORKSPACE, WORKSPACE, OTHER]).to_owned()
    }
}

#[derive(Debug, Clone)]
enum Work {
    /// Handed over at once and in this order: how many share a transaction is the store's affair.
    Commits(Vec<Commit>),
    Append(String, NewMessage),
    Conversation(ConversationRow),
    Update(ConversationUpdate),
    Assign(String, String, Option<String>),
    Customer(CustomerRow),
    Workflow(WorkflowRow),
    Save(SaveDraft),
    Publish(Publish),
    Activate(Activate),
    Archive(String, String, Option<i64>),
    Audit(String, NewAudit),
    Claim(bool, u32),
    Silent(String),
    Reserve(IdempotencyRow),
    Consume(OneTimeTokenRow),
}

fn random_checkpoint_change(dice: &Dice, run: &str) -> CheckpointChange {
    let visit = 1 + u32::try_from(dice.roll(2)).unwrap();
    let id = format!("{run}.{visit}");
    match dice.roll(6) {
        0 | 1 => {
            let mut row = checkpoint(run, visit);
            row.kind = dice.pick(CheckpointKind::ALL);
            row.customer = dice.maybe("ada".to_owned());
            CheckpointChange::Open(Box::new(row))
        }
        2 | 3 => close_as(&id, "u-1", Outcome::Timeout),
        4 => CheckpointChange::Move { id, version: 1 + u32::try_from(dice.roll(3)).unwrap(), step: "other".to_owned() },
        _ => CheckpointChange::Touch {
            id,
            due_at: dice.maybe(Some(77)),
            payload: dice.maybe("{\"touched\":true}".to_owned()),
            assigned_to: dice.maybe(None),
        },
    }
}

fn random_commit(dice: &Dice) -> Commit {
    let run = dice.run();
    let workspace = dice.workspace();
    let at = dice.runs.borrow().get(&(workspace.clone(), run.clone())).copied().unwrap_or(0);
    let mut new = commit(&run, if dice.roll(5) == 0 { dice.roll(4) } else { at });
    new.workspace = workspace;
    new.run.status = dice.pick(RunStatus::ALL);
    new.run.version = 1 + u32::try_from(dice.roll(3)).unwrap();
    new.run.customer = dice.maybe("ada".to_owned());
    new.run.wake_at = dice.maybe(i64::try_from(dice.roll(50)).unwrap());
    new.run.node = dice.maybe(dice.pick(&["n1", "n2"]).to_owned());
    new.run.error_code = dice.maybe("http_500".to_owned());
    new.run.title = dice.pick(&["50% off", "ÄÖÜ_ß", "Plain", "a'quote\"d"]).to_owned();
    new.run.started_at = i64::try_from(dice.roll(5)).unwrap();
    for _ in 0..dice.roll(3) {
        let attempt = 1 + u32::try_from(dice.roll(2)).unwrap();
        new.step_executions.push(step_execution(&run, attempt, dice.pick(ExecutionStatus::ALL)));
    }
    for _ in 0..dice.roll(3) {
        new.checkpoints.push(random_checkpoint_change(dice, &run));
    }
    for _ in 0..dice.roll(3) {
        new.messages.push(random_message(dice));
    }
    new.conversation_status =
        dice.maybe((format!("c{}", dice.roll(4)), dice.pick(ConversationStatus::ALL))).filter(|_| dice.roll(3) == 0);
    new.audit = (0..dice.roll(3)).map(|_| audit("run.moved")).collect();
    new.idempotency = dice
        .maybe(NewIdempotency {
            scope: "run.start".to_owned(),
            key: format!("k{}", dice.roll(6)),
            request_hash: "h".to_owned(),
            response_status: 201,
            response_body: "{}".to_owned(),
        })
        .filter(|_| new.expected_seq == 0);
    let pointed = Pointed { workflow: format!("w{}", dice.roll(3)), revision: dice.roll(4) };
    new.pointed = dice.maybe(pointed).filter(|_| dice.roll(4) == 0);
    new
}

fn random_message(dice: &Dice) -> NewMessage {
    let mut new = message(&format!("m{}", dice.roll(60)), &format!("c{}", dice.roll(4)));
    new.at = i64::try_from(dice.roll(9_000)).unwrap();
    new.author = dice.pick(Author::ALL);
    new.form = dice.maybe("{\"fields\":[]}".to_owned());
    new
}

fn random_conversation(dice: &Dice) -> Work {
    let id = format!("c{}", dice.roll(4));
    if dice.roll(2) == 0 {
        let mut row = conversation(&id);
        row.workspace = dice.workspace();
        row.external_id = dice.maybe(format!("+{}", dice.roll(3)));
        row.token_hash = dice.maybe(format!("t{}", dice.roll(3)));
        return Work::Conversation(row);
    }
    Work::Update(ConversationUpdate {
        workspace: dice.workspace(),
        id,
        at: i64::try_from(dice.roll(9_000)).unwrap(),
        status: dice.maybe(dice.pick(ConversationStatus::ALL)),
        assigned_to: dice.maybe(Some("u-1".to_owned())),
        customer: dice.maybe("ada".to_owned()),
        subject: dice.maybe("Hello".to_owned()),
        answered: false,
        snoozed_until: None,
        seen: None,
    })
}

fn random_workflow(dice: &Dice) -> Work {
    let (id, workspace) = (format!("w{}", dice.roll(3)), dice.workspace());
    let name = dice.pick(&["Upgrade", "Refund", "Return"]).to_owned();
    let expected_active = dice.maybe(dice.maybe(1));
    match dice.roll(5) {
        0 => Work::Workflow(WorkflowRow { workspace, ..workflow(&id, &name) }),
        1 => Work::Save(SaveDraft {
            workspace,
            workflow: id,
            name,
            draft: "{}".to_owned(),
            expected_revision: 1 + dice.roll(3),
            at: 5,
            by: None,
        }),
        2 => Work::Publish(Publish { workspace, expected_active, ..publish(&id, "{\"n\":1}") }),
        3 => Work::Activate(Activate {
            workspace,
            workflow: id,
            version: 1 + u32::try_from(dice.roll(3)).unwrap(),
            by: "u-1".to_owned(),
            expected_active,
            at: 6,
            message: dice.maybe(2).map(|_| "why".to_owned()),
        }),
        _ => Work::Archive(workspace, id, dice.maybe(9)),
    }
}

fn random_work(dice: &Dice) -> Work {
    match dice.roll(16) {
        0..=3 => Work::Commits(vec![random_commit(dice)]),
        4 | 5 => Work::Commits((0..2 + dice.roll(12)).map(|_| random_commit(dice)).collect()),
        6 | 7 => Work::Append(dice.workspace(), random_message(dice)),
        8 => random_conversation(dice),
        9 => Work::Assign(dice.workspace(), format!("{}.1", dice.run()), dice.maybe("u-2".to_owned())),
        10 => Work::Customer(CustomerRow {
            workspace: dice.workspace(),
            external_id: dice.maybe(format!("x{}", dice.roll(3))),
            ..customer(&format!("a{}", dice.roll(5)))
        }),
        11 | 12 => random_workflow(dice),
        13 => Work::Audit(dice.workspace(), audit(dice.pick(&["a.b", "a.c", "ü.x"]))),
        14 if dice.roll(2) == 0 => Work::Silent(dice.pick(&["n1", "n2", "n3"]).to_owned()),
        14 => Work::Claim(dice.roll(2) == 0, u32::try_from(dice.roll(4)).unwrap()),
        _ if dice.roll(2) == 0 => Work::Reserve(IdempotencyRow {
            workspace: dice.workspace(),
            scope: "other".to_owned(),
            key: format!("k{}", dice.roll(3)),
            request_hash: "h".to_owned(),
            response_status: None,
            response_body: None,
            run: None,
            created_at: 1,
        }),
        _ => Work::Consume(OneTimeTokenRow {
            token_hash: format!("t{}", dice.roll(4)),
            purpose: "decide".to_owned(),
            workspace: WORKSPACE.to_owned(),
            user_id: None,
            payload: "{}".to_owned(),
            created_at: 1,
            expires_at: 100,
            used_at: None,
        }),
    }
}

fn shown(value: impl Debug) -> String {
    format!("{value:?}")
}

/// Does the work and says what came of it.
async fn perform(store: &Store, work: Work) -> String {
    match work {
        Work::Commits(commits) => {
            let all = commits.into_iter().map(|commit| store.commit(commit, Priority::Continue));
            join_all(all).await.into_iter().map(|outcome| shown(outcome) + "\n").collect()
        }
        Work::Append(workspace, message) => shown(store.append_message(&workspace, &message, vec![]).await),
        Work::Conversation(row) => shown(store.create_conversation(&row, vec![]).await),
        Work::Update(update) => shown(store.update_conversation(&update, vec![audit("conversation.changed")]).await),
        Work::Assign(workspace, id, to) => {
            shown(store.assign_checkpoint(&workspace, &id, to.as_deref(), vec![audit("assigned")]).await)
        }
        Work::Customer(row) => match store.create_customer(&row, vec![]).await {
            Err(StoreError::AlreadyExists(_)) => shown(store.update_customer(&row, vec![]).await),
            other => shown(other),
        },
        Work::Workflow(row) => shown(store.create_workflow(&row, vec![audit("workflow.created")]).await),
        Work::Save(save) => shown(store.save_draft(&save, vec![]).await),
        Work::Publish(publish) => {
            let entry = |version: u32| vec![NewAudit { detail: version.to_string(), ..audit("published") }];
            shown(store.publish(&publish, &entry).await)
        }
        Work::Activate(activate) => shown(store.activate(&activate, vec![audit("activated")]).await),
        Work::Archive(workspace, id, at) => shown(store.archive_workflow(&workspace, &id, at, vec![]).await),
        Work::Audit(workspace, entry) => shown(store.append_audit(&workspace, vec![entry]).await),
        Work::Claim(alone, limit) => {
            shown(store.claim_orphans("n3", if alone { None } else { Some(60_000) }, limit).await)
        }
        Work::Silent(node) => {
            store.sign_on(&node).await.unwrap();
            shown(store.raw(&silent(&node, 100_000)).await)
        }
        Work::Reserve(row) => shown(store.reserve_idempotency(&row).await),
        Work::Consume(row) => {
            let _ = store.create_token(&row).await;
            shown(store.consume_token(&row.token_hash, "decide", 50).await)
        }
    }
}

/// Everything that can be read, as text.
async fn everything(store: &Store) -> Vec<String> {
    let mut all = Vec::new();
    for workspace in [WORKSPACE, OTHER] {
        for status in [vec![], vec![RunStatus::Running], vec![RunStatus::Failed, RunStatus::Waiting]] {
            for text in [None, Some("50%"), Some("äöü_"), Some("PLAIN")] {
                let filter = RunFilter { status: status.clone(), text: text.map(str::to_owned), ..Default::default() };
                all.push(shown(store.list_runs(workspace, &filter, &page(7)).await));
                all.push(shown(store.count_runs_by_status(workspace, &filter).await));
            }
        }
        for run in 0..12 {
            let run = format!("r{run}");
            all.push(shown(store.get_run(workspace, &run).await));
            all.push(shown(store.run_events(workspace, &run, 0).await));
            all.push(shown(store.list_step_executions(workspace, &run).await));
        }
        all.push(shown(store.run_counts(workspace, None).await));
        all.push(shown(store.list_checkpoints(workspace, &CheckpointFilter::default(), &page(200)).await));
        all.push(shown(store.tally_checkpoints(workspace, &CheckpointFilter::default(), 1_000).await));
        all.push(shown(store.list_conversations(workspace, &ConversationFilter::default(), &page(200)).await));
        for conversation in 0..4 {
            all.push(shown(store.list_messages(workspace, &format!("c{conversation}"), 0, 1_000).await));
        }
        all.push(shown(store.list_customers(workspace, Some("EXAMPLE"), &page(200)).await));
        all.push(shown(store.list_workflows(workspace, true).await));
        for workflow in 0..3 {
            all.push(shown(store.list_versions(workspace, &format!("w{workflow}")).await));
            all.push(shown(store.list_activations(workspace, &format!("w{workflow}")).await));
        }
        all.push(shown(store.list_workflow_briefs(workspace, true).await));
        let prefix = AuditFilter { action_prefix: Some("ü.".to_owned()), ..Default::default() };
        all.push(shown(store.list_audit(workspace, &prefix, None, 1_000).await));
        all.push(shown(store.export_audit(workspace, 0, 1_000).await));
        let verdict = store.verify_audit(workspace).await.unwrap();
        assert_eq!(verdict.broken_at, None);
        all.push(shown(verdict));
    }
    all.push(shown(store.due_runs(25, 1).await.map(|runs| runs.len())));
    all.push(shown(store.next_wake_at().await));
    all.push(shown(store.running_runs(None, None, 100).await));
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_do_the_same() {
    let Some(postgres) = TestDatabase::postgres().await else { return };
    let seed = std::env::var("COUNTERSIGN_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    for seed in seed.map_or(vec![1_234_567, 20_260_101, 77_777_777], |seed| vec![seed]) {
        let right = postgres.open().await.unwrap();
        truncate(&right).await;
        let left = testing::sqlite().await;
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let dice = Dice { state: Cell::new(seed), runs: RefCell::default() };
        for step in 0..STEPS {
            let work = random_work(&dice);
            let commits = if let Work::Commits(commits) = &work { commits.as_slice() } else { &[] };
            let moved: Vec<_> =
                commits.iter().map(|one| ((one.workspace.clone(), one.run_id.clone()), one.expected_seq)).collect();
            let (one, two) = tokio::join!(perform(&left, work.clone()), perform(&right, work.clone()));
            assert_eq!(one, two, "COUNTERSIGN_TEST_SEED={seed}, step {step}: {work:?}");
            for ((run, seq), _) in moved.into_iter().zip(one.lines()).filter(|(_, one)| one.contains("Committed")) {
                dice.runs.borrow_mut().insert(run, seq + 1);
            }
            seen.extend(ANSWERS.iter().filter(|word| one.contains(**word)));
        }
        assert_eq!(seen.len(), ANSWERS.len(), "COUNTERSIGN_TEST_SEED={seed} meets only {seen:?}");
        let (one, two) = (everything(&left).await, everything(&right).await);
        for (index, (one, two)) in one.into_iter().zip(two).enumerate() {
            assert_eq!(one, two, "COUNTERSIGN_TEST_SEED={seed}, list {index}");
        }
        right.close().await;
    }
}

async fn truncate(store: &Store) {
    let sql = "DO $$ DECLARE name text; BEGIN FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' \
               AND tablename <> 'schema_migrations' LOOP EXECUTE 'TRUNCATE ' || name; END LOOP; END $$";
    store.raw(sql).await.unwrap();
}
