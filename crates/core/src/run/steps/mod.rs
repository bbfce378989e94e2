//! One file per step type.

pub(crate) mod approval;
pub(crate) mod collect_form;
pub(crate) mod condition;
pub(crate) mod end;
pub(crate) mod human_handoff;
pub(crate) mod notify;
pub(crate) mod tool_call;
