//! Schemas of OpenAPI as JSON Schema that the validator takes: only known keywords with values of the right kind.

use super::{Notes, references, unique};
use countersign_core::pointer;
use serde_json::{Map, Value, json};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    rc::Rc,
};

/// Schema objects one action's input may hold with all it refers to; what is nested deeper is not checked.
const INPUT_NODES_MAX: usize = 6_000;

/// As [`INPUT_NODES_MAX`], of an output: it only helps to write expressions.
const OUTPUT_NODES_MAX: usize = 1_500;

/// Schemas nested deeper than this in one place are not checked.
const DEPTH_MAX: usize = 64;

/// Which way the value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Direction {
    /// To the service: without what is `readOnly`.
    Request,
    /// From the service: without what is `writeOnly`.
    Answer,
}

/// A schema that was translated once.
struct Translated {
    value: Value,
    /// Pointers of what it refers to.
    refers_to: Vec<String>,
    nodes: usize,
}

/// The schemas of one document.
pub(super) struct Schemas<'a> {
    document: &'a Value,
    /// In OpenAPI 3.0 what stands beside a `$ref` says nothing.
    beside_reference: bool,
    names: HashMap<String, String>,
    taken: HashSet<String>,
    translated: HashMap<(String, Direction), Rc<Translated>>,
    patterns: HashMap<String, bool>,
}

impl<'a> Schemas<'a> {
    pub(super) fn of(document: &'a Value) -> Self {
        let version = super::text(document, "openapi");
        Self {
            document,
            beside_reference: !version.starts_with("3.0"),
            names: HashMap::new(),
            taken: HashSet::new(),
            translated: HashMap::new(),
            patterns: HashMap::new(),
        }
    }

    /// A schema of the document as one that stands alone. References stay references into the `$defs` that
    /// [`Schemas::definitions`] gives for all of `refers_to`.
    pub(super) fn translate(
        &mut self,
        schema: &Value,
        place: &str,
        direction: Direction,
        refers_to: &mut Vec<String>,
        notes: &mut Notes,
    ) -> Value {
        let mut work = Work { schemas: self, notes, direction, refers_to, nodes: 0 };
        work.schema(schema, place, 0)
    }

    /// The `$defs` for these references and all that they refer to, nearest first, within bounds.
    pub(super) fn definitions(
        &mut self,
        refers_to: Vec<String>,
        direction: Direction,
        place: &str,
        notes: &mut Notes,
    ) -> Map<String, Value> {
        let mut definitions = Map::new();
        let mut wanted = VecDeque::from(refers_to);
        let most = match direction {
            Direction::Request => INPUT_NODES_MAX,
            Direction::Answer => OUTPUT_NODES_MAX,
        };
        let mut nodes = 0;
        // Ends: every pointer is taken once.
        while let Some(pointer) = wanted.pop_front() {
            let name = self.name(&pointer);
            if definitions.contains_key(&name) {
                continue;
            }
            let found = self.definition(&pointer, direction, notes);
            nodes += found.nodes;
            if nodes > most {
                if direction == Direction::Request {
                    notes.warn(place, "its input is very large: what is nested deep in it is not checked");
                }
                definitions.insert(name, json!({}));
                continue;
            }
            definitions.insert(name, found.value.clone());
            wanted.extend(found.refers_to.iter().cloned());
        }
        definitions
    }

    fn definition(&mut self, pointer: &str, direction: Direction, notes: &mut Notes) -> Rc<Translated> {
        let key = (pointer.to_owned(), direction);
        if let Some(known) = self.translated.get(&key) {
            return Rc::clone(known);
        }
        let mut refers_to = Vec::new();
        let schema = self.document.pointer(pointer).unwrap_or(&Value::Bool(true));
        let mut work = Work { schemas: self, notes, direction, refers_to: &mut refers_to, nodes: 0 };
        let value = work.schema(schema, pointer, 0);
        let nodes = work.nodes;
        let translated = Rc::new(Translated { value, refers_to, nodes });
        self.translated.insert(key, Rc::clone(&translated));
        translated
    }

    /// The name of what a pointer leads to, in `$defs`.
    fn name(&mut self, pointer: &str) -> String {
        if let Some(name) = self.names.get(pointer) {
            return name.clone();
        }
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') { c } else { '_' };
        let last: String = pointer.rsplit('/').next().unwrap_or_default().chars().map(plain).collect();
        let name = unique(if last.is_empty() { "schema" } else { &last }, |name| self.taken.contains(name));
        self.taken.insert(name.clone());
        self.names.insert(pointer.to_owned(), name.clone());
        name
    }

    fn pattern_works(&mut self, pattern: &str) -> bool {
        if let Some(known) = self.patterns.get(pattern) {
            return *known;
        }
        let works = jsonschema::validator_for(&json!({ "pattern": pattern })).is_ok();
        self.patterns.insert(pattern.to_owned(), works);
        works
    }

    fn has_flag(&self, schema: &Value, flag: &str) -> bool {
        super::flag(schema, flag)
            || references::resolve(self.document, schema).is_some_and(|schema| super::flag(schema, flag))
    }
}

/// The translation of one schema.
struct Work<'s, 'a> {
    schemas: &'s mut Schemas<'a>,
    notes: &'s mut Notes,
    direction: Direction,
    refers_to: &'s mut Vec<String>,
    nodes: usize,
}

impl Work<'_, '_> {
    fn schema(&mut self, schema: &Value, place: &str, depth: usize) -> Value {
        self.nodes += 1;
        let Value::Object(members) = schema else {
            if !schema.is_boolean() {
                self.notes.warn(place, "is not a schema: any value is taken there");
            }
            return if *schema == Value::Bool(false) { json!({ "not": {} }) } else { json!({}) };
        };
        if depth > DEPTH_MAX {
            self.notes.warn(place, "is nested too deep to be checked");
            return json!({});
        }
        let reference = references::target(schema);
        if !reference.is_empty() && !self.schemas.beside_reference {
            return Value::Object(self.reference(reference, place));
        }
        let mut out = Map::new();
        if !reference.is_empty() {
            out = self.reference(reference, place);
        }
        for (keyword, value) in members {
            out.extend(self.keyword(schema, (keyword, value), place, depth));
        }
        if super::flag(schema, "nullable") {
            return nullable(out);
        }
        Value::Object(out)
    }

    fn reference(&mut self, reference: &str, place: &str) -> Map<String, Value> {
        let mut out = Map::new();
        let pointer = references::pointer(reference).filter(|pointer| self.schemas.document.pointer(pointer).is_some());
        match pointer {
            Some(pointer) => {
                let name = self.schemas.name(&pointer);
                out.insert("$ref".to_owned(), format!("#/$defs/{name}").into());
                self.refers_to.push(pointer);
            }
            None => self.notes.warn(place, &format!("`$ref` {reference} leads nowhere: any value is taken there")),
        }
        out
    }

    /// What a keyword becomes; nothing when it says nothing that the validator takes.
    fn keyword(
        &mut self,
        schema: &Value,
        (keyword, value): (&str, &Value),
        place: &str,
        depth: usize,
    ) -> Option<(String, Value)> {
        let kept = match keyword {
            "type" => self.kind(value, place),
            "enum" => value.as_array().filter(|list| !list.is_empty()).map(|list| distinct(list)),
            "const" | "default" => Some(value.clone()),
            "title" | "description" | "format" | "contentEncoding" | "contentMediaType" => {
                value.is_string().then(|| value.clone())
            }
            "minimum" | "maximum" | "multipleOf" => self.bound(schema, keyword, value),
            "exclusiveMinimum" | "exclusiveMaximum" => exclusive(schema, keyword, value),
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" | "minContains"
            | "maxContains" => whole(value),
            "uniqueItems" | "deprecated" | "readOnly" | "writeOnly" => value.is_boolean().then(|| value.clone()),
            "pattern" => value.as_str().filter(|pattern| self.pattern(pattern, place)).map(Value::from),
            "required" => self.required(schema, value),
            "properties" => self.properties(value, place, depth),
            "patternProperties" | "dependentSchemas" => {
                Some(self.members(value, &format!("{place}/{keyword}"), depth, keyword == "patternProperties"))
            }
            "allOf" | "anyOf" | "oneOf" | "prefixItems" => self.list(value, &format!("{place}/{keyword}"), depth),
            "items" if value.is_array() => {
                return Some(("prefixItems".to_owned(), self.list(value, &format!("{place}/items"), depth)?));
            }
            "items"
            | "additionalProperties"
            | "not"
            | "contains"
            | "propertyNames"
            | "if"
            | "then"
            | "else"
            | "unevaluatedProperties"
            | "unevaluatedItems" => Some(self.schema(value, &format!("{place}/{keyword}"), depth + 1)),
            "example" => (!value.is_null()).then(|| json!([value])),
            "examples" => value.as_array().map(|list| json!(list)),
            _ => None,
        };
        if kept.is_none() && self.direction == Direction::Request {
            self.unused(keyword, value, place);
        }
        let name = if keyword == "example" { "examples" } else { keyword };
        kept.map(|kept| (name.to_owned(), kept))
    }

    /// Says of a keyword that it is not heeded, unless it says nothing about what may be sent.
    fn unused(&mut self, keyword: &str, value: &Value, place: &str) {
        let message = match keyword {
            // Told already, heeded elsewhere, or about the document.
            "type" | "pattern" | "$ref" | "nullable" | "$defs" | "definitions" | "$schema" | "$id" | "$anchor"
            | "$comment" | "xml" | "externalDocs" | "example" | "examples" | "title" | "description" => return,
            _ if keyword.starts_with("x-") => return,
            "discriminator" => "`discriminator` is not heeded: any of the alternatives is taken".to_owned(),
            "minimum" | "maximum" if value.is_number() => return,
            "exclusiveMinimum" | "exclusiveMaximum" if value.is_boolean() => return,
            "enum" | "allOf" | "anyOf" | "oneOf" | "prefixItems" | "items"
                if value.as_array().is_some_and(Vec::is_empty) =>
            {
                return;
            }
            "enum" | "required" | "properties" | "allOf" | "anyOf" | "oneOf" | "prefixItems" | "items" | "minimum"
            | "maximum" | "multipleOf" | "exclusiveMinimum" | "exclusiveMaximum" | "minLength" | "maxLength"
            | "minItems" | "maxItems" | "minProperties" | "maxProperties" | "minContains" | "maxContains"
            | "uniqueItems" | "deprecated" | "readOnly" | "writeOnly" | "format" | "contentEncoding"
            | "contentMediaType" => format!("`{keyword}` has no value it can have: it is not checked"),
            _ => format!("`{keyword}` is no keyword that is known: it is not checked"),
        };
        self.notes.often(place, &message);
    }

    /// Types that are no types of JSON Schema: what people mean by them.
    fn kind(&mut self, value: &Value, place: &str) -> Option<Value> {
        let known = |text: &str| {
            Some(match text {
                "null" | "boolean" | "object" | "array" | "number" | "integer" | "string" => text.to_owned(),
                "file" | "date" | "datetime" | "date-time" | "uuid" => "string".to_owned(),
                "float" | "double" | "decimal" => "number".to_owned(),
                "int" | "long" => "integer".to_owned(),
                "bool" => "boolean".to_owned(),
                _ => return None,
            })
        };
        let kinds: Option<Vec<String>> = match value {
            Value::String(text) => known(text).map(|kind| vec![kind]),
            Value::Array(list) if !list.is_empty() => {
                list.iter().map(|kind| kind.as_str().and_then(known)).collect::<Option<Vec<_>>>()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
        };
        let Some(mut kinds) = kinds else {
            self.notes.warn(place, &format!("type {value} is not known: any value is taken there"));
            return None;
        };
        let mut seen = HashSet::new();
        kinds.retain(|kind| seen.insert(kind.clone()));
        Some(match <[String; 1]>::try_from(kinds) {
            Ok([one]) => Value::String(one),
            Err(several) => json!(several),
        })
    }

    /// In OpenAPI 3.0 `exclusiveMinimum: true` stands beside the bound it is about.
    fn bound(&mut self, schema: &Value, keyword: &str, value: &Value) -> Option<Value> {
        let number = value.as_f64()?;
        let exclusive = match keyword {
            "minimum" => super::flag(schema, "exclusiveMinimum"),
            "maximum" => super::flag(schema, "exclusiveMaximum"),
            _ if number <= 0.0 => true,
            _ => false,
        };
        (!exclusive).then(|| value.clone())
    }

    fn pattern(&mut self, pattern: &str, place: &str) -> bool {
        let works = self.schemas.pattern_works(pattern);
        if !works {
            self.notes.warn(place, &format!("pattern `{pattern}` cannot be used and is not checked"));
        }
        works
    }

    fn required(&mut self, schema: &Value, value: &Value) -> Option<Value> {
        let mut seen = HashSet::new();
        let properties = schema.get("properties");
        let kept: Vec<&str> = value
            .as_array()?
            .iter()
            .filter_map(Value::as_str)
            .filter(|name| {
                properties.and_then(|all| all.get(*name)).is_none_or(|property| !self.goes_the_other_way(property))
            })
            .filter(|name| seen.insert(*name))
            .collect();
        Some(json!(kept))
    }

    fn goes_the_other_way(&self, property: &Value) -> bool {
        match self.direction {
            Direction::Request => self.schemas.has_flag(property, "readOnly"),
            Direction::Answer => self.schemas.has_flag(property, "writeOnly"),
        }
    }

    fn properties(&mut self, value: &Value, place: &str, depth: usize) -> Option<Value> {
        let members = value.as_object()?;
        let mut kept = Map::new();
        for (name, property) in
            members.iter().filter(|(_, property)| !self.goes_the_other_way(property)).collect::<Vec<_>>()
        {
            let place = format!("{place}/properties/{}", pointer::token(name));
            kept.insert(name.clone(), self.schema(property, &place, depth + 1));
        }
        Some(Value::Object(kept))
    }

    fn members(&mut self, value: &Value, place: &str, depth: usize, patterns: bool) -> Value {
        let mut kept = Map::new();
        for (name, member) in value.as_object().into_iter().flatten() {
            let place = format!("{place}/{}", pointer::token(name));
            if !patterns || self.pattern(name, &place) {
                kept.insert(name.clone(), self.schema(member, &place, depth + 1));
            }
        }
        Value::Object(kept)
    }

    fn list(&mut self, value: &Value, place: &str, depth: usize) -> Option<Value> {
        let items = value.as_array().filter(|items| !items.is_empty())?;
        let each =
            items.iter().enumerate().map(|(index, item)| self.schema(item, &format!("{place}/{index}"), depth + 1));
        Some(each.collect())
    }
}

fn distinct(list: &[Value]) -> Value {
    let mut kept: Vec<&Value> = Vec::with_capacity(list.len());
    let mut seen = HashSet::new();
    for item in list {
        if seen.insert(item.to_string()) {
            kept.push(item);
        }
    }
    json!(kept)
}

fn exclusive(schema: &Value, keyword: &str, value: &Value) -> Option<Value> {
    match value {
        Value::Number(_) => Some(value.clone()),
        Value::Bool(true) => {
            let bound = if keyword == "exclusiveMinimum" { "minimum" } else { "maximum" };
            schema.get(bound).filter(|bound| bound.is_number()).cloned()
        }
        Value::Null | Value::Bool(false) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A count, also written as `10.0`.
fn whole(value: &Value) -> Option<Value> {
    let count = value.as_u64().or_else(|| {
        let number = value.as_f64().filter(|number| *number >= 0.0 && number.fract() == 0.0 && *number < 1e15)?;
        format!("{number:.0}").parse().ok()
    })?;
    Some(count.into())
}

/// The same, or null.
fn nullable(mut schema: Map<String, Value>) -> Value {
    if let Some(Value::Array(choices)) = schema.get_mut("enum")
        && !choices.contains(&Value::Null)
    {
        choices.push(Value::Null);
    }
    let composed = ["$ref", "allOf", "anyOf", "oneOf"].iter().any(|keyword| schema.contains_key(*keyword));
    match schema.get_mut("type") {
        Some(kind @ Value::String(_)) => *kind = json!([kind.clone(), "null"]),
        Some(Value::Array(kinds)) if !kinds.contains(&"null".into()) => kinds.push("null".into()),
        None if composed => return json!({ "anyOf": [schema, { "type": "null" }] }),
        Some(_) | None => {}
    }
    Value::Object(schema)
}
