//! A connector as it was brought, before it is put in: what it can do, and what would change.

use super::uses::uses;
use crate::{
    app::App,
    http::problem::{ApiError, ApiResult, connector_changed},
};
use countersign_api::{
    ActionDifference, ConnectorChanges, ConnectorUse, LeftOutOperation, OfferedAction, PutInConnector,
    PutInConnectorRequest,
};
use countersign_connectors::{ActionChange, Changes, Compiled, Imported, LeftOut, Manifest, ManifestError, Registry};
use countersign_core::pointer;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What was brought, read and with its risks put right.
pub(super) struct Offer {
    pub(super) connector: Compiled,
    pub(super) left_out: Vec<LeftOut>,
    warnings: Vec<String>,
    /// Names of the actions whose risk is a guess.
    guessed: BTreeSet<String>,
    /// SHA-256 hex of the manifest before its risks were put right.
    hash: String,
    /// The connectors there are.
    before: Registry,
    /// The revision it takes the place of.
    pub(super) instead: Option<u32>,
    /// None of the first revision.
    changes: Option<Changes>,
}

impl Offer {
    /// Reads it.
    pub(super) async fn read(app: &App, workspace: &str, request: PutInConnectorRequest) -> ApiResult<Self> {
        let PutInConnectorRequest { source, url, name, risks, dry_run: _, reviewed: _ } = request;
        let (source, at) = match (source, url) {
            (Some(source), None) => (source, None),
            (None, Some(url)) => (fetched(app, &url).await?, Some(url)),
            (Some(_), Some(_)) | (None, None) => {
                return Err(ApiError::invalid("/source", "give either a source or a url"));
            }
        };
        let read = move || {
            let imported = Manifest::read_or_import_from(&source, name.as_deref(), at.as_deref())?;
            Ok((imported.manifest.hash(), imported))
        };
        let read = tokio::task::spawn_blocking(read).await.map_err(ApiError::internal)?;
        let (hash, mut imported) = read.map_err(|error: ManifestError| unusable(error.to_string()))?;
        let name = imported.manifest.name.as_str();
        if app.engine.registry().connector(name).is_some() {
            let detail = format!("`{name}` comes with Countersign: give another name");
            return Err(ApiError::conflict("name_taken", "This name is taken").detail(detail).pointer("/name"));
        }
        let (before, revisions) = app.engine.connectors_now(workspace).await?;
        let instead = revisions.get(name).copied();
        let installed = before.connector(&imported.manifest.name);
        imported.correct_risks(&risks, installed).map_err(|name| {
            let message = format!("there is no action `{name}` in it");
            ApiError::invalid(format!("/risks/{}", pointer::token(&name)), message)
        })?;
        let changes = installed.map(|installed| imported.manifest.changes_since(installed));
        let Imported { manifest, warnings, left_out, made_from, guessed } = imported;
        let compile = move || Imported::compile(manifest, made_from);
        let compiled = tokio::task::spawn_blocking(compile).await.map_err(ApiError::internal)?;
        let connector = compiled.map_err(|error| unusable(error.to_string()))?;
        Ok(Self { connector, left_out, warnings, guessed, hash, before, instead, changes })
    }

    /// What a person looks at: the revision it takes the place of (0 for none), and the manifest before its risks were put
    /// right.
    fn reviewed(&self) -> String {
        format!("{}.{}", self.instead.unwrap_or_default(), self.hash)
    }

    /// Refuses to put in something else than what a person looked at. What is put in already differs in nothing: whoever
    /// asks again after a lost answer is answered.
    pub(super) fn hold_against(&self, reviewed: &str) -> ApiResult<()> {
        let hash = self.connector.hash();
        let is_there = self.before.compiled().any(|one| one.name() == self.connector.name() && one.hash() == hash);
        if is_there || reviewed == self.reviewed() {
            return Ok(());
        }
        let same = reviewed.split_once('.').is_some_and(|(_, looked_at)| looked_at == self.hash);
        Err(connector_changed(match (same, self.instead) {
            (false, _) => "what would be put in is not what you looked at".to_owned(),
            (true, Some(revision)) => format!("revision {revision} was put in meanwhile"),
            (true, None) => "it was taken out meanwhile".to_owned(),
        }))
    }

    /// What it is.
    pub(super) fn manifest(&self) -> &Manifest {
        self.connector.manifest()
    }

    /// What would be put in. Nothing is written.
    pub(super) async fn dry_run(self, app: &App, workspace: &str) -> ApiResult<PutInConnector> {
        let with = self.before.compiled().cloned().chain([self.connector.clone()]);
        let catalogue = Registry::of(with).catalogue();
        let name = self.connector.name();
        let used_by = uses(app, workspace, name, &catalogue).await?;
        let kept = app.store.connector_revisions(workspace, name).await?;
        let hash = self.connector.hash();
        let same = |revision: u32| kept.iter().any(|row| row.revision == revision && row.hash == hash);
        let next = kept.first().map_or(0, |row| row.revision) + 1;
        let revision = self.instead.filter(|revision| same(*revision)).unwrap_or(next);
        let (offered, reviewed) = (self.offered(), Some(self.reviewed()));
        Ok(PutInConnector { dry_run: true, reviewed, offered, ..self.answer(revision, used_by) })
    }

    /// What became of it.
    pub(super) fn answer(self, revision: u32, used_by: Vec<ConnectorUse>) -> PutInConnector {
        let manifest = self.connector.manifest();
        let left_out =
            self.left_out.into_iter().map(|left| LeftOutOperation { pointer: left.pointer, reason: left.reason });
        PutInConnector {
            actions: manifest.actions.len(),
            paged: manifest.paged().map(str::to_owned).collect(),
            changes: self.changes.map(|changes| told(changes, manifest)),
            name: manifest.name.clone(),
            revision,
            dry_run: false,
            reviewed: None,
            offered: Vec::new(),
            warnings: self.warnings,
            left_out: left_out.collect(),
            used_by,
        }
    }

    /// The names of what differs, and each risk that does, for the record.
    pub(super) fn summary(&self) -> Option<Value> {
        let changes = self.changes.as_ref()?;
        let changed: Vec<&str> = changes.changed.iter().map(|change| change.action.as_str()).collect();
        let risk = |change: &ActionChange| {
            change.risk.map(|(before, now)| (change.action.clone(), json!({ "before": before, "now": now })))
        };
        let risks: Map<String, Value> = changes.changed.iter().filter_map(risk).collect();
        Some(json!({ "added": changes.added, "removed": changes.removed, "changed": changed, "risks": risks }))
    }

    fn offered(&self) -> Vec<OfferedAction> {
        let actions = self.manifest().actions.iter();
        let offered = actions.map(|(name, action)| OfferedAction {
            name: name.clone(),
            title: action.title.clone(),
            method: action.method.clone(),
            path: action.place(),
            risk: action.worst_risk(),
            guessed: self.guessed.contains(name),
        });
        offered.collect()
    }
}

fn told(changes: Changes, manifest: &Manifest) -> ConnectorChanges {
    let difference = |change: ActionChange| {
        let action = manifest.actions.get(&change.action)?;
        Some(ActionDifference {
            risk_before: change.risk.map(|(before, _)| before),
            risk: action.worst_risk(),
            address_before: change.address.map(|(before, _)| before),
            address: action.address(),
            input: change.input,
            other: change.other,
            action: change.action,
        })
    };
    ConnectorChanges {
        added: changes.added,
        removed: changes.removed,
        changed: changes.changed.iter().map(|change| change.action.clone()).collect(),
        inside: changes.changed.into_iter().filter_map(difference).collect(),
        of_all: changes.of_all,
    }
}

/// The document behind an address that the server may call.
async fn fetched(app: &App, url: &str) -> ApiResult<String> {
    app.engine.fetch_document(url).await.map_err(|why| {
        ApiError::unprocessable("not_fetched", "The document could not be read there").detail(why).pointer("/url")
    })
}

pub(super) fn unusable(why: String) -> ApiError {
    ApiError::unprocessable("connector_unusable", "This is no usable connector").detail(why).pointer("/source")
}
