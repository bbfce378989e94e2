//! `countersign eval EXPR`

use super::check;
use crate::output::{self, Exit};
use anyhow::Context;
use clap::Args as ClapArgs;
use countersign_core::{expr::Expression, time::Timestamp};
use countersign_engine::{Clock, SystemClock};
use serde_json::Value;
use std::path::PathBuf;

/// Arguments of `eval`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// A JSONata expression.
    #[arg(value_name = "EXPR", allow_hyphen_values = true)]
    expression: String,
    /// JSON data it is evaluated over; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Accepted for symmetry: the value is always printed as JSON.
    #[arg(long)]
    json: bool,
}

/// Prints the value as compact JSON, nothing for no value; an expression that is refused is a no.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let data = match &args.data {
        Some(path) => {
            let text = check::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            serde_json::from_str(countersign_core::text::without_mark(&text))
                .with_context(|| format!("{} is not JSON", path.display()))?
        }
        None => Value::Null,
    };
    match Expression::compile(&args.expression)
        .and_then(|expression| expression.evaluate_value(&data, Timestamp(SystemClock.now())))
    {
        Ok(Some(value)) => output::json(&value)?,
        Ok(None) => {}
        Err(error) => {
            eprintln!("error[{}]: {error}", error.code());
            return Ok(Exit::No);
        }
    }
    Ok(Exit::Good)
}
