//! The parts of a server, put together.

use crate::{config::Config, connectors_folder::in_folder};
use anyhow::Context;
use countersign_engine::{Clock, Engine, EngineConfig, EngineParts, SystemClock, open_vault};
use countersign_server::{App, ServerConfig};
use countersign_store::{ReceiptKeys, Store, StoreConfig};
use std::{
    net::SocketAddr,
    num::NonZero,
    sync::{Arc, Once},
    time::Duration,
};
use tokio::{net::TcpListener, runtime::Builder};
use tracing_subscriber::EnvFilter;

/// How long calls under way may take at the end.
const DRAIN: Duration = Duration::from_secs(25);

/// Runs a future on a runtime of its own.
///
/// # Errors
/// What the future fails with, or no runtime to be had.
pub fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    run_on(&mut Builder::new_multi_thread(), future)
}

/// As [`block_on`], with a worker less than there are cores: what commits, SQLite's writer or PostgreSQL, has work for
/// one, and what a worker would do there costs more than it brings. `TOKIO_WORKER_THREADS` says otherwise.
///
/// # Errors
/// As there.
pub fn block_on_beside_database<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    small_pages();
    let mut builder = Builder::new_multi_thread();
    if std::env::var_os("TOKIO_WORKER_THREADS").is_none() {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        builder.worker_threads(cores.saturating_sub(1).max(1));
    }
    run_on(&mut builder, future)
}

/// Huge pages round up what each thread's heap touches: a third more memory when idle, and no faster (`bench/NOTES.md`).
fn small_pages() {
    // Where it is refused, nothing but memory is lost.
    #[cfg(target_os = "linux")]
    let _refused = rustix::thread::disable_transparent_huge_pages(true);
}

fn run_on<T>(builder: &mut Builder, future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    install_crypto();
    builder.enable_all().build().context("no runtime")?.block_on(future)
}

/// Chooses ring for TLS, once.
pub fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Fails only when somebody chose before, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
    });
}

/// Log lines on standard error: `COUNTERSIGN_LOG` filters, `COUNTERSIGN_LOG_FORMAT=json` for machines.
pub fn log_to_stderr(default: &str) {
    let filter = EnvFilter::try_from_env("COUNTERSIGN_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let json = std::env::var("COUNTERSIGN_LOG_FORMAT").is_ok_and(|format| format == "json");
    // Tests in one process may have set it before.
    drop(if json { lines.json().try_init() } else { lines.compact().try_init() });
}

/// Resolves at SIGTERM or Ctrl-C.
pub async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
            }
            Err(_) => drop(interrupt.await),
        }
    }
    #[cfg(not(unix))]
    drop(interrupt.await);
}

/// A server that is ready to answer.
pub struct Running {
    /// The engine behind it.
    pub engine: Engine,
    /// Where it listens.
    pub address: SocketAddr,
    /// What people type.
    pub base_url: String,
    listener: TcpListener,
    app: App,
    audit_heads_to: Option<String>,
}

impl Running {
    /// Opens the database, brings it up to date, takes up interrupted runs and listens.
    ///
    /// # Errors
    /// When any of it fails; nothing is left half open.
    pub async fn start(config: &Config, listen: SocketAddr, base_url: Option<String>) -> anyhow::Result<Self> {
        let secret = config.secret_keys()?;
        let database = config.store()?;
        let outbound = config.outbound()?;
        let receipts = ReceiptKeys::unknown();
        let database = StoreConfig { receipts: Some(receipts.clone()), ..database };
        let store = Store::open(&database).await.with_context(|| format!("cannot open {}", shown(&database.url)))?;
        for name in store.migrate().await? {
            tracing::info!(name, "migrated");
        }
        let vault = open_vault(&store, &secret.for_database(&store).await?, SystemClock.now()).await?;
        receipts.know(vault.receipt_secret);
        let registry = in_folder(&config.connectors_folder())?;
        let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
        let address = listener.local_addr()?;
        let base_url = config.base_url(base_url, address);
        let parts = EngineParts { store, registry, outbound, vault: vault.vault, clock: Arc::new(SystemClock) };
        let engine =
            Engine::start(parts, EngineConfig { base_url: base_url.clone(), ..EngineConfig::default() }).await?;
        let server = ServerConfig {
            base_url: base_url.clone(),
            listen: address.to_string(),
            trusted_proxies: config.trusted_proxies.clone(),
            metrics_token: config.metrics_token.clone(),
            ..ServerConfig::default()
        };
        let app = App::new(engine.clone(), server);
        Ok(Self { engine, address, base_url, listener, app, audit_heads_to: config.audit_heads_to.clone() })
    }

    /// Answers until `stop` resolves, then drains.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(self, stop: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<()> {
        let daily = tokio::spawn(note_heads_daily(self.engine.clone(), self.audit_heads_to));
        let served = countersign_server::serve(self.app, self.listener, stop).await;
        daily.abort();
        served?;
        self.engine.shutdown(DRAIN).await;
        note_heads(self.engine.store()).await;
        self.engine.store().close().await;
        Ok(())
    }
}

/// Says in the log where each audit trail ends: `audit verify --head` finds a cut-off end when the log is kept elsewhere.
async fn note_heads(store: &Store) {
    match store.audit_heads().await {
        Ok(heads) => {
            for (workspace, entries, head) in heads {
                let key = store.receipt_key(&workspace).unwrap_or_default();
                tracing::info!(target: "countersign::audit", workspace, entries, head, key, "the audit trail ends here");
            }
        }
        Err(error) => tracing::warn!(%error, "where the audit trails end cannot be told"),
    }
}

async fn note_heads_daily(engine: Engine, to: Option<String>) {
    let mut day = tokio::time::interval(Duration::from_hours(24));
    loop {
        day.tick().await;
        note_heads(engine.store()).await;
        if let Some(to) = &to
            && let Err(error) = engine.tell_heads(to).await
        {
            tracing::warn!(%error, "where the audit trails end is not sent");
        }
    }
}

/// A database address without its password.
fn shown(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        _ => url.to_owned(),
    }
}
