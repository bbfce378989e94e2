//! Stopping work that evaluates expressions from outside.

use jsonata_core::evaluator::CancelToken;
use std::cell::RefCell;

thread_local! {
    static CURRENT: RefCell<Option<CancelToken>> = const { RefCell::new(None) };
}

/// Stops evaluations. Clones share one flag.
#[derive(Debug, Clone, Default)]
pub struct Cancel(CancelToken);

impl Cancel {
    /// Stops what is evaluated under it now, and all that would be later.
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Whether it was cancelled: what was played under it since is worth nothing.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Does work on this thread whose evaluations end with an error once this is cancelled.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = CURRENT.replace(Some(self.0.clone()));
        let done = work();
        CURRENT.set(before);
        done
    }
}

/// What the work on this thread is cancelled by.
pub(super) fn current() -> Option<CancelToken> {
    CURRENT.with_borrow(Clone::clone)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{
        expr::{Expression, Scope},
        time::Timestamp,
    };

    #[test]
    fn work_that_was_cancelled_evaluates_nothing_more() {
        let expression = Expression::compile("$sum([1..10])").unwrap();
        let (cancel, scope) = (Cancel::default(), Scope::new(Timestamp(0)));
        let evaluate = || expression.evaluate(&scope);
        assert!(cancel.during(evaluate).is_ok());
        cancel.cancel();
        assert!(cancel.during(evaluate).is_err());
        assert!(evaluate().is_ok(), "work that is not under it goes on");
    }
}
