//! Lists.

use serde::Serialize;
use utoipa::ToSchema;

/// A part of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// `cursor` of the next page; null at the end.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A list that is complete.
    pub(crate) fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }

    /// A page of the store with its items turned into wire types.
    pub(crate) fn of(items: Vec<T>, next: Option<countersign_store::Cursor>) -> Self {
        Self { items, next: next.map(|cursor| cursor.to_string()) }
    }
}
