//! What comes from outside and starts runs or moves them.

mod messages;
