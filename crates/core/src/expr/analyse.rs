//! What an expression reads, found in its syntax tree.

// The syntax tree is JSONata's enum: where only some nodes matter, the rest are passed over on purpose.
#![allow(clippy::wildcard_enum_match_arm)]

use super::{
    functions::{self, REFUSED},
    plan::{self, Test},
};
use jsonata_core::{
    ast::{AstNode, BinaryOp, PathStep, Stage},
    value::with_stack,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The names an expression reads, calls and binds.
#[derive(Debug, Clone, Default)]
pub(super) struct Reads {
    /// Root names in order.
    pub(super) roots: Vec<String>,
    /// Paths from the root, each as far as it is a plain chain of names.
    pub(super) paths: Vec<Vec<String>>,
    /// Whether it may read every root name (`$`, `$$`, `*`, `**`, a function that takes the context).
    pub(super) whole: bool,
    /// `$names` that are neither bound here nor a function of JSONata.
    pub(super) unknown: Vec<String>,
    /// Functions it uses that a workflow may not use.
    pub(super) refused: Vec<&'static str>,
    /// `$names` bound in the expression.
    pub(super) bound: BTreeSet<String>,
    /// The parts of the root that are read.
    pub(super) tree: Tree,
    /// Whole numbers in it that are beyond what a double counts.
    pub(super) large: Vec<f64>,
    /// Whether a range stands where no list is made.
    pub(super) stray_range: bool,
    /// Paths from the root that are compared with a literal.
    pub(super) comparisons: Vec<Comparison>,
    /// Paths from the root that are compared with each other.
    pub(super) pairs: Vec<Pair>,
    /// Paths from the root of which the expression says what holds when they are absent.
    pub(super) tested: BTreeSet<Vec<String>>,
}

/// Two paths from the root compared with each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The paths as they stand, left and right.
    pub paths: [Vec<String>; 2],
    /// Whether by order (`<`, `>=`) and not by equality.
    pub ordered: bool,
}

/// A path from the root compared with a literal.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The path.
    pub path: Vec<String>,
    /// What it is compared with.
    pub literal: Value,
    /// Whether by order (`<`, `>=`) and not by equality.
    pub ordered: bool,
}

/// Reads a syntax tree.
pub(super) fn analyse(node: &AstNode) -> Reads {
    let mut walk = Walk::default();
    walk.node(node, true);
    let Walk { paths, whole, named, bound, opaque, calls, large, stray_range, comparisons, pairs, tested } = walk;
    // What a name holds that is bound to anything but a plain lambda may take its argument from the context.
    let whole = whole || calls.iter().any(|name| opaque.contains(name));
    let roots: BTreeSet<&String> = paths.iter().filter_map(|path| path.first()).collect();
    let free = named.iter().filter(|name| !bound.contains(*name));
    let (refused, unknown): (Vec<&String>, Vec<&String>) =
        free.filter(|name| functions::function(name).is_none()).partition(|name| REFUSED.contains(&name.as_str()));
    Reads {
        roots: roots.into_iter().cloned().collect(),
        refused: REFUSED.into_iter().filter(|name| refused.iter().any(|used| used == name)).collect(),
        unknown: unknown.into_iter().cloned().collect(),
        tree: Tree::of(&paths, whole),
        paths: paths.into_iter().collect(),
        whole,
        bound,
        large,
        stray_range,
        comparisons,
        pairs,
        tested,
    }
}

#[derive(Default)]
struct Walk {
    paths: BTreeSet<Vec<String>>,
    whole: bool,
    named: BTreeSet<String>,
    bound: BTreeSet<String>,
    /// Bound names that may hold a function which takes its argument from the context.
    opaque: BTreeSet<String>,
    /// Names called where the context is the scope.
    calls: BTreeSet<String>,
    large: Vec<f64>,
    stray_range: bool,
    comparisons: Vec<Comparison>,
    pairs: Vec<Pair>,
    tested: BTreeSet<Vec<String>>,
}

impl Walk {
    /// `root`: the context is the scope itself and not a value inside it.
    fn node(&mut self, node: &AstNode, root: bool) {
        with_stack(|| self.node_inner(node, root));
    }

    fn all<'a>(&mut self, nodes: impl IntoIterator<Item = &'a AstNode>, root: bool) {
        for node in nodes {
            self.node(node, root);
        }
    }

    fn node_inner(&mut self, node: &AstNode, root: bool) {
        match node {
            AstNode::Number(number) => {
                if number.fract() == 0.0 && number.abs() >= EXACT {
                    self.large.push(*number);
                }
            }
            AstNode::String(_)
            | AstNode::Boolean(_)
            | AstNode::Null
            | AstNode::Undefined
            | AstNode::Placeholder
            | AstNode::Regex { .. } => {}
            AstNode::Name(name) => {
                if root {
                    self.paths.insert(vec![name.clone()]);
                }
            }
            AstNode::Variable(name) if name.is_empty() => self.whole |= root,
            AstNode::Variable(name) => {
                self.named.insert(name.clone());
                // Handed on, it may be called with less than it takes.
                self.whole |= root && matches!(name.as_str(), "lookup" | "each" | "sift");
            }
            AstNode::ParentVariable(_) => self.whole = true,
            AstNode::Wildcard | AstNode::Descendant => self.whole |= root,
            // The parent of a value: what lies beside a path is read too.
            AstNode::Parent(_) => self.whole = true,
            AstNode::Path { steps } => self.path(steps, root),
            AstNode::Binary { op, lhs, rhs } => self.binary(*op, lhs, rhs, root),
            AstNode::Unary { operand, .. } => self.node(operand, root),
            AstNode::Function { name, args, is_builtin } => self.function(name, args, *is_builtin, root),
            AstNode::Call { procedure, args } => {
                self.whole |= root && !is_plain_lambda(procedure);
                self.node(procedure, root);
                self.all(args, root);
            }
            AstNode::Lambda { params, body, .. } => {
                self.bound.extend(params.iter().cloned());
                self.opaque.extend(params.iter().cloned());
                self.node(body, root);
            }
            AstNode::Array(items) | AstNode::ArrayGroup(items) => self.list(items, root),
            AstNode::Block(items) => self.all(items, root),
            AstNode::Object(pairs) => self.all(pairs.iter().flat_map(|(key, value)| [key, value]), root),
            AstNode::ObjectTransform { input, pattern } => {
                self.node(input, root);
                self.all(pattern.iter().flat_map(|(key, value)| [key, value]), false);
            }
            AstNode::Conditional { condition, then_branch, else_branch } => {
                self.node(condition, root);
                self.node(then_branch, root);
                self.all(else_branch.as_deref(), root);
            }
            AstNode::FunctionApplication(inner) => self.node(inner, root),
            AstNode::Sort { input, terms } => {
                self.node(input, root);
                self.all(terms.iter().map(|(term, _)| term), false);
            }
            AstNode::Transform { location, update, delete } => {
                self.node(location, false);
                self.node(update, false);
                self.all(delete.as_deref(), false);
            }
        }
    }

    fn function(&mut self, name: &str, args: &[AstNode], is_builtin: bool, root: bool) {
        self.named.insert(name.to_owned());
        if root {
            self.calls.insert(name.to_owned());
            self.whole |= is_builtin && reads_context(name, args.len());
            if is_builtin && matches!(name, "exists" | "count" | "boolean" | "type") {
                self.tested.extend(args.first().and_then(plan::names));
            }
        }
        self.all(args, root);
    }

    fn list(&mut self, items: &[AstNode], root: bool) {
        for item in items {
            match item {
                AstNode::Binary { op: BinaryOp::Range, lhs, rhs } => self.all([&**lhs, &**rhs], root),
                other => self.node(other, root),
            }
        }
    }

    fn binary(&mut self, op: BinaryOp, lhs: &AstNode, rhs: &AstNode, root: bool) {
        self.stray_range |= op == BinaryOp::Range;
        if let Some(test) = plan::test(op).filter(|_| root) {
            let either = [(lhs, rhs), (rhs, lhs)].into_iter();
            let ordered = !matches!(test, Test::Equal | Test::NotEqual);
            self.comparisons.extend(either.filter_map(|(path, literal)| {
                Some(Comparison { path: plan::names(path)?, literal: plan::literal(literal)?, ordered })
            }));
            if let (Some(left), Some(right)) = (plan::names(lhs), plan::names(rhs)) {
                self.pairs.push(Pair { paths: [left, right], ordered });
            }
        }
        if root && matches!(op, BinaryOp::Coalesce | BinaryOp::Default) {
            self.tested.extend(plan::names(lhs));
        }
        if let (BinaryOp::ColonEqual, AstNode::Variable(name)) = (op, lhs) {
            self.bound.insert(name.clone());
            if !is_plain_lambda(rhs) {
                self.opaque.insert(name.clone());
            }
        } else {
            self.node(lhs, root);
        }
        self.node(rhs, root);
    }

    fn path(&mut self, steps: &[PathStep], root: bool) {
        let Some((first, rest)) = steps.split_first() else { return };
        let from_root = root || matches!(first.node, AstNode::ParentVariable(_));
        // A focus does not move the context: what follows it reads the scope still.
        self.whole |= from_root && steps.iter().any(|step| step.focus.is_some());
        // The scope itself, filtered: the conditions read it.
        let itself = matches!(&first.node, AstNode::Variable(name) | AstNode::ParentVariable(name) if name.is_empty());
        self.whole |= from_root && itself && !is_plain(first);
        for step in steps {
            self.bound.extend(step.focus.iter().chain(&step.index_var).cloned());
            self.opaque.extend(step.focus.iter().chain(&step.index_var).cloned());
            for stage in &step.stages {
                match stage {
                    Stage::Filter(condition) => self.node(condition, false),
                    Stage::Index(name) => {
                        self.bound.insert(name.clone());
                    }
                    Stage::KeepArray => {}
                }
            }
        }
        let names = match &first.node {
            AstNode::Name(_) if root => chain(steps),
            AstNode::Variable(name) if name.is_empty() && root => chain(rest),
            AstNode::ParentVariable(_) => chain(rest),
            _ => Vec::new(),
        };
        if names.is_empty() {
            self.node(&first.node, root);
        } else {
            self.paths.insert(names);
        }
        self.all(rest.iter().map(|step| &step.node), false);
    }
}

/// Up to here a double counts every whole number.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Whether a call of it takes nothing from the context.
fn is_plain_lambda(node: &AstNode) -> bool {
    match node {
        AstNode::Lambda { signature, .. } => signature.is_none(),
        AstNode::Block(items) => matches!(items.as_slice(), [only] if is_plain_lambda(only)),
        _ => false,
    }
}

/// The names at the front of these steps, up to the first that is filtered or bound: what follows may look back at it.
fn chain(steps: &[PathStep]) -> Vec<String> {
    let mut names = Vec::new();
    for step in steps {
        let AstNode::Name(name) = &step.node else { break };
        names.push(name.clone());
        if !is_plain(step) {
            break;
        }
    }
    names
}

/// Whether a step is nothing but its node.
pub(super) fn is_plain(step: &PathStep) -> bool {
    step.stages.is_empty()
        && step.focus.is_none()
        && step.index_var.is_none()
        && step.ancestor_label.is_none()
        && !step.is_tuple
        && !step.inner_tuple
}

/// The parts of the root that are read, as a tree of names.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    /// Whether everything below is read.
    pub(super) all: bool,
    /// The names that are read.
    pub(super) names: BTreeMap<String, Tree>,
}

impl Tree {
    fn of(paths: &BTreeSet<Vec<String>>, all: bool) -> Self {
        let mut root = Self { all, names: BTreeMap::new() };
        for path in paths {
            let mut tree = &mut root;
            for name in path {
                tree = tree.names.entry(name.clone()).or_default();
            }
            tree.all = true;
        }
        root
    }
}

/// Whether a call with so few arguments takes its first one from the context.
fn reads_context(name: &str, arguments: usize) -> bool {
    match name {
        "now" | "millis" | "zip" | "error" => false,
        "lookup" | "each" | "sift" => arguments < 2,
        _ => arguments == 0,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::expr::Expression;

    fn reads(source: &str) -> String {
        let expression = Expression::compile(source).unwrap();
        let paths: Vec<String> = expression.paths().iter().map(|path| path.join(".")).collect();
        let everything = if expression.reads_everything() { "*" } else { "" };
        format!("{everything}{} {}", paths.join(" "), expression.unknown_functions().join(" ")).trim().to_owned()
    }

    #[test]
    fn only_what_is_read_from_the_root_counts() {
        for (source, expected) in [
            ("a.b.c", "a.b.c"),
            ("$.a.b + $$.c", "a.b c"),
            ("items[price > 5].name", "items"),
            ("items.price[0].x", "items.price"),
            ("items.(price * n)", "items"),
            ("items^(price).name", "items"),
            ("items{ name: $sum(price) }", "items"),
            ("items.{ 'x': name, 'y': $$.customer.name }", "customer.name items"),
            ("(a; b).c", "a b"),
            ("$map(items, function($i) { $i.price + tax })", "items tax"),
            ("($x := a; $f := function($y) { $y & b }; $f($x))", "a b"),
            ("a ~> |b|{'c': d}|", "a"),
            ("items@$i.orders@$o[$i.id = $o.id].x", "*items"),
            ("$[a = 1].b", "*b"),
            ("$$[a = 1].b", "*b"),
            ("x.($$.a@$v.b)", "*a x"),
            ("($f := $lookup; $f('a'))", "*"),
            ("($f := function($x)<s-:s>{ $x }; $f())", "*"),
            ("(function($x){ $x })(a)", "a"),
            ("$map([1], $lookup(?, 'a'))", ""),
            ("steps.preview.output.x > 1 ? a : b", "a b steps.preview.output.x"),
            ("`odd name`.x", "odd name.x"),
            ("\"quoted\".x", "quoted.x"),
            ("$", "*"),
            ("**.price", "*"),
            ("$keys()", "*"),
            ("$lookup('a')", "*"),
            ("$nope(a) + $x", "a nope x"),
            ("$now() & $string(a)", "a"),
        ] {
            assert_eq!(reads(source), expected, "{source}");
        }
        assert_eq!(
            Expression::compile("$random() + $map(a, $shuffle)").unwrap().refused_functions(),
            ["random", "shuffle"]
        );
    }
}
