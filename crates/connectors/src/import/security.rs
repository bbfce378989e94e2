//! How calls are authenticated: security schemes as secrets of the connection, alternatives and overrides.

use super::{Notes, oauth2, slug, text, unique};
use crate::{manifest::Auth, oauth2::Oauth2, signing::Signing};
use countersign_core::pointer;
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

/// The schemes of a document.
pub(super) struct Security {
    schemes: IndexMap<String, Auth>,
    secrets: Map<String, Value>,
    default: Auth,
    has_oauth2: bool,
}

impl Security {
    pub(super) fn of(document: &Value, notes: &mut Notes) -> Self {
        let mut security =
            Self { schemes: IndexMap::new(), secrets: Map::new(), default: Auth::None, has_oauth2: false };
        let schemes = document.pointer("/components/securitySchemes").and_then(Value::as_object);
        for (name, scheme) in schemes.into_iter().flatten() {
            let place = format!("/components/securitySchemes/{}", pointer::token(name));
            let Some(scheme) = super::references::resolve(document, scheme) else {
                notes.warn(&place, "the reference leads nowhere");
                continue;
            };
            if let Some(oauth2) = oauth2::read((document, name, scheme), security.has_oauth2, &place, notes) {
                security.oauth2_secrets(&oauth2);
                security.schemes.insert(name.clone(), Auth::Oauth2(Box::new(oauth2)));
                continue;
            }
            match security.scheme(name, scheme, schemes.is_some_and(|all| all.len() == 1)) {
                Some(auth) => drop(security.schemes.insert(name.clone(), auth)),
                None => notes.warn(&place, "this kind of security scheme cannot be used"),
            }
        }
        security.default = match document.get("security").and_then(Value::as_array) {
            Some(requirements) => security.requirements(requirements, "/security", notes),
            // Many documents name schemes and forget to demand one: whoever has credentials sends them.
            None => security.alternatives(security.schemes.values().cloned().map(optional).collect()),
        };
        security
    }

    /// How calls are authenticated that say nothing else.
    pub(super) fn default_auth(&self) -> &Auth {
        &self.default
    }

    /// JSON Schema of the connection's secrets.
    pub(super) fn secrets(&self) -> Value {
        let mut schema = json!({ "type": "object", "properties": self.secrets });
        let mut needed = Vec::new();
        required_secrets(&self.default, &mut needed);
        if !needed.is_empty() {
            schema["required"] = json!(needed);
        }
        schema
    }

    /// Whether tokens are got by OAuth 2.0.
    pub(super) fn has_oauth2(&self) -> bool {
        self.has_oauth2
    }

    fn oauth2_secrets(&mut self, oauth2: &Oauth2) {
        self.has_oauth2 = true;
        for (name, title) in [(&oauth2.client_id, "Client ID"), (&oauth2.client_secret, "Client secret")] {
            self.secrets.insert(name.clone(), json!({ "type": "string", "title": title }));
        }
    }

    /// An operation's own rule; none when it has the document's.
    pub(super) fn own(&self, operation: &Value, place: &str, notes: &mut Notes) -> Option<Auth> {
        let requirements = operation.get("security")?.as_array()?;
        let auth = self.requirements(requirements, &format!("{place}/security"), notes);
        (auth != self.default).then_some(auth)
    }

    fn scheme(&mut self, name: &str, scheme: &Value, only: bool) -> Option<Auth> {
        let kind = (text(scheme, "type"), text(scheme, "scheme").to_ascii_lowercase(), text(scheme, "in"));
        let title = Some(text(scheme, "description")).filter(|text| !text.is_empty() && text.len() <= 60);
        let mut secret = |short: &str, title_else: &str| {
            let wanted = if only { short.to_owned() } else { slug(name) };
            let name = unique(&wanted, |name| self.secrets.contains_key(name));
            let title = title.clone().unwrap_or_else(|| title_else.to_owned());
            self.secrets.insert(name.clone(), json!({ "type": "string", "title": title }));
            name
        };
        Some(match (kind.0.as_str(), kind.1.as_str(), kind.2.as_str()) {
            ("http", "basic", _) => {
                let username = secret("username", "User name");
                let password = if only { secret("password", "Password") } else { secret("", "Password") };
                Auth::Basic { username, password, required: true }
            }
            ("http", "bearer", _) | ("oauth2" | "openIdConnect", _, _) => {
                Auth::Bearer { secret: secret("token", "Token"), required: true }
            }
            ("http", "digest" | "hoba" | "mutual" | "negotiate" | "oauth" | "vapid" | "", _) => return None,
            ("http", _, _) => {
                let secret = secret("authorization", "Authorization header");
                Auth::Header { name: "Authorization".to_owned(), secret, required: true }
            }
            ("apiKey", _, place @ ("header" | "query" | "cookie")) => {
                let wire = text(scheme, "name");
                if wire.is_empty() {
                    return None;
                }
                let secret = secret("api_key", "API key");
                match place {
                    "header" if reqwest::header::HeaderName::from_bytes(wire.as_bytes()).is_err() => return None,
                    "header" => Auth::Header { name: wire, secret, required: true },
                    "query" => Auth::Query { name: wire, secret, required: true },
                    _ => Auth::Cookie { name: wire, secret, required: true },
                }
            }
            _ => return None,
        })
    }

    /// A list of alternatives, each a set of schemes that go together.
    fn requirements(&self, requirements: &[Value], place: &str, notes: &mut Notes) -> Auth {
        let mut alternatives = Vec::new();
        let mut anonymous = requirements.is_empty();
        for requirement in requirements {
            let Some(members) = requirement.as_object() else { continue };
            anonymous |= members.is_empty();
            let known: Vec<Auth> = members.keys().filter_map(|name| self.schemes.get(name).cloned()).collect();
            if known.len() < members.len() {
                notes.warn(place, "names a security scheme that cannot be used");
                continue;
            }
            match <[Auth; 1]>::try_from(known) {
                Ok([one]) => alternatives.push(one),
                Err(several) if several.is_empty() => {}
                Err(several) => alternatives.push(Auth::All { of: several }),
            }
        }
        if anonymous {
            alternatives = alternatives.into_iter().map(optional).collect();
        }
        self.alternatives(alternatives)
    }

    fn alternatives(&self, mut alternatives: Vec<Auth>) -> Auth {
        alternatives.dedup();
        match alternatives.len() {
            0 => Auth::None,
            1 => alternatives.remove(0),
            _ => Auth::Any { of: alternatives },
        }
    }
}

/// The same, used where the connection has it.
fn optional(auth: Auth) -> Auth {
    let required = false;
    match auth {
        Auth::None => Auth::None,
        Auth::Bearer { secret, .. } => Auth::Bearer { secret, required },
        Auth::Basic { username, password, .. } => Auth::Basic { username, password, required },
        Auth::Header { name, secret, .. } => Auth::Header { name, secret, required },
        Auth::Query { name, secret, .. } => Auth::Query { name, secret, required },
        Auth::Cookie { name, secret, .. } => Auth::Cookie { name, secret, required },
        Auth::Oauth2(oauth2) => Auth::Oauth2(Box::new(Oauth2 { required, ..*oauth2 })),
        Auth::Hmac(signing) => Auth::Hmac(Box::new(Signing { required, ..*signing })),
        Auth::All { of } => Auth::All { of: of.into_iter().map(optional).collect() },
        Auth::Any { of } => Auth::Any { of: of.into_iter().map(optional).collect() },
    }
}

/// Secrets without which no call could be made.
fn required_secrets<'a>(auth: &'a Auth, out: &mut Vec<&'a str>) {
    match auth {
        Auth::Bearer { secret, required: true }
        | Auth::Header { secret, required: true, .. }
        | Auth::Query { secret, required: true, .. }
        | Auth::Cookie { secret, required: true, .. } => out.push(secret),
        Auth::Basic { username, password, required: true } => out.extend([username.as_str(), password.as_str()]),
        Auth::Oauth2(oauth2) if oauth2.required => out.push(&oauth2.client_id),
        Auth::Hmac(signing) if signing.required => out.push(&signing.secret),
        Auth::All { of } => of.iter().for_each(|one| required_secrets(one, out)),
        Auth::Oauth2(_)
        | Auth::Hmac(_)
        | Auth::None
        | Auth::Any { .. }
        | Auth::Bearer { .. }
        | Auth::Header { .. }
        | Auth::Query { .. }
        | Auth::Cookie { .. }
        | Auth::Basic { .. } => {}
    }
}
