//! Why an expression or a template was refused.

use std::fmt;

/// What kind of refusal it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpressionErrorKind {
    /// The source is not an expression.
    Parse,
    /// The values do not fit what the expression does with them.
    Evaluate,
    /// It ran longer than the time bound.
    GuardTime,
    /// It nested deeper than the depth bound.
    GuardDepth,
    /// It made more than the size bounds allow.
    GuardSize,
}

/// Why an expression could not be compiled or evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// What kind of refusal it is.
    pub kind: ExpressionErrorKind,
    /// One sentence for a person; carries JSONata's own code in front when there is one.
    pub message: String,
    /// Byte offset in the source, when known.
    pub position: Option<usize>,
}

impl ExpressionError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.kind {
            ExpressionErrorKind::Parse => "expression_parse",
            ExpressionErrorKind::Evaluate => "expression_error",
            ExpressionErrorKind::GuardTime => "expression_time",
            ExpressionErrorKind::GuardDepth => "expression_depth",
            ExpressionErrorKind::GuardSize => "expression_size",
        }
    }

    pub(crate) fn new(kind: ExpressionErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), position: None }
    }

    pub(crate) fn parse(message: impl Into<String>, position: Option<usize>) -> Self {
        Self { kind: ExpressionErrorKind::Parse, message: message.into(), position }
    }

    pub(crate) fn size(message: impl Into<String>) -> Self {
        Self::new(ExpressionErrorKind::GuardSize, message)
    }

    pub(crate) fn depth(message: impl Into<String>) -> Self {
        Self::new(ExpressionErrorKind::GuardDepth, message)
    }
}

/// An expression error and where in the template's value it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// JSON pointer inside the template's value; empty for the value itself.
    pub pointer: String,
    /// What is wrong there.
    pub error: ExpressionError,
}

impl TemplateError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.error.code()
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_empty() { self.error.fmt(f) } else { write!(f, "{}: {}", self.pointer, self.error) }
    }
}

impl std::error::Error for TemplateError {}
