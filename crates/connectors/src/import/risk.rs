//! How much harm an operation can do, guessed from its method and its words.

use countersign_core::catalogue::Risk;

/// Verbs of operations that move money, reach people or cannot be undone. Their inflections count too.
const HIGH: [&str; 41] = [
    "archive",
    "ban",
    "buy",
    "cancel",
    "capture",
    "charge",
    "close",
    "deactivate",
    "debit",
    "decommission",
    "delete",
    "deprovision",
    "destroy",
    "disable",
    "disburse",
    "dispatch",
    "erase",
    "kill",
    "merge",
    "pay",
    "purchase",
    "purge",
    "refund",
    "reimburse",
    "remit",
    "remove",
    "reset",
    "revoke",
    "send",
    "suspend",
    "terminate",
    "transfer",
    "truncate",
    "uninstall",
    "unpublish",
    "unsubscribe",
    "void",
    "wipe",
    "withdraw",
    "chargeback",
    "payout",
];

/// What is made of such verbs otherwise than by an ending.
const HIGH_NOUNS: [&str; 20] = [
    "archival",
    "autopay",
    "bulkdelete",
    "cancelation",
    "cancellation",
    "deactivation",
    "deletion",
    "destruction",
    "disbursement",
    "erasure",
    "paid",
    "payment",
    "prepayment",
    "reimbursement",
    "remittance",
    "removal",
    "reversal",
    "revocation",
    "suspension",
    "termination",
];

/// Beginnings of words that mean harm whatever they are written together with (`deleteuser`, `bulkcancel`).
const WITHIN: [&str; 11] = [
    "cancel",
    "chargeback",
    "deactivat",
    "delete",
    "destroy",
    "payout",
    "refund",
    "terminat",
    "uninstall",
    "unsubscri",
    "withdraw",
];

/// Verbs no resource is called by: a `GET` of which one is the first or the last word acts.
const ACTS: [&str; 19] = [
    "activate",
    "cancel",
    "create",
    "deactivate",
    "delete",
    "destroy",
    "disable",
    "enable",
    "erase",
    "purge",
    "remove",
    "restart",
    "revoke",
    "send",
    "terminate",
    "uninstall",
    "unsubscribe",
    "update",
    "wipe",
];

/// Verbs that are also names of things: a `GET` acts when one is the very last word of its path.
const ACTS_AT_THE_END: [&str; 19] = [
    "approve", "archive", "ban", "capture", "charge", "close", "execute", "merge", "pay", "publish", "refund",
    "reject", "reset", "start", "stop", "suspend", "trigger", "void", "withdraw",
];

/// Reads are `read`, unless their words say that they act; `DELETE` and words of harm are `high`; everything else is
/// `write`. `id` and `summary` are the operation's.
pub(super) fn guess(method: &str, id: &str, path: &str, summary: &str) -> Risk {
    let reads = matches!(method, "get" | "head" | "options" | "trace" | "query");
    if reads && !(method == "get" && acts(id, path)) {
        return Risk::Read;
    }
    let harmful = || [id, path, summary].iter().any(|text| super::slug_words(text).any(|word| is_harmful(&word)));
    if method == "delete" || harmful() { Risk::High } else { Risk::Write }
}

/// Whether a `GET` does something, although it should not.
fn acts(id: &str, path: &str) -> bool {
    let literal = |segment: &&str| !segment.is_empty() && !segment.contains('{');
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let last_of_all = path.rsplit('/').find(|segment| !segment.is_empty()).unwrap_or_default();
    let last = path.rsplit('/').find(literal).unwrap_or_default();
    let words: Vec<String> = super::slug_words(last).filter(|word| !word.is_empty()).collect();
    let is = |word: Option<&String>, list: &[&str]| word.is_some_and(|word| list.contains(&word.as_str()));
    let at_the_end = last == last_of_all && is(words.last(), &ACTS_AT_THE_END);
    let named = super::slug_words(id).find(|word| !word.is_empty());
    at_the_end || [words.first(), words.last(), named.as_ref()].into_iter().any(|word| is(word, &ACTS))
}

fn is_harmful(word: &str) -> bool {
    let singular = word.strip_suffix('s').unwrap_or(word);
    HIGH_NOUNS.contains(&singular)
        || WITHIN.iter().any(|stem| word.contains(stem))
        || HIGH.iter().any(|verb| is_form_of(word, verb))
}

/// `cancels`, `cancelled`, `pausing`: a verb with one of its endings.
fn is_form_of(word: &str, verb: &str) -> bool {
    let stem = verb.strip_suffix('e').unwrap_or(verb);
    let Some(ending) = word.strip_prefix(stem) else { return false };
    let last = stem.chars().last().unwrap_or_default();
    // `bann-ed`: a consonant that is doubled.
    let ending = ending.strip_prefix(last).filter(|rest| matches!(*rest, "ed" | "ing" | "er")).unwrap_or(ending);
    word == verb || matches!(ending, "s" | "es" | "ed" | "ing")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn risk_is_guessed_from_method_and_words() {
        for (method, id, path, wanted) in [
            // Words of harm, their inflections and compounds.
            ("post", "createRefund", "/x", Risk::High),
            ("post", "", "/subscriptions/{id}/cancel", Risk::High),
            ("post", "markCancelled", "/x", Risk::High),
            ("post", "markCanceled", "/x", Risk::High),
            ("post", "", "/orders/{id}/cancellations", Risk::High),
            ("post", "", "/refunds", Risk::High),
            ("post", "", "/v1/payments", Risk::High),
            ("post", "paying", "/x", Risk::High),
            ("post", "", "/charges", Risk::High),
            ("post", "chargeCard", "/x", Risk::High),
            ("post", "unsubscribe", "/x", Risk::High),
            ("post", "Unsubscribed", "/x", Risk::High),
            ("post", "sendMessage", "/x", Risk::High),
            ("post", "", "/messages/sending", Risk::High),
            ("post", "deleteuser", "/x", Risk::High),
            ("post", "", "/users/bulkdelete", Risk::High),
            ("post", "usersBanned", "/x", Risk::High),
            ("post", "removal", "/x", Risk::High),
            ("post", "revoking", "/x", Risk::High),
            ("put", "suspended", "/x", Risk::High),
            ("patch", "close_issue", "/x", Risk::High),
            ("post", "", "/transfers", Risk::High),
            ("delete", "x", "/x", Risk::High),
            // Words that only look like them.
            ("put", "updatePet", "/pets/{id}", Risk::Write),
            ("post", "displayName", "/x", Risk::Write),
            ("post", "sender", "/x", Risk::Write),
            ("post", "bandwidth", "/banner", Risk::Write),
            ("post", "closest", "/x", Risk::Write),
            ("post", "createDroplet", "/x", Risk::Write),
            ("post", "avoid", "/x", Risk::Write),
            ("post", "payload", "/x", Risk::Write),
            ("post", "skill", "/skills", Risk::Write),
            // Reads, and what is sent as one and acts.
            ("get", "listRefunds", "/refunds", Risk::Read),
            ("get", "", "/payments/{id}", Risk::Read),
            ("get", "", "/archive/{id}", Risk::Read),
            ("get", "", "/charges/{charge}", Risk::Read),
            ("get", "", "/sent", Risk::Read),
            ("get", "listDeletedUsers", "/users/deleted", Risk::Read),
            ("query", "cancelled", "/search", Risk::Read),
            ("head", "", "/orders/{id}/cancel", Risk::Read),
            ("get", "", "/orders/{id}/cancel", Risk::High),
            ("get", "", "/orders/{id}/delete/", Risk::High),
            ("get", "", "/users/delete/{id}", Risk::High),
            ("get", "", "/orders/{id}/refund", Risk::High),
            ("get", "deleteUser", "/user", Risk::High),
            ("get", "", "/deleteUser", Risk::High),
            ("get", "", "/jobs/{id}/start", Risk::Write),
            ("get", "", "/device/enable", Risk::Write),
        ] {
            assert_eq!(guess(method, id, path, ""), wanted, "{method} {id} {path}");
        }
        assert_eq!(guess("post", "x", "/x", "Cancels an order"), Risk::High);
    }
}
