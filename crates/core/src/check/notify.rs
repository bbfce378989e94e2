//! Messages.

use super::{
    Context,
    report::{Report, shown, token},
};
use crate::{
    contact,
    document::{Channel, Notify, StepKind},
};

pub(super) fn check(context: &Context<'_>, report: &mut Report) {
    for (index, (id, step)) in context.workflow.steps.iter().enumerate() {
        report.step(index);
        if let StepKind::Notify(notify) = &step.kind {
            check_one(notify, &format!("/steps/{}", token(id)), report);
        }
    }
}

fn check_one(notify: &Notify, pointer: &str, report: &mut Report) {
    let channels = format!("{pointer}/channels");
    if notify.channels.is_empty() {
        report.error("notify_no_channel", &channels, "the message has no channel to go over", "Name at least one.");
    }
    for (at, channel) in notify.channels.iter().enumerate() {
        if notify.channels[..at].contains(channel) {
            let message = format!("`{}` is named twice", channel.tag());
            report.warning("duplicate_channel", &format!("{channels}/{at}"), message, "Remove one of the two.");
        }
    }
    if notify.channels.contains(&Channel::Email) && notify.subject.trim().is_empty() {
        let help = "Say what it is about, so that the mail is opened.";
        report.warning("notify_subject", &format!("{pointer}/subject"), "the e-mail has no subject", help);
    }
    if notify.body.trim().is_empty() {
        report.error("notify_empty", &format!("{pointer}/body"), "the message is empty", "Write what to say.");
    }
    let Some(to) = &notify.to else { return };
    let good_email = |text: &str| contact::email(text).is_some();
    let good_phone = |text: &str| contact::phone(text).is_some();
    let (email, phone) = ("ada@example.com", "+4930123456");
    let checks: [(&str, &Option<String>, &dyn Fn(&str) -> bool, &str); 2] =
        [("email", &to.email, &good_email, email), ("phone", &to.phone, &good_phone, phone)];
    for (name, text, good, example) in checks {
        if let Some(text) = text.as_deref().filter(|text| !text.contains("{{") && !good(text)) {
            let message = format!("`{}` is no {name}: nothing could be sent to it", shown(text));
            report.error("notify_address", &format!("{pointer}/to/{name}"), message, format!("Write it like {example}."));
        }
    }
    for channel in &notify.channels {
        let missing = match channel {
            Channel::Email => to.email.is_none().then_some("email"),
            Channel::Sms | Channel::Whatsapp => to.phone.is_none().then_some("phone"),
            Channel::Telegram => to.telegram.is_none().then_some("telegram"),
            Channel::Conversation => None,
        };
        if let Some(missing) = missing {
            let message = format!("`to` names no `{missing}`, which {} needs", channel.tag());
            let help = format!("Add `{missing}` to `to`, or the customer's own is used.");
            report.info("notify_recipient", &format!("{pointer}/to"), message, help);
        }
    }
}
