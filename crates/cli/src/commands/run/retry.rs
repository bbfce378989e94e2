//! `countersign run retry`

use crate::{
    client::{Client, Remote, assignment, text::word, told},
    output::{self, Exit},
};
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use countersign_api::{RetryPlan, RetryRequest, RetryVersion, StartedRun};
use serde_json::{Map, Value, json};

/// Arguments of `run retry`.
#[derive(Debug, Args)]
// Here a version is one of the workflow's.
#[command(disable_version_flag = true)]
pub struct RetryArgs {
    #[command(flatten)]
    remote: Remote,
    /// Id of the run.
    id: String,
    /// From this step; the one it ended at when absent.
    #[arg(long, visible_alias = "step", value_name = "STEP")]
    from: Option<String>,
    /// Change a variable first, or a place inside one (`customer.plan=…`, `/items/0=…`); may be repeated.
    #[arg(long, value_name = "PATH=JSON", value_parser = assignment)]
    set: Vec<(String, Value)>,
    /// On the version the run has, or in a new run on the active one.
    #[arg(long, value_enum, default_value_t = Version::Same)]
    version: Version,
    /// The same as `--version newest`.
    #[arg(long, conflicts_with = "version")]
    newest: bool,
    /// With the state at this point of the log (see `countersign run show` and the page's Debug tab).
    #[arg(long, value_name = "POINT")]
    point: Option<u32>,
    /// A step that may do again what it did; may be repeated.
    #[arg(long, value_name = "STEP")]
    repeat: Vec<String>,
    /// Only tell what it would mean.
    #[arg(long)]
    plan: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Version {
    Same,
    Newest,
}

pub(super) async fn run(args: &RetryArgs) -> anyhow::Result<Exit> {
    args.remote.run(async |client| retry(client, args).await).await
}

impl RetryArgs {
    fn version(&self) -> RetryVersion {
        if self.newest || self.version == Version::Newest { RetryVersion::Newest } else { RetryVersion::Same }
    }

    async fn ask(&self, client: &Client) -> anyhow::Result<Value> {
        let mut query = vec![("version", word(&self.version()))];
        query.extend(self.from.clone().map(|step| ("step", step)));
        query.extend(self.point.map(|point| ("point", point.to_string())));
        client.get(&["runs", &self.id, "retry"]).query(&query).send().await
    }
}

async fn retry(client: &Client, args: &RetryArgs) -> anyhow::Result<Exit> {
    if args.plan {
        let plan = args.ask(client).await?;
        if args.remote.json {
            output::json(&plan)?;
        } else {
            plan_lines(&told(&plan)?).into_iter().for_each(output::line);
        }
        return Ok(Exit::Good);
    }
    let mut body = RetryRequest {
        step: args.from.clone(),
        version: args.version(),
        point: args.point,
        repeat: args.repeat.clone(),
        ..RetryRequest::default()
    };
    if args.set.iter().any(|(path, _)| path.contains(['.', '/'])) {
        // A place inside a variable: the whole of it must be known.
        let mut state = told::<RetryPlan>(&args.ask(client).await?)?.state;
        for (path, value) in &args.set {
            set_at(&mut state.vars, path, value.clone())?;
        }
        body.state = Some(state);
    } else {
        body.vars = args.set.iter().cloned().collect();
    }
    let run = client.post(&["runs", &args.id, "retry"]).json(&body).send().await?;
    if args.remote.json {
        output::json(&run)?;
    } else {
        let StartedRun { id, status, version, .. } = told(&run)?;
        output::line(if id == args.id {
            format!("{id}: {status}")
        } else {
            format!("{id}: {status}, on version {version}")
        });
    }
    Ok(Exit::Good)
}

/// Puts a value at `a.b.0` or `/a/b/0`; objects on the way are made.
fn set_at(vars: &mut Map<String, Value>, path: &str, value: Value) -> anyhow::Result<()> {
    let parts: Vec<String> = match path.strip_prefix('/') {
        Some(pointer) => pointer.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect(),
        None => path.split('.').map(str::to_owned).collect(),
    };
    let Some((first, rest)) = parts.split_first() else { bail!("`{path}` names no variable") };
    let mut place = vars.entry(first.clone()).or_insert(Value::Null);
    for part in rest {
        place = if let Value::Array(items) = place {
            let length = items.len();
            let index: usize = part.parse().with_context(|| format!("`{path}`: `{part}` is no place in a list"))?;
            items.get_mut(index).with_context(|| format!("`{path}`: the list has {length} items"))?
        } else {
            if !place.is_object() {
                *place = json!({});
            }
            let Some(members) = place.as_object_mut() else { bail!("`{path}` leads nowhere") };
            members.entry(part.clone()).or_insert(Value::Null)
        };
    }
    *place = value;
    Ok(())
}

fn plan_lines(plan: &RetryPlan) -> Vec<String> {
    let mut lines = vec![format!("from step  {}", plan.step.as_deref().unwrap_or_default())];
    let (from, to) = (plan.from_version, plan.to_version);
    lines.push(if from == to { format!("version    {from}") } else { format!("version    {from} -> {to}") });
    lines.push(format!("variables  {}", json!(plan.state.vars)));
    lines.extend(plan.asks_again.iter().map(|step| format!("asks again for {}", step.title)));
    for done in &plan.repeats {
        lines.push(format!("would do again: {} ({}); agree with --repeat {}", done.title, done.action, done.step));
    }
    for change in &plan.differences {
        lines.push(format!("  {} {}", word(&change.kind), change.pointer));
    }
    lines
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn set(vars: &Value, path: &str, value: Value) -> anyhow::Result<Value> {
        let mut vars = vars.as_object().unwrap().clone();
        set_at(&mut vars, path, value)?;
        Ok(Value::Object(vars))
    }

    #[test]
    fn values_are_put_in_their_place() {
        let vars = json!({ "a": { "b": [1, 2] }, "c": 3 });
        assert_eq!(set(&vars, "c", json!(4)).unwrap()["c"], 4);
        assert_eq!(set(&vars, "a.b.1", json!(9)).unwrap()["a"]["b"], json!([1, 9]));
        assert_eq!(set(&vars, "/a/x~1y", json!(true)).unwrap()["a"]["x/y"], true);
        assert_eq!(set(&vars, "c.d.e", json!(1)).unwrap()["c"], json!({ "d": { "e": 1 } }));
        assert!(set(&vars, "a.b.7", json!(1)).unwrap_err().to_string().contains("2 items"));
        assert!(set(&vars, "a.b.x", json!(1)).is_err());
    }

    #[test]
    fn a_plan_names_what_would_be_done_again() {
        let plan = json!({ "step": "pay", "from_version": 1, "to_version": 2,
            "state": { "vars": { "a": 1 }, "steps": {} }, "steps": [],
            "repeats": [{ "step": "pay", "title": "Pay", "action": "bank.pay", "visit": 1, "at": 0, "certain": true }],
            "asks_again": [{ "step": "pay", "title": "Pay", "kind": "tool_call" }],
            "differences": [{ "kind": "changed", "pointer": "/steps/pay/input", "before": 1, "after": 2 }] });
        let expected = [
            "from step  pay",
            "version    1 -> 2",
            "variables  {\"a\":1}",
            "asks again for Pay",
            "would do again: Pay (bank.pay); agree with --repeat pay",
            "  changed /steps/pay/input",
        ];
        assert_eq!(plan_lines(&serde_json::from_value(plan).unwrap()), expected);
    }
}
