//! Which version a new run takes: the pointers of the workflows, kept.

use crate::{Engine, EngineError};
use countersign_store::PointerRow;
use quick_cache::sync::Cache;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many pointers are kept.
const KEPT_MAX: usize = 10_000;

pub(crate) struct Pointers {
    /// Grows with every change, so that a read that overlaps a change is not kept.
    generation: AtomicU64,
    active: Cache<(String, String), PointerRow>,
}

impl Default for Pointers {
    fn default() -> Self {
        Self { generation: AtomicU64::default(), active: Cache::new(KEPT_MAX) }
    }
}

impl Engine {
    /// A version was published, rolled back, ramped or archived: the next start looks again. Starts of processes that were
    /// not told find out when they are written.
    pub fn workflow_changed(&self, workspace: &str, workflow: &str) {
        self.0.pointers.generation.fetch_add(1, Ordering::SeqCst);
        self.0.pointers.active.remove(&(workspace.to_owned(), workflow.to_owned()));
    }

    /// Which version a new run takes, as it was when last looked: the commit of a start is refused when it moved since.
    pub(crate) async fn pointer(&self, workspace: &str, workflow: &str) -> Result<PointerRow, EngineError> {
        let key = (workspace.to_owned(), workflow.to_owned());
        if let Some(pointer) = self.0.pointers.active.get(&key) {
            return Ok(pointer);
        }
        let generation = self.0.pointers.generation.load(Ordering::SeqCst);
        let row = self.0.store.get_pointer(workspace, workflow).await?;
        let row = row.filter(|row| row.archived_at.is_none()).ok_or(EngineError::NotFound("workflow"))?;
        if self.0.pointers.generation.load(Ordering::SeqCst) == generation {
            self.0.pointers.active.insert(key.clone(), row.clone());
            // A change that came in between has removed what was not there yet.
            if self.0.pointers.generation.load(Ordering::SeqCst) != generation {
                self.0.pointers.active.remove(&key);
            }
        }
        Ok(row)
    }
}
