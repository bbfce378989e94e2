//! A few operations of Shopify's GraphQL Admin API: look at an order, cancel it, refund it, poll a job. The query is not
//! parsed as GraphQL: the operation is found by its field name, its arguments by theirs, variables are looked up.

use std::collections::BTreeMap;

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::{
    memory::directory::{Directory, Person},
    services::{
        keyed::{KeyConflict, Scope},
        world::{At, World},
    },
    wire::{
        reply::{Effect, Reply},
        request::Request,
    },
};

/// From this version on a refund without `@idempotent` is refused at run time.
const KEY_MANDATORY_FROM: &str = "2026-04";

/// What is before an order's number in its id.
const FIRST_ID: u64 = 5_430_000_000_000;

/// What a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    /// `query { order(id:) }`
    OrderGet,
    /// `query { orders(query: "name:…") }`, by name or e-mail
    OrderFind,
    /// `mutation { orderCancel(…) }`
    OrderCancel,
    /// `mutation { orderUpdate(input:) }`, the shipping address only
    OrderUpdate,
    /// `mutation { refundCreate(…) @idempotent(key:) }`
    RefundCreate,
    /// `query { job(id:) }`
    JobGet,
    /// `query { shop { … } }`
    ShopGet,
    /// Any other document.
    Other,
}

impl Op {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OrderGet => "shopify.order.get",
            Self::OrderFind => "shopify.order.find",
            Self::OrderCancel => "shopify.order.cancel",
            Self::OrderUpdate => "shopify.order.update",
            Self::RefundCreate => "shopify.refund.create",
            Self::JobGet => "shopify.job.get",
            Self::ShopGet => "shopify.shop.get",
            Self::Other => "shopify.graphql.other",
        }
    }
}

pub(crate) fn route(method: &str, segments: &[&str], request: &Request) -> Option<Op> {
    let (("POST", ["admin", "api", _, "graphql.json"]), Some(body)) = ((method, segments), request.json()) else {
        return None;
    };
    let query = body["query"].as_str().unwrap_or_default();
    let fields = [
        ("orderCancel", Op::OrderCancel),
        ("orderUpdate", Op::OrderUpdate),
        ("refundCreate", Op::RefundCreate),
        ("orders", Op::OrderFind),
        ("order", Op::OrderGet),
        ("job", Op::JobGet),
    ];
    let found = fields.into_iter().find(|(name, _)| call_of(query, name).is_some());
    let without_arguments = if selects(query, "shop") { Op::ShopGet } else { Op::Other };
    Some(found.map_or(without_arguments, |(_, op)| op))
}

#[derive(Debug)]
struct Order {
    name: String,
    email: String,
    /// Cents.
    total: i64,
    refunded: i64,
    fulfilled: bool,
    cancelled_at: Option<i64>,
    /// As `MailingAddress` shows it.
    address: Value,
}

/// Orders by id. Jobs are finished when they are first looked at, so only their number is kept.
#[derive(Debug)]
pub(crate) struct State {
    orders: BTreeMap<String, Order>,
    jobs: u64,
}

impl State {
    /// `#1001` and on, one per customer, 89.00 USD each; `#1002` is fulfilled already. An id says nothing of the name, as in a
    /// real shop.
    pub(crate) fn seeded(directory: &Directory) -> Self {
        let order = |(number, person): (u64, &Person)| {
            let order = Order {
                name: format!("#{number}"),
                email: person.email.clone(),
                total: 8_900,
                refunded: 0,
                fulfilled: number == 1_002,
                cancelled_at: None,
                address: json!({
                    "name": person.name, "address1": "1 Example Street", "address2": null, "city": "Berlin",
                    "zip": "10115", "provinceCode": null, "countryCodeV2": "DE",
                }),
            };
            (format!("gid://shopify/Order/{}", FIRST_ID + number), order)
        };
        Self { orders: (1_001..).zip(directory.people()).map(order).collect(), jobs: 0 }
    }
}

/// The text after the field's name, from its opening parenthesis on. Declarations such as `mutation orderCancel(` are
/// passed over: a field follows a brace.
fn call_of<'a>(query: &'a str, field: &str) -> Option<&'a str> {
    let mut rest = query;
    while let Some(place) = rest.find(field) {
        let (before, after) = (rest[..place].trim_end(), &rest[place + field.len()..]);
        let arguments = after.trim_start();
        let starts_word = !rest[..place].ends_with(|char: char| char.is_alphanumeric() || char == '_' || char == '$');
        if starts_word && arguments.starts_with('(') && before.ends_with(['{', '}', ':']) {
            return Some(arguments);
        }
        rest = after;
    }
    None
}

/// Whether an object without arguments is asked for: its name after a brace, and a brace after it.
fn selects(query: &str, field: &str) -> bool {
    let mut words = query.split_whitespace();
    words.any(|word| word.ends_with('{')) && words.next() == Some(field) && words.next() == Some("{")
}

/// The value of an argument: a variable, a string, or another scalar as text.
fn argument(arguments: &str, variables: &Value, name: &str) -> Option<Value> {
    let mut rest = arguments;
    loop {
        let place = rest.find(name)?;
        let word = !rest[..place].ends_with(|char: char| char.is_alphanumeric() || char == '_' || char == '$');
        let after = rest[place + name.len()..].trim_start();
        match after.strip_prefix(':') {
            Some(value) if word => return scalar(value.trim_start(), variables),
            Some(_) | None => rest = &rest[place + name.len()..],
        }
    }
}

fn scalar(value: &str, variables: &Value) -> Option<Value> {
    let word_end = |text: &str| {
        let outside = |char: char| !(char.is_alphanumeric() || char == '_' || char == '.' || char == '-');
        text.find(outside).unwrap_or(text.len())
    };
    if let Some(variable) = value.strip_prefix('$') {
        return variables.get(&variable[..word_end(variable)]).cloned();
    }
    if let Some(text) = value.strip_prefix('"') {
        return text.split_once('"').map(|(inner, _)| json!(inner));
    }
    let word = &value[..word_end(value)];
    (!word.is_empty()).then(|| serde_json::from_str(word).unwrap_or_else(|_| json!(word)))
}

fn parts(request: &Request) -> (String, Value) {
    let body = request.json().unwrap_or_default();
    (body["query"].as_str().unwrap_or_default().to_owned(), body["variables"].clone())
}

/// The key of `@idempotent(key: …)`.
pub(crate) fn key(request: &Request) -> Option<String> {
    let (query, variables) = parts(request);
    let (_, directive) = query.split_once("@idempotent")?;
    argument(directive, &variables, "key")?.as_str().map(str::to_owned)
}

pub(crate) fn error_body(code: &str, message: &str) -> Value {
    json!({ "errors": [{ "message": message, "extensions": { "code": code } }] })
}

pub(crate) fn code_for(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 | 403 => "ACCESS_DENIED",
        429 => "THROTTLED",
        500.. => "INTERNAL_SERVER_ERROR",
        _ => "BAD_REQUEST",
    }
}

/// The `extensions` object with the query's cost, which is on every answer.
pub(crate) fn cost(points: u32) -> Value {
    json!({ "cost": {
        "requestedQueryCost": points.max(10), "actualQueryCost": points,
        "throttleStatus": { "maximumAvailable": 2000.0, "currentlyAvailable": if points == 0 { 0 } else { 1990 },
            "restoreRate": 100.0 },
    } })
}

fn data(field: &str, value: &Value, effect: Effect) -> Reply {
    Reply::json(StatusCode::OK, &json!({ "data": { field: value }, "extensions": cost(10) }), effect)
}

/// Answers a GraphQL document.
pub(crate) fn respond(world: &mut World, op: Op, request: &Request, at: At) -> Reply {
    if request.header("x-shopify-access-token").is_none_or(|token| !token.starts_with("shp")) {
        let message = "[API] Invalid API key or access token (unrecognized login or wrong password)";
        return Reply::refused(StatusCode::UNAUTHORIZED, &json!({ "errors": message }));
    }
    let version = request.segments().get(3).copied().unwrap_or_default().to_owned();
    let (query, variables) = parts(request);
    let reply = match op {
        Op::OrderGet => {
            let id = argument_of(&query, &variables, "order", "id");
            data("order", &world.shopify.order_json(&id), Effect::Read)
        }
        Op::OrderFind => {
            let found = world.shopify.search(&argument_of(&query, &variables, "orders", "query"));
            let page_info = json!({ "hasNextPage": false, "endCursor": null });
            data("orders", &json!({ "nodes": found, "pageInfo": page_info }), Effect::Read)
        }
        Op::JobGet => {
            let id = argument_of(&query, &variables, "job", "id");
            let number = id.rsplit('/').next().and_then(|number| number.parse::<u64>().ok());
            let known = number.is_some_and(|number| (1..=world.shopify.jobs).contains(&number));
            data("job", &if known { json!({ "id": id, "done": true }) } else { Value::Null }, Effect::Read)
        }
        Op::ShopGet => {
            let shop = json!({ "id": "gid://shopify/Shop/1", "name": "Sandbox", "currencyCode": "USD" });
            data("shop", &shop, Effect::Read)
        }
        Op::OrderCancel => cancel(world, &query, &variables, at),
        Op::OrderUpdate => update(world, &query, &variables),
        Op::RefundCreate => refund(world, request, &version, at),
        Op::Other => Reply::refused(
            StatusCode::OK,
            &error_body(
                "undefinedField",
                "The sandbox knows shop, order, orders, job, orderCancel, orderUpdate and refundCreate.",
            ),
        ),
    };
    reply.with_header("x-shopify-api-version", version)
}

fn argument_of(query: &str, variables: &Value, field: &str, name: &str) -> String {
    let found = call_of(query, field).and_then(|arguments| argument(arguments, variables, name));
    found.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl State {
    /// `name:"#1001"`, `name:1001` or `email:"ada@example.com"`, newest first; anything else finds nothing.
    fn search(&self, wanted: &str) -> Vec<Value> {
        let Some((field, value)) = wanted.split_once(':') else { return Vec::new() };
        let value = value.trim().trim_matches('"');
        let fits = |order: &Order| match field.trim() {
            "name" => order.name.trim_start_matches('#') == value.trim_start_matches('#'),
            "email" => order.email.eq_ignore_ascii_case(value),
            _ => false,
        };
        let found = self.orders.iter().rev().filter(|(_, order)| fits(order));
        found.map(|(id, _)| self.order_json(id)).collect()
    }

    fn order_json(&self, id: &str) -> Value {
        let Some(order) = self.orders.get(id) else {
            return Value::Null;
        };
        let money = |cents: i64| json!({ "shopMoney": { "amount": amount(cents), "currencyCode": "USD" } });
        let financial = match order.refunded {
            0 => "PAID",
            refunded if refunded < order.total => "PARTIALLY_REFUNDED",
            _ => "REFUNDED",
        };
        json!({
            "id": id, "name": order.name, "email": order.email, "displayFinancialStatus": financial,
            "displayFulfillmentStatus": if order.fulfilled { "FULFILLED" } else { "UNFULFILLED" },
            "cancelledAt": order.cancelled_at.map(|at| mail_parser::DateTime::from_timestamp(at).to_rfc3339()),
            "shippingAddress": order.address, "totalPriceSet": money(order.total), "totalRefundedSet": money(order.refunded),
        })
    }
}

fn amount(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// A refusal inside a 200, the third of Shopify's error layers.
fn user_error(field: &str, list: &str, code: &str, message: &str) -> Reply {
    let value = json!({ list: [{ "field": ["orderId"], "code": code, "message": message }] });
    data(field, &value, Effect::Refused)
}

fn cancel(world: &mut World, query: &str, variables: &Value, at: At) -> Reply {
    let refused = |code, message| user_error("orderCancel", "orderCancelUserErrors", code, message);
    let id = argument_of(query, variables, "orderCancel", "orderId");
    let Some(order) = world.shopify.orders.get_mut(&id) else {
        return refused("NOT_FOUND", "Order does not exist");
    };
    if order.cancelled_at.is_some() {
        return refused("INVALID", "Order has already been cancelled");
    }
    if order.fulfilled {
        return refused("INVALID", "Cannot cancel an order that has fulfillments");
    }
    order.cancelled_at = Some(at.seconds());
    world.shopify.jobs += 1;
    let job = json!({ "id": format!("gid://shopify/Job/{}", world.shopify.jobs), "done": false });
    data("orderCancel", &json!({ "job": job, "orderCancelUserErrors": [] }), Effect::Changed)
}

/// `input: {id, shippingAddress: {address1, city, …}}`, a `MailingAddressInput`.
fn update(world: &mut World, query: &str, variables: &Value) -> Reply {
    let refused = |message: &str| {
        let errors = json!({ "order": null, "userErrors": [{ "field": ["shippingAddress"], "message": message }] });
        data("orderUpdate", &errors, Effect::Refused)
    };
    let call = call_of(query, "orderUpdate").unwrap_or_default();
    let Some(input) = argument(call, variables, "input").filter(Value::is_object) else {
        return refused("Pass `input` as a variable.");
    };
    let id = input["id"].as_str().unwrap_or_default().to_owned();
    let Some(order) = world.shopify.orders.get_mut(&id) else {
        return refused("Order does not exist");
    };
    let given = &input["shippingAddress"];
    let text = |field: &str| given[field].as_str().unwrap_or_default().trim().to_owned();
    if text("address1").is_empty() || text("city").is_empty() || text("countryCode").len() != 2 {
        return refused("Shipping address is invalid");
    }
    let name = format!("{} {}", text("firstName"), text("lastName")).trim().to_owned();
    let name = if name.is_empty() { order.address["name"].clone() } else { json!(name) };
    order.address = json!({
        "name": name, "address1": given["address1"], "address2": given["address2"], "city": given["city"],
        "zip": given["zip"], "provinceCode": given["provinceCode"], "countryCodeV2": given["countryCode"],
    });
    let order = json!({ "id": id, "name": order.name, "shippingAddress": order.address });
    data("orderUpdate", &json!({ "order": order, "userErrors": [] }), Effect::Changed)
}

fn refund(world: &mut World, request: &Request, version: &str, at: At) -> Reply {
    let Some(key) = key(request) else {
        if version >= KEY_MANDATORY_FROM {
            let message = "The @idempotent directive is required for this mutation but was not provided.";
            return Reply::refused(StatusCode::OK, &error_body("BAD_REQUEST", message));
        }
        return refund_once(world, request, at);
    };
    let refused = |code, message| user_error("refundCreate", "userErrors", code, message);
    let done = world.once((Scope::Shopify, &key), &request.fingerprint(), at, |world| refund_once(world, request, at));
    match done {
        Ok(reply) => reply,
        Err(KeyConflict::OtherRequest) => refused(
            "IDEMPOTENCY_KEY_PARAMETER_MISMATCH",
            "The same idempotency key cannot be used with different operation parameters.",
        ),
        Err(KeyConflict::InUse) => {
            refused("IDEMPOTENCY_CONCURRENT_REQUEST", "This request is currently in progress, please try again.")
        }
    }
}

/// `input: {orderId, note, transactions: [{amount}]}`; without transactions, everything that is left.
fn refund_once(world: &mut World, request: &Request, at: At) -> Reply {
    let refused = |message: &str| user_error("refundCreate", "userErrors", "INVALID", message);
    let (query, variables) = parts(request);
    let call = call_of(&query, "refundCreate").unwrap_or_default();
    let Some(input) = argument(call, &variables, "input").filter(Value::is_object) else {
        return refused("Pass `input` as a variable.");
    };
    let id = input["orderId"].as_str().unwrap_or_default().to_owned();
    let number = world.ids.number("refund");
    let Some(order) = world.shopify.orders.get_mut(&id) else {
        return refused("Order does not exist");
    };
    let asked: Option<i64> = input["transactions"]
        .as_array()
        .filter(|list| !list.is_empty())
        .and_then(|list| list.iter().map(|transaction| cents(&transaction["amount"])).sum());
    let left = order.total - order.refunded;
    let amount_cents = match (asked, input["transactions"].as_array().is_none_or(Vec::is_empty)) {
        (Some(amount_cents), _) => amount_cents,
        (None, true) => left,
        (None, false) => return refused("A transaction needs an amount such as \"12.50\""),
    };
    if amount_cents < 1 || amount_cents > left {
        return refused("Refund amount is greater than the amount available to refund");
    }
    order.refunded += amount_cents;
    let refund = json!({
        "id": format!("gid://shopify/Refund/{number}"), "note": input["note"],
        "createdAt": mail_parser::DateTime::from_timestamp(at.seconds()).to_rfc3339(),
        "totalRefundedSet": { "shopMoney": { "amount": amount(amount_cents), "currencyCode": "USD" } },
    });
    let order = json!({ "id": id, "name": order.name });
    data("refundCreate", &json!({ "refund": refund, "order": order, "userErrors": [] }), Effect::Changed)
}

/// `"12.5"` or `12.5` → 1250, without passing through floating point; `None` when it is no amount.
fn cents(amount: &Value) -> Option<i64> {
    let text = match amount {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
    if fraction.len() > 2 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<2}").parse().ok()?;
    whole.parse::<u32>().ok().map(|whole| i64::from(whole) * 100 + fraction)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{argument, call_of, cents};

    #[test]
    fn fields_and_arguments_are_found() {
        let query = "mutation orderCancel($orderId: ID!) { orderCancel(orderId: $orderId, restock: true, reason: OTHER, \
                     staffNote: \"no\") { job { id done } } }";
        let call = call_of(query, "orderCancel").unwrap_or_default();
        let variables = json!({ "orderId": "gid://shopify/Order/1001" });
        assert_eq!(argument(call, &variables, "orderId"), Some(json!("gid://shopify/Order/1001")));
        assert_eq!(argument(call, &variables, "restock"), Some(json!(true)));
        assert_eq!(argument(call, &variables, "reason"), Some(json!("OTHER")));
        assert_eq!(argument(call, &variables, "staffNote"), Some(json!("no")));
        assert_eq!(argument(call, &variables, "missing"), None);
        assert!(call_of(query, "order").is_none() && call_of(query, "job").is_none());
        assert!(call_of("query($id: ID!) { a: order(id: $id) { id } }", "order").is_some());
    }

    #[test]
    fn amounts_become_cents() {
        assert_eq!(cents(&json!("12.5")), Some(1_250));
        assert_eq!(cents(&json!("89")), Some(8_900));
        assert_eq!(cents(&json!("1.005")), None);
        assert_eq!(cents(&json!(null)), None);
    }
}
