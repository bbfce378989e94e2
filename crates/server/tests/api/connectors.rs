//! Connectors a workspace brings.

use crate::support::{Client, TestApp};
use countersign_store::Role;
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

fn pets(paths: Value) -> String {
    let servers = json!([{ "url": "https://pets.example.com" }]);
    json!({ "openapi": "3.1.0", "info": { "title": "Pet Shop" }, "servers": servers, "paths": paths }).to_string()
}

fn calls(action: &str) -> Value {
    json!({
        "schema": 1, "name": "Pets", "start": "look", "triggers": [{ "type": "api" }],
        "steps": {
            "look": { "type": "tool_call", "title": "Look", "action": action, "input": { "id": "7" }, "next": "done" },
            "done": { "type": "end", "title": "Done", "status": "completed" },
        },
    })
}

#[tokio::test]
async fn a_connector_is_put_in_used_and_not_taken_away_from_those_who_use_it() {
    let app = TestApp::start().await;
    let admin = app.key(Role::Admin).await;
    let one =
        json!({ "get": { "operationId": "getPet", "parameters": [{ "name": "id", "in": "path", "required": true }] } });
    let source = pets(json!({ "/pets/{id}": one, "/bad": { "get": 7 } }));
    let put_in = admin.post("/connectors", json!({ "source": source })).await;
    put_in.is(201);
    assert_eq!(put_in.json["name"], "pet_shop");
    assert_eq!((&put_in.json["revision"], &put_in.json["actions"]), (&json!(1), &json!(1)));
    assert_eq!(put_in.json["left_out"], json!([{ "pointer": "/paths/~1bad/get", "reason": "is not an operation" }]));
    // The same again is no new revision.
    assert_eq!(admin.post("/connectors", json!({ "source": source })).await.json["revision"], 1);
    let shown = admin.get("/connectors/pet_shop").await;
    assert_eq!((&shown.json["revision"], &shown.json["action_count"]), (&json!(1), &json!(1)));
    let actions = admin.get("/actions?connector=pet_shop").await;
    assert_eq!(actions.is(200).json["items"][0]["name"], "pet_shop.get_pet");

    let workflow = app.publish(&admin, calls("pet_shop.get_pet")).await;
    let two = pets(json!({ "/pets/{id}": one, "/pets": { "post": { "operationId": "addPet" } } }));
    let second = admin.post("/connectors", json!({ "source": two, "name": "pet_shop" })).await;
    assert_eq!((second.status.as_u16(), &second.json["revision"]), (201, &json!(2)));
    assert_eq!(second.json["changes"], json!({ "added": ["add_pet"], "removed": [], "changed": [] }));
    assert_eq!(second.json["used_by"][0]["workflow"], json!(workflow));
    // A version goes on with the revision it was published with.
    let engine = &app.app.engine;
    let pinned = engine.connectors_of(&app.workspace, &workflow, 1).await.unwrap();
    assert_eq!(pinned.connector("pet_shop").unwrap().actions.len(), 1);
    assert_eq!(engine.connectors(&app.workspace).await.unwrap().connector("pet_shop").unwrap().actions.len(), 2);
    // What would break is said before anybody publishes.
    let gone = admin.post("/connectors", json!({ "source": pets(json!({ "/x": { "get": {} } })) })).await;
    let problems = gone.json["used_by"][0]["diagnostics"].as_array().unwrap();
    assert!(problems.iter().any(|problem| problem["severity"] == "error"), "{problems:?}");

    admin.delete("/connectors/pet_shop").await.is_problem(409, "connector_used");
    admin.delete(&format!("/workflows/{workflow}")).await;
    admin.delete("/connectors/pet_shop").await.is(204);
    admin.get("/connectors/pet_shop").await.is_problem(404, "not_found");
    let audit = admin.get("/audit").await.text;
    assert!(audit.contains("connector.put_in") && audit.contains("connector.removed"));
}

#[tokio::test]
async fn who_may_bring_a_connector_and_what_is_refused() {
    let app = TestApp::start().await;
    let admin = app.key(Role::Admin).await;
    let source = pets(json!({ "/pets": { "get": {} } }));
    for role in [Role::Viewer, Role::Operator, Role::Builder] {
        app.key(role).await.post("/connectors", json!({ "source": source })).await.is_problem(403, "forbidden");
    }
    let other = app.other_workspace().await;
    admin.post("/connectors", json!({ "source": source })).await.is(201);
    other.get("/connectors/pet_shop").await.is_problem(404, "not_found");
    // Nobody replaces what comes with the executable: its risks are not theirs to say.
    admin.post("/connectors", json!({ "source": source, "name": "stripe" })).await.is_problem(409, "name_taken");
    for (source, name) in [("{}", None), (": [", None), (source.as_str(), Some("Not a name"))] {
        admin
            .post("/connectors", json!({ "source": source, "name": name }))
            .await
            .is_problem(422, "connector_unusable");
    }
    // Nothing is put in that has nothing to call, and one without a name is not taken for another one.
    let bare = r#"{"openapi":"3.1.0","paths":{}}"#;
    admin.post("/connectors", json!({ "source": bare })).await.is_problem(422, "connector_unusable");
    let untitled = r#"{"openapi":"3.1.0","paths":{"/a":{"get":{}}}}"#;
    let refused = admin.post("/connectors", json!({ "source": untitled })).await;
    refused.is_problem(422, "connector_unusable");
    assert!(refused.text.contains("give a name"), "{}", refused.text);
    admin.post("/connectors", json!({ "source": untitled, "name": "untitled" })).await.is(201);
    let manifest = "name: echo\ntitle: Echo\nbase_url: https://echo.example.com\nactions:\n  say: { title: Say, method: POST, path: /say, risk: write, idempotency: { kind: none } }\n";
    let brought = admin.post("/connectors", json!({ "source": manifest })).await;
    assert_eq!((brought.status.as_u16(), &brought.json["name"]), (201, &json!("echo")), "{}", brought.text);
}

#[tokio::test]
async fn a_document_is_read_from_an_address_that_may_be_called() {
    let app = TestApp::start().await;
    let admin = app.key(Role::Admin).await;
    let source = pets(json!({ "/pets": { "get": {} } }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    let there = axum::Router::new().route("/pets.json", axum::routing::get(move || async move { source }));
    tokio::spawn(async move { axum::serve(listener, there).await });
    let put_in = admin.post("/connectors", json!({ "url": format!("{at}/pets.json") })).await;
    assert_eq!(put_in.is(201).json["name"], "pet_shop", "{}", put_in.text);
    let refused = admin.post("/connectors", json!({ "url": format!("{at}/nowhere") })).await;
    assert!(refused.is_problem(422, "not_fetched").text.contains("404"), "{}", refused.text);
    for url in ["file:///etc/passwd", "nonsense", "http://user:pw@127.0.0.1/"] {
        admin.post("/connectors", json!({ "url": url })).await.is_problem(422, "not_fetched");
    }
    admin.post("/connectors", json!({})).await.is_problem(422, "invalid_request");
    let both = json!({ "url": at, "source": "{}" });
    admin.post("/connectors", both).await.is_problem(422, "invalid_request");
}

#[tokio::test]
async fn lists_that_come_page_by_page_are_named_and_only_these_are_asked_for_whole() {
    let app = TestApp::start().await;
    let admin = app.key(Role::Admin).await;
    let number = |name: &str| json!({ "name": name, "in": "query", "schema": { "type": "integer" } });
    let list = json!({ "type": "array", "items": { "type": "object" } });
    let paged = json!({ "get": { "operationId": "listPets", "parameters": [number("page"), number("per_page"), number("id")],
        "responses": { "200": { "content": { "application/json": { "schema": list } } } } } });
    let one = json!({ "get": { "operationId": "getPet", "parameters": [number("id")] } });
    let source = pets(json!({ "/pets": paged, "/pet": one }));
    let put_in = admin.post("/connectors", json!({ "source": source })).await;
    assert_eq!(put_in.is(201).json["paged"], json!(["list_pets"]));
    let problems = async |action: &str| {
        let mut document = calls(action);
        document["steps"]["look"]["input"] = json!({ "all_pages": 5 });
        let checked = admin.post("/check", json!({ "document": document })).await;
        let found = checked.is(200).json["diagnostics"].as_array().unwrap().iter();
        found.filter(|one| one["severity"] == "error").map(|one| one["code"].clone()).collect::<Vec<_>>()
    };
    assert!(problems("pet_shop.list_pets").await.is_empty());
    assert_eq!(problems("pet_shop.get_pet").await, [json!("not_paged")]);
}

#[tokio::test]
async fn a_dry_run_says_what_would_come_of_it_and_writes_nothing() {
    let app = TestApp::start().await;
    let admin = app.key(Role::Admin).await;
    let get = |kind: &str| {
        json!({ "get": { "operationId": "getPet", "parameters": [
            { "name": "id", "in": "path", "required": true, "schema": { "type": kind } }] } })
    };
    let first = pets(json!({ "/pets/{id}": get("string"), "/bad": { "get": 7 },
        "/pets": { "post": { "operationId": "sellPet" } } }));
    let looked = admin.post("/connectors", json!({ "source": first, "dry_run": true })).await;
    let told = &looked.is(200).json;
    assert_eq!((&told["name"], &told["revision"], &told["dry_run"]), (&json!("pet_shop"), &json!(1), &json!(true)));
    let offered = |name: &str, method: &str, path: &str, risk: &str| {
        json!({ "name": name, "title": format!("{method} {path}"), "method": method, "path": path,
            "risk": risk, "guessed": true })
    };
    let wanted = [offered("get_pet", "GET", "/pets/{id}", "read"), offered("sell_pet", "POST", "/pets", "write")];
    assert_eq!(told["offered"], json!(wanted));
    assert_eq!(told["left_out"][0]["pointer"], "/paths/~1bad/get");
    assert_eq!(told["changes"], Value::Null);
    admin.get("/connectors/pet_shop").await.is_problem(404, "not_found");
    assert!(!admin.get("/audit").await.text.contains("connector.put_in"));

    // A guess is put right by whoever puts it in, and no later guess is lower.
    let wrong = json!({ "source": first, "risks": { "nobody": "high" } });
    let refused = admin.post("/connectors", wrong).await;
    assert!(refused.is_problem(422, "invalid_request").text.contains("/risks/nobody"), "{}", refused.text);
    admin.post("/connectors", json!({ "source": first, "risks": { "sell_pet": "high" } })).await.is(201);
    let actions = admin.get("/actions?connector=pet_shop").await.is(200).json["items"].clone();
    let risk: Vec<Value> = actions.as_array().unwrap().iter().map(|one| one["risk"].clone()).collect();
    assert_eq!(risk, ["read", "high"]);
    assert!(admin.get("/audit").await.text.contains("sell_pet"), "who said what is on the record");
    let again = admin.post("/connectors", json!({ "source": first, "dry_run": true })).await;
    assert_eq!((&again.json["revision"], &again.json["offered"][1]["risk"]), (&json!(1), &json!("high")));
    assert_eq!(again.json["changes"], json!({ "added": [], "removed": [], "changed": [] }));

    // What differs inside an action, and who would be concerned.
    let workflow = app.publish(&admin, calls("pet_shop.get_pet")).await;
    let second = pets(json!({ "/animals/{id}": get("integer"), "/pets": { "post": { "operationId": "sellPet" } } }));
    let looked = admin.post("/connectors", json!({ "source": second, "dry_run": true })).await;
    let told = &looked.is(200).json;
    let inside = json!([{ "action": "get_pet", "risk_before": null, "risk": "read", "address_before": "GET /pets/{id}",
        "address": "GET /animals/{id}", "input": ["input `id` takes integer, and took string"], "other": ["its words"] }]);
    assert_eq!(told["changes"]["inside"], inside);
    assert_eq!(told["revision"], 2);
    let used = &told["used_by"][0];
    assert_eq!(used["workflow"], json!(workflow));
    assert_eq!(
        (&used["draft"], &used["active_version"], &used["ramped_version"]),
        (&json!(true), &json!(1), &Value::Null)
    );
    assert!(used["diagnostics"].to_string().contains("/steps/look/input"), "what would break: {used}");
    assert_eq!(admin.get("/connectors/pet_shop").await.json["revision"], 1, "nothing was written");
    let gone = pets(json!({ "/x": { "get": {} } }));
    let gone = admin.post("/connectors", json!({ "source": gone, "dry_run": true })).await;
    let errors = gone.json["used_by"][0]["diagnostics"].as_array().unwrap().clone();
    assert!(errors.iter().any(|one| one["severity"] == "error"), "{errors:?}");
    app.key(Role::Builder)
        .await
        .post("/connectors", json!({ "source": second, "dry_run": true }))
        .await
        .is_problem(403, "forbidden");
    let none = json!({ "source": "{}", "dry_run": true });
    admin.post("/connectors", none).await.is_problem(422, "connector_unusable");
}

#[tokio::test]
async fn nothing_else_is_put_in_than_what_was_looked_at() {
    let app = TestApp::start().await;
    let (admin, second) = (app.key(Role::Admin).await, app.key(Role::Admin).await);
    let document = |id: &str| pets(json!({ "/pets": { "get": { "operationId": id } } }));
    let (one, two, three) = (document("one"), document("two"), document("three"));
    let look = async |source: &str| {
        let looked = admin.post("/connectors", json!({ "source": source, "dry_run": true, "risks": {} })).await;
        looked.is(200).json["reviewed"].clone()
    };
    let put = async |source: &str, reviewed: &Value| {
        admin.post("/connectors", json!({ "source": source, "reviewed": reviewed, "risks": {} })).await
    };
    let reviewed = look(&one).await;
    assert_eq!(reviewed, look(&one).await);
    let refused = put(&two, &reviewed).await;
    refused.is_problem(409, "connector_changed");
    assert_eq!(refused.json["title"], "Changed since you looked");
    assert!(refused.text.contains("not what you looked at"), "{}", refused.text);
    admin.get("/connectors/pet_shop").await.is_problem(404, "not_found");
    put(&one, &json!("nonsense")).await.is_problem(409, "connector_changed");
    // Before the risks that are put right; and again, when the answer was lost, it is the same answer.
    let risks = json!({ "source": one, "reviewed": reviewed, "risks": { "one": "high" } });
    for _ in 0..2 {
        let put = admin.post("/connectors", risks.clone()).await;
        assert_eq!((&put.is(201).json["revision"], &put.json["reviewed"]), (&json!(1), &Value::Null), "{}", put.text);
    }

    let reviewed = look(&two).await;
    second.post("/connectors", json!({ "source": three })).await.is(201);
    let refused = put(&two, &reviewed).await;
    assert!(refused.is_problem(409, "connector_changed").text.contains("revision 2 was put in meanwhile"));
    assert_eq!(admin.get("/connectors/pet_shop").await.json["revision"], 2);
    let entries = admin.get("/audit?action=connector.put_in").await.json["items"].clone();
    assert_eq!(entries.as_array().unwrap().len(), 2, "what is refused is not on the record as done: {entries}");

    let reviewed = look(&two).await;
    second.delete("/connectors/pet_shop").await.is(204);
    let refused = put(&two, &reviewed).await;
    assert!(refused.is_problem(409, "connector_changed").text.contains("taken out meanwhile"), "{}", refused.text);

    // Of two at once, who both looked at the same, one puts in.
    let (here, there) = (look(&one).await, look(&two).await);
    let (first, other) = tokio::join!(put(&one, &here), put(&two, &there));
    let mut statuses = [first.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409], "{} {}", first.text, other.text);
}

#[tokio::test]
async fn an_address_that_answers_something_else_by_now_is_looked_at_again() {
    let app = TestApp::start().await;
    let admin = app.key(Role::Admin).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/pets.json", listener.local_addr().unwrap());
    let answer = move || {
        let path = if asked.fetch_add(1, Ordering::SeqCst) == 0 { "/pets" } else { "/everything" };
        async move { pets(json!({ path: { "get": { "operationId": "list" } } })) }
    };
    let there = axum::Router::new().route("/pets.json", axum::routing::get(answer));
    tokio::spawn(async move { axum::serve(listener, there).await });
    let look =
        async || admin.post("/connectors", json!({ "url": url, "dry_run": true })).await.json["reviewed"].clone();
    let reviewed = look().await;
    let put = async |reviewed: &Value| admin.post("/connectors", json!({ "url": url, "reviewed": reviewed })).await;
    put(&reviewed).await.is_problem(409, "connector_changed");
    admin.get("/connectors/pet_shop").await.is_problem(404, "not_found");
    put(&look().await).await.is(201);
}

#[tokio::test]
async fn who_said_a_risk_is_told_from_a_guess_and_what_it_was_is_on_the_record() {
    let app = TestApp::start().await;
    let admin = app.key(Role::Admin).await;
    let document = |path: &str| pets(json!({ path: { "post": { "operationId": "sell" } }, "/new": { "get": {} } }));
    let offered = async |body: Value| {
        let looked = admin.post("/connectors", body).await;
        let offered = looked.is(200).json["offered"].as_array().unwrap().clone();
        offered.iter().map(|one| (one["risk"].clone(), one["guessed"] == true)).collect::<Vec<_>>()
    };
    let sell = |source: &str| json!({ "source": source, "dry_run": true, "risks": { "sell": "high" } });
    let (first, moved) = (document("/pets"), document("/v2/pets"));
    let told = offered(json!({ "source": first, "dry_run": true })).await;
    assert_eq!(told, [(json!("write"), true), (json!("read"), true)]);
    let said = offered(sell(&first)).await;
    assert_eq!(said, [(json!("high"), false), (json!("read"), true)]);
    admin.post("/connectors", json!({ "source": first })).await.is(201);
    admin.post("/connectors", json!({ "source": first, "risks": { "sell": "high" } })).await.is(201);
    let entries = admin.get("/audit?action=connector.put_in").await.json["items"].clone();
    let risks = |entry: &Value| entry["detail"]["changes"]["risks"].clone();
    let told: Vec<Value> = entries.as_array().unwrap().iter().map(risks).collect();
    assert!(told.contains(&json!({ "sell": { "before": "write", "now": "high" } })), "{entries}");
    // Moved to another address it is as risky as it was.
    let kept = offered(json!({ "source": moved, "dry_run": true })).await;
    assert_eq!(kept, [(json!("high"), false), (json!("read"), false)]);

    let manifest =
        json!({ "name": "echo", "title": "Echo", "base_url": "https://echo.example.com", "actions": { "say": {
        "title": "Say", "method": "$input.method", "path": "/say", "risk": "write", "idempotency": { "kind": "none" },
        "risk_by": { "member": "method", "values": { "GET": "read", "DELETE": "high" } },
        "input": { "type": "object", "properties": { "method": { "type": "string" } } } } } })
        .to_string();
    let worst = offered(json!({ "source": manifest, "dry_run": true })).await;
    assert_eq!(worst, [(json!("high"), false)], "the worst it can do, and no guess");
    admin.post("/connectors", json!({ "source": manifest })).await.is(201);
    let shown = admin.get("/connectors/echo/actions/say").await;
    assert_eq!(shown.is(200).json["risk_by"]["values"]["DELETE"], "high", "nobody said anything: it stays");
    // A person says what it has where nothing is listed: that holds whatever is sent.
    let put = admin.post("/connectors", json!({ "source": manifest, "risks": { "say": "write" } })).await;
    let inside = &put.is(201).json["changes"]["inside"][0];
    assert_eq!((&inside["risk_before"], &inside["risk"]), (&json!("high"), &json!("write")));
    let shown = admin.get("/connectors/echo/actions/say").await;
    assert_eq!((&shown.is(200).json["risk"], &shown.json["risk_by"]), (&json!("write"), &Value::Null));
    let entries = admin.get("/audit?action=connector.put_in").await.json["items"].clone();
    let told: Vec<Value> = entries.as_array().unwrap().iter().map(risks).collect();
    assert!(told.contains(&json!({ "say": { "before": "high", "now": "write" } })), "{entries}");
}

/// An operation with an input and an answer of some size, as large documents have thousands.
fn operation(number: usize) -> (String, Value) {
    let field = |name: &str| json!({ "type": "string", "description": format!("The {name} of thing {number}.") });
    let fields: serde_json::Map<_, _> = ["id", "name", "note", "colour", "size", "owner"]
        .iter()
        .map(|name| ((*name).to_owned(), field(name)))
        .collect();
    let thing = json!({ "type": "object", "properties": fields });
    let said = json!({ "operationId": format!("updateThing{number}"), "summary": format!("Update thing {number}"),
        "description": "long ".repeat(200),
        "requestBody": { "content": { "application/json": { "schema": thing } } },
        "responses": { "200": { "description": "ok", "content": { "application/json": { "schema": thing } } } } });
    (format!("/things/{number}"), json!({ "put": said }))
}

/// A connector `pet_shop` with so many such operations and two others.
async fn put_in_many(admin: &Client, count: usize) {
    let mut paths: serde_json::Map<_, _> = (0..count).map(operation).collect();
    paths.insert(
        "/things".to_owned(),
        json!({ "get": { "operationId": "listThings", "description": "Updates nothing." } }),
    );
    paths.insert(
        "/old".to_owned(),
        json!({ "delete": { "operationId": "deleteOld", "summary": "Takes update 7 away" } }),
    );
    let put_in = admin.post("/connectors", json!({ "source": pets(paths.into()) })).await;
    assert_eq!(put_in.is(201).json["actions"], count + 2);
}

#[tokio::test]
async fn thousands_of_actions_are_told_page_by_page() {
    let app = TestApp::start().await;
    let admin = app.key(Role::Admin).await;
    put_in_many(&admin, 3000).await;
    for path in ["/connectors", "/connectors/pet_shop", "/actions", "/actions?connector=pet_shop&limit=200"] {
        let answer = admin.get(path).await;
        assert!(answer.is(200).text.len() < 150_000, "{path}: {} bytes", answer.text.len());
    }
    assert_eq!(admin.get("/connectors/pet_shop").await.json["action_count"], 3002);

    let mut seen: Vec<String> = Vec::new();
    let mut cursor = String::new();
    for _ in 0..40 {
        let page = admin.get(&format!("/actions?connector=pet_shop&limit=100{cursor}")).await;
        assert_eq!(page.is(200).json["found"], 3002);
        let items = page.json["items"].as_array().unwrap();
        assert!(items.len() <= 100);
        seen.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        match page.json["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 3002);
    assert!(seen.is_sorted(), "each once, by name");
    let counts = admin.get("/actions?connector=pet_shop&limit=1").await.json["counts"].clone();
    assert_eq!(counts, json!({ "read": 1, "write": 3000, "high": 1 }));

    // A cursor goes on behind its place, also where nothing is at it now, and one that somebody made up does no more.
    for (cursor, first) in [
        ("0.pet_shop.update_thing7", "pet_shop.update_thing70"),
        ("0.pet_shop.update_thing6zz", "pet_shop.update_thing7"),
        ("-9223372036854775808.x", "pet_shop.delete_old"),
        ("0.", "pet_shop.delete_old"),
    ] {
        let page = admin.get(&format!("/actions?connector=pet_shop&limit=1&cursor={cursor}")).await;
        assert_eq!(page.is(200).json["items"][0]["name"], first, "{cursor}");
    }
    let end = admin.get("/actions?connector=pet_shop&cursor=9223372036854775807.x").await.is(200).json.clone();
    assert_eq!((&end["items"], &end["next"], &end["found"]), (&json!([]), &Value::Null, &json!(3002)));
}

#[tokio::test]
async fn actions_are_searched_by_words_and_risk() {
    let app = TestApp::start().await;
    let admin = app.key(Role::Admin).await;
    put_in_many(&admin, 1000).await;
    let names = async |query: &str| {
        let found = admin.get(&format!("/actions?connector=pet_shop&{query}")).await.is(200).json.clone();
        let items = found["items"].as_array().unwrap().clone();
        (
            items.into_iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>(),
            found["found"].clone(),
        )
    };
    let (found, count) = names("q=THING7%20update").await;
    assert_eq!((found[0].as_str(), count), ("pet_shop.update_thing7", json!(111)));
    // What has the words in its name comes before what has them in its title or description.
    let (found, _) = names("q=update%207&limit=200").await;
    assert!(found.len() > 100 && found.iter().take(100).all(|name| name.contains("update_thing")), "{found:?}");
    let (all, count) = names("q=updat&risk=read,high").await;
    assert_eq!((all, count), (vec!["pet_shop.delete_old".to_owned(), "pet_shop.list_things".to_owned()], json!(2)));
    assert_eq!(names("q=nothing+of+it").await.0, Vec::<String>::new());
    let across = admin.get("/actions?q=refund&risk=high&limit=5").await.is(200).json.clone();
    assert!(across["items"].as_array().unwrap().iter().any(|item| item["name"] == "stripe.refund.create"), "{across}");
    let brief = admin.get("/actions?q=pet_shop.update_thing12&limit=1").await.json["items"][0].clone();
    assert!(brief["description"].as_str().unwrap().chars().count() <= 301 && brief.get("input").is_none(), "{brief}");
    let whole = admin.get("/connectors/pet_shop/actions/update_thing12").await.is(200).json.clone();
    assert!(whole["input"]["properties"].is_object() && whole["output"].is_object());

    admin.get("/connectors/pet_shop/actions/nothing").await.is_problem(404, "not_found");
    admin.get("/actions?connector=nothing").await.is_problem(404, "not_found");
    for bad in ["risk=some", "q=%00", "cursor=x", "limit=0", "limit=201", &format!("q={}", "a".repeat(201))] {
        assert_eq!(admin.get(&format!("/actions?{bad}")).await.status, 400, "{bad}");
    }
    // Words are words, whatever is in them.
    for odd in ["%25", "%5C", "%27%22", "_%25_", ".*", "%F0%9F%98%80", "%C4%B0", "thing7%3B--"] {
        assert_eq!(names(&format!("q={odd}")).await.1, json!(0), "{odd}");
    }
    assert_eq!(names("q=%20%09%20").await.1, json!(1002), "no words");
    let other = app.other_workspace().await;
    other.get("/actions?connector=pet_shop").await.is_problem(404, "not_found");
    other.get("/connectors/pet_shop/actions/list_things").await.is_problem(404, "not_found");
    assert_eq!(other.get("/actions?q=update_thing").await.is(200).json["found"], 0);
    app.anonymous().get("/actions").await.is_problem(401, "unauthenticated");
}
