//! How much harm an operation can do, guessed from its method and its words.

use countersign_core::catalogue::Risk;

/// Words of operations that move money or cannot be undone.
const HIGH: [&str; 28] = [
    "delete",
    "remove",
    "destroy",
    "erase",
    "purge",
    "cancel",
    "refund",
    "charge",
    "capture",
    "pay",
    "payment",
    "payout",
    "transfer",
    "withdraw",
    "void",
    "terminate",
    "revoke",
    "suspend",
    "ban",
    "close",
    "wipe",
    "reset",
    "debit",
    "chargeback",
    "deactivate",
    "disable",
    "archive",
    "merge",
];

/// Reads are `read`; `DELETE` and words of harm are `high`; everything else is `write`. `words` are the operation's id,
/// path and summary.
pub(super) fn guess(method: &str, words: &[&str]) -> Risk {
    if matches!(method, "get" | "head" | "options" | "trace" | "query") {
        return Risk::Read;
    }
    let harmful = || words.iter().any(|text| super::slug_words(text).any(|word| HIGH.contains(&word.as_str())));
    if method == "delete" || harmful() { Risk::High } else { Risk::Write }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_harm_are_high_whatever_the_method() {
        assert_eq!(guess("post", &["createRefund"]), Risk::High);
        assert_eq!(guess("post", &["/subscriptions/{id}/cancel"]), Risk::High);
        assert_eq!(guess("put", &["updatePet"]), Risk::Write);
        assert_eq!(guess("get", &["listRefunds"]), Risk::Read);
        assert_eq!(guess("delete", &["x"]), Risk::High);
        assert_eq!(guess("post", &["displayName"]), Risk::Write);
    }
}
