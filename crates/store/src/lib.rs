//! Where Countersign keeps things: one set of operations over SQLite (embedded) and PostgreSQL (shared by a fleet).
//!
//! * Rows and SQL text are written once; a database differs only in how it executes (`database::Database`).
//! * Runs change only through [`Store::commit`], which goes through one bounded queue and is written together with
//!   others in one transaction; the run's `seq` is the fence. What passes is decided by the pure `plan` module.
//! * Every query names its workspace. The few that do not say so in their documentation.
//! * The store has no clock and makes no ids.

mod audit;
mod commit;
mod config;
mod database;
mod error;
mod feed;
mod health;
mod migrations;
mod ops;
mod page;
mod plan;
mod postgres;
mod queue;
mod receipt;
mod rows;
mod shards;
mod sql;
mod sqlite;
mod store;
#[cfg(feature = "testing")]
pub mod testing;

pub use audit::{AuditVerdict, audit_document, audit_hash, verify_chain};
pub use commit::{
    CheckpointChange, Commit, CommitOutcome, NewAudit, NewIdempotency, NewMessage, NewOutbound, Pointed, Priority,
    found_by,
};
pub use config::StoreConfig;
pub use countersign_core::words::UnknownWord;
pub use database::DatabaseKind;
pub use error::{Conflict, Result, StoreError};
pub use feed::{Change, ChangeKind};
pub use ops::*;
pub use page::{Cursor, PAGE_MAX, Page, PageRequest};
pub use receipt::{ReceiptKeys, receipt_holds};
pub use rows::*;
pub use store::Store;
