//! Drafts, versions, the active pointer, test cases, schedules.

use std::collections::BTreeSet;

use countersign_store::testing::TestDatabase;
use countersign_store::*;
use futures::future::join_all;

use crate::fixtures::*;

fn save(expected_revision: u64, draft: &str) -> SaveDraft {
    SaveDraft {
        workspace: WORKSPACE.to_owned(),
        workflow: "wf-1".to_owned(),
        name: "Upgrade".to_owned(),
        draft: draft.to_owned(),
        expected_revision,
        at: 3_000,
        by: Some("user:u-2".to_owned()),
    }
}

fn activate(version: u32) -> Activate {
    Activate {
        workspace: WORKSPACE.to_owned(),
        workflow: "wf-1".to_owned(),
        version,
        by: "user:u-1".to_owned(),
        expected_active: None,
        at: 5_000,
        message: None,
    }
}

pub async fn a_draft_is_not_overwritten(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.create_workflow(&workflow("wf-1", "Upgrade"), vec![audit("workflow.created")]).await.unwrap();
    assert_eq!(store.save_draft(&save(1, "{\"a\":1}"), vec![]).await.unwrap(), 2);
    let late = store.save_draft(&save(1, "{\"b\":1}"), vec![]).await;
    assert!(matches!(late, Err(StoreError::Conflict(Conflict::DraftChanged { revision: 2 }))), "{late:?}");
    let row = store.get_workflow(WORKSPACE, "wf-1").await.unwrap().unwrap();
    assert_eq!((row.draft.as_str(), row.draft_revision, row.draft_updated_at), ("{\"a\":1}", 2, 3_000));

    let results = join_all((0..10).map(|_| {
        let store = store.clone();
        async move { store.save_draft(&save(2, "{}"), vec![]).await }
    }))
    .await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let missing = store.save_draft(&SaveDraft { workflow: "wf-9".to_owned(), ..save(1, "{}") }, vec![]).await;
    assert!(matches!(missing, Err(StoreError::NotFound("workflow"))), "{missing:?}");
}

pub async fn racing_publishes_get_their_own_numbers(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.create_workflow(&workflow("wf-1", "Upgrade"), vec![]).await.unwrap();
    let entry = |version: u32| vec![NewAudit { detail: version.to_string(), ..audit("workflow.published") }];
    let numbers = join_all((0..8).map(|index| {
        let store = store.clone();
        async move { store.publish(&publish("wf-1", &format!("{{\"n\":{index}}}")), &entry).await.unwrap() }
    }))
    .await;
    assert_eq!(numbers.iter().copied().collect::<BTreeSet<_>>(), (1..=8).collect());

    let row = store.get_workflow(WORKSPACE, "wf-1").await.unwrap().unwrap();
    assert_eq!((row.last_version, row.active_version), (8, Some(8)));
    let versions = store.list_versions(WORKSPACE, "wf-1").await.unwrap();
    assert_eq!(versions.iter().map(|version| version.version).collect::<Vec<_>>(), [8, 7, 6, 5, 4, 3, 2, 1]);
    for (index, number) in numbers.iter().enumerate() {
        let version = store.get_version(WORKSPACE, "wf-1", *number).await.unwrap().unwrap();
        assert_eq!(version.document, format!("{{\"n\":{index}}}"));
    }
    let recorded: BTreeSet<_> =
        store.export_audit(WORKSPACE, 0, 100).await.unwrap().into_iter().map(|entry| entry.detail).collect();
    assert_eq!(recorded, (1..=8).map(|number| number.to_string()).collect());
}

pub async fn a_list_says_what_is_published(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let brief = async || store.list_workflow_briefs(WORKSPACE, false).await.unwrap().remove(0);
    store.create_workflow(&workflow("wf-1", "Upgrade"), vec![]).await.unwrap();
    let expected = WorkflowBrief {
        id: "wf-1".to_owned(),
        name: "Upgrade".to_owned(),
        active_version: None,
        draft_revision: 1,
        draft_updated_at: 1_000,
        archived_at: None,
        triggers: vec![],
        has_unpublished_changes: true,
    };
    assert_eq!(brief().await, expected);
    let document = r#"{"triggers":[{"type":"api"},{"type":"message","when":"true"},{"type":"api"}]}"#;
    store.save_draft(&save(1, document), vec![]).await.unwrap();
    store.publish(&publish("wf-1", document), &no_audit).await.unwrap();
    let published = brief().await;
    assert_eq!((published.active_version, published.has_unpublished_changes), (Some(1), false));
    assert_eq!(published.triggers, ["api", "message"]);
    store.save_draft(&save(2, "{}"), vec![]).await.unwrap();
    let changed = brief().await;
    assert_eq!((changed.draft_revision, changed.has_unpublished_changes), (3, true));
    assert_eq!(changed.triggers, ["api", "message"], "of what is active");
    for (document, triggers) in [("{\"triggers\":1}", 0), ("[]", 0), ("{\"triggers\":[{\"type\":\"webhook\"}]}", 1)] {
        store.publish(&publish("wf-1", document), &no_audit).await.unwrap();
        assert_eq!(brief().await.triggers.len(), triggers, "{document}");
    }
}

pub async fn publish_and_rollback_move_the_pointer(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.create_workflow(&workflow("wf-1", "Upgrade"), vec![]).await.unwrap();
    store.publish(&publish("wf-1", "{\"n\":1}"), &no_audit).await.unwrap();
    store.publish(&publish("wf-1", "{\"n\":2}"), &no_audit).await.unwrap();
    store.activate(&activate(1), vec![audit("workflow.rolled_back")]).await.unwrap();

    let row = store.get_workflow(WORKSPACE, "wf-1").await.unwrap().unwrap();
    assert_eq!((row.last_version, row.active_version), (2, Some(1)));
    let moves: Vec<_> = store
        .list_activations(WORKSPACE, "wf-1")
        .await
        .unwrap()
        .into_iter()
        .map(|entry| (entry.position, entry.version, entry.kind))
        .collect();
    assert_eq!(
        moves,
        [(3, 1, ActivationKind::Rollback), (2, 2, ActivationKind::Publish), (1, 1, ActivationKind::Publish)]
    );
    let missing = store.activate(&activate(7), vec![]).await;
    assert!(matches!(missing, Err(StoreError::NotFound("version"))), "{missing:?}");
    let missing = store.activate(&Activate { workflow: "wf-9".to_owned(), ..activate(1) }, vec![]).await;
    assert!(matches!(missing, Err(StoreError::NotFound("workflow"))), "{missing:?}");
    // The number after a rollback is still the next one.
    assert_eq!(store.publish(&publish("wf-1", "{\"n\":3}"), &no_audit).await.unwrap(), 3);
}

pub async fn an_unexpected_active_version_is_refused(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.create_workflow(&workflow("wf-1", "Upgrade"), vec![]).await.unwrap();
    let first = Publish { expected_active: Some(None), ..publish("wf-1", "{}") };
    store.publish(&first, &no_audit).await.unwrap();
    let late = store.publish(&first, &no_audit).await;
    assert!(matches!(late, Err(StoreError::Conflict(Conflict::ActiveChanged { active: Some(1) }))), "{late:?}");
    let late = store.activate(&Activate { expected_active: Some(Some(4)), ..activate(1) }, vec![]).await;
    assert!(matches!(late, Err(StoreError::Conflict(Conflict::ActiveChanged { active: Some(1) }))), "{late:?}");
    store.activate(&Activate { expected_active: Some(Some(1)), ..activate(1) }, vec![]).await.unwrap();
    assert_eq!(store.list_versions(WORKSPACE, "wf-1").await.unwrap().len(), 1);
}

pub async fn names_are_unique_until_archived(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.create_workflow(&workflow("wf-1", "Upgrade"), vec![]).await.unwrap();
    let taken = store.create_workflow(&workflow("wf-2", "Upgrade"), vec![audit("workflow.created")]).await;
    assert!(matches!(taken, Err(StoreError::AlreadyExists("workflow"))), "{taken:?}");
    assert_eq!(store.verify_audit(WORKSPACE).await.unwrap().entries, 0, "nothing of a refused write stays");

    store.archive_workflow(WORKSPACE, "wf-1", Some(9_000), vec![]).await.unwrap();
    store.create_workflow(&workflow("wf-2", "Upgrade"), vec![]).await.unwrap();
    let back = store.archive_workflow(WORKSPACE, "wf-1", None, vec![]).await;
    assert!(matches!(back, Err(StoreError::AlreadyExists("workflow"))), "{back:?}");
    assert_eq!(store.find_workflow(WORKSPACE, "Upgrade").await.unwrap().unwrap().id, "wf-2");
    assert_eq!(store.list_workflows(WORKSPACE, false).await.unwrap().len(), 1);
    assert_eq!(store.list_workflows(WORKSPACE, true).await.unwrap().len(), 2);
    assert_eq!(store.list_workflow_briefs(WORKSPACE, false).await.unwrap().len(), 1);
    assert_eq!(store.list_workflow_briefs(WORKSPACE, true).await.unwrap().len(), 2);
    let archived = store.publish(&publish("wf-1", "{}"), &no_audit).await;
    assert!(matches!(archived, Err(StoreError::NotFound("workflow"))), "{archived:?}");
}

fn test_case(id: &str, workflow: &str) -> TestCaseRow {
    TestCaseRow {
        id: id.to_owned(),
        workspace: WORKSPACE.to_owned(),
        workflow: workflow.to_owned(),
        name: format!("Happy path {id}"),
        body: "{}".to_owned(),
        last_result: None,
        created_at: 1,
        updated_at: 1,
    }
}

pub async fn a_workflow_comes_with_all_its_test_cases_or_not_at_all(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let tests = [test_case("t1", "wf-1"), test_case("t2", "wf-1")];
    let entry = || vec![audit("workflow.created")];
    store.create_workflow_with(&workflow("wf-1", "Upgrade"), &tests, entry()).await.unwrap();
    assert_eq!(store.list_test_cases(WORKSPACE, "wf-1").await.unwrap(), tests);
    // The second test case cannot be written: neither the workflow, the first one nor the entry is there.
    let tests = [test_case("t3", "wf-2"), test_case("t1", "wf-2")];
    let refused = store.create_workflow_with(&workflow("wf-2", "Refund"), &tests, entry()).await;
    assert!(matches!(refused, Err(StoreError::AlreadyExists("test case"))), "{refused:?}");
    assert_eq!(store.get_workflow(WORKSPACE, "wf-2").await.unwrap(), None);
    assert_eq!(store.list_test_cases(WORKSPACE, "wf-2").await.unwrap(), []);
    // And when its name is taken, no test case is.
    let taken = store.create_workflow_with(&workflow("wf-2", "Upgrade"), &tests[..1], entry()).await;
    assert!(matches!(taken, Err(StoreError::AlreadyExists("workflow"))), "{taken:?}");
    assert_eq!(store.get_test_case(WORKSPACE, "t3").await.unwrap(), None);
    assert_eq!(store.list_audit(WORKSPACE, &AuditFilter::default(), None, 10).await.unwrap().len(), 1);
}

pub async fn test_cases_are_kept(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let mut case = test_case("t1", "wf-1");
    store.put_test_case(&case).await.unwrap();
    case.last_result = Some("{\"passed\":true}".to_owned());
    store.put_test_case(&case).await.unwrap();
    assert_eq!(store.list_test_cases(WORKSPACE, "wf-1").await.unwrap(), [case.clone()]);
    store.delete_test_case(WORKSPACE, "t1").await.unwrap();
    assert_eq!(store.get_test_case(WORKSPACE, "t1").await.unwrap(), None);
    assert!(matches!(store.delete_test_case(WORKSPACE, "t1").await, Err(StoreError::NotFound(_))));
}

fn pointed_start(run: &str, pointer: &PointerRow) -> Commit {
    let mut start = commit(run, 0);
    start.run.version = pointer.active_version.unwrap();
    start.pointed = Some(Pointed { workflow: "wf-1".to_owned(), revision: pointer.pointer_revision });
    start
}

pub async fn a_start_is_written_on_the_choice_it_was_decided_on(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.create_workflow(&workflow("wf-1", "Upgrade"), vec![]).await.unwrap();
    store.publish(&publish("wf-1", "{\"n\":1}"), &no_audit).await.unwrap();
    let moves: [&str; 5] = ["publish", "activate", "ramp", "end", "archive"];
    for (number, what) in moves.into_iter().enumerate() {
        let before = store.get_pointer(WORKSPACE, "wf-1").await.unwrap().unwrap();
        written(&store, pointed_start(&format!("early-{number}"), &before)).await;
        let ramp = |ramp| SetRamp {
            workspace: WORKSPACE.to_owned(),
            workflow: "wf-1".to_owned(),
            ramp,
            expected_active: 1,
            by: "u-1".to_owned(),
            at: 6_000,
        };
        match what {
            "publish" => drop(store.publish(&publish("wf-1", "{\"n\":2}"), &no_audit).await.unwrap()),
            "activate" => assert_eq!(store.activate(&activate(1), vec![]).await.unwrap(), 3),
            "ramp" => assert_eq!(store.set_ramp(&ramp(Some((2, 10))), vec![]).await.unwrap(), Some(4)),
            "end" => assert_eq!(store.set_ramp(&ramp(None), vec![]).await.unwrap(), Some(5)),
            _ => store.archive_workflow(WORKSPACE, "wf-1", Some(7_000), vec![]).await.unwrap(),
        }
        let late = format!("late-{number}");
        let refused = store.commit(pointed_start(&late, &before), Priority::Start).await;
        assert!(matches!(refused, Err(StoreError::Conflict(Conflict::PointerMoved { .. }))), "{what}: {refused:?}");
        assert_eq!(store.get_run(WORKSPACE, &late).await.unwrap(), None, "{what}");
    }
    let foreign = Commit {
        workspace: OTHER.to_owned(),
        ..pointed_start("r9", &store.get_pointer(WORKSPACE, "wf-1").await.unwrap().unwrap())
    };
    assert!(store.commit(foreign, Priority::Start).await.is_err(), "the pointer of another workspace");
}

pub async fn no_start_is_written_on_an_older_version_after_a_publish_returned(database: TestDatabase) {
    let store = database.open().await.unwrap();
    // On PostgreSQL the starts come from another process.
    let other = match store.kind() {
        DatabaseKind::Sqlite => store.clone(),
        DatabaseKind::Postgres => database.open().await.unwrap(),
    };
    store.create_workflow(&workflow("wf-1", "Upgrade"), vec![]).await.unwrap();
    store.publish(&publish("wf-1", "{}"), &no_audit).await.unwrap();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let written = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let starters: Vec<_> = (0..8)
        .map(|starter| {
            let (store, stop, written) = (other.clone(), stop.clone(), written.clone());
            tokio::spawn(async move {
                let (mut started, mut refused) = (0_u32, 0_u32);
                while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                    let pointer = store.get_pointer(WORKSPACE, "wf-1").await.unwrap().unwrap();
                    let start = pointed_start(&format!("r{starter}-{}", started + refused), &pointer);
                    match store.commit(start, Priority::Continue).await {
                        Ok(_) => {
                            started += 1;
                            written.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                        }
                        Err(StoreError::Conflict(Conflict::PointerMoved { .. })) => refused += 1,
                        Err(error) => panic!("{error}"),
                    }
                }
                (started, refused)
            })
        })
        .collect();
    let older_than = async |version: u32| -> u64 {
        let counts = store.run_counts(WORKSPACE, Some("wf-1")).await.unwrap();
        counts.iter().filter(|count| count.version < version).map(|count| count.count).sum()
    };
    let mut seen = Vec::new();
    // A busy machine gives the starters little time between two publishes.
    let enough = |version: u32| version > 25 && written.load(std::sync::atomic::Ordering::SeqCst) > 20;
    for version in (2..=500).take_while(|version| !enough(*version)) {
        assert_eq!(store.publish(&publish("wf-1", "{}"), &no_audit).await.unwrap(), version);
        seen.push((version, older_than(version).await));
    }
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    let mut total = (0, 0);
    for (started, refused) in join_all(starters).await.into_iter().map(Result::unwrap) {
        total = (total.0 + started, total.1 + refused);
    }
    for (version, older) in seen {
        assert_eq!(older_than(version).await, older, "starts on an older version after {version} was published");
    }
    assert!(total.0 > 20, "{total:?} proves little");
}
