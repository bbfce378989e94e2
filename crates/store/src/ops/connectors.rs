//! Connectors: revisions that never change, and which of them a workspace has put in.

use crate::database::{Statement, Write, column};
use crate::rows::params;
use crate::store::audited;
use crate::{Conflict, ConnectorRevisionRow, ConnectorRow, NewAudit, Result, Store, StoreError};

/// Revisions listed at most.
const LIST_MAX: u32 = 1000;

/// How often a revision is tried again because another one took its number.
const TRIES: u32 = 16;

/// A manifest to be kept.
#[derive(Debug, Clone)]
pub struct NewConnectorRevision {
    /// Workspace.
    pub workspace: String,
    /// Connector name.
    pub name: String,
    /// SHA-256 hex of the manifest.
    pub hash: String,
    /// JSON.
    pub manifest: String,
    /// When.
    pub at: i64,
    /// Who.
    pub by: String,
    /// What it is kept for.
    pub kept_for: KeptFor,
}

/// What a revision of a connector is kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptFor {
    /// For the versions that name it.
    Versions,
    /// New versions use it from now on, instead of this revision; none where there was no such connector.
    PutIn {
        /// The revision it takes the place of.
        instead: Option<u32>,
    },
}

impl Store {
    /// Keeps a manifest as the next revision and answers its number. `audit` gets the number.
    ///
    /// # Errors
    /// `Busy`; `Conflict::ConnectorChanged` when another revision is put in than the one it takes the place of.
    pub async fn add_connector_revision(
        &self,
        new: &NewConnectorRevision,
        audit: &(dyn Fn(u32) -> Vec<NewAudit> + Send + Sync),
    ) -> Result<u32> {
        for _ in 0..TRIES {
            let last = self.connector_revisions(&new.workspace, &new.name).await?.first().map_or(0, |row| row.revision);
            let revision = last + 1;
            let write = Write {
                statements: statements(new, revision),
                audit: audited(&new.workspace, audit(revision)),
                changes: Vec::new(),
            };
            match self.write(write).await {
                Ok(_) => return Ok(revision),
                // Another one took the number, or put it in meanwhile: look again.
                Err(StoreError::AlreadyExists(_) | StoreError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
            if let KeptFor::PutIn { instead } = new.kept_for {
                let all = self.list_connectors(&new.workspace).await?;
                let found = all.into_iter().find(|row| row.name == new.name).map(|row| row.revision);
                if found != instead {
                    return Err(Conflict::ConnectorChanged { revision: found }.into());
                }
            }
        }
        Err(StoreError::Busy("the connector is being changed by others".to_owned()))
    }

    /// The connectors a workspace has put in, by name.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_connectors(&self, workspace: &str) -> Result<Vec<ConnectorRow>> {
        self.rows("WHERE workspace = ?1 ORDER BY name LIMIT 1000", params![workspace]).await
    }

    /// One revision with its manifest.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_connector_revision(
        &self,
        workspace: &str,
        name: &str,
        revision: u32,
    ) -> Result<Option<ConnectorRevisionRow>> {
        let tail = "WHERE workspace = ?1 AND name = ?2 AND revision = ?3";
        self.row(tail, params![workspace, name, revision]).await
    }

    /// The revision with this manifest, when it is kept.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn find_connector_revision(&self, workspace: &str, name: &str, hash: &str) -> Result<Option<u32>> {
        let sql = "SELECT max(revision) FROM connector_revisions WHERE workspace = ?1 AND name = ?2 AND hash = ?3";
        let rows = self.query(sql.to_owned(), params![workspace, name, hash]).await?;
        rows.into_iter().next().map_or(Ok(None), |row| column(&mut row.into_iter(), "revision"))
    }

    /// Revisions of a connector without their manifests, newest first, at most 1,000.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn connector_revisions(&self, workspace: &str, name: &str) -> Result<Vec<ConnectorRevisionRow>> {
        let sql = "SELECT workspace, name, revision, hash, '', created_at, created_by FROM connector_revisions \
                   WHERE workspace = ?1 AND name = ?2 ORDER BY revision DESC LIMIT ?3";
        crate::store::decode(self.query(sql.to_owned(), params![workspace, name, LIST_MAX]).await?)
    }

    /// Takes a connector out; its revisions stay, since versions name them.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn remove_connector(&self, workspace: &str, name: &str, audit: Vec<NewAudit>) -> Result<()> {
        let sql = "DELETE FROM connectors WHERE workspace = ?1 AND name = ?2";
        let statement = Statement::new(sql, params![workspace, name]).must_hit("connector");
        self.execute_audited(workspace, statement, audit).await.map(|_| ())
    }
}

fn statements(new: &NewConnectorRevision, revision: u32) -> Vec<Statement> {
    let row = ConnectorRevisionRow {
        workspace: new.workspace.clone(),
        name: new.name.clone(),
        revision,
        hash: new.hash.clone(),
        manifest: new.manifest.clone(),
        created_at: new.at,
        created_by: new.by.clone(),
    };
    let current =
        ConnectorRow { workspace: new.workspace.clone(), name: new.name.clone(), revision, updated_at: new.at };
    let put_in = match new.kept_for {
        KeptFor::Versions => None,
        KeptFor::PutIn { instead: None } => Some(crate::sql::insert(&current)),
        KeptFor::PutIn { instead: Some(instead) } => {
            let sql = "UPDATE connectors SET revision = ?3, updated_at = ?4 \
                       WHERE workspace = ?1 AND name = ?2 AND revision = ?5";
            let values = params![&new.workspace, &new.name, revision, new.at, instead];
            Some(Statement::new(sql, values).must_hit("connector"))
        }
    };
    std::iter::once(crate::sql::insert(&row)).chain(put_in).collect()
}
