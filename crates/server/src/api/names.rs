//! Names of things, remembered for a while.

use crate::{app::App, http::problem::ApiResult};
use countersign_api::{PersonRef, WorkflowRef};
use countersign_store::CustomerRow;
use std::{collections::HashMap, sync::Arc};

impl App {
    /// A workflow by id or name: its id and name.
    pub(crate) async fn resolve_workflow(
        &self,
        workspace: &str,
        text: &str,
    ) -> ApiResult<Option<Arc<(String, String)>>> {
        let text = text.trim();
        let key = (workspace.to_owned(), text.to_owned());
        if let Some(known) = self.workflows.get(&key) {
            return Ok(Some(known));
        }
        let row = match self.store.get_workflow(workspace, text).await? {
            Some(row) => Some(row),
            None => self.store.find_workflow(workspace, text).await?,
        };
        let Some(row) = row else { return Ok(None) };
        let known = Arc::new((row.id, row.name));
        self.workflows.put(key, Arc::clone(&known));
        Ok(Some(known))
    }

    /// A workflow by name; its id stands in when it is gone.
    pub(crate) async fn workflow_ref(&self, workspace: &str, id: &str) -> ApiResult<WorkflowRef> {
        let known = self.resolve_workflow(workspace, id).await?;
        let name = known.map_or_else(|| id.to_owned(), |known| known.1.clone());
        Ok(WorkflowRef { id: id.to_owned(), name })
    }

    /// A user or API key by name; the id stands in when it is unknown.
    pub(crate) async fn person(&self, workspace: &str, id: &str) -> ApiResult<PersonRef> {
        let name = match self.names.get(id) {
            Some(name) => name,
            None => {
                let name: Arc<str> = self.look_up_name(workspace, id).await?.unwrap_or_else(|| id.to_owned()).into();
                self.names.put(id.to_owned(), Arc::clone(&name));
                name
            }
        };
        Ok(PersonRef { id: id.to_owned(), name: name.to_string() })
    }

    /// As [`App::person`] for a column that may be empty.
    pub(crate) async fn some_person(&self, workspace: &str, id: Option<&str>) -> ApiResult<Option<PersonRef>> {
        match id.filter(|id| !id.is_empty()) {
            Some(id) => self.person(workspace, id).await.map(Some),
            None => Ok(None),
        }
    }

    async fn look_up_name(&self, workspace: &str, id: &str) -> ApiResult<Option<String>> {
        if let Some(member) = self.store.get_member(workspace, id).await? {
            return Ok(Some(member.user.name).filter(|name| !name.is_empty()));
        }
        let keys = self.store.list_api_keys(workspace).await?;
        if let Some(key) = keys.into_iter().find(|key| key.id == id) {
            return Ok(Some(key.name));
        }
        Ok(self.store.get_customer(workspace, id).await?.map(|customer| customer.name))
    }

    /// The ids that a customer is kept under; none when nobody is asked for.
    pub(crate) async fn same_customers(&self, workspace: &str, id: Option<&str>) -> ApiResult<Vec<String>> {
        match id {
            Some(id) => Ok(self.store.customer_ids(workspace, id).await?),
            None => Ok(Vec::new()),
        }
    }

    /// Customers by id, as whom they turned out to be.
    pub(crate) async fn customers<'a>(
        &self,
        workspace: &str,
        ids: impl Iterator<Item = &'a str>,
    ) -> ApiResult<HashMap<String, CustomerRow>> {
        let mut ids: Vec<&str> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        Ok(self.store.current_customers(workspace, &ids).await?)
    }
}
