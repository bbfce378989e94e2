//! The state as a machine would leave it that keeps one of its promises badly, and the accounts that guarded calls go to.

use crate::{documents::Published, node::Held, sabotage::Sabotage, scenario::Scenario};
use countersign_core::{
    approval::{Accounts, Contributors, Grant, Standing, connector_of},
    document::StepKind,
    log::{FailureClass, StepError},
    run::{CallId, CheckpointEvent, Event, Input, Moved, Phase, RunEvent, RunState, Wait, apply},
};
use serde_json::Value;

impl Scenario {
    pub fn tamper(&self, held: &mut Held) {
        let log = self.store.log.get(&held.row.id);
        let rows = log.into_iter().flatten().take(held.row.seq as usize);
        let log = rows.flat_map(|row| serde_json::from_str::<Vec<Event>>(&row.events).unwrap());
        let state = &mut held.state;
        match self.sabotage {
            Sabotage::CoversForOthers => covered(state),
            Sabotage::ForgetsContributors => state.contributors = Contributors::default(),
            Sabotage::ForgetsDoors => {
                if let Phase::Waiting(Wait::Approval(wait)) = &mut state.phase {
                    wait.door = None;
                }
            }
            Sabotage::ForgetsPeople => {
                if let Phase::Waiting(Wait::Approval(wait)) = &mut state.phase {
                    wait.people = None;
                }
            }
            Sabotage::ForgetsSeats => {
                if let Phase::Waiting(Wait::Approval(wait)) = &mut state.phase {
                    wait.given.iter_mut().for_each(|given| given.on_behalf_of = None);
                }
            }
            Sabotage::KeepsVoices => voices(state, log),
            Sabotage::ForgetsEditors => {
                // All but those of edits.
                let events = log
                    .filter(|event| !matches!(event, Event::Checkpoint { what: CheckpointEvent::Edited { .. }, .. }));
                let mut without = RunState::default();
                events.for_each(|event| apply(&mut without, &event));
                state.contributors = without.contributors;
            }
            Sabotage::UndoesLater => state.undoable = last_move(log),
            _ => {}
        }
    }

    /// What every connection leads to.
    pub fn account(&self) -> String {
        format!("account {}", self.revision)
    }

    pub fn accounts(&self, published: &Published) -> Accounts {
        let mut accounts = Accounts::default();
        for step in published.version.workflow().steps.values() {
            if let StepKind::ToolCall(call) = &step.kind {
                accounts.note(connector_of(&call.action), call.connection.as_deref(), self.account());
            }
        }
        accounts
    }
}

fn covered(state: &mut RunState) {
    let given: Vec<(String, Grant)> =
        state.grants.live().map(|(step, _, grant)| (step.clone(), grant.clone())).collect();
    for (step, grant) in given {
        let others = state.grants.about(&step).into_iter().flatten();
        let asked = others.filter(|(_, other)| other.standing != Standing::Given || other.request != grant.request);
        for other in asked.map(|(approval, _)| approval.clone()).collect::<Vec<_>>() {
            state.grants.given(&other, std::slice::from_ref(&grant.request), false);
        }
    }
}

/// The connection is not what it was: nothing leaves.
pub fn not_sent(id: CallId) -> Input {
    let error = StepError {
        class: FailureClass::Fatal,
        code: "connection_changed".into(),
        message: "the connection changed".into(),
        details: Value::Null,
    };
    Input::CallFailed { id, error, exchange: Value::Null, retry_after_seconds: None, jitter_per_mille: 0 }
}

/// Whoever said yes since the approval was asked counts, whatever was changed meanwhile.
fn voices(state: &mut RunState, log: impl Iterator<Item = Event>) {
    let Phase::Waiting(Wait::Approval(wait)) = &mut state.phase else { return };
    wait.given.clear();
    for event in log {
        if let Event::Checkpoint { visit, what: CheckpointEvent::ApprovalGiven { by, .. } } = event
            && visit == wait.place.visit
            && !wait.given.contains(&by)
        {
            wait.given.push(by);
        }
    }
}

fn last_move(log: impl Iterator<Item = Event>) -> Option<Box<Moved>> {
    let moves = log.filter_map(|event| match event {
        Event::Run(RunEvent::Moved { moved, .. }) => Some(moved),
        _ => None,
    });
    moves.last()
}
