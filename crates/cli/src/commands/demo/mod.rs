//! `countersign demo`: everything in one process, with the sandbox for a world.

mod furnish;
mod outside;
mod paths;
mod script;

use crate::{
    client::Client,
    config::{Config, DatabaseArgs},
    output::{self, Exit},
    parts::{self, Running},
};
use clap::Args as ClapArgs;
use countersign_sandbox::{Sandbox, SandboxConfig};
use furnish::ACCOUNTS;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};

/// Arguments of `demo`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Play the Subscription Upgrade on every path, check it against the sandbox's records, and end.
    #[arg(long)]
    script: bool,
    /// Port of the pages; the sandbox takes 8090 and 8025. With 0 all are free ones.
    #[arg(long, default_value_t = 8080, value_name = "PORT")]
    port: u16,
    /// Print the addresses and accounts, or the script's findings, as JSON.
    #[arg(long)]
    json: bool,
}

/// A demo that is ready.
pub(crate) struct Demo {
    /// Where the pages are.
    pub(crate) base_url: String,
    /// Where the sandbox is.
    pub(crate) sandbox_url: String,
    /// As the administrator.
    pub(crate) admin: Client,
    /// As the manager.
    pub(crate) manager: Client,
    /// As a visitor.
    pub(crate) visitor: Client,
}

/// Starts a fresh demo; everything is gone when it ends.
pub async fn run(args: Args) -> anyhow::Result<Exit> {
    parts::log_to_stderr("warn");
    let fixed = |port: u16| if args.script || args.port == 0 { 0 } else { port };
    let local = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let world = SandboxConfig { http: local(fixed(8090)), smtp: local(fixed(8025)) };
    let sandbox = Sandbox::start(world).await?;
    let folder = tempfile::Builder::new().prefix("countersign-demo-").tempdir()?;
    let database = DatabaseArgs { data: Some(folder.path().to_owned()), ..DatabaseArgs::default() };
    let config = Config::load(&database)?.allowing(sandbox.http_addr()).allowing(sandbox.smtp_addr());
    let running = Running::start(&config, local(fixed(args.port)), None).await?;
    let (base_url, setup) =
        (running.base_url.clone(), countersign_server::ensure_admin(running.engine.store(), &running.base_url).await?);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(running.serve(async {
        // Dropped or sent: either way it is time to stop.
        drop(stopped.await);
    }));
    let played = play(&args, &base_url, setup.map(|link| link.token), &sandbox).await;
    drop(stop);
    serving.await??;
    sandbox.shutdown().await;
    played
}

async fn play(args: &Args, base_url: &str, setup: Option<String>, sandbox: &Sandbox) -> anyhow::Result<Exit> {
    let token = setup.ok_or_else(|| anyhow::anyhow!("the demo's database is not fresh"))?;
    let keys = furnish::furnish(base_url, &token, sandbox).await?;
    let demo = Demo {
        base_url: base_url.to_owned(),
        sandbox_url: sandbox.url(),
        admin: furnish::client(base_url, Some(&keys.admin))?,
        manager: furnish::client(base_url, Some(&keys.manager))?,
        visitor: furnish::client(base_url, None)?,
    };
    if args.script {
        return script::run(&demo, args.json).await;
    }
    announce(&demo, args.json)?;
    parts::stop_signal().await;
    Ok(Exit::Good)
}

fn announce(demo: &Demo, as_json: bool) -> anyhow::Result<()> {
    let base = &demo.base_url;
    let pages = [
        ("chat", format!("{base}/c/main"), "be the customer: write \"I want to upgrade\", use ada@example.com"),
        ("inbox", format!("{base}/inbox"), "be the manager: approve or reject"),
        ("runs", format!("{base}/runs"), "see every step"),
        ("phone", format!("{}/phone", demo.sandbox_url), "what the customer received"),
    ];
    if as_json {
        let mut ready = json!({ "sandbox": demo.sandbox_url, "base_url": base });
        for (name, url, _) in &pages {
            ready[*name] = Value::from(url.as_str());
        }
        ready["accounts"] = ACCOUNTS.iter().map(furnish::Account::as_json).collect();
        return output::json(&ready);
    }
    output::line("The demo is ready. Everything is gone when it ends (Ctrl-C).\n");
    for (name, url, what) in &pages {
        output::line(format!("  {name:<6} {url:<34} {what}"));
    }
    output::line("\n  accounts, all with the password `countersign-demo`:");
    for account in ACCOUNTS {
        output::line(format!("    {:<22} {}", account.email, account.what));
    }
    Ok(())
}
