//! When an account was last called through, and by whom. Kept roughly: at most once a minute for each account and process.

use crate::Engine;
use countersign_connectors::Connection;
use serde_json::json;

/// How long an account's use is not written again, milliseconds.
const NOTED_MS: i64 = 60_000;

/// Who calls through an account.
#[derive(Debug, Clone, Copy)]
pub(crate) enum UsedBy<'a> {
    /// A run of a workflow: the ids of both.
    Run(&'a str, &'a str),
    /// Somebody who tries an action.
    Person(&'a str),
}

impl Engine {
    /// Keeps that a call left through an account; beside what waits for the call, and not at all if that fails.
    pub(super) fn note_use(&self, workspace: &str, connection: &Connection, by: UsedBy<'_>) {
        let (noted, at) = (&self.0.connections.used, self.now());
        if noted.get(&connection.id).is_some_and(|before| at.saturating_sub(before) < NOTED_MS) {
            return;
        }
        noted.insert(connection.id.clone(), at);
        let used = match by {
            UsedBy::Run(workflow, run) => json!({ "at": at, "workflow": workflow, "run": run }),
            UsedBy::Person(person) => json!({ "at": at, "person": person }),
        };
        let (engine, workspace, id) = (self.clone(), workspace.to_owned(), connection.id.clone());
        self.0.tasks.spawn(async move {
            if let Err(error) = engine.0.store.note_connection_use(&workspace, &id, &used.to_string()).await {
                tracing::warn!(connection = id, %error, "who used it is noted with a later call");
            }
        });
    }
}
