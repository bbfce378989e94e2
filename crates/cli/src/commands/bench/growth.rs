//! *growth*: whether a database full of finished runs makes new ones slower.

use super::{
    Options,
    bed::{Bed, Cost, say},
    load::per_second,
    pages::pages,
    report::{Report, number},
    straight::{WORKFLOW, check_calls, concurrency, window, yardstick_length},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Finished runs in the end when nothing else is asked for; a third of it in the middle.
const RUNS: u64 = 3_000_000;
/// Connections while the server gets warm.
const WARM_UP_CONCURRENCY: usize = 32;

/// Measures.
///
/// # Errors
/// When a part does not work, or a run did not end well.
pub(super) async fn run(options: &Options) -> anyhow::Result<Report> {
    let mut bed = Bed::make(options).await?;
    let mut report = bed.report("growth", options);
    let most = options.runs.unwrap_or(RUNS).max(3);
    let workflow = bed.publish(WORKFLOW).await?;
    say("warming up");
    window(&bed, &workflow, WARM_UP_CONCURRENCY, Duration::from_secs(1)).await?;
    let (concurrency, _) = concurrency(&bed, &workflow, options).await?;
    let length = Duration::from_secs(options.seconds);
    let mut sizes: Vec<Value> = Vec::new();
    let mut rates: Vec<f64> = Vec::new();
    let mut finished = bed.started();
    for wanted in [0, most / 3, most] {
        if wanted > 0 {
            say(&format!("filling up to {wanted} finished runs"));
            bed.stop_server().await?;
            let begun = Instant::now();
            finished = bed.database.fill_up(wanted).await?;
            say(&format!("there are {finished}, after {:.0} s", begun.elapsed().as_secs_f64()));
            bed.start_server().await?;
            window(&bed, &workflow, WARM_UP_CONCURRENCY, Duration::from_secs(1)).await?;
        }
        bed.stub.reset().await?;
        let bytes_before = bed.database.bytes().await?;
        say(&format!("{concurrency} connections for {} s", options.seconds));
        let full = window(&bed, &workflow, concurrency, length).await?;
        rates.push(full.per_second);
        sizes.push(json!({
            "finished_runs": finished,
            "database_mib": number(Some(bytes_before as f64 / 1024.0 / 1024.0)),
            "runs_per_second": number(Some(full.per_second)),
            "p50_ms": number(full.latencies.p50()),
            "p99_ms": number(full.latencies.p99()),
            "restart_ms": number(Some(bed.server()?.started_in.as_secs_f64() * 1e3)),
            "pages": lists(&bed, &workflow).await?,
            "yardstick_rows_per_second": number(Some(bed.database.yardstick(yardstick_length(options)).await?)),
        }));
        if wanted == most {
            report.count("runs", full.latencies.count() as u64);
            report.count("concurrency", concurrency as u64);
            report.number("runs_per_second", per_second(full.latencies.count(), full.after.at - full.before.at));
            report.percentiles("", "", &full.latencies);
            let stored = full.all.done.len();
            let cost = Cost { before: full.before, after: full.after, bytes_before, runs_stored: stored };
            bed.cost(&mut report, full.latencies.count(), &cost).await?;
            check_calls(&bed, &mut report, &[1, 2, 3], stored).await?;
            bed.yardstick(&mut report, yardstick_length(options)).await?;
        }
    }
    let slowest = rates.iter().copied().fold(f64::INFINITY, f64::min);
    report.number("rate_to_first", rates.first().map(|first| slowest / first));
    report.put("sizes", sizes.into());
    bed.close().await?;
    Ok(report)
}

/// How long pages of the list of runs take, by what is asked for.
async fn lists(bed: &Bed, workflow: &str) -> anyhow::Result<Value> {
    let asked = [
        ("newest", String::new()),
        ("completed", "&status=completed".to_owned()),
        ("failed", "&status=failed".to_owned()),
        ("of a workflow", format!("&workflow={workflow}&status=completed")),
        ("text found", "&text=straight".to_owned()),
        ("text not found", "&text=nothing-like-it".to_owned()),
    ];
    let mut pages_ms = serde_json::Map::new();
    for (name, filter) in asked {
        let times = pages(bed, &format!("/api/v1/runs?limit=50{filter}")).await?;
        pages_ms.insert(name.to_owned(), json!({ "p50_ms": number(times.p50()), "p99_ms": number(times.p99()) }));
    }
    Ok(Value::Object(pages_ms))
}
