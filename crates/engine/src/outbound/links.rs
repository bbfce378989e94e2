//! Personal links: with one, one person decides one checkpoint as it was shown to them, without signing in.

use super::people::{by_link, takes_password};
use crate::{DecideRequest, Engine, EngineError, LoadedCheckpoint};
use countersign_core::{
    run::{Actor, HeldDecision},
    time::Timestamp,
};
use countersign_store::{CheckpointStatus, LinkRow, OutboundRow};
use sha2::{Digest, Sha256};

/// How long a link lives at most, milliseconds; what it decides mostly ends it before.
const LINK_MS: i64 = 30 * 86_400_000;
/// Longer texts are no tokens.
const TOKEN_MAX: usize = 100;
/// How long a confirmation may take, milliseconds.
const CONFIRM_MS: i64 = 15 * 60_000;

/// Why nothing can be decided with a link any more.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkOver {
    /// The checkpoint is decided.
    Decided,
    /// It was used: its person has had their say, and others must too.
    Used,
    /// Its person does not belong to the workspace any more, or is shut out.
    Removed,
    /// What is to be decided is not what was shown.
    Changed,
    /// It is too old.
    Expired,
    /// A decision is held, and counts in a moment unless who took it takes it back.
    Held(Box<HeldDecision>),
    /// Its person may not decide this now, for this reason.
    NotTheirs(String),
}

/// A link and where it leads.
#[derive(Debug)]
pub struct FollowedLink {
    /// The link.
    pub link: LinkRow,
    /// The checkpoint and its run.
    pub checkpoint: LoadedCheckpoint,
    /// Whose it is; nobody when they are gone.
    pub person: Option<Actor>,
    /// Why it is dead; nothing while it can be decided with.
    pub over: Option<LinkOver>,
}

impl FollowedLink {
    /// Whether who decides with it must give their password.
    #[must_use]
    pub fn takes_password(&self) -> bool {
        takes_password(&self.checkpoint)
    }

    /// Its person has just given their password.
    #[must_use]
    pub fn signed_in(self, at: i64) -> Self {
        let signed_in_at = Some(Timestamp(at));
        Self { person: self.person.map(|person| Actor { signed_in_at, ..person }), ..self }
    }
}

impl Engine {
    /// The address of the link of a message.
    pub(super) fn link_url(&self, message: &OutboundRow) -> String {
        format!("{}/d/{}", self.0.config.base_url.trim_end_matches('/'), self.link_token(&message.id))
    }

    /// The page of a checkpoint, for who signs in.
    pub(super) fn page_url(&self, found: &LoadedCheckpoint) -> String {
        format!("{}/inbox/{}", self.0.config.base_url.trim_end_matches('/'), found.row.id)
    }

    /// Made anew for every attempt, always the same, and kept nowhere.
    fn link_token(&self, message: &str) -> String {
        self.0.vault.token("link", message)
    }

    /// The row that lets the link of a message in.
    pub(super) fn link_row(&self, message: &OutboundRow, person: &str, shown: &str) -> LinkRow {
        LinkRow {
            token_hash: hash(&self.link_token(&message.id)),
            workspace: message.workspace.clone(),
            checkpoint: message.checkpoint.clone(),
            person: person.to_owned(),
            shown: shown.to_owned(),
            created_at: message.at,
            expires_at: message.at + LINK_MS,
            used_at: None,
        }
    }

    /// Where a token leads; nothing for one that was never given out. Changes nothing.
    ///
    /// # Errors
    /// As [`Engine::load_checkpoint`].
    pub async fn follow_link(&self, token: &str) -> Result<Option<FollowedLink>, EngineError> {
        // A button's id is kept under `button/…`: no link can be made of it.
        if token.is_empty() || token.len() > TOKEN_MAX || token.contains('/') {
            return Ok(None);
        }
        let Some(link) = self.0.store.find_link(&hash(token)).await? else { return Ok(None) };
        let checkpoint = self.load_checkpoint(&link.workspace, &link.checkpoint).await?;
        let member = self.0.store.get_member(&link.workspace, &link.person).await?;
        let person = member.and_then(by_link);
        let over = match (over(&link, &checkpoint, person.as_ref(), self.now()), &person) {
            (None, Some(person)) => self.may_not(&checkpoint, person).await?.map(LinkOver::NotTheirs),
            (over, _) => over,
        };
        Ok(Some(FollowedLink { link, checkpoint, person, over }))
    }

    /// Decides as the person whose link it is.
    ///
    /// # Errors
    /// As [`Engine::decide`]; `NotFound` for a link that is dead.
    pub async fn decide_by_link(
        &self,
        followed: FollowedLink,
        decision: DecideRequest,
    ) -> Result<LoadedCheckpoint, EngineError> {
        let FollowedLink { link, checkpoint, person, over } = followed;
        let (Some(person), None) = (person, over) else { return Err(EngineError::NotFound("link")) };
        let decided = self.decide_loaded(checkpoint, decision, person).await?;
        // That it cannot be used again follows from the run; this is for people who look. What is taken back was no use.
        if decided.run.state.phase.held().is_none() {
            self.0.store.use_link(&link, self.now()).await?;
        }
        Ok(decided)
    }

    /// Takes back what the person whose link it is decided, while it is held.
    ///
    /// # Errors
    /// As [`Engine::take_back`]; `NotFound` for a link of nobody.
    pub async fn take_back_by_link(&self, followed: &FollowedLink) -> Result<LoadedCheckpoint, EngineError> {
        let FollowedLink { link, person, .. } = followed;
        let Some(person) = person.clone() else { return Err(EngineError::NotFound("link")) };
        self.take_back(&link.workspace, &link.checkpoint, person).await
    }

    /// What a page asks back before it decides: of this link and outcome, and only for some minutes.
    #[must_use]
    pub fn confirmation(&self, link: &LinkRow, outcome: &str) -> String {
        self.confirmation_of(link, outcome, self.now())
    }

    fn confirmation_of(&self, link: &LinkRow, outcome: &str, at: i64) -> String {
        let of = format!("{}/{at}/{outcome}", link.token_hash);
        format!("{at}.{}", self.0.vault.token("confirmation", &of))
    }

    /// Whether a page asked that back, lately.
    #[must_use]
    pub fn confirms(&self, link: &LinkRow, outcome: &str, confirmation: &str) -> bool {
        let at = confirmation.split_once('.').and_then(|(at, _)| at.parse::<i64>().ok());
        let fresh = at.filter(|at| (0..CONFIRM_MS).contains(&(self.now() - at)));
        fresh.is_some_and(|at| same(&self.confirmation_of(link, outcome, at), confirmation))
    }
}

fn over(link: &LinkRow, checkpoint: &LoadedCheckpoint, person: Option<&Actor>, now: i64) -> Option<LinkOver> {
    if checkpoint.row.status == CheckpointStatus::Decided {
        return Some(LinkOver::Decided);
    }
    let Some(person) = person else { return Some(LinkOver::Removed) };
    if checkpoint.run.state.shown != link.shown {
        return Some(LinkOver::Changed);
    }
    if link.expires_at <= now {
        return Some(LinkOver::Expired);
    }
    if let Some(held) = checkpoint.run.state.phase.held() {
        return Some(LinkOver::Held(Box::new(held.clone())));
    }
    let wait = checkpoint.run.state.phase.approval();
    let mut spoken = wait.into_iter().flat_map(|wait| wait.given.iter().chain(&wait.against));
    let used = link.used_at.is_some() || spoken.any(|spoken| spoken.person() == person.person());
    used.then_some(LinkOver::Used)
}

/// What of a token is kept.
pub(crate) fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// Compares without telling where they differ.
fn same(one: &str, other: &str) -> bool {
    hash(one) == hash(other)
}
