//! Faults and the counts that prove what they did.
#![allow(clippy::unwrap_used)]

mod common;

use common::{TestSandbox, UPGRADE};
use serde_json::json;

#[tokio::test]
async fn drop_after_executes_once_and_the_retry_is_a_replay() {
    let world = TestSandbox::start().await;
    world.fault(&json!({ "operation": "stripe.subscription.update", "kind": "drop_after" })).await;
    let error = world.stripe("subscriptions/sub_ada", "k1", &UPGRADE).send().await.unwrap_err();
    assert!(!error.is_status() && !error.is_timeout() && !error.is_decode());
    let retry = TestSandbox::answer(world.stripe("subscriptions/sub_ada", "k1", &UPGRADE)).await;
    assert_eq!((retry.status, retry.replayed), (200, true));
    let executions = world.get("/_/executions?operation=stripe.subscription.update").await;
    assert_eq!(executions.as_array().unwrap().len(), 1);
    let entry = &executions[0];
    assert_eq!((&entry["key"], &entry["received"], &entry["executed"]), (&json!("k1"), &json!(2), &json!(1)));
    let calls = world.get("/_/calls?key=k1").await;
    assert_eq!(
        (&calls[0]["status"], &calls[0]["executed"], &calls[0]["fault"]),
        (&json!(null), &json!(true), &json!("drop_after"))
    );
    assert_eq!(
        (&calls[1]["status"], &calls[1]["executed"], &calls[1]["replayed"]),
        (&json!(200), &json!(false), &json!(true))
    );
    assert_eq!(calls[1]["params"]["items"][0]["price"], "price_enterprise");
}

#[tokio::test]
async fn drop_before_executes_nothing() {
    let world = TestSandbox::start().await;
    world.fault(&json!({ "service": "rest", "kind": "drop_before", "times": 2 })).await;
    for _ in 0..2 {
        assert!(world.client.post(world.url("/rest/x")).send().await.is_err());
    }
    let third = world.post("/rest/x", &json!({ "a": 1 })).await;
    assert_eq!((third.status, &third.body["n"]), (200, &json!(1)));
    let counts = &world.get("/_/counts").await["rest.post"];
    assert_eq!((&counts["received"], &counts["executed"], &counts["failed"]), (&json!(3), &json!(1), &json!(2)));
}

#[tokio::test]
async fn faults_are_used_in_order_and_can_name_a_customer() {
    let world = TestSandbox::start().await;
    world.fault(&json!({ "service": "rest", "contains": "barbara", "kind": "fail", "status": 502 })).await;
    world.fault(&json!({ "service": "rest", "kind": "rate_limit", "retry_after_seconds": 7 })).await;
    let first = world.client.post(world.url("/rest/x")).body("ada").send().await.unwrap();
    assert_eq!((first.status().as_u16(), first.headers()["retry-after"].to_str().unwrap()), (429, "7"));
    assert_eq!(world.post("/rest/x", &json!({ "who": "barbara" })).await.status, 502);
    assert_eq!(world.post("/rest/x", &json!({ "who": "barbara" })).await.status, 200);
    let faults = world.get("/_/faults").await;
    assert_eq!((&faults[0]["left"], &faults[1]["used"]), (&json!(0), &json!(1)));
    assert_eq!(world.post("/_/faults", &json!({ "kind": "explode" })).await.status, 400);
    assert_eq!(world.post("/_/faults", &json!({ "kind": "fail", "tiems": 3 })).await.status, 400);
    let cleared = world.client.delete(world.url("/_/faults")).send().await.unwrap();
    assert_eq!((cleared.status().as_u16(), world.get("/_/faults").await), (204, json!([])));
}

#[tokio::test]
async fn services_word_their_limits_themselves() {
    let world = TestSandbox::start().await;
    for service in ["telegram", "whatsapp", "slack", "shopify"] {
        world.fault(&json!({ "service": service, "kind": "rate_limit", "retry_after_seconds": 3 })).await;
    }
    let telegram = world.post("/telegram/bot1:x/sendMessage", &json!({})).await;
    assert_eq!((telegram.status, &telegram.body["parameters"]["retry_after"]), (429, &json!(3)));
    assert_eq!(world.post("/whatsapp/v23.0/1/messages", &json!({})).await.body["error"]["code"], 130_429);
    assert_eq!(world.post("/slack/api/chat.postMessage", &json!({})).await.body["error"], "ratelimited");
    let shopify = world.post("/shopify/admin/api/2026-07/graphql.json", &json!({ "query": "{ shop { name } }" })).await;
    assert_eq!((shopify.status, &shopify.body["errors"][0]["extensions"]["code"]), (200, &json!("THROTTLED")));
}

#[tokio::test]
async fn rest_echoes_counts_and_honours_keys() {
    let world = TestSandbox::start().await;
    let keyed = |body: &'static str| {
        let request = world.client.put(world.url("/rest/a/b?c=d")).header("Idempotency-Key", "k").body(body);
        TestSandbox::answer(request)
    };
    let first = keyed("{\"x\":1}").await;
    let want = json!({ "method": "PUT", "path": "/a/b", "query": { "c": "d" }, "body": { "x": 1 }, "n": 1 });
    assert_eq!((first.status, first.body), (200, want));
    assert_eq!((keyed("{\"x\":1}").await.replayed, keyed("{\"x\":2}").await.status), (true, 409));
    assert_eq!(world.get("/rest/a/b?status=418").await["n"], 1);
    assert_eq!(world.get("/_/counts").await["rest.put"]["executed"], 1);
    assert_eq!(world.client.post(world.url("/_/reset")).send().await.unwrap().status().as_u16(), 204);
    assert_eq!(world.get("/_/counts").await, json!({}));
}

#[tokio::test]
async fn bounds_and_unknown_paths_are_answered() {
    let world = TestSandbox::start().await;
    let large = world.client.post(world.url("/rest/x")).body(vec![b'x'; 1024 * 1024 + 1]).send().await;
    assert_eq!(large.unwrap().status().as_u16(), 413);
    assert_eq!(world.post("/nowhere", &json!({})).await.status, 404);
    assert_eq!(world.post("/stripe/v1/payouts", &json!({})).await.body["error"]["type"], "invalid_request_error");
    assert_eq!(world.get("/_/nothing").await["error"]["code"], "not_found");
    let page = world.client.get(world.url("/phone")).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("<title>Phones"));
    world.sandbox.shutdown().await;
}
