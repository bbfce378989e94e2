//! Whom an approval's policy lets decide.

use super::Contributors;
use crate::{document::Approvers, run::Actor};

/// Workspace roles that may decide when the policy names nobody.
const OPERATING: [&str; 3] = ["operator", "builder", "admin"];

/// Why `actor` is not among the approvers; nothing when they are. `escalated` are roles added while it waited.
#[must_use]
pub fn why_not(
    approvers: &Approvers,
    escalated: &[String],
    actor: &Actor,
    contributors: &Contributors,
) -> Option<String> {
    let listed = approvers.users.iter().any(|email| email.eq_ignore_ascii_case(&actor.email));
    let has_role = approvers.roles.iter().chain(escalated).any(|role| actor.roles.contains(role));
    let anyone = approvers.roles.is_empty() && approvers.users.is_empty();
    let operator = OPERATING.iter().any(|role| actor.roles.iter().any(|had| had == role));
    if !(listed || has_role || (anyone && operator)) {
        return Some(format!("this needs {}", wanted(approvers)));
    }
    if approvers.exclude_requester && contributors.includes(actor) {
        return Some("who asked for it or had a hand in it may not approve it".into());
    }
    None
}

fn wanted(approvers: &Approvers) -> String {
    let parts: Vec<&str> = approvers.roles.iter().chain(&approvers.users).map(String::as_str).collect();
    if parts.is_empty() { "the operator role".into() } else { parts.join(" or ") }
}
