//! Stripe and Shopify as the sandbox plays them: every action does what it says, and what is refused is told.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

use countersign_connectors::{Call, CallError, CallOutcome, Connection, Invoker, LookUp, Registry, Secrets};
use countersign_core::log::FailureClass;
use countersign_outbound::Outbound;
use countersign_sandbox::{Sandbox, SandboxConfig};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr},
    sync::Mutex,
    time::Duration,
};

struct World {
    sandbox: Sandbox,
    invoker: Invoker,
    connection: Connection,
    /// Actions that succeeded.
    done: Mutex<BTreeSet<String>>,
}

impl World {
    async fn of(connector: &str) -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let sandbox = Sandbox::start(SandboxConfig { http: any, smtp: any }).await.unwrap();
        let settings = json!({ "base_url": format!("{}/{connector}", sandbox.url()) }).as_object().unwrap().clone();
        let secrets = Secrets::from_iter([("api_key", "sk_test_1"), ("access_token", "shpat_1")]);
        let (connector, name, revision) = (connector.to_owned(), "main".to_owned(), String::new());
        let invoker = Invoker::new(Registry::built_in().unwrap(), Outbound::with_private());
        let connection = Connection { id: String::new(), connector, name, settings, secrets, revision };
        Self { sandbox, invoker, connection, done: Mutex::default() }
    }

    async fn keyed(&self, key: &str, action: &str, input: &Value) -> Result<Value, CallError> {
        let action = format!("{}.{action}", self.connection.connector);
        let (timeout, connection) = (Duration::from_secs(5), Some(&self.connection));
        let call = Call { action: &action, input, key, timeout, connection, repeated: false };
        match self.invoker.invoke(call).await {
            CallOutcome::Succeeded { output, .. } => {
                let catalogue = self.invoker.registry().catalogue();
                let schema = jsonschema::validator_for(&catalogue.action(&action).unwrap().output).unwrap();
                let problems: Vec<String> = schema.iter_errors(&output).map(|error| error.to_string()).collect();
                assert!(problems.is_empty(), "{action}: {problems:?}");
                self.done.lock().unwrap().insert(action);
                Ok(output)
            }
            CallOutcome::Failed { error, .. } => Err(error),
        }
    }

    /// Each call with a key of its own.
    async fn does(&self, action: &str, input: Value) -> Value {
        let key = format!("{action} {input}");
        self.keyed(&key, action, &input).await.unwrap_or_else(|error| panic!("{action}: {error:?}"))
    }

    /// The code of the refusal.
    async fn refuses(&self, action: &str, input: Value) -> String {
        let key = format!("refused {action} {input}");
        match self.keyed(&key, action, &input).await {
            Ok(output) => panic!("{action} gave {output}"),
            Err(error) => {
                assert_eq!(error.class, FailureClass::Fatal, "{action}: {error:?}");
                format!("{}: {}", error.code, error.message)
            }
        }
    }

    async fn look_up(&self, action: &str, input: Value) -> LookUp {
        let action = format!("{}.{action}", self.connection.connector);
        let (timeout, connection) = (Duration::from_secs(5), Some(&self.connection));
        let call = Call { action: &action, input: &input, key: "k", timeout, connection, repeated: true };
        self.invoker.look_up(call).await
    }

    async fn control(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> Value {
        let client = countersign_outbound::direct().no_proxy().build().unwrap();
        let request = client.request(method, format!("{}{path}", self.sandbox.url()));
        let request = if let Some(body) = body { request.json(&body) } else { request };
        serde_json::from_slice(&request.send().await.unwrap().bytes().await.unwrap()).unwrap_or_default()
    }

    /// Every action of the connector was done, besides these.
    fn all_done(&self, besides: &[&str]) {
        let done = self.done.lock().unwrap();
        let name = &self.connection.connector;
        let actions = &self.invoker.registry().connector(name).unwrap().actions;
        let missing: Vec<&String> =
            actions.keys().filter(|action| !done.contains(&format!("{name}.{action}"))).collect();
        assert_eq!(missing, besides);
    }
}

#[tokio::test]
async fn stripe_does_all_that_its_actions_say() {
    let world = World::of("stripe").await;
    customers(&world).await;
    subscriptions(&world).await;
    invoices(&world).await;
    payments(&world).await;
    world.all_done(&[]);
}

async fn customers(world: &World) {
    let made = world
        .does("customer.create", json!({ "email": "new@example.com", "metadata": { "crm": "7", "x": "y" } }))
        .await;
    let id = &made["id"];
    let changed = json!({ "customer": id, "name": "New Example", "email": "", "metadata": { "x": "" } });
    let changed = world.does("customer.update", changed).await;
    assert_eq!((&changed["name"], &changed["email"]), (&json!("New Example"), &Value::Null));
    assert_eq!(changed["metadata"], json!({ "crm": "7" }));
    assert_eq!(world.does("customer.get", json!({ "customer": id })).await["name"], "New Example");
    assert_eq!(
        world.does("customer.list", json!({ "email": "ada@example.com" })).await["customers"][0]["id"],
        "cus_ada"
    );
    assert!(world.refuses("customer.create", json!({ "email": "nobody" })).await.starts_with("email_invalid"));
    assert!(
        world.refuses("customer.update", json!({ "customer": "cus_nobody" })).await.starts_with("resource_missing")
    );

    let credit = json!({ "customer": id, "amount": -500, "currency": "usd", "description": "Sorry" });
    let given = world.keyed("k", "balance.adjust", &credit).await.unwrap();
    assert_eq!(world.keyed("k", "balance.adjust", &credit).await.unwrap(), given, "a repeat is known by its key");
    assert_eq!(world.does("customer.get", json!({ "customer": id })).await["balance"], -500);
    let list = world.does("balance.list", json!({ "customer": id, "all_pages": 3 })).await;
    assert_eq!((&list["transactions"][0]["key"], &list["more"]), (&json!("k"), &json!(false)));
    let LookUp::Happened(found) = world.look_up("balance.adjust", credit).await else { panic!("it is there") };
    assert_eq!(found["id"], given["id"]);
    let other = json!({ "customer": "cus_ada", "amount": -1, "currency": "usd" });
    assert!(matches!(world.look_up("balance.adjust", other).await, LookUp::DidNotHappen));
}

async fn subscriptions(world: &World) {
    let change = json!({ "subscription": "sub_ada", "item": "si_ada", "price": "price_enterprise" });
    let preview = world.does("subscription.preview", change.clone()).await;
    let updated = world.does("subscription.update", change).await;
    assert_eq!((&updated["amount_due"], &updated["price"]), (&preview["amount_due"], &json!("price_enterprise")));
    let later = world.does("subscription.cancel_later", json!({ "subscription": "sub_ada" })).await;
    assert_eq!(later["cancel_at_period_end"], true);
    let kept = json!({ "subscription": "sub_ada", "cancel_at_period_end": false });
    assert_eq!(world.does("subscription.cancel_later", kept).await["cancel_at_period_end"], false);
    let coupon = json!({ "id": "SAVE20", "percent_off": 20, "duration": "repeating", "duration_in_months": 3 });
    assert_eq!(world.does("coupon.create", coupon).await["percent_off"], 20.0);
    let again = json!({ "id": "SAVE20", "amount_off": 100, "currency": "usd" });
    assert!(world.refuses("coupon.create", again).await.starts_with("resource_already_exists"));
    assert_eq!(
        world.refuses("coupon.create", json!({ "amount_off": 100 })).await.split(':').next(),
        Some("input_invalid")
    );
    assert_eq!(world.does("coupon.list", json!({})).await["coupons"][0]["id"], "SAVE20");
    world.does("subscription.discount", json!({ "subscription": "sub_ada", "coupon": "SAVE20" })).await;
    let unknown = json!({ "subscription": "sub_ada", "coupon": "FREE" });
    assert!(world.refuses("subscription.discount", unknown).await.starts_with("resource_missing"));
    assert!(world.refuses("subscription.resume", json!({ "subscription": "sub_ada" })).await.contains("paused"));
    let paused = world.does("subscription.list", json!({ "status": "paused" })).await;
    let resumed = world.does("subscription.resume", json!({ "subscription": paused["subscriptions"][0]["id"] })).await;
    assert_eq!(resumed["status"], "active");
    assert_eq!(world.does("subscription.cancel", json!({ "subscription": "sub_ada" })).await["status"], "canceled");
    assert_eq!(world.does("subscription.get", json!({ "subscription": "sub_ada" })).await["status"], "canceled");
    let own = |status: Value| json!({ "customer": "cus_ada", "status": status });
    assert_eq!(world.does("subscription.list", json!({ "customer": "cus_ada" })).await["subscriptions"], json!([]));
    let all = world.does("subscription.list", own(json!("all"))).await;
    assert_eq!((&all["subscriptions"][0]["item"], &all["has_more"]), (&json!("si_ada"), &json!(false)));
}

async fn invoices(world: &World) {
    let draft = world.does("invoice.create", json!({ "customer": "cus_grace", "description": "Call-out" })).await;
    let invoice = draft["id"].clone();
    let item = json!({ "customer": "cus_grace", "invoice": invoice, "amount": 2500, "currency": "usd" });
    assert_eq!(world.does("invoice.add_item", item.clone()).await["amount"], 2500);
    let id = json!({ "invoice": invoice });
    let open = world.does("invoice.finalize", id.clone()).await;
    assert_eq!((&open["status"], &open["amount_due"]), (&json!("open"), &json!(2500)));
    assert!(open["number"].is_string() && open["page"].is_string());
    assert!(world.refuses("invoice.add_item", item).await.starts_with("invoice_not_editable"));
    assert!(matches!(world.look_up("invoice.pay", id.clone()).await, LookUp::DidNotHappen));
    let paid = world.does("invoice.pay", id.clone()).await;
    assert_eq!((&paid["status"], &paid["amount_remaining"]), (&json!("paid"), &json!(0)));
    assert!(matches!(world.look_up("invoice.pay", id.clone()).await, LookUp::Happened(_)));
    assert!(world.refuses("invoice.void", id.clone()).await.starts_with("invoice_not_voidable"));
    assert_eq!(world.does("invoice.get", id).await["status"], "paid");

    let other = world.does("invoice.create", json!({ "customer": "cus_frances" })).await["id"].clone();
    let item = json!({ "customer": "cus_frances", "invoice": other, "amount": 100, "currency": "usd" });
    world.does("invoice.add_item", item).await;
    world.does("invoice.finalize", json!({ "invoice": other })).await;
    assert!(world.refuses("invoice.pay", json!({ "invoice": other })).await.starts_with("card_declined"));
    let listed = world.does("invoice.list", json!({ "customer": "cus_frances", "status": "open" })).await;
    assert_eq!(listed["invoices"][0]["id"], other);
    assert_eq!(world.does("invoice.void", json!({ "invoice": other })).await["status"], "void");
}

async fn payments(world: &World) {
    let ask = json!({ "amount": 4900, "currency": "usd", "customer": "cus_grace" });
    let prepared = world.does("payment_intent.create", ask).await;
    assert_eq!((&prepared["status"], &prepared["amount_received"]), (&json!("requires_payment_method"), &json!(0)));
    assert!(!prepared.to_string().contains("secret"));
    let id = json!({ "payment_intent": prepared["id"] });
    assert!(matches!(world.look_up("payment_intent.confirm", id.clone()).await, LookUp::DidNotHappen));
    let confirmed = world
        .does("payment_intent.confirm", json!({ "payment_intent": prepared["id"], "payment_method": "pm_1" }))
        .await;
    assert_eq!((&confirmed["status"], &confirmed["amount_received"]), (&json!("succeeded"), &json!(4900)));
    assert!(matches!(world.look_up("payment_intent.confirm", id.clone()).await, LookUp::Happened(_)));
    assert!(world.refuses("payment_intent.cancel", id.clone()).await.starts_with("payment_intent_unexpected_state"));
    assert_eq!(world.does("payment_intent.get", id).await["charge"], confirmed["charge"]);

    let charge =
        |customer: &str| json!({ "amount": 1200, "currency": "usd", "customer": customer, "payment_method": "pm_1" });
    let taken = world.does("payment_intent.charge", charge("cus_grace")).await;
    assert_eq!(taken["status"], "succeeded");
    assert!(world.refuses("payment_intent.charge", charge("cus_frances")).await.starts_with("card_declined"));
    let refund = world.does("refund.create", json!({ "payment_intent": taken["id"], "amount": 200 })).await;
    assert_eq!(world.does("refund.list", json!({ "charge": refund["charge"] })).await["refunds"][0]["amount"], 200);
    assert_eq!(world.does("charge.get", json!({ "charge": refund["charge"] })).await["amount_refunded"], 200);
    let list = world.does("payment_intent.list", json!({ "customer": "cus_grace", "limit": 1, "all_pages": 5 })).await;
    assert_eq!(list["payments"].as_array().unwrap().len(), 2);
    let other = json!({ "amount": 1000, "currency": "usd" });
    let other = world.does("payment_intent.create", other).await;
    let cancel = json!({ "payment_intent": other["id"], "reason": "abandoned" });
    assert_eq!(world.does("payment_intent.cancel", cancel).await["cancellation_reason"], "abandoned");

    let page = json!({ "line_items": [{ "price": "price_pro", "quantity": 2 }], "success_url": "https://shop.example.com/ok" });
    let page = world.does("checkout_session.create", page).await;
    assert_eq!((&page["amount_total"], &page["payment_status"]), (&json!(9800), &json!("unpaid")));
    assert_eq!(world.does("checkout_session.get", json!({ "session": page["id"] })).await["url"], page["url"]);
}

#[tokio::test]
async fn what_moves_money_at_stripe_moves_it_once() {
    let world = World::of("stripe").await;
    let charge = json!({ "amount": 4900, "currency": "usd", "customer": "cus_ada", "payment_method": "pm_1" });
    let fault = json!({ "operation": "stripe.payment_intent.create", "kind": "drop_after", "times": 1 });
    world.control(reqwest::Method::POST, "/_/faults", Some(fault)).await;
    let lost = world.keyed("k", "payment_intent.charge", &charge).await.unwrap_err();
    assert_eq!(lost.class, FailureClass::Unknown, "{lost:?}");
    let found = world.keyed("k", "payment_intent.charge", &charge).await.unwrap();
    assert_eq!(found["status"], "succeeded");
    let counts = world.control(reqwest::Method::GET, "/_/counts", None).await;
    assert_eq!(counts["stripe.payment_intent.create"]["executed"], 1, "{counts}");
    let other = json!({ "amount": 1, "currency": "usd", "customer": "cus_ada", "payment_method": "pm_1" });
    let reused = world.keyed("k", "payment_intent.charge", &other).await.unwrap_err();
    assert_eq!((reused.code.as_str(), reused.class), ("idempotency_error", FailureClass::Fatal));
}

const ADA: &str = "gid://shopify/Order/5430000001001";

#[tokio::test]
async fn shopify_does_all_that_its_actions_say() {
    let world = World::of("shopify").await;
    assert_eq!(world.does("shop.get", json!({})).await["currency"], "USD");
    orders(&world).await;
    edits(&world).await;
    refunds(&world).await;
    people_and_products(&world).await;
    shipments(&world).await;
    drafts(&world).await;
    world.all_done(&[]);
}

async fn orders(world: &World) {
    let found = world.does("order.find", json!({ "number": "#1001" })).await;
    assert_eq!(found["id"], ADA);
    assert_eq!(world.does("order.find", json!({ "number": "#9999" })).await, json!({}));
    let own = world.does("order.find_by_email", json!({ "email": "ada@example.com", "all_pages": 2 })).await;
    assert_eq!((&own["orders"][0]["id"], &own["more"]), (&json!(ADA), &json!(false)));
    let address = json!({ "order": ADA, "address1": "2 New Street", "city": "Hamburg", "country_code": "DE" });
    assert_eq!(world.does("order.update_address", address).await["shipping_address"]["city"], "Hamburg");
    world.does("order.add_tags", json!({ "order": ADA, "tags": ["vip"] })).await;
    let nobody = json!({ "order": "gid://shopify/Order/1", "tags": ["vip"] });
    assert_eq!(world.refuses("order.add_tags", nobody).await, "refused: Order does not exist");
    let edsger = json!({ "order": "gid://shopify/Order/5430000001003" });
    let job = world.does("order.cancel", edsger.clone()).await;
    assert_eq!(world.does("job.get", json!({ "job": job["job"] })).await["done"], true);
    assert!(world.does("order.get", edsger.clone()).await["cancelled_at"].is_string());
    assert!(matches!(world.look_up("order.cancel", edsger).await, LookUp::Happened(_)));
}

async fn edits(world: &World) {
    let edit = world.does("order_edit.begin", json!({ "order": ADA })).await;
    let id = &edit["edit"];
    let lamp = edit["items"][0]["id"].clone();
    assert_eq!((&edit["total"]["amount"], &edit["outstanding"]["amount"]), (&json!("89.00"), &json!("0.00")));
    let mug = json!({ "edit": id, "variant": "gid://shopify/ProductVariant/8530000000002", "quantity": 2 });
    let added = world.does("order_edit.add_variant", mug.clone()).await;
    assert_eq!((&added["total"]["amount"], &added["outstanding"]["amount"]), (&json!("113.00"), &json!("24.00")));
    assert!(world.refuses("order_edit.add_variant", mug).await.starts_with("refused"));
    let two = json!({ "edit": id, "item": lamp, "quantity": 2 });
    assert_eq!(world.does("order_edit.set_quantity", two).await["total"]["amount"], "202.00");
    assert_eq!(world.does("order_edit.get", json!({ "edit": id })).await["outstanding"]["amount"], "113.00");
    assert_eq!(
        world.does("order.get", json!({ "order": ADA })).await["total"]["amount"],
        "89.00",
        "not before the commit"
    );
    let commit = json!({ "edit": id });
    assert!(matches!(world.look_up("order_edit.commit", commit.clone()).await, LookUp::DidNotHappen));
    assert_eq!(world.does("order_edit.commit", commit.clone()).await["total"]["amount"], "202.00");
    assert!(
        matches!(world.look_up("order_edit.commit", commit.clone()).await, LookUp::Unknown),
        "a copy that is gone says nothing"
    );
    assert_eq!(world.refuses("order_edit.commit", commit).await, "refused: The calculated order does not exist.");
}

async fn refunds(world: &World) {
    let suggested = world.does("refund.suggest", json!({ "order": ADA, "full": true })).await;
    assert_eq!(suggested["amount"]["amount"], "202.00");
    let mug = json!({ "order": ADA, "line_items": [{ "lineItemId": "gid://shopify/LineItem/2", "quantity": 1 }] });
    assert_eq!(world.does("refund.suggest", mug).await["amount"]["amount"], "12.00");
    let from = &suggested["transactions"][0];
    let refund = json!({ "order": ADA, "amount": "12.50", "payment": from["payment"], "gateway": from["gateway"] });
    let given = world.keyed("k", "refund.amount", &refund).await.unwrap();
    assert_eq!(world.keyed("k", "refund.amount", &refund).await.unwrap(), given, "a repeat is known by its key");
    assert_eq!(world.does("order.get", json!({ "order": ADA })).await["refunded"]["amount"], "12.50");
    let too_much = json!({ "order": ADA, "amount": "500.00", "payment": from["payment"], "gateway": "x" });
    assert!(world.refuses("refund.amount", too_much).await.contains("greater than the amount"));
    let strange =
        json!({ "order": ADA, "amount": "1.00", "payment": "gid://shopify/OrderTransaction/1", "gateway": "x" });
    assert!(world.refuses("refund.amount", strange).await.contains("does not belong"));
    world.does("refund.create", json!({ "order": "gid://shopify/Order/5430000001004" })).await;
}

async fn people_and_products(world: &World) {
    let ada = world.does("customer.find", json!({ "email": "ada@example.com" })).await;
    assert_eq!((&ada["name"], &ada["orders"]), (&json!("Ada Example"), &json!("1")));
    let by_phone = world.does("customer.find", json!({ "phone": ada["phone"] })).await;
    assert_eq!(by_phone["id"], ada["id"]);
    assert_eq!(world.does("customer.find", json!({ "email": "nobody@example.com" })).await, json!({}));
    let change = json!({ "customer": ada["id"], "note": "Prefers mail", "tags": ["vip"] });
    assert_eq!(world.does("customer.update", change).await["tags"], json!(["vip"]));
    assert_eq!(world.does("customer.get", json!({ "customer": ada["id"] })).await["note"], "Prefers mail");
    let taken = json!({ "customer": ada["id"], "email": "grace@example.com" });
    assert_eq!(world.refuses("customer.update", taken).await, "refused: Email has already been taken");
    let all = world.does("product.find", json!({ "all_pages": 4 })).await;
    assert_eq!((all["products"].as_array().unwrap().len(), &all["more"]), (3, &json!(false)));
    let lamp = world.does("product.find", json!({ "search": "sku:LAMP" })).await;
    assert_eq!(lamp["products"][0]["variants"][0]["price"], "89.00");
}

async fn shipments(world: &World) {
    let before = world.does("fulfillment.list", json!({ "order": ADA })).await;
    let id = before["to_send"][0]["id"].clone();
    assert_eq!((&before["to_send"][0]["status"], &before["sent"]), (&json!("OPEN"), &json!([])));
    let send = json!({ "fulfillment_order": id, "number": "1Z999", "company": "UPS" });
    assert!(matches!(world.look_up("fulfillment.create", send.clone()).await, LookUp::DidNotHappen));
    assert_eq!(world.does("fulfillment.create", send.clone()).await["number"], "1Z999");
    assert!(matches!(world.look_up("fulfillment.create", send.clone()).await, LookUp::Happened(_)));
    assert!(world.refuses("fulfillment.create", send).await.contains("closed"));
    assert_eq!(world.does("fulfillment_order.get", json!({ "fulfillment_order": id })).await["status"], "CLOSED");
    assert_eq!(world.does("fulfillment.list", json!({ "order": ADA })).await["sent"][0]["company"], "UPS");
}

async fn drafts(world: &World) {
    let customer = "gid://shopify/Customer/6430000001001";
    let lamp = json!({ "variantId": "gid://shopify/ProductVariant/8530000000001", "quantity": 1 });
    let own = json!({ "title": "Engraving", "quantity": 1, "originalUnitPriceWithCurrency": { "amount": "5.00", "currencyCode": "USD" } });
    let draft = world.does("draft_order.create", json!({ "customer": customer, "items": [lamp, own] })).await;
    assert_eq!((&draft["status"], &draft["total"]["amount"]), (&json!("OPEN"), &json!("94.00")));
    let id = json!({ "draft_order": draft["id"] });
    assert!(matches!(world.look_up("draft_order.complete", id.clone()).await, LookUp::DidNotHappen));
    let done = world.does("draft_order.complete", id.clone()).await;
    assert_eq!(done["status"], "COMPLETED");
    let found = world.does("order.find", json!({ "number": done["order_name"] })).await;
    assert_eq!((&found["id"], &found["email"]), (&done["order"], &json!("ada@example.com")));
    assert!(matches!(world.look_up("draft_order.complete", id.clone()).await, LookUp::Happened(_)));
    assert!(world.refuses("draft_order.complete", id.clone()).await.starts_with("refused"));
    assert_eq!(world.does("draft_order.get", id).await["order"], done["order"]);
    let nobody = json!({ "customer": "gid://shopify/Customer/1", "items": [lamp] });
    assert_eq!(world.refuses("draft_order.create", nobody).await, "refused: Customer does not exist");
}

#[tokio::test]
async fn a_shop_out_of_points_says_when_there_are_enough() {
    let world = World::of("shopify").await;
    for fault in [
        json!({ "kind": "rate_limit", "retry_after_seconds": 7 }),
        json!({ "kind": "rate_limit", "status": 429, "retry_after_seconds": 7 }),
    ] {
        let mut fault = fault;
        fault["operation"] = json!("shopify.order.get");
        fault["times"] = json!(1);
        world.control(reqwest::Method::POST, "/_/faults", Some(fault)).await;
        let error = world.keyed("k", "order.get", &json!({ "order": ADA })).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.class), ("THROTTLED", FailureClass::Retryable));
        assert_eq!(error.retry_after_seconds, Some(7));
    }
}

#[tokio::test]
async fn twilio_sends_and_tells_what_became_of_it() {
    let mut world = World::of("twilio").await;
    let sid = "AC00000000000000000000000000000001";
    world.connection.settings.insert("account_sid".to_owned(), json!(sid));
    world.connection.secrets = Secrets::from_iter([("auth_token", "t0ken")]);
    let message = json!({ "to": "+4915112345678", "from": "+15005550006", "text": "Ready & waiting" });
    let sent = world.does("message.send", message).await;
    assert_eq!(sent["text"], "Ready & waiting");
    assert_eq!(world.does("message.get", json!({ "message": sent["sid"] })).await["status"], "delivered");
    let listed = world.does("message.list", json!({ "to": "+4915112345678" })).await;
    assert_eq!(listed["messages"][0]["sid"], sent["sid"]);
    let unwanted = json!({ "to": "+15005550004", "from": "+15005550006", "text": "Hello" });
    assert!(world.refuses("message.send", unwanted).await.starts_with("21610"));
    let fault = json!({ "operation": "twilio.message.create", "kind": "drop_after", "times": 1 });
    world.control(reqwest::Method::POST, "/_/faults", Some(fault)).await;
    let lost = json!({ "to": "+4915112345678", "from": "+15005550006", "text": "Lost" });
    let lost = world.keyed("k", "message.send", &lost).await.unwrap_err();
    assert_eq!(lost.class, FailureClass::Unknown, "a person looks what became of it: {lost:?}");
}
