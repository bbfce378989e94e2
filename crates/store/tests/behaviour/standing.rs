//! What people allowed in advance.

use countersign_store::testing::TestDatabase;
use countersign_store::*;
use futures::future::join_all;

use crate::fixtures::*;

const DAY: i64 = 86_400_000;

fn row(id: &str) -> StandingApprovalRow {
    StandingApprovalRow {
        id: id.to_owned(),
        workspace: WORKSPACE.to_owned(),
        workflow: "wf-1".to_owned(),
        step: "ask".to_owned(),
        bound_to: "hash".to_owned(),
        granted_by: "ada".to_owned(),
        granted_at: 1,
        until: 10 * DAY,
        amount_max: "50.0".to_owned(),
        per_day: 3,
        reason: String::new(),
        day: -1,
        used_that_day: 0,
        used: 0,
        revoked_at: None,
    }
}

pub async fn it_is_used_so_often_a_day_and_not_once_more(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.create_standing_approval(&row("s1"), vec![audit("standing.granted")]).await.unwrap();
    let now = 5 * DAY + 7;
    let uses = join_all((0..8).map(|_| store.use_standing_approval(WORKSPACE, "s1", now))).await;
    assert_eq!(uses.into_iter().filter(|used| *used.as_ref().unwrap()).count(), 3, "of eight at once");
    assert!(!store.use_standing_approval(WORKSPACE, "s1", now + 1).await.unwrap());
    assert!(!store.use_standing_approval(OTHER, "s1", now + DAY).await.unwrap());
    assert!(store.use_standing_approval(WORKSPACE, "s1", now + DAY).await.unwrap(), "a new day");
    assert!(!store.use_standing_approval(WORKSPACE, "s1", 10 * DAY).await.unwrap(), "it has ended");
    let kept = store.get_standing_approval(WORKSPACE, "s1").await.unwrap().unwrap();
    assert_eq!((kept.used, kept.used_that_day, kept.day), (4, 1, 6));
}

pub async fn revoked_it_allows_nothing_at_once(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.create_standing_approval(&row("s1"), vec![]).await.unwrap();
    let of_step = || store.standing_approvals_of(WORKSPACE, "wf-1", "ask", 5);
    assert_eq!(of_step().await.unwrap().len(), 1);
    assert!(store.standing_approvals_of(WORKSPACE, "wf-1", "other", 5).await.unwrap().is_empty());
    assert!(store.standing_approvals_of(OTHER, "wf-1", "ask", 5).await.unwrap().is_empty());
    store.revoke_standing_approval(WORKSPACE, "s1", 5, vec![audit("standing.revoked")]).await.unwrap();
    assert!(!store.use_standing_approval(WORKSPACE, "s1", 6).await.unwrap());
    assert!(of_step().await.unwrap().is_empty());
    let again = store.revoke_standing_approval(WORKSPACE, "s1", 7, vec![]).await;
    assert!(matches!(again, Err(StoreError::NotFound("standing approval"))), "{again:?}");
    assert_eq!(store.list_standing_approvals(WORKSPACE).await.unwrap().len(), 1);
}
