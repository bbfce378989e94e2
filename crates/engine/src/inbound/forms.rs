//! A form on a page of its own, for customers whose channel has no forms. The link is the customer's: whoever has it fills in
//! this one form once, and nothing else.

use crate::{Engine, EngineError, LoadedCheckpoint, outbound::hash};
use countersign_core::run::{Actor, DRAFT_BYTES_MAX, Opened, PostedForm, Via, form_draft};
use countersign_store::{CheckpointRow, CheckpointStatus, FormLinkRow};
use serde_json::Value;

/// How long a link lives at most, milliseconds; the form's end mostly ends it before.
const LINK_MS: i64 = 30 * 86_400_000;
/// Longer texts are no tokens.
const TOKEN_MAX: usize = 100;

/// A form and where it was found.
#[derive(Debug)]
pub struct FollowedForm {
    /// The link.
    pub link: FormLinkRow,
    /// The checkpoint and its run.
    pub checkpoint: LoadedCheckpoint,
    /// What the customer reads.
    pub prompt: String,
    /// The form.
    pub form: PostedForm,
    /// Why it cannot be filled in any more; nothing while it can.
    pub over: Option<FormOver>,
}

impl FollowedForm {
    /// What it starts with: what was filled in before, here or on another channel.
    #[must_use]
    pub fn begins_with(&self) -> Value {
        started(&self.checkpoint.row).unwrap_or_else(|| self.form.prefill.clone())
    }
}

/// What was filled in of a form and not sent; nothing when nothing was.
#[must_use]
pub fn started(row: &CheckpointRow) -> Option<Value> {
    serde_json::from_str(row.draft.as_deref()?).ok()
}

/// Why a form cannot be filled in any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormOver {
    /// It was sent, by this link or elsewhere, or its time ran out.
    Closed,
    /// The link is too old.
    Expired,
}

impl Engine {
    /// The address of a form's page, which is let in.
    ///
    /// # Errors
    /// `Busy`.
    pub(crate) async fn form_page(&self, workspace: &str, checkpoint: &str) -> Result<String, EngineError> {
        // Always the same, so that a repetition of the message has the same link; only its hash is kept.
        let token = self.0.vault.token("form", &format!("{workspace}/{checkpoint}"));
        let link = FormLinkRow {
            token_hash: hash(&token),
            workspace: workspace.to_owned(),
            checkpoint: checkpoint.to_owned(),
            created_at: self.now(),
            expires_at: self.now() + LINK_MS,
            used_at: None,
        };
        self.0.store.keep_form_link(&link).await?;
        Ok(format!("{}/f/{token}", self.0.config.base_url.trim_end_matches('/')))
    }

    /// Where the token of a form leads; nothing for one that was never given out. Changes nothing.
    ///
    /// # Errors
    /// As [`Engine::load_checkpoint`].
    pub async fn follow_form(&self, token: &str) -> Result<Option<FollowedForm>, EngineError> {
        if token.is_empty() || token.len() > TOKEN_MAX {
            return Ok(None);
        }
        let Some(link) = self.0.store.find_form_link(&hash(token)).await? else { return Ok(None) };
        let checkpoint = self.load_checkpoint(&link.workspace, &link.checkpoint).await?;
        let opened = serde_json::from_str(&checkpoint.row.payload);
        let Ok(Opened::Form { prompt, schema, prefill, submit }) = opened else { return Ok(None) };
        let over = match checkpoint.row.status {
            CheckpointStatus::Decided => Some(FormOver::Closed),
            CheckpointStatus::Open => (link.expires_at <= self.now()).then_some(FormOver::Expired),
        };
        Ok(Some(FollowedForm { link, checkpoint, prompt, form: PostedForm { schema, prefill, submit }, over }))
    }

    /// Keeps what a customer filled in of a form and has not sent, without its secrets and files; what was kept.
    ///
    /// # Errors
    /// `AlreadyDecided` once the form is closed, `Invalid` for more than is kept and for what is no form.
    pub async fn keep_draft(&self, row: &CheckpointRow, values: &Value) -> Result<Value, EngineError> {
        let Ok(Opened::Form { schema, .. }) = serde_json::from_str(&row.payload) else {
            return Err(EngineError::Invalid("this checkpoint is not a form".into()));
        };
        let kept = form_draft(&schema, values);
        let text = kept.to_string();
        if text.len() > DRAFT_BYTES_MAX {
            return Err(EngineError::Invalid(format!("a draft has at most {} KiB", DRAFT_BYTES_MAX / 1024)));
        }
        if self.0.store.keep_form_draft(&row.workspace, &row.id, &text).await? {
            return Ok(kept);
        }
        let now = self.load_checkpoint(&row.workspace, &row.id).await?;
        Err(EngineError::AlreadyDecided(Box::new(now.row)))
    }

    /// Takes the answers of a form that was followed, as the customer's.
    ///
    /// # Errors
    /// As [`Engine::submit_form`]; `NotFound` for a link that is dead.
    pub async fn submit_followed(&self, followed: &FollowedForm, values: Value) -> Result<(), EngineError> {
        let row = &followed.checkpoint.row;
        if followed.over == Some(FormOver::Expired) {
            return Err(EngineError::NotFound("link"));
        }
        let customer = match &row.customer {
            Some(id) => self.0.store.current_customer(&row.workspace, id).await?,
            None => None,
        };
        let by = Actor {
            id: row.customer.clone().or_else(|| row.conversation.clone()).unwrap_or_else(|| row.id.clone()),
            name: customer.map(|row| row.name).unwrap_or_default(),
            email: String::new(),
            roles: Vec::new(),
            via: Via::Conversation,
            made_by: String::new(),
            signed_in_at: None,
            on_behalf_of: None,
        };
        self.submit_form(&row.workspace, &row.id, values, by).await?;
        // That it cannot be used again follows from the run; this is for people who look.
        self.0.store.use_form_link(&followed.link, self.now()).await?;
        Ok(())
    }
}
