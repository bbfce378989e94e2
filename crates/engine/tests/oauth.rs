//! Connections by OAuth 2.0, against a real authorization server (oidc-provider, run by Node from `e2e/node_modules`).
#![allow(clippy::unwrap_used)]

mod support;

use countersign_connectors::{CallOutcome, Compiled, Manifest};
use countersign_engine::{
    AccountChoice, Agreeing, ConnectError, Engine, EngineConfig, EngineError, PutIn, Standing, TokenStanding,
    TrialError,
};
use countersign_store::{
    AuthorizationRow, ConnectionRow, ConnectionTokenRow, NewAudit, OutboundKind, OutboundReason, TokenStatus,
    testing::TestDatabase,
};
use futures::future::join_all;
use serde_json::{Value, json};
use std::{path::Path, process::Stdio, sync::Arc, time::Duration};
use support::{TestClock, WORKSPACE, World};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

const SECRET: &str = "s3cr3t/+ value:1";
const MINUTE_MS: i64 = 60_000;

/// The authorization server; it ends with the test.
struct Server {
    url: String,
    http: reqwest::Client,
    _node: Child,
}

impl Server {
    async fn start(method: &str) -> Self {
        let e2e = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../e2e");
        assert!(
            e2e.join("node_modules/oidc-provider").is_dir(),
            "`scripts/setup npm` installs the authorization server"
        );
        let callback = format!("{}/oauth/callback", EngineConfig::default().base_url);
        let mut node = Command::new("node")
            .args(["support/authorization-server.mjs", &callback, method])
            .current_dir(e2e)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("Node runs the authorization server");
        let mut lines = BufReader::new(node.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(Duration::from_secs(60), lines.next_line()).await.expect("it starts");
        let told: Value = serde_json::from_str(&line.unwrap().expect("it says where it is")).unwrap();
        let http = countersign_outbound::direct().no_proxy().build().unwrap();
        Self { url: told["url"].as_str().unwrap().to_owned(), http, _node: node }
    }

    /// What a browser does with the address where people agree: what it comes back with.
    async fn agree(&self, address: &str) -> Vec<(String, String)> {
        let (mut url, mut cookies) = (url::Url::parse(address).unwrap(), Vec::<(String, String)>::new());
        for _ in 0..20 {
            let held: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let answer = self.http.get(url.clone()).header("cookie", held.join("; ")).send().await.unwrap();
            for cookie in answer.headers().get_all("set-cookie") {
                let pair = cookie.to_str().unwrap().split(';').next().unwrap();
                let (name, value) = pair.split_once('=').unwrap();
                cookies.retain(|(known, _)| known != name);
                cookies.push((name.to_owned(), value.to_owned()));
            }
            let next = answer.headers().get("location").map(|next| next.to_str().unwrap().to_owned());
            let Some(next) = next else { panic!("{}", answer.text().await.unwrap()) };
            url = url.join(&next).unwrap();
            if url.path() == "/oauth/callback" {
                return url.query_pairs().into_owned().collect();
            }
        }
        panic!("it leads on and on: {url}");
    }

    async fn count(&self, what: &str) -> u64 {
        let counts: Value = self.http.get(format!("{}/_/counts", self.url)).send().await.unwrap().json().await.unwrap();
        counts[what].as_u64().unwrap_or(0)
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> u16 {
        let basic = ("countersign", "s3cr3t%2F%2B+value%3A1");
        let request = self.http.post(format!("{}{path}", self.url)).basic_auth(basic.0, Some(basic.1)).form(form);
        request.send().await.unwrap().status().as_u16()
    }
}

fn manifest(url: &str, grant: &str, client_auth: &str) -> Manifest {
    let text = json!({
        "name": "who", "title": "Who", "base_url": format!("{url}/api"),
        "auth": {
            "kind": "oauth2", "grant": grant, "client_auth": client_auth, "authorize_url": "/auth", "token_url": format!("{url}/token"),
            "revoke_url": "/token/revocation",
            "scopes": if grant == "authorization_code" { json!(["openid", "offline_access", "read"]) } else { json!(["read"]) },
            "authorize_params": if grant == "authorization_code" { json!({ "prompt": "consent" }) } else { json!({}) },
        },
        "settings": { "type": "object", "properties": { "client_id": { "type": "string" } }, "required": ["client_id"] },
        "secrets": { "type": "object", "properties": { "client_secret": { "type": "string" } } },
        "actions": { "me": { "title": "Me", "method": "GET", "path": "/whoami", "risk": "read", "idempotency": { "kind": "natural" } },
            "write": { "title": "Write", "method": "POST", "path": "/whoami", "risk": "write", "idempotency": { "kind": "none" } } },
    });
    Manifest::parse("who", &text.to_string()).unwrap()
}

struct Place {
    world: World,
    server: Server,
}

impl Place {
    async fn new(grant: &str, client_auth: &str) -> Self {
        Self::on(TestDatabase::sqlite(), grant, client_auth).await
    }

    async fn on(database: TestDatabase, grant: &str, client_auth: &str) -> Self {
        let server = Server::start(&format!("client_secret_{client_auth}")).await;
        let world = World::on(database).await;
        let manifest = manifest(&server.url, grant, client_auth);
        let put_in =
            PutIn { workspace: WORKSPACE, connector: Compiled::new(manifest).unwrap(), instead: None, by: "system" };
        world.engine.put_in_connector(put_in, &|_| Vec::new()).await.unwrap();
        world.connection("who", json!({ "client_id": "countersign" }), json!({ "client_secret": SECRET })).await;
        Self { world, server }
    }

    async fn row(&self) -> ConnectionRow {
        self.world.store.get_connection(WORKSPACE, "conn-who").await.unwrap().unwrap()
    }

    async fn token(&self) -> ConnectionTokenRow {
        self.world.store.get_connection_token(WORKSPACE, "conn-who").await.unwrap().unwrap()
    }

    async fn standing(&self) -> TokenStanding {
        let row = self.world.store.get_connection_token(WORKSPACE, "conn-who").await.unwrap();
        let registry = self.world.engine.connectors(WORKSPACE).await.unwrap();
        self.world.engine.token_standing(&registry, &self.row().await, row).unwrap()
    }

    /// One of the tokens that are kept.
    async fn opened(&self, name: &str) -> String {
        let row = self.token().await;
        let context = format!("{WORKSPACE}/token/{}/{}", row.connection, row.granted);
        let tokens = self.world.engine.vault().open(&context, &row.sealed).unwrap();
        tokens[name].as_str().unwrap().to_owned()
    }

    /// Goes to the server and comes back: the state and the code.
    async fn agreed(&self) -> (String, String) {
        let row = self.row().await;
        let address = self.world.engine.begin_connecting(&ada(), &row, Vec::new()).await.unwrap();
        assert!(!address.contains(SECRET) && address.contains("code_challenge_method=S256"), "{address}");
        let back = self.server.agree(&address).await;
        let given = |name: &str| back.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        (given("state").unwrap(), given("code").unwrap_or_else(|| panic!("no code: {back:?}")))
    }

    async fn finish(&self, state: &str, code: &str) -> Result<ConnectionRow, ConnectError> {
        let taken: AuthorizationRow = self.world.engine.take_state(&ada(), state).await?;
        self.world.engine.finish_connecting(taken, code.to_owned(), entry()).await
    }

    async fn connect(&self) {
        let (state, code) = self.agreed().await;
        self.finish(&state, &code).await.unwrap();
    }

    /// The tokens once they are so, while a second passes with each look.
    async fn until_token(&self, so: impl Fn(&ConnectionTokenRow) -> bool) -> ConnectionTokenRow {
        for _ in 0..2000 {
            let token = self.token().await;
            if so(&token) {
                return token;
            }
            self.world.clock.advance(1000);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it never was: {:?}", self.token().await);
    }

    async fn revision(&self) -> String {
        self.world.engine.forget_connections(WORKSPACE);
        let choice = AccountChoice::Named("main");
        self.world.engine.connection(WORKSPACE, "who", choice).await.unwrap().unwrap().revision.clone()
    }

    async fn call(&self) -> Result<Value, (String, String)> {
        call(&self.world.engine, "who.me").await
    }
}

fn ada() -> Agreeing {
    Agreeing { workspace: WORKSPACE.into(), person: "ada".into(), session: "session-of-ada".into() }
}

fn entry() -> NewAudit {
    NewAudit {
        at: 1,
        actor: "user:ada".into(),
        via: "portal".into(),
        action: "connection.connected".into(),
        subject: "connection:conn-who".into(),
        detail: "{}".into(),
    }
}

async fn call(engine: &Engine, action: &str) -> Result<Value, (String, String)> {
    let told = |error: TrialError| ("trial".to_owned(), error.to_string());
    let trial = engine.trial(WORKSPACE, (action, Some("main")), json!({})).await.map_err(told)?;
    assert_eq!(trial.request.headers["authorization"], "***", "rendered with or without a token");
    match engine.send_trial(&trial, "key", "ada").await.map_err(told)? {
        CallOutcome::Succeeded { output, .. } => Ok(output),
        CallOutcome::Failed { error, .. } => {
            assert!(!error.to_string().contains(SECRET), "{error}");
            Err((error.code, error.message))
        }
    }
}

/// The clock goes on by itself, so that who waits for another process looks again.
async fn while_time_passes<T>(clock: &Arc<TestClock>, work: impl Future<Output = T>) -> T {
    let ticking = async {
        loop {
            tokio::time::sleep(Duration::from_millis(10)).await;
            clock.advance(25);
        }
    };
    tokio::select! {
        done = work => done,
        () = ticking => unreachable!(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_connects_an_account_and_a_refresh_is_no_change_of_it() {
    for client_auth in ["basic", "post"] {
        let place = Place::new("authorization_code", client_auth).await;
        assert_eq!(place.standing().await.standing, Standing::NotConnected);
        assert_eq!(place.call().await.unwrap_err().0, "not_connected");
        let unconnected = place.revision().await;
        place.connect().await;
        let connected = place.revision().await;
        assert_ne!(connected, unconnected, "approvals of calls through it are void");
        assert_eq!(place.call().await.unwrap(), json!({ "me": "ada" }));
        let standing = place.standing().await;
        assert_eq!((standing.standing, standing.reason.as_str()), (Standing::Connected, ""));
        // Half a minute before it ends it is renewed, once, and used from then on.
        let (first, refresh) = (place.opened("access").await, place.opened("refresh").await);
        place.world.clock.advance(4 * MINUTE_MS + 30_000);
        assert_eq!(place.call().await.unwrap(), json!({ "me": "ada" }));
        assert_eq!(place.call().await.unwrap(), json!({ "me": "ada" }));
        assert_eq!(place.server.count("refresh_token").await, 1);
        assert_ne!((place.opened("access").await, place.opened("refresh").await), (first, refresh), "both are rotated");
        assert_eq!(place.revision().await, connected, "what was approved is what runs");
        // Another time somebody agrees it is another account.
        place.connect().await;
        assert_ne!(place.revision().await, connected);
        // Disconnected: taken back over there, forgotten here.
        let (row, access) = (place.row().await, place.opened("access").await);
        let revocation = place.world.engine.revocation(&row).await.unwrap().unwrap();
        place.world.store.forget_tokens(WORKSPACE, "conn-who", vec![]).await.unwrap();
        place.world.engine.forget_connections(WORKSPACE);
        place.world.engine.revoke(&revocation).await.unwrap();
        assert_eq!(place.call().await.unwrap_err().0, "not_connected");
        let whoami = place.server.http.get(format!("{}/api/whoami", place.server.url)).bearer_auth(access);
        assert_eq!(whoami.send().await.unwrap().status().as_u16(), 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_renewed_before_it_ends_while_nobody_calls() {
    let place = Place::new("authorization_code", "basic").await;
    place.connect().await;
    let other = place.world.another().await;
    let first = place.token().await;
    for round in 1..=3 {
        // It holds for five minutes, and is renewed one before.
        place.world.clock.advance(3 * MINUTE_MS + 30_000);
        let renewed = |token: &ConnectionTokenRow| token.seq >= first.seq + round;
        let now = place.until_token(renewed).await;
        assert_eq!((now.seq, now.status), (first.seq + round, TokenStatus::Connected));
        assert_eq!(place.server.count("refresh_token").await, round as u64, "one process asks, once");
    }
    assert_eq!(place.call().await.unwrap(), json!({ "me": "ada" }));
    assert_eq!((place.server.count("refresh_token").await, place.server.count("void").await), (3, 0));
    // What was taken back over there is told although nobody calls.
    let refresh = place.opened("refresh").await;
    let taken_back = [("token", refresh.as_str()), ("token_type_hint", "refresh_token")];
    assert_eq!(place.server.post("/token/revocation", &taken_back).await, 200);
    place.until_token(|token| token.status == TokenStatus::Reconnect).await;
    let told = place.world.store.outbound_of(WORKSPACE, "").await.unwrap();
    let alerts = told.iter().filter(|row| row.kind == OutboundKind::Alert);
    assert_eq!(alerts.filter(|row| row.reason == OutboundReason::Disconnected).count(), 1);
    other.shutdown(Duration::ZERO).await;
}

/// Two processes on one database find the token ended at once, each with several calls.
async fn refreshed_once(place: &Place) {
    place.connect().await;
    let other = place.world.another().await;
    for round in 1..=3 {
        // Ended for certain, so nobody goes on with the one before.
        place.world.clock.advance(6 * MINUTE_MS);
        let calls = (0..8).map(|n| call(if n % 2 == 0 { &place.world.engine } else { &other }, "who.me"));
        for called in while_time_passes(&place.world.clock, join_all(calls)).await {
            assert_eq!(called.unwrap(), json!({ "me": "ada" }));
        }
        assert_eq!((place.server.count("refresh_token").await, place.token().await.seq), (round, round as i64 + 1));
    }
    // A refresh token that had been used twice would have made void what was agreed to.
    assert_eq!((place.server.count("refused_invalid_grant").await, place.server.count("void").await), (0, 0));
    other.shutdown(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_refresh_at_once_refresh_once_on_sqlite() {
    refreshed_once(&Place::new("authorization_code", "basic").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_refresh_at_once_refresh_once_on_postgres() {
    let Some(database) = TestDatabase::postgres().await else { return };
    refreshed_once(&Place::on(database, "authorization_code", "basic").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_between_the_answer_and_keeping_it_is_told_as_reconnect() {
    let place = Place::new("authorization_code", "basic").await;
    place.connect().await;
    let row = place.token().await;
    // Another process has the lease, asks, gets an answer, and is gone.
    assert!(place.world.store.lease_token(&row, "dead", -1).await.unwrap());
    let refresh = place.opened("refresh").await;
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    assert_eq!(place.server.post("/token", &form).await, 200);
    place.world.clock.advance(6 * MINUTE_MS);
    let (code, message) = place.call().await.unwrap_err();
    assert_eq!(code, "reconnect_needed", "{message}");
    assert!(message.contains("invalid_grant") && message.contains("never answered"), "{message}");
    let standing = place.standing().await;
    assert_eq!(standing.standing, Standing::Reconnect);
    assert!(!standing.reason.contains(&refresh));
    let health: Value = serde_json::from_str(&place.row().await.health).unwrap();
    assert_eq!(health["state"], "refused", "{health}");
    let trail = place.world.store.export_audit(WORKSPACE, 0, 1000).await.unwrap();
    assert_eq!(trail.iter().filter(|entry| entry.action == "connection.lost").count(), 1);
    // Administrators are told, once.
    let told = place.world.store.outbound_of(WORKSPACE, "").await.unwrap();
    let alerts: Vec<_> = told.iter().filter(|row| row.reason == OutboundReason::Disconnected).collect();
    assert_eq!(alerts.iter().filter(|row| row.kind == OutboundKind::Alert).count(), 1, "{told:?}");
    // Nobody asks again with what is dead; connected again it works.
    let asked = place.server.count("refused_invalid_grant").await;
    assert_eq!(place.call().await.unwrap_err().0, "reconnect_needed");
    assert_eq!(place.server.count("refused_invalid_grant").await, asked);
    place.connect().await;
    assert_eq!(place.call().await.unwrap(), json!({ "me": "ada" }));
    assert_eq!(place.row().await.health, "", "nothing bad is said of it any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_is_renewed_once_and_the_call_sent_again() {
    let place = Place::new("authorization_code", "basic").await;
    place.connect().await;
    assert_eq!(place.call().await.unwrap(), json!({ "me": "ada" }));
    let access = place.opened("access").await;
    let taken_back = [("token", access.as_str()), ("token_type_hint", "access_token")];
    assert_eq!(place.server.post("/token/revocation", &taken_back).await, 200);
    // So young a token is not renewed: another would be refused too.
    assert_eq!(place.call().await.unwrap_err().0, "http_401");
    assert_eq!(place.server.count("refresh_token").await, 0);
    place.world.clock.advance(MINUTE_MS);
    let before = place.server.count("whoami").await;
    let called = join_all((0..4).map(|_| call(&place.world.engine, "who.write"))).await;
    for called in called {
        assert_eq!(called.unwrap(), json!({ "me": "ada" }));
    }
    assert_eq!(place.server.count("refresh_token").await, 1);
    let sent = place.server.count("whoami").await - before;
    assert!((5..=8).contains(&sent), "each is sent again at most once: {sent}");
    assert!(place.call().await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_left_comes_back_and_once() {
    let place = Place::new("authorization_code", "basic").await;
    let (state, code) = place.agreed().await;
    let not_found = |taken: Result<AuthorizationRow, EngineError>| matches!(taken, Err(EngineError::NotFound(_)));
    for other in [
        Agreeing { person: "eve".into(), ..ada() },
        Agreeing { session: "another-session-of-ada".into(), ..ada() },
        Agreeing { workspace: "other".into(), ..ada() },
    ] {
        assert!(not_found(place.world.engine.take_state(&other, &state).await), "{other:?}");
    }
    assert!(not_found(place.world.engine.take_state(&ada(), "guessed").await));
    place.finish(&state, &code).await.unwrap();
    assert!(not_found(place.world.engine.take_state(&ada(), &state).await), "a state is taken once");
    let granted = place.token().await.granted;
    // The code of before with a state of now: refused, and what was agreed to with it may be void, as the standard has it.
    let (state, _) = place.agreed().await;
    let replayed = place.finish(&state, &code).await;
    assert!(matches!(&replayed, Err(ConnectError::Refused(error)) if error.code == "invalid_grant"), "{replayed:?}");
    assert_eq!(place.token().await.granted, granted, "nothing was changed by it");
    let (state, code) = place.agreed().await;
    place.world.clock.advance(16 * MINUTE_MS);
    assert!(matches!(place.finish(&state, &code).await, Err(ConnectError::Engine(EngineError::NotFound(_)))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_changed_or_gone_meanwhile_is_not_connected() {
    let place = Place::new("authorization_code", "basic").await;
    place.connect().await;
    let refresh = place.opened("refresh").await;
    let (state, code) = place.agreed().await;
    let row = place.row().await;
    let changed = ConnectionRow { settings: json!({ "client_id": "another" }).to_string(), ..row.clone() };
    place.world.store.update_connection(&changed, vec![]).await.unwrap();
    place.world.engine.forget_connections(WORKSPACE);
    let late = place.finish(&state, &code).await;
    assert!(matches!(&late, Err(ConnectError::Unfit(why)) if why.contains("changed while you agreed")), "{late:?}");
    // What was agreed to for one client is not sent for another.
    assert_eq!(place.call().await.unwrap_err().0, "reconnect_needed");
    assert_eq!(place.standing().await.standing, Standing::Reconnect);
    let revocation = place.world.engine.revocation(&changed).await.unwrap().unwrap();
    assert!(place.world.engine.revoke(&revocation).await.is_err());
    place.world.store.update_connection(&row, vec![]).await.unwrap();
    place.world.engine.forget_connections(WORKSPACE);
    assert_eq!(place.opened("refresh").await, refresh);
    assert!(place.call().await.is_ok(), "changed back, it is the one that was connected");
    let (state, code) = place.agreed().await;
    let taken = place.world.engine.take_state(&ada(), &state).await.unwrap();
    place.world.store.delete_connection(WORKSPACE, "conn-who", vec![]).await.unwrap();
    let gone = place.world.engine.finish_connecting(taken, code, entry()).await;
    assert!(matches!(gone, Err(ConnectError::Engine(EngineError::NotFound("connection")))), "{gone:?}");
    assert!(place.world.store.list_connection_tokens(WORKSPACE).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_gets_its_own_tokens_and_one_that_is_refused_is_corrected() {
    let place = Place::new("client_credentials", "basic").await;
    let other = place.world.another().await;
    let before = place.revision().await;
    let calls = (0..8).map(|n| call(if n % 2 == 0 { &place.world.engine } else { &other }, "who.me"));
    for called in while_time_passes(&place.world.clock, join_all(calls)).await {
        assert_eq!(called.unwrap(), json!({ "me": "countersign" }));
    }
    assert_eq!((place.server.count("client_credentials").await, place.revision().await), (1, before));
    assert_eq!(place.standing().await.standing, Standing::Connected);
    place.world.clock.advance(10 * MINUTE_MS);
    let right = place.row().await;
    let context = format!("{WORKSPACE}/connection/conn-who");
    let wrong = json!({ "client_secret": "wrong-secret" });
    let sealed = place.world.engine.vault().seal(&context, wrong.as_object().unwrap()).unwrap();
    place.world.store.update_connection(&ConnectionRow { sealed, ..right.clone() }, vec![]).await.unwrap();
    place.world.engine.forget_connections(WORKSPACE);
    let (code, message) = place.call().await.unwrap_err();
    assert_eq!(code, "client_refused", "{message}");
    assert!(message.contains("invalid_client") && !message.contains("wrong-secret"), "{message}");
    assert_eq!(place.token().await.status, TokenStatus::Refused);
    place.world.store.update_connection(&right, vec![]).await.unwrap();
    place.world.store.forgive_refusal(WORKSPACE, "conn-who").await.unwrap();
    place.world.engine.forget_connections(WORKSPACE);
    assert_eq!(place.call().await.unwrap(), json!({ "me": "countersign" }));
    other.shutdown(Duration::ZERO).await;
}
