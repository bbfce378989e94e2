//! What the customer is told while they wait for people: that somebody has to say yes, that something went wrong.

use super::{CompileError, StepEvent, machine::Machine};
use crate::{document::WaitingMessage, expr::TextTemplate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest standard words, characters.
pub const WAITING_WORDS_MAX: usize = 1000;

/// What keeps the customer waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Waiting {
    /// A person must approve first.
    Approval,
    /// The run failed, so a person must look at it.
    Failure,
}

/// The words of a workspace for steps that leave them to it; nothing is said where they are empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WaitingWords {
    /// Before an approval.
    pub approval: String,
    /// When a run fails.
    pub failure: String,
}

impl WaitingWords {
    fn of(&self, waiting: Waiting) -> &str {
        match waiting {
            Waiting::Approval => &self.approval,
            Waiting::Failure => &self.failure,
        }
    }
}

impl Default for WaitingWords {
    fn default() -> Self {
        Self {
            approval: "Thank you. One of our people has a look at this now; you will hear from us here.".to_owned(),
            failure: "Something went wrong on our side. One of our people will look at it and come back to you here."
                .to_owned(),
        }
    }
}

/// What a document says, compiled.
#[derive(Debug)]
pub(crate) enum Words {
    /// Those of the workspace.
    Standard,
    /// Its own.
    Own(TextTemplate),
}

impl Words {
    pub(crate) fn compile(
        message: Option<&WaitingMessage>,
        text: impl FnOnce(&str) -> Result<TextTemplate, CompileError>,
    ) -> Result<Option<Self>, CompileError> {
        match message {
            Some(WaitingMessage::Standard(true)) => Ok(Some(Self::Standard)),
            Some(WaitingMessage::Own(own)) if !own.trim().is_empty() => text(own).map(|own| Some(Self::Own(own))),
            Some(WaitingMessage::Own(_) | WaitingMessage::Standard(false)) | None => Ok(None),
        }
    }
}

/// Tells the customer of a conversation, once until they do something themselves: retries and approvals that are asked
/// again tell them nothing new. Words of its own that cannot be rendered give way to the workspace's: a courtesy fails no run.
pub(crate) fn say(machine: &mut Machine<'_>, visit: u32, waiting: Waiting, words: Option<&Words>) {
    let Some(words) = words else { return };
    if machine.state.info.conversation.is_null() || machine.state.was_told(waiting) {
        return;
    }
    let standard = || machine.words.of(waiting).to_owned();
    let body = match words {
        Words::Standard => standard(),
        Words::Own(own) => own.render(&machine.scope()).unwrap_or_else(|_| standard()),
    };
    if !body.trim().is_empty() {
        machine.step(visit, StepEvent::Said { body, form: None, waiting: Some(waiting) });
    }
}
