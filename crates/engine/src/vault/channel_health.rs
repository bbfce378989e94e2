//! Whether accounts on channels work: asked for by a person, and heard from every message that was sent and every request
//! that came in.

use super::{OpenAccount, connections::channel_revision};
use crate::{Engine, EngineError};
use countersign_channels::{AccountFault, Platform, Probed, SendOutcome};
use countersign_core::{catalogue::AccountState, log::FailureClass};
use countersign_store::{ChannelAccountRow, NewAudit};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// How long a provider that is asked about an account may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long messages that show the same are not compared with the row again, milliseconds.
const HEARD_MS: i64 = 60_000;

/// What is known of an account on a channel, as its row has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelHealth {
    /// How it stands.
    pub state: AccountState,
    /// Whom the provider takes it for; empty while nobody asked.
    pub known_as: String,
    /// When the provider last took something, milliseconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub succeeded_at: Option<i64>,
    /// What it last said against it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ChannelError>,
    /// What it says against the address that it posts to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incoming_error: Option<ChannelError>,
    /// When a person asked last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tested_at: Option<i64>,
}

/// What a provider said against an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelError {
    /// When.
    pub at: i64,
    /// Whether it may be over by itself.
    pub class: FailureClass,
    /// Stable short name.
    pub code: String,
    /// The provider's words, without secrets.
    pub message: String,
}

impl ChannelError {
    fn of(fault: &AccountFault, at: i64) -> Self {
        Self { at, class: fault.class, code: fault.code.clone(), message: fault.message.clone() }
    }
}

impl ChannelHealth {
    /// Of a row; what cannot be read is nothing.
    #[must_use]
    pub fn of(row: &ChannelAccountRow) -> Self {
        serde_json::from_str(&row.health).unwrap_or_default()
    }

    fn after(mut self, said: Result<(), &AccountFault>, at: i64) -> Self {
        self.state = state_of(said);
        match said {
            Ok(()) => self.succeeded_at = Some(at),
            Err(fault) => self.error = Some(ChannelError::of(fault, at)),
        }
        self
    }

    /// What is known once the provider was asked.
    #[must_use]
    pub fn asked(self, probed: &Probed, at: i64) -> Self {
        let mut health = self.after(probed.outgoing.as_ref().map(|_| ()), at);
        if let Ok(name) = &probed.outgoing {
            health.known_as.clone_from(name);
        }
        let incoming = probed.incoming.as_ref().and_then(|incoming| incoming.as_ref().err());
        health.incoming_error = incoming.map(|fault| ChannelError::of(fault, at));
        health.tested_at = Some(at);
        health
    }
}

fn state_of(said: Result<(), &AccountFault>) -> AccountState {
    match said {
        Ok(()) => AccountState::Sound,
        Err(AccountFault { class: FailureClass::Fatal, .. }) => AccountState::Refused,
        Err(fault) if matches!(fault.code.as_str(), "connect" | "timeout" | "connection_lost") => {
            AccountState::Unreachable
        }
        Err(_) => AccountState::Failing,
    }
}

impl Engine {
    /// Asks an account's provider whether it works, without changing anything there.
    ///
    /// # Errors
    /// `Invalid` when the account is incomplete, `Corrupt`.
    pub async fn probe_channel(&self, row: &ChannelAccountRow) -> Result<Probed, EngineError> {
        let account = self.opened_account(row)?;
        Ok(self.0.sender.probe(&account, &self.hook_address(account.platform(), &row.id), TIMEOUT).await)
    }

    /// Where a platform posts to an account.
    #[must_use]
    pub fn hook_address(&self, platform: Platform, account: &str) -> String {
        format!("{}/hooks/{}/{account}", self.0.config.base_url.trim_end_matches('/'), platform.tag())
    }

    /// What a message that was sent shows of its account, if it shows anything. Written when it is news, and now and then.
    pub(crate) fn listen_channel(&self, account: &OpenAccount, outcome: &SendOutcome) {
        let fault = outcome.against_account();
        if fault.is_none() && matches!(outcome, SendOutcome::Failed { .. }) {
            return;
        }
        let state = state_of(fault.as_ref().map_or(Ok(()), Err));
        let (heard, now) = (&self.0.connections.heard, self.now());
        let known = |(known, at): (AccountState, i64)| known == state && now.saturating_sub(at) < HEARD_MS;
        if heard.get(&account.revision).is_some_and(known) {
            return;
        }
        heard.insert(account.revision.clone(), (state, now));
        let engine = self.clone();
        let (workspace, id, revision) = (account.workspace.clone(), account.id.clone(), account.revision.clone());
        self.0.tasks.spawn(async move {
            if let Err(error) = engine.note_channel(&workspace, (&id, &revision), fault.as_ref()).await {
                engine.0.connections.heard.remove(&revision);
                tracing::warn!(account = id, %error, "what its provider said of it is noted with the next message");
            }
        });
    }

    async fn note_channel(
        &self,
        workspace: &str,
        (id, revision): (&str, &str),
        fault: Option<&AccountFault>,
    ) -> Result<(), EngineError> {
        let row = self.0.store.get_channel_account(workspace, id).await?;
        let Some(row) = row.filter(|row| channel_revision(row) == revision) else { return Ok(()) };
        let (before, at) = (ChannelHealth::of(&row), self.now());
        let health = before.clone().after(fault.map_or(Ok(()), Err), at);
        let entry = (health.state != before.state).then(|| NewAudit {
            at,
            actor: "system".to_owned(),
            via: "call".to_owned(),
            action: "channel.heard".to_owned(),
            subject: format!("channel:{}", row.id),
            detail: json!({
                "channel": row.channel, "account": row.name, "state": health.state, "before": before.state,
                "code": fault.map(|fault| &fault.code), "message": fault.map(|fault| &fault.message),
            })
            .to_string(),
        });
        let row = ChannelAccountRow { health: json!(health).to_string(), ..row };
        self.0.store.note_channel_health(&row, entry.into_iter().collect()).await?;
        Ok(())
    }

    /// A platform posted something that proved itself; written once a minute.
    pub(crate) fn posted_to(&self, account: &OpenAccount) {
        let (posted, now) = (&self.0.connections.posted, self.now());
        if posted.get(&account.id).is_some_and(|at| now.saturating_sub(at) < HEARD_MS) {
            return;
        }
        posted.insert(account.id.clone(), now);
        let (engine, workspace, id) = (self.clone(), account.workspace.clone(), account.id.clone());
        self.0.tasks.spawn(async move {
            if let Err(error) = engine.0.store.note_channel_heard(&workspace, &id, now).await {
                engine.0.connections.posted.remove(&id);
                tracing::warn!(account = id, %error, "that its provider posts is noted with the next request");
            }
        });
    }
}
