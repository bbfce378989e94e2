//! What people are told: written with what caused it, taken by one process, sent once as far as anybody can know.

use crate::fixtures::*;
use countersign_store::{testing::TestDatabase, *};

fn opened(checkpoint: &str) -> NewOutbound {
    NewOutbound { checkpoint: checkpoint.to_owned(), reason: OutboundReason::Opened }
}

fn message(announced: &OutboundRow, person: &str) -> OutboundRow {
    OutboundRow {
        id: format!("{}/{person}/email", announced.id),
        kind: OutboundKind::Message,
        person: Some(person.to_owned()),
        channel: Some("email".to_owned()),
        address: Some(format!("{person}@example.com")),
        due_at: 0,
        attempts: 0,
        under_way: false,
        ..announced.clone()
    }
}

fn link(token: &str, expires_at: i64) -> LinkRow {
    LinkRow {
        token_hash: token.to_owned(),
        workspace: WORKSPACE.to_owned(),
        checkpoint: "r1.1".to_owned(),
        person: "ada".to_owned(),
        shown: "s".to_owned(),
        created_at: 1,
        expires_at,
        used_at: None,
    }
}

pub async fn what_happened_is_written_with_it_and_told_once(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let start = Commit { outbound: vec![opened("r1.1")], ..commit("r1", 0) };
    store.commit(start.clone(), Priority::Start).await.unwrap();
    assert!(store.commit(start, Priority::Start).await.is_err(), "the same again writes nothing");
    let lost = Commit { outbound: vec![opened("r1.2")], ..commit("r1", 7) };
    assert!(store.commit(lost, Priority::Continue).await.is_err());
    let taken = store.claim_outbound(60_000, 10).await.unwrap();
    assert_eq!(taken.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["r1.1/opened.1"]);
    assert!(store.claim_outbound(60_000, 10).await.unwrap().is_empty(), "a process has it");

    let announced = &taken[0];
    let (ada, bob) = (message(announced, "ada"), OutboundRow { due_at: 60_000, ..message(announced, "bob") });
    let end = announced.ending(OutboundOutcome::Announced, 2_000);
    for _ in 0..2 {
        store.announce(&end, &[ada.clone(), bob.clone()], &[link("t1", 9_000)]).await.unwrap();
    }
    assert_eq!(store.outbound_of(WORKSPACE, "r1.1").await.unwrap().len(), 3, "twice is once");
    assert!(store.outbound_of(OTHER, "r1.1").await.unwrap().is_empty());
    let taken = store.claim_outbound(60_000, 10).await.unwrap();
    assert_eq!(taken.len(), 1, "bob has quiet hours");
    assert_eq!((taken[0].person.as_deref(), taken[0].attempts, taken[0].doubts), (Some("ada"), 1, 0));

    let sent = taken[0].ending(OutboundOutcome::Sent, 3_000);
    let mut changes = store.subscribe();
    store.end_outbound(&sent, "r1.1").await.unwrap();
    assert_eq!(changes.recv().await.unwrap().id, "r1.1", "whoever looks at the card is told");
    store.end_outbound(&taken[0].ending(OutboundOutcome::Undeliverable, 4_000), "r1.1").await.unwrap();
    let row = store.get_outbound(WORKSPACE, &ada.id).await.unwrap().unwrap();
    assert_eq!((row.outcome, row.done_at), (Some(OutboundOutcome::Sent), Some(3_000)), "how it ended stays");
    assert_eq!(store.drop_outbound(WORKSPACE, "r1.1", 5_000).await.unwrap(), 1, "bob is told no more");
    assert_eq!(store.count_waiting_outbound(10).await.unwrap(), 0);
    let listed = OutboundFilter { checkpoint: Some("r1.1".to_owned()), ..OutboundFilter::default() };
    let page = store.list_outbound(WORKSPACE, &listed, &PageRequest { after: None, limit: 1 }).await.unwrap();
    assert_eq!((page.items.len(), page.next.is_some()), (1, true));
    assert_eq!(store.purge_outbound(4_500).await.unwrap(), 2);
}

pub async fn an_attempt_nobody_speaks_of_is_a_doubt(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let start = Commit { outbound: vec![opened("r1.1")], ..commit("r1", 0) };
    store.commit(start, Priority::Start).await.unwrap();
    // The process that took it dies before it begins, and another after that: their leases end at once here.
    let first = store.claim_outbound(-1, 10).await.unwrap().remove(0);
    let second = store.claim_outbound(-1, 10).await.unwrap().remove(0);
    assert!(!store.begin_outbound(&first).await.unwrap(), "another has it");
    assert!(store.begin_outbound(&second).await.unwrap());
    let again = store.claim_outbound(-1, 10).await.unwrap().remove(0);
    assert_eq!((again.attempts, again.doubts, again.under_way), (3, 1, false));
    // It was tried and is known not to have gone out: no doubt. It may have gone out: one more.
    store.postpone_outbound(&again, -1, false, Some("busy")).await.unwrap();
    let again = store.claim_outbound(-1, 10).await.unwrap().remove(0);
    assert_eq!((again.doubts, again.error.as_deref()), (1, Some("busy")));
    store.postpone_outbound(&again, -1, true, None).await.unwrap();
    let again = store.claim_outbound(60_000, 10).await.unwrap().remove(0);
    assert_eq!((again.doubts, again.error.as_deref()), (2, Some("busy")));
    store.release_outbound().await.unwrap();
    assert_eq!(store.claim_outbound(60_000, 10).await.unwrap().len(), 1, "of a process that is gone");
}

pub async fn links_and_wishes_are_kept(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let end = OutboundRow::announcing(WORKSPACE, &opened("r1.1"), (1, 1)).ending(OutboundOutcome::Announced, 1);
    store.announce(&end, &[], &[link("t1", 9_000), link("t2", 1_000)]).await.unwrap();
    let found = store.find_link("t1").await.unwrap().unwrap();
    store.use_link(&found, 500).await.unwrap();
    store.use_link(&found, 700).await.unwrap();
    assert_eq!(store.find_link("t1").await.unwrap().unwrap().used_at, Some(500));
    assert!(store.find_link("t3").await.unwrap().is_none());
    store.purge_outbound(5_000).await.unwrap();
    assert!(store.find_link("t2").await.unwrap().is_none() && store.find_link("t1").await.unwrap().is_some());

    let wish = |settings: &str| NotificationsRow {
        workspace: WORKSPACE.to_owned(),
        user_id: "ada".to_owned(),
        settings: settings.to_owned(),
        updated_at: 1,
    };
    store.put_notifications(&wish("{}"), Vec::new()).await.unwrap();
    store.put_notifications(&wish("[]"), Vec::new()).await.unwrap();
    assert_eq!(store.get_notifications(WORKSPACE, "ada").await.unwrap().unwrap().settings, "[]");
    assert!(store.get_notifications(OTHER, "ada").await.unwrap().is_none());
    assert_eq!(store.list_notifications(WORKSPACE).await.unwrap().len(), 1);
}

pub async fn a_form_has_one_link_of_its_workspace_until_it_ends(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let link = FormLinkRow {
        token_hash: "h".to_owned(),
        workspace: WORKSPACE.to_owned(),
        checkpoint: "r1.1".to_owned(),
        created_at: 1,
        expires_at: 9_000,
        used_at: None,
    };
    for created_at in [1, 5] {
        store.keep_form_link(&FormLinkRow { created_at, ..link.clone() }).await.unwrap();
    }
    assert_eq!(store.find_form_link("h").await.unwrap(), Some(link.clone()), "the first stays");
    assert_eq!(store.find_form_link("other").await.unwrap(), None);
    store.use_form_link(&FormLinkRow { workspace: OTHER.to_owned(), ..link.clone() }, 6).await.unwrap();
    assert_eq!(store.find_form_link("h").await.unwrap().unwrap().used_at, None, "another workspace's is not used");
    store.use_form_link(&link, 7).await.unwrap();
    store.use_form_link(&link, 8).await.unwrap();
    assert_eq!(store.find_form_link("h").await.unwrap().unwrap().used_at, Some(7));
    store.purge_outbound(9_000).await.unwrap();
    assert!(store.find_form_link("h").await.unwrap().is_some());
    store.purge_outbound(9_001).await.unwrap();
    assert_eq!(store.find_form_link("h").await.unwrap(), None);
}
