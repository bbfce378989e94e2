//! An authorization server: a page with a button, tokens that end soon, refresh tokens that are used once, and an API that takes
//! the access token. A code or a refresh token that is used again makes void all that was agreed to with it.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hyper::{StatusCode, body::Bytes};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    services::world::{At, World},
    wire::{
        reply::{Effect, Reply},
        request::Request,
    },
};

/// The one client there is.
const CLIENT: (&str, &str) = ("sandbox", "oauth_test");
/// How long an access token holds, seconds: short, so that renewing it can be watched.
const LIFETIME_SECONDS: i64 = 120;
/// How long a code holds, milliseconds.
const CODE_MS: i64 = 60_000;
/// Codes and tokens remembered of each kind.
const KEPT_MAX: usize = 10_000;

/// What a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    /// `GET /oauth/authorize`
    Authorize,
    /// `POST /oauth/agree`: the button of that page.
    Agree,
    /// `POST /oauth/token`
    Token,
    /// `POST /oauth/revoke`
    Revoke,
    /// `GET /oauth/whoami`
    Whoami,
}

impl Op {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Authorize => "oauth.authorize",
            Self::Agree => "oauth.agree",
            Self::Token => "oauth.token",
            Self::Revoke => "oauth.revoke",
            Self::Whoami => "oauth.whoami",
        }
    }
}

pub(crate) fn route(method: &str, segments: &[&str]) -> Option<Op> {
    match (method, segments) {
        ("GET", ["authorize"]) => Some(Op::Authorize),
        ("POST", ["agree"]) => Some(Op::Agree),
        ("POST", ["token"]) => Some(Op::Token),
        ("POST", ["revoke"]) => Some(Op::Revoke),
        ("GET", ["whoami"]) => Some(Op::Whoami),
        _ => None,
    }
}

#[derive(Debug)]
struct Code {
    redirect: String,
    challenge: String,
    until: i64,
    /// What was agreed to with it; once it is used.
    grant: Option<u64>,
}

#[derive(Debug)]
struct Refresh {
    grant: u64,
    used: bool,
}

/// What was agreed to. Codes and tokens are numbered, and what they are of is known only here.
#[derive(Debug, Default)]
pub(crate) struct State {
    codes: BTreeMap<String, Code>,
    refreshes: BTreeMap<String, Refresh>,
    /// Grant and end by access token.
    accesses: BTreeMap<String, (u64, i64)>,
    grants: u64,
}

impl State {
    /// All of it is void.
    fn void(&mut self, grant: u64) {
        self.refreshes.retain(|_, refresh| refresh.grant != grant);
        self.accesses.retain(|_, (of, _)| *of != grant);
    }
}

pub(crate) fn respond(world: &mut World, op: Op, request: &Request, at: At) -> Reply {
    match op {
        Op::Authorize => page(request),
        Op::Agree => agree(world, &request.form(), at),
        Op::Token => match client(request) {
            Ok(()) => token(world, &request.form(), at),
            Err(refused) => refused,
        },
        Op::Revoke => match client(request) {
            Ok(()) => revoke(world, &request.form()),
            Err(refused) => refused,
        },
        Op::Whoami => whoami(world, request, at),
    }
}

fn text<'a>(form: &'a Value, name: &str) -> &'a str {
    form[name].as_str().unwrap_or_default()
}

fn refused(status: StatusCode, code: &str, description: &str) -> Reply {
    Reply::refused(status, &error_body(code, description))
}

/// The shape of RFC 6749's errors.
pub(crate) fn error_body(code: &str, description: &str) -> Value {
    json!({ "error": code, "error_description": description })
}

/// As `error_body` names a status.
pub(crate) fn code_for(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "invalid_client",
        429 | 503 => "temporarily_unavailable",
        500.. => "server_error",
        _ => "invalid_request",
    }
}

/// By `Authorization: Basic` or in the body.
fn client(request: &Request) -> Result<(), Reply> {
    let form = request.form();
    let (id, secret) = request
        .basic()
        .unwrap_or_else(|| (text(&form, "client_id").to_owned(), text(&form, "client_secret").to_owned()));
    if (id.as_str(), secret.as_str()) == CLIENT {
        return Ok(());
    }
    let hint = "the client is `sandbox`, its secret `oauth_test`";
    Err(refused(StatusCode::UNAUTHORIZED, "invalid_client", hint))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn html(status: StatusCode, body: &str, effect: Effect) -> Reply {
    let page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>Sandbox account</title><style>body{{font:16px system-ui;max-width:26rem;margin:4rem auto;padding:0 1rem}}\
         button{{font:inherit;padding:.6rem 1.2rem;margin-right:.5rem}}</style>{body}"
    );
    Reply {
        content_type: "text/html; charset=utf-8",
        body: Bytes::from(page),
        ..Reply::json(status, &Value::Null, effect)
    }
}

/// The page where a person agrees.
fn page(request: &Request) -> Reply {
    let given = |name: &str| request.query_value(name).unwrap_or_default();
    let wrong = match () {
        () if given("client_id") != CLIENT.0 => Some("The client is <code>sandbox</code>."),
        () if given("response_type") != "code" => Some("Only <code>response_type=code</code> is known here."),
        () if given("code_challenge_method") != "S256" => Some("PKCE with S256 is demanded."),
        () if !given("redirect_uri").starts_with("http") => Some("<code>redirect_uri</code> is no address."),
        () => None,
    };
    if let Some(wrong) = wrong {
        return html(StatusCode::BAD_REQUEST, &format!("<h1>This cannot be agreed to</h1><p>{wrong}"), Effect::Refused);
    }
    let fields = ["redirect_uri", "state", "code_challenge", "scope"]
        .map(|name| format!("<input type=hidden name={name} value=\"{}\">", escaped(given(name))));
    let body = format!(
        "<h1>Sandbox account</h1><p>Countersign asks for access to the account of Ada Example: <b>{}</b>.\
         <form method=post action=/oauth/agree>{}<button name=agree value=yes>Allow</button>\
         <button name=agree value=no>Deny</button></form>",
        escaped(if given("scope").is_empty() { "everything" } else { given("scope") }),
        fields.concat()
    );
    html(StatusCode::OK, &body, Effect::Read)
}

/// Sends the person back with a code, or with a no.
fn agree(world: &mut World, form: &Value, at: At) -> Reply {
    let redirect = text(form, "redirect_uri").to_owned();
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("state", text(form, "state"));
    if text(form, "agree") == "yes" {
        let code = format!("code_{:06}", world.ids.number("code_"));
        query.append_pair("code", &code);
        let challenge = text(form, "code_challenge").to_owned();
        let kept = Code { redirect: redirect.clone(), challenge, until: at.now + CODE_MS, grant: None };
        bounded(&mut world.oauth.codes);
        world.oauth.codes.insert(code, kept);
    } else {
        query.append_pair("error", "access_denied").append_pair("error_description", "Ada pressed Deny.");
    }
    let sign = if redirect.contains('?') { '&' } else { '?' };
    html(StatusCode::SEE_OTHER, "", Effect::Changed)
        .with_header("location", format!("{redirect}{sign}{}", query.finish()))
}

fn bounded<V>(kept: &mut BTreeMap<String, V>) {
    if kept.len() >= KEPT_MAX {
        kept.pop_first();
    }
}

fn token(world: &mut World, form: &Value, at: At) -> Reply {
    let dead = |why: &str| refused(StatusCode::BAD_REQUEST, "invalid_grant", why);
    match text(form, "grant_type") {
        "client_credentials" => {
            let grant = next_grant(world);
            give(world, grant, false, at)
        }
        "authorization_code" => {
            let Some(code) = world.oauth.codes.get(text(form, "code")) else { return dead("the code is not known") };
            if let Some(grant) = code.grant {
                world.oauth.void(grant);
                return dead("the code was used before; what it gave is void");
            }
            let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(text(form, "code_verifier")));
            if code.challenge != challenge || code.redirect != text(form, "redirect_uri") || code.until < at.now {
                return dead("the code is over, or not for this verifier and redirect address");
            }
            let grant = next_grant(world);
            if let Some(code) = world.oauth.codes.get_mut(text(form, "code")) {
                code.grant = Some(grant);
            }
            give(world, grant, true, at)
        }
        "refresh_token" => {
            let Some(refresh) = world.oauth.refreshes.get_mut(text(form, "refresh_token")) else {
                return dead("the refresh token is not known");
            };
            let grant = refresh.grant;
            if std::mem::replace(&mut refresh.used, true) {
                world.oauth.void(grant);
                return dead("the refresh token was used before; what was agreed to is void");
            }
            give(world, grant, true, at)
        }
        _ => {
            refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", "a code, a refresh token or client credentials")
        }
    }
}

fn next_grant(world: &mut World) -> u64 {
    world.oauth.grants += 1;
    world.oauth.grants
}

fn give(world: &mut World, grant: u64, refresh: bool, at: At) -> Reply {
    let access = format!("access_{:06}", world.ids.number("access_"));
    bounded(&mut world.oauth.accesses);
    world.oauth.accesses.insert(access.clone(), (grant, at.now + LIFETIME_SECONDS * 1000));
    let mut body = json!({ "access_token": access, "token_type": "Bearer", "expires_in": LIFETIME_SECONDS });
    if refresh {
        let token = format!("refresh_{:06}", world.ids.number("refresh_"));
        bounded(&mut world.oauth.refreshes);
        world.oauth.refreshes.insert(token.clone(), Refresh { grant, used: false });
        body["refresh_token"] = json!(token);
    }
    Reply::changed(&body).with_header("cache-control", "no-store")
}

/// Of a refresh token all that was agreed to, of an access token that one; what is not known is taken back already.
fn revoke(world: &mut World, form: &Value) -> Reply {
    let token = text(form, "token");
    match world.oauth.refreshes.get(token).map(|refresh| refresh.grant) {
        Some(grant) => world.oauth.void(grant),
        None => drop(world.oauth.accesses.remove(token)),
    }
    Reply::changed(&json!({}))
}

fn whoami(world: &World, request: &Request, at: At) -> Reply {
    let holds = |token: &str| world.oauth.accesses.get(token).is_some_and(|(_, until)| *until > at.now);
    if request.bearer().is_some_and(holds) {
        return Reply::read(&json!({ "name": "Ada Example", "account": "acct_ada" }));
    }
    refused(StatusCode::UNAUTHORIZED, "invalid_token", "the access token is over or not known")
}
