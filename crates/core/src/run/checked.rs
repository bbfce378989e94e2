//! What was looked at before a run goes on otherwise than by itself, as plain data that comes in with the wish: what would be
//! done again, what a move makes of it. `moves` fills it in, [`super::step`] holds it against where the run stands.

use super::{Actor, Moved, Phase, Refusal, RunState, Stage};
use crate::{document::StepId, time::Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Map;
use utoipa::ToSchema;

/// Something that was done, or may have been, and may be done again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
pub struct Repeat {
    /// The step that did it.
    #[schema(value_type = String)]
    pub step: StepId,
    /// Its title.
    pub title: String,
    /// `<connector>.<action>`, or the channel of a message.
    pub action: String,
    /// The entry of the step.
    pub visit: u32,
    /// When it was sent last.
    #[schema(value_type = i64)]
    pub at: Timestamp,
    /// Whether it certainly took place; else it may have.
    pub certain: bool,
}

/// What stands in the way of going on from a step, as the log of a run that is over told. It counts only for that step
/// and as long as the run has not gone on: [`super::step`] refuses it otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Again {
    pub(crate) from: StepId,
    /// How many steps the run had entered: it does nothing more without entering another.
    pub(crate) visits: u32,
    /// What would be done again and nobody agreed to.
    pub(crate) unasked: Vec<Repeat>,
    /// What a person agreed to have done again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) agreed: Vec<StepId>,
}

impl Again {
    /// Everything may be done again: where a run is played and nothing leaves.
    #[must_use]
    pub fn played(state: &RunState, from: &str) -> Self {
        Self { from: from.to_owned(), visits: state.visits, unasked: Vec::new(), agreed: Vec::new() }
    }

    /// The steps that a person agreed to have done again.
    ///
    /// # Errors
    /// `Stale` when it was read for another step or before the run went on, `WouldRepeat`.
    pub(crate) fn allows(self, state: &RunState, from: &str) -> Result<Vec<StepId>, Refusal> {
        if self.from != from || self.visits != state.visits {
            return Err(Refusal::Stale);
        }
        if self.unasked.is_empty() { Ok(self.agreed) } else { Err(Refusal::WouldRepeat { repeats: self.unasked }) }
    }
}

/// A move that was checked. It counts for the run that was looked at, where it waits now: [`super::step`] refuses it
/// when that has gone on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Movable(pub(crate) Moved);

impl Movable {
    /// The move of a run that stands in `state`.
    ///
    /// # Errors
    /// `Stale` when it does not wait any more where it was checked.
    pub(crate) fn on(self, state: &RunState, by: Actor) -> Result<Moved, Refusal> {
        let Self(moved) = self;
        let there = state.place().is_some_and(|place| place.visit == moved.visit && place.step == moved.step);
        if !(there && state.phase.waits() && state.info.version == moved.from) {
            return Err(Refusal::Stale);
        }
        if let Some(held) = state.phase.held() {
            return Err(Refusal::Held(Box::new(held.clone())));
        }
        Ok(Moved { by, ..moved })
    }
}

/// The last move the other way, while nothing has happened since.
///
/// # Errors
/// `NotMovable` when the last thing that happened is not a move, or was itself taken back.
pub(crate) fn undone(state: &RunState, by: Actor) -> Result<Moved, Refusal> {
    let Some(last) = state.undoable.as_deref() else {
        return Err(Refusal::NotMovable("something has happened since it was moved: it goes on where it is".into()));
    };
    Ok(Moved {
        visit: last.visit,
        from: last.to,
        to: last.from,
        step: last.now_at.clone(),
        now_at: last.step.clone(),
        added: Map::new(),
        dropped: last.added.keys().cloned().collect(),
        people: last.people_before.clone(),
        people_before: last.people.clone(),
        undo: true,
        by,
    })
}

impl Phase {
    /// Whether it waits at a step, for somebody or something: only then can it be moved.
    pub(crate) fn waits(&self) -> bool {
        matches!(self, Self::Waiting(_) | Self::Calling { stage: Stage::BackingOff { .. }, .. })
    }
}
