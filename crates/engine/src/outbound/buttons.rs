//! Buttons of messages in Slack and Telegram: whoever presses one decides as the operator who says that this is them there.
//! What they may is asked at the press.

use super::{
    links::hash,
    people::{by_link, takes_password},
    settings::{NoticeChannel, Notifications},
};
use crate::{DecideRequest, Engine, EngineError, LoadedCheckpoint};
use countersign_channels::{Choice, Platform};
use countersign_core::run::{Actor, CompiledStep, OpenApproval, Via};
use countersign_store::{CheckpointKind, CheckpointStatus, LinkRow, OutboundRow};

/// What the ids of our buttons begin with.
const OURS: &str = "d:";
/// Longest id of a button, bytes (Telegram).
const ID_MAX: usize = 64;

/// The outcomes that are one word, which is all that a button can say.
fn outcomes(found: &LoadedCheckpoint) -> Vec<String> {
    match (found.row.kind, found.run.version.step(&found.row.step)) {
        (CheckpointKind::Approval, _) => {
            let open = OpenApproval::of(&found.run.version, &found.run.state);
            open.map_or_else(Vec::new, |open| open.outcomes())
        }
        // What is filled in takes more than a button.
        (CheckpointKind::Handoff, Some(CompiledStep::HumanHandoff(step))) if step.form().is_none() => step.outcomes(),
        (CheckpointKind::UnknownOutcome, _) => ["happened", "not_happened", "stop"].map(str::to_owned).to_vec(),
        (CheckpointKind::Handoff | CheckpointKind::Form, _) => Vec::new(),
    }
}

fn title(outcome: &str) -> String {
    match outcome {
        "approved" => "Approve".to_owned(),
        "rejected" => "Reject".to_owned(),
        "changes" => "Ask for changes".to_owned(),
        other => other.replace('_', " "),
    }
}

impl Engine {
    fn button_token(&self, message: &str) -> String {
        self.0.vault.token("button", message)
    }

    /// The buttons of a message; none where the channel has none.
    pub(super) fn buttons(&self, row: &OutboundRow, channel: NoticeChannel, found: &LoadedCheckpoint) -> Vec<Choice> {
        if !channel.can_change() || takes_password(found) {
            return Vec::new();
        }
        let token = self.button_token(&row.id);
        let button = |outcome: String| Choice { id: format!("{OURS}{token}:{outcome}"), title: title(&outcome) };
        outcomes(found).into_iter().map(button).filter(|button| button.id.len() <= ID_MAX).collect()
    }

    /// The row that lets the buttons of a message in. It lets nobody in as a link.
    pub(super) fn button_row(&self, message: &OutboundRow, link: &LinkRow) -> LinkRow {
        LinkRow { token_hash: hash_of_button(&self.button_token(&message.id)), ..link.clone() }
    }

    /// The same for a message that belongs to nobody.
    pub(super) fn shared_button_row(&self, message: &OutboundRow, shown: &str) -> LinkRow {
        self.button_row(message, &self.link_row(message, "", shown))
    }

    /// Whether what was pressed is a button of ours.
    pub(crate) fn is_decision_button(choice: &str) -> bool {
        choice.starts_with(OURS)
    }

    /// Somebody pressed a button. The answer says why nothing was decided.
    ///
    /// # Errors
    /// What may pass: the press is dealt with again.
    pub(crate) async fn button_pressed(
        &self,
        (workspace, platform): (&str, Platform),
        by: Option<&str>,
        choice: &str,
    ) -> Result<Option<String>, EngineError> {
        let refused = |why: &str| Ok(Some(why.to_owned()));
        let Some((token, outcome)) = choice.strip_prefix(OURS).and_then(|rest| rest.split_once(':')) else {
            return refused("no button of ours");
        };
        let link = self.0.store.find_link(&hash_of_button(token)).await?.filter(|link| link.workspace == workspace);
        let Some(link) = link.filter(|link| link.expires_at > self.now()) else {
            return refused("no button of ours, or one that is too old");
        };
        let Some(by) = by.filter(|by| !by.is_empty()) else { return refused("it does not say who pressed it") };
        let Some(person) = self.person_at(workspace, platform, by).await? else {
            return refused("whoever pressed it is no operator here, by the settings of one");
        };
        let found = self.load_checkpoint(workspace, &link.checkpoint).await?;
        if found.row.status == CheckpointStatus::Decided {
            return refused("it was decided before");
        }
        if found.run.state.shown != link.shown {
            return refused("what is to be decided was changed since");
        }
        if let Some(why) = self.may_not(&found, &person).await? {
            return Ok(Some(why));
        }
        let (outcome, shown) = (outcome.to_owned(), Some(link.shown.clone()));
        let decision = DecideRequest { outcome, shown, ..DecideRequest::default() };
        match self.decide_loaded(found, decision, person).await {
            Ok(_) => Ok(None),
            Err(EngineError::AlreadyDecided(_)) => refused("it was decided before"),
            Err(EngineError::Refused(refusal)) => Ok(Some(refusal.to_string())),
            Err(EngineError::Invalid(why)) => Ok(Some(why)),
            Err(error) => Err(error),
        }
    }

    /// The one operator who says that this is them on a platform; nobody when several do.
    async fn person_at(&self, workspace: &str, platform: Platform, by: &str) -> Result<Option<Actor>, EngineError> {
        let mut found = self.claiming(workspace, platform, by).await?.into_iter();
        let (Some(one), None) = (found.next(), found.next()) else { return Ok(None) };
        Ok(Some(Actor { via: Via::Channel, ..one }))
    }

    /// Who says in their settings that an address on a platform is theirs, of those who may still sign in.
    async fn claiming(&self, workspace: &str, platform: Platform, address: &str) -> Result<Vec<Actor>, EngineError> {
        let here = |it: &super::Notified| it.channel.platform() == platform && it.address.as_deref() == Some(address);
        let mut found = Vec::new();
        for row in self.0.store.list_notifications(workspace).await? {
            if Notifications::read(&row.settings).is_ok_and(|wishes| wishes.channels.iter().any(here)) {
                let member = self.0.store.get_member(workspace, &row.user_id).await?;
                found.extend(member.and_then(by_link));
            }
        }
        Ok(found)
    }

    /// The address of these settings of a person by which another is known when they press a button; nothing when there is
    /// none. Whoever took it would be told, and decide, as the other.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn claimed_by_another(
        &self,
        (workspace, person): (&str, &str),
        settings: &str,
    ) -> Result<Option<String>, EngineError> {
        let own = Notifications::read(settings)?;
        for it in own.channels.iter().filter(|it| it.channel.can_change()) {
            let Some(address) = it.address.as_deref().filter(|address| !it.channel.is_shared(address)) else {
                continue;
            };
            let claiming = self.claiming(workspace, it.channel.platform(), address).await?;
            if claiming.iter().any(|other| other.id != person) {
                return Ok(Some(address.to_owned()));
            }
        }
        Ok(None)
    }
}

fn hash_of_button(token: &str) -> String {
    hash(&format!("button/{token}"))
}
