//! One message to one person.

use super::{
    announce::finally,
    people::by_link,
    pump::{Told, pause},
    settings::NoticeChannel,
    words::{self, Way},
};
use crate::{
    Engine, EngineError, LoadedCheckpoint,
    run::{Limits, Taken},
    vault::OpenAccount,
};
use countersign_channels::{Choice, OutboundMessage, Platform, SendOutcome};
use countersign_core::log::FailureClass;
use countersign_store::{CheckpointStatus, OutboundEndRow, OutboundOutcome, OutboundRow};
use serde_json::Value;
use std::{sync::Arc, time::Duration};

/// How long one attempt may take.
pub(super) const ATTEMPT: Duration = Duration::from_secs(20);
/// Attempts of which nobody knows whether they reached the person, after which there is one more: being told twice harms
/// less than not being told, and it is on the record.
pub(super) const DOUBTS_MAX: u32 = 1;

impl Engine {
    /// Tells one person over one channel.
    pub(super) async fn send_message(&self, row: &OutboundRow) -> Result<Told, EngineError> {
        let ended = |outcome, error: &str| (outcome, Some(error.to_owned()));
        let (outcome, error) = match self.to_send(row).await? {
            Ok(sending) => return self.attempt(row, sending).await,
            Err(NotSent::Later(pause)) => return Ok(Told::Later { pause, doubt: false, error: None }),
            Err(NotSent::Moot) => (OutboundOutcome::Moot, None),
            Err(NotSent::NotTheirs(why)) => ended(OutboundOutcome::Moot, &why),
            Err(NotSent::Doubtful) => ended(OutboundOutcome::Unknown, "it may have been delivered, twice at most"),
            Err(NotSent::NoAccount(channel)) => {
                ended(OutboundOutcome::Undeliverable, &format!("the workspace has no account of {channel}"))
            }
        };
        self.end_outbound(row, outcome, error).await?;
        Ok(Told::Ended)
    }

    /// What is to be sent, unless there is a reason not to.
    async fn to_send(&self, row: &OutboundRow) -> Result<Result<Sending, NotSent>, EngineError> {
        let found = self.load_checkpoint(&row.workspace, &row.checkpoint).await?;
        if found.row.status == CheckpointStatus::Decided {
            return Ok(Err(if row.doubts > 0 { NotSent::Doubtful } else { NotSent::Moot }));
        }
        if let Some(pause) = self.held_for(&found) {
            return Ok(Err(NotSent::Later(pause)));
        }
        if let Some(person) = &row.person
            && let Some(why) = self.not_theirs(row, &found, person).await?
        {
            return Ok(Err(NotSent::NotTheirs(why)));
        }
        if row.doubts > DOUBTS_MAX {
            return Ok(Err(NotSent::Doubtful));
        }
        let named = row.channel.as_deref().unwrap_or_default();
        let Some(notice) = NoticeChannel::read(named) else { return Ok(Err(NotSent::NoAccount(named.to_owned()))) };
        let Some(account) = self.channel_account(&row.workspace, notice.platform()).await? else {
            return Ok(Err(NotSent::NoAccount(named.to_owned())));
        };
        let taken = match self.place_of(&account) {
            Ok(taken) => taken,
            Err(pause) => return Ok(Err(NotSent::Later(pause))),
        };
        let shared = notice.is_shared(row.address.as_deref().unwrap_or_default());
        let way = match &row.person {
            Some(_) if !shared => Way::Link(self.link_url(row)),
            Some(_) | None => Way::SignIn(self.page_url(&found)),
        };
        let words = words::to_decide(&found, (row.reason, notice), self.now(), &way);
        let buttons = self.buttons(row, notice, &found);
        Ok(Ok(Sending { channel: notice.platform(), account, words, buttons, _taken: taken }))
    }

    /// Why this person is not told any more; nothing when they are.
    async fn not_theirs(
        &self,
        row: &OutboundRow,
        found: &LoadedCheckpoint,
        person: &str,
    ) -> Result<Option<String>, EngineError> {
        let member = self.0.store.get_member(&row.workspace, person).await?;
        match member.and_then(by_link) {
            Some(person) => self.may_not(found, &person).await,
            None => Ok(Some("they do not belong to the workspace any more".to_owned())),
        }
    }

    /// A place to send by an account; else in how many milliseconds there may be one.
    pub(super) fn place_of(&self, account: &OpenAccount) -> Result<Taken, i64> {
        self.0.places.take(account.place(), Limits::default()).map_err(|due| (due - self.now()).max(50))
    }

    pub(super) async fn attempt(&self, row: &OutboundRow, sending: Sending) -> Result<Told, EngineError> {
        let message = OutboundMessage {
            channel: sending.channel,
            to: row.address.as_deref().unwrap_or_default(),
            subject: &sending.words.subject,
            body: &sending.words.body,
            key: &row.id,
            timeout: ATTEMPT,
            choices: &sending.buttons,
            thread: None,
            by_person: false,
            template: None,
            unsubscribe: None,
        };
        let channel = sending.channel;
        if !self.0.store.begin_outbound(row).await? {
            return Ok(Told::Ended);
        }
        let outcome = self.send_by(&sending.account, message).await;
        drop(sending);
        match outcome {
            SendOutcome::Accepted { provider_id, exchange } => {
                // Slack puts a message to a person into a channel of their own, and changes it only there.
                let within = exchange.get("channel").and_then(Value::as_str).filter(|_| channel == Platform::Slack);
                let id = within.map_or(provider_id.clone(), |within| format!("{within}/{provider_id}"));
                self.sent(row, id).await.map(|()| Told::Ended)
            }
            SendOutcome::Failed { class, code, message, retry_after_seconds, .. } => {
                let error = format!("{code}: {message}");
                let pause = pause(row.attempts, retry_after_seconds);
                match class {
                    FailureClass::Fatal => Err(EngineError::Invalid(error)),
                    FailureClass::Retryable => Ok(Told::Later { pause, doubt: false, error: Some(error) }),
                    FailureClass::Unknown if row.doubts >= DOUBTS_MAX => {
                        self.end_outbound(row, OutboundOutcome::Unknown, Some(error)).await?;
                        Ok(Told::Ended)
                    }
                    FailureClass::Unknown => Ok(Told::Later { pause, doubt: true, error: Some(error) }),
                }
            }
        }
    }

    async fn sent(&self, row: &OutboundRow, provider_id: String) -> Result<(), EngineError> {
        let outcome = if row.doubts > 0 { OutboundOutcome::SentAgain } else { OutboundOutcome::Sent };
        let end = OutboundEndRow { provider_id: Some(provider_id.clone()), ..row.ending(outcome, self.now()) };
        metrics::counter!("countersign_outbound_total", "outcome" => outcome.as_str()).increment(1);
        let waited = self.now().saturating_sub(row.at).max(0);
        metrics::histogram!("countersign_outbound_seconds")
            .record(f64::from(u32::try_from(waited).unwrap_or(u32::MAX)) / 1000.0);
        self.0.store.end_outbound(&end, &row.checkpoint).await?;
        // Decided while it was on its way: whoever decided it could not know of this message, so it is looked for after
        // the message is on the record.
        let sent = OutboundRow { outcome: Some(outcome), provider_id: Some(provider_id), ..row.clone() };
        let Some(last) = finally(&sent, self.now()) else { return Ok(()) };
        let checkpoint = self.0.store.get_checkpoint(&row.workspace, &row.checkpoint).await?;
        if checkpoint.is_some_and(|checkpoint| checkpoint.status == CheckpointStatus::Decided) {
            self.0.store.add_outbound(&[last]).await?;
            self.0.to_tell.notify_one();
        }
        Ok(())
    }

    /// Changes a message that was sent: nothing can be decided with it any more. Doing it twice does the same.
    pub(super) async fn turn_final(&self, row: &OutboundRow) -> Result<Told, EngineError> {
        let checkpoint = self.0.store.get_checkpoint(&row.workspace, &row.checkpoint).await?;
        let named = row.channel.as_deref().unwrap_or_default();
        let account = match NoticeChannel::read(named) {
            Some(channel) => self.channel_account(&row.workspace, channel.platform()).await?,
            None => None,
        };
        let (Some(checkpoint), Some(account)) = (checkpoint, account) else {
            return Err(EngineError::Invalid(format!("the workspace has no account of {named}")));
        };
        let _taken = match self.place_of(&account) {
            Ok(taken) => taken,
            Err(pause) => return Ok(Told::Later { pause, doubt: false, error: None }),
        };
        let (to, id) = (row.address.as_deref().unwrap_or_default(), row.about.as_deref().unwrap_or_default());
        match self.change_by(&account, (to, id), &words::decided(&checkpoint), ATTEMPT).await {
            SendOutcome::Accepted { .. } => {
                self.end_outbound(row, OutboundOutcome::Sent, None).await?;
                Ok(Told::Ended)
            }
            SendOutcome::Failed { class: FailureClass::Fatal, code, message, .. } => {
                Err(EngineError::Invalid(format!("{code}: {message}")))
            }
            SendOutcome::Failed { code, message, retry_after_seconds, .. } => Ok(Told::Later {
                pause: pause(row.attempts, retry_after_seconds),
                doubt: false,
                error: Some(format!("{code}: {message}")),
            }),
        }
    }
}

/// What goes out.
pub(super) struct Sending {
    pub(super) channel: Platform,
    pub(super) account: Arc<OpenAccount>,
    pub(super) words: words::Words,
    pub(super) buttons: Vec<Choice>,
    pub(super) _taken: Taken,
}

/// Why nothing is sent.
enum NotSent {
    /// There is no place for it now; so many milliseconds from now there may be.
    Later(i64),
    /// It is decided.
    Moot,
    /// They may not decide it any more.
    NotTheirs(String),
    /// It may have reached them, more than once.
    Doubtful,
    /// Nobody could send it.
    NoAccount(String),
}
