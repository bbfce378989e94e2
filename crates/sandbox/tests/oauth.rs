//! The authorization server: codes and refresh tokens are used once, and used again make void what they gave.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Answer, TestSandbox};
use serde_json::json;

/// `S256` of `verifier`.
const CHALLENGE: &str = "iMnq5o6zALKXGivsnlom_0F5_WYda32GHkxlV7mq7hQ";

async fn code(world: &TestSandbox, button: &str) -> String {
    let redirect = "http://127.0.0.1:9/oauth/callback";
    let form = [("redirect_uri", redirect), ("state", "s"), ("code_challenge", CHALLENGE), ("agree", button)];
    let back = world.client.post(world.url("/oauth/agree")).form(&form).send().await.unwrap();
    assert_eq!(back.status().as_u16(), 303);
    let location = back.headers()["location"].to_str().unwrap().to_owned();
    location.strip_prefix(redirect).unwrap().to_owned()
}

async fn token(world: &TestSandbox, form: &[(&str, &str)]) -> Answer {
    let request = world.client.post(world.url("/oauth/token")).basic_auth("sandbox", Some("oauth_test")).form(form);
    TestSandbox::answer(request).await
}

async fn whoami(world: &TestSandbox, access: &str) -> u16 {
    TestSandbox::answer(world.client.get(world.url("/oauth/whoami")).bearer_auth(access)).await.status
}

#[tokio::test]
async fn what_is_used_twice_is_void() {
    let world = TestSandbox::start().await;
    assert_eq!(code(&world, "no").await, "?state=s&error=access_denied&error_description=Ada+pressed+Deny.");
    let back = code(&world, "yes").await;
    let code = back.strip_prefix("?state=s&code=").unwrap();
    let exchange = |verifier: &'static str| {
        [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("code_verifier", verifier),
            ("redirect_uri", "http://127.0.0.1:9/oauth/callback"),
        ]
    };
    assert_eq!(token(&world, &exchange("guessed")).await.body["error"], "invalid_grant");
    let first = token(&world, &exchange("verifier")).await.body;
    assert_eq!((&first["token_type"], &first["expires_in"]), (&json!("Bearer"), &json!(120)));
    let access = first["access_token"].as_str().unwrap();
    assert_eq!((whoami(&world, access).await, whoami(&world, "access_0").await), (200, 401));
    let refresh = first["refresh_token"].as_str().unwrap();
    let again = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let second = token(&world, &again).await.body;
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(token(&world, &again).await.body["error"], "invalid_grant", "used twice");
    assert_eq!(whoami(&world, second["access_token"].as_str().unwrap()).await, 401, "all of it is void");
    let wrong = world.client.post(world.url("/oauth/token")).form(&[("client_id", "sandbox"), ("client_secret", "x")]);
    assert_eq!(TestSandbox::answer(wrong).await.body["error"], "invalid_client");
    let own = token(&world, &[("grant_type", "client_credentials")]).await.body;
    assert_eq!(
        (own["refresh_token"].is_null(), whoami(&world, own["access_token"].as_str().unwrap()).await),
        (true, 200)
    );
    world.fault(&json!({ "operation": "oauth.token", "kind": "fail", "status": 503, "times": 1 })).await;
    assert_eq!(token(&world, &again).await.body["error"], "temporarily_unavailable");
}

#[tokio::test]
async fn the_page_asks_and_shows_nothing_as_it_came() {
    let world = TestSandbox::start().await;
    let query = "response_type=code&client_id=sandbox&redirect_uri=http://127.0.0.1:9/&state=%22%3E%3Cscript%3E&code_challenge=c&code_challenge_method=S256";
    let page = world.client.get(world.url(&format!("/oauth/authorize?{query}"))).send().await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let page = page.text().await.unwrap();
    assert!(
        page.contains("Allow") && page.contains("&quot;&gt;&lt;script&gt;") && !page.contains("<script>"),
        "{page}"
    );
    let other = query.replace("S256", "plain");
    let page = world.client.get(world.url(&format!("/oauth/authorize?{other}"))).send().await.unwrap();
    assert_eq!(page.status().as_u16(), 400);
}
