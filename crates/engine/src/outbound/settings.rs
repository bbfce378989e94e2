//! How people want to be told: over what, at which address, and when not.

use crate::EngineError;
use countersign_channels::Platform;
use countersign_core::{contact, time::Timestamp, time_zone::TimeZone};
use countersign_store::OutboundReason;
use serde::{Deserialize, Serialize};

/// Channels of one person.
const CHANNELS_MAX: usize = 10;
/// Times of the day at which one person gets a digest.
const TIMES_MAX: usize = 6;
const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;

/// Over what people can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeChannel {
    /// E-mail.
    Email,
    /// Slack: a person, or a channel that others read too.
    Slack,
    /// Telegram.
    Telegram,
    /// WhatsApp.
    Whatsapp,
    /// Text message.
    Sms,
}

impl NoticeChannel {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Email, Self::Slack, Self::Telegram, Self::Whatsapp, Self::Sms];

    /// Its name in rows and the API.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Slack => "slack",
            Self::Telegram => "telegram",
            Self::Whatsapp => "whatsapp",
            Self::Sms => "sms",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn read(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.tag() == tag)
    }

    /// Whose account of the workspace sends it.
    pub(crate) fn platform(self) -> Platform {
        match self {
            Self::Email => Platform::Email,
            Self::Telegram => Platform::Telegram,
            Self::Whatsapp => Platform::Whatsapp,
            Self::Sms => Platform::Sms,
            Self::Slack => Platform::Slack,
        }
    }

    /// Whether a message can be changed after it was sent.
    pub(crate) fn can_change(self) -> bool {
        match self {
            Self::Slack | Self::Telegram => true,
            Self::Email | Self::Whatsapp | Self::Sms => false,
        }
    }

    /// Whether others read there too: a channel of Slack, a group of Telegram. What is sent there decides for nobody by
    /// itself: it has no personal link, and whoever presses a button is asked who they are.
    pub(crate) fn is_shared(self, address: &str) -> bool {
        match self {
            Self::Slack => address.starts_with(['#', 'C', 'G']),
            Self::Telegram => address.starts_with('-'),
            Self::Email | Self::Whatsapp | Self::Sms => false,
        }
    }

    /// The address as it is kept; none when it is no address there.
    fn address(self, text: &str) -> Option<String> {
        let text = text.trim();
        let id = |allowed: &dyn Fn(char) -> bool| (2..=64).contains(&text.len()) && text.chars().all(allowed);
        match self {
            Self::Email => contact::email(text),
            Self::Whatsapp | Self::Sms => contact::phone(text),
            Self::Telegram => {
                let digits = text.strip_prefix('-').unwrap_or(text);
                let number = (1..=20).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
                number.then(|| text.to_owned())
            }
            Self::Slack => {
                let named = text.starts_with('#') && id(&|c| c == '#' || c == '-' || c == '_' || c.is_alphanumeric());
                let known = text.starts_with(['C', 'D', 'G', 'U', 'W']) && id(&|c| c.is_ascii_alphanumeric());
                (named || known).then(|| text.to_owned())
            }
        }
    }
}

/// Of what a person is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeReason {
    /// Something waits for them, or was changed since.
    Opened,
    /// It still does.
    Reminded,
    /// Nobody decided in time.
    Escalated,
    /// It was given to them, or given back.
    Reassigned,
    /// A run failed, or a connection was cut off.
    Failed,
}

impl NoticeReason {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Opened, Self::Reminded, Self::Escalated, Self::Reassigned, Self::Failed];

    /// Its name in the API.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Reminded => "reminded",
            Self::Escalated => "escalated",
            Self::Reassigned => "reassigned",
            Self::Failed => "failed",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn read(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.tag() == tag)
    }

    fn of(reason: OutboundReason) -> Self {
        match reason {
            OutboundReason::Opened | OutboundReason::Changed | OutboundReason::Decided => Self::Opened,
            OutboundReason::Reminded => Self::Reminded,
            OutboundReason::Escalated => Self::Escalated,
            OutboundReason::Reassigned => Self::Reassigned,
            OutboundReason::Failed | OutboundReason::Disconnected | OutboundReason::Head => Self::Failed,
        }
    }
}

/// One way to tell a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notified {
    /// Over what.
    pub channel: NoticeChannel,
    /// Where: an e-mail address, a number in E.164, a chat id, a Slack user or channel. For e-mail the person's own when
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What they are not told over it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<NoticeReason>,
}

impl Notified {
    /// Over this channel, all there is to tell.
    #[must_use]
    pub fn over(channel: NoticeChannel, address: Option<String>) -> Self {
        Self { channel, address, except: Vec::new() }
    }

    /// Whether others read there too.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.address.as_deref().is_some_and(|address| self.channel.is_shared(address))
    }

    /// Whether they are told over it for this reason.
    pub(super) fn tells(&self, reason: OutboundReason) -> bool {
        !self.except.contains(&NoticeReason::of(reason))
    }
}

/// At what times of the day one message lists what waits, instead of one for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Times of the day, `08:00`; at least one.
    pub times: Vec<String>,
    /// IANA name of the zone.
    pub time_zone: String,
}

/// When a person is not told: what comes then comes when they end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    /// Begin, `22:00`.
    pub from: String,
    /// End, `07:00`; on the next day when it is earlier.
    pub to: String,
    /// IANA name of the zone, `Europe/Berlin`.
    pub time_zone: String,
}

/// How a person wants to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notifications {
    /// Over what; nothing at all when empty.
    pub channels: Vec<Notified>,
    /// When not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<QuietHours>,
    /// When one message lists what waits; what is escalated or would be too late comes at once all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
}

impl Default for Notifications {
    /// By e-mail, at once.
    fn default() -> Self {
        Self { channels: vec![Notified::over(NoticeChannel::Email, None)], quiet_hours: None, digest: None }
    }
}

/// What is wrong with settings, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsProblem {
    /// JSON pointer.
    pub pointer: String,
    /// What.
    pub message: String,
}

fn problem(pointer: impl Into<String>, message: impl Into<String>) -> SettingsProblem {
    SettingsProblem { pointer: pointer.into(), message: message.into() }
}

impl Notifications {
    /// From the row's `settings`.
    ///
    /// # Errors
    /// `Corrupt`.
    pub(super) fn read(settings: &str) -> Result<Self, EngineError> {
        serde_json::from_str(settings).map_err(|error| EngineError::Corrupt(format!("notification settings: {error}")))
    }

    /// As they are kept: addresses in one spelling.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn checked(mut self) -> Result<Self, SettingsProblem> {
        if self.channels.len() > CHANNELS_MAX {
            return Err(problem("/channels", format!("at most {CHANNELS_MAX}")));
        }
        for (index, notified) in self.channels.iter_mut().enumerate() {
            let pointer = format!("/channels/{index}/address");
            let channel = notified.channel;
            let Some(address) = &notified.address else {
                if channel == NoticeChannel::Email {
                    continue;
                }
                return Err(problem(pointer, format!("{} needs an address", channel.tag())));
            };
            let kept = channel.address(address);
            notified.address = Some(kept.ok_or_else(|| problem(pointer, format!("no address of {}", channel.tag())))?);
        }
        for (index, notified) in self.channels.iter().enumerate() {
            let same =
                |other: &Notified| other.channel == notified.channel && other.is_shared() == notified.is_shared();
            if self.channels.iter().take(index).any(same) {
                let message = "each channel once, and once more where others read too";
                return Err(problem(format!("/channels/{index}/channel"), message));
            }
        }
        if let Some(quiet) = &self.quiet_hours {
            quiet.check()?;
        }
        if let Some(digest) = &self.digest {
            digest.check()?;
        }
        Ok(self)
    }
}

impl QuietHours {
    fn check(&self) -> Result<(), SettingsProblem> {
        let (Some(from), Some(to)) = (minutes(&self.from), minutes(&self.to)) else {
            let name = if minutes(&self.from).is_none() { "from" } else { "to" };
            return Err(problem(format!("/quiet_hours/{name}"), "a time of day, 00:00 to 23:59"));
        };
        if from == to {
            return Err(problem("/quiet_hours/to", "the quiet hours must end at another time than they begin"));
        }
        match TimeZone::named(&self.time_zone) {
            Some(_) => Ok(()),
            None => Err(problem("/quiet_hours/time_zone", "no time zone of this name, such as Europe/Berlin")),
        }
    }

    /// How many milliseconds it is quiet from this instant on; 0 when it is not.
    pub(crate) fn left(&self, at: i64) -> i64 {
        let (Some(from), Some(to)) = (minutes(&self.from), minutes(&self.to)) else { return 0 };
        let Some(offset) = TimeZone::named(&self.time_zone).and_then(|zone| zone.offset_seconds(Timestamp(at))) else {
            return 0;
        };
        let shown = (at + i64::from(offset) * 1000).rem_euclid(DAY_MS);
        let (from, to) = (from * MINUTE_MS, to * MINUTE_MS);
        let since = (shown - from).rem_euclid(DAY_MS);
        let lasts = (to - from).rem_euclid(DAY_MS);
        (lasts - since).max(0)
    }
}

impl Digest {
    fn check(&self) -> Result<(), SettingsProblem> {
        if self.times.is_empty() || self.times.len() > TIMES_MAX {
            return Err(problem("/digest/times", format!("1 to {TIMES_MAX} times of the day")));
        }
        if let Some(bad) = self.times.iter().position(|time| minutes(time).is_none()) {
            return Err(problem(format!("/digest/times/{bad}"), "a time of day, 00:00 to 23:59"));
        }
        match TimeZone::named(&self.time_zone) {
            Some(_) => Ok(()),
            None => Err(problem("/digest/time_zone", "no time zone of this name, such as Europe/Berlin")),
        }
    }

    /// In how many milliseconds the next one is, at least one.
    pub(super) fn next_in(&self, at: i64) -> Option<i64> {
        let offset = TimeZone::named(&self.time_zone)?.offset_seconds(Timestamp(at))?;
        let shown = (at + i64::from(offset) * 1000).rem_euclid(DAY_MS);
        let times = self.times.iter().filter_map(|time| minutes(time));
        times.map(|time| (time * MINUTE_MS - shown - 1).rem_euclid(DAY_MS) + 1).min()
    }
}

/// Minutes since midnight of `07:30`.
fn minutes(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |part: &str, below: i64| {
        let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|number: &i64| digits && *number < below)
    };
    Some(number(hours, 24)? * 60 + number(minutes, 60)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn told(channel: NoticeChannel, address: &str) -> Notifications {
        let channels = vec![Notified::over(channel, Some(address.to_owned()))];
        Notifications { channels, ..Notifications::default() }
    }

    #[test]
    fn addresses_are_kept_in_one_spelling_or_refused() {
        for (channel, address, kept) in [
            (NoticeChannel::Email, " Ada@Example.com ", "ada@example.com"),
            (NoticeChannel::Sms, "+1 555 555 0100", "+15555550100"),
            (NoticeChannel::Telegram, "-100123", "-100123"),
            (NoticeChannel::Slack, "U024BE7LH", "U024BE7LH"),
            (NoticeChannel::Slack, "#approvals", "#approvals"),
        ] {
            let checked = told(channel, address).checked().unwrap();
            assert_eq!(checked.channels[0].address.as_deref(), Some(kept));
        }
        for (channel, address) in [
            (NoticeChannel::Email, "ada"),
            (NoticeChannel::Email, "a@example.com\r\nBcc: b@example.com"),
            (NoticeChannel::Whatsapp, "555 0100"),
            (NoticeChannel::Telegram, "@ada"),
            (NoticeChannel::Slack, "ada"),
        ] {
            assert_eq!(told(channel, address).checked().unwrap_err().pointer, "/channels/0/address", "{address}");
        }
        let slack = |address: &str| Notified::over(NoticeChannel::Slack, Some(address.to_owned()));
        let both = Notifications { channels: vec![slack("U1A"), slack("#ops")], ..Notifications::default() };
        let shared = |wishes: &Notifications| wishes.channels.iter().map(Notified::is_shared).collect::<Vec<_>>();
        assert_eq!(shared(&both.clone().checked().unwrap()), [false, true]);
        let two = Notifications { channels: vec![slack("C1A"), slack("#ops")], ..both };
        assert_eq!(two.checked().unwrap_err().pointer, "/channels/1/channel");
        let mut twice = told(NoticeChannel::Email, "a@example.com");
        twice.channels.push(Notified::over(NoticeChannel::Email, None));
        assert_eq!(twice.checked().unwrap_err().pointer, "/channels/1/channel");
    }

    #[test]
    fn the_next_digest_is_the_first_of_its_times_there() {
        let digest = Digest { times: vec!["08:00".into(), "16:30".into()], time_zone: "Europe/Berlin".into() };
        digest.check().unwrap();
        // 2026-07-01T21:30:00Z is 23:30 in Berlin, in summer time.
        let at = 1_782_941_400_000;
        assert_eq!(digest.next_in(at), Some((8 * 60 + 30) * MINUTE_MS));
        assert_eq!(digest.next_in(at + (8 * 60 + 30) * MINUTE_MS), Some((8 * 60 + 30) * MINUTE_MS), "that one is out");
        assert_eq!(digest.next_in(at + (8 * 60 + 30) * MINUTE_MS - 1), Some(1));
        for (times, zone, pointer) in [
            (vec![], "UTC", "/digest/times"),
            (vec!["8:00"], "UTC", "/digest/times/0"),
            (vec!["08:00"], "Mars/Olympus", "/digest/time_zone"),
        ] {
            let times = times.into_iter().map(str::to_owned).collect();
            let digest = Digest { times, time_zone: zone.into() };
            assert_eq!(digest.check().unwrap_err().pointer, pointer);
        }
    }

    #[test]
    fn what_is_not_wanted_over_a_channel_is_not_told_there() {
        let except = vec![NoticeReason::Opened, NoticeReason::Reminded];
        let notified = Notified { except, ..Notified::over(NoticeChannel::Sms, None) };
        let told = |reason| notified.tells(reason);
        assert!(told(OutboundReason::Escalated) && told(OutboundReason::Reassigned));
        assert!(!told(OutboundReason::Opened) && !told(OutboundReason::Changed) && !told(OutboundReason::Reminded));
    }

    #[test]
    fn quiet_hours_end_in_the_morning_there() {
        let quiet = QuietHours { from: "22:00".into(), to: "07:00".into(), time_zone: "Europe/Berlin".into() };
        quiet.check().unwrap();
        // 2026-07-01T21:30:00Z is 23:30 in Berlin, in summer time.
        let at = 1_782_941_400_000;
        assert_eq!(quiet.left(at), (7 * 60 + 30) * MINUTE_MS);
        assert_eq!(quiet.left(at - 2 * 60 * MINUTE_MS), 0);
        assert_eq!(quiet.left(at + (7 * 60 + 30) * MINUTE_MS), 0);
        let noon = QuietHours { from: "12:00".into(), to: "13:00".into(), time_zone: "UTC".into() };
        assert_eq!((noon.left(12 * 60 * MINUTE_MS), noon.left(11 * 60 * MINUTE_MS)), (60 * MINUTE_MS, 0));
        for (from, to, zone, at) in [
            ("24:00", "07:00", "UTC", "from"),
            ("22:00", "7:00", "UTC", "to"),
            ("22:00", "22:00", "UTC", "to"),
            ("22:00", "07:00", "Mars/Olympus", "time_zone"),
        ] {
            let quiet = QuietHours { from: from.into(), to: to.into(), time_zone: zone.into() };
            assert_eq!(quiet.check().unwrap_err().pointer, format!("/quiet_hours/{at}"));
        }
    }
}
