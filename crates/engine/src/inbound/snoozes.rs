//! Conversations that were put aside come back: when their time is over, or their customer wrote.

use crate::{Engine, EngineError, pump::Pump};
use countersign_store::{NewAudit, SnoozeOver};
use parking_lot::Mutex;
use serde_json::json;
use std::{collections::HashSet, sync::Arc};

/// How long one that cannot be ended is left alone, milliseconds.
const REST_MS: u64 = 1000;

/// Times aside that are over.
#[derive(Clone)]
pub(crate) struct Snoozes {
    engine: Engine,
    begun: Begun,
}

impl Snoozes {
    pub(crate) fn new(engine: Engine) -> Self {
        Self { engine, begun: Begun::default() }
    }

    async fn end(&self, over: &SnoozeOver) -> Result<(), EngineError> {
        let why = if over.until == 0 { "the customer wrote" } else { "its time was over" };
        let entry = NewAudit {
            at: self.engine.now(),
            actor: "system".to_owned(),
            via: "timer".to_owned(),
            action: "conversation.returned".to_owned(),
            subject: format!("conversation:{}", over.conversation),
            detail: json!({ "why": why }).to_string(),
        };
        self.engine.0.store.end_snooze(over, entry).await?;
        Ok(())
    }
}

impl Pump for Snoozes {
    type Item = SnoozeOver;
    const AT_ONCE: usize = 16;
    const WAITS: &'static str = "conversations that were put aside wait for the database";

    async fn take(&self, most: u32) -> Result<Vec<SnoozeOver>, EngineError> {
        // A row is due until its end is written: those that are begun come first, and there may be others behind them.
        let found =
            self.engine.0.store.snoozes_over(self.engine.now(), self.begun.count().saturating_add(most)).await?;
        Ok(self.begun.begin(found, most))
    }

    async fn deal(&self, over: SnoozeOver) {
        if let Err(error) = self.end(&over).await {
            tracing::warn!(
                conversation = over.conversation,
                %error,
                "a conversation that was put aside comes back later"
            );
            self.engine.pause(REST_MS).await;
        }
        self.begun.ended(&over);
    }
}

/// Which rows are dealt with just now.
#[derive(Clone, Default)]
struct Begun(Arc<Mutex<HashSet<(String, String)>>>);

impl Begun {
    fn key(over: &SnoozeOver) -> (String, String) {
        (over.workspace.clone(), over.conversation.clone())
    }

    fn count(&self) -> u32 {
        u32::try_from(self.0.lock().len()).unwrap_or(u32::MAX)
    }

    /// Those of them that are not begun yet, at most so many; they are begun now.
    fn begin(&self, found: Vec<SnoozeOver>, most: u32) -> Vec<SnoozeOver> {
        let mut begun = self.0.lock();
        let mut taken = Vec::new();
        for over in found {
            if taken.len() < most as usize && begun.insert(Self::key(&over)) {
                taken.push(over);
            }
        }
        taken
    }

    fn ended(&self, over: &SnoozeOver) {
        self.0.lock().remove(&Self::key(over));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_begun_is_not_begun_again_and_holds_up_none_behind_it() {
        let over = |workspace: &str, conversation: &str| SnoozeOver {
            workspace: workspace.to_owned(),
            conversation: conversation.to_owned(),
            until: 1,
        };
        let due = || vec![over("w1", "c1"), over("w1", "c2"), over("w2", "c1")];
        let begun = Begun::default();
        assert_eq!(begun.begin(due(), 2), [over("w1", "c1"), over("w1", "c2")]);
        assert_eq!(begun.count(), 2);
        assert_eq!(begun.begin(due(), 2), [over("w2", "c1")]);
        assert!(begun.begin(due(), 2).is_empty());
        begun.ended(&over("w1", "c2"));
        assert_eq!(begun.begin(due(), 2), [over("w1", "c2")]);
    }
}
