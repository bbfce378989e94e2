//! The types of requests and answers of the HTTP API. Requests end in `Request`; an answer carries all its fields, null
//! when absent.

mod audit;
mod chat;
mod checkpoint;
mod conversation;
mod dashboard;
mod debug;
mod execution;
mod inbound;
mod notification;
mod page;
mod people;
mod preview;
mod problem;
mod rehearsal;
mod retry;
mod run;
mod settings;
mod test_case;
mod trigger;
mod trying;
mod versions;
mod workflow;

pub use audit::*;
pub use chat::*;
pub use checkpoint::*;
pub use conversation::*;
pub use dashboard::*;
pub use debug::*;
pub use execution::*;
pub use inbound::*;
pub use notification::*;
pub use page::*;
pub use people::*;
pub use preview::*;
pub use problem::*;
pub use rehearsal::*;
pub use retry::*;
pub use run::*;
pub use settings::*;
pub use test_case::*;
pub use trigger::*;
pub use trying::*;
pub use versions::*;
pub use workflow::*;
