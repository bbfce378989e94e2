//! How many commits per second a database takes: `commit_rate <url> [runs in flight] [seconds] [writers]`.
//!
//! Each run starts and moves on five times, with a step execution per move, a checkpoint that opens and is decided, and
//! two audit entries: about what a real run writes.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use countersign_store::*;

const MOVES: u64 = 6;

fn run_row(id: &str, seq: u64) -> RunRow {
    let (status, wake_at) = match seq {
        5 => (RunStatus::Completed, None),
        3 => (RunStatus::Waiting, Some(9_000_000)),
        _ => (RunStatus::Running, None),
    };
    RunRow {
        id: id.to_owned(),
        workspace: "0197a000-0000-7000-8000-000000000001".to_owned(),
        workflow: "0197a000-0000-7000-8000-000000000002".to_owned(),
        version: 3,
        status,
        step: Some(format!("step_{seq}")),
        step_kind: Some("tool_call".to_owned()),
        waiting_for: None,
        seq,
        customer: Some("0197a000-0000-7000-8000-000000000003".to_owned()),
        conversation: None,
        trigger: "api".to_owned(),
        title: "Upgrade to Enterprise for Ada Example".to_owned(),
        started_by: None,
        started_at: 1_000_000,
        updated_at: 1_000_000,
        ended_at: None,
        wake_at,
        node: Some("node".to_owned()),
        error_code: None,
        error_message: None,
        output: None,
        retry_of: None,
        failed_step: None,
        failed_message: None,
    }
}

fn checkpoint(run: &RunRow) -> CheckpointRow {
    CheckpointRow {
        id: format!("{}.4", run.id),
        workspace: run.workspace.clone(),
        run: run.id.clone(),
        workflow: run.workflow.clone(),
        version: run.version,
        step: "approve".to_owned(),
        visit: 4,
        kind: CheckpointKind::Approval,
        status: CheckpointStatus::Open,
        title: "Manager approval required".to_owned(),
        customer: run.customer.clone(),
        conversation: None,
        payload: format!("{{\"summary\":\"{}\"}}", "x".repeat(400)),
        assigned_to: None,
        opened_at: 1_000_000,
        due_at: Some(9_000_000),
        outcome: None,
        decided_at: None,
        decided_by: None,
        via: None,
        comment: None,
        asks: None,
        audience: None,
        barred: String::new(),
        draft: None,
        words: String::new(),
    }
}

fn commit(id: &str, seq: u64) -> Commit {
    let run = run_row(id, seq);
    let audit = NewAudit {
        at: 1_000_000,
        actor: "system".to_owned(),
        via: "timer".to_owned(),
        action: "run.moved".to_owned(),
        subject: format!("run:{id}"),
        detail: "{}".to_owned(),
    };
    let step = StepExecutionRow {
        workspace: run.workspace.clone(),
        run: run.id.clone(),
        visit: u32::try_from(seq).unwrap(),
        call: 1,
        attempt: 1,
        step: format!("step_{seq}"),
        kind: "tool_call".to_owned(),
        title: "Preview the subscription change".to_owned(),
        status: ExecutionStatus::Completed,
        action: Some("stripe.preview".to_owned()),
        input: Some(format!("{{\"input\":\"{}\"}}", "i".repeat(200))),
        output: Some(format!("{{\"output\":\"{}\"}}", "o".repeat(400))),
        error_code: None,
        error_message: None,
        detail: None,
        started_at: 1_000_000,
        ended_at: Some(1_000_100),
    };
    let checkpoints = match seq {
        3 => vec![CheckpointChange::Open(Box::new(checkpoint(&run)))],
        4 => vec![CheckpointChange::Close {
            id: format!("{id}.4"),
            outcome: Outcome::Decided(countersign_core::run::Verdict::Approved),
            decided_at: 1_000_200,
            decided_by: "{\"user\":\"u\"}".to_owned(),
            via: "page".to_owned(),
            comment: None,
        }],
        _ => vec![],
    };
    Commit {
        workspace: run.workspace.clone(),
        run_id: id.to_owned(),
        expected_seq: seq,
        at: 1_000_000,
        events: format!("[{{\"type\":\"step_finished\",\"output\":\"{}\"}}]", "e".repeat(500)),
        run,
        step_executions: vec![step],
        checkpoints,
        messages: vec![],
        proven: None,
        conversation_status: None,
        audit: if matches!(seq, 0 | 4) { vec![audit] } else { vec![] },
        pointed: None,
        inbound: None,
        wanted_by: None,
        outbound: Vec::new(),
        alert: false,
        idempotency: None,
    }
}

async fn drive(store: Store, worker: usize, stop: Arc<AtomicBool>, count: Arc<AtomicU64>, times: Arc<Mutex<Vec<f64>>>) {
    let mut number = 0_u64;
    let mut own = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let id = format!("0197a{worker:03x}-{number:08x}-7000-8000-{:08x}", std::process::id());
        for seq in 0..MOVES {
            let begun = Instant::now();
            store.commit(commit(&id, seq), Priority::Continue).await.unwrap();
            own.push(begun.elapsed().as_secs_f64() * 1e3);
            count.fetch_add(1, Ordering::Relaxed);
        }
        number += 1;
    }
    times.lock().unwrap().extend(own);
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "sqlite::memory:".to_owned());
    let in_flight: usize = arguments.next().map_or(64, |text| text.parse().unwrap());
    let seconds: u64 = arguments.next().map_or(5, |text| text.parse().unwrap());
    let mut config = StoreConfig::new(url);
    config.writers = arguments.next().map_or(config.writers, |text| text.parse().unwrap());
    let store = Store::open(&config).await.unwrap();
    store.migrate().await.unwrap();
    let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let times = Arc::new(Mutex::new(Vec::new()));
    let begun = Instant::now();
    let workers: Vec<_> = (0..in_flight)
        .map(|worker| tokio::spawn(drive(store.clone(), worker, stop.clone(), count.clone(), times.clone())))
        .collect();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    stop.store(true, Ordering::Relaxed);
    for worker in workers {
        worker.await.unwrap();
    }
    let elapsed = begun.elapsed().as_secs_f64();
    let mut times = std::mem::take(&mut *times.lock().unwrap());
    times.sort_by(f64::total_cmp);
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
    let commits = count.load(Ordering::Relaxed);
    println!(
        "{in_flight} in flight: {:.0} commits/s, {:.0} runs/s, latency p50 {:.1} ms, p99 {:.1} ms",
        commits as f64 / elapsed,
        commits as f64 / elapsed / MOVES as f64,
        at(0.5),
        at(0.99)
    );
    store.close().await;
}
