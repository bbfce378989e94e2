//! Settings in the clear and secrets in the vault: what connections and accounts on channels hold. Secrets never come out
//! of here again.

use crate::{
    app::App,
    auth::Caller,
    http::problem::{ApiError, ApiResult},
    rows::json_object,
};
use countersign_api::UpdateAccountRequest;
use countersign_store::NewAudit;
use serde_json::{Map, Value, json};

/// Where secrets are kept; they cannot be moved from it.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The workspace.
    pub(crate) workspace: &'a str,
    /// `connection` or `channel`.
    pub(crate) kind: &'static str,
    /// Id of the row.
    pub(crate) id: &'a str,
}

impl Place<'_> {
    /// The place as the vault knows it.
    pub(crate) fn context(self) -> String {
        format!("{}/{}/{}", self.workspace, self.kind, self.id)
    }

    /// Opens what is sealed; nothing sealed is no secrets.
    fn open(self, app: &App, sealed: &str) -> ApiResult<Map<String, Value>> {
        if sealed.is_empty() {
            return Ok(Map::new());
        }
        app.engine.vault().open(&self.context(), sealed).map_err(ApiError::internal)
    }

    /// Names of the secrets that are set. What cannot be opened (another key) shows as none.
    pub(crate) fn secret_names(self, app: &App, sealed: &str) -> Vec<String> {
        self.open(app, sealed).map(|secrets| secrets.keys().cloned().collect()).unwrap_or_default()
    }

    /// The entry of an act on what is here: what it belongs to (`connector` or `channel`), its name, what was in it and is.
    pub(crate) fn audit(self, app: &App, caller: &Caller, act: &str, of: Named<'_>, held: &Held) -> NewAudit {
        let (belongs, to) = of.belongs_to;
        let (called, name) = of.name;
        let after = if held.gone { json!({}) } else { json!({ "name": name, "settings": held.settings }) };
        let (action, subject) = (format!("{}.{act}", self.kind), format!("{}:{}", self.kind, self.id));
        let detail = json!({ belongs: to, called: name, "secrets": held.given });
        caller.changed(app.now(), (&action, subject), (&held.was, &after), detail)
    }
}

/// How an entry names what was acted on: pairs of a word and its value.
pub(crate) struct Named<'a> {
    /// The connector or channel.
    pub(crate) belongs_to: (&'static str, &'a str),
    /// Its own name.
    pub(crate) name: (&'static str, &'a str),
}

/// What is in it while a request is answered.
#[derive(Default)]
pub(crate) struct Held {
    /// What is not secret.
    pub(crate) settings: Map<String, Value>,
    /// What is.
    pub(crate) secrets: Map<String, Value>,
    /// Names of the secrets that the request gave or removed.
    given: Vec<String>,
    /// Name and settings before; null when there were none.
    was: Value,
    /// Nothing is in it any more.
    gone: bool,
}

impl Held {
    /// What a request puts in for the first time.
    pub(crate) fn new(settings: Map<String, Value>, secrets: Map<String, Value>) -> ApiResult<Self> {
        let mut held = Self { settings, ..Self::default() };
        held.change(secrets)?;
        Ok(held)
    }

    /// What a row that is removed held; its secrets stay closed.
    pub(crate) fn removed((name, settings): (&str, &str)) -> Self {
        let settings = json_object(settings);
        let was = json!({ "name": name, "settings": settings });
        Self { settings, was, gone: true, ..Self::default() }
    }

    /// What a row holds after a request's changes.
    pub(crate) fn changed(
        app: &App,
        place: Place<'_>,
        (name, settings, sealed): (&str, &str, &str),
        request: UpdateAccountRequest,
    ) -> ApiResult<Self> {
        let before = json_object(settings);
        let was = json!({ "name": name, "settings": before });
        let settings = request.settings.unwrap_or(before);
        let mut held = Self { settings, secrets: place.open(app, sealed)?, was, ..Self::default() };
        held.change(request.secrets.unwrap_or_default())?;
        Ok(held)
    }

    /// Puts secrets in: a text replaces, null removes.
    fn change(&mut self, changes: Map<String, Value>) -> ApiResult<()> {
        for (name, value) in changes {
            self.given.push(name.clone());
            match value {
                Value::Null => {
                    self.secrets.shift_remove(&name);
                }
                Value::String(_) => {
                    self.secrets.insert(name, value);
                }
                Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                    return Err(ApiError::invalid(format!("/secrets/{name}"), "a secret is a text"));
                }
            }
        }
        Ok(())
    }

    /// The columns `settings` and `sealed`.
    pub(crate) fn columns(&self, app: &App, place: Place<'_>) -> ApiResult<(String, String)> {
        let sealed = app.engine.vault().seal(&place.context(), &self.secrets).map_err(ApiError::internal)?;
        Ok((Value::Object(self.settings.clone()).to_string(), sealed))
    }
}
