//! The largest documents end. `cargo run --example import_time -- --made` says how soon and with how much memory.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, dead_code)]

mod large;

use countersign_connectors::{Imported, MadeFrom, Manifest};
use std::time::{Duration, Instant};

#[test]
fn a_document_of_megabytes_is_imported_within_a_bound() {
    let text = large::document(3_000);
    assert!((7_000_000..10_000_000).contains(&text.len()), "{} bytes", text.len());
    let started = Instant::now();
    let Imported { manifest, left_out, made_from, .. } = Manifest::read_or_import(&text, None).unwrap();
    assert_eq!((manifest.actions.len(), left_out.as_slice(), made_from), (3_000, &[][..], MadeFrom::OpenApi));
    Imported::compile(manifest, made_from).unwrap();
    // Without optimisation and beside other tests: only that it does not grow out of hand.
    assert!(started.elapsed() < Duration::from_secs(90), "{:?}", started.elapsed());
}
