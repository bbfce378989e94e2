//! Arrows between crates point down, and the core stays pure. Read from `cargo metadata` and `cargo tree`.
#![allow(clippy::unwrap_used, clippy::panic)]

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

/// What each crate may depend on, as ARCHITECTURE.md draws it.
const ARROWS: [(&str, &[&str]); 10] = [
    ("core", &[]),
    ("api", &["core"]),
    ("store", &["core"]),
    ("outbound", &["core"]),
    ("channels", &["outbound", "core"]),
    ("connectors", &["outbound", "core"]),
    ("engine", &["store", "channels", "connectors", "outbound", "core"]),
    ("server", &["api", "engine", "store", "channels", "connectors", "core"]),
    ("sandbox", &[]),
    ("cli", &["api", "server", "engine", "store", "channels", "connectors", "outbound", "sandbox", "core"]),
];

/// Runtimes, IO, clocks and sources of chance that the core must not reach. (`rand_core` holds traits only.)
const IMPURE: [&str; 26] = [
    "async-std",
    "chrono",
    "curl",
    "fastrand",
    "getrandom",
    "hyper",
    "iana-time-zone",
    "jiff",
    "memmap2",
    "mio",
    "num_cpus",
    "polling",
    "postgres",
    "rand",
    "reqwest",
    "rusqlite",
    "rustls",
    "smol",
    "socket2",
    "sqlx",
    "tempfile",
    "time",
    "tokio",
    "tokio-postgres",
    "ureq",
    "uuid",
];

/// What the core reaches all the same, by way of which crate, and why that is harmless.
const EXCEPTIONS: [(&str, &str, &str); 6] = [
    ("rand", "jsonata-core", "behind $random and $shuffle, which expr::harden refuses"),
    ("getrandom", "jsonata-core", "as rand"),
    (
        "chrono",
        "jsonata-core",
        "formats times; its clock is behind $now, $millis and pictures, which expr::harden replaces",
    ),
    ("iana-time-zone", "jsonata-core", "as chrono; only its local time zone would use it"),
    ("jiff", "countersign-core", "without `std` it has no clock and reads no file; the zones are in the executable"),
    ("getrandom", "ahash", "seeds of hash maps in jsonschema; no answer depends on their order"),
];

struct Workspace {
    /// Package name by id.
    names: BTreeMap<String, String>,
    /// Ids a package uses when it is built, not when it is tested.
    uses: BTreeMap<String, Vec<String>>,
    /// Names of what a member's manifest lists, for building and for tests, on any platform.
    direct: BTreeMap<String, Vec<String>>,
    members: BTreeSet<String>,
}

fn cargo(arguments: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn workspace() -> Workspace {
    // Of this platform only: the crates of others need not be on this machine.
    let version = cargo(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let output = cargo(&["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform", host]);
    let metadata: Value = serde_json::from_str(&output).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let names =
        metadata["packages"].as_array().unwrap().iter().map(|it| (text(&it["id"]), text(&it["name"]))).collect();
    let built = |dependency: &&Value| {
        let kinds = dependency["dep_kinds"].as_array().unwrap();
        kinds.iter().any(|kind| kind["kind"].is_null())
    };
    let uses = metadata["resolve"]["nodes"].as_array().unwrap().iter().map(|node| {
        let used = node["deps"].as_array().unwrap().iter().filter(built).map(|used| text(&used["pkg"]));
        (text(&node["id"]), used.collect())
    });
    let direct = metadata["packages"].as_array().unwrap().iter().map(|it| {
        let names = it["dependencies"].as_array().unwrap().iter().map(|dependency| text(&dependency["name"]));
        (text(&it["id"]), names.collect())
    });
    let members = metadata["workspace_members"].as_array().unwrap().iter().map(text).collect();
    Workspace { names, uses: uses.collect(), direct: direct.collect(), members }
}

#[test]
fn arrows_point_down() {
    let workspace = workspace();
    let short = |id: &String| {
        workspace.names[id].trim_start_matches("countersign-").trim_start_matches("countersign").to_owned()
    };
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

/// The rows of the table of dependencies: what is named, and why.
fn named_dependencies(text: &str) -> Vec<(&str, &str)> {
    let (_, table) = text.split_once("| crate | why |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.filter_map(|line| line.trim_matches(['|', ' ']).split_once(" | ")).collect()
}

#[test]
fn architecture_md_names_dependencies_that_are_used() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap();
    let (text, pages) = (read("ARCHITECTURE.md"), read("ui/package.json"));
    let workspace = workspace();
    let used: BTreeSet<&str> =
        workspace.members.iter().flat_map(|member| &workspace.direct[member]).map(String::as_str).collect();
    let rows = named_dependencies(&text);
    assert!(rows.len() > 10, "the table is not read: {rows:?}");
    for (names, why) in rows {
        for name in names.split(", ") {
            let name = name.split(" (").next().unwrap();
            let known =
                if why.contains("`ui/`") { pages.contains(&format!("\"{name}\":")) } else { used.contains(name) };
            assert!(known, "ARCHITECTURE.md names `{name}`, which nothing uses");
        }
    }
    let manifest = read("Cargo.toml");
    let (_, listed) = manifest.split_once("[workspace.dependencies]").unwrap();
    let listed = listed.lines().take_while(|line| !line.starts_with('[')).filter_map(|line| line.split_once(" = "));
    for (name, _) in listed {
        assert!(used.contains(name), "Cargo.toml lists `{name}`, which no crate uses");
    }
}

/// By `cargo tree`, because it resolves features for this crate alone: what other crates of the workspace turn on in a
/// shared dependency is not the core's doing.
#[test]
fn the_core_reaches_no_runtime_no_clock_and_no_chance() {
    let arguments = ["tree", "--package", "countersign-core", "--edges", "normal", "--offline", "--locked"];
    let shape = ["--prefix", "depth", "--no-dedupe", "--format", " {p} {f}"];
    let output = cargo(&arguments.into_iter().chain(shape).collect::<Vec<_>>());
    let mut path: Vec<&str> = Vec::new();
    for line in output.lines().filter(|line| !line.is_empty()) {
        let (depth, package) = line.split_once(' ').unwrap();
        let name = package.split(' ').next().unwrap();
        path.truncate(depth.parse().unwrap());
        path.push(name);
        if IMPURE.contains(&name) {
            let excused = EXCEPTIONS.iter().any(|(what, through, _)| *what == name && path.contains(through));
            assert!(excused, "the core reaches `{name}` by {}", path.join(" → "));
            let features = package.rsplit(' ').next().unwrap();
            assert!(name != "jiff" || features.split(',').all(|feature| feature != "std"), "{package}");
        }
    }
    assert!(output.lines().count() > 10, "{output}");
}

/// The core's own text names no clock, no thread and no file.
#[test]
fn the_core_calls_nothing_impure() {
    const BANNED: [&str; 11] = [
        "std::fs",
        "std::net",
        "std::process",
        "std::thread",
        "std::env",
        "SystemTime",
        "Instant::now",
        "Utc::now",
        "Timestamp::now",
        "Zoned::now",
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
