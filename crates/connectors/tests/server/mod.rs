//! A service on a free port that answers as the test says and remembers what it was sent.
#![allow(dead_code)]

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, Response, Uri},
};
use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
}

type Answers = Arc<dyn Fn(&Seen) -> Response<Body> + Send + Sync>;

/// The service.
#[derive(Clone)]
pub struct Server {
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    answers: Answers,
}

impl Server {
    pub async fn start(answers: impl Fn(&Seen) -> Response<Body> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { url, seen: Arc::default(), answers: Arc::new(answers) };
        let app = Router::new().fallback(answer).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        server
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn answer(
    State(server): State<Server>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let seen = Seen { method, uri, headers, body };
    let answer = (server.answers)(&seen);
    server.seen.lock().unwrap().push(seen);
    answer
}

/// A JSON answer.
pub fn json(status: u16, body: serde_json::Value) -> Response<Body> {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}

/// A socket that takes a request, writes `reply` and closes. Without a reply it takes the request and says nothing
/// until the client goes away.
pub async fn raw(reply: Option<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut buffer = [0_u8; 16 * 1024];
            let _ = socket.read(&mut buffer).await;
            match reply {
                Some(reply) => drop(socket.write_all(reply.as_bytes()).await),
                None => while socket.read(&mut buffer).await.is_ok_and(|count| count > 0) {},
            }
        }
    });
    url
}
