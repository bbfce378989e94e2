//! What leaves and no step waits for. What happens to a checkpoint is written in the commit that caused it
//! (`run/project.rs`); `announce` finds out whom it concerns, `send` tells them, `pump` takes what is due, whoever wrote it.
//! What went wrong is told by `alerts`; messages that nothing caused are sent `alone`.
//! What is said in a conversation leaves by its channel (`departures`).

mod alerts;
mod alone;
mod announce;
mod buttons;
mod consent;
mod departures;
mod digest;
mod links;
mod people;
mod pump;
mod send;
mod settings;
mod window;
mod words;

pub use alone::Invitation;
pub use consent::Unsubscribing;
pub(crate) use consent::{OPTED_OUT, entry as consent_entry, wish};
pub(crate) use departures::Departures;
pub(crate) use links::hash;
pub use links::{FollowedLink, LinkOver};
pub(crate) use pump::ToTell;
pub use settings::{Digest, NoticeChannel, NoticeReason, Notifications, Notified, QuietHours, SettingsProblem};
pub(crate) use window::{OUTSIDE_WINDOW, Window};
