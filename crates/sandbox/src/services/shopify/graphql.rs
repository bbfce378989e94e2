//! As much of GraphQL as is needed: a document is not parsed, a field is found by its name, its arguments by theirs, variables
//! are looked up.

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::wire::{
    reply::{Effect, Reply},
    request::Request,
};

/// The text after the field's name, from its opening parenthesis on. Declarations such as `mutation orderCancel(` are
/// passed over: a field follows a brace.
pub(super) fn call_of<'a>(query: &'a str, field: &str) -> Option<&'a str> {
    let mut rest = query;
    while let Some(place) = rest.find(field) {
        let (before, after) = (rest[..place].trim_end(), &rest[place + field.len()..]);
        let arguments = after.trim_start();
        let starts_word = !rest[..place].ends_with(|char: char| char.is_alphanumeric() || char == '_' || char == '$');
        if starts_word && arguments.starts_with('(') && before.ends_with(['{', '}', ':']) {
            return Some(arguments);
        }
        rest = after;
    }
    None
}

/// Whether an object without arguments is asked for: its name after a brace, and a brace after it.
pub(super) fn selects(query: &str, field: &str) -> bool {
    let mut words = query.split_whitespace();
    words.any(|word| word.ends_with('{')) && words.next() == Some(field) && words.next() == Some("{")
}

/// The value of an argument: a variable, a string, or another scalar as text.
fn argument(arguments: &str, variables: &Value, name: &str) -> Option<Value> {
    let mut rest = arguments;
    loop {
        let place = rest.find(name)?;
        let word = !rest[..place].ends_with(|char: char| char.is_alphanumeric() || char == '_' || char == '$');
        let after = rest[place + name.len()..].trim_start();
        match after.strip_prefix(':') {
            Some(value) if word => return scalar(value.trim_start(), variables),
            Some(_) | None => rest = &rest[place + name.len()..],
        }
    }
}

fn scalar(value: &str, variables: &Value) -> Option<Value> {
    let word_end = |text: &str| {
        let outside = |char: char| !(char.is_alphanumeric() || char == '_' || char == '.' || char == '-');
        text.find(outside).unwrap_or(text.len())
    };
    if let Some(variable) = value.strip_prefix('$') {
        return variables.get(&variable[..word_end(variable)]).cloned();
    }
    if let Some(text) = value.strip_prefix('"') {
        return text.split_once('"').map(|(inner, _)| json!(inner));
    }
    let word = &value[..word_end(value)];
    (!word.is_empty()).then(|| serde_json::from_str(word).unwrap_or_else(|_| json!(word)))
}

pub(super) fn parts(request: &Request) -> (String, Value) {
    let body = request.json().unwrap_or_default();
    (body["query"].as_str().unwrap_or_default().to_owned(), body["variables"].clone())
}

/// The key of `@idempotent(key: …)`.
pub(crate) fn key(request: &Request) -> Option<String> {
    let (query, variables) = parts(request);
    let (_, directive) = query.split_once("@idempotent")?;
    argument(directive, &variables, "key")?.as_str().map(str::to_owned)
}

/// A document's one field, with its arguments.
pub(super) struct Asked {
    query: String,
    variables: Value,
    field: &'static str,
}

impl Asked {
    pub(super) fn new(request: &Request, field: &'static str) -> Self {
        let (query, variables) = parts(request);
        Self { query, variables, field }
    }

    pub(super) fn argument(&self, name: &str) -> Option<Value> {
        call_of(&self.query, self.field).and_then(|arguments| argument(arguments, &self.variables, name))
    }

    /// An argument that is a text, empty where there is none.
    pub(super) fn text(&self, name: &str) -> String {
        self.argument(name).as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// An argument of a field somewhere within, whose parent is not looked at.
    pub(super) fn within(&self, field: &str, name: &str) -> Option<Value> {
        let (_, after) = self.query.split_once(field)?;
        argument(after.trim_start().strip_prefix('(')?, &self.variables, name)
    }

    /// The answer: the value under the field's name.
    pub(super) fn answer(&self, value: &Value, effect: Effect) -> Reply {
        let name = name_in_answer(&self.query, self.field);
        Reply::json(StatusCode::OK, &json!({ "data": { name: value }, "extensions": super::cost(10) }), effect)
    }

    /// A refusal inside a 200, the third of Shopify's error layers.
    pub(super) fn refused(&self, at: &str, message: &str) -> Reply {
        let errors = json!({ "userErrors": [{ "field": [at], "message": message }] });
        self.answer(&errors, Effect::Refused)
    }

    /// The same with the code that some mutations give, in the list that they have for it.
    pub(super) fn refused_as(&self, list: &str, code: &str, message: &str) -> Reply {
        let errors = json!({ list: [{ "field": ["orderId"], "code": code, "message": message }] });
        self.answer(&errors, Effect::Refused)
    }
}

/// The name a field's value has in the answer: its alias, or its own.
fn name_in_answer<'a>(query: &'a str, field: &'a str) -> &'a str {
    let word = |char: char| char.is_alphanumeric() || char == '_';
    let aliased = query.match_indices(field).find_map(|(place, _)| {
        let before = query[..place].trim_end().strip_suffix(':')?.trim_end();
        let begin = before.rfind(|char| !word(char)).map_or(0, |place| place + 1);
        query[place + field.len()..].trim_start().starts_with('(').then(|| &before[begin..])
    });
    aliased.filter(|name| !name.is_empty()).unwrap_or(field)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{argument, call_of, name_in_answer};

    #[test]
    fn fields_and_arguments_are_found() {
        let query = "mutation orderCancel($orderId: ID!) { orderCancel(orderId: $orderId, restock: true, reason: OTHER, \
                     staffNote: \"no\") { job { id done } } }";
        let call = call_of(query, "orderCancel").unwrap_or_default();
        let variables = json!({ "orderId": "gid://shopify/Order/1001" });
        assert_eq!(argument(call, &variables, "orderId"), Some(json!("gid://shopify/Order/1001")));
        assert_eq!(argument(call, &variables, "restock"), Some(json!(true)));
        assert_eq!(argument(call, &variables, "reason"), Some(json!("OTHER")));
        assert_eq!(argument(call, &variables, "staffNote"), Some(json!("no")));
        assert_eq!(argument(call, &variables, "missing"), None);
        assert!(call_of(query, "order").is_none() && call_of(query, "job").is_none());
        assert!(call_of("query($id: ID!) { a: order(id: $id) { id } }", "order").is_some());
    }

    #[test]
    fn an_alias_names_the_answer() {
        assert_eq!(name_in_answer("mutation M { done: tagsAdd(id: $id) { node { id } } }", "tagsAdd"), "done");
        assert_eq!(
            name_in_answer("mutation tagsAdd($id: ID!) { tagsAdd(id: $id) { node { id } } }", "tagsAdd"),
            "tagsAdd"
        );
        assert_eq!(name_in_answer("{ order(id: \"job: order\") { id } }", "order"), "order");
    }
}
