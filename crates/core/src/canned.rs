//! Canned replies: texts with variables such as `{{customer.name}}`. What is not known stays as it stands: a gap that people
//! see, and nothing to be sent.

use serde_json::Value;
use std::ops::Range;

/// The variables there are. Of a customer there is whatever the workspace keeps of them.
pub const VARIABLES: [&str; 5] =
    ["customer.…", "conversation.id", "conversation.channel", "operator.name", "workspace.name"];
/// What a variable may begin with.
const ROOTS: [&str; 4] = ["customer", "conversation", "operator", "workspace"];

/// A text filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// The text; what is not known stands there as its variable.
    pub text: String,
    /// The variables that are not known, each once, in their order.
    pub gaps: Vec<String>,
}

/// What stands between braces and is none of the [`VARIABLES`].
///
/// # Errors
/// The first such text, with its braces.
pub fn check(text: &str) -> Result<(), String> {
    let mut rest = text;
    while let Some(open) = rest.find("{{") {
        let inner = &rest[open + 2..];
        let (name, after) = match inner.find("}}") {
            Some(close) => (&inner[..close], &inner[close + 2..]),
            None => return Err(format!("{{{{{}", shown(inner))),
        };
        if !is_known(name.trim()) {
            return Err(format!("{{{{{}}}}}", shown(name)));
        }
        rest = after;
    }
    Ok(())
}

/// The variables that stand in a text, each once, in their order.
#[must_use]
pub fn gaps(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (_, name) in variables(text) {
        if found.iter().all(|one| one != name) {
            found.push(name.to_owned());
        }
    }
    found
}

/// The text with what is known put in. What is put in is not looked at again.
#[must_use]
pub fn fill(text: &str, known: &Value) -> Filled {
    let (mut filled, mut gaps, mut at) = (String::new(), Vec::new(), 0);
    for (range, name) in variables(text) {
        filled.push_str(&text[at..range.start]);
        match value(known, name) {
            Some(value) => filled.push_str(&value),
            None => {
                filled.push_str("{{");
                filled.push_str(name);
                filled.push_str("}}");
                if gaps.iter().all(|one| one != name) {
                    gaps.push(name.to_owned());
                }
            }
        }
        at = range.end;
    }
    filled.push_str(&text[at..]);
    Filled { text: filled, gaps }
}

/// Where a variable stands, and its name.
fn variables(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(open) = text[at..].find("{{").map(|found| at + found) {
            let inner = open + 2;
            let Some(close) = text[inner..].find("}}").map(|found| inner + found) else {
                at = text.len();
                return None;
            };
            let name = text[inner..close].trim();
            if is_variable(name) {
                at = close + 2;
                return Some((open..at, name));
            }
            at = inner;
        }
        None
    })
}

fn is_variable(name: &str) -> bool {
    let mut parts = name.split('.');
    let word = |part: &str| {
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
        !part.is_empty() && part.chars().all(letters)
    };
    parts.next().is_some_and(|root| ROOTS.contains(&root)) && name.contains('.') && parts.all(word)
}

fn is_known(name: &str) -> bool {
    is_variable(name) && (name.starts_with("customer.") || VARIABLES.contains(&name))
}

/// What is known under a name as people read it: nothing that is blank or no plain value.
fn value(known: &Value, name: &str) -> Option<String> {
    let found = name.split('.').try_fold(known, |value, part| value.get(part))?;
    let text = match found {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
    };
    (!text.is_empty()).then_some(text)
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_known_is_put_in_and_the_rest_are_gaps() {
        let known = json!({
            "customer": { "name": " Ada ", "points": 42, "email": null, "phone": " ", "tags": ["a"], "of": { "city": "Ulm" } },
            "operator": { "name": "{{customer.email}}" },
        });
        for (text, filled, gaps) in [
            ("Hello {{customer.name}}!", "Hello Ada!", vec![]),
            ("{{ customer.points }} in {{customer.of.city}}", "42 in Ulm", vec![]),
            (
                "{{customer.email}} {{ customer.email }}",
                "{{customer.email}} {{customer.email}}",
                vec!["customer.email"],
            ),
            (
                "{{customer.phone}}{{customer.tags}}",
                "{{customer.phone}}{{customer.tags}}",
                vec!["customer.phone", "customer.tags"],
            ),
            ("{{customer.nobody.here}}", "{{customer.nobody.here}}", vec!["customer.nobody.here"]),
            // What is put in is not filled again.
            ("{{operator.name}}", "{{customer.email}}", vec![]),
            // These are only words.
            ("{{name}} {{ {{customer.name}} }} {{", "{{name}} {{ Ada }} {{", vec![]),
            ("100 % {} ß {{customer.name}}", "100 % {} ß Ada", vec![]),
        ] {
            let found = fill(text, &known);
            assert_eq!(
                (found.text.as_str(), found.gaps),
                (filled, gaps.iter().map(ToString::to_string).collect()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_variable_is_told() {
        for good in [
            "",
            "Hello",
            "{{customer.name}} {{customer.plan.seats}}",
            "{{ workspace.name }} {{operator.name}}",
            "{{conversation.id}} {{conversation.channel}}",
            "a } b }} c",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (bad, told) in [
            ("{{name}}", "{{name}}"),
            ("Hi {{customer}}", "{{customer}}"),
            ("{{customer.}}", "{{customer.}}"),
            ("{{customer.name", "{{customer.name"),
            ("{{ $eval(1) }}", "{{ $eval(1) }}"),
            ("{{customer.first name}}", "{{customer.first name}}"),
            ("{{secret.key}}", "{{secret.key}}"),
            ("{{operator.nmae}}", "{{operator.nmae}}"),
            ("{{operator.name.first}}", "{{operator.name.first}}"),
            ("{{workspace.x}}", "{{workspace.x}}"),
            ("{{conversation.foo}}", "{{conversation.foo}}"),
            ("{{customer.…}}", "{{customer.…}}"),
        ] {
            assert_eq!(check(bad), Err(told.to_owned()), "{bad}");
        }
        // One that is not there stays a gap where it was kept before.
        assert_eq!(gaps("{{operator.nmae}}"), ["operator.nmae"]);
        assert_eq!(
            gaps("{{customer.name}} {{x}} {{ customer.name }} {{operator.name}}"),
            ["customer.name", "operator.name"]
        );
    }
}
