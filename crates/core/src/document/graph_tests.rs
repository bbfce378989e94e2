#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;

fn graph(edges: &[Vec<usize>]) -> Graph {
    let edge = |to: &usize| Edge { to: *to, branch: Branch::Next };
    Graph { edges: edges.iter().map(|out| out.iter().map(edge).collect()).collect(), start: Some(0) }
}

#[test]
fn a_diamond_is_dominated_by_its_top() {
    let graph = graph(&[vec![1, 2], vec![3], vec![3], vec![], vec![3]]);
    let dominators = graph.dominators();
    assert!(dominators.dominates(0, 3));
    assert!(!dominators.dominates(1, 3));
    assert!(!dominators.dominates(4, 3));
    assert!(dominators.dominates(3, 3));
    assert!(dominators.dominates(1, 4), "what cannot be reached is dominated by everything");
    assert_eq!(graph.reachable(|_, _| true), [true, true, true, true, false]);
    assert_eq!(graph.reaching([1]), [true, true, false, false, false]);
}

#[test]
fn a_graph_without_a_start_is_empty() {
    let mut empty = graph(&[vec![]]);
    empty.start = None;
    assert_eq!(empty.reachable(|_, _| true), [false]);
    assert!(empty.dominators().dominates(0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A step dominates another when taking it away makes the other unreachable.
    #[test]
    fn dominators_are_what_removal_says(edges in prop::collection::vec(prop::collection::vec(0_usize..9, 0..4), 9)) {
        let graph = graph(&edges);
        let dominators = graph.dominators();
        let reachable = graph.reachable(|_, _| true);
        for by in 0..edges.len() {
            let without = graph.reachable(|_, edge| edge.to != by);
            for step in 0..edges.len() {
                let expected = !reachable[step] || by == step || by == 0 || !without[step];
                if reachable[by] || !reachable[step] {
                    prop_assert_eq!(dominators.dominates(by, step), expected, "{} over {}", by, step);
                }
            }
        }
    }
}
