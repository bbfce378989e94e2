//! Which version a new run takes: the pointers of the workflows, kept.

use crate::{Engine, EngineError};
use countersign_store::PointerRow;
use parking_lot::RwLock;
use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
};

/// How many pointers are kept; past it the cache starts anew.
const KEPT_MAX: usize = 10_000;

#[derive(Default)]
pub(crate) struct Pointers {
    /// Grows with every change, so that a read that overlaps a change is not kept.
    generation: AtomicU64,
    active: RwLock<HashMap<(String, String), PointerRow>>,
}

impl Engine {
    /// A version was published, rolled back, ramped or archived: the next start looks again. Starts of processes that were
    /// not told find out when they are written.
    pub fn workflow_changed(&self, workspace: &str, workflow: &str) {
        self.0.pointers.generation.fetch_add(1, Ordering::SeqCst);
        self.0.pointers.active.write().remove(&(workspace.to_owned(), workflow.to_owned()));
    }

    /// Which version a new run takes, as it was when last looked: the commit of a start is refused when it moved since.
    pub(crate) async fn pointer(&self, workspace: &str, workflow: &str) -> Result<PointerRow, EngineError> {
        let key = (workspace.to_owned(), workflow.to_owned());
        if let Some(pointer) = self.0.pointers.active.read().get(&key) {
            return Ok(pointer.clone());
        }
        let generation = self.0.pointers.generation.load(Ordering::SeqCst);
        let row = self.0.store.get_pointer(workspace, workflow).await?;
        let row = row.filter(|row| row.archived_at.is_none()).ok_or(EngineError::NotFound("workflow"))?;
        let mut active = self.0.pointers.active.write();
        if active.len() >= KEPT_MAX {
            active.clear();
        }
        if self.0.pointers.generation.load(Ordering::SeqCst) == generation {
            active.insert(key, row.clone());
        }
        Ok(row)
    }
}
