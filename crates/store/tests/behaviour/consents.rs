//! What addresses of customers want to get.

use countersign_store::testing::TestDatabase;
use countersign_store::*;

use crate::{
    fixtures::*,
    inbound::{end, event},
};

fn consent(opted_out: bool, at: i64) -> ConsentRow {
    ConsentRow {
        workspace: WORKSPACE.to_owned(),
        channel: "sms".to_owned(),
        address: "+15550001".to_owned(),
        opted_out,
        at,
        how: ConsentHow::Word,
        message: Some("m1".to_owned()),
        told_to: None,
        reason: String::new(),
    }
}

pub async fn an_address_wants_what_it_said_last(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let known =
        async |workspace: &str, channel: &str| store.get_consent(workspace, channel, "+15550001").await.unwrap();
    assert_eq!(known(WORKSPACE, "sms").await, None);
    store.put_consent(&consent(true, 5), vec![audit("consent.told")]).await.unwrap();
    assert_eq!(known(WORKSPACE, "sms").await, Some(consent(true, 5)));
    assert_eq!((known(OTHER, "sms").await, known(WORKSPACE, "whatsapp").await), (None, None));
    let again = ConsentRow {
        how: ConsentHow::Operator,
        message: None,
        told_to: Some("u-1".to_owned()),
        reason: "asked by telephone".to_owned(),
        ..consent(false, 9)
    };
    store.put_consent(&again, vec![]).await.unwrap();
    assert_eq!(known(WORKSPACE, "sms").await, Some(again));
}

pub async fn a_word_its_answer_and_what_follows_are_one(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.create_conversation(&conversation("c1"), vec![]).await.unwrap();
    let row = event("e1", "channel:a/+15550001", "k1");
    store.accept_inbound(&row).await.unwrap();
    let end = end("e1");
    let (said, answer) = (message("m1", "c1"), NewMessage { leaves: true, ..message("m1.w", "c1") });
    for new in [true, false] {
        let told = Some((&consent(true, 5), audit("consent.told")));
        let (kept, was_new) = store.receive_consent((&said, Some(&answer)), &end, told).await.unwrap();
        assert_eq!((kept.id.as_str(), kept.position, was_new), ("m1", 1, new));
    }
    let all = store.list_messages(WORKSPACE, "c1", 0, 10).await.unwrap();
    assert_eq!(all.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["m1", "m1.w"], "answered once");
    assert!(store.get_consent(WORKSPACE, "sms", "+15550001").await.unwrap().unwrap().opted_out);
    assert_eq!(store.get_inbound(WORKSPACE, &row.id).await.unwrap().unwrap().status, InboundStatus::Done);
    let entries = store.list_audit(WORKSPACE, &AuditFilter::default(), None, 10).await.unwrap();
    assert_eq!(entries.iter().filter(|entry| entry.action == "consent.told").count(), 1);
}

pub async fn a_mail_has_one_link_of_its_workspace(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let link = UnsubscribeLinkRow {
        token_hash: "h".to_owned(),
        workspace: WORKSPACE.to_owned(),
        channel: "email".to_owned(),
        address: "ada@example.com".to_owned(),
        created_at: 1,
    };
    for created_at in [1, 5] {
        store.keep_unsubscribe_link(&UnsubscribeLinkRow { created_at, ..link.clone() }).await.unwrap();
    }
    assert_eq!(store.find_unsubscribe_link("h").await.unwrap(), Some(link), "the first stays");
    assert_eq!(store.find_unsubscribe_link("other").await.unwrap(), None);
}
