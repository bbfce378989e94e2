//! Lists.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A part of a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// `cursor` of the next page; null at the end.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A list that is complete.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}
