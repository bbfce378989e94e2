//! What the sandbox recorded.

use countersign_sandbox::{Sandbox, SandboxConfig};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
};

/// The world, in this process.
pub struct Outside {
    pub sandbox: Sandbox,
    client: reqwest::Client,
}

/// How often requests under one path changed the world, or would have but for their key.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Calls {
    pub received: u64,
    pub executed: u64,
}

impl Outside {
    /// A fresh world on free ports.
    pub async fn start() -> Self {
        super::install_crypto();
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let sandbox = Sandbox::start(SandboxConfig { http: free, smtp: free }).await.unwrap();
        Self { sandbox, client: countersign_outbound::direct().no_proxy().build().unwrap() }
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.sandbox.url());
        self.client.get(url).send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }

    /// Orders a fault.
    pub async fn order(&self, fault: &Value) {
        let request = self.client.post(format!("{}/_/faults", self.sandbox.url())).json(fault);
        request.send().await.unwrap().error_for_status().unwrap();
    }

    /// Ends all faults.
    pub async fn no_more_faults(&self) {
        let request = self.client.delete(format!("{}/_/faults", self.sandbox.url()));
        request.send().await.unwrap().error_for_status().unwrap();
    }

    /// POSTs to the generic service by path, without `/rest`.
    pub async fn posts(&self) -> BTreeMap<String, Calls> {
        let mut posts: BTreeMap<String, Calls> = BTreeMap::new();
        for call in self.get("/_/calls?operation=rest.post&limit=200000").await.as_array().unwrap() {
            let path = call["path"].as_str().unwrap().trim_start_matches("/rest").to_owned();
            let calls = posts.entry(path).or_default();
            calls.received += 1;
            calls.executed += u64::from(call["executed"] == true);
        }
        posts
    }

    /// POSTs to one path of the generic service.
    pub async fn posts_to(&self, path: &str) -> Calls {
        self.posts().await.get(path).copied().unwrap_or_default()
    }

    /// How many mails arrived, by the line that begins with `about` and their recipient.
    pub async fn mails_about(&self, about: &str) -> BTreeMap<(String, String), u64> {
        let mut mails = BTreeMap::new();
        for mail in self.get("/_/mails?limit=200000").await.as_array().unwrap() {
            let text = mail["text"].as_str().unwrap_or_default();
            let Some((_, line)) = text.split_once(about) else { continue };
            let line = format!("{about}{}", line.lines().next().unwrap_or_default().trim_end());
            *mails.entry((line, mail["to"][0].as_str().unwrap_or_default().to_owned())).or_default() += 1;
        }
        mails
    }

    /// Mails by recipient.
    pub async fn mails(&self) -> BTreeMap<String, u64> {
        let mut mails = BTreeMap::new();
        for mail in self.get("/_/mails?limit=200000").await.as_array().unwrap() {
            *mails.entry(mail["to"][0].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
        mails
    }

    /// The texts of all mails.
    pub async fn texts(&self) -> Vec<String> {
        let mails = self.get("/_/mails?limit=200000").await;
        mails.as_array().unwrap().iter().map(|mail| mail["text"].as_str().unwrap_or_default().to_owned()).collect()
    }
}
