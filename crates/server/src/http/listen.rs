//! Connections: taken in until the server goes down, and none cut off then.
//!
//! `axum::serve` would drop connections whose first request it has not read yet, so that every restart loses a few.

use axum::{Router, extract::ConnectInfo};
use hyper::{Request, body::Incoming, server::conn::http1, service::Service, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
    task::JoinSet,
};

/// Longer than the 90 seconds clients keep idle connections, so that none is closed under a request on its way.
const HEAD_TIMEOUT: Duration = Duration::from_secs(120);
/// How long a new connection may take to ask for something once the server goes down.
const FIRST_REQUEST: Duration = Duration::from_secs(1);
/// The pause when there is no file descriptor left for another connection.
const NO_DESCRIPTOR: Duration = Duration::from_millis(100);
/// Connections taken in after the end; more knock faster than they are taken in.
const LATE_MAX: usize = 4096;

/// Takes connections in until `closing`, then those that the kernel has let in already; done when all are.
///
/// # Errors
/// When the listener cannot be used.
pub(crate) async fn accept(
    listener: TcpListener,
    router: Router,
    mut closing: watch::Receiver<bool>,
) -> io::Result<()> {
    let mut connections = JoinSet::new();
    let told = closing.clone();
    let take = |connections: &mut JoinSet<()>, stream, address| {
        connections.spawn(converse(stream, address, router.clone(), told.clone()));
    };
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => take(&mut connections, stream, address),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(NO_DESCRIPTOR).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = told_to_close(&mut closing) => break,
        }
    }
    // Closing the socket would reset those who wait behind it.
    let listener = listener.into_std()?;
    for _ in 0..LATE_MAX {
        let Ok((stream, address)) = listener.accept() else { break };
        stream.set_nonblocking(true)?;
        take(&mut connections, TcpStream::from_std(stream)?, address);
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
    Ok(())
}

async fn told_to_close(closing: &mut watch::Receiver<bool>) {
    // An error means the sender is gone, and with it whoever could still want answers.
    drop(closing.wait_for(|closing| *closing).await);
}

async fn converse(stream: TcpStream, address: SocketAddr, router: Router, mut closing: watch::Receiver<bool>) {
    // Answers are small: waiting for more bytes only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no delay could not be set");
    }
    let asked = Arc::new(Notify::new());
    let (service, noted) = (TowerToHyperService::new(router), Arc::clone(&asked));
    let service = service_fn(move |mut request: Request<Incoming>| {
        noted.notify_one();
        request.extensions_mut().insert(ConnectInfo(address));
        service.call(request)
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = told_to_close(&mut closing) => {
            // hyper would close a connection at once whose first request it has not read to the end.
            tokio::select! {
                ended = connection.as_mut() => ended,
                () = asked.notified() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
                () = tokio::time::sleep(FIRST_REQUEST) => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}
