//! The shell around the run machine: claim, load, decide, commit, perform. No HTTP server, no SQL.

mod clock;
mod connectors;
mod engine;
mod error;
mod fleet;
mod inbound;
mod outbound;
mod pump;
mod run;
pub mod vault;

pub use clock::{Clock, SystemClock};
pub use connectors::{Pins, PutIn, Trial, TrialError};
pub use countersign_channels::{Platform, hooks::Answer as HookAnswer};
pub use engine::{Engine, EngineConfig, EngineParts};
pub use error::EngineError;
pub use inbound::{
    AcceptedMessage, Fire, FollowedForm, FormOver, HookCall, Incoming, TriedCall, TriggerState, Webhook, WebhookCall,
    WebhookTaken, started_form,
};
pub use outbound::{
    Digest, FollowedLink, Invitation, LinkOver, NoticeChannel, NoticeReason, Notifications, Notified, QuietHours,
    SettingsProblem, Unsubscribing,
};
pub use run::{
    CheckedMove, DecideRequest, IdempotencyKey, Inbox, LoadedCheckpoint, LoadedRun, MoveRun, NamedVersion, Reader,
    RetryBy, RetryPlan, RetryRun, StartRun, StartedRun, VersionRecord, beside_workers, conversation_object,
    customer_object, has_stopped,
};
#[doc(hidden)]
pub use run::{Outside, project};
pub use vault::{
    AccountChoice, Agreeing, ChannelError, ChannelHealth, ConnectError, NotChosen, OpenVault, Revocation, SecretKey,
    Standing, TokenStanding, Vault, check_vault, chosen, open_vault, rotate_vault,
};
