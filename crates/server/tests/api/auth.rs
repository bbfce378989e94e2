//! Signing in, roles, keys, the set-up link.

use crate::support::{PASSWORD, TestApp};
use countersign_server::{ServerConfig, ensure_admin};
use countersign_store::{Role, Store, StoreConfig};
use serde_json::json;

#[tokio::test]
async fn a_session_is_a_cookie_that_scripts_cannot_read_and_only_its_hash_is_kept() {
    let test = TestApp::start().await;
    let ada = test.person("ada@example.com", Role::Builder, &["manager"]).await;
    let login = test.anonymous().post("/auth/login", json!({ "email": "ADA@example.com", "password": PASSWORD })).await;
    let cookie = login.is(200).headers["set-cookie"].to_str().unwrap().to_owned();
    for part in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let me = ada.get("/auth/me").await;
    assert_eq!(me.is(200).json["user"]["email"], "ada@example.com");
    assert_eq!(me.json["role"], "builder");
    assert_eq!(me.json["groups"], json!(["manager"]));
    assert_eq!(me.json["workspace"]["slug"], "main");
    let secret = login.cookie().split_once('=').unwrap().1.to_owned();
    assert!(test.store.get_session(&secret, 0).await.unwrap().is_none(), "the secret itself must not be a key");
}

#[tokio::test]
async fn wrong_and_unknown_accounts_sound_alike_and_guessing_ends() {
    let test = TestApp::start().await;
    test.person("ada@example.com", Role::Viewer, &[]).await;
    let anonymous = test.anonymous();
    let wrong = anonymous.post("/auth/login", json!({ "email": "ada@example.com", "password": "not this one" })).await;
    let unknown =
        anonymous.post("/auth/login", json!({ "email": "eve@example.com", "password": "not this one" })).await;
    wrong.is_problem(401, "invalid_credentials");
    unknown.is_problem(401, "invalid_credentials");
    assert_eq!(wrong.json, unknown.json);
    for _ in 0..10 {
        anonymous.post("/auth/login", json!({ "email": "ada@example.com", "password": "not this one" })).await;
    }
    let blocked = anonymous.post("/auth/login", json!({ "email": "ada@example.com", "password": PASSWORD })).await;
    blocked.is_problem(429, "rate_limited");
    assert!(blocked.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn changes_with_a_cookie_need_a_header_other_sites_cannot_send() {
    let test = TestApp::start().await;
    let ada = test.person("ada@example.com", Role::Admin, &[]).await;
    let forged = ada.without("x-requested-with");
    forged.post("/customers", json!({ "name": "Grace" })).await.is_problem(403, "csrf");
    ada.with("sec-fetch-site", "cross-site").post("/customers", json!({})).await.is_problem(403, "csrf");
    forged.get("/customers").await.is(200);
    ada.post("/customers", json!({ "name": "Grace" })).await.is(201);
}

#[tokio::test]
async fn a_session_ends_after_twelve_idle_hours() {
    let test = TestApp::start().await;
    let ada = test.person("ada@example.com", Role::Viewer, &[]).await;
    test.anonymous().get("/auth/me").await.is_problem(401, "unauthenticated");
    ada.get("/auth/me").await.is(200);
    test.put_forward(13);
    ada.get("/auth/me").await.is_problem(401, "session_expired");
}

#[tokio::test]
async fn use_moves_the_end_of_a_session_but_not_past_a_week() {
    let config = ServerConfig { credential_cache: std::time::Duration::ZERO, ..ServerConfig::default() };
    let test = TestApp::with(config).await;
    let ada = test.person("ada@example.com", Role::Viewer, &[]).await;
    for _ in 0..20 {
        test.put_forward(8);
        ada.get("/auth/me").await.is(200);
    }
    test.put_forward(8);
    ada.get("/auth/me").await.is_problem(401, "session_expired");
}

#[tokio::test]
async fn signing_out_ends_the_session_at_once() {
    let test = TestApp::start().await;
    let ada = test.person("ada@example.com", Role::Viewer, &[]).await;
    ada.get("/auth/me").await.is(200);
    let out = ada.post("/auth/logout", json!({})).await;
    assert!(out.is(204).headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    ada.get("/auth/me").await.is_problem(401, "session_expired");
}

#[tokio::test]
async fn a_new_password_ends_other_sessions() {
    let test = TestApp::start().await;
    let ada = test.person("ada@example.com", Role::Viewer, &[]).await;
    let elsewhere = test.person("ada@example.com", Role::Viewer, &[]).await;
    ada.post("/auth/password", json!({ "current": "not this one", "new": "another password" }))
        .await
        .is_problem(422, "invalid_request");
    ada.post("/auth/password", json!({ "current": PASSWORD, "new": "short" })).await.is_problem(422, "invalid_request");
    let changed = ada.post("/auth/password", json!({ "current": PASSWORD, "new": "another password" })).await;
    let renewed = test.anonymous().with("cookie", &changed.is(204).cookie());
    renewed.get("/auth/me").await.is(200);
    elsewhere.get("/auth/me").await.is_problem(401, "session_expired");
    test.anonymous().post("/auth/login", json!({ "email": "ada@example.com", "password": PASSWORD })).await.is(401);
    test.anonymous()
        .post("/auth/login", json!({ "email": "ada@example.com", "password": "another password" }))
        .await
        .is(200);
}

#[tokio::test]
async fn each_role_may_do_its_part_and_no_more() {
    let test = TestApp::start().await;
    let document = json!({ "document": crate::support::echo() });
    for (role, may_build, may_manage) in [
        (Role::Viewer, false, false),
        (Role::Operator, false, false),
        (Role::Builder, true, false),
        (Role::Admin, true, true),
    ] {
        let client = test.key(role).await;
        client.get("/runs").await.is(200);
        let built = client.post("/workflows", document.clone()).await;
        let managed = client.get("/api-keys").await;
        if may_build {
            assert_ne!(built.status, 403, "{role}");
        } else {
            built.is_problem(403, "forbidden");
        }
        if may_manage {
            managed.is(200);
        } else {
            managed.is_problem(403, "forbidden");
        }
    }
    test.key(Role::Viewer).await.post("/runs", json!({ "workflow": "Echo" })).await.is_problem(403, "forbidden");
}

#[tokio::test]
async fn an_api_key_is_told_once_and_can_be_revoked() {
    let test = TestApp::start().await;
    let admin = test.key(Role::Admin).await;
    let made = admin.post("/api-keys", json!({ "name": "Shop", "role": "operator", "groups": ["Manager"] })).await;
    let key = made.is(201).json["key"].as_str().unwrap().to_owned();
    assert!(key.starts_with("cs_") && key.len() > 40, "{key}");
    assert_eq!(made.json["groups"], json!(["manager"]));
    let listed = admin.get("/api-keys").await;
    assert!(!listed.is(200).text.contains(&key));
    let shop = test.anonymous().with("authorization", &format!("Bearer {key}"));
    let me = shop.get("/auth/me").await;
    assert_eq!(me.is(200).json["role"], "operator");
    admin.delete(&format!("/api-keys/{}", made.id())).await.is(204);
    shop.get("/auth/me").await.is_problem(401, "unauthenticated");
    test.anonymous()
        .with("authorization", "Bearer cs_nothing")
        .get("/auth/me")
        .await
        .is_problem(401, "unauthenticated");
    shop.post("/auth/logout", json!({})).await.is(401);
}

#[tokio::test]
async fn a_group_cannot_pass_for_a_role() {
    let test = TestApp::start().await;
    let admin = test.key(Role::Admin).await;
    admin
        .post("/api-keys", json!({ "name": "x", "role": "viewer", "groups": ["admin"] }))
        .await
        .is_problem(422, "invalid_request");
}

#[tokio::test]
async fn the_first_start_makes_one_administrator_once() {
    let store = Store::open(&StoreConfig::new("sqlite::memory:")).await.unwrap();
    store.migrate().await.unwrap();
    let link = ensure_admin(&store, "http://localhost:8080").await.unwrap().unwrap();
    assert!(link.url.starts_with("http://localhost:8080/setup#"));
    let again = ensure_admin(&store, "http://localhost:8080").await.unwrap().unwrap();
    assert_ne!(link.token, again.token);
    drop(store);

    let test = TestApp::start().await;
    let link = ensure_admin(&test.store, "http://localhost").await.unwrap().unwrap();
    let later = ensure_admin(&test.store, "http://localhost").await.unwrap().unwrap();
    let anonymous = test.anonymous();
    let wish = |token: &str| json!({ "token": token, "password": PASSWORD, "name": "Ada Example", "email": "ada@example.com" });
    anonymous
        .post("/auth/setup", json!({ "token": link.token, "password": "short" }))
        .await
        .is_problem(422, "invalid_request");
    anonymous
        .post("/auth/setup", json!({ "token": link.token, "password": PASSWORD }))
        .await
        .is_problem(422, "invalid_request");
    let done = anonymous.post("/auth/setup", wish(&link.token)).await;
    assert_eq!(done.is(200).json["role"], "admin");
    anonymous.post("/auth/setup", wish(&link.token)).await.is_problem(410, "link_spent");
    anonymous.post("/auth/setup", wish(&later.token)).await.is_problem(410, "link_spent");
    assert!(ensure_admin(&test.store, "http://localhost").await.unwrap().is_none());
}

#[tokio::test]
async fn people_are_invited_changed_and_shut_out() {
    let test = TestApp::start().await;
    let admin = test.person("ada@example.com", Role::Admin, &[]).await;
    let invited = admin
        .post(
            "/people",
            json!({ "email": "grace@example.com", "name": "Grace", "role": "operator", "groups": ["manager"] }),
        )
        .await;
    assert_eq!(invited.is(201).json["pending"], true);
    let url = invited.json["setup_url"].as_str().unwrap();
    let token = url.split_once('#').unwrap().1;
    let signed_in = test.anonymous().post("/auth/setup", json!({ "token": token, "password": PASSWORD })).await;
    assert_eq!(signed_in.is(200).json["user"]["name"], "Grace");
    let grace = test.anonymous().with("cookie", &signed_in.cookie());
    grace.get("/auth/me").await.is(200);
    admin.post(&format!("/people/{}/invite", invited.id()), json!({})).await.is_problem(409, "has_password");
    admin.patch(&format!("/people/{}", invited.id()), json!({ "role": "viewer", "groups": [] })).await.is(200);
    assert_eq!(grace.get("/auth/me").await.json["role"], "viewer");
    admin.patch(&format!("/people/{}", invited.id()), json!({ "disabled": true })).await.is(200);
    grace.get("/auth/me").await.is_problem(401, "session_expired");
    let me = admin.get("/auth/me").await.json["user"]["id"].as_str().unwrap().to_owned();
    admin.patch(&format!("/people/{me}"), json!({ "role": "viewer" })).await.is_problem(409, "last_admin");
}
