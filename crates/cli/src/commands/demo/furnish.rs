//! Accounts, connections and workflows of the demo, made through the public API.

use super::outside::Outside;
use crate::client::{Client, ClientArgs, told};
use anyhow::Context;
use countersign_api::{ApiKey, ChannelAccount, Person, Workflow};
use countersign_sandbox::Sandbox;
use serde_json::{Value, json};

/// One password for everybody: the demo listens on this machine only and forgets everything.
const PASSWORD: &str = "countersign-demo";

/// The workflows that come with the demo.
const WORKFLOWS: [&str; 1] = [include_str!("../../../../../examples/subscription-upgrade.yaml")];

/// Somebody who can sign in.
pub(crate) struct Account {
    pub(crate) email: &'static str,
    name: &'static str,
    role: &'static str,
    groups: &'static [&'static str],
    pub(crate) what: &'static str,
}

impl Account {
    pub(crate) fn as_json(&self) -> Value {
        json!({ "email": self.email, "password": PASSWORD, "role": self.role, "groups": self.groups, "name": self.name })
    }
}

/// The first is the administrator.
pub(crate) const ACCOUNTS: [Account; 4] = [
    Account {
        email: "admin@example.com",
        name: "Admin Example",
        role: "admin",
        groups: &[],
        what: "administrator: everything but approving",
    },
    Account {
        email: "manager@example.com",
        name: "Manager Example",
        role: "operator",
        groups: &["manager"],
        what: "operator in the group `manager`: approves upgrades",
    },
    Account {
        email: "builder@example.com",
        name: "Builder Example",
        role: "builder",
        groups: &[],
        what: "draws and publishes workflows",
    },
    Account { email: "viewer@example.com", name: "Viewer Example", role: "viewer", groups: &[], what: "sees" },
];

/// API keys of the demo's people.
pub(crate) struct Keys {
    pub(crate) admin: String,
    pub(crate) manager: String,
}

/// Sets the empty server up.
pub(crate) async fn furnish(base_url: &str, token: &str, sandbox: &Sandbox) -> anyhow::Result<Keys> {
    let [first, others @ ..] = &ACCOUNTS;
    let visitor = client(base_url, None)?;
    let setup = json!({ "token": token, "password": PASSWORD, "name": first.name, "email": first.email });
    let cookie = sign_up(base_url, &setup).await.context("set-up")?;
    let admin = key(&visitor, &cookie, "demo admin", "admin", &[]).await?;
    let manager = key(&visitor, &cookie, "demo manager", "operator", &["manager"]).await?;
    let client = client(base_url, Some(&admin))?;
    for account in others {
        invite(&client, &visitor, account).await.with_context(|| account.email)?;
    }
    connect(&client, sandbox).await?;
    channels(&client, sandbox, base_url).await?;
    for source in WORKFLOWS {
        publish(&client, source).await?;
    }
    Ok(Keys { admin, manager })
}

/// A client that acts with this key.
pub(crate) fn client(base_url: &str, key: Option<&str>) -> anyhow::Result<Client> {
    Client::new(&ClientArgs { server: base_url.to_owned(), key: key.map(str::to_owned) })
}

/// Uses the set-up link as the page does; the session's cookie.
async fn sign_up(base_url: &str, setup: &Value) -> anyhow::Result<String> {
    let request =
        countersign_outbound::direct().no_proxy().build()?.post(format!("{base_url}/api/v1/auth/setup")).json(setup);
    let answer = request.send().await?.error_for_status()?;
    let cookie = answer.headers().get(reqwest::header::SET_COOKIE).and_then(|value| value.to_str().ok());
    let pair = cookie.and_then(|cookie| cookie.split(';').next()).context("the server opened no session")?;
    Ok(pair.to_owned())
}

async fn key(client: &Client, cookie: &str, name: &str, role: &str, groups: &[&str]) -> anyhow::Result<String> {
    let body = json!({ "name": name, "role": role, "groups": groups, "may_decide": true });
    let request = client.post(&["api-keys"]).header("cookie", cookie).header("x-requested-with", "countersign");
    let made = request.json(&body).send().await.context("API key")?;
    told::<ApiKey>(&made)?.key.context("the server made no key")
}

async fn invite(client: &Client, visitor: &Client, account: &Account) -> anyhow::Result<()> {
    let Account { email, name, role, groups, .. } = account;
    let body = json!({ "email": email, "name": name, "role": role, "groups": groups });
    let person = client.post(&["people"]).json(&body).send().await?;
    let link = told::<Person>(&person)?.setup_url.context("no invitation")?;
    let token = link.rsplit('#').next().unwrap_or_default();
    let setup = json!({ "token": token, "password": PASSWORD });
    visitor.post(&["auth", "setup"]).json(&setup).send().await?;
    Ok(())
}

async fn connect(client: &Client, sandbox: &Sandbox) -> anyhow::Result<()> {
    let url = sandbox.url();
    let connections = [
        ("identity", json!({ "base_url": format!("{url}/identity") }), json!({ "token": "identity_test" })),
        ("stripe", json!({ "base_url": format!("{url}/stripe") }), json!({ "api_key": "sk_test_demo" })),
        ("shopify", json!({ "base_url": format!("{url}/shopify") }), json!({ "access_token": "shpat_demo" })),
        ("slack", json!({ "base_url": format!("{url}/slack") }), json!({ "bot_token": "xoxb-demo" })),
        ("http", json!({ "base_url": format!("{url}/rest") }), json!({})),
    ];
    for (connector, settings, secrets) in connections {
        let body = json!({ "connector": connector, "name": "sandbox", "settings": settings, "secrets": secrets });
        client.post(&["connections"]).json(&body).send().await.context(connector)?;
    }
    Ok(())
}

/// What the sandbox's platforms sign with.
const CHANNEL_SECRET: &str = "demo-channel-secret";

/// Accounts on every channel; the sandbox posts what its customers say to their addresses.
async fn channels(client: &Client, sandbox: &Sandbox, base_url: &str) -> anyhow::Result<()> {
    let (url, smtp, secret) = (sandbox.url(), sandbox.smtp_addr(), CHANNEL_SECRET);
    let at = |service: &str| format!("{url}/{service}");
    let mail =
        json!({ "host": smtp.ip(), "port": smtp.port(), "tls": "none", "from": "Support <support@example.com>" });
    let accounts = [
        (
            "whatsapp",
            json!({ "base_url": at("whatsapp"), "phone_number_id": "15550000001" }),
            json!({ "token": "demo", "app_secret": secret, "verify_token": secret }),
        ),
        ("telegram", json!({ "base_url": at("telegram") }), json!({ "token": "1:demo", "webhook_secret": secret })),
        (
            "sms",
            json!({ "base_url": at("twilio"), "account_sid": "ACdemo", "from": "+15550000002" }),
            json!({ "auth_token": secret }),
        ),
        ("email", mail, json!({ "webhook_secret": secret })),
        (
            "slack",
            json!({ "base_url": at("slack/api") }),
            json!({ "bot_token": "xoxb-demo", "signing_secret": secret }),
        ),
    ];
    let outside = Outside::new(&url)?;
    for (channel, settings, secrets) in accounts {
        let body = json!({ "channel": channel, "name": "sandbox", "settings": settings, "secrets": secrets });
        let made = client.post(&["channels"]).json(&body).send().await.context(channel)?;
        let id = told::<ChannelAccount>(&made)?.id;
        outside.posts_to(channel, &format!("{base_url}/hooks/{channel}/{id}"), secret).await?;
        // Now it is told where to post.
        client.post(&["channels", &id, "test"]).send().await.context(channel)?;
    }
    Ok(())
}

/// Creates and publishes a workflow; its id.
pub(crate) async fn publish(client: &Client, source: &str) -> anyhow::Result<String> {
    let made = client.post(&["workflows"]).json(&json!({ "source": source })).send().await?;
    let id = told::<Workflow>(&made)?.id;
    client.post(&["workflows", &id, "publish"]).json(&json!({ "message": "First version" })).send().await?;
    Ok(id)
}
