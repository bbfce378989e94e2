//! Conversations that were put aside come back: when their time is over, or their customer wrote.

use crate::{Engine, EngineError, pump::Pump};
use countersign_store::{NewAudit, SnoozeOver};
use serde_json::json;

/// Times aside that are over.
#[derive(Clone)]
pub(crate) struct Snoozes(pub(crate) Engine);

impl Pump for Snoozes {
    type Item = SnoozeOver;
    const AT_ONCE: usize = 16;
    const WAITS: &'static str = "conversations that were put aside wait for the database";

    async fn take(&self, most: u32) -> Result<Vec<SnoozeOver>, EngineError> {
        Ok(self.0.0.store.snoozes_over(self.0.now(), most).await?)
    }

    async fn deal(&self, over: SnoozeOver) {
        let why = if over.until == 0 { "the customer wrote" } else { "its time was over" };
        let entry = NewAudit {
            at: self.0.now(),
            actor: "system".to_owned(),
            via: "timer".to_owned(),
            action: "conversation.returned".to_owned(),
            subject: format!("conversation:{}", over.conversation),
            detail: json!({ "why": why }).to_string(),
        };
        if let Err(error) = self.0.0.store.end_snooze(&over, entry).await {
            tracing::warn!(conversation = over.conversation, %error, "a conversation that was put aside comes back later");
        }
    }
}
