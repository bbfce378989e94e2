//! Text with expressions in it.

use super::{Expression, ExpressionError, Scope, limits};
use serde_json::Value;

/// A piece of a text template.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Expression(Expression),
}

/// Text with `{{ expression }}` in it, compiled; always renders to text.
///
/// Strings are put in as they are, `null` and nothing as nothing, everything else as compact JSON.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TextTemplate {
    parts: Vec<Part>,
}

/// Longest rendered text in bytes.
const RENDERED_BYTES_MAX: usize = limits::VALUE_WEIGHT_MAX;

impl TextTemplate {
    /// Compiles a template of any length; each expression keeps its own bounds.
    ///
    /// # Errors
    /// When an expression does not compile or its `}}` is missing; the position is the byte in the template.
    pub fn compile(source: &str) -> Result<Self, ExpressionError> {
        let mut parts = Vec::new();
        let mut at = 0;
        while let Some(open) = source[at..].find("{{").map(|found| at + found) {
            let inner = open + 2;
            if open > at {
                parts.push(Part::Text(source[at..open].to_owned()));
            }
            let (expression, close) = expression(source, open, inner)?;
            parts.push(Part::Expression(expression));
            at = close + 2;
        }
        if at < source.len() {
            parts.push(Part::Text(source[at..].to_owned()));
        }
        Ok(Self { parts })
    }

    /// Renders to text of at most 8 MiB.
    ///
    /// # Errors
    /// As [`Expression::evaluate`].
    pub fn render(&self, scope: &Scope<'_>) -> Result<String, ExpressionError> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Expression(expression) => match expression.evaluate(scope)? {
                    None | Some(Value::Null) => {}
                    Some(Value::String(value)) => text.push_str(&value),
                    Some(value) => text.push_str(&value.to_string()),
                },
            }
            if text.len() > RENDERED_BYTES_MAX {
                return Err(ExpressionError::size("the rendered text is too long"));
            }
        }
        Ok(text)
    }

    /// Renders like [`TextTemplate::render`], and says which expressions gave nothing, `null` or blank text.
    ///
    /// # Errors
    /// As there.
    pub fn render_noting_gaps(&self, scope: &Scope<'_>) -> Result<(String, Vec<&str>), ExpressionError> {
        let mut gaps = Vec::new();
        for expression in self.expressions() {
            match expression.evaluate(scope)? {
                None | Some(Value::Null) => gaps.push(expression.source()),
                Some(Value::String(text)) if text.trim().is_empty() => gaps.push(expression.source()),
                Some(_) => {}
            }
        }
        Ok((self.render(scope)?, gaps))
    }

    /// Renders with `gap` where an expression has no value yet, so that nothing reads as if it were complete.
    #[must_use]
    pub fn render_with_gaps(&self, scope: &Scope<'_>, gap: &str) -> String {
        let piece = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Expression(expression) => match expression.evaluate(scope) {
                Ok(Some(Value::String(value))) if !value.is_empty() => value,
                Ok(None | Some(Value::Null | Value::String(_))) | Err(_) => gap.to_owned(),
                Ok(Some(value)) => value.to_string(),
            },
        };
        self.parts.iter().map(piece).collect()
    }

    /// Whether it holds no expression.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.expressions().next().is_none()
    }

    /// The expressions in it.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Expression(expression) => Some(expression),
        })
    }

    /// Whether the whole template is exactly one expression.
    pub(crate) fn is_single(&self) -> bool {
        matches!(self.parts.as_slice(), [Part::Expression(_)])
    }

    /// The expression, when the whole template is exactly one.
    pub(super) fn into_single(mut self) -> Result<Expression, Self> {
        match self.parts.pop() {
            Some(Part::Expression(expression)) if self.parts.is_empty() => Ok(expression),
            Some(last) => {
                self.parts.push(last);
                Err(self)
            }
            None => Err(self),
        }
    }
}

/// Compiles the expression that starts at `inner` and says where its `}}` is.
fn expression(source: &str, open: usize, inner: usize) -> Result<(Expression, usize), ExpressionError> {
    /// Ends that are tried when quotes mislead, as a quote in a regular expression does.
    const ENDS_MAX: usize = 8;
    let compile = |close: usize| {
        let text = &source[inner..close];
        let leading = text.len() - text.trim_start().len();
        Expression::compile(text.trim())
            .map(|expression| (expression, close))
            .map_err(|error| ExpressionError { position: Some(inner + leading + error.position.unwrap_or(0)), ..error })
    };
    let first = match closing(&source[inner..]) {
        Some(close) => compile(inner + close),
        None => Err(ExpressionError::parse("`{{` without `}}`", Some(open))),
    };
    first.or_else(|error| {
        let ends = source[inner..].match_indices("}}").map(|(close, _)| inner + close).take(ENDS_MAX);
        ends.filter_map(|close| compile(close).ok()).next().ok_or(error)
    })
}

/// Where the `}}` is that ends an expression: not inside quotes, and not the end of its own braces.
fn closing(source: &str) -> Option<usize> {
    let bytes = source.as_bytes();
    let mut quote: Option<u8> = None;
    let mut braces = 0_usize;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match quote {
            Some(_) if byte == b'\\' => at += 1,
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None => match byte {
                b'"' | b'\'' | b'`' => quote = Some(byte),
                b'{' => braces += 1,
                b'}' if braces > 0 => braces -= 1,
                b'}' if bytes.get(at + 1) == Some(&b'}') => return Some(at),
                _ => {}
            },
        }
        at += 1;
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::time::Timestamp;
    use serde_json::json;

    fn render(source: &str) -> String {
        let (name, data, none) = (json!("Ada"), json!({ "a": [1, 2], "n": 1.5, "t": true }), json!(null));
        let scope = Scope::new(Timestamp(0)).with("name", &name).with("data", &data).with("none", &none);
        TextTemplate::compile(source).unwrap().render(&scope).unwrap()
    }

    #[test]
    fn values_are_put_into_text() {
        assert_eq!(render("Hello {{ name }}!"), "Hello Ada!");
        assert_eq!(render("{{name}}{{ name }}"), "AdaAda");
        assert_eq!(render("[{{ none }}{{ missing.x }}]"), "[]");
        assert_eq!(
            render("{{ data.n }} {{ data.t }} {{ data.a }} {{ data }}"),
            r#"1.5 true [1,2] {"a":[1,2],"n":1.5,"t":true}"#
        );
        assert_eq!(render("no expression }} here"), "no expression }} here");
        assert_eq!(render(""), "");
    }

    #[test]
    fn braces_and_quotes_in_an_expression_do_not_end_it() {
        assert_eq!(render(r#"a {{ "}}" & '{{' & name }} b"#), "a }}{{Ada b");
        assert_eq!(render(r#"{{ "\"}}" }}"#), "\"}}");
        assert_eq!(render(r#"{{ {"a": {"b": 1}} }}"#), r#"{"a":{"b":1}}"#);
        assert_eq!(render(r#"{{{"a": {"b": 1}}}}"#), r#"{"a":{"b":1}}"#);
        assert_eq!(render(r#"{{ $replace("it's", /'/, "") }} {{ name }}"#), "its Ada");
    }

    #[test]
    fn errors_say_where() {
        let error = TextTemplate::compile("ab {{ name").unwrap_err();
        assert_eq!((error.code(), error.position), ("expression_parse", Some(3)));
        let error = TextTemplate::compile("ab {{  }} cd").unwrap_err();
        assert_eq!(error.code(), "expression_parse");
        assert!(TextTemplate::compile("ab {{ name + }} cd").is_err());
    }
}
