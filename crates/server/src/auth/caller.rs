//! Who makes the request.

use crate::{
    app::App,
    auth::{
        credentials::{by_api_key, by_session},
        identity::{Credential, Identity},
        secret::fingerprint,
        session::session_cookie,
    },
    http::problem::{ApiError, ApiResult},
};
use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{Extensions, HeaderMap, Method, StatusCode, header, request::Parts},
};
use countersign_core::{run::Actor, time::Timestamp};
use countersign_store::{NewAudit, Role};
use ipnet::IpNet;
use serde_json::{Value, json};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

/// Who makes the request, and in which workspace.
#[derive(Debug, Clone)]
pub struct Caller {
    identity: Arc<Identity>,
    address: Option<IpAddr>,
}

impl Caller {
    /// The workspace's id.
    #[must_use]
    pub fn workspace(&self) -> &str {
        &self.identity.workspace.id
    }

    /// Who, as the run machine knows them.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.identity.actor
    }

    /// The same, where it is on the record when they gave their password.
    pub(crate) fn deciding(&self) -> Actor {
        Actor { signed_in_at: self.identity.signed_in_at.map(Timestamp), ..self.actor().clone() }
    }

    /// Everything known about them.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The same, to keep.
    pub(crate) fn shared_identity(&self) -> Arc<Identity> {
        Arc::clone(&self.identity)
    }

    /// User or key id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.identity.actor.id
    }

    /// Role in the workspace.
    #[must_use]
    pub fn role(&self) -> Role {
        self.identity.role
    }

    /// Where the request came from, when known.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Refuses a caller below `role`.
    ///
    /// # Errors
    /// 403 `forbidden`.
    pub fn require(&self, role: Role) -> ApiResult<()> {
        if self.identity.role >= role {
            return Ok(());
        }
        let detail = format!("this needs the role {role}, you have {}", self.identity.role);
        Err(ApiError::new(StatusCode::FORBIDDEN, "forbidden", "You may not do this").detail(detail))
    }

    /// Refuses an API key that was not made to decide.
    ///
    /// # Errors
    /// 403 `key_may_not_decide`.
    pub(crate) fn require_decider(&self) -> ApiResult<()> {
        if self.identity.decides {
            return Ok(());
        }
        let detail = "make a key with may_decide, or decide as a signed-in person";
        Err(ApiError::new(StatusCode::FORBIDDEN, "key_may_not_decide", "This API key was not made to decide")
            .detail(detail))
    }

    /// The session, for what only a signed-in person can do.
    ///
    /// # Errors
    /// 403 for API keys.
    pub fn session(&self) -> ApiResult<&str> {
        match &self.identity.credential {
            Credential::Session(hash) => Ok(hash),
            Credential::ApiKey(_) => {
                Err(ApiError::new(StatusCode::FORBIDDEN, "forbidden", "Only a signed-in person can do this"))
            }
        }
    }

    /// An audit entry about something this caller changed: `detail`, and of what was and is the fields that differ.
    pub(crate) fn changed(
        &self,
        at: i64,
        (action, subject): (&str, String),
        (before, after): (&Value, &Value),
        mut detail: Value,
    ) -> NewAudit {
        let differing = |one: &Value, other: &Value| {
            let fields = one.as_object().into_iter().flatten();
            let differing = fields.filter(|(name, value)| other.get(name.as_str()) != Some(*value));
            Value::Object(differing.map(|(name, value)| (name.clone(), value.clone())).collect())
        };
        detail["before"] = differing(before, after);
        detail["after"] = differing(after, before);
        self.audit(at, action, subject, detail)
    }

    /// An audit entry about something this caller did.
    pub(crate) fn audit(&self, at: i64, action: &str, subject: String, mut detail: Value) -> NewAudit {
        let (actor, via) = match &self.identity.credential {
            Credential::Session(_) => (format!("user:{}", self.id()), "portal"),
            Credential::ApiKey(_) => (format!("key:{}", self.id()), "api"),
        };
        if let Some(detail) = detail.as_object_mut() {
            detail.insert("name".to_owned(), json!(self.identity.actor.name));
            if let Some(address) = self.address {
                detail.insert("address".to_owned(), json!(address.to_string()));
            }
        }
        NewAudit { at, actor, via: via.to_owned(), action: action.to_owned(), subject, detail: detail.to_string() }
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        let address = address(app, &parts.headers, &parts.extensions);
        if let Some(key) = bearer(&parts.headers) {
            let identity = by_api_key(app, key).await?;
            return Ok(Self { identity, address });
        }
        let Some(secret) = session_cookie(&parts.headers) else { return Err(unauthenticated()) };
        if !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS) {
            require_own_page(&parts.headers)?;
        }
        let identity = by_session(app, secret).await?;
        Ok(Self { identity, address })
    }
}

/// Nobody is signed in.
pub(crate) fn unauthenticated() -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, "unauthenticated", "Sign in first")
        .detail("Sign in, or send Authorization: Bearer with an API key.")
}

/// The secret behind `Authorization: Bearer`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ').unwrap_or((value, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

/// Other sites can send our cookie along, but not this header: browsers ask us first, and we never agree.
fn require_own_page(headers: &HeaderMap) -> ApiResult<()> {
    let cross_site = headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    if headers.contains_key("x-requested-with") && !cross_site {
        return Ok(());
    }
    Err(ApiError::new(StatusCode::FORBIDDEN, "csrf", "Send the header X-Requested-With: countersign"))
}

/// Whether the request has a credential that let somebody in lately. It says nothing about what they may do.
pub(crate) fn known(app: &App, headers: &HeaderMap) -> bool {
    let secret = bearer(headers).or_else(|| session_cookie(headers));
    secret.is_some_and(|secret| app.known.get(&fingerprint(secret.as_bytes())).is_some())
}

/// The caller's address: the connection's, or, behind trusted proxies, the last one named that is none of them.
pub(crate) fn address(app: &App, headers: &HeaderMap, extensions: &Extensions) -> Option<IpAddr> {
    let connection =
        extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip().to_canonical())?;
    let named = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let named: Vec<&str> = named.flat_map(|value| value.split(',')).map(str::trim).collect();
    Some(nearest(connection, &named, &app.config.trusted_proxies))
}

/// Of a connection and those named before it, the last that is no trusted proxy.
fn nearest(connection: IpAddr, named: &[&str], trusted: &[IpNet]) -> IpAddr {
    let mut nearest = connection;
    for name in named.iter().rev() {
        if !trusted.iter().any(|network| network.contains(&nearest)) {
            break;
        }
        // What cannot be read was not written by a proxy worth trusting further.
        let Ok(address) = name.parse::<IpAddr>() else { break };
        nearest = address.to_canonical();
    }
    nearest
}

/// The address alone, for requests without a caller.
pub(crate) struct Address(pub(crate) Option<IpAddr>);

impl FromRequestParts<App> for Address {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        Ok(Self(address(app, &parts.headers, &parts.extensions)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_a_trusted_proxy_names_the_caller() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::1/128".parse().unwrap()];
        let seen = |connection: &str, named: &[&str]| nearest(address(connection), named, &trusted);
        assert_eq!(seen("198.51.100.7", &["203.0.113.9"]), address("198.51.100.7"), "anybody can send the header");
        assert_eq!(seen("10.0.0.1", &["203.0.113.9"]), address("203.0.113.9"));
        // What the caller wrote before the proxies stands further left and counts for nothing.
        assert_eq!(seen("10.0.0.1", &["127.0.0.1", "203.0.113.9", "10.0.0.2"]), address("203.0.113.9"));
        assert_eq!(seen("2001:db8::1", &["2001:db8::5"]), address("2001:db8::5"));
        assert_eq!(seen("10.0.0.1", &["203.0.113.9", "nonsense"]), address("10.0.0.1"));
        assert_eq!(seen("10.0.0.1", &[]), address("10.0.0.1"));
    }
}
