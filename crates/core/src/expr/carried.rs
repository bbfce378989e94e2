//! Whole numbers that the evaluator's doubles do not hold. They go through it as a text that begins with a character
//! no text has, so that they can be moved, compared and joined; whatever would calculate with one is refused. A tree
//! hardened for them ([`super::harden`]) is used only when the values have one.

use super::natives::{counts, failed};
use jsonata_core::{evaluator::EvaluatorError, value::JValue};
use serde_json::Number;

/// A noncharacter of Unicode: no text that is meant for people has it.
pub(super) const MARK: char = '\u{FDD0}';

/// How a number that a double does not hold is carried; `None` for one that it holds.
pub(super) fn carry(number: &Number) -> Option<String> {
    let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))?;
    (!counts(whole)).then(|| format!("{MARK}{whole}"))
}

/// The number that a text carries.
pub(super) fn carried(text: &str) -> Option<Number> {
    let digits = text.strip_prefix(MARK)?;
    digits.parse::<i64>().map(Number::from).or_else(|_| digits.parse::<u64>().map(Number::from)).ok()
}

fn is_carried(value: &JValue) -> bool {
    value.as_str().is_some_and(|text| text.starts_with(MARK))
}

/// Refuses a value that is, or holds, a carried number.
pub(super) fn refuse(value: &JValue) -> Result<(), EvaluatorError> {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        if let Some(digits) = value.as_str().and_then(|text| text.strip_prefix(MARK)) {
            return Err(failed(format!(
                "{digits} has more digits than JSONata calculates with (2^53): it can be handed on, compared with = \
                 and joined to text, nothing else"
            )));
        }
        open.extend(value.as_array().into_iter().flatten());
        open.extend(value.as_object().into_iter().flat_map(|members| members.values()));
    }
    Ok(())
}

/// A carried number as the text of its digits; one inside a list or an object is refused.
pub(super) fn digits(value: &JValue) -> Result<JValue, EvaluatorError> {
    if is_carried(value) {
        return Ok(JValue::string(value.as_str().unwrap_or_default().trim_start_matches(MARK)));
    }
    refuse(value)?;
    Ok(value.clone())
}
