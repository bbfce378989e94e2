//! Orders: finding, cancelling, another address, tags.

use serde_json::{Value, json};

use super::{State, graphql::Asked, money, refunds, shipping, stock};
use crate::{
    memory::directory::Person,
    services::world::{At, World},
    wire::reply::{Effect, Reply},
};

/// So many of a thing.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) title: String,
    pub(super) sku: Option<String>,
    /// Cents, of one.
    pub(super) price: i64,
    pub(super) quantity: i64,
}

#[derive(Debug)]
pub(super) struct Order {
    pub(super) number: u64,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) lines: Vec<Line>,
    /// Cents.
    pub(super) refunded: i64,
    pub(super) fulfilled: bool,
    /// Shipments as they are shown.
    pub(super) shipments: Vec<Value>,
    cancelled_at: Option<i64>,
    tags: Vec<String>,
    /// As `MailingAddress` shows it.
    address: Value,
}

impl Order {
    pub(super) fn seeded(number: u64, person: &Person) -> Self {
        let lamp = Line {
            number: 1,
            title: stock::LAMP.title.to_owned(),
            sku: Some(stock::LAMP.sku.to_owned()),
            price: stock::LAMP.price,
            quantity: 1,
        };
        let address = json!({
            "name": person.name, "address1": "1 Example Street", "address2": null, "city": "Berlin", "zip": "10115",
            "provinceCode": null, "countryCodeV2": "DE",
        });
        Self { address, fulfilled: number == 1_002, ..Self::new(number, person.email.clone(), vec![lamp]) }
    }

    pub(super) fn new(number: u64, email: String, lines: Vec<Line>) -> Self {
        Self {
            number,
            name: format!("#{number}"),
            email,
            lines,
            refunded: 0,
            fulfilled: false,
            shipments: Vec::new(),
            cancelled_at: None,
            tags: Vec::new(),
            address: Value::Null,
        }
    }

    /// Cents.
    pub(super) fn total(&self) -> i64 {
        total(&self.lines)
    }
}

/// Cents.
pub(super) fn total(lines: &[Line]) -> i64 {
    lines.iter().map(|line| line.price * line.quantity).sum()
}

/// `order(id:)`
pub(super) fn get(world: &World, asked: &Asked) -> Value {
    let id = asked.text("id");
    let Some(order) = world.shopify.orders.get(&id) else { return Value::Null };
    let mut shown = world.shopify.order_json(&id);
    shown["suggestedRefund"] = refunds::suggested(order, asked);
    shown["fulfillmentOrders"] = json!({ "nodes": [shipping::to_send(order)] });
    shown["fulfillments"] = json!(order.shipments);
    shown
}

/// `job(id:)`
pub(super) fn job(world: &World, id: &str) -> Value {
    let number = id.rsplit('/').next().and_then(|number| number.parse::<u64>().ok());
    let known = number.is_some_and(|number| (1..=world.shopify.jobs).contains(&number));
    if known { json!({ "id": id, "done": true }) } else { Value::Null }
}

impl State {
    /// `name:"#1001"`, `name:1001` or `email:"ada@example.com"`, newest first; anything else finds nothing.
    pub(super) fn search(&self, wanted: &str) -> Vec<Value> {
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

    pub(super) fn order_json(&self, id: &str) -> Value {
        let Some(order) = self.orders.get(id) else {
            return Value::Null;
        };
        let financial = match order.refunded {
            0 => "PAID",
            refunded if refunded < order.total() => "PARTIALLY_REFUNDED",
            _ => "REFUNDED",
        };
        json!({
            "id": id, "name": order.name, "email": order.email, "displayFinancialStatus": financial, "tags": order.tags,
            "displayFulfillmentStatus": if order.fulfilled { "FULFILLED" } else { "UNFULFILLED" },
            "cancelledAt": order.cancelled_at.map(|at| mail_parser::DateTime::from_timestamp(at).to_rfc3339()),
            "shippingAddress": order.address, "totalPriceSet": money(order.total()),
            "totalRefundedSet": money(order.refunded),
        })
    }
}

pub(super) fn cancel(world: &mut World, asked: &Asked, at: At) -> Reply {
    let refused = |code, message| asked.refused_as("orderCancelUserErrors", code, message);
    let Some(order) = world.shopify.orders.get_mut(&asked.text("orderId")) else {
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
    asked.answer(&json!({ "job": job, "orderCancelUserErrors": [] }), Effect::Changed)
}

/// `input: {id, shippingAddress: {address1, city, …}}`, a `MailingAddressInput`.
pub(super) fn update(world: &mut World, asked: &Asked) -> Reply {
    let refused = |message: &str| {
        let errors = json!({ "order": null, "userErrors": [{ "field": ["shippingAddress"], "message": message }] });
        asked.answer(&errors, Effect::Refused)
    };
    let Some(input) = asked.argument("input").filter(Value::is_object) else {
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
    asked.answer(&json!({ "order": order, "userErrors": [] }), Effect::Changed)
}

/// `tagsAdd(id:, tags:)`, of an order.
pub(super) fn tag(world: &mut World, asked: &Asked) -> Reply {
    let id = asked.text("id");
    let Some(order) = world.shopify.orders.get_mut(&id) else {
        return asked.refused("id", "Order does not exist");
    };
    let tags = asked.argument("tags").unwrap_or_default();
    for tag in tags.as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !order.tags.iter().any(|known| known.eq_ignore_ascii_case(tag)) {
            order.tags.push(tag.to_owned());
        }
    }
    asked.answer(&json!({ "node": { "id": id }, "userErrors": [] }), Effect::Changed)
}
