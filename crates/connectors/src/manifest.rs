//! What a connector's manifest may say. The format is YAML or JSON; `registry` compiles it.
//!
//! Values inside a manifest are templates: a string that is exactly `$input.a.b` stands for that value with its JSON
//! type (and is left out where the value is absent), a string with `{input.a.b}` is text with the value in it, anything
//! else is itself. Roots: `input`, `settings`, `key`, and where an answer is there `response.status`,
//! `response.headers`, `response.body`, `output`, `item`. An object with the one member `$first` stands for the first
//! of its templates that is there; one with `$each` and `as` maps a list; one with `$escape` (`slack` or `html`) and `value`
//! is a text that reads as it is and means nothing in that markup, unless the flag that `unless` points to is set. A text
//! none of whose values is there is left out.

use crate::{oauth2::Oauth2, pagination::PaginationManifest, schema::Fault, signing::Signing};
use countersign_core::catalogue::{Idempotency, Risk, RiskBy};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Why a manifest was refused.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is not YAML or JSON of this format.
    #[error("connector manifest {name} cannot be read: {message}")]
    Unreadable {
        /// File or connector.
        name: String,
        /// What the parser said.
        message: String,
    },
    /// It says what no manifest says, or lacks what each has.
    #[error("connector manifest {name}: {}", told(.faults))]
    Unfit {
        /// File or connector.
        name: String,
        /// What, each at its place.
        faults: Vec<Fault>,
    },
    /// An OpenAPI document of which no connector can be made.
    #[error("the document lacks {0}")]
    Lacking(String),
    /// A part of it makes no sense.
    #[error("connector manifest {connector}: {at}: {message}")]
    Invalid {
        /// The connector.
        connector: String,
        /// Where in the manifest.
        at: String,
        /// What is wrong and what would be right.
        message: String,
    },
}

fn told(faults: &[Fault]) -> String {
    let lines = faults.iter().map(|fault| format!("{}: {}", fault.pointer, fault.message));
    lines.collect::<Vec<_>>().join("; ")
}

/// A connector: one service, how to reach it, and what it can do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Lower-case name, the part of an action's name before the first dot.
    pub name: String,
    /// Human title.
    pub title: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Where the service is; a text template over the settings. A connection's setting `base_url` wins over it.
    #[serde(default)]
    pub base_url: String,
    /// How calls are authenticated.
    #[serde(default)]
    pub auth: Auth,
    /// Headers of every call; text templates.
    #[serde(default)]
    pub headers: IndexMap<String, String>,
    /// JSON Schema of a connection's settings: an object with properties. Forms are made from it.
    #[serde(default = "empty_object_schema")]
    pub settings: Value,
    /// JSON Schema of a connection's secrets: an object with string properties. Forms are made from it.
    #[serde(default = "empty_object_schema")]
    pub secrets: Value,
    /// How this service reports errors; an action may have its own.
    #[serde(default)]
    pub errors: ErrorRules,
    /// How to find out whether an account's credentials hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<ProbeManifest>,
    /// The actions by the part of their name after the connector's.
    pub actions: IndexMap<String, ActionManifest>,
}

fn empty_object_schema() -> Value {
    json!({ "type": "object", "properties": {} })
}

fn any_value() -> Value {
    json!({})
}

impl Manifest {
    /// Reads a manifest from YAML or JSON; `name` is for the error message.
    pub fn parse(name: &str, text: &str) -> Result<Self, ManifestError> {
        serde_norway::from_str(countersign_core::text::without_mark(text))
            .map_err(|error| ManifestError::Unreadable { name: name.to_owned(), message: error.to_string() })
    }

    /// Whether nothing of it can be called without an account: credentials are demanded, or the address is made of
    /// settings that have no default.
    #[must_use]
    pub fn needs_account(&self) -> bool {
        let properties = self.settings.get("properties");
        let mut placeholders = self.base_url.split("{settings.").skip(1).filter_map(|rest| rest.split('}').next());
        let lacks = |name: &str| properties.and_then(|all| all.get(name)?.get("default")).is_none();
        self.auth.is_required() || placeholders.any(lacks)
    }

    /// Names of the actions whose list comes page by page.
    pub fn paged(&self) -> impl Iterator<Item = &str> {
        self.actions.iter().filter(|(_, action)| action.pagination.is_some()).map(|(name, _)| name.as_str())
    }

    /// SHA-256 hex of what it says.
    #[must_use]
    pub fn hash(&self) -> String {
        let text = serde_json::to_string(self).unwrap_or_default();
        Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// How calls are authenticated. Names point into the connection's secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Auth {
    /// Not at all.
    #[default]
    None,
    /// `Authorization: Bearer <secret>`.
    Bearer {
        /// Name of the secret.
        secret: String,
        /// Whether a call without it is refused here.
        #[serde(default = "yes")]
        required: bool,
    },
    /// `Authorization: Basic <user:password>`.
    Basic {
        /// Name of the setting or secret with the user name.
        username: String,
        /// Name of the secret with the password.
        password: String,
        /// Whether a call without it is refused here.
        #[serde(default = "yes")]
        required: bool,
    },
    /// `<name>: <secret>`.
    Header {
        /// The header.
        name: String,
        /// Name of the secret.
        secret: String,
        /// Whether a call without it is refused here.
        #[serde(default = "yes")]
        required: bool,
    },
    /// `?<name>=<secret>`.
    Query {
        /// The query parameter.
        name: String,
        /// Name of the secret.
        secret: String,
        /// Whether a call without it is refused here.
        #[serde(default = "yes")]
        required: bool,
    },
    /// `Cookie: <name>=<secret>`.
    Cookie {
        /// The cookie.
        name: String,
        /// Name of the secret.
        secret: String,
        /// Whether a call without it is refused here.
        #[serde(default = "yes")]
        required: bool,
    },
    /// `Authorization: Bearer <access token>` by OAuth 2.0.
    Oauth2(Box<Oauth2>),
    /// A signature of the request in a header (HMAC).
    Hmac(Box<Signing>),
    /// Several together.
    All {
        /// Which.
        of: Vec<Auth>,
    },
    /// The first whose secrets the connection has.
    Any {
        /// In order of preference.
        of: Vec<Auth>,
    },
}

impl Auth {
    fn is_required(&self) -> bool {
        match self {
            Self::None => false,
            Self::Bearer { required, .. }
            | Self::Basic { required, .. }
            | Self::Header { required, .. }
            | Self::Query { required, .. }
            | Self::Cookie { required, .. } => *required,
            Self::Oauth2(oauth2) => oauth2.required,
            Self::Hmac(signing) => signing.required,
            Self::All { of } => of.iter().any(Self::is_required),
            Self::Any { of } => !of.is_empty() && of.iter().all(Self::is_required),
        }
    }

    /// Every OAuth 2.0 client in it.
    pub(crate) fn oauth2(&self) -> Vec<&Oauth2> {
        match self {
            Self::Oauth2(oauth2) => vec![oauth2.as_ref()],
            Self::All { of } | Self::Any { of } => of.iter().flat_map(Self::oauth2).collect(),
            Self::None
            | Self::Bearer { .. }
            | Self::Basic { .. }
            | Self::Header { .. }
            | Self::Query { .. }
            | Self::Cookie { .. }
            | Self::Hmac(_) => Vec::new(),
        }
    }
}

fn yes() -> bool {
    true
}

/// A read whose answer shows whether an account's credentials hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProbeManifest {
    /// Full name of a read action of the same connector.
    pub action: String,
    /// Its input, literal.
    #[serde(default = "empty_input")]
    pub input: Value,
    /// Codes of errors that mean that the credentials were refused, besides the status 401.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused_codes: Vec<String>,
}

fn empty_input() -> Value {
    json!({})
}

/// One action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionManifest {
    /// Human title.
    pub title: String,
    /// One or two sentences.
    #[serde(default)]
    pub description: String,
    /// HTTP method, or a `$input.…` pointer to it.
    pub method: String,
    /// Path below the base URL; `{input.…}` placeholders are percent-encoded and must be there. Or `url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `$input.…` pointer to a whole URL, or to one relative to the connection's base URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Name of the connection's setting with the base URL, for an action of another host; `base_url` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Authentication instead of the connector's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// Query: a template of an object. Lists repeat the name.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub query: Value,
    /// Headers: a template of an object of strings.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub headers: Value,
    /// Cookies: a template of an object of strings.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub cookies: Value,
    /// How lists and objects are written where the usual way is not right.
    #[serde(default, skip_serializing_if = "Styles::is_empty")]
    pub styles: Styles,
    /// The body, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyManifest>,
    /// JSON Schema of the input; defaults of its properties stand in for absent values.
    #[serde(default = "any_value")]
    pub input: Value,
    /// JSON Schema of the output.
    #[serde(default = "any_value")]
    pub output: Value,
    /// How much harm it can do.
    pub risk: Risk,
    /// Where that depends on what is sent: by the text of one member of the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk_by: Option<RiskBy>,
    /// How repeats are recognised.
    pub idempotency: IdempotencyManifest,
    /// How to find out whether a call with an unknown outcome took place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_up: Option<LookUpManifest>,
    /// How its list comes page by page. Its input then takes `all_pages`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagination: Option<PaginationManifest>,
    /// Error rules instead of the connector's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<ErrorRules>,
    /// What an answer may be.
    #[serde(default)]
    pub answer: Answer,
    /// Template of the output over the response; the whole body when absent.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub result: Value,
}

/// How lists and objects are written, by name. Usual is: a query repeats the name for a list and has brackets for an
/// object; a path and a header have commas.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Styles {
    /// Query parameters.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub query: IndexMap<String, Style>,
    /// Members of the input that stand in the path.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub path: IndexMap<String, Style>,
    /// Headers.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub headers: IndexMap<String, Style>,
    /// Query parameters whose reserved characters (`:/?@!$'()*,;`) are sent as they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reserved: Vec<String>,
}

impl Styles {
    /// Whether everything is written the usual way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.query.is_empty() && self.path.is_empty() && self.headers.is_empty() && self.reserved.is_empty()
    }
}

/// One way to write a list or an object (OpenAPI's `style` and `explode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// `a=x,y`; an object as `a=role,admin,name,x`.
    Comma,
    /// `a=x%20y`.
    Space,
    /// `a=x|y`.
    Pipe,
    /// `a[role]=admin&a[name]=x`, lists with their numbers.
    Brackets,
    /// An object's members as parameters of their own: `role=admin&name=x`.
    Spread,
    /// `role=admin,name=x`.
    Pairs,
    /// JSON text.
    Json,
    /// `.x,y`.
    Label,
    /// `.x.y`.
    LabelApart,
    /// `;a=x,y`.
    Matrix,
    /// `;a=x;a=y`.
    MatrixApart,
}

/// What a successful answer may be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// JSON, or nothing where the whole body is the output. Anything else did not come from this service.
    #[default]
    Json,
    /// Anything; what is not JSON becomes a string.
    Any,
}

/// The body of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BodyManifest {
    /// How it is written.
    pub encoding: Encoding,
    /// Template of the body (of the variables for GraphQL); `$input` when absent.
    #[serde(default = "whole_input")]
    pub value: Value,
    /// The GraphQL document, literal.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub query: String,
    /// Media type instead of the encoding's own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub content_type: String,
    /// How fields of `fields` are written that are lists or objects; usual is a repeated name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub styles: IndexMap<String, Style>,
}

fn whole_input() -> Value {
    Value::from("$input")
}

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// JSON.
    Json,
    /// `application/x-www-form-urlencoded` with brackets for nested values, lists indexed.
    Form,
    /// `{query, variables}` as JSON.
    Graphql,
    /// A string as it is; else a form when the `content-type` header says so, else JSON.
    Auto,
    /// `application/x-www-form-urlencoded`, each field written by its style.
    Fields,
    /// `multipart/form-data`; a file is `{base64, filename, content_type}`.
    Multipart,
    /// A string as it is.
    Text,
    /// A string as it is, or a file's bytes as `{base64}`.
    Bytes,
}

/// How a repeat of the same call is recognised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum IdempotencyManifest {
    /// A header carries the key; it is added to the request.
    Header {
        /// The header.
        name: String,
    },
    /// The key is sent somewhere else: the request has a `$key` or `{key}` placeholder.
    Key {
        /// What the service calls the place, for people; `@idempotent` for Shopify's GraphQL directive.
        place: String,
    },
    /// Repeating the call has the same effect as making it once.
    Natural {
        /// Codes (the service's own, or such as `http_404`) of a refusal that says that it is so already: the call counts
        /// as done.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        done_codes: Vec<String>,
        /// Codes that say so of a repetition whose first call may have taken place, and of no other.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        repeated_codes: Vec<String>,
    },
    /// A repeat would happen twice.
    None,
}

impl IdempotencyManifest {
    /// As the catalogue says it. A key sent outside the headers appears as a header of that place's name: to the run
    /// machine only matters that the other side knows the key again.
    #[must_use]
    pub fn to_catalogue(&self) -> Idempotency {
        match self {
            Self::Header { name } | Self::Key { place: name } => Idempotency::Header { name: name.clone() },
            Self::Natural { .. } => Idempotency::Natural,
            Self::None => Idempotency::None,
        }
    }
}

/// How to find out whether a call took place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LookUpManifest {
    /// Full name of a read action of the same connector.
    pub action: String,
    /// Template of its input, over the original `input` and `key`.
    pub input: Value,
    /// What its output shows when the call took place.
    pub happened_when: HappenedRule,
    /// Template of what then counts as the original's output, over `output` and `item`; the whole output when absent.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub result: Value,
}

/// When a look-up's output shows that the call took place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HappenedRule {
    /// Pointer to a list in the output; then the rules are tried with each element as `item`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub any: Option<String>,
    /// Unless all of these hold, the look-up says nothing either way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answered_when: Vec<ValueRule>,
    /// The call took place when all of these hold.
    pub all: Vec<ValueRule>,
}

/// A condition on one value. Without `equals` and `not_empty` it holds when the value is there and not null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ValueRule {
    /// Pointer to the value.
    pub at: String,
    /// It equals this; a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<Value>,
    /// It is a string, list or object with something in it.
    #[serde(default)]
    pub not_empty: bool,
}

/// How a service reports errors.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ErrorRules {
    /// Pointers to the error's code in the response; the first that is there counts.
    pub code: Vec<String>,
    /// Pointers to its message.
    pub message: Vec<String>,
    /// A 2xx answer for which one of these holds is a failure.
    pub failed_when: Vec<ValueRule>,
    /// Codes after which trying again is safe: the call did not take place.
    pub retryable_codes: Vec<String>,
    /// Codes after which the call may have taken place.
    pub unknown_codes: Vec<String>,
    /// Statuses after which trying again is safe, besides 408, 425, 429, and 403 and 503 with `Retry-After`.
    pub retryable_statuses: Vec<u16>,
    /// Response header with `true` or `false`: whether the service wants the call again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_header: Option<String>,
    /// What a service that counts in points says of them: a call that may be tried again waits until it can be paid for,
    /// where the answer has no `Retry-After`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<BudgetRule>,
}

/// A budget of points that refills. Pointers into the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetRule {
    /// What the call costs.
    pub cost: String,
    /// What there is.
    pub left: String,
    /// What comes back in a second.
    pub per_second: String,
}
