//! Runs that are only played: a draft rehearsed, a recorded run on another version. Nothing leaves, nothing is kept.

mod backtest;
pub mod rehearsal;

pub use backtest::{
    Backtest, BacktestVerdict, CannotSay, EndChange, EndFacts, PathChange, RequestChange, backtest, backtest_renamed,
};
