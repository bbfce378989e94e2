#![allow(clippy::unwrap_used)]

use super::*;

const SMALL: &str = "
schema: 1
name: Small
start: done
steps:
  done: { type: end, title: Done, message: Bye }
";

fn error(text: &str) -> SourceError {
    parse(text).unwrap_err()
}

#[test]
fn yaml_and_json_read_the_same() {
    let workflow = parse(SMALL).unwrap();
    assert_eq!(workflow.steps["done"].title, "Done");
    let json = serde_json::to_string(&workflow).unwrap();
    assert_eq!(parse(&json).unwrap(), workflow);
    assert_eq!(parse(&to_yaml(&workflow)).unwrap(), workflow);
}

#[test]
fn a_newer_schema_is_said_first() {
    let newer = error("schema: 2\nname: 3\nsteps: [nonsense]\nfuture: true");
    assert_eq!((newer.code, newer.pointer.as_str()), ("schema_newer", "/schema"));
    assert_eq!(error("schema: 0\nname: x").code, "wrong_type");
}

#[test]
fn what_is_wrong_is_pointed_at() {
    for (from, to, code, pointer) in [
        ("message: Bye", "mesage: Bye", "unknown_field", "/steps/done/mesage"),
        ("type: end", "type: finish", "wrong_type", "/steps/done/type"),
        ("type: end, ", "", "missing_field", "/steps/done"),
        ("title: Done", "title: [1]", "wrong_type", "/steps/done/title"),
        ("title: Done", "position: [1]", "wrong_type", "/steps/done/position"),
        ("start: done", "begin: done", "unknown_field", "/begin"),
        ("start: done\n", "", "missing_field", ""),
        ("name: Small", "name: Small\nname: Again", "duplicate_key", "/name"),
        ("message: Bye", "message: Bye, message: Hi", "duplicate_key", "/steps/done/message"),
        ("name: Small", "name: Small\ntriggers: [{ type: api, extra: 1 }]", "unknown_field", "/triggers/0/extra"),
        (
            "name: Small",
            "name: Small\ntriggers: [{ type: webhook, path: a, extra: 1 }]",
            "unknown_field",
            "/triggers/0/extra",
        ),
        ("name: Small", "name: Small\ntriggers: [{ type: knock }]", "wrong_type", "/triggers/0/type"),
        ("name: Small", "name: [", "syntax", "/name/1"),
        ("name: Small", "name: !tag x", "syntax", "/name"),
        (
            "type: end, title: Done, message: Bye",
            "type: tool_call, action: a.b, next: done, retry: { attempts: many }",
            "wrong_type",
            "/steps/done/retry/attempts",
        ),
        (
            "type: end, title: Done, message: Bye",
            "type: tool_call, action: a.b, next: done, retry: { attempts: 1, tries: 2 }",
            "unknown_field",
            "/steps/done/retry/tries",
        ),
        (
            "type: end, title: Done, message: Bye",
            "type: tool_call, action: a.b, next: done, timeout: soon",
            "wrong_type",
            "/steps/done/timeout",
        ),
        (
            "type: end, title: Done, message: Bye",
            "type: condition, otherwise: done, branches: [{ when: x, next: done }, { when: x }]",
            "missing_field",
            "/steps/done/branches/1",
        ),
    ] {
        let text = SMALL.replace(from, to);
        assert_ne!(text, SMALL);
        let error = error(&text);
        assert_eq!((error.code, error.pointer.as_str()), (code, pointer), "{to}: {error}");
    }
}

#[test]
fn syntax_errors_carry_their_line() {
    let json = error("{ \"schema\": 1,\n  \"name\": }");
    assert_eq!((json.code, json.line), ("syntax", Some(2)));
    let yaml = error("schema: 1\nname: 'open");
    assert_eq!(yaml.code, "syntax");
    assert!(yaml.line.is_some());
}

#[test]
fn every_broken_step_is_reported() {
    let text = SMALL.replace("  done:", "  a: { type: end, x: 1 }\n  b: 7\n  done:");
    let codes: Vec<_> = parse_all(&text).unwrap_err().into_iter().map(|error| (error.code, error.pointer)).collect();
    assert_eq!(codes, [("unknown_field", "/steps/a/x".to_owned()), ("wrong_type", "/steps/b".to_owned())]);
}

#[test]
fn bombs_are_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        bomb.push_str(&format!("a{level}: &a{level} [{below}]\n"));
    }
    assert_eq!(error(&bomb).code, "syntax");
    let text = format!("a: &a {}\nb: [{}]", "x".repeat(500_000), "*a, ".repeat(1_000));
    assert_eq!(error(&text).code, "syntax");
    assert_eq!(error(&"[".repeat(100_000)).code, "syntax");
    assert_eq!(error(&"{\"a\":".repeat(100_000)).code, "syntax");
    assert_eq!(error(&"- ".repeat(100_000)).code, "syntax");
    assert_eq!(error(&"x".repeat(SOURCE_BYTES_MAX + 1)).code, "source_size");
}

#[test]
fn large_numbers_survive() {
    let text = SMALL.replace("message: Bye", "output: { a: 18446744073709551615, b: -9223372036854775808 }");
    let written = to_yaml(&parse(&text).unwrap());
    assert!(written.contains("18446744073709551615") && written.contains("-9223372036854775808"), "{written}");
    assert_eq!(parse(&written).unwrap(), parse(&text).unwrap());
}
