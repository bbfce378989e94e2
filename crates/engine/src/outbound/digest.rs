//! One message that lists what waits for a person.

use super::{people::by_link, pump::Told, send::Sending, settings::NoticeChannel, words};
use crate::{Engine, EngineError, LoadedCheckpoint, Reader};
use countersign_core::run::Actor;
use countersign_store::{CheckpointFilter, CheckpointStatus, OutboundOutcome, OutboundRow, PageRequest};

/// Checkpoints that a digest looks at; the inbox has the others.
const LOOKED_AT_MAX: u32 = 50;

impl Engine {
    /// Tells a person over one channel what waits for them now; nothing where nothing does.
    pub(super) async fn send_digest(&self, row: &OutboundRow) -> Result<Told, EngineError> {
        let ended = async |outcome, error: Option<&str>| {
            self.end_outbound(row, outcome, error.map(str::to_owned)).await?;
            Ok(Told::Ended)
        };
        let member = self.0.store.get_member(&row.workspace, row.person.as_deref().unwrap_or_default()).await?;
        let groups = member.as_ref().map(|member| member.membership.groups.clone()).unwrap_or_default();
        let Some(person) = member.and_then(by_link) else {
            return ended(OutboundOutcome::Moot, Some("they do not belong to the workspace any more")).await;
        };
        if row.doubts > 1 {
            return ended(OutboundOutcome::Unknown, Some("it may have been delivered, twice at most")).await;
        }
        let (waiting, more) = self.waits_for(&row.workspace, &person, &groups).await?;
        if waiting.is_empty() {
            return ended(OutboundOutcome::Moot, None).await;
        }
        let named = row.channel.as_deref().unwrap_or_default();
        let account = match NoticeChannel::read(named) {
            Some(channel) => self.channel_account(&row.workspace, channel.platform()).await?.map(|it| (channel, it)),
            None => None,
        };
        let Some((channel, account)) = account else {
            let why = format!("the workspace has no account of {named}");
            return ended(OutboundOutcome::Undeliverable, Some(&why)).await;
        };
        let taken = match self.place_of(&account) {
            Ok(taken) => taken,
            Err(pause) => return Ok(Told::Later { pause, doubt: false, error: None }),
        };
        let words = words::digest(&waiting, more, (channel, self.now()), &self.inbox_url());
        let (channel, buttons) = (channel.platform(), Vec::new());
        self.attempt(row, Sending { channel, account, words, buttons, _taken: taken }).await
    }

    /// What a person may decide now and nobody else took, and whether there is more.
    async fn waits_for(
        &self,
        workspace: &str,
        person: &Actor,
        groups: &[String],
    ) -> Result<(Vec<LoadedCheckpoint>, bool), EngineError> {
        let for_others = self.stands_in_for(workspace, person).await?;
        let reader = Reader { actor: person, groups, decides: true, for_others: &for_others };
        let among = Some(self.inbox(workspace, reader).await?.mine);
        let filter = CheckpointFilter { status: Some(CheckpointStatus::Open), among, ..CheckpointFilter::default() };
        let page = PageRequest { after: None, limit: LOOKED_AT_MAX };
        let found = self.0.store.list_checkpoints(workspace, &filter, &page).await?;
        let mut waiting = Vec::new();
        for row in found.items {
            let loaded = self.load_checkpoint(workspace, &row.id).await?;
            if self.may_not(&loaded, person).await?.is_none() {
                waiting.push(loaded);
            }
        }
        Ok((waiting, found.next.is_some()))
    }

    pub(super) fn inbox_url(&self) -> String {
        format!("{}/inbox", self.0.config.base_url.trim_end_matches('/'))
    }
}
