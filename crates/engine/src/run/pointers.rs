//! Which version a new run takes: the pointers of the workflows, kept.

use crate::{Engine, EngineError};
use countersign_core::{moves::Ramp, run::Version};
use countersign_store::PointerRow;
use quick_cache::sync::Cache;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// How many pointers are kept.
const KEPT_MAX: usize = 10_000;

pub(crate) struct Pointers {
    /// Grows with every change, so that a read that overlaps a change is not kept.
    generation: AtomicU64,
    active: Cache<(String, String), Arc<Choice>>,
    /// By workspace: the workflows a message may start, and when that was read.
    starters: Cache<String, (i64, Starters)>,
}

impl Default for Pointers {
    fn default() -> Self {
        Self { generation: AtomicU64::default(), active: Cache::new(KEPT_MAX), starters: Cache::new(KEPT_MAX) }
    }
}

/// What a new run of a workflow is decided by.
pub(crate) struct Choice {
    pub(crate) pointer: PointerRow,
    /// The triggers that are switched off. Read after the pointer, whose revision grows with every switch.
    pub(crate) off: BTreeSet<String>,
}

/// Workflows by id.
type Starters = Arc<Vec<Starter>>;

/// How long the workflows a message may start are known without looking again, milliseconds: another process may have
/// published, and the word of it been lost.
const STARTERS_FRESH_MS: i64 = 10_000;

/// A workflow that a customer's message may start.
pub(crate) struct Starter {
    pub(crate) workflow: String,
    pub(crate) active: u32,
    pub(crate) ramp: Option<Ramp>,
    /// The triggers that are switched off.
    pub(crate) off: BTreeSet<String>,
    /// Of the active and the ramped version those that take messages.
    pub(crate) versions: BTreeMap<u32, Arc<Version>>,
}

impl Engine {
    /// A version was published, rolled back, ramped or archived: the next start looks again. Starts of processes that were
    /// not told find out when they are written.
    pub fn workflow_changed(&self, workspace: &str, workflow: &str) {
        self.0.pointers.generation.fetch_add(1, Ordering::SeqCst);
        self.0.pointers.active.remove(&(workspace.to_owned(), workflow.to_owned()));
        self.0.pointers.starters.remove(workspace);
        let (engine, workspace, workflow) = (self.clone(), workspace.to_owned(), workflow.to_owned());
        self.0.tasks.spawn(async move {
            if let Err(error) = engine.reconcile(&workspace, &workflow).await {
                tracing::warn!(workflow, %error, "its triggers are brought up to date a little later");
            }
        });
    }

    /// Any workflow may have changed.
    pub(crate) fn workflows_changed(&self) {
        self.0.pointers.generation.fetch_add(1, Ordering::SeqCst);
        self.0.pointers.active.clear();
        self.0.pointers.starters.clear();
    }

    /// The workflows of a workspace that a message may start, their triggers compiled.
    pub(crate) async fn starters(&self, workspace: &str) -> Result<Starters, EngineError> {
        let now = self.now();
        if let Some((read_at, starters)) = self.0.pointers.starters.get(workspace)
            && now.saturating_sub(read_at) < STARTERS_FRESH_MS
        {
            return Ok(starters);
        }
        self.starters_anew(workspace).await
    }

    /// As [`Engine::starters`], as they stand now.
    pub(crate) async fn starters_anew(&self, workspace: &str) -> Result<Starters, EngineError> {
        let now = self.now();
        let generation = self.0.pointers.generation.load(Ordering::SeqCst);
        let mut starters = Vec::new();
        let pointers = self.0.store.active_pointers(workspace).await?;
        let mut off: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (workflow, trigger) in self.0.store.switched_off(workspace).await? {
            off.entry(workflow).or_default().insert(trigger);
        }
        for pointer in pointers {
            let off = off.remove(&pointer.id).unwrap_or_default();
            starters.extend(self.starter(workspace, &pointer, off).await?);
        }
        let starters = Arc::new(starters);
        if self.0.pointers.generation.load(Ordering::SeqCst) == generation {
            self.0.pointers.starters.insert(workspace.to_owned(), (now, Arc::clone(&starters)));
        }
        Ok(starters)
    }

    async fn starter(
        &self,
        workspace: &str,
        pointer: &PointerRow,
        off: BTreeSet<String>,
    ) -> Result<Option<Starter>, EngineError> {
        let Some(active) = pointer.active_version else { return Ok(None) };
        let ramp = pointer.ramp_version.zip(pointer.ramp_percent).map(|(version, percent)| Ramp { version, percent });
        let mut versions = BTreeMap::new();
        for number in [Some(active), pointer.ramp_version].into_iter().flatten() {
            match self.version(workspace, &pointer.id, number).await {
                Ok(version) if version.takes_messages() => drop(versions.insert(number, version)),
                Ok(_) => {}
                Err(EngineError::Store(error)) => return Err(error.into()),
                Err(error) => tracing::error!(workflow = pointer.id, version = number, %error, "skipped"),
            }
        }
        let workflow = pointer.id.clone();
        Ok((!versions.is_empty()).then_some(Starter { workflow, active, ramp, off, versions }))
    }

    /// Which version a new run takes, as it was when last looked: the commit of a start is refused when it moved since.
    pub(crate) async fn pointer(&self, workspace: &str, workflow: &str) -> Result<PointerRow, EngineError> {
        Ok(self.choice(workspace, workflow).await?.pointer.clone())
    }

    /// As [`Engine::pointer`], with what is switched off.
    pub(crate) async fn choice(&self, workspace: &str, workflow: &str) -> Result<Arc<Choice>, EngineError> {
        let key = (workspace.to_owned(), workflow.to_owned());
        match self.0.pointers.active.get(&key) {
            Some(choice) => Ok(choice),
            None => self.choice_anew(key).await,
        }
    }

    /// As [`Engine::choice`], as it stands now: what starts is looked at again when it is written, what is refused is not.
    pub(crate) async fn choice_anew(&self, key: (String, String)) -> Result<Arc<Choice>, EngineError> {
        let (workspace, workflow) = (&key.0, &key.1);
        let generation = self.0.pointers.generation.load(Ordering::SeqCst);
        let row = self.0.store.get_pointer(workspace, workflow).await?;
        let pointer = row.filter(|row| row.archived_at.is_none()).ok_or(EngineError::NotFound("workflow"))?;
        let off = self.0.store.switched_off_of(workspace, workflow).await?.into_iter().collect();
        let choice = Arc::new(Choice { pointer, off });
        if self.0.pointers.generation.load(Ordering::SeqCst) == generation {
            self.0.pointers.active.insert(key.clone(), Arc::clone(&choice));
            // A change that came in between has removed what was not there yet.
            if self.0.pointers.generation.load(Ordering::SeqCst) != generation {
                self.0.pointers.active.remove(&key);
            }
        }
        Ok(choice)
    }
}
