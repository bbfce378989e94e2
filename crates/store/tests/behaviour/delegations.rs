//! Who decides for whom.

use countersign_store::testing::TestDatabase;
use countersign_store::*;

use crate::fixtures::*;

pub async fn a_delegation_ends_by_itself_or_at_once(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let row = |id: &str, to: Option<&str>, ends_at: i64| DelegationRow {
        id: id.to_owned(),
        workspace: WORKSPACE.to_owned(),
        from_user: "ada".to_owned(),
        to_user: to.map(str::to_owned),
        starts_at: 10,
        ends_at,
        away: to.is_none(),
        reason: "holidays".to_owned(),
        created_at: 1,
        created_by: "ada".to_owned(),
    };
    let (short, long) = (row("d1", Some("bob"), 100), row("d2", None, 200));
    store.create_delegation(&long, vec![audit("delegation.created")]).await.unwrap();
    store.create_delegation(&short, vec![]).await.unwrap();
    assert_eq!(store.get_delegation(WORKSPACE, "d2").await.unwrap(), Some(long.clone()));
    assert_eq!(store.get_delegation(OTHER, "d2").await.unwrap(), None);
    assert_eq!(store.list_delegations(WORKSPACE, 50).await.unwrap(), [short, long.clone()]);
    assert_eq!(store.list_delegations(WORKSPACE, 100).await.unwrap(), [long]);
    assert!(store.list_delegations(OTHER, 0).await.unwrap().is_empty());
    for (workspace, after) in [(WORKSPACE, 50), (WORKSPACE, 100), (OTHER, 50)] {
        let listed = store.list_delegations(workspace, after).await.unwrap();
        for to in [None, Some("bob"), Some("cy")] {
            let expected = listed.iter().filter(|row| row.from_user == "ada" && row.to_user.as_deref() == to).count();
            let counted = store.count_delegations(workspace, ("ada", to), after).await.unwrap();
            assert_eq!(counted, expected as u64, "{to:?} after {after}");
        }
    }
    let gone = store.end_delegation(OTHER, "d2", 60, vec![]).await;
    assert!(matches!(gone, Err(StoreError::NotFound("delegation"))), "{gone:?}");
    store.end_delegation(WORKSPACE, "d2", 60, vec![audit("delegation.ended")]).await.unwrap();
    let again = store.end_delegation(WORKSPACE, "d2", 70, vec![]).await;
    assert!(matches!(again, Err(StoreError::NotFound("delegation"))), "it ends once: {again:?}");
    assert!(store.list_delegations(WORKSPACE, 60).await.unwrap().iter().all(|row| row.id == "d1"));
}
