//! Test cases on their way to be played: reading, running, refusing a publication.

use crate::{
    api::documents::source,
    app::App,
    http::problem::{ApiError, ApiResult},
    rows::json,
};
use countersign_api::{TestFailure, TestResult};
use countersign_core::{
    catalogue::Catalogue,
    document,
    expr::Cancel,
    play::rehearsal::{self, Rehearsal, Script, Suite},
    run::Version,
};
use countersign_store::{TestCaseRow, WorkflowRow};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// A document that can be played, or why not.
pub(crate) fn playable(document: Value, catalogue: &Catalogue) -> ApiResult<Version> {
    let unplayable = || ApiError::unprocessable("not_playable", "This draft cannot be played yet");
    let workflow = match document::decode(document.clone()) {
        Ok(workflow) => workflow,
        Err(_) => return Err(unplayable().diagnostics(source::check(&document, catalogue).1)),
    };
    Version::compile(workflow, catalogue, false)
        .map_err(|error| unplayable().pointer(error.pointer.clone()).detail(error.to_string()))
}

/// The document that is meant: the one given, a version's, or the draft.
pub(crate) async fn meant(
    app: &App,
    row: &WorkflowRow,
    document: Option<Value>,
    version: Option<u32>,
) -> ApiResult<Version> {
    let catalogue = app.engine.catalogue_of(&row.workspace).await?;
    let document = match (document, version) {
        (Some(_), Some(_)) => return Err(ApiError::invalid("/version", "give either `document` or `version`")),
        (Some(document), None) => document,
        (None, Some(version)) => {
            let found = app.store.get_version(&row.workspace, &row.id, version).await?;
            json(&found.ok_or_else(|| ApiError::not_found("version"))?.document)
        }
        (None, None) => json(&row.draft),
    };
    Ok(playable(document, &catalogue)?.saying(app.engine.waiting_words(&row.workspace).await?))
}

/// The longest a request waits for its turn to play.
const TURN: Duration = Duration::from_secs(20);

/// Plays one after the other, beside what is not played, and for so long only: what is cut off evaluates nothing more,
/// also when nobody waits for it any longer.
pub(crate) async fn within_budget<T: Send + 'static>(
    app: &App,
    work: impl FnOnce() -> T + Send + 'static,
) -> ApiResult<T> {
    struct Gone(Cancel);
    impl Drop for Gone {
        fn drop(&mut self) {
            self.0.cancel();
        }
    }
    let busy = || ApiError::busy("as much is played as there is room for");
    let turn = tokio::time::timeout(TURN, Arc::clone(&app.plays).acquire_owned()).await;
    let turn = turn.map_err(|_| busy())?.map_err(ApiError::internal)?;
    let cancel = Cancel::default();
    let _gone = Gone(cancel.clone());
    let mut closing = app.closing.subscribe();
    let playing = tokio::task::spawn_blocking(move || {
        let played = cancel.during(work);
        drop(turn);
        played
    });
    tokio::select! {
        played = playing => played.map_err(ApiError::internal),
        () = tokio::time::sleep(app.config.play_timeout) => {
            let seconds = app.config.play_timeout.as_secs();
            Err(ApiError::unprocessable("plays_too_long", "This takes too long to play")
                .detail(format!("what is played in one request has {seconds} seconds")))
        }
        _ = closing.wait_for(|closing| *closing) => Err(busy()),
    }
}

/// Plays a script where it keeps no other request waiting.
pub(crate) async fn play(app: &App, workspace: &str, version: &Arc<Version>, script: Script) -> ApiResult<Rehearsal> {
    let (version, catalogue) = (Arc::clone(version), app.engine.catalogue_of(workspace).await?);
    let now = countersign_core::time::Timestamp(app.now());
    within_budget(app, move || rehearsal::rehearse(&version, &catalogue, &script, now)).await
}

/// Runs test cases; a row that cannot be read fails by name.
pub(crate) async fn run(
    app: &App,
    workspace: &str,
    version: Version,
    rows: Vec<TestCaseRow>,
) -> ApiResult<Vec<TestResult>> {
    let catalogue = app.engine.catalogue_of(workspace).await?;
    within_budget(app, move || rows.iter().map(|row| result(row, &version, &catalogue)).collect()).await
}

fn result(row: &TestCaseRow, version: &Version, catalogue: &Catalogue) -> TestResult {
    let name = row.name.clone();
    match serde_json::from_str::<rehearsal::TestCase>(&row.body) {
        Ok(case) => TestResult { name, ..case.run(version, catalogue).into() },
        Err(error) => {
            let failure = TestFailure { what: "case".to_owned(), message: format!("it cannot be read: {error}") };
            TestResult {
                name,
                passed: false,
                failures: vec![failure],
                path: Vec::new(),
                other_path: false,
                status: String::new(),
            }
        }
    }
}

/// Runs all test cases of a workflow on what is to be published. Those that fail stand in the way unless there is a
/// reason; answers the names of those that failed all the same.
pub(crate) async fn gate(
    app: &App,
    row: &WorkflowRow,
    workflow: document::Workflow,
    reason: Option<&str>,
) -> ApiResult<Vec<String>> {
    let rows = app.store.list_test_cases(&row.workspace, &row.id).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let version =
        Version::compile(workflow, &*app.engine.catalogue_of(&row.workspace).await?, true).map_err(|error| {
            ApiError::unprocessable("not_playable", "This draft cannot be played").detail(error.to_string())
        })?;
    let results = run(app, &row.workspace, version, rows).await?;
    let failed: Vec<String> =
        results.iter().filter(|result| !result.passed).map(|result| result.name.clone()).collect();
    if failed.is_empty() || reason.is_some() {
        return Ok(failed);
    }
    let detail = format!("{} of {} test cases fail: {}", failed.len(), results.len(), failed.join(", "));
    Err(ApiError::unprocessable("tests_failed", "Test cases of this workflow fail").detail(detail).tests(results))
}

/// A new row for a test case.
pub(crate) fn row(app: &App, workflow: &WorkflowRow, case: &rehearsal::TestCase) -> ApiResult<TestCaseRow> {
    Ok(TestCaseRow {
        id: Uuid::now_v7().to_string(),
        workspace: workflow.workspace.clone(),
        workflow: workflow.id.clone(),
        name: case.name.trim().to_owned(),
        body: serde_json::to_string(case).map_err(ApiError::internal)?,
        last_result: None,
        created_at: app.now(),
        updated_at: app.now(),
    })
}

/// Test cases from the text of a file.
pub(crate) fn read(source: &str) -> ApiResult<Suite> {
    Suite::parse(source).map_err(|error| {
        let problem = ApiError::unprocessable("invalid_source", "The text is not a file of test cases")
            .pointer("/source")
            .detail(error.message);
        match (error.line, error.column) {
            (Some(line), Some(column)) => problem.position(line, column),
            (Some(_) | None, _) => problem,
        }
    })
}

/// Makes the test cases of a workflow those of `suite`. Those of the same name keep their id.
pub(crate) async fn replace(app: &App, workflow: &WorkflowRow, suite: &Suite) -> ApiResult<()> {
    let before = app.store.list_test_cases(&workflow.workspace, &workflow.id).await?;
    for case in &suite.tests {
        let made = row(app, workflow, case)?;
        let same = before.iter().find(|old| old.name == made.name);
        let (id, created_at) = same.map_or((made.id.clone(), made.created_at), |old| (old.id.clone(), old.created_at));
        app.store.put_test_case(&TestCaseRow { id, created_at, ..made }).await?;
    }
    for old in before.iter().filter(|old| suite.tests.iter().all(|case| case.name.trim() != old.name)) {
        app.store.delete_test_case(&workflow.workspace, &old.id).await?;
    }
    Ok(())
}
