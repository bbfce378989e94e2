//! The service that runs call: answers at once, and knows which call came when.
//!
//! `POST /s/<step>/<run>` is a call. `GET /ctl/count` and `GET /ctl/arrivals/<step>` tell what came, `POST /ctl/reset`
//! forgets it. One thread; it ends when its input is closed, so it never outlives who started it.

use super::{
    process::monotonic_ns,
    wire::{self, Wire},
};
use crate::output::{self, Exit};
use anyhow::Context;
use serde_json::json;
use std::{cell::RefCell, io, net::Ipv4Addr, rc::Rc};
use tokio::net::{TcpListener, TcpStream};

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

fn parse(method: &str, path: &str) -> Option<Asked> {
    let step = |text: &str| text.parse::<usize>().ok().filter(|step| (1..=STEPS).contains(step));
    let mut parts = path.strip_prefix('/')?.split('/');
    let asked = match (method == "POST", parts.next()?, parts.next()?) {
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

/// Answers one caller until it goes. The body of a call is not looked at.
async fn serve(stream: TcpStream, ledger: &RefCell<Ledger>) -> anyhow::Result<()> {
    let mut wire = Wire::new(stream)?;
    while let Some((asked, _)) = wire.read(|bytes| wire::request(bytes, parse)).await? {
        let (status, body) = match asked {
            Some(asked) => ("200 OK", ledger.borrow_mut().answer(&asked)),
            None => ("404 Not Found", String::new()),
        };
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
        wire.write((head + &body).as_bytes()).await?;
    }
    Ok(())
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
            let ledger = Rc::clone(&ledger);
            // A caller that sends nonsense is hung up on.
            tokio::task::spawn_local(async move { drop(serve(stream, &ledger).await) });
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
        let post = |path| parse("POST", path);
        assert_eq!(post("/s/1/42"), Some(Asked::Call { step: 1, run: 42 }));
        assert_eq!(post("/ctl/reset"), Some(Asked::Reset));
        assert_eq!(parse("GET", "/ctl/arrivals/2"), Some(Asked::Arrivals { step: 2 }));
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
