//! Moving waiting runs to another version, and back.

use crate::{
    Engine, EngineError,
    run::{
        drive::{Before, Beside, Committed},
        load::LoadedRun,
        project::Stood,
    },
};
use countersign_core::{
    moves::{MoveCheck, MoveRequest, check_move},
    run::{Actor, Input, Movable, Refusal},
};
use countersign_store::{Conflict, RunRow, StoreError};
use std::{collections::BTreeMap, sync::Arc};

/// How often a move is decided anew because the run moved on meanwhile.
const RELOADS_MAX: usize = 5;

/// Where runs are to go on.
#[derive(Debug, Clone)]
pub struct MoveRun {
    /// The version.
    pub to: u32,
    /// Steps that are called otherwise there: old id → new id.
    pub mapping: BTreeMap<String, String>,
}

/// One run and what is said about moving it.
#[derive(Debug)]
pub struct CheckedMove {
    /// The run.
    pub row: RunRow,
    /// What is said.
    pub check: MoveCheck,
}

impl Engine {
    /// Says whether a run can be moved; changes nothing.
    ///
    /// # Errors
    /// `NotFound`, `Corrupt`.
    pub async fn check_move(&self, workspace: &str, run: &str, wanted: &MoveRun) -> Result<CheckedMove, EngineError> {
        let LoadedRun { row, version, state, .. } = self.load(workspace, run).await?;
        let to = self.version(workspace, &row.workflow, wanted.to).await?;
        let request = MoveRequest { from: &version, to: &to, number: wanted.to, mapping: &wanted.mapping };
        let check = check_move(&request, &state, self.timestamp());
        Ok(CheckedMove { row, check })
    }

    /// Moves a waiting run: it goes on where it waits, on another version.
    ///
    /// # Errors
    /// `NotFound`, `Refused` with the reason when it must stay, `Busy`.
    pub async fn move_run(
        &self,
        workspace: &str,
        run: &str,
        wanted: &MoveRun,
        by: &Actor,
    ) -> Result<RunRow, EngineError> {
        for _ in 0..RELOADS_MAX {
            let LoadedRun { row, version, state, .. } = self.load(workspace, run).await?;
            let to = self.version(workspace, &row.workflow, wanted.to).await?;
            let request = MoveRequest { from: &version, to: &to, number: wanted.to, mapping: &wanted.mapping };
            let checked = Box::new(Movable::check(&request, &state, self.timestamp())?);
            let stood = Stood::of(&state);
            let input = Input::MoveRequested { checked, by: by.clone() };
            let around = self.around(workspace, &to).await?;
            let decision = self.advance((&to, &around), Box::new(state), input).map_err(Refusal::from)?;
            let before = Before { row: &row, version: &to, stood: &stood };
            match self.commit(before, decision, Beside::default()).await {
                Ok(Committed::Written { row, .. }) => return Ok(Arc::unwrap_or_clone(row)),
                Ok(Committed::Replayed(_)) => return Err(EngineError::KeyReused),
                Err(EngineError::Store(StoreError::Conflict(Conflict::RunMoved { .. }))) => {}
                Err(error) => return Err(error),
            }
        }
        Err(EngineError::Busy)
    }

    /// Takes back the last move of a run, while nothing has happened since.
    ///
    /// # Errors
    /// `NotFound`, `Refused`.
    pub async fn undo_move(&self, workspace: &str, run: &str, by: &Actor) -> Result<RunRow, EngineError> {
        let LoadedRun { row, state, earlier, .. } = self.load(workspace, run).await?;
        let back = state.undoable.as_ref().and_then(|last| earlier.get(&last.from));
        let back = back.ok_or_else(|| Refusal::NotMovable("the last thing that happened to it is no move".into()))?;
        let stood = Stood::of(&state);
        let input = Input::UndoRequested { by: by.clone() };
        let around = self.around(workspace, back).await?;
        let decision = self.advance((back, &around), Box::new(state), input).map_err(Refusal::from)?;
        let before = Before { row: &row, version: back, stood: &stood };
        match self.commit(before, decision, Beside::default()).await? {
            Committed::Written { row, .. } => Ok(Arc::unwrap_or_clone(row)),
            Committed::Replayed(_) => Err(EngineError::KeyReused),
        }
    }
}
