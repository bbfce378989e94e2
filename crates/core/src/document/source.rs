//! Reading a document from text and writing it back.

mod strict;

use super::{SCHEMA, Step, StepKind, Trigger, Workflow};
use crate::pointer::token;
use crate::text::{unkept, without_mark};
use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use strict::Reading;

/// Longest text of a document in bytes.
pub const SOURCE_BYTES_MAX: usize = 1024 * 1024;

/// Why a text is not a document of this build.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", place(pointer))]
pub struct SourceError {
    /// Stable code: `source_size`, `syntax`, `duplicate_key`, `schema_newer`, `unknown_field`, `missing_field` or
    /// `wrong_type`.
    pub code: &'static str,
    /// One sentence for a person.
    pub message: String,
    /// JSON pointer to the bad place; empty for the whole document.
    pub pointer: String,
    /// Line, from 1, when the text itself is at fault.
    pub line: Option<usize>,
    /// Column, from 1, when the text itself is at fault.
    pub column: Option<usize>,
}

fn place(pointer: &str) -> String {
    if pointer.is_empty() { String::new() } else { format!("{pointer}: ") }
}

impl SourceError {
    fn at(code: &'static str, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), pointer: pointer.into(), line: None, column: None }
    }
}

/// Reads a document from YAML or JSON of at most [`SOURCE_BYTES_MAX`] bytes.
///
/// # Errors
/// The first thing that is wrong with it; a newer `schema` is said before anything else.
pub fn parse(text: &str) -> Result<Workflow, SourceError> {
    parse_all(text).map_err(|mut errors| errors.swap_remove(0))
}

/// As [`parse`], with everything that is wrong; never an empty list.
///
/// # Errors
/// As [`parse`].
pub fn parse_all(text: &str) -> Result<Workflow, Vec<SourceError>> {
    let value = read(without_mark(text)).map_err(|error| vec![error])?;
    decode(value)
}

/// Reads a document from a JSON value, as [`parse_all`] does after the text was read.
///
/// # Errors
/// Everything that is wrong with it; never an empty list.
pub fn decode(value: Value) -> Result<Workflow, Vec<SourceError>> {
    check_schema(&value).map_err(|error| vec![error])?;
    if let Some(pointer) = unkept(&value) {
        return Err(vec![SourceError::at("syntax", pointer, "the character U+0000 cannot be kept")]);
    }
    let Value::Object(mut head) = value else {
        return Err(vec![SourceError::at("wrong_type", "", "a document is an object")]);
    };
    let mut errors = Vec::new();
    let steps = match head.get_mut("steps").map(|steps| std::mem::replace(steps, json!({}))) {
        Some(Value::Object(steps)) => decode_steps(steps, &mut errors),
        Some(_) => {
            errors.push(SourceError::at("wrong_type", "/steps", "`steps` is an object of steps by id"));
            IndexMap::new()
        }
        None => IndexMap::new(),
    };
    check_triggers(&head, &mut errors);
    match typed::<Workflow>(Value::Object(head), "") {
        Ok(workflow) if errors.is_empty() => {
            // Spaces around a name are nobody's: it is looked for without them.
            let name = workflow.name.trim().to_owned();
            Ok(Workflow { name, steps, ..workflow })
        }
        Ok(_) => Err(errors),
        Err(error) => {
            errors.insert(0, error);
            Err(errors)
        }
    }
}

/// Writes a document as YAML, in the order of the format, steps in the author's order.
#[must_use]
pub fn to_yaml(workflow: &Workflow) -> String {
    serde_norway::to_string(workflow).unwrap_or_default()
}

fn read(text: &str) -> Result<Value, SourceError> {
    if text.len() > SOURCE_BYTES_MAX {
        let message = format!("a document is at most {} KiB long", SOURCE_BYTES_MAX / 1024);
        return Err(SourceError::at("source_size", "", message));
    }
    if nesting(text) > NESTING_MAX {
        return Err(SourceError::at("syntax", "", format!("brackets are nested deeper than {NESTING_MAX} levels")));
    }
    // Braces open YAML too; braces and a quote are JSON, and deserve the words of a JSON parser.
    let json = text.trim_start().strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with(['"', '}']));
    if json { read_json(text) } else { read_yaml(text) }
}

/// Brackets deeper than this are refused before parsing: the time the YAML scanner takes grows with their square.
const NESTING_MAX: usize = 256;

fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn read_json(text: &str) -> Result<Value, SourceError> {
    let reading = Reading::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = reading.read(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    value.map_err(|error| {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        unreadable(&reading, message, Some((error.line(), error.column())))
    })
}

fn read_yaml(text: &str) -> Result<Value, SourceError> {
    let reading = Reading::default();
    reading.read(serde_norway::Deserializer::from_str(text)).map_err(|error| {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        unreadable(&reading, message, error.location().map(|location| (location.line(), location.column())))
    })
}

fn unreadable(reading: &Reading, message: &str, place: Option<(usize, usize)>) -> SourceError {
    let (code, pointer) = match reading.duplicate() {
        Some(pointer) => ("duplicate_key", pointer),
        None => ("syntax", reading.place()),
    };
    SourceError {
        code,
        message: message.to_owned(),
        pointer,
        line: place.map(|(line, _)| line),
        column: place.map(|(_, column)| column),
    }
}

/// A newer format is said first: whatever else looks wrong may be right there.
fn check_schema(value: &Value) -> Result<(), SourceError> {
    match value.get("schema") {
        Some(Value::Number(number)) if number.as_u64().is_some_and(|number| number > u64::from(SCHEMA)) => {
            let message = format!("the document has schema {number}; this build reads up to {SCHEMA}");
            Err(SourceError::at("schema_newer", "/schema", message))
        }
        Some(Value::Number(number)) if number.as_u64() != Some(u64::from(SCHEMA)) => {
            Err(SourceError::at("wrong_type", "/schema", format!("`schema` is {SCHEMA}, not {number}")))
        }
        _ => Ok(()),
    }
}

fn decode_steps(steps: Map<String, Value>, errors: &mut Vec<SourceError>) -> IndexMap<String, Step> {
    let mut decoded = IndexMap::with_capacity(steps.len());
    for (id, step) in steps {
        match decode_step(step, &format!("/steps/{}", token(&id))) {
            Ok(step) => {
                decoded.insert(id, step);
            }
            Err(error) => errors.push(error),
        }
    }
    decoded
}

/// Takes a step apart before it is decoded, so that an error points into it.
fn decode_step(step: Value, pointer: &str) -> Result<Step, SourceError> {
    let Value::Object(mut members) = step else {
        return Err(SourceError::at("wrong_type", pointer, "a step is an object"));
    };
    let title = members.shift_remove("title").map(|title| typed(title, &format!("{pointer}/title"))).transpose()?;
    let position = members.shift_remove("position").unwrap_or(Value::Null);
    let position = typed(position, &format!("{pointer}/position"))?;
    let tag = match members.shift_remove("type") {
        Some(Value::String(tag)) => tag,
        Some(_) => return Err(SourceError::at("wrong_type", format!("{pointer}/type"), "`type` is text")),
        None => return Err(SourceError::at("missing_field", pointer, "missing field `type`")),
    };
    let body = Value::Object(members);
    let kind = match tag.as_str() {
        "tool_call" => StepKind::ToolCall(typed(body, pointer)?),
        "collect_form" => StepKind::CollectForm(typed(body, pointer)?),
        "condition" => StepKind::Condition(typed(body, pointer)?),
        "notify" => StepKind::Notify(typed(body, pointer)?),
        "approval" => StepKind::Approval(typed(body, pointer)?),
        "human_handoff" => StepKind::HumanHandoff(typed(body, pointer)?),
        "end" => StepKind::End(typed(body, pointer)?),
        other => {
            let shown: String = other.chars().take(40).collect();
            let message = format!(
                "`{shown}` is no step type: there are tool_call, collect_form, condition, notify, approval, human_handoff and end"
            );
            return Err(SourceError::at("wrong_type", format!("{pointer}/type"), message));
        }
    };
    Ok(Step { title: title.unwrap_or_default(), position, kind })
}

/// Triggers without fields of their own would take any field without a word.
fn check_triggers(head: &Map<String, Value>, errors: &mut Vec<SourceError>) {
    let Some(Value::Array(triggers)) = head.get("triggers") else { return };
    for (index, trigger) in triggers.iter().enumerate() {
        let Ok(Trigger::Api | Trigger::Manual) = serde_json::from_value(trigger.clone()) else { continue };
        for name in trigger.as_object().into_iter().flat_map(Map::keys).filter(|name| *name != "type") {
            let pointer = format!("/triggers/{index}/{}", token(name));
            errors.push(SourceError::at("unknown_field", pointer, format!("unknown field `{name}`")));
        }
    }
}

/// Decodes a value, with the place of what does not fit.
fn typed<T: DeserializeOwned>(value: Value, pointer: &str) -> Result<T, SourceError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let mut pointer = pointer.to_owned();
        for segment in error.path() {
            match segment {
                serde_path_to_error::Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
                serde_path_to_error::Segment::Map { key } => pointer.push_str(&format!("/{}", token(key))),
                serde_path_to_error::Segment::Enum { .. } | serde_path_to_error::Segment::Unknown => {}
            }
        }
        let message = error.inner().to_string();
        let named = message.split('`').nth(1).map(token).unwrap_or_default();
        let code = if message.starts_with("unknown field") {
            if !pointer.ends_with(&format!("/{named}")) {
                pointer.push_str(&format!("/{named}"));
            }
            "unknown_field"
        } else if message.starts_with("missing field") {
            "missing_field"
        } else {
            "wrong_type"
        };
        SourceError::at(code, pointer, message)
    })
}

#[cfg(test)]
#[path = "source/tests.rs"]
mod tests;
