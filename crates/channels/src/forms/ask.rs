//! A form asked over a channel that has none: one question after the other. Where it stands is told by the replies so far, so
//! nothing else has to be kept: the same replies lead to the same question.

use super::{fields, is_one_line, options};
use countersign_core::{contact, run::value_problems};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// Choices that are offered for one question at most.
pub(super) const CHOICES_MAX: usize = 30;

/// Something that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Choice {
    /// What comes back when it is pressed; at most 64 bytes.
    pub id: String,
    /// What people read.
    pub title: String,
}

/// What is asked next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The words.
    pub text: String,
    /// What can be chosen; empty where words are wanted.
    pub choices: Vec<Choice>,
    /// Whether it was asked before and the reply was no answer to it.
    pub again: bool,
}

/// Something a customer sent while the form was open.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'a> {
    /// What they wrote, or the label of what they pressed.
    pub text: &'a str,
    /// Id of what they pressed.
    pub choice: Option<&'a str>,
}

/// Where a form stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// This is to be asked.
    Question(Question),
    /// All is answered.
    Complete(Value),
}

/// A form that is asked.
#[derive(Debug)]
pub struct Asking<'a> {
    schema: &'a Value,
    fields: Vec<(&'a String, &'a Value)>,
    prefill: &'a Value,
    /// Tells this form's buttons from another one's.
    tag: String,
}

/// Whether every field can be asked for in words.
pub(super) fn can_be_asked(form: &Value) -> bool {
    let fields = fields(form);
    let asked =
        |field: &Value| options(field).map_or_else(|| is_one_line(field), |all| (1..=CHOICES_MAX).contains(&all.len()));
    !fields.is_empty() && fields.iter().all(|(_, field)| asked(field))
}

impl<'a> Asking<'a> {
    /// The form of a checkpoint; none when it has fields that cannot be asked for in words.
    #[must_use]
    pub fn of(schema: &'a Value, prefill: &'a Value, checkpoint: &str) -> Option<Self> {
        let tag = hex::encode(Sha256::digest(checkpoint.as_bytes())).chars().take(8).collect();
        can_be_asked(schema).then(|| Self { schema, fields: fields(schema), prefill, tag })
    }

    /// What follows from the replies so far. After all was answered it begins anew: what was sent did not fit as a whole.
    pub fn after<'r>(&self, replies: impl IntoIterator<Item = Reply<'r>>) -> Asked {
        let (mut answers, mut at, mut complaint) = (Map::new(), 0, None);
        for reply in replies {
            if at >= self.fields.len() {
                (answers, at) = (Map::new(), 0);
            }
            complaint = match self.answer(at, reply) {
                Ok(value) => {
                    if let (Some(value), Some((name, _))) = (value, self.fields.get(at)) {
                        answers.insert((*name).clone(), value);
                    }
                    at += 1;
                    None
                }
                Err(complaint) => Some(complaint),
            };
        }
        match self.question(at, complaint) {
            Some(question) => Asked::Question(question),
            None => Asked::Complete(Value::Object(answers)),
        }
    }

    /// The value of a reply to the question at this place, nothing when it is skipped, or what is wrong with it.
    fn answer(&self, at: usize, reply: Reply<'_>) -> Result<Option<Value>, String> {
        let Some((name, field)) = self.fields.get(at) else { return Ok(None) };
        let words = reply.text.trim();
        let all = options(field);
        if let Some(rest) = reply.choice.and_then(|choice| choice.strip_prefix(&self.tag)) {
            let index = rest.strip_prefix(&format!(".{at}.")).and_then(|index| index.parse::<usize>().ok());
            let chosen = index.and_then(|index| all.as_ref()?.get(index).map(|(_, value)| value.clone()));
            return chosen.map(Some).ok_or_else(|| "That was a button of an earlier question.".to_owned());
        }
        if words.is_empty() {
            return Err("Please answer in words.".to_owned());
        }
        let lower = words.to_lowercase();
        if let Some(known) = self.known(name)
            && matches!(lower.as_str(), "ok" | "okay" | "keep")
        {
            return Ok(Some(known.clone()));
        }
        if !self.required(name) && matches!(lower.as_str(), "skip" | "-") {
            return Ok(None);
        }
        let value = match all {
            Some(all) => chosen(&all, &lower).ok_or_else(|| "Please choose one of these.".to_owned())?,
            None => written_value(field, words)?,
        };
        match self.problem(name, field, &value) {
            Some(problem) => Err(format!("That does not fit: {problem}")),
            None => Ok(Some(value)),
        }
    }

    fn question(&self, at: usize, complaint: Option<String>) -> Option<Question> {
        let (name, field) = self.fields.get(at)?;
        let said = |member: &str| field.get(member).and_then(Value::as_str).filter(|text| !text.is_empty());
        let mut lines: Vec<String> = complaint.into_iter().collect();
        let again = !lines.is_empty();
        let title = said("title").unwrap_or(name);
        lines.push(match self.fields.len() {
            1 => title.to_owned(),
            count => format!("({}/{count}) {title}", at + 1),
        });
        lines.extend(said("description").map(str::to_owned));
        let mut hints = Vec::new();
        if let Some(known) = self.known(name) {
            hints.push(format!("reply OK for \"{}\"", label(known)));
        }
        if !self.required(name) {
            hints.push("reply SKIP to leave it out".to_owned());
        }
        if !hints.is_empty() {
            lines.push(format!("({})", hints.join(", ")));
        }
        let choice =
            |(index, (title, _)): (usize, (String, Value))| Choice { id: format!("{}.{at}.{index}", self.tag), title };
        let choices = options(field).unwrap_or_default().into_iter().enumerate().map(choice).collect();
        Some(Question { text: lines.join("\n"), choices, again })
    }

    fn required(&self, name: &str) -> bool {
        self.schema.get("required").and_then(Value::as_array).is_some_and(|all| all.iter().any(|one| one == name))
    }

    /// The first value, when it fits.
    fn known(&self, name: &str) -> Option<&Value> {
        let value = self.prefill.get(name).filter(|value| !value.is_null() && **value != json!(""))?;
        let (name, field) = self.fields.iter().find(|(known, _)| *known == name)?;
        self.problem(name, field, value).is_none().then_some(value)
    }

    fn problem(&self, name: &str, field: &Value, value: &Value) -> Option<String> {
        let mut schema = json!({ "type": "object", "properties": { name: field } });
        for shared in ["$defs", "definitions"] {
            if let Some(all) = self.schema.get(shared) {
                schema[shared] = all.clone();
            }
        }
        let problem = value_problems(&schema, &json!({ name: value })).into_iter().next()?;
        Some(match field.get("format").and_then(Value::as_str) {
            Some("email") if problem.message.contains("email") => "this is no e-mail address.".to_owned(),
            Some("phone") if problem.message.contains("phone") => {
                "this is no telephone number with its country, such as +4930123456.".to_owned()
            }
            Some(_) | None => problem.message,
        })
    }
}

/// A choice by its number or its label.
fn chosen(all: &[(String, Value)], lower: &str) -> Option<Value> {
    let by_label = all.iter().find(|(label, _)| label.to_lowercase() == lower);
    let by_number = || {
        let number = lower.trim_end_matches(['.', ')']).parse::<usize>().ok()?;
        all.get(number.checked_sub(1)?)
    };
    let short = || match lower {
        "y" | "true" => all.iter().find(|(_, value)| *value == json!(true)),
        "n" | "false" => all.iter().find(|(_, value)| *value == json!(false)),
        _ => None,
    };
    by_label.or_else(by_number).or_else(short).map(|(_, value)| value.clone())
}

/// A number as people write it, with a point or a comma before its decimals. What may be meant as a thousand or as one is
/// not guessed.
fn number(words: &str) -> Result<serde_json::Number, String> {
    let digits = |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let unsigned = words.trim_start_matches('-');
    let groups: Vec<&str> = unsigned.split([',', '.', '\u{a0}', '\u{202f}', ' ', '\'']).collect();
    let grouped = groups.len() > 1
        && !groups[0].starts_with('0')
        && digits(groups[0], 3)
        && groups[1..].iter().all(|group| group.len() == 3 && digits(group, 3));
    if grouped {
        let sign = if words.starts_with('-') { "-" } else { "" };
        let whole = groups.concat();
        let or = match (groups.as_slice(), unsigned.contains(['.', ','])) {
            ([before, after], true) => format!(" or {sign}{before}.{after}0"),
            _ => String::new(),
        };
        return Err(format!("{words} can be read in two ways: please write {sign}{whole}{or}."));
    }
    serde_json::from_str(&words.replace(',', ".")).map_err(|_| "Please answer with a number.".to_owned())
}

/// A number as [`number`] reads it, so that what is kept as it is shown is the same.
pub(super) fn shown_number(number: &serde_json::Number) -> String {
    let words = number.to_string();
    if self::number(&words).is_ok() { words } else { format!("{words}0") }
}

/// What was written, as the field's type has it.
pub(super) fn written_value(field: &Value, words: &str) -> Result<Value, String> {
    let is = |kind: &str| match field.get("type") {
        Some(Value::String(one)) => one == kind,
        Some(Value::Array(some)) => some.iter().any(|one| one == kind),
        _ => false,
    };
    if is("integer") || is("number") {
        return number(words).map(Value::Number);
    }
    let same = match field.get("format").and_then(Value::as_str) {
        Some("email") => contact::email(words),
        Some("phone") => contact::phone(words),
        Some(_) | None => None,
    };
    Ok(Value::String(same.unwrap_or_else(|| words.to_owned())))
}

fn label(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A text with what can be chosen as numbers below it.
pub(crate) fn written(body: &str, choices: &[Choice]) -> String {
    let mut text = body.to_owned();
    for (index, choice) in choices.iter().enumerate() {
        text.push_str(&format!("\n{}. {}", index + 1, choice.title));
    }
    if !choices.is_empty() {
        text.push_str("\nReply with the number.");
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn form() -> Value {
        json!({ "type": "object", "required": ["email", "plan"], "properties": {
            "email": { "type": "string", "format": "email", "title": "Account e-mail" },
            "plan": { "enum": ["pro", "max"], "title": "Plan" },
            "seats": { "type": "integer", "minimum": 1 },
        } })
    }

    fn said(text: &str) -> Reply<'_> {
        Reply { text, choice: None }
    }

    fn question(asked: Asked) -> Question {
        match asked {
            Asked::Question(question) => question,
            Asked::Complete(values) => panic!("{values}"),
        }
    }

    #[test]
    fn one_question_after_the_other_until_all_is_answered() {
        let (form, none) = (form(), json!({}));
        let asking = Asking::of(&form, &none, "run.1").unwrap();
        assert_eq!(question(asking.after([])).text, "(1/3) Account e-mail");
        let wrong = question(asking.after([said("ada")]));
        assert!(wrong.text.starts_with("That does not fit: this is no e-mail address.\n(1/3)"), "{}", wrong.text);
        let plan = question(asking.after([said("ada"), said(" Ada@Example.com ")]));
        assert_eq!((plan.text.as_str(), plan.choices.len()), ("(2/3) Plan", 2));
        let pressed = Reply { text: "max", choice: Some(&plan.choices[1].id) };
        let seats = question(asking.after([said("ada@example.com"), pressed]));
        assert_eq!(seats.text, "(3/3) seats\n(reply SKIP to leave it out)");
        let all = [said("ada@example.com"), said("2"), said("3")];
        let whole = json!({ "email": "ada@example.com", "plan": "max", "seats": 3 });
        assert_eq!(asking.after(all), Asked::Complete(whole));
        let skipped = asking.after([said("ada@example.com"), said("PRO"), said("skip")]);
        assert_eq!(skipped, Asked::Complete(json!({ "email": "ada@example.com", "plan": "pro" })));
        // What was complete and did not fit begins anew.
        assert_eq!(question(asking.after(all.into_iter().chain([said("x@example.com")]))).text, "(2/3) Plan");
    }

    #[test]
    fn buttons_of_other_forms_and_questions_answer_nothing() {
        let (form, none) = (form(), json!({}));
        let asking = Asking::of(&form, &none, "run.1").unwrap();
        let other = Asking::of(&form, &none, "run.2").unwrap();
        let first = said("ada@example.com");
        let theirs = question(other.after([first])).choices[0].id.clone();
        let asked = question(asking.after([first, Reply { text: "nothing", choice: Some(&theirs) }]));
        assert!(asked.text.contains("choose one"), "{}", asked.text);
        let own = question(asking.after([first])).choices[0].id.clone();
        let early = question(asking.after([Reply { text: "pro", choice: Some(&own) }]));
        assert!(early.text.contains("earlier question") && early.text.contains("(1/3)"), "{}", early.text);
        assert!(own.len() <= 64);
    }

    #[test]
    fn what_is_known_is_kept_by_ok() {
        let (form, known) = (form(), json!({ "email": "ada@example.com", "seats": 0 }));
        let asking = Asking::of(&form, &known, "c").unwrap();
        assert!(question(asking.after([])).text.contains("reply OK for \"ada@example.com\""));
        let seats = question(asking.after([said("Ok"), said("1")]));
        assert!(!seats.text.contains("OK"), "what does not fit is not offered: {}", seats.text);
    }

    #[test]
    fn files_and_lists_cannot_be_asked_for() {
        for field in
            [json!({ "type": "string", "format": "data-url" }), json!({ "type": "array" }), json!({ "type": "object" })]
        {
            assert!(Asking::of(&json!({ "properties": { "a": field } }), &json!({}), "c").is_none(), "{field}");
        }
        assert!(Asking::of(&json!({}), &json!({}), "c").is_none());
    }
}
