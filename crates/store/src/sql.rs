//! Statements built from row definitions, and a small builder for filters.

use crate::Cursor;
use crate::database::Statement;
use crate::rows::{Param, TableRow};

/// Marks where rows are locked and locked ones passed over; SQLite, with its one writer, leaves it out.
pub(crate) const SKIP_LOCKED: &str = "FOR UPDATE SKIP LOCKED";

/// As [`SKIP_LOCKED`], for rows that several may look at together while nobody changes them.
pub(crate) const SHARE_SKIP_LOCKED: &str = "FOR SHARE SKIP LOCKED";

/// Milliseconds since the epoch by the clock of the database, which all who share it agree on; of when the statement came
/// there, so a sign of life that had to wait is no younger than it was sent.
pub(crate) const NOW_MS: &str = "(extract(epoch FROM statement_timestamp()) * 1000)::bigint";

/// [`NOW_MS`] on SQLite.
pub(crate) const SQLITE_NOW_MS: &str = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/// A statement as SQLite understands it; `now` stands for [`NOW_MS`].
pub(crate) fn for_sqlite(sql: &str, now: &str) -> String {
    sql.replace(SKIP_LOCKED, "").replace(SHARE_SKIP_LOCKED, "").replace(NOW_MS, now)
}

/// One row by workspace (`?1`) and id (`?2`). No index of PostgreSQL serves `IS NOT DISTINCT FROM`, so the one on the id is
/// taken even while a table is new and every index that begins with the workspace looks as good: that plan would be kept.
pub(crate) const BY_ID: &str = "WHERE id = ?2 AND workspace IS NOT DISTINCT FROM ?1";

/// `SELECT <columns> FROM <table> <tail>`.
pub(crate) fn select<T: TableRow>(tail: &str) -> String {
    format!("SELECT {} FROM {} {tail}", T::column_list(), T::TABLE)
}

fn placeholders(count: usize) -> String {
    let mut list = String::with_capacity(count * 4);
    for index in 1..=count {
        if index > 1 {
            list.push_str(", ");
        }
        list.push('?');
        list.push_str(&index.to_string());
    }
    list
}

/// `INSERT INTO <table>` with every column.
pub(crate) fn insert_sql<T: TableRow>() -> String {
    format!("INSERT INTO {} ({}) VALUES ({})", T::TABLE, T::column_list(), placeholders(T::COLUMNS.len()))
}

/// `ON CONFLICT (<key>) DO UPDATE SET` every other column.
pub(crate) fn on_conflict_update<T: TableRow>() -> String {
    let updates: Vec<String> = T::COLUMNS
        .iter()
        .filter(|(name, _)| !T::KEY.contains(name))
        .map(|(name, _)| format!("\"{name}\" = excluded.\"{name}\""))
        .collect();
    let key: Vec<String> = T::KEY.iter().map(|name| format!("\"{name}\"")).collect();
    format!("ON CONFLICT ({}) DO UPDATE SET {}", key.join(", "), updates.join(", "))
}

/// `UPDATE <table>` every column outside the key, found by the key; placeholders in column order.
pub(crate) fn update_sql<T: TableRow>() -> String {
    let mut set = Vec::new();
    let mut key = Vec::new();
    for (index, (name, _)) in T::COLUMNS.iter().enumerate() {
        let pair = format!("\"{name}\" = ?{}", index + 1);
        if T::KEY.contains(name) { key.push(pair) } else { set.push(pair) }
    }
    format!("UPDATE {} SET {} WHERE {}", T::TABLE, set.join(", "), key.join(" AND "))
}

pub(crate) fn insert<T: TableRow>(row: &T) -> Statement {
    Statement::new(insert_sql::<T>(), row.params())
}

pub(crate) fn upsert<T: TableRow>(row: &T) -> Statement {
    Statement::new(format!("{} {}", insert_sql::<T>(), on_conflict_update::<T>()), row.params())
}

pub(crate) fn update<T: TableRow>(row: &T) -> Statement {
    Statement::new(update_sql::<T>(), row.params())
}

/// SQL text that grows together with its parameters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    pub(crate) text: String,
    pub(crate) params: Vec<Param>,
}

impl Query {
    /// Starts with `WHERE workspace = …`: every list belongs to one workspace.
    pub(crate) fn in_workspace(workspace: &str) -> Self {
        let mut query = Self { text: "WHERE workspace = ".to_owned(), params: Vec::new() };
        query.bind(workspace);
        query
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Appends a placeholder for a value.
    pub(crate) fn bind(&mut self, value: impl Into<Param>) {
        self.params.push(value.into());
        self.text.push('?');
        self.text.push_str(&self.params.len().to_string());
    }

    /// ` AND <left><value>`, such as `and("workflow = ", id)`.
    pub(crate) fn and(&mut self, left: &str, value: impl Into<Param>) {
        self.push(" AND ");
        self.push(left);
        self.bind(value);
    }

    /// Like [`Query::and`], for a filter that may be absent.
    pub(crate) fn and_some<T: Into<Param>>(&mut self, left: &str, value: Option<T>) {
        if let Some(value) = value {
            self.and(left, value);
        }
    }

    /// What comes after a cursor where the newest come first.
    pub(crate) fn after(&mut self, time: &str, cursor: Option<&Cursor>) {
        if let Some(cursor) = cursor {
            self.and(&format!("({time}, id) < ("), cursor.at);
            self.push(", ");
            self.bind(&cursor.id);
            self.push(")");
        }
    }

    /// ` ORDER BY … LIMIT`, the newest first.
    pub(crate) fn newest_first(&mut self, time: &str, limit: u32) {
        self.push(&format!(" ORDER BY {time} DESC, id DESC LIMIT "));
        self.bind(limit);
    }

    /// ` AND <column> = …` for one, which an index has in order, else ` IN (…)`; an empty list filters nothing.
    pub(crate) fn and_any_of(&mut self, column: &str, values: &[String]) {
        match values {
            [one] => self.and(&format!("{column} = "), one),
            many => self.and_in(column, many),
        }
    }

    /// ` AND <left> IN (…)`; an empty list filters nothing.
    pub(crate) fn and_in<T: Into<Param>>(&mut self, left: &str, values: impl IntoIterator<Item = T>) {
        let mut first = true;
        for value in values {
            self.push(if first { " AND " } else { ", " });
            if first {
                self.push(left);
                self.push(" IN (");
            }
            first = false;
            self.bind(value);
        }
        if !first {
            self.push(")");
        }
    }
}

/// A `LIKE` pattern for "contains this text", to be used with `ESCAPE '!'`.
pub(crate) fn contains_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character.to_ascii_lowercase());
    }
    pattern.push('%');
    pattern
}
