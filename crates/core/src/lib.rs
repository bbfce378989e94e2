//! The pure heart of Countersign: the workflow document, its checks, expressions and the run machine.
//!
//! No runtime, no IO, no clock, no randomness: time and identifiers come in as values, effects go out as values.

pub mod approval;
pub mod canned;
pub mod catalogue;
pub mod check;
pub mod contact;
pub mod difference;
pub mod document;
pub mod expr;
pub mod log;
pub mod money;
pub mod moves;
pub mod play;
pub mod pointer;
pub mod run;
pub mod statistics;
pub mod text;
pub mod time;
pub mod time_zone;
pub mod words;
pub mod working_time;
