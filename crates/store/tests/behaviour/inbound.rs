//! What comes from outside: accepted once, taken by one, ended with the run it starts.

use crate::fixtures::*;
use countersign_store::{testing::TestDatabase, *};
use futures::future::join_all;

pub fn event(id: &str, source: &str, dedup: &str) -> InboundRow {
    InboundRow {
        workspace: WORKSPACE.to_owned(),
        id: id.to_owned(),
        source: source.to_owned(),
        dedup: dedup.to_owned(),
        kind: InboundKind::Webhook,
        payload: "{}".to_owned(),
        at: 1_000,
        due_at: 0,
        attempts: 0,
        status: InboundStatus::Waiting,
        outcome: None,
        run: None,
        error: None,
        done_at: None,
        rank: 0,
        wanted_by: None,
    }
}

fn led_to(run: &str, event: &str) -> Commit {
    Commit { inbound: Some(event.to_owned()), ..commit(run, 0) }
}

/// Several processes take at once: each event is had by one, and who gets fewer than it asked for knows that no more are due.
pub async fn processes_that_take_at_once_leave_nothing(database: TestDatabase) {
    const PROCESSES: usize = 4;
    const EACH: usize = 10;
    let store = database.open().await.unwrap();
    for round in 0..8 {
        for number in 0..PROCESSES * EACH {
            let id = format!("e{round}-{number}");
            assert!(store.accept_inbound(&event(&id, &id, "k")).await.unwrap());
        }
        let all = join_all((0..PROCESSES).map(|_| store.claim_inbound(60_000, EACH as u32))).await;
        let mut taken: Vec<String> = all.into_iter().flat_map(Result::unwrap).map(|row| row.id).collect();
        taken.sort();
        taken.dedup();
        assert_eq!(taken.len(), PROCESSES * EACH, "in round {round}");
    }
}

pub async fn what_came_in_is_taken_and_ends_once(database: TestDatabase) {
    let store = database.open().await.unwrap();
    assert!(store.accept_inbound(&event("e1", "t", "k1")).await.unwrap());
    assert!(!store.accept_inbound(&event("e2", "t", "k1")).await.unwrap(), "it came before");
    assert!(store.accept_inbound(&event("e3", "other", "k1")).await.unwrap());
    let held = InboundRow { due_at: 60_000, ..event("e4", "t", "k4") };
    assert!(store.accept_inbound(&held).await.unwrap());

    let taken = store.claim_inbound(60_000, 10).await.unwrap();
    assert_eq!(taken.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["e1", "e3"], "e4 is with its process");
    assert_eq!(taken[0].attempts, 1);
    assert!(store.claim_inbound(60_000, 10).await.unwrap().is_empty(), "all are with somebody");
    store.postpone_inbound(WORKSPACE, "e3", -1).await.unwrap();
    assert_eq!(store.claim_inbound(60_000, 10).await.unwrap().len(), 1);

    // Two processes think that it is theirs: one run.
    let both = join_all(["r1", "r2"].map(|run| store.commit(led_to(run, "e1"), Priority::Start))).await;
    assert_eq!(both.iter().filter(|done| done.is_ok()).count(), 1);
    let lost = both.into_iter().find_map(Result::err).unwrap();
    assert!(matches!(lost, StoreError::Conflict(Conflict::InboundDone { .. })), "{lost}");
    let row = store.get_inbound(WORKSPACE, "e1").await.unwrap().unwrap();
    assert_eq!((row.status, row.outcome), (InboundStatus::Done, Some(InboundOutcome::Started)));
    assert!(store.get_run(WORKSPACE, row.run.as_deref().unwrap()).await.unwrap().is_some());
    assert!(store.get_inbound(OTHER, "e1").await.unwrap().is_none());
    let foreign = Commit { workspace: OTHER.to_owned(), ..led_to("r3", "e3") };
    assert!(store.commit(foreign, Priority::Start).await.is_err());

    assert_eq!(store.count_waiting_inbound(10).await.unwrap(), 2);
    let of_t = InboundFilter { source: Some("t".to_owned()), ..InboundFilter::default() };
    let page = store.list_inbound(WORKSPACE, &of_t, &PageRequest { after: None, limit: 1 }).await.unwrap();
    assert_eq!((page.items[0].id.as_str(), page.next.is_some()), ("e4", true));
    assert_eq!(store.purge_inbound(2_000).await.unwrap(), 1);
}

pub async fn a_run_that_a_source_started_is_found_however_much_came_since(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let under_way = |source: &'static str| store.has_run_under_way(WORKSPACE, "wf-1", source);
    store.accept_inbound(&event("e0", "t", "k0")).await.unwrap();
    assert!(!under_way("t").await.unwrap());
    store.commit(led_to("r1", "e0"), Priority::Start).await.unwrap();
    for index in 1..40 {
        let id = format!("e{index}");
        store.accept_inbound(&InboundRow { at: 2_000 + index, ..event(&id, "t", &id) }).await.unwrap();
        store.end_inbound(&InboundEndRow { outcome: Some(InboundOutcome::Skipped), ..end(&id) }).await.unwrap();
    }
    assert!(under_way("t").await.unwrap());
    assert!(!under_way("other").await.unwrap());
    assert!(!store.has_run_under_way(OTHER, "wf-1", "t").await.unwrap());
    let mut over = commit("r1", 1);
    over.run.status = RunStatus::Completed;
    store.commit(over, Priority::Continue).await.unwrap();
    assert!(!under_way("t").await.unwrap());
}

pub async fn a_message_and_what_is_to_be_done_about_it_are_one(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.create_conversation(&conversation("c1"), vec![]).await.unwrap();
    let (first, new) = store.accept_message(&message("m1", "c1"), &event("e1", "c1", "m1"), vec![]).await.unwrap();
    assert_eq!((first.position, new), (1, true));
    let (again, new) = store.accept_message(&message("m1", "c1"), &event("e2", "c1", "m1"), vec![]).await.unwrap();
    assert_eq!((again.position, new), (1, false));
    assert!(store.accept_message(&message("m2", "c9"), &event("e3", "c9", "m2"), vec![]).await.is_err());
    assert_eq!(store.count_waiting_inbound(10).await.unwrap(), 1);
}

pub fn end(id: &str) -> InboundEndRow {
    InboundEndRow {
        workspace: WORKSPACE.to_owned(),
        id: id.to_owned(),
        status: InboundStatus::Done,
        outcome: Some(InboundOutcome::Stored),
        run: None,
        error: None,
        done_at: Some(2_000),
        wanted_by: None,
    }
}

pub async fn what_a_platform_tells_is_kept_once_and_in_its_order(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let ranked = |id: &str, rank: i64| InboundRow { rank, ..event(id, "channel:a/+1", id) };
    let all =
        [ranked("e1", 30), ranked("e2", 10), ranked("e3", 20), InboundRow { id: "e4".to_owned(), ..ranked("e1", 30) }];
    assert_eq!(store.accept_all_inbound(&all).await.unwrap(), [true, true, true, false]);
    assert_eq!(store.accept_all_inbound(&all).await.unwrap(), [false; 4], "they came before");
    store.create_conversation(&conversation("c1"), vec![]).await.unwrap();
    for (turn, wanted) in ["e2", "e3", "e1"].into_iter().enumerate() {
        let first = store.first_waiting_inbound(WORKSPACE, "channel:a/+1").await.unwrap().unwrap();
        assert_eq!(first.id, wanted);
        let next = event(&format!("n{turn}"), "conversation:c1", wanted);
        let new = message(&format!("m-{wanted}"), "c1");
        let (row, new_one) = store.receive_message(&new, &end(wanted), Some(&next)).await.unwrap();
        assert_eq!((row.position, new_one), (turn as u64 + 1, true));
        // By another process, at the same time or after a crash: nothing is done twice.
        let (again, new_one) = store.receive_message(&new, &end(wanted), Some(&next)).await.unwrap();
        assert_eq!((again.position, new_one), (row.position, false));
    }
    assert!(store.first_waiting_inbound(WORKSPACE, "channel:a/+1").await.unwrap().is_none());
    assert!(store.first_waiting_inbound(OTHER, "conversation:c1").await.unwrap().is_none());
    assert_eq!(store.count_waiting_inbound(10).await.unwrap(), 3, "what follows from each message");
    let done = store.get_inbound(WORKSPACE, "e1").await.unwrap().unwrap();
    assert_eq!((done.status, done.outcome), (InboundStatus::Done, Some(InboundOutcome::Stored)));
    let other = store.receive_message(&message("m-x", "c1"), &end("e1"), None).await;
    assert!(other.is_err(), "the event is done: {other:?}");
    assert!(store.get_message(WORKSPACE, "m-x").await.unwrap().is_none());
}

pub async fn a_message_is_changed_as_it_was_read(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.create_conversation(&conversation("c1"), vec![]).await.unwrap();
    let before = store.append_message(WORKSPACE, &message("m1", "c1"), vec![]).await.unwrap();
    let now = MessageRow { delivery: Some("{\"status\":\"sent\"}".to_owned()), ..before.clone() };
    let named = |reference: &str| MessageRefRow {
        workspace: WORKSPACE.to_owned(),
        reference: reference.to_owned(),
        message: "m1".to_owned(),
    };
    store.accept_inbound(&event("e1", "changes:a/+1", "k")).await.unwrap();
    assert!(store.change_message(&before, &now, Some(&named("a/+1/w1")), Some(&end("e1"))).await.unwrap());
    assert!(!store.change_message(&before, &now, None, None).await.unwrap(), "it is another one by now");
    let read = MessageRow { delivery: Some("{\"status\":\"read\"}".to_owned()), ..now.clone() };
    assert!(!store.change_message(&now, &read, None, Some(&end("e1"))).await.unwrap(), "the event is done");
    assert_eq!(store.find_message(WORKSPACE, "a/+1/w1").await.unwrap().unwrap().delivery, now.delivery);
    assert!(store.change_message(&now, &read, Some(&named("a/+1/w1")), None).await.unwrap());
    assert!(store.find_message(OTHER, "a/+1/w1").await.unwrap().is_none());
    let foreign = MessageRow { workspace: OTHER.to_owned(), ..read.clone() };
    assert!(!store.change_message(&foreign, &before, None, None).await.unwrap());
}

pub async fn a_tick_is_accepted_once(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let trigger = TriggerRow {
        workspace: WORKSPACE.to_owned(),
        workflow: "wf-1".to_owned(),
        id: "nightly".to_owned(),
        kind: "schedule".to_owned(),
        definition: "{}".to_owned(),
        enabled: true,
        token_hash: None,
        token_sealed: String::new(),
        secret_sealed: String::new(),
        next_at: Some(1_000),
        last_at: None,
    };
    store.add_trigger(&trigger).await.unwrap();
    store.add_trigger(&TriggerRow { next_at: Some(5), ..trigger.clone() }).await.unwrap();
    assert_eq!(store.next_trigger_at().await.unwrap(), Some(1_000), "a row that is there stays");
    assert!(store.due_triggers(999, 10).await.unwrap().is_empty());
    let due = store.due_triggers(1_000, 10).await.unwrap().remove(0);
    let fires = [event("e1", "t", "1000")];
    let fired = join_all((0..5).map(|_| store.fire_trigger(&due, Some(2_000), &fires))).await;
    assert_eq!(fired.into_iter().filter(|fired| *fired.as_ref().unwrap()).count(), 1);
    let row = store.get_trigger(WORKSPACE, "wf-1", "nightly").await.unwrap().unwrap();
    assert_eq!((row.next_at, row.last_at), (Some(2_000), Some(1_000)));
    store.create_workflow(&workflow("wf-1", "Nightly"), Vec::new()).await.unwrap();
    let seen = async || store.get_pointer(WORKSPACE, "wf-1").await.unwrap().unwrap().pointer_revision;
    let before = seen().await;
    assert!(!store.set_clock(&trigger, ("{}", None), before).await.unwrap(), "it fired since it was read");
    store.publish(&publish("wf-1", "{}"), &|_| vec![audit("workflow.published")]).await.unwrap();
    assert!(!store.set_clock(&row, ("{}", None), before).await.unwrap(), "another version is active since");
    assert!(store.set_clock(&row, ("{}", None), seen().await).await.unwrap());
    assert_eq!(store.next_trigger_at().await.unwrap(), None);

    let hook = TriggerRow { id: "hook".to_owned(), token_hash: Some("h".to_owned()), next_at: None, ..trigger };
    store.add_trigger(&hook).await.unwrap();
    assert_eq!(store.find_trigger(WORKSPACE, "h").await.unwrap().unwrap().id, "hook");
    assert!(store.find_trigger(OTHER, "h").await.unwrap().is_none());
    let off = ChangeTrigger {
        workspace: hook.workspace,
        workflow: hook.workflow,
        id: hook.id,
        enabled: Some(false),
        secret_sealed: None,
    };
    store.change_trigger(&off, vec![audit("trigger.disabled")]).await.unwrap();
    assert_eq!(store.list_triggers(WORKSPACE, "wf-1").await.unwrap().len(), 2);
}

pub async fn a_switch_moves_the_choice_of_starts(database: TestDatabase) {
    let store = database.open().await.unwrap();
    store.create_workflow(&workflow("wf-1", "Orders"), vec![]).await.unwrap();
    store.publish(&publish("wf-1", "{}"), &|_| vec![]).await.unwrap();
    let row = |id: &str| TriggerRow {
        workspace: WORKSPACE.to_owned(),
        workflow: "wf-1".to_owned(),
        id: id.to_owned(),
        kind: "message".to_owned(),
        definition: "{}".to_owned(),
        enabled: true,
        token_hash: None,
        token_sealed: String::new(),
        secret_sealed: String::new(),
        next_at: Some(9_000),
        last_at: None,
    };
    for id in ["message-1", "message-2"] {
        store.add_trigger(&row(id)).await.unwrap();
    }
    let change = |enabled: Option<bool>, secret: Option<&str>| ChangeTrigger {
        workspace: WORKSPACE.to_owned(),
        workflow: "wf-1".to_owned(),
        id: "message-2".to_owned(),
        enabled,
        secret_sealed: secret.map(str::to_owned),
    };
    let pointer = async || store.get_pointer(WORKSPACE, "wf-1").await.unwrap().unwrap();
    let start = |run: &str, pointer: &PointerRow| {
        let mut start = Commit { wanted_by: Some("trigger:wf-1/message-2".to_owned()), ..led_to(run, run) };
        start.run.version = 1;
        start.pointed = Some(Pointed { workflow: "wf-1".to_owned(), revision: pointer.pointer_revision });
        start
    };
    for id in ["r1", "r2"] {
        store.accept_inbound(&event(id, "conversation:c", id)).await.unwrap();
    }
    let before = pointer().await;
    written(&store, start("r1", &before)).await;
    assert!(store.switched_off(WORKSPACE).await.unwrap().is_empty());
    store.change_trigger(&change(Some(false), None), vec![audit("trigger.changed")]).await.unwrap();
    assert_eq!(store.switched_off(WORKSPACE).await.unwrap(), [("wf-1".to_owned(), "message-2".to_owned())]);
    assert_eq!(store.switched_off_of(WORKSPACE, "wf-1").await.unwrap(), ["message-2"]);
    assert!(store.switched_off(OTHER).await.unwrap().is_empty());
    let late = store.commit(start("r2", &before), Priority::Start).await;
    assert!(
        matches!(late, Err(StoreError::Conflict(Conflict::PointerMoved { .. }))),
        "decided while it was on: {late:?}"
    );
    // A secret is changed without the switch, and the switch without what it stands beside.
    store.change_trigger(&change(None, Some("sealed")), vec![]).await.unwrap();
    store.change_trigger(&change(Some(true), None), vec![]).await.unwrap();
    let now = store.get_trigger(WORKSPACE, "wf-1", "message-2").await.unwrap().unwrap();
    assert_eq!((now.enabled, now.secret_sealed.as_str(), now.next_at), (true, "sealed", Some(9_000)));
    written(&store, start("r2", &pointer().await)).await;
    let unknown = ChangeTrigger { id: "message-9".to_owned(), ..change(Some(false), None) };
    assert!(matches!(store.change_trigger(&unknown, vec![]).await, Err(StoreError::NotFound("trigger"))));
    let foreign = ChangeTrigger { workspace: OTHER.to_owned(), ..change(Some(false), None) };
    assert!(matches!(store.change_trigger(&foreign, vec![]).await, Err(StoreError::NotFound("workflow"))));
    assert!(store.switched_off(WORKSPACE).await.unwrap().is_empty());

    let page = PageRequest { after: None, limit: 10 };
    let of = InboundFilter { wanted_by: Some("trigger:wf-1/message-2".to_owned()), ..InboundFilter::default() };
    let mut runs: Vec<_> =
        store.list_inbound(WORKSPACE, &of, &page).await.unwrap().items.into_iter().map(|row| row.run).collect();
    runs.sort();
    assert_eq!(runs, [Some("r1".to_owned()), Some("r2".to_owned())]);
    assert!(store.list_inbound(OTHER, &of, &page).await.unwrap().items.is_empty());
}

pub async fn runs_started_by_hand_are_told_by_their_trigger(database: TestDatabase) {
    let store = database.open().await.unwrap();
    for (at, (id, trigger, retry_of)) in [
        ("r1", "api", None),
        ("r2", "manual", None),
        ("r3", "manual", Some("r2")),
        ("r4", "manual", None),
        ("r5", "webhook", None),
    ]
    .into_iter()
    .enumerate()
    {
        let mut start = commit(id, 0);
        start.run.workflow = "wf-1".to_owned();
        start.run.trigger = trigger.to_owned();
        start.run.retry_of = retry_of.map(str::to_owned);
        start.run.started_at = 1_000 + at as i64;
        written(&store, start).await;
    }
    let ids = async |trigger: &str, limit: u32| {
        let runs = store.started_by_hand(WORKSPACE, "wf-1", trigger, limit).await.unwrap();
        runs.into_iter().map(|run| run.id).collect::<Vec<_>>()
    };
    assert_eq!(ids("manual", 10).await, ["r4", "r2"]);
    assert_eq!(ids("manual", 1).await, ["r4"]);
    assert_eq!(ids("api", 10).await, ["r1"]);
    assert!(store.started_by_hand(OTHER, "wf-1", "api", 10).await.unwrap().is_empty());
    assert!(store.started_by_hand(WORKSPACE, "wf-2", "api", 10).await.unwrap().is_empty());
}

pub async fn samples_are_kept_by_place_and_the_oldest_go(database: TestDatabase) {
    let store = database.open().await.unwrap();
    let sample = |place: &str, value: &str, kept_at: i64| SampleRow {
        workspace: WORKSPACE.to_owned(),
        workflow: "wf-1".to_owned(),
        place: place.to_owned(),
        value: value.to_owned(),
        kept_at,
        kept_by: "u-1".to_owned(),
    };
    store.keep_sample(&sample("step:pay", "1", 10), vec![audit("sample.kept")]).await.unwrap();
    store.keep_sample(&sample("trigger:webhook-1", "2", 20), vec![]).await.unwrap();
    store.keep_sample(&sample("step:pay", "3", 30), vec![]).await.unwrap();
    let all = async || store.list_samples(WORKSPACE, "wf-1").await.unwrap();
    assert_eq!(all().await, [sample("step:pay", "3", 30), sample("trigger:webhook-1", "2", 20)]);
    assert!(store.list_samples(OTHER, "wf-1").await.unwrap().is_empty());
    assert!(store.list_samples(WORKSPACE, "wf-2").await.unwrap().is_empty());
    for number in 0..i64::from(SAMPLES_MAX) {
        store.keep_sample(&sample(&format!("step:{number}"), "{}", 100 + number), vec![]).await.unwrap();
    }
    assert_eq!(all().await.len(), SAMPLES_MAX as usize);
    assert!(!all().await.iter().any(|row| row.place == "step:pay" || row.place == "trigger:webhook-1"));
    // A clock that is behind takes nothing away from who keeps one now.
    store.keep_sample(&sample("step:late", "{}", 1), vec![]).await.unwrap();
    assert!(all().await.iter().any(|row| row.place == "step:late"));
    assert_eq!(all().await.len(), SAMPLES_MAX as usize);
    assert!(!all().await.iter().any(|row| row.place == "step:0"), "the oldest of the others went");
    store.remove_sample(WORKSPACE, "wf-1", "step:late", vec![]).await.unwrap();
    let gone = store.remove_sample(WORKSPACE, "wf-1", "step:late", vec![]).await;
    assert!(matches!(gone, Err(StoreError::NotFound("sample"))));
    assert!(matches!(store.remove_sample(OTHER, "wf-1", "step:1", vec![]).await, Err(StoreError::NotFound("sample"))));
}
