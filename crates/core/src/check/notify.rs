//! Messages.

use super::{
    Context,
    report::{Report, shown, token},
};
use crate::{
    contact,
    document::{Channel, Notify, StepKind},
};
use std::collections::BTreeSet;

pub(super) fn check(context: &Context<'_>, report: &mut Report) {
    for (index, (id, step)) in context.workflow.steps.iter().enumerate() {
        report.step(index);
        if let StepKind::Notify(notify) = &step.kind {
            let pointer = format!("/steps/{}", token(id));
            check_one(notify, &pointer, report);
            if let Some(there) = context.among.channels {
                accounts(notify, there, &pointer, report);
            }
        }
    }
}

/// What goes over a channel goes through an account of the workspace.
fn accounts(notify: &Notify, there: &BTreeSet<Channel>, pointer: &str, report: &mut Report) {
    for (at, channel) in notify.channels.iter().enumerate() {
        if *channel != Channel::Conversation && !there.contains(channel) {
            let message = format!("the workspace has no {} account, so nothing is sent over it", channel.tag());
            let help = "Connect one under Connectors before the workflow runs, or choose another channel.";
            report.warning("no_account", &format!("{pointer}/channels/{at}"), message, help);
        }
    }
}

fn template(notify: &Notify, pointer: &str, report: &mut Report) {
    let Some(template) = &notify.template else { return };
    if !notify.channels.contains(&Channel::Whatsapp) {
        let message = "the template is WhatsApp's, and the message does not go over WhatsApp";
        let help = "Add the channel, or remove the template.";
        report.warning("notify_template_unused", &format!("{pointer}/template"), message, help);
    }
    for (field, text) in [("name", &template.name), ("language", &template.language)] {
        if text.trim().is_empty() {
            let message = format!("the template has no {field}");
            let help = "Write it as WhatsApp's manager shows it.";
            report.error("notify_template", &format!("{pointer}/template/{field}"), message, help);
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
    template(notify, pointer, report);
    let Some(to) = &notify.to else { return };
    let literal = |text: &Option<String>| text.clone().filter(|text| !text.contains("{{"));
    let wrong_email = literal(&to.email).filter(|text| contact::email(text).is_none());
    let wrong_phone = literal(&to.phone).filter(|text| contact::phone(text).is_none());
    for (name, wrong, example) in [("email", wrong_email, "ada@example.com"), ("phone", wrong_phone, "+4930123456")] {
        if let Some(text) = wrong {
            let message = format!("`{}` is no {name}: nothing could be sent to it", shown(&text));
            let help = format!("Write it like {example}.");
            report.error("notify_address", &format!("{pointer}/to/{name}"), message, help);
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
