//! Listening, housekeeping, going down in order.

use crate::{app::App, http::listen, router::router};
use std::{future::Future, io, time::Duration};
use tokio::net::TcpListener;

/// How often remembered answers and spent credentials are cleared away.
const HOUSEKEEPING: Duration = Duration::from_secs(3600);
/// How often the metrics recorder tidies up.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);
/// How long the answer to an `Idempotency-Key` is kept.
const IDEMPOTENCY_KEPT_MS: i64 = 7 * 86_400_000;
/// How long requests under way may take once the server goes down.
const GRACE: Duration = Duration::from_secs(20);

/// Serves until `shutdown` is done, then lets requests under way finish. The engine is not shut down here.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    app: App,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let upkeep = tokio::spawn(housekeeping(app.clone()));
    let accepting = listen::accept(listener, router(app.clone()), app.closing.subscribe());
    let late = async {
        shutdown.await;
        app.closing.send_replace(true);
        tokio::time::sleep(GRACE).await;
    };
    let served = tokio::select! {
        served = accepting => served,
        () = late => {
            tracing::warn!("requests were still under way at the end");
            Ok(())
        }
    };
    upkeep.abort();
    served
}

async fn housekeeping(app: App) {
    let mut hourly = tokio::time::interval(HOUSEKEEPING);
    let mut often = tokio::time::interval(METRICS_UPKEEP);
    loop {
        tokio::select! {
            _ = often.tick() => {
                if let Some(handle) = &app.metrics {
                    handle.run_upkeep();
                }
            }
            _ = hourly.tick() => {
                let now = app.now();
                let purged = app.store.purge_expired(now).await;
                let forgotten = app.store.purge_idempotency(now - IDEMPOTENCY_KEPT_MS).await;
                if let Err(error) = purged.and(forgotten) {
                    tracing::warn!(%error, "housekeeping failed; it is tried again in an hour");
                }
            }
        }
    }
}
