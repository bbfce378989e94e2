//! The deterministic simulator: everything around what is tested is drawn from a seed. It is played twice: with the real
//! run machine and projection under a shell and store in a few hundred lines (`scenario`, `node`, `store`), which is quick
//! and in which the machine itself can be tampered with; and with the whole engine and store as they are (`whole`).
//!
//! `SIM_SEED=… cargo nextest run -p countersign-engine --test simulation` plays one scenario again;
//! `SIM_SCENARIOS=…` sets how many are played. Seeds that once failed are kept in `seeds.txt` and always played.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::wildcard_enum_match_arm)]

mod acts;
mod asked;
mod checker;
mod decisions;
mod documents;
mod held;
mod node;
mod outside;
mod people;
mod promises;
mod random;
mod rows;
mod sabotage;
mod scenario;
mod store;
mod tamper;
mod variations;
mod whole;

use sabotage::Sabotage;
use scenario::Report;

const SCENARIOS: u64 = 300;
const WHOLE_SCENARIOS: u64 = 60;
/// How many failing seeds are told.
const FAILURES_SHOWN: usize = 20;
/// In how many scenarios a fault of ours must have been noticed.
const NOTICED_WITHIN: u64 = 3000;

/// Plays a scenario.
type Play = fn(u64, Sabotage) -> Result<Report, String>;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable)
        .ok()
        .map(|text| text.trim().parse().unwrap_or_else(|_| panic!("{variable}={text:?} is no number")))
}

/// Plays all of them before it complains: one run shows every kind of failure there is.
fn must_hold(play: Play, seeds: impl Iterator<Item = u64>) -> Report {
    let mut all = Report::default();
    let mut failed = Vec::new();
    for seed in seeds {
        match play(seed, Sabotage::None) {
            Ok(one) => all.add(&one),
            Err(found) => failed.push(format!(
                "seed {seed}: {found}\n  again: SIM_SEED={seed} cargo nextest run -p countersign-engine --test simulation\n  \
                 keep it: echo {seed} >> crates/engine/tests/simulation/seeds.txt"
            )),
        }
    }
    let shown = failed.iter().take(FAILURES_SHOWN).cloned().collect::<Vec<_>>().join("\n");
    assert!(failed.is_empty(), "{} scenarios failed\n{shown}", failed.len());
    all
}

fn invariants_hold(play: Play, scenarios: u64) {
    if let Some(seed) = number("SIM_SEED") {
        println!("seed {seed}: {:?}", must_hold(play, [seed].into_iter()));
        return;
    }
    let scenarios = number("SIM_SCENARIOS").unwrap_or(scenarios);
    let all = must_hold(play, 0..scenarios);
    println!("{scenarios} scenarios: {all:?}");
    assert!(all.commits > 5 * scenarios && all.executions > scenarios, "hardly anything happens: {all:?}");
    assert!(scenarios < SCENARIOS || all.around.complete(), "something never happens around approvals: {all:?}");
}

#[test]
fn invariants_hold_in_random_scenarios() {
    invariants_hold(scenario::play, SCENARIOS);
}

#[test]
fn invariants_hold_in_random_scenarios_of_the_real_engine() {
    invariants_hold(whole::play, WHOLE_SCENARIOS);
}

#[test]
fn processes_that_fall_silent_again_and_again_do_nothing_twice() {
    let scenarios = number("SIM_SCENARIOS").unwrap_or(WHOLE_SCENARIOS);
    for seed in 0..scenarios {
        if let Err(found) = whole::play(seed, Sabotage::Silences) {
            panic!("seed {seed}: {found}");
        }
    }
}

#[test]
fn seeds_that_once_failed_hold() {
    let seeds = include_str!("seeds.txt").lines().filter_map(|line| line.split('#').next()?.trim().parse().ok());
    let seeds: Vec<u64> = seeds.collect();
    must_hold(scenario::play, seeds.iter().copied());
    must_hold(whole::play, seeds.into_iter());
}

#[test]
fn a_seed_always_plays_the_same_scenario() {
    for (play, seeds) in [(scenario::play as Play, 1000..1010), (whole::play, 1000..1004)] {
        for seed in seeds {
            assert_eq!(must_hold(play, [seed].into_iter()), must_hold(play, [seed].into_iter()), "seed {seed}");
        }
    }
}

#[track_caller]
fn noticed(sabotage: Sabotage, words: &[&str]) {
    noticed_by(scenario::play, sabotage, words);
}

#[track_caller]
fn noticed_on_the_real_engine(sabotage: Sabotage, words: &[&str]) {
    noticed_by(whole::play, sabotage, words);
}

#[track_caller]
fn noticed_by(play: Play, sabotage: Sabotage, words: &[&str]) {
    for seed in 0..NOTICED_WITHIN {
        if let Err(found) = play(seed, sabotage) {
            println!("{sabotage:?}: seed {seed}: {found}");
            assert!(words.iter().any(|word| found.contains(word)), "seed {seed}: noticed for another reason: {found}");
            return;
        }
    }
    panic!("{sabotage:?} went unnoticed in {NOTICED_WITHIN} scenarios");
}

#[test]
fn a_store_without_the_fence_is_noticed() {
    noticed(Sabotage::NoFence, &[""]);
}

#[test]
fn a_store_that_forgets_is_noticed() {
    noticed(Sabotage::ForgetsCommits, &[""]);
}

#[test]
fn a_store_that_ignores_start_keys_is_noticed() {
    noticed(Sabotage::IgnoresStartKeys, &["second run"]);
}

#[test]
fn messages_posted_twice_are_noticed() {
    noticed(Sabotage::DoubleMessages, &["said"]);
}

#[test]
fn resending_interrupted_calls_is_noticed() {
    noticed(Sabotage::ResendsInterrupted, &["executed 2 times"]);
}

#[test]
fn effects_before_their_commit_are_noticed() {
    noticed(Sabotage::EffectsBeforeCommit, &["before", "committed was", "executed 2 times"]);
}

#[test]
fn a_key_that_changes_is_noticed() {
    noticed(Sabotage::FreshKeys, &["sent with key"]);
}

#[test]
fn a_request_that_is_not_the_committed_one_is_noticed() {
    noticed(Sabotage::ChangesRequests, &["committed was", "was used for"]);
}

#[test]
fn early_timers_are_noticed() {
    noticed(Sabotage::EarlyTimers, &["early"]);
}

#[test]
fn runs_nobody_takes_up_are_noticed() {
    noticed(Sabotage::NoRecovery, &["nobody drives it"]);
}

#[test]
fn runs_left_behind_by_a_living_process_are_noticed() {
    noticed(Sabotage::NoSweep, &["nobody drives it"]);
}

#[test]
fn sending_after_the_lease_is_noticed() {
    noticed(Sabotage::NoLease, &["executed 2 times", "said to have failed", "is done again"]);
}

#[test]
fn a_cancel_that_takes_the_run_away_from_its_driver_is_noticed() {
    noticed(Sabotage::CancelStealsRuns, &["driver lives"]);
}

#[test]
fn a_failure_told_of_a_call_that_took_place_is_noticed() {
    noticed(Sabotage::ForgetsDoubts, &["said to have failed"]);
}

#[test]
fn an_answer_about_another_attempt_is_noticed() {
    noticed(Sabotage::MisplacesAnswers, &["a decision on", "executed 2 times"]);
}

#[test]
fn a_yes_that_covers_for_another_approval_is_noticed() {
    noticed(Sabotage::CoversForOthers, &["has not approved"]);
}

#[test]
fn an_approval_by_somebody_who_had_a_hand_in_it_is_noticed() {
    noticed(Sabotage::ForgetsContributors, &["had a hand in it"]);
}

#[test]
fn what_is_done_again_without_consent_is_noticed() {
    noticed(Sabotage::AgreesForPeople, &["is done again"]);
}

#[test]
fn a_yes_at_the_door_that_leads_elsewhere_is_noticed() {
    noticed(Sabotage::ForgetsDoors, &["the token went to"]);
}

#[test]
fn a_call_to_another_account_than_was_approved_is_noticed() {
    noticed(Sabotage::IgnoresAccounts, &["approved was"]);
}

#[test]
fn what_may_not_be_changed_and_is_is_noticed() {
    noticed(Sabotage::EditsAnything, &["may not be changed"]);
}

#[test]
fn time_that_passes_while_nobody_works_is_noticed() {
    noticed(Sabotage::IgnoresCalendars, &["times out after", "climbed early", "escalated early"]);
}

#[test]
fn a_decision_that_is_not_held_is_noticed() {
    noticed(Sabotage::CountsAtOnce, &["counted at once"]);
}

#[test]
fn an_approval_that_is_sent_back_too_often_is_noticed() {
    noticed(Sabotage::SendsBackForEver, &["was sent back"]);
}

#[test]
fn a_decision_by_others_than_were_asked_is_noticed() {
    noticed(Sabotage::ForgetsPeople, &["is no approver", "had a hand in it", "too few people"]);
}

#[test]
fn a_yes_to_another_request_than_is_sent_is_noticed() {
    noticed(Sabotage::KeepsVoices, &["too few people"]);
}

#[test]
fn a_yes_to_what_one_changed_oneself_is_noticed() {
    noticed(Sabotage::ForgetsEditors, &["had a hand in it"]);
}

#[test]
fn a_person_who_decides_twice_through_another_is_noticed() {
    noticed(Sabotage::ForgetsSeats, &["decided twice"]);
}

#[test]
fn somebody_whom_nobody_let_decide_for_them_is_noticed() {
    noticed(Sabotage::DelegatesToAll, &["who did not let them"]);
}

#[test]
fn what_was_allowed_in_advance_and_has_ended_is_noticed() {
    noticed(Sabotage::StandsForEver, &["had ended", "times that day"]);
}

#[test]
fn more_than_was_allowed_in_advance_is_noticed() {
    noticed(Sabotage::StandsForMore, &["in advance, it decided about"]);
}

#[test]
fn a_run_that_is_moved_where_it_cannot_be_is_noticed() {
    noticed(Sabotage::MovesAnyhow, &["was moved to", "is no approver"]);
}

#[test]
fn a_move_that_is_taken_back_too_late_is_noticed() {
    noticed(Sabotage::UndoesLater, &["was taken back although"]);
}

#[test]
fn a_store_without_the_fence_is_noticed_on_the_real_engine() {
    noticed_on_the_real_engine(Sabotage::NoFence, &[""]);
}

#[test]
fn a_store_that_forgets_is_noticed_on_the_real_engine() {
    noticed_on_the_real_engine(Sabotage::ForgetsCommits, &[""]);
}

#[test]
fn a_store_that_ignores_start_keys_is_noticed_on_the_real_engine() {
    noticed_on_the_real_engine(Sabotage::IgnoresStartKeys, &["second run"]);
}

#[test]
fn messages_posted_twice_are_noticed_on_the_real_engine() {
    noticed_on_the_real_engine(Sabotage::DoubleMessages, &["said"]);
}

#[test]
fn resending_interrupted_calls_is_noticed_on_the_real_engine() {
    noticed_on_the_real_engine(Sabotage::ResendsInterrupted, &["executed 2 times"]);
}

#[test]
fn effects_before_their_commit_are_noticed_on_the_real_engine() {
    noticed_on_the_real_engine(Sabotage::EffectsBeforeCommit, &["before"]);
}

#[test]
fn a_key_that_changes_is_noticed_on_the_real_engine() {
    noticed_on_the_real_engine(Sabotage::FreshKeys, &["sent with key"]);
}

#[test]
fn a_request_that_is_not_the_committed_one_is_noticed_on_the_real_engine() {
    noticed_on_the_real_engine(Sabotage::ChangesRequests, &["committed was", "was used for"]);
}

#[test]
fn early_timers_are_noticed_on_the_real_engine() {
    noticed_on_the_real_engine(Sabotage::EarlyTimers, &["early"]);
}

#[test]
fn runs_nobody_takes_up_are_noticed_on_the_real_engine() {
    noticed_on_the_real_engine(Sabotage::NoRecovery, &["nobody drives it"]);
}

#[test]
fn runs_left_behind_by_a_living_process_are_noticed_on_the_real_engine() {
    noticed_on_the_real_engine(Sabotage::NoSweep, &["nobody drives it"]);
}

#[test]
fn sending_after_the_lease_is_noticed_on_the_real_engine() {
    noticed_on_the_real_engine(Sabotage::NoLease, &["executed 2 times"]);
}
