//! The examples of the repository read, check and come out the same when they are written again.
#![allow(clippy::unwrap_used)]

use countersign_core::{
    catalogue::Catalogue,
    check::{self, Severity},
    document::{parse, to_yaml},
};
use std::path::Path;

#[test]
fn examples_read_and_write_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let Ok(entries) = std::fs::read_dir(&folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".yaml") || name.ends_with(".tests.yaml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let workflow = parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let written = to_yaml(&workflow);
        assert_eq!(parse(&written).as_ref(), Ok(&workflow), "{}", path.display());
        assert_eq!(to_yaml(&parse(&written).unwrap()), written);
        // The core knows no connectors: actions are checked where the catalogue is.
        let wrong: Vec<_> = check::check(&workflow, &Catalogue::default())
            .into_iter()
            .filter(|found| found.code != "unknown_action" && found.severity != Severity::Info)
            .collect();
        assert!(wrong.is_empty(), "{}: {wrong:#?}", path.display());
    }
}
