//! The paths of the Subscription Upgrade, played as customer and as manager through the public API.

use super::{Demo, furnish, outside::Outside};
use anyhow::{Context, bail};
use serde_json::{Value, json};
use std::time::Duration;

/// The example with a deadline that a demonstration can wait for.
const UPGRADE: &str = include_str!("../../../../../examples/subscription-upgrade.yaml");
/// How long one thing may take before the script gives up.
const PATIENCE: Duration = Duration::from_secs(20);
/// The pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// A conversation as its customer has it.
pub(crate) struct Chat<'a> {
    demo: &'a Demo,
    id: String,
    token: String,
}

impl<'a> Chat<'a> {
    pub(crate) async fn open(demo: &'a Demo) -> anyhow::Result<Self> {
        let opened = demo.visitor.post(&["chat", "main", "conversations"]).json(&json!({})).send().await?;
        let text = |field: &str| opened[field].as_str().map(str::to_owned).context("the chat did not open");
        Ok(Self { demo, id: text("conversation")?, token: text("token")? })
    }

    pub(crate) async fn write(&self, body: &str) -> anyhow::Result<()> {
        let message = json!({ "body": body, "client_id": format!("{}-1", self.id) });
        let request = self.demo.visitor.post(&["chat", "conversations", &self.id, "messages"]);
        request.header("x-visitor", &self.token).json(&message).send().await?;
        Ok(())
    }

    async fn messages(&self) -> anyhow::Result<Vec<Value>> {
        let request = self.demo.visitor.get(&["chat", "conversations", &self.id]);
        let view = request.header("x-visitor", &self.token).send().await?;
        Ok(view["messages"].as_array().cloned().unwrap_or_default())
    }

    /// Waits for the form and sends it.
    pub(crate) async fn fill_in(&self, values: &Value) -> anyhow::Result<()> {
        let checkpoint = until("the form", async || {
            let messages = self.messages().await?;
            let form = messages.iter().rev().find_map(|message| message["form"]["checkpoint"].as_str());
            Ok(form.map(str::to_owned))
        })
        .await?;
        let request = self.demo.visitor.post(&["chat", "conversations", &self.id, "forms", &checkpoint]);
        request.header("x-visitor", &self.token).json(&json!({ "values": values })).send().await?;
        Ok(())
    }

    /// The last thing the workflow said.
    pub(crate) async fn last_words(&self) -> anyhow::Result<String> {
        let messages = self.messages().await?;
        Ok(messages.last().and_then(|message| message["body"].as_str()).unwrap_or_default().to_owned())
    }

    /// The run this conversation started.
    pub(crate) async fn run(&self) -> anyhow::Result<String> {
        until("the run", async || {
            let conversation = self.demo.admin.get(&["conversations", &self.id]).send().await?;
            Ok(conversation["runs"][0]["id"].as_str().map(str::to_owned))
        })
        .await
    }
}

/// A customer asks on a channel of their own and answers there, question by question; the run.
pub(crate) async fn ask_on(demo: &Demo, (channel, from): (&str, &str), email: &str) -> anyhow::Result<String> {
    let outside = Outside::new(&demo.sandbox_url)?;
    outside.write(channel, from, "Hello, I would like to upgrade my plan").await?;
    for (question, answer) in [("(1/2)", email), ("(2/2)", "skip")] {
        until("the question", async || Ok(outside.last_text(channel, from).await?.contains(question).then_some(())))
            .await?;
        outside.write(channel, from, answer).await?;
    }
    until("the run", async || {
        let query = [("channel", channel.to_owned())];
        let found = demo.admin.get(&["conversations"]).query(&query).send().await?;
        let Some(id) = found["items"][0]["id"].as_str() else { return Ok(None) };
        let conversation = demo.admin.get(&["conversations", id]).send().await?;
        Ok(conversation["runs"][0]["id"].as_str().map(str::to_owned))
    })
    .await
}

/// Waits until the phone's last text has these words; the text.
pub(crate) async fn reads(demo: &Demo, (channel, to): (&str, &str), words: &str) -> anyhow::Result<String> {
    let outside = Outside::new(&demo.sandbox_url)?;
    until("the last words", async || {
        let text = outside.last_text(channel, to).await?;
        Ok(text.contains(words).then_some(text))
    })
    .await
}

/// A customer asks in the chat and sends the form; the run.
pub(crate) async fn ask(chat: &Chat<'_>, email: &str) -> anyhow::Result<String> {
    chat.write("Hello, I would like to upgrade my plan").await?;
    chat.fill_in(&json!({ "email": email, "reason": "more seats" })).await?;
    chat.run().await
}

/// The same with a deadline of two seconds, started by API into the conversation.
pub(crate) async fn ask_with_short_deadline(chat: &Chat<'_>, email: &str) -> anyhow::Result<String> {
    let name = "Subscription Upgrade, two seconds to decide";
    let source = UPGRADE
        .replace("name: Subscription Upgrade\n", &format!("name: {name}\n"))
        .replace("timeout: { after: 4h,", "timeout: { after: 2s,")
        .replace("    remind_after: 30m\n", "");
    furnish::publish(&chat.demo.admin, &without_message_trigger(&source)).await?;
    let start = json!({ "workflow": name, "input": { "email": email }, "conversation": chat.id });
    let run = chat.demo.admin.post(&["runs"]).json(&start).send().await?;
    chat.fill_in(&json!({ "email": email })).await?;
    run["id"].as_str().map(str::to_owned).context("no run")
}

/// The original keeps the chat to itself.
fn without_message_trigger(source: &str) -> String {
    let mut lines: Vec<&str> = source.lines().collect();
    lines.retain(|line| !line.starts_with("  - type: message") && !line.starts_with("    when: \"$contains"));
    lines.join("\n") + "\n"
}

/// Waits for the run's approval; its id and summary.
pub(crate) async fn approval(demo: &Demo, run: &str) -> anyhow::Result<(String, String)> {
    until("the approval", async || {
        let open = demo.manager.get(&["checkpoints"]);
        let query = [("status", "open".to_owned()), ("kind", "approval".to_owned())];
        let open = open.query(&query).send().await?;
        let found = open["items"].as_array().into_iter().flatten().find(|item| item["run"]["id"] == run);
        Ok(found.map(|item| {
            let text = |field: &str| item[field].as_str().unwrap_or_default().to_owned();
            (text("id"), text("summary"))
        }))
    })
    .await
}

/// Decides as the manager.
pub(crate) async fn decide(demo: &Demo, checkpoint: &str, outcome: &str, comment: &str) -> anyhow::Result<()> {
    let decision = json!({ "outcome": outcome, "comment": comment });
    demo.manager.post(&["checkpoints", checkpoint, "decision"]).json(&decision).send().await?;
    Ok(())
}

/// Waits for the run's end; everything about it.
pub(crate) async fn ended(demo: &Demo, run: &str) -> anyhow::Result<Value> {
    until("the end of the run", async || {
        let run = demo.admin.get(&["runs", run]).send().await?;
        Ok(run["ended_at"].is_i64().then_some(run))
    })
    .await
}

async fn until<T>(what: &str, look: impl AsyncFn() -> anyhow::Result<Option<T>>) -> anyhow::Result<T> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while tokio::time::Instant::now() < deadline {
        if let Some(found) = look().await.with_context(|| format!("waiting for {what}"))? {
            return Ok(found);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    bail!("{what} did not come within {} s", PATIENCE.as_secs())
}

/// The token of the link with which the manager may decide, from the e-mail that arrived at the sandbox.
pub(crate) async fn link(demo: &Demo, approval: &str) -> anyhow::Result<String> {
    let outside = Outside::new(&demo.sandbox_url)?;
    until("the manager's e-mail", async || {
        for mail in outside.mails("manager@example.com").await? {
            let Some((_, rest)) = mail.split_once("/d/") else { continue };
            let token = rest.split_whitespace().next().unwrap_or_default();
            // Those of other runs are dead or lead elsewhere.
            let target = demo.visitor.get(&["links", token]).send().await;
            if target.is_ok_and(|target| target["checkpoint"] == approval) {
                return Ok(Some(token.to_owned()));
            }
        }
        Ok(None)
    })
    .await
}
