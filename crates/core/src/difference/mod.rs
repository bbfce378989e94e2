//! What differs: between two JSON values, between two documents.

pub mod document;
pub mod json;
