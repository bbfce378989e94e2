//! How long a document takes and how much memory: `import_time FILE…`, or `--made` for one of 8 MB that is made up.
#![allow(clippy::print_stdout, missing_docs, unreachable_pub)]

#[path = "../tests/large/mod.rs"]
mod large;

use countersign_connectors::{Imported, Manifest};
use std::time::Instant;

fn main() {
    for file in std::env::args().skip(1) {
        let text = if file == "--made" { Some(large::document(3_000)) } else { std::fs::read_to_string(&file).ok() };
        let Some(text) = text else { continue };
        let before = large::peak_mib();
        let started = Instant::now();
        match Manifest::read_or_import(&text, None) {
            Ok(Imported { manifest, warnings, left_out, made_from, .. }) => {
                let at = started.elapsed();
                let n = manifest.actions.len();
                let compiled = Imported::compile(manifest, made_from).map(|_| ());
                println!(
                    "{file}: {} bytes, {n} actions, {} left out, {} warnings, {at:?} + compiled {:?} {compiled:?}",
                    text.len(),
                    left_out.len(),
                    warnings.len(),
                    started.elapsed() - at
                );
                println!("  peak memory {:?} MiB, {before:?} MiB before", large::peak_mib());
                for left in left_out.iter().take(5) {
                    println!("  {} {}", left.pointer, left.reason);
                }
                for warning in warnings.iter().take(8) {
                    println!("  {warning}");
                }
            }
            Err(error) => println!("{file}: {error}"),
        }
    }
}
