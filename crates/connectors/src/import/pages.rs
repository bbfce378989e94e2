//! Lists that come page by page, recognised by the names they commonly have.

use super::{Import, references};
use crate::{
    manifest::ActionManifest,
    pagination::{NextPage, PageSize, PaginationManifest},
};
use countersign_core::catalogue::{ALL_PAGES, Risk};
use serde_json::{Value, json};

/// Query parameters that take a cursor.
const CURSORS: [&str; 5] = ["cursor", "page_token", "pageToken", "starting_after", "after"];
/// Those that take the id of the last item, where the answer names no cursor.
const AFTER_ITEM: [&str; 2] = ["starting_after", "after"];
/// Members of an answer with the next cursor.
const NEXT_CURSORS: [&str; 6] =
    ["next_cursor", "nextCursor", "next_page_token", "nextPageToken", "end_cursor", "endCursor"];
/// Members of an answer that say whether there is more.
const FLAGS: [&str; 7] = ["has_more", "hasMore", "more", "has_next", "hasNext", "has_next_page", "hasNextPage"];
/// Those with the address or the number of the next page say so too.
const NEXTS: [&str; 3] = ["next", "next_page", "next_page_url"];
/// Query parameters with the size of a page.
const SIZES: [&str; 7] = ["per_page", "perPage", "page_size", "pageSize", "limit", "first", "maxResults"];
/// The largest page that is asked for, whatever the document allows.
const SIZE_MAX: u64 = 1_000;

impl Import<'_> {
    /// Gives the action its pagination, where the operation has one that is known. A list that is the whole answer then
    /// becomes a member, `items`: what is said of the pages stands beside it.
    pub(super) fn paged(&self, operation: &Value, action: &mut ActionManifest) {
        let own = action.input.get("properties").is_some_and(|members| members.get(ALL_PAGES).is_some());
        if action.method != "GET" || action.risk != Risk::Read || own {
            return;
        }
        let answer = Answer { root: &action.output };
        let Some(list) = answer.list() else { return };
        let Some(next) = self.next(operation, action, &answer, &list) else { return };
        let more = match &next {
            NextPage::Link { .. } => None,
            NextPage::Cursor { .. } => answer.find(&FLAGS),
            NextPage::Page { .. } | NextPage::Offset { .. } => answer.find(&FLAGS).or_else(|| answer.find(&NEXTS)),
        };
        let size = SIZES.iter().find_map(|wire| {
            let into = member(action, wire)?;
            let most = property(action, &into)?.get("maximum")?.as_u64()?;
            Some(PageSize { into, ask: u32::try_from(most.min(SIZE_MAX)).ok()? })
        });
        let whole = list.path.is_empty();
        let items = if whole { "$output.items".to_owned() } else { format!("$output.{}", list.path) };
        action.pagination = Some(PaginationManifest { items, more, size, next });
        if whole {
            action.result = json!({ "items": "$response.body" });
            action.output = as_member(std::mem::take(&mut action.output));
        }
    }

    fn next(
        &self,
        operation: &Value,
        action: &ActionManifest,
        answer: &Answer<'_>,
        list: &List<'_>,
    ) -> Option<NextPage> {
        if self.names_links(operation) {
            return Some(NextPage::Link { from: None });
        }
        let takes = |names: &[&str]| names.iter().find_map(|wire| member(action, wire));
        // What comes after a day is no page.
        let takes_cursor = |names: &[&str]| takes(names).filter(|name| !is_day(property(action, name)));
        if let Some(into) = takes_cursor(&CURSORS) {
            if let Some(from) = answer.find(&NEXT_CURSORS) {
                return Some(NextPage::Cursor { from, into });
            }
            match answer.member("next") {
                Some(schema) if is_address(schema) => return Some(NextPage::Link { from: answer.find(&["next"]) }),
                Some(_) => return answer.find(&["next"]).map(|from| NextPage::Cursor { from, into }),
                None => {}
            }
            let by_item = takes_cursor(&AFTER_ITEM).filter(|_| answer.find(&FLAGS).is_some());
            if let (Some(into), true) = (by_item, list.has_ids(answer)) {
                return Some(NextPage::Cursor { from: "$item.id".to_owned(), into });
            }
        }
        let number = |wire: &str| member(action, wire).filter(|name| is_number(property(action, name)));
        let sized = takes(&SIZES).is_some();
        if let Some(into) = number("page").filter(|_| sized) {
            // Some count from nought, and say so.
            let schema = property(action, &into);
            let from_nought = schema.and_then(|schema| schema.get("default").or_else(|| schema.get("minimum")));
            let first = if from_nought.and_then(Value::as_u64) == Some(0) { 0 } else { 1 };
            return Some(NextPage::Page { into, first });
        }
        number("offset").filter(|_| sized).map(|into| NextPage::Offset { into })
    }

    /// Whether an answer that is good declares the header `Link`.
    fn names_links(&self, operation: &Value) -> bool {
        let responses = operation.get("responses").and_then(Value::as_object).into_iter().flatten();
        responses.filter(|(status, _)| status.starts_with('2')).any(|(_, response)| {
            let response = references::resolve(self.document, response);
            let headers = response.and_then(|response| response.get("headers")).and_then(Value::as_object);
            headers.is_some_and(|headers| headers.keys().any(|name| name.eq_ignore_ascii_case("link")))
        })
    }
}

/// The member of the input that fills this query parameter.
fn member(action: &ActionManifest, wire: &str) -> Option<String> {
    action.query.get(wire)?.as_str()?.strip_prefix("$input.").map(str::to_owned)
}

fn property<'a>(action: &'a ActionManifest, name: &str) -> Option<&'a Value> {
    action.input.get("properties")?.get(name)
}

fn is_number(schema: Option<&Value>) -> bool {
    let is = |kind: &Value| matches!(kind.as_str(), Some("integer" | "number"));
    match schema.and_then(|schema| schema.get("type")) {
        Some(Value::Array(kinds)) => kinds.iter().any(is),
        Some(kind) => is(kind),
        None => false,
    }
}

/// A member of an object and its schema.
type Member<'a> = (&'a str, &'a Value);

fn is_day(schema: Option<&Value>) -> bool {
    format(schema).is_some_and(|format| format.starts_with("date"))
}

fn is_address(schema: &Value) -> bool {
    format(Some(schema)).is_some_and(|format| format.starts_with("ur"))
}

fn format(schema: Option<&Value>) -> Option<&str> {
    schema?.get("format")?.as_str()
}

/// What an answer looks like.
struct Answer<'a> {
    root: &'a Value,
}

/// The one list of an answer.
struct List<'a> {
    /// The member it is; empty where the answer is the list.
    path: String,
    schema: &'a Value,
}

impl<'a> Answer<'a> {
    fn list(&self) -> Option<List<'a>> {
        let root = self.schema(self.root)?;
        if is_list(root) {
            return Some(List { path: String::new(), schema: root });
        }
        let members = self.members(root);
        let mut lists = members.into_iter().filter(|(_, schema)| is_list(schema));
        let (name, schema) = lists.next()?;
        lists.next().is_none().then(|| List { path: name.to_owned(), schema })
    }

    /// Pointer to the first of these members, at the top or one below.
    fn find(&self, names: &[&str]) -> Option<String> {
        let top = self.members(self.schema(self.root)?);
        let has =
            |members: &[Member<'a>], name: &str| members.iter().any(|(own, schema)| *own == name && is_plain(schema));
        let below = top.iter().filter(|(_, schema)| !is_list(schema));
        let below: Vec<_> = below.map(|(parent, schema)| (*parent, self.members(schema))).collect();
        names.iter().find_map(|name| {
            if has(&top, name) {
                return Some(format!("$response.body.{name}"));
            }
            let (parent, _) = below.iter().find(|(_, members)| has(members, name))?;
            Some(format!("$response.body.{parent}.{name}"))
        })
    }

    /// A cursor or a flag at the top.
    fn member(&self, name: &str) -> Option<&'a Value> {
        let members = self.members(self.schema(self.root)?);
        members.into_iter().find(|(own, schema)| *own == name && is_plain(schema)).map(|(_, schema)| schema)
    }

    /// Members that a path can name, those of what it is composed of among them.
    fn members(&self, schema: &'a Value) -> Vec<Member<'a>> {
        let parts = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
        let parts = std::iter::once(schema).chain(parts.filter_map(|part| self.schema(part)));
        let members = parts.filter_map(|part| part.get("properties")?.as_object()).flatten();
        let plain = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        let members = members.filter(|(name, _)| plain(name));
        members.filter_map(|(name, schema)| Some((name.as_str(), self.schema(schema)?))).collect()
    }

    /// A schema, its references followed.
    fn schema(&self, mut schema: &'a Value) -> Option<&'a Value> {
        for _ in 0..8 {
            let target = schema.get("$ref").and_then(Value::as_str);
            let Some(target) = target else { break };
            schema = self.root.pointer(target.strip_prefix('#')?)?;
        }
        Some(schema)
    }
}

impl List<'_> {
    fn has_ids(&self, answer: &Answer<'_>) -> bool {
        let item = self.schema.get("items").and_then(|item| Answer { root: answer.root }.schema(item));
        item.and_then(|item| item.get("properties")).is_some_and(|members| members.get("id").is_some())
    }
}

fn is_list(schema: &Value) -> bool {
    is_of(schema, "array")
}

/// What a cursor or a flag can be.
fn is_plain(schema: &Value) -> bool {
    !is_of(schema, "array") && !is_of(schema, "object") && schema.get("properties").is_none()
}

fn is_of(schema: &Value, kind: &str) -> bool {
    match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(|one| one == kind),
        Some(one) => one == kind,
        None => false,
    }
}

/// The schema of an object with that list as its `items`.
fn as_member(mut list: Value) -> Value {
    let definitions = list.as_object_mut().and_then(|members| members.remove("$defs"));
    let mut schema = json!({ "type": "object", "properties": { "items": list }, "required": ["items"] });
    if let Some(definitions) = definitions {
        schema["$defs"] = definitions;
    }
    schema
}
