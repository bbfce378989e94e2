//! What the chapters of the documentation say is so.
#![allow(clippy::unwrap_used)]

use countersign_core::{
    catalogue::Catalogue,
    check::{self, Severity},
    document,
    expr::Expression,
    time::Timestamp,
};
use serde_json::Value;

/// The fenced blocks of a language.
fn blocks<'a>(chapter: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("```{language}\n");
    chapter.split(&opening).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn every_example_of_an_expression_gives_what_is_said() {
    let chapter = include_str!("../../../docs/expressions.md");
    let data: Value = serde_json::from_str(blocks(chapter, "json")[0]).unwrap();
    let table = chapter.split("| Expression |").nth(1).unwrap();
    let rows =
        table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | ")?.1.contains('|').then_some(line));
    let mut tried = 0;
    for row in rows {
        let (source, rest) = row.strip_prefix("| `").unwrap().split_once("` | ").unwrap();
        let gives = rest.rsplit_once(" | `").unwrap().1.strip_suffix("` |").unwrap();
        let value = Expression::compile(source).unwrap().evaluate_value(&data, Timestamp(0)).unwrap();
        let wanted: Value = serde_json::from_str(gives).unwrap();
        assert_eq!(value, Some(wanted), "{source}");
        tried += 1;
    }
    assert!(tried >= 20, "{tried} examples");
}

#[test]
fn every_whole_workflow_of_the_chapters_is_good() {
    let chapters = [include_str!("../../../docs/forms.md"), include_str!("../../../README.md")];
    let workflows =
        chapters.iter().flat_map(|chapter| blocks(chapter, "yaml")).filter(|text| text.starts_with("schema:"));
    let mut tried = 0;
    for source in workflows {
        let workflow = document::parse(source).unwrap();
        // Without connectors nobody knows the actions.
        let wrong = check::check(&workflow, &Catalogue::default())
            .into_iter()
            .find(|found| found.severity != Severity::Info && found.code != "unknown_action");
        assert_eq!(wrong, None, "{source}");
        tried += 1;
    }
    assert_eq!(tried, 2);
}
