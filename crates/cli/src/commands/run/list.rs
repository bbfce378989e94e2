//! `countersign run list`

use crate::{
    client::{
        self, Client, ITEMS_MAX, Remote,
        text::{moment, parse_moment, short, spaced},
    },
    output::Exit,
};
use clap::Args;
use countersign_api::RunSummary;

/// Arguments of `run list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    remote: Remote,
    /// Id or name of a workflow.
    #[arg(long, value_name = "ID|NAME")]
    workflow: Option<String>,
    /// Any of these, separated by commas: running, waiting, completed, rejected, failed, cancelled.
    #[arg(long)]
    status: Option<String>,
    /// Standing at this step.
    #[arg(long)]
    step: Option<String>,
    /// With this error code.
    #[arg(long, value_name = "CODE")]
    error: Option<String>,
    /// E-mail address or id of a customer.
    #[arg(long, value_name = "EMAIL|ID")]
    customer: Option<String>,
    /// Started at or after: `2h` ago, 2026-05-31, or RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    after: Option<i64>,
    /// Started before.
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    before: Option<i64>,
    /// With this in the title, or this id.
    #[arg(long)]
    text: Option<String>,
    /// At most this many.
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// As many as there are, up to 10,000.
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

pub(super) async fn run(args: &ListArgs) -> anyhow::Result<Exit> {
    args.remote.run(async |client| list(client, args).await).await
}

async fn list(client: &Client, args: &ListArgs) -> anyhow::Result<Exit> {
    let at_most = if args.all { ITEMS_MAX } else { args.limit as usize };
    let listed = client.list(&["runs"], &query(client, args).await?, at_most).await?;
    let told = listed.print(&args.remote, &["run", "workflow", "status", "step", "customer", "started", "title"], row);
    if listed.next.is_some() && !args.remote.json {
        eprintln!("there are more: see --limit and --all");
    }
    told
}

async fn query(client: &Client, args: &ListArgs) -> anyhow::Result<Vec<(&'static str, String)>> {
    let customer = match &args.customer {
        Some(customer) => Some(client::customer(client, customer).await?),
        None => None,
    };
    let parameters = [
        ("workflow", args.workflow.clone()),
        ("status", args.status.clone()),
        ("step", args.step.clone()),
        ("error", args.error.clone()),
        ("customer", customer),
        ("after", args.after.map(|at| at.to_string())),
        ("before", args.before.map(|at| at.to_string())),
        ("text", args.text.clone()),
    ];
    Ok(parameters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
}

fn row(run: &RunSummary) -> Vec<String> {
    let step = match (&run.step, run.waiting_for) {
        (Some(step), Some(what)) => format!("{step} ({})", spaced(what.as_str())),
        (step, _) => step.clone().unwrap_or_default(),
    };
    let code = run.error_code.as_ref().map(|code| format!(": {code}")).unwrap_or_default();
    vec![
        run.id.clone(),
        format!("{} v{}", short(&run.workflow.name, 30), run.version),
        format!("{}{code}", run.status),
        step,
        run.customer.as_ref().map(|customer| short(&customer.name, 24)).unwrap_or_default(),
        moment(run.started_at),
        short(&run.title, 50),
    ]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::{Value, from_value, json};

    #[test]
    fn a_row_says_what_the_run_waits_for_or_why_it_failed() {
        let mut run = json!({ "id": "r", "workflow": { "id": "w", "name": "Upgrade" }, "version": 3, "status": "waiting",
            "step": "approve", "waiting_for": "unknown_outcome", "customer": null, "title": "a\nb", "trigger": "api",
            "started_at": 0, "updated_at": 0 });
        let told = row(&from_value(run.clone()).unwrap());
        assert_eq!(told[..5], ["r", "Upgrade v3", "waiting", "approve (unknown outcome)", ""]);
        assert_eq!(told[6], "a b");
        run["status"] = json!("failed");
        run["error_code"] = json!("http_503");
        run["waiting_for"] = Value::Null;
        assert_eq!(row(&from_value(run).unwrap())[2..4], ["failed: http_503", "approve"]);
    }
}
