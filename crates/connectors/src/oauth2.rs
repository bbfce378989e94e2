//! How a manifest describes OAuth 2.0: where tokens come from, and what asks for them.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// OAuth 2.0: `Authorization: Bearer <access token>`, with tokens that are got and refreshed here. A connector has one such client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Oauth2 {
    /// Who agrees: a person, once, or nobody.
    pub grant: Grant,
    /// Where the person agrees: a text template over the settings, of the base URL's host when it begins with `/`. For `authorization_code`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub authorize_url: String,
    /// Where tokens are asked for; written as `authorize_url`.
    pub token_url: String,
    /// Where tokens are taken back (RFC 7009), if the service has that; written as `authorize_url`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub revoke_url: String,
    /// What is asked for. A connection's setting `scopes`, divided by spaces, wins over it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// How the client proves itself where tokens are asked for.
    #[serde(default)]
    pub client_auth: ClientAuth,
    /// Name of the setting or secret with the client's id.
    #[serde(default = "client_id")]
    pub client_id: String,
    /// Name of the secret with the client's secret; a public client has none.
    #[serde(default = "client_secret")]
    pub client_secret: String,
    /// More parameters of the address where the person agrees, such as `access_type: offline`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub authorize_params: IndexMap<String, String>,
    /// Whether a call without a token is refused here.
    #[serde(default = "yes")]
    pub required: bool,
}

/// Who agrees that tokens are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// A person, on a page of the service; always with PKCE (S256).
    AuthorizationCode,
    /// Nobody: the client's own id and secret are enough.
    ClientCredentials,
}

/// How the client proves itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// `Authorization: Basic`.
    #[default]
    Basic,
    /// `client_id` and `client_secret` in the body.
    Post,
}

fn client_id() -> String {
    "client_id".to_owned()
}

fn client_secret() -> String {
    "client_secret".to_owned()
}

fn yes() -> bool {
    true
}
