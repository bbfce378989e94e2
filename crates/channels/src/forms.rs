//! What a channel can show of a form, with the limits the vendors document.

use countersign_core::document::Channel;
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
    /// A link to the form on the web.
    Link,
}

const WHATSAPP_BUTTONS_MAX: usize = 3;
const WHATSAPP_BUTTON_TITLE_MAX: usize = 20;
const WHATSAPP_ROWS_MAX: usize = 10;
const WHATSAPP_ROW_TITLE_MAX: usize = 24;
const TELEGRAM_BUTTONS_MAX: usize = 8;
const SMS_CHOICES_MAX: usize = 5;

/// How the channel shows a form of this JSON Schema.
#[must_use]
pub fn showing(channel: Channel, form: &Value) -> Showing {
    let fields = fields(form);
    let [(_, field)] = fields.as_slice() else {
        return if channel == Channel::Conversation { Showing::Inline } else { Showing::Link };
    };
    let count = choices(field).map(|choices| choices.len());
    match (channel, count) {
        (Channel::Conversation, _) => Showing::Inline,
        (Channel::Email, _) => Showing::Link,
        (Channel::Whatsapp, Some(1..=WHATSAPP_BUTTONS_MAX)) => Showing::Buttons,
        (Channel::Whatsapp, Some(1..=WHATSAPP_ROWS_MAX)) => Showing::List,
        (Channel::Telegram, Some(1..=TELEGRAM_BUTTONS_MAX)) => Showing::Buttons,
        (Channel::Sms, Some(1..=SMS_CHOICES_MAX)) => Showing::Numbered,
        (Channel::Whatsapp | Channel::Telegram | Channel::Sms, Some(_)) => Showing::Link,
        (Channel::Whatsapp | Channel::Telegram | Channel::Sms, None) if is_one_line(field) => Showing::Question,
        (Channel::Whatsapp | Channel::Telegram | Channel::Sms, None) => Showing::Link,
    }
}

/// What of a form the channel would cut off or cannot show, in words for its author. Empty means nothing.
#[must_use]
pub fn form_problems(channel: Channel, form: &Value) -> Vec<String> {
    let fields = fields(form);
    let longest = match (channel, showing(channel, form)) {
        (Channel::Whatsapp, Showing::Buttons) => WHATSAPP_BUTTON_TITLE_MAX,
        (Channel::Whatsapp, Showing::List) => WHATSAPP_ROW_TITLE_MAX,
        _ => return Vec::new(),
    };
    let labels = fields.iter().filter_map(|(_, field)| choices(field)).flatten();
    labels
        .filter(|label| label.chars().count() > longest)
        .map(|label| format!("WhatsApp shows at most {longest} characters of the choice “{label}”"))
        .collect()
}

fn fields(form: &Value) -> Vec<(&String, &Value)> {
    form.get("properties").and_then(Value::as_object).into_iter().flatten().collect()
}

/// The labels of a field with fixed choices.
fn choices(field: &Value) -> Option<Vec<String>> {
    let label = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if field.get("type").and_then(Value::as_str) == Some("boolean") {
        return Some(vec!["Yes".to_owned(), "No".to_owned()]);
    }
    if let Some(values) = field.get("enum").and_then(Value::as_array) {
        return Some(values.iter().map(label).collect());
    }
    let options = field.get("oneOf").and_then(Value::as_array)?;
    options.iter().map(|option| option.get("title").or_else(|| option.get("const")).map(label)).collect()
}

fn is_one_line(field: &Value) -> bool {
    let kind = field.get("type").and_then(Value::as_str).unwrap_or("string");
    let format = field.get("format").and_then(Value::as_str).unwrap_or_default();
    matches!(kind, "string" | "number" | "integer") && !matches!(format, "data-url" | "binary" | "password")
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
            (Channel::Whatsapp, choice(11), Showing::Link),
            (Channel::Whatsapp, line.clone(), Showing::Question),
            (Channel::Whatsapp, many.clone(), Showing::Link),
            (Channel::Whatsapp, file, Showing::Link),
            (Channel::Telegram, choice(8), Showing::Buttons),
            (Channel::Sms, choice(5), Showing::Numbered),
            (Channel::Sms, choice(6), Showing::Link),
            (Channel::Email, line, Showing::Link),
            (Channel::Conversation, many, Showing::Inline),
        ] {
            assert_eq!(showing(channel, &form), expected, "{channel:?} {form}");
        }
    }

    #[test]
    fn long_labels_are_told() {
        let form = json!({ "properties": { "plan": { "enum": ["short", "a label that is far too long"] } } });
        assert_eq!(form_problems(Channel::Whatsapp, &form).len(), 1);
        assert_eq!(form_problems(Channel::Telegram, &form), Vec::<String>::new());
    }
}
