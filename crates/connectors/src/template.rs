//! The mapping language of manifests, compiled. See `manifest` for what it means.

use crate::{form::RESERVED, manifest::Style, markup::Markup, style};
use indexmap::IndexMap;
use percent_encoding::utf8_percent_encode;
use serde_json::{Map, Value};

/// What a template can name.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Scope<'a> {
    pub(crate) input: Option<&'a Value>,
    pub(crate) settings: Option<&'a Map<String, Value>>,
    pub(crate) key: &'a str,
    pub(crate) response: Option<Response<'a>>,
    pub(crate) output: Option<&'a Value>,
    pub(crate) item: Option<&'a Value>,
}

/// An answer as templates see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Response<'a> {
    pub(crate) status: &'a Value,
    pub(crate) headers: &'a Value,
    pub(crate) body: &'a Value,
}

/// Where values for absent ones come from: the `default`s of a schema's properties.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Schemas<'a> {
    pub(crate) input: Option<&'a Value>,
    pub(crate) settings: Option<&'a Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    Input,
    Settings,
    Key,
    Status,
    Headers,
    Body,
    Output,
    Item,
}

/// Roots as written; a longer one before its own beginning.
const ROOTS: [(&str, Root); 8] = [
    ("input", Root::Input),
    ("settings", Root::Settings),
    ("key", Root::Key),
    ("response.status", Root::Status),
    ("response.headers", Root::Headers),
    ("response.body", Root::Body),
    ("output", Root::Output),
    ("item", Root::Item),
];

/// Where a path begins, as far as pages care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Answer,
    Output,
    Item,
    Elsewhere,
}

/// A path to one value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pointer {
    root: Root,
    path: Vec<Segment>,
    default: Option<Value>,
}

#[derive(Debug, Clone, PartialEq)]
struct Segment {
    name: String,
    index: Option<usize>,
}

impl Pointer {
    /// Reads `input.a.b` (without the `$`); nothing when it is no path of this language.
    fn read(text: &str, schemas: Schemas<'_>) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if !text.chars().all(plain) {
            return None;
        }
        let (root, rest) = ROOTS.iter().find_map(|(name, root)| {
            let rest = text.strip_prefix(name)?;
            (rest.is_empty() || rest.starts_with('.')).then_some((*root, rest))
        })?;
        let names: Vec<&str> = rest.split('.').skip(1).collect();
        if names.iter().any(|name| name.is_empty()) || (root == Root::Key && !names.is_empty()) {
            return None;
        }
        let schema = match root {
            Root::Input => schemas.input,
            Root::Settings => schemas.settings,
            Root::Key | Root::Status | Root::Headers | Root::Body | Root::Output | Root::Item => None,
        };
        let default = schema.and_then(|schema| default_at(schema, &names));
        let path = names.into_iter().map(|name| Segment { name: name.to_owned(), index: name.parse().ok() }).collect();
        Some(Self { root, path, default })
    }

    /// Reads `$input.a.b`.
    pub(crate) fn parse(text: &str, schemas: Schemas<'_>) -> Result<Self, String> {
        text.strip_prefix('$')
            .and_then(|path| Self::read(path, schemas))
            .ok_or_else(|| format!("`{text}` is not a path such as $input.customer or $response.body.id"))
    }

    pub(crate) fn place(&self) -> Place {
        match self.root {
            Root::Status | Root::Headers | Root::Body => Place::Answer,
            Root::Output => Place::Output,
            Root::Item => Place::Item,
            Root::Input | Root::Settings | Root::Key => Place::Elsewhere,
        }
    }

    /// The members on the way.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.path.iter().map(|segment| segment.name.as_str())
    }

    /// The value there, or the schema's default.
    pub(crate) fn find<'a>(&'a self, scope: &Scope<'a>) -> Option<&'a Value> {
        self.follow(scope).or(self.default.as_ref())
    }

    fn follow<'a>(&'a self, scope: &Scope<'a>) -> Option<&'a Value> {
        let mut path = self.path.as_slice();
        let mut value = match self.root {
            Root::Input => scope.input?,
            Root::Settings => {
                let (first, rest) = path.split_first()?;
                path = rest;
                scope.settings?.get(&first.name)?
            }
            Root::Key => return None,
            Root::Status => scope.response?.status,
            Root::Headers => scope.response?.headers,
            Root::Body => scope.response?.body,
            Root::Output => scope.output?,
            Root::Item => scope.item?,
        };
        for segment in path {
            value = match value {
                Value::Object(members) => members.get(&segment.name)?,
                Value::Array(items) => items.get(segment.index?)?,
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
            };
        }
        Some(value)
    }

    fn copy(&self, scope: &Scope<'_>) -> Option<Value> {
        if self.root == Root::Key { Some(Value::from(scope.key)) } else { self.find(scope).cloned() }
    }

    fn is_whole_body(&self) -> bool {
        self.root == Root::Body && self.path.is_empty()
    }
}

fn default_at(schema: &Value, names: &[&str]) -> Option<Value> {
    let (last, parents) = names.split_last()?;
    let mut properties = schema.get("properties")?;
    for name in parents {
        properties = properties.get(name)?.get("properties")?;
    }
    properties.get(last)?.get("default").cloned()
}

/// A text with values in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Text(Vec<Part>);

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Literal(String),
    Value(Pointer),
}

impl Text {
    /// Reads a text; braces that hold no path of this language are themselves.
    pub(crate) fn parse(text: &str, schemas: Schemas<'_>) -> Self {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let (before, after) = rest.split_at(open);
            literal.push_str(before);
            let close = after.find('}');
            match close.and_then(|close| Some((close, Pointer::read(&after[1..close], schemas)?))) {
                Some((close, pointer)) => {
                    if !literal.is_empty() {
                        parts.push(Part::Literal(std::mem::take(&mut literal)));
                    }
                    parts.push(Part::Value(pointer));
                    rest = &after[close + 1..];
                }
                None => {
                    literal.push('{');
                    rest = &after[1..];
                }
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Self(parts)
    }

    /// The text; absent values are empty.
    pub(crate) fn eval(&self, scope: &Scope<'_>) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Value(pointer) if pointer.root == Root::Key => out.push_str(scope.key),
                Part::Value(pointer) => push_text(&mut out, pointer.find(scope)),
            }
        }
        out
    }

    /// The text as a URL path: values are percent-encoded and must be there. An empty value or one of dots would name
    /// another resource, so it is refused. The error is the value's path.
    pub(crate) fn eval_path(&self, scope: &Scope<'_>) -> Result<String, String> {
        self.eval_styled(scope, &IndexMap::new())
    }

    /// As [`Text::eval_path`], with lists and objects written by the style of the member they are in.
    pub(crate) fn eval_styled(&self, scope: &Scope<'_>, styles: &IndexMap<String, Style>) -> Result<String, String> {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Value(pointer) if pointer.root == Root::Key => {
                    out.extend(utf8_percent_encode(scope.key, RESERVED));
                }
                Part::Value(pointer) => {
                    let name = pointer.path.last().map_or("", |segment| segment.name.as_str());
                    let style = styles.get(name).copied();
                    let value = pointer.find(scope).map(|value| style::path(value, name, style)).unwrap_or_default();
                    if matches!(value.as_str(), "" | "." | "..") {
                        return Err(pointer.path.iter().map(|segment| format!("/{}", segment.name)).collect());
                    }
                    out.push_str(&value);
                }
            }
        }
        Ok(out)
    }

    /// Whether one of its values is there.
    fn says_something(&self, scope: &Scope<'_>) -> bool {
        let there =
            |pointer: &Pointer| pointer.root == Root::Key || pointer.find(scope).is_some_and(|value| !value.is_null());
        self.0.iter().any(|part| matches!(part, Part::Value(pointer) if there(pointer)))
    }

    fn mentions_key(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Value(pointer) if pointer.root == Root::Key))
    }
}

fn push_text(out: &mut String, value: Option<&Value>) {
    match value {
        None | Some(Value::Null) => {}
        Some(Value::String(text)) => out.push_str(text),
        Some(other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_))) => {
            out.push_str(&other.to_string());
        }
    }
}

/// A JSON value with paths in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Template {
    Literal(Value),
    Copy(Pointer),
    Text(Text),
    List(Vec<Template>),
    Object(Vec<(String, Template)>),
    First(Vec<Template>),
    Each { list: Pointer, item: Box<Template> },
    Escaped { markup: Markup, value: Box<Template>, unless: Option<Pointer> },
}

impl Template {
    pub(crate) fn parse(value: &Value, schemas: Schemas<'_>) -> Result<Self, String> {
        match value {
            Value::String(text) if text.starts_with('$') => Pointer::parse(text, schemas).map(Self::Copy),
            Value::String(text) => {
                let parsed = Text::parse(text, schemas);
                let plain = parsed.0.iter().all(|part| matches!(part, Part::Literal(_)));
                Ok(if plain { Self::Literal(value.clone()) } else { Self::Text(parsed) })
            }
            Value::Array(items) => {
                items.iter().map(|item| Self::parse(item, schemas)).collect::<Result<_, _>>().map(Self::List)
            }
            Value::Object(members) => Self::parse_object(members, schemas),
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(Self::Literal(value.clone())),
        }
    }

    fn parse_object(members: &Map<String, Value>, schemas: Schemas<'_>) -> Result<Self, String> {
        if let Some(choices) = members.get("$first") {
            let choices = choices.as_array().ok_or("$first needs a list")?;
            return choices
                .iter()
                .map(|choice| Self::parse(choice, schemas))
                .collect::<Result<_, _>>()
                .map(Self::First);
        }
        if let Some(list) = members.get("$each") {
            let list = list.as_str().ok_or("$each needs a path to a list")?;
            let item = members.get("as").ok_or("$each needs `as`, the template of one element")?;
            return Ok(Self::Each {
                list: Pointer::parse(list, schemas)?,
                item: Box::new(Self::parse(item, schemas)?),
            });
        }
        if let Some(markup) = members.get("$escape") {
            let value = members.get("value").ok_or("$escape needs `value`, the template of what is escaped")?;
            let unless = members.get("unless").map(|path| path.as_str().ok_or("`unless` needs a path")).transpose()?;
            return Ok(Self::Escaped {
                markup: Markup::named(markup.as_str().unwrap_or_default())?,
                value: Box::new(Self::parse(value, schemas)?),
                unless: unless.map(|path| Pointer::parse(path, schemas)).transpose()?,
            });
        }
        members
            .iter()
            .map(|(name, member)| Ok((name.clone(), Self::parse(member, schemas)?)))
            .collect::<Result<_, String>>()
            .map(Self::Object)
    }

    /// The value; nothing when it is a path to an absent one. Absent members and elements are left out.
    pub(crate) fn eval(&self, scope: &Scope<'_>) -> Option<Value> {
        match self {
            Self::Literal(value) => Some(value.clone()),
            Self::Copy(pointer) => pointer.copy(scope),
            Self::Text(text) => text.says_something(scope).then(|| Value::String(text.eval(scope))),
            Self::Escaped { markup, value, unless } => {
                let value = value.eval(scope)?;
                let raw = unless.as_ref().and_then(|pointer| pointer.find(scope)) == Some(&Value::Bool(true));
                Some(if raw { value } else { markup.escape(value) })
            }
            Self::List(items) => Some(items.iter().filter_map(|item| item.eval(scope)).collect()),
            Self::Object(members) => {
                let mut object = Map::with_capacity(members.len());
                for (name, member) in members {
                    if let Some(value) = member.eval(scope) {
                        object.insert(name.clone(), value);
                    }
                }
                Some(Value::Object(object))
            }
            Self::First(choices) => {
                choices.iter().find_map(|choice| choice.eval(scope).filter(|value| !value.is_null()))
            }
            Self::Each { list, item } => {
                let items = list.find(scope)?.as_array()?;
                Some(items.iter().filter_map(|each| item.eval(&Scope { item: Some(each), ..*scope })).collect())
            }
        }
    }

    pub(crate) fn mentions_key(&self) -> bool {
        match self {
            Self::Literal(_) => false,
            Self::Copy(pointer) => pointer.root == Root::Key,
            Self::Text(text) => text.mentions_key(),
            Self::List(items) | Self::First(items) => items.iter().any(Self::mentions_key),
            Self::Object(members) => members.iter().any(|(_, member)| member.mentions_key()),
            Self::Each { item, .. } => item.mentions_key(),
            Self::Escaped { value, .. } => value.mentions_key(),
        }
    }

    /// Takes the member that is the whole response body out of an object template, so that the body need not be
    /// copied: the caller moves it there. Only when nothing else looks into the body.
    pub(crate) fn take_body_member(&mut self) -> Option<String> {
        let Self::Object(members) = self else { return None };
        let looks = members.iter().filter(|(_, member)| member.looks_into_body()).count();
        let whole =
            members.iter().position(|(_, member)| matches!(member, Self::Copy(pointer) if pointer.is_whole_body()))?;
        (looks == 1).then(|| members.remove(whole).0)
    }

    fn looks_into_body(&self) -> bool {
        match self {
            Self::Literal(_) => false,
            Self::Copy(pointer) => pointer.root == Root::Body,
            Self::Text(text) => {
                text.0.iter().any(|part| matches!(part, Part::Value(pointer) if pointer.root == Root::Body))
            }
            Self::List(items) | Self::First(items) => items.iter().any(Self::looks_into_body),
            Self::Object(members) => members.iter().any(|(_, member)| member.looks_into_body()),
            Self::Each { list, item } => list.root == Root::Body || item.looks_into_body(),
            Self::Escaped { value, .. } => value.looks_into_body(),
        }
    }
}

/// A condition on one value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rule {
    pub(crate) at: Pointer,
    pub(crate) equals: Option<Template>,
    pub(crate) not_empty: bool,
}

impl Rule {
    pub(crate) fn holds(&self, scope: &Scope<'_>) -> bool {
        let Some(value) = self.at.find(scope).filter(|value| !value.is_null()) else { return false };
        let filled = match value {
            Value::String(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty(),
            Value::Object(members) => !members.is_empty(),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        };
        (!self.not_empty || filled)
            && self.equals.as_ref().is_none_or(|wanted| wanted.eval(scope).is_some_and(|wanted| wanted == *value))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn eval(template: Value, input: &Value) -> Option<Value> {
        let scope = Scope { input: Some(input), key: "k.1", ..Scope::default() };
        Template::parse(&template, Schemas::default()).unwrap().eval(&scope)
    }

    #[test]
    fn paths_keep_types_and_absent_ones_vanish() {
        let input = json!({ "n": 9_007_199_254_740_993_i64, "deep": { "list": [1, { "x": true }] }, "nil": null });
        let template = json!({
            "n": "$input.n", "x": "$input.deep.list.1.x", "nil": "$input.nil", "gone": "$input.gone",
            "list": ["$input.gone", "$key"], "text": "n={input.n} {input.gone}{ input.n }{key}",
        });
        assert_eq!(
            eval(template, &input),
            Some(json!({
                "n": 9_007_199_254_740_993_i64, "x": true, "nil": null, "list": ["k.1"],
                "text": "n=9007199254740993 { input.n }k.1",
            }))
        );
    }

    #[test]
    fn a_text_without_any_value_is_left_out() {
        let template =
            json!({ "a": "id:{input.gone}", "b": "id:{input.gone} {input.n}", "c": "x {input.nil}", "d": "plain" });
        let input = json!({ "n": 1, "nil": null });
        assert_eq!(eval(template, &input), Some(json!({ "b": "id: 1", "d": "plain" })));
    }

    #[test]
    fn a_value_means_nothing_in_the_markup_of_its_place() {
        let template = json!({ "text": { "$escape": "slack", "value": "$input.t", "unless": "$input.markup" } });
        let said = "<!channel> <http://evil.example|your bank> & x";
        let escaped = json!({ "text": "&lt;!channel&gt; &lt;http://evil.example|your bank&gt; &amp; x" });
        assert_eq!(eval(template.clone(), &json!({ "t": said })), Some(escaped));
        assert_eq!(eval(template.clone(), &json!({ "t": said, "markup": true })), Some(json!({ "text": said })));
        assert_eq!(eval(template, &json!({})), Some(json!({})));
        let blocks = json!({ "$escape": "slack", "value": "$input.blocks" });
        let input = json!({ "blocks": [{ "type": "section", "text": { "type": "mrkdwn", "text": "<!here>" }, "fields": [{ "type": "plain_text", "text": "a<b" }] }] });
        let wanted = json!([{ "type": "section", "text": { "type": "mrkdwn", "text": "&lt;!here&gt;" }, "fields": [{ "type": "plain_text", "text": "a<b" }] }]);
        assert_eq!(eval(blocks, &input), Some(wanted));
        assert!(Template::parse(&json!({ "$escape": "klingon", "value": 1 }), Schemas::default()).is_err());
    }

    #[test]
    fn first_and_each() {
        let input = json!({ "b": 2, "lines": [{ "a": 1, "z": 0 }, { "a": 2 }] });
        let template = json!({
            "first": { "$first": ["$input.a", "$input.b"] },
            "lines": { "$each": "$input.lines", "as": { "amount": "$item.a" } },
        });
        assert_eq!(eval(template, &input), Some(json!({ "first": 2, "lines": [{ "amount": 1 }, { "amount": 2 }] })));
    }

    #[test]
    fn defaults_come_from_the_schema() {
        let schema = json!({ "properties": { "mode": { "default": "safe" } } });
        let schemas = Schemas { input: Some(&schema), settings: None };
        let template = Template::parse(&json!("$input.mode"), schemas).unwrap();
        let given = json!({ "mode": "fast" });
        let empty = json!({});
        assert_eq!(template.eval(&Scope { input: Some(&given), ..Scope::default() }), Some(json!("fast")));
        assert_eq!(template.eval(&Scope { input: Some(&empty), ..Scope::default() }), Some(json!("safe")));
    }

    #[test]
    fn path_values_cannot_leave_their_place() {
        let text = Text::parse("/v1/subscriptions/{input.id}/x", Schemas::default());
        let eval = |id: Value| {
            let input = json!({ "id": id });
            text.eval_path(&Scope { input: Some(&input), ..Scope::default() })
        };
        assert_eq!(eval(json!("a/../b?c#d")).unwrap(), "/v1/subscriptions/a%2F..%2Fb%3Fc%23d/x");
        for bad in [json!(".."), json!("."), json!(""), Value::Null] {
            assert_eq!(eval(bad).unwrap_err(), "/id");
        }
    }

    #[test]
    fn unknown_roots_are_refused() {
        assert!(Template::parse(&json!("$secrets.token"), Schemas::default()).is_err());
        assert!(Template::parse(&json!({ "a": ["$inputs.x"] }), Schemas::default()).is_err());
    }
}
