//! Messages about no checkpoint: one that shows that messages arrive, and invitations. Nothing can be decided with them.

use super::{
    send::ATTEMPT,
    settings::{NoticeChannel, Notified},
    words::{self, Words},
};
use crate::{Engine, EngineError};
use countersign_channels::{OutboundMessage, SendOutcome};
use countersign_core::log::FailureClass;

/// Who is invited by whom, and where they go.
pub struct Invitation<'a> {
    /// The workspace's name.
    pub workspace: &'a str,
    /// Who invites.
    pub by: &'a str,
    /// The link with which they choose a password; none for who has one.
    pub link: Option<&'a str>,
}

impl Engine {
    /// Sends a person one message over one way of theirs, to see whether it arrives.
    ///
    /// # Errors
    /// `Invalid` with why it was not taken; `Busy` when there is no place for it now.
    pub async fn send_test(&self, workspace: &str, way: &Notified, email: &str) -> Result<(), EngineError> {
        let to = way.address.as_deref().unwrap_or(email);
        self.send_alone(workspace, (way.channel, to), words::test(&self.inbox_url())).await
    }

    /// Sends an invitation through the workspace's e-mail account.
    ///
    /// # Errors
    /// `Invalid` with why it was not taken; `Busy` when there is no place for it now.
    pub async fn send_invitation(
        &self,
        workspace: &str,
        email: &str,
        invitation: &Invitation<'_>,
    ) -> Result<(), EngineError> {
        let words = words::invitation(invitation, &self.inbox_url());
        self.send_alone(workspace, (NoticeChannel::Email, email), words).await
    }

    async fn send_alone(
        &self,
        workspace: &str,
        (channel, to): (NoticeChannel, &str),
        words: Words,
    ) -> Result<(), EngineError> {
        let Some(account) = self.channel_account(workspace, channel.platform()).await? else {
            return Err(EngineError::Invalid(format!("the workspace has no account of {}", channel.tag())));
        };
        let Ok(_taken) = self.place_of(&account) else { return Err(EngineError::Busy) };
        let message = OutboundMessage {
            channel: channel.platform(),
            to,
            subject: &words.subject,
            body: &words.body,
            key: &uuid::Uuid::now_v7().to_string(),
            timeout: ATTEMPT,
            choices: &[],
            thread: None,
            by_person: false,
            template: None,
            unsubscribe: None,
        };
        match self.send_by(&account, message).await {
            SendOutcome::Accepted { .. } => Ok(()),
            SendOutcome::Failed { class: FailureClass::Unknown, code, message, .. } => {
                Err(EngineError::Invalid(format!("it may have been sent ({code}): {message}")))
            }
            SendOutcome::Failed { code, message, .. } => Err(EngineError::Invalid(format!("{code}: {message}"))),
        }
    }
}
