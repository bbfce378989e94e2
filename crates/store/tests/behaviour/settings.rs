//! Connections, channel accounts, remembered answers, nodes.

use std::collections::BTreeSet;

use countersign_store::testing::TestDatabase;
use countersign_store::*;
use futures::future::join_all;

use crate::fixtures::*;

pub async fn connections_have_unique_names(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let mut row = ConnectionRow {
        id: "x1".to_owned(),
        workspace: WORKSPACE.to_owned(),
        connector: "stripe".to_owned(),
        name: "live".to_owned(),
        settings: "{}".to_owned(),
        sealed: "c2VhbGVk".to_owned(),
        health: String::new(),
        used: String::new(),
        created_at: 1,
        updated_at: 1,
    };
    store.create_connection(&row, vec![audit("connection.created")]).await.unwrap();
    let twin = ConnectionRow { id: "x2".to_owned(), ..row.clone() };
    assert!(matches!(store.create_connection(&twin, vec![]).await, Err(StoreError::AlreadyExists("connection"))));
    row.sealed = "bmV3".to_owned();
    store.update_connection(&row, vec![]).await.unwrap();
    assert_eq!(store.find_connection(WORKSPACE, "stripe", "live").await.unwrap().unwrap(), row);
    assert_eq!(store.get_connection(WORKSPACE, "x1").await.unwrap().unwrap(), row);
    // What is said of it is kept, unless it was said of another: of the one before a change, or of another workspace's.
    let said = |health: &str| ConnectionRow { health: health.to_owned(), ..row.clone() };
    store.note_connection_health(&said("sound"), vec![audit("connection.tested")]).await.unwrap();
    for other in [
        ConnectionRow { sealed: "b2xk".to_owned(), ..said("of the old secret") },
        ConnectionRow { settings: r#"{"a":1}"#.to_owned(), ..said("of other settings") },
        ConnectionRow { workspace: OTHER.to_owned(), ..said("of another workspace") },
    ] {
        store.note_connection_health(&other, vec![]).await.unwrap();
    }
    assert_eq!(store.list_connections(WORKSPACE).await.unwrap(), [said("sound")]);
    // What calls showed of it counts once, of several who read the same; a refusal is told to people then.
    let read = said("sound");
    let heard = || Heard { entry: audit("connection.heard"), alert: true };
    assert!(store.hear_of_connection(&read, "refused", heard()).await.unwrap());
    assert!(!store.hear_of_connection(&read, "refused", heard()).await.unwrap(), "somebody heard it before");
    let elsewhere = ConnectionRow { workspace: OTHER.to_owned(), ..said("refused") };
    assert!(!store.hear_of_connection(&elsewhere, "sound", heard()).await.unwrap());
    let told = store.outbound_of(WORKSPACE, "").await.unwrap();
    assert_eq!(told.iter().filter(|row| row.about.as_deref() == Some("x1")).count(), 1, "{told:?}");
    // Its use is no change of it.
    store.note_connection_use(WORKSPACE, "x1", "used").await.unwrap();
    store.note_connection_use(OTHER, "x1", "by another").await.unwrap();
    let used = ConnectionRow { used: "used".to_owned(), ..said("refused") };
    assert_eq!(store.list_connections(WORKSPACE).await.unwrap(), [used]);
    store.delete_connection(WORKSPACE, "x1", vec![audit("connection.deleted")]).await.unwrap();
    assert!(matches!(store.delete_connection(WORKSPACE, "x1", vec![]).await, Err(StoreError::NotFound("connection"))));
}

fn tokens(workspace: &str) -> ConnectionTokenRow {
    ConnectionTokenRow {
        workspace: workspace.to_owned(),
        connection: "x1".to_owned(),
        granted: "g1".to_owned(),
        client: "c1".to_owned(),
        status: TokenStatus::Connected,
        reason: String::new(),
        sealed: "dG9r".to_owned(),
        seq: 1,
        expires_at: Some(100),
        scope: "read".to_owned(),
        connected_at: 5,
        connected_by: "u1".to_owned(),
        refreshed_at: 5,
        lease: String::new(),
        lease_until: 0,
        doubts: 0,
    }
}

pub async fn tokens_are_refreshed_by_one_and_no_change_of_the_account(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let connection = ConnectionRow {
        id: "x1".to_owned(),
        workspace: WORKSPACE.to_owned(),
        connector: "shop".to_owned(),
        name: "live".to_owned(),
        settings: "{}".to_owned(),
        sealed: "b2xk".to_owned(),
        health: String::new(),
        used: String::new(),
        created_at: 1,
        updated_at: 1,
    };
    store.create_connection(&connection, vec![]).await.unwrap();
    // Somebody agrees: the account is another one.
    let connected = ConnectionRow { sealed: "bmV3".to_owned(), updated_at: 5, ..connection.clone() };
    let row = tokens(WORKSPACE);
    store.connect((&connection, &connected), &row, vec![audit("connection.connected")]).await.unwrap();
    assert_eq!(store.get_connection(WORKSPACE, "x1").await.unwrap().unwrap(), connected);
    let late = store.connect((&connection, &connected), &row, vec![audit("connection.connected")]).await;
    assert!(matches!(late, Err(StoreError::NotFound("connection"))), "it was changed since it was read");
    store.add_connection_token(&ConnectionTokenRow { seq: 9, ..row.clone() }).await.unwrap();
    store.add_connection_token(&tokens(OTHER)).await.unwrap();
    assert_eq!(store.get_connection_token(WORKSPACE, "x1").await.unwrap().unwrap(), row);
    // One of many refreshes.
    let leases: Vec<String> = (0..6).map(|n| format!("l{n}")).collect();
    let taken = join_all(leases.iter().map(|lease| store.lease_token(&row, lease, 60_000))).await;
    assert_eq!(taken.into_iter().filter(|taken| *taken.as_ref().unwrap()).count(), 1);
    let held = store.get_connection_token(WORKSPACE, "x1").await.unwrap().unwrap();
    assert_eq!((held.doubts, held.seq), (1, 1));
    assert!((1..=60_000).contains(&store.lease_left(&held).await.unwrap()));
    let new = ConnectionTokenRow { sealed: "bmV4dA".to_owned(), expires_at: None, refreshed_at: 9, ..held.clone() };
    let other = ConnectionTokenRow { lease: "another".to_owned(), ..held.clone() };
    assert!(!store.keep_tokens(&other, &new).await.unwrap(), "not by who has no lease");
    assert!(store.keep_tokens(&held, &new).await.unwrap());
    assert!(!store.keep_tokens(&held, &new).await.unwrap(), "once");
    let kept = store.get_connection_token(WORKSPACE, "x1").await.unwrap().unwrap();
    assert_eq!((kept.seq, kept.doubts, kept.expires_at, kept.sealed.as_str()), (2, 0, None, "bmV4dA"));
    assert_eq!(store.get_connection(WORKSPACE, "x1").await.unwrap().unwrap(), connected, "no change of the account");
    // A refresh that brings nothing rests, and a lease that is over is taken by another, who knows that there is a doubt.
    assert!(!store.lease_token(&row, "late", 1).await.unwrap(), "of tokens that are there no more");
    assert!(store.lease_token(&kept, "a", -1).await.unwrap());
    assert!(store.lease_token(&kept, "b", 60_000).await.unwrap());
    let held = store.get_connection_token(WORKSPACE, "x1").await.unwrap().unwrap();
    assert_eq!((held.doubts, held.lease.as_str()), (2, "b"));
    let over =
        ConnectionTokenRow { status: TokenStatus::Reconnect, reason: "invalid_grant".to_owned(), ..held.clone() };
    store.give_up_refresh(&over, (60_000, false), vec![audit("connection.lost")]).await.unwrap();
    let gone = store.give_up_refresh(&over, (0, false), vec![audit("connection.lost")]).await;
    assert!(matches!(gone, Err(StoreError::NotFound("lease"))));
    let resting = store.get_connection_token(WORKSPACE, "x1").await.unwrap().unwrap();
    assert_eq!((resting.doubts, resting.status, resting.lease.as_str()), (1, TokenStatus::Reconnect, ""));
    assert!(!store.lease_token(&resting, "c", 1).await.unwrap(), "it rests");
    store.forgive_refusal(WORKSPACE, "x1").await.unwrap();
    assert_eq!(store.list_connection_tokens(WORKSPACE).await.unwrap(), [resting], "only what was refused is forgiven");
    store.delete_connection(WORKSPACE, "x1", vec![]).await.unwrap();
    assert!(store.get_connection_token(WORKSPACE, "x1").await.unwrap().is_none());
    assert_eq!(store.list_connection_tokens(OTHER).await.unwrap(), [tokens(OTHER)]);
    store.forget_tokens(OTHER, "x1", vec![audit("connection.disconnected")]).await.unwrap();
    assert!(store.forget_tokens(OTHER, "x1", vec![]).await.is_err());
}

pub async fn a_state_is_taken_once(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let row = AuthorizationRow {
        workspace: WORKSPACE.to_owned(),
        state_hash: "s1".to_owned(),
        connection: "x1".to_owned(),
        person: "u1".to_owned(),
        session: "h1".to_owned(),
        sealed: "dmVyaWZpZXI".to_owned(),
        expires_at: 100,
    };
    store.add_authorization(&row, 50, vec![audit("connection.connecting")]).await.unwrap();
    assert_eq!(store.get_authorization(WORKSPACE, "s1").await.unwrap().unwrap(), row);
    assert!(store.get_authorization(OTHER, "s1").await.unwrap().is_none());
    let taken = join_all((0..6).map(|_| store.take_authorization(&row))).await;
    assert_eq!(taken.iter().filter(|taken| taken.is_ok()).count(), 1);
    store.add_authorization(&row, 50, vec![]).await.unwrap();
    let later = AuthorizationRow { state_hash: "s2".to_owned(), expires_at: 300, ..row };
    store.add_authorization(&later, 200, vec![]).await.unwrap();
    assert!(store.get_authorization(WORKSPACE, "s1").await.unwrap().is_none(), "what is over is forgotten");
}

pub async fn connectors_keep_every_revision(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let new = |workspace: &str, text: &str, kept_for: KeptFor| NewConnectorRevision {
        workspace: workspace.to_owned(),
        name: "pets".to_owned(),
        hash: format!("hash of {text}"),
        manifest: text.to_owned(),
        at: 7,
        by: "user:u1".to_owned(),
        kept_for,
    };
    let over = |instead: Option<u32>| KeptFor::PutIn { instead };
    let audit = |_: u32| vec![audit("connector.put_in")];
    assert_eq!(store.add_connector_revision(&new(WORKSPACE, "one", over(None)), &audit).await.unwrap(), 1);
    // Of several who put it in at once, each over what they looked at, one does; the others are told, and keep nothing.
    let two = new(WORKSPACE, "two", over(Some(1)));
    let several = join_all((0..4).map(|_| store.add_connector_revision(&two, &audit))).await;
    let numbers: Vec<u32> = several.iter().filter_map(|done| done.as_ref().ok().copied()).collect();
    assert_eq!(numbers, [2]);
    let changed = |found: Option<u32>| move |error: &StoreError| matches!(error, StoreError::Conflict(Conflict::ConnectorChanged { revision }) if *revision == found);
    assert!(several.iter().filter_map(|done| done.as_ref().err()).all(changed(Some(2))), "{several:?}");
    assert_eq!(store.connector_revisions(WORKSPACE, "pets").await.unwrap().len(), 2);
    // What is only kept for versions gets a number of its own, also at once, and is not what new versions take.
    let kept = new(WORKSPACE, "kept", KeptFor::Versions);
    let several = join_all((0..4).map(|_| store.add_connector_revision(&kept, &audit))).await;
    let numbers: BTreeSet<u32> = several.into_iter().map(Result::unwrap).collect();
    assert_eq!(numbers, BTreeSet::from([3, 4, 5, 6]));
    assert_eq!(store.add_connector_revision(&new(OTHER, "one", KeptFor::Versions), &audit).await.unwrap(), 1);
    let put_in = store.list_connectors(WORKSPACE).await.unwrap();
    assert_eq!(put_in.iter().map(|row| row.revision).collect::<Vec<_>>(), [2]);
    assert!(store.list_connectors(OTHER).await.unwrap().is_empty());
    let kept = store.get_connector_revision(WORKSPACE, "pets", 6).await.unwrap().unwrap();
    assert_eq!((kept.manifest.as_str(), kept.created_by.as_str()), ("kept", "user:u1"));
    assert_eq!(store.find_connector_revision(WORKSPACE, "pets", "hash of one").await.unwrap(), Some(1));
    assert_eq!(store.find_connector_revision(WORKSPACE, "pets", "hash of none").await.unwrap(), None);
    assert_eq!(store.connector_revisions(WORKSPACE, "pets").await.unwrap().len(), 6);
    let second = new(WORKSPACE, "three", over(None));
    assert!(changed(Some(2))(&store.add_connector_revision(&second, &audit).await.unwrap_err()), "it is there");
    store.remove_connector(WORKSPACE, "pets", vec![]).await.unwrap();
    assert!(matches!(store.remove_connector(WORKSPACE, "pets", vec![]).await, Err(StoreError::NotFound("connector"))));
    assert!(changed(None)(&store.add_connector_revision(&two, &audit).await.unwrap_err()), "it was taken out");
    assert_eq!(store.connector_revisions(WORKSPACE, "pets").await.unwrap().len(), 6);
    assert_eq!(store.add_connector_revision(&second, &audit).await.unwrap(), 7);
}

pub async fn channel_accounts_are_found_by_channel(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let row = ChannelAccountRow {
        id: "a1".to_owned(),
        workspace: WORKSPACE.to_owned(),
        channel: "sms".to_owned(),
        name: "main".to_owned(),
        settings: "{}".to_owned(),
        sealed: "c2VhbGVk".to_owned(),
        health: String::new(),
        heard_at: None,
        created_at: 1,
        updated_at: 1,
    };
    let other = ChannelAccountRow { workspace: OTHER.to_owned(), ..row.clone() };
    store.create_channel_account(&row, vec![]).await.unwrap();
    store.create_channel_account(&other, vec![]).await.unwrap();
    assert_eq!(store.list_channel_accounts(WORKSPACE).await.unwrap(), std::slice::from_ref(&row));
    assert_eq!(store.all_channel_accounts("sms").await.unwrap(), [row.clone(), other]);
    assert!(store.all_channel_accounts("email").await.unwrap().is_empty());
    let said = ChannelAccountRow { health: "{\"state\":\"sound\"}".to_owned(), ..row.clone() };
    store.note_channel_health(&said, vec![audit("channel.tested")]).await.unwrap();
    // Spoken of credentials that are not these any more.
    let old = ChannelAccountRow { sealed: "b2xk".to_owned(), health: "{}".to_owned(), ..row.clone() };
    store.note_channel_health(&old, vec![]).await.unwrap();
    for (at, heard) in [(50, 50), (40, 50), (60, 60)] {
        store.note_channel_heard(WORKSPACE, "a1", at).await.unwrap();
        let now = store.get_channel_account(WORKSPACE, "a1").await.unwrap().unwrap();
        assert_eq!((now.heard_at, now.health.as_str()), (Some(heard), said.health.as_str()));
    }
    assert_eq!(store.get_channel_account(OTHER, "a1").await.unwrap().unwrap().heard_at, None);
    let renamed = ChannelAccountRow { name: "second".to_owned(), ..row };
    store.update_channel_account(&renamed, vec![]).await.unwrap();
    assert_eq!(store.get_channel_account(WORKSPACE, "a1").await.unwrap().unwrap(), renamed);
    store.delete_channel_account(WORKSPACE, "a1", vec![]).await.unwrap();
    assert_eq!(store.all_channel_accounts("sms").await.unwrap().len(), 1);
}

pub async fn reserved_keys_are_answered_once(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let row = IdempotencyRow {
        workspace: WORKSPACE.to_owned(),
        scope: "customer.create".to_owned(),
        key: "key".to_owned(),
        request_hash: "request".to_owned(),
        response_status: None,
        response_body: None,
        run: None,
        created_at: 100,
    };
    let taken = join_all((0..6).map(|_| store.reserve_idempotency(&row))).await;
    let fresh = taken.into_iter().filter(|taken| *taken.as_ref().unwrap() == Reservation::Fresh).count();
    assert_eq!(fresh, 1);
    store.release_idempotency(WORKSPACE, "customer.create", "key").await.unwrap();
    assert_eq!(store.reserve_idempotency(&row).await.unwrap(), Reservation::Fresh);
    store.complete_idempotency(WORKSPACE, "customer.create", "key", 201, "{}").await.unwrap();
    store.release_idempotency(WORKSPACE, "customer.create", "key").await.unwrap();
    let Reservation::Known(known) = store.reserve_idempotency(&row).await.unwrap() else { panic!("expected Known") };
    assert_eq!((known.response_status, known.response_body.as_deref()), (Some(201), Some("{}")));
    assert_eq!(store.purge_idempotency(100).await.unwrap(), 0);
    assert_eq!(store.purge_idempotency(101).await.unwrap(), 1);
    let missing = store.complete_idempotency(WORKSPACE, "customer.create", "key", 201, "{}").await;
    assert!(matches!(missing, Err(StoreError::NotFound("idempotency key"))));
}

pub async fn silent_nodes_are_forgotten(database: TestDatabase) {
    let store = database.open().await.unwrap();
    for id in ["n1", "n2", "n3"] {
        store.sign_on(id).await.unwrap();
    }
    store.raw(&silent("n1", 10_000)).await.unwrap();
    let before = store.list_nodes().await.unwrap();
    store.sign_on("n2").await.unwrap();
    let after = store.list_nodes().await.unwrap();
    let of = |nodes: &[NodeRow], id: &str| nodes.iter().find(|node| node.id == id).unwrap().clone();
    assert!(of(&after, "n2").heartbeat_at >= of(&before, "n2").heartbeat_at);
    assert_eq!(of(&after, "n2").started_at, of(&before, "n2").started_at);
    assert_eq!(of(&after, "n1"), of(&before, "n1"));

    let ids = async || store.list_nodes().await.unwrap().into_iter().map(|node| node.id).collect::<BTreeSet<_>>();
    store.forget_nodes("n1", Some(5_000)).await.unwrap();
    assert_eq!(ids().await.len(), 3, "nobody forgets itself");
    store.forget_nodes("n2", Some(5_000)).await.unwrap();
    assert_eq!(ids().await, ["n2", "n3"].map(str::to_owned).into());
    store.forget_nodes("n2", None).await.unwrap();
    assert_eq!(ids().await, ["n2".to_owned()].into());
    store.remove_node("n2").await.unwrap();
    store.remove_node("n2").await.unwrap();
    assert!(ids().await.is_empty());
}

pub async fn the_key_of_the_vault_is_kept_once_and_sealed_anew_by_one(database: TestDatabase) {
    let store = database.open().await.unwrap();
    assert_eq!(store.get_vault_key("data").await.unwrap(), None);
    let row = |sealed: &str| VaultKeyRow { id: "data".into(), sealed: sealed.into(), created_at: 1, rotated_at: 1 };
    store.add_vault_key(&row("a")).await.unwrap();
    store.add_vault_key(&row("b")).await.unwrap();
    let kept = store.get_vault_key("data").await.unwrap().unwrap();
    assert_eq!(kept, row("a"), "the first is kept");
    let anew = |sealed: &str, at: i64| VaultKeyRow { rotated_at: at, ..row(sealed) };
    let entries = || vec![(WORKSPACE.to_owned(), audit("vault.rotated"))];
    store.reseal_vault_key(&kept, &anew("c", 2), entries()).await.unwrap();
    let late = store.reseal_vault_key(&kept, &anew("d", 3), entries()).await;
    assert!(matches!(late, Err(StoreError::NotFound("vault key"))), "it was read before the other sealed it");
    assert_eq!(store.get_vault_key("data").await.unwrap().unwrap(), anew("c", 2));
    assert_eq!(store.verify_audit(WORKSPACE).await.unwrap().entries, 1, "what did not happen is not on the record");
}
