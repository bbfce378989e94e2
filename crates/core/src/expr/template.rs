//! JSON values with expressions in their strings.

use super::{Expression, ExpressionError, Scope, TemplateError, TextTemplate, limits};
use serde_json::{Map, Value};

/// A JSON value whose strings are templates, compiled.
///
/// A string that is exactly one `{{ expression }}` becomes the expression's value with its JSON type. Where it has
/// none, the member or the item is left out, as JSONata leaves it out; a whole template without a value is `null`. Any
/// other string is a [`TextTemplate`]. Keys of objects are not templates.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    root: Node,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Constant(Value),
    Value(Expression),
    Text(TextTemplate),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Default for Template {
    fn default() -> Self {
        Self { root: Node::Constant(Value::Null) }
    }
}

impl Template {
    /// Compiles every string of a value.
    ///
    /// # Errors
    /// The first string that does not compile, with a pointer to it.
    pub fn compile(value: &Value) -> Result<Self, TemplateError> {
        Ok(Self { root: compile(value, &mut Vec::new())? })
    }

    /// Renders the value.
    ///
    /// # Errors
    /// The first expression that fails, with a pointer to its string.
    pub fn render(&self, scope: &Scope<'_>) -> Result<Value, TemplateError> {
        Ok(render(&self.root, scope, &mut Vec::new())?.unwrap_or(Value::Null))
    }

    /// Whether it holds no expression: it renders to what it was compiled from.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        matches!(self.root, Node::Constant(_))
    }

    /// Every expression with the pointer to its string.
    #[must_use]
    pub fn expressions(&self) -> Vec<(String, &Expression)> {
        let mut found = Vec::new();
        collect(&self.root, &mut Vec::new(), &mut found);
        found
    }
}

/// One step of a JSON pointer, kept apart so that a pointer is only written when there is an error.
#[derive(Clone, Copy)]
enum Token<'a> {
    Name(&'a str),
    Index(usize),
}

fn pointer(tokens: &[Token<'_>]) -> String {
    tokens
        .iter()
        .map(|token| match token {
            Token::Name(name) => format!("/{}", crate::pointer::token(name)),
            Token::Index(index) => format!("/{index}"),
        })
        .collect()
}

fn failed(tokens: &[Token<'_>], error: ExpressionError) -> TemplateError {
    TemplateError { pointer: pointer(tokens), error }
}

fn compile<'a>(value: &'a Value, at: &mut Vec<Token<'a>>) -> Result<Node, TemplateError> {
    if at.len() > limits::VALUE_DEPTH_MAX {
        return Err(failed(at, ExpressionError::depth("the template is nested too deep")));
    }
    Ok(match value {
        Value::String(text) if text.contains("{{") => {
            let compiled = TextTemplate::compile(text.trim()).or_else(|_| TextTemplate::compile(text));
            match compiled.map_err(|error| failed(at, error))?.into_single() {
                Ok(expression) => Node::Value(expression),
                // Whitespace around text belongs to it.
                Err(_) => Node::Text(TextTemplate::compile(text).map_err(|error| failed(at, error))?),
            }
        }
        Value::Array(items) => {
            let mut nodes = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                at.push(Token::Index(index));
                nodes.push(compile(item, at)?);
                at.pop();
            }
            if nodes.iter().all(|node| matches!(node, Node::Constant(_))) {
                Node::Constant(value.clone())
            } else {
                Node::Array(nodes)
            }
        }
        Value::Object(members) => {
            let mut nodes = Vec::with_capacity(members.len());
            for (name, member) in members {
                at.push(Token::Name(name));
                nodes.push((name.clone(), compile(member, at)?));
                at.pop();
            }
            if nodes.iter().all(|(_, node)| matches!(node, Node::Constant(_))) {
                Node::Constant(value.clone())
            } else {
                Node::Object(nodes)
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Node::Constant(value.clone()),
    })
}

/// The value; `None` for one that is left out.
fn render<'a>(node: &'a Node, scope: &Scope<'_>, at: &mut Vec<Token<'a>>) -> Result<Option<Value>, TemplateError> {
    Ok(Some(match node {
        Node::Constant(value) => value.clone(),
        Node::Value(expression) => match expression.literal() {
            Some(value) => value.clone(),
            None => return expression.evaluate(scope).map_err(|error| failed(at, error)),
        },
        Node::Text(text) => Value::String(text.render(scope).map_err(|error| failed(at, error))?),
        Node::Array(nodes) => {
            let mut items = Vec::with_capacity(nodes.len());
            for (index, node) in nodes.iter().enumerate() {
                at.push(Token::Index(index));
                items.extend(render(node, scope, at)?);
                at.pop();
            }
            Value::Array(items)
        }
        Node::Object(nodes) => {
            let mut members = Map::with_capacity(nodes.len());
            for (name, node) in nodes {
                at.push(Token::Name(name));
                if let Some(member) = render(node, scope, at)? {
                    members.insert(name.clone(), member);
                }
                at.pop();
            }
            Value::Object(members)
        }
    }))
}

fn collect<'a>(node: &'a Node, at: &mut Vec<Token<'a>>, found: &mut Vec<(String, &'a Expression)>) {
    match node {
        Node::Constant(_) => {}
        Node::Value(expression) => found.push((pointer(at), expression)),
        Node::Text(text) => found.extend(text.expressions().map(|expression| (pointer(at), expression))),
        Node::Array(nodes) => {
            for (index, node) in nodes.iter().enumerate() {
                at.push(Token::Index(index));
                collect(node, at, found);
                at.pop();
            }
        }
        Node::Object(nodes) => {
            for (name, node) in nodes {
                at.push(Token::Name(name));
                collect(node, at, found);
                at.pop();
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::time::Timestamp;
    use serde_json::json;

    #[test]
    fn types_are_kept_where_a_string_is_one_expression() {
        let big = json!(9_007_199_254_740_993_u64);
        let customer = json!({ "id": 7, "tags": ["a"], "name": "Ada" });
        let scope = Scope::new(Timestamp(0)).with("big", &big).with("customer", &customer);
        let template = Template::compile(&json!({
            "big": "{{ big }}", "text": "id {{ customer.id }}", "all": ["{{customer.tags}}", " {{ customer.id }}\n"],
            "none": "{{ missing }}", "sum": "{{ customer.id + 1 }}", "{{ key }}": 1, "literal": "{{ 'x' }}",
            "null": "{{ null }}", "some": ["{{ missing }}", "{{ customer.id }}", { "deep": "{{ customer.no.thing }}" }],
        }));
        assert_eq!(
            template.unwrap().render(&scope).unwrap(),
            json!({
                "big": 9_007_199_254_740_993_u64, "text": "id 7", "all": [["a"], 7], "sum": 8,
                "{{ key }}": 1, "literal": "x", "null": null, "some": [7, {}],
            })
        );
    }

    #[test]
    fn a_whole_template_without_a_value_is_null() {
        let template = Template::compile(&json!("{{ missing.x }}")).unwrap();
        assert_eq!(template.render(&Scope::new(Timestamp(0))).unwrap(), Value::Null);
    }

    #[test]
    fn what_holds_no_expression_is_constant() {
        assert!(Template::compile(&json!({ "a": [1, "x", null] })).unwrap().is_constant());
        assert!(!Template::compile(&json!({ "a": [1, "{{ x }}", null] })).unwrap().is_constant());
        assert!(Template::default().is_constant());
    }

    #[test]
    fn errors_point_into_the_value() {
        let error = Template::compile(&json!({ "a/b": [1, "{{ x + }}"] })).unwrap_err();
        assert_eq!((error.pointer.as_str(), error.code()), ("/a~1b/1", "expression_parse"));
        let template = Template::compile(&json!([{ "x": "{{ 'a' + 1 }}" }])).unwrap();
        let error = template.render(&Scope::new(Timestamp(0))).unwrap_err();
        assert_eq!((error.pointer.as_str(), error.code()), ("/0/x", "expression_error"));
        assert_eq!(template.expressions()[0].0, "/0/x");
    }
}
