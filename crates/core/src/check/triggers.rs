//! What starts a run.

use super::{
    Context,
    report::{Report, shown},
};
use crate::{document::Trigger, expr::Expression};

/// What the condition of a message trigger can read.
pub(super) const MESSAGE_NAMES: [&str; 4] = ["text", "channel", "customer", "conversation"];

pub(super) fn check(context: &Context<'_>, report: &mut Report) {
    report.document();
    let mut paths: Vec<&str> = Vec::new();
    for (index, trigger) in context.workflow.triggers.iter().enumerate() {
        let pointer = format!("/triggers/{index}");
        match trigger {
            Trigger::Message { when } => check_when(when, &format!("{pointer}/when"), report),
            Trigger::Webhook { path } => {
                let pointer = format!("{pointer}/path");
                check_path(path, &pointer, report);
                if paths.contains(&path.as_str()) {
                    let message = format!("another trigger is at `{}` too", shown(path));
                    report.error("duplicate_trigger", &pointer, message, "Give each its own path.");
                }
                paths.push(path);
            }
            Trigger::Schedule { cron, time_zone } => check_schedule(cron, time_zone, &pointer, report),
            Trigger::Api | Trigger::Manual => {
                if context.workflow.triggers[..index].contains(trigger) {
                    report.warning("duplicate_trigger", &pointer, "this trigger is there twice", "Remove one.");
                }
            }
        }
    }
}

fn check_when(when: &str, pointer: &str, report: &mut Report) {
    let expression = match Expression::compile(when) {
        Ok(expression) => expression,
        Err(error) => {
            let help = "Write a JSONata condition such as $contains($lowercase(text), 'upgrade').";
            report.error("trigger_when", pointer, error.message, help);
            return;
        }
    };
    super::expressions::check_functions(&expression, pointer, report);
    for name in expression.roots().iter().filter(|name| !MESSAGE_NAMES.contains(&name.as_str())) {
        let help = "The condition of a message trigger reads text, channel, customer and conversation.";
        report.error("unknown_name", pointer, format!("nothing is called `{}` here", shown(name)), help);
    }
}

fn check_path(path: &str, pointer: &str, report: &mut Report) {
    let good = !path.is_empty()
        && path.len() <= 100
        && path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if !good {
        let message = format!("`{}` cannot be part of an address", shown(path));
        report.error("trigger_path", pointer, message, "Use letters, digits, `-` and `_`, at most 100 of them.");
    }
}

fn check_schedule(cron: &str, time_zone: &str, pointer: &str, report: &mut Report) {
    if let Err(message) = check_cron(cron) {
        let help = "Five fields: minute, hour, day of month, month, day of week; for example 0 9 * * MON-FRI.";
        report.error("trigger_cron", &format!("{pointer}/cron"), message, help);
    }
    let zone = !time_zone.is_empty()
        && time_zone.len() <= 64
        && time_zone.starts_with(|c: char| c.is_ascii_alphabetic())
        && time_zone.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+'));
    if !zone {
        let message = format!("`{}` is no time zone", shown(time_zone));
        report.error("trigger_cron", &format!("{pointer}/time_zone"), message, "Write it like Europe/Berlin or UTC.");
    }
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// One field of a cron expression: its name, its range, and the words it knows.
struct Field {
    name: &'static str,
    from: u32,
    to: u32,
    words: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", from: 0, to: 59, words: &[] },
    Field { name: "hour", from: 0, to: 23, words: &[] },
    Field { name: "day of month", from: 1, to: 31, words: &[] },
    Field { name: "month", from: 1, to: 12, words: &MONTHS },
    Field { name: "day of week", from: 0, to: 7, words: &DAYS },
];

fn check_cron(cron: &str) -> Result<(), String> {
    let fields: Vec<&str> = cron.split_whitespace().take(FIELDS.len() + 1).collect();
    if fields.len() != FIELDS.len() || cron.len() > 200 {
        return Err("a cron expression has five fields".to_owned());
    }
    for (text, field) in fields.iter().zip(&FIELDS) {
        for part in text.split(',') {
            check_part(part, field).ok_or_else(|| format!("`{}` is no {}", shown(part), field.name))?;
        }
    }
    Ok(())
}

fn check_part(part: &str, field: &Field) -> Option<()> {
    let (range, every) = match part.split_once('/') {
        Some((range, every)) => (range, Some(every)),
        None => (part, None),
    };
    if let Some(every) = every {
        let every: u32 = every.parse().ok()?;
        (1..=field.to.max(1)).contains(&every).then_some(())?;
    }
    if range == "*" {
        return Some(());
    }
    match range.split_once('-') {
        Some((from, to)) => (value(from, field)? <= value(to, field)?).then_some(()),
        None => value(range, field).map(|_| ()),
    }
}

fn value(text: &str, field: &Field) -> Option<u32> {
    let word = field.words.iter().position(|word| word.eq_ignore_ascii_case(text));
    let value = match word {
        Some(position) => u32::try_from(position).ok()? + field.from,
        None => text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))?,
    };
    (field.from..=field.to).contains(&value).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cron_expressions() {
        for good in ["* * * * *", "0 9 * * MON-FRI", "*/15 0-6,22 1,15 jan 7", "5/10 0 1 1-6/2 0"] {
            assert_eq!(check_cron(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 8",
            "5-1 * * * *",
            "*/0 * * * *",
            "a * * * *",
            "1,, * * * *",
            "+5 * * * *",
            "-1 * * * *",
        ] {
            assert!(check_cron(bad).is_err(), "{bad}");
        }
    }
}
