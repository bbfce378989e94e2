//! What an error's code means and what to do about it, in words for people.

use crate::log::{FailureClass, StepError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is behind an error, and what helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hint {
    /// What usually is behind it.
    pub cause: &'static str,
    /// What to do.
    pub help: &'static str,
}

/// Codes of this product, each with its hint.
const KNOWN: &[(&str, &str, &str)] = &[
    (
        "account_invalid",
        "The channel's account lacks a setting or a secret.",
        "Complete the account under Settings, then retry.",
    ),
    (
        "account_unavailable",
        "The channel's account could not be read.",
        "Check the account under Settings, then retry.",
    ),
    (
        "action_unknown",
        "The connector that offers this action is not installed.",
        "Import the connector again, or choose another action and publish.",
    ),
    (
        "answer_not_json",
        "The service answered with something that is not JSON.",
        "Look at the response below: a proxy or a sign-in page may have answered. Check the connection's address.",
    ),
    (
        "answer_too_long",
        "The service answered with more than 5 MiB.",
        "Ask it for less: a filter, a page, fewer fields.",
    ),
    ("cancelled", "Somebody stopped the run.", "The reason is on the record. Retry from a step if it was a mistake."),
    (
        "connect",
        "No connection could be made, so nothing was sent.",
        "Check that the service is up and that the connection's address is right, then retry: it is safe.",
    ),
    (
        "connection_invalid",
        "The connection's settings do not fit the connector.",
        "Open the connection under Connectors and complete it, then retry.",
    ),
    (
        "connection_lost",
        "The connection broke after the request had left: the call may have taken place.",
        "Look in the other system before anything is sent again.",
    ),
    (
        "connection_mismatch",
        "The step names a connection of another connector.",
        "Choose a fitting connection in the builder and publish.",
    ),
    (
        "connection_missing",
        "The connector has no connection yet.",
        "Add one under Connectors, then retry from this step.",
    ),
    (
        "connection_unavailable",
        "The connection's credentials could not be opened.",
        "Check the secret key of this installation and the connection, then retry.",
    ),
    (
        "customer_unproven",
        "The answer does not say who the customer is.",
        "Look at what the service answered: it names an external id, an address or a number.",
    ),
    (
        "ended_failed",
        "The workflow came to an end that says failed.",
        "The path shows why it came there; nothing is broken.",
    ),
    (
        "expression_depth",
        "An expression called itself too often.",
        "Evaluate it in Debug at this point and simplify it.",
    ),
    (
        "expression_error",
        "An expression met values it cannot work with.",
        "Evaluate it in Debug at this point: a value is missing or has another type than expected.",
    ),
    (
        "expression_parse",
        "The expression is not valid JSONata.",
        "Correct it in the builder and publish, then retry on the newest version.",
    ),
    ("expression_size", "An expression made more values than are allowed.", "Filter before mapping, or fetch less."),
    (
        "expression_time",
        "An expression took longer than half a second.",
        "Evaluate it in Debug at this point and simplify it.",
    ),
    (
        "host_refused",
        "The address is not one this installation may call.",
        "Check the connection's address, or allow the host.",
    ),
    (
        "input_invalid",
        "What the step would send does not fit the action.",
        "Open Debug at this step: a variable is missing or has the wrong type. Correct it and retry from here.",
    ),
    (
        "interrupted",
        "The process stopped while the call was under way: it may have taken place.",
        "Look in the other system before anything is sent again.",
    ),
    (
        "lost_step",
        "The run waited in a step its version no longer has.",
        "This is a fault of ours: report it with the run's id.",
    ),
    ("message_invalid", "The channel does not take this message.", "Shorten or change the text in the builder."),
    (
        "no_account",
        "The workspace has no account on this channel.",
        "Add one under Settings, then retry from this step.",
    ),
    (
        "no_address",
        "The customer has no address on any of the step's channels.",
        "Add an address to the customer or a channel to the step, then retry.",
    ),
    (
        "opted_out",
        "The customer wants no messages on this channel.",
        "Reach them otherwise, or give the step another channel; they get messages again when they ask for them.",
    ),
    (
        "outside_window",
        "WhatsApp takes only templates it approved: the customer did not write there within 24 hours.",
        "Give the step a template or another channel, then retry from here.",
    ),
    ("recipient_invalid", "The channel does not know this recipient.", "Correct the customer's address, then retry."),
    (
        "recipient_missing",
        "The customer has no address on this channel.",
        "Add the address to the customer, then retry.",
    ),
    (
        "request_invalid",
        "What would have been sent does not fit the action, so nobody was asked to approve it.",
        "Correct the state, or the step's input, and retry.",
    ),
    (
        "step_limit",
        "The run entered as many steps as it may: it probably goes in circles.",
        "Follow the path in Debug to the step that sends it back, and correct that branch.",
    ),
    (
        "text_empty",
        "The message has no text: its template rendered to nothing.",
        "Evaluate the template's expressions in Debug at this step.",
    ),
    ("text_too_long", "The message is longer than the channel takes.", "Shorten the text in the builder."),
    (
        "tier_undecided",
        "A case of the approval is neither true nor false, so it was not known who decides.",
        "Set what the case reads, or let its expression always give true or false.",
    ),
    (
        "timeout",
        "No answer came in time, after the request had left: the call may have taken place.",
        "Look in the other system before anything is sent again. If it is always slow, raise the step's timeout.",
    ),
    (
        "unapproved_action",
        "The action is high risk and nobody approved it.",
        "Put an approval that guards this step before it, publish, and retry on the newest version.",
    ),
    (
        "unclear_approval",
        "Nobody could have understood what they were asked to approve.",
        "Set what was empty, or let the author say in the step that it may be.",
    ),
    (
        "unknown_outcome",
        "It is not known whether the call took place.",
        "Look in the other system and answer in the inbox.",
    ),
    ("unknown_step", "The workflow points to a step that does not exist.", "Correct the workflow and publish."),
    (
        "url_invalid",
        "The address of the call is not an address.",
        "Check the connection's base address and the step's input.",
    ),
];

/// The hint for a code; none for codes that only the other side knows.
#[must_use]
pub fn hint(code: &str) -> Option<Hint> {
    if let Ok(place) = KNOWN.binary_search_by_key(&code, |(known, _, _)| known) {
        return KNOWN.get(place).map(|(_, cause, help)| Hint { cause, help });
    }
    let status: u16 = code.strip_prefix("http_")?.parse().ok()?;
    let (cause, help) = match status {
        401 | 403 => {
            ("The service did not accept the credentials.", "Renew the credentials of the connection, then retry.")
        }
        404 | 410 => (
            "The service knows nothing under this address or id.",
            "Check the ids in the request below, and that the connection is the right account.",
        ),
        402 => (
            "The service wants a payment first, or refused the card.",
            "The response below says which; settle it with the customer, then retry.",
        ),
        409 | 412 => (
            "The service says that this contradicts what it has.",
            "Look at the response below: it may have been done already.",
        ),
        400 | 422 => (
            "The service did not accept the values.",
            "Compare the request below with what the service expects; correct the state and retry from this step.",
        ),
        429 => ("The service was asked too often.", "Retry later, or give the step a longer pause between attempts."),
        500..=599 => (
            "The service failed; its answer does not say that nothing happened unless it is marked so.",
            "Try again when it is well. What was not executed is safe to send.",
        ),
        _ => ("The service refused the call.", "The response below says why."),
    };
    Some(Hint { cause, help })
}

/// The hint for an error: by its code, and for a code that only the other side knows by what it allows.
#[must_use]
pub fn hint_for(error: &StepError) -> Hint {
    if let Some(known) = hint(&error.code) {
        return known;
    }
    let (cause, help) = match error.class {
        FailureClass::Retryable => (
            "The other side could not do it; it certainly did not take place.",
            "Retry when the other side is well: it is safe.",
        ),
        FailureClass::Fatal => (
            "The other side refused it, in its own words above.",
            "Compare the request with what it expects, correct the state and retry from this step.",
        ),
        FailureClass::Unknown => (
            "The other side gave no honest answer: the call may have taken place.",
            "Look in the other system before anything is sent again.",
        ),
    };
    Hint { cause, help }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_so_that_each_is_found() {
        assert!(KNOWN.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(KNOWN.iter().all(|(code, _, _)| hint(code).is_some()));
    }

    #[test]
    fn statuses_have_hints_and_foreign_codes_have_none() {
        assert!(hint("http_401").is_some_and(|hint| hint.help.contains("credentials")));
        assert!(hint("http_503").is_some() && hint("http_418").is_some());
        assert_eq!(hint("card_declined"), None);
        assert!(hint_for(&StepError::fatal("card_declined", "no")).cause.contains("refused"));
        assert_eq!(hint("http_x"), None);
    }
}
