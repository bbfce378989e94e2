//! Lists that continue where they stopped.

use std::fmt;
use std::str::FromStr;

use crate::UnknownWord;

/// Longest page.
pub const PAGE_MAX: u32 = 200;

/// Where a list stopped: the sort time and id of the last item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Milliseconds since the epoch.
    pub at: i64,
    /// Id of the item.
    pub id: String,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at, self.id)
    }
}

impl FromStr for Cursor {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownWord { kind: "Cursor", word: text.to_owned() };
        let (at, id) = text.split_once('.').ok_or_else(unknown)?;
        Ok(Self { at: at.parse().map_err(|_| unknown())?, id: id.to_owned() })
    }
}

/// Which part of a list.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// Continue after this item; `None` starts at the top.
    pub after: Option<Cursor>,
    /// Items wanted, clamped to 1…[`PAGE_MAX`].
    pub limit: u32,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { after: None, limit: 50 }
    }
}

impl PageRequest {
    /// The limit within its bounds.
    pub(crate) fn bounded(&self) -> u32 {
        self.limit.clamp(1, PAGE_MAX)
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where to go on; `None` at the end.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Cuts a list that was read with one item more than wanted.
    pub(crate) fn cut(mut items: Vec<T>, limit: u32, cursor: impl Fn(&T) -> Cursor) -> Self {
        let limit = limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }
}
