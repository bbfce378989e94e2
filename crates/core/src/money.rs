//! Amounts of money as people write them and as they are kept: digits, a point, and no more decimals than their currency
//! has. They are texts, so no amount is rounded on its way.

use iso_currency::Currency;

/// Most digits before the point.
const DIGITS_MAX: usize = 12;

/// How many decimals amounts of a currency have; nothing for what is no currency of ISO 4217 with amounts of its own.
#[must_use]
pub fn decimals(currency: &str) -> Option<usize> {
    Currency::from_code(currency)?.exponent().map(usize::from)
}

/// Whether a text is an amount as it is kept. Without a currency every text is.
#[must_use]
pub fn is_amount(text: &str, currency: &str) -> bool {
    if currency.is_empty() {
        return true;
    }
    let (whole, after) = text.split_once('.').map_or((text, None), |(whole, after)| (whole, Some(after)));
    let most = decimals(currency).unwrap_or(2);
    let leading = whole.len() > 1 && whole.starts_with('0');
    digits(whole, 1, DIGITS_MAX) && !leading && after.is_none_or(|after| digits(after, 1, most))
}

/// What is said of a text that is no amount.
#[must_use]
pub fn no_amount(currency: &str) -> String {
    format!("this is no amount in {currency}, such as {}", example(currency))
}

/// An amount as it is kept.
#[must_use]
pub fn example(currency: &str) -> String {
    padded("42", "6", decimals(currency).unwrap_or(2))
}

/// The amount that somebody wrote, with all decimals of its currency, which may stand beside it. What can be read in two
/// ways is not guessed.
///
/// # Errors
/// Why it is none, in words for who wrote it.
pub fn amount(words: &str, currency: &str) -> Result<String, String> {
    let most = decimals(currency).unwrap_or(2);
    let refused = || Err(format!("{}.", no_amount(currency)));
    let bare = without_currency(words, currency);
    // Without decimals both signs can only group.
    let point = bare.rfind(['.', ',']).filter(|_| most > 0);
    let (whole, after) = point.map_or((bare, None), |at| (&bare[..at], Some(&bare[at + 1..])));
    if after.is_some_and(|after| !digits(after, 1, most)) {
        return refused();
    }
    // `1,000` of three decimals is one, or a thousand; `1.000` is how one is kept.
    if after.is_some_and(|after| after.len() == 3)
        && bare.contains(',')
        && digits(whole, 1, 3)
        && !whole.starts_with('0')
    {
        return refused();
    }
    // Only what stands before decimals may be grouped by the other sign; blanks group always.
    let other = match point {
        Some(at) => Some(if bare[at..].starts_with('.') { ',' } else { '.' }),
        None => bare.chars().find(|sign| matches!(sign, '.' | ',')),
    };
    let groups: Vec<&str> =
        whole.split(|c| matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'') || Some(c) == other).collect();
    let grouped = match groups.as_slice() {
        [one] => digits(one, 1, DIGITS_MAX),
        [first, rest @ ..] => {
            digits(first, 1, 3) && !first.starts_with('0') && rest.iter().all(|one| digits(one, 3, 3))
        }
        [] => false,
    };
    let whole = groups.concat();
    if !grouped || whole.len() > DIGITS_MAX {
        return refused();
    }
    let whole = whole.trim_start_matches('0');
    Ok(padded(if whole.is_empty() { "0" } else { whole }, after.unwrap_or_default(), most))
}

fn digits(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn padded(whole: &str, after: &str, decimals: usize) -> String {
    if decimals == 0 { whole.to_owned() } else { format!("{whole}.{after:0<decimals$}") }
}

/// Without the currency's code or sign before or after it; another currency's stays.
fn without_currency<'a>(words: &'a str, currency: &str) -> &'a str {
    let words = words.trim();
    let sign = Currency::from_code(currency).map(|currency| currency.symbol().symbol).unwrap_or_default();
    for beside in [currency, sign.as_str()].into_iter().filter(|beside| !beside.is_empty()) {
        let same = |part: Option<&str>| part.is_some_and(|part| part.eq_ignore_ascii_case(beside));
        if same(words.get(..beside.len())) {
            return words[beside.len()..].trim();
        }
        let before = words.len().saturating_sub(beside.len());
        if same(words.get(before..)) {
            return words[..before].trim();
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_has_no_more_decimals_than_its_currency() {
        for (text, currency) in
            [("42.60", "EUR"), ("42.6", "EUR"), ("42", "EUR"), ("0.05", "USD"), ("4200", "JPY"), ("1.234", "KWD")]
        {
            assert!(is_amount(text, currency), "{text} {currency}");
        }
        for (text, currency) in [
            ("42.605", "EUR"),
            ("42,60", "EUR"),
            ("42.", "EUR"),
            (".5", "EUR"),
            ("042", "EUR"),
            ("-1", "EUR"),
            ("1e3", "EUR"),
            (" 42", "EUR"),
            ("", "EUR"),
            ("4.2", "JPY"),
            ("1234567890123", "EUR"),
            ("4٢", "EUR"),
        ] {
            assert!(!is_amount(text, currency), "{text} {currency}");
        }
        assert_eq!(
            (decimals("EUR"), decimals("JPY"), decimals("KWD"), decimals("EUX")),
            (Some(2), Some(0), Some(3), None)
        );
    }

    #[test]
    fn what_is_no_amount_is_told_with_one() {
        assert_eq!(amount("42.605", "EUR"), Err("this is no amount in EUR, such as 42.60.".to_owned()));
        assert_eq!(amount("4.2", "JPY"), Err("this is no amount in JPY, such as 42.".to_owned()));
        for currency in ["EUR", "JPY", "KWD"] {
            assert!(is_amount(&example(currency), currency), "{currency}");
        }
    }
}
