//! One message that lists what waits for a person.

use super::{pump::Told, words};
use crate::{Engine, EngineError, LoadedCheckpoint, Reader};
use countersign_core::run::Actor;
use countersign_store::{CheckpointFilter, CheckpointStatus, OutboundOutcome, OutboundRow, PageRequest};

/// Checkpoints that a digest looks at; the inbox has the others.
const LOOKED_AT_MAX: u32 = 50;

impl Engine {
    /// Tells a person over one channel what waits for them now; nothing where nothing does.
    pub(super) async fn send_digest(&self, row: &OutboundRow) -> Result<Told, EngineError> {
        let Some((person, groups)) = self.addressee(row).await? else { return Ok(Told::Ended) };
        let (waiting, more) = self.waits_for(&row.workspace, &person, &groups).await?;
        if waiting.is_empty() {
            self.end_outbound(row, OutboundOutcome::Moot, None).await?;
            return Ok(Told::Ended);
        }
        self.send_row(row, |channel| words::digest(&waiting, more, (channel, self.now()), &self.inbox_url())).await
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
