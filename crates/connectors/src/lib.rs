//! Connectors: manifests that describe the actions of a service, and the invoker that makes the calls.
//!
//! A manifest is data (YAML in `/connectors`, or imported from OpenAPI). [`Registry`] compiles manifests once,
//! [`Invoker`] renders and sends requests, classifies what went wrong and keeps secrets out of everything it returns.

// An error is made once per failed call, and boxing its parts would only make it harder to use.
#![allow(clippy::result_large_err)]

mod authorization;
mod call;
mod changes;
mod classify;
mod compile;
mod connection;
mod form;
mod import;
mod input_rule;
mod invoke;
mod limits;
mod link;
mod manifest;
mod markup;
mod multipart;
mod oauth2;
mod oauth2_rule;
mod pages;
mod pagination;
mod probe;
mod redact;
mod registry;
mod request;
mod schema;
mod signing;
mod style;
mod template;

pub use authorization::{Client, TokenError, TokenFailure, Tokens, pkce_challenge};
pub use call::{Call, CallError, CallOutcome, Exchange, LookUp, RenderedRequest};
pub use changes::{ActionChange, Changes};
pub use connection::{Connection, Secrets};
pub use import::{Imported, LeftOut, MadeFrom};
pub use invoke::Invoker;
pub use limits::{Limits, limits_schema};
pub use manifest::{
    ActionManifest, Answer, Auth, BodyManifest, BudgetRule, Encoding, ErrorRules, HappenedRule, IdempotencyManifest,
    LookUpManifest, Manifest, ManifestError, ProbeManifest, Style, Styles, ValueRule,
};
pub use oauth2::{ClientAuth, Grant, Oauth2};
pub use pages::Pace;
pub use pagination::{NextPage, PageSize, PaginationManifest};
pub use probe::Probed;
pub use registry::{Compiled, Registry};
pub use schema::{Fault, manifest_schema};
pub use signing::{SignatureEncoding, Signing, SigningAlgorithm};
