//! What goes over the wire. Requests end in `Request`; a response carries all its fields, null when absent.

mod audit;
mod chat;
mod checkpoint;
mod conversation;
mod dashboard;
mod debug;
mod execution;
mod page;
mod people;
mod preview;
mod problem;
mod rehearsal;
mod retry;
mod run;
mod settings;
mod test_case;
mod versions;
mod workflow;

pub use audit::*;
pub use chat::*;
pub use checkpoint::*;
pub use conversation::*;
pub use dashboard::*;
pub use debug::*;
pub use execution::*;
pub use page::*;
pub use people::*;
pub use preview::*;
pub use problem::*;
pub use rehearsal::*;
pub use retry::*;
pub use run::*;
pub use settings::*;
pub use test_case::*;
pub use versions::*;
pub use workflow::*;

use serde_json::Value;

/// JSON text of a column; what cannot be read is null.
pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

/// JSON text of a column that should hold an object.
pub(crate) fn json_object(text: &str) -> serde_json::Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}
