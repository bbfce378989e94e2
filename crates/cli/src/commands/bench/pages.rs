//! How long a page of a list takes.

use super::{bed::Bed, http::Connection, latency::Latencies};
use anyhow::Context;
use std::time::Instant;

/// Pages asked for, one after the other.
const LOOKS: usize = 200;

/// Asks for the same page again and again.
///
/// # Errors
/// When it is not answered.
pub(super) async fn pages(bed: &Bed, path: &str) -> anyhow::Result<Latencies> {
    let mut connection = Connection::new(bed.operator.address);
    let mut latencies = Vec::with_capacity(LOOKS);
    for _ in 0..LOOKS {
        let begun = Instant::now();
        connection.send(bed.operator.get(path)).await.with_context(|| path.to_owned())?;
        latencies.push(begun.elapsed());
    }
    Ok(latencies.into_iter().collect())
}
