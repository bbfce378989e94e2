//! Arrows between crates point down, and the core stays pure. Read from `cargo metadata`.
#![allow(clippy::unwrap_used, clippy::panic)]

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

/// What each crate may depend on, as ARCHITECTURE.md draws it.
const ARROWS: [(&str, &[&str]); 8] = [
    ("core", &[]),
    ("store", &["core"]),
    ("channels", &["core"]),
    ("connectors", &["core"]),
    ("engine", &["store", "channels", "connectors", "core"]),
    ("server", &["engine", "store", "channels", "connectors", "core"]),
    ("sandbox", &[]),
    ("cli", &["server", "engine", "store", "channels", "connectors", "sandbox", "core"]),
];

/// Runtimes, IO, clocks and sources of chance that the core must not reach.
const IMPURE: [&str; 27] = [
    "async-std", "chrono", "curl", "fastrand", "getrandom", "hyper", "iana-time-zone", "jiff", "memmap2", "mio",
    "num_cpus", "polling", "postgres", "rand", "rand_core", "reqwest", "rusqlite", "rustls", "smol", "socket2", "sqlx",
    "tempfile", "time", "tokio", "tokio-postgres", "ureq", "uuid",
];

/// What the core reaches all the same, by way of which crate, and why that is harmless.
const EXCEPTIONS: [(&str, &str, &str); 6] = [
    ("rand", "jsonata-core", "behind $random and $shuffle, which expr::harden refuses"),
    ("rand_core", "jsonata-core", "as rand"),
    ("getrandom", "jsonata-core", "as rand"),
    ("chrono", "jsonata-core", "formats times; its clock is behind $now, $millis and pictures, which expr::harden replaces"),
    ("iana-time-zone", "jsonata-core", "as chrono; only its local time zone would use it"),
    ("getrandom", "ahash", "seeds of hash maps in jsonschema; no answer depends on their order"),
];

struct Workspace {
    /// Package name by id.
    names: BTreeMap<String, String>,
    /// Ids a package uses when it is built, not when it is tested.
    uses: BTreeMap<String, Vec<String>>,
    members: BTreeSet<String>,
}

fn workspace() -> Workspace {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked", "--all-features"])
        .current_dir(root)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let names = metadata["packages"].as_array().unwrap().iter().map(|it| (text(&it["id"]), text(&it["name"]))).collect();
    let built = |dependency: &&Value| {
        let kinds = dependency["dep_kinds"].as_array().unwrap();
        kinds.iter().any(|kind| kind["kind"].is_null())
    };
    let uses = metadata["resolve"]["nodes"].as_array().unwrap().iter().map(|node| {
        let used = node["deps"].as_array().unwrap().iter().filter(built).map(|used| text(&used["pkg"]));
        (text(&node["id"]), used.collect())
    });
    let members = metadata["workspace_members"].as_array().unwrap().iter().map(text).collect();
    Workspace { names, uses: uses.collect(), members }
}

#[test]
fn arrows_point_down() {
    let workspace = workspace();
    let short = |id: &String| workspace.names[id].trim_start_matches("countersign-").trim_start_matches("countersign").to_owned();
    for member in &workspace.members {
        let name = short(member);
        let name = if name.is_empty() { "cli".to_owned() } else { name };
        let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| *known == name) else {
            panic!("the crate `{name}` is not in the drawing: add it to ARCHITECTURE.md and to this test");
        };
        for used in workspace.uses[member].iter().filter(|used| workspace.members.contains(*used)) {
            let used = short(used);
            assert!(allowed.contains(&used.as_str()), "`{name}` must not depend on `{used}`");
        }
    }
}

#[test]
fn the_core_reaches_no_runtime_no_clock_and_no_chance() {
    let workspace = workspace();
    let core = workspace.names.iter().find(|(_, name)| *name == "countersign-core").map(|(id, _)| id.clone()).unwrap();
    let mut seen = BTreeSet::new();
    let mut todo = vec![vec![core]];
    while let Some(path) = todo.pop() {
        let id = path.last().unwrap();
        if !seen.insert(id.clone()) {
            continue;
        }
        for used in &workspace.uses[id] {
            let name = workspace.names[used].as_str();
            let by = |name: &str| path.iter().any(|id| workspace.names[id] == name);
            if IMPURE.contains(&name) {
                let excused = EXCEPTIONS.iter().any(|(what, through, _)| *what == name && by(through));
                let path: Vec<&str> = path.iter().map(|id| workspace.names[id].as_str()).collect();
                assert!(excused, "the core reaches `{name}` by {}", path.join(" → "));
            }
            todo.push(path.iter().chain([used]).cloned().collect());
        }
    }
}

/// The core's own text names no clock, no thread and no file.
#[test]
fn the_core_calls_nothing_impure() {
    const BANNED: [&str; 9] = [
        "std::fs", "std::net", "std::process", "std::thread", "std::env", "SystemTime", "Instant::now", "Utc::now",
        "HashMap<String",
    ];
    let mut todo = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(path) = todo.pop() {
        for entry in std::fs::read_dir(&path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") && !path.to_string_lossy().contains("tests") {
                let text = std::fs::read_to_string(&path).unwrap();
                for banned in BANNED {
                    assert!(!text.contains(banned), "{} names {banned}", path.display());
                }
            }
        }
    }
}
