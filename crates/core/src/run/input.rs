//! What can happen to a run.

use super::{Actor, Again, CallId, Continuation, HandedBack, Movable, StateEdit, Verdict};
use crate::{approval::Edits, document::StepId, log::StepError, text, time::Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What starts a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// The run's id; fresh.
    pub run: String,
    /// The workflow's id.
    pub workflow: String,
    /// Which version it runs on, to its end.
    pub version: u32,
    /// What set it off: an object with `type` and whatever the trigger brought.
    pub trigger: Value,
    /// The run's input.
    pub input: Value,
    /// The customer as an object, or null.
    pub customer: Value,
    /// The conversation as an object, or null.
    pub conversation: Value,
    /// Who started it, when a person or program did.
    pub started_by: Option<Actor>,
}

/// Something that happened. Past tense: the machine decides what follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Input {
    /// A run was asked for.
    Started(Box<Start>),
    /// A call was answered well.
    CallSucceeded {
        /// Which attempt of which call.
        id: CallId,
        /// What it answered.
        output: Value,
        /// Facts about the exchange worth keeping (method, address, status, duration); never a secret.
        exchange: Value,
    },
    /// A call failed.
    CallFailed {
        /// Which attempt of which call.
        id: CallId,
        /// Why.
        error: StepError,
        /// Facts about the exchange worth keeping; never a secret.
        exchange: Value,
        /// The pause the other side asked for.
        retry_after_seconds: Option<u64>,
        /// Random part of the pause, 0 to 1000.
        jitter_per_mille: u16,
    },
    /// A call was not sent: there was no place for it, or what it needs could not be read. It is asked for again then, as the
    /// same attempt.
    CallPutOff {
        /// Which attempt of which call.
        id: CallId,
        /// When to ask again.
        due: Timestamp,
    },
    /// A look-up was answered.
    LookedUp {
        /// Which attempt of which call.
        id: CallId,
        /// What was found.
        result: LookUpResult,
    },
    /// Time passed; the run's earliest timer may be due.
    TimerFired,
    /// The customer sent a form.
    FormSubmitted {
        /// The step entry that asked.
        visit: u32,
        /// The answers.
        values: Value,
        /// Who sent it.
        by: Actor,
    },
    /// The customer wrote what is no answer to the form.
    ReplyUnusable {
        /// The step entry that asked.
        visit: u32,
        /// Id of the message.
        reply: String,
        /// Who wrote it.
        by: Actor,
    },
    /// An operator decided an approval.
    Decided {
        /// The step entry that asked.
        visit: u32,
        /// How.
        verdict: Verdict,
        /// Their words.
        comment: String,
        /// Who.
        by: Actor,
        /// What comes with it.
        with: Box<DecidedWith>,
    },
    /// Who decided an approval takes it back while it is held.
    DecisionTakenBack {
        /// The step entry that asked.
        visit: u32,
        /// Who.
        by: Actor,
    },
    /// A person handed the conversation back.
    HandedBack {
        /// The step entry that handed it over.
        visit: u32,
        /// With what.
        back: HandedBack,
        /// Their words.
        comment: String,
        /// What they fill in; null for nothing.
        values: Value,
        /// Who.
        by: Actor,
    },
    /// A person said what became of a call.
    UnknownResolved {
        /// The attempt in doubt: one call can come into doubt more than once.
        id: CallId,
        /// What they found.
        answer: UnknownAnswer,
        /// Their words.
        comment: String,
        /// Who.
        by: Actor,
        /// Those for whom the person may say it now.
        for_others: Vec<Actor>,
    },
    /// Somebody wants the run stopped.
    CancelRequested {
        /// Why.
        reason: String,
        /// Who.
        by: Actor,
    },
    /// Somebody wants an ended run to go on from a step.
    RetryRequested {
        /// From which step; the one that failed when absent.
        step: Option<StepId>,
        /// What to change in its state first.
        edit: StateEdit,
        /// What would be done again, as its log tells.
        again: Again,
        /// Who.
        by: Actor,
    },
    /// A new run goes on where another one ended.
    Continued {
        /// What the new run is.
        start: Box<Start>,
        /// From where and with what.
        from: Box<Continuation>,
    },
    /// A person wants a waiting run to go on on another version, which is the one this is decided on.
    MoveRequested {
        /// What it means, as it was checked.
        checked: Box<Movable>,
        /// Who.
        by: Actor,
    },
    /// A person wants the last move taken back; this is decided on the version it came from.
    UndoRequested {
        /// Who.
        by: Actor,
    },
    /// The process that drove the run is gone, another took it over.
    Recovered,
}

impl Input {
    /// Replaces text that cannot be kept in what comes from outside: what happened stays what happened. Forms are
    /// checked where they are held against their schema.
    pub(crate) fn keep(&mut self) {
        match self {
            Self::Started(start) | Self::Continued { start, .. } => {
                [&mut start.trigger, &mut start.input, &mut start.customer, &mut start.conversation]
                    .into_iter()
                    .for_each(text::keep);
            }
            Self::CallSucceeded { output, exchange, .. } => [output, exchange].into_iter().for_each(text::keep),
            Self::CallFailed { error, exchange, .. } => {
                text::keep_text(&mut error.message);
                text::keep(exchange);
            }
            Self::LookedUp { result: LookUpResult::Happened { output }, .. } => text::keep(output),
            Self::Decided { comment, .. } | Self::HandedBack { comment, .. } => text::keep_text(comment),
            Self::UnknownResolved { answer, comment, .. } => {
                text::keep_text(comment);
                if let UnknownAnswer::Happened { result } = answer {
                    text::keep(result);
                }
            }
            Self::CancelRequested { reason, .. } => text::keep_text(reason),
            Self::LookedUp { result: LookUpResult::DidNotHappen | LookUpResult::Unclear, .. }
            | Self::FormSubmitted { .. }
            | Self::ReplyUnusable { .. }
            | Self::RetryRequested { .. }
            | Self::MoveRequested { .. }
            | Self::UndoRequested { .. }
            | Self::DecisionTakenBack { .. }
            | Self::CallPutOff { .. }
            | Self::TimerFired
            | Self::Recovered => {}
        }
    }
}

/// What comes with a decision of an approval.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DecidedWith {
    /// Those for whom the person may decide now.
    pub for_others: Vec<Actor>,
    /// What they change in the requests they approve.
    pub edits: Edits,
    /// What they fill in with a yes; null for nothing.
    pub values: Value,
    /// What they allowed in advance, when that decides.
    pub standing: Option<StandingGrant>,
    /// Hash of what was before them, where they say so: nothing else is decided by it.
    #[serde(default)]
    pub shown: Option<String>,
}

/// What a person allowed in advance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StandingGrant {
    /// Its id.
    pub id: String,
    /// The largest amount.
    pub amount_max: f64,
    /// Until when.
    pub until: Timestamp,
    /// Of what: [`super::Version::standing_hash`] as it was then.
    pub of: String,
}

/// What a look-up found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "found", rename_all = "snake_case")]
pub enum LookUpResult {
    /// It took place, with this result.
    Happened {
        /// What the call would have answered.
        output: Value,
    },
    /// It did not take place.
    DidNotHappen,
    /// It could not be told.
    Unclear,
}

/// What a person says about a call with an unknown outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[schema(as = Resolution)]
pub enum UnknownAnswer {
    /// It took place.
    Happened {
        /// What to go on with as the call's output.
        result: Value,
    },
    /// It did not: send it.
    NotHappened,
    /// The step fails.
    Stop,
}
