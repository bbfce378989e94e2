//! One workspace never sees another's rows: everything exists in one, the other looks everywhere.

use countersign_store::testing::TestDatabase;
use countersign_store::*;

use crate::fixtures::*;

/// One row of every kind in `WORKSPACE`.
async fn everything(store: &Store) {
    store.create_user(&user("u-1", "ada@example.com")).await.unwrap();
    let member = MembershipRow {
        workspace: WORKSPACE.to_owned(),
        user_id: "u-1".to_owned(),
        role: Role::Admin,
        groups: vec![],
        created_at: 1,
        disabled_at: None,
    };
    store.put_member(&member, vec![]).await.unwrap();
    store.create_workflow(&workflow("wf-1", "Upgrade"), vec![]).await.unwrap();
    store.publish(&publish("wf-1", "{}"), &no_audit).await.unwrap();
    store.create_customer(&customer("ada"), vec![]).await.unwrap();
    let mut chat = conversation("c1");
    chat.external_id = Some("+1".to_owned());
    chat.customer = Some("ada".to_owned());
    store.create_conversation(&chat, vec![]).await.unwrap();
    let mut start = commit("r1", 0);
    start.run.customer = Some("ada".to_owned());
    start.run.conversation = Some("c1".to_owned());
    start.step_executions = vec![step_execution("r1", 1, ExecutionStatus::Completed)];
    start.checkpoints = vec![CheckpointChange::Open(Box::new(checkpoint("r1", 1)))];
    start.messages = vec![message("m1", "c1")];
    start.audit = vec![audit("run.started")];
    written(store, start).await;
    let note = NoteRow {
        id: "n1".to_owned(),
        workspace: WORKSPACE.to_owned(),
        subject: "run:r1".to_owned(),
        body: "note".to_owned(),
        author: "u-1".to_owned(),
        at: 1,
    };
    store.add_note(&note, vec![]).await.unwrap();
}

pub async fn no_read_crosses_workspaces(database: TestDatabase) {
    let store = database.open().await.unwrap();
    everything(&store).await;
    let found = |workspace: &'static str| {
        let store = store.clone();
        async move {
            let (runs, all) = (RunFilter::default(), page(50));
            let of_customer = RunFilter { customer: vec!["ada".to_owned()], ..Default::default() };
            vec![
                ("get_run", usize::from(store.get_run(workspace, "r1").await.unwrap().is_some())),
                ("run_events", store.run_events(workspace, "r1", 0).await.unwrap().len()),
                ("steps", store.list_step_executions(workspace, "r1").await.unwrap().len()),
                ("list_runs", store.list_runs(workspace, &runs, &all).await.unwrap().items.len()),
                ("of_customer", store.list_runs(workspace, &of_customer, &all).await.unwrap().items.len()),
                ("run_counts", store.run_counts(workspace, Some("wf-1")).await.unwrap().len()),
                ("active_counts", store.active_run_counts(workspace).await.unwrap().len()),
                ("by_status", store.count_runs_by_status(workspace, &runs).await.unwrap().len()),
                ("checkpoint", usize::from(store.get_checkpoint(workspace, "r1.1").await.unwrap().is_some())),
                (
                    "checkpoints",
                    store.list_checkpoints(workspace, &CheckpointFilter::default(), &all).await.unwrap().items.len(),
                ),
                (
                    "tally",
                    store
                        .tally_checkpoints(workspace, &CheckpointFilter::default(), 9)
                        .await
                        .unwrap()
                        .try_into()
                        .unwrap(),
                ),
                ("workflow", usize::from(store.get_workflow(workspace, "wf-1").await.unwrap().is_some())),
                ("by name", usize::from(store.find_workflow(workspace, "Upgrade").await.unwrap().is_some())),
                ("workflows", store.list_workflows(workspace, true).await.unwrap().len()),
                ("version", usize::from(store.get_version(workspace, "wf-1", 1).await.unwrap().is_some())),
                ("versions", store.list_versions(workspace, "wf-1").await.unwrap().len()),
                ("briefs", store.list_workflow_briefs(workspace, true).await.unwrap().len()),
                ("activations", store.list_activations(workspace, "wf-1").await.unwrap().len()),
                ("member", usize::from(store.get_member(workspace, "u-1").await.unwrap().is_some())),
                ("members", store.list_members(workspace).await.unwrap().len()),
                ("customer", usize::from(store.get_customer(workspace, "ada").await.unwrap().is_some())),
                ("customers", store.list_customers(workspace, Some("ada"), &all).await.unwrap().items.len()),
                ("conversation", usize::from(store.get_conversation(workspace, "c1").await.unwrap().is_some())),
                ("address", usize::from(store.find_conversation(workspace, "web", "+1").await.unwrap().is_some())),
                (
                    "conversations",
                    store
                        .list_conversations(workspace, &ConversationFilter::default(), &all)
                        .await
                        .unwrap()
                        .items
                        .len(),
                ),
                ("message", usize::from(store.get_message(workspace, "m1").await.unwrap().is_some())),
                ("messages", store.list_messages(workspace, "c1", 0, 10).await.unwrap().len()),
                ("before", store.list_messages_before(workspace, "c1", 10, 10).await.unwrap().len()),
                ("notes", store.list_notes(workspace, "run:r1").await.unwrap().len()),
                ("audit", store.list_audit(workspace, &AuditFilter::default(), None, 10).await.unwrap().len()),
                ("export", store.export_audit(workspace, 0, 10).await.unwrap().len()),
            ]
        }
    };
    for (what, count) in found(WORKSPACE).await {
        assert_eq!(count, 1, "{what} in its own workspace");
    }
    for (what, count) in found(OTHER).await {
        assert_eq!(count, 0, "{what} from another workspace");
    }
}

pub async fn no_write_crosses_workspaces(database: TestDatabase) {
    let store = database.open().await.unwrap();
    everything(&store).await;
    let mut foreign = commit("r1", 1);
    foreign.workspace = OTHER.to_owned();
    assert!(matches!(store.commit(foreign, Priority::Continue).await, Err(StoreError::NotFound("run"))));
    let taken = store.assign_checkpoint(OTHER, "r1.1", Some("u-9"), vec![]).await;
    assert!(matches!(taken, Err(StoreError::NotFound("checkpoint"))));
    let save = SaveDraft {
        workspace: OTHER.to_owned(),
        workflow: "wf-1".to_owned(),
        name: "Stolen".to_owned(),
        draft: "{}".to_owned(),
        expected_revision: 1,
        at: 1,
        by: None,
    };
    assert!(matches!(store.save_draft(&save, vec![]).await, Err(StoreError::NotFound("workflow"))));
    let published = Publish { workspace: OTHER.to_owned(), ..publish("wf-1", "{}") };
    assert!(matches!(store.publish(&published, &no_audit).await, Err(StoreError::NotFound("workflow"))));
    assert!(store.archive_workflow(OTHER, "wf-1", Some(1), vec![]).await.is_err());
    assert!(store.append_message(OTHER, &message("m2", "c1"), vec![]).await.is_err());
    assert!(store.remove_member(OTHER, "u-1", vec![]).await.is_err());
    let moved = CustomerRow { workspace: OTHER.to_owned(), ..customer("ada") };
    assert!(store.update_customer(&moved, vec![]).await.is_err());
    // The same id in another workspace is another run.
    let mut twin = commit("r1", 0);
    twin.workspace = OTHER.to_owned();
    written(&store, twin).await;
    assert_eq!(store.get_run(OTHER, "r1").await.unwrap().unwrap().seq, 1);
    assert_eq!(store.run_events(WORKSPACE, "r1", 0).await.unwrap().len(), 1);
}
