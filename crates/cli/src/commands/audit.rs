//! `countersign audit …`

use crate::{
    client::{Client, Problem, Remote, text::at},
    output::{self, Exit},
};
use anyhow::{Context, anyhow, ensure};
use clap::{Args, Subcommand};
use countersign_store::{AuditRow, AuditVerdict, verify_chain};
use serde_json::json;
use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

/// Longest line of an export, bytes.
const LINE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Entries asked for at once.
const PAGE_ENTRIES: u64 = 1000;
/// Media type of an export.
const JSON_LINES: &str = "application/x-ndjson";

/// What can be done with the audit trail.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Follow the chain of hashes: an export here without a server, else the server's own.
    Verify(VerifyArgs),
    /// Print the whole trail as JSON lines, oldest first, for `verify --file`.
    Export(ExportArgs),
}

/// Arguments of `audit verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    #[command(flatten)]
    remote: Remote,
    /// An export; `-` reads standard input.
    #[arg(long, value_name = "EXPORT.jsonl|-")]
    file: Option<PathBuf>,
    /// Hash the last entry must have, noted earlier: a cut-off end shows in nothing else.
    #[arg(long, value_name = "HASH")]
    head: Option<String>,
}

/// Arguments of `audit export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    remote: Remote,
    /// Only entries after this number. Such an export cannot be verified alone.
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    after: u64,
}

/// Does it.
pub async fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Verify(args) => match &args.file {
            Some(path) => report(&args, &verify_file(path)?),
            None => args.remote.run(async |client| report(&args, &verify_server(client).await?)).await,
        },
        Command::Export(args) => args.remote.run(async |client| export(client, &args).await).await,
    }
}

async fn verify_server(client: &Client) -> anyhow::Result<AuditVerdict> {
    let answer = client.get(&["audit", "verify"]).send().await?;
    let number = |pointer: &str| answer.pointer(pointer).and_then(serde_json::Value::as_u64);
    let entries = number("/entries").context("the server did not say how many entries there are")?;
    Ok(AuditVerdict {
        entries,
        broken_at: number("/broken_at"),
        head: Some(at(&answer, "/head")).filter(|head| !head.is_empty()),
    })
}

fn report(args: &VerifyArgs, verdict: &AuditVerdict) -> anyhow::Result<Exit> {
    let head = verdict.head.as_deref().unwrap_or_default();
    let expected = args.head.as_deref().is_none_or(|expected| expected.eq_ignore_ascii_case(head));
    let ok = verdict.broken_at.is_none() && expected;
    if args.remote.json {
        let AuditVerdict { entries, broken_at, head } = verdict;
        output::json(&json!({ "ok": ok, "entries": entries, "broken_at": broken_at, "head": head }))?;
    } else {
        output::line(match verdict.broken_at {
            Some(place) => format!("broken at entry {place}: {} entries before it are in order", verdict.entries),
            None if !expected => format!("the chain holds, but ends with {head}: it was cut off, or has grown"),
            None => format!("the chain holds: {} entries, the last is {head}", verdict.entries),
        });
    }
    Ok(if ok { Exit::Good } else { Exit::No })
}

fn verify_file(path: &Path) -> anyhow::Result<AuditVerdict> {
    let name = path.display();
    if path.as_os_str() == "-" {
        return verify(std::io::stdin().lock()).context("standard input");
    }
    let file = File::open(path).with_context(|| format!("cannot read {name}"))?;
    verify(BufReader::new(file)).with_context(|| name.to_string())
}

/// Follows the chain line by line. What is no entry is an error: it says nothing about the chain.
fn verify(mut reader: impl BufRead) -> anyhow::Result<AuditVerdict> {
    let mut failure = None;
    let mut number = 0_u64;
    let entries = std::iter::from_fn(|| {
        loop {
            number += 1;
            let line = match next_line(&mut reader) {
                Ok(Some(line)) => line,
                Ok(None) => return None,
                Err(error) => {
                    failure = Some(error.context(format!("line {number}")));
                    return None;
                }
            };
            if line.trim().is_empty() {
                continue;
            }
            let entry = serde_json::from_str::<AuditRow>(&line);
            return entry.map_err(|error| failure = Some(not_an_entry(number, &error))).ok();
        }
    });
    let verdict = verify_chain(entries);
    match failure {
        Some(error) => Err(error),
        None => Ok(verdict),
    }
}

fn not_an_entry(number: u64, error: &serde_json::Error) -> anyhow::Error {
    anyhow!("line {number} is no entry of an export (`countersign audit export` makes one): {error}")
}

fn next_line(reader: &mut impl BufRead) -> anyhow::Result<Option<String>> {
    let mut line = String::new();
    let read = reader.take(LINE_BYTES_MAX + 1).read_line(&mut line)?;
    ensure!(read as u64 <= LINE_BYTES_MAX, "longer than {LINE_BYTES_MAX} bytes");
    Ok((read > 0).then_some(line))
}

async fn export(client: &Client, args: &ExportArgs) -> anyhow::Result<Exit> {
    let mut after = args.after;
    loop {
        let query = [("after", after.to_string()), ("limit", PAGE_ENTRIES.to_string())];
        let page = client.get(&["audit", "export"]).query(&query).send_text(JSON_LINES).await;
        let page = page.map_err(|error| match error.downcast_ref::<Problem>() {
            Some(problem) if problem.status() == 404 => {
                anyhow!("this server has no export of the audit trail: it may be older")
            }
            Some(_) | None => error,
        })?;
        let mut last = None;
        for line in page.lines().filter(|line| !line.is_empty()) {
            let entry: AuditRow = serde_json::from_str(line).context("the server sent a line that is no entry")?;
            ensure!(entry.seq > after, "the server repeats entry {}", entry.seq);
            last = Some(entry.seq);
            output::line(line);
        }
        match last {
            Some(seq) => after = seq,
            None => return Ok(Exit::Good),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use countersign_store::audit_hash;

    fn export(count: u64) -> String {
        let mut prev_hash = String::new();
        let entry = |seq| {
            let mut row = AuditRow {
                workspace: "w".to_owned(),
                seq,
                at: 1_000,
                actor: "user:u".to_owned(),
                via: "session".to_owned(),
                action: "workflow.published".to_owned(),
                subject: "workflow:1".to_owned(),
                detail: "{}".to_owned(),
                prev_hash: prev_hash.clone(),
                hash: String::new(),
            };
            row.hash = audit_hash(&row);
            prev_hash.clone_from(&row.hash);
            serde_json::to_string(&row).unwrap() + "\n"
        };
        (1..=count).map(entry).collect()
    }

    #[test]
    fn an_export_that_was_not_touched_holds() {
        let text = export(3);
        let verdict = verify(text.as_bytes()).unwrap();
        assert_eq!((verdict.entries, verdict.broken_at), (3, None));
        assert_eq!(verify("".as_bytes()).unwrap(), AuditVerdict::default());
        // Without the last line break too.
        assert_eq!(verify(text.trim_end().as_bytes()).unwrap(), verdict);
    }

    #[test]
    fn a_changed_or_missing_entry_breaks_it() {
        let text = export(3);
        let changed = text.replacen("workflow:1", "workflow:2", 2);
        assert_eq!(verify(changed.as_bytes()).unwrap().broken_at, Some(1));
        let missing: String =
            text.lines().enumerate().filter(|(line, _)| *line != 1).map(|(_, line)| format!("{line}\n")).collect();
        assert_eq!(verify(missing.as_bytes()).unwrap().broken_at, Some(2));
    }

    #[test]
    fn what_is_no_entry_is_an_error_with_its_line() {
        let text = export(1) + "\n{\"seq\": 2}\n";
        let error = format!("{:#}", verify(text.as_bytes()).unwrap_err());
        assert!(error.starts_with("line 3 is no entry"), "{error}");
    }
}
