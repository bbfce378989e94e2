//! The HTTP API from the outside: what the commands that talk to a server share.

mod argument;
mod events;
pub mod find;
mod problem;
pub mod text;

pub use argument::{JsonArgument, assignment};
pub use events::Events;
pub use find::{customer, workflow};
pub use problem::{Problem, diagnostics};

use crate::{
    output::{self, Exit},
    parts,
};
use anyhow::{Context, anyhow, bail, ensure};
use clap::Args;
use reqwest::{Method, RequestBuilder, Response, Url, header};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{error::Error, io::ErrorKind, time::Duration};

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an answer may take, without what the server was asked to wait for.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a stream of events is kept: the server ends it sooner.
const EVENTS_AGE_MAX: Duration = Duration::from_secs(3_600);
/// Longest answer read, bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Largest page the server gives.
const PAGE_ITEMS_MAX: usize = 200;
/// Pages one command asks for: a filtered page may be empty although there is a next one.
const PAGES_MAX: usize = 1000;
/// Most items one command collects.
pub const ITEMS_MAX: usize = 10_000;

/// Which server, and as whom.
#[derive(Debug, Clone, Args)]
pub struct ClientArgs {
    /// Address of the server.
    #[arg(long, env = "COUNTERSIGN_SERVER", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    pub server: String,
    /// API key (`cs_…`).
    #[arg(long, env = "COUNTERSIGN_API_KEY", hide_env_values = true, value_name = "KEY")]
    pub key: Option<String>,
}

/// What every command that asks a server takes.
#[derive(Debug, Clone, Args)]
pub struct Remote {
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

impl Remote {
    /// Runs a command against the server. A refusal of the server is printed and becomes its exit status.
    ///
    /// # Errors
    /// Whatever is not a refusal.
    pub async fn run(&self, command: impl AsyncFnOnce(&Client) -> anyhow::Result<Exit>) -> anyhow::Result<Exit> {
        let client = Client::new(&self.client)?;
        let error = match command(&client).await {
            Ok(exit) => return Ok(exit),
            Err(error) => error,
        };
        let problem = error.downcast::<Problem>()?;
        if self.json {
            output::json(problem.document())?;
        } else {
            eprintln!("{problem}");
        }
        Ok(problem.exit())
    }
}

/// A connection to a server.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    key: Option<String>,
}

/// Some of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listed {
    /// The items, in the server's order.
    pub items: Vec<Value>,
    /// Where it goes on; null at the end.
    pub next: Option<String>,
}

impl Listed {
    /// Prints them: as they came, or as a table.
    ///
    /// # Errors
    /// As [`told`].
    pub fn print<T: DeserializeOwned>(
        &self,
        remote: &Remote,
        headers: &[&str],
        row: impl Fn(&T) -> Vec<String>,
    ) -> anyhow::Result<Exit> {
        if remote.json {
            output::json(self)?;
        } else {
            output::table(headers, &self.told()?.iter().map(row).collect::<Vec<_>>());
        }
        Ok(Exit::Good)
    }

    /// The items as what they are.
    ///
    /// # Errors
    /// As [`told`].
    pub fn told<T: DeserializeOwned>(&self) -> anyhow::Result<Vec<T>> {
        self.items.iter().map(told).collect()
    }
}

/// An answer as what it is; what came is kept for `--json`.
///
/// # Errors
/// When it has another shape than this build knows.
pub fn told<T: DeserializeOwned>(answer: &Value) -> anyhow::Result<T> {
    T::deserialize(answer).context("the server answers otherwise than this build reads: it may be older or newer")
}

impl Client {
    /// A client for the named server; nothing is sent yet.
    ///
    /// # Errors
    /// When the address is not an HTTP address or the key is not text for a header.
    pub fn new(args: &ClientArgs) -> anyhow::Result<Self> {
        parts::install_crypto();
        let base = Url::parse(&args.server).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let base = base.with_context(|| format!("--server: `{}` is not like http://127.0.0.1:8080", args.server))?;
        let http = countersign_outbound::direct()
            .user_agent(concat!("countersign-cli/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .build()
            .context("no HTTP client")?;
        Ok(Self { http, base, key: args.key.clone().filter(|key| !key.is_empty()) })
    }

    /// Asks for something below `/api/v1`.
    pub fn get(&self, path: &[&str]) -> Request {
        self.request(Method::GET, path)
    }

    /// Posts to something below `/api/v1`.
    pub fn post(&self, path: &[&str]) -> Request {
        self.request(Method::POST, path)
    }

    /// Puts something below `/api/v1`.
    pub fn put(&self, path: &[&str]) -> Request {
        self.request(Method::PUT, path)
    }

    /// Deletes something below `/api/v1`.
    pub fn delete(&self, path: &[&str]) -> Request {
        self.request(Method::DELETE, path)
    }

    fn request(&self, method: Method, path: &[&str]) -> Request {
        let mut url = self.base.clone();
        // An http address always has a path.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v1"]).extend(path);
        }
        let mut builder = self.http.request(method, url).header(header::ACCEPT, "application/json");
        if let Some(key) = &self.key {
            builder = builder.bearer_auth(key);
        }
        Request { builder, server: self.base.to_string(), timeout: ANSWER_TIMEOUT }
    }

    /// Collects a list, following `next` until there are `at_most` items.
    ///
    /// # Errors
    /// When a page cannot be had, or the server gives the same cursor again.
    pub async fn list(&self, path: &[&str], query: &[(&str, String)], at_most: usize) -> anyhow::Result<Listed> {
        let mut listed = Listed { items: Vec::new(), next: None };
        for _ in 0..PAGES_MAX {
            let wanted = (at_most - listed.items.len()).min(PAGE_ITEMS_MAX);
            let mut request = self.get(path).query(query).query(&[("limit", wanted.to_string())]);
            if let Some(cursor) = &listed.next {
                request = request.query(&[("cursor", cursor.clone())]);
            }
            let mut page = request.send().await?;
            let Some(Value::Array(items)) = page.get_mut("items").map(Value::take) else {
                bail!("{} did not answer with a list", self.base);
            };
            let next = page.get("next").and_then(Value::as_str).map(str::to_owned);
            ensure!(next.is_none() || next != listed.next, "{} repeats a page", self.base);
            listed.items.extend(items);
            listed.next = next;
            if listed.next.is_none() || listed.items.len() >= at_most {
                break;
            }
        }
        Ok(listed)
    }
}

/// A request that was not sent yet.
#[derive(Debug)]
pub struct Request {
    builder: RequestBuilder,
    server: String,
    timeout: Duration,
}

impl Request {
    /// Adds query parameters.
    #[must_use]
    pub fn query(mut self, query: &[(&str, String)]) -> Self {
        self.builder = self.builder.query(query);
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    /// Sets the body. What is null in it is left out: nothing was said of it.
    #[must_use]
    pub fn json(mut self, body: &impl Serialize) -> Self {
        let mut body = serde_json::to_value(body).unwrap_or_default();
        if let Some(members) = body.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        self.builder = self.builder.json(&body);
        self
    }

    /// Asks the server to wait for the result, and waits that much longer for it.
    #[must_use]
    pub fn wait(mut self, seconds: u64) -> Self {
        self.timeout += Duration::from_secs(seconds);
        self.header("prefer", &format!("wait={seconds}"))
    }

    /// Sends it and reads the JSON answer; null when there is none.
    ///
    /// # Errors
    /// A [`Problem`] when the server refuses, else why there is no usable answer.
    pub async fn send(self) -> anyhow::Result<Value> {
        let (server, bytes) = self.bytes().await?;
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes).with_context(|| format!("{server} answers, but not like Countersign"))
    }

    /// As [`Request::send`], for an answer that is text of this media type.
    ///
    /// # Errors
    /// As [`Request::send`], and when it is another media type.
    pub async fn send_text(self, media_type: &str) -> anyhow::Result<String> {
        let request = Self { builder: self.builder.header(header::ACCEPT, media_type), ..self };
        let (server, response) = request.response().await?;
        let found = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        // Unknown addresses answer with the start page.
        ensure!(found.unwrap_or_default().starts_with(media_type), "{server} does not offer this: it may be older");
        String::from_utf8(read(&server, response).await?).with_context(|| format!("{server} answers with broken text"))
    }

    /// As [`Request::send`], for a stream of server-sent events.
    ///
    /// # Errors
    /// As [`Request::send`], and when it is no such stream.
    pub async fn open_events(self) -> anyhow::Result<Events> {
        let media_type = "text/event-stream";
        let request =
            Self { timeout: EVENTS_AGE_MAX, builder: self.builder.header(header::ACCEPT, media_type), ..self };
        let (server, response) = request.response().await?;
        let found = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        ensure!(found.unwrap_or_default().starts_with(media_type), "{server} does not offer this: it may be older");
        Ok(Events::new(response))
    }

    async fn bytes(self) -> anyhow::Result<(String, Vec<u8>)> {
        let (server, response) = self.response().await?;
        let bytes = read(&server, response).await?;
        Ok((server, bytes))
    }

    async fn response(self) -> anyhow::Result<(String, Response)> {
        let Self { builder, server, timeout } = self;
        let sent = builder.timeout(timeout).send().await;
        let response = sent.map_err(|error| unreachable(&server, timeout, &error))?;
        if response.status().is_success() {
            return Ok((server, response));
        }
        let status = response.status();
        let body = read(&server, response).await?;
        match Problem::read(&body) {
            Some(problem) => Err(problem.into()),
            None => Err(anyhow!("{server} answers {status}, but not like Countersign")),
        }
    }
}

async fn read(server: &str, mut response: Response) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.with_context(|| format!("{server} stopped in its answer"))? {
        ensure!(
            bytes.len() + chunk.len() <= ANSWER_BYTES_MAX,
            "{server} answers with more than {ANSWER_BYTES_MAX} bytes"
        );
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// No answer came; [`is_unreachable`] knows it again.
#[derive(Debug)]
struct Unreachable(String);

impl std::fmt::Display for Unreachable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Error for Unreachable {}

/// Whether an error says that no answer came, so that asking again may help.
pub fn is_unreachable(error: &anyhow::Error) -> bool {
    error.is::<Unreachable>()
}

fn unreachable(server: &str, timeout: Duration, error: &reqwest::Error) -> anyhow::Error {
    let refused = causes(error).filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    let refused = refused.map(std::io::Error::kind).any(|kind| kind == ErrorKind::ConnectionRefused);
    let message = if refused {
        format!(
            "nothing answers at {server} - is the server running there? (`countersign serve`, or name another with --server)"
        )
    } else if error.is_builder() {
        format!("this cannot be sent: {}", innermost(error))
    } else if error.is_connect() {
        format!("cannot connect to {server}: {}", innermost(error))
    } else if error.is_timeout() {
        format!("no answer from {server} within {} seconds", timeout.as_secs())
    } else {
        format!("no answer from {server}: {}", innermost(error))
    };
    Unreachable(message).into()
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}
