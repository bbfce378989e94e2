//! Words by which people say that they want no more messages, some again, or help (CTIA and Twilio's defaults, and the same in
//! a few other languages), and their addresses in one spelling.

use crate::{account::Platform, twilio::OVER_WHATSAPP};
use countersign_core::contact;
use serde::{Deserialize, Serialize};

/// Mistaken for nothing else.
const STOP: [&str; 14] = [
    "stop",
    "stopall",
    "stop all",
    // The label that WhatsApp gives the button of marketing templates.
    "stop promotions",
    "unsubscribe",
    "optout",
    "opt out",
    "stopp",
    "abmelden",
    "arret",
    "arrêt",
    "baja",
    "parar",
    "afmelden",
];
/// Carriers take these for the same. Elsewhere they answer a question: *Keep it or cancel?*
const STOP_BY_SMS: [&str; 5] = ["cancel", "end", "quit", "revoke", "annulla"];
const START: [&str; 3] = ["start", "yes", "unstop"];
const HELP: [&str; 4] = ["help", "hilfe", "aide", "ayuda"];
const HELP_BY_SMS: [&str; 1] = ["info"];

/// What somebody says about messages to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// They want none.
    Stop,
    /// They want them again.
    Start,
    /// They want to know who writes.
    Help,
}

impl Word {
    /// The word that a whole message is, whatever its case.
    #[must_use]
    pub fn of(platform: Platform, text: &str) -> Option<Self> {
        let word = text.trim().trim_end_matches(['.', '!']).to_lowercase();
        let by_sms = [(&STOP_BY_SMS[..], Self::Stop), (&HELP_BY_SMS[..], Self::Help)];
        [(&STOP[..], Self::Stop), (&START[..], Self::Start), (&HELP[..], Self::Help)]
            .into_iter()
            .chain(by_sms.into_iter().filter(|_| platform == Platform::Sms))
            .find_map(|(words, meant)| words.contains(&word.as_str()).then_some(meant))
    }
}

/// An address as consent is kept for it: the same for all ways to write it.
#[must_use]
pub fn plain_address(platform: Platform, address: &str) -> String {
    let address = address.trim();
    if let Some(number) = address.strip_prefix(OVER_WHATSAPP) {
        return format!("{OVER_WHATSAPP}{}", plain_address(Platform::Whatsapp, number));
    }
    match platform {
        Platform::Whatsapp | Platform::Sms => contact::phone(address)
            .unwrap_or_else(|| format!("+{}", address.chars().filter(char::is_ascii_digit).collect::<String>())),
        Platform::Email => {
            let bare = address.rsplit_once('<').map_or(address, |(_, rest)| rest.trim_end_matches('>'));
            bare.trim().to_lowercase()
        }
        Platform::Telegram | Platform::Slack => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_message_is_a_word() {
        for (text, word) in [
            ("STOP", Some(Word::Stop)),
            (" stop. ", Some(Word::Stop)),
            ("StopAll", Some(Word::Stop)),
            ("Arrêt", Some(Word::Stop)),
            ("UNSTOP", Some(Word::Start)),
            ("Yes!", Some(Word::Start)),
            ("info", Some(Word::Help)),
            ("please stop", None),
            ("stop it", None),
            ("", None),
            ("!", None),
        ] {
            assert_eq!(Word::of(Platform::Sms, text), word, "{text}");
        }
        for (text, word) in [("CANCEL", Some(Word::Stop)), ("end", Some(Word::Stop)), ("Info", Some(Word::Help))] {
            assert_eq!(Word::of(Platform::Sms, text), word, "{text}");
            assert_eq!(Word::of(Platform::Whatsapp, text), None, "{text} may be an answer");
        }
    }

    #[test]
    fn an_address_is_the_same_however_it_is_written() {
        for (platform, written, kept) in [
            (Platform::Sms, "+1 (555) 000-1234", "+15550001234"),
            (Platform::Sms, "whatsapp:+1 555 000 1234", "whatsapp:+15550001234"),
            (Platform::Whatsapp, "15550001234", "+15550001234"),
            (Platform::Email, "Ada <Ada@Example.com>", "ada@example.com"),
            (Platform::Email, " Ada@Example.com ", "ada@example.com"),
            (Platform::Telegram, "1001", "1001"),
        ] {
            assert_eq!(plain_address(platform, written), kept, "{written}");
        }
    }
}
