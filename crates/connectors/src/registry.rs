//! All connectors, compiled once.

use crate::{
    compile::compile_connector,
    connection::Connection,
    input_rule::InputRule,
    limits,
    manifest::{Answer, Auth, Encoding, IdempotencyManifest, Manifest, ManifestError, Style, Styles},
    oauth2_rule::Oauth2Rule,
    pagination::Paging,
    template::{Pointer, Rule, Template, Text},
};
use countersign_core::catalogue::{ActionSpec, Catalogue};
use indexmap::IndexMap;
use jsonschema::Validator;
use reqwest::{
    Method, StatusCode,
    header::{HeaderName, HeaderValue},
};
use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

/// The manifests that come with the executable.
const BUILT_IN: [(&str, &str); 10] = [
    ("github", include_str!("../../../connectors/github.yaml")),
    ("google_sheets", include_str!("../../../connectors/google_sheets.yaml")),
    ("http", include_str!("../../../connectors/http.yaml")),
    ("hubspot", include_str!("../../../connectors/hubspot.yaml")),
    ("identity", include_str!("../../../connectors/identity.yaml")),
    ("shopify", include_str!("../../../connectors/shopify.yaml")),
    ("slack", include_str!("../../../connectors/slack.yaml")),
    ("stripe", include_str!("../../../connectors/stripe.yaml")),
    ("twilio", include_str!("../../../connectors/twilio.yaml")),
    ("zendesk", include_str!("../../../connectors/zendesk.yaml")),
];

/// All connectors. Immutable, cheap to clone and to put together from compiled ones.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    connectors: Vec<Compiled>,
    catalogue: Arc<Catalogue>,
}

/// A connector, compiled; cheap to clone.
#[derive(Clone)]
pub struct Compiled(Arc<Connector>);

/// What is known of a connector.
pub(crate) struct Connector {
    pub(crate) manifest: Manifest,
    pub(crate) base_url: Text,
    pub(crate) headers: Vec<(HeaderName, Text)>,
    pub(crate) oauth2: Option<Oauth2Rule>,
    pub(crate) settings: Validator,
    pub(crate) secrets: Validator,
    /// By the part of their name after the connector's.
    pub(crate) actions: HashMap<String, Action>,
    pub(crate) specs: Vec<Arc<ActionSpec>>,
    pub(crate) hash: OnceLock<String>,
}

/// Whether the inputs of a manifest are known to be schemas that can be used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inputs {
    Checked,
    Unchecked,
}

/// An action, compiled.
pub(crate) struct Action {
    pub(crate) spec: Arc<ActionSpec>,
    pub(crate) method: MethodRule,
    pub(crate) target: Target,
    pub(crate) query: Option<Template>,
    pub(crate) headers: Option<Template>,
    pub(crate) cookies: Option<Template>,
    pub(crate) styles: Styles,
    /// Setting with the base URL, and the address it has by default.
    pub(crate) server: Option<(String, String)>,
    pub(crate) auth: Option<Auth>,
    pub(crate) body: Option<BodyRule>,
    pub(crate) key_header: Option<HeaderName>,
    pub(crate) done: DoneCodes,
    pub(crate) input: InputRule,
    pub(crate) errors: Errors,
    pub(crate) look_up: Option<LookUpRule>,
    pub(crate) paging: Option<Paging>,
    pub(crate) answer: Answer,
    pub(crate) result: Option<ResultRule>,
}

pub(crate) enum MethodRule {
    Fixed(Method),
    From(Pointer),
}

pub(crate) enum Target {
    Path(Text),
    Url(Pointer),
}

pub(crate) struct BodyRule {
    pub(crate) encoding: Encoding,
    pub(crate) value: Template,
    /// The GraphQL document.
    pub(crate) query: Value,
    /// Media type instead of the encoding's own.
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) styles: IndexMap<String, Style>,
}

pub(crate) struct Errors {
    pub(crate) code: Vec<Pointer>,
    pub(crate) message: Vec<Pointer>,
    pub(crate) failed_when: Vec<Rule>,
    pub(crate) retryable_codes: Vec<String>,
    pub(crate) unknown_codes: Vec<String>,
    pub(crate) retryable_statuses: Vec<StatusCode>,
    pub(crate) retry_header: Option<HeaderName>,
    pub(crate) budget: Option<Budget>,
}

pub(crate) struct Budget {
    pub(crate) cost: Pointer,
    pub(crate) left: Pointer,
    pub(crate) per_second: Pointer,
}

/// Codes of refusals that say that the call has taken place.
#[derive(Default)]
pub(crate) struct DoneCodes {
    always: Vec<String>,
    /// Of a repetition.
    repeated: Vec<String>,
}

impl DoneCodes {
    pub(crate) fn of(idempotency: &IdempotencyManifest) -> Self {
        match idempotency {
            IdempotencyManifest::Natural { done_codes, repeated_codes } => {
                Self { always: done_codes.clone(), repeated: repeated_codes.clone() }
            }
            IdempotencyManifest::Header { .. } | IdempotencyManifest::Key { .. } | IdempotencyManifest::None => {
                Self::default()
            }
        }
    }

    pub(crate) fn hold(&self, code: &str, repeated: bool) -> bool {
        self.always.iter().chain(self.repeated.iter().filter(|_| repeated)).any(|known| known == code)
    }
}

pub(crate) struct LookUpRule {
    pub(crate) action: String,
    pub(crate) input: Template,
    pub(crate) any: Option<Pointer>,
    pub(crate) answered_when: Vec<Rule>,
    pub(crate) all: Vec<Rule>,
    pub(crate) result: Option<Template>,
}

pub(crate) struct ResultRule {
    pub(crate) template: Template,
    /// Member that gets the whole body, moved.
    pub(crate) body_member: Option<String>,
}

impl Compiled {
    /// Compiles a manifest.
    ///
    /// # Errors
    /// When a part of it makes no sense.
    pub fn new(manifest: Manifest) -> Result<Self, ManifestError> {
        compile_connector(manifest, Inputs::Unchecked).map(Arc::new).map(Self)
    }

    /// As [`Compiled::new`], of a manifest of which each input was compiled before: one that was kept, or just made by an
    /// import.
    ///
    /// # Errors
    /// When a part of it makes no sense.
    pub fn checked(manifest: Manifest) -> Result<Self, ManifestError> {
        compile_connector(manifest, Inputs::Checked).map(Arc::new).map(Self)
    }

    /// [`Manifest::hash`], made once.
    #[must_use]
    pub fn hash(&self) -> &str {
        self.0.hash.get_or_init(|| self.0.manifest.hash())
    }

    /// The connector's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.manifest.name
    }

    /// Whether it is the very same, not only an equal one.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// What it was compiled from.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }
}

impl Registry {
    /// The connectors that come with the executable.
    pub fn built_in() -> Result<Self, ManifestError> {
        Self::with_manifests([])
    }

    /// The built-in connectors and these; one of the same name takes the built-in's place.
    pub fn with_manifests(manifests: impl IntoIterator<Item = Manifest>) -> Result<Self, ManifestError> {
        let built_in = BUILT_IN.iter().map(|(name, text)| Manifest::parse(name, text));
        let all: Vec<Manifest> = built_in.collect::<Result<_, _>>()?;
        Self::only(all.into_iter().chain(manifests))
    }

    /// These connectors and no others.
    pub fn only(manifests: impl IntoIterator<Item = Manifest>) -> Result<Self, ManifestError> {
        manifests.into_iter().map(Compiled::new).collect::<Result<Vec<_>, _>>().map(Self::of)
    }

    /// These connectors and no others; a later one of the same name takes an earlier one's place.
    #[must_use]
    pub fn of(connectors: impl IntoIterator<Item = Compiled>) -> Self {
        let mut all: Vec<Compiled> = Vec::new();
        for connector in connectors {
            all.retain(|known| known.name() != connector.name());
            all.push(connector);
        }
        let specs = all.iter().flat_map(|connector| connector.0.specs.iter().cloned());
        let catalogue = Arc::new(Catalogue::of(specs));
        Self(Arc::new(Inner { connectors: all, catalogue }))
    }

    /// All of them, compiled, in order.
    pub fn compiled(&self) -> impl Iterator<Item = &Compiled> {
        self.0.connectors.iter()
    }

    /// Every action, as the checks and the run machine see it.
    #[must_use]
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.0.catalogue)
    }

    /// All connectors: the built-in ones in order of name, then added ones in order of adding.
    pub fn connectors(&self) -> impl Iterator<Item = &Manifest> {
        self.compiled().map(Compiled::manifest)
    }

    /// The connector of that name.
    #[must_use]
    pub fn connector(&self, name: &str) -> Option<&Manifest> {
        self.find(name).map(|connector| &connector.manifest)
    }

    /// What is wrong with a connection, for the form it was entered in: `(pointer, message)` with pointers such as
    /// `/settings/shop`. Messages never hold a secret. Empty means it fits the manifest.
    #[must_use]
    pub fn check_connection(&self, connection: &Connection) -> Vec<(String, String)> {
        let Some(connector) = self.find(&connection.connector) else {
            return vec![("/connector".to_owned(), format!("there is no connector `{}`", connection.connector))];
        };
        let settings = Value::Object(limits::without(&connection.settings));
        let mut problems: Vec<(String, String)> = connector
            .settings
            .iter_errors(&settings)
            .map(|error| (format!("/settings{}", error.instance_path()), error.to_string()))
            .collect();
        let beyond = limits::problems(&connection.settings).into_iter();
        problems.extend(beyond.map(|(pointer, message)| (format!("/settings{pointer}"), message)));
        let secrets = Value::Object(
            connection
                .secrets
                .names()
                .filter_map(|name| Some((name.to_owned(), Value::from(connection.secrets.get(name)?))))
                .collect(),
        );
        problems.extend(
            connector.secrets.iter_errors(&secrets).map(|error| {
                (format!("/secrets{}", error.instance_path()), error.masked_with("the value").to_string())
            }),
        );
        problems
    }

    /// The action of that full name, and the connector it is of.
    pub(crate) fn action(&self, name: &str) -> Option<(&Connector, &Action)> {
        let (connector, action) = name.split_once('.')?;
        let connector = self.find(connector)?;
        connector.actions.get(action).map(|action| (connector, action))
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Connector> {
        self.compiled().find(|connector| connector.name() == name).map(|connector| &*connector.0)
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.connectors().map(|manifest| &manifest.name)).finish()
    }
}
