//! The reference model of a decision that is held: for how long, whose it is to take back, and what may not happen meanwhile.

use crate::{
    checker::{Verdict, must},
    decisions::{Checkpoint, Moment},
};
use countersign_core::{
    document::Approval,
    run::{self as core, Actor, CheckpointEvent, ClosedBy, HeldDecision, TakenBack},
};

impl Checkpoint {
    /// Nothing happens to it while a decision is held, but that it is taken back, counts, or the run is stopped.
    pub fn rests(&self, event: &CheckpointEvent) -> Verdict {
        let Some(held) = &self.held else { return Ok(()) };
        let good = match event {
            CheckpointEvent::TakenBack(_) => true,
            CheckpointEvent::Edited { by, edits, .. } => *by == held.by && *edits == held.edits,
            CheckpointEvent::Closed { by, said_at, .. } => match by {
                ClosedBy::Person { .. } => said_at.is_some(),
                ClosedBy::Timeout => false,
                ClosedBy::Cancel => true,
            },
            CheckpointEvent::Opened { .. }
            | CheckpointEvent::Climbed { .. }
            | CheckpointEvent::Reminded
            | CheckpointEvent::Unusable { .. }
            | CheckpointEvent::Escalated { .. }
            | CheckpointEvent::ApprovalGiven { .. }
            | CheckpointEvent::RejectionGiven { .. }
            | CheckpointEvent::Held(_) => false,
        };
        must(good, || format!("a decision is held and something else happened: {event:?}"))
    }

    /// Somebody decided who could, where the document has it held for so long.
    pub fn holds(&mut self, said: &HeldDecision, approval: &Approval, at: i64) -> Verdict {
        let seconds = approval.undo_seconds.map(i64::from);
        let real = said.until.0 - said.at.0;
        must(said.at.0 == at && seconds == Some(real / 1000) && real % 1000 == 0, || {
            format!("it is held for {real} ms from {}, the document has {seconds:?} s", said.at.0)
        })?;
        self.held = Some(said.clone());
        Ok(())
    }

    pub fn taken_back(&mut self, back: &TakenBack, at: i64) -> Verdict {
        let held = self.held.take().ok_or("nothing was held, and it was taken back")?;
        must(back.by.person() == held.by.person(), || format!("{} took back what {} decided", back.by.id, held.by.id))?;
        must(at < held.until.0, || "it was taken back after it counted".to_owned())
    }

    /// A person's decision counts: at once where nothing is held, and not before its time where it is.
    pub fn counts(&self, said: (&Actor, core::Verdict), at_once: bool, moment: &Moment<'_>) -> Verdict {
        let Some(held) = &self.held else {
            return must(at_once, || "a decision counted at once that is to be held".to_owned());
        };
        must(moment.at >= held.until.0, || format!("{} counted before its time", held.by.id))?;
        must(said == (&held.by, held.verdict), || format!("held was {:?} by {}", held.verdict, held.by.id))
    }
}
