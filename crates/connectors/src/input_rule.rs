//! What an action takes.

use crate::{compile::validator, pagination};
use countersign_core::catalogue::ActionSpec;
use jsonschema::Validator;
use std::sync::{Arc, OnceLock};

/// What an action takes, compiled when it is first asked for: of thousands of actions a workspace calls a few.
pub(crate) struct InputRule {
    spec: Arc<ActionSpec>,
    paged: bool,
    compiled: OnceLock<Result<Validator, String>>,
}

impl InputRule {
    /// The rule of a spec; a paged one has `all_pages` besides.
    pub(crate) fn new(spec: Arc<ActionSpec>, paged: bool) -> Self {
        Self { spec, paged, compiled: OnceLock::new() }
    }

    /// The validator, or why there is none.
    pub(crate) fn validator(&self) -> Result<&Validator, &str> {
        let compiled = self.compiled.get_or_init(|| match self.paged {
            true => validator(&pagination::without(&self.spec.input)),
            false => validator(&self.spec.input),
        });
        compiled.as_ref().map_err(String::as_str)
    }
}
