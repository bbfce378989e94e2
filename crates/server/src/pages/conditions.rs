//! Values of `/f/{token}` that are asked for only when something else was chosen. There is no script, so style sheets show and
//! hide them; where a browser cannot, their condition is written above them. The server leaves out what was not asked for.

use super::html::escaped;
use countersign_channels::page::Entry;
use std::fmt::Write;

/// The style that shows what is asked for.
pub(super) fn style(all: &[Entry]) -> String {
    let mut rules = String::new();
    for entry in all.iter().filter(|entry| !entry.only_when.is_empty()) {
        let only = format!("div[data-only={}]", quoted(&entry.pointer));
        let mut form = "form".to_owned();
        for needs in &entry.only_when {
            let name = quoted(&needs.pointer);
            let chosen = |(index, _): &(usize, String)| {
                format!("[name={name}][value=\"{index}\"]:checked,[name={name}] option[value=\"{index}\"]:checked")
            };
            let chosen = needs.chosen.iter().map(chosen).collect::<Vec<_>>().join(",");
            let _ = write!(form, ":has({chosen})");
        }
        let _ = write!(rules, "{only}{{display:none}}{form} {only}{{display:block}}");
    }
    if rules.is_empty() {
        return rules;
    }
    format!("<style>@supports selector(:has(*)){{{rules}.only{{display:none}}}}</style>")
}

/// The condition in words.
pub(super) fn told(entry: &Entry) -> String {
    let one = |needs: &countersign_channels::page::Needs| {
        let labels = needs.chosen.iter().map(|(_, label)| format!("“{label}”")).collect::<Vec<_>>().join(" or ");
        format!("{}: {labels}", needs.title)
    };
    let all = entry.only_when.iter().map(one).collect::<Vec<_>>().join(", and ");
    format!("<p class=\"note only\">Only for {}</p>", escaped(&all))
}

/// A text of a style sheet, which nothing in it can end.
fn quoted(text: &str) -> String {
    let mut safe = String::from("\"");
    for character in text.chars() {
        if character.is_ascii_alphanumeric() || matches!(character, '/' | '_' | '-') {
            safe.push(character);
        } else {
            let _ = write!(safe, "\\{:x} ", u32::from(character));
        }
    }
    safe + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_fields_stay_inside_their_quotes() {
        assert_eq!(quoted("/a_1"), "\"/a_1\"");
        assert_eq!(quoted("/\"]}</style>"), "\"/\\22 \\5d \\7d \\3c /style\\3e \"");
    }
}
