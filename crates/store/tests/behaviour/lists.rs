//! Lists, filters, counts, timers, claims.

use std::collections::BTreeSet;

use countersign_store::testing::TestDatabase;
use countersign_store::*;
use futures::future::join_all;

use crate::fixtures::*;

/// 60 runs; start times repeat, statuses and workflows rotate.
async fn fill(store: &Store) {
    join_all((0..60).map(|index| {
        let mut start = commit(&format!("r{index:02}"), 0);
        start.run.started_at = 1_000 + i64::from(index / 4);
        start.run.status = RunStatus::ALL[index as usize % RunStatus::ALL.len()];
        start.run.workflow = format!("wf-{}", index % 2);
        start.run.version = 1 + (index as u32 / 2) % 2;
        start.run.customer = (index % 5 == 0).then(|| "ada".to_owned());
        start.run.error_code = (start.run.status == RunStatus::Failed).then(|| "http_500".to_owned());
        start.run.title = if index == 33 { "50% Off_er Ada".to_owned() } else { format!("Run {index}") };
        written(store, start)
    }))
    .await;
}

async fn all_pages(store: &Store, filter: &RunFilter, limit: u32) -> Vec<RunRow> {
    let mut request = page(limit);
    let mut all = Vec::new();
    for _ in 0..100 {
        let part = store.list_runs(WORKSPACE, filter, &request).await.unwrap();
        assert!(part.items.len() <= limit as usize);
        all.extend(part.items);
        match part.next {
            Some(next) => request.after = Some(next),
            None => return all,
        }
    }
    panic!("the list does not end")
}

pub async fn runs_come_in_pages_newest_first(database: TestDatabase) {
    let store = database.open().await.unwrap();
    fill(&store).await;
    for limit in [1, 7, 60, 200] {
        let all = all_pages(&store, &RunFilter::default(), limit).await;
        assert_eq!(all.len(), 60, "limit {limit}");
        let keys: Vec<_> = all.iter().map(|run| (run.started_at, run.id.clone())).collect();
        let mut sorted = keys.clone();
        sorted.sort_by(|left, right| right.cmp(left));
        assert_eq!(keys, sorted);
    }
    let none = store.list_runs(WORKSPACE, &RunFilter::default(), &page(0)).await.unwrap();
    assert_eq!(none.items.len(), 1, "the limit is clamped");
}

pub async fn run_filters_narrow(database: TestDatabase) {
    let store = database.open().await.unwrap();
    fill(&store).await;
    let everything = all_pages(&store, &RunFilter::default(), 200).await;
    type Expected = fn(&RunRow) -> bool;
    let filters: Vec<(RunFilter, Expected)> = vec![
        (RunFilter { workflow: Some("wf-1".into()), ..Default::default() }, |run| run.workflow == "wf-1"),
        (RunFilter { version: Some(2), ..Default::default() }, |run| run.version == 2),
        (RunFilter { status: vec![RunStatus::Waiting], ..Default::default() }, |run| run.status == RunStatus::Waiting),
        (RunFilter { status: vec![RunStatus::Failed, RunStatus::Completed], ..Default::default() }, |run| {
            matches!(run.status, RunStatus::Failed | RunStatus::Completed)
        }),
        (RunFilter { customer: vec!["ada".into()], ..Default::default() }, |run| run.customer.is_some()),
        (RunFilter { customer: vec!["ada".into()], status: vec![RunStatus::Running], ..Default::default() }, |run| {
            run.customer.is_some() && run.status == RunStatus::Running
        }),
        (RunFilter { error_code: Some("http_500".into()), ..Default::default() }, |run| run.error_code.is_some()),
        (RunFilter { started_after: Some(1_003), started_before: Some(1_006), ..Default::default() }, |run| {
            (1_003..1_006).contains(&run.started_at)
        }),
        (RunFilter { step: Some("verify".into()), ..Default::default() }, |_| true),
        (RunFilter { step: Some("nowhere".into()), ..Default::default() }, |_| false),
        (RunFilter { conversation: Some("c1".into()), ..Default::default() }, |_| false),
        (RunFilter { text: Some("0% off_er a".into()), ..Default::default() }, |run| run.id == "r33"),
        (RunFilter { text: Some("r_3".into()), ..Default::default() }, |_| false),
        (RunFilter { text: Some("r07".into()), ..Default::default() }, |run| run.id == "r07"),
    ];
    for (filter, expected) in filters {
        let found: Vec<_> = all_pages(&store, &filter, 3).await.into_iter().map(|run| run.id).collect();
        let wanted: Vec<_> = everything.iter().filter(|run| expected(run)).map(|run| run.id.clone()).collect();
        assert_eq!(found, wanted, "{filter:?}");
        let counted: u64 =
            store.count_runs_by_status(WORKSPACE, &filter).await.unwrap().iter().map(|(_, count)| count).sum();
        assert_eq!(counted, wanted.len() as u64, "{filter:?}");
    }
}

pub async fn run_counts_add_up(database: TestDatabase) {
    let store = database.open().await.unwrap();
    fill(&store).await;
    let all = store.run_counts(WORKSPACE, None).await.unwrap();
    assert_eq!(all.iter().map(|count| count.count).sum::<u64>(), 60);
    let one = store.run_counts(WORKSPACE, Some("wf-0")).await.unwrap();
    assert_eq!(one.iter().map(|count| count.count).sum::<u64>(), 30);
    assert!(one.iter().all(|count| count.workflow == "wf-0"));
    let active = store.active_run_counts(WORKSPACE).await.unwrap();
    assert_eq!(active.iter().map(|count| count.count).sum::<u64>(), 20);
    assert!(active.iter().all(|count| !count.status.is_final()));
}

pub async fn timers_come_due_in_order(database: TestDatabase) {
    let store = database.open().await.unwrap();
    assert_eq!(store.next_wake_at().await.unwrap(), None);
    for (run, workspace, wake_at) in
        [("r1", WORKSPACE, Some(300)), ("r2", OTHER, Some(100)), ("r3", WORKSPACE, None), ("r4", WORKSPACE, Some(200))]
    {
        let mut start = commit(run, 0);
        start.workspace = workspace.to_owned();
        start.run.wake_at = wake_at;
        written(&store, start).await;
    }
    assert_eq!(store.next_wake_at().await.unwrap(), Some(100));
    let ids = |runs: Vec<RunRow>| runs.into_iter().map(|run| run.id).collect::<Vec<_>>();
    assert_eq!(ids(store.due_runs(200, 10).await.unwrap()), ["r2", "r4"]);
    assert_eq!(ids(store.due_runs(1_000, 2).await.unwrap()), ["r2", "r4"]);
    assert!(store.due_runs(99, 10).await.unwrap().is_empty());
}

pub async fn orphans_are_claimed_once(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.sign_on("dead").await.unwrap();
    store.raw(&silent("dead", 10_000)).await.unwrap();
    store.sign_on("alive").await.unwrap();
    for index in 0..30 {
        let mut start = commit(&format!("r{index:02}"), 0);
        start.run.node = match index % 3 {
            0 => Some(if index % 2 == 0 { "dead" } else { "never heard of" }.to_owned()),
            1 => Some("alive".to_owned()),
            _ => None,
        };
        start.run.status = if index < 24 { RunStatus::Running } else { RunStatus::Waiting };
        written(&store, start).await;
    }
    for node in 0..6 {
        store.sign_on(&format!("node-{node}")).await.unwrap();
    }
    let claims = join_all((0..6).map(|node| {
        let store = store.clone();
        async move { store.claim_orphans(&format!("node-{node}"), Some(5_000), 4).await.unwrap() }
    }))
    .await;
    let mut seen = BTreeSet::new();
    for run in claims.iter().flatten() {
        assert!(run.node.as_ref().unwrap().starts_with("node-"));
        assert!(seen.insert(run.id.clone()), "{} was claimed twice", run.id);
    }
    assert_eq!(seen.len(), 16, "all running runs of the dead node and of none");
    assert!(store.claim_orphans("late", Some(5_000), 10).await.unwrap().is_empty());

    let alive = store.running_runs(Some("alive"), None, 5).await.unwrap();
    assert_eq!(alive.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(), ["r01", "r04", "r07", "r10", "r13"]);
    let rest = store.running_runs(Some("alive"), Some("r13"), 50).await.unwrap();
    assert_eq!(rest.len(), 3);
    assert_eq!(store.running_runs(None, None, 100).await.unwrap().len(), 24);
    // With the file to itself, a process is alone.
    let rest = store.claim_orphans("late", None, 100).await.unwrap();
    assert_eq!(rest.len(), 24);
}

pub async fn checkpoints_come_in_pages(database: TestDatabase) {
    let store = database.open().await.unwrap();
    for index in 0..25_u32 {
        let run = format!("r{index:02}");
        let mut start = commit(&run, 0);
        let mut row = checkpoint(&run, 1);
        row.opened_at = 2_000 + i64::from(index / 3);
        row.kind = CheckpointKind::ALL[index as usize % 4];
        row.customer = (index % 2 == 0).then(|| "ada".to_owned());
        start.checkpoints = vec![CheckpointChange::Open(Box::new(row))];
        if index % 5 == 0 {
            start.checkpoints.push(close_as(&format!("{run}.1"), "u-1", Outcome::Timeout));
        }
        written(&store, start).await;
    }
    let mut request = page(4);
    let filter = CheckpointFilter { status: Some(CheckpointStatus::Open), ..Default::default() };
    let mut keys = Vec::new();
    for _ in 0..20 {
        let part = store.list_checkpoints(WORKSPACE, &filter, &request).await.unwrap();
        keys.extend(part.items.into_iter().map(|row| (row.opened_at, row.id)));
        match part.next {
            Some(next) => request.after = Some(next),
            None => break,
        }
    }
    assert_eq!(keys.len(), 20);
    assert!(keys.windows(2).all(|pair| pair[0] > pair[1]));

    let filter = CheckpointFilter {
        kind: vec![CheckpointKind::Form, CheckpointKind::Handoff],
        customer: vec!["ada".to_owned()],
        ..Default::default()
    };
    let found = store.list_checkpoints(WORKSPACE, &filter, &page(200)).await.unwrap().items;
    assert_eq!(found.len(), 13);
    let of_run = CheckpointFilter { run: Some("r07".to_owned()), ..Default::default() };
    assert_eq!(store.list_checkpoints(WORKSPACE, &of_run, &page(10)).await.unwrap().items.len(), 1);
    let open = CheckpointFilter { status: Some(CheckpointStatus::Open), ..Default::default() };
    assert_eq!(store.tally_checkpoints(WORKSPACE, &open, 100).await.unwrap(), 20);
}

pub async fn cursors_survive_being_text(database: TestDatabase) {
    let store = database.open().await.unwrap();
    fill(&store).await;
    let first = store.list_runs(WORKSPACE, &RunFilter::default(), &page(5)).await.unwrap();
    let cursor = first.next.unwrap();
    let parsed: Cursor = cursor.to_string().parse().unwrap();
    assert_eq!(parsed, cursor);
    assert!("nonsense".parse::<Cursor>().is_err());
    let request = PageRequest { after: Some(parsed), limit: 5 };
    let second = store.list_runs(WORKSPACE, &RunFilter::default(), &request).await.unwrap();
    assert!(first.items.iter().all(|run| !second.items.contains(run)));
}
