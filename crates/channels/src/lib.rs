//! Channels: sending messages, checking and reading what channels send to us, and what each can show of a form.
//!
//! Nothing here keeps state; the engine decides when to send again, the server stores what arrives.

mod account;
mod change;
pub mod consent;
mod email;
mod forms;
pub mod hooks;
mod http;
pub mod inbound;
mod press;
mod probe;
mod sender;
mod slack;
mod telegram;
mod twilio;
pub mod verify;
mod whatsapp;

pub use account::{ChannelAccount, Platform, Secret, Tls};
pub use forms::{
    Asked, Asking, Choice, Lowered, Question, Reply, Showing, form_problems, has_page, lower, page, showing,
};
pub use press::Press;
pub use probe::{AccountFault, Probed};
pub use sender::{OutboundMessage, SendOutcome, Sender};
pub use twilio::OVER_WHATSAPP;
