//! The bounds of one expression and of one evaluation.

/// Longest source of an expression or a template, in bytes.
pub const SOURCE_BYTES_MAX: usize = 16 * 1024;
/// Deepest nesting of brackets in a source.
pub const BRACKET_DEPTH_MAX: usize = 100;
/// Longest evaluation in milliseconds of wall-clock time: a fuse against endless loops, far above any real expression.
pub const EVALUATION_MILLIS_MAX: u64 = 500;
/// Deepest evaluation in levels of the evaluator; about three per recursive call.
pub const EVALUATION_DEPTH_MAX: usize = 3_000;
/// Most items in one sequence.
pub const SEQUENCE_ITEMS_MAX: usize = 50_000;
/// Most items that ranges and mapped steps of one evaluation may produce together.
pub const PRODUCED_ITEMS_MAX: usize = 500_000;
/// Most weight of one value: bytes of text, plus 16 for every item and member.
pub const VALUE_WEIGHT_MAX: usize = 8 * 1024 * 1024;
/// Deepest nesting of a value that goes in or comes out.
pub const VALUE_DEPTH_MAX: usize = 120;
/// Longest text `$pad` may produce, in characters.
pub const PAD_WIDTH_MAX: usize = 65_536;
