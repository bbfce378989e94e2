//! One file per step type.

pub(super) mod approval;
pub(super) mod collect_form;
pub(super) mod condition;
pub(super) mod end;
pub(super) mod human_handoff;
pub(super) mod notify;
pub(super) mod tool_call;
