//! From a manifest's OAuth 2.0 and a connection to a client.

use crate::{
    authorization::{Addresses, Client},
    call::CallError,
    connection::Connection,
    manifest::{Auth, Manifest},
    oauth2::{Grant, Oauth2},
    registry::{Connector, Registry},
    template::{Schemas, Scope, Text},
};
use url::Url;

/// Parameters of the address where a person agrees that are made here.
const OWN_PARAMS: [&str; 7] =
    ["response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method"];

/// A manifest's OAuth 2.0, compiled.
pub(crate) struct Oauth2Rule {
    oauth2: Oauth2,
    authorize: Text,
    token: Text,
    revoke: Text,
}

impl Oauth2Rule {
    /// The one there is; the error is its place and what is wrong there.
    pub(crate) fn of(manifest: &Manifest, schemas: Schemas<'_>) -> Result<Option<Self>, (String, String)> {
        let own = manifest.auth.oauth2().into_iter().map(|oauth2| ("auth".to_owned(), oauth2));
        let of_actions = manifest.actions.iter().flat_map(|(name, action)| {
            let found = action.auth.iter().flat_map(Auth::oauth2);
            found.map(move |oauth2| (format!("actions.{name}.auth"), oauth2))
        });
        let mut all = own.chain(of_actions);
        let Some((place, oauth2)) = all.next() else { return Ok(None) };
        let same = |other: &Oauth2| Oauth2 { required: oauth2.required, ..other.clone() } == *oauth2;
        if let Some((other, _)) = all.find(|(_, other)| !same(other)) {
            return Err((other, format!("a connector has one OAuth 2.0 client, and `{place}` has another")));
        }
        check(oauth2).map_err(|(at, message)| (format!("{place}.{at}"), message))?;
        let text = |url: &str| Text::parse(url, schemas);
        let (authorize, token) = (text(&oauth2.authorize_url), text(&oauth2.token_url));
        Ok(Some(Self { authorize, token, revoke: text(&oauth2.revoke_url), oauth2: oauth2.clone() }))
    }
}

fn check(oauth2: &Oauth2) -> Result<(), (&'static str, String)> {
    let address = |url: &str| url.starts_with('/') || url.starts_with("https://") || url.starts_with("http://");
    let wrong = |at, url: &str| Err((at, format!("`{url}` is no address: it begins with `https://` or `/`")));
    if !address(&oauth2.token_url) {
        return wrong("token_url", &oauth2.token_url);
    }
    if !oauth2.revoke_url.is_empty() && !address(&oauth2.revoke_url) {
        return wrong("revoke_url", &oauth2.revoke_url);
    }
    match oauth2.grant {
        Grant::AuthorizationCode if !address(&oauth2.authorize_url) => {
            return wrong("authorize_url", &oauth2.authorize_url);
        }
        Grant::AuthorizationCode | Grant::ClientCredentials => {}
    }
    match oauth2.authorize_params.keys().find(|name| OWN_PARAMS.contains(&name.as_str())) {
        Some(name) => Err(("authorize_params", format!("`{name}` is given by Countersign"))),
        None => Ok(()),
    }
}

impl Registry {
    /// How this connector gets its tokens, if it is by OAuth 2.0.
    #[must_use]
    pub fn oauth2(&self, connector: &str) -> Option<&Oauth2> {
        self.find(connector)?.oauth2.as_ref().map(|rule| &rule.oauth2)
    }

    /// The client of a connection; none of a connector without OAuth 2.0, or where the connection proves itself otherwise.
    ///
    /// # Errors
    /// When its settings or its id are missing, or make no address.
    pub fn client(&self, connection: &Connection) -> Result<Option<Client>, CallError> {
        let Some(connector) = self.find(&connection.connector) else { return Ok(None) };
        let Some(rule) = &connector.oauth2 else { return Ok(None) };
        let oauth2 = &rule.oauth2;
        let Some(id) = id(oauth2, connection) else {
            let message =
                format!("connector `{}` needs a connection with `{}`", connection.connector, oauth2.client_id);
            return if oauth2.required { Err(CallError::fatal("connection_missing", message)) } else { Ok(None) };
        };
        let scope = Scope { settings: Some(&connection.settings), ..Scope::default() };
        let address = |name: &str, text: &Text| address(connector, connection, &scope, (name, text));
        let optional = |name: &str, given: &str, text: &Text| match given.is_empty() {
            true => Ok(None),
            false => address(name, text).map(Some),
        };
        let addresses = Addresses {
            authorize: optional("authorize_url", &oauth2.authorize_url, &rule.authorize)?,
            token: address("token_url", &rule.token)?,
            revoke: optional("revoke_url", &oauth2.revoke_url, &rule.revoke)?,
        };
        let secret = connection.secrets.get(&oauth2.client_secret);
        let chosen = connection.settings.get("scopes").and_then(serde_json::Value::as_str);
        let chosen = chosen.filter(|scopes| !scopes.trim().is_empty());
        let scopes = chosen.map_or_else(|| oauth2.scopes.join(" "), str::to_owned);
        Ok(Some(Client::new(oauth2, addresses, (id, secret), scopes)))
    }

    /// Whether a call of this action through this connection takes an access token.
    #[must_use]
    pub fn takes_token(&self, action: &str, connection: &Connection) -> bool {
        self.action(action).is_some_and(|(connector, action)| {
            takes(action.auth.as_ref().unwrap_or(&connector.manifest.auth), connection)
        })
    }
}

fn id<'a>(oauth2: &Oauth2, connection: &'a Connection) -> Option<&'a str> {
    let setting = || connection.settings.get(&oauth2.client_id)?.as_str().filter(|text| !text.is_empty());
    connection.secrets.get(&oauth2.client_id).or_else(setting)
}

fn takes(auth: &Auth, connection: &Connection) -> bool {
    match auth {
        Auth::Oauth2(oauth2) => oauth2.required || id(oauth2, connection).is_some(),
        Auth::All { of } => of.iter().any(|one| takes(one, connection)),
        // The first that the connection has something for.
        Auth::Any { of } => of.iter().find(|one| has(one, connection)).is_some_and(|one| takes(one, connection)),
        Auth::None
        | Auth::Bearer { .. }
        | Auth::Basic { .. }
        | Auth::Header { .. }
        | Auth::Query { .. }
        | Auth::Cookie { .. }
        | Auth::Hmac(_) => false,
    }
}

fn has(auth: &Auth, connection: &Connection) -> bool {
    match auth {
        Auth::None => false,
        Auth::Oauth2(oauth2) => id(oauth2, connection).is_some(),
        Auth::Hmac(signing) => connection.secrets.get(&signing.secret).is_some(),
        Auth::Bearer { secret, .. }
        | Auth::Header { secret, .. }
        | Auth::Query { secret, .. }
        | Auth::Cookie { secret, .. }
        | Auth::Basic { password: secret, .. } => connection.secrets.get(secret).is_some(),
        Auth::All { of } => of.iter().all(|one| has(one, connection)),
        Auth::Any { of } => of.iter().any(|one| has(one, connection)),
    }
}

fn address(
    connector: &Connector,
    connection: &Connection,
    scope: &Scope<'_>,
    (name, text): (&str, &Text),
) -> Result<Url, CallError> {
    let wrong = |why: String| CallError::fatal("connection_invalid", format!("{name}: {why}"));
    let text = text.eval_path(scope).map_err(|pointer| wrong(format!("the setting {pointer} is missing")))?;
    let url = match text.starts_with('/') {
        false => Url::parse(&text),
        true => {
            let own = connection.settings.get("base_url").and_then(serde_json::Value::as_str);
            let base = match own.filter(|url| !url.is_empty()) {
                Some(own) => own.to_owned(),
                None => connector
                    .base_url
                    .eval_path(scope)
                    .map_err(|pointer| wrong(format!("the setting {pointer} is missing")))?,
            };
            Url::parse(&base).and_then(|base| base.join(&text))
        }
    };
    let url = url.map_err(|error| wrong(error.to_string()))?;
    let usable = matches!(url.scheme(), "http" | "https") && url.has_host();
    if !usable || !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("only http and https addresses without credentials can be used".to_owned()));
    }
    Ok(url)
}
