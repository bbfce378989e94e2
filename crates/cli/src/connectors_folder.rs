//! Connectors that whoever runs the server puts beside its data: every workspace has them.

use anyhow::{Context, ensure};
use countersign_connectors::{Compiled, Imported, Manifest, Registry};
use std::{
    ffi::OsStr,
    fs,
    io::{ErrorKind, Read},
    path::{Path, PathBuf},
};

/// Longest document, bytes.
const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The built-in connectors and those of the folder's `.yaml`, `.yml` and `.json` files: manifests or OpenAPI documents, in
/// order of their names. No folder is an empty one.
///
/// # Errors
/// When a file cannot be used, or has a name that is taken: better no start than one without what workflows call.
pub fn in_folder(folder: &Path) -> anyhow::Result<Registry> {
    let built_in = Registry::built_in().context("the built-in connectors")?;
    let mut all: Vec<Compiled> = built_in.compiled().cloned().collect();
    for path in files(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let compiled = compiled(&path).with_context(|| path.display().to_string())?;
        let taken = all.iter().any(|known| known.name() == compiled.name());
        ensure!(!taken, "{}: the name `{}` is taken", path.display(), compiled.name());
        tracing::info!(connector = compiled.name(), file = %path.display(), "a connector of the data folder");
        all.push(compiled);
    }
    Ok(Registry::of(all))
}

fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if matches!(path.extension().and_then(OsStr::to_str), Some("yaml" | "yml" | "json")) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn compiled(path: &Path) -> anyhow::Result<Compiled> {
    let mut text = String::new();
    fs::File::open(path)?.take(BYTES_MAX + 1).read_to_string(&mut text)?;
    ensure!(text.len() as u64 <= BYTES_MAX, "it is larger than {BYTES_MAX} bytes");
    let Imported { manifest, warnings, left_out, made_from, .. } = Manifest::read_or_import(&text, None)?;
    for warning in warnings {
        tracing::warn!(file = %path.display(), warning, "of a connector");
    }
    for left in left_out {
        tracing::warn!(file = %path.display(), at = left.pointer, why = left.reason, "an operation was left out");
    }
    Ok(Imported::compile(manifest, made_from)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ECHO: &str = "name: NAME\ntitle: Echo\nbase_url: https://echo.example.com\nactions:\n  say: { title: Say, \
        method: POST, path: /say, risk: write, idempotency: { kind: none } }\n";

    #[test]
    fn a_folder_brings_connectors_and_says_which_file_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let none = in_folder(&folder.path().join("nowhere")).unwrap();
        let built_in = none.compiled().count();
        fs::write(folder.path().join("echo.yaml"), ECHO.replace("NAME", "echo")).unwrap();
        fs::write(folder.path().join("notes.txt"), "not one").unwrap();
        let pets = r#"{"openapi":"3.1.0","info":{"title":"Pets"},"paths":{"/a":{"get":{}}}}"#;
        fs::write(folder.path().join("pets.json"), pets).unwrap();
        let registry = in_folder(folder.path()).unwrap();
        assert_eq!(registry.compiled().count(), built_in + 2);
        assert!(registry.connector("echo").is_some() && registry.connector("pets").is_some());

        let second = folder.path().join("second.yaml");
        for (text, why) in [(ECHO.replace("NAME", "stripe"), "taken"), ("name: [".to_owned(), "cannot be read")] {
            fs::write(&second, text).unwrap();
            let error = format!("{:#}", in_folder(folder.path()).unwrap_err());
            assert!(error.contains("second.yaml") && error.contains(why), "{error}");
        }
    }
}
