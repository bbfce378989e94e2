//! A customer wrote: the runs that follow.

use crate::{Engine, EngineError, StartRun, StartedRun, customer_object};
use countersign_core::run::{self, Actor, IncomingMessage, Version, Via};
use countersign_store::{ConversationRow, ConversationStatus, PageRequest, RunFilter, RunRow, RunStatus};
use serde_json::{Value, json};
use std::sync::Arc;

impl Engine {
    /// A customer wrote: starts the runs whose message trigger holds. A conversation that is with a person, or has a
    /// run under way, starts none.
    ///
    /// # Errors
    /// When the conversation does not exist or the database cannot be read.
    pub async fn customer_message(
        &self,
        workspace: &str,
        conversation: &str,
        text: &str,
    ) -> Result<Vec<RunRow>, EngineError> {
        let store = &self.0.store;
        let row =
            store.get_conversation(workspace, conversation).await?.ok_or(EngineError::NotFound("conversation"))?;
        if row.status != ConversationStatus::Open || self.has_run_under_way(workspace, conversation).await? {
            return Ok(Vec::new());
        }
        let customer = match &row.customer {
            Some(id) => store.get_customer(workspace, id).await?.as_ref().map_or(Value::Null, customer_object),
            None => Value::Null,
        };
        let mut started = Vec::new();
        for active in store.active_versions(Some(workspace)).await? {
            let version = match self.version(workspace, &active.workflow, active.version).await {
                Ok(version) => version,
                Err(error) => {
                    tracing::error!(workflow = active.workflow, version = active.version, %error, "skipped");
                    continue;
                }
            };
            if self.message_starts(&version, &row, &customer, text) {
                let request = message_start(&row, &active.workflow, &customer, text);
                let StartedRun { run, .. } = self.start_run(request).await?;
                started.push(run);
                // One conversation, one token: the first workflow that wants the message has it.
                break;
            }
        }
        Ok(started)
    }

    async fn has_run_under_way(&self, workspace: &str, conversation: &str) -> Result<bool, EngineError> {
        let filter = RunFilter {
            conversation: Some(conversation.to_owned()),
            status: vec![RunStatus::Running, RunStatus::Waiting],
            ..RunFilter::default()
        };
        let page = PageRequest { after: None, limit: 1 };
        Ok(!self.0.store.list_runs(workspace, &filter, &page).await?.items.is_empty())
    }

    fn message_starts(&self, version: &Arc<Version>, row: &ConversationRow, customer: &Value, text: &str) -> bool {
        let (text, channel) = (Value::from(text), Value::from(row.channel.as_str()));
        let conversation = json!({ "id": row.id, "channel": row.channel });
        let message = IncomingMessage { text: &text, channel: &channel, customer, conversation: &conversation };
        let decide = || run::message_starts(version, message, self.timestamp());
        let (starts, failed) = self.0.aside.decide(version, || self.0.clock.elapsed(), decide);
        for error in failed {
            tracing::warn!(workflow = version.workflow().name, %error, "a message trigger failed");
        }
        starts
    }
}

fn message_start(row: &ConversationRow, workflow: &str, customer: &Value, text: &str) -> StartRun {
    let name = customer["name"].as_str().unwrap_or("customer").to_owned();
    let actor = Actor {
        id: row.customer.clone().unwrap_or_else(|| row.id.clone()),
        name,
        email: customer["email"].as_str().unwrap_or_default().to_owned(),
        roles: Vec::new(),
        via: Via::Conversation,
    };
    StartRun {
        workspace: row.workspace.clone(),
        workflow: workflow.to_owned(),
        version: None,
        input: json!({}),
        customer: row.customer.clone(),
        conversation: Some(row.id.clone()),
        trigger: json!({ "type": "message", "text": text, "channel": row.channel }),
        started_by: Some(actor),
        idempotency: None,
        wait: None,
    }
}
