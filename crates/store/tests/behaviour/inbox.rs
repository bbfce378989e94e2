//! Inboxes: who is asked, what is found, what is counted.

use countersign_store::testing::TestDatabase;
use countersign_store::*;

use crate::fixtures::*;

const MANAGERS: &str = r#"{"kind":"policy","names":{"roles":["manager"]}}"#;
const LEGAL: &str = r#"{"kind":"policy","names":{"roles":["legal"]}}"#;

/// 40 checkpoints: every second asks managers and every fourth lawyers, some of whom are barred; some are taken, some decided.
async fn fill(store: &Store) {
    for index in 0..40_u32 {
        let run = format!("r{index:02}");
        let (mut start, id) = (commit(&run, 0), format!("{run}.1"));
        let mut row = checkpoint(&run, 1);
        row.opened_at = 2_000 + i64::from(index / 3);
        row.kind = if index % 4 == 3 { CheckpointKind::Form } else { CheckpointKind::Approval };
        row.words = format!("refund № {index}\nüber 100%");
        row.customer = (index % 10 == 0).then(|| "ada".to_owned());
        start.checkpoints = vec![CheckpointChange::Open(Box::new(row))];
        let asks = match index % 4 {
            0 | 2 => Some(MANAGERS),
            1 => Some(LEGAL),
            _ => None,
        };
        let barred = if index % 5 == 0 { vec!["u-1".to_owned(), "u-3".to_owned()] } else { Vec::new() };
        start.checkpoints.extend(asks.map(|asks| CheckpointChange::Ask {
            id: id.clone(),
            asks: asks.to_owned(),
            barred,
        }));
        if index % 7 == 0 {
            start.checkpoints.push(close_as(&id, "u-1", Outcome::Timeout));
        }
        written(store, start).await;
        if index % 11 == 0 && index % 7 != 0 {
            store.assign_checkpoint(WORKSPACE, &id, Some("u-2"), vec![]).await.unwrap();
        }
    }
}

async fn all(store: &Store, filter: &CheckpointFilter, limit: u32) -> Vec<u32> {
    let (mut request, mut found) = (page(limit), Vec::new());
    for _ in 0..100 {
        let part = store.list_checkpoints(WORKSPACE, filter, &request).await.unwrap();
        found.extend(part.items.iter().map(|row| row.run[1..].parse::<u32>().unwrap()));
        match part.next {
            Some(next) => request.after = Some(next),
            None => return found,
        }
    }
    panic!("the list does not end")
}

async fn audience(store: &Store, asks: &str) -> String {
    let known = store.open_audiences(WORKSPACE, None, 1_000).await.unwrap();
    known.into_iter().find(|one| one.asks == asks).unwrap().audience
}

fn among(ranges: Vec<InboxRange>) -> CheckpointFilter {
    CheckpointFilter { among: Some(ranges), ..CheckpointFilter::default() }
}

fn seat(people: &[&str]) -> Vec<String> {
    people.iter().map(|person| (*person).to_owned()).collect()
}

pub async fn it_is_merged_from_whom_each_asks(database: TestDatabase) {
    let store = database.open().await.unwrap();
    fill(&store).await;
    assert_eq!(store.open_audiences(WORKSPACE, None, 1_000).await.unwrap().len(), 2);
    assert!(store.open_audiences(OTHER, None, 1_000).await.unwrap().is_empty());
    let (managers, legal) = (audience(&store, MANAGERS).await, audience(&store, LEGAL).await);
    let open = |index: &u32| !index.is_multiple_of(7);
    let taken = |index: &u32| index.is_multiple_of(11);
    let free = |index: &u32| open(index) && !taken(index);
    let barred = |index: &u32| index.is_multiple_of(5);
    let of_managers = |index: &u32| index.is_multiple_of(2);
    let of = |audience: &str, seats: Vec<Vec<String>>| InboxRange::Free { audience: audience.to_owned(), seats };
    type Expected<'a> = Box<dyn Fn(&u32) -> bool + 'a>;
    let cases: Vec<(CheckpointFilter, Expected<'_>)> = vec![
        (among(vec![of(&managers, vec![seat(&["u-1"])])]), Box::new(|i| of_managers(i) && free(i) && !barred(i))),
        (among(vec![of(&managers, vec![seat(&["u-9"])])]), Box::new(|i| of_managers(i) && free(i))),
        // Only a part of an id bars nobody; of two seats one is enough; in one seat nobody may be barred.
        (among(vec![of(&managers, vec![seat(&["u"])])]), Box::new(|i| of_managers(i) && free(i))),
        (among(vec![of(&managers, vec![seat(&["u-1"]), seat(&["u-9"])])]), Box::new(|i| of_managers(i) && free(i))),
        (
            among(vec![of(&managers, vec![seat(&["u-9", "u-3"])])]),
            Box::new(|i| of_managers(i) && free(i) && !barred(i)),
        ),
        (
            among(vec![
                of(&managers, vec![seat(&["u-2"])]),
                of(&legal, vec![seat(&["u-2"])]),
                InboxRange::TakenBy("u-2".to_owned()),
            ]),
            Box::new(|i| open(i) && (i % 4 != 3 || taken(i))),
        ),
        (among(vec![InboxRange::Asking(legal.clone())]), Box::new(|i| i % 4 == 1 && open(i))),
        (among(vec![]), Box::new(|_| false)),
        (
            CheckpointFilter { customer: vec!["ada".to_owned()], ..among(vec![InboxRange::Asking(managers.clone())]) },
            Box::new(|i| open(i) && i % 10 == 0),
        ),
    ];
    for (filter, expected) in cases {
        for limit in [1, 4, 200] {
            let mut wanted: Vec<u32> = (0..40).filter(|index| expected(index)).collect();
            wanted.sort_by_key(|index| std::cmp::Reverse((index / 3, *index)));
            assert_eq!(all(&store, &filter, limit).await, wanted, "{filter:?}");
            let counted = store.tally_checkpoints(WORKSPACE, &filter, 1_000).await.unwrap();
            assert!(!filter.customer.is_empty() || counted == wanted.len() as u64, "{filter:?}: {counted}");
        }
    }
    let filter = among(vec![InboxRange::Asking(managers), InboxRange::Asking(legal)]);
    assert_eq!(store.tally_checkpoints(WORKSPACE, &filter, 7).await.unwrap(), 7);
    assert_eq!(store.tally_checkpoints(OTHER, &filter, 7).await.unwrap(), 0);
    assert!(store.list_checkpoints(OTHER, &filter, &page(5)).await.unwrap().items.is_empty());
}

pub async fn more_audiences_than_one_statement_merges(database: TestDatabase) {
    let store = database.open().await.unwrap();
    for index in 0..130_u32 {
        let run = format!("r{index}");
        let mut start = commit(&run, 0);
        let row = CheckpointRow { opened_at: 2_000 + i64::from(index), ..checkpoint(&run, 1) };
        let (id, asks) = (row.id.clone(), format!("\"{index}\""));
        start.checkpoints =
            vec![CheckpointChange::Open(Box::new(row)), CheckpointChange::Ask { id, asks, barred: vec![] }];
        written(&store, start).await;
    }
    let known = store.open_audiences(WORKSPACE, None, 1_000).await.unwrap();
    assert_eq!(known.len(), 130);
    // As many at a time as one likes, each once.
    let mut parts: Vec<AskedAudience> = Vec::new();
    for _ in 0..13 {
        let after = parts.last().map(|one| one.audience.clone());
        parts.extend(store.open_audiences(WORKSPACE, after.as_deref(), 10).await.unwrap());
    }
    assert_eq!(parts, known);
    let last = known.last().map(|one| one.audience.as_str());
    assert!(store.open_audiences(WORKSPACE, last, 10).await.unwrap().is_empty());
    let filter = among(known.into_iter().map(|one| InboxRange::Asking(one.audience)).collect());
    assert_eq!(all(&store, &filter, 60).await, (0..130).rev().collect::<Vec<u32>>());
    assert_eq!(store.tally_checkpoints(WORKSPACE, &filter, 1_000).await.unwrap(), 130);
    assert_eq!(store.tally_checkpoints(WORKSPACE, &filter, 110).await.unwrap(), 110);
}

pub async fn what_was_decided_last_comes_first(database: TestDatabase) {
    let store = database.open().await.unwrap();
    for (run, decided_at) in [("r1", 30), ("r2", 10), ("r3", 20)] {
        let mut start = commit(run, 0);
        let row = CheckpointRow { opened_at: 5, ..checkpoint(run, 1) };
        let mut close = close(&row.id, "u-1");
        if let CheckpointChange::Close { decided_at: at, .. } = &mut close {
            *at = decided_at;
        }
        start.checkpoints = vec![CheckpointChange::Open(Box::new(row)), close];
        written(&store, start).await;
    }
    let decided = CheckpointFilter { status: Some(CheckpointStatus::Decided), ..Default::default() };
    assert_eq!(all(&store, &decided, 1).await, [1, 3, 2]);
}

pub async fn what_is_shown_is_searched_a_bounded_part_at_a_time(database: TestDatabase) {
    let store = database.open().await.unwrap();
    fill(&store).await;
    let managers = audience(&store, MANAGERS).await;
    let asking = |text: &str, customers: &[&str]| CheckpointFilter {
        text: Some(text.to_owned()),
        text_customers: customers.iter().map(|id| (*id).to_owned()).collect(),
        ..among(vec![InboxRange::Asking(managers.clone())])
    };
    assert_eq!(all(&store, &asking("REFUND № 12", &[]), 5).await, [12]);
    assert_eq!(all(&store, &asking("ÜBER 100%", &[]), 3).await.len(), 17);
    assert_eq!(all(&store, &asking("100_", &[]), 3).await, [0; 0]);
    assert_eq!(all(&store, &asking("r36", &[]), 3).await, [36]);
    assert_eq!(all(&store, &asking("nothing", &["ada"]), 3).await, [30, 20, 10]);

    let columns = "id, workspace, run, workflow, version, step, visit, kind, status, title, payload, opened_at, \
                   audience, asks, barred, words";
    let many = Store::looked_at_max() + 500;
    store
        .raw(&format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many}) \
             INSERT INTO checkpoints ({columns}) SELECT 'x' || i, '{WORKSPACE}', 'x' || i, 'wf-1', 1, 'ask', 1, \
             'approval', 'open', 'Hay', '{{}}', 9000 + i, '{managers}', '\"\"', '', 'hay' FROM n"
        ))
        .await
        .unwrap();
    for filter in [asking("№ 12", &[]), CheckpointFilter { text: Some("№ 12".to_owned()), ..Default::default() }] {
        let first = store.list_checkpoints(WORKSPACE, &filter, &page(50)).await.unwrap();
        assert!(first.items.is_empty() && first.next.is_some(), "{first:?}");
        assert_eq!(all(&store, &filter, 50).await, [12]);
    }
}

pub async fn what_somebody_may_not_have_is_passed_over_a_bounded_part_at_a_time(database: TestDatabase) {
    let store = database.open().await.unwrap();
    fill(&store).await;
    let managers = audience(&store, MANAGERS).await;
    let columns = "id, workspace, run, workflow, version, step, visit, kind, status, title, payload, opened_at, \
                   audience, asks, barred, assigned_to, words";
    let many = Store::looked_at_max() + 500;
    store
        .raw(&format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many}) \
             INSERT INTO checkpoints ({columns}) SELECT 'x' || i, '{WORKSPACE}', 'x' || i, 'wf-1', 1, 'ask', 1, \
             'approval', 'open', 'Hay', '{{}}', 9000 + i, '{managers}', '\"\"', \
             CASE WHEN i % 2 = 0 THEN '|u-1|' ELSE '' END, CASE WHEN i % 2 = 1 THEN 'u-2' END, 'hay' FROM n"
        ))
        .await
        .unwrap();
    let free = InboxRange::Free { audience: managers, seats: vec![seat(&["u-1"])] };
    let filter = among(vec![free]);
    let first = store.list_checkpoints(WORKSPACE, &filter, &page(50)).await.unwrap();
    assert!(first.items.is_empty() && first.next.is_some(), "{first:?}");
    assert_eq!(all(&store, &filter, 50).await, [38, 36, 34, 32, 26, 24, 18, 16, 12, 8, 6, 4, 2]);
    assert_eq!(store.tally_checkpoints(WORKSPACE, &filter, 1_000).await.unwrap(), 0, "of the newest only");
}
