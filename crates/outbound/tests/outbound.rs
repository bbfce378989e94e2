//! Calls through the one way out, against services of our own.
#![allow(clippy::unwrap_used, missing_docs)]

use countersign_core::log::FailureClass;
use countersign_outbound::{Answer, Content, Failure, HostPolicy, Lookup, Names, Outbound, Request, Settings};
use proptest::{prelude::*, test_runner::TestRunner};
use reqwest::{Method, Url, header::HeaderMap};
use std::{
    io::{self, Write},
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const BODY_BYTES_MAX: usize = 1024 * 1024;

/// A service that answers every connection with these bytes, and what it was sent.
async fn service(host: &str, reply: Vec<u8>) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind((host, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let ear = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut buffer = [0_u8; 16 * 1024];
            let count = socket.read(&mut buffer).await.unwrap_or_default();
            ear.lock().unwrap().push(String::from_utf8_lossy(&buffer[..count]).into_owned());
            drop(socket.write_all(&reply).await);
        }
    });
    (port, seen)
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn outbound(allowed: &[&str]) -> Outbound {
    let policy = HostPolicy::new(allowed.iter().map(|text| text.parse().unwrap()));
    Outbound::new(Settings { policy, ..Settings::default() }).unwrap()
}

async fn get_with(outbound: &Outbound, url: &str, headers: HeaderMap) -> Result<Answer, Failure> {
    let request = Request {
        method: Method::GET,
        url: Url::parse(url).unwrap(),
        headers,
        body: Vec::new().into(),
        timeout: Duration::from_secs(5),
        body_bytes_max: BODY_BYTES_MAX,
        follow: true,
        only: None,
    };
    outbound.exchange(request).await
}

async fn get(outbound: &Outbound, url: &str) -> Result<Answer, Failure> {
    get_with(outbound, url, HeaderMap::new()).await
}

#[tokio::test]
async fn nothing_inner_is_called_however_it_is_spelled() {
    let (port, seen) = service("127.0.0.1", answer("200 OK", b"inside")).await;
    let strict = outbound(&[]);
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.1",
        "127.0.0.1.",
        "0.0.0.0",
        "0",
        "[::ffff:127.0.0.1]",
        "localhost",
        "LocalHost.",
    ] {
        let failure = get(&strict, &format!("http://{host}:{port}/")).await.unwrap_err();
        assert_eq!((failure.class, failure.code), (FailureClass::Fatal, "host_refused"), "{host}");
        assert!(failure.message.contains("--allow-host"), "{failure}");
        let failure = strict.addresses(host.trim_matches(['[', ']']), port).await.unwrap_err();
        assert_eq!(failure.code, "host_refused", "{host}");
    }
    let failure = get(&strict, &format!("http://example.com@127.0.0.1:{port}/")).await.unwrap_err();
    assert_eq!(failure.code, "url_invalid");
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_list_lets_through_what_it_names() {
    let (port, _) = service("127.0.0.1", answer("200 OK", b"inside")).await;
    for (allowed, host, open) in [
        (format!("127.0.0.1:{port}"), "127.0.0.1", true),
        (format!("127.0.0.1:{}", port ^ 1), "127.0.0.1", false),
        ("127.0.0.0/8".to_owned(), "127.1", true),
        (format!("localhost:{port}"), "localhost", true),
        ("localhost".to_owned(), "127.0.0.1", false),
    ] {
        let got = get(&outbound(&[&allowed]), &format!("http://{host}:{port}/")).await;
        assert_eq!(got.is_ok(), open, "{allowed} for {host}: {got:?}");
    }
}

/// Names whose answers change with every look-up.
#[derive(Debug, Clone)]
struct Rebinding {
    answers: Vec<&'static str>,
    asked: Arc<Mutex<usize>>,
}

impl Names for Rebinding {
    fn lookup(&self, _: &str) -> Lookup {
        let mut asked = self.asked.lock().unwrap();
        let answer = self.answers.get(*asked).or(self.answers.last()).unwrap();
        *asked += 1;
        let found: io::Result<Vec<IpAddr>> = Ok(answer.split(' ').map(|text| text.parse().unwrap()).collect());
        Box::pin(std::future::ready(found))
    }
}

fn rebinding(answers: &[&'static str], allowed: &[&str]) -> (Outbound, Rebinding) {
    let names = Rebinding { answers: answers.to_vec(), asked: Arc::default() };
    let policy = HostPolicy::new(allowed.iter().map(|text| text.parse().unwrap()));
    let settings = Settings { policy, proxy: None, names: Arc::new(names.clone()) };
    (Outbound::new(settings).unwrap(), names)
}

#[tokio::test]
async fn a_name_is_resolved_once_and_what_was_looked_at_is_called() {
    let (port, seen) = service("127.0.0.1", answer("200 OK", b"inside")).await;
    let url = format!("http://rebind.example:{port}/");
    for inner in
        ["127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "10.0.0.1", "64:ff9b::7f00:1", "127.0.0.1 0.0.0.0"]
    {
        let (strict, _) = rebinding(&[inner], &[]);
        let failure = get(&strict, &url).await.unwrap_err();
        assert_eq!((failure.class, failure.code), (FailureClass::Fatal, "host_refused"), "{inner}");
        assert_eq!(strict.addresses("rebind.example", port).await.unwrap_err().code, "host_refused");
    }
    // The first answer may be called, the second may not: there is no second look between check and connection.
    let (strict, names) = rebinding(&["127.0.0.1", "127.0.0.2"], &["127.0.0.1"]);
    assert!(get(&strict, &url).await.is_ok());
    assert_eq!(*names.asked.lock().unwrap(), 1);
    assert_eq!(get(&strict, &url).await.unwrap_err().code, "host_refused");
    // Of several addresses only those that may be called are tried.
    let (strict, _) = rebinding(&["127.0.0.2 127.0.0.1"], &["127.0.0.1"]);
    assert!(get(&strict, &url).await.is_ok());
    assert_eq!(seen.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_redirect_is_looked_at_like_any_address_and_takes_no_credentials_along() {
    let (inner, inner_seen) = service("127.0.0.2", answer("200 OK", b"inside")).await;
    let redirect = answer(&format!("302 Found\r\nlocation: http://127.0.0.2:{inner}/x"), b"");
    let (port, _) = service("127.0.0.1", redirect).await;
    let url = format!("http://127.0.0.1:{port}/");
    let secret = || {
        HeaderMap::from_iter(
            [("authorization", "Bearer s"), ("x-key", "s"), ("accept", "text/x")]
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())),
        )
    };
    let failure = get_with(&outbound(&["127.0.0.1"]), &url, secret()).await.unwrap_err();
    assert_eq!(failure.code, "host_refused");
    assert!(inner_seen.lock().unwrap().is_empty());
    let followed = get_with(&outbound(&["127.0.0.0/8"]), &url, secret()).await.unwrap();
    assert_eq!(followed.body.unwrap(), "inside");
    let seen = inner_seen.lock().unwrap().join("").to_ascii_lowercase();
    assert!(seen.contains("accept: text/x") && !seen.contains("authorization") && !seen.contains("x-key"), "{seen}");
    let (port, seen) = service("127.0.0.1", answer("301 Moved\r\nlocation: /again", b"")).await;
    let failure = get(&outbound(&["127.0.0.1"]), &format!("http://127.0.0.1:{port}/")).await.unwrap_err();
    assert_eq!((failure.code, seen.lock().unwrap().len()), ("redirects", 6));
}

#[tokio::test]
async fn a_proxy_gets_public_hosts_and_never_inner_ones() {
    let (port, seen) = service("127.0.0.1", answer("200 OK", b"by proxy")).await;
    let policy = HostPolicy::new(["127.0.0.1:9".parse().unwrap()]);
    let names = Arc::new(Rebinding { answers: vec!["93.184.216.34", "10.0.0.1"], asked: Arc::default() });
    let settings = Settings { policy, proxy: Some(format!("http://127.0.0.1:{port}")), names };
    let proxied = Outbound::new(settings).unwrap();
    assert_eq!(get(&proxied, "http://public.example/a").await.unwrap().body.unwrap(), "by proxy");
    assert!(seen.lock().unwrap()[0].starts_with("GET http://public.example/a HTTP/1.1"));
    for inner in ["http://inner.example/", "http://localhost/", "http://10.0.0.1/", "http://metadata.google.internal/"]
    {
        assert_eq!(get(&proxied, inner).await.unwrap_err().code, "host_refused", "{inner}");
    }
    assert_eq!(get(&proxied, "http://127.0.0.1:9/").await.unwrap_err().code, "connect");
    assert_eq!(seen.lock().unwrap().len(), 1);
    assert!(Outbound::new(Settings { proxy: Some("proxy".into()), ..Settings::default() }).is_err());
}

fn compressed(kind: &str, bytes: &[u8]) -> Vec<u8> {
    match kind {
        "gzip" => {
            let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            out.write_all(bytes).unwrap();
            out.finish().unwrap()
        }
        "deflate" => {
            let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
            out.write_all(bytes).unwrap();
            out.finish().unwrap()
        }
        "br" => {
            let mut out = Vec::new();
            brotli::CompressorWriter::new(&mut out, 4096, 5, 22).write_all(bytes).unwrap();
            out
        }
        "zstd" => zstd::encode_all(bytes, 3).unwrap(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn compression_is_asked_for_undone_and_bounded() {
    let open = outbound(&["127.0.0.1"]);
    let bomb = vec![b' '; 4 * BODY_BYTES_MAX];
    for kind in ["gzip", "deflate", "br", "zstd"] {
        let head = format!("200 OK\r\ncontent-type: application/json\r\ncontent-encoding: {kind}");
        let (port, seen) = service("127.0.0.1", answer(&head, &compressed(kind, b"{\"id\":7}"))).await;
        let got = get(&open, &format!("http://127.0.0.1:{port}/")).await.unwrap();
        let content = Content::read(&got.headers, &got.body.unwrap());
        assert_eq!(content, Content::Json(serde_json::json!({ "id": 7 })), "{kind}");
        let asked = seen.lock().unwrap()[0].to_ascii_lowercase();
        assert!(asked.lines().any(|line| line.starts_with("accept-encoding:") && line.contains(kind)), "{asked}");

        let (port, _) = service("127.0.0.1", answer(&head, &compressed(kind, &bomb))).await;
        let got = get(&open, &format!("http://127.0.0.1:{port}/")).await.unwrap();
        let failure = got.body.unwrap_err();
        assert_eq!((failure.class, failure.code), (FailureClass::Unknown, "answer_too_long"), "{kind}");

        let (port, _) = service("127.0.0.1", answer(&head, b"this is not compressed at all")).await;
        let got = get(&open, &format!("http://127.0.0.1:{port}/")).await.unwrap();
        let failure = got.body.unwrap_err();
        assert_eq!((failure.class, failure.code), (FailureClass::Unknown, "connection_lost"), "{kind}");
    }
}

/// Throws bytes at the reader of answers: whatever a service writes, the exchange ends with an answer within its limits
/// or a failure, and a failure after the request has left never says that it did not happen.
#[test]
fn whatever_a_service_writes_has_an_end() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let open = outbound(&["127.0.0.1"]);
    let heads = prop_oneof![
        Just("HTTP/1.1 200 OK\r\n".to_owned()),
        "HTTP/1\\.[01] [1-5][0-9]{2} [a-z]{0,8}\r\n",
        "\\PC{0,20}\r\n",
    ];
    let headers = prop::collection::vec(
        prop_oneof![
            Just("transfer-encoding: chunked".to_owned()),
            "content-length: [0-9]{1,20}",
            "content-encoding: (gzip|deflate|br|zstd|x)(, ?(gzip|br))?",
            "content-type: \\PC{0,20}",
            "location: \\PC{0,20}",
            "retry-after: \\PC{0,20}",
            "\\PC{0,10}:\\PC{0,10}",
        ],
        0..4,
    );
    let replies = (heads, headers, prop::collection::vec(any::<u8>(), 0..64)).prop_map(|(head, headers, body)| {
        let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        [head.as_bytes(), headers.as_bytes(), b"\r\n", &body].concat()
    });
    // Each opens connections: a part of what other readers are thrown.
    let cases = std::env::var("COUNTERSIGN_FUZZ_CASES").ok().and_then(|cases| cases.parse::<u32>().ok());
    let cases = cases.map_or(200, |cases| (cases / 10).clamp(200, 2_000));
    let mut runner = TestRunner::new(ProptestConfig::with_cases(cases));
    let result = runner.run(&replies, |reply| {
        runtime.block_on(async {
            let (port, seen) = service("127.0.0.1", reply).await;
            let url = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
            let request = Request {
                method: Method::POST,
                url,
                headers: HeaderMap::new(),
                body: "x".into(),
                timeout: Duration::from_secs(5),
                body_bytes_max: 48,
                follow: true,
                only: None,
            };
            let failure = match open.exchange(request).await {
                Ok(Answer { body: Ok(body), headers, .. }) => {
                    prop_assert!(body.len() <= 48);
                    drop(Content::read(&headers, &body));
                    None
                }
                Ok(Answer { body: Err(failure), .. }) | Err(failure) => Some(failure),
            };
            if let Some(failure) = failure {
                prop_assert_eq!(failure.class, FailureClass::Unknown, "{}", failure);
            }
            prop_assert_eq!(seen.lock().unwrap().len(), 1);
            Ok(())
        })
    });
    result.unwrap();
}
