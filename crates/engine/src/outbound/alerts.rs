//! What no checkpoint is about: a run that failed, a connection that was cut off, where the audit trail ends.

use super::{
    people::by_link,
    pump::Told,
    settings::{NoticeChannel, Notifications},
    words::{self, Words},
};
use crate::{Engine, EngineError};
use countersign_core::{approval::policy::names, catalogue::AccountState, run::Actor};
use countersign_store::{
    Member, OutboundEndRow, OutboundKind, OutboundOutcome, OutboundReason, OutboundRow, OutboundStatus, Role, RunRow,
    TokenStatus,
};

/// One message about a workflow in this time, milliseconds: of each run, and of the share of runs that failed.
const EACH_MS: i64 = 5 * 60_000;
const SHARE_MS: i64 = 60 * 60_000;
const DAY_MS: i64 = 24 * 60 * 60_000;
/// The people told of one thing.
const PEOPLE_MAX: usize = 500;

/// Whom something concerns.
struct Concerned {
    /// Roles, groups and addresses.
    tell: Vec<String>,
    /// Of what and when, so that the same people are not told of the same thing again within that time.
    once: String,
}

impl Engine {
    /// Writes down who is told. Ids are made of who, what and when, so that a flood of failures is one message.
    pub(super) async fn alert(&self, row: &OutboundRow) -> Result<Told, EngineError> {
        let concerned = match row.reason {
            OutboundReason::Failed => self.concerned_by_failure(row).await?,
            OutboundReason::Disconnected => {
                Some(Concerned { tell: vec![Role::Admin.as_str().to_owned()], once: row.id.clone() })
            }
            OutboundReason::Opened
            | OutboundReason::Reminded
            | OutboundReason::Escalated
            | OutboundReason::Reassigned
            | OutboundReason::Changed
            | OutboundReason::Decided
            | OutboundReason::Head => None,
        };
        let Some(concerned) = concerned else {
            self.end_outbound(row, OutboundOutcome::Moot, None).await?;
            return Ok(Told::Ended);
        };
        let members = self.0.store.list_members(&row.workspace).await?;
        let mut people: Vec<Actor> = members.into_iter().filter_map(|member| named(member, &concerned.tell)).collect();
        let error = people.is_empty().then(|| format!("nobody who could be told is {}", concerned.tell.join(" or ")));
        people.truncate(PEOPLE_MAX);
        let rows = self.warnings(row, &concerned.once, &people).await?;
        let end = OutboundEndRow { error, ..row.ending(OutboundOutcome::Announced, self.now()) };
        self.0.store.announce(&end, &rows, &[]).await?;
        self.0.to_tell.notify_one();
        Ok(Told::Ended)
    }

    /// Whom the run's version names; nobody when it says that this one is not told.
    async fn concerned_by_failure(&self, row: &OutboundRow) -> Result<Option<Concerned>, EngineError> {
        let Some(run) = self.failed_run(row).await? else { return Ok(None) };
        let version = self.version(&run.workspace, &run.workflow, run.version).await?;
        let Some(alerts) = &version.workflow().alerts else { return Ok(None) };
        let (ended, failed) = self.fares(&run).await?;
        let often = alerts.too_many(ended, failed);
        let within = match (alerts.each, often) {
            (true, _) => EACH_MS,
            (false, true) => SHARE_MS,
            (false, false) => return Ok(None),
        };
        let once = format!("{}/failed/{}", run.workflow, row.at / within);
        Ok(Some(Concerned { tell: alerts.tell.clone(), once }))
    }

    async fn failed_run(&self, row: &OutboundRow) -> Result<Option<RunRow>, EngineError> {
        Ok(self.0.store.get_run(&row.workspace, row.about.as_deref().unwrap_or_default()).await?)
    }

    /// How many of its workflow's newest runs ended and failed.
    async fn fares(&self, run: &RunRow) -> Result<(u64, u64), EngineError> {
        let standings = self.0.store.workflow_standings(&run.workspace, &[&run.workflow]).await?;
        Ok(standings.get(&run.workflow).map_or((0, 0), |standing| (standing.ended, standing.failed)))
    }

    /// A row for each of these people and channels of theirs. What went wrong comes by itself, after the quiet hours.
    async fn warnings(&self, row: &OutboundRow, once: &str, people: &[Actor]) -> Result<Vec<OutboundRow>, EngineError> {
        let settings = self.0.store.list_notifications(&row.workspace).await?;
        let default = Notifications::default();
        let mut rows: Vec<OutboundRow> = Vec::new();
        for person in people {
            let own = settings.iter().find(|settings| settings.user_id == person.id);
            let own = own.map(|settings| Notifications::read(&settings.settings)).transpose()?;
            let wishes = own.as_ref().unwrap_or(&default);
            let now = self.now();
            let quiet = wishes.quiet_hours.as_ref().map_or(0, |quiet| quiet.left(now));
            for notified in wishes.channels.iter().filter(|notified| notified.tells(row.reason)) {
                let channel = notified.channel.tag();
                let address = notified.address.clone().unwrap_or_else(|| person.email.clone());
                let (id, person, due_at) = match notified.is_shared() {
                    true => (format!("{once}/{channel}:{address}"), None, 0),
                    false => (format!("{once}/{}/{channel}", person.id), Some(person.id.clone()), quiet),
                };
                if rows.iter().any(|earlier| earlier.id == id) {
                    continue;
                }
                rows.push(OutboundRow {
                    id,
                    kind: OutboundKind::Warning,
                    person,
                    channel: Some(channel.to_owned()),
                    address: Some(address),
                    at: now,
                    due_at,
                    attempts: 0,
                    doubts: 0,
                    under_way: false,
                    status: OutboundStatus::Waiting,
                    error: None,
                    ..row.clone()
                });
            }
        }
        Ok(rows)
    }

    /// Has the end of every workspace's audit trail sent to an e-mail address, through the workspace's own account: once a
    /// day, however many processes ask.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn tell_heads(&self, to: &str) -> Result<(), EngineError> {
        let now = self.now();
        let row = |(workspace, entries, head): (String, u64, String)| OutboundRow {
            id: format!("head/{}", now / DAY_MS),
            kind: OutboundKind::Warning,
            channel: Some(NoticeChannel::Email.tag().to_owned()),
            address: Some(to.to_owned()),
            ..OutboundRow::alerting(&workspace, (OutboundReason::Head, &format!("{entries}/{head}")), (now, 0))
        };
        let rows: Vec<OutboundRow> = self.0.store.audit_heads().await?.into_iter().map(row).collect();
        self.0.store.add_outbound(&rows).await?;
        self.0.to_tell.notify_one();
        Ok(())
    }

    /// Tells a person over one channel what went wrong.
    pub(super) async fn send_warning(&self, row: &OutboundRow) -> Result<Told, EngineError> {
        // Where the trail ends is told to an address, and what several people read to nobody in particular.
        if row.person.is_some() && self.addressee(row).await?.is_none() {
            return Ok(Told::Ended);
        }
        let Some(words) = self.what_went_wrong(row).await? else {
            self.end_outbound(row, OutboundOutcome::Moot, None).await?;
            return Ok(Told::Ended);
        };
        self.send_row(row, |_| words).await
    }

    /// As it stands now; nothing when it is mended or gone.
    async fn what_went_wrong(&self, row: &OutboundRow) -> Result<Option<Words>, EngineError> {
        let base = self.0.config.base_url.trim_end_matches('/');
        if row.reason == OutboundReason::Failed {
            let Some(run) = self.failed_run(row).await? else { return Ok(None) };
            let workflow = self.0.store.get_workflow(&run.workspace, &run.workflow).await?;
            let named = workflow.map_or_else(|| run.workflow.clone(), |workflow| workflow.name);
            let url = format!("{base}/runs/{}", run.id);
            return Ok(Some(words::failed(&named, &run, self.fares(&run).await?, &url)));
        }
        let id = row.about.as_deref().unwrap_or_default();
        if row.reason == OutboundReason::Head {
            let named = self.0.store.get_workspace(&row.workspace).await?.map(|workspace| workspace.name);
            let key = self.0.store.receipt_key(&row.workspace);
            let end = id.split_once('/').unwrap_or_default();
            return Ok(named.map(|named| words::head(&named, end, key.as_deref())));
        }
        let Some(connection) = self.0.store.get_connection(&row.workspace, id).await? else { return Ok(None) };
        let tokens = self.0.store.get_connection_token(&row.workspace, id).await?;
        let dead = tokens.filter(|tokens| tokens.status != TokenStatus::Connected);
        let page = format!("{base}/connectors");
        if let Some(tokens) = dead {
            return Ok(Some(words::disconnected(&connection, &tokens.reason, &page)));
        }
        let health: serde_json::Value = serde_json::from_str(&connection.health).unwrap_or_default();
        let refused = health["state"] == serde_json::json!(AccountState::Refused);
        let why = health["message"].as_str().unwrap_or_default();
        Ok(refused.then(|| words::refused(&connection, why, &page)))
    }
}

/// The member, when they are named and can do something.
fn named(member: Member, tell: &[String]) -> Option<Actor> {
    by_link(member).filter(|person| names(tell, person))
}
