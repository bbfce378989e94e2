//! The audit chain.

use countersign_store::testing::TestDatabase;
use countersign_store::*;
use futures::future::join_all;

use crate::fixtures::*;

async fn five_entries(store: &Store) {
    for index in 0..5 {
        store.append_audit(WORKSPACE, vec![audit(&format!("step.{index}"))]).await.unwrap();
    }
}

pub async fn the_chain_is_whole(database: TestDatabase) {
    let store = database.open().await.unwrap();
    assert_eq!(store.verify_audit(WORKSPACE).await.unwrap(), AuditVerdict::default());
    store.append_audit(WORKSPACE, vec![audit("a"), audit("b")]).await.unwrap();
    let mut start = commit("r1", 0);
    start.audit = vec![audit("c"), audit("d")];
    written(&store, start).await;
    store.append_audit(OTHER, vec![audit("elsewhere")]).await.unwrap();

    let entries = store.export_audit(WORKSPACE, 0, 100).await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(entries[0].prev_hash, "");
    assert_eq!(entries[3].prev_hash, entries[2].hash);
    let verdict = store.verify_audit(WORKSPACE).await.unwrap();
    assert_eq!(verdict, AuditVerdict { entries: 4, broken_at: None, head: Some(entries[3].hash.clone()) });
    assert_eq!(store.verify_audit(OTHER).await.unwrap().entries, 1);
}

pub async fn concurrent_entries_make_one_chain(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let writers = (0..24).map(|index| {
        let store = store.clone();
        tokio::spawn(async move {
            if index % 2 == 0 {
                let mut start = commit(&format!("r{index}"), 0);
                start.audit = vec![audit("run.started"), audit("run.moved")];
                written(&store, start).await;
            } else {
                store.append_audit(WORKSPACE, vec![audit("a"), audit("b")]).await.unwrap();
            }
        })
    });
    for done in join_all(writers.collect::<Vec<_>>()).await {
        done.unwrap();
    }
    let verdict = store.verify_audit(WORKSPACE).await.unwrap();
    assert_eq!((verdict.entries, verdict.broken_at), (48, None));
}

pub async fn tampering_is_found(database: TestDatabase) {
    let store = database.open().await.unwrap();
    five_entries(&store).await;
    for column in ["actor", "via", "action", "subject", "detail", "prev_hash", "hash"] {
        let set = |value: &str| format!("UPDATE audit SET {column} = {value} WHERE workspace = 'ws-1' AND seq = 3");
        store.raw(&set(&format!("{column} || 'x'"))).await.unwrap();
        let verdict = store.verify_audit(WORKSPACE).await.unwrap();
        assert_eq!((verdict.entries, verdict.broken_at), (2, Some(3)), "{column}");
        store.raw(&set(&format!("substr({column}, 1, length({column}) - 1)"))).await.unwrap();
        assert_eq!(store.verify_audit(WORKSPACE).await.unwrap().broken_at, None, "{column}");
    }
    store.raw("UPDATE audit SET at = at + 1 WHERE seq = 4").await.unwrap();
    assert_eq!(store.verify_audit(WORKSPACE).await.unwrap().broken_at, Some(4));
    store.raw("UPDATE audit SET at = at - 1 WHERE seq = 4").await.unwrap();
    store.raw("DELETE FROM audit WHERE seq = 2").await.unwrap();
    assert_eq!(store.verify_audit(WORKSPACE).await.unwrap().broken_at, Some(2));
}

pub async fn a_cut_off_end_is_found(database: TestDatabase) {
    let store = database.open().await.unwrap();
    five_entries(&store).await;
    store.raw("DELETE FROM audit WHERE seq > 3").await.unwrap();
    let verdict = store.verify_audit(WORKSPACE).await.unwrap();
    assert_eq!((verdict.entries, verdict.broken_at), (3, Some(4)));
}

pub async fn an_export_verifies_offline(database: TestDatabase) {
    let store = database.open().await.unwrap();
    five_entries(&store).await;
    let entries = store.export_audit(WORKSPACE, 0, 100).await.unwrap();
    // Through a file of JSON lines, as the command line does it.
    let file: Vec<String> = entries.iter().map(|entry| serde_json::to_string(entry).unwrap()).collect();
    let mut read: Vec<AuditRow> = file.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(verify_chain(read.clone()), store.verify_audit(WORKSPACE).await.unwrap());
    assert_eq!(audit_hash(&read[1]), read[1].hash);
    read[2].detail.push(' ');
    assert_eq!(verify_chain(read).broken_at, Some(3));
}

pub async fn filters_narrow(database: TestDatabase) {
    let store = database.open().await.unwrap();
    five_entries(&store).await;
    let mut other = audit("workflow.published");
    other.actor = "key:k1".to_owned();
    other.at = 9_000;
    store.append_audit(WORKSPACE, vec![other]).await.unwrap();
    let seqs = |rows: Vec<AuditRow>| rows.into_iter().map(|row| row.seq).collect::<Vec<_>>();
    let list = |filter: AuditFilter| {
        let store = store.clone();
        async move { seqs(store.list_audit(WORKSPACE, &filter, None, 50).await.unwrap()) }
    };
    assert_eq!(list(AuditFilter::default()).await, [6, 5, 4, 3, 2, 1]);
    assert_eq!(list(AuditFilter { actor: Some("key:k1".into()), ..Default::default() }).await, [6]);
    assert_eq!(list(AuditFilter { action_prefix: Some("step.".into()), ..Default::default() }).await, [5, 4, 3, 2, 1]);
    assert_eq!(list(AuditFilter { action_prefix: Some("%".into()), ..Default::default() }).await, [0_u64; 0]);
    assert_eq!(list(AuditFilter { after_at: Some(5_000), ..Default::default() }).await, [6]);
    assert_eq!(list(AuditFilter { before_at: Some(5_000), ..Default::default() }).await.len(), 5);
    assert_eq!(list(AuditFilter { subject: Some("workflow:wf-1".into()), ..Default::default() }).await.len(), 6);
    let page = store.list_audit(WORKSPACE, &AuditFilter::default(), Some(4), 2).await.unwrap();
    assert_eq!(seqs(page), [3, 2]);
}
