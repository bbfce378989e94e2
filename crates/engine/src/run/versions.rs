//! Compiled versions, kept: they never change.

use crate::{Engine, EngineError};
use countersign_core::{document, run::Version};
use parking_lot::RwLock;
use std::{collections::HashMap, sync::Arc};

/// How many compiled versions are kept; past it the cache starts anew.
const KEPT_MAX: usize = 2000;

type Key = (String, String, u32);

#[derive(Default)]
pub(crate) struct Versions(RwLock<HashMap<Key, Arc<Version>>>);

impl Engine {
    /// A published version, compiled.
    ///
    /// # Errors
    /// `NotFound`, or `Corrupt` when the stored document no longer compiles in this build.
    pub async fn version(&self, workspace: &str, workflow: &str, version: u32) -> Result<Arc<Version>, EngineError> {
        let key = (workspace.to_owned(), workflow.to_owned(), version);
        if let Some(compiled) = self.0.versions.0.read().get(&key) {
            return Ok(Arc::clone(compiled));
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
        let allow_unguarded = row.detail.as_deref().is_some_and(|detail| detail.contains("\"allow_unguarded\":true"));
        let compiled = Version::compile(document, &self.0.catalogue, allow_unguarded)
            .map_err(|error| unreadable(error.to_string()))?;
        let compiled = Arc::new(compiled);
        let mut kept = self.0.versions.0.write();
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(key, Arc::clone(&compiled));
        Ok(compiled)
    }
}
