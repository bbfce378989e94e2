//! Workflows to begin with: the examples of the repository, each with its test cases.

use super::asks::{self, Setting};
use crate::http::problem::{ApiError, ApiResult};
use countersign_api::{Template, TemplateAsk};
use countersign_core::{
    document::{self, Channel, StepKind, Workflow},
    play::rehearsal::Suite,
};
use std::{collections::BTreeSet, sync::OnceLock};

/// One example: its short name, the document, its test cases and what everybody sets for themselves.
pub(crate) struct Example {
    pub(crate) id: &'static str,
    pub(crate) source: &'static str,
    pub(crate) tests: &'static str,
    settings: &'static [Setting],
}

macro_rules! examples {
    ($($id:literal { $($variable:literal: $title:literal),* }),+ $(,)?) => {
        &[$(Example {
            id: $id,
            source: include_str!(concat!("../../../../../examples/", $id, ".yaml")),
            tests: include_str!(concat!("../../../../../examples/", $id, ".tests.yaml")),
            settings: &[$(Setting { variable: $variable, title: $title }),*],
        }),+]
    };
}

/// In the order of the gallery.
pub(crate) const EXAMPLES: &[Example] = examples![
    "subscription-upgrade" {},
    "refund-with-tiers" {
        "small_up_to": "Any operator may agree up to ($)",
        "medium_up_to": "One manager may agree up to ($)"
    },
    "account-deletion" {},
    "address-change" {
        "home": "Country that needs no yes (two letters)",
        "dear_above": "Orders that need a yes, above"
    },
    "returns-with-label" {},
    "discount-counter-offer" { "percent_up_to": "Given without asking, up to (%)" },
    "kyc-document-check" {},
    "complaint-escalation" {},
];

/// The gallery.
pub(crate) fn all() -> &'static [Template] {
    static TEMPLATES: OnceLock<Vec<Template>> = OnceLock::new();
    TEMPLATES.get_or_init(|| EXAMPLES.iter().filter_map(|example| template(example).ok()).collect())
}

/// An example by its short name.
pub(crate) fn example(id: &str) -> Option<&'static Example> {
    EXAMPLES.iter().find(|example| example.id == id)
}

fn template(example: &Example) -> ApiResult<Template> {
    let workflow = document::parse(example.source).map_err(ApiError::internal)?;
    let suite = Suite::parse(example.tests).map_err(ApiError::internal)?;
    let (mut connectors, mut channels, mut approvers) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for step in workflow.steps.values() {
        match &step.kind {
            StepKind::ToolCall(call) => {
                connectors.extend(call.action.split('.').next().map(str::to_owned));
            }
            StepKind::Notify(notify) => {
                let outside = notify.channels.iter().filter(|channel| **channel != Channel::Conversation);
                channels.extend(outside.map(|channel| channel.tag().to_owned()));
            }
            StepKind::Approval(approval) => approvers.extend(approval.approvers.roles.iter().cloned()),
            StepKind::CollectForm(_) | StepKind::Condition(_) | StepKind::HumanHandoff(_) | StepKind::End(_) => {}
        }
    }
    Ok(Template {
        id: example.id.to_owned(),
        name: workflow.name.clone(),
        description: workflow.description.clone(),
        connectors: connectors.into_iter().collect(),
        channels: channels.into_iter().collect(),
        approvers: approvers.into_iter().collect(),
        steps: workflow.steps.len(),
        tests: suite.tests.len(),
        asks: asks::asks(&workflow, example.settings),
        document: as_json(&workflow)?,
    })
}

/// What an example asks for.
pub(crate) fn asked(example: &Example) -> &'static [TemplateAsk] {
    all().iter().find(|template| template.id == example.id).map_or(&[], |template| &template.asks)
}

fn as_json(workflow: &Workflow) -> ApiResult<serde_json::Value> {
    serde_json::to_value(workflow).map_err(ApiError::internal)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use countersign_connectors::Registry;
    use countersign_core::{check, run::Version};

    #[test]
    fn every_template_checks_and_passes_its_own_test_cases() {
        let catalogue = Registry::built_in().unwrap().catalogue();
        assert_eq!(all().len(), EXAMPLES.len());
        for example in EXAMPLES {
            let workflow = document::parse(example.source).unwrap();
            let found: Vec<_> = check::check(&workflow, &catalogue)
                .into_iter()
                .filter(|found| found.severity != check::Severity::Info)
                .collect();
            assert!(found.is_empty(), "{}: {found:#?}", example.id);
            let version = Version::compile(workflow, &catalogue, false).unwrap();
            let suite = Suite::parse(example.tests).unwrap_or_else(|error| panic!("{}: {error:?}", example.id));
            assert!(suite.tests.len() >= 2, "{} shows too little", example.id);
            for case in &suite.tests {
                let verdict = case.run(&version, &catalogue);
                assert!(verdict.passed(), "{}: {verdict:#?}", example.id);
            }
        }
    }
}
