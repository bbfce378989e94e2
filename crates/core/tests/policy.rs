//! Who decides an approval: groups that are counted, cases, vetoes, the author of the version, people who stand in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm)]

mod support;

use countersign_core::{
    approval::{Hindrance, Roster, RosterMember, audience, deciders},
    check::{Among, Severity, check, check_among},
    run::{Actor, DecidedWith, Input, OpenApproval, Refusal, Verdict, Via},
};
use serde_json::json;
use support::{Play, catalogue, person, version, workflow};

const PAY: &str = "
schema: 1
name: Pay
vars: { amount: 100 }
start: ask
steps:
  ask:
    type: approval
    summary: 'Pay {{ amount }}'
    guards: [pay]
    approvers: POLICY
    timeout: { after: 1h, outcome: rejected }
    TIERS
    on_approve: pay
    on_reject: no
  pay: { type: tool_call, action: bank.pay, input: { amount: '{{ amount }}' }, next: done }
  done: { type: end }
  no: { type: end, status: rejected }
";

fn document(policy: &str, tiers: &str) -> String {
    let tiers = if tiers.is_empty() { String::new() } else { format!("tiers: {tiers}") };
    PAY.replace("POLICY", policy).replace("TIERS", &tiers)
}

fn refused(answer: Result<(), Refusal>) -> String {
    match answer {
        Err(Refusal::NotAnApprover(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn sent(play: &Play) -> bool {
    !play.effects.is_empty()
}

/// Decides for somebody else.
fn decide_for(play: &mut Play, by: Actor, other: Actor) -> Result<(), Refusal> {
    let (visit, verdict, comment) = (play.visit(), Verdict::Approved, String::new());
    let with = Box::new(DecidedWith { for_others: vec![other], ..DecidedWith::default() });
    play.take(Input::Decided { visit, verdict, comment, by, with })
}

#[test]
fn one_of_each_group() {
    let mut play = Play::started(&document("{ counts: { legal: 1, finance: 1 } }", ""));
    assert!(refused(play.decide("approved", person("x", &["admin"]))).contains("legal or finance"));
    play.decide("approved", person("l", &["legal"])).unwrap();
    assert!(!sent(&play));
    let why = refused(play.decide("approved", person("l2", &["legal"])));
    assert!(why.contains("1 more person of finance"), "{why}");
    // The one with both groups fills what is missing.
    play.decide("approved", person("b", &["legal", "finance"])).unwrap();
    assert!(sent(&play));
}

#[test]
fn a_quorum_and_a_group_among_it() {
    let mut play = Play::started(&document("{ roles: [operator], quorum: 3, counts: { legal: 1 } }", ""));
    for who in ["a", "b", "c"] {
        play.decide("approved", person(who, &["operator"])).unwrap();
    }
    assert!(!sent(&play), "three, and none of legal");
    refused(play.decide("approved", person("d", &["operator"])));
    play.decide("approved", person("l", &["legal"])).unwrap();
    assert!(sent(&play));
}

#[test]
fn the_first_case_that_holds_decides() {
    let tiers = "[{ when: amount > 100000, label: large, approvers: { roles: [director], quorum: 2 } }, \
         { when: amount > 1000, approvers: { roles: [manager] } }]";
    for (amount, who, quorum) in [(50, "operator", 1), (5_000, "manager", 1), (500_000, "director", 2)] {
        let text = document("{ roles: [operator] }", tiers).replace("amount: 100 }", &format!("amount: {amount} }}"));
        let mut play = Play::started(&text);
        for other in ["operator", "manager", "director"].into_iter().filter(|other| *other != who) {
            refused(play.decide("approved", person("x", &[other])));
        }
        for number in 1..=quorum {
            assert!(!sent(&play), "{amount}");
            play.decide("approved", person(&format!("p{number}"), &[who])).unwrap();
        }
        assert!(sent(&play), "{amount}");
    }
}

#[test]
fn a_case_that_cannot_be_told_is_not_taken_for_the_weaker_one() {
    let tiers = "[{ when: amount > 100000, approvers: { roles: [director] } }]";
    for first in ["amount: null }", "other: 1 }"] {
        let text = document("{ roles: [operator] }", tiers).replace("'Pay {{ amount }}'", "Pay");
        let text = text.replace("amount: 100 }", first).replace("{ amount: '{{ amount }}' }", "{}");
        let play = Play::started(&text);
        let error = play.state.ended().and_then(|ended| ended.error.clone()).expect("it failed");
        assert_eq!(play.status(), "failed", "{first}: {error:?}");
    }
}

#[test]
fn one_no_is_not_always_enough_but_a_veto_is() {
    let text = document("{ roles: [operator], quorum: 2, rejections: 2, veto: [legal, boss@example.com] }", "");
    let mut play = Play::started(&text);
    play.decide("rejected", person("a", &["operator"])).unwrap();
    assert_eq!(play.status(), "open");
    assert!(refused(play.decide("approved", person("a", &["operator"]))).contains("already said no"));
    assert!(refused(play.decide("rejected", person("a", &["operator"]))).contains("already said no"));
    let mut two = Play::started(&text);
    two.decide("rejected", person("a", &["operator"])).unwrap();
    two.decide("rejected", person("b", &["operator"])).unwrap();
    assert_eq!(two.status(), "rejected");
    refused(play.decide("approved", person("l", &["legal"])));
    let mut vetoed = Play::started(&text);
    vetoed.decide("rejected", person("boss", &["viewer"])).unwrap();
    assert_eq!(vetoed.status(), "rejected");
    play.decide("rejected", person("l", &["legal"])).unwrap();
    assert_eq!(play.status(), "rejected");
}

#[test]
fn the_author_of_the_version_does_not_approve() {
    let text = document("{ roles: [operator], exclude_author: true }", "");
    let mut play = Play::of(version(&text).published_by("author"));
    play.start(json!({})).unwrap();
    assert!(refused(play.decide("approved", person("author", &["operator"]))).contains("published"));
    let key = Actor { made_by: "author".to_owned(), via: Via::Api, ..person("key-1", &["operator"]) };
    refused(play.decide("approved", key));
    refused(decide_for(&mut play, person("deputy", &[]), person("author", &["operator"])));
    play.decide("approved", person("other", &["operator"])).unwrap();
    assert!(sent(&play));
}

#[test]
fn somebody_decides_for_another_and_both_are_counted() {
    let mut play = Play::started(&document("{ roles: [manager], quorum: 2, exclude_requester: true }", ""));
    let (deputy, manager) = (person("d", &["operator"]), person("m", &["manager"]));
    refused(play.decide("approved", deputy.clone()));
    // Not for who had a hand in it, not by a key.
    refused(decide_for(&mut play, deputy.clone(), person("starter", &["manager"])));
    let key = Actor { made_by: "d".to_owned(), via: Via::Api, ..person("key-1", &["operator"]) };
    refused(decide_for(&mut play, key, manager.clone()));
    decide_for(&mut play, deputy.clone(), manager.clone()).unwrap();
    let given = &play.state.phase.approval().unwrap().given[0];
    let on_behalf_of = given.on_behalf_of.as_ref().map(|other| other.id.as_str());
    assert_eq!((given.id.as_str(), on_behalf_of), ("d", Some("m")));
    // Neither of the two a second time.
    refused(play.decide("approved", manager));
    refused(decide_for(&mut play, deputy, person("m2", &["manager"])));
    assert!(!sent(&play));
    play.decide("approved", person("m3", &["manager"])).unwrap();
    assert!(sent(&play));
}

fn member(actor: Actor) -> RosterMember {
    RosterMember { actor, hindered: None, away: false, stands_in_for: Vec::new() }
}

#[test]
fn who_may_decide_now_is_told() {
    let mut play = Play::started(&document("{ counts: { legal: 1, finance: 1 }, exclude_requester: true }", ""));
    let (lea, fay) = (person("lea", &["legal"]), person("fay", &["finance"]));
    let mut roster = Roster {
        members: vec![
            member(lea.clone()),
            RosterMember { away: true, ..member(fay.clone()) },
            RosterMember { stands_in_for: vec![fay], ..member(person("dan", &["viewer"])) },
            member(person("starter", &["finance", "legal"])),
            member(person("odd", &["admin"])),
        ],
    };
    let told = |play: &Play, roster: &Roster| -> Vec<(String, Option<String>)> {
        let all = deciders(&play.version, &play.state, roster);
        // What is kept beside the checkpoint says the same.
        let asks = audience(&play.version, &play.state).expect("somebody is asked");
        for member in roster.members.iter().filter(|member| !member.away) {
            let asked = asks.includes(&member.actor, &member.stands_in_for);
            assert_eq!(asked, all.iter().any(|one| one.person == member.actor.id), "{}", member.actor.id);
        }
        all.into_iter().map(|decider| (decider.person, decider.on_behalf_of)).collect()
    };
    let dan = ("dan".to_owned(), Some("fay".to_owned()));
    assert_eq!(told(&play, &roster), [("lea".to_owned(), None), dan.clone()]);
    play.decide("approved", lea).unwrap();
    assert_eq!(told(&play, &roster), [dan]);
    let lacking = OpenApproval::of(&play.version, &play.state).and_then(|open| open.lacking());
    assert_eq!(lacking.map(|it| it.told()), Some("1 more person of finance".to_owned()));
    roster.members.truncate(1);
    assert!(told(&play, &roster).is_empty());
}

fn found(policy: &str, roster: Option<&Roster>) -> Vec<(&'static str, String)> {
    let workflow = workflow(&document(policy, ""));
    let found = check_among(&workflow, &catalogue(), Among { people: roster, ..Among::default() });
    found.into_iter().filter(|it| it.severity != Severity::Info).map(|it| (it.code, it.message)).collect()
}

#[test]
fn what_cannot_be_satisfied_is_found_and_named() {
    let roster =
        Roster { members: vec![member(person("lea", &["legal"])), member(person("both", &["legal", "finance"]))] };
    let one = |policy: &str| {
        let found = found(policy, Some(&roster));
        assert_eq!(found.len(), 1, "{policy}: {found:?}");
        found.into_iter().next().unwrap()
    };
    assert_eq!(found("{ counts: { legal: 1, finance: 1 } }", Some(&roster)), []);
    assert!(one("{ counts: { legal: 2, finance: 1 } }").1.contains("1 more person of legal or finance"));
    assert!(one("{ counts: { legal: 1, finance: 1 }, exclude_author: true }").1.contains("had a hand in it"));
    assert!(one("{ counts: { finance: 2 } }").1.contains("1 more person of finance"));
    assert_eq!(one("{ roles: [legal, director] }").0, "nobody_there");
    assert_eq!(one("{ roles: [legal], users: [gone@example.com] }").0, "nobody_there");
    assert!(one("{ roles: [legal], quorum: 2, rejections: 2 }").1.contains("neither 2 said yes nor 2 said no"));
    assert_eq!(one("{ roles: [legal], veto: [director] }").0, "nobody_there");
    assert_eq!(found("{ roles: [legal], users: [LEA@example.com], veto: [both@example.com] }", Some(&roster)), []);
    // Without people nothing can be said about them.
    assert_eq!(found("{ counts: { legal: 2, finance: 1 } }", None), []);
    for bad in
        ["{ quorum: 0 }", "{ quorum: 11 }", "{ rejections: 0 }", "{ counts: { a: 6, b: 5 } }", "{ counts: { a: 0 } }"]
    {
        assert_eq!(found(bad, None).first().map(|it| it.0), Some("no_approver"), "{bad}");
    }
    let tier = workflow(&document("{ roles: [legal] }", "[{ when: amount > 1, approvers: { quorum: 0 } }]"));
    let pointers: Vec<_> = check(&tier, &catalogue()).into_iter().map(|it| it.pointer).collect();
    assert!(pointers.contains(&"/steps/ask/tiers/0/approvers/quorum".to_owned()), "{pointers:?}");
}

fn hindered(actor: Actor, why: Hindrance) -> RosterMember {
    RosterMember { hindered: Some(why), ..member(actor) }
}

#[test]
fn groups_and_people_who_can_do_nothing_are_named() {
    let roster = Roster {
        members: vec![
            member(person("lea", &["legal"])),
            hindered(person("out", &["director"]), Hindrance::Disabled),
            hindered(person("new", &["board"]), Hindrance::Pending),
            hindered(person("old", &["board"]), Hindrance::Disabled),
        ],
    };
    let one = |policy: &str| {
        let found = found(policy, Some(&roster));
        assert_eq!(found.len(), 1, "{policy}: {found:?}");
        assert_eq!(found[0].0, "nobody_there");
        found[0].1.clone()
    };
    assert_eq!(one("{ roles: [legal, director] }"), "everybody with the role or group `director` is shut out");
    assert!(one("{ roles: [legal, board] }").ends_with("is shut out or has not signed in yet"));
    assert_eq!(one("{ roles: [legal], users: [NEW@example.com] }"), "`NEW@example.com` has not signed in yet");
    assert_eq!(one("{ roles: [legal], users: [legal] }"), "nobody here has the address `legal`");
    assert!(one("{ roles: [legal], veto: [director] }").contains("`director` is shut out"));
}

const HAND: &str = "
schema: 1
name: Hand
start: hand
steps:
  hand: { type: human_handoff, TEAM timeout: { after: 1h, next: done }, next: done }
  done: { type: end }
";

#[test]
fn a_conversation_is_handed_to_operators_of_the_team() {
    let told = |team: &str, members: Vec<RosterMember>| {
        let workflow = workflow(&HAND.replace("TEAM", team));
        let roster = Roster { members };
        let found = check_among(&workflow, &catalogue(), Among { people: Some(&roster), ..Among::default() });
        let found = found.into_iter().filter(|it| it.code == "nobody_there");
        found.map(|it| (it.severity, it.pointer, it.message)).collect::<Vec<_>>()
    };
    let found = |message: &str| vec![(Severity::Warning, "/steps/hand/team".to_owned(), message.to_owned())];
    let gus = || person("gus", &["operator", "night"]);
    let only = || vec![member(person("vic", &["viewer", "night"]))];
    assert_eq!(told("team: night,", vec![member(gus())]), []);
    assert_eq!(told("team: day,", vec![member(gus())]), found("the team `day` has no members"));
    let out = hindered(gus(), Hindrance::Disabled);
    assert_eq!(told("team: night,", vec![out]), found("everybody of the team `night` is shut out"));
    let viewer = "nobody of the team `night` can take it: it takes an operator";
    assert_eq!(told("team: night,", only()), found(viewer));
    assert_eq!(told("", vec![member(gus())]), []);
    assert_eq!(told("", only()), found("nobody here can take it: it takes an operator"));
}
