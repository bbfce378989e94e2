//! What the sandbox itself recorded.

use anyhow::Context;
use reqwest::Client;
use serde_json::{Value, json};

/// Reads the sandbox's control API.
pub(crate) struct Outside {
    client: Client,
    url: String,
}

impl Outside {
    pub(crate) fn new(url: &str) -> anyhow::Result<Self> {
        crate::parts::install_crypto();
        Ok(Self { client: countersign_outbound::direct().no_proxy().build()?, url: url.to_owned() })
    }

    async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let answer = self.client.get(format!("{}{path}", self.url)).send().await?.error_for_status()?;
        answer.json().await.with_context(|| format!("the sandbox's {path}"))
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<()> {
        let answer = self.client.post(format!("{}{path}", self.url)).json(body).send().await?;
        anyhow::ensure!(answer.status().is_success(), "the sandbox's {path}: {}", answer.text().await?);
        Ok(())
    }

    /// From now on a platform posts what its customers say there.
    pub(crate) async fn posts_to(&self, channel: &str, url: &str, secret: &str) -> anyhow::Result<()> {
        self.post("/_/hooks", &json!({ "channel": channel, "url": url, "secret": secret })).await
    }

    /// A customer writes; the platform posts it twice, as they do.
    pub(crate) async fn write(&self, channel: &str, from: &str, text: &str) -> anyhow::Result<()> {
        self.post("/_/customer", &json!({ "channel": channel, "from": from, "text": text, "times": 2 })).await
    }

    /// The last text on a customer's phone.
    pub(crate) async fn last_text(&self, channel: &str, to: &str) -> anyhow::Result<String> {
        let messages = self.get(&format!("/_/messages?channel={channel}&to={}", to.replace('+', "%2B"))).await?;
        let last = messages.as_array().and_then(|messages| messages.last()?["text"].as_str());
        Ok(last.unwrap_or_default().to_owned())
    }

    /// Calls of an operation whose parameters or path hold `about`.
    pub(crate) async fn calls(&self, operation: &str, about: &str) -> anyhow::Result<Vec<Value>> {
        let calls = self.get(&format!("/_/calls?operation={operation}")).await?;
        let calls = calls.as_array().cloned().unwrap_or_default();
        Ok(calls.into_iter().filter(|call| call.to_string().contains(about)).collect())
    }

    /// The subscription of that id.
    pub(crate) async fn subscription(&self, id: &str) -> anyhow::Result<Value> {
        let all = self.get("/_/stripe/subscriptions").await?;
        let all = all.as_array().cloned().unwrap_or_default();
        all.into_iter().find(|subscription| subscription["id"] == id).with_context(|| format!("no subscription {id}"))
    }

    /// What the mails to an address say, newest first.
    pub(crate) async fn mails(&self, to: &str) -> anyhow::Result<Vec<String>> {
        let mails = self.get(&format!("/_/mails?to={to}")).await?;
        let text = |mail: &Value| mail["text"].as_str().map(str::to_owned);
        Ok(mails.as_array().map(|mails| mails.iter().filter_map(text).collect()).unwrap_or_default())
    }

    /// How many messages a customer got on a channel.
    pub(crate) async fn messages(&self, channel: &str, to: &str) -> anyhow::Result<usize> {
        let messages = self.get(&format!("/_/messages?channel={channel}&to={}", to.replace('+', "%2B"))).await?;
        Ok(messages.as_array().map_or(0, Vec::len))
    }
}
