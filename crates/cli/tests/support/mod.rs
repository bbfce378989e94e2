//! A server that answers from a script, and the executable to run against it.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request as HttpRequest,
    http::{Response, request::Parts},
};
use serde_json::{Value, json};
use std::{
    io::Write,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
};
use tokio::runtime::Runtime;

/// A request as the script sees it.
pub struct Request {
    parts: Parts,
    body: Vec<u8>,
}

impl Request {
    /// `GET /api/v1/runs`, without the query.
    pub fn line(&self) -> String {
        format!("{} {}", self.parts.method, self.parts.uri.path())
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// A parameter of the query; the tests use none that needs decoding.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let query = self.parts.uri.query().unwrap_or_default();
        query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// The JSON body.
    pub fn body(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A list of workflows by id and name.
pub fn workflows(named: &[(&str, &str)]) -> Value {
    let item = |(id, name): &(&str, &str)| {
        json!({ "id": id, "name": name, "draft_revision": 1, "draft_updated_at": 0, "has_unpublished_changes": false,
            "running": 0, "waiting": 0, "triggers": [], "ended": 0, "failed": 0 })
    };
    json!({ "items": named.iter().map(item).collect::<Vec<_>>(), "next": null })
}

/// What the script answers.
pub struct Answer {
    status: u16,
    media_type: &'static str,
    body: String,
}

impl Answer {
    /// 200 with JSON.
    pub fn ok(body: Value) -> Self {
        Self { status: 200, media_type: "application/json", body: body.to_string() }
    }

    /// A problem document with these members besides status and code.
    pub fn problem(status: u16, code: &str, mut members: Value) -> Self {
        members["type"] = json!(format!("urn:countersign:problem:{code}"));
        if members["title"].is_null() {
            members["title"] = json!("It was refused");
        }
        members["status"] = json!(status);
        members["code"] = json!(code);
        Self { status, media_type: "application/problem+json", body: members.to_string() }
    }

    /// A page.
    pub fn html(text: &str) -> Self {
        Self { status: 200, media_type: "text/html", body: text.to_owned() }
    }

    /// JSON lines.
    pub fn lines(text: String) -> Self {
        Self { status: 200, media_type: "application/x-ndjson", body: text }
    }
}

/// A server on a port of its own, until it is dropped.
pub struct Server {
    url: String,
    /// What the script failed with: a panic in a handler would only close the connection.
    failure: Arc<Mutex<Option<String>>>,
    _runtime: Runtime,
}

impl Server {
    /// Starts one that answers every request from the script.
    pub fn start(script: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let runtime = Runtime::new().unwrap();
        let (script, failure) = (Arc::new(script), Arc::new(Mutex::new(None)));
        let noted = Arc::clone(&failure);
        let router = Router::new().fallback(move |request: HttpRequest| {
            let (script, noted) = (Arc::clone(&script), Arc::clone(&noted));
            async move { answer(&*script, &noted, request).await }
        });
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, failure, _runtime: runtime }
    }

    /// Runs the executable against this server with text on standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Output {
        let output = execute(&[arguments, &["--server", &self.url]].concat(), input);
        if let Some(failure) = self.failure.lock().unwrap().take() {
            panic!("{failure}\n{}", output.stderr);
        }
        output
    }
}

async fn answer(
    script: &(impl Fn(&Request) -> Answer + ?Sized),
    failure: &Mutex<Option<String>>,
    request: HttpRequest,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap().to_vec();
    let request = Request { parts, body };
    let called = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| script(&request)));
    let Answer { status, media_type, body } = called.unwrap_or_else(|_| {
        *failure.lock().unwrap() = Some(format!("the script did not expect {}", request.line()));
        Answer::html("unexpected")
    });
    Response::builder().status(status).header("content-type", media_type).body(body.into()).unwrap()
}

/// What the executable did.
#[derive(Debug)]
pub struct Output {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// Standard output as one JSON value.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Runs the executable against a server.
pub fn countersign(server: &Server, arguments: &[&str]) -> Output {
    server.run_with_input(arguments, "")
}

/// Runs the executable with these arguments alone.
pub fn offline(arguments: &[&str]) -> Output {
    execute(arguments, "")
}

fn execute(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(arguments)
        .env_remove("COUNTERSIGN_SERVER")
        .env_remove("COUNTERSIGN_API_KEY")
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read it may be gone already.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    Output {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
