//! What a channel can show of a form, with the limits the vendors document.

mod ask;
mod lower;
pub mod page;
mod read;

pub(crate) use ask::written;
pub use ask::{Asked, Asking, Choice, Question, Reply};
pub(crate) use lower::pressed;
pub use lower::{Lowered, has_page, lower};

use ask::can_be_asked;
use countersign_core::{
    document::Channel,
    run::{FieldKind, choices as options, form_fields},
};
use serde_json::Value;

/// How a form is shown over a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Showing {
    /// As the form it is.
    Inline,
    /// One question with buttons to press.
    Buttons,
    /// One question with a list to choose from.
    List,
    /// One question with numbered answers.
    Numbered,
    /// One question; the next message is the answer.
    Question,
    /// One question after the other.
    Questions,
    /// By a link to a page: it has fields that cannot be asked for in words.
    Link,
}

pub(crate) const WHATSAPP_BUTTONS_MAX: usize = 3;
pub(crate) const WHATSAPP_BUTTON_TITLE_MAX: usize = 20;
pub(crate) const WHATSAPP_ROWS_MAX: usize = 10;
pub(crate) const WHATSAPP_ROW_TITLE_MAX: usize = 24;
pub(crate) const TELEGRAM_BUTTONS_MAX: usize = 8;

/// How the channel shows a form of this JSON Schema.
#[must_use]
pub fn showing(channel: Channel, form: &Value) -> Showing {
    if channel == Channel::Conversation {
        return Showing::Inline;
    }
    let fields = fields(form);
    let [(_, field)] = fields.as_slice() else {
        return if can_be_asked(form) { Showing::Questions } else { Showing::Link };
    };
    let labels = choices(field);
    let longest = labels.iter().flatten().map(|label| label.chars().count()).max().unwrap_or_default();
    match (channel, labels.map(|labels| labels.len())) {
        _ if !can_be_asked(form) => Showing::Link,
        (_, None) => Showing::Question,
        (Channel::Whatsapp, Some(1..=WHATSAPP_BUTTONS_MAX)) if longest <= WHATSAPP_BUTTON_TITLE_MAX => Showing::Buttons,
        (Channel::Whatsapp, Some(1..=WHATSAPP_ROWS_MAX)) if longest <= WHATSAPP_ROW_TITLE_MAX => Showing::List,
        (Channel::Telegram, Some(1..=TELEGRAM_BUTTONS_MAX)) => Showing::Buttons,
        (_, Some(_)) => Showing::Numbered,
    }
}

/// What of a form the channel cannot show as it should, in words for its author. Empty means nothing.
#[must_use]
pub fn form_problems(channel: Channel, form: &Value) -> Vec<String> {
    let fields = fields(form);
    match (channel, showing(channel, form)) {
        (_, Showing::Link) => {
            let not = fields.iter().filter(|(_, field)| !ask::is_asked(field));
            let names = not.map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let what = if names.is_empty() {
                "it has no fields".to_owned()
            } else {
                format!("{names} cannot be asked for in words")
            };
            let how = if page::can_be_shown(form) { "By a link to a page over" } else { "Not over" };
            vec![format!("{how} {}: {what}", channel.tag())]
        }
        (Channel::Whatsapp, Showing::Numbered) => {
            let labels = fields.iter().filter_map(|(_, field)| choices(field)).flatten();
            let long = labels.filter(|label| label.chars().count() > WHATSAPP_ROW_TITLE_MAX);
            long.map(|label| format!("WhatsApp takes at most {WHATSAPP_ROW_TITLE_MAX} characters for a choice: “{label}” and the others are sent as numbers")).collect()
        }
        _ => Vec::new(),
    }
}

/// The fields that are asked for.
fn fields(form: &Value) -> Vec<(&String, &Value)> {
    form_fields(form).into_iter().filter(|(_, field)| FieldKind::of(field) != FieldKind::Summary).collect()
}

/// The labels of a field with fixed choices.
fn choices(field: &Value) -> Option<Vec<String>> {
    options(field).map(|options| options.into_iter().map(|(label, _)| label).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn forms_are_shown_as_each_channel_can() {
        let choice = |count: usize| json!({ "properties": { "plan": { "enum": (0..count).collect::<Vec<_>>() } } });
        let line = json!({ "properties": { "email": { "type": "string", "format": "email" } } });
        let many = json!({ "properties": { "a": {}, "b": {} } });
        let file = json!({ "properties": { "a": { "type": "string", "format": "data-url" } } });
        for (channel, form, expected) in [
            (Channel::Whatsapp, choice(3), Showing::Buttons),
            (Channel::Whatsapp, choice(10), Showing::List),
            (Channel::Whatsapp, choice(11), Showing::Numbered),
            (Channel::Whatsapp, line.clone(), Showing::Question),
            (Channel::Whatsapp, many.clone(), Showing::Questions),
            (Channel::Whatsapp, file, Showing::Link),
            (Channel::Telegram, choice(8), Showing::Buttons),
            (Channel::Sms, choice(5), Showing::Numbered),
            (Channel::Sms, choice(31), Showing::Link),
            (Channel::Email, line, Showing::Question),
            (Channel::Conversation, many, Showing::Inline),
        ] {
            assert_eq!(showing(channel, &form), expected, "{channel:?} {form}");
        }
    }

    #[test]
    fn pages_are_asked_for_one_after_the_other() {
        let form = json!({ "properties": { "a": {}, "b": {}, "c": {} }, "pages": [["c"], ["b", "a"]] });
        let names: Vec<&String> = fields(&form).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["c", "b", "a"]);
        assert_eq!(showing(Channel::Sms, &form), Showing::Questions);
    }

    #[test]
    fn what_cannot_be_shown_is_told() {
        let form =
            json!({ "properties": { "plan": { "enum": ["short", "a label that is much too long for a row"] } } });
        assert_eq!(form_problems(Channel::Whatsapp, &form).len(), 1);
        assert_eq!(form_problems(Channel::Telegram, &form), Vec::<String>::new());
        let file = json!({ "properties": { "a": { "type": "string" }, "b": { "type": "array" } } });
        let list = json!({ "properties": { "b": { "type": "array", "items": { "type": "string" } } } });
        let by_link = ["By a link to a page over sms: `b` cannot be asked for in words"];
        assert_eq!(form_problems(Channel::Sms, &list), by_link);
        assert_eq!(form_problems(Channel::Sms, &file), ["Not over sms: `b` cannot be asked for in words"]);
    }
}
