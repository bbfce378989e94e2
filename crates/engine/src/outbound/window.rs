//! Until when WhatsApp takes free words for a customer: 24 hours from what they wrote last. Later it takes approved templates.

use crate::{Engine, EngineError, vault::OpenAccount};
use countersign_channels::Platform;

/// How long it is open after a customer's message, milliseconds
/// (<https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages>).
const WINDOW_MS: i64 = 24 * 3_600_000;
/// What a message has failed with that came too late.
pub(crate) const OUTSIDE_WINDOW: &str = "outside_window";

/// Whether a customer may be written to in free words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Window {
    /// They may.
    Open,
    /// They wrote, but too long ago.
    Closed,
    /// They never wrote to this account, as far as is known here.
    Unknown,
}

impl Window {
    fn at(heard: Option<i64>, now: i64) -> Self {
        match heard {
            Some(at) if now.saturating_sub(at) < WINDOW_MS => Self::Open,
            Some(_) => Self::Closed,
            None => Self::Unknown,
        }
    }
}

impl Engine {
    /// The window of an address of an account; open where the channel has none.
    pub(crate) async fn window(&self, account: &OpenAccount, to: &str) -> Result<Window, EngineError> {
        if account.account.platform() != Platform::Whatsapp {
            return Ok(Window::Open);
        }
        let channel = Platform::Whatsapp.tag();
        let heard = self.0.store.last_heard(&account.workspace, (channel, &account.id), to).await?;
        Ok(Window::at(heard, self.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_open_for_a_day_after_the_newest_message() {
        assert_eq!(Window::at(Some(1000), 1000 + WINDOW_MS - 1), Window::Open);
        assert_eq!(Window::at(Some(1000), 1000 + WINDOW_MS), Window::Closed);
        assert_eq!(Window::at(None, 1000), Window::Unknown);
    }
}
