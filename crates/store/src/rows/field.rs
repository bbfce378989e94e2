//! How a Rust value becomes a column and comes back.

use crate::StoreError;
use countersign_core::{
    log::ExecutionStatus,
    run::{CheckpointKind, CheckpointStatus, Outcome, RunStatus, WaitingFor},
};
use std::borrow::Cow;

/// The two column types that exist in this schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Int,
}

/// A text as both databases keep it: PostgreSQL has no U+0000, so U+FFFD stands for it on either. JSON holds it escaped and
/// loses nothing. What must not be changed is refused before it comes here.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{FFFD}")) } else { Cow::Borrowed(text) }
}

/// A value on its way into a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Param {
    Null,
    Text(String),
    Int(i64),
}

/// A value on its way into a statement, still in its row: the writer copies no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ParamRef<'a> {
    Null,
    Text(Cow<'a, str>),
    Int(i64),
}

impl From<u64> for ParamRef<'_> {
    fn from(number: u64) -> Self {
        // Counters never come near the sign bit; saturating keeps the conversion total.
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl ParamRef<'_> {
    fn into_owned(self) -> Param {
        match self {
            Self::Null => Param::Null,
            Self::Text(text) => Param::Text(text.into_owned()),
            Self::Int(number) => Param::Int(number),
        }
    }
}

/// A value that came out of a query.
pub(crate) type Value = Param;

impl From<&str> for Param {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl<T: Column> From<&T> for Param {
    fn from(value: &T) -> Self {
        value.as_param().into_owned()
    }
}

impl From<i64> for Param {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u32> for Param {
    fn from(number: u32) -> Self {
        Self::Int(i64::from(number))
    }
}

impl From<Option<&str>> for Param {
    fn from(text: Option<&str>) -> Self {
        text.map_or(Self::Null, Self::from)
    }
}

/// A parameter list: `params![workspace, &row.id, limit]`.
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::rows::Param::from($value)),*] };
}

/// A Rust type that fits one column.
pub(crate) trait Column {
    const KIND: Kind;
    fn as_param(&self) -> ParamRef<'_>;
}

/// A column that says by itself what it means.
pub(crate) trait Field: Column + Sized {
    fn from_value(value: Value) -> Result<Self, StoreError>;
}

/// A column that means something together with another one of its row.
pub(crate) trait FieldOf<K>: Column + Sized {
    fn from_value_of(value: Value, of: &K) -> Result<Self, StoreError>;
}

fn unexpected(wanted: &str, value: &Value) -> StoreError {
    let found = match value {
        Param::Null => "null",
        Param::Text(_) => "text",
        Param::Int(_) => "an integer",
    };
    StoreError::Corrupt(format!("expected {wanted}, found {found}"))
}

impl Column for String {
    const KIND: Kind = Kind::Text;
    fn as_param(&self) -> ParamRef<'_> {
        ParamRef::Text(Cow::Borrowed(self))
    }
}

impl Field for String {
    fn from_value(value: Value) -> Result<Self, StoreError> {
        match value {
            Param::Text(text) => Ok(text),
            Param::Null | Param::Int(_) => Err(unexpected("text", &value)),
        }
    }
}

impl Column for i64 {
    const KIND: Kind = Kind::Int;
    fn as_param(&self) -> ParamRef<'_> {
        ParamRef::Int(*self)
    }
}

impl Field for i64 {
    fn from_value(value: Value) -> Result<Self, StoreError> {
        match value {
            Param::Int(number) => Ok(number),
            Param::Null | Param::Text(_) => Err(unexpected("an integer", &value)),
        }
    }
}

macro_rules! unsigned {
    ($($ty:ty),*) => {$(
        impl Column for $ty {
            const KIND: Kind = Kind::Int;
            fn as_param(&self) -> ParamRef<'_> {
                // Counters never come near the sign bit; saturating keeps the conversion total.
                ParamRef::Int(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        }
        impl Field for $ty {
            fn from_value(value: Value) -> Result<Self, StoreError> {
                let number = i64::from_value(value)?;
                Self::try_from(number).map_err(|_| StoreError::Corrupt(format!("number {number} is out of range")))
            }
        }
    )*};
}
unsigned!(u16, u32, u64);

impl Column for bool {
    const KIND: Kind = Kind::Int;
    fn as_param(&self) -> ParamRef<'_> {
        ParamRef::Int(i64::from(*self))
    }
}

impl Field for bool {
    fn from_value(value: Value) -> Result<Self, StoreError> {
        Ok(i64::from_value(value)? != 0)
    }
}

impl Column for Vec<String> {
    const KIND: Kind = Kind::Text;
    fn as_param(&self) -> ParamRef<'_> {
        ParamRef::Text(Cow::Owned(serde_json::Value::from(self.clone()).to_string()))
    }
}

impl Field for Vec<String> {
    fn from_value(value: Value) -> Result<Self, StoreError> {
        let text = String::from_value(value)?;
        serde_json::from_str(&text).map_err(|error| StoreError::Corrupt(format!("a list of texts: {error}")))
    }
}

impl<T: Column> Column for Option<T> {
    const KIND: Kind = T::KIND;
    fn as_param(&self) -> ParamRef<'_> {
        self.as_ref().map_or(ParamRef::Null, Column::as_param)
    }
}

impl<T: Field> Field for Option<T> {
    fn from_value(value: Value) -> Result<Self, StoreError> {
        match value {
            Param::Null => Ok(None),
            Param::Text(_) | Param::Int(_) => T::from_value(value).map(Some),
        }
    }
}

impl<K, T: FieldOf<K>> FieldOf<K> for Option<T> {
    fn from_value_of(value: Value, of: &K) -> Result<Self, StoreError> {
        match value {
            Param::Null => Ok(None),
            Param::Text(_) | Param::Int(_) => T::from_value_of(value, of).map(Some),
        }
    }
}

impl Column for Outcome {
    const KIND: Kind = Kind::Text;
    fn as_param(&self) -> ParamRef<'_> {
        ParamRef::Text(Cow::Borrowed(self.word()))
    }
}

/// The words of one kind of checkpoint mean nothing, or something else, at another.
impl FieldOf<CheckpointKind> for Outcome {
    fn from_value_of(value: Value, kind: &CheckpointKind) -> Result<Self, StoreError> {
        let word = String::from_value(value)?;
        Self::read(*kind, &word).ok_or_else(|| StoreError::Corrupt(format!("{word:?} is no outcome of a {kind}")))
    }
}

/// A struct that is one row of one table.
pub(crate) trait TableRow: Sized {
    const TABLE: &'static str;
    /// Columns of the primary key.
    const KEY: &'static [&'static str];
    /// Column names (the field names) with their types, in declaration order.
    const COLUMNS: &'static [(&'static str, Kind)];
    fn borrowed(&self) -> Vec<ParamRef<'_>>;
    fn from_values(values: &mut std::vec::IntoIter<Value>) -> Result<Self, StoreError>;

    fn params(&self) -> Vec<Param> {
        self.borrowed().into_iter().map(ParamRef::into_owned).collect()
    }

    /// `"a", "b"`: the column list of a SELECT or INSERT.
    fn column_list() -> String {
        Self::columns_with("")
    }

    /// `t."a", t."b"`: the column list of a join.
    fn column_list_of(alias: &str) -> String {
        Self::columns_with(&format!("{alias}."))
    }

    /// The list with something in front of each column.
    fn columns_with(prefix: &str) -> String {
        let mut list = String::new();
        for (index, (name, _)) in Self::COLUMNS.iter().enumerate() {
            if index > 0 {
                list.push_str(", ");
            }
            list.push_str(prefix);
            list.push('"');
            list.push_str(name);
            list.push('"');
        }
        list
    }
}

/// Takes the next column, naming it when it does not hold what the code expects.
pub(crate) fn next<T: Field>(values: &mut std::vec::IntoIter<Value>, column: &str) -> Result<T, StoreError> {
    named(column, taken(values).and_then(T::from_value))
}

/// As [`next`], for a column that is read together with another one.
pub(crate) fn next_of<K, T: FieldOf<K>>(
    values: &mut std::vec::IntoIter<Value>,
    column: &str,
    of: &K,
) -> Result<T, StoreError> {
    named(column, taken(values).and_then(|value| T::from_value_of(value, of)))
}

fn taken(values: &mut std::vec::IntoIter<Value>) -> Result<Value, StoreError> {
    values.next().ok_or_else(|| StoreError::Corrupt("is missing".to_owned()))
}

/// The error says which column.
fn named<T>(column: &str, read: Result<T, StoreError>) -> Result<T, StoreError> {
    read.map_err(|error| {
        if let StoreError::Corrupt(what) = error {
            StoreError::Corrupt(format!("column {column}: {what}"))
        } else {
            error
        }
    })
}

// A field `pub outcome: Option<Outcome> as kind` is read together with the field `kind` before it.
macro_rules! row {
    (@read $values:ident, $column:expr,) => { $crate::rows::next($values, $column)? };
    (@read $values:ident, $column:expr, $by:ident) => { $crate::rows::next_of($values, $column, &$by)? };
    ($(#[$meta:meta])* pub struct $name:ident in $table:literal key($($key:ident),+) {
        $($(#[$field_meta:meta])* pub $field:ident: $ty:ty $(as $by:ident)?),* $(,)?
    }) => {
        $(#[$meta])*
        #[allow(unreachable_pub, reason = "some rows are internal")]
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $ty),*
        }

        impl $crate::rows::TableRow for $name {
            const TABLE: &'static str = $table;
            const KEY: &'static [&'static str] = &[$(stringify!($key)),+];
            const COLUMNS: &'static [(&'static str, $crate::rows::Kind)] =
                &[$((stringify!($field), <$ty as $crate::rows::Column>::KIND)),*];
            fn borrowed(&self) -> Vec<$crate::rows::ParamRef<'_>> {
                vec![$($crate::rows::Column::as_param(&self.$field)),*]
            }
            fn from_values(values: &mut std::vec::IntoIter<$crate::rows::Value>) -> Result<Self, $crate::StoreError> {
                $(let $field: $ty =
                    $crate::rows::row!(@read values, concat!($table, ".", stringify!($field)), $($by)?);)*
                Ok(Self { $($field),* })
            }
        }
    };
}

/// Columns that hold one word of an enum.
macro_rules! word_columns {
    ($($name:ty),+ $(,)?) => {$(
        impl $crate::rows::Column for $name {
            const KIND: $crate::rows::Kind = $crate::rows::Kind::Text;
            fn as_param(&self) -> $crate::rows::ParamRef<'_> {
                $crate::rows::ParamRef::Text(std::borrow::Cow::Borrowed(self.as_str()))
            }
        }

        impl $crate::rows::Field for $name {
            fn from_value(value: $crate::rows::Value) -> Result<Self, $crate::StoreError> {
                let text = <String as $crate::rows::Field>::from_value(value)?;
                text.parse().map_err(|error: $crate::UnknownWord| $crate::StoreError::Corrupt(error.to_string()))
            }
        }
    )+};
}

macro_rules! text_enum {
    ($(#[$meta:meta])* pub enum $name:ident { $($body:tt)* }) => {
        countersign_core::words! { $(#[$meta])* pub enum $name { $($body)* } }
        $crate::rows::word_columns! { $name }
    };
}

word_columns! { RunStatus, WaitingFor, CheckpointKind, CheckpointStatus, ExecutionStatus }

pub(crate) use {params, row, text_enum, word_columns};
