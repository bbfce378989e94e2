//! Rewrites a syntax tree so that what it can make is bounded and what it answers depends on its scope alone.
//!
//! A value can only grow out of bounds by being used again: in a constructor, joined to itself, bound, mapped over, or
//! handed to a function whose answer is larger than its arguments. Those places get a [`Guard`] around the value; the
//! meaning of the tree stays the same (`tests/jsonata_semantics.rs`).

// The syntax tree is JSONata's enum: where only some nodes matter, the rest are passed over on purpose.
#![allow(clippy::wildcard_enum_match_arm)]

use super::{
    functions::{self, REFUSED},
    guard::{Guard, Guards},
    limits,
    natives::Url,
};
use jsonata_core::{
    ast::{AstNode, BinaryOp, PathStep, Stage},
    value::with_stack,
};
use std::collections::BTreeSet;

/// The bounded tree and the guards it needs. `carrying`: for values in which numbers are carried for their digits.
pub(super) fn harden(node: AstNode, bound: &BTreeSet<String>, carrying: bool) -> (AstNode, Guards) {
    let mut harden = Harden { bound, carrying, guards: Guards::default() };
    let node = harden.node(node);
    (node, harden.guards)
}

struct Harden<'a> {
    bound: &'a BTreeSet<String>,
    carrying: bool,
    guards: Guards,
}

impl Harden<'_> {
    fn node(&mut self, node: AstNode) -> AstNode {
        with_stack(|| self.node_inner(node))
    }

    fn boxed(&mut self, node: AstNode) -> Box<AstNode> {
        Box::new(self.node(node))
    }

    fn nodes(&mut self, nodes: Vec<AstNode>) -> Vec<AstNode> {
        nodes.into_iter().map(|node| self.node(node)).collect()
    }

    fn node_inner(&mut self, node: AstNode) -> AstNode {
        match node {
            leaf @ (AstNode::String(_)
            | AstNode::Name(_)
            | AstNode::Number(_)
            | AstNode::Boolean(_)
            | AstNode::Null
            | AstNode::Undefined
            | AstNode::Placeholder
            | AstNode::Regex { .. }
            | AstNode::ParentVariable(_)
            | AstNode::Wildcard
            | AstNode::Descendant
            | AstNode::Parent(_)) => leaf,
            AstNode::Variable(name) => self.variable(name),
            AstNode::Path { steps } => AstNode::Path { steps: self.path(steps) },
            AstNode::Binary { op, lhs, rhs } => self.binary(op, *lhs, *rhs),
            AstNode::Unary { op, operand } => {
                let operand = self.node(*operand);
                AstNode::Unary { op, operand: Box::new(self.carrying(Guard::Exact, operand)) }
            }
            AstNode::Function { name, args, is_builtin: true } if self.is_builtin(&name) => self.call(name, args),
            AstNode::Function { name, args, is_builtin } => {
                AstNode::Function { name, args: self.arguments(args), is_builtin }
            }
            AstNode::Call { procedure, args } => {
                AstNode::Call { procedure: self.boxed(*procedure), args: self.arguments(args) }
            }
            AstNode::Lambda { params, body, signature, thunk } => {
                // A tail call must stay the last thing a body does.
                let body = if thunk { self.node(*body) } else { self.complex(*body) };
                AstNode::Lambda { params, body: Box::new(body), signature, thunk }
            }
            AstNode::Array(items) => AstNode::Array(self.elements(items)),
            AstNode::ArrayGroup(items) => AstNode::ArrayGroup(self.elements(items)),
            AstNode::Object(pairs) => AstNode::Object(self.pairs(pairs)),
            AstNode::ObjectTransform { input, pattern } => {
                AstNode::ObjectTransform { input: self.boxed(*input), pattern: self.pairs(pattern) }
            }
            AstNode::Block(items) => AstNode::Block(self.nodes(items)),
            AstNode::Conditional { condition, then_branch, else_branch } => AstNode::Conditional {
                condition: self.boxed(*condition),
                then_branch: self.boxed(*then_branch),
                else_branch: else_branch.map(|branch| self.boxed(*branch)),
            },
            AstNode::FunctionApplication(inner) => AstNode::FunctionApplication(self.boxed(*inner)),
            AstNode::Sort { input, terms } => AstNode::Sort {
                input: self.boxed(*input),
                terms: terms.into_iter().map(|(term, ascending)| (self.exact(term), ascending)).collect(),
            },
            AstNode::Transform { location, update, delete } => AstNode::Transform {
                location: self.boxed(*location),
                update: self.boxed(*update),
                delete: delete.map(|delete| self.boxed(*delete)),
            },
        }
    }

    fn is_builtin(&self, name: &str) -> bool {
        !self.bound.contains(name) && (functions::function(name).is_some() || REFUSED.contains(&name))
    }

    /// A function handed on by name becomes a lambda that calls it, so that the call can be guarded.
    fn variable(&mut self, name: String) -> AstNode {
        let special =
            matches!(name.as_str(), "now" | "millis" | "toMillis" | "fromMillis" | "number" | "sift" | "sort")
                || url(&name).is_some()
                || (self.carrying && !moves(&name));
        let arity = match functions::function(&name) {
            _ if self.bound.contains(&name) => None,
            // `$zip` takes any number of arguments: handed on it stays itself, and what it is called with is bounded.
            Some(function) if (special || function.grows) && (function.arity > 0 || name == "millis") => {
                Some(function.arity)
            }
            Some(_) => None,
            None => REFUSED.contains(&name.as_str()).then_some(1),
        };
        let Some(arity) = arity else { return AstNode::Variable(name) };
        let params: Vec<String> = (1..=arity).map(|index| format!("guard:{index}")).collect();
        let args = if matches!(name.as_str(), "now") { &[][..] } else { &params[..] };
        let body = self.call(name, args.iter().cloned().map(AstNode::Variable).collect());
        AstNode::Lambda { params, body: Box::new(body), signature: None, thunk: true }
    }

    fn call(&mut self, name: String, args: Vec<AstNode>) -> AstNode {
        let args = if self.carrying { self.carried(&name, args) } else { args };
        self.guarded(name, args)
    }

    /// Where numbers are carried, only functions that move values take them.
    fn carried(&mut self, name: &str, args: Vec<AstNode>) -> Vec<AstNode> {
        let guard = if name == "string" { Guard::Digits } else { Guard::Exact };
        let takes = moves(name) && !(name == "sort" && args.len() < 2);
        let args = args.into_iter().enumerate();
        args.map(|(at, arg)| if takes && !(name == "lookup" && at == 1) { arg } else { self.carrying(guard, arg) })
            .collect()
    }

    fn guarded(&mut self, name: String, mut args: Vec<AstNode>) -> AstNode {
        if let Some(url) = url(&name) {
            if args.is_empty() {
                args.push(AstNode::Variable(String::new()));
            }
            let args = self.growing(args);
            return self.plant_all(Guard::Url(url), args);
        }
        match name.as_str() {
            "random" | "shuffle" | "eval" => return self.plant(Guard::Refused, vec![AstNode::String(name)]),
            "millis" if args.is_empty() => return self.plant(Guard::Millis, Vec::new()),
            "now" => {
                args.insert(0, self.plant(Guard::Millis, Vec::new()));
                return self.guarded("fromMillis".to_owned(), args);
            }
            "fromMillis" => return self.time_written(args),
            "toMillis" => return self.time_read(args),
            "number" => return self.checked(name, 0, args, Guard::NumberText),
            "sort" | "sift" if args.len() == 2 => return self.checked(name, 1, args, Guard::Callback),
            "pad" => {
                let args = self.arguments(args).into_iter().map(|arg| self.plant(Guard::Width, vec![arg])).collect();
                return builtin(name, args);
            }
            "replace" | "join" => return self.repeating(name, args),
            "match" if !args.is_empty() => return self.checked(name, 0, args, Guard::Text),
            _ => {}
        }
        let grows = functions::function(&name).is_some_and(|function| function.grows);
        let args = if grows { self.growing(args) } else { self.nodes(args) };
        builtin(name, args)
    }

    /// A call with a guard around one argument.
    fn checked(&mut self, name: String, which: usize, args: Vec<AstNode>, guard: Guard) -> AstNode {
        let args = self.growing(args).into_iter().enumerate();
        let args = args.map(|(at, arg)| if at == which { self.plant(guard, vec![arg]) } else { arg }).collect();
        builtin(name, args)
    }

    /// With a zone, the time is needed twice: `(function($t, $p, $z){ $fromMillis($t, $p, zone($t, $z)) })(…)`.
    fn time_written(&mut self, args: Vec<AstNode>) -> AstNode {
        let args = self.nodes(args);
        if args.len() != 3 {
            let args = args.into_iter().enumerate();
            let args = args.map(|(at, arg)| self.plant(if at == 0 { Guard::Whole } else { Guard::Picture }, vec![arg]));
            let args = args.collect();
            return builtin("fromMillis".to_owned(), args);
        }
        let [time, picture, zone] = ["guard:t", "guard:p", "guard:z"].map(|name| AstNode::Variable(name.to_owned()));
        let body = vec![
            self.plant(Guard::Whole, vec![time.clone()]),
            self.plant(Guard::Picture, vec![picture]),
            self.plant(Guard::Zone, vec![time, zone]),
        ];
        called("fromMillis", &["guard:t", "guard:p", "guard:z"], body, args, None)
    }

    fn time_read(&mut self, args: Vec<AstNode>) -> AstNode {
        let args = self.nodes(args);
        if !matches!(args.len(), 2 | 3) {
            return builtin("toMillis".to_owned(), args);
        }
        let [text, picture, zone] = ["guard:s", "guard:p", "guard:z"].map(|name| AstNode::Variable(name.to_owned()));
        let body =
            vec![self.plant(Guard::Stamp, vec![text, picture.clone()]), self.plant(Guard::DatePicture, vec![picture])];
        let zoned = (args.len() > 2).then_some(zone);
        let params = if zoned.is_some() { &["guard:s", "guard:p", "guard:z"][..] } else { &["guard:s", "guard:p"] };
        if zoned.is_some() {
            self.guards.insert(Guard::Local);
        }
        called("toMillis", params, body, args, zoned)
    }

    /// Hardens a node whose value must be one that the evaluator can calculate with.
    fn exact(&mut self, node: AstNode) -> AstNode {
        let node = self.node(node);
        self.carrying(Guard::Exact, node)
    }

    /// A guard that is needed only where numbers are carried, around what may be one.
    fn carrying(&mut self, guard: Guard, node: AstNode) -> AstNode {
        let never = matches!(
            node,
            AstNode::String(_)
                | AstNode::Number(_)
                | AstNode::Boolean(_)
                | AstNode::Null
                | AstNode::Undefined
                | AstNode::Placeholder
                | AstNode::Regex { .. }
                | AstNode::Lambda { .. }
        );
        if !self.carrying || never { node } else { self.plant(guard, vec![node]) }
    }

    /// `$replace` and `$join` repeat one argument as often as another is long.
    fn repeating(&mut self, name: String, mut args: Vec<AstNode>) -> AstNode {
        // `s.$replace(p, r)` takes the context as its first argument.
        if name == "replace" && args.len() == 2 {
            args.insert(0, self.plant(Guard::Subject, vec![AstNode::Variable(String::new())]));
        }
        if name == "replace" {
            let args_in = args.into_iter().enumerate();
            args = args_in.map(|(at, arg)| if matches!(at, 1 | 2) { self.pattern(arg) } else { arg }).collect();
        }
        let repeated = if name == "replace" { 2 } else { 1 };
        if matches!(args.get(repeated), Some(AstNode::Lambda { .. })) {
            let args = self.growing(args);
            return builtin(name, args);
        }
        if args.len() <= repeated || args.iter().any(|arg| matches!(arg, AstNode::Placeholder)) {
            let args = self.growing(args);
            return builtin(name, args.into_iter().map(|arg| self.small(arg)).collect());
        }
        let mut hardened = Vec::with_capacity(args.len());
        for (at, arg) in args.into_iter().enumerate() {
            let arg = self.node(arg);
            hardened.push(match at {
                0 => self.plant(Guard::Push, vec![arg]),
                at if at == repeated => self.plant(Guard::Times, vec![arg]),
                _ => arg,
            });
        }
        builtin(name, hardened)
    }

    fn pattern(&mut self, arg: AstNode) -> AstNode {
        match arg {
            plain @ (AstNode::String(_) | AstNode::Placeholder | AstNode::Lambda { .. } | AstNode::Regex { .. }) => {
                plain
            }
            other => self.plant(Guard::Pattern, vec![other]),
        }
    }

    /// Partial applications are bounded by what each argument may be.
    fn small(&mut self, arg: AstNode) -> AstNode {
        const SMALL: f64 = 64.0 * 1024.0;
        match arg {
            plain @ (AstNode::Placeholder | AstNode::Lambda { .. } | AstNode::Regex { .. }) => plain,
            other => self.plant(Guard::Bound, vec![other, AstNode::Number(SMALL)]),
        }
    }

    fn plant(&mut self, guard: Guard, args: Vec<AstNode>) -> AstNode {
        if args.first().is_some_and(|arg| matches!(arg, AstNode::Placeholder)) {
            return AstNode::Placeholder;
        }
        self.plant_all(guard, args)
    }

    /// As `plant`, and a placeholder makes it a partial application.
    fn plant_all(&mut self, guard: Guard, args: Vec<AstNode>) -> AstNode {
        self.guards.insert(guard);
        AstNode::Function { name: guard.name().to_owned(), args, is_builtin: true }
    }

    /// Hardens and bounds a value unless it is bounded by its form.
    fn bounded(&mut self, node: AstNode, limit: Option<f64>) -> AstNode {
        if is_bounded(&node) {
            return self.node(node);
        }
        let mut args = vec![self.node(node)];
        args.extend(limit.map(AstNode::Number));
        self.plant(Guard::Bound, args)
    }

    /// As `bounded`, and leaves names alone: what they hold was bounded when it was bound.
    fn complex(&mut self, node: AstNode) -> AstNode {
        if matches!(node, AstNode::Variable(_)) { self.node(node) } else { self.bounded(node, None) }
    }

    fn arguments(&mut self, args: Vec<AstNode>) -> Vec<AstNode> {
        args.into_iter().map(|arg| self.bounded(arg, None)).collect()
    }

    /// The arguments of a function whose answer can be larger: the first is data, the others may be functions.
    fn growing(&mut self, args: Vec<AstNode>) -> Vec<AstNode> {
        let args = args.into_iter().enumerate();
        args.map(|(at, arg)| if at == 0 { self.bounded(arg, None) } else { self.complex(arg) }).collect()
    }

    /// The members of a constructor may together weigh what one value may.
    fn elements(&mut self, items: Vec<AstNode>) -> Vec<AstNode> {
        let limit = share(items.len());
        items
            .into_iter()
            .map(|item| match item {
                range @ AstNode::Binary { op: BinaryOp::Range, .. } => self.node(range),
                // A constructor inside a constructor is pushed whole: it must stay one to the evaluator's eye.
                array @ AstNode::Array(_) => self.node(array),
                AstNode::Path { steps } if steps.len() == 1 && matches!(steps[0].node, AstNode::Array(_)) => {
                    self.node(AstNode::Path { steps })
                }
                other => self.bounded(other, limit),
            })
            .collect()
    }

    fn pairs(&mut self, pairs: Vec<(AstNode, AstNode)>) -> Vec<(AstNode, AstNode)> {
        let limit = share(pairs.len());
        pairs.into_iter().map(|(key, value)| (self.exact(key), self.bounded(value, limit))).collect()
    }

    fn binary(&mut self, op: BinaryOp, lhs: AstNode, rhs: AstNode) -> AstNode {
        let (lhs, rhs) = match op {
            BinaryOp::Concatenate => {
                let (lhs, rhs) = (self.bounded(lhs, None), self.bounded(rhs, None));
                (self.carrying(Guard::Digits, lhs), self.carrying(Guard::Digits, rhs))
            }
            BinaryOp::Equal | BinaryOp::NotEqual | BinaryOp::In => (self.complex(lhs), self.complex(rhs)),
            BinaryOp::Range => {
                let (lhs, rhs) = (self.node(lhs), self.node(rhs));
                (self.plant(Guard::Push, vec![lhs]), self.plant(Guard::RangeEnd, vec![rhs]))
            }
            BinaryOp::ColonEqual => (lhs, self.complex(rhs)),
            BinaryOp::ChainPipe => return self.pipe(lhs, rhs),
            BinaryOp::Add
            | BinaryOp::Subtract
            | BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::Modulo
            | BinaryOp::LessThan
            | BinaryOp::LessThanOrEqual
            | BinaryOp::GreaterThan
            | BinaryOp::GreaterThanOrEqual => (self.exact(lhs), self.exact(rhs)),
            BinaryOp::And
            | BinaryOp::Or
            | BinaryOp::FocusBind
            | BinaryOp::IndexBind
            | BinaryOp::Coalesce
            | BinaryOp::Default => (self.node(lhs), self.node(rhs)),
        };
        AstNode::Binary { op, lhs: Box::new(lhs), rhs: Box::new(rhs) }
    }

    /// `a ~> $f(b)` is `$f(a, b)`: written so, the call is guarded like any other.
    fn pipe(&mut self, lhs: AstNode, rhs: AstNode) -> AstNode {
        match rhs {
            AstNode::Function { name, mut args, is_builtin: true }
                if self.is_builtin(&name) && !args.iter().any(|arg| matches!(arg, AstNode::Placeholder)) =>
            {
                args.insert(0, lhs);
                self.call(name, args)
            }
            rhs => {
                let (lhs, rhs) = (self.complex(lhs), self.node(rhs));
                AstNode::Binary { op: BinaryOp::ChainPipe, lhs: Box::new(lhs), rhs: Box::new(rhs) }
            }
        }
    }

    fn path(&mut self, steps: Vec<PathStep>) -> Vec<PathStep> {
        let tuples = steps.iter().any(|step| {
            step.is_tuple
                || step.inner_tuple
                || step.focus.is_some()
                || step.index_var.is_some()
                || step.ancestor_label.is_some()
        });
        let mut hardened: Vec<PathStep> = Vec::with_capacity(steps.len());
        let mut steps = steps.into_iter().peekable();
        while let Some(mut step) = steps.next() {
            step.stages = self.stages(step.stages);
            if hardened.is_empty() || tuples {
                // What a path walks over is bounded before it does.
                let walked = hardened.is_empty() && !tuples && step.stages.is_empty() && steps.peek().is_some();
                let called = matches!(step.node, AstNode::Function { .. } | AstNode::Call { .. });
                step.node = if walked && called { self.bounded(step.node, None) } else { self.node(step.node) };
                hardened.push(step);
                continue;
            }
            step.node = match step.node {
                AstNode::FunctionApplication(inner) if !is_bounded(&inner) => {
                    let inner = self.node(*inner);
                    AstNode::FunctionApplication(Box::new(self.plant(Guard::Step, vec![inner])))
                }
                far @ AstNode::ParentVariable(_) => self.far(far, &mut step.stages, &mut steps),
                AstNode::Variable(name) if !name.is_empty() => {
                    self.far(AstNode::Variable(name), &mut step.stages, &mut steps)
                }
                other => self.node(other),
            };
            hardened.push(step);
        }
        hardened
    }

    /// `a.$$.b` reads `b` once for every item of `a`: the names after it are read inside the counted step.
    fn far(
        &mut self,
        start: AstNode,
        stages: &mut Vec<Stage>,
        steps: &mut std::iter::Peekable<std::vec::IntoIter<PathStep>>,
    ) -> AstNode {
        let mut inner = vec![PathStep::new(start)];
        while stages.is_empty() {
            let Some(mut next) = steps.next_if(|next| matches!(next.node, AstNode::Name(_))) else { break };
            *stages = self.stages(std::mem::take(&mut next.stages));
            inner.push(next);
        }
        let inner = if inner.len() == 1 { inner.remove(0).node } else { AstNode::Path { steps: inner } };
        AstNode::FunctionApplication(Box::new(self.plant(Guard::Step, vec![inner])))
    }

    /// A filter's condition: a number in it is a place in the list.
    fn condition(&mut self, condition: AstNode) -> AstNode {
        if matches!(condition, AstNode::Binary { .. } | AstNode::Unary { .. }) {
            self.node(condition)
        } else {
            self.exact(condition)
        }
    }

    fn stages(&mut self, stages: Vec<Stage>) -> Vec<Stage> {
        stages
            .into_iter()
            .map(|stage| match stage {
                Stage::Filter(condition) => Stage::Filter(Box::new(self.condition(*condition))),
                keep @ (Stage::KeepArray | Stage::Index(_)) => keep,
            })
            .collect()
    }
}

fn url(name: &str) -> Option<Url> {
    [Url::Encode, Url::EncodeComponent, Url::Decode, Url::DecodeComponent].into_iter().find(|url| url.name() == name)
}

/// Whether a function only moves values: it looks into none of the numbers it is given.
fn moves(name: &str) -> bool {
    const MOVES: [&str; 19] = [
        "append", "boolean", "count", "distinct", "each", "exists", "filter", "keys", "lookup", "map", "merge", "not",
        "reduce", "reverse", "sift", "single", "sort", "spread", "zip",
    ];
    MOVES.contains(&name)
}

/// `(function(params){ $name(body) })(args)`, with the answer in a zone when one is given.
fn called(name: &str, params: &[&str], body: Vec<AstNode>, args: Vec<AstNode>, zone: Option<AstNode>) -> AstNode {
    let call = builtin(name.to_owned(), body);
    let body = match zone {
        Some(zone) => builtin(Guard::Local.name().to_owned(), vec![call, zone]),
        None => call,
    };
    let params = params.iter().map(|name| (*name).to_owned()).collect();
    let lambda = AstNode::Lambda { params, body: Box::new(body), signature: None, thunk: false };
    AstNode::Call { procedure: Box::new(lambda), args }
}

fn builtin(name: String, args: Vec<AstNode>) -> AstNode {
    AstNode::Function { name, args, is_builtin: true }
}

/// The limit for each of many members; `None` for the limit of a whole value.
#[allow(clippy::cast_precision_loss)]
fn share(members: usize) -> Option<f64> {
    (members > 8).then(|| (limits::VALUE_WEIGHT_MAX as f64 * 8.0 / members as f64).max(64.0 * 1024.0))
}

/// Whether the form of a node alone says that its value is not larger than what it reads.
fn is_bounded(node: &AstNode) -> bool {
    match node {
        AstNode::String(_)
        | AstNode::Name(_)
        | AstNode::Number(_)
        | AstNode::Boolean(_)
        | AstNode::Null
        | AstNode::Undefined
        | AstNode::Placeholder
        | AstNode::Regex { .. }
        | AstNode::Lambda { .. }
        | AstNode::Transform { .. }
        | AstNode::Unary { .. } => true,
        // What a path stands at was bounded when it came there; planted around, it would be the caller's in a lambda.
        AstNode::Variable(name) if name.is_empty() => true,
        AstNode::Path { steps } => steps.iter().enumerate().all(|(at, step)| match &step.node {
            AstNode::Name(_) => true,
            AstNode::Variable(_) | AstNode::ParentVariable(_) => at == 0 && steps.len() > 1,
            _ => false,
        }),
        AstNode::Binary { op, .. } => match op {
            BinaryOp::Add
            | BinaryOp::Subtract
            | BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::Modulo
            | BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::LessThan
            | BinaryOp::LessThanOrEqual
            | BinaryOp::GreaterThan
            | BinaryOp::GreaterThanOrEqual
            | BinaryOp::And
            | BinaryOp::Or
            | BinaryOp::In => true,
            BinaryOp::Concatenate
            | BinaryOp::Range
            | BinaryOp::ColonEqual
            | BinaryOp::FocusBind
            | BinaryOp::IndexBind
            | BinaryOp::Coalesce
            | BinaryOp::Default
            | BinaryOp::ChainPipe => false,
        },
        AstNode::Variable(_)
        | AstNode::ParentVariable(_)
        | AstNode::Wildcard
        | AstNode::Descendant
        | AstNode::Parent(_)
        | AstNode::Function { .. }
        | AstNode::Call { .. }
        | AstNode::Array(_)
        | AstNode::ArrayGroup(_)
        | AstNode::Object(_)
        | AstNode::ObjectTransform { .. }
        | AstNode::Block(_)
        | AstNode::Conditional { .. }
        | AstNode::FunctionApplication(_)
        | AstNode::Sort { .. } => false,
    }
}
