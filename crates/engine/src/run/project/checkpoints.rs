//! What becomes of a run's checkpoint: its row, who is told, what is on the record.

use super::{Projection, via};
use countersign_core::{
    approval::{Audience, audience},
    document::RungAct,
    run::{
        CheckpointEvent, CheckpointKind, CheckpointStatus, ClosedBy, Event, Opened, Outcome, Phase, RunEvent, Wait,
        WaitingFor,
    },
    time::Timestamp,
};
use countersign_store::{CheckpointChange, CheckpointRow, ConversationStatus, NewOutbound, OutboundReason, found_by};
use serde_json::{Value, json};

impl Projection<'_> {
    pub(super) fn checkpoint(&mut self, visit: u32, event: &CheckpointEvent) {
        match event {
            CheckpointEvent::Opened { opened, due, .. } => self.opened(visit, opened, *due),
            CheckpointEvent::Escalated { due, .. } => {
                self.touched(Some(Some(due.0)), None);
                self.tell(self.open_checkpoint(), OutboundReason::Escalated);
            }
            CheckpointEvent::Reminded => {
                self.touched(None, None);
                self.tell(self.open_checkpoint(), OutboundReason::Reminded);
            }
            // It is asked again: nobody else is told.
            CheckpointEvent::Unusable { .. } => self.touched(None, None),
            CheckpointEvent::Climbed { rung, act, to, .. } => self.climbed(visit, *rung, *act, to),
            CheckpointEvent::ApprovalGiven { by, comment } => {
                self.touched(None, None);
                let (id, shown) = (self.open_checkpoint(), &self.shown);
                let detail = json!({ "checkpoint": id, "outcome": "approved", "comment": comment, "shown": shown });
                self.audit(by, "checkpoint.approval_given", visit, detail);
            }
            CheckpointEvent::Edited { opened, edits, by, comment } => {
                self.touched(None, Some(json!(opened).to_string()));
                self.shown = opened.shown_hash();
                let (id, shown) = (self.open_checkpoint(), &self.shown);
                let detail = json!({ "checkpoint": id, "edits": edits, "comment": comment, "shown": shown });
                self.audit(by, "checkpoint.edited", visit, detail);
                self.tell(self.open_checkpoint(), OutboundReason::Changed);
            }
            CheckpointEvent::RejectionGiven { by, comment } => {
                self.touched(None, None);
                let (id, shown) = (self.open_checkpoint(), &self.shown);
                let detail = json!({ "checkpoint": id, "outcome": "rejected", "comment": comment, "shown": shown });
                self.audit(by, "checkpoint.rejection_given", visit, detail);
            }
            CheckpointEvent::Held(said) => {
                self.touched(None, None);
                let detail = json!({
                    "checkpoint": self.open_checkpoint(), "outcome": said.verdict.word(), "comment": said.comment,
                    "values": said.values, "edits": said.edits, "until": said.until, "shown": self.shown,
                });
                self.audit(&said.by, "checkpoint.held", visit, detail);
            }
            CheckpointEvent::TakenBack(back) => {
                self.touched(None, None);
                let (id, outcome, said_at) = (self.open_checkpoint(), back.verdict.word(), back.said_at);
                let detail = json!({ "checkpoint": id, "outcome": outcome, "said_at": said_at });
                self.audit(&back.by, "checkpoint.taken_back", visit, detail);
            }
            CheckpointEvent::Closed { outcome, by, comment, values, standing, said_at } => {
                let beside = json!({ "comment": comment, "values": values, "standing": standing, "said_at": said_at });
                self.closed(visit, (outcome, by, comment), beside);
            }
        }
    }

    fn opened(&mut self, visit: u32, opened: &Opened, due: Option<Timestamp>) {
        let Some(place) = self.place_of(visit) else { return };
        let title = match opened {
            Opened::Form { prompt, .. } => prompt.clone(),
            Opened::Approval { summary, .. } => summary.clone(),
            Opened::Handoff { note, .. } => {
                self.conversation_status(ConversationStatus::WithPerson);
                note.clone()
            }
            Opened::UnknownOutcome { .. } => format!("Did this happen? {}", self.facts.version.title(&place.step)),
        };
        let row = CheckpointRow {
            id: opened.checkpoint_id(&self.commit.run_id, visit),
            workspace: self.commit.workspace.clone(),
            run: self.commit.run_id.clone(),
            workflow: self.facts.before.workflow.clone(),
            version: self.facts.after.info.version,
            step: place.step.clone(),
            visit,
            kind: opened.kind(),
            status: CheckpointStatus::Open,
            title,
            customer: self.commit.run.customer.clone(),
            conversation: self.facts.before.conversation.clone(),
            payload: json!(opened).to_string(),
            assigned_to: None,
            opened_at: self.facts.at,
            due_at: due.map(|due| due.0),
            outcome: None,
            decided_at: None,
            decided_by: None,
            via: None,
            comment: None,
            asks: None,
            audience: None,
            barred: String::new(),
            draft: None,
            words: found_by(&self.commit.run.title, &opened.words(self.facts.version.title(&place.step))),
        };
        if row.kind != CheckpointKind::Form {
            self.tell(Some(row.id.clone()), OutboundReason::Opened);
        }
        self.commit.checkpoints.push(CheckpointChange::Open(Box::new(row)));
    }

    /// Whom the checkpoint that is open now asks: whatever touched it may have changed that.
    pub(super) fn asks(&mut self) {
        let Some(id) = self.facts.after.open_checkpoint().filter(|_| !self.commit.checkpoints.is_empty()) else {
            return;
        };
        if let Some(Audience { asks, barred }) = audience(self.facts.version, self.facts.after) {
            let (asks, barred) = (json!(asks).to_string(), barred.into_iter().collect());
            self.commit.checkpoints.push(CheckpointChange::Ask { id, asks, barred });
        }
    }

    /// What the checkpoint that was open and still is is found by: the case may be another, or what is shown.
    pub(super) fn found(&mut self) {
        let Some(id) = self.facts.after.open_checkpoint().filter(|id| self.facts.stood.checkpoint() == Some(id)) else {
            return;
        };
        let case = self.commit.run.title.clone();
        let shown_anew = |event: &Event| match event {
            Event::Run(RunEvent::Moved { .. }) | Event::Checkpoint { what: CheckpointEvent::Edited { .. }, .. } => true,
            Event::Run(_) | Event::Step { .. } | Event::Call { .. } | Event::Checkpoint { .. } => false,
        };
        let words = match &self.facts.after.phase {
            Phase::Waiting(Wait::Approval(wait)) if self.facts.events.iter().any(shown_anew) => {
                Some(wait.opened.words(self.facts.version.title(&wait.place.step)))
            }
            Phase::Waiting(_)
            | Phase::Unstarted
            | Phase::Moving
            | Phase::AtStep(_)
            | Phase::Calling { .. }
            | Phase::Ended(_) => None,
        };
        if words.is_some() || case != self.facts.before.title {
            self.commit.checkpoints.push(CheckpointChange::Find { id, case, words });
        }
    }

    /// Operators are told; a form is the customer's.
    pub(super) fn tell(&mut self, checkpoint: Option<String>, reason: OutboundReason) {
        let outbound = checkpoint.map(|checkpoint| NewOutbound { checkpoint, reason });
        self.commit.outbound.extend(outbound);
    }

    /// The checkpoint that was open before this commit.
    pub(super) fn open_checkpoint(&self) -> Option<String> {
        self.facts.stood.checkpoint.clone()
    }

    fn touched(&mut self, due_at: Option<Option<i64>>, payload: Option<String>) {
        if let Some(id) = self.open_checkpoint() {
            self.commit.checkpoints.push(CheckpointChange::Touch { id, due_at, payload, assigned_to: None });
        }
    }

    /// A rung of the ladder was reached. What others decide instead is nobody's any more who took it.
    fn climbed(&mut self, visit: u32, rung: u32, act: RungAct, to: &[String]) {
        let Some(id) = self.open_checkpoint() else { return };
        let assigned_to = (act == RungAct::Reassign).then_some(None);
        self.commit.checkpoints.push(CheckpointChange::Touch {
            id: id.clone(),
            due_at: None,
            payload: None,
            assigned_to,
        });
        let (action, reason) = match act {
            RungAct::Remind => ("checkpoint.reminded", OutboundReason::Reminded),
            RungAct::Reassign => ("checkpoint.reassigned", OutboundReason::Reassigned),
            RungAct::Escalate => ("checkpoint.escalated", OutboundReason::Escalated),
        };
        self.tell(Some(id.clone()), reason);
        self.audit_system(action, "timer", visit, json!({ "checkpoint": id, "rung": rung, "to": to }));
    }

    /// What is written `beside` on the record leaves out what there is not.
    fn closed(&mut self, visit: u32, (outcome, by, comment): (&Outcome, &ClosedBy, &str), beside: Value) {
        let Some(id) = self.open_checkpoint() else { return };
        let via = match by {
            ClosedBy::Person { actor } => via(actor.via),
            ClosedBy::Timeout => "timeout",
            ClosedBy::Cancel => "cancel",
        };
        if self.facts.stood.waiting_for == Some(WaitingFor::Handoff) {
            self.conversation_status(ConversationStatus::Open);
        }
        if self.facts.stood.waiting_for != Some(WaitingFor::Form) {
            self.tell(Some(id.clone()), OutboundReason::Decided);
        }
        self.commit.checkpoints.push(CheckpointChange::Close {
            id: id.clone(),
            outcome: outcome.clone(),
            decided_at: self.facts.at,
            decided_by: json!(by).to_string(),
            via: via.to_owned(),
            comment: (!comment.is_empty()).then(|| comment.to_owned()),
        });
        let mut detail = json!({ "checkpoint": id, "outcome": outcome.word(), "shown": self.shown });
        for (name, value) in beside.as_object().into_iter().flatten() {
            if !value.is_null() || name == "values" {
                detail[name] = value.clone();
            }
        }
        match by {
            ClosedBy::Person { actor } => self.audit(actor, "checkpoint.decided", visit, detail),
            ClosedBy::Timeout | ClosedBy::Cancel => self.audit_system("checkpoint.decided", via, visit, detail),
        }
    }
}
