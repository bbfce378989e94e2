//! JSON given on the command line.

use crate::commands::check;
use anyhow::Context;
use serde_json::Value;
use std::{path::PathBuf, str::FromStr};

/// JSON itself, `@FILE`, or `-` for standard input.
#[derive(Debug, Clone, PartialEq)]
pub enum JsonArgument {
    /// Written out.
    Value(Value),
    /// In a file; `-` is standard input.
    File(PathBuf),
}

impl FromStr for JsonArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix('@') {
            Some(path) => Ok(Self::File(path.into())),
            None if text == "-" => Ok(Self::File(text.into())),
            None => parse(text).map(Self::Value),
        }
    }
}

impl JsonArgument {
    /// The value, read from where it is.
    ///
    /// # Errors
    /// When the file cannot be read or holds no JSON.
    pub fn read(&self) -> anyhow::Result<Value> {
        match self {
            Self::Value(value) => Ok(value.clone()),
            Self::File(path) => {
                let text = check::read(path).with_context(|| format!("cannot read {}", path.display()))?;
                serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
            }
        }
    }
}

/// Reads `NAME=JSON`.
///
/// # Errors
/// When it is something else.
pub fn assignment(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').filter(|(name, _)| !name.trim().is_empty()).ok_or("write NAME=JSON")?;
    Ok((name.trim().to_owned(), parse(value)?))
}

fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("not JSON ({error}); text needs quotes: '\"text\"'"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn json_comes_from_the_line_or_a_file() {
        assert_eq!("{\"a\":1}".parse(), Ok(JsonArgument::Value(json!({ "a": 1 }))));
        assert_eq!("@in.json".parse(), Ok(JsonArgument::File("in.json".into())));
        assert_eq!("-".parse(), Ok(JsonArgument::File("-".into())));
        assert!("{".parse::<JsonArgument>().unwrap_err().starts_with("not JSON"));
    }

    #[test]
    fn a_file_without_json_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("in.json");
        assert!(JsonArgument::File(path.clone()).read().unwrap_err().to_string().contains("in.json"));
        std::fs::write(&path, "[1]").unwrap();
        assert_eq!(JsonArgument::File(path).read().unwrap(), json!([1]));
    }

    #[test]
    fn assignments_have_a_name_and_json() {
        assert_eq!(assignment("a={\"b\":\"c=d\"}"), Ok(("a".to_owned(), json!({ "b": "c=d" }))));
        assert!(assignment("a").is_err());
        assert!(assignment("=1").is_err());
        assert!(assignment("a=text").unwrap_err().contains("quotes"));
    }
}
