//! Rehearsal: a draft played by hand, and the test cases that are kept of it.
//!
//! [`rehearse`] drives the same [`crate::run::step`] production does. A [`Script`] is all there is to remember: the same
//! version and script give the same [`Rehearsal`], so undoing is leaving out the last act.

mod from_run;
mod play;
mod sample;
mod script;
mod test_case;
mod waiting;

pub use from_run::{FromRun, Limit, NotATest, from_run};
pub use play::{NotPlayed, Rehearsal, Said, SentRequest, Speaker, rehearse, rehearse_logged};
pub use sample::sample;
pub use script::{ACTS_MAX, Act, Answer, Given, Opening, Persona, Script};
pub use test_case::{
    CASES_MAX, Expectations, ExpectedMessage, ExpectedRequest, ExpectedStatus, Failure, Suite, SuiteError, TestCase,
    Verdict,
};
pub use waiting::{Call, Waiting};
