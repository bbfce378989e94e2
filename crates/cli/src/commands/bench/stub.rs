//! The service that runs call: answers at once, and knows which call came when.
//!
//! `POST /s/<step>/<run>` is a call. `GET /ctl/count` and `GET /ctl/arrivals/<step>` tell what came, `POST /ctl/reset`
//! forgets it. One thread; it ends when its input is closed, so it never outlives who started it.

use super::process::monotonic_ns;
use crate::output::{self, Exit};
use anyhow::Context;
use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::{cell::RefCell, convert::Infallible, io, net::Ipv4Addr, rc::Rc};
use tokio::net::TcpListener;

/// Steps are numbered from 1.
const STEPS: usize = 4;
/// Runs are numbered below this.
const RUNS_MAX: usize = 20_000_000;

/// The calls of one step.
#[derive(Debug, Clone, Default)]
struct Calls {
    /// When the first call of each run came, nanoseconds of the monotonic clock; 0 for none.
    first_ns: Vec<u64>,
    runs: u64,
    duplicates: u64,
}

impl Calls {
    fn note(&mut self, run: usize, now_ns: u64) {
        if self.first_ns.len() <= run {
            self.first_ns.resize((run + 1).next_power_of_two(), 0);
        }
        let first = &mut self.first_ns[run];
        if *first == 0 {
            *first = now_ns;
            self.runs += 1;
        } else {
            self.duplicates += 1;
        }
    }
}

/// Everything that came.
#[derive(Debug, Default)]
struct Ledger {
    steps: [Calls; STEPS],
}

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Call { step: usize, run: usize },
    Count,
    Arrivals { step: usize },
    Reset,
}

fn parse(method: &Method, path: &str) -> Option<Asked> {
    let step = |text: &str| text.parse::<usize>().ok().filter(|step| (1..=STEPS).contains(step));
    let mut parts = path.strip_prefix('/')?.split('/');
    let asked = match (method == Method::POST, parts.next()?, parts.next()?) {
        (true, "s", number) => {
            let run = parts.next()?.parse().ok().filter(|run| *run < RUNS_MAX)?;
            Asked::Call { step: step(number)?, run }
        }
        (true, "ctl", "reset") => Asked::Reset,
        (false, "ctl", "count") => Asked::Count,
        (false, "ctl", "arrivals") => Asked::Arrivals { step: step(parts.next()?)? },
        _ => return None,
    };
    parts.next().is_none().then_some(asked)
}

impl Ledger {
    fn answer(&mut self, asked: &Asked) -> String {
        match *asked {
            Asked::Call { step, run } => {
                self.steps[step - 1].note(run, monotonic_ns());
                format!(r#"{{"ok":true,"run":{run},"step":{step},"amount":150,"name":"item"}}"#)
            }
            Asked::Count => {
                let runs: Vec<u64> = self.steps.iter().map(|calls| calls.runs).collect();
                let duplicates: Vec<u64> = self.steps.iter().map(|calls| calls.duplicates).collect();
                json!({ "runs": runs, "duplicates": duplicates }).to_string()
            }
            Asked::Arrivals { step } => json!(self.steps[step - 1].first_ns).to_string(),
            Asked::Reset => {
                *self = Self::default();
                "{}".to_owned()
            }
        }
    }
}

fn respond(ledger: &RefCell<Ledger>, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let Some(asked) = parse(request.method(), request.uri().path()) else {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    };
    let mut response = Response::new(Full::new(Bytes::from(ledger.borrow_mut().answer(&asked))));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Serves until the input is closed. The address is printed as one line of JSON.
///
/// # Errors
/// When no port can be had.
pub(super) async fn run() -> anyhow::Result<Exit> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port for the stub")?;
    output::json(&json!({ "address": listener.local_addr()? }))?;
    let ledger = Rc::new(RefCell::new(Ledger::default()));
    let serve = async {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            // Small answers must not wait for more.
            drop(stream.set_nodelay(true));
            let ledger = Rc::clone(&ledger);
            // The body of a call is not looked at; hyper reads past it.
            let service = service_fn(move |request| {
                let response = respond(&ledger, &request);
                async move { Ok::<_, Infallible>(response) }
            });
            let connection = http1::Builder::new().pipeline_flush(true).serve_connection(TokioIo::new(stream), service);
            tokio::task::spawn_local(async move { drop(connection.await) });
        }
    };
    let closed = tokio::task::spawn_blocking(|| io::copy(&mut io::stdin().lock(), &mut io::sink()));
    tokio::select! { () = serve => {}, _ = closed => {} }
    Ok(Exit::Good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_strictly() {
        let post = |path| parse(&Method::POST, path);
        assert_eq!(post("/s/1/42"), Some(Asked::Call { step: 1, run: 42 }));
        assert_eq!(post("/ctl/reset"), Some(Asked::Reset));
        assert_eq!(parse(&Method::GET, "/ctl/arrivals/2"), Some(Asked::Arrivals { step: 2 }));
        for path in ["/s/0/1", "/s/5/1", "/s/1/20000000", "/s/1/2/3", "/s/1", "/ctl/count", "", "/"] {
            assert_eq!(post(path), None, "{path}");
        }
    }

    #[test]
    fn a_repeated_call_is_counted_and_the_first_time_kept() {
        let mut calls = Calls::default();
        calls.note(3, 10);
        calls.note(0, 11);
        calls.note(3, 12);
        assert_eq!((calls.runs, calls.duplicates, calls.first_ns), (2, 1, vec![11, 0, 0, 10]));
    }
}
