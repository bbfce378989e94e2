//! How long a document takes: `import_time FILE…`.
#![allow(clippy::print_stdout, missing_docs)]
use countersign_connectors::{Manifest, Registry};
fn main() {
    for file in std::env::args().skip(1) {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let started = std::time::Instant::now();
        match Manifest::import(&text) {
            Ok(imported) => {
                let at = started.elapsed();
                let size = serde_json::to_string(&imported.manifest).map_or(0, |text| text.len());
                let n = imported.manifest.actions.len();
                let registry = Registry::only([imported.manifest]).map(|_| ());
                println!(
                    "{file}: {n} actions, {} left out, {} warnings, {size} bytes, {at:?} + registry {:?} {registry:?}",
                    imported.left_out.len(),
                    imported.warnings.len(),
                    started.elapsed() - at
                );
                for left in imported.left_out.iter().take(5) {
                    println!("  {} {}", left.pointer, left.reason);
                }
                for warning in imported.warnings.iter().take(8) {
                    println!("  {warning}");
                }
            }
            Err(error) => println!("{file}: {error}"),
        }
    }
}
