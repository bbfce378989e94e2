//! What a workspace does where its workflows leave it to it: the words for customers who wait, and the workflow that takes
//! messages no other wants. Kept for seconds.

use crate::{Engine, EngineError};
use countersign_core::{
    approval::Accounts,
    run::{Moment, Version, WaitingWords},
    time::Timestamp,
};
use quick_cache::sync::Cache;
use serde::Deserialize;
use serde_json::json;
use std::sync::{Arc, LazyLock};

/// How many workspaces are kept.
const KEPT_MAX: usize = 1000;
/// How long what was read is believed, milliseconds.
const FRESH_MS: i64 = 5000;

static USUAL: LazyLock<Arc<Conduct>> = LazyLock::new(Arc::default);

/// That part of a workspace's policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Conduct {
    /// What customers who wait are told.
    pub(crate) waiting_messages: WaitingWords,
    /// The workflow that takes messages no other wants.
    pub(crate) fallback_workflow: Option<String>,
}

pub(crate) struct Conducts(Cache<String, (i64, Arc<Conduct>)>);

impl Default for Conducts {
    fn default() -> Self {
        Self(Cache::new(KEPT_MAX))
    }
}

/// What a decision is made with besides the run.
pub(crate) struct Around {
    accounts: Accounts,
    conduct: Arc<Conduct>,
}

impl Around {
    /// It, now.
    pub(crate) fn at(&self, now: Timestamp) -> Moment<'_> {
        Moment { now, accounts: &self.accounts, words: &self.conduct.waiting_messages }
    }
}

impl Engine {
    /// What a decision on this version is made with: what its guarded requests would reach, and the workspace's words where
    /// one of its steps leaves them to it.
    pub(crate) async fn around(&self, workspace: &str, version: &Version) -> Result<Around, EngineError> {
        let conduct = if version.leaves_words() { self.conduct(workspace).await? } else { Arc::clone(&USUAL) };
        Ok(Around { accounts: self.accounts(workspace, version).await?, conduct })
    }

    /// What a workspace says to customers who wait.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn waiting_words(&self, workspace: &str) -> Result<WaitingWords, EngineError> {
        Ok(self.conduct(workspace).await?.waiting_messages.clone())
    }

    /// The conduct of a workspace, as it was some seconds ago at most. A policy that cannot be read is the usual one.
    pub(crate) async fn conduct(&self, workspace: &str) -> Result<Arc<Conduct>, EngineError> {
        let now = self.now();
        if let Some((read_at, kept)) = self.0.conducts.0.get(workspace)
            && now.saturating_sub(read_at) < FRESH_MS
        {
            return Ok(kept);
        }
        let row = self.0.store.get_workspace(workspace).await?;
        let read = row.and_then(|row| serde_json::from_str(&row.policy).ok());
        let conduct: Arc<Conduct> = Arc::new(read.unwrap_or_default());
        self.0.conducts.0.insert(workspace.to_owned(), (now, Arc::clone(&conduct)));
        Ok(conduct)
    }

    /// Why a workflow cannot take the messages that no other wants; nothing when it can.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn why_no_fallback(&self, workspace: &str, workflow: &str) -> Result<Option<String>, EngineError> {
        let active = match self.pointer(workspace, workflow).await {
            Ok(pointer) => pointer.active_version,
            Err(EngineError::NotFound(_)) => {
                return Ok(Some("there is no such workflow, or it is archived".to_owned()));
            }
            Err(error) => return Err(error),
        };
        let Some(active) = active else { return Ok(Some("no version of it is active".to_owned())) };
        let version = self.version(workspace, workflow, active).await?;
        let problems = version.input_problems(&json!({}));
        Ok(problems.first().map(|problem| {
            format!(
                "a message starts it with nothing but itself, and its input does not allow that: {}",
                problem.message
            )
        }))
    }

    /// The workspace's policy was changed in this process.
    pub fn policy_changed(&self, workspace: &str) {
        self.0.conducts.0.remove(workspace);
    }
}
