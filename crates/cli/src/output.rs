//! Exit statuses and how results are printed.

use serde::Serialize;
use std::{io::Write, process::ExitCode};

/// What the exit status says (DESIGN: 0 good, 1 the answer is no, 2 wrong usage, 3 could not).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It went well.
    Good,
    /// It worked, and the answer is no: a check failed, a script did not hold.
    No,
    /// The arguments make no sense together.
    Usage,
    /// It could not be done.
    CouldNot,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Good => 0,
            Exit::No => 1,
            Exit::Usage => 2,
            Exit::CouldNot => 3,
        })
    }
}

/// Prints one line. A closed pipe is the reader's choice, not a failure.
pub fn line(text: impl AsRef<str>) {
    drop(writeln!(std::io::stdout(), "{}", text.as_ref()));
}

/// Prints a value as one line of compact JSON.
///
/// # Errors
/// When the value has no JSON form.
pub fn json(value: &impl Serialize) -> anyhow::Result<()> {
    line(serde_json::to_string(value)?);
    Ok(())
}

/// Prints rows in columns as wide as they need to be.
pub fn table(headers: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([headers[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headers.len()).map(width).collect();
    let print = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        line(padded.collect::<Vec<_>>().join("  ").trim_end());
    };
    print(&headers.iter().map(|header| header.to_uppercase()).collect::<Vec<_>>());
    for row in rows {
        print(row);
    }
}
