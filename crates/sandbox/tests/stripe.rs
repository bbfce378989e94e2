//! Money: previews, changes, refunds and idempotency keys.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod common;

use std::time::{SystemTime, UNIX_EPOCH};

use common::{TestSandbox, UPGRADE};
use serde_json::{Value, json};

fn preview_of(date: &str) -> Vec<(&'static str, String)> {
    vec![
        ("subscription", "sub_ada".to_owned()),
        ("subscription_details[items][0][id]", "si_ada".to_owned()),
        ("subscription_details[items][0][price]", "price_enterprise".to_owned()),
        ("subscription_details[proration_behavior]", "always_invoice".to_owned()),
        ("subscription_details[proration_date]", date.to_owned()),
    ]
}

async fn preview(world: &TestSandbox, date: i64) -> common::Answer {
    let date = date.to_string();
    let form = preview_of(&date);
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    TestSandbox::answer(world.stripe("invoices/create_preview", "", &form)).await
}

fn now_seconds() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

#[tokio::test]
async fn the_upgrade_costs_what_the_preview_said() {
    let world = TestSandbox::start().await;
    let now = now_seconds();
    for date in [now - 3_600, now, now + 3_600] {
        let answer = preview(&world, date).await;
        assert_eq!((answer.status, answer.body["amount_due"].clone()), (200, json!(4_260)));
        assert_eq!(answer.body["subscription_proration_date"], json!(date));
        assert_eq!(answer.body["currency"], "usd");
        let lines = answer.body["lines"]["data"].as_array().unwrap();
        let amounts: Vec<&Value> = lines.iter().map(|line| &line["amount"]).collect();
        assert_eq!(amounts, [&json!(-2_940), &json!(7_200)]);
        assert!(lines.iter().all(|line| line["parent"]["subscription_item_details"]["proration"] == true));
    }
    // Ten days earlier more of the period is left: 7100 × 28 / 30.
    assert_eq!(preview(&world, now - 10 * 86_400).await.body["amount_due"], 6_627);
    assert_eq!(preview(&world, now + 40 * 86_400).await.body["error"]["param"], "subscription_details[proration_date]");

    let date = now.to_string();
    let mut form = UPGRADE.to_vec();
    form.extend([("proration_date", date.as_str()), ("metadata[run]", "r.1.1")]);
    let changed = TestSandbox::answer(world.stripe("subscriptions/sub_ada", "k1", &form)).await;
    assert_eq!(changed.body["latest_invoice"]["amount_due"], 4_260);
    assert_eq!(changed.body["items"]["data"][0]["price"]["id"], "price_enterprise");
    assert_eq!(changed.body["metadata"]["run"], "r.1.1");
    let invoice = changed.body["latest_invoice"]["id"].as_str().unwrap();
    assert_eq!(world.get(&format!("/stripe/v1/invoices/{invoice}")).await["status"], "paid");
    let who = world.client.post(world.url("/identity/verify")).bearer_auth("identity_test");
    let who = TestSandbox::answer(who.json(&json!({ "email": "ada@example.com" }))).await;
    assert_eq!((&who.body["plan"], &who.body["verified"]), (&json!("enterprise"), &json!(true)));
}

#[tokio::test]
async fn a_key_executes_once_and_belongs_to_one_request() {
    let world = TestSandbox::start().await;
    let first = TestSandbox::answer(world.stripe("subscriptions/sub_ada", "k1", &UPGRADE)).await;
    let again = TestSandbox::answer(world.stripe("subscriptions/sub_ada", "k1", &UPGRADE)).await;
    assert_eq!((first.status, first.replayed, again.status, again.replayed), (200, false, 200, true));
    assert_eq!(first.body, again.body);
    let other = TestSandbox::answer(world.stripe("subscriptions/sub_ada", "k1", &UPGRADE[..2])).await;
    assert_eq!((other.status, &other.body["error"]["type"]), (400, &json!("idempotency_error")));
    let counts = &world.get("/_/counts").await["stripe.subscription.update"];
    let want = json!({
        "received": 3, "executed": 1, "replayed": 1, "failed": 1, "distinct": 2, "distinct_executed": 1, "repeated": 0
    });
    assert_eq!(*counts, want);
}

#[tokio::test]
async fn refusals_are_not_saved_and_failures_are() {
    let world = TestSandbox::start().await;
    let bad = [("items[0][id]", "si_ada"), ("items[0][price]", "price_nobody")];
    let refused = TestSandbox::answer(world.stripe("subscriptions/sub_ada", "k", &bad)).await;
    assert_eq!((refused.status, &refused.body["error"]["code"]), (400, &json!("resource_missing")));
    let good = TestSandbox::answer(world.stripe("subscriptions/sub_ada", "k", &UPGRADE)).await;
    assert_eq!((good.status, good.replayed), (200, false));

    world.fault(&json!({ "operation": "stripe.refund.create", "kind": "fail", "saved": true })).await;
    let form = [("charge", "ch_ada"), ("amount", "100")];
    let broken = TestSandbox::answer(world.stripe("refunds", "r", &form)).await;
    let same = TestSandbox::answer(world.stripe("refunds", "r", &form)).await;
    assert_eq!((broken.status, same.status, same.replayed), (500, 500, true));
    assert_eq!(world.get("/_/counts").await["stripe.refund.create"]["executed"], 0);

    world.fault(&json!({ "operation": "stripe.refund.create", "kind": "fail", "status": 503 })).await;
    let broken = TestSandbox::answer(world.stripe("refunds", "r2", &form)).await;
    let retried = TestSandbox::answer(world.stripe("refunds", "r2", &form)).await;
    assert_eq!((broken.status, retried.status), (503, 200));
}

#[tokio::test]
async fn a_key_is_in_use_until_the_first_answer_is_out() {
    let world = TestSandbox::start().await;
    world.fault(&json!({ "service": "stripe", "kind": "delay", "delay_ms": 60_000 })).await;
    let impatient = world.stripe("subscriptions/sub_ada", "k1", &UPGRADE).timeout(std::time::Duration::from_millis(50));
    assert!(impatient.send().await.unwrap_err().is_timeout());
    let again = TestSandbox::answer(world.stripe("subscriptions/sub_ada", "k1", &UPGRADE)).await;
    assert_eq!((again.status, &again.body["error"]["code"]), (409, &json!("idempotency_key_in_use")));
    assert_eq!(world.get("/_/counts").await["stripe.subscription.update"]["executed"], 1);
}

#[tokio::test]
async fn refunds_stop_at_the_charge() {
    let world = TestSandbox::start().await;
    let refund = |amount: &'static str| {
        TestSandbox::answer(world.stripe(
            "refunds",
            "",
            if amount.is_empty() { &[("payment_intent", "pi_ada")][..] } else { &[] },
        ))
    };
    assert_eq!(refund("none").await.status, 400);
    let part = TestSandbox::answer(world.stripe("refunds", "", &[("charge", "ch_ada"), ("amount", "4000")])).await;
    assert_eq!((part.status, &part.body["amount"]), (200, &json!(4_000)));
    let over = TestSandbox::answer(world.stripe("refunds", "", &[("charge", "ch_ada"), ("amount", "901")])).await;
    assert_eq!((over.status, &over.body["error"]["param"]), (400, &json!("amount")));
    assert_eq!(refund("").await.body["amount"], 900);
    assert_eq!(refund("").await.body["error"]["code"], "charge_already_refunded");
    assert_eq!(world.get("/stripe/v1/charges/ch_ada").await["refunded"], true);
    let list = world.get("/stripe/v1/refunds?charge=ch_ada").await;
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn credentials_parameters_and_cards_are_checked() {
    let world = TestSandbox::start().await;
    let nobody = TestSandbox::answer(world.client.get(world.url("/stripe/v1/customers/cus_ada"))).await;
    assert_eq!(nobody.status, 401);
    let basic = world.client.get(world.url("/stripe/v1/customers/cus_ada")).basic_auth("sk_test_x", Some(""));
    assert_eq!(TestSandbox::answer(basic).await.body["email"], "ada@example.com");
    let misspelt = TestSandbox::answer(world.stripe("refunds", "", &[("chrage", "ch_ada")])).await;
    assert_eq!(misspelt.body["error"]["code"], "parameter_unknown");
    let form = [
        ("items[0][id]", "si_frances"),
        ("items[0][price]", "price_enterprise"),
        ("payment_behavior", "error_if_incomplete"),
    ];
    let declined = TestSandbox::answer(world.stripe("subscriptions/sub_frances", "", &form)).await;
    assert_eq!((declined.status, &declined.body["error"]["code"]), (402, &json!("card_declined")));
    let cancel = world.client.delete(world.url("/stripe/v1/subscriptions/sub_grace")).bearer_auth("sk_test_1");
    assert_eq!(TestSandbox::answer(cancel).await.body["status"], "canceled");
    let all = world.get("/_/stripe/subscriptions").await;
    let grace = all.as_array().unwrap().iter().find(|one| one["id"] == "sub_grace").unwrap();
    assert_eq!((&grace["plan"], &grace["email"]), (&json!("none"), &json!("grace@example.com")));
}
