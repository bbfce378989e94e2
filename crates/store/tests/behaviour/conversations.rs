//! Customers, conversations, messages, notes.

use countersign_store::testing::TestDatabase;
use countersign_store::*;
use futures::future::join_all;

use crate::{fixtures::*, inbound::event};

pub async fn customers_are_recognised(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let mut ada = customer("ada");
    store.create_customer(&ada, vec![]).await.unwrap();
    ada.email = Some("ada@example.com".to_owned());
    for key in [
        CustomerKey::Email("ADA@example.com"),
        CustomerKey::Phone("+15550100"),
        CustomerKey::Telegram("4711"),
        CustomerKey::ExternalId("crm-ada"),
    ] {
        assert_eq!(store.find_customer(WORKSPACE, key).await.unwrap().as_ref(), Some(&ada), "{key:?}");
        assert_eq!(store.find_customer(OTHER, key).await.unwrap(), None);
    }
    let twin = CustomerRow { id: "twin".to_owned(), ..ada.clone() };
    assert!(matches!(store.create_customer(&twin, vec![]).await, Err(StoreError::AlreadyExists("customer"))));
    ada.name = "Ada L. Example".to_owned();
    store.update_customer(&ada, vec![]).await.unwrap();
    for index in 0..7 {
        let row = CustomerRow { name: format!("Guest {index}"), external_id: None, ..customer(&format!("g{index}")) };
        store.create_customer(&row, vec![]).await.unwrap();
    }
    let found = store.list_customers(WORKSPACE, Some("l. EXAMPLE"), &page(10)).await.unwrap();
    assert_eq!(found.items, [ada]);
    let first = store.list_customers(WORKSPACE, None, &page(5)).await.unwrap();
    let rest = store.list_customers(WORKSPACE, None, &PageRequest { after: first.next, limit: 5 }).await.unwrap();
    assert_eq!((first.items.len(), rest.items.len(), rest.next), (5, 3, None));
}

pub async fn concurrent_messages_get_gapless_positions(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.create_conversation(&conversation("c1"), vec![]).await.unwrap();
    let appends = (0..30).map(|index| {
        let store = store.clone();
        tokio::spawn(async move {
            if index % 3 == 0 {
                let mut start = commit(&format!("r{index}"), 0);
                start.messages = vec![message(&format!("m{index}"), "c1")];
                written(&store, start).await;
            } else {
                store.append_message(WORKSPACE, &message(&format!("m{index}"), "c1"), vec![]).await.unwrap();
            }
        })
    });
    for done in join_all(appends.collect::<Vec<_>>()).await {
        done.unwrap();
    }
    let messages = store.list_messages(WORKSPACE, "c1", 0, 100).await.unwrap();
    assert_eq!(messages.iter().map(|message| message.position).collect::<Vec<_>>(), (1..=30).collect::<Vec<_>>());
    let newest = store.list_messages_before(WORKSPACE, "c1", 29, 3).await.unwrap();
    assert_eq!(newest.iter().map(|message| message.position).collect::<Vec<_>>(), [26, 27, 28]);
    assert_eq!(store.list_messages(WORKSPACE, "c1", 28, 100).await.unwrap().len(), 2);
}

pub async fn whether_a_customer_wrote_before_is_known(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.create_conversation(&conversation("c1"), vec![]).await.unwrap();
    for (id, author) in [
        ("greeting", Author::Workflow),
        ("m1", Author::Customer),
        ("reply", Author::Operator),
        ("m2", Author::Customer),
    ] {
        let said = NewMessage { author, ..message(id, "c1") };
        store.append_message(WORKSPACE, &said, vec![]).await.unwrap();
    }
    for (id, before) in [("greeting", false), ("m1", false), ("m2", true)] {
        assert_eq!(store.wrote_before(WORKSPACE, "c1", id).await.unwrap(), before, "{id}");
    }
    assert!(!store.wrote_before(OTHER, "c1", "m2").await.unwrap());
}

pub async fn a_message_sent_twice_is_one(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.create_conversation(&conversation("c1"), vec![]).await.unwrap();
    store.create_conversation(&conversation("c2"), vec![]).await.unwrap();
    let sent = join_all((0..8).map(|_| {
        let store = store.clone();
        async move { store.append_message(WORKSPACE, &message("m1", "c1"), vec![]).await.unwrap() }
    }))
    .await;
    assert!(sent.iter().all(|row| *row == sent[0] && row.position == 1));
    assert_eq!(store.get_conversation(WORKSPACE, "c1").await.unwrap().unwrap().last_position, 1);
    // The id in another conversation is a mistake, not a repetition.
    assert!(store.append_message(WORKSPACE, &message("m1", "c2"), vec![]).await.is_err());
    let nowhere = store.append_message(WORKSPACE, &message("m2", "c9"), vec![]).await;
    assert!(matches!(nowhere, Err(StoreError::NotFound("conversation"))), "{nowhere:?}");
}

pub async fn conversations_change_hands(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let mut row = conversation("c1");
    row.external_id = Some("+15550100".to_owned());
    row.channel_account = Some("a1".to_owned());
    row.channel = "whatsapp".to_owned();
    store.create_conversation(&row, vec![]).await.unwrap();
    let twin = ConversationRow { id: "c2".to_owned(), token_hash: None, ..row.clone() };
    assert!(matches!(store.create_conversation(&twin, vec![]).await, Err(StoreError::AlreadyExists("conversation"))));
    let elsewhere = ConversationRow { id: "c3".to_owned(), channel_account: Some("a2".to_owned()), ..twin };
    store.create_conversation(&elsewhere, vec![]).await.unwrap();
    assert_eq!(store.find_conversation(WORKSPACE, "whatsapp", "+15550100").await.unwrap().unwrap(), row);
    assert_eq!(store.find_conversation(WORKSPACE, "sms", "+15550100").await.unwrap(), None);
    assert_eq!(store.find_conversation_by_token("token-of-c1").await.unwrap().unwrap(), row);

    let take = ConversationUpdate {
        workspace: WORKSPACE.to_owned(),
        id: "c1".to_owned(),
        at: 7_000,
        status: Some(ConversationStatus::WithPerson),
        assigned_to: Some(Some("u-1".to_owned())),
        customer: Some("ada".to_owned()),
        subject: None,
        answered: false,
        snoozed_until: None,
        seen: None,
    };
    let taken = store.update_conversation(&take, vec![audit("conversation.taken")]).await.unwrap();
    assert_eq!(taken.assigned_to.as_deref(), Some("u-1"));
    assert_eq!((taken.status, taken.updated_at), (ConversationStatus::WithPerson, 7_000));
    let give = ConversationUpdate {
        workspace: WORKSPACE.to_owned(),
        id: "c1".to_owned(),
        at: 8_000,
        assigned_to: Some(None),
        ..Default::default()
    };
    let given = store.update_conversation(&give, vec![]).await.unwrap();
    assert_eq!(given, ConversationRow { assigned_to: None, updated_at: 8_000, ..taken });
    let missing = ConversationUpdate { id: "c9".to_owned(), ..give };
    let missing = store.update_conversation(&missing, vec![]).await;
    assert!(matches!(missing, Err(StoreError::NotFound("conversation"))));
}

pub async fn conversations_come_by_activity(database: TestDatabase) {
    let store = database.open().await.unwrap();
    for index in 0..6 {
        let mut row = conversation(&format!("c{index}"));
        row.updated_at = 1_000 + index;
        row.status = if index == 5 { ConversationStatus::Closed } else { ConversationStatus::Open };
        store.create_conversation(&row, vec![]).await.unwrap();
    }
    store.append_message(WORKSPACE, &message("m1", "c0"), vec![]).await.unwrap();
    let ids = |rows: &[ConversationRow]| rows.iter().map(|row| row.id.clone()).collect::<Vec<_>>();
    let all = ConversationFilter::default();
    let first = store.list_conversations(WORKSPACE, &all, &page(4)).await.unwrap();
    assert_eq!(ids(&first.items), ["c0", "c5", "c4", "c3"]);
    let rest = store.list_conversations(WORKSPACE, &all, &PageRequest { after: first.next, limit: 4 }).await.unwrap();
    assert_eq!(ids(&rest.items), ["c2", "c1"]);
    let closed = ConversationFilter { status: vec![ConversationStatus::Closed], ..Default::default() };
    assert_eq!(ids(&store.list_conversations(WORKSPACE, &closed, &page(4)).await.unwrap().items), ["c5"]);
}

pub async fn what_nobody_answers_waits_for_people(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.create_conversation(&conversation("c1"), vec![]).await.unwrap();
    let said = async |id: &str| {
        let said = NewMessage { author: Author::Customer, ..message(id, "c1") };
        store.append_message(WORKSPACE, &said, vec![]).await.unwrap()
    };
    let ends = async |id: &str| {
        store.accept_inbound(&event(id, "conversation:c1", id)).await.unwrap();
        InboundEndRow {
            workspace: WORKSPACE.to_owned(),
            id: id.to_owned(),
            status: InboundStatus::Done,
            outcome: Some(InboundOutcome::Ignored),
            run: None,
            error: None,
            done_at: Some(2_000),
            wanted_by: None,
        }
    };
    let since = async || store.get_conversation(WORKSPACE, "c1").await.unwrap().unwrap().unanswered_since;
    let only = ConversationFilter { unanswered: true, ..Default::default() };
    let listed = async || store.list_conversations(WORKSPACE, &only, &page(4)).await.unwrap().items.len();

    let (first, end) = (said("m1").await, ends("e1").await);
    assert!(store.end_unanswered(&end, &first).await.unwrap());
    assert!(!store.end_unanswered(&end, &first).await.unwrap(), "it was dealt with");
    assert_eq!((since().await, listed().await), (Some(first.at), 1));
    assert_eq!(store.count_unanswered(WORKSPACE, 1, 10).await.unwrap(), 1);
    assert_eq!(store.count_unanswered(OTHER, 1, 10).await.unwrap(), 0);
    // What a run says is no answer of a person's; an operator's words are.
    store
        .append_message(WORKSPACE, &NewMessage { author: Author::Workflow, ..message("w1", "c1") }, vec![])
        .await
        .unwrap();
    assert_eq!(listed().await, 1);
    let second = said("m2").await;
    let reply = NewMessage { author: Author::Operator, ..message("o1", "c1") };
    store.append_message(WORKSPACE, &reply, vec![]).await.unwrap();
    assert_eq!((since().await, store.count_unanswered(WORKSPACE, 1, 10).await.unwrap()), (None, 0));
    // Whoever answered had read it, though its event ends only now.
    assert!(store.end_unanswered(&ends("e2").await, &second).await.unwrap());
    assert_eq!(since().await, None);
    // The same reply once more answers nothing that came after it.
    let third = said("m3").await;
    let question = NewMessage { author: Author::Workflow, ..message("q1", "c1") };
    let end = ends("e3").await;
    assert!(store.ask_again(&question, &end, &third).await.unwrap());
    assert!(!store.ask_again(&question, &end, &third).await.unwrap());
    store.append_message(WORKSPACE, &reply, vec![]).await.unwrap();
    assert_eq!(since().await, Some(third.at));

    let change =
        || ConversationUpdate { workspace: WORKSPACE.to_owned(), id: "c1".to_owned(), at: 9_000, ..Default::default() };
    for (index, (update, leaves)) in [
        (ConversationUpdate { subject: Some("Hours".to_owned()), ..change() }, false),
        (ConversationUpdate { assigned_to: Some(None), ..change() }, false),
        (ConversationUpdate { answered: true, ..change() }, true),
        (ConversationUpdate { assigned_to: Some(Some("u-1".to_owned())), ..change() }, true),
        (ConversationUpdate { status: Some(ConversationStatus::Closed), ..change() }, true),
    ]
    .into_iter()
    .enumerate()
    {
        let event = ends(&format!("n{index}")).await;
        assert!(store.end_unanswered(&event, &said(&format!("n{index}")).await).await.unwrap());
        assert_eq!(listed().await, 1, "{update:?}");
        let row = store.update_conversation(&update, vec![]).await.unwrap();
        assert_eq!(row.unanswered_since.is_none(), leaves, "{update:?}");
    }
    // Closed, nobody waits in it.
    let late = said("late").await;
    assert!(store.end_unanswered(&ends("e9").await, &late).await.unwrap());
    assert_eq!(since().await, None);
}

async fn put_aside(store: &Store, id: &str, until: Option<i64>) {
    let (workspace, id) = (WORKSPACE.to_owned(), id.to_owned());
    let update = ConversationUpdate { workspace, id, at: 9_000, snoozed_until: Some(until), ..Default::default() };
    store.update_conversation(&update, vec![]).await.unwrap();
}

pub async fn what_is_put_aside_comes_back(database: TestDatabase) {
    let store = database.open().await.unwrap();
    for id in ["c1", "c2", "c3"] {
        store.create_conversation(&conversation(id), vec![]).await.unwrap();
    }
    let aside = async |id: &str, until: Option<i64>| put_aside(&store, id, until).await;
    let listed = async |snoozed: Snoozed| {
        let filter = ConversationFilter { snoozed, ..Default::default() };
        let mut ids: Vec<String> = store
            .list_conversations(WORKSPACE, &filter, &page(9))
            .await
            .unwrap()
            .items
            .into_iter()
            .map(|row| row.id)
            .collect();
        ids.sort();
        ids
    };
    aside("c1", Some(20_000)).await;
    aside("c2", Some(SNOOZED_FOR_GOOD)).await;
    assert_eq!(listed(Snoozed::Only(10_000)).await, ["c1", "c2"]);
    assert_eq!(listed(Snoozed::Without(10_000)).await, ["c3"]);
    assert_eq!(listed(Snoozed::Any).await, ["c1", "c2", "c3"]);
    // Its time over it is back in the lists before anybody writes so.
    assert_eq!(listed(Snoozed::Without(20_000)).await, ["c1", "c3"]);
    assert!(store.snoozes_over(19_999, 9).await.unwrap().is_empty());
    let over = store.snoozes_over(20_000, 9).await.unwrap();
    assert_eq!(over.len(), 1);
    assert_eq!((over[0].conversation.as_str(), over[0].until), ("c1", 20_000));
    // Put aside once more meanwhile, it stays.
    aside("c1", Some(30_000)).await;
    assert!(!store.end_snooze(&over[0], audit("conversation.returned")).await.unwrap());
    let over = store.snoozes_over(30_000, 9).await.unwrap();
    assert!(store.end_snooze(&over[0], audit("conversation.returned")).await.unwrap());
    assert!(!store.end_snooze(&over[0], audit("conversation.returned")).await.unwrap());
    assert_eq!(store.get_conversation(WORKSPACE, "c1").await.unwrap().unwrap().snoozed_until, None);

    // A run's words and an operator's leave it aside; the customer's bring it back.
    for (id, author) in [("m1", Author::Workflow), ("m2", Author::Operator)] {
        store.append_message(WORKSPACE, &NewMessage { author, ..message(id, "c2") }, vec![]).await.unwrap();
        assert_eq!(listed(Snoozed::Only(10_000)).await, ["c2"]);
    }
    let said = NewMessage { author: Author::Customer, ..message("m3", "c2") };
    store.append_message(WORKSPACE, &said, vec![]).await.unwrap();
    assert!(listed(Snoozed::Only(10_000)).await.is_empty());
    let over = store.snoozes_over(1, 9).await.unwrap();
    assert_eq!((over.len(), over[0].until), (1, 0));
    assert!(store.end_snooze(&over[0], audit("conversation.returned")).await.unwrap());
    // The same words once more, and words where nothing is aside, change nothing.
    store.append_message(WORKSPACE, &said, vec![]).await.unwrap();
    assert!(store.snoozes_over(1, 9).await.unwrap().is_empty());
    assert_eq!(listed(Snoozed::Without(10_000)).await, ["c1", "c2", "c3"]);
    assert_eq!(store.get_conversation(WORKSPACE, "c2").await.unwrap().unwrap().last_position, 3);

    // Closed it is not put aside any more.
    aside("c3", Some(SNOOZED_FOR_GOOD)).await;
    let closed = ConversationUpdate {
        workspace: WORKSPACE.to_owned(),
        id: "c3".to_owned(),
        at: 9_001,
        status: Some(ConversationStatus::Closed),
        ..Default::default()
    };
    assert_eq!(store.update_conversation(&closed, vec![]).await.unwrap().snoozed_until, None);
}

pub async fn nothing_is_put_aside_with_words_that_nobody_saw(database: TestDatabase) {
    let store = database.open().await.unwrap();
    for id in ["c1", "c2"] {
        store.create_conversation(&conversation(id), vec![]).await.unwrap();
    }
    let says = async |id: &str, conversation: &str, author: Author| {
        let message = NewMessage { author, ..message(id, conversation) };
        store.append_message(WORKSPACE, &message, vec![]).await.unwrap().position
    };
    let aside = async |id: &str, seen: Option<u64>| {
        let (workspace, id) = (WORKSPACE.to_owned(), id.to_owned());
        let until = Some(Some(SNOOZED_FOR_GOOD));
        let update = ConversationUpdate { workspace, id, at: 9_000, snoozed_until: until, seen, ..Default::default() };
        store.update_conversation(&update, vec![audit("conversation.snoozed")]).await
    };
    let until = async || store.get_conversation(WORKSPACE, "c1").await.unwrap().unwrap().snoozed_until;
    let seen = says("m1", "c1", Author::Customer).await;
    says("m2", "c1", Author::Customer).await;
    let before = store.get_conversation(WORKSPACE, "c1").await.unwrap();
    let refused = aside("c1", Some(seen)).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Conflict::MessagesSince))), "{refused:?}");
    assert_eq!(store.get_conversation(WORKSPACE, "c1").await.unwrap(), before, "nothing is written");
    let missing = aside("c9", Some(seen)).await;
    assert!(matches!(missing, Err(StoreError::NotFound("conversation"))), "{missing:?}");
    // What others say and what is said elsewhere does not count.
    says("m3", "c1", Author::Workflow).await;
    says("m4", "c1", Author::Operator).await;
    for (id, position) in [("o1", 1), ("o2", 2), ("o3", 3)] {
        assert_eq!(says(id, "c2", Author::Customer).await, position);
    }
    aside("c1", Some(seen + 1)).await.unwrap();
    assert_eq!(until().await, Some(SNOOZED_FOR_GOOD));
    aside("c2", None).await.unwrap();

    // Said at the same time, it comes before and is told, or after and brings the conversation back.
    for round in 0..20 {
        let seen = store.get_conversation(WORKSPACE, "c1").await.unwrap().unwrap().last_position;
        let id = format!("race-{round}");
        let (put, _) = tokio::join!(aside("c1", Some(seen)), says(&id, "c1", Author::Customer));
        match put {
            Ok(_) => assert_eq!(until().await, Some(0), "round {round}"),
            Err(StoreError::Conflict(Conflict::MessagesSince)) => {}
            Err(error) => panic!("round {round}: {error}"),
        }
        assert_ne!(until().await, Some(SNOOZED_FOR_GOOD), "round {round}");
    }
}

pub async fn canned_replies_are_the_workspaces(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let reply = |id: &str, name: &str| CannedReplyRow {
        id: id.to_owned(),
        workspace: WORKSPACE.to_owned(),
        name: name.to_owned(),
        body: "Hello {{customer.name}}".to_owned(),
        updated_at: 1,
    };
    let twice = |result: Result<()>| matches!(result, Err(StoreError::AlreadyExists("canned reply")));
    assert!(store.create_canned_reply(&reply("r1", "hours"), vec![]).await.unwrap());
    assert!(store.create_canned_reply(&reply("r2", "hello"), vec![]).await.unwrap());
    assert!(twice(store.create_canned_reply(&reply("r3", "hours"), vec![]).await.map(|_| ())));
    let elsewhere = CannedReplyRow { workspace: OTHER.to_owned(), ..reply("r1", "hours") };
    assert!(store.create_canned_reply(&elsewhere, vec![]).await.unwrap());
    let names = async || {
        let rows = store.list_canned_replies(WORKSPACE).await.unwrap();
        rows.into_iter().map(|row| row.name).collect::<Vec<String>>()
    };
    assert_eq!(names().await, ["hello", "hours"]);
    assert!(twice(store.update_canned_reply(&reply("r1", "hello"), vec![]).await));
    store.update_canned_reply(&reply("r1", "times"), vec![]).await.unwrap();
    assert_eq!(names().await, ["hello", "times"]);
    assert_eq!(store.get_canned_reply(OTHER, "r1").await.unwrap().unwrap().name, "hours");
    assert!(store.get_canned_reply(OTHER, "r2").await.unwrap().is_none());
    assert!(store.delete_canned_reply(OTHER, "r2", vec![]).await.is_err());
    store.delete_canned_reply(WORKSPACE, "r2", vec![]).await.unwrap();
    assert_eq!(names().await, ["times"]);
    for number in 0..199 {
        assert!(store.create_canned_reply(&reply(&format!("n{number}"), &format!("n{number}")), vec![]).await.unwrap());
    }
    assert!(!store.create_canned_reply(&reply("one-more", "one-more"), vec![]).await.unwrap());
}

pub async fn notes_are_kept(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let note = NoteRow {
        id: "n1".to_owned(),
        workspace: WORKSPACE.to_owned(),
        subject: "conversation:c1".to_owned(),
        body: "Calls back at four".to_owned(),
        author: "u-1".to_owned(),
        at: 1,
    };
    store.add_note(&note, vec![]).await.unwrap();
    assert_eq!(store.list_notes(WORKSPACE, "conversation:c1").await.unwrap(), [note]);
    assert!(matches!(store.delete_note(OTHER, "n1").await, Err(StoreError::NotFound("note"))));
    store.delete_note(WORKSPACE, "n1").await.unwrap();
    assert!(store.list_notes(WORKSPACE, "conversation:c1").await.unwrap().is_empty());
}

pub async fn what_is_to_leave_is_taken_by_one_and_told_on_the_message(database: TestDatabase) {
    let store = database.open().await.unwrap();
    for id in ["c1", "c2"] {
        store.create_conversation(&conversation(id), vec![]).await.unwrap();
    }
    let leaving = |id: &str, conversation: &str| NewMessage { leaves: true, ..message(id, conversation) };
    store.append_message(WORKSPACE, &leaving("m1", "c1"), vec![]).await.unwrap();
    store.append_message(WORKSPACE, &message("m2", "c1"), vec![]).await.unwrap();
    store.append_message(WORKSPACE, &leaving("m3", "c2"), vec![]).await.unwrap();
    // What a run says leaves with the commit that said it.
    let said = Commit { messages: vec![leaving("m4", "c1")], ..commit("r1", 0) };
    store.commit(said, Priority::Start).await.unwrap();
    let taken = store.claim_departures(60_000, 10).await.unwrap();
    assert_eq!(taken.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["m1", "m3"], "the first of each");
    assert!(taken.iter().all(|row| row.delivery.as_deref() == Some("{\"status\":\"queued\"}")));
    assert!(store.claim_departures(60_000, 10).await.unwrap().is_empty(), "m4 goes after m1");
    let sent = MessageRow { send_at: None, delivery: Some("{\"status\":\"accepted\"}".to_owned()), ..taken[0].clone() };
    assert!(store.change_message(&taken[0], &sent, None, None).await.unwrap());
    let next = store.claim_departures(60_000, 10).await.unwrap();
    assert_eq!(next.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["m4"]);
    // Whoever changes something else does not let it leave again.
    let edited = MessageRow { body: "other".to_owned(), send_at: Some(0), ..taken[1].clone() };
    let kept = MessageRow { send_at: taken[1].send_at, ..edited.clone() };
    assert!(store.change_message(&taken[1], &kept, None, None).await.unwrap());
    assert!(store.claim_departures(60_000, 10).await.unwrap().is_empty());
    let again = MessageRow { send_at: Some(0), ..kept.clone() };
    assert!(store.change_message(&kept, &again, None, None).await.unwrap());
    assert_eq!(store.claim_departures(60_000, 10).await.unwrap().len(), 1);
}

pub async fn when_a_customer_wrote_last_is_known_by_account_and_address(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let at_account = |id: &str, account: &str| ConversationRow {
        channel: "whatsapp".to_owned(),
        channel_account: Some(account.to_owned()),
        external_id: Some("+15550001".to_owned()),
        ..conversation(id)
    };
    store.create_conversation(&at_account("c1", "a1"), vec![]).await.unwrap();
    store.create_conversation(&at_account("c2", "a2"), vec![]).await.unwrap();
    let heard = async |account: &str| store.last_heard(WORKSPACE, ("whatsapp", account), "+15550001").await.unwrap();
    assert_eq!(heard("a1").await, None);
    let by = |id: &str, author, at| NewMessage { author, at, ..message(id, "c1") };
    store.append_message(WORKSPACE, &by("m1", Author::Customer, 5), vec![]).await.unwrap();
    store.append_message(WORKSPACE, &by("m2", Author::Customer, 7), vec![]).await.unwrap();
    store.append_message(WORKSPACE, &by("m3", Author::Operator, 9), vec![]).await.unwrap();
    assert_eq!((heard("a1").await, heard("a2").await), (Some(7), None));
    assert_eq!(store.last_heard(OTHER, ("whatsapp", "a1"), "+15550001").await.unwrap(), None);
}

/// No other end of a form does, and what is not put aside stays so.
pub async fn a_submitted_form_brings_back_what_is_put_aside(database: TestDatabase) {
    let store = database.open().await.unwrap();
    for id in ["c1", "c2"] {
        store.create_conversation(&conversation(id), vec![]).await.unwrap();
    }
    let form = |id: &str, conversation: &str, outcome: Outcome| {
        let row = CheckpointRow { kind: CheckpointKind::Form, ..checkpoint(id, 1) };
        let of = RunRow { conversation: Some(conversation.to_owned()), ..run_row(id) };
        let asked =
            Commit { run: of.clone(), checkpoints: vec![CheckpointChange::Open(Box::new(row))], ..commit(id, 0) };
        let ended = vec![close_as(&format!("{id}.1"), "ada", outcome)];
        (asked, Commit { run: of, checkpoints: ended, ..commit(id, 1) })
    };
    for (id, conversation, outcome, back) in [
        ("r1", "c1", Outcome::Timeout, false),
        ("r2", "c1", Outcome::Cancelled, false),
        ("r3", "c1", Outcome::Submitted, true),
        ("r4", "c2", Outcome::Submitted, false),
        ("r5", "gone", Outcome::Submitted, false),
    ] {
        if conversation == "c1" {
            put_aside(&store, "c1", Some(SNOOZED_FOR_GOOD)).await;
        }
        let (asked, ended) = form(id, conversation, outcome);
        store.commit(asked, Priority::Start).await.unwrap();
        assert!(store.snoozes_over(1, 9).await.unwrap().is_empty(), "{id}");
        store.commit(ended, Priority::Continue).await.unwrap();
        let over = store.snoozes_over(1, 9).await.unwrap();
        assert_eq!(
            over.iter().map(|over| (over.conversation.as_str(), over.until)).collect::<Vec<_>>(),
            match back {
                true => vec![("c1", 0)],
                false => vec![],
            }
        );
        for over in &over {
            assert!(store.end_snooze(over, audit("conversation.returned")).await.unwrap());
        }
    }
    for id in ["c1", "c2"] {
        assert_eq!(store.get_conversation(WORKSPACE, id).await.unwrap().unwrap().snoozed_until, None);
    }
}
