//! How a list comes page by page: what a manifest says of it, and what that becomes.
//!
//! An action with `pagination` takes one more member of its input, `all_pages`. It stands in the action's schema, so
//! documents, checks, forms and trials know it without knowing of pages.

use crate::{
    compile::Wrong,
    manifest::ActionManifest,
    template::{Place, Pointer, Schemas},
};
use countersign_core::catalogue::{ALL_PAGES, ALL_PAGES_MAX, Risk};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The member of the output that says whether there is more than was read.
pub(crate) const MORE: &str = "more";

/// How a list comes page by page. Only actions that read have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaginationManifest {
    /// Where the list is in the output, for example `$output.customers`; what the pages hold is joined there. Where it is
    /// absent or null a page is empty.
    pub items: String,
    /// Pointer to what in the answer tells whether there is another page: yes unless it is absent, null, false, 0 or
    /// empty. Without it pages end where the next one is not named, or with an empty page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<String>,
    /// How large pages are when all are wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<PageSize>,
    /// What leads to the next page.
    pub next: NextPage,
}

/// How large pages are when all are wanted and the step does not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageSize {
    /// Member of the input with the size.
    pub into: String,
    /// What it is then; as a rule the most that the service gives.
    pub ask: u32,
}

/// What leads from one page to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum NextPage {
    /// Its address: of the answer's header `Link` with `rel="next"` (RFC 8288), or in the answer. Only an address of the
    /// same origin is called.
    Link {
        /// Pointer to the address in the answer, instead of the header.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
    },
    /// A cursor.
    Cursor {
        /// Pointer to it: in the answer (`$response.body.next_cursor`), or in the last item of the page (`$item.id`).
        from: String,
        /// Member of the input that takes it.
        into: String,
    },
    /// Its number.
    Page {
        /// Member of the input that takes it.
        into: String,
        /// Number of the first page.
        #[serde(default = "one")]
        first: u32,
    },
    /// How many items come before it.
    Offset {
        /// Member of the input that takes it.
        into: String,
    },
}

fn one() -> u32 {
    1
}

/// The same, compiled.
pub(crate) struct Paging {
    /// Members on the way to the list in the output; one at least.
    pub(crate) items: Vec<String>,
    pub(crate) more: Option<Pointer>,
    pub(crate) size: Option<PageSize>,
    pub(crate) next: Next,
}

pub(crate) enum Next {
    Link(Option<Pointer>),
    Cursor {
        from: Pointer,
        into: String,
    },
    /// `first` where the input names none.
    Page {
        into: String,
        first: u64,
    },
    Offset {
        into: String,
        first: u64,
    },
}

impl Paging {
    /// Compiles what an action's manifest says; nothing where its list does not come page by page.
    pub(crate) fn of(action: &ActionManifest, worst: Risk) -> Result<Option<Self>, Wrong> {
        let Some(paging) = &action.pagination else { return Ok(None) };
        let at = |place: &'static str| move |message: String| (place, message);
        if worst != Risk::Read {
            return Err(("pagination", "only an action that reads can be asked for page by page".to_owned()));
        }
        let members = action.input.get("properties").and_then(Value::as_object);
        let members = members.ok_or(("pagination", "the input must be an object with `properties`".to_owned()))?;
        if members.contains_key(ALL_PAGES) {
            return Err(("input", format!("`{ALL_PAGES}` asks for all pages and cannot mean anything else")));
        }
        let member = |name: &String| match members.contains_key(name) {
            true => Ok(name.clone()),
            false => Err(format!("the input has no member `{name}`")),
        };
        let in_answer = |path: &String| pointer(path, &[Place::Answer], "$response.body.has_more");
        let next = match &paging.next {
            NextPage::Link { .. } if action.method != "GET" => {
                return Err(("pagination.next", "a link is followed with GET, which is not this action's".to_owned()));
            }
            NextPage::Link { from } => from.as_ref().map(in_answer).transpose().map(Next::Link),
            NextPage::Cursor { from, into } => {
                let from = pointer(from, &[Place::Answer, Place::Item], "$response.body.next_cursor or $item.id");
                from.and_then(|from| Ok(Next::Cursor { from, into: member(into)? }))
            }
            NextPage::Page { into, first } => {
                member(into).map(|into| Next::Page { first: default(members, &into, u64::from(*first)), into })
            }
            NextPage::Offset { into } => {
                member(into).map(|into| Next::Offset { first: default(members, &into, 0), into })
            }
        };
        if let Some(size) = &paging.size {
            member(&size.into).map_err(at("pagination.size.into"))?;
        }
        let items = pointer(&paging.items, &[Place::Output], "$output.customers").map_err(at("pagination.items"))?;
        let items: Vec<String> = items.names().map(str::to_owned).collect();
        if items.is_empty() {
            let message =
                "the list must be a member of the output: give the action a `result` such as { items: $response.body }";
            return Err(("pagination.items", message.to_owned()));
        }
        Ok(Some(Self {
            items,
            more: paging.more.as_ref().map(in_answer).transpose().map_err(at("pagination.more"))?,
            size: paging.size.clone(),
            next: next.map_err(at("pagination.next"))?,
        }))
    }
}

fn pointer(path: &str, places: &[Place], example: &str) -> Result<Pointer, String> {
    Pointer::parse(path, Schemas::default())
        .ok()
        .filter(|pointer| places.contains(&pointer.place()))
        .ok_or_else(|| format!("`{path}` is not a path such as {example}"))
}

/// What is sent where the input says nothing: the schema's default, else what the manifest says.
fn default(members: &Map<String, Value>, name: &str, otherwise: u64) -> u64 {
    members.get(name).and_then(|member| member.get("default")).and_then(Value::as_u64).unwrap_or(otherwise)
}

/// The input of one page: what [`input`] made without what it added.
pub(crate) fn without(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(members) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        members.remove(ALL_PAGES);
    }
    schema
}

/// The schema of an action's input, with what asks for all pages.
pub(crate) fn input(action: &ActionManifest) -> Value {
    let mut schema = action.input.clone();
    let members = schema.get_mut("properties").and_then(Value::as_object_mut);
    if let (Some(members), true) = (members, action.pagination.is_some()) {
        members.insert(
            ALL_PAGES.to_owned(),
            json!({
                "type": "integer", "minimum": 1, "maximum": ALL_PAGES_MAX, "title": "All pages, at most",
                "description": format!("Reads page after page, at most so many, and joins their items; `{MORE}` of the \
                    output then says whether there is more. Without it one page is read."),
            }),
        );
    }
    schema
}

/// The schema of an action's output, with what is said when all pages were asked for.
pub(crate) fn output(action: &ActionManifest) -> Value {
    let mut schema = action.output.clone();
    let members = schema.get_mut("properties").and_then(Value::as_object_mut);
    if let (Some(members), true) = (members, action.pagination.is_some()) {
        let description = format!("Whether there is more than was read; said when `{ALL_PAGES}` was asked for.");
        members.entry(MORE).or_insert(json!({ "type": "boolean", "description": description }));
    }
    schema
}
