//! How people are reached: what an e-mail address and a telephone number are, told once for forms, the API, messages
//! and customers.

use email_address::{EmailAddress, Options};

/// Most characters of an e-mail address (RFC 5321, 4.5.3.1.3, without the brackets).
const EMAIL_BYTES_MAX: usize = 254;

/// A bare e-mail address with a domain that has a dot, in lower case; `None` for anything else, a name in front included.
#[must_use]
pub fn email(text: &str) -> Option<String> {
    let text = text.trim();
    let options = Options::default().without_display_text().without_domain_literal().with_required_tld();
    let quoted = text.starts_with('"');
    let good = text.len() <= EMAIL_BYTES_MAX && !quoted && EmailAddress::parse_with_options(text, options).is_ok();
    good.then(|| text.to_lowercase())
}

/// A telephone number as E.164 writes it, `+` and 7 to 15 digits; `None` for one without its country, with an extension
/// (no channel reaches one) or with anything else in it. `00` is `+`, and the `(0)` of `+49 (0)30` is not dialled.
#[must_use]
pub fn phone(text: &str) -> Option<String> {
    let text = text.trim().replace("(0)", "");
    let text = text.strip_prefix("tel:").unwrap_or(&text);
    let mut digits = String::with_capacity(16);
    for (at, c) in text.chars().enumerate() {
        match c {
            '+' if at == 0 => digits.push('+'),
            '0'..='9' => digits.push(c),
            ' ' | '-' | '(' | ')' | '/' | '.' | '\u{a0}' | '\u{202f}' | '\u{2010}' | '\u{2011}' | '\u{2013}' => {}
            _ => return None,
        }
    }
    let number = match digits.strip_prefix('+') {
        Some(number) => number,
        None => digits.strip_prefix("00")?,
    };
    let good = (7..=15).contains(&number.len()) && !number.starts_with('0');
    good.then(|| format!("+{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, address) in [
            ("ada@example.com", "ada@example.com"),
            (" Ada@Example.COM ", "ada@example.com"),
            ("o'brien+tag@mail.example.co.uk", "o'brien+tag@mail.example.co.uk"),
            ("jörg@exämple.de", "jörg@exämple.de"),
        ] {
            assert_eq!(email(text).as_deref(), Some(address), "{text}");
        }
        for text in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "ada@example",
            "Ada <ada@example.com>",
            "<ada@example.com>",
            "a b@example.com",
            "ada@example.com, eve@example.com",
            "ada@@example.com",
            "ada@example..com",
            ".ada@example.com",
            "ada@[127.0.0.1]",
            "ada@example.com\r\nBcc: eve@example.com",
            "\"ada\"@example.com",
            "ada@.com",
            "mailto:ada@example.com\u{0}",
        ] {
            assert_eq!(email(text), None, "{text}");
        }
    }

    #[test]
    fn numbers() {
        for text in
            ["+493012345678", "+49 30 123 456-78", "0049 30 12345678", "+49 (0)30 12345678", "tel:+49-30-12345678"]
        {
            assert_eq!(phone(text).as_deref(), Some("+493012345678"), "{text}");
        }
        for text in [
            "",
            "030 12345678",
            "+49 30 12345678 ext. 12",
            "+49 30 12345678 x12",
            "+49 30 12345678;ext=12",
            "12345678",
            "+",
            "00",
            "+0049301234567",
            "+1234567890123456",
            "+49 30 1234567a",
            "++493012345678",
            "+49,30",
            "49+3012345678",
        ] {
            assert_eq!(phone(text), None, "{text}");
        }
    }
}
