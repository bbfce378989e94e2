//! The paths of the Subscription Upgrade, played as customer and as manager through the public API.

use super::{Demo, furnish, outside::Outside};
use crate::client::told;
use anyhow::{Context, bail};
use countersign_api::{
    ChatStartResponse, ChatView, CheckpointSummary, Conversation, ConversationSummary, LinkTarget, Message, Page,
    RunDetail, StartedRun,
};
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
        let ChatStartResponse { conversation: id, token } = told(&opened)?;
        Ok(Self { demo, id, token })
    }

    pub(crate) async fn write(&self, body: &str) -> anyhow::Result<()> {
        let message = json!({ "body": body, "client_id": format!("{}-1", self.id) });
        let request = self.demo.visitor.post(&["chat", "conversations", &self.id, "messages"]);
        request.header("x-visitor", &self.token).json(&message).send().await?;
        Ok(())
    }

    async fn messages(&self) -> anyhow::Result<Vec<Message>> {
        let request = self.demo.visitor.get(&["chat", "conversations", &self.id]);
        let view = request.header("x-visitor", &self.token).send().await?;
        Ok(told::<ChatView>(&view)?.messages)
    }

    /// Waits for the form and sends it.
    pub(crate) async fn fill_in(&self, values: &Value) -> anyhow::Result<()> {
        let checkpoint = until("the form", async || {
            let messages = self.messages().await?.into_iter().rev();
            Ok(messages.filter_map(|message| message.form).map(|form| form.checkpoint).next())
        })
        .await?;
        let request = self.demo.visitor.post(&["chat", "conversations", &self.id, "forms", &checkpoint]);
        request.header("x-visitor", &self.token).json(&json!({ "values": values })).send().await?;
        Ok(())
    }

    /// The last thing the workflow said.
    pub(crate) async fn last_words(&self) -> anyhow::Result<String> {
        Ok(self.messages().await?.pop().map(|message| message.body).unwrap_or_default())
    }

    /// The run this conversation started.
    pub(crate) async fn run(&self) -> anyhow::Result<String> {
        until("the run", async || newest_run(self.demo, &self.id).await).await
    }
}

async fn newest_run(demo: &Demo, conversation: &str) -> anyhow::Result<Option<String>> {
    let conversation = demo.admin.get(&["conversations", conversation]).send().await?;
    Ok(told::<Conversation>(&conversation)?.runs.into_iter().next().map(|run| run.id))
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
        match told::<Page<ConversationSummary>>(&found)?.items.first() {
            Some(conversation) => newest_run(demo, &conversation.id).await,
            None => Ok(None),
        }
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
    Ok(told::<StartedRun>(&run)?.id)
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
        let mut open = told::<Page<CheckpointSummary>>(&open)?.items.into_iter();
        Ok(open.find(|item| item.run.id == run).map(|item| (item.id, item.summary)))
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
pub(crate) async fn ended(demo: &Demo, run: &str) -> anyhow::Result<RunDetail> {
    until("the end of the run", async || {
        let run: RunDetail = told(&demo.admin.get(&["runs", run]).send().await?)?;
        Ok(Some(run).filter(|run| run.summary.ended_at.is_some()))
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
            let target = target.and_then(|target| told::<LinkTarget>(&target));
            if target.is_ok_and(|target| target.checkpoint == approval) {
                return Ok(Some(token.to_owned()));
            }
        }
        Ok(None)
    })
    .await
}
