//! Markup that a value must not be able to speak: who writes into a text decides what it says, not what it does.

use serde_json::Value;

/// A markup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Markup {
    /// Slack's mrkdwn: `<!channel>` calls everybody, `<http://…|text>` is a link that reads as something else.
    Slack,
    /// HTML.
    Html,
}

impl Markup {
    /// By the name manifests have for it.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        match name {
            "slack" => Ok(Self::Slack),
            "html" => Ok(Self::Html),
            _ => Err(format!("`{name}` is not a markup that can be escaped: slack or html")),
        }
    }

    /// A text as it reads. In lists and objects (Slack's blocks) those texts that are markup.
    pub(crate) fn escape(self, mut value: Value) -> Value {
        match &mut value {
            Value::String(text) => *text = self.text(text),
            Value::Array(_) | Value::Object(_) => self.inside(&mut value),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        value
    }

    fn inside(self, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.inside(item)),
            Value::Object(members) => {
                let kind = members.get("type").and_then(Value::as_str);
                let is_markup = matches!(kind, Some("mrkdwn" | "markdown"));
                for (name, member) in members {
                    match member {
                        Value::String(text) if is_markup && name == "text" => *text = self.text(text),
                        Value::Null
                        | Value::Bool(_)
                        | Value::Number(_)
                        | Value::String(_)
                        | Value::Array(_)
                        | Value::Object(_) => self.inside(member),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn text(self, text: &str) -> String {
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        match self {
            Self::Slack => text,
            Self::Html => text.replace('"', "&quot;").replace('\'', "&#39;"),
        }
    }
}
