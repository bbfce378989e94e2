//! Putting a connector in, and what would come of it.

use countersign_core::catalogue::Risk;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Puts a connector in, or its next revision.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutInConnectorRequest {
    /// A manifest or an OpenAPI document (2.0, 3.0, 3.1, 3.2), JSON or YAML, at most 64 MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Where the server reads it instead: an `http` or `https` address that it may call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Name instead of the one it has or gets from its title: lower-case letters, digits and `_`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only says what would be put in: nothing is written.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// How much harm actions can do, by their names without the connector's, where it is not what was guessed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub risks: BTreeMap<String, Risk>,
    /// What a dry run answered as `reviewed`: refused with 409 when what would be put in, before `risks`, or the revision it
    /// takes the place of is another now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed: Option<String>,
}

/// What became of it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PutInConnector {
    /// Name: the part of an action's name before the dot.
    pub name: String,
    /// Its revision; the same manifest again is no new one. Of a dry run the one it would be.
    pub revision: u32,
    /// Whether nothing was written.
    #[serde(default)]
    pub dry_run: bool,
    /// Of a dry run: what would be put in, before `risks`, and instead of which revision, to be given back as `reviewed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed: Option<String>,
    /// Of a dry run: the actions, one by one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offered: Vec<OfferedAction>,
    /// How many actions it has.
    pub actions: usize,
    /// Those of which all pages can be asked for.
    pub paged: Vec<String>,
    /// What a person should look at.
    pub warnings: Vec<String>,
    /// Operations that cannot be used.
    pub left_out: Vec<LeftOutOperation>,
    /// What differs from the revision before, by the action's name; null for the first.
    pub changes: Option<ConnectorChanges>,
    /// Workflows whose draft or active version calls it.
    pub used_by: Vec<ConnectorUse>,
}

/// An action as it would be put in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OfferedAction {
    /// Its name without the connector's.
    pub name: String,
    /// Human title.
    pub title: String,
    /// HTTP method.
    pub method: String,
    /// Path below the base URL, or where the URL is taken from.
    pub path: String,
    /// How much harm it can do, at the worst.
    pub risk: Risk,
    /// Whether that is a guess from its method and its words: nobody said it, and it was not kept from the revision before.
    pub guessed: bool,
}

/// An operation that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeftOutOperation {
    /// JSON pointer into the document.
    pub pointer: String,
    /// Why.
    pub reason: String,
}

/// What differs between two revisions.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct ConnectorChanges {
    /// New actions.
    pub added: Vec<String>,
    /// Gone.
    pub removed: Vec<String>,
    /// Those that say something else.
    pub changed: Vec<String>,
    /// What differs inside each of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inside: Vec<ActionDifference>,
    /// What differs for all actions: address, credentials, settings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub of_all: Vec<String>,
}

/// What differs inside an action.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ActionDifference {
    /// Its name without the connector's.
    pub action: String,
    /// How much harm it could do, at the worst; null when that is the same.
    pub risk_before: Option<Risk>,
    /// How much it can do, at the worst.
    pub risk: Risk,
    /// Method and path as they were; null when they are the same.
    pub address_before: Option<String>,
    /// Method and path.
    pub address: String,
    /// What of its input is new, gone or different.
    pub input: Vec<String>,
    /// What else differs.
    pub other: Vec<String>,
}

/// A workflow that calls a connector.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ConnectorUse {
    /// The workflow.
    pub workflow: String,
    /// Its name.
    pub name: String,
    /// Whether its draft calls it.
    #[serde(default)]
    pub draft: bool,
    /// The active version, when it calls it. It goes on with the revision it was published with.
    #[serde(default)]
    pub active_version: Option<u32>,
    /// The version that takes a part of the new runs, when it calls it.
    #[serde(default)]
    pub ramped_version: Option<u32>,
    /// What the draft's check says with the connectors as they are now, or of a dry run as they would be; nothing when the
    /// draft does not call it.
    pub diagnostics: Vec<crate::Diagnostic>,
}
