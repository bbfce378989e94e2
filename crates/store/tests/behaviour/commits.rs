//! Commits: the fence, decisions, idempotent starts, batches.

use countersign_store::testing::TestDatabase;
use countersign_store::*;
use futures::future::join_all;

use crate::fixtures::*;

fn conflict(result: Result<CommitOutcome>) -> Conflict {
    match result {
        Err(StoreError::Conflict(conflict)) => conflict,
        other => panic!("expected a conflict, got {other:?}"),
    }
}

fn start_with_key(run: &str, key: &str) -> Commit {
    let mut start = commit(run, 0);
    start.idempotency = Some(NewIdempotency {
        scope: "run.start".to_owned(),
        key: key.to_owned(),
        request_hash: "request".to_owned(),
        response_status: 201,
        response_body: format!("{{\"id\":\"{run}\"}}"),
    });
    start
}

pub async fn a_new_run_can_be_read_back(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let mut start = commit("r1", 0);
    start.step_executions = vec![step_execution("r1", 1, ExecutionStatus::Running)];
    start.checkpoints = vec![CheckpointChange::Open(Box::new(checkpoint("r1", 1)))];
    start.run.output = Some("{\"naïve\":\"✓\"}".to_owned());
    assert_eq!(written(&store, start.clone()).await, 1);

    let run = store.get_run(WORKSPACE, "r1").await.unwrap().unwrap();
    assert_eq!(run, RunRow { seq: 1, ..start.run });
    let events = store.run_events(WORKSPACE, "r1", 0).await.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].seq, events[0].at, events[0].events.as_str()), (1, 1_000, start.events.as_str()));
    assert_eq!(store.list_step_executions(WORKSPACE, "r1").await.unwrap(), start.step_executions);
    assert_eq!(store.get_checkpoint(WORKSPACE, "r1.1").await.unwrap().unwrap(), checkpoint("r1", 1));
    assert_eq!(store.find_checkpoint("r1.1").await.unwrap().unwrap(), checkpoint("r1", 1));
}

pub async fn a_stale_commit_writes_nothing(database: TestDatabase) {
    let store = database.open().await.unwrap();
    written(&store, commit("r1", 0)).await;
    written(&store, commit("r1", 1)).await;

    let mut stale = commit("r1", 1);
    stale.run.title = "stale".to_owned();
    stale.step_executions = vec![step_execution("r1", 1, ExecutionStatus::Completed)];
    stale.checkpoints = vec![CheckpointChange::Open(Box::new(checkpoint("r1", 1)))];
    stale.audit = vec![audit("run.moved")];
    let refused = conflict(store.commit(stale, Priority::Continue).await);
    assert_eq!(refused, Conflict::RunMoved { expected: 1, found: 2 });

    assert_eq!(store.get_run(WORKSPACE, "r1").await.unwrap().unwrap().title, "Run r1");
    assert_eq!(store.run_events(WORKSPACE, "r1", 0).await.unwrap().len(), 2);
    assert!(store.list_step_executions(WORKSPACE, "r1").await.unwrap().is_empty());
    assert!(store.get_checkpoint(WORKSPACE, "r1.1").await.unwrap().is_none());
    assert_eq!(store.verify_audit(WORKSPACE).await.unwrap().entries, 0);
}

pub async fn a_run_starts_once(database: TestDatabase) {
    let store = database.open().await.unwrap();
    written(&store, commit("r1", 0)).await;
    let refused = conflict(store.commit(commit("r1", 0), Priority::Start).await);
    assert_eq!(refused, Conflict::RunMoved { expected: 0, found: 1 });
}

pub async fn a_commit_needs_its_run(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let missing = store.commit(commit("r1", 3), Priority::Continue).await;
    assert!(matches!(missing, Err(StoreError::NotFound("run"))), "{missing:?}");
}

pub async fn of_concurrent_commits_one_wins(database: TestDatabase) {
    let store = database.open().await.unwrap();
    written(&store, commit("r1", 0)).await;
    let results = join_all((0..20).map(|_| store.commit(commit("r1", 1), Priority::Continue))).await;
    let won = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(won, 1);
    for lost in results.into_iter().filter(Result::is_err) {
        assert_eq!(conflict(lost), Conflict::RunMoved { expected: 1, found: 2 });
    }
    assert_eq!(store.run_events(WORKSPACE, "r1", 0).await.unwrap().len(), 2);
}

pub async fn commits_of_one_run_keep_their_order(database: TestDatabase) {
    let store = database.open().await.unwrap();
    // Submitted without waiting for one another; the queue keeps the order they were first polled in.
    let results = join_all((0..40).map(|seq| {
        let mut next = commit("r1", seq);
        next.run.step = Some(format!("after {seq}"));
        next.step_executions = vec![step_execution(
            "r1",
            1,
            if seq == 39 { ExecutionStatus::Completed } else { ExecutionStatus::Running },
        )];
        store.commit(next, Priority::Continue)
    }))
    .await;
    for (index, result) in results.into_iter().enumerate() {
        assert_eq!(result.unwrap(), CommitOutcome::Committed { seq: index as u64 + 1 });
    }
    assert_eq!(store.get_run(WORKSPACE, "r1").await.unwrap().unwrap().step.unwrap(), "after 39");
    assert_eq!(store.list_step_executions(WORKSPACE, "r1").await.unwrap()[0].status, ExecutionStatus::Completed);
    assert_eq!(store.run_events(WORKSPACE, "r1", 30).await.unwrap().len(), 10);
}

pub async fn a_conflict_fails_its_own_run_only(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let names: Vec<String> = (0..100).map(|index| format!("r{index:03}")).collect();
    join_all(names.iter().map(|name| written(&store, commit(name, 0)))).await;
    let results = join_all(names.iter().enumerate().map(|(index, name)| {
        let expected = if index % 10 == 7 { 5 } else { 1 };
        store.commit(commit(name, expected), Priority::Continue)
    }))
    .await;
    for (index, result) in results.into_iter().enumerate() {
        if index % 10 == 7 {
            assert_eq!(conflict(result), Conflict::RunMoved { expected: 5, found: 1 });
        } else {
            assert_eq!(result.unwrap(), CommitOutcome::Committed { seq: 2 });
        }
    }
}

pub async fn a_broken_commit_fails_alone(database: TestDatabase) {
    let store = database.open().await.unwrap();
    // The step execution's row is beyond repair only for the commit that touches it.
    written(&store, commit("r1", 0)).await;
    let mut opened = commit("r2", 0);
    opened.checkpoints = vec![CheckpointChange::Open(Box::new(checkpoint("r2", 1)))];
    written(&store, opened).await;
    store.raw("UPDATE checkpoints SET kind = 'nonsense' WHERE id = 'r2.1'").await.unwrap();

    let mut broken = commit("r2", 1);
    broken.checkpoints = vec![close("r2.1", "u-1")];
    let (good, bad, fresh) = tokio::join!(
        store.commit(commit("r1", 1), Priority::Continue),
        store.commit(broken, Priority::Continue),
        store.commit(commit("r3", 0), Priority::Start),
    );
    assert!(matches!(bad, Err(StoreError::Corrupt(_))), "{bad:?}");
    assert_eq!(good.unwrap(), CommitOutcome::Committed { seq: 2 });
    assert_eq!(fresh.unwrap(), CommitOutcome::Committed { seq: 1 });
}

async fn with_open_checkpoint(store: &Store, run: &str) {
    let mut start = commit(run, 0);
    start.checkpoints = vec![CheckpointChange::Open(Box::new(checkpoint(run, 1)))];
    written(store, start).await;
}

pub async fn a_checkpoint_is_decided_once(database: TestDatabase) {
    let store = database.open().await.unwrap();
    with_open_checkpoint(&store, "r1").await;
    let mut first = commit("r1", 1);
    first.checkpoints = vec![close("r1.1", "u-1")];
    written(&store, first).await;

    for late in [
        close("r1.1", "u-2"),
        CheckpointChange::Touch { id: "r1.1".to_owned(), due_at: Some(None), payload: None, assigned_to: None },
        CheckpointChange::Open(Box::new(checkpoint("r1", 1))),
    ] {
        let mut second = commit("r1", 2);
        second.checkpoints = vec![late];
        let Conflict::AlreadyDecided(row) = conflict(store.commit(second, Priority::Continue).await) else {
            panic!("expected AlreadyDecided")
        };
        assert_eq!(row.decided_by.as_deref(), Some("{\"user\":\"u-1\"}"));
        assert_eq!((row.decided_at, row.outcome.clone()), (Some(3_000), Some(approved())));
    }
    assert_eq!(store.get_run(WORKSPACE, "r1").await.unwrap().unwrap().seq, 2);
    let assigned = store.assign_checkpoint(WORKSPACE, "r1.1", Some("u-3"), vec![]).await;
    assert!(matches!(assigned, Err(StoreError::Conflict(Conflict::AlreadyDecided(_)))), "{assigned:?}");
}

pub async fn a_draft_is_kept_while_its_form_is_open(database: TestDatabase) {
    let store = database.open().await.unwrap();
    with_open_checkpoint(&store, "r1").await;
    assert!(!store.keep_form_draft(WORKSPACE, "r1.1", "{}").await.unwrap(), "an approval is no form");
    let mut start = commit("r2", 0);
    let form = CheckpointRow { kind: CheckpointKind::Form, ..checkpoint("r2", 1) };
    start.checkpoints = vec![CheckpointChange::Open(Box::new(form))];
    written(&store, start).await;
    let draft = async || store.get_checkpoint(WORKSPACE, "r2.1").await.unwrap().unwrap().draft;
    assert_eq!(draft().await, None);
    for text in [r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":2}"#] {
        assert!(store.keep_form_draft(WORKSPACE, "r2.1", text).await.unwrap());
        assert_eq!(draft().await.as_deref(), Some(text));
    }
    assert!(!store.keep_form_draft("another", "r2.1", "{}").await.unwrap(), "not from another workspace");
    assert!(!store.keep_form_draft(WORKSPACE, "r9.1", "{}").await.unwrap());
    store.assign_checkpoint(WORKSPACE, "r2.1", Some("u-1"), vec![]).await.unwrap();
    let mut touched = commit("r2", 1);
    touched.checkpoints =
        vec![CheckpointChange::Touch { id: "r2.1".to_owned(), due_at: Some(None), payload: None, assigned_to: None }];
    written(&store, touched).await;
    assert_eq!(draft().await.as_deref(), Some(r#"{"a":2}"#), "other changes leave it");
    let mut over = commit("r2", 2);
    over.checkpoints = vec![close_as("r2.1", "u-1", Outcome::Timeout)];
    written(&store, over).await;
    assert_eq!(draft().await, None, "gone with the form");
    assert!(!store.keep_form_draft(WORKSPACE, "r2.1", "{}").await.unwrap(), "too late");
    assert_eq!(draft().await, None);
}

pub async fn racing_decisions_have_one_winner(database: TestDatabase) {
    let store = database.open().await.unwrap();
    with_open_checkpoint(&store, "r1").await;
    let decide = |person: usize| {
        let store = store.clone();
        async move {
            let mut seq = 1;
            // A loser of the fence looks again, as the engine does; each round somebody moved the run.
            for _ in 0..20 {
                let mut decision = commit("r1", seq);
                decision.checkpoints = vec![close("r1.1", &format!("u-{person}"))];
                match store.commit(decision, Priority::Continue).await {
                    Ok(_) => return true,
                    Err(StoreError::Conflict(Conflict::RunMoved { found, .. })) => seq = found,
                    Err(StoreError::Conflict(Conflict::AlreadyDecided(_))) => return false,
                    Err(error) => panic!("{error}"),
                }
            }
            panic!("never got an answer")
        }
    };
    let winners = join_all((0..8).map(|person| tokio::spawn(decide(person)))).await;
    assert_eq!(winners.into_iter().filter(|won| *won.as_ref().unwrap()).count(), 1);
}

pub async fn touching_changes_only_what_is_named(database: TestDatabase) {
    let store = database.open().await.unwrap();
    with_open_checkpoint(&store, "r1").await;
    store.assign_checkpoint(WORKSPACE, "r1.1", Some("u-1"), vec![audit("checkpoint.assigned")]).await.unwrap();
    let mut touch = commit("r1", 1);
    touch.checkpoints = vec![CheckpointChange::Touch {
        id: "r1.1".to_owned(),
        due_at: Some(None),
        payload: Some("{\"approved_by\":[\"u-1\"]}".to_owned()),
        assigned_to: None,
    }];
    written(&store, touch).await;
    let row = store.get_checkpoint(WORKSPACE, "r1.1").await.unwrap().unwrap();
    assert_eq!(row.due_at, None);
    assert_eq!(row.payload, "{\"approved_by\":[\"u-1\"]}");
    assert_eq!(row.assigned_to.as_deref(), Some("u-1"));
    assert_eq!(row.status, CheckpointStatus::Open);

    // Opened and decided in one piece.
    let mut both = commit("r1", 2);
    both.checkpoints = vec![CheckpointChange::Open(Box::new(checkpoint("r1", 2))), close("r1.2", "u-1")];
    written(&store, both).await;
    let row = store.get_checkpoint(WORKSPACE, "r1.2").await.unwrap().unwrap();
    assert_eq!((row.status, row.via.as_deref()), (CheckpointStatus::Decided, Some("page")));
    let open = CheckpointFilter { status: Some(CheckpointStatus::Open), ..Default::default() };
    assert_eq!(store.tally_checkpoints(WORKSPACE, &open, 9).await.unwrap(), 1);
}

pub async fn a_checkpoint_belongs_to_its_run(database: TestDatabase) {
    let store = database.open().await.unwrap();
    with_open_checkpoint(&store, "r1").await;
    written(&store, commit("r2", 0)).await;
    let mut foreign = commit("r2", 1);
    foreign.checkpoints = vec![close("r1.1", "u-1")];
    let refused = store.commit(foreign, Priority::Continue).await;
    assert!(matches!(refused, Err(StoreError::NotFound("checkpoint"))), "{refused:?}");
    let open = store.get_checkpoint(WORKSPACE, "r1.1").await.unwrap().unwrap();
    assert_eq!(open.status, CheckpointStatus::Open);
}

pub async fn an_attempt_is_written_over(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let mut start = commit("r1", 0);
    start.step_executions = vec![step_execution("r1", 1, ExecutionStatus::Running)];
    written(&store, start).await;
    let mut end = commit("r1", 1);
    end.step_executions =
        vec![step_execution("r1", 1, ExecutionStatus::Failed), step_execution("r1", 2, ExecutionStatus::Running)];
    written(&store, end).await;
    let rows = store.list_step_executions(WORKSPACE, "r1").await.unwrap();
    let states: Vec<(u32, &str)> = rows.iter().map(|row| (row.attempt, row.status.as_str())).collect();
    assert_eq!(states, [(1, "failed"), (2, "running")]);
}

pub async fn an_idempotent_start_is_replayed(database: TestDatabase) {
    let store = database.open().await.unwrap();
    written(&store, start_with_key("r1", "key")).await;
    let again = store.commit(start_with_key("r2", "key"), Priority::Start).await.unwrap();
    let CommitOutcome::Replayed(row) = again else { panic!("expected a replay") };
    assert_eq!((row.run.as_deref(), row.response_status), (Some("r1"), Some(201)));
    assert_eq!(row.response_body.as_deref(), Some("{\"id\":\"r1\"}"));
    assert!(store.get_run(WORKSPACE, "r2").await.unwrap().is_none());
    // The same key in another workspace is another key.
    let mut elsewhere = start_with_key("r3", "key");
    elsewhere.workspace = OTHER.to_owned();
    written(&store, elsewhere).await;
}

pub async fn racing_idempotent_starts_make_one_run(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let names: Vec<String> = (0..12).map(|index| format!("r{index}")).collect();
    let results = join_all(names.iter().map(|name| store.commit(start_with_key(name, "key"), Priority::Start))).await;
    let committed = results.iter().filter(|result| matches!(result, Ok(CommitOutcome::Committed { .. }))).count();
    let replayed = results.iter().filter(|result| matches!(result, Ok(CommitOutcome::Replayed(_)))).count();
    assert_eq!((committed, replayed), (1, 11), "{results:?}");
    let runs = store.list_runs(WORKSPACE, &RunFilter::default(), &page(50)).await.unwrap();
    assert_eq!(runs.items.len(), 1);
}

pub async fn messages_get_positions_in_the_commit(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.create_conversation(&conversation("c1"), vec![]).await.unwrap();
    store.append_message(WORKSPACE, &message("m1", "c1"), vec![]).await.unwrap();
    let mut start = commit("r1", 0);
    start.messages = vec![message("m2", "c1"), message("m3", "c1")];
    start.conversation_status = Some(("c1".to_owned(), ConversationStatus::WithPerson));
    written(&store, start).await;
    let positions: Vec<(u64, String)> = store
        .list_messages(WORKSPACE, "c1", 0, 10)
        .await
        .unwrap()
        .into_iter()
        .map(|message| (message.position, message.id))
        .collect();
    assert_eq!(positions, [(1, "m1".to_owned()), (2, "m2".to_owned()), (3, "m3".to_owned())]);
    let row = store.get_conversation(WORKSPACE, "c1").await.unwrap().unwrap();
    assert_eq!((row.last_position, row.last_message_at), (3, Some(5_000)));
    assert_eq!(row.status, ConversationStatus::WithPerson);
}

pub async fn a_proven_customer_is_of_run_and_conversation(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.create_customer(&customer("ada"), vec![]).await.unwrap();
    store.create_conversation(&conversation("c1"), vec![]).await.unwrap();
    let mut start = commit("r1", 0);
    start.run.status = RunStatus::Running;
    start.run.conversation = Some("c1".to_owned());
    written(&store, start.clone()).await;
    // It goes on running: the run's customer is written all the same.
    let mut proven = Commit { expected_seq: 1, at: 2_000, proven: Some("ada".to_owned()), ..start.clone() };
    proven.run.customer = Some("ada".to_owned());
    let mut later = Commit { expected_seq: 2, at: 3_000, proven: None, ..proven.clone() };
    later.run.step = Some("later".to_owned());
    written(&store, proven).await;
    written(&store, later).await;
    let run = store.get_run(WORKSPACE, "r1").await.unwrap().unwrap();
    assert_eq!((run.customer.as_deref(), run.step.as_deref(), run.seq), (Some("ada"), Some("later"), 3));
    let row = store.get_conversation(WORKSPACE, "c1").await.unwrap().unwrap();
    assert_eq!(row.customer.as_deref(), Some("ada"));
    let of_ada = RunFilter { customer: vec!["ada".to_owned()], ..Default::default() };
    assert_eq!(store.list_runs(WORKSPACE, &of_ada, &page(10)).await.unwrap().items.len(), 1);
    // A conversation that is not there fails the commit.
    let mut foreign = commit("r2", 0);
    (foreign.proven, foreign.run.conversation) = (Some("ada".to_owned()), Some("gone".to_owned()));
    assert!(store.commit(foreign, Priority::Start).await.is_err());
}

pub async fn a_message_is_stored_once(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.create_conversation(&conversation("c1"), vec![]).await.unwrap();
    let mut start = commit("r1", 0);
    start.messages = vec![message("m1", "c1"), message("m1", "c1")];
    written(&store, start).await;
    let mut again = commit("r1", 1);
    again.messages = vec![message("m1", "c1"), message("m2", "c1")];
    written(&store, again).await;
    let messages = store.list_messages(WORKSPACE, "c1", 0, 10).await.unwrap();
    assert_eq!(messages.iter().map(|message| message.position).collect::<Vec<_>>(), [1, 2]);
}

pub async fn a_foreign_conversation_fails_the_commit(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let mut foreign = conversation("c1");
    foreign.workspace = OTHER.to_owned();
    store.create_conversation(&foreign, vec![]).await.unwrap();
    let mut start = commit("r1", 0);
    start.messages = vec![message("m1", "c1")];
    let refused = store.commit(start, Priority::Start).await;
    assert!(matches!(refused, Err(StoreError::NotFound("conversation"))), "{refused:?}");
    assert!(store.get_run(WORKSPACE, "r1").await.unwrap().is_none());
}

pub async fn everything_survives_a_reopening(database: TestDatabase) {
    let store = database.open().await.unwrap();
    written(&store, start_with_key("r1", "key")).await;
    store.append_audit(WORKSPACE, vec![audit("run.started")]).await.unwrap();
    store.close().await;

    let store = database.open().await.unwrap();
    assert_eq!(store.get_run(WORKSPACE, "r1").await.unwrap().unwrap().seq, 1);
    let again = store.commit(start_with_key("r2", "key"), Priority::Start).await.unwrap();
    assert!(matches!(again, CommitOutcome::Replayed(_)));
    store.append_audit(WORKSPACE, vec![audit("run.replayed")]).await.unwrap();
    let verdict = store.verify_audit(WORKSPACE).await.unwrap();
    assert_eq!((verdict.entries, verdict.broken_at), (2, None));
}

pub async fn closing_writes_what_is_queued(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let names: Vec<String> = (0..200).map(|index| format!("r{index}")).collect();
    let queued = names.iter().map(|name| {
        let store = store.clone();
        let start = commit(name, 0);
        tokio::spawn(async move { store.commit(start, Priority::Continue).await })
    });
    let queued: Vec<_> = queued.collect();
    tokio::task::yield_now().await;
    store.close().await;
    let results = join_all(queued).await;
    let accepted = results.into_iter().filter(|result| matches!(result, Ok(Ok(_)))).count();

    let store = database.open().await.unwrap();
    let counts = store.run_counts(WORKSPACE, None).await.unwrap();
    assert_eq!(counts.iter().map(|count| count.count).sum::<u64>(), accepted as u64);
}
