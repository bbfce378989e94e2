//! From what happened to a checkpoint to rows for everybody it concerns.

use super::{
    pump::Told,
    settings::{NoticeChannel, Notifications},
};
use crate::{Engine, EngineError, LoadedCheckpoint};
use countersign_core::approval::Decider;
use countersign_store::{
    CheckpointRow, CheckpointStatus, LinkRow, NewOutbound, OutboundEndRow, OutboundKind, OutboundOutcome,
    OutboundReason, OutboundRow, OutboundStatus,
};
use std::collections::HashMap;

/// The people told of one thing.
const PEOPLE_MAX: usize = 500;

impl Engine {
    /// Writes down who is to be told. Ids are made of who and what, so that doing it twice writes it once.
    pub(super) async fn announce(&self, row: &OutboundRow) -> Result<Told, EngineError> {
        if row.reason == OutboundReason::Decided {
            return self.announce_decided(row).await;
        }
        let found = match self.load_checkpoint(&row.workspace, &row.checkpoint).await {
            Err(EngineError::NotFound(_)) => None,
            found => Some(found?),
        };
        let Some(found) = found.filter(|found| found.row.status == CheckpointStatus::Open) else {
            self.end_outbound(row, OutboundOutcome::Moot, None).await?;
            return Ok(Told::Ended);
        };
        if let Some(pause) = self.held_for(&found) {
            return Ok(Told::Later { pause, doubt: false, error: None });
        }
        let mut people = self.deciders(&found.run).await?;
        if let Some(taken_by) = &found.row.assigned_to
            && people.iter().any(|person| person.person == *taken_by)
        {
            people.retain(|person| person.person == *taken_by);
        }
        let error = match people.len() {
            0 => Some("nobody may decide this now".to_owned()),
            more if more > PEOPLE_MAX => Some(format!("{} of {more} people were not told", more - PEOPLE_MAX)),
            _ => None,
        };
        people.truncate(PEOPLE_MAX);
        let (rows, links) = self.messages(row, &found, &people).await?;
        let end = OutboundEndRow { error, ..row.ending(OutboundOutcome::Announced, self.now()) };
        self.0.store.announce(&end, &rows, &links).await?;
        self.0.to_tell.notify_one();
        Ok(Told::Ended)
    }

    /// A row for each of these people and channels of theirs, and the links of them.
    async fn messages(
        &self,
        row: &OutboundRow,
        found: &LoadedCheckpoint,
        people: &[Decider],
    ) -> Result<(Vec<OutboundRow>, Vec<LinkRow>), EngineError> {
        let settings = self.0.store.list_notifications(&row.workspace).await?;
        let settings = settings
            .iter()
            .map(|row| Ok((row.user_id.as_str(), Notifications::read(&row.settings)?)))
            .collect::<Result<HashMap<_, _>, EngineError>>()?;
        let default = Notifications::default();
        let (mut rows, mut links): (Vec<OutboundRow>, Vec<LinkRow>) = (Vec::new(), Vec::new());
        for person in people {
            let wishes = settings.get(person.person.as_str()).unwrap_or(&default);
            let delay = delay(wishes, &found.row, self.now());
            let now = self.now();
            let digest = digest(wishes, (row.reason, &found.row), now);
            for notified in wishes.channels.iter().filter(|notified| notified.tells(row.reason)) {
                let address = notified.address.clone().unwrap_or_else(|| person.email.clone());
                let channel = notified.channel;
                if notified.is_shared() {
                    let message = shared(row, (channel, &address), now);
                    if rows.iter().all(|earlier| earlier.id != message.id) {
                        links.push(self.shared_button_row(&message, &found.run.state.shown));
                        rows.push(message);
                    }
                    continue;
                }
                let message = OutboundRow {
                    id: format!("{}/{}/{}", row.id, person.person, channel.tag()),
                    kind: OutboundKind::Message,
                    person: Some(person.person.clone()),
                    channel: Some(channel.tag().to_owned()),
                    address: Some(address),
                    at: self.now(),
                    due_at: delay,
                    ..fresh(row)
                };
                if let Some(left) = digest {
                    let (outcome, done_at) = (Some(OutboundOutcome::InDigest), Some(now));
                    rows.push(digest_row(&message, now + left, left));
                    rows.push(OutboundRow { status: OutboundStatus::Done, outcome, done_at, ..message });
                    continue;
                }
                let link = self.link_row(&message, &person.person, &found.run.state.shown);
                if channel.can_change() {
                    links.push(self.button_row(&message, &link));
                }
                links.push(link);
                rows.push(message);
            }
        }
        Ok((rows, links))
    }

    /// Nobody is told any more who was not yet, and messages that can be changed turn final.
    async fn announce_decided(&self, row: &OutboundRow) -> Result<Told, EngineError> {
        self.0.store.drop_outbound(&row.workspace, &row.checkpoint, self.now()).await?;
        let told = self.0.store.outbound_of(&row.workspace, &row.checkpoint).await?;
        let finals: Vec<OutboundRow> = told.iter().filter_map(|message| finally(message, self.now())).collect();
        let end = row.ending(OutboundOutcome::Announced, self.now());
        self.0.store.announce(&end, &finals, &[]).await?;
        self.0.to_tell.notify_one();
        Ok(Told::Ended)
    }
}

/// The change of a message that was sent and can be changed.
pub(super) fn finally(message: &OutboundRow, at: i64) -> Option<OutboundRow> {
    let sent = matches!(message.outcome, Some(OutboundOutcome::Sent | OutboundOutcome::SentAgain));
    let channel = message.channel.as_deref().and_then(NoticeChannel::read)?;
    if message.kind != OutboundKind::Message || !sent || !channel.can_change() {
        return None;
    }
    Some(OutboundRow {
        id: format!("{}/final", message.id),
        kind: OutboundKind::Final,
        reason: OutboundReason::Decided,
        about: Some(message.provider_id.clone()?),
        person: message.person.clone(),
        channel: message.channel.clone(),
        address: message.address.clone(),
        at,
        ..fresh(message)
    })
}

/// The one message to where several people read, for all who named it: at once, and in no digest of anybody.
fn shared(row: &OutboundRow, (channel, address): (NoticeChannel, &str), now: i64) -> OutboundRow {
    OutboundRow {
        id: format!("{}/{}:{address}", row.id, channel.tag()),
        kind: OutboundKind::Message,
        channel: Some(channel.tag().to_owned()),
        address: Some(address.to_owned()),
        at: now,
        ..fresh(row)
    }
}

/// A row about the same, to be done at once.
fn fresh(row: &OutboundRow) -> OutboundRow {
    let about = NewOutbound { checkpoint: row.checkpoint.clone(), reason: row.reason };
    OutboundRow::new(&row.workspace, &about, row.at)
}

/// In how many milliseconds it is told with all else that waits; nothing where it is told by itself: because the person
/// wants that, nobody decided in time, or it would be too late.
fn digest(wishes: &Notifications, (reason, checkpoint): (OutboundReason, &CheckpointRow), now: i64) -> Option<i64> {
    let left = wishes.digest.as_ref()?.next_in(now)?;
    let too_late = checkpoint.due_at.is_some_and(|due| due <= now.saturating_add(left));
    (reason != OutboundReason::Escalated && !too_late).then_some(left)
}

/// The one message of a person over a channel at that time, about no checkpoint in particular: writing it twice writes it once.
fn digest_row(message: &OutboundRow, at: i64, left: i64) -> OutboundRow {
    let (person, channel) =
        (message.person.as_deref().unwrap_or_default(), message.channel.as_deref().unwrap_or_default());
    OutboundRow {
        id: format!("digest/{person}/{channel}/{at}"),
        kind: OutboundKind::Digest,
        reason: OutboundReason::Opened,
        checkpoint: String::new(),
        due_at: left,
        ..message.clone()
    }
}

/// For how long a person is not told, milliseconds: not through a night in which it would be too late.
fn delay(wishes: &Notifications, checkpoint: &CheckpointRow, now: i64) -> i64 {
    let quiet = wishes.quiet_hours.as_ref().map_or(0, |quiet| quiet.left(now));
    let too_late = checkpoint.due_at.is_some_and(|due| due <= now.saturating_add(quiet));
    if too_late { 0 } else { quiet }
}
