//! Who gets in, and what stops working at once: links, keys, people shut out, two who act at the same moment.

use crate::{
    notifications::{sandbox, with_mail},
    support::{Client, PASSWORD, TestApp, approval},
};
use axum::http::Method;
use countersign_server::{ensure_admin, seed};
use countersign_store::Role;
use http_body_util::BodyExt;
use serde_json::{Value, json};

pub(crate) fn token(person: &Value) -> String {
    person["setup_url"].as_str().unwrap().split_once('#').unwrap().1.to_owned()
}

async fn invite(admin: &Client, email: &str) -> Value {
    let invited = admin.post("/people", json!({ "email": email, "name": "Grace", "role": "operator" })).await;
    invited.is(201);
    invited.json
}

async fn own_id(client: &Client) -> String {
    client.get("/auth/me").await.json["user"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn one_link_used_ends_the_others_and_a_password_is_never_replaced() {
    let test = TestApp::start().await;
    let admin = test.person("ada@example.com", Role::Admin, &[]).await;
    let first = invite(&admin, "grace@example.com").await;
    let id = first["id"].as_str().unwrap().to_owned();
    let second = admin.post(&format!("/people/{id}/invite"), json!({})).await;
    let anonymous = test.anonymous();
    let set_up = |token: String, password: &'static str| {
        let anonymous = anonymous.clone();
        async move { anonymous.post("/auth/setup", json!({ "token": token, "password": password })).await }
    };
    let signed_in = set_up(token(&second.is(200).json), PASSWORD).await;
    let grace = anonymous.with("cookie", &signed_in.is(200).cookie());
    for spent in [token(&first), token(&second.json)] {
        set_up(spent, "somebody else's words").await.is_problem(410, "link_spent");
    }
    grace.get("/auth/me").await.is(200);
    anonymous.post("/auth/login", json!({ "email": "grace@example.com", "password": PASSWORD })).await.is(200);
}

#[tokio::test]
async fn an_invitation_goes_by_mail_where_there_is_an_account_and_says_what_came_of_it() {
    let bare = TestApp::start().await;
    let admin = bare.person("ada@example.com", Role::Admin, &[]).await;
    let wish = |mail: bool| json!({ "email": "grace@example.com", "name": "Grace", "role": "operator", "mail": mail });
    let refused = admin.post("/people", wish(true)).await.is(201).json.clone();
    assert_eq!(refused["mail"], json!({ "sent": false, "error": "the workspace has no account of email" }));
    assert!(refused["setup_url"].is_string(), "they are let in, and the link is there");

    let (test, sandbox) = (TestApp::start().await, sandbox().await);
    with_mail(&test, &sandbox).await;
    let admin = test.person("ada@example.com", Role::Admin, &[]).await;
    let invited = admin.post("/people", wish(true)).await.is(201).json.clone();
    assert_eq!(invited["mail"], json!({ "sent": true, "error": null }));
    let mails = async || {
        let url = format!("{}/_/mails?to=grace@example.com", sandbox.url());
        let client = countersign_outbound::direct().no_proxy().build().unwrap();
        serde_json::from_str::<Vec<Value>>(&client.get(url).send().await.unwrap().text().await.unwrap()).unwrap()
    };
    let mail = &mails().await[0];
    assert!(mail["text"].as_str().unwrap().contains(invited["setup_url"].as_str().unwrap()), "{mail}");
    assert!(mail["subject"].as_str().unwrap().contains("invites you"), "{mail}");
    let again = format!("/people/{}/invite", invited["id"].as_str().unwrap());
    assert!(admin.post(&again, json!({})).await.is(200).json["mail"].is_null());
    let second = admin.post(&format!("{again}?mail=true"), json!({})).await.is(200).json.clone();
    assert_eq!((second["mail"]["sent"].clone(), mails().await.len()), (json!(true), 2));
    // The mailed link works, once.
    let set_up = json!({ "token": token(&second), "password": PASSWORD });
    test.anonymous().post("/auth/setup", set_up.clone()).await.is(200);
    test.anonymous().post("/auth/setup", set_up).await.is_problem(410, "link_spent");
}

#[tokio::test]
async fn links_used_at_the_same_moment_have_one_winner() {
    let test = TestApp::start().await;
    let admin = test.person("ada@example.com", Role::Admin, &[]).await;
    let first = invite(&admin, "grace@example.com").await;
    let again = admin.post(&format!("/people/{}/invite", first["id"].as_str().unwrap()), json!({})).await;
    let wish = |token: String| json!({ "token": token, "password": PASSWORD });
    let (one, two) = (test.anonymous(), test.anonymous());
    let (one, two) =
        tokio::join!(one.post("/auth/setup", wish(token(&first))), two.post("/auth/setup", wish(token(&again.json))));
    let mut answers = [one.status.as_u16(), two.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [200, 410]);

    let empty = TestApp::start().await;
    let links = [
        ensure_admin(&empty.store, "http://localhost").await.unwrap().unwrap().token,
        ensure_admin(&empty.store, "http://localhost").await.unwrap().unwrap().token,
    ];
    let wish = |token: &str, email: &str| json!({ "token": token, "password": PASSWORD, "name": "A", "email": email });
    let (one, two) = (empty.anonymous(), empty.anonymous());
    let (one, two) = tokio::join!(
        one.post("/auth/setup", wish(&links[0], "ada@example.com")),
        two.post("/auth/setup", wish(&links[1], "eve@example.com"))
    );
    let mut answers = [one.status.as_u16(), two.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [200, 410]);
    assert_eq!(empty.store.list_members(&empty.workspace).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_link_is_worth_nothing_once_its_person_is_shut_out_or_it_is_old() {
    let test = TestApp::start().await;
    let admin = test.person("ada@example.com", Role::Admin, &[]).await;
    let grace = invite(&admin, "grace@example.com").await;
    let path = format!("/people/{}", grace["id"].as_str().unwrap());
    admin.patch(&path, json!({ "disabled": true })).await.is(200);
    let wish = |person: &Value| json!({ "token": token(person), "password": PASSWORD });
    test.anonymous().post("/auth/setup", wish(&grace)).await.is_problem(410, "link_spent");
    admin.post(&format!("{path}/invite"), json!({})).await.is_problem(409, "disabled");
    admin.patch(&path, json!({ "disabled": false })).await.is(200);
    test.anonymous().post("/auth/setup", wish(&grace)).await.is_problem(410, "link_spent");
    let late = admin.post(&format!("{path}/invite"), json!({})).await;
    test.put_forward(24 * 8);
    test.anonymous().post("/auth/setup", wish(&late.is(200).json)).await.is_problem(410, "link_spent");
}

#[tokio::test]
async fn two_administrators_who_demote_each_other_leave_one() {
    let test = TestApp::start().await;
    for round in 0..5 {
        let (ada, eve) = (format!("ada{round}@example.com"), format!("eve{round}@example.com"));
        let (ada, eve) = (test.person(&ada, Role::Admin, &[]).await, test.person(&eve, Role::Admin, &[]).await);
        let (ada_path, eve_path) = (own_id(&ada).await, own_id(&eve).await);
        let (ada_path, eve_path) = (format!("/people/{ada_path}"), format!("/people/{eve_path}"));
        let (one, two) = tokio::join!(
            ada.patch(&eve_path, json!({ "role": "viewer" })),
            eve.patch(&ada_path, json!({ "disabled": true }))
        );
        let mut answers = [one.status.as_u16(), two.status.as_u16()];
        answers.sort_unstable();
        assert!(answers == [200, 409] || answers == [200, 403] || answers == [200, 401], "{answers:?}");
        let members = test.store.list_members(&test.workspace).await.unwrap();
        let admins: Vec<_> = members
            .iter()
            .filter(|member| member.membership.role == Role::Admin && member.membership.disabled_at.is_none())
            .collect();
        assert_eq!(admins.len(), 1, "round {round}");
        // Makes room for the next round.
        let left = admins[0].membership.clone();
        let out = countersign_store::MembershipRow { role: Role::Viewer, ..left };
        test.store.put_member(&out, Vec::new()).await.unwrap();
    }
}

#[tokio::test]
async fn a_key_can_do_no_more_than_who_made_it_and_ends_with_them() {
    let test = TestApp::start().await;
    let admin = test.person("ada@example.com", Role::Admin, &[]).await;
    let eve = test.person("eve@example.com", Role::Admin, &[]).await;
    let made = eve.post("/api-keys", json!({ "name": "Shop", "role": "admin" })).await;
    assert_eq!(made.is(201).json["created_by"]["name"], "eve");
    let bearer =
        |key: &Value| test.anonymous().with("authorization", &format!("Bearer {}", key["key"].as_str().unwrap()));
    let shop = bearer(&made.json);
    assert_eq!(shop.get("/auth/me").await.is(200).json["role"], "admin");
    // A key made with a key is the same person's.
    let second = bearer(&shop.post("/api-keys", json!({ "name": "Stock", "role": "admin" })).await.is(201).json);
    second.get("/auth/me").await.is(200);
    let path = format!("/people/{}", own_id(&eve).await);
    admin.patch(&path, json!({ "role": "viewer" })).await.is(200);
    assert_eq!(shop.get("/auth/me").await.is(200).json["role"], "viewer");
    admin.patch(&path, json!({ "disabled": true })).await.is(200);
    for key in [&shop, &second] {
        key.get("/auth/me").await.is_problem(401, "unauthenticated");
    }
    admin.patch(&path, json!({ "disabled": false, "role": "admin" })).await.is(200);
    shop.get("/auth/me").await.is_problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_key_ends_when_it_was_to_end() {
    let test = TestApp::start().await;
    let admin = test.person("ada@example.com", Role::Admin, &[]).await;
    admin
        .post("/api-keys", json!({ "name": "Late", "role": "viewer", "expires_at": 1 }))
        .await
        .is_problem(422, "invalid_request");
    let end = test.app.now() + 3_600_000;
    let made = admin.post("/api-keys", json!({ "name": "Short", "role": "viewer", "expires_at": end })).await;
    assert_eq!(made.is(201).json["expires_at"], end);
    let key = format!("Bearer {}", made.json["key"].as_str().unwrap());
    let short = test.anonymous().with("authorization", &key);
    short.get("/auth/me").await.is(200);
    test.put_forward(2);
    short.get("/auth/me").await.is_problem(401, "unauthenticated");
}

#[tokio::test]
async fn an_administrator_has_no_power_over_people_of_another_workspace() {
    let test = TestApp::start().await;
    let admin = test.person("ada@example.com", Role::Admin, &[]).await;
    let grace = test.person("grace@example.com", Role::Admin, &[]).await;
    let other = test.other_workspace().await;
    // Who has an account is let in without a link.
    let added = other.post("/people", json!({ "email": "grace@example.com", "name": "G", "role": "viewer" })).await;
    assert!(added.is(201).json["setup_url"].is_null());
    let id = added.id();
    other.post(&format!("/people/{id}/invite"), json!({})).await.is_problem(409, "has_password");
    other.patch(&format!("/people/{id}"), json!({ "disabled": true })).await.is(200);
    grace.get("/auth/me").await.is(200);
    let login = json!({ "email": "grace@example.com", "password": PASSWORD });
    assert_eq!(test.anonymous().post("/auth/login", login).await.is(200).json["workspace"]["slug"], "main");
    let login = json!({ "email": "grace@example.com", "password": PASSWORD, "workspace": "other" });
    test.anonymous().post("/auth/login", login).await.is_problem(401, "invalid_credentials");
    let mallory = own_id(&admin).await;
    other.patch(&format!("/people/{mallory}"), json!({ "disabled": true })).await.is_problem(404, "not_found");
    // Who has a link to an account nobody has set up would have it wherever it is a member.
    invite(&admin, "linus@example.com").await;
    let linus = json!({ "email": "linus@example.com", "name": "L", "role": "admin" });
    other.post("/people", linus).await.is_problem(409, "set_up_elsewhere");
}

#[tokio::test]
async fn a_stream_ends_at_once_when_its_person_is_shut_out() {
    let test = TestApp::start().await;
    let admin = test.person("ada@example.com", Role::Admin, &[]).await;
    let grace = test.person("grace@example.com", Role::Viewer, &[]).await;
    let key = admin.post("/api-keys", json!({ "name": "Board", "role": "viewer" })).await;
    let board = test.anonymous().with("authorization", &format!("Bearer {}", key.json["key"].as_str().unwrap()));
    let mut streams = Vec::new();
    for client in [&grace, &board, &admin] {
        let mut body = client.open(Method::GET, "/events", None).await.into_body();
        body.frame().await.unwrap().unwrap();
        streams.push(body);
    }
    let ended = async |body: &mut axum::body::Body| {
        let end = async { while body.frame().await.is_some() {} };
        tokio::time::timeout(std::time::Duration::from_secs(10), end).await.is_ok()
    };
    admin.patch(&format!("/people/{}", own_id(&grace).await), json!({ "disabled": true })).await.is(200);
    assert!(ended(&mut streams[0]).await, "a person shut out still listens");
    admin.delete(&format!("/api-keys/{}", key.id())).await.is(204);
    assert!(ended(&mut streams[1]).await, "a revoked key still listens");
    admin.post("/auth/logout", json!({})).await.is(204);
    assert!(ended(&mut streams[2]).await, "who signed out still listens");
    drop(seed::workspace(&test.store, "main", "Main").await);
}

#[tokio::test]
async fn a_key_decides_only_when_it_was_made_for_that() {
    let test = TestApp::start().await;
    let ada = test.person("ada@example.com", Role::Admin, &[]).await;
    let made = async |by: &Client, decides: Value| {
        let asked = json!({ "name": "Shop", "role": "admin", "may_decide": decides });
        by.post("/api-keys", asked).await
    };
    let bearer =
        |key: &Value| test.anonymous().with("authorization", &format!("Bearer {}", key["key"].as_str().unwrap()));
    let plain = ada.post("/api-keys", json!({ "name": "Shop", "role": "admin" })).await.is(201).json.clone();
    assert_eq!(plain["may_decide"], false);
    let plain = bearer(&plain);
    made(&plain, json!(true)).await.is_problem(403, "key_may_not_decide");
    let deciding = made(&ada, json!(true)).await.is(201).json.clone();
    let listed = ada.get("/api-keys").await.is(200).json["items"].clone();
    let flags = listed.as_array().unwrap().iter().map(|key| (key["id"] == deciding["id"], key["may_decide"] == true));
    assert!(flags.clone().count() == 2 && flags.clone().all(|(this, decides)| this == decides), "{listed}");
    let deciding = bearer(&deciding);
    bearer(&made(&deciding, json!(true)).await.is(201).json).get("/auth/me").await.is(200);
    // Nor does it make somebody who may, or take over what people are told by.
    let grace = invite(&ada, "grace@example.com").await;
    let person = format!("/people/{}", grace["id"].as_str().unwrap());
    let invited = json!({ "email": "x@example.com", "name": "X", "role": "admin" });
    plain.post("/people", invited).await.is_problem(403, "key_may_not_decide");
    plain.post(&format!("{person}/invite"), json!({})).await.is_problem(403, "key_may_not_decide");
    plain.patch(&person, json!({ "role": "admin" })).await.is_problem(403, "key_may_not_decide");
    plain.patch("/channels/any", json!({ "name": "Mine" })).await.is_problem(403, "key_may_not_decide");
    plain.delete("/channels/any").await.is_problem(403, "key_may_not_decide");

    test.publish(&ada, approval(json!({ "roles": ["admin"] }))).await;
    let handoff = json!({
        "schema": 1, "name": "Handoff", "triggers": [{ "type": "api" }], "start": "hand",
        "steps": {
            "hand": { "type": "human_handoff", "note": "call them", "next": "done" },
            "done": { "type": "end" },
        },
    });
    test.publish(&ada, handoff).await;
    let form = json!({
        "schema": 1, "name": "Form", "triggers": [{ "type": "api" }], "start": "fill",
        "steps": {
            "fill": {
                "type": "collect_form", "prompt": "Which size?", "next": "done",
                "form": { "type": "object", "properties": { "size": { "type": "integer" } } },
            },
            "done": { "type": "end" },
        },
    });
    test.publish(&ada, form).await;
    let asked = [("Approval", "approved"), ("Approval", "rejected"), ("Handoff", "done"), ("Form", "submitted")];
    for (workflow, outcome) in asked {
        let started = plain.post("/runs", json!({ "workflow": workflow, "input": { "who": "Ada" } })).await;
        let id = format!("{}.1", started.is(201).id());
        let path = format!("/checkpoints/{id}/decision");
        let card = plain.get(&format!("/checkpoints/{id}")).await.is(200).json.clone();
        assert_eq!(
            (&card["may_decide"], &card["why_not"]),
            (&json!(false), &json!("this API key was not made to decide"))
        );
        let values = (workflow == "Form").then(|| json!({ "size": 1 }));
        let decision = |outcome: &Value| json!({ "outcome": outcome, "values": values });
        plain.post(&path, decision(&json!(outcome))).await.is_problem(403, "key_may_not_decide");
        let batch = json!({ "decisions": [{ "checkpoint": id, "outcome": outcome }] });
        let batch = plain.post("/checkpoints/decisions", batch).await.is(200).json.clone();
        assert_eq!(batch["results"][0]["problem"]["code"], "key_may_not_decide", "{batch}");
        let again = json!({ "step": "ask", "repeat": ["ask"] });
        plain.post(&format!("/runs/{}/retry", started.id()), again).await.is_problem(403, "key_may_not_decide");
        let open = plain.get("/checkpoints?status=open").await.is(200).json["items"][0].clone();
        assert_eq!((&open["id"], &open["may_decide"]), (&json!(id), &json!(false)), "nothing was decided");
        let offered = deciding.get(&format!("/checkpoints/{id}")).await.is(200).json["outcomes"].clone();
        let outcome = offered.as_array().unwrap().iter().find(|one| *one == outcome).unwrap_or(&offered[0]).clone();
        deciding.post(&path, decision(&outcome)).await.is(200);
    }
}
