//! The rows of the tables, written once for both databases.
//!
//! A row is plain data: ids are text, times (`*_at`) are milliseconds since the epoch, fields documented as JSON hold
//! JSON text. Rows are not API types and deliberately do not implement `Serialize`: some carry hashes or sealed secrets.

mod connectors;
mod consents;
mod conversations;
mod field;
mod inbound;
mod outbound;
mod people;
mod runs;
mod settings;
mod tokens;
mod workflows;

pub use connectors::*;
pub use consents::*;
pub use conversations::*;
pub(crate) use field::{
    Column, Field, FieldOf, Kind, Param, ParamRef, TableRow, Value, next, next_of, params, row, storable, text_enum,
    word_columns,
};
pub use inbound::*;
pub use outbound::*;
pub use people::*;
pub use runs::*;
pub use settings::*;
pub use tokens::*;
pub use workflows::*;
