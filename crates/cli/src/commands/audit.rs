//! `countersign audit …`

use crate::{
    client::{Client, Problem, Remote, told},
    output::{self, Exit},
};
use anyhow::{Context, anyhow, ensure};
use clap::{Args, Subcommand};
use countersign_api::AuditVerifyResponse;
use countersign_store::{AuditRow, AuditVerdict, receipt_holds, verify_chain};
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
    /// Key the receipts must be signed with, noted earlier; else the one that the export names is believed.
    #[arg(long, value_name = "HEX", requires = "file")]
    public_key: Option<String>,
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

/// What a walk along an export or the server's own chain found.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    verdict: AuditVerdict,
    /// Receipts that hold.
    receipts: u64,
    /// The first entry whose receipt does not hold, or that has none and should.
    unsigned: Option<u64>,
    /// What the receipts were checked with.
    key: Option<String>,
}

impl Found {
    /// Checks the receipt of an entry; `false` when it does not hold.
    fn take(&mut self, entry: &AuditRow) -> bool {
        let Some(key) = &self.key else { return true };
        let holds = receipt_holds(entry, key);
        if !holds {
            self.unsigned = Some(entry.seq);
        }
        self.receipts += u64::from(holds && entry.receipt.is_some());
        holds
    }
}

/// First line of an export.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyLine {
    #[serde(rename = "workspace")]
    _workspace: String,
    public_key: String,
}

/// Does it.
pub async fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Verify(args) => match &args.file {
            Some(path) => report(&args, &verify_file(path, args.public_key.as_deref())?),
            None => args.remote.run(async |client| report(&args, &verify_server(client).await?)).await,
        },
        Command::Export(args) => args.remote.run(async |client| export(client, &args).await).await,
    }
}

async fn verify_server(client: &Client) -> anyhow::Result<Found> {
    let answer = client.get(&["audit", "verify"]).send().await?;
    let AuditVerifyResponse { entries, broken_at, head, public_key: key, .. } = told(&answer)?;
    // It says nothing of receipts: an export does.
    Ok(Found { verdict: AuditVerdict { entries, broken_at, head }, receipts: 0, unsigned: None, key })
}

fn report(args: &VerifyArgs, found: &Found) -> anyhow::Result<Exit> {
    let Found { verdict, receipts, unsigned, key } = found;
    let head = verdict.head.as_deref().unwrap_or_default();
    let expected = args.head.as_deref().is_none_or(|expected| expected.eq_ignore_ascii_case(head));
    let ok = verdict.broken_at.is_none() && unsigned.is_none() && expected;
    if args.remote.json {
        let AuditVerdict { entries, broken_at, head } = verdict;
        output::json(&json!({
            "ok": ok, "entries": entries, "broken_at": broken_at, "head": head,
            "receipts": receipts, "unsigned": unsigned, "public_key": key,
        }))?;
        return Ok(if ok { Exit::Good } else { Exit::No });
    }
    output::line(match (verdict.broken_at, unsigned) {
        (Some(place), _) => format!("broken at entry {place}: {} entries before it are in order", verdict.entries),
        (None, Some(place)) => format!("the receipt of entry {place} does not hold: it was not written by this server"),
        (None, None) if !expected => format!("the chain holds, but ends with {head}: it was cut off, or has grown"),
        (None, None) => format!("the chain holds: {} entries, the last is {head}", verdict.entries),
    });
    if let (true, Some(key)) = (ok, key) {
        output::line(format!("{receipts} receipts hold, signed with {key}"));
    }
    Ok(if ok { Exit::Good } else { Exit::No })
}

fn verify_file(path: &Path, key: Option<&str>) -> anyhow::Result<Found> {
    let name = path.display();
    if path.as_os_str() == "-" {
        return verify(std::io::stdin().lock(), key).context("standard input");
    }
    let file = File::open(path).with_context(|| format!("cannot read {name}"))?;
    verify(BufReader::new(file), key).with_context(|| name.to_string())
}

/// Follows the chain and its receipts line by line. What is no entry is an error: it says nothing about the chain.
fn verify(mut reader: impl BufRead, key: Option<&str>) -> anyhow::Result<Found> {
    let mut found = Found { key: key.map(str::to_owned), ..Found::default() };
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
            if number == 1
                && let Ok(named) = serde_json::from_str::<KeyLine>(&line)
            {
                found.key.get_or_insert(named.public_key);
                continue;
            }
            let entry = match serde_json::from_str::<AuditRow>(&line) {
                Ok(entry) => entry,
                Err(error) => {
                    failure = Some(not_an_entry(number, &error));
                    return None;
                }
            };
            return found.take(&entry).then_some(entry);
        }
    });
    let verdict = verify_chain(entries);
    match failure {
        Some(error) => Err(error),
        None => Ok(Found { verdict, ..found }),
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
            if after == 0 && last.is_none() && serde_json::from_str::<KeyLine>(line).is_ok() {
                output::line(line);
                continue;
            }
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
                receipt: None,
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
        let verdict = verify(text.as_bytes(), None).unwrap();
        assert_eq!((verdict.verdict.entries, verdict.verdict.broken_at), (3, None));
        assert_eq!(verify("".as_bytes(), None).unwrap(), Found::default());
        // Without the last line break too.
        assert_eq!(verify(text.trim_end().as_bytes(), None).unwrap(), verdict);
    }

    #[test]
    fn a_changed_or_missing_entry_breaks_it() {
        let text = export(3);
        let changed = text.replacen("workflow:1", "workflow:2", 2);
        assert_eq!(verify(changed.as_bytes(), None).unwrap().verdict.broken_at, Some(1));
        let missing: String =
            text.lines().enumerate().filter(|(line, _)| *line != 1).map(|(_, line)| format!("{line}\n")).collect();
        assert_eq!(verify(missing.as_bytes(), None).unwrap().verdict.broken_at, Some(2));
    }

    #[test]
    fn what_is_no_entry_is_an_error_with_its_line() {
        let text = export(1) + "\n{\"seq\": 2}\n";
        let error = format!("{:#}", verify(text.as_bytes(), None).unwrap_err());
        assert!(error.starts_with("line 3 is no entry"), "{error}");
    }
}
