//! What the reference model says about checkpoints: opened, decided, escalated, edited, moved.

use crate::{
    asked::{Allowed, Asked, Voice},
    checker::{Cause, Facts, Verdict, must},
    documents::Published,
    promises::Word,
};
use countersign_core::{
    document::{Approval, CHANGES_DEFAULT, RungAct, StepKind},
    run::{self as core, Actor, CheckpointEvent, ClosedBy, HeldDecision, Moved, Opened, Outcome, Resolution},
    time::Timestamp,
};
use std::sync::Arc;

/// When an event was committed and why, and what people have allowed by then.
pub struct Moment<'a> {
    pub at: i64,
    pub cause: &'a Cause,
    pub allowed: &'a mut Allowed,
}

/// How often what happened around approvals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Around {
    pub moved: u64,
    pub taken_back: u64,
    pub edited: u64,
    pub sent_back: u64,
    pub reassigned: u64,
    pub escalated: u64,
    pub timed_out: u64,
    /// Decided for somebody else.
    pub represented: u64,
    /// Decided by what was allowed in advance.
    pub standing: u64,
    /// Held for a moment.
    pub held: u64,
    /// Taken back in that moment.
    pub undone: u64,
}

impl Around {
    pub fn add(&mut self, other: &Self) {
        for (mine, more) in self.all_mut().into_iter().zip(other.all()) {
            *mine += more;
        }
    }

    /// Of everything something has happened.
    pub fn complete(&self) -> bool {
        self.all().into_iter().all(|count| count > 0)
    }

    fn all(&self) -> [u64; 11] {
        let Self { moved, taken_back, edited, sent_back, reassigned, escalated, timed_out, .. } = *self;
        let Self { represented, standing, held, undone, .. } = *self;
        [moved, taken_back, edited, sent_back, reassigned, escalated, timed_out, represented, standing, held, undone]
    }

    fn all_mut(&mut self) -> [&mut u64; 11] {
        let Self {
            moved,
            taken_back,
            edited,
            sent_back,
            reassigned,
            escalated,
            timed_out,
            represented,
            standing,
            held,
            undone,
        } = self;
        [moved, taken_back, edited, sent_back, reassigned, escalated, timed_out, represented, standing, held, undone]
    }
}

pub struct Checkpoint {
    opened: Opened,
    due: Option<Timestamp>,
    pub closed: bool,
    /// Of an approval.
    asked: Option<Asked>,
    /// A decision that counts in a moment.
    pub held: Option<HeldDecision>,
}

/// What the events of its end say.
struct Close<'a> {
    outcome: &'a Outcome,
    by: &'a ClosedBy,
    standing: Option<&'a String>,
    /// It was held before it counted.
    held: bool,
}

impl Facts {
    pub fn checkpoint(&mut self, run: &str, visit: u32, event: &CheckpointEvent, moment: &mut Moment<'_>) -> Verdict {
        let at = moment.at;
        if let Some(open) = self.state.open_checkpoint().and_then(|id| self.opened.get(&id)) {
            open.rests(event)?;
        }
        match event {
            CheckpointEvent::Opened { opened, due, .. } => self.opens(run, visit, opened, *due),
            CheckpointEvent::Escalated { roles, due } => {
                let approval = self.approval()?.clone();
                self.around.escalated += 1;
                let checkpoint = self.current(moment)?.1;
                checkpoint.due = Some(*due);
                checkpoint.asked()?.escalated(roles, &approval, (at, *due))
            }
            CheckpointEvent::ApprovalGiven { by, .. } => self.voiced(by, core::Verdict::Approved, moment),
            CheckpointEvent::RejectionGiven { by, .. } => self.voiced(by, core::Verdict::Rejected, moment),
            CheckpointEvent::Edited { opened, edits, by, .. } => {
                // Who edits with a decision that was held could when they took it.
                if self.current(moment)?.1.held.is_none() {
                    self.may_say(by, core::Verdict::Approved, moment)?;
                }
                self.around.edited += 1;
                let approval = self.approval()?.clone();
                let checkpoint = self.current(moment)?.1;
                checkpoint.opened = opened.clone();
                if let Opened::Approval { requests, .. } = opened {
                    checkpoint.asked()?.edited(&approval, edits, requests)?;
                }
                self.promises.had_a_hand(by);
                Ok(())
            }
            CheckpointEvent::Held(said) => {
                self.may_say(&said.by, said.verdict, moment)?;
                self.around.held += 1;
                let approval = self.approval()?.clone();
                self.current(moment)?.1.holds(said, &approval, at)
            }
            CheckpointEvent::TakenBack(back) => {
                self.around.undone += 1;
                self.current(moment)?.1.taken_back(back, at)
            }
            CheckpointEvent::Closed { outcome, by, standing, values, said_at, .. } => {
                let held = said_at.is_some();
                self.closes(&Close { outcome, by, standing: standing.as_ref(), held }, moment)?;
                // Who says what a call gave made that up, as far as the run can tell.
                if let (Outcome::Resolved(Resolution::Happened), ClosedBy::Person { actor }) = (outcome, by)
                    && !values.is_null()
                {
                    self.promises.had_a_hand(actor);
                }
                Ok(())
            }
            CheckpointEvent::Climbed { rung, act, to, .. } => {
                let approval = self.approval()?.clone();
                match act {
                    RungAct::Remind => {}
                    RungAct::Reassign => self.around.reassigned += 1,
                    RungAct::Escalate => self.around.escalated += 1,
                }
                let id = self.state.open_checkpoint().unwrap_or_default();
                let checkpoint = self.opened.get_mut(&id).ok_or("a rung of nothing")?;
                checkpoint.asked()?.climbed(&approval, *rung, (*act, to), at)
            }
            CheckpointEvent::Reminded | CheckpointEvent::Unusable { .. } => Ok(()),
        }
    }

    fn opens(&mut self, run: &str, visit: u32, opened: &Opened, due: Option<Timestamp>) -> Verdict {
        let id = opened.checkpoint_id(run, visit);
        let mut new = Checkpoint { opened: opened.clone(), due, closed: false, asked: None, held: None };
        if let Opened::Approval { requests, door, difference, edited, tier, .. } = opened {
            let step = self.step();
            let approval = self.approval()?;
            let policy = tier.as_ref().map_or(&approval.approvers, |tier| &tier.approvers).clone();
            let since = self.entered.get(&visit).map_or(0, |(_, at)| *at);
            let changed = difference.is_some() || !edited.is_empty();
            let asked = Asked::new(&step, policy, requests, since, changed);
            asked.due(approval, due)?;
            new.asked = Some(asked);
            self.promises.asked(&step, requests, door.as_ref())?;
        }
        must(self.opened.insert(id.clone(), new).is_none(), || format!("checkpoint {id} was opened twice"))
    }

    /// One of several voices.
    fn voiced(&mut self, by: &Actor, verdict: core::Verdict, moment: &mut Moment<'_>) -> Verdict {
        self.may_say(by, verdict, moment)?;
        let voice = Voice { by, verdict, at: moment.at, involved: false };
        self.current(moment)?.1.asked()?.said(&voice);
        Ok(())
    }

    fn may_say(&self, by: &Actor, verdict: core::Verdict, moment: &Moment<'_>) -> Verdict {
        let id = self.state.open_checkpoint().unwrap_or_default();
        let checkpoint = self.opened.get(&id).ok_or("an approval of nothing")?;
        let Some(asked) = checkpoint.asked.as_ref() else { return Err("an approval outside an approval step".into()) };
        let involved = self.promises.had_one_of(by);
        asked.may(&Voice { by, verdict, at: moment.at, involved }, moment.allowed)
    }

    /// The checkpoint the run waits at, checked against what the commit was meant for.
    fn current(&mut self, moment: &Moment<'_>) -> Result<(String, &mut Checkpoint), String> {
        let id = self.state.open_checkpoint().ok_or("a checkpoint changed and none is open")?;
        if let Cause::Person(Some(meant)) = moment.cause {
            must(*meant == id, || format!("a decision on {meant} changed {id}"))?;
        }
        let checkpoint = self.opened.get_mut(&id).ok_or_else(|| format!("{id} was never opened"))?;
        must(!checkpoint.closed, || format!("{id} was decided before"))?;
        if *moment.cause == Cause::Timer && checkpoint.held.is_none() {
            must(checkpoint.due.is_some_and(|due| due.0 <= moment.at), || format!("{id} timed out early"))?;
        }
        Ok((id, checkpoint))
    }

    fn closes(&mut self, close: &Close<'_>, moment: &mut Moment<'_>) -> Verdict {
        let visit = self.state.place().map_or(0, |place| place.visit);
        let person = if let ClosedBy::Person { actor } = close.by { Some(actor) } else { None };
        if let (Outcome::Decided(verdict), Some(actor)) = (close.outcome, person) {
            if !close.held {
                self.may_say(actor, *verdict, moment)?;
            }
            let at_once = close.standing.is_some() || self.approval()?.undo_seconds.is_none();
            self.current(moment)?.1.counts((actor, *verdict), at_once, moment)?;
        }
        let (_, checkpoint) = self.current(moment)?;
        checkpoint.closed = true;
        match (checkpoint.opened.clone(), checkpoint.asked.clone()) {
            (Opened::Approval { .. }, Some(asked)) => self.approval_closes(&asked, close, moment)?,
            (Opened::UnknownOutcome { call, .. }, _)
                if *close.outcome == Outcome::Resolved(Resolution::NotHappened) && person.is_some() =>
            {
                self.permits((visit, call));
            }
            (Opened::Form { .. }, _) => person.into_iter().for_each(|actor| self.promises.had_a_hand(actor)),
            (Opened::Approval { .. } | Opened::UnknownOutcome { .. } | Opened::Handoff { .. }, _) => {}
        }
        self.closed += 1;
        Ok(())
    }

    fn approval_closes(&mut self, asked: &Asked, close: &Close<'_>, moment: &mut Moment<'_>) -> Verdict {
        let person = if let ClosedBy::Person { actor } = close.by { Some(actor) } else { None };
        if let (Outcome::Decided(verdict), Some(_)) = (close.outcome, person) {
            asked.enough(*verdict)?;
        }
        self.around.represented += u64::from(person.is_some_and(|by| by.on_behalf_of.is_some()));
        self.around.timed_out += u64::from(*close.by == ClosedBy::Timeout);
        if let (Some(id), Some(by)) = (close.standing, person) {
            self.around.standing += 1;
            moment.allowed.used(id, (asked, self.published.version.workflow()), by, moment.at)?;
        }
        let word = match (close.outcome, person) {
            (Outcome::Decided(core::Verdict::Approved), Some(_)) => Word::Yes,
            (Outcome::Decided(core::Verdict::Approved), None) => Word::Silence,
            (Outcome::Decided(core::Verdict::Changes), _) => {
                let cap = self.approval()?.changes_max.unwrap_or(CHANGES_DEFAULT);
                let times = self.sent_back.entry(asked.step.clone()).or_default();
                *times += 1;
                self.around.sent_back += 1;
                must(*times <= cap, || format!("`{}` was sent back {times} times, {cap} are allowed", asked.step))?;
                Word::Returned
            }
            _ => Word::Rejected,
        };
        self.promises.said(&asked.step, &asked.requests, word, person.is_some());
        Ok(())
    }

    /// The approval of the version that the run is on.
    fn approval(&self) -> Result<&Approval, String> {
        let step = self.step();
        match self.published.version.workflow().steps.get(&step).map(|step| &step.kind) {
            Some(StepKind::Approval(approval)) => Ok(approval),
            _ => Err(format!("`{step}` is no approval, and it is asked")),
        }
    }

    /// It goes on on another version: where it waits, at a step of the same kind, with the same people asked.
    pub fn moves(&mut self, moved: &Moved, published: &Arc<Published>) -> Verdict {
        self.promises.had_a_hand(&moved.by);
        must(moved.from == self.version, || format!("it was moved from {}, it was on {}", moved.from, self.version))?;
        let kind = |published: &Published, step: &str| {
            published.version.workflow().steps.get(step).map(|step| step.kind.tag())
        };
        let (here, there) = (kind(&self.published, &moved.step), kind(published, &moved.now_at));
        must(here.is_some() && here == there, || format!("it waited in a {here:?} and was moved to a {there:?}"))?;
        let last = self.last_moved.take();
        must(!moved.undo || last == Some((moved.to, moved.from)), || {
            format!("the move to {} was taken back although something happened since", moved.from)
        })?;
        self.version = moved.to;
        self.published = Arc::clone(published);
        if moved.undo {
            self.around.taken_back += 1;
        } else {
            self.around.moved += 1;
            self.last_moved = Some((moved.from, moved.to));
        }
        Ok(())
    }
}

impl Checkpoint {
    fn asked(&mut self) -> Result<&mut Asked, String> {
        self.asked.as_mut().ok_or_else(|| "it is no approval".to_owned())
    }
}
