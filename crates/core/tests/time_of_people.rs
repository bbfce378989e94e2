//! Working time, ladders and who says what became of a call.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm)]

mod support;

use countersign_core::{
    check::{Severity, check},
    document::{Calendar, Weekday},
    log::FailureClass,
    run::{Input, OpenApproval, Refusal, UnknownAnswer, Verdict},
    time::{Span, Timestamp},
    time_zone::TimeZone,
    working_time::{CalendarError, WorkingTime},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{Play, catalogue, person, workflow};

const HOUR: u64 = 3_600_000;
const ZONES: [&str; 6] = [
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Casablanca",
];

fn calendar(zone: &str, days: &[Weekday], hours: &[&str], holidays: &[&str]) -> Calendar {
    let text = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let hours = days.iter().map(|day| (*day, text(hours))).collect();
    Calendar { time_zone: zone.to_owned(), hours, holidays: text(holidays) }
}

const WEEK: [Weekday; 5] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];

fn office(zone: &str) -> WorkingTime {
    let all = calendar(zone, &WEEK, &["09:00-12:30", "13:30-18:00"], &["2028-02-29", "2026-12-25"]);
    WorkingTime::of(&all).unwrap()
}

fn at(text: &str) -> Timestamp {
    Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

#[test]
fn working_time_passes_in_working_hours_only() {
    let berlin = office("Europe/Berlin");
    for (from, hours, then) in [
        // Friday 17:00 and two hours: Monday 10:00.
        ("2026-11-27T16:00:00Z", 2, "2026-11-30T09:00:00Z"),
        // Over lunch.
        ("2026-11-30T11:00:00Z", 1, "2026-11-30T13:00:00Z"),
        // Summer time begins on Sunday 29 March: the wall says the same, the sun does not.
        ("2026-03-27T16:00:00Z", 2, "2026-03-30T08:00:00Z"),
        ("2026-10-23T15:00:00Z", 2, "2026-10-26T09:00:00Z"),
        // A leap day that is a holiday: Monday 17:00, then Wednesday.
        ("2028-02-28T16:00:00Z", 2, "2028-03-01T09:00:00Z"),
        // Christmas is a Friday.
        ("2026-12-24T16:00:00Z", 2, "2026-12-28T09:00:00Z"),
        ("2026-11-30T03:00:00Z", 0, "2026-11-30T08:00:00Z"),
    ] {
        assert_eq!(berlin.after(at(from), Span(hours * HOUR)), Some(at(then)), "{from} and {hours}h");
    }
}

#[test]
fn hours_in_which_clocks_are_turned_are_as_long_as_they_are() {
    let nights = WorkingTime::of(&calendar("Europe/Berlin", &[Weekday::Sun], &["00:00-06:00"], &[])).unwrap();
    // Five real hours on 29 March, seven on 25 October.
    assert_eq!(nights.after(at("2026-03-28T23:00:00Z"), Span(5 * HOUR)), Some(at("2026-03-29T04:00:00Z")));
    assert_eq!(nights.after(at("2026-10-24T22:00:00Z"), Span(7 * HOUR)), Some(at("2026-10-25T05:00:00Z")));
    assert_eq!(nights.after(at("2026-03-28T23:00:00Z"), Span(6 * HOUR)), Some(at("2026-04-04T23:00:00Z")));
}

#[test]
fn what_cannot_be_kept_is_told() {
    let of = |zone: &str, hours: &[&str], holidays: &[&str]| WorkingTime::of(&calendar(zone, &WEEK, hours, holidays));
    assert!(matches!(of("Mars/Phobos", &["09:00-17:00"], &[]), Err(CalendarError::TimeZone(_))));
    for bad in
        ["9-17", "09:00", "17:00-09:00", "09:00-24:30", "09:60-10:00", "09:00-09:00", "+9:00-10:00", "09:0-10:00"]
    {
        assert!(matches!(of("UTC", &[bad], &[]), Err(CalendarError::Hours(_))), "{bad}");
    }
    assert!(matches!(of("UTC", &["09:00-12:00", "11:00-13:00"], &[]), Err(CalendarError::Hours(_))));
    assert!(matches!(of("UTC", &["00:00-24:00"], &["2026-02-30"]), Err(CalendarError::Holiday(_))));
    assert!(matches!(of("UTC", &[], &[]), Err(CalendarError::Never)));
    assert!(of("UTC", &["9:00-24:00"], &["2028-02-29"]).is_ok());
}

/// Whether people work at that instant, by the clock on the wall: another way to tell than by whole days.
fn works(zone: &TimeZone, at: i64) -> bool {
    let shown = at + i64::from(zone.offset_seconds(Timestamp(at)).unwrap()) * 1000;
    let (day, minute) = (shown.div_euclid(86_400_000), shown.rem_euclid(86_400_000) / 60_000);
    // 1970-01-01 was a Thursday.
    let weekday = (day + 3).rem_euclid(7);
    let holidays = [at_day("2028-02-29"), at_day("2026-12-25")];
    weekday < 5 && !holidays.contains(&day) && (540..750).contains(&minute) | (810..1080).contains(&minute)
}

fn at_day(day: &str) -> i64 {
    at(&format!("{day}T00:00:00Z")).0 / 86_400_000
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn as_much_working_time_passes_as_was_asked_for(
        zone in prop::sample::select(ZONES.to_vec()),
        // Two years around a leap day, whole minutes.
        from in 29_900_000_i64..31_000_000,
        minutes in 1_u64..3_000,
    ) {
        let (office, from) = (office(zone), from * 60_000);
        let zone = TimeZone::named(zone).unwrap();
        let end = office.after(Timestamp(from), Span(minutes * 60_000)).unwrap().0;
        let worked = (from..end).step_by(60_000).filter(|at| works(&zone, *at)).count();
        prop_assert_eq!(worked as u64, minutes, "from {} to {}", from, end);
        prop_assert!(works(&zone, end - 60_000), "it ends within working time");
    }

    #[test]
    fn it_can_be_reckoned_in_parts(
        zone in prop::sample::select(ZONES.to_vec()),
        from in 1_760_000_000_000_i64..1_900_000_000_000,
        first in 1_u64..400_000_000,
        second in 1_u64..400_000_000,
    ) {
        let office = office(zone);
        let whole = office.after(Timestamp(from), Span(first + second)).unwrap();
        let half = office.after(Timestamp(from), Span(first)).unwrap();
        prop_assert_eq!(office.after(half, Span(second)).unwrap(), whole);
        prop_assert!(half < whole);
    }
}

const LADDER: &str = "
schema: 1
name: A ladder
calendars:
  office: { time_zone: Europe/Berlin, hours: { mon: [09:00-17:00], tue: [09:00-17:00], wed: [09:00-17:00], thu: [09:00-17:00], fri: [09:00-17:00] } }
start: ask
steps:
  ask:
    type: approval
    summary: Do it?
    approvers: { roles: [clerk], quorum: 1, exclude_requester: true }
    calendar: office
    ladder:
      - { after: 2h, do: remind }
      - { after: 4h, do: reassign, to: [lead, boss@example.com] }
      - { after: 6h, do: escalate, to: [director] }
    timeout: { after: 10h, outcome: rejected, next: late }
    on_approve: done
    on_reject: no
  done: { type: end }
  no: { type: end, status: rejected }
  late: { type: end, status: rejected, output: late }
";

/// Lets the next timer fire; when.
fn next(play: &mut Play) -> Timestamp {
    let due = play.state.wake_at().unwrap();
    play.now = Timestamp(due.0 - 1);
    assert_eq!(play.take(Input::TimerFired), Err(Refusal::NotDue));
    play.now = due;
    play.take(Input::TimerFired).unwrap();
    due
}

fn may(play: &Play, who: &str, role: &str) -> bool {
    let open = OpenApproval::of(&play.version, &play.state).unwrap();
    open.why_not(&person(who, &[role]), Verdict::Approved).is_none()
}

#[test]
fn a_ladder_is_climbed_in_working_time() {
    let mut play = Play::new(LADDER);
    // Friday 16:00 in Berlin.
    play.now = at("2026-11-27T15:00:00Z");
    play.start(json!({})).unwrap();
    assert!(may(&play, "c", "clerk") && !may(&play, "l", "lead"));
    assert_eq!((next(&mut play), play.last_events()), (at("2026-11-30T09:00:00Z"), vec!["ladder_reminded"]));
    assert!(may(&play, "c", "clerk"));
    assert_eq!((next(&mut play), play.last_events()), (at("2026-11-30T11:00:00Z"), vec!["ladder_reassigned"]));
    assert!(!may(&play, "c", "clerk") && may(&play, "l", "lead") && may(&play, "boss", "viewer"));
    assert!(!may(&play, "starter", "lead"), "what else the policy says stays");
    assert_eq!((next(&mut play), play.last_events()), (at("2026-11-30T13:00:00Z"), vec!["ladder_escalated"]));
    assert!(may(&play, "l", "lead") && may(&play, "d", "director") && !may(&play, "c", "clerk"));
    // 1 h on Friday, 8 h on Monday, the last on Tuesday.
    assert_eq!(next(&mut play), at("2026-12-01T09:00:00Z"));
    assert_eq!((play.status(), play.state.ended().unwrap().output.clone()), ("rejected", json!("late")));
}

#[test]
fn a_late_process_climbs_every_rung() {
    let mut play = Play::new(LADDER);
    play.now = at("2026-11-27T15:00:00Z");
    play.start(json!({})).unwrap();
    play.now = at("2026-11-30T13:00:00Z");
    for _ in 0..3 {
        play.take(Input::TimerFired).unwrap();
    }
    assert_eq!(play.take(Input::TimerFired), Err(Refusal::NotDue));
    play.decide("approved", person("d", &["director"])).unwrap();
    assert_eq!(play.status(), "completed");
}

#[test]
fn a_ladder_that_leads_nowhere_is_found() {
    let errors = |from: &str, to: &str| -> Vec<String> {
        let text = LADDER.replace(from, to);
        assert_ne!(text, LADDER);
        let found = check(&workflow(&text), &catalogue());
        let bad = found.into_iter().filter(|it| it.severity != Severity::Info);
        bad.map(|it| format!("{} {}", it.code, it.pointer)).collect()
    };
    assert_eq!(errors("Do it?", "Do that?"), Vec::<String>::new());
    assert_eq!(errors("after: 4h", "after: 2h"), ["ladder /steps/ask/ladder/1/after"]);
    assert_eq!(errors("to: [director]", "to: []"), ["ladder /steps/ask/ladder/2/to"]);
    assert_eq!(errors("after: 6h", "after: 10h"), ["ladder /steps/ask/ladder/2/after"]);
    assert_eq!(errors("calendar: office", "calendar: ofice"), ["calendar /steps/ask/calendar"]);
    assert_eq!(errors("Europe/Berlin", "Europe/Berlim"), ["calendar /calendars/office"]);
}

const DOUBT: &str = "
schema: 1
name: A doubt
start: send
steps:
  send: { type: tool_call, action: shop.unkeyed, input: {}, unknown_outcome: { roles: [finance], exclude_requester: true }, next: done }
  done: { type: end }
";

#[test]
fn who_may_say_what_became_of_a_call_is_a_policy() {
    let mut play = Play::started(DOUBT);
    let id = play.under_way();
    play.fail(FailureClass::Unknown).unwrap();
    let mut told = |by, for_others: Vec<_>| {
        let answer = UnknownAnswer::Happened { result: Value::Null };
        play.take(Input::UnknownResolved { id, answer, comment: String::new(), by, for_others })
    };
    for (who, role) in [("op", "operator"), ("ad", "admin"), ("starter", "finance")] {
        assert!(matches!(told(person(who, &[role]), vec![]), Err(Refusal::NotAnApprover(_))), "{who}");
    }
    told(person("dan", &["viewer"]), vec![person("fay", &["finance"])]).unwrap();
    assert_eq!(play.status(), "completed");
    let found = |policy: &str| check(&workflow(&DOUBT.replace("roles: [finance]", policy)), &catalogue());
    assert!(found("roles: [finance], quorum: 2").iter().any(|it| it.pointer == "/steps/send/unknown_outcome"));
}
