//! Connectors, connections, channels.

use crate::WorkflowRef;
use countersign_core::catalogue;
pub use countersign_core::catalogue::{AccountState, Risk};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// How repeats are recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdempotencyKind {
    /// A key sent along.
    Header,
    /// A repeat has the same effect.
    Natural,
    /// A repeat would happen twice.
    None,
}

/// How repeats of a call are recognised by the other side.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Idempotency {
    /// How.
    pub kind: IdempotencyKind,
    /// The header's name.
    pub name: Option<String>,
}

/// One action of a connector.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ActionSpec {
    /// `<connector>.<action>`.
    pub name: String,
    /// Human title.
    pub title: String,
    /// One or two sentences.
    pub description: String,
    /// How much harm it can do.
    pub risk: Risk,
    /// Where that depends on what is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk_by: Option<catalogue::RiskBy>,
    /// How repeats are recognised.
    pub idempotency: Idempotency,
    /// The read action that tells whether a call took place.
    pub look_up: Option<String>,
    /// JSON Schema of the input.
    pub input: Value,
    /// JSON Schema of the output.
    pub output: Value,
}

impl From<&catalogue::ActionSpec> for ActionSpec {
    fn from(spec: &catalogue::ActionSpec) -> Self {
        let (kind, name) = match &spec.idempotency {
            catalogue::Idempotency::Header { name } => (IdempotencyKind::Header, Some(name.clone())),
            catalogue::Idempotency::Natural => (IdempotencyKind::Natural, None),
            catalogue::Idempotency::None => (IdempotencyKind::None, None),
        };
        Self {
            name: spec.name.clone(),
            title: spec.title.clone(),
            description: spec.description.clone(),
            risk: spec.risk,
            risk_by: spec.risk_by.clone(),
            idempotency: Idempotency { kind, name },
            look_up: spec.look_up.clone(),
            input: spec.input.clone(),
            output: spec.output.clone(),
        }
    }
}

/// An action as lists tell it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ActionBrief {
    /// `<connector>.<action>`.
    pub name: String,
    /// Human title.
    pub title: String,
    /// What it does, at most 300 characters.
    pub description: String,
    /// How much harm it can do.
    pub risk: Risk,
}

/// How many actions have each risk.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
pub struct ActionCounts {
    /// Change nothing.
    pub read: u32,
    /// Change something.
    pub write: u32,
    /// Need a person's approval.
    pub high: u32,
}

/// A page of actions.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ActionPage {
    /// What was found, what fits best first.
    pub items: Vec<ActionBrief>,
    /// `cursor` of the next page; null at the end.
    pub next: Option<String>,
    /// How many were found in all.
    pub found: u32,
    /// How many there are where it was searched, by risk.
    pub counts: ActionCounts,
}

/// A service and what it can do.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Connector {
    /// Name: the part of an action's name before the dot.
    pub name: String,
    /// Human title.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// JSON Schema of a connection's settings.
    pub settings_schema: Value,
    /// JSON Schema of the limits that a connection may have among its settings.
    pub limits_schema: Value,
    /// JSON Schema of a connection's secrets.
    pub secrets_schema: Value,
    /// Where people come back to who connect an account by OAuth 2.0: the address to register at the service. Absent where
    /// nobody connects one.
    pub oauth_callback: Option<String>,
    /// How many actions it has; they are read from `/actions`.
    pub action_count: u32,
    /// Revision that new versions are published with; null when it comes with the executable.
    pub revision: Option<u32>,
}

/// An account's credentials for a connector. Secrets are never told, only which are set.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Connection {
    /// Id.
    pub id: String,
    /// The connector.
    pub connector: String,
    /// Name, unique per connector.
    pub name: String,
    /// What is not secret.
    pub settings: Map<String, Value>,
    /// Names of the secrets that are set.
    pub secret_names: Vec<String>,
    /// What the service last said of it.
    pub health: AccountHealth,
    /// How its access tokens stand; absent without OAuth 2.0.
    pub tokens: Option<ConnectionTokens>,
    /// When it was last called through and by whom, to about a minute; absent when never.
    pub used: Option<ConnectionUsed>,
    /// Creation.
    pub created_at: i64,
    /// Last change.
    pub updated_at: i64,
}

/// The last call through a connection.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ConnectionUsed {
    /// When, milliseconds since the epoch.
    pub at: i64,
    /// The workflow whose run called; absent when somebody tried an action.
    pub workflow: Option<WorkflowRef>,
    /// That run.
    pub run: Option<String>,
    /// Name of who tried an action.
    pub person: Option<String>,
}

/// How the access tokens of a connection stand (OAuth 2.0). The tokens are never told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectionTokens {
    /// Who agrees that there are any.
    pub grant: TokenGrant,
    /// How they stand.
    pub state: TokenState,
    /// Why they are not used, for people; empty when they are.
    pub reason: String,
    /// When the access token ends; it is renewed before, where it can be. Absent when its server does not say.
    pub expires_at: Option<i64>,
    /// When somebody agreed.
    pub connected_at: Option<i64>,
    /// Name of who agreed.
    pub connected_by: Option<String>,
    /// What was agreed to, in the server's words.
    pub scope: String,
}

/// Who agrees that there are tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenGrant {
    /// A person, on a page of the service.
    AuthorizationCode,
    /// Nobody has to.
    ClientCredentials,
}

/// How access tokens stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    /// Nobody has agreed, or nothing was asked for yet.
    NotConnected,
    /// There are some.
    Connected,
    /// A person has to agree anew.
    Reconnect,
    /// The client is refused, or cannot be made: somebody has to correct the connection.
    Refused,
}

/// Where a person agrees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Connecting {
    /// The address of the service's page, to be opened by this person, in this session, within a quarter of an hour.
    pub address: String,
}

/// What a person came back with from the service's page.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FinishConnectingRequest {
    /// The state they left with.
    pub state: String,
    /// The code, when they agreed.
    #[serde(default)]
    pub code: Option<String>,
    /// The code of the error, when they did not.
    #[serde(default)]
    pub error: Option<String>,
    /// More about the error.
    #[serde(default)]
    pub error_description: Option<String>,
}

/// A connection that was disconnected.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Disconnected {
    /// The connection.
    pub connection: Connection,
    /// Whether the service took the tokens back.
    pub revoked: bool,
    /// Why it did not; empty when it did.
    pub message: String,
}

/// What a service last said of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountHealth {
    /// How it stands.
    pub state: AccountState,
    /// Why it is not sound, for people; empty when it is.
    #[serde(default)]
    pub message: String,
    /// When it said so, milliseconds since the epoch; 0 when never.
    #[serde(default)]
    pub at: i64,
}

/// A workflow that calls through a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectionUse {
    /// The workflow.
    pub workflow: String,
    /// Its name.
    pub name: String,
    /// Whether a version that new runs start with does.
    pub active: bool,
    /// Whether its draft does.
    pub draft: bool,
    /// Whether a version does that has runs which are not over.
    pub runs: bool,
}

/// Adds a connection.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateConnectionRequest {
    /// The connector.
    pub connector: String,
    /// Name, 1 to 200 characters.
    pub name: String,
    /// Fits the connector's settings schema.
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// Fits the connector's secrets schema.
    #[serde(default)]
    pub secrets: Map<String, Value>,
}

/// Changes what is given, of a connection or an account on a channel. A secret that is given replaces the one of its name, null removes it, the others stay.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateAccountRequest {
    /// Name, 1 to 200 characters.
    pub name: Option<String>,
    /// All settings.
    pub settings: Option<Map<String, Value>>,
    /// Secrets to change.
    pub secrets: Option<Map<String, Value>>,
}

/// A kind of channel and what an account on it needs.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChannelKind {
    /// Name.
    pub channel: String,
    /// Human title.
    pub title: String,
    /// JSON Schema of an account's settings.
    pub settings_schema: Value,
    /// JSON Schema of an account's secrets.
    pub secrets_schema: Value,
}

/// An account on a channel. Secrets are never told, only which are set.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChannelAccount {
    /// Id.
    pub id: String,
    /// whatsapp, telegram, sms, email.
    pub channel: String,
    /// Name, unique per channel.
    pub name: String,
    /// What is not secret.
    pub settings: Map<String, Value>,
    /// Names of the secrets that are set.
    pub secret_names: Vec<String>,
    /// Where its provider is to post what customers write.
    pub address: String,
    /// Whether it works.
    pub health: ChannelHealth,
    /// Creation.
    pub created_at: i64,
    /// Last change.
    pub updated_at: i64,
}

/// Whether an account on a channel works: by a test, by the messages sent and by what its provider posts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ChannelHealth {
    /// Whether its provider takes what is sent.
    pub state: AccountState,
    /// Whom the provider takes it for, such as `@shop_bot`; empty while nobody asked.
    pub known_as: String,
    /// When the provider last took something; null when never.
    pub succeeded_at: Option<i64>,
    /// What it last said against it, also when it is over; null when nothing.
    pub error: Option<ChannelError>,
    /// When the provider last posted something that proved itself; null when never.
    pub heard_at: Option<i64>,
    /// What it says against the address that it posts to, where it tells; null when nothing.
    pub incoming_error: Option<ChannelError>,
    /// When it was last tested; null when never.
    pub tested_at: Option<i64>,
}

/// What a provider said against an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChannelError {
    /// When.
    pub at: i64,
    /// Whether it may be over by itself: `retryable`, `unknown`, or `fatal`.
    pub class: String,
    /// Stable short name, such as `token_expired`.
    pub code: String,
    /// The provider's words, without secrets.
    pub message: String,
}

/// Adds an account on a channel.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateChannelRequest {
    /// whatsapp, telegram, sms, email.
    pub channel: String,
    /// Name, 1 to 200 characters.
    pub name: String,
    /// What is not secret.
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// What is.
    #[serde(default)]
    pub secrets: Map<String, Value>,
}
