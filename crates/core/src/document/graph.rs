//! The document as a graph of steps: what can be reached, and what every path must pass.

use super::{StepKind, TimeoutOutcome, Workflow};
use crate::document;

/// Which way out of a step an edge is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Branch {
    /// The ordinary way on.
    Next,
    /// Every attempt failed.
    Error,
    /// Nobody acted in time.
    Timeout,
    /// What was written was no answer too often.
    Unusable,
    /// A person approved.
    Approved,
    /// A person rejected.
    Rejected,
    /// A person asked for changes.
    Changes,
    /// The branch of a condition, by index.
    When(usize),
    /// No branch of a condition held.
    Otherwise,
    /// A named result of a handoff.
    Outcome,
}

/// One way out of a step, as written in the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit<'a> {
    /// JSON pointer of the target, relative to the step; empty when silence follows another exit without naming it.
    pub pointer: String,
    /// Which way it is.
    pub branch: Branch,
    /// The step it names, which may not exist.
    pub target: &'a str,
}

/// Every way out of a step, in document order. An approval whose silence counts as an outcome without a step of its
/// own has that way out twice: by the person and by the timeout.
#[must_use]
pub fn exits(kind: &StepKind) -> Vec<Exit<'_>> {
    let mut found: Vec<Exit<'_>> = Vec::new();
    for (exit, target) in kind.exits() {
        found.push(Exit { pointer: exit.pointer().unwrap_or_default(), branch: branch(&exit), target });
    }
    if let StepKind::Approval(step) = kind
        && let Some(timeout) = &step.timeout
        && timeout.next.is_none()
    {
        let target = match timeout.outcome {
            TimeoutOutcome::Approved => &step.on_approve,
            TimeoutOutcome::Rejected | TimeoutOutcome::Escalate => &step.on_reject,
        };
        found.push(Exit { pointer: String::new(), branch: Branch::Timeout, target });
    }
    found
}

fn branch(exit: &document::Exit) -> Branch {
    match exit {
        document::Exit::Next | document::Exit::End => Branch::Next,
        document::Exit::When(number) => Branch::When(number.saturating_sub(1)),
        document::Exit::Otherwise => Branch::Otherwise,
        document::Exit::Approved => Branch::Approved,
        document::Exit::Rejected => Branch::Rejected,
        document::Exit::Changes => Branch::Changes,
        document::Exit::Named(_) => Branch::Outcome,
        document::Exit::Error => Branch::Error,
        document::Exit::Timeout => Branch::Timeout,
        document::Exit::Unusable => Branch::Unusable,
    }
}

/// An edge to a step that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Index of the step it leads to.
    pub to: usize,
    /// Which way it is.
    pub branch: Branch,
}

/// The steps by their index in the document, and the edges between them.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    edges: Vec<Vec<Edge>>,
    start: Option<usize>,
}

impl Graph {
    /// The graph of a document; edges to steps that do not exist are left out.
    #[must_use]
    pub fn of(workflow: &Workflow) -> Self {
        let edges = workflow.steps.values().map(|step| {
            let known = exits(&step.kind)
                .into_iter()
                .filter_map(|exit| workflow.steps.get_index_of(exit.target).map(|to| Edge { to, branch: exit.branch }));
            known.collect()
        });
        Self { edges: edges.collect(), start: workflow.steps.get_index_of(&workflow.start) }
    }

    /// The edges out of a step.
    #[must_use]
    pub fn edges(&self, from: usize) -> &[Edge] {
        self.edges.get(from).map_or(&[], Vec::as_slice)
    }

    /// Which steps a run can reach from the start over the edges that `take` allows.
    #[must_use]
    pub fn reachable(&self, take: impl Fn(usize, Edge) -> bool) -> Vec<bool> {
        self.reachable_from(self.start, take)
    }

    /// Which steps can be reached from a step, itself included, over the edges that `take` allows.
    #[must_use]
    pub fn reachable_from(&self, start: Option<usize>, take: impl Fn(usize, Edge) -> bool) -> Vec<bool> {
        self.spread(start.into_iter().collect(), take)
    }

    /// Which steps can follow a step over the edges that `take` allows; itself only when it can be entered again.
    #[must_use]
    pub fn following(&self, from: usize, take: impl Fn(usize, Edge) -> bool) -> Vec<bool> {
        let first = self.edges(from).iter().filter(|edge| take(from, **edge)).map(|edge| edge.to).collect();
        self.spread(first, take)
    }

    fn spread(&self, mut todo: Vec<usize>, take: impl Fn(usize, Edge) -> bool) -> Vec<bool> {
        let mut reached = vec![false; self.edges.len()];
        while let Some(from) = todo.pop() {
            if std::mem::replace(&mut reached[from], true) {
                continue;
            }
            todo.extend(self.edges(from).iter().filter(|edge| take(from, **edge)).map(|edge| edge.to));
        }
        reached
    }

    /// Which steps can reach one of the given steps, those included.
    #[must_use]
    pub fn reaching(&self, goals: impl IntoIterator<Item = usize>) -> Vec<bool> {
        let entries = self.entries();
        let mut reached = vec![false; self.edges.len()];
        let mut todo: Vec<usize> = goals.into_iter().collect();
        while let Some(at) = todo.pop() {
            if !std::mem::replace(&mut reached[at], true) {
                todo.extend(&entries[at]);
            }
        }
        reached
    }

    /// Of each step, from which steps an edge leads to it.
    pub(crate) fn entries(&self) -> Vec<Vec<usize>> {
        let mut entries = vec![Vec::new(); self.edges.len()];
        for (from, edges) in self.edges.iter().enumerate() {
            for edge in edges {
                entries[edge.to].push(from);
            }
        }
        entries
    }

    /// The dominators of every step that can be reached from the start.
    ///
    /// Cooper, Harvey and Kennedy: "A Simple, Fast Dominance Algorithm".
    #[must_use]
    pub fn dominators(&self) -> Dominators {
        let Some(start) = self.start else { return Dominators::none(self.edges.len()) };
        let order = self.postorder(start);
        let mut rank = vec![None; self.edges.len()];
        for (position, step) in order.iter().enumerate() {
            rank[*step] = Some(position);
        }
        let entries = self.entries();
        // By rank in postorder; the start has the highest.
        let mut parent: Vec<Option<usize>> = vec![None; order.len()];
        let top = order.len() - 1;
        parent[top] = Some(top);
        let mut changed = true;
        while changed {
            changed = false;
            for position in (0..top).rev() {
                let known = entries[order[position]].iter().filter_map(|from| rank[*from]);
                let new = known.filter(|from| parent[*from].is_some()).reduce(|a, b| meet(&parent, a, b));
                if parent[position] != new {
                    parent[position] = new;
                    changed = true;
                }
            }
        }
        Dominators::of(&order, &parent, self.edges.len())
    }

    fn postorder(&self, start: usize) -> Vec<usize> {
        let mut seen = vec![false; self.edges.len()];
        let mut order = Vec::new();
        let mut path = vec![(start, 0)];
        seen[start] = true;
        while let Some((step, next)) = path.last_mut() {
            match self.edges[*step].get(*next) {
                Some(edge) => {
                    *next += 1;
                    if !std::mem::replace(&mut seen[edge.to], true) {
                        path.push((edge.to, 0));
                    }
                }
                None => {
                    order.push(*step);
                    path.pop();
                }
            }
        }
        order
    }
}

fn meet(parent: &[Option<usize>], mut a: usize, mut b: usize) -> usize {
    while a != b {
        let low = if a < b { &mut a } else { &mut b };
        *low = parent[*low].unwrap_or(parent.len() - 1);
    }
    a
}

/// Which step every path to another passes.
#[derive(Debug, Clone, Default)]
pub struct Dominators {
    /// Entry and exit of each step in a walk of the dominator tree; `None` for steps that cannot be reached.
    interval: Vec<Option<(usize, usize)>>,
}

impl Dominators {
    fn none(steps: usize) -> Self {
        Self { interval: vec![None; steps] }
    }

    fn of(order: &[usize], parent: &[Option<usize>], steps: usize) -> Self {
        let top = order.len() - 1;
        let mut children = vec![Vec::new(); order.len()];
        for (position, parent) in parent.iter().enumerate().take(top) {
            if let Some(parent) = parent {
                children[*parent].push(position);
            }
        }
        let mut interval = vec![None; steps];
        let mut clock = 0;
        let mut path = vec![(top, 0)];
        interval[order[top]] = Some((0, usize::MAX));
        while let Some((position, next)) = path.last_mut() {
            let step = order[*position];
            match children[*position].get(*next) {
                Some(&child) => {
                    *next += 1;
                    clock += 1;
                    interval[order[child]] = Some((clock, usize::MAX));
                    path.push((child, 0));
                }
                None => {
                    if let Some((_, leave)) = &mut interval[step] {
                        *leave = clock;
                    }
                    path.pop();
                }
            }
        }
        Self { interval }
    }

    /// Whether every path from the start to `step` passes `by`, which may be the same; `true` when `step` cannot be
    /// reached at all.
    #[must_use]
    pub fn dominates(&self, by: usize, step: usize) -> bool {
        match (self.interval.get(by).copied().flatten(), self.interval.get(step).copied().flatten()) {
            (Some((enter, leave)), Some((at, _))) => enter <= at && at <= leave,
            (None, Some(_)) => false,
            (_, None) => true,
        }
    }
}

#[cfg(test)]
#[path = "graph_tests.rs"]
mod tests;
