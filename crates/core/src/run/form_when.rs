//! Fields that are asked for only when something else was chosen: `when` names earlier fields of the form, each with the choice
//! or the choices that ask for it. What is not asked for is not missed, and an answer to it is left out.

use super::{FieldKind, form_pages};
use serde_json::{Map, Value};

/// A condition: the name of an earlier field, and what has to be chosen there.
type Wanted<'a> = (&'a String, Vec<&'a Value>);

/// What a field is asked for by, all of it; none where it is asked for always.
#[must_use]
pub fn conditions(field: &Value) -> Vec<Wanted<'_>> {
    let when = field.get("when").and_then(Value::as_object).into_iter().flatten();
    when.map(|(name, value)| (name, wanted(value))).collect()
}

/// The choices that ask for it.
fn wanted(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |some| some.iter().collect())
}

/// Whether a field is asked for once these answers are given; those of fields that were not asked for are none.
#[must_use]
pub fn is_asked_for(field: &Value, given: &Map<String, Value>) -> bool {
    let holds = |(name, wanted): Wanted<'_>| {
        let is_wanted = |one: &Value| wanted.iter().any(|want| same_choice(want, one));
        match given.get(name) {
            Some(Value::Array(chosen)) => chosen.iter().any(is_wanted),
            Some(one) => is_wanted(one),
            None => false,
        }
    };
    conditions(field).into_iter().all(holds)
}

/// Whether two choices are one, as a schema compares them: `1` is `1.0`.
#[must_use]
pub fn same_choice(one: &Value, other: &Value) -> bool {
    one == other || one.as_f64().is_some_and(|number| other.as_f64() == Some(number))
}

/// The fields of a form in the order they are shown: page by page, where it has pages.
#[must_use]
pub fn form_fields(form: &Value) -> Vec<(&String, &Value)> {
    let mut fields: Vec<_> = form.get("properties").and_then(Value::as_object).into_iter().flatten().collect();
    let order: Vec<String> = form_pages(form).into_iter().flatten().collect();
    fields.sort_by_key(|(name, _)| order.iter().position(|one| one == *name));
    fields
}

/// Whether any field of a form is asked for under conditions.
fn has_conditions(form: &Value) -> bool {
    form_fields(form).into_iter().any(|(_, field)| field.get("when").is_some())
}

/// The answers without those to fields that are not asked for.
#[must_use]
pub fn asked_values(form: &Value, values: Value) -> Value {
    let Value::Object(mut given) = values else { return values };
    if has_conditions(form) {
        // Fields are asked for by earlier ones, so one way through is enough.
        for (name, field) in form_fields(form) {
            if !is_asked_for(field, &given) {
                given.shift_remove(name);
            }
        }
    }
    Value::Object(given)
}

/// Which fields that are asked for under conditions lack an answer these answers make them need.
pub(crate) fn missing<'a>(form: &'a Value, given: &Value) -> Vec<&'a String> {
    let Some(given) = given.as_object() else { return Vec::new() };
    let lacks = |(name, field): &(&String, &Value)| {
        field.get("when").is_some() && requires(form, name) && is_asked_for(field, given) && !given.contains_key(*name)
    };
    form_fields(form).into_iter().filter(lacks).map(|(name, _)| name).collect()
}

/// The schema that answers are held against: what is asked for under conditions is not required by it.
pub(crate) fn unconditional(form: &Value) -> Value {
    let mut form = form.clone();
    let conditional = |name: &Value| {
        let field = name.as_str().and_then(|name| form.get("properties")?.get(name));
        field.is_some_and(|field| field.get("when").is_some())
    };
    let required = form.get("required").and_then(Value::as_array);
    let required: Option<Vec<Value>> =
        required.map(|all| all.iter().filter(|one| !conditional(one)).cloned().collect());
    if let Some(required) = required {
        form["required"] = required.into();
    }
    form
}

fn requires(form: &Value, name: &str) -> bool {
    form.get("required").and_then(Value::as_array).is_some_and(|all| all.iter().any(|one| one == name))
}

/// What is wrong with the conditions of a form: the field, where in it, and what.
pub(crate) fn condition_problems(form: &Value) -> Vec<(&String, String, String)> {
    let fields = form_fields(form);
    let mut found = Vec::new();
    for (at, (name, field)) in fields.iter().enumerate() {
        let Some(when) = field.get("when") else { continue };
        if when.as_object().is_none_or(Map::is_empty) {
            let message = "`when` names an earlier field with what has to be chosen there".to_owned();
            found.push((*name, "/when".to_owned(), message));
        }
        for (of, wanted) in conditions(field) {
            let place = format!("/when/{}", crate::pointer::token(of));
            let earlier = fields[..at].iter().find(|(earlier, _)| *earlier == of).map(|(_, field)| *field);
            let message = match earlier.map(offered) {
                None => Some(format!("`{of}` is no field that is shown before this one")),
                Some(None) => Some(format!("nothing is chosen in `{of}`, so nothing can depend on it")),
                Some(Some(all)) => {
                    let odd = wanted.iter().find(|value| !all.iter().any(|one| same_choice(one, value)));
                    odd.map(|value| format!("{value} is no choice of `{of}`"))
                        .or_else(|| wanted.is_empty().then(|| "this would never be asked for".to_owned()))
                }
            };
            found.extend(message.map(|message| (*name, place, message)));
        }
    }
    found
}

/// What can be chosen in a field, one or several.
fn offered(field: &Value) -> Option<Vec<Value>> {
    let of = if FieldKind::of(field) == FieldKind::Several { field.get("items")? } else { field };
    Some(super::choices(of)?.into_iter().map(|(_, value)| value).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn form() -> Value {
        json!({ "type": "object", "required": ["why", "photo", "deep"], "properties": {
            "why": { "enum": ["late", "broken", "lost"] },
            "parts": { "type": "array", "items": { "enum": ["lid", "cup"] }, "when": { "why": "broken" } },
            "photo": { "type": "string", "when": { "why": ["broken", "lost"] } },
            "deep": { "type": "string", "when": { "parts": "lid", "why": "broken" } },
        } })
    }

    #[test]
    fn what_is_not_asked_for_is_neither_kept_nor_missed() {
        let form = form();
        assert_eq!(condition_problems(&form), []);
        for (values, kept, lacking) in [
            (json!({ "why": "late", "photo": "x", "parts": ["lid"], "deep": "y" }), json!({ "why": "late" }), vec![]),
            (json!({ "why": "lost" }), json!({ "why": "lost" }), vec!["photo"]),
            (
                json!({ "why": "broken", "photo": "x", "parts": ["cup", "lid"] }),
                json!({ "why": "broken", "photo": "x", "parts": ["cup", "lid"] }),
                vec!["deep"],
            ),
            // Asked for by what is not asked for: the lid was ticked, then the reason changed.
            (
                json!({ "why": "lost", "photo": "x", "parts": ["lid"], "deep": "y" }),
                json!({ "why": "lost", "photo": "x" }),
                vec![],
            ),
            (json!({ "photo": "x" }), json!({}), vec![]),
            (json!("nonsense"), json!("nonsense"), vec![]),
        ] {
            let given = asked_values(&form, values.clone());
            assert_eq!(given, kept, "{values}");
            assert_eq!(missing(&form, &given), lacking, "{values}");
        }
        assert_eq!(unconditional(&form)["required"], json!(["why"]));
    }

    #[test]
    fn a_condition_is_on_an_earlier_choice() {
        for (when, place) in [
            (json!({ "later": true }), "/when/later"),
            (json!({ "x": "a" }), "/when/x"),
            (json!({ "text": "a" }), "/when/text"),
            (json!({ "yes": "true" }), "/when/yes"),
            (json!({ "yes": [] }), "/when/yes"),
            (json!({ "nobody": 1 }), "/when/nobody"),
            (json!({}), "/when"),
            (json!("yes"), "/when"),
        ] {
            let form = json!({ "properties": {
                "yes": { "type": "boolean" }, "text": { "type": "string" }, "x": { "type": "string", "when": when },
                "later": { "type": "boolean" },
            } });
            let found: Vec<_> =
                condition_problems(&form).into_iter().map(|(name, place, _)| (name.clone(), place)).collect();
            assert_eq!(found, [("x".to_owned(), place.to_owned())], "{when}");
        }
        // Pages have an order of their own.
        let mut paged = form();
        assert_eq!(condition_problems(&paged), []);
        paged["pages"] = json!([["photo"], ["why", "parts", "deep"]]);
        assert_eq!(condition_problems(&paged).len(), 1);
    }
}
