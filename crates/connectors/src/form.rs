//! `application/x-www-form-urlencoded`, the way Stripe reads nested values.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// Everything but the unreserved characters of RFC 3986.
pub(crate) const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lists {
    /// `a[0]=x&a[1]=y`.
    Indexed,
    /// `a=x&a=y`.
    Repeated,
}

/// The members of an object as a form. Null is an empty value where lists are numbered (Stripe: unset) and left out
/// where names are repeated, an empty list too; an empty object is left out; numbers and booleans are their text. A value that is no object gives an empty form.
pub(crate) fn encode(value: &Value, lists: Lists) -> String {
    let mut out = String::new();
    if let Value::Object(members) = value {
        let mut name = String::new();
        for (key, member) in members {
            name.clear();
            name.extend(utf8_percent_encode(key, RESERVED));
            pairs(&mut out, &mut name, member, lists);
        }
    }
    out
}

fn pairs(out: &mut String, name: &mut String, value: &Value, lists: Lists) {
    let length = name.len();
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                name.push('[');
                name.extend(utf8_percent_encode(key, RESERVED));
                name.push(']');
                pairs(out, name, member, lists);
                name.truncate(length);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                if lists == Lists::Indexed {
                    name.push_str(&format!("[{index}]"));
                }
                pairs(out, name, item, lists);
                name.truncate(length);
            }
        }
        // Without a number there is nothing to unset: what has no value is not sent.
        Value::Array(_) | Value::Null if lists == Lists::Repeated => {}
        Value::Array(_) | Value::Null => pair(out, name, ""),
        Value::Bool(flag) => pair(out, name, if *flag { "true" } else { "false" }),
        Value::Number(number) => pair(out, name, &number.to_string()),
        Value::String(text) => pair(out, name, text),
    }
}

fn pair(out: &mut String, name: &str, value: &str) {
    if !out.is_empty() {
        out.push('&');
    }
    out.push_str(name);
    out.push('=');
    out.extend(utf8_percent_encode(value, RESERVED));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nested_values_get_brackets() {
        let value = json!({
            "items": [{ "id": "si_1", "price": "price_b", "deleted": false }, { "quantity": 3 }],
            "metadata": { "run id": "a&b=c" },
            "expand": ["latest_invoice"],
            "coupon": null,
            "none": [],
            "empty": {},
            "proration_date": 1_700_000_000_i64,
        });
        assert_eq!(
            encode(&value, Lists::Indexed),
            "items[0][id]=si_1&items[0][price]=price_b&items[0][deleted]=false&items[1][quantity]=3\
             &metadata[run%20id]=a%26b%3Dc&expand[0]=latest_invoice&coupon=&none=&proration_date=1700000000"
        );
    }

    #[test]
    fn repeated_lists_have_no_brackets() {
        let value = json!({ "tag": ["a", "ü"], "none": null, "empty": [], "filter": { "x": null, "y": 1 } });
        assert_eq!(encode(&value, Lists::Repeated), "tag=a&tag=%C3%BC&filter[y]=1");
    }
}
