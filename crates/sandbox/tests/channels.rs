//! Messages: what each channel takes, refuses and shows on the phone page.
#![allow(clippy::unwrap_used)]

mod common;

use common::TestSandbox;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor, message::MultiPart};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

fn whatsapp_text(to: &str, text: &str) -> Value {
    json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": to, "type": "text",
        "text": { "body": text }, "biz_opaque_callback_data": "r.1.1",
    })
}

#[tokio::test]
async fn whatsapp_sends_and_refuses() {
    let world = TestSandbox::start().await;
    let path = "/whatsapp/v23.0/100/messages";
    let sent = world.post(path, &whatsapp_text("+1 555 555 0101", "Hello")).await;
    assert_eq!((sent.status, &sent.body["contacts"][0]["wa_id"]), (200, &json!("15555550101")));
    assert_eq!(sent.body["messages"][0], json!({ "id": "wamid.000001", "message_status": "accepted" }));
    assert_eq!(world.get("/_/executions").await[0]["key"], "r.1.1");
    let mut incomplete = whatsapp_text("15555550101", "Hello");
    incomplete.as_object_mut().unwrap().remove("recipient_type");
    assert_eq!(world.post(path, &incomplete).await.body["error"]["code"], 100);
    assert_eq!(world.post(path, &whatsapp_text("15550131047", "x")).await.body["error"]["code"], 131_047);
    assert_eq!(world.post(path, &whatsapp_text("15550131026", "x")).await.body["error"]["code"], 131_026);
    let switch = json!({ "to": "+15555550101", "window": "closed" });
    let want = json!({ "to": "15555550101", "window": "closed", "reachable": true });
    assert_eq!(world.post("/_/whatsapp/recipients", &switch).await.body, want);
    assert_eq!(world.post(path, &whatsapp_text("15555550101", "x")).await.body["error"]["code"], 131_047);
    let template = json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": "15555550101", "type": "template",
        "template": { "name": "waiting", "language": { "code": "en_US" }, "components": [
            { "type": "body", "parameters": [{ "type": "text", "text": "Ada" }] },
        ] },
    });
    assert_eq!(world.post(path, &template).await.status, 200);
    let seen = world.get("/phone/messages.json?to=ada@example.com").await;
    let texts: Vec<&Value> = seen["messages"].as_array().unwrap().iter().map(|message| &message["text"]).collect();
    assert_eq!(texts, ["Hello", "[template waiting] Ada"]);
    assert_eq!(seen["messages"][0]["customer"]["name"], "Ada Example");
}

#[tokio::test]
async fn telegram_sends_and_edits() {
    let world = TestSandbox::start().await;
    let keyboard = json!({ "inline_keyboard": [[{ "text": "Yes", "callback_data": "k:1" }]] });
    let body = json!({ "chat_id": 1001, "text": "Sure?", "reply_markup": keyboard });
    let sent = world.post("/telegram/bot1:secret/sendMessage", &body).await;
    assert_eq!((&sent.body["ok"], &sent.body["result"]["message_id"]), (&json!(true), &json!(1)));
    let edit = json!({ "chat_id": 1001, "message_id": 1, "text": "Done" });
    assert_eq!(world.post("/telegram/bot1:secret/editMessageText", &edit).await.body["result"]["text"], "Done");
    let twice = world.post("/telegram/bot1:secret/editMessageText", &edit).await;
    assert_eq!(twice.body["description"], "Bad Request: message is not modified");
    let long = json!({ "chat_id": 1001, "text": "x", "reply_markup": {
        "inline_keyboard": [[{ "text": "Yes", "callback_data": "é".repeat(33) }]],
    } });
    assert_eq!(world.post("/telegram/bot1:secret/sendMessage", &long).await.status, 400);
    let answer = json!({ "callback_query_id": "7" });
    assert_eq!(world.post("/telegram/bot1:secret/answerCallbackQuery", &answer).await.body["result"], true);
    let hook = json!({ "url": "https://example.com/t", "secret_token": "bad token" });
    assert_eq!(world.post("/telegram/bot1:secret/setWebhook", &hook).await.status, 400);
    let seen = world.get("/_/messages?channel=telegram").await;
    assert_eq!((&seen[0]["text"], &seen[0]["choices"]), (&json!("Done"), &json!([])));
    let calls = world.get("/_/calls?service=telegram").await;
    assert!(calls.as_array().unwrap().iter().all(|call| !call.to_string().contains("secret/")));
}

#[tokio::test]
async fn twilio_sends_and_finds() {
    let world = TestSandbox::start().await;
    let url = world.url("/twilio/2010-04-01/Accounts/AC1/Messages.json");
    let send = |form: &[(&str, &str)]| {
        TestSandbox::answer(world.client.post(&url).basic_auth("AC1", Some("token")).form(form))
    };
    let sent = send(&[("To", "+15555550101"), ("From", "+15550001111"), ("Body", "Hi")]).await;
    assert_eq!((sent.status, &sent.body["status"]), (201, &json!("queued")));
    assert_eq!(send(&[("To", "+15555550101"), ("Body", "Hi")]).await.body["code"], 21_603);
    let long = "x".repeat(1_601);
    assert_eq!(send(&[("To", "+15555550101"), ("From", "+1"), ("Body", &long)]).await.body["code"], 21_617);
    let look = |to: &str| {
        let request = world.client.get(&url).basic_auth("AC1", Some("token")).query(&[("To", to)]);
        TestSandbox::answer(request)
    };
    assert_eq!(look("+15555550101").await.body["messages"][0]["sid"], sent.body["sid"]);
    assert_eq!(look("+15555550102").await.body["messages"], json!([]));
    assert_eq!(TestSandbox::answer(world.client.get(&url)).await.body["code"], 20_003);
}

#[tokio::test]
async fn slack_posts_and_updates() {
    let world = TestSandbox::start().await;
    let blocks = json!([{ "type": "actions", "elements": [
        { "type": "button", "action_id": "approve", "text": { "type": "plain_text", "text": "Approve" } },
    ] }]);
    let body = json!({ "channel": "C1", "text": "Please decide", "blocks": blocks });
    let sent = world.post("/slack/api/chat.postMessage", &body).await;
    assert_eq!(sent.body["ok"], true);
    let done = json!({ "channel": "C1", "ts": sent.body["ts"], "text": "Approved" });
    assert_eq!(world.post("/slack/api/chat.update", &done).await.body["text"], "Approved");
    let lost = json!({ "channel": "x", "text": "Please decide" });
    let lost = world.post("/slack/api/chat.postMessage", &lost).await;
    assert_eq!((lost.status, &lost.body["error"]), (200, &json!("channel_not_found")));
    let hint = json!({ "channel": "C1", "user": "U1", "text": "You may not." });
    assert_eq!(world.post("/slack/api/chat.postEphemeral", &hint).await.body["ok"], true);
    let nobody = json!({ "channel": "C1", "text": "You may not." });
    assert_eq!(world.post("/slack/api/chat.postEphemeral", &nobody).await.body["error"], "user_not_in_channel");
    assert_eq!(world.get("/phone/messages.json").await["messages"], json!([]));
    let kept = world.get("/_/messages?channel=slack").await;
    assert_eq!((&kept[0]["text"], kept.as_array().unwrap().len()), (&json!("Approved"), 1));
}

#[tokio::test]
async fn shopify_cancels_moves_and_refunds_once() {
    let world = TestSandbox::start().await;
    let ask = |query: &str, variables: Value| {
        let request = world.client.post(world.url("/shopify/admin/api/2026-07/graphql.json"));
        let request = request.header("X-Shopify-Access-Token", "shpat_1");
        TestSandbox::answer(request.json(&json!({ "query": query, "variables": variables })))
    };
    let find = "query f($query: String!) { orders(first: 1, query: $query) { nodes { id } } }";
    let found = ask(find, json!({ "query": "name:\"#1001\"" })).await;
    assert_eq!(found.body["data"]["orders"]["nodes"][0]["id"], "gid://shopify/Order/5430000001001");
    let none = ask(find, json!({ "query": "name:\"#9\"" })).await;
    assert_eq!(none.body["data"]["orders"]["nodes"], json!([]));
    let cancel = "mutation c($orderId: ID!) { orderCancel(orderId: $orderId, restock: true, reason: CUSTOMER) \
                  { job { id done } orderCancelUserErrors { message } } }";
    let cancelled = ask(cancel, json!({ "orderId": "gid://shopify/Order/5430000001001" })).await;
    let job = cancelled.body["data"]["orderCancel"]["job"]["id"].clone();
    let polled = ask("query j($id: ID!) { job(id: $id) { id done } }", json!({ "id": job })).await;
    assert_eq!(polled.body["data"]["job"], json!({ "id": job, "done": true }));
    let fulfilled = ask(cancel, json!({ "orderId": "gid://shopify/Order/5430000001002" })).await;
    assert_eq!(fulfilled.status, 200);
    assert_eq!(fulfilled.body["data"]["orderCancel"]["orderCancelUserErrors"][0]["code"], "INVALID");

    let update = "mutation u($input: OrderInput!) { orderUpdate(input: $input) \
                  { order { id shippingAddress { city } } userErrors { message } } }";
    let address = json!({ "address1": "2 New Street", "city": "Hamburg", "zip": "20095", "countryCode": "DE" });
    let id = "gid://shopify/Order/5430000001003";
    let moved = ask(update, json!({ "input": { "id": id, "shippingAddress": address } })).await;
    assert_eq!(moved.body["data"]["orderUpdate"]["order"]["shippingAddress"]["city"], "Hamburg");
    let nowhere = ask(update, json!({ "input": { "id": id, "shippingAddress": { "city": "Hamburg" } } })).await;
    assert_eq!(nowhere.body["data"]["orderUpdate"]["userErrors"][0]["message"], "Shipping address is invalid");

    let refund = "mutation r($input: RefundInput!, $key: String!) { refundCreate(input: $input) @idempotent(key: $key) \
                  { refund { id } userErrors { message } } }";
    let input = json!({ "orderId": "gid://shopify/Order/5430000001003", "transactions": [{ "amount": "12.50" }] });
    let first = ask(refund, json!({ "input": input, "key": "k" })).await;
    let again = ask(refund, json!({ "input": input, "key": "k" })).await;
    assert_eq!((first.status, &first.body), (200, &again.body));
    let order =
        ask("query o($id: ID!) { order(id: $id) { id } }", json!({ "id": "gid://shopify/Order/5430000001003" })).await;
    assert_eq!(order.body["data"]["order"]["totalRefundedSet"]["shopMoney"]["amount"], "12.50");
    let bare = ask(
        "mutation r($input: RefundInput!) { refundCreate(input: $input) { refund { id } } }",
        json!({ "input": input }),
    );
    assert!(bare.await.body["errors"][0]["message"].as_str().unwrap().contains("@idempotent"));
    let entry = &world.get("/_/executions?operation=shopify.refund.create").await[0];
    assert_eq!((&entry["key"], &entry["executed"], &entry["replayed"]), (&json!("k"), &json!(1), &json!(1)));
}

#[tokio::test]
async fn mails_are_parsed_and_shown() {
    let world = TestSandbox::start().await;
    let address = world.sandbox.smtp_addr();
    let smtp = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string()).port(address.port());
    let smtp = smtp.build();
    let text = ".\r\nA first line that is a dot\r\n..and two\r\nGrüße".to_owned();
    let mail = Message::builder()
        .from("Support <support@example.com>".parse().unwrap())
        .to("Ada Example <ada@example.com>".parse().unwrap())
        .message_id(Some("<r.1.1@example.com>".to_owned()))
        .subject("Your upgrade ✓")
        .multipart(MultiPart::alternative_plain_html(text, "<p>Grüße</p>".to_owned()))
        .unwrap();
    smtp.send(mail.clone()).await.unwrap();
    let mails = world.get("/_/mails?to=ada@example.com").await;
    let got = &mails[0];
    assert_eq!((&got["subject"], &got["message_id"]), (&json!("Your upgrade ✓"), &json!("r.1.1@example.com")));
    let text = got["text"].as_str().unwrap().replace("\r\n", "\n");
    assert_eq!(text.trim_end(), ".\nA first line that is a dot\n..and two\nGrüße");
    assert_eq!(got["html"].as_str().unwrap().trim_end(), "<p>Grüße</p>");
    assert_eq!(world.get("/phone/messages.json").await["messages"][0]["customer"]["name"], "Ada Example");

    world.fault(&json!({ "service": "smtp", "kind": "drop_after" })).await;
    smtp.send(mail.clone()).await.unwrap_err();
    world.fault(&json!({ "service": "smtp", "kind": "fail" })).await;
    assert!(smtp.send(mail).await.unwrap_err().is_transient());
    let entry = &world.get("/_/executions?operation=smtp.mail.receive").await[0];
    assert_eq!((&entry["key"], &entry["executed"]), (&json!("r.1.1@example.com"), &json!(2)));
}

#[tokio::test]
async fn the_mail_server_keeps_its_bounds() {
    let world = TestSandbox::start().await;
    let (reader, mut writer) = TcpStream::connect(world.sandbox.smtp_addr()).await.unwrap().into_split();
    let mut lines = BufReader::new(reader).lines();
    let mut say = async |text: String, want: &str| {
        writer.write_all(text.as_bytes()).await.unwrap();
        let line = lines.next_line().await.unwrap().unwrap();
        assert!(line.starts_with(want), "{line}");
    };
    say(String::new(), "220").await;
    say("RCPT TO:<a@example.com>\r\n".to_owned(), "503").await;
    say("MAIL FROM:<b@example.com> SIZE=2000000\r\n".to_owned(), "552").await;
    say(format!("NOOP {}\r\n", "x".repeat(10_000)), "500").await;
    say("MAIL FROM:<>\r\n".to_owned(), "250").await;
    say("RCPT TO:<a@example.com>\r\n".to_owned(), "250").await;
    say("DATA\r\n".to_owned(), "354").await;
    let line = format!("{}\r\n", "y".repeat(998));
    say(format!("{}.\r\n", line.repeat(1_100)), "552").await;
    say("RSET\r\n".to_owned(), "250").await;
    say("QUIT\r\n".to_owned(), "221").await;
    assert_eq!(world.get("/_/mails").await, json!([]));
}
