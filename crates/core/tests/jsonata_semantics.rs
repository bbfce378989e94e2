//! The bounds and the short cuts change no answer: every expression is answered as the bare evaluator answers it.
#![allow(clippy::unwrap_used, clippy::panic)]

use countersign_core::{
    expr::{Expression, Scope, Template, TextTemplate, truthy},
    time::Timestamp,
};
use jsonata_core::{evaluator::Evaluator, parser, value::JValue};
use proptest::prelude::*;
use serde_json::{Value, json};

/// What the bare evaluator answers, as JSON text; `None` for nothing, `Err` for a refusal.
fn reference(source: &str, data: &Value) -> Result<Option<String>, ()> {
    let node = parser::parse(source).map_err(|_| ())?;
    match Evaluator::new().evaluate(&node, &JValue::from(data.clone())) {
        Ok(JValue::Undefined) => Ok(None),
        Ok(value) => Ok(Some(value.to_json_string().unwrap())),
        Err(_) => Err(()),
    }
}

fn ours(source: &str, data: &Value) -> Result<Option<String>, ()> {
    let value = Expression::compile(source).and_then(|it| it.evaluate_value(data, Timestamp(0))).map_err(|_| ())?;
    Ok(value.map(|value| JValue::from(value).to_json_string().unwrap()))
}

fn same(source: &str, data: &Value) {
    assert_eq!(ours(source, data), reference(source, data), "{source} over {data}");
}

fn shop() -> Value {
    json!({
        "text": "Please upgrade me", "none": null, "zero": 0, "empty": [], "one": [7], "nested": [[1, 2], [3]],
        "customer": { "name": "Ada Example", "email": "ada@example.com", "tags": ["vip", "eu"], "age": 36 },
        "orders": [
            { "id": 1, "items": [ { "sku": "a", "price": 10.5, "n": 2 }, { "sku": "b", "price": 3, "n": 1 } ] },
            { "id": 2, "items": [ { "sku": "c", "price": 99, "n": 1 } ], "note": "late" },
        ],
        "steps": { "preview": { "output": { "amount_due": 12345 } }, "list": { "output": [ { "id": 4 } ] } },
    })
}

#[test]
fn programs_are_answered_as_before() {
    let data = shop();
    for source in include_str!("expressions.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        same(source, &data);
    }
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        Just(json!(i64::MIN)),
        Just(json!(u64::MAX)),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
        (-5_i32..5).prop_map(Value::from),
        "[ -~é😀]{0,6}".prop_map(Value::from),
        prop_oneof![Just("a"), Just("b"), Just("")].prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((prop_oneof![Just("a"), Just("b"), Just("c"), Just("d")], inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
        ]
    })
}

/// Whether a double holds every number in it.
fn small(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            number.is_f64() || number.as_i64().is_some_and(|number| number.unsigned_abs() < 1 << 53)
        }
        Value::Array(items) => items.iter().all(small),
        Value::Object(members) => members.values().all(small),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

fn roots() -> impl Strategy<Value = Value> {
    (values(), values()).prop_map(|(a, b)| json!({ "a": a, "b": b }))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn paths_are_followed_as_the_evaluator_follows_them(data in roots(), path in "[abcd](\\.[abcd]){0,3}") {
        same(&path, &data);
        same(&format!("$.{path}"), &data);
        same(&format!("$boolean({path})"), &data);
        same(&format!("{{\"x\": {path}}}"), &data);
    }

    #[test]
    fn comparisons_are_the_evaluators(
        data in roots(),
        path in "[ab](\\.[ab]){0,2}",
        test in prop_oneof![Just("="), Just("!="), Just("<"), Just("<="), Just(">"), Just(">=")],
        literal in prop_oneof![Just("1"), Just("0"), Just("-1"), Just("1.5"), Just("'a'"), Just("''"), Just("true"),
            Just("null"), Just("1e30"), Just("'é'")],
    ) {
        // Beyond 2^53 the bare evaluator compares roundings: `whole_numbers.rs` has those.
        prop_assume!(small(&data));
        same(&format!("{path} {test} {literal}"), &data);
    }

    #[test]
    fn truth_is_the_evaluators(data in values()) {
        let root = json!({ "a": data });
        let expected = reference("$boolean(a)", &root).unwrap();
        prop_assert_eq!(expected, Some(truthy(&root["a"]).to_string()));
    }

    #[test]
    fn a_template_that_is_one_path_copies_the_value_exactly(value in values(), other in values()) {
        let template = Template::compile(&json!({ "x": ["{{ v }}", " {{ w.inner }} ", "{{missing}}"] })).unwrap();
        let outer = json!({ "inner": other });
        let scope = Scope::new(Timestamp(0)).with("v", &value).with("w", &outer);
        let rendered = template.render(&scope).unwrap();
        prop_assert_eq!(&rendered["x"][0], &value);
        prop_assert_eq!(rendered["x"][1].to_string(), other.to_string());
        prop_assert_eq!(rendered["x"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn text_that_is_no_expression_never_panics(source in "\\PC{0,60}") {
        if let Ok(expression) = Expression::compile(&source) {
            let _ = expression.evaluate_value(&shop(), Timestamp(0));
        }
        let _ = TextTemplate::compile(&source);
        let _ = Template::compile(&Value::from(source));
    }

    #[test]
    fn almost_expressions_never_panic(parts in prop::collection::vec(prop_oneof![
        Just("("), Just(")"), Just("["), Just("]"), Just("{"), Just("}"), Just("."), Just("$"), Just("$$"), Just("%"),
        Just("*"), Just("**"), Just("@$a"), Just("#$i"), Just("orders"), Just("items"), Just("price"), Just(" "),
        Just("function($x)"), Just("$map"), Just("$sum"), Just("$string"), Just(","), Just(":"), Just("?"), Just("~>"),
        Just(":="), Just("$a"), Just("1"), Just("'x'"), Just("/a/"), Just("^("), Just("|"), Just("&"), Just("="),
        Just("and"), Just("in"), Just(";"), Just("{{"), Just("}}"), Just(".."), Just("`b`"), Just("\""), Just("??"),
    ], 0..24)) {
        let source = parts.concat();
        if let Ok(expression) = Expression::compile(&source) {
            let _ = expression.evaluate_value(&shop(), Timestamp(0));
        }
        let _ = TextTemplate::compile(&source);
    }
}
