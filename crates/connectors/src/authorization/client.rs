//! What a client says to its authorization server.

use super::tokens::{self, TokenError, Tokens};
use crate::oauth2::{ClientAuth, Grant, Oauth2};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use countersign_outbound::{Mask, Outbound, Request};
use reqwest::{
    Method,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use sha2::{Digest, Sha256};
use std::{fmt, time::Duration};
use url::{Url, form_urlencoded};

/// How long the authorization server may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Longest answer that is read.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// Where the authorization server is.
#[derive(Clone)]
pub(crate) struct Addresses {
    pub(crate) authorize: Option<Url>,
    pub(crate) token: Url,
    pub(crate) revoke: Option<Url>,
}

/// A client of an authorization server: one connection's. `Debug` shows no secret.
#[derive(Clone)]
pub struct Client {
    grant: Grant,
    addresses: Addresses,
    auth: ClientAuth,
    id: String,
    secret: Option<String>,
    scopes: String,
    params: Vec<(String, String)>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("id", &self.id).field("token", &self.addresses.token.as_str()).finish()
    }
}

/// The S256 challenge of a PKCE verifier (RFC 7636).
#[must_use]
pub fn pkce_challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

impl Client {
    pub(crate) fn new(
        oauth2: &Oauth2,
        addresses: Addresses,
        (id, secret): (&str, Option<&str>),
        scopes: String,
    ) -> Self {
        Self {
            grant: oauth2.grant,
            addresses,
            auth: oauth2.client_auth,
            id: id.to_owned(),
            secret: secret.map(str::to_owned),
            scopes,
            params: oauth2.authorize_params.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        }
    }

    /// Who agrees.
    #[must_use]
    pub fn grant(&self) -> Grant {
        self.grant
    }

    /// Names the client at its server: tokens of another are no use to it, and are not sent there.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for part in [self.addresses.token.as_str(), &self.id] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Where a person agrees; none where nobody does. `challenge` is of [`pkce_challenge`].
    #[must_use]
    pub fn authorize_url(&self, redirect: &str, state: &str, challenge: &str) -> Option<Url> {
        let mut url = self.addresses.authorize.clone().filter(|_| self.grant == Grant::AuthorizationCode)?;
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("response_type", "code").append_pair("client_id", &self.id);
            query.append_pair("redirect_uri", redirect).append_pair("state", state);
            query.append_pair("code_challenge", challenge).append_pair("code_challenge_method", "S256");
            if !self.scopes.is_empty() {
                query.append_pair("scope", &self.scopes);
            }
            for (name, value) in &self.params {
                query.append_pair(name, value);
            }
        }
        Some(url)
    }

    /// Tokens for the code that a person came back with.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub async fn exchange(
        &self,
        outbound: &Outbound,
        code: &str,
        (redirect, verifier): (&str, &str),
    ) -> Result<Tokens, TokenError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect),
            ("code_verifier", verifier),
        ];
        self.tokens(outbound, &form, &[code, verifier]).await
    }

    /// Tokens for a refresh token.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub async fn refresh(&self, outbound: &Outbound, refresh_token: &str) -> Result<Tokens, TokenError> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        self.tokens(outbound, &form, &[refresh_token]).await
    }

    /// Tokens for the client itself.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub async fn own_tokens(&self, outbound: &Outbound) -> Result<Tokens, TokenError> {
        let mut form = vec![("grant_type", "client_credentials")];
        if !self.scopes.is_empty() {
            form.push(("scope", self.scopes.as_str()));
        }
        self.tokens(outbound, &form, &[]).await
    }

    /// Takes a token back; a server that does not know it any more has none to take back.
    ///
    /// # Errors
    /// See [`TokenError`]; also where the server has no way to ask for it.
    pub async fn revoke(&self, outbound: &Outbound, token: &str, hint: &str) -> Result<(), TokenError> {
        let Some(url) = &self.addresses.revoke else {
            return Err(TokenError::refused("no_revocation", "the service has no way to take tokens back"));
        };
        let request = self.request(url, &[("token", token), ("token_type_hint", hint)]);
        let answer = outbound.exchange(request).await.map_err(TokenError::failed)?;
        if answer.status.is_success() {
            return Ok(());
        }
        tokens::read(answer).map(|_| ()).map_err(|error| error.masked(&self.mask(&[token])))
    }

    async fn tokens(&self, outbound: &Outbound, form: &[(&str, &str)], secrets: &[&str]) -> Result<Tokens, TokenError> {
        let answer = outbound.exchange(self.request(&self.addresses.token, form)).await;
        let read = answer.map_err(TokenError::failed).and_then(tokens::read);
        read.map_err(|error| error.masked(&self.mask(secrets)))
    }

    /// What must not be told, whatever the server echoes.
    fn mask(&self, secrets: &[&str]) -> Mask {
        let mut mask: Mask = secrets.iter().copied().chain(self.secret.as_deref()).collect();
        mask.add(&self.basic());
        mask
    }

    /// RFC 6749 §2.3.1: both parts are form-encoded first.
    fn basic(&self) -> String {
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let secret = self.secret.as_deref().unwrap_or_default();
        format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", encoded(&self.id), encoded(secret))))
    }

    fn request(&self, url: &Url, form: &[(&str, &str)]) -> Request {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        match (self.auth, &self.secret) {
            (ClientAuth::Basic, Some(_)) => {
                if let Ok(mut value) = HeaderValue::from_str(&self.basic()) {
                    value.set_sensitive(true);
                    headers.insert(AUTHORIZATION, value);
                }
            }
            (ClientAuth::Post, Some(secret)) => {
                body.append_pair("client_id", &self.id).append_pair("client_secret", secret);
            }
            // A public client only says who it is.
            (ClientAuth::Basic | ClientAuth::Post, None) => {
                body.append_pair("client_id", &self.id);
            }
        }
        Request {
            method: Method::POST,
            url: url.clone(),
            headers,
            body: Bytes::from(body.finish()),
            timeout: TIMEOUT,
            body_bytes_max: BODY_BYTES_MAX,
            follow: false,
            only: None,
        }
    }
}
