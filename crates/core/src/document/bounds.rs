//! Bounds that hold when a document is silent.

use crate::time::Span;

/// How long an action may take when its step names no timeout.
pub const DEFAULT_CALL_TIMEOUT: Span = Span::seconds(30);
/// Steps one run may enter when the document names no limit.
pub const STEP_LIMIT_DEFAULT: u32 = 1_000;
/// The most a document may ask for.
pub const STEP_LIMIT_MAX: u32 = 20_000;

/// The most replies that are no answer before a form goes on without one.
pub const UNUSABLE_MAX: u32 = 20;
