//! A long form in parts: its schema names the fields of each page in `pages`.

use super::{asked_values, is_asked_for};
use serde_json::{Map, Value, json};

/// The fields of each page; none of a form that is shown as one.
#[must_use]
pub fn form_pages(form: &Value) -> Vec<Vec<String>> {
    let names = |page: &Value| -> Option<Vec<String>> {
        page.as_array()?.iter().map(|name| name.as_str().map(str::to_owned)).collect()
    };
    let pages = form.get("pages").and_then(Value::as_array);
    let pages: Option<Vec<_>> = pages.map(|pages| pages.iter().map(names).collect()).unwrap_or_default();
    let pages = pages.unwrap_or_default();
    if page_problem(form).is_some() || pages.len() < 2 { Vec::new() } else { pages }
}

/// What is wrong with the pages of a form, and where in its schema; each field is on one page.
#[must_use]
pub fn page_problem(form: &Value) -> Option<(String, String)> {
    let pages = form.get("pages")?;
    let at = |place: &str, what: String| Some((format!("/pages{place}"), what));
    let Some(pages) = pages.as_array() else { return at("", "the pages are a list of lists of fields".to_owned()) };
    let none = Map::new();
    let fields = form.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let mut seen: Vec<&str> = Vec::new();
    for (index, page) in pages.iter().enumerate() {
        let Some(names) = page.as_array().filter(|names| !names.is_empty()) else {
            return at(&format!("/{index}"), "a page is a list of fields with at least one".to_owned());
        };
        for (place, name) in names.iter().enumerate() {
            let at = |what: String| at(&format!("/{index}/{place}"), what);
            match name.as_str() {
                Some(name) if seen.contains(&name) => return at(format!("`{name}` is on a page already")),
                Some(name) if fields.contains_key(name) => seen.push(name),
                Some(name) => return at(format!("the form has no field `{name}`")),
                None => return at("a page names fields".to_owned()),
            }
        }
    }
    let missing = fields.keys().find(|name| !seen.contains(&name.as_str()))?;
    at("", format!("`{missing}` is on no page"))
}

/// The form of one page: its fields in its order, with what is required of them.
#[must_use]
pub fn form_page(form: &Value, page: &[String]) -> Value {
    let fields = page.iter().filter_map(|name| Some((name.clone(), form.get("properties")?.get(name)?.clone())));
    let required = form.get("required").and_then(Value::as_array);
    let required = required.into_iter().flatten().filter(|name| page.iter().any(|one| *name == one));
    let mut only = Map::new();
    only.insert("type".to_owned(), "object".into());
    only.insert("properties".to_owned(), Value::Object(fields.collect()));
    only.insert("required".to_owned(), Value::Array(required.cloned().collect()));
    // What its fields refer to.
    for shared in ["$defs", "definitions"] {
        only.extend(form.get(shared).map(|parts| (shared.to_owned(), parts.clone())));
    }
    Value::Object(only)
}

/// The form of one page as it is asked for by the answers so far: conditions on other pages are settled, those on this one
/// stay. Without any field the page is passed over.
#[must_use]
pub fn page_to_ask(form: &Value, page: &[String], so_far: &Value) -> Value {
    let mut asked = form_page(form, page);
    let given = asked_values(form, so_far.clone());
    let given = given.as_object();
    let Some(fields) = asked.get_mut("properties").and_then(Value::as_object_mut) else { return asked };
    let mut passed: Vec<String> = Vec::new();
    fields.retain(|name, field| {
        let Some(when) = field.get("when").and_then(Value::as_object).cloned() else { return true };
        let (within, before): (Map<_, _>, Map<_, _>) = when.into_iter().partition(|(name, _)| page.contains(name));
        let settled = before.is_empty() || given.is_some_and(|given| is_asked_for(&json!({ "when": before }), given));
        if !settled || within.keys().any(|name| passed.contains(name)) {
            passed.push(name.clone());
            return false;
        }
        if let Some(field) = field.as_object_mut() {
            field.shift_remove("when");
            if !within.is_empty() {
                field.insert("when".to_owned(), within.into());
            }
        }
        true
    });
    let names: Vec<Value> = fields.keys().map(|name| name.as_str().into()).collect();
    if let Some(required) = asked.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| names.contains(name));
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(pages: &Value) -> Value {
        json!({ "type": "object", "required": ["a", "c"], "pages": pages,
            "properties": { "a": { "type": "string" }, "b": { "type": "integer" }, "c": { "$ref": "#/$defs/c" } },
            "$defs": { "c": { "type": "boolean" } } })
    }

    #[test]
    fn each_field_is_on_one_page() {
        let good = form(&json!([["c", "a"], ["b"]]));
        assert_eq!(page_problem(&good), None);
        assert_eq!(form_pages(&good), [vec!["c".to_owned(), "a".to_owned()], vec!["b".to_owned()]]);
        for (pages, place) in [
            (json!("a"), ""),
            (json!(["a", "b", "c"]), "/0"),
            (json!([["a", "b", "c"], []]), "/1"),
            (json!([["a", "b"], ["c", "a"]]), "/1/1"),
            (json!([["a", "b"], ["c", "d"]]), "/1/1"),
            (json!([["a", 7], ["c", "b"]]), "/0/1"),
            (json!([["a"], ["c"]]), ""),
            (json!([]), ""),
        ] {
            let (found, message) = page_problem(&form(&pages)).unwrap();
            assert_eq!(found, format!("/pages{place}"), "{pages}: {message}");
            assert_eq!(form_pages(&form(&pages)), Vec::<Vec<String>>::new(), "{pages} is shown as one");
        }
        assert_eq!(form_pages(&form(&json!([["a", "b", "c"]]))), Vec::<Vec<String>>::new(), "one page is none");
        assert_eq!(page_problem(&json!({ "properties": {} })), None);
    }

    #[test]
    fn a_page_asks_for_its_own_fields_alone() {
        let form = form(&json!([["c", "a"], ["b"]]));
        let pages = form_pages(&form);
        let first = form_page(&form, &pages[0]);
        let names: Vec<&String> = first["properties"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["c", "a"]);
        assert_eq!(first["required"], json!(["a", "c"]));
        assert_eq!(super::super::value_problems(&first, &json!({ "a": "x", "c": true })), []);
        assert_eq!(super::super::value_problems(&first, &json!({ "a": "x", "c": "yes" }))[0].pointer, "/c");
        assert_eq!(super::super::value_problems(&form_page(&form, &pages[1]), &json!({})), []);
        let mut older = form.clone();
        older["properties"]["c"] = json!({ "$ref": "#/definitions/c" });
        older["definitions"] = form["$defs"].clone();
        older.as_object_mut().unwrap().remove("$defs");
        let first = form_page(&older, &pages[0]);
        assert_eq!(super::super::value_problems(&first, &json!({ "a": "x", "c": "yes" }))[0].pointer, "/c");
    }

    #[test]
    fn a_page_asks_for_what_earlier_pages_lead_to() {
        let form = json!({ "type": "object", "required": ["why", "photo", "note"], "pages": [["why"], ["photo", "more", "note"]],
            "properties": { "why": { "enum": ["late", "broken"] }, "photo": { "type": "string", "when": { "why": "broken" } },
                "more": { "type": "boolean", "when": { "why": "broken" } }, "note": { "type": "string", "when": { "more": true } } } });
        let pages = form_pages(&form);
        let names = |so_far: Value| {
            let asked = page_to_ask(&form, &pages[1], &so_far);
            let fields = asked["properties"].as_object().unwrap().clone();
            (fields.keys().cloned().collect::<Vec<_>>(), asked["required"].clone(), fields)
        };
        let (fields, required, asked) = names(json!({ "why": "broken" }));
        assert_eq!(
            (fields, required),
            (["photo", "more", "note"].map(str::to_owned).to_vec(), json!(["photo", "note"]))
        );
        assert_eq!((asked["photo"].get("when"), &asked["note"]["when"]), (None, &json!({ "more": true })));
        let (fields, required, _) = names(json!({ "why": "late", "more": true }));
        assert_eq!(
            (fields, required),
            (Vec::new(), json!([])),
            "what depends on what is not asked for is not asked for"
        );
    }
}
