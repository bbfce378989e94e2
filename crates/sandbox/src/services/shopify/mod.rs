//! A few operations of Shopify's GraphQL Admin API: orders and their edits, refunds and shipments, customers, products, drafts.

mod customers;
mod drafts;
mod edits;
mod graphql;
mod op;
mod orders;
mod refunds;
mod shipping;
mod stock;

use std::collections::BTreeMap;

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::{
    memory::{
        directory::{Directory, Person},
        ring::Ring,
    },
    services::world::{At, World},
    wire::{
        reply::{Effect, Reply},
        request::Request,
    },
};
use customers::Customer;
use drafts::Draft;
use edits::Edit;
use graphql::Asked;
pub(crate) use graphql::key;
pub(crate) use op::{Op, route};
use orders::Order;

/// What is before an order's number in its id; the same in those of what belongs to it.
const FIRST_ORDER: u64 = 5_430_000_000_000;
const FIRST_CUSTOMER: u64 = 6_430_000_000_000;

/// The newest of a kind that are kept.
const KEPT_MAX: usize = 20_000;

/// Everything. Jobs are finished when they are first looked at, so only their number is kept.
#[derive(Debug)]
pub(crate) struct State {
    orders: BTreeMap<String, Order>,
    customers: BTreeMap<String, Customer>,
    edits: Ring<Edit>,
    drafts: Ring<Draft>,
    jobs: u64,
}

impl State {
    /// `#1001` and on, one per customer, one desk lamp for 89.00 USD each; `#1002` is fulfilled already. An id says nothing of the
    /// name, as in a real shop.
    pub(crate) fn seeded(directory: &Directory) -> Self {
        let order = |(number, person): (u64, &Person)| {
            (format!("gid://shopify/Order/{}", FIRST_ORDER + number), Order::seeded(number, person))
        };
        let customer = |(number, person): (u64, &Person)| {
            (format!("gid://shopify/Customer/{}", FIRST_CUSTOMER + number), Customer::of(person))
        };
        Self {
            orders: (1_001..).zip(directory.people()).map(order).collect(),
            customers: (1_001..).zip(directory.people()).map(customer).collect(),
            edits: Ring::new(KEPT_MAX),
            drafts: Ring::new(KEPT_MAX),
            jobs: 0,
        }
    }
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

/// Money in the shop's currency.
fn money(cents: i64) -> Value {
    json!({ "shopMoney": { "amount": amount(cents), "currencyCode": "USD" } })
}

fn amount(cents: i64) -> String {
    format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
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

/// Answers a GraphQL document.
pub(crate) fn respond(world: &mut World, op: Op, request: &Request, at: At) -> Reply {
    if request.header("x-shopify-access-token").is_none_or(|token| !token.starts_with("shp")) {
        let message = "[API] Invalid API key or access token (unrecognized login or wrong password)";
        return Reply::refused(StatusCode::UNAUTHORIZED, &json!({ "errors": message }));
    }
    let version = request.segments().get(3).copied().unwrap_or_default().to_owned();
    let asked = Asked::new(request, op.field());
    let reply = match op {
        Op::OrderGet => asked.answer(&orders::get(world, &asked), Effect::Read),
        Op::OrderFind => {
            let found = world.shopify.search(&asked.text("query"));
            asked.answer(&json!({ "nodes": found, "pageInfo": page_info(None) }), Effect::Read)
        }
        Op::JobGet => asked.answer(&orders::job(world, &asked.text("id")), Effect::Read),
        Op::ShopGet => {
            let shop = json!({ "id": "gid://shopify/Shop/1", "name": "Sandbox", "currencyCode": "USD" });
            asked.answer(&shop, Effect::Read)
        }
        Op::OrderCancel => orders::cancel(world, &asked, at),
        Op::OrderUpdate => orders::update(world, &asked),
        Op::TagsAdd => orders::tag(world, &asked),
        Op::RefundCreate => refunds::refund(world, &asked, request, &version, at),
        Op::EditBegin => edits::begin(world, &asked),
        Op::EditAddVariant => edits::add_variant(world, &asked),
        Op::EditSetQuantity => edits::set_quantity(world, &asked),
        Op::EditCommit => edits::commit(world, &asked),
        Op::EditGet => asked.answer(&edits::get(world, &asked.text("id")), Effect::Read),
        Op::CustomerGet => asked.answer(&world.shopify.customer_json(&asked.text("id")), Effect::Read),
        Op::CustomerFind => asked.answer(&customers::find(world, &asked), Effect::Read),
        Op::CustomerUpdate => customers::update(world, &asked),
        Op::ProductFind => asked.answer(&stock::find(&asked), Effect::Read),
        Op::FulfillmentOrderGet => asked.answer(&shipping::get(world, &asked.text("id")), Effect::Read),
        Op::FulfillmentCreate => shipping::create(world, &asked, at),
        Op::DraftCreate => drafts::create(world, &asked),
        Op::DraftGet => asked.answer(&world.shopify.draft_json(&asked.text("id")), Effect::Read),
        Op::DraftComplete => drafts::complete(world, &asked),
        Op::Other => {
            let message = "The sandbox knows shop, orders and their edits, refunds and shipments, customers, products and drafts.";
            Reply::refused(StatusCode::OK, &error_body("undefinedField", message))
        }
    };
    reply.with_header("x-shopify-api-version", version)
}

fn page_info(next: Option<&str>) -> Value {
    json!({ "hasNextPage": next.is_some(), "endCursor": next })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{amount, cents};

    #[test]
    fn amounts_become_cents_and_back() {
        assert_eq!(cents(&json!("12.5")), Some(1_250));
        assert_eq!(cents(&json!("89")), Some(8_900));
        assert_eq!(cents(&json!("1.005")), None);
        assert_eq!(cents(&json!(null)), None);
        assert_eq!((amount(1_250), amount(-5)), ("12.50".to_owned(), "-0.05".to_owned()));
    }
}
