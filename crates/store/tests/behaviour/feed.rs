//! The change feed.

use std::collections::BTreeSet;

use countersign_store::testing::TestDatabase;
use countersign_store::*;

use crate::{
    fixtures::*,
    inbound::{end, event},
};

fn drain(feed: &mut tokio::sync::broadcast::Receiver<Change>) -> BTreeSet<(String, String)> {
    let mut seen = BTreeSet::new();
    while let Ok(change) = feed.try_recv() {
        assert_eq!(change.workspace, WORKSPACE);
        seen.insert((format!("{:?}", change.kind), change.id));
    }
    seen
}

fn set(pairs: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    pairs.iter().map(|(kind, id)| ((*kind).to_owned(), (*id).to_owned())).collect()
}

pub async fn changes_are_announced(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let mut feed = store.subscribe();
    store.create_conversation(&conversation("c1"), vec![]).await.unwrap();
    store.create_workflow(&workflow("wf-1", "Upgrade"), vec![]).await.unwrap();
    assert_eq!(drain(&mut feed), set(&[("Conversation", "c1"), ("Workflow", "wf-1")]));
    let mut start = commit("r1", 0);
    start.checkpoints = vec![CheckpointChange::Open(Box::new(checkpoint("r1", 1)))];
    start.messages = vec![message("m1", "c1")];
    written(&store, start).await;
    assert_eq!(drain(&mut feed), set(&[("Run", "r1"), ("Checkpoint", "r1.1"), ("Conversation", "c1")]));
}

pub async fn what_came_in_is_announced_when_it_is_dealt_with(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let mut feed = store.subscribe();
    for id in ["e1", "e2"] {
        store.accept_inbound(&event(id, "t", id)).await.unwrap();
    }
    assert_eq!(drain(&mut feed), set(&[]));
    written(&store, Commit { inbound: Some("e1".to_owned()), ..commit("r1", 0) }).await;
    assert_eq!(drain(&mut feed), set(&[("Run", "r1"), ("Inbound", "e1")]));
    assert!(store.end_inbound(&end("e2")).await.unwrap());
    assert_eq!(drain(&mut feed), set(&[("Inbound", "e2")]));
}

pub async fn failed_commits_are_silent(database: TestDatabase) {
    let store = database.open().await.unwrap();
    written(&store, commit("r1", 0)).await;
    let mut feed = store.subscribe();
    store.commit(commit("r1", 0), Priority::Start).await.unwrap_err();
    store.create_conversation(&conversation("c1"), vec![]).await.unwrap();
    store.create_conversation(&conversation("c1"), vec![]).await.unwrap_err();
    assert_eq!(drain(&mut feed), set(&[("Conversation", "c1")]));
}
