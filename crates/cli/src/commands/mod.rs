//! One file per command.

pub mod audit;
pub mod bench;
pub mod check;
pub mod checkpoint;
pub mod connector;
pub mod delegation;
pub mod demo;
pub mod eval;
pub mod migrate;
pub mod openapi;
pub mod run;
pub mod sandbox;
pub mod serve;
pub mod standing;
pub mod vault;
pub mod workflow;
