//! Lists and counts that stay bounded, views, and what the dashboard reads.

use countersign_store::testing::TestDatabase;
use countersign_store::*;

use crate::fixtures::*;

pub async fn a_run_that_cannot_be_read_hides_no_other(database: TestDatabase) {
    let store = database.open().await.unwrap();
    for (index, run) in ["r1", "r2", "r3", "r4"].into_iter().enumerate() {
        let mut start = commit(run, 0);
        start.run.started_at = 1_000 + index as i64;
        written(&store, start).await;
    }
    store.raw("UPDATE runs SET status = 'nonsense' WHERE id = 'r2'").await.unwrap();
    store.raw("UPDATE runs SET version = -1 WHERE id = 'r3'").await.unwrap();
    let all = store.page_runs(WORKSPACE, &RunFilter::default(), &page(50)).await.unwrap();
    assert_eq!(all.items.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(), ["r4", "r1"]);
    let lost: Vec<_> = all.unreadable.iter().map(|lost| (lost.id.as_str(), lost.started_at)).collect();
    assert_eq!(lost, [("r3", Some(1_002)), ("r2", Some(1_001))]);
    assert!(all.unreadable[1].reason.contains("nonsense"), "{:?}", all.unreadable);
    let mut request = page(1);
    let mut seen = Vec::new();
    for _ in 0..10 {
        let part = store.page_runs(WORKSPACE, &RunFilter::default(), &request).await.unwrap();
        seen.extend(part.items.iter().map(|run| run.id.clone()));
        seen.extend(part.unreadable.iter().map(|lost| lost.id.clone()));
        match part.next {
            Some(next) => request.after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, ["r4", "r3", "r2", "r1"], "pages go on over it");
    let strict = store.list_runs(WORKSPACE, &RunFilter::default(), &page(50)).await;
    assert!(matches!(strict, Err(StoreError::Corrupt(_))));
}

pub async fn a_word_that_means_nothing_is_an_error_where_it_is_read(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let mut start = commit("r1", 0);
    start.run.waiting_for = Some(WaitingFor::Approval);
    start.step_executions = vec![step_execution("r1", 1, ExecutionStatus::Completed)];
    start.checkpoints = vec![CheckpointChange::Open(Box::new(checkpoint("r1", 1)))];
    written(&store, start).await;
    let mut end = commit("r1", 1);
    end.checkpoints = vec![close("r1.1", "u-1")];
    written(&store, end).await;
    assert_eq!(store.get_checkpoint(WORKSPACE, "r1.1").await.unwrap().unwrap().outcome, Some(approved()));
    let span = Span { workflow: None, after: 0, before: 9_000 };

    // What a form can be says nothing about an approval.
    for word in ["aproved", "submitted", "returned", ""] {
        store.raw(&format!("UPDATE checkpoints SET outcome = '{word}' WHERE id = 'r1.1'")).await.unwrap();
        let says = |what: String| {
            assert!(what.contains("checkpoints.outcome") && what.contains(&format!("{word:?}")), "{what}")
        };
        says(store.get_checkpoint(WORKSPACE, "r1.1").await.unwrap_err().to_string());
        says(store.approval_waits(WORKSPACE, &span).await.unwrap_err().to_string());
        let mut late = commit("r1", 2);
        late.checkpoints = vec![close("r1.1", "u-2")];
        says(store.commit(late, Priority::Continue).await.unwrap_err().to_string());
    }
    store.raw("UPDATE checkpoints SET kind = 'handoff', outcome = 'aproved' WHERE id = 'r1.1'").await.unwrap();
    let row = store.get_checkpoint(WORKSPACE, "r1.1").await.unwrap().unwrap();
    assert_eq!(row.outcome.unwrap().word(), "aproved", "the author of a handoff names its outcomes");

    store.raw("UPDATE step_executions SET status = 'skipped' WHERE run = 'r1'").await.unwrap();
    let error = store.list_step_executions(WORKSPACE, "r1").await.unwrap_err().to_string();
    assert!(error.contains("step_executions.status") && error.contains("skipped"), "{error}");
    store.raw("UPDATE runs SET waiting_for = 'godot' WHERE id = 'r1'").await.unwrap();
    let error = store.get_run(WORKSPACE, "r1").await.unwrap_err().to_string();
    assert!(error.contains("runs.waiting_for") && error.contains("godot"), "{error}");
}

pub async fn a_workflow_says_how_it_fares(database: TestDatabase) {
    let store = database.open().await.unwrap();
    for id in ["w1", "quiet"] {
        store.create_workflow(&workflow(id, id), vec![]).await.unwrap();
    }
    let ends = [RunStatus::Failed; 10].into_iter().chain([RunStatus::Completed; 45]).chain([RunStatus::Cancelled]);
    for (index, status) in ends.enumerate() {
        let mut start = commit(&format!("r{index:02}"), 0);
        start.run.workflow = "w1".to_owned();
        (start.run.status, start.run.started_at) = (status, 1_000 + index as i64);
        written(&store, start).await;
    }
    let standings = store.workflow_standings(WORKSPACE, &["w1", "quiet"]).await.unwrap();
    let of = |run: &Option<RunBrief>| run.as_ref().map(|run| run.id.clone());
    let busy = &standings["w1"];
    assert_eq!((of(&busy.last).as_deref(), of(&busy.last_failed).as_deref()), (Some("r55"), Some("r09")));
    assert_eq!((busy.ended, busy.failed), (50, 5), "the newest fifty that ended, without those that were cancelled");
    assert_eq!(standings["quiet"], WorkflowStanding::default());
    assert_eq!(store.workflow_standings(WORKSPACE, &["quiet"]).await.unwrap().len(), 1);
    assert!(store.workflow_standings(OTHER, &["w1"]).await.unwrap().is_empty());
}

pub async fn a_search_looks_at_a_bounded_part_at_a_time(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let mut old = commit("old", 0);
    old.run.started_at = 10;
    old.run.title = "The needle".to_owned();
    written(&store, old).await;
    let columns = "id, workspace, workflow, version, status, seq, \"trigger\", title, started_at, updated_at";
    let many = Store::looked_at_max() + 500;
    store
        .raw(&format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many}) \
             INSERT INTO runs ({columns}) SELECT 'x' || i, '{WORKSPACE}', 'wf-1', 1, \
             CASE WHEN i % 3 = 0 THEN 'failed' ELSE 'completed' END, 1, 'api', 'Hay', 1000 + i, 1000 FROM n"
        ))
        .await
        .unwrap();
    let needle = RunFilter { text: Some("needle".to_owned()), ..RunFilter::default() };
    let first = store.page_runs(WORKSPACE, &needle, &page(50)).await.unwrap();
    assert!(first.items.is_empty() && first.next.is_some(), "{first:?}");
    let second = store.page_runs(WORKSPACE, &needle, &PageRequest { after: first.next, limit: 50 }).await.unwrap();
    assert_eq!(second.items.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(), ["old"]);
    assert_eq!(second.next, None);

    let tally = store.tally_runs(WORKSPACE, &RunFilter::default()).await.unwrap();
    let completed = tally.counts.iter().find(|(status, _)| *status == RunStatus::Completed).unwrap().1;
    assert_eq!((completed, tally.at_least), (u64::from(many - many / 3), false));
    let hay = RunFilter { text: Some("hay".to_owned()), ..RunFilter::default() };
    let tally = store.tally_runs(WORKSPACE, &hay).await.unwrap();
    assert!(tally.at_least);
    assert_eq!(tally.counts.iter().map(|(_, count)| count).sum::<u64>(), u64::from(Store::looked_at_max()));
    let failed = RunFilter { customer: vec!["ada".to_owned()], ..RunFilter::default() };
    assert_eq!(store.tally_runs(WORKSPACE, &failed).await.unwrap(), RunTally::default());
}

pub async fn several_runs_are_read_at_once(database: TestDatabase) {
    let store = database.open().await.unwrap();
    for run in ["r1", "r2", "r3"] {
        for seq in 0..3 {
            written(&store, commit(run, seq)).await;
        }
    }
    store.raw("DELETE FROM run_events WHERE run = 'r2' AND seq = 2").await.unwrap();
    let rows = store.get_runs(WORKSPACE, &["r1", "r3", "nobody"]).await.unwrap();
    assert_eq!(rows.len(), 2);
    let logs = store.run_events_of(WORKSPACE, &["r1", "r2", "nobody"]).await.unwrap();
    assert_eq!(logs["r1"].as_ref().unwrap().len(), 3);
    assert!(matches!(&logs["r2"], Err(StoreError::Corrupt(_))));
    assert!(!logs.contains_key("nobody"));
    assert!(store.get_runs(OTHER, &["r1"]).await.unwrap().is_empty());
    assert!(store.run_events_of(OTHER, &["r1"]).await.unwrap().is_empty());
}

pub async fn customers_are_named_by_a_text(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.create_customer(&customer("ada"), vec![]).await.unwrap();
    for text in ["ada@EXAMPLE.com", "+15550100", "crm-ada", "da Exam"] {
        assert_eq!(store.customers_named(WORKSPACE, text).await.unwrap(), ["ada"], "{text}");
    }
    assert!(store.customers_named(WORKSPACE, "grace").await.unwrap().is_empty());
    assert!(store.customers_named(OTHER, "ada").await.unwrap().is_empty());
    assert_eq!(store.get_customers(WORKSPACE, &["ada", "nobody"]).await.unwrap().len(), 1);
    assert!(store.get_customers(OTHER, &["ada"]).await.unwrap().is_empty());
    // However many are asked for.
    let nobody: Vec<String> = (0..450).map(|number| format!("nobody-{number}")).collect();
    let many: Vec<&str> = nobody.iter().map(String::as_str).chain(["ada"]).collect();
    assert_eq!(store.get_customers(WORKSPACE, &many).await.unwrap().len(), 1);
}

fn view(id: &str, user: &str, name: &str) -> SavedViewRow {
    SavedViewRow {
        id: id.to_owned(),
        workspace: WORKSPACE.to_owned(),
        user_id: user.to_owned(),
        name: name.to_owned(),
        search: "{\"status\":\"failed\"}".to_owned(),
        created_at: 1,
    }
}

pub async fn saved_views_are_personal(database: TestDatabase) {
    let store = database.open().await.unwrap();
    assert!(store.create_saved_view(&view("v1", "ada", "Failed"), vec![]).await.unwrap());
    assert!(store.create_saved_view(&view("v2", "grace", "Failed"), vec![]).await.unwrap());
    let twice = store.create_saved_view(&view("v3", "ada", "Failed"), vec![]).await;
    assert!(matches!(twice, Err(StoreError::AlreadyExists("view"))), "{twice:?}");
    assert_eq!(store.list_saved_views(WORKSPACE, "ada").await.unwrap(), [view("v1", "ada", "Failed")]);
    assert!(store.list_saved_views(OTHER, "ada").await.unwrap().is_empty());
    store.update_saved_view(&view("v1", "ada", "Broken"), vec![]).await.unwrap();
    assert_eq!(store.get_saved_view(WORKSPACE, "ada", "v1").await.unwrap().unwrap().name, "Broken");
    assert!(store.get_saved_view(WORKSPACE, "grace", "v1").await.unwrap().is_none());
    for (workspace, user) in [(WORKSPACE, "grace"), (OTHER, "ada")] {
        let foreign = store.delete_saved_view(workspace, user, "v1", vec![]).await;
        assert!(matches!(foreign, Err(StoreError::NotFound("view"))), "{foreign:?}");
    }
    store.delete_saved_view(WORKSPACE, "ada", "v1", vec![]).await.unwrap();
    for number in 0..50 {
        assert!(
            store.create_saved_view(&view(&format!("n{number}"), "ada", &number.to_string()), vec![]).await.unwrap()
        );
    }
    assert!(!store.create_saved_view(&view("more", "ada", "one more"), vec![]).await.unwrap());
}

pub async fn the_dashboard_adds_up(database: TestDatabase) {
    let store = database.open().await.unwrap();
    for index in 0..12_i64 {
        let id = format!("r{index:02}");
        let mut start = commit(&id, 0);
        start.run.started_at = 1_000 + index * 100;
        start.run.status = if index % 4 == 0 { RunStatus::Failed } else { RunStatus::Completed };
        start.run.error_code = (index % 4 == 0).then(|| "http_500".to_owned());
        let mut step = step_execution(&id, 1, ExecutionStatus::Completed);
        step.started_at = 5_000;
        step.ended_at = Some(5_000 + index);
        start.step_executions = vec![step];
        if index < 3 {
            start.checkpoints =
                vec![CheckpointChange::Open(Box::new(checkpoint(&id, 1))), close(&format!("{id}.1"), "u")];
        }
        written(&store, start).await;
    }
    let span = Span { workflow: None, after: 1_000, before: 2_000 };
    let buckets = store.runs_over_time(WORKSPACE, &span, 500).await.unwrap();
    let of = |at: i64, status: RunStatus| {
        buckets.iter().filter(|one| one.at == at && one.status == status).map(|one| one.count).sum::<u64>()
    };
    assert_eq!((of(1_000, RunStatus::Failed), of(1_000, RunStatus::Completed)), (2, 3));
    assert_eq!((of(1_500, RunStatus::Failed), of(1_500, RunStatus::Completed)), (1, 4));
    let mut took: Vec<i64> = store.step_times(WORKSPACE, &span).await.unwrap().iter().map(|one| one.took_ms).collect();
    took.sort_unstable();
    assert_eq!(took, (0..10).collect::<Vec<_>>());
    let failing = store.failing_steps(WORKSPACE, &span).await.unwrap();
    assert_eq!(failing.len(), 1);
    assert_eq!((failing[0].count, failing[0].step.as_str(), failing[0].last_run.as_str()), (3, "verify", "r08"));
    let waits = store.approval_waits(WORKSPACE, &Span { after: 0, before: 9_000, ..span.clone() }).await.unwrap();
    assert_eq!(waits.len(), 3);
    assert_eq!((waits[0].opened_at, waits[0].decided_at, &waits[0].outcome), (2_001, 3_000, &approved()));
    let other = Span { workflow: Some("wf-9".to_owned()), ..span.clone() };
    assert!(store.step_times(WORKSPACE, &other).await.unwrap().is_empty());
    assert!(store.runs_over_time(OTHER, &span, 500).await.unwrap().is_empty());
    assert!(store.step_times(OTHER, &span).await.unwrap().is_empty());
    assert!(store.failing_steps(OTHER, &span).await.unwrap().is_empty());
    assert!(store.approval_waits(OTHER, &Span { after: 0, before: 9_000, ..span }).await.unwrap().is_empty());
}
