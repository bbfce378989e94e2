//! Which connectors a workspace has: those that come with the executable and those it brought. A version goes on with the
//! revisions it was published with.

mod fetch;
mod trial;

pub use trial::{Trial, TrialError};

use crate::{Engine, EngineError};
use countersign_connectors::{Compiled, Manifest, Registry};
use countersign_core::catalogue::Catalogue;
use countersign_store::{ConnectorRow, KeptFor, NewAudit, NewConnectorRevision};
use parking_lot::RwLock;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// How long a list of connectors is used without looking again, milliseconds: another process may have changed it.
const FRESH_MS: i64 = 5000;

/// How many workspaces and compiled revisions are kept; past it the cache starts anew.
const KEPT_MAX: usize = 1000;

/// The revision of each connector by its name.
pub type Pins = BTreeMap<String, u32>;

#[derive(Default)]
pub(crate) struct Connectors {
    /// By workspace.
    put_in: RwLock<HashMap<String, Kept>>,
    /// By workspace, name and revision.
    compiled: RwLock<HashMap<(String, String, u32), Compiled>>,
}

#[derive(Clone)]
struct Kept {
    rows: Vec<ConnectorRow>,
    registry: Registry,
    read_at: i64,
}

/// A connector to be put in.
pub struct PutIn<'a> {
    /// For which workspace.
    pub workspace: &'a str,
    /// What it is.
    pub connector: Compiled,
    /// Instead of which revision; none where the workspace has no such connector.
    pub instead: Option<u32>,
    /// Who: `user:<id>`, `key:<id>`, `system`.
    pub by: &'a str,
}

impl Engine {
    /// The connectors of a workspace, as new versions see them.
    ///
    /// # Errors
    /// `Busy`; `Corrupt` when a kept manifest cannot be used in this build.
    pub async fn connectors(&self, workspace: &str) -> Result<Registry, EngineError> {
        self.put_in(workspace).await.map(|kept| kept.registry)
    }

    /// The connectors of a workspace as the database has them now, also when another process changed them just before, and
    /// the revision of each that it brought.
    ///
    /// # Errors
    /// As [`Engine::connectors`].
    pub async fn connectors_now(&self, workspace: &str) -> Result<(Registry, Pins), EngineError> {
        self.forget_connectors(workspace);
        let Kept { rows, registry, .. } = self.put_in(workspace).await?;
        Ok((registry, rows.into_iter().map(|row| (row.name, row.revision)).collect()))
    }

    /// Every action of a workspace.
    ///
    /// # Errors
    /// As [`Engine::connectors`].
    pub async fn catalogue_of(&self, workspace: &str) -> Result<Arc<Catalogue>, EngineError> {
        match &self.0.outside {
            Some(outside) => Ok(outside.catalogue()),
            None => Ok(self.connectors(workspace).await?.catalogue()),
        }
    }

    /// The connectors with these at these revisions.
    ///
    /// # Errors
    /// As [`Engine::connectors`], and `NotFound` when a revision is not kept.
    pub async fn connectors_at(&self, workspace: &str, pins: &Pins) -> Result<Registry, EngineError> {
        let built_in = || self.0.registry.compiled();
        let mut others = Vec::new();
        for (name, revision) in pins {
            let pinned = self.compiled(workspace, name, *revision).await?;
            if !built_in().any(|compiled| compiled.is(&pinned)) {
                others.push(pinned);
            }
        }
        match others.is_empty() {
            true => Ok(self.0.registry.clone()),
            false => Ok(Registry::of(built_in().cloned().chain(others))),
        }
    }

    /// The revisions that a version published now has of these connectors. One that comes with the executable is kept as
    /// a revision too, so that a version goes on with it when the executable brings another.
    ///
    /// # Errors
    /// As [`Engine::connectors`].
    pub async fn pin_connectors<'a>(
        &self,
        workspace: &str,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<Pins, EngineError> {
        let Kept { rows, registry, .. } = self.put_in(workspace).await?;
        let mut pins = Pins::new();
        for name in names {
            if pins.contains_key(name) {
                continue;
            }
            let revision = match rows.iter().find(|row| row.name == name) {
                Some(row) => row.revision,
                None => match registry.connector(name) {
                    Some(manifest) => self.keep_revision(workspace, manifest).await?,
                    None => continue,
                },
            };
            pins.insert(name.to_owned(), revision);
        }
        Ok(pins)
    }

    async fn keep_revision(&self, workspace: &str, manifest: &Manifest) -> Result<u32, EngineError> {
        let hash = manifest.hash();
        if let Some(revision) = self.0.store.find_connector_revision(workspace, &manifest.name, &hash).await? {
            return Ok(revision);
        }
        let new = self.new_revision((workspace, "system"), manifest, hash, KeptFor::Versions)?;
        Ok(self.0.store.add_connector_revision(&new, &|_| Vec::new()).await?)
    }

    /// Puts a connector in, or its next revision; answers the revision. The same manifest again changes nothing.
    ///
    /// # Errors
    /// `Invalid` when the manifest cannot be written; `Conflict::ConnectorChanged` when it would take the place of another
    /// revision.
    pub async fn put_in_connector(
        &self,
        put_in: PutIn<'_>,
        audit: &(dyn Fn(u32) -> Vec<NewAudit> + Send + Sync),
    ) -> Result<u32, EngineError> {
        let PutIn { workspace, connector, instead, by } = put_in;
        let kept_for = KeptFor::PutIn { instead };
        let new = self.new_revision((workspace, by), connector.manifest(), connector.hash().to_owned(), kept_for)?;
        let current = self.0.store.list_connectors(workspace).await?;
        if let Some(row) = current.into_iter().find(|row| row.name == new.name) {
            let same = self.0.store.find_connector_revision(workspace, &new.name, &new.hash).await?;
            if same == Some(row.revision) {
                return Ok(row.revision);
            }
        }
        let revision = self.0.store.add_connector_revision(&new, audit).await?;
        let key = (new.workspace, new.name, revision);
        keep(&mut self.0.connectors.compiled.write(), key, connector);
        self.forget_connectors(workspace);
        Ok(revision)
    }

    /// Takes a connector out. Versions that were published with it go on.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn remove_connector(&self, workspace: &str, name: &str, audit: Vec<NewAudit>) -> Result<(), EngineError> {
        self.0.store.remove_connector(workspace, name, audit).await?;
        self.forget_connectors(workspace);
        Ok(())
    }

    fn forget_connectors(&self, workspace: &str) {
        self.0.connectors.put_in.write().remove(workspace);
    }

    async fn put_in(&self, workspace: &str) -> Result<Kept, EngineError> {
        let now = self.now();
        let known = self.0.connectors.put_in.read().get(workspace).cloned();
        if let Some(kept) = known.as_ref()
            && now.saturating_sub(kept.read_at) < FRESH_MS
        {
            return Ok(kept.clone());
        }
        let rows = self.0.store.list_connectors(workspace).await?;
        let registry = match known {
            Some(kept) if kept.rows == rows => kept.registry,
            Some(_) | None if rows.is_empty() => self.0.registry.clone(),
            Some(_) | None => {
                let pins = rows.iter().map(|row| (row.name.clone(), row.revision)).collect();
                self.connectors_at(workspace, &pins).await?
            }
        };
        let kept = Kept { rows, registry, read_at: now };
        keep(&mut self.0.connectors.put_in.write(), workspace.to_owned(), kept.clone());
        Ok(kept)
    }

    async fn compiled(&self, workspace: &str, name: &str, revision: u32) -> Result<Compiled, EngineError> {
        let key = (workspace.to_owned(), name.to_owned(), revision);
        if let Some(compiled) = self.0.connectors.compiled.read().get(&key) {
            return Ok(compiled.clone());
        }
        let row = self.0.store.get_connector_revision(workspace, name, revision).await?;
        let row = row.ok_or(EngineError::NotFound("connector revision"))?;
        let built_in = self.0.registry.compiled().find(|compiled| compiled.name() == name);
        let compiled = match built_in.filter(|compiled| compiled.hash() == row.hash) {
            Some(compiled) => compiled.clone(),
            None => {
                let unusable =
                    |error: String| EngineError::Corrupt(format!("revision {revision} of connector {name}: {error}"));
                let manifest = Manifest::parse(name, &row.manifest).map_err(|error| unusable(error.to_string()))?;
                Compiled::checked(manifest).map_err(|error| unusable(error.to_string()))?
            }
        };
        keep(&mut self.0.connectors.compiled.write(), key, compiled.clone());
        Ok(compiled)
    }

    fn new_revision(
        &self,
        (workspace, by): (&str, &str),
        manifest: &Manifest,
        hash: String,
        kept_for: KeptFor,
    ) -> Result<NewConnectorRevision, EngineError> {
        let text = serde_json::to_string(manifest)
            .map_err(|error| EngineError::Invalid(format!("the manifest cannot be written: {error}")))?;
        Ok(NewConnectorRevision {
            workspace: workspace.to_owned(),
            name: manifest.name.clone(),
            hash,
            manifest: text,
            at: self.now(),
            by: by.to_owned(),
            kept_for,
        })
    }
}

fn keep<K: std::hash::Hash + Eq, V>(kept: &mut HashMap<K, V>, key: K, value: V) {
    if kept.len() >= KEPT_MAX {
        kept.clear();
    }
    kept.insert(key, value);
}
