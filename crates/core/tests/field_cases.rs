//! Inputs of public bug reports of this field, by what is right.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use countersign_core::{
    check::{Severity, check_source},
    expr::{Expression, Scope},
    run::{Input, Refusal, value_problems},
    time::Timestamp,
};
use serde_json::{Value, json};
use support::{Play, catalogue, person};

/// Lists and choices that nobody must fill (rjsf-team/react-jsonschema-form#434).
const LISTS: &str = r#"
schema: 1
name: Array form
triggers: [{ type: message, when: "$contains(text, 'arrform')" }]
start: ask
steps:
  ask:
    type: collect_form
    prompt: Details
    submit: Send it
    form:
      type: object
      required: [email]
      additionalProperties: false
      properties:
        email: { type: string, format: email, title: E-mail }
        items: { type: array, title: Items, minItems: 1, items: { type: object, required: [sku], properties: { sku: { type: string, title: Sku } } } }
        tags: { type: array, title: Tags, items: { type: string } }
        choice: { type: string, title: Choice, oneOf: [{ const: a, title: Letter A }, { const: b, title: Letter B }] }
    timeout: { after: 1h, next: done }
    next: done
  done: { type: end, message: Thanks, output: { v: "{{ steps.ask.output }}", items: "{{ steps.ask.output.items }}" } }
"#;

fn submitted(values: Value) -> (Play, Result<(), Refusal>) {
    let mut play = Play::started(LISTS);
    let visit = play.visit();
    let answer = play.take(Input::FormSubmitted { visit, values, by: person("c", &[]) });
    (play, answer)
}

fn output(play: &Play) -> Value {
    play.state.ended().unwrap().output.clone()
}

#[test]
fn a_list_with_a_least_length_can_be_left_out() {
    let (workflow, diagnostics) = check_source(LISTS, &catalogue());
    assert!(diagnostics.iter().all(|one| one.severity != Severity::Error), "{diagnostics:?}");
    assert!(workflow.is_some());
    let (play, answer) = submitted(json!({ "email": "ada@example.com" }));
    answer.unwrap();
    // What is absent stays absent, also further on.
    assert_eq!(output(&play), json!({ "v": { "email": "ada@example.com" } }));
    let (play, answer) = submitted(json!({ "email": "ada@example.com", "items": [{ "sku": "A-1" }], "tags": [] }));
    answer.unwrap();
    assert_eq!(output(&play)["items"], json!([{ "sku": "A-1" }]));
    for (values, pointer) in [
        (json!({ "email": "ada@example.com", "items": [] }), "/items"),
        (json!({ "email": "ada@example.com", "items": [{}] }), "/items/0"),
        (json!({ "email": "ada@example.com", "choice": "c" }), "/choice"),
        (json!({ "items": [{ "sku": "A-1" }] }), ""),
        // formencode/formencode#139: a bare address.
        (json!({ "email": "Ada <ada@example.com>" }), "/email"),
    ] {
        let Err(Refusal::InvalidForm { problems }) = submitted(values.clone()).1 else { panic!("{values}") };
        assert_eq!(problems.iter().map(|one| one.pointer.as_str()).collect::<Vec<_>>(), [pointer], "{values}");
    }
}

#[test]
fn what_is_not_required_and_has_no_value_is_no_problem() {
    let schema = json!({ "type": "object", "properties": { "a": { "type": "array", "minItems": 2 } } });
    assert_eq!(value_problems(&schema, &json!({})), []);
    assert_eq!(value_problems(&schema, &json!({ "a": null })).len(), 1, "null is a value");
}

#[test]
fn a_choice_without_a_type_can_be_asked() {
    let field = |field: &str| {
        let text = LISTS.replace("{ type: string, title: Choice, oneOf:", field);
        let (_, found) = check_source(&text, &catalogue());
        found.into_iter().filter(|one| one.severity == Severity::Error).map(|one| one.pointer).collect::<Vec<_>>()
    };
    assert_eq!(field("{ title: Choice, oneOf:"), [""; 0]);
    assert_eq!(field("{ title: Choice, not:").len(), 1, "what nobody can show is said");
}

#[test]
fn addresses_are_encoded_as_ecmascript_does() {
    // jsonata-js/jsonata#357: the reference is encodeURI.
    let expression = Expression::compile(r#"$encodeUrl("https://x/ä b?q=\"1\"")"#).unwrap();
    let given = expression.evaluate(&Scope::new(Timestamp(0))).unwrap();
    assert_eq!(given, Some(json!("https://x/%C3%A4%20b?q=%221%22")));
}

#[test]
fn a_byte_order_mark_before_yaml_is_read_over() {
    let text = "\u{feff}schema: 1\nname: Bom\ntriggers: [{ type: api }]\nstart: done\nsteps:\n  done: { type: end }\n";
    let (workflow, diagnostics) = check_source(text, &catalogue());
    assert!(workflow.is_some() && diagnostics.is_empty(), "{diagnostics:?}");
}

#[test]
fn a_name_is_what_stands_between_the_spaces_around_it() {
    let text = "schema: 1\nname: \" padded push \"\ntriggers: [{type: api}]\nstart: d\nsteps: {d: {type: end}}\n";
    let (workflow, _) = check_source(text, &catalogue());
    assert_eq!(workflow.unwrap().name, "padded push");
}
