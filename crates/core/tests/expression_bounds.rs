//! Hostile expressions end as errors with a code, on a thread with a small stack and in an unoptimised build.
#![allow(clippy::unwrap_used, clippy::panic)]

use countersign_core::{
    expr::{Expression, ExpressionErrorKind as Kind, TextTemplate, limits},
    time::Timestamp,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Compiles and evaluates on a thread of 2 MiB, which an overflow would take the whole process down from.
fn on_small_stack(source: &str, data: Value) -> Result<Option<Value>, Kind> {
    let source = source.to_owned();
    std::thread::Builder::new()
        .stack_size(2 * 1024 * 1024)
        .spawn(move || {
            let expression = Expression::compile(&source).map_err(|error| error.kind)?;
            expression.evaluate_value(&data, Timestamp(0)).map_err(|error| error.kind)
        })
        .unwrap()
        .join()
        .unwrap()
}

fn refused(source: &str) -> Kind {
    let begun = Instant::now();
    let answer = on_small_stack(source, json!({ "items": [1, 2, 3], "text": "abc" }));
    assert!(begun.elapsed() < Duration::from_secs(20), "{source} ran for {:?}", begun.elapsed());
    match answer {
        Ok(value) => panic!("{source} was answered: {}", value.map_or(0, |value| value.to_string().len())),
        Err(kind) => kind,
    }
}

#[test]
fn endless_recursion_reaches_the_depth_bound() {
    assert_eq!(refused("($f := function($x){ 1 + $f($x) }; $f(1))"), Kind::GuardDepth);
    assert_eq!(refused("($f := function($x){ [$f($x)] }; $f(1))"), Kind::GuardDepth);
    assert_eq!(
        refused("($a := function($x){ 1 + $b($x) }; $b := function($x){ 1 + $a($x) }; $a(1))"),
        Kind::GuardDepth
    );
}

#[test]
fn endless_tail_recursion_reaches_the_time_bound() {
    assert_eq!(refused("($f := function($x){ $f($x) }; $f(1))"), Kind::GuardTime);
    assert_eq!(refused("($f := function($x){ $x > 0 ? $f($x + 1) : 1 }; $f(1))"), Kind::GuardTime);
}

#[test]
fn long_sequences_reach_the_size_bound() {
    for source in [
        "[1..10000000]",
        "[1..1e300]",
        "$count([1..50000].[1..50000])",
        "$count([1..1000].[1..1000])",
        "[1..40000].$$.items.($$.items)[[1..40000]].$$.items.$$.items.$$.items.$$.items.$$.items.$$.items.$$.items",
        "($a := [1..20000]; $a.$a)",
        "($a := [1..20000]; $a.($a))",
    ] {
        let kind = refused(source);
        assert!(matches!(kind, Kind::GuardSize | Kind::GuardTime), "{source}: {kind:?}");
    }
}

#[test]
fn text_cannot_grow_without_end() {
    let doubled: String = (0..60).map(|_| "$a := $a & $a; ").collect();
    let nested = format!("({}text{})", "(".repeat(40), ").($ & $)".repeat(40));
    for source in [
        r#"$pad("", 1000000000)"#,
        r#"$pad("x", -1000000000, "yz")"#,
        r#"$map([1000000000], function($n){ $pad("", $n) })"#,
        r#"([1000000000] ~> $map(function($n){ "x" ~> $pad($n) }))"#,
        r#"$reduce([1..60], function($a, $i){ $a & $a }, "0123456789")"#,
        r#"$reduce([1..60], function($a, $i){ $join([$a, $a]) }, "0123456789")"#,
        r#"$reduce([1..60], function($a, $i){ $replace($a, "0", $a) }, "0123456789")"#,
        r#"$reduce([1..60], function($a, $i){ $a ~> $replace("0", $a) }, "0123456789")"#,
        r#"$reduce([1..60], function($a, $i){ $replace($a, /0/, function($m){ $a }) }, "0000000000")"#,
        r#"($f := function($a, $n){ $n = 0 ? $a : $f($a & $a, $n - 1) }; $f("0123456789", 60))"#,
        r#"($e := $base64encode; $reduce([1..200], function($a, $i){ $e($a) }, "0123456789"))"#,
        r#"($f := $base64encode; $g := $f ~> $f ~> $f ~> $f; $h := $g ~> $g ~> $g ~> $g; $k := $h ~> $h ~> $h ~> $h; $k("0123456789"))"#,
        r#"$join($map([1..50000], function($i){ $pad("", 60000) }), "")"#,
        r#"($x := $pad("", 60000); $join([1..50000].$string($), $x))"#,
        r#"$fromMillis(0, "[Y,1000000000]")"#,
        &format!(r#"($a := "0123456789"; {doubled} $a)"#),
        &nested,
    ] {
        let kind = refused(source);
        assert!(matches!(kind, Kind::GuardSize | Kind::GuardTime | Kind::Evaluate), "{source}: {kind:?}");
    }
}

#[test]
fn shared_values_cannot_be_written_out() {
    let doubled: String = (0..60).map(|_| "$a := [$a, $a, 1]; ").collect();
    let objects: String = (0..60).map(|_| r#"$a := {"l": $a, "r": $a}; "#).collect();
    let stepped = format!("items{}", ".{\"l\": $, \"r\": $}".repeat(40));
    for source in [
        &format!("($a := [1,2]; {doubled} $string($a))"),
        &format!("($a := [1,2]; {doubled} $a)"),
        &format!("($a := [1,2]; {objects} $a & \"\")"),
        &format!("($a := [1,2]; {objects} $a = $a)"),
        &format!("$string({stepped})"),
        "($a := [1..50000]; $map($a, function(){ $a }).x)",
        "($a := [1..50000]; $count($map($a, function(){ $a }).$string()))",
        "($a := [1..50000]; $map($a, function(){ $a }) = $map($a, function(){ $a }))",
        "$reduce([1..60], function($a, $i){ [[$a], [$a]] }, [1])",
        "$reduce([1..60], function($a, $i){ $map([1,2], function(){ $a }) }, [1])",
        "$reduce([1..60], function($a, $i){ $zip($a, $a) }, [1])",
        "$reduce([1..5000], function($a, $i){ {\"a\": $a} }, 1)",
        "$reduce([1..5000], function($a, $i){ [[$a]] }, 1)",
    ] {
        let kind = refused(source);
        assert!(matches!(kind, Kind::GuardSize | Kind::GuardDepth | Kind::GuardTime), "{source}: {kind:?}");
    }
}

#[test]
fn deep_and_long_sources_are_refused_before_they_hurt() {
    let cases = [
        format!("{}1{}", "(".repeat(8_000), ")".repeat(8_000)),
        format!("{}1{}", "[".repeat(8_000), "]".repeat(8_000)),
        "(".repeat(16_000),
        "-".repeat(16_000),
        format!("{}1", "1+".repeat(8_000)),
        format!("{}1", "a?".repeat(5_000)),
        format!("{}1", "a?b:".repeat(4_000)),
        format!("a{}", "~>b".repeat(5_000)),
        format!("a{}", "[0]".repeat(5_000)),
        format!("a{}", "^(a)".repeat(4_000)),
        format!("a{}", "@$b".repeat(5_000)),
        format!("a{}", ".%".repeat(8_000)),
        format!("{}1", "function($a){".repeat(90)),
        format!("\"{}", "x".repeat(20_000)),
        "{{{{".repeat(30),
    ];
    for source in cases {
        let shown: String = source.chars().take(20).collect();
        match on_small_stack(&source, json!({})) {
            Err(Kind::Parse | Kind::GuardDepth | Kind::Evaluate) | Ok(_) => {}
            Err(kind) => panic!("{shown}…: {kind:?}"),
        }
    }
    assert!(Expression::compile(&"a".repeat(limits::SOURCE_BYTES_MAX + 1)).is_err());
    assert!(on_small_stack(&format!("{}1{}", "(".repeat(90), ")".repeat(90)), json!({})).is_ok());
    assert!(on_small_stack(&format!("{}1", "1+".repeat(450)), json!({})).is_ok());
}

#[test]
fn regular_expressions_take_linear_time() {
    let text = "a".repeat(40_000);
    let data = json!({ "text": text });
    assert_eq!(on_small_stack("$contains(text, /^(a+)+$/)", data.clone()), Ok(Some(json!(true))));
    assert_eq!(on_small_stack("$contains(text, /(a|a)*b/)", data.clone()), Ok(Some(json!(false))));
    assert!(on_small_stack("$contains(text, /((a{1000}){1000}){1000}/)", data.clone()).is_err());
    let long = json!({ "text": "a".repeat(300_000) });
    assert_eq!(on_small_stack("$match(text, /a/)", long), Err(Kind::GuardSize));
}

#[test]
fn deep_data_is_refused() {
    let mut deep = json!(1);
    for _ in 0..400 {
        deep = json!([deep]);
    }
    assert_eq!(on_small_stack("$string(a)", json!({ "a": deep })), Err(Kind::GuardDepth));
}

#[test]
fn chance_the_clock_and_hidden_code_are_refused() {
    for source in ["$random()", "$shuffle([1,2])", "$eval('1')", "$map([1], $random)", "($e := $eval; $e('1'))"] {
        assert_eq!(on_small_stack(source, json!({})), Err(Kind::Evaluate), "{source}");
    }
    let at =
        |source: &str| Expression::compile(source).unwrap().evaluate_value(&json!({}), Timestamp(1_700_000_000_123));
    assert_eq!(at("$millis()"), Ok(Some(json!(1_700_000_000_123_i64))));
    assert_eq!(at("$now()"), Ok(Some(json!("2023-11-14T22:13:20.123Z"))));
    assert_eq!(at("$now('[Y]')"), Ok(Some(json!("2023"))));
    assert_eq!(at("($n := $now; $n())"), Ok(Some(json!("2023-11-14T22:13:20.123Z"))));
    assert_eq!(at("$map([1], $millis)"), Ok(Some(json!(1_700_000_000_123_i64))));
    assert!(at("$toMillis('12:30', '[H]:[m]')").is_err());
    assert_eq!(at("$toMillis('2020-01-02', '[Y]-[M]-[D]')"), Ok(Some(json!(1_577_923_200_000_i64))));
}

#[test]
fn long_templates_render_within_bounds() {
    let template = TextTemplate::compile(&"{{ a }}".repeat(2_000)).unwrap();
    let value = json!("x".repeat(10_000));
    let scope = countersign_core::expr::Scope::new(Timestamp(0)).with("a", &value);
    assert_eq!(template.render(&scope).map_err(|error| error.kind), Err(Kind::GuardSize));
}
