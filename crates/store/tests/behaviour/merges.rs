//! Two customers who turn out to be one, and two again.

use countersign_store::testing::TestDatabase;
use countersign_store::*;

use crate::fixtures::*;

/// Makes one customer another, as an operator would.
async fn merge(store: &Store, id: &str, kept: &str, merged: &str) -> bool {
    let row = CustomerMergeRow {
        id: id.to_owned(),
        workspace: WORKSPACE.to_owned(),
        kept: kept.to_owned(),
        merged: merged.to_owned(),
        reason: "said so".to_owned(),
        at: 5_000,
        merged_by: "u-1".to_owned(),
        undone_at: None,
        undone_by: None,
    };
    let read = async |id: &str| store.get_customer(WORKSPACE, id).await.unwrap().unwrap();
    let (kept, merged) = (read(kept).await, read(merged).await);
    store.merge_customers((&kept, &merged), &row, audit("customer.merged")).await.unwrap()
}

async fn unmerge(store: &Store, id: &str) -> bool {
    let row = store.get_merge(WORKSPACE, id).await.unwrap().unwrap();
    store.undo_merge(&row, (6_000, "u-1"), audit("customer.merge_undone")).await.unwrap()
}

/// The conversations of a customer, whoever is the same.
async fn conversations_of(store: &Store, customer: &str) -> Vec<String> {
    let customer = store.customer_ids(WORKSPACE, customer).await.unwrap();
    let filter = ConversationFilter { customer, ..Default::default() };
    let found = store.list_conversations(WORKSPACE, &filter, &page(50)).await.unwrap();
    let mut ids: Vec<String> = found.items.into_iter().map(|row| row.id).collect();
    ids.sort();
    ids
}

/// Ada, and the guest who turned out to be her, asked for as either.
async fn read_as_one(store: &Store, name: &str) {
    for id in ["ada", "guest"] {
        assert_eq!(conversations_of(store, id).await, ["c1", "c2", "c3"], "{id}");
        let runs = RunFilter { customer: store.customer_ids(WORKSPACE, id).await.unwrap(), ..Default::default() };
        assert_eq!(store.list_runs(WORKSPACE, &runs, &page(9)).await.unwrap().items.len(), 1);
        let now = store.current_customer(WORKSPACE, id).await.unwrap().unwrap();
        let (phone, email) = (now.phone.as_deref(), now.email.as_deref());
        assert_eq!(
            (now.id.as_str(), now.name.as_str(), phone, email),
            ("ada", name, Some("+15550100"), Some("guest@example.com"))
        );
        assert_eq!((now.external_id.as_deref(), now.data.as_str()), (Some("crm-guest"), r#"{"plan":"pro"}"#));
    }
    let both = store.current_customers(WORKSPACE, &["guest", "ada", "nobody"]).await.unwrap();
    assert_eq!((both.len(), both["guest"].id.as_str(), both["ada"].email.is_some()), (2, "ada", true));
    let held = store.customer_holdings(WORKSPACE, &["guest".to_owned()]).await.unwrap();
    assert_eq!((held.conversations, held.runs, held.open_runs), (2, 1, 1));
    assert_eq!(store.list_merges(WORKSPACE, &["ada".to_owned()]).await.unwrap().len(), 1);
    assert!(store.list_merges(OTHER, &["ada".to_owned()]).await.unwrap().is_empty());
    // Lists have one of them, found by what either is known by.
    for text in [None, Some("guest@example.com"), Some("+15550100"), Some("crm-guest")] {
        let found = store.list_customers(WORKSPACE, text, &page(9)).await.unwrap().items;
        assert_eq!(found.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["ada"], "{text:?}");
    }
    assert_eq!(store.customers_named(WORKSPACE, "guest@example.com").await.unwrap(), ["ada", "guest"]);
    assert!(store.list_customers(WORKSPACE, Some("nobody"), &page(9)).await.unwrap().items.is_empty());
    // Another workspace has nothing to do with it, though the ids be the same.
    assert_eq!(store.current_customer(OTHER, "guest").await.unwrap().unwrap().id, "guest");
    assert_eq!(store.list_customers(OTHER, None, &page(9)).await.unwrap().items.len(), 1);
}

pub async fn two_customers_become_one_and_two_again(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let bare = |id: &str| CustomerRow { external_id: None, email: None, phone: None, telegram: None, ..customer(id) };
    let ada = CustomerRow { phone: Some("+15550100".to_owned()), ..bare("ada") };
    let guest = CustomerRow {
        phone: Some("+15550199".to_owned()),
        email: Some("guest@example.com".to_owned()),
        external_id: Some("crm-guest".to_owned()),
        name: "Guest".to_owned(),
        data: r#"{"plan":"pro"}"#.to_owned(),
        ..bare("guest")
    };
    for row in [&ada, &guest, &CustomerRow { workspace: OTHER.to_owned(), ..guest.clone() }] {
        store.create_customer(row, vec![]).await.unwrap();
    }
    for (id, whose) in [("c1", "ada"), ("c2", "guest"), ("c3", "guest")] {
        let row = ConversationRow { customer: Some(whose.to_owned()), ..conversation(id) };
        store.create_conversation(&row, vec![]).await.unwrap();
    }
    let mut start = commit("r1", 0);
    start.run.customer = Some("guest".to_owned());
    written(&store, start).await;
    // Changed since it was read: nothing is done.
    let stale = CustomerRow { external_id: Some("crm-x".to_owned()), ..guest.clone() };
    let row = CustomerMergeRow {
        id: "m0".to_owned(),
        workspace: WORKSPACE.to_owned(),
        kept: "ada".to_owned(),
        merged: "guest".to_owned(),
        reason: "x".to_owned(),
        at: 1,
        merged_by: "u-1".to_owned(),
        undone_at: None,
        undone_by: None,
    };
    assert!(!store.merge_customers((&ada, &stale), &row, audit("customer.merged")).await.unwrap());
    assert_eq!(store.get_merge(WORKSPACE, "m0").await.unwrap(), None);
    assert_eq!(conversations_of(&store, "ada").await, ["c1"]);

    assert!(merge(&store, "m1", "ada", "guest").await);
    assert!(!merge(&store, "m2", "ada", "guest").await, "once");
    read_as_one(&store, &ada.name).await;
    // Whoever read them before the merge does not take it back by writing.
    assert!(matches!(store.update_customer(&guest, vec![]).await, Err(StoreError::NotFound(_))));
    assert!(matches!(store.update_customer(&ada, vec![]).await, Err(StoreError::NotFound(_))));
    assert_eq!(store.current_customer(WORKSPACE, "guest").await.unwrap().unwrap().id, "ada");
    // What comes since is theirs from whose address it comes.
    for (id, whose) in [("c4", "ada"), ("c5", "guest")] {
        let row = ConversationRow { customer: Some(whose.to_owned()), ..conversation(id) };
        store.create_conversation(&row, vec![]).await.unwrap();
    }
    assert_eq!(conversations_of(&store, "ada").await.len(), 5);

    assert!(unmerge(&store, "m1").await);
    assert!(!unmerge(&store, "m1").await, "once");
    assert_eq!(store.get_customer(WORKSPACE, "ada").await.unwrap().unwrap(), CustomerRow { merges: 1, ..ada });
    assert_eq!(store.get_customer(WORKSPACE, "guest").await.unwrap().unwrap(), guest);
    assert_eq!(conversations_of(&store, "ada").await, ["c1", "c4"]);
    assert_eq!(conversations_of(&store, "guest").await, ["c2", "c3", "c5"]);
    assert!(store.list_merges(WORKSPACE, &["ada".to_owned()]).await.unwrap().is_empty());
    let row = store.get_merge(WORKSPACE, "m1").await.unwrap().unwrap();
    assert_eq!((row.undone_at, row.undone_by.as_deref()), (Some(6_000), Some("u-1")));
    assert!(merge(&store, "m3", "guest", "ada").await, "and the other way round");
    assert_eq!(store.current_customer(WORKSPACE, "ada").await.unwrap().unwrap().id, "guest");
    // Who was read before somebody was made them is not who was looked at.
    let third = bare("third");
    store.create_customer(&third, vec![]).await.unwrap();
    let late = CustomerMergeRow { id: "m4".to_owned(), kept: "guest".to_owned(), merged: "third".to_owned(), ..row };
    assert!(!store.merge_customers((&guest, &third), &late, audit("customer.merged")).await.unwrap());
    assert!(merge(&store, "m5", "guest", "third").await);
}

pub async fn whoever_turned_out_to_be_somebody_turns_out_to_be_whoever_they_are(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let ids = ["a", "b", "c", "d", "e"];
    for id in ids {
        let row = CustomerRow { external_id: None, ..customer(id) };
        store.create_customer(&row, vec![]).await.unwrap();
        let row = ConversationRow { customer: Some(id.to_owned()), ..conversation(&format!("c-{id}")) };
        store.create_conversation(&row, vec![]).await.unwrap();
    }
    for (id, kept, merged) in [("m1", "b", "a"), ("m2", "c", "b"), ("m3", "d", "c"), ("m4", "d", "e")] {
        assert!(merge(&store, id, kept, merged).await, "{id}");
    }
    for id in ids {
        assert_eq!(store.same_customer(WORKSPACE, id).await.unwrap()[0].id, "d", "{id}");
        assert_eq!(conversations_of(&store, id).await.len(), 5, "{id}");
    }
    assert!(!merge(&store, "m5", "a", "d").await, "no circle");
    assert!(!merge(&store, "m6", "d", "a").await, "who was merged is merged by whom they came to");
    // The first of the chain is taken back, whatever came after it.
    assert!(unmerge(&store, "m1").await);
    assert_eq!(conversations_of(&store, "a").await, ["c-a"]);
    assert_eq!(conversations_of(&store, "b").await, ["c-b", "c-c", "c-d", "c-e"]);
    assert!(unmerge(&store, "m3").await);
    assert_eq!(conversations_of(&store, "c").await, ["c-b", "c-c"]);
    assert_eq!(conversations_of(&store, "d").await, ["c-d", "c-e"]);
}

pub async fn of_two_who_merge_each_other_one_does(database: TestDatabase) {
    let store = database.open().await.unwrap();
    for round in 0..8 {
        let (one, other) = (format!("one-{round}"), format!("other-{round}"));
        for id in [&one, &other] {
            store.create_customer(&CustomerRow { external_id: None, ..customer(id) }, vec![]).await.unwrap();
        }
        let (first, second) = (format!("m-{round}"), format!("n-{round}"));
        let done = futures::join!(merge(&store, &first, &one, &other), merge(&store, &second, &other, &one));
        assert!(done.0 != done.1, "round {round}: {done:?}");
        assert_eq!(store.same_customer(WORKSPACE, &one).await.unwrap().len(), 2, "round {round}");
    }
}
