//! Expressions (JSONata), templates and the scope they read.
//!
//! Missing values follow JSONata: a path that leads nowhere is *nothing*, which is not `null`. Nothing compared with
//! anything is `false` (also with `!=`), nothing ordered (`<`, `>`) or calculated with is nothing, nothing joined to a
//! string is the empty string, and nothing as a condition is `false`. A member of a template
//! that is one expression is left out when that is nothing; inside text it renders as nothing at all.
//!
//! Every evaluation is bounded in time, depth and size ([`limits`]); reaching a bound is an [`ExpressionError`].

mod analyse;
mod cancel;
mod carried;
mod convert;
mod error;
mod expression;
mod functions;
mod guard;
mod harden;
pub mod limits;
mod natives;
mod never;
mod plan;
mod scope;
mod template;
mod text;
mod truth;

pub use analyse::{Comparison, Pair};
pub use cancel::Cancel;
pub use error::{ExpressionError, ExpressionErrorKind, TemplateError};
pub use expression::Expression;
pub use functions::{FUNCTIONS, Function};
pub use never::Knowing;
pub use scope::Scope;
pub use template::Template;
pub use text::TextTemplate;
pub use truth::truthy;
