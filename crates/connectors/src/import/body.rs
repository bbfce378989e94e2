//! An operation's request body as the member `body` of the input.

use super::{Import, flag, parameters::Input, references, schema::Direction, text};
use crate::manifest::{BodyManifest, Encoding, Style};
use countersign_core::pointer;
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

impl Import<'_> {
    pub(super) fn body(
        &mut self,
        operation: &Value,
        place: &str,
        input: &mut Input,
    ) -> Result<Option<BodyManifest>, String> {
        let Some(body) = operation.get("requestBody") else { return Ok(None) };
        let place = format!("{place}/requestBody");
        let Some(body) = references::resolve(self.document, body) else {
            return Err(format!("{place}: `$ref` {} leads nowhere", references::target(body)));
        };
        let content = body.get("content").and_then(Value::as_object);
        let Some((kind, media)) = content.and_then(choose) else {
            self.notes.warn(&place, "describes no content: the operation is sent without a body");
            return Ok(None);
        };
        let others: Vec<&str> =
            content.into_iter().flat_map(Map::keys).map(String::as_str).filter(|one| *one != kind).collect();
        if !others.is_empty() {
            let message = format!("it is sent as {kind}, never as {}", others.join(", "));
            self.notes.often(&format!("{place}/content"), &message);
        }
        let encoding = encoding(kind);
        let place = format!("{place}/content/{}", pointer::token(kind));
        let schema = self.body_schema(encoding, media, &place, input);
        let member = input.member("body", "content");
        if flag(body, "required") {
            input.required.push(member.clone());
        }
        input.properties.insert(member.clone(), described(schema, &text(body, "description")));
        let standard = match encoding {
            Encoding::Json => "application/json",
            Encoding::Fields => FORM,
            Encoding::Multipart => MULTIPART,
            Encoding::Form | Encoding::Graphql | Encoding::Auto | Encoding::Text | Encoding::Bytes => "",
        };
        let content_type = if kind == standard || kind.contains('*') { String::new() } else { kind.to_owned() };
        let styles = match encoding {
            Encoding::Fields => self.styles(media, &place),
            Encoding::Multipart => self.parts(media, &place),
            Encoding::Json | Encoding::Form | Encoding::Graphql | Encoding::Auto | Encoding::Text | Encoding::Bytes => {
                IndexMap::new()
            }
        };
        let value = Value::from(format!("$input.{member}"));
        Ok(Some(BodyManifest { encoding, value, query: String::new(), content_type, styles }))
    }

    fn body_schema(&mut self, encoding: Encoding, media: &Value, place: &str, input: &mut Input) -> Value {
        match encoding {
            Encoding::Text => return json!({ "type": "string" }),
            Encoding::Bytes => return file(),
            Encoding::Json
            | Encoding::Form
            | Encoding::Fields
            | Encoding::Graphql
            | Encoding::Auto
            | Encoding::Multipart => {}
        }
        let empty = json!({});
        let schema = media.get("schema").unwrap_or(&empty);
        // Files are named in the schema itself, which a reference would hide.
        let schema = match (encoding, references::resolve(self.document, schema)) {
            (Encoding::Multipart, Some(found)) => found,
            _ => schema,
        };
        let place = format!("{place}/schema");
        let mut schema =
            self.schemas.translate(schema, &place, Direction::Request, &mut input.refers_to, &mut self.notes);
        if encoding == Encoding::Multipart {
            files(&mut schema);
        }
        schema
    }

    /// How the fields of a form are written that are lists or objects.
    fn styles(&mut self, media: &Value, place: &str) -> IndexMap<String, Style> {
        let mut styles = IndexMap::new();
        for (name, encoding) in media.get("encoding").and_then(Value::as_object).into_iter().flatten() {
            let place = format!("{place}/encoding/{}", pointer::token(name));
            let explode = encoding.get("explode").and_then(Value::as_bool).unwrap_or(true);
            let kind = text(encoding, "contentType");
            if flag(encoding, "allowReserved") {
                self.notes.often(
                    &format!("{place}/allowReserved"),
                    "the field's reserved characters are encoded all the same",
                );
            }
            let style = match (text(encoding, "style").as_str(), explode) {
                ("deepObject", _) => Style::Brackets,
                ("spaceDelimited", false) => Style::Space,
                ("pipeDelimited", false) => Style::Pipe,
                ("form", false) => Style::Comma,
                ("" | "form", _) if kind.contains("json") => Style::Json,
                // Written apart they are what a list is anyway.
                ("" | "form" | "spaceDelimited" | "pipeDelimited", _) => {
                    if !matches!(kind.as_str(), "" | "text/plain") {
                        self.notes.often(
                            &format!("{place}/contentType"),
                            &format!("the field is sent as a text, not as {kind}"),
                        );
                    }
                    continue;
                }
                (style, _) => {
                    self.notes.often(
                        &format!("{place}/style"),
                        &format!("style `{style}` is not known in a form: the usual one is used"),
                    );
                    continue;
                }
            };
            styles.insert(name.clone(), style);
        }
        styles
    }

    /// What is said of the parts of a multipart form, of which nothing is heeded but what is so anyway.
    fn parts(&mut self, media: &Value, place: &str) -> IndexMap<String, Style> {
        let properties = media.get("schema").and_then(|schema| references::resolve(self.document, schema));
        let properties = properties.and_then(|schema| schema.get("properties"));
        for (name, encoding) in media.get("encoding").and_then(Value::as_object).into_iter().flatten() {
            let place = format!("{place}/encoding/{}", pointer::token(name));
            let schema =
                properties.and_then(|all| all.get(name)).and_then(|one| references::resolve(self.document, one));
            let kind = text(encoding, "contentType");
            let usual = match schema {
                Some(schema) if is_file(schema) => kind == "application/octet-stream",
                Some(schema) => {
                    let composed = ["properties", "items"].iter().any(|keyword| schema.get(*keyword).is_some());
                    kind == if composed { "application/json" } else { "text/plain" }
                }
                None => false,
            };
            if !kind.is_empty() && !usual {
                let message =
                    format!("the part is not sent as {kind} by itself: of a file `content_type` says what it is");
                self.notes.often(&format!("{place}/contentType"), &message);
            }
            if encoding.get("headers").and_then(Value::as_object).is_some_and(|headers| !headers.is_empty()) {
                self.notes.often(&format!("{place}/headers"), "headers of a part are not sent");
            }
            if ["style", "explode", "allowReserved"].iter().any(|member| encoding.get(*member).is_some()) {
                self.notes.often(&place, "the style of a part is not heeded: a list is a part for each of its items");
            }
        }
        IndexMap::new()
    }
}

/// The content that is sent: JSON rather than a form, a form rather than anything else.
fn choose(content: &Map<String, Value>) -> Option<(&str, &Value)> {
    let rank = |kind: &str| match encoding(kind) {
        Encoding::Json if kind == "application/json" => 0,
        Encoding::Json => 1,
        Encoding::Fields => 2,
        Encoding::Multipart => 3,
        Encoding::Form | Encoding::Graphql | Encoding::Auto | Encoding::Text => 4,
        Encoding::Bytes => 5,
    };
    content.iter().map(|(kind, media)| (kind.as_str(), media)).min_by_key(|(kind, _)| rank(kind))
}

fn encoding(kind: &str) -> Encoding {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        FORM => Encoding::Fields,
        MULTIPART => Encoding::Multipart,
        "*/*" | "application/*" => Encoding::Json,
        _ if kind.contains("json") => Encoding::Json,
        _ if kind.starts_with("text/") || kind.contains("xml") || kind.contains("yaml") => Encoding::Text,
        _ => Encoding::Bytes,
    }
}

/// A file as an input: its bytes in base64, or its text.
fn file() -> Value {
    json!({
        "type": ["object", "string"],
        "description": "A text, or the bytes of a file in base64.",
        "properties": {
            "base64": { "type": "string" }, "filename": { "type": "string" }, "content_type": { "type": "string" },
        },
    })
}

/// Fields of a multipart form that are files.
fn files(schema: &mut Value) {
    for property in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        if is_file(property) {
            *property = described(file(), &text(property, "description"));
        } else if property.get("items").is_some_and(is_file) {
            property["items"] = file();
        }
    }
}

fn is_file(schema: &Value) -> bool {
    schema.get("format").is_some_and(|format| format == "binary" || format == "byte")
        || schema.get("contentMediaType").is_some()
}

fn described(mut schema: Value, description: &str) -> Value {
    if let (Some(members), false) = (schema.as_object_mut(), description.is_empty()) {
        members.insert("description".to_owned(), description.into());
    }
    schema
}
