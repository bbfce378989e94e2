//! Test cases: rehearsals kept to be played again.

use crate::database::Statement;
use crate::rows::params;
use crate::sql::upsert;
use crate::{Result, Store, TestCaseRow};

impl Store {
    /// Adds or replaces a test case.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn put_test_case(&self, row: &TestCaseRow) -> Result<()> {
        self.execute(upsert(row)).await.map(|_| ())
    }

    /// One test case.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_test_case(&self, workspace: &str, id: &str) -> Result<Option<TestCaseRow>> {
        self.row("WHERE workspace = ?1 AND id = ?2", params![workspace, id]).await
    }

    /// Test cases of a workflow by name, at most 1,000.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_test_cases(&self, workspace: &str, workflow: &str) -> Result<Vec<TestCaseRow>> {
        let tail = "WHERE workspace = ?1 AND workflow = ?2 ORDER BY name, id LIMIT 1000";
        self.rows(tail, params![workspace, workflow]).await
    }

    /// Removes a test case.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_test_case(&self, workspace: &str, id: &str) -> Result<()> {
        let sql = "DELETE FROM test_cases WHERE workspace = ?1 AND id = ?2";
        self.execute(Statement::new(sql, params![workspace, id]).must_hit("test case")).await.map(|_| ())
    }
}
