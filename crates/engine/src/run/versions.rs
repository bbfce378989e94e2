//! Compiled versions, kept: they never change.

use crate::{Engine, EngineError, Pins};
use countersign_connectors::Registry;
use countersign_core::{approval::ChosenAccounts, document, run::Version};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How many compiled versions are kept.
const KEPT_MAX: usize = 2000;

type Key = (String, String, u32);

pub(crate) struct Versions(Cache<Key, Kept>);

impl Default for Versions {
    fn default() -> Self {
        Self(Cache::new(KEPT_MAX))
    }
}

#[derive(Clone)]
struct Kept {
    version: Arc<Version>,
    /// The connectors it was published with.
    connectors: Registry,
}

/// What a version's row says besides its document.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VersionRecord {
    /// Whether high-risk actions run without an approval: the workspace's policy let it be published so.
    pub allow_unguarded: bool,
    /// Findings the policy overrode.
    pub overridden: Vec<String>,
    /// The revision of each connector it was published with.
    pub connectors: Pins,
    /// The accounts its calls go through.
    pub accounts: ChosenAccounts,
}

impl VersionRecord {
    /// From the row's `detail`.
    ///
    /// # Errors
    /// When it is something else: nothing is taken for granted.
    pub fn read(detail: Option<&str>) -> serde_json::Result<Self> {
        detail.map_or_else(|| Ok(Self::default()), serde_json::from_str)
    }
}

impl Engine {
    /// A published version, compiled.
    ///
    /// # Errors
    /// `NotFound`, or `Corrupt` when the stored document no longer compiles in this build.
    pub async fn version(&self, workspace: &str, workflow: &str, version: u32) -> Result<Arc<Version>, EngineError> {
        self.kept_version(workspace, workflow, version).await.map(|kept| kept.version)
    }

    /// The connectors a published version goes on with.
    ///
    /// # Errors
    /// As [`Engine::version`].
    pub async fn connectors_of(&self, workspace: &str, workflow: &str, version: u32) -> Result<Registry, EngineError> {
        self.kept_version(workspace, workflow, version).await.map(|kept| kept.connectors)
    }

    /// A key is who made it.
    async fn person_behind(&self, workspace: &str, author: &str) -> Result<String, EngineError> {
        let key = self.0.store.get_api_key(workspace, author).await?;
        Ok(key.filter(|key| !key.created_by.is_empty()).map_or_else(|| author.to_owned(), |key| key.created_by))
    }

    async fn kept_version(&self, workspace: &str, workflow: &str, version: u32) -> Result<Kept, EngineError> {
        let key = (workspace.to_owned(), workflow.to_owned(), version);
        if let Some(kept) = self.0.versions.0.get(&key) {
            return Ok(kept);
        }
        let row = self
            .0
            .store
            .get_version(workspace, workflow, version)
            .await?
            .ok_or(EngineError::NotFound("workflow version"))?;
        let unreadable =
            |error: String| EngineError::Corrupt(format!("version {version} of workflow {workflow}: {error}"));
        let document = document::parse(&row.document).map_err(|error| unreadable(error.to_string()))?;
        // The policy was applied when it was published; the machine's own guard stands unless it allowed otherwise.
        let record = VersionRecord::read(row.detail.as_deref()).map_err(|error| unreadable(error.to_string()))?;
        let connectors = self.connectors_at(workspace, &record.connectors).await?;
        let catalogue = match &self.0.outside {
            Some(outside) => outside.catalogue(),
            None => connectors.catalogue(),
        };
        let compiled = Version::compile(document, &catalogue, record.allow_unguarded)
            .map_err(|error| unreadable(error.to_string()))?;
        let author = self.person_behind(workspace, &row.author).await?;
        let compiled = Kept { version: Arc::new(compiled.published_by(&author).through(record.accounts)), connectors };
        self.0.versions.0.insert(key, compiled.clone());
        Ok(compiled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_flag_itself_lets_high_risk_actions_run_unguarded() {
        let allows = |detail| VersionRecord::read(Some(detail)).map(|record| record.allow_unguarded).ok();
        assert_eq!(allows("{\"allow_unguarded\": true}"), Some(true));
        assert_eq!(
            allows("{\"allow_unguarded\":false,\"overridden\":[\"\\\"allow_unguarded\\\":true\"]}"),
            Some(false)
        );
        assert_eq!(allows("{\"note\":{\"allow_unguarded\":true}}"), None, "unknown: refused, never guessed");
        assert_eq!(VersionRecord::read(None).unwrap(), VersionRecord::default());
    }
}
