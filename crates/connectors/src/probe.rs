//! Whether an account's credentials hold: the read that the connector's manifest names for it.

use crate::{
    call::{Call, CallError, CallOutcome, Exchange},
    connection::Connection,
    invoke::Invoker,
    manifest::{ActionManifest, Auth, Manifest, ProbeManifest},
};
use countersign_core::catalogue::{AccountState, Risk};
use serde_json::{Value, json};
use std::time::Duration;

/// The status of an answer that means that credentials were not taken.
const UNAUTHORISED: u16 = 401;

/// What was found out about an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// How it stands.
    pub state: AccountState,
    /// Why it is not sound, for people; empty when it is. Holds no secret.
    pub message: String,
}

impl Invoker {
    /// Asks the service, once, whether it takes these credentials; nothing when the connector names no way to ask.
    pub async fn probe(&self, connection: &Connection, timeout: Duration) -> Option<Probed> {
        let probe = self.registry().connector(&connection.connector)?.probe.as_ref()?;
        let (action, input) = (probe.action.as_str(), &probe.input);
        let call = Call { action, input, key: "", timeout, connection: Some(connection), repeated: false };
        Some(match self.invoke(call).await {
            CallOutcome::Succeeded { .. } => Probed { state: AccountState::Sound, message: String::new() },
            CallOutcome::Failed { error, exchange } => {
                Probed { state: state(Some(probe), &error, exchange.as_ref()), message: error.message }
            }
        })
    }

    /// Whether a call failed because the service did not take the credentials it was made with.
    #[must_use]
    pub fn was_refused(&self, connector: &str, error: &CallError, exchange: Option<&Exchange>) -> bool {
        let probe = self.registry().connector(connector).and_then(|manifest| manifest.probe.as_ref());
        state(probe, error, exchange) == AccountState::Refused
    }
}

/// Words in the names of actions that tell whose credentials were sent: they are asked first.
const TELLING: [&str; 7] = ["whoami", "me", "self", "account", "profile", "user", "ping"];

impl Manifest {
    /// The read most likely to show whether credentials hold: a GET that needs no input, one that tells whose they are
    /// before all others. Nothing where calls carry no credentials.
    pub(crate) fn probe_by_guess(&self) -> Option<ProbeManifest> {
        let needs_nothing = |action: &ActionManifest| {
            let required = action.input.get("required").and_then(Value::as_array);
            action.method == "GET" && action.risk == Risk::Read && required.is_none_or(Vec::is_empty)
        };
        let guarded = |action: &ActionManifest| *action.auth.as_ref().unwrap_or(&self.auth) != Auth::None;
        let fit = self.actions.iter().filter(|(_, action)| needs_nothing(action) && guarded(action));
        let rank = |name: &str| {
            let telling = |known: &&str| name.split(['.', '_']).any(|word| word == *known);
            TELLING.iter().position(telling).unwrap_or(TELLING.len())
        };
        let (name, _) = fit.min_by_key(|(name, _)| rank(name))?;
        let action = format!("{}.{name}", self.name);
        Some(ProbeManifest { action, input: json!({}), refused_codes: Vec::new() })
    }
}

fn state(probe: Option<&ProbeManifest>, error: &CallError, exchange: Option<&Exchange>) -> AccountState {
    let by_code = probe.is_some_and(|probe| probe.refused_codes.contains(&error.code));
    match exchange.and_then(|exchange| exchange.status) {
        Some(_) if by_code => AccountState::Refused,
        Some(UNAUTHORISED) => AccountState::Refused,
        Some(_) => AccountState::Failing,
        None => AccountState::Unreachable,
    }
}
