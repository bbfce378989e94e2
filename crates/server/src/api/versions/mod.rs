//! Published versions.

pub(crate) mod handlers;
pub(crate) mod publishing;
pub(crate) mod ramps;
pub(crate) mod view;
