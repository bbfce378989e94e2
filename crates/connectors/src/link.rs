//! The header `Link` (RFC 8288).

use reqwest::header::{HeaderMap, LINK};

/// Where the link of this relation leads, as it is written.
pub(crate) fn target(headers: &HeaderMap, relation: &str) -> Option<String> {
    let texts = headers.get_all(LINK).iter().filter_map(|value| std::str::from_utf8(value.as_bytes()).ok());
    texts
        .flat_map(links)
        .find(|(_, relations)| relations.iter().any(|name| name.eq_ignore_ascii_case(relation)))
        .map(|(target, _)| target.to_owned())
}

/// The links of one header: target and relations.
fn links(text: &str) -> Vec<(&str, Vec<&str>)> {
    apart(text, ',')
        .into_iter()
        .filter_map(|link| {
            let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
            // Only the first `rel` counts.
            let relations = apart(parameters, ';').into_iter().find_map(|parameter| {
                let (name, value) = parameter.split_once('=')?;
                name.trim().eq_ignore_ascii_case("rel").then(|| value.trim().trim_matches('"'))
            });
            Some((target.trim(), relations?.split_ascii_whitespace().collect()))
        })
        .collect()
}

/// The parts of a text between separators that stand neither in quotes nor in `<…>`.
fn apart(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut begin, mut quoted, mut escaped, mut bracketed) = (0, false, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if !bracketed => quoted = !quoted,
            '<' if !quoted => bracketed = true,
            '>' if !quoted => bracketed = false,
            c if c == separator && !quoted && !bracketed => {
                parts.push(&text[begin..at]);
                begin = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn next(lines: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(LINK, HeaderValue::from_static(line));
        }
        target(&headers, "next")
    }

    #[test]
    fn the_next_link_is_found_however_it_is_written() {
        let two = r#"<https://a.example/x?page=1>; rel="prev", <https://a.example/x?page=3>; rel="next""#;
        assert_eq!(next(&[two]).as_deref(), Some("https://a.example/x?page=3"));
        assert_eq!(next(&[r#"</x?ids=1,2;3>; title="a, \"b\"; rel=prev"; REL=Next"#]).as_deref(), Some("/x?ids=1,2;3"));
        assert_eq!(next(&[r#"<a>;rel="first""#, r#"<b>; rel="last next""#]).as_deref(), Some("b"));
        assert_eq!(next(&[r#"<a>; rel="prev"; rel="next""#]), None, "the first counts");
        assert_eq!(next(&["<a>; rel=nextpage", "next", "<b", r#"<c>; title="rel=next""#]), None);
        assert_eq!(next(&[]), None);
    }
}
