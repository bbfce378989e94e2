//! An expression is given only the part of the state it reads; that changes no answer. Expressions are generated over
//! every construct of the grammar and evaluated by the bare evaluator with all of the state. `COUNTERSIGN_FUZZ_CASES`
//! makes it more of them.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use countersign_core::{
    expr::{Expression, Scope},
    time::Timestamp,
};
use jsonata_core::{
    evaluator::{Context, Evaluator, EvaluatorOptions},
    parser,
    value::JValue,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn cases() -> u32 {
    std::env::var("COUNTERSIGN_FUZZ_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1_000)
}

fn state() -> Value {
    json!({
        "a": [ { "id": 1, "b": "x", "c": [ { "id": 3, "b": "x" }, { "id": 4 } ] }, { "id": 2, "b": "y", "c": [] } ],
        "b": [ { "id": 1, "c": 5, "a": "x" }, { "id": 2, "c": 7, "a": "z" } ],
        "c": { "a": { "b": "x", "id": 2 }, "b": [1, 2, 3], "id": "x" },
        "id": 1,
    })
}

fn reference(source: &str, data: &Value) -> Result<Option<String>, ()> {
    let node = parser::parse(source).map_err(|_| ())?;
    let options = EvaluatorOptions {
        timeout_ms: Some(100),
        cancel: None,
        max_stack_depth: Some(200),
        max_sequence_length: Some(1_000),
    };
    let mut evaluator = Evaluator::with_options(Context::new(), options);
    let answer = evaluator.evaluate(&node, &JValue::from(data.clone())).map_err(|_| ())?;
    Ok(plain(&answer).map(|value| value.to_string()))
}

/// As JSON; functions are none.
fn plain(value: &JValue) -> Option<Value> {
    match value {
        JValue::Undefined | JValue::Lambda(_) | JValue::Builtin { .. } | JValue::Regex { .. } => None,
        JValue::Array(items) => Some(items.iter().map(|item| plain(item).unwrap_or(Value::Null)).collect()),
        JValue::Object(members) => {
            Some(members.iter().filter_map(|(name, member)| Some((name.clone(), plain(member)?))).collect())
        }
        JValue::Null | JValue::Bool(_) | JValue::Number(_) | JValue::String(_) => {
            Some(serde_json::from_str(&value.to_json_string().unwrap()).unwrap())
        }
    }
}

fn answer(value: Result<Option<Value>, countersign_core::expr::ExpressionError>) -> Result<Option<String>, ()> {
    value.map(|value| value.map(|value| plain(&JValue::from(value)).unwrap().to_string())).map_err(|_| ())
}

fn same(source: &str, data: &Value) {
    let Ok(expression) = Expression::compile(source) else { return };
    // Where an error is met depends on what else is there; an answer never does.
    let Ok(right) = reference(source, data) else { return };
    let projected = answer(expression.evaluate_value(data, Timestamp(0)));
    assert_eq!(projected, Ok(right.clone()), "{source}");
    let members = data.as_object().unwrap();
    let scope = members.iter().fold(Scope::new(Timestamp(0)), |scope, (name, value)| scope.with(name, value));
    assert_eq!(answer(expression.evaluate(&scope)), Ok(right), "{source} in a scope");
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![Just("a"), Just("b"), Just("c"), Just("id"), Just("a.b"), Just("a.c"), Just("c.a")]
        .prop_map(str::to_owned)
}

fn leaf() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => name(),
        1 => prop_oneof![
            Just("$"), Just("$$"), Just("*"), Just("**"), Just("%"), Just("1"), Just("-1"), Just("'x'"), Just("null"),
            Just("true"), Just("$v"), Just("$w"), Just("$i"), Just("$.a"), Just("$$.b"), Just("`c`"), Just("\"b\""),
            Just("$keys()"), Just("$string()"), Just("$lookup('b')"), Just("$count(a)"), Just("$lookup"), Just("$f(1)"),
            Just("$f()"), Just("[1..2]"), Just("{}"), Just("[]"), Just("/x/"), Just("*.b"), Just("**.id"),
            Just("$each(function($v){ $v })"), Just("$sift(function($v){ $v })"), Just("$spread()"), Just("$type(a)"),
        ]
        .prop_map(str::to_owned),
    ]
}

/// One construct around others.
fn construct(inner: BoxedStrategy<String>) -> BoxedStrategy<String> {
    let (one, two, three) =
        (inner.clone(), (inner.clone(), inner.clone()), (inner.clone(), inner.clone(), inner.clone()));
    let postfix = (
        one.clone(),
        prop::sample::select(vec!["[]", "[0]", "[-1]", "@$v", "#$i", ".*", ".**", ".%", ".$", ".$$", ".$v", ".$i"]),
    );
    let operator = prop::sample::select(vec![
        "+", "&", "=", "!=", "<", "and", "or", "in", "~>", ".", ".", ".", "??", "?:", "@$v.", "#$i.", "@$w.", "@$v#$i.",
    ]);
    prop_oneof![
        4 => (inner.clone(), operator, inner.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        3 => postfix.prop_map(|(a, end)| format!("{a}{end}")),
        2 => two.clone().prop_map(|(a, b)| format!("{a}[{b}]")),
        2 => two.clone().prop_map(|(a, b)| format!("{a}.({b})")),
        1 => one.clone().prop_map(|a| format!("({a})")),
        1 => two.clone().prop_map(|(a, b)| format!("{a}.[{b}]")),
        1 => two.clone().prop_map(|(a, b)| format!("[{a}, {b}]")),
        1 => three.clone().prop_map(|(a, b, c)| format!("{a}.{{ 'k': {b}, 'l': {c} }}")),
        1 => two.clone().prop_map(|(a, b)| format!("{a}{{ $string(id): {b} }}")),
        1 => two.clone().prop_map(|(a, b)| format!("{{ 'k': {a}, $string({b}): 1 }}")),
        1 => two.clone().prop_map(|(a, b)| format!("{a}^({b})")),
        1 => two.clone().prop_map(|(a, b)| format!("{a}^(>{b}, id)")),
        1 => two.clone().prop_map(|(a, b)| format!("{a}@$v[$v.id = {b}]")),
        1 => three.clone().prop_map(|(a, b, c)| format!("{a}@$v.{b}@$w[$v.id = $w.id].{c}")),
        1 => three.clone().prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
        1 => two.clone().prop_map(|(a, b)| format!("($v := {a}; {b})")),
        1 => two.clone().prop_map(|(a, b)| format!("($f := function($v){{ {a} }}; {b}.$f())")),
        1 => two.clone().prop_map(|(a, b)| format!("($f := {a}; $f({b}))")),
        1 => two.clone().prop_map(|(a, b)| format!("($f := $lookup; {a}.$f({b}))")),
        1 => two.clone().prop_map(|(a, b)| format!("($f := {a}.(function($v){{ {b} }}); $f(1))")),
        1 => two.clone().prop_map(|(a, b)| format!("$map({a}, function($v, $i){{ {b} }})")),
        1 => two.clone().prop_map(|(a, b)| format!("$filter({a}, function($v){{ {b} }})")),
        1 => two.clone().prop_map(|(a, b)| format!("$reduce({a}, function($v, $w){{ {b} }})")),
        1 => two.clone().prop_map(|(a, b)| format!("$sort({a}, function($v, $w){{ {b} }})")),
        1 => one.clone().prop_map(|a| format!("$lookup(?, 'b')({a})")),
        1 => one.clone().prop_map(|a| format!("$lookup({a}, 'b')")),
        1 => three.clone().prop_map(|(a, b, c)| format!("{a} ~> |{b}|{{ 'k': {c} }}|")),
        1 => two.clone().prop_map(|(a, b)| format!("{a} ~> |{b}|{{}}, 'id'|")),
        1 => three.prop_map(|(a, b, c)| format!("(function($v)<x-:x>{{ {a} }})({b}) & {c}")),
        1 => two.prop_map(|(a, b)| format!("$append({a}, $merge([{b}, $]))")),
    ]
    .boxed()
}

fn expressions() -> BoxedStrategy<String> {
    leaf().boxed().prop_recursive(3, 12, 3, |inner| construct(inner.boxed())).boxed()
}

#[test]
fn what_was_wrong_once() {
    let shop = json!({ "Employee": [{ "n": 1, "s": "a" }], "Contact": [{ "s": "a", "p": 5 }] });
    same(r#"Employee@$e.Contact[s=$e.s].{"n":$e.n,"p":p}"#, &shop);
    let expression = Expression::compile(r#"Employee@$e.Contact[s=$e.s].{"n":$e.n,"p":p}"#).unwrap();
    assert_eq!(expression.evaluate_value(&shop, Timestamp(0)), Ok(Some(json!({ "n": 1, "p": 5 }))));
    for source in [
        "$[id = 1].b.c",
        "$$[c.id = 'x'].id",
        "a.($$.b@$v.c)",
        "a@$v^(b).id",
        "a@$v{ 'k': b }",
        "a@$v[b.id = 2].id",
        "($f := $lookup; $f('id'))",
        "(function($v)<x-:x>{ $v })()",
        "($f := function($v)<x-:x>{ $v.id }; $f())",
        "$map(['id'], $lookup)",
    ] {
        same(source, &state());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn a_part_of_the_state_gives_the_answer_of_the_whole(source in expressions()) {
        same(&source, &state());
    }
}
