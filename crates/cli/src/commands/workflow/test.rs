//! `countersign workflow test`

use crate::{
    client::{self, Client, Remote, told},
    commands::check,
    output::{self, Exit},
};
use anyhow::{Context, bail};
use clap::Args;
use countersign_api::{ImportTestsRequest, Page, RunTestsRequest, TestCase, TestReport, TestResult};
use countersign_connectors::Registry;
use countersign_core::{document, play::rehearsal::Suite, run::Version};
use std::path::{Path, PathBuf};

/// Ending of the file of test cases beside a workflow's.
const TESTS_ENDING: &str = ".tests.yaml";

/// Arguments of `workflow test`.
#[derive(Debug, Args)]
// Here a version is one of the workflow's.
#[command(disable_version_flag = true)]
pub struct TestArgs {
    #[command(flatten)]
    remote: Remote,
    /// A workflow file (its test cases are in `NAME.tests.yaml` beside it), or the id or name of one on the server.
    #[arg(value_name = "FILE|NAME")]
    what: String,
    /// The file of test cases: to play on a workflow file, or to replace those of the workflow on the server first.
    #[arg(long, value_name = "FILE")]
    tests: Option<PathBuf>,
    /// Only test cases of this name; may be given several times.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// On the server: this version instead of the draft.
    #[arg(long)]
    version: Option<u32>,
    /// On the server: print the test cases as a YAML file instead of running them.
    #[arg(long)]
    export: bool,
}

pub(super) async fn run(args: &TestArgs) -> anyhow::Result<Exit> {
    let file = Path::new(&args.what);
    if file.is_file() {
        return local(args, file);
    }
    args.remote.run(async |client| remote(client, args).await).await
}

/// Plays test cases of files; no server is asked.
fn local(args: &TestArgs, file: &Path) -> anyhow::Result<Exit> {
    let (file, tests) = files(file, args.tests.as_deref())?;
    let read = |path: &Path| check::read(&path.to_owned()).with_context(|| format!("cannot read {}", path.display()));
    let (source, suite) = (read(&file)?, read(&tests)?);
    let catalogue = Registry::built_in().context("the built-in connectors")?.catalogue();
    let no = |path: &Path, problem: String| {
        eprintln!("error: {}: {problem}", path.display());
        Ok(Exit::No)
    };
    let workflow = match document::parse(&source) {
        Ok(workflow) => workflow,
        Err(error) => return no(&file, error.to_string()),
    };
    let version = match Version::compile(workflow, &catalogue, false) {
        Ok(version) => version,
        Err(error) => return no(&file, error.to_string()),
    };
    let suite = match Suite::parse(&suite) {
        Ok(suite) => suite,
        Err(error) => return no(&tests, error.to_string()),
    };
    let cases = suite.tests.iter().filter(|case| args.only.is_empty() || args.only.contains(&case.name));
    let results: Vec<TestResult> = cases.map(|case| case.run(&version, &catalogue).into()).collect();
    let report = TestReport { passed: results.iter().all(|result| result.passed), results };
    if args.remote.json {
        output::json(&report)?;
    }
    Ok(tell(args, &report))
}

/// The workflow's file and that of its test cases, whichever of the two was named.
fn files(file: &Path, tests: Option<&Path>) -> anyhow::Result<(PathBuf, PathBuf)> {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if let Some(stem) = name.strip_suffix(TESTS_ENDING) {
        return Ok((file.with_file_name(format!("{stem}.yaml")), file.to_owned()));
    }
    if let Some(tests) = tests {
        return Ok((file.to_owned(), tests.to_owned()));
    }
    let beside = file.with_extension("").with_extension("tests.yaml");
    if !beside.is_file() {
        bail!("there are no test cases at {}: name them with --tests", beside.display());
    }
    Ok((file.to_owned(), beside))
}

async fn remote(client: &Client, args: &TestArgs) -> anyhow::Result<Exit> {
    let id = client::workflow(client, &args.what).await?;
    if let Some(tests) = &args.tests {
        let source = check::read(tests).with_context(|| format!("cannot read {}", tests.display()))?;
        client.put(&["workflows", &id, "tests"]).json(&ImportTestsRequest { source }).send().await?;
    }
    if args.export {
        let listed = client.get(&["workflows", &id, "tests"]).send().await?;
        let tests = told::<Page<TestCase>>(&listed)?.items.into_iter().map(|case| case.body).collect();
        output::line(Suite { tests }.to_yaml().trim_end());
        return Ok(Exit::Good);
    }
    let names = Some(args.only.clone()).filter(|names| !names.is_empty());
    let body = RunTestsRequest { document: None, version: args.version, names };
    let answer = client.post(&["workflows", &id, "tests", "run"]).json(&body).send().await?;
    if args.remote.json {
        output::json(&answer)?;
    }
    Ok(tell(args, &told(&answer)?))
}

/// Says how they went, unless the JSON did; no when one failed, or there is none.
fn tell(args: &TestArgs, TestReport { passed, results }: &TestReport) -> Exit {
    if !args.remote.json {
        for TestResult { name, passed, failures, .. } in results {
            output::line(format!("{} {name}", if *passed { "pass" } else { "FAIL" }));
            for failure in failures {
                output::line(format!("     {}: {}", failure.what, failure.message));
            }
        }
        let failed = results.iter().filter(|result| !result.passed).count();
        output::line(format!("{} passed, {failed} failed", results.len() - failed));
    }
    if results.is_empty() {
        eprintln!("error: there are no test cases to run");
        return Exit::No;
    }
    if *passed { Exit::Good } else { Exit::No }
}
