//! Every template runs for real: its own test cases are acted out on the engine against the sandbox, where the services
//! answer for themselves, and the runs go the way the rehearsals went.
#![allow(clippy::unwrap_used, clippy::panic, clippy::wildcard_enum_match_arm)]

mod support;

use countersign_core::{
    catalogue::Catalogue,
    document::parse,
    log::FailureClass,
    play::rehearsal::{Act, Answer, ExpectedStatus, Persona, Suite, TestCase, from_run, rehearse},
    run::{Actor, Version, Via},
    time::Timestamp,
};
use countersign_engine::DecideRequest;
use countersign_store::{CheckpointFilter, CheckpointStatus, PageRequest, RunRow};
use std::path::Path;
use support::{WORKSPACE, World, customer, path_of, person};

/// Whether the sandbox would answer as the case says.
fn can_be_real(case: &TestCase) -> bool {
    case.acts.iter().all(|act| match act {
        Act::Answers { answer, .. } => match answer {
            Answer::Output { .. } => true,
            Answer::Error { class, .. } => *class == FailureClass::Fatal,
            _ => false,
        },
        _ => true,
    })
}

fn actor(by: Option<&Persona>) -> Actor {
    by.map_or_else(
        || person("op", &["operator", "manager", "admin"]),
        |by| Actor {
            id: by.name.clone(),
            name: by.name.clone(),
            email: by.email.clone(),
            roles: by.roles.clone(),
            via: Via::Portal,
            made_by: String::new(),
            signed_in_at: None,
            on_behalf_of: None,
        },
    )
}

/// The entry of the step at which the rehearsal waits after the first `acts` acts.
fn visit(version: &Version, catalogue: &Catalogue, case: &TestCase, acts: usize) -> u32 {
    let mut script = case.script();
    script.acts.truncate(acts);
    rehearse(version, catalogue, &script, Timestamp(0)).steps.last().unwrap().visit
}

/// Acts a test case out; the services answer for themselves.
async fn act_out(world: &World, source: &str, case: &TestCase) -> RunRow {
    let catalogue = world.engine.catalogue();
    let version = Version::compile(parse(source).unwrap(), &catalogue, false).unwrap();
    world.publish("template", source).await;
    world.conversation("c1").await;
    let text = case.opening.message.as_deref().unwrap();
    let run = world.says("c1", text).await.unwrap();
    for (index, act) in case.acts.iter().enumerate() {
        let person_or_clock = !matches!(act, Act::Answers { .. } | Act::Says { .. });
        let checkpoint = format!("{}.{}", run.id, visit(&version, &catalogue, case, index));
        if person_or_clock {
            until_open(world, &run.id, &checkpoint).await;
        }
        let decision = |outcome: &String, comment: &String| DecideRequest {
            outcome: outcome.clone(),
            comment: comment.clone(),
            result: None,
            ..DecideRequest::default()
        };
        match act {
            Act::Submits { values } => {
                world.engine.submit_form(WORKSPACE, &checkpoint, values.clone(), customer()).await.unwrap();
            }
            Act::Decides { outcome, comment, by, values, .. } | Act::HandsBack { outcome, comment, by, values } => {
                let by = actor(by.as_ref());
                let values = Some(values.clone()).filter(|values| !values.is_null());
                let decision = DecideRequest { values, ..decision(outcome, comment) };
                world.engine.decide(WORKSPACE, &checkpoint, decision, by).await.unwrap();
            }
            Act::Waits { duration } => {
                world.clock.advance(i64::try_from(duration.unwrap().0).unwrap());
            }
            Act::Answers { .. } | Act::Says { .. } => {}
            Act::Resolves { .. } | Act::Cancels { .. } => panic!("not acted out: {act:?}"),
        }
    }
    if case.expect.status == Some(ExpectedStatus::Waiting) {
        let last = visit(&version, &catalogue, case, case.acts.len());
        until_open(world, &run.id, &format!("{}.{last}", run.id)).await;
    }
    run
}

/// Waits until the run stands at that checkpoint.
async fn until_open(world: &World, run: &str, checkpoint: &str) {
    loop {
        let row = world.until(run, |row| row.waiting_for.is_some() || row.status.is_final()).await;
        assert!(!row.status.is_final(), "it is over before {checkpoint}: {row:?}");
        let filter = CheckpointFilter {
            status: Some(CheckpointStatus::Open),
            run: Some(run.to_owned()),
            ..CheckpointFilter::default()
        };
        let page = PageRequest { after: None, limit: 5 };
        let open = world.store.list_checkpoints(WORKSPACE, &filter, &page).await.unwrap().items;
        if open.iter().any(|row| row.id == checkpoint) {
            return;
        }
        let seq = row.seq;
        world.until(run, |row| row.seq > seq).await;
    }
}

/// The run that took place becomes a test case that ends as the one it was acted out from.
async fn kept_as_a_test_case(world: &World, run: &str, acted: &TestCase) {
    let loaded = world.engine.load(WORKSPACE, run).await.unwrap();
    let catalogue = world.engine.catalogue();
    let made = from_run(&loaded.version, &catalogue, &loaded.log, acted.name.clone());
    let made = made.unwrap_or_else(|error| panic!("{}: {error}: {:#?}", acted.name, loaded.log));
    assert_eq!(made.case.expect.status, acted.expect.status, "{}", acted.name);
    assert!(acted.expect.path.is_none() || made.case.expect.path == acted.expect.path, "{}", acted.name);
    let verdict = made.case.run(&loaded.version, &catalogue);
    assert!(verdict.passed(), "{verdict:#?}");
}

async fn all_cases(id: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let source = std::fs::read_to_string(folder.join(format!("{id}.yaml"))).unwrap();
    let suite = Suite::parse(&std::fs::read_to_string(folder.join(format!("{id}.tests.yaml"))).unwrap()).unwrap();
    let mut played = 0;
    for case in suite.tests.iter().filter(|case| can_be_real(case)) {
        let world = World::new().await;
        let run = act_out(&world, &source, case).await;
        let expected = serde_json::to_value(case.expect.status.unwrap()).unwrap();
        let expected = expected.as_str().unwrap();
        let row = if expected == "waiting" { world.run(&run.id).await } else { world.until_over(&run.id).await };
        let told = world.history(&run.id).await;
        assert_eq!(row.status.as_str(), expected, "{id}: {}: {row:?} {told:#?}", case.name);
        if let Some(path) = &case.expect.path {
            assert_eq!(path_of(&told), *path, "{id}: {}", case.name);
        }
        kept_as_a_test_case(&world, &run.id, case).await;
        played += 1;
    }
    assert!(played >= 2, "{id}: only {played} cases are real");
}

#[tokio::test(flavor = "multi_thread")]
async fn subscription_upgrade() {
    all_cases("subscription-upgrade").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refund_with_tiers() {
    all_cases("refund-with-tiers").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn account_deletion() {
    all_cases("account-deletion").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn address_change() {
    all_cases("address-change").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn returns_with_label() {
    all_cases("returns-with-label").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn discount_counter_offer() {
    all_cases("discount-counter-offer").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kyc_document_check() {
    all_cases("kyc-document-check").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn complaint_escalation() {
    all_cases("complaint-escalation").await;
}
