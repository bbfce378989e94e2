#![allow(clippy::unwrap_used)]

use super::*;
use crate::{
    Registry,
    pagination::{NextPage, PageSize, PaginationManifest},
};
use serde_json::json;

/// What becomes of a GET with these query parameters and this answer.
fn imported(parameters: &[(&str, Value)], response: Value) -> crate::ActionManifest {
    let parameters: Vec<Value> =
        parameters.iter().map(|(name, schema)| json!({ "name": name, "in": "query", "schema": schema })).collect();
    let document = json!({
        "openapi": "3.1.0", "info": { "title": "Shop" }, "servers": [{ "url": "https://shop.example.com" }],
        "components": {
            "schemas": {
                "Thing": { "type": "object", "properties": { "id": { "type": "string" } } },
                "Things": { "type": "array", "items": { "$ref": "#/components/schemas/Thing" } },
                "Page": { "type": "object", "properties": {
                    "next_cursor": { "type": ["string", "null"] }, "has_more": { "type": "boolean" } } },
            },
            "headers": { "Link": { "schema": { "type": "string" } } },
        },
        "paths": { "/things": { "get": { "operationId": "list", "parameters": parameters,
            "responses": { "200": response } } } },
    });
    let mut manifest = Manifest::from_openapi(&document).unwrap().manifest;
    Registry::only([manifest.clone()]).unwrap();
    manifest.actions.swap_remove("list").unwrap()
}

fn answer(schema: Value) -> Value {
    json!({ "content": { "application/json": { "schema": schema } } })
}

fn things() -> Value {
    json!({ "$ref": "#/components/schemas/Things" })
}

fn object(members: Value) -> Value {
    answer(json!({ "type": "object", "properties": members }))
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn integer() -> Value {
    json!({ "type": "integer" })
}

fn paged(parameters: &[(&str, Value)], response: Value) -> Option<PaginationManifest> {
    imported(parameters, response).pagination
}

fn cursor(from: &str, into: &str) -> NextPage {
    NextPage::Cursor { from: from.to_owned(), into: into.to_owned() }
}

#[test]
fn a_cursor_is_known_by_its_names() {
    let limit = json!({ "type": "integer", "maximum": 100 });
    let flat = object(json!({ "data": things(), "next_cursor": text(), "has_more": { "type": "boolean" } }));
    assert_eq!(
        paged(&[("cursor", text()), ("limit", limit)], flat),
        Some(PaginationManifest {
            items: "$output.data".to_owned(),
            more: Some("$response.body.has_more".to_owned()),
            size: Some(PageSize { into: "limit".to_owned(), ask: 100 }),
            next: cursor("$response.body.next_cursor", "cursor"),
        })
    );
    let google = object(json!({ "files": things(), "nextPageToken": text(), "kind": text() }));
    assert_eq!(
        paged(&[("pageToken", text())], google).unwrap().next,
        cursor("$response.body.nextPageToken", "pageToken")
    );
    let below =
        object(json!({ "users": things(), "meta": { "type": "object", "properties": { "next_cursor": text() } } }));
    assert_eq!(paged(&[("cursor", text())], below).unwrap().next, cursor("$response.body.meta.next_cursor", "cursor"));
    let composed = answer(json!({ "allOf": [{ "$ref": "#/components/schemas/Page" },
        { "type": "object", "properties": { "rows": things() } }] }));
    let paging = paged(&[("page_token", text())], composed).unwrap();
    assert_eq!(
        (paging.items.as_str(), paging.next),
        ("$output.rows", cursor("$response.body.next_cursor", "page_token"))
    );
    let stripe = || object(json!({ "data": things(), "has_more": { "type": "boolean" }, "url": text() }));
    assert_eq!(paged(&[("starting_after", text())], stripe()).unwrap().next, cursor("$item.id", "starting_after"));
    let next = |schema: Value| object(json!({ "items": things(), "next": schema }));
    assert_eq!(paged(&[("cursor", text())], next(text())).unwrap().next, cursor("$response.body.next", "cursor"));
    assert_eq!(
        paged(&[("cursor", text())], next(json!({ "type": "string", "format": "uri" }))).unwrap().next,
        NextPage::Link { from: Some("$response.body.next".to_owned()) }
    );
    let since = json!({ "type": "string", "format": "date-time" });
    assert_eq!(paged(&[("after", since)], stripe()), None, "after a day");
    // The last item's id is no cursor that is called otherwise.
    assert_eq!(paged(&[("cursor", text())], stripe()), None);
}

#[test]
fn numbers_of_pages_and_offsets_are_known_with_their_size() {
    let plain = || object(json!({ "data": things(), "total": integer() }));
    let paging = paged(&[("page", integer()), ("per_page", integer())], plain()).unwrap();
    assert_eq!(paging.next, NextPage::Page { into: "page".to_owned(), first: 1 });
    assert_eq!((paging.more, paging.size), (None, None));
    let nought = json!({ "type": "integer", "minimum": 0 });
    let next = paged(&[("page", nought), ("page_size", integer())], plain()).unwrap().next;
    assert_eq!(next, NextPage::Page { into: "page".to_owned(), first: 0 });
    let paging = paged(&[("offset", integer()), ("limit", integer())], plain()).unwrap();
    assert_eq!(paging.next, NextPage::Offset { into: "offset".to_owned() });
    let told = object(json!({ "results": things(), "next": { "type": ["string", "null"], "format": "uri" } }));
    let paging = paged(&[("page", integer()), ("page_size", integer())], told).unwrap();
    assert_eq!(paging.more.as_deref(), Some("$response.body.next"));
    assert_eq!(paged(&[("page", integer())], plain()), None, "a page of a book");
    assert_eq!(paged(&[("page", text()), ("limit", integer())], plain()), None);
    assert_eq!(paged(&[("limit", integer())], plain()), None);
}

#[test]
fn links_are_declared_and_a_bare_list_becomes_a_member() {
    let mut linked = answer(things());
    linked["headers"] = json!({ "link": { "$ref": "#/components/headers/Link" } });
    let action = imported(&[("page", integer()), ("per_page", integer())], linked);
    let paging = action.pagination.unwrap();
    assert_eq!((paging.items.as_str(), paging.next), ("$output.items", NextPage::Link { from: None }));
    assert_eq!(action.result, json!({ "items": "$response.body" }));
    assert_eq!(action.output["properties"]["items"]["$ref"], "#/$defs/Things");
    assert!(action.output["$defs"]["Thing"].is_object());
    // What is not paged stays as it is.
    let action = imported(&[], answer(things()));
    assert_eq!((action.pagination, action.result), (None, Value::Null));
}

#[test]
fn what_is_not_sure_is_left_alone() {
    let size = || [("offset", integer()), ("limit", integer())];
    assert_eq!(paged(&size(), object(json!({ "data": things(), "errors": things() }))), None, "two lists");
    assert_eq!(paged(&size(), object(json!({ "total": integer() }))), None, "no list");
    assert_eq!(paged(&size(), json!({ "description": "nothing" })), None);
    let own = [("offset", integer()), ("limit", integer()), ("all_pages", integer())];
    assert_eq!(paged(&own, object(json!({ "data": things() }))), None, "it has the name itself");
}
