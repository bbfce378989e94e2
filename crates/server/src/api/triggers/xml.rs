//! XML of a webhook, as a value.

use super::body::{DEPTH_MAX, invalid, put};
use crate::http::problem::ApiResult;
use roxmltree::{Document, Node, ParsingOptions};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The most elements, texts and comments.
const NODES_MAX: u32 = 100_000;
/// The most attributes of an element, declared namespaces among them.
const ATTRIBUTES_MAX: usize = 250;
/// The most prefixes of namespaces.
const PREFIXES_MAX: usize = 100;

/// `<order id="7"><item>a</item><item>b</item></order>` is `{ "order": { "@id": "7", "item": ["a", "b"] } }`. Prefixes of
/// namespaces are left out, text beside elements is `#text`. Document types are refused.
pub(super) fn read(text: &str) -> ApiResult<Value> {
    bounded(text)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options)
        .map_err(|error| invalid(format!("the XML cannot be read: {error}")))?;
    let root = document.root_element();
    Ok(Value::Object(Map::from_iter([(root.tag_name().name().to_owned(), element(root, 0)?)])))
}

/// Refuses, in one pass, what the parser takes the square of the time for: it compares each attribute of an element with
/// the others, and at every element that declares a namespace all that are in scope. No tag reaches over a `<`, and what
/// follows one within comments and CDATA has hardly a tag's shape.
fn bounded(text: &str) -> ApiResult<()> {
    let mut prefixes = BTreeSet::new();
    for tag in text.split('<').skip(1) {
        let (mut count, mut defaults) = (0, 0);
        for name in attributes(tag) {
            count += 1;
            match name.strip_prefix("xmlns") {
                Some("") => defaults += 1,
                Some(prefix) if prefix.starts_with(':') => drop(prefixes.insert(prefix)),
                Some(_) | None => {}
            }
            if count > ATTRIBUTES_MAX {
                return Err(invalid(format!("an element of the XML has more than {ATTRIBUTES_MAX} attributes")));
            }
            if defaults > 1 {
                return Err(invalid("an element of the XML has `xmlns` twice".to_owned()));
            }
            if prefixes.len() > PREFIXES_MAX {
                return Err(invalid(format!("the XML has more than {PREFIXES_MAX} prefixes of namespaces")));
            }
        }
    }
    Ok(())
}

/// The names before `="…"` up to the end of a tag, or to where it is none.
fn attributes(tag: &str) -> impl Iterator<Item = &str> {
    let mut rest = tag;
    std::iter::from_fn(move || {
        let (before, from) = rest.split_at(rest.find(['"', '\'', '>'])?);
        let name = before.trim_ascii_end().strip_suffix('=')?.trim_ascii_end();
        let (_, after) = from.split_at(1);
        rest = after.split_once(from.chars().next()?).map_or("", |(_, after)| after);
        name.rsplit(|letter: char| letter.is_ascii_whitespace()).next()
    })
}

fn element(node: Node<'_, '_>, depth: usize) -> ApiResult<Value> {
    if depth >= DEPTH_MAX {
        return Err(invalid(format!("the XML is more than {DEPTH_MAX} elements deep")));
    }
    let mut members = Map::new();
    for attribute in node.attributes() {
        put(&mut members, &format!("@{}", attribute.name()), Value::from(attribute.value()));
    }
    let mut words = String::new();
    for child in node.children() {
        if child.is_element() {
            put(&mut members, child.tag_name().name(), element(child, depth + 1)?);
        } else if child.is_text() {
            words.push_str(child.text().unwrap_or_default());
        }
    }
    let words = words.trim();
    if members.is_empty() {
        return Ok(Value::from(words));
    }
    if !words.is_empty() {
        members.insert("#text".to_owned(), Value::from(words));
    }
    Ok(Value::Object(members))
}
