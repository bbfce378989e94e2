//! Texts of requests: trimmed, bounded, of the right form.

use crate::http::problem::{ApiError, ApiResult};

/// Refuses an empty or overlong text.
pub(crate) fn bounded(pointer: &str, text: &str, length_max: usize) -> ApiResult<String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > length_max {
        return Err(ApiError::invalid(pointer, format!("1 to {length_max} characters")));
    }
    Ok(text.to_owned())
}

/// Refuses an overlong text; empty is fine.
pub(crate) fn at_most(pointer: &str, text: &str, length_max: usize) -> ApiResult<String> {
    if text.chars().count() > length_max {
        return Err(ApiError::invalid(pointer, format!("at most {length_max} characters")));
    }
    Ok(text.trim().to_owned())
}

/// An e-mail address, in lower case.
pub(crate) fn email(pointer: &str, text: &str) -> ApiResult<String> {
    countersign_core::contact::email(text).ok_or_else(|| ApiError::invalid(pointer, "not an e-mail address"))
}

/// Approver groups: few, short, lower case.
pub(crate) fn groups(pointer: &str, groups: &[String]) -> ApiResult<Vec<String>> {
    if groups.len() > 50 {
        return Err(ApiError::invalid(pointer, "at most 50 groups"));
    }
    let mut clean = Vec::with_capacity(groups.len());
    for group in groups {
        let group = bounded(pointer, group, 64)?.to_lowercase();
        // A group must not pass for a role in an approver list.
        if group.parse::<countersign_store::Role>().is_ok() {
            return Err(ApiError::invalid(pointer, format!("`{group}` is a role, not a group")));
        }
        if !clean.contains(&group) {
            clean.push(group);
        }
    }
    Ok(clean)
}
