//! The state as a machine would leave it that keeps one of its promises badly, and the accounts that guarded calls go to.

use crate::{documents::Published, sabotage::Sabotage, scenario::Scenario};
use countersign_core::{
    approval::{Accounts, Contributors, Grant, Standing, connector_of},
    document::StepKind,
    log::{FailureClass, StepError},
    run::{CallId, Input, Phase, RunState, Wait},
};
use serde_json::Value;

impl Scenario {
    pub fn tamper(&self, state: &mut RunState) {
        match self.sabotage {
            Sabotage::CoversForOthers => covered(state),
            Sabotage::ForgetsContributors => state.contributors = Contributors::default(),
            Sabotage::ForgetsDoors => {
                if let Phase::Waiting(Wait::Approval(wait)) = &mut state.phase {
                    wait.door = None;
                }
            }
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
