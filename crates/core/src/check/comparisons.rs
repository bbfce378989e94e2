//! Comparisons that can never hold, by what is known of the values that are compared.

use super::{
    Context,
    report::{Report, shown},
    types::{self, Known},
};
use crate::expr::{Comparison, Expression, Pair};
use serde_json::Value;

/// Most choices that are named.
const CHOICES_SHOWN: usize = 8;

pub(super) fn check(context: &Context<'_>, expression: &Expression, pointer: &str, report: &mut Report) {
    for comparison in expression.comparisons() {
        let Some(known) = types::known(context, &comparison.path) else { continue };
        // "Is missing" asks for all there is of nothing: absent, null, an empty text.
        let empty = comparison.literal.is_null() || comparison.literal == "";
        if empty && !comparison.ordered && expression.tests(&comparison.path) {
            continue;
        }
        if comparison.literal.is_null() {
            check_null(comparison, &known, pointer, report);
        } else {
            check_one(comparison, &known, pointer, report);
        }
    }
    for pair in expression.pairs() {
        check_pair(context, pair, pointer, report);
    }
}

fn check_null(comparison: &Comparison, known: &Known, pointer: &str, report: &mut Report) {
    if known.optional || !known.allows("null") {
        let path = comparison.path.join(".");
        let path = shown(&path);
        let message = format!("`{path}` is nothing when it is absent, and nothing does not equal null");
        let help = format!("Write $not($exists({path})) for what is absent.");
        report.warning("compare_null", pointer, message, help);
    }
}

fn check_one(comparison: &Comparison, known: &Known, pointer: &str, report: &mut Report) {
    let path = comparison.path.join(".");
    let path = shown(&path);
    let literal = kind(&comparison.literal);
    if known.allows(literal) {
        if !comparison.ordered {
            check_choice(&path, comparison, known, pointer, report);
        }
        return;
    }
    let types = known.types.join(" or ");
    let message = format!("`{path}` is {types} and is compared with a {literal}, {}", outcome(comparison.ordered));
    let help = match (literal, known.types.first().map(String::as_str)) {
        ("string", Some("integer" | "number")) => "Leave out the quotes.".to_owned(),
        ("number", Some("string")) => format!("Put the number in quotes, or write $number({path})."),
        ("boolean", Some("string")) => "Put the word in quotes.".to_owned(),
        _ => format!("Compare it with a value that is {types}."),
    };
    report.warning("compare_type", pointer, message, help);
}

/// A value that is none of those there are to choose.
fn check_choice(path: &str, comparison: &Comparison, known: &Known, pointer: &str, report: &mut Report) {
    let Some(choices) = known.choices.as_ref().filter(|choices| !choices.contains(&comparison.literal)) else { return };
    let words: Vec<String> = choices.iter().take(CHOICES_SHOWN).map(Value::to_string).collect();
    let more = if choices.len() > CHOICES_SHOWN { ", …" } else { "" };
    let message = format!("`{path}` is never {}", shown(&comparison.literal.to_string()));
    let meant = comparison
        .literal
        .as_str()
        .and_then(|word| report.suggestion(word, choices.iter().filter_map(Value::as_str)).map(str::to_owned));
    let help = match meant {
        Some(word) => format!("Did you mean \"{}\"?", shown(&word)),
        None => format!("It is one of {}{more}.", shown(&words.join(", "))),
    };
    report.warning("compare_choice", pointer, message, help);
}

fn check_pair(context: &Context<'_>, pair: &Pair, pointer: &str, report: &mut Report) {
    let [left, right] = &pair.paths;
    let (Some(one), Some(two)) = (types::known(context, left), types::known(context, right)) else { return };
    if one.meets(&two) {
        return;
    }
    let (left, right) = (left.join("."), right.join("."));
    let message = format!(
        "`{}` is {} and `{}` is {}, {}",
        shown(&left),
        one.types.join(" or "),
        shown(&right),
        two.types.join(" or "),
        outcome(pair.ordered)
    );
    let help = match (one.allows("number"), two.allows("number")) {
        (false, true) => format!("Write $number({}).", shown(&left)),
        (true, false) => format!("Write $number({}).", shown(&right)),
        (true, true) | (false, false) => "Compare values of one type.".to_owned(),
    };
    report.warning("compare_type", pointer, message, help);
}

fn outcome(ordered: bool) -> &'static str {
    if ordered { "which is an error when it is read" } else { "which they never are alike" }
}

fn kind(literal: &Value) -> &'static str {
    match literal {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::{catalogue::Catalogue, check, document};

    fn found(when: &str) -> Vec<&'static str> {
        let text = format!(
            r##"
schema: 1
name: Compared
triggers: [{{ type: api }}]
vars: {{ limit: 50, word: ok, asked: null, text: "" }}
input: {{ type: object, required: [amount], properties: {{ amount: {{ type: string }}, note: {{ type: [string, "null"] }}, n: {{ $ref: "#/$defs/n" }},
  tags: {{ type: array, items: {{ type: string }} }} }}, $defs: {{ n: {{ type: integer }} }} }}
start: ask
steps:
  ask: {{ type: collect_form, prompt: x, form: {{ type: object, required: [why], properties: {{ sure: {{ type: boolean }}, why: {{ type: string, enum: [late, lost] }} }} }},
    set: {{ asked: "{{{{ output.why }}}}", text: "for {{{{ output.why }}}}", later: "{{{{ steps.ask.output.sure }}}}" }}, next: is }}
  is: {{ type: condition, branches: [{{ when: {}, next: done }}], otherwise: done }}
  done: {{ type: end }}
"##,
            serde_json::to_string(when).unwrap()
        );
        let workflow = document::parse(&text).unwrap();
        let found = check::check(&workflow, &Catalogue::default());
        found.iter().filter(|one| one.code.starts_with("compare")).map(|one| one.code).collect()
    }

    #[test]
    fn what_can_never_hold_is_said() {
        for when in [
            "input.amount = 5",
            "input.amount > 5",
            "5 < input.amount",
            "$not(input.n = '5')",
            "steps.ask.output.sure = 'true'",
            "input.n != 'x' and true",
            "input.n = true",
            "limit < '50'",
            "word > 5",
            "asked = 5",
            "text < 5",
            "later = 'yes'",
            "input.amount < limit",
            "limit >= input.amount",
            "trigger.type = 1",
            "run.version = '1'",
            "input.amount < input.n and $exists(input.n)",
        ] {
            assert_eq!(found(when), ["compare_type"], "{when}");
        }
        for when in ["input.amount = null", "input.note = null", "steps.ask.output.sure = null", "null != input.n"] {
            assert_eq!(found(when), ["compare_null"], "{when}");
        }
        for when in ["steps.ask.output.why = 'lat'", "steps.ask.output.why != 'broken'", "trigger.type = 'sms'"] {
            assert_eq!(found(when), ["compare_choice"], "{when}");
        }
        for when in [
            "steps.ask.output.why = 'late'",
            "asked = 'late'",
            "asked = null",
            "limit < 50",
            "limit < input.n",
            "$number(input.amount) < limit",
            "text = word",
            "unset = 5",
            // What the advice says silences it.
            "$not($exists(steps.ask.output.sure)) or steps.ask.output.sure = null",
            "($count(input.amount) = 0 or input.amount = null or input.amount = '')",
            "($count(input.n) = 0 or input.n = null or input.n = '')",
            "($count(steps.ask.output.why) = 0 or steps.ask.output.why = null or steps.ask.output.why = '')",
            "(input.amount ?? null) = null",
            "input.amount = '5'",
            "input.n > 5",
            "input.n = 1.5",
            "input.tags = 'x'",
            "input.unknown = 5",
            "$number(input.amount) > 5",
            "steps.ask.output.sure",
            "steps.ask.output.sure = true",
            "input.note = 'x'",
            "customer.age = '5'",
        ] {
            assert_eq!(found(when), [""; 0], "{when}");
        }
    }
}
