//! One door for all tests: [`TestApp`] and the [`Client`]s it lets in.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode},
};
use countersign_connectors::Registry;
use countersign_engine::{Clock, Engine, EngineConfig, EngineParts, SystemClock, Vault};
use countersign_server::{App, ServerConfig, router, seed};
use countersign_store::{ReceiptKeys, Role, Store, StoreConfig};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use tower::ServiceExt;

pub(crate) const PASSWORD: &str = "correct horse battery";

/// The machine's clock, which tests can put forward.
#[derive(Default)]
pub(crate) struct TestClock {
    ahead_ms: AtomicI64,
}

#[async_trait::async_trait]
impl Clock for TestClock {
    fn now(&self) -> i64 {
        SystemClock.now() + self.ahead_ms.load(Ordering::SeqCst)
    }

    async fn sleep_until(&self, at: i64) {
        SystemClock.sleep_until(at - self.ahead_ms.load(Ordering::SeqCst)).await;
    }
}

pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) router: Router,
    pub(crate) store: Store,
    pub(crate) vault: Vault,
    pub(crate) workspace: String,
    clock: Arc<TestClock>,
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::with(ServerConfig { base_url: "https://countersign.example".to_owned(), ..ServerConfig::default() }).await
    }

    pub(crate) async fn with(config: ServerConfig) -> Self {
        Self::moving(EngineConfig::default().moving_max, config).await
    }

    /// One where so many runs may move at once.
    pub(crate) async fn moving(moving_max: usize, config: ServerConfig) -> Self {
        let receipts = Some(ReceiptKeys::new([7; 32]));
        let database = StoreConfig { receipts, ..StoreConfig::new("sqlite::memory:") };
        let store = Store::open(&database).await.unwrap();
        store.migrate().await.unwrap();
        let workspace = seed::workspace(&store, "main", "Main").await.unwrap();
        let vault = Vault::new([7; 32]);
        let clock = Arc::new(TestClock::default());
        let parts = EngineParts {
            store: store.clone(),
            registry: Registry::built_in().unwrap(),
            outbound: countersign_outbound::Outbound::with_private(),
            vault: vault.clone(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
        };
        let engine = EngineConfig { moving_max, base_url: config.base_url.clone(), ..EngineConfig::default() };
        let engine = Engine::start(parts, engine).await.unwrap();
        let app = App::new(engine, config);
        Self { router: router(app.clone()), app, store, vault, workspace, clock }
    }

    /// The run once it is over; the change feed tells when to look.
    pub(crate) async fn until_over(&self, caller: &Client, run: &str) -> Value {
        let mut changes = self.store.subscribe();
        let over = async {
            loop {
                let shown = caller.get(&format!("/runs/{run}")).await.json;
                if !matches!(shown["status"].as_str(), Some("running" | "waiting")) {
                    return shown;
                }
                drop(changes.recv().await);
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), over).await.expect("the run ends")
    }

    pub(crate) fn put_forward(&self, hours: i64) {
        self.clock.ahead_ms.fetch_add(hours * 3_600_000, Ordering::SeqCst);
    }

    /// Nobody in particular.
    pub(crate) fn anonymous(&self) -> Client {
        Client { router: self.router.clone(), headers: HeaderMap::new() }
    }

    /// A program with that role in the workspace `main`.
    pub(crate) async fn key(&self, role: Role) -> Client {
        self.key_in(&self.workspace, role, &[]).await
    }

    pub(crate) async fn key_in(&self, workspace: &str, role: Role, groups: &[&str]) -> Client {
        let key = seed::api_key(&self.store, workspace, role.as_str(), role, groups).await.unwrap();
        self.anonymous().with("authorization", &format!("Bearer {key}"))
    }

    /// A person who has signed in.
    pub(crate) async fn person(&self, email: &str, role: Role, groups: &[&str]) -> Client {
        let person =
            seed::SeedPerson { email, name: email.split('@').next().unwrap(), password: PASSWORD, role, groups };
        seed::person(&self.store, &self.workspace, person).await.unwrap();
        let login = self.anonymous().post("/auth/login", json!({ "email": email, "password": PASSWORD })).await;
        assert_eq!(login.status, StatusCode::OK, "{}", login.text);
        self.anonymous().with("cookie", &login.cookie()).with("x-requested-with", "countersign")
    }

    /// A workspace of its own with a key for it.
    pub(crate) async fn other_workspace(&self) -> Client {
        let other = seed::workspace(&self.store, "other", "Other").await.unwrap();
        self.key_in(&other, Role::Admin, &["manager"]).await
    }

    /// Publishes a document; answers the workflow's id.
    pub(crate) async fn publish(&self, builder: &Client, document: Value) -> String {
        let workflow = builder.post("/workflows", json!({ "document": document })).await;
        assert_eq!(workflow.status, StatusCode::CREATED, "{}", workflow.text);
        let id = workflow.json["id"].as_str().unwrap().to_owned();
        let version = builder.post(&format!("/workflows/{id}/publish"), json!({ "message": "first" })).await;
        assert_eq!(version.status, StatusCode::CREATED, "{}", version.text);
        id
    }
}

#[derive(Clone)]
pub(crate) struct Client {
    router: Router,
    headers: HeaderMap,
}

impl Client {
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        let name: axum::http::HeaderName = name.parse().unwrap();
        client.headers.insert(name, value.parse().unwrap());
        client
    }

    /// What every request of this client says in that header.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(crate) fn without(&self, name: &str) -> Self {
        let mut client = self.clone();
        client.headers.remove(name);
        client
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, Some(body.to_string())).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PUT, path, Some(body.to_string())).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PATCH, path, Some(body.to_string())).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None).await
    }

    /// Paths are below `/api/v1` unless they begin with `//`.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<String>) -> Reply {
        let response = self.open(method, path, body).await;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Reply {
            status: parts.status,
            headers: parts.headers,
            json: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        }
    }

    /// The response with its body still to be read.
    pub(crate) async fn open(&self, method: Method, path: &str, body: Option<String>) -> axum::response::Response {
        let uri = path
            .strip_prefix('/')
            .filter(|rest| rest.starts_with('/'))
            .map_or_else(|| format!("/api/v1{path}"), str::to_owned);
        let mut request = Request::builder().method(method).uri(uri);
        if body.is_some() && !self.headers.contains_key("content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(body.map_or_else(Body::empty, Body::from)).unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
    pub(crate) text: String,
}

impl Reply {
    /// Asserts a problem document of that status and code.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, code: &str) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.text);
        assert_eq!(self.json["code"], code, "{}", self.text);
        assert_eq!(self.json["status"], status);
        assert!(self.json["title"].is_string() && self.json["type"].is_string());
        self
    }

    #[track_caller]
    pub(crate) fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    pub(crate) fn cookie(&self) -> String {
        let cookie = self.headers["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    #[track_caller]
    pub(crate) fn id(&self) -> String {
        self.json["id"].as_str().unwrap_or_else(|| panic!("no id in {}", self.text)).to_owned()
    }
}

/// A workflow that ends at once and answers with its input.
pub(crate) fn echo() -> Value {
    json!({
        "schema": 1,
        "name": "Echo",
        "triggers": [{ "type": "api" }],
        "input": { "type": "object", "properties": { "text": { "type": "string" } } },
        "start": "done",
        "steps": { "done": { "type": "end", "output": { "text": "{{ input.text }}" } } },
    })
}

/// A workflow that waits for a manager, then ends; nothing is called.
pub(crate) fn approval(approvers: Value) -> Value {
    json!({
        "schema": 1,
        "name": "Approval",
        "triggers": [{ "type": "api" }],
        "start": "ask",
        "steps": {
            "ask": {
                "type": "approval",
                "title": "Ask a manager",
                "summary": "Do it for {{ input.who }}?",
                "approvers": approvers,
                "timeout": { "after": "4h", "outcome": "rejected" },
                "on_approve": "tell",
                "on_reject": "no",
            },
            "tell": { "type": "notify", "channels": ["conversation"], "body": "Done for {{ input.who }}", "next": "yes" },
            "yes": { "type": "end", "status": "completed" },
            "no": { "type": "end", "status": "rejected" },
        },
    })
}

/// A workflow that shows a form when a customer writes `hello`.
pub(crate) fn form() -> Value {
    json!({
        "schema": 1,
        "name": "Form",
        "triggers": [{ "type": "message", "when": "$contains($lowercase(text), 'hello')" }],
        "vars": { "size": null },
        "start": "ask",
        "steps": {
            "ask": {
                "type": "collect_form",
                "title": "Ask the size",
                "prompt": "Which size?",
                "form": {
                    "type": "object",
                    "required": ["size"],
                    "properties": { "size": { "type": "integer", "title": "Size", "minimum": 1 } },
                },
                "set": { "size": "{{ output.size }}" },
                "timeout": { "after": "1d", "next": "nobody" },
                "next": "done",
            },
            "done": { "type": "end", "message": "Size {{ size }} it is", "output": { "size": "{{ size }}" } },
            "nobody": { "type": "end", "status": "rejected" },
        },
    })
}
