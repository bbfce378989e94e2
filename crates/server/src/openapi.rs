//! What the handlers' annotations cannot say: it is the same for all of them.

use crate::wire::Problem;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        ContentBuilder, Ref, RefOr, Response, ResponseBuilder, Schema,
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

/// Adds the problem response to every operation, and says that responses carry all their fields.
pub(crate) fn finish(openapi: &mut utoipa::openapi::OpenApi) {
    for item in openapi.paths.paths.values_mut() {
        let operations =
            [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch].into_iter().flatten();
        for operation in operations {
            operation.responses.responses.insert("default".to_owned(), RefOr::T(problem()));
        }
    }
    let Some(components) = &mut openapi.components else { return };
    for (name, schema) in &mut components.schemas {
        // Requests may leave fields out; a problem has only the members it needs.
        if !name.ends_with("Request") && name != "Problem"
            && let RefOr::T(schema) = schema
        {
            require_all(schema);
        }
    }
}

fn problem() -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description("Problem").content("application/problem+json", content).build()
}

fn require_all(schema: &mut Schema) {
    match schema {
        Schema::Object(object) => object.required = object.properties.keys().cloned().collect(),
        Schema::AllOf(all) => all.items.iter_mut().for_each(require_all_of),
        Schema::OneOf(one) => one.items.iter_mut().for_each(require_all_of),
        Schema::AnyOf(any) => any.items.iter_mut().for_each(require_all_of),
        _ => {}
    }
}

fn require_all_of(schema: &mut RefOr<Schema>) {
    if let RefOr::T(schema) = schema {
        require_all(schema);
    }
}
