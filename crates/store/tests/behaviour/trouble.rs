//! Things that are broken, closed, too new or too old.

use countersign_store::testing::TestDatabase;
use countersign_store::*;

use crate::fixtures::*;

pub async fn a_word_nobody_knows_is_corrupt(database: TestDatabase) {
    let store = database.open().await.unwrap();
    written(&store, commit("r1", 0)).await;
    written(&store, commit("r2", 0)).await;
    store.raw("UPDATE runs SET status = 'nonsense' WHERE id = 'r1'").await.unwrap();
    let read = store.get_run(WORKSPACE, "r1").await;
    let Err(StoreError::Corrupt(message)) = read else { panic!("{read:?}") };
    assert!(message.contains("runs.status") && message.contains("nonsense"), "{message}");
    assert!(store.get_run(WORKSPACE, "r2").await.unwrap().is_some());
}

pub async fn a_missing_event_is_corrupt(database: TestDatabase) {
    let store = database.open().await.unwrap();
    for seq in 0..4 {
        written(&store, commit("r1", seq)).await;
    }
    store.raw("DELETE FROM run_events WHERE seq = 2").await.unwrap();
    let read = store.run_events(WORKSPACE, "r1", 0).await;
    assert!(matches!(read, Err(StoreError::Corrupt(_))), "{read:?}");
    assert_eq!(store.run_events(WORKSPACE, "r1", 2).await.unwrap().len(), 2);
}

pub async fn a_text_with_a_zero_character_is_kept_alike(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let mut ada = customer("c-1");
    ada.name = "A\0da".to_owned();
    ada.data = "{\"note\":\"in JSON it is \\u0000\"}".to_owned();
    store.create_customer(&ada, vec![]).await.unwrap();
    let kept = store.get_customer(WORKSPACE, "c-1").await.unwrap().unwrap();
    assert_eq!((kept.name.as_str(), &kept.data), ("A\u{FFFD}da", &ada.data));
    assert!(store.get_customer(WORKSPACE, "c-\0").await.unwrap().is_none());
    let mut start = commit("r1", 0);
    start.run.title = "Up\0grade".to_owned();
    written(&store, start).await;
    assert_eq!(store.get_run(WORKSPACE, "r1").await.unwrap().unwrap().title, "Up\u{FFFD}grade");
    // The chain is hashed over what is kept.
    store.append_audit(WORKSPACE, vec![audit("customer\0added")]).await.unwrap();
    let verdict = store.verify_audit(WORKSPACE).await.unwrap();
    assert!(verdict.broken_at.is_none() && verdict.entries > 0, "{verdict:?}");
}

pub async fn a_newer_schema_is_refused(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.raw("INSERT INTO schema_migrations VALUES (999, '0999_future', 1)").await.unwrap();
    let refused = store.migrate().await;
    assert!(matches!(refused, Err(StoreError::TooNew { found: 999, .. })), "{refused:?}");
    store.close().await;
    let refused = Store::open(database.config()).await;
    assert!(matches!(refused, Err(StoreError::TooNew { found: 999, .. })), "{refused:?}");
}

pub async fn an_old_schema_is_named(database: TestDatabase) {
    let store = Store::open(database.config()).await.unwrap();
    assert!(matches!(store.check_schema().await, Err(StoreError::TooOld { found: 0, .. })));
    let pending = store.pending_migrations().await.unwrap();
    assert_eq!(pending.first().map(String::as_str), Some("0001_initial"));
    assert_eq!(store.migrate().await.unwrap(), pending);
    assert!(store.migrate().await.unwrap().is_empty());
    store.check_schema().await.unwrap();
    store.ping().await.unwrap();
}

pub async fn a_closed_store_says_so(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.close().await;
    store.close().await;
    assert!(matches!(store.commit(commit("r1", 0), Priority::Start).await, Err(StoreError::Busy(_))));
    assert!(matches!(store.get_run(WORKSPACE, "r1").await, Err(StoreError::Busy(_))));
    assert!(matches!(store.append_audit(WORKSPACE, vec![audit("a")]).await, Err(StoreError::Busy(_))));
}
