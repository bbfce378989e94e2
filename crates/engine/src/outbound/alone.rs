//! Messages about no checkpoint: one that shows that messages arrive, invitations, and what of digests and warnings is the
//! same. Nothing can be decided with them.

use super::{
    people::by_link,
    pump::Told,
    send::{ATTEMPT, DOUBTS_MAX, Sending},
    settings::{NoticeChannel, Notified},
    words::{self, Words},
};
use crate::{Engine, EngineError};
use countersign_channels::{OutboundMessage, SendOutcome};
use countersign_core::{log::FailureClass, run::Actor};
use countersign_store::{OutboundOutcome, OutboundRow};

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

    /// Whom a row is for, and their groups; none when they may not be told any more or may have been, which ends it.
    pub(super) async fn addressee(&self, row: &OutboundRow) -> Result<Option<(Actor, Vec<String>)>, EngineError> {
        let member = self.0.store.get_member(&row.workspace, row.person.as_deref().unwrap_or_default()).await?;
        let groups = member.as_ref().map(|member| member.membership.groups.clone()).unwrap_or_default();
        let (outcome, why) = match member.and_then(by_link) {
            None => (OutboundOutcome::Moot, "they do not belong to the workspace any more"),
            Some(person) => return Ok(Some((person, groups))),
        };
        self.end_outbound(row, outcome, Some(why.to_owned())).await?;
        Ok(None)
    }

    /// Sends a row that is about no checkpoint over its channel.
    pub(super) async fn send_row(
        &self,
        row: &OutboundRow,
        words: impl FnOnce(NoticeChannel) -> Words,
    ) -> Result<Told, EngineError> {
        if row.doubts > DOUBTS_MAX {
            let why = "it may have been delivered, twice at most".to_owned();
            self.end_outbound(row, OutboundOutcome::Unknown, Some(why)).await?;
            return Ok(Told::Ended);
        }
        let named = row.channel.as_deref().unwrap_or_default();
        let account = match NoticeChannel::read(named) {
            Some(channel) => self.channel_account(&row.workspace, channel.platform()).await?.map(|it| (channel, it)),
            None => None,
        };
        let Some((channel, account)) = account else {
            let why = format!("the workspace has no account of {named}");
            self.end_outbound(row, OutboundOutcome::Undeliverable, Some(why)).await?;
            return Ok(Told::Ended);
        };
        let taken = match self.place_of(&account) {
            Ok(taken) => taken,
            Err(pause) => return Ok(Told::Later { pause, doubt: false, error: None }),
        };
        let (words, buttons) = (words(channel), Vec::new());
        self.attempt(row, Sending { channel: channel.platform(), account, words, buttons, _taken: taken }).await
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
