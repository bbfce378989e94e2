//! One compiled expression.

use super::{
    ExpressionError, ExpressionErrorKind, Scope,
    analyse::{Comparison, Pair, Reads, analyse},
    convert::{self, Budget},
    guard::{self, Guards},
    harden::harden,
    limits,
    natives::counts,
    never::{self, Knowing},
    plan::{self, Found, Plan},
    truth,
};
use crate::time::Timestamp;
use indexmap::IndexMap;
use jsonata_core::{
    ast::AstNode,
    evaluator::{Context, Evaluator, EvaluatorError, EvaluatorOptions},
    parser,
    value::JValue,
};
use serde_json::Value;
use std::{
    fmt,
    sync::{Arc, OnceLock},
};

/// A compiled JSONata expression; cheap to clone.
#[derive(Clone)]
pub struct Expression(Arc<Compiled>);

struct Compiled {
    source: String,
    plan: Plan,
    hardened: (AstNode, Guards),
    /// As `hardened`, for values in which numbers are carried for their digits; made when the first such value comes.
    carrying: OnceLock<(AstNode, Guards)>,
    reads: Reads,
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.0.source).finish()
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.0.source == other.0.source
    }
}

/// Where the root names come from.
#[derive(Clone, Copy)]
enum Root<'a> {
    Scope(&'a Scope<'a>),
    Value(&'a Value),
}

impl<'a> Root<'a> {
    fn follow(self, path: &[String]) -> Found<'a> {
        match (self, path.split_first()) {
            (Self::Scope(scope), Some((root, rest))) => plan::follow(scope.get(root), rest),
            (Self::Value(value), Some(_)) => plan::follow(Some(value), path),
            (_, None) => Found::Nothing,
        }
    }

    /// The evaluator's input: only what is read.
    fn input(self, reads: &Reads, budget: &mut Budget) -> Result<JValue, ExpressionError> {
        let scope = match self {
            Self::Scope(scope) => scope,
            Self::Value(value) => return convert::project(value, &reads.tree, budget, 0),
        };
        let mut map = IndexMap::with_capacity(reads.roots.len());
        if reads.whole {
            for (name, value) in scope.entries() {
                map.insert(name.to_owned(), convert::to_evaluator(value, budget, 1)?);
            }
        } else {
            for (name, below) in &reads.tree.names {
                if let Some(value) = scope.get(name) {
                    map.insert(name.clone(), convert::project(value, below, budget, 1)?);
                }
            }
        }
        Ok(JValue::object(map))
    }
}

impl Expression {
    /// Compiles a source of at most [`limits::SOURCE_BYTES_MAX`] bytes.
    ///
    /// # Errors
    /// When it is not JSONata, too long or nested too deep.
    pub fn compile(source: &str) -> Result<Self, ExpressionError> {
        check_source(source)?;
        let node = parser::parse(source).map_err(|error| parse_error(&error.to_string(), source))?;
        let plan = Plan::of(&node);
        let reads = analyse(&node);
        if reads.stray_range {
            return Err(ExpressionError::parse("S0201: a range stands in brackets: [1..5]", source.find("..")));
        }
        if let Some((position, digits)) = lost_digits(source, &reads.large) {
            let message =
                format!("{digits} has more digits than a number keeps: compare it as text, $string(id) = '{digits}'");
            return Err(ExpressionError::parse(message, Some(position)));
        }
        let hardened = harden(node, &reads.bound, false);
        let carrying = OnceLock::new();
        Ok(Self(Arc::new(Compiled { source: source.to_owned(), plan, hardened, carrying, reads })))
    }

    /// Evaluates in a scope; `None` is JSONata's nothing.
    ///
    /// # Errors
    /// When the values do not fit, or a bound is reached.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<Option<Value>, ExpressionError> {
        self.run(Root::Scope(scope), scope.now())
    }

    /// Evaluates over any JSON value as the root, at a given time.
    ///
    /// # Errors
    /// As [`Expression::evaluate`].
    pub fn evaluate_value(&self, data: &Value, now: Timestamp) -> Result<Option<Value>, ExpressionError> {
        self.run(Root::Value(data), now)
    }

    /// Whether the value counts as true by JSONata's `$boolean` (nothing is false), and the value itself.
    ///
    /// # Errors
    /// As [`Expression::evaluate`].
    pub fn truthy(&self, scope: &Scope<'_>) -> Result<(bool, Option<Value>), ExpressionError> {
        let value = self.evaluate(scope)?;
        Ok((value.as_ref().is_some_and(truth::truthy), value))
    }

    /// The source it was compiled from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// The root names it reads, in order; see [`Expression::reads_everything`].
    #[must_use]
    pub fn roots(&self) -> &[String] {
        &self.0.reads.roots
    }

    /// The paths it reads from the root, each as far as it is a plain chain of names.
    #[must_use]
    pub fn paths(&self) -> &[Vec<String>] {
        &self.0.reads.paths
    }

    /// Whether it may read every root name (`$`, `*`, `**`).
    #[must_use]
    pub fn reads_everything(&self) -> bool {
        self.0.reads.whole
    }

    /// The `$names` it uses that are neither bound in it nor functions.
    #[must_use]
    pub fn unknown_functions(&self) -> &[String] {
        &self.0.reads.unknown
    }

    /// The paths from the root that it compares with a literal.
    #[must_use]
    pub fn comparisons(&self) -> &[Comparison] {
        &self.0.reads.comparisons
    }

    /// The pairs of paths from the root that it compares with each other.
    #[must_use]
    pub fn pairs(&self) -> &[Pair] {
        &self.0.reads.pairs
    }

    /// Whether it says what holds when this path, or one that it is a part of, is absent: `?? `, `$exists`, `$count`.
    #[must_use]
    pub fn tests(&self, path: &[String]) -> bool {
        self.0.reads.tested.iter().any(|tested| path.starts_with(tested))
    }

    /// The functions it uses that a workflow may not use: `random`, `shuffle`, `eval`.
    #[must_use]
    pub fn refused_functions(&self) -> &[&'static str] {
        &self.0.reads.refused
    }

    /// The path, when it is a plain chain of names from the root and nothing else.
    #[must_use]
    pub fn plain_path(&self) -> Option<&[String]> {
        match &self.0.plan {
            Plan::Path(path) => Some(path),
            Plan::Literal(_) | Plan::Compare { .. } | Plan::Evaluate => None,
        }
    }

    /// Why it never holds as a condition, as far as that can be proven; `None` when it may hold.
    pub fn never_holds(&self, known: &dyn Knowing) -> Option<String> {
        parser::parse(&self.0.source).ok().and_then(|node| never::never(&node, known))
    }

    /// The value of one that reads nothing, not even the time; `None` when it reads something.
    #[must_use]
    pub fn constant(&self) -> Option<Result<Option<Value>, ExpressionError>> {
        // The time changes; functions and ranges may take long.
        let open = ["$now", "$millis", "function", "λ", ".."].iter().any(|name| self.0.source.contains(name));
        let fixed = self.0.reads.paths.is_empty() && !self.0.reads.whole && !open && self.0.source.len() <= 1000;
        fixed.then(|| self.evaluate(&Scope::new(Timestamp(0))))
    }

    /// The value, when it is a literal.
    pub(super) fn literal(&self) -> Option<&Value> {
        match &self.0.plan {
            Plan::Literal(value) => Some(value),
            Plan::Path(_) | Plan::Compare { .. } | Plan::Evaluate => None,
        }
    }

    fn run(&self, root: Root<'_>, now: Timestamp) -> Result<Option<Value>, ExpressionError> {
        match &self.0.plan {
            Plan::Path(path) => match root.follow(path) {
                Found::Value(value) => return Ok(Some(value.clone())),
                Found::Nothing => return Ok(None),
                Found::Mapped => {}
            },
            Plan::Literal(value) => return Ok(Some(value.clone())),
            Plan::Compare { path, test, literal } => {
                if let Some(answer) = plan::compare(root.follow(path), *test, literal) {
                    return Ok(answer.map(Value::Bool));
                }
            }
            Plan::Evaluate => {}
        }
        self.run_evaluator(root, now)
    }

    fn run_evaluator(&self, root: Root<'_>, now: Timestamp) -> Result<Option<Value>, ExpressionError> {
        let mut budget = Budget::new();
        let input = root.input(&self.0.reads, &mut budget)?;
        budget.told_apart()?;
        let (node, guards) = if budget.carries { self.carrying()? } else { &self.0.hardened };
        let options = EvaluatorOptions {
            timeout_ms: Some(limits::EVALUATION_MILLIS_MAX),
            cancel: super::cancel::current(),
            max_stack_depth: Some(limits::EVALUATION_DEPTH_MAX),
            max_sequence_length: Some(limits::SEQUENCE_ITEMS_MAX),
        };
        let mut evaluator = Evaluator::with_options(Context::new(), options);
        guard::register(&mut evaluator, *guards, now).map_err(|error| evaluation_error(&error))?;
        let output = evaluator.evaluate(node, &input).map_err(|error| evaluation_error(&error))?;
        let mut answer = Budget::new();
        answer.carries = budget.carries;
        convert::from_evaluator(&output, &mut answer, 0)
    }

    fn carrying(&self) -> Result<&(AstNode, Guards), ExpressionError> {
        if let Some(made) = self.0.carrying.get() {
            return Ok(made);
        }
        let node = parser::parse(&self.0.source).map_err(|error| ExpressionError::parse(error.to_string(), None))?;
        Ok(self.0.carrying.get_or_init(|| harden(node, &self.0.reads.bound, true)))
    }
}

/// The first whole number of a source that lost digits when it was read, with its place. The parser keeps doubles only.
#[allow(clippy::cast_precision_loss, clippy::float_cmp)]
fn lost_digits<'a>(source: &'a str, large: &[f64]) -> Option<(usize, &'a str)> {
    let mut at = 0;
    while !large.is_empty()
        && let Some(start) = source[at..].find(|c: char| c.is_ascii_digit()).map(|found| at + found)
    {
        let digits = source[start..].split(|c: char| !c.is_ascii_digit()).next()?;
        at = start + digits.len();
        let lost = match digits.parse::<i128>() {
            Ok(number) => large.contains(&(number as f64)) && !counts(number),
            Err(_) => digits.len() > 38,
        };
        if lost {
            return Some((start, digits));
        }
    }
    None
}

/// Refuses what would make the parser work without end: very long sources and very deep nesting.
fn check_source(source: &str) -> Result<(), ExpressionError> {
    if source.trim().is_empty() {
        return Err(ExpressionError::parse("the expression is empty", None));
    }
    if source.len() > limits::SOURCE_BYTES_MAX {
        let max = limits::SOURCE_BYTES_MAX;
        return Err(ExpressionError::parse(format!("the expression is longer than {max} bytes"), Some(max)));
    }
    let mut depth = 0_usize;
    for (position, byte) in source.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limits::BRACKET_DEPTH_MAX {
            let max = limits::BRACKET_DEPTH_MAX;
            return Err(ExpressionError::parse(
                format!("brackets are nested deeper than {max} levels"),
                Some(position),
            ));
        }
    }
    Ok(())
}

fn parse_error(message: &str, source: &str) -> ExpressionError {
    let position = if ended(message) { source.len() } else { first_wrong(source) };
    ExpressionError::parse(message, Some(position))
}

/// Whether the parser would have taken more.
fn ended(message: &str) -> bool {
    message.contains("end of expression") || message.contains("must be terminated")
}

/// The parser names no positions: the place is where the longest beginning ends that could still become an expression.
fn first_wrong(source: &str) -> usize {
    let viable = |end: usize| match parser::parse(&source[..end]) {
        Ok(_) => true,
        Err(error) => source[..end].trim().is_empty() || ended(&error.to_string()),
    };
    let ends: Vec<usize> = source.char_indices().map(|(at, _)| at).collect();
    let good = ends.partition_point(|end| viable(*end));
    let mut at = ends.get(good.saturating_sub(1)).copied().unwrap_or(0);
    // Back to where the word begins that made it wrong.
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    while let Some(before) = source[..at].chars().next_back().filter(|c| word(*c)) {
        if !source[at..].starts_with(word) {
            break;
        }
        at -= before.len_utf8();
    }
    at
}

fn evaluation_error(error: &EvaluatorError) -> ExpressionError {
    let message = error.message().replace(super::carried::MARK, "");
    let message = message.as_str();
    if let Some(message) = message.strip_prefix(guard::SIZE) {
        return ExpressionError::size(message);
    }
    if let Some(message) = message.strip_prefix(guard::DEPTH) {
        return ExpressionError::depth(message);
    }
    let kind = match error.code() {
        Some("D1012") => ExpressionErrorKind::GuardTime,
        Some("D1011" | "U1001" | "U1002") => ExpressionErrorKind::GuardDepth,
        Some("D2014" | "D2015") => ExpressionErrorKind::GuardSize,
        _ => ExpressionErrorKind::Evaluate,
    };
    ExpressionError::new(kind, message)
}
