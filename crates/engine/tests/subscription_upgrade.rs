//! The example that must always work, on every path, against the sandbox's own records.
#![allow(clippy::unwrap_used)]

mod support;

use countersign_core::{
    log::ExecutionStatus,
    run::{Outcome, Verdict},
};
use countersign_engine::{DecideRequest, EngineError};
use countersign_store::{RunRow, RunStatus};
use serde_json::json;
use support::{WORKSPACE, World, customer, path_of, person};

const UPGRADE: &str = include_str!("../../../examples/subscription-upgrade.yaml");

/// A customer asked for an upgrade and sent the form.
async fn asked(world: &World, email: &str) -> RunRow {
    world.publish("upgrade", UPGRADE).await;
    world.conversation("c1").await;
    let run = world.says("c1", "I want to UPGRADE please").await.unwrap();
    let form = world.until_waiting_for(&run.id, "form").await;
    world.engine.submit_form(WORKSPACE, &form.id, json!({ "email": email }), customer()).await.unwrap();
    run
}

fn decision(outcome: &str, comment: &str) -> DecideRequest {
    DecideRequest { outcome: outcome.into(), comment: comment.into(), result: None, ..DecideRequest::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn approved_it_is_executed_once_at_the_previewed_price_and_confirmed() {
    let world = World::new().await;
    let run = asked(&world, "ada@example.com").await;
    let approval = world.until_waiting_for(&run.id, "approval").await;
    assert_eq!(approval.title, "Ada Example to Enterprise, $42.60 prorated");
    let refused =
        world.engine.decide(WORKSPACE, &approval.id, decision("approved", ""), person("op", &["operator"])).await;
    assert!(matches!(refused, Err(EngineError::Refused(_))), "{refused:?}");
    let manager = person("boss", &["operator", "manager"]);
    world.engine.decide(WORKSPACE, &approval.id, decision("approved", "ok"), manager.clone()).await.unwrap();
    let again = world.engine.decide(WORKSPACE, &approval.id, decision("rejected", ""), manager).await;
    assert!(
        matches!(again, Err(EngineError::AlreadyDecided(row)) if row.outcome == Some(Outcome::Decided(Verdict::Approved)))
    );
    let ended = world.until_over(&run.id).await;
    assert_eq!(ended.status, RunStatus::Completed, "{ended:?}");
    assert_eq!(world.count("stripe.subscription.update").await, (1, 1));
    let subscriptions = world.outside("/_/stripe/subscriptions").await;
    let ada = subscriptions.as_array().unwrap().iter().find(|sub| sub["id"] == "sub_ada").unwrap().clone();
    assert_eq!((&ada["plan"], &ada["latest_invoice"]["amount_due"]), (&json!("enterprise"), &json!(4260)));
    let whatsapp = world.outside("/_/messages?channel=whatsapp").await;
    let mails = world.outside("/_/mails").await;
    assert_eq!((whatsapp.as_array().unwrap().len(), mails.as_array().unwrap().len()), (1, 1));
    assert!(mails[0]["text"].as_str().unwrap().contains("$42.60"), "{mails}");
    let told = world.history(&run.id).await;
    let path = ["ask", "verify", "eligible", "preview", "approve", "execute", "confirm", "done"];
    assert_eq!(path_of(&told), path);
    assert!(told.iter().all(|step| step.status == ExecutionStatus::Completed));
    let audit = world.store.verify_audit(WORKSPACE).await.unwrap();
    assert_eq!((audit.broken_at, audit.entries >= 2), (None, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_nothing_changes_and_the_customer_is_told_why() {
    let world = World::new().await;
    let run = asked(&world, "grace@example.com").await;
    let approval = world.until_waiting_for(&run.id, "approval").await;
    let manager = person("boss", &["manager"]);
    world.engine.decide(WORKSPACE, &approval.id, decision("rejected", "not this month"), manager).await.unwrap();
    let ended = world.until_over(&run.id).await;
    assert_eq!(ended.status, RunStatus::Rejected);
    assert_eq!(world.count("stripe.subscription.update").await, (0, 0));
    let said = world.messages("c1").await;
    assert!(said.last().unwrap().body.contains("not this month"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_decides_and_the_timeout_takes_its_path_once() {
    let world = World::new().await;
    let run = asked(&world, "barbara@example.com").await;
    let approval = world.until_waiting_for(&run.id, "approval").await;
    world.clock.advance(4 * 3_600_000);
    let ended = world.until_over(&run.id).await;
    assert_eq!(ended.status, RunStatus::Rejected);
    let late =
        world.engine.decide(WORKSPACE, &approval.id, decision("approved", ""), person("boss", &["manager"])).await;
    assert!(matches!(late, Err(EngineError::AlreadyDecided(row)) if row.via.as_deref() == Some("timeout")));
    assert_eq!(world.count("stripe.subscription.update").await, (0, 0));
    let said = world.messages("c1").await;
    assert!(said.last().unwrap().body.contains("in time"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_eligible_or_not_known_is_told_so() {
    for (email, words) in [("edsger@example.com", "already on Enterprise"), ("nobody@example.com", "could not verify")]
    {
        let world = World::new().await;
        let run = asked(&world, email).await;
        let ended = world.until_over(&run.id).await;
        assert_eq!(ended.status, RunStatus::Rejected, "{ended:?}");
        let said = world.messages("c1").await;
        assert!(said.last().unwrap().body.contains(words), "{said:?}");
        assert_eq!(world.count("stripe.invoice.create_preview").await.0, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_conversation_has_one_run_at_a_time() {
    let world = World::new().await;
    asked(&world, "ada@example.com").await;
    let again = world.says("c1", "upgrade upgrade").await;
    assert!(again.is_none());
    world.conversation("c2").await;
    assert!(world.says("c2", "hello").await.is_none());
}
