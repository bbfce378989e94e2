//! `countersign check FILE…`

use crate::output::{self, Exit};
use anyhow::Context;
use clap::Args as ClapArgs;
use countersign_connectors::Registry;
use countersign_core::check::{Diagnostic, Severity, check_source};
use serde::Serialize;
use std::{io::Read, path::PathBuf};

/// The most bytes read from one file: larger is refused by the parser anyway.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Arguments of `check`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Workflow files, YAML or JSON; `-` reads standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Found {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(flatten)]
    diagnostic: Diagnostic,
}

/// Checks the files; the answer is no when one has an error.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let catalogue = Registry::built_in().context("the built-in connectors")?.catalogue();
    let several = args.files.len() > 1;
    let mut found = Vec::new();
    for path in &args.files {
        let name = path.display().to_string();
        let text = read(path).with_context(|| format!("cannot read {name}"))?;
        let (_, diagnostics) = check_source(&text, &catalogue);
        if !args.json {
            print(&name, &diagnostics);
        }
        let file = several.then_some(name);
        found.extend(diagnostics.into_iter().map(|diagnostic| Found { file: file.clone(), diagnostic }));
    }
    let failed = found.iter().any(|found| found.diagnostic.severity == Severity::Error);
    if args.json {
        output::json(&serde_json::json!({ "diagnostics": found }))?;
    }
    Ok(if failed { Exit::No } else { Exit::Good })
}

pub(crate) fn read(path: &PathBuf) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin().take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    }
    anyhow::ensure!(bytes.len() as u64 <= FILE_BYTES_MAX, "it is larger than {FILE_BYTES_MAX} bytes");
    String::from_utf8(bytes).context("it is not UTF-8 text")
}

fn print(name: &str, diagnostics: &[Diagnostic]) {
    if diagnostics.is_empty() {
        output::line(format!("{name}: good"));
    }
    for Diagnostic { code, severity, pointer, message, help } in diagnostics {
        let severity = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        output::line(format!(
            "{name}{}{pointer}: {severity}[{code}]: {message}",
            if pointer.is_empty() { "" } else { "#" }
        ));
        if !help.is_empty() {
            output::line(format!("    help: {help}"));
        }
    }
}
