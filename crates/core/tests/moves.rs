//! Moving a waiting run to another version: what is safe, what is not, and why.
#![allow(clippy::unwrap_used)]

mod support;

use countersign_core::{
    log::history_across,
    moves::{MoveCheck, MoveRequest, MoveVerdict, check_move},
    run::{HandedBack, Input, Movable, Phase, Refusal, RunState, Version, Wait},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::{Play, person, version};

const DOC: &str = "
schema: 1
name: Upgrade
vars: { plan: null }
start: verify
steps:
  verify: { type: tool_call, action: shop.read, input: { email: '{{ customer.email }}' }, set: { plan: '{{ output.plan }}' }, next: ask }
  ask: { type: approval, summary: ok?, guards: [pay], approvers: { roles: [manager] }, timeout: { after: 4h, outcome: rejected }, on_approve: later, on_reject: sorry }
  later: { type: human_handoff, note: check, next: pay }
  pay: { type: tool_call, action: bank.pay, input: { amount: 10, plan: '{{ plan }}' }, next: done }
  done: { type: end, output: { plan: '{{ plan }}' } }
  sorry: { type: end, status: rejected }
";

fn asked() -> Play {
    let mut play = Play::started(DOC);
    // Real runs know the account behind the call; no version decides which one that is.
    play.accounts.note("bank", None, "ours".into());
    play.succeed(json!({ "plan": "team" })).unwrap();
    assert_eq!(play.step_id(), "ask");
    play
}

fn check(play: &Play, to: &Version, mapping: &[(&str, &str)]) -> MoveCheck {
    let mapping = mapping.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect();
    check_move(&MoveRequest { from: &play.version, to, number: 2, mapping: &mapping }, &play.state, play.now)
}

fn codes(found: &MoveCheck) -> Vec<&'static str> {
    found.reasons.iter().map(|reason| reason.code).collect()
}

/// Moves and goes on with the new version.
fn go(play: &mut Play, to: Version, mapping: &[(&str, &str)]) {
    let mapping: BTreeMap<_, _> = mapping.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect();
    play.move_to(to, 2, &mapping, person("builder", &["builder"])).unwrap();
}

#[test]
fn an_open_approval_keeps_its_checkpoint_people_and_timer() {
    let mut play = asked();
    let (checkpoint, due) = (play.state.open_checkpoint(), play.state.wake_at());
    let to = version(&DOC.replace("roles: [manager]", "roles: [director]").replace("plan: null", "plan: null, new: 7"));
    let found = check(&play, &to, &[]);
    assert_eq!((found.verdict, codes(&found)), (MoveVerdict::Safe, vec![]), "{found:?}");
    assert_eq!(found.notes[0].code, "people_kept");
    go(&mut play, to, &[]);
    assert_eq!((play.state.open_checkpoint(), play.state.wake_at()), (checkpoint, due));
    assert_eq!((play.state.info.version, &play.state.vars["new"]), (2, &json!(7)));
    let director = play.decide("approved", person("d", &["director"]));
    assert!(matches!(director, Err(Refusal::NotAnApprover(_))), "{director:?}");
    play.decide("approved", person("m", &["manager"])).unwrap();
    assert_eq!(play.step_id(), "later");
}

#[test]
fn the_run_goes_on_as_the_new_version_says() {
    let mut play = asked();
    go(&mut play, version(&DOC.replace("on_approve: later", "on_approve: pay")), &[]);
    play.decide("approved", person("m", &["manager"])).unwrap();
    assert_eq!(play.step_id(), "pay");
    play.succeed(json!({})).unwrap();
    assert_eq!(play.status(), "completed");
    let old = version(DOC);
    let find = |number| if number == 1 { Some(&old) } else { None };
    let told = history_across(&play.version, &find, &play.log);
    assert_eq!(told[1].moves.len(), 1, "the record says where it was moved");
    assert_eq!((told[1].moves[0].from, told[1].moves[0].to), (1, 2));
}

#[test]
fn a_changed_guarded_request_keeps_the_run_where_it_is_and_after_approval_asks_again() {
    let dearer = DOC.replace("amount: 10", "amount: 99");
    let found = check(&asked(), &version(&dearer), &[]);
    assert_eq!((found.verdict, codes(&found)), (MoveVerdict::Unsafe, vec!["request_changed"]));
    // Approved already, and waiting for a person further on: the grant's hash holds.
    let mut play = asked();
    play.decide("approved", person("m", &["manager"])).unwrap();
    let to = version(&dearer);
    let found = check(&play, &to, &[]);
    assert_eq!((found.verdict, found.notes[0].code), (MoveVerdict::Safe, "asked_again"), "{found:?}");
    go(&mut play, to, &[]);
    let visit = play.visit();
    let by = person("op", &["operator"]);
    play.take(Input::HandedBack { visit, back: HandedBack::Returned, comment: String::new(), values: Value::Null, by })
        .unwrap();
    assert_eq!(play.step_id(), "ask", "what was approved is not what would run");
    assert!(play.last_events().contains(&"approval_voided"), "{:?}", play.last_events());
    assert!(!play.last_events().contains(&"call_requested"));
}

#[test]
fn a_step_that_is_gone_needs_a_name_and_goes_on_there() {
    let renamed = DOC.replace("ask:", "approve:").replace("next: ask", "next: approve");
    let mut play = asked();
    let to = version(&renamed);
    let found = check(&play, &to, &[]);
    assert_eq!((found.verdict, found.candidates.as_slice()), (MoveVerdict::NeedsMapping, &["approve".to_owned()][..]));
    let found = check(&play, &to, &[("ask", "approve")]);
    assert_eq!(found.verdict, MoveVerdict::Safe, "{found:?}");
    go(&mut play, to, &[("ask", "approve")]);
    assert_eq!(play.step_id(), "approve");
    play.decide("rejected", person("m", &["manager"])).unwrap();
    assert_eq!(play.status(), "rejected");
}

#[test]
fn reasons_name_what_stands_against_it() {
    let play = asked();
    let none = "schema: 1\nname: N\nstart: z\nsteps: { z: { type: end } }\n";
    for (yaml, code) in [
        (none.to_owned(), "step_missing"),
        (DOC.replace(", timeout: { after: 4h, outcome: rejected }", ""), "timer_gone"),
        (
            DOC.replace("next: ask }", "next: more }").replace("{ plan: '{{ plan }}' } }", "{ plan: '{{ extra }}' } }")
                + "  more: { type: tool_call, action: shop.read, input: {}, set: { extra: '{{ output.x }}' }, next: ask }\n",
            "variable_missing",
        ),
        (
            DOC.replace("next: ask }", "next: more }")
                .replace("{ plan: '{{ plan }}' } }", "{ plan: '{{ steps.more.output.x }}' } }")
                + "  more: { type: tool_call, action: shop.read, input: {}, next: ask }\n",
            "output_missing",
        ),
    ] {
        let found = check(&play, &version(&yaml), &[]);
        assert_eq!((found.verdict, codes(&found)), (MoveVerdict::Unsafe, vec![code]), "{found:?}");
    }
    let to = version(DOC);
    assert_eq!(codes(&check(&Play::started(DOC), &to, &[])), ["not_waiting"]);
}

#[test]
fn an_approval_that_lies_behind_the_run_keeps_it_where_it_is() {
    let unguarded = DOC.replace("guards: [pay], ", "").replace("action: bank.pay", "action: shop.keyed");
    let mut play = Play::started(&unguarded);
    play.succeed(json!({ "plan": "team" })).unwrap();
    play.decide("approved", person("m", &["manager"])).unwrap();
    assert_eq!(play.step_id(), "later");
    let found = check(&play, &version(&DOC.replace("action: bank.pay", "action: shop.keyed")), &[]);
    assert_eq!(codes(&found), ["unapproved_guard"]);
}

#[test]
fn forms_must_take_what_the_shown_one_gives() {
    let form = |schema: &str| {
        format!(
            "schema: 1\nname: F\nstart: a\nsteps:\n  a: {{ type: collect_form, form: {schema}, next: z }}\n  z: {{ type: end }}\n"
        )
    };
    let play = Play::started(&form("{ type: object, required: [n], properties: { n: { type: integer, title: N } } }"));
    for (schema, safe) in [
        ("{ type: object, required: [n], properties: { n: { type: integer, title: Number } } }", true),
        ("{ type: object, properties: { n: { type: integer }, more: { type: string } } }", true),
        ("{ type: object, required: [n, m], properties: { n: { type: integer }, m: { type: string } } }", false),
        ("{ type: object, required: [n], properties: { n: { type: string } } }", false),
        ("{ type: object, additionalProperties: false, properties: { m: { type: string } } }", false),
    ] {
        let found = check(&play, &version(&form(schema)), &[]);
        assert_eq!(found.verdict == MoveVerdict::Safe, safe, "{schema}: {found:?}");
    }
}

#[test]
fn a_move_is_taken_back_only_while_nothing_has_happened() {
    let mut play = asked();
    let before = play.state.clone();
    let to = version(&DOC.replace("plan: null", "plan: null, new: 7"));
    go(&mut play, to, &[]);
    let by = person("builder", &["builder"]);
    play.undo(version(DOC), by.clone()).unwrap();
    // Who moved it had a hand in it all the same.
    let contributors = play.state.contributors.clone();
    assert_eq!(play.state, RunState { contributors, ..before });
    go(&mut play, version(&DOC.replace("plan: null", "plan: null, new: 7")), &[]);
    play.decide("approved", person("m", &["manager"])).unwrap();
    assert!(matches!(play.state.phase, Phase::Waiting(Wait::Handoff(_))));
    let late = play.undo(version(DOC), by);
    assert!(matches!(late, Err(Refusal::NotMovable(_))), "{late:?}");
}

#[test]
fn a_move_counts_only_for_what_was_checked() {
    let mut play = asked();
    let (to, mapping) = (version(DOC), BTreeMap::new());
    let request = MoveRequest { from: &play.version, to: &to, number: 2, mapping: &mapping };
    let checked = Box::new(Movable::check(&request, &play.state, play.now).unwrap());
    play.decide("approved", person("m", &["manager"])).unwrap();
    let late = play.take(Input::MoveRequested { checked, by: person("builder", &["builder"]) });
    assert_eq!(late, Err(Refusal::Stale), "it has gone on since");
}
