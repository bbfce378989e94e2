//! OAuth 2.0 of a document: the flow that can be used, and what is asked for.

use super::{Notes, text};
use crate::oauth2::{ClientAuth, Grant, Oauth2};
use indexmap::{IndexMap, IndexSet};
use serde_json::Value;

/// More scopes than these are worth a look.
const SCOPES_MANY: usize = 20;

/// The client of a scheme: of a code that a person comes back with, else of the client's own credentials. None of other kinds,
/// of flows that cannot be used, and of a second scheme; then the connection takes an access token.
pub(super) fn read(
    (document, name, scheme): (&Value, &str, &Value),
    has_one: bool,
    place: &str,
    notes: &mut Notes,
) -> Option<Oauth2> {
    match text(scheme, "type").as_str() {
        "oauth2" => {}
        "openIdConnect" => {
            notes.warn(place, "OpenID Connect: the connection takes an access token");
            return None;
        }
        _ => return None,
    }
    let flows = scheme.get("flows").and_then(Value::as_object);
    for flow in flows.into_iter().flat_map(serde_json::Map::keys) {
        if !matches!(flow.as_str(), "authorizationCode" | "clientCredentials") && !flow.starts_with("x-") {
            notes.warn(&format!("{place}/flows/{flow}"), "this flow of OAuth cannot be used");
        }
    }
    let flow = |name: &str| flows.and_then(|flows| flows.get(name));
    let code = flow("authorizationCode").and_then(|flow| of(flow, Grant::AuthorizationCode));
    let own = flow("clientCredentials").and_then(|flow| of(flow, Grant::ClientCredentials));
    let found = match (code, own) {
        (Some(code), Some(_)) => {
            notes.warn(place, "OAuth: a person agrees; for `client_credentials` change `grant` in the manifest");
            Some(code)
        }
        (code, own) => code.or(own),
    };
    match found {
        Some(found) if !has_one => {
            let scopes: Vec<String> = demanded(document, name).into_iter().collect();
            if scopes.len() > SCOPES_MANY {
                let message = format!("asks for {} scopes: name those you need in the setting `scopes`", scopes.len());
                notes.warn(place, &message);
            }
            Some(Oauth2 { scopes, ..found })
        }
        Some(_) => {
            notes.warn(place, "a second OAuth client: of this one the connection takes an access token");
            None
        }
        None => {
            notes.warn(place, "OAuth without a flow that can be used: the connection takes an access token");
            None
        }
    }
}

/// The addresses of a flow, if they can be used.
fn of(flow: &Value, grant: Grant) -> Option<Oauth2> {
    let address = |name: &str| Some(text(flow, name)).filter(|url| usable(url));
    let authorize_url = match grant {
        Grant::AuthorizationCode => address("authorizationUrl")?,
        Grant::ClientCredentials => String::new(),
    };
    Some(Oauth2 {
        grant,
        authorize_url,
        token_url: address("tokenUrl")?,
        revoke_url: String::new(),
        scopes: Vec::new(),
        client_auth: ClientAuth::Basic,
        client_id: "client_id".to_owned(),
        client_secret: "client_secret".to_owned(),
        authorize_params: IndexMap::new(),
        required: true,
    })
}

fn usable(url: &str) -> bool {
    let whole = url.starts_with("https://") || url.starts_with("http://");
    url.starts_with('/') || (whole && url::Url::parse(url).is_ok())
}

/// Every scope that the document or an operation of it demands of this scheme.
fn demanded(document: &Value, name: &str) -> IndexSet<String> {
    let operations = document.get("paths").and_then(Value::as_object).into_iter().flat_map(serde_json::Map::values);
    let operations = operations.filter_map(Value::as_object).flat_map(serde_json::Map::values);
    let lists = std::iter::once(document).chain(operations).filter_map(|owner| owner.get("security")?.as_array());
    let scopes = lists.flatten().filter_map(|requirement| requirement.get(name)?.as_array()).flatten();
    scopes.filter_map(Value::as_str).map(str::to_owned).collect()
}
