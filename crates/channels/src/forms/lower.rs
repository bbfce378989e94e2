//! What of a form is written over a channel: the preview shows it, and it is sent.

use super::{
    Asked, Asking, Choice, TELEGRAM_BUTTONS_MAX, WHATSAPP_BUTTON_TITLE_MAX, WHATSAPP_BUTTONS_MAX,
    WHATSAPP_ROW_TITLE_MAX, WHATSAPP_ROWS_MAX, can_be_asked, fields, page, written,
};
use crate::account::Platform;
use countersign_core::run::PostedForm;
use serde_json::Value;

/// Longest text over WhatsApp's buttons or list, characters.
const WHATSAPP_BODY_MAX: usize = 1024;
/// Buttons of one block; Slack takes 25.
const SLACK_BUTTONS_MAX: usize = 10;
/// Longest caption of a button of Slack, characters.
const SLACK_BUTTON_TITLE_MAX: usize = 75;
/// Longest text of a section of Slack, characters.
const SLACK_SECTION_MAX: usize = 3000;

/// A form as words, with what can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lowered {
    /// The words.
    pub text: String,
    /// What can be chosen: buttons, a list or numbers, as the channel can.
    pub choices: Vec<Choice>,
}

impl Lowered {
    /// As the channel writes it: choices it has no buttons and no list for are numbers in the words.
    #[must_use]
    pub fn written_for(self, platform: Platform) -> Self {
        if pressed(platform, &self.text, &self.choices) {
            return self;
        }
        Self { text: written(&self.text, &self.choices), choices: Vec::new() }
    }
}

/// Whether what can be chosen is pressed or picked there.
pub(crate) fn pressed(platform: Platform, text: &str, choices: &[Choice]) -> bool {
    let longest = choices.iter().map(|choice| choice.title.chars().count()).max().unwrap_or_default();
    match platform {
        Platform::Whatsapp => {
            let buttons = choices.len() <= WHATSAPP_BUTTONS_MAX && longest <= WHATSAPP_BUTTON_TITLE_MAX;
            let list = choices.len() <= WHATSAPP_ROWS_MAX && longest <= WHATSAPP_ROW_TITLE_MAX;
            text.chars().count() <= WHATSAPP_BODY_MAX && (buttons || list)
        }
        Platform::Telegram => choices.len() <= TELEGRAM_BUTTONS_MAX,
        Platform::Slack => {
            let fits = choices.len() <= SLACK_BUTTONS_MAX && longest <= SLACK_BUTTON_TITLE_MAX;
            fits && text.chars().count() <= SLACK_SECTION_MAX
        }
        Platform::Sms | Platform::Email => false,
    }
}

/// Whether the address of the form's own page is written too: where the channel cannot ask for all of it, where it would
/// ask several questions, and in mails.
#[must_use]
pub fn has_page(platform: Platform, form: &Value) -> bool {
    let several = match platform {
        Platform::Email => true,
        Platform::Whatsapp | Platform::Telegram | Platform::Sms | Platform::Slack => fields(form).len() > 1,
    };
    page::can_be_shown(form) && (several || !can_be_asked(form))
}

/// The form of a checkpoint as it is sent. `page` is the address of its page, where it has one.
#[must_use]
pub fn lower(words: &str, form: &PostedForm, checkpoint: &str, page: Option<&str>) -> Lowered {
    let said = |more: String| {
        let parts = [words.trim().to_owned(), more];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
    };
    match (Asking::of(&form.schema, &form.prefill, checkpoint).map(|asking| asking.after([])), page) {
        (Some(Asked::Question(question)), None) => Lowered { text: said(question.text), choices: question.choices },
        (Some(Asked::Question(question)), Some(page)) => Lowered {
            text: said(format!("{}\n\nOr fill in all of it here: {page}", question.text)),
            choices: question.choices,
        },
        (Some(Asked::Complete(_)) | None, Some(page)) => {
            Lowered { text: said(format!("Please fill this in here: {page}")), choices: Vec::new() }
        }
        (Some(Asked::Complete(_)) | None, None) => {
            let text = said("(This cannot be answered here. A colleague will help you.)".to_owned());
            Lowered { text, choices: Vec::new() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn form(properties: Value) -> PostedForm {
        PostedForm {
            schema: json!({ "type": "object", "properties": properties }),
            prefill: Value::Null,
            submit: String::new(),
        }
    }

    #[test]
    fn a_form_is_asked_for_in_words_by_a_page_or_by_both() {
        let one = form(json!({ "plan": { "enum": ["Pro", "Max"] } }));
        let two = form(json!({ "a": { "type": "string" }, "b": { "type": "string" } }));
        let file = form(json!({ "bill": { "type": "string", "format": "data-url" } }));
        let never = form(json!({ "all": { "type": "array", "items": { "type": "object" } } }));
        for (platform, form, page) in [
            (Platform::Sms, &one, false),
            (Platform::Email, &one, true),
            (Platform::Sms, &two, true),
            (Platform::Whatsapp, &file, true),
            (Platform::Telegram, &never, false),
        ] {
            assert_eq!(has_page(platform, &form.schema), page, "{platform:?} {}", form.schema);
        }
        let page = Some("https://c.example/f/t");
        let asked = lower("Hello", &two, "c", page);
        assert_eq!(
            asked.text,
            "Hello\n\n(1/2) a\n(reply SKIP to leave it out)\n\nOr fill in all of it here: https://c.example/f/t"
        );
        assert_eq!(lower("Hello", &file, "c", page).text, "Hello\n\nPlease fill this in here: https://c.example/f/t");
        assert_eq!(lower("", &one, "c", None).choices.len(), 2);
        assert!(lower("Hello", &never, "c", None).text.contains("colleague"));
    }
}
