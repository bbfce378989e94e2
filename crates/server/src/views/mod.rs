//! From rows to what goes over the wire.

mod checkpoints;
mod dashboard;
mod messages;
mod names;
mod rehearsal;
mod requests;
mod runs;
mod workflows;

pub(crate) use checkpoints::{checkpoint_detail, checkpoint_summaries, mine_filter};
pub(crate) use dashboard::dashboard;
pub(crate) use messages::{message_views, one_message};
pub(crate) use rehearsal::rehearsal;
pub(crate) use requests::visit_requests;
pub(crate) use runs::{run_detail, run_summaries, started_run};
pub(crate) use workflows::{required_workflow, workflow_detail};
