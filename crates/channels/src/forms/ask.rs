//! A form asked over a channel that has none: one question after the other. Where it stands is told by the replies so far, so
//! nothing else has to be kept: the same replies lead to the same question.

use super::{
    fields, options,
    read::{chosen, several, written_value},
};
use countersign_core::{
    money,
    run::{FieldKind, form_fields, is_asked_for, value_problems},
};
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
    !fields.is_empty() && fields.iter().all(|(_, field)| is_asked(field))
}

/// Whether a field can be asked for in words.
pub(super) fn is_asked(field: &Value) -> bool {
    match offered(field) {
        Some(all) => (1..=CHOICES_MAX).contains(&all.len()),
        None => FieldKind::of(field).is_words(),
    }
}

/// What can be chosen in a field, one or several.
fn offered(field: &Value) -> Option<Vec<(String, Value)>> {
    if FieldKind::of(field) == FieldKind::Several { options(field.get("items")?) } else { options(field) }
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
        let mut answers = Map::new();
        let (mut at, mut complaint) = (self.from(0, &answers), None);
        for reply in replies {
            if at >= self.fields.len() {
                answers = Map::new();
                at = self.from(0, &answers);
            }
            complaint = match self.answer(at, reply) {
                Ok(value) => {
                    if let (Some(value), Some((name, _))) = (value, self.fields.get(at)) {
                        answers.insert((*name).clone(), value);
                    }
                    at = self.from(at + 1, &answers);
                    None
                }
                Err(complaint) => Some(complaint),
            };
        }
        match self.question(at, &answers, complaint) {
            Some(question) => Asked::Question(question),
            None => Asked::Complete(Value::Object(answers)),
        }
    }

    /// The first field from this place on that these answers ask for.
    fn from(&self, at: usize, answers: &Map<String, Value>) -> usize {
        let rest = self.fields.iter().skip(at);
        at + rest.take_while(|(_, field)| !is_asked_for(field, answers)).count()
    }

    /// The value of a reply to the question at this place, nothing when it is skipped, or what is wrong with it.
    fn answer(&self, at: usize, reply: Reply<'_>) -> Result<Option<Value>, String> {
        let Some((name, field)) = self.fields.get(at) else { return Ok(None) };
        let words = reply.text.trim();
        let (kind, all) = (FieldKind::of(field), offered(field));
        if let Some(rest) = reply.choice.and_then(|choice| choice.strip_prefix(&self.tag)) {
            let index = rest.strip_prefix(&format!(".{at}.")).and_then(|index| index.parse::<usize>().ok());
            let chosen = index.and_then(|index| all.as_ref()?.get(index).map(|(_, value)| value.clone()));
            let chosen = chosen.ok_or_else(|| "That was a button of an earlier question.".to_owned())?;
            return if refuses(kind, &chosen) { self.without(name) } else { Ok(Some(chosen)) };
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
            Some(all) if kind == FieldKind::Several => several(&all, &lower)?,
            Some(all) => chosen(&all, &lower).ok_or_else(|| "Please choose one of these.".to_owned())?,
            None => written_value(field, words)?,
        };
        if refuses(kind, &value) {
            return self.without(name);
        }
        match self.problem(name, field, &value) {
            Some(problem) => Err(format!("That does not fit: {problem}")),
            None => Ok(Some(value)),
        }
    }

    /// What follows when somebody does not agree.
    fn without(&self, name: &str) -> Result<Option<Value>, String> {
        if self.required(name) { Err("Without a yes to this it cannot be sent.".to_owned()) } else { Ok(None) }
    }

    fn question(&self, at: usize, answers: &Map<String, Value>, complaint: Option<String>) -> Option<Question> {
        let (name, field) = self.fields.get(at)?;
        let kind = FieldKind::of(field);
        let said = |member: &str| field.get(member).and_then(Value::as_str).filter(|text| !text.is_empty());
        let mut lines: Vec<String> = complaint.into_iter().collect();
        let again = !lines.is_empty();
        if !again {
            lines.extend(self.told(at, answers));
        }
        let currency = said("currency").filter(|_| kind == FieldKind::Money);
        let title = said("title").unwrap_or(name);
        let title = currency.map_or_else(|| title.to_owned(), |currency| format!("{title} ({currency})"));
        // What a later answer asks for is counted once it does.
        let asked =
            |fields: &[(&String, &Value)]| fields.iter().filter(|(_, field)| is_asked_for(field, answers)).count();
        lines.push(match asked(&self.fields) {
            1 => title,
            count => format!("({}/{count}) {title}", asked(self.fields.get(..at).unwrap_or_default()) + 1),
        });
        lines.extend(said("description").map(str::to_owned));
        let several = offered(field).filter(|_| kind == FieldKind::Several);
        for (index, (title, _)) in several.iter().flatten().enumerate() {
            lines.push(format!("{}. {title}", index + 1));
        }
        let mut hints = Vec::new();
        if kind == FieldKind::Several {
            hints.push("reply with the numbers, such as 1, 3".to_owned());
        } else if kind == FieldKind::Time {
            hints.push("such as 14:30".to_owned());
        } else if let Some(currency) = currency {
            hints.push(format!("such as {}", money::example(currency)));
        }
        if let Some(known) = self.known(name) {
            hints.push(format!("reply OK for \"{}\"", label(field, known)));
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

    /// What is to be read before a question, and after the last one.
    fn told(&self, at: usize, answers: &Map<String, Value>) -> Vec<String> {
        let (mut before, mut lines) = (0, Vec::new());
        let shown = form_fields(self.schema).into_iter().filter(|(_, field)| is_asked_for(field, answers));
        for (name, field) in shown {
            let place = self.fields.iter().position(|(asked, _)| *asked == name);
            if place.is_some_and(|place| place > at) {
                // It belongs to a later question.
                lines.truncate(before);
                break;
            }
            match place {
                Some(place) if place == at => before = lines.len(),
                Some(_) => lines.clear(),
                None => {
                    let said = |member: &str| field.get(member).and_then(Value::as_str).filter(|text| !text.is_empty());
                    lines.extend([said("title"), said("description")].into_iter().flatten().map(str::to_owned));
                    lines.push(String::new());
                }
            }
        }
        lines
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
        let mut field = field.clone();
        if let Some(field) = field.as_object_mut() {
            // It is asked for now.
            field.remove("when");
        }
        let format = field.get("format").and_then(Value::as_str).map(str::to_owned);
        let mut schema = json!({ "type": "object", "properties": { name: field } });
        for shared in ["$defs", "definitions"] {
            if let Some(all) = self.schema.get(shared) {
                schema[shared] = all.clone();
            }
        }
        let problem = value_problems(&schema, &json!({ name: value })).into_iter().next()?;
        Some(match format.as_deref() {
            Some("email") if problem.message.contains("email") => "this is no e-mail address.".to_owned(),
            Some("phone") if problem.message.contains("phone") => {
                "this is no telephone number with its country, such as +4930123456.".to_owned()
            }
            Some(_) | None => problem.message,
        })
    }
}

/// Whether somebody does not agree to what they are asked to agree to.
fn refuses(kind: FieldKind, value: &Value) -> bool {
    kind == FieldKind::Consent && *value == json!(false)
}

/// A value as people read it.
fn label(field: &Value, value: &Value) -> String {
    if let Value::Array(all) = value {
        return all.iter().map(|one| label(field, one)).collect::<Vec<_>>().join(", ");
    }
    let known = offered(field).into_iter().flatten().find(|(_, known)| known == value);
    known.map_or_else(|| value.as_str().map_or_else(|| value.to_string(), str::to_owned), |(label, _)| label)
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
    fn every_kind_is_asked_for_and_read_in_words() {
        let form = json!({ "type": "object", "required": ["items", "stars", "agree", "paid", "at"], "properties": {
            "order": { "type": "null", "title": "Your order", "description": "Order #1001, 42.60 EUR" },
            "items": { "type": "array", "title": "Damaged", "items": { "enum": ["Mug", "Lamp, small", "Bowl"] } },
            "stars": { "type": "integer", "format": "rating", "minimum": 1, "maximum": 3 },
            "agree": { "type": "boolean", "const": true, "title": "Terms", "description": "You agree to our terms." },
            "news": { "type": "boolean", "const": true },
            "paid": { "type": "string", "format": "money", "currency": "EUR", "title": "Paid" },
            "at": { "type": "string", "format": "time" },
            "thanks": { "type": "null", "description": "That is all." },
        } });
        let none = json!({});
        let asking = Asking::of(&form, &none, "c").unwrap();
        assert_eq!(
            question(asking.after([])),
            Question {
                text: "Your order\nOrder #1001, 42.60 EUR\n\n(1/6) Damaged\n1. Mug\n2. Lamp, small\n3. Bowl\n\
                       (reply with the numbers, such as 1, 3)"
                    .to_owned(),
                choices: Vec::new(),
                again: false
            }
        );
        let values = |replies: &[&str]| match asking.after(replies.iter().map(|text| said(text))) {
            Asked::Complete(values) => Ok(values),
            Asked::Question(question) => Err(question.text),
        };
        let rest = ["2", "yes", "no", "42,6", "2:30 pm"];
        for (words, items) in [
            ("1, 3", json!(["Mug", "Bowl"])),
            ("3 1", json!(["Mug", "Bowl"])),
            ("lamp, small", json!(["Lamp, small"])),
            ("bowl and mug", json!(["Mug", "Bowl"])),
            ("2; 2", json!(["Lamp, small"])),
            ("All", json!(["Mug", "Lamp, small", "Bowl"])),
        ] {
            let all: Vec<&str> = [words].into_iter().chain(rest).collect();
            let expected = json!({ "items": items, "stars": 2, "agree": true, "paid": "42.60", "at": "14:30" });
            assert_eq!(values(&all), Ok(expected), "{words}");
        }
        let complaints: [(&[&str], &str); 5] = [
            (&["1, 7"], "Please reply with some of these numbers"),
            (&["1", "4"], "Please choose one of these."),
            (&["1", "2", "no"], "Without a yes to this it cannot be sent.\n(3/6) Terms\nYou agree to our terms."),
            (&["1", "2", "y", "skip", "42.605"], "this is no amount in EUR, such as 42.60.\n(5/6) Paid (EUR)"),
            (&["1", "2", "y", "skip", "42", "soon"], "Please write a time such as 14:30.\n(6/6) at"),
        ];
        for (replies, complaint) in complaints {
            let told = values(replies).unwrap_err();
            assert!(told.starts_with(complaint), "{replies:?}: {told}");
        }
        assert!(values(&["1", "2", "y", "skip", "42"]).unwrap_err().starts_with("That is all.\n\n(6/6) at"));
        let agree = question(asking.after(["1", "2"].map(said)));
        let no = Reply { text: "No", choice: Some(&agree.choices[1].id) };
        let refused = question(asking.after([said("1"), said("2"), no]));
        assert!(refused.again && refused.text.starts_with("Without a yes"), "{}", refused.text);
    }

    #[test]
    fn what_an_answer_asks_for_is_asked_next_and_nothing_else() {
        let form = json!({ "type": "object", "required": ["why", "what", "note"], "properties": {
            "why": { "enum": ["late", "broken"] },
            "hint": { "type": "null", "description": "Look below it.", "when": { "why": "broken" } },
            "what": { "type": "array", "items": { "enum": ["lid", "cup"] }, "when": { "why": "broken" } },
            "lid": { "type": "string", "when": { "what": "lid" } },
            "note": { "type": "string" },
        } });
        let none = json!({});
        let asking = Asking::of(&form, &none, "c").unwrap();
        let text = |replies: &[&str]| question(asking.after(replies.iter().map(|text| said(text)))).text;
        assert_eq!(text(&[]), "(1/2) why");
        assert_eq!(text(&["late"]), "(2/2) note");
        assert!(text(&["broken"]).starts_with("Look below it.\n\n(2/3) what\n1. lid"), "{}", text(&["broken"]));
        assert_eq!(text(&["broken", "1, 2"]), "(3/4) lid\n(reply SKIP to leave it out)");
        assert_eq!(text(&["broken", "cup"]), "(3/3) note");
        let complete = |replies: &[&str]| asking.after(replies.iter().map(|text| said(text)));
        assert_eq!(complete(&["late", "x"]), Asked::Complete(json!({ "why": "late", "note": "x" })));
        let all = json!({ "why": "broken", "what": ["lid"], "lid": "bent", "note": "x" });
        assert_eq!(complete(&["broken", "lid", "bent", "x"]), Asked::Complete(all));
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
