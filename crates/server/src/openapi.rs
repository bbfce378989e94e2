//! What the handlers' annotations cannot say: it is the same for all of them.

use countersign_api::Problem;
use std::collections::BTreeSet;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Content, ContentBuilder, Object, Ref, RefOr, Response, ResponseBuilder, Schema,
        path::Operation,
        schema::ArrayItems,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

/// The frame of the document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Countersign",
        description = "Multi-step automation with human checkpoints, running inside customer conversations.\n\n\
            Times are milliseconds since the Unix epoch. Lists continue with `cursor`. Errors are problem documents \
            (RFC 9457) with a stable `code`. Creating requests take an `Idempotency-Key`. Requests with the session \
            cookie that change something need the header `X-Requested-With: countersign`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(Problem)),
    security(("session" = []), ("api_key" = [])),
    modifiers(&Security)
)]
pub(crate) struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("countersign_session")));
        let bearer = SecurityScheme::Http(
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API key, `cs_…`")).build(),
        );
        components.add_security_scheme("session", cookie);
        components.add_security_scheme("api_key", bearer);
    }
}

/// Schemas of values that leave out what is not set: problems, and what people keep in files.
const SPARSE: [&str; 11] = [
    "Problem",
    "Script",
    "Opening",
    "Persona",
    "Act",
    "Answer",
    "Resolution",
    "TestCaseBody",
    "Expectations",
    "ExpectedRequest",
    "ExpectedMessage",
];

/// Adds the problem response to every operation, says that responses carry all their fields, and names what lists hold.
pub(crate) fn finish(openapi: &mut utoipa::openapi::OpenApi) {
    let mut bodies = BTreeSet::new();
    for item in openapi.paths.paths.values_mut() {
        let operations =
            [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch].into_iter().flatten();
        for operation in operations {
            operation.responses.responses.insert("default".to_owned(), RefOr::T(problem()));
            bodies.extend(body_name(operation));
        }
    }
    let Some(components) = &mut openapi.components else { return };
    for (name, schema) in &mut components.schemas {
        let RefOr::T(schema) = schema else { continue };
        visit(schema, &mut no_default);
        // Bodies of requests may leave fields out.
        if !bodies.contains(name) && !SPARSE.contains(&name.as_str()) {
            visit(schema, &mut require_all);
        }
        if let (Some(item), Schema::Object(page)) = (name.strip_prefix("Page_"), schema) {
            name_items(page, item);
        }
    }
}

fn problem() -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description("Problem").content("application/problem+json", content).build()
}

/// The schema a request's body has.
fn body_name(operation: &Operation) -> Option<String> {
    let RefOr::T(body) = operation.request_body.as_ref()? else { return None };
    let reference = body.content.values().find_map(|content| match content {
        RefOr::T(Content { schema: Some(RefOr::Ref(reference)), .. }) => Some(&reference.ref_location),
        RefOr::T(_) | RefOr::Ref(_) => None,
    })?;
    reference.rsplit('/').next().map(str::to_owned)
}

/// Calls `change` for a schema and those inside it.
fn visit(schema: &mut Schema, change: &mut impl FnMut(&mut Schema)) {
    change(schema);
    let inner: Vec<&mut RefOr<Schema>> = match schema {
        Schema::Object(object) => object.properties.values_mut().collect(),
        Schema::Array(array) => match &mut array.items {
            ArrayItems::RefOrSchema(items) => vec![items],
            ArrayItems::False => Vec::new(),
        },
        Schema::AllOf(all) => all.items.iter_mut().collect(),
        Schema::OneOf(one) => one.items.iter_mut().collect(),
        Schema::AnyOf(any) => any.items.iter_mut().collect(),
        _ => Vec::new(),
    };
    for schema in inner {
        match schema {
            RefOr::T(schema) => visit(schema, change),
            RefOr::Ref(reference) => reference.default = None,
        }
    }
}

/// A field with a default may be left out; generators take the default for a promise that it is there.
fn no_default(schema: &mut Schema) {
    match schema {
        Schema::Object(object) => object.default = None,
        Schema::Array(array) => array.default = None,
        Schema::AllOf(all) => all.default = None,
        Schema::OneOf(one) => one.default = None,
        Schema::AnyOf(any) => any.default = None,
        _ => {}
    }
}

fn require_all(schema: &mut Schema) {
    if let Schema::Object(object) = schema {
        object.required = object.properties.keys().cloned().collect();
    }
}

/// Generic types are written out in place: a page refers to what it holds instead.
fn name_items(page: &mut Object, item: &str) {
    if let Some(RefOr::T(Schema::Array(items))) = page.properties.get_mut("items") {
        items.items = ArrayItems::RefOrSchema(Box::new(RefOr::Ref(Ref::from_schema_name(item))));
    }
}
