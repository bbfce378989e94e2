//! Whatever is thrown at the readers of documents, forms and test cases ends as a value or as an error with a place.
//! `COUNTERSIGN_FUZZ_CASES` makes it more of it (`make fuzz`); expressions have their own in `jsonata_semantics.rs` and
//! `projection.rs`.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use countersign_core::{catalogue::Catalogue, check, document};
use proptest::prelude::*;
use serde_json::{Value, json};

fn cases() -> u32 {
    std::env::var("COUNTERSIGN_FUZZ_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(500)
}

const DOCUMENT: &str = r#"
schema: 1
name: " Thrown "
triggers: [{ type: api }, { type: schedule, cron: "0 9 * * MON", time_zone: Europe/Berlin }]
input: { type: object, properties: { email: { type: string, format: email } } }
vars: { plan: null, yes: no }
start: ask
steps:
  ask:
    type: collect_form
    prompt: "Hello {{ customer.name }}"
    form: { type: object, required: [a], properties: { a: { type: string, oneOf: [{ const: x, title: X }] }, l: { type: array, items: { type: string } } } }
    prefill: { a: "{{ input.email }}" }
    timeout: { after: 1h, next: done }
    next: is
  is: { type: condition, branches: [{ when: "steps.ask.output.a = 'x'", next: done }], otherwise: done }
  done: { type: end, output: { v: "{{ steps.ask.output }}" } }
"#;

/// Checks what can be read; what it says points into the document.
fn throw(text: &str) {
    let (workflow, found) = check::check_source(text, &Catalogue::default());
    assert!(workflow.is_some() || !found.is_empty(), "neither read nor refused");
    if let Some(workflow) = workflow {
        let again = document::parse(&document::to_yaml(&workflow)).map(|again| again == workflow);
        assert_eq!(again, Ok(true), "{text}");
    }
}

fn pieces() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~\\n\\té😀\u{0}\u{feff}\u{2028}]{0,12}",
        prop::sample::select(vec![
            "no",
            "on",
            "1e3",
            ".inf",
            "0x1F",
            "0o17",
            "1_000",
            "12:30:00",
            "2026-03-29",
            "~",
            "null",
            "&a [*a]",
            "*a",
            "<<: *a",
            "!!binary aGk=",
            "!!str 1",
            "? a : b",
            "- - -",
            "|\n  text",
            ">-\n  folded",
            "{{",
            "}}",
            "{{ a",
            "%YAML 1.2\n---\n",
            "\n---\n",
            "\n...\n",
            "\"\\u0000\"",
            "'",
            "\"",
            "[",
            "]",
            "{",
            "}",
            ":",
            ",",
            "#",
            "\t",
            "\r",
            "9007199254740993",
            "-0",
            "NaN",
        ])
        .prop_map(str::to_owned),
    ]
}

fn schemas() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec![
            "object",
            "string",
            "array",
            "email",
            "phone",
            "#",
            "#/properties/a",
            "^(a+)+$",
            "(?<=x)",
            "[",
            "date-time",
            "",
        ])
        .prop_map(Value::from),
    ];
    let key = prop::sample::select(vec![
        "type",
        "properties",
        "items",
        "enum",
        "oneOf",
        "anyOf",
        "allOf",
        "const",
        "required",
        "format",
        "pattern",
        "$ref",
        "$defs",
        "additionalProperties",
        "patternProperties",
        "minItems",
        "maxLength",
        "if",
        "then",
        "not",
        "a",
        "title",
        "default",
    ]);
    leaf.prop_recursive(5, 32, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..5).prop_map(|members| Value::Object(
                members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            )),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        throw(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn damaged_documents_are_read_or_refused(
        damage in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..20, pieces()), 1..4),
    ) {
        let mut text: Vec<char> = DOCUMENT.chars().collect();
        for (at, gone, put) in damage {
            let at = at.index(text.len());
            let end = (at + gone).min(text.len());
            text.splice(at..end, put.chars());
        }
        throw(&text.into_iter().collect::<String>());
    }

    #[test]
    fn forms_are_checked_whatever_they_are(form in schemas(), input in schemas()) {
        let document = json!({
            "schema": 1, "name": "x", "triggers": [], "input": input, "start": "ask",
            "steps": { "ask": { "type": "collect_form", "prompt": "x", "form": form, "next": "done" }, "done": { "type": "end" } },
        });
        throw(&document.to_string());
    }
}

#[test]
fn a_byte_order_mark_is_read_over() {
    let read = document::parse(&format!("\u{feff}{DOCUMENT}")).unwrap();
    assert_eq!(read, document::parse(DOCUMENT).unwrap());
    assert_eq!(read.name, "Thrown");
    let json = serde_json::to_string(&read).unwrap();
    assert_eq!(document::parse(&format!("\u{feff}{json}")).unwrap(), read);
}

#[test]
fn what_cannot_be_kept_is_refused_with_its_place() {
    let error = document::parse(&DOCUMENT.replace("Hello", "Hel\\0lo")).unwrap_err();
    assert_eq!((error.code, error.pointer.as_str()), ("syntax", "/steps/ask/prompt"));
}

#[test]
fn a_field_nobody_can_show_is_said() {
    let found = |a: &str| {
        let text = DOCUMENT.replace("a: { type: string, oneOf: [{ const: x, title: X }] }", a);
        assert_ne!(text, DOCUMENT);
        let found = check::check(&document::parse(&text).unwrap(), &Catalogue::default());
        found.into_iter().filter(|one| one.code == "form_schema").map(|one| one.pointer).collect::<Vec<_>>()
    };
    assert_eq!(found("a: { title: What }"), ["/steps/ask/form/properties/a"]);
    assert_eq!(found("a: { oneOf: [{ minLength: 1 }, { const: x }] }"), ["/steps/ask/form/properties/a"]);
    assert_eq!(found("a: { oneOf: [{ const: x, title: X }, { const: y }] }"), [""; 0]);
    assert_eq!(found("a: { enum: [x, y] }"), [""; 0]);
}
