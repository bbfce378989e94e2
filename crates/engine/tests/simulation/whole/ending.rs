//! What is stored in the end, held against the reference model.

use super::director::Director;
use crate::{people::WORKSPACE, scenario::Report, store::Store};
use countersign_store::AuditFilter;

impl Director {
    pub async fn report(&self) -> Result<Report, String> {
        let mut stored = Store::default();
        for row in self.runs().await {
            let log = self.calm.run_events(WORKSPACE, &row.id, 0).await.map_err(|error| error.to_string())?;
            stored.log.insert(row.id.clone(), log);
            stored.runs.insert(row.id.clone(), row);
        }
        stored.checkpoints = self.checkpoints().await.into_iter().map(|row| (row.id.clone(), row)).collect();
        for number in 0..5 {
            let messages = self.calm.list_messages(WORKSPACE, &format!("c{number}"), 0, 1000).await;
            stored.messages.extend(messages.map_err(|error| error.to_string())?);
        }
        let audit = self.calm.list_audit(WORKSPACE, &AuditFilter::default(), None, 1000).await;
        stored.audit = audit.map_err(|error| error.to_string())?;
        stored.audit.reverse();
        let world = self.world.lock();
        world.checker.finish(&stored)?;
        Ok(Report {
            tasks: world.commits,
            commits: world.checker.commits,
            executions: world.checker.executions,
            decisions: world.checker.decisions,
            trace: world.trace,
        })
    }
}
