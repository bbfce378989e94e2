//! Whole numbers beyond 2^53 keep their digits, or the expression is refused: two ids are never taken for one.
#![allow(clippy::unwrap_used)]

use countersign_core::{
    expr::{Expression, Scope, Template},
    time::Timestamp,
};
use serde_json::{Value, json};

const MINE: i64 = 9_007_199_254_740_993;
const THEIRS: i64 = 9_007_199_254_740_992;
const HUGE: u64 = 18_446_744_073_709_551_615;

fn state() -> Value {
    json!({
        "id": MINE, "other": THEIRS, "huge": HUGE, "low": -MINE, "ids": [MINE, THEIRS, HUGE],
        "order": { "id": MINE, "lines": [{ "id": MINE, "n": 1 }, { "id": THEIRS, "n": 2 }] },
        "text": "9007199254740993", "n": 3,
    })
}

fn eval(source: &str) -> Result<Value, String> {
    let answer = Expression::compile(source).and_then(|it| it.evaluate_value(&state(), Timestamp(0)));
    answer.map(|value| value.unwrap_or(json!("nothing"))).map_err(|error| error.message)
}

#[test]
fn digits_are_kept() {
    for (source, expected) in [
        ("id", json!(MINE)),
        ("low", json!(-MINE)),
        ("ids[0]", json!(MINE)),
        ("ids[-1]", json!(HUGE)),
        ("[id, huge, 1]", json!([MINE, HUGE, 1])),
        ("{ 'id': id, 'all': ids }", json!({ "id": MINE, "all": [MINE, THEIRS, HUGE] })),
        ("order.lines.id", json!([MINE, THEIRS])),
        ("order.lines[1].id", json!(THEIRS)),
        ("order.lines[n = 1].id", json!(MINE)),
        ("order.lines[id = $$.id].n", json!(1)),
        ("order.lines@$l[$l.id = $$.other].$l.n", json!(2)),
        ("'id ' & id", json!("id 9007199254740993")),
        ("id & '/' & huge", json!("9007199254740993/18446744073709551615")),
        ("$string(id)", json!("9007199254740993")),
        ("$map(ids, $string)", json!(["9007199254740993", "9007199254740992", "18446744073709551615"])),
        ("$string(id) = text", json!(true)),
        ("$length($string(id))", json!(16)),
        ("id = other", json!(false)),
        ("id != other", json!(true)),
        ("id = order.id", json!(true)),
        ("id = text", json!(false)),
        ("other = 9007199254740992", json!(true)),
        ("id = 9007199254740992", json!(false)),
        ("other in ids", json!(true)),
        ("id in [other, huge]", json!(false)),
        ("$distinct(ids)", json!([MINE, THEIRS, HUGE])),
        ("$count(ids)", json!(3)),
        ("id <= 5", json!(false)),
        ("id > 9007199254740992", json!(true)),
        ("$filter(ids, function($v){ $v = $$.id })", json!(MINE)),
        ("$append(ids, id)[-1]", json!(MINE)),
        ("$lookup(order, 'id')", json!(MINE)),
        ("$merge([order, { 'n': id }]).n", json!(MINE)),
        (
            "order ~> |lines[n = 2]|{ 'id': $$.id }| ~> $lookup('lines')",
            json!([{ "id": MINE, "n": 1 }, { "id": MINE, "n": 2 }]),
        ),
        ("n > 2 ? id : other", json!(MINE)),
        ("id ?: other", json!(MINE)),
        ("missing ?? id", json!(MINE)),
        ("($x := id; $f := function($y){ $y }; $f($x))", json!(MINE)),
        ("$exists(id) and $boolean(id)", json!(true)),
        ("*[0]", json!(MINE)),
        ("n + 1 & ' of ' & id", json!("4 of 9007199254740993")),
        ("10000000000000000", json!(10_000_000_000_000_000_i64)),
    ] {
        assert_eq!(eval(source), Ok(expected), "{source}");
    }
}

#[test]
fn what_would_lose_digits_is_refused() {
    for source in [
        "id + 1",
        "-id",
        "id * 1",
        "id > other",
        "$sum(ids)",
        "$max(ids)",
        "$abs(id)",
        "$round(id)",
        "$sort(ids)",
        "ids^($)",
        "order.lines^(id).n",
        "$number(id)",
        "$number(text)",
        "$formatNumber(id, '#')",
        "$join(ids)",
        "$type(id)",
        "{ id: 1 }",
        "order.lines{ id: n }",
        "order.lines[$$.id]",
        "$substring(id, 0)",
        "'' & ids",
        "$string(order)",
        "$map(ids, $abs)",
        "$formatBase(?, 10)(id)",
        "id ~> $abs",
        "$lookup(order, id)",
        "id in [1..id]",
        "[1..id]",
        "id = 9007199254740993",
        "9007199254740993",
        "$length(id)",
        "$contains(id, '1')",
        "($x := $abs; $x(id))",
    ] {
        assert!(eval(source).is_err(), "{source}: {:?}", eval(source));
    }
}

#[test]
fn a_text_cannot_pass_for_a_number() {
    let state = json!({ "id": MINE, "text": "\u{FDD0}5" });
    let read = |source: &str| Expression::compile(source).unwrap().evaluate_value(&state, Timestamp(0));
    assert_eq!(read("text & ''"), Ok(Some(json!("\u{FDD0}5"))));
    assert!(read("[id, text]").is_err());
}

#[test]
fn templates_keep_them() {
    let order = json!({ "id": MINE, "ids": [HUGE] });
    let scope = Scope::new(Timestamp(0)).with("order", &order);
    let template = Template::compile(&json!({
        "path": "{{ order.id }}", "index": "{{ order.ids[0] }}", "list": "{{ [order.id] }}",
        "object": "{{ { 'id': order.id } }}", "text": "no. {{ order.ids[0] }}", "url": "/x/{{ order.id }}",
    }));
    assert_eq!(
        template.unwrap().render(&scope).unwrap(),
        json!({
            "path": MINE, "index": HUGE, "list": [MINE], "object": { "id": MINE },
            "text": format!("no. {HUGE}"), "url": format!("/x/{MINE}"),
        })
    );
}
