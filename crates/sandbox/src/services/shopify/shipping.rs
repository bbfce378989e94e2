//! What of an order is to be sent, and what was.

use serde_json::{Value, json};

use super::{
    FIRST_ORDER,
    graphql::Asked,
    orders::{Line, Order},
};
use crate::{
    services::world::{At, World},
    wire::reply::{Effect, Reply},
};

fn id_of(order: &Order) -> String {
    format!("gid://shopify/FulfillmentOrder/{}", FIRST_ORDER + order.number)
}

/// The order's one fulfilment order.
pub(super) fn to_send(order: &Order) -> Value {
    let left = |line: &Line| if order.fulfilled { 0 } else { line.quantity };
    let line = |line: &Line| {
        json!({
            "id": format!("gid://shopify/FulfillmentOrderLineItem/{}", line.number), "remainingQuantity": left(line),
            "lineItem": {
                "id": format!("gid://shopify/LineItem/{}", line.number), "name": line.title, "sku": line.sku,
            },
        })
    };
    let lines: Vec<Value> = order.lines.iter().map(line).collect();
    json!({
        "id": id_of(order), "status": if order.fulfilled { "CLOSED" } else { "OPEN" }, "orderName": order.name,
        "lineItems": { "nodes": lines },
    })
}

/// `fulfillmentOrder(id:)`
pub(super) fn get(world: &World, id: &str) -> Value {
    world.shopify.orders.values().find(|order| id_of(order) == id).map_or(Value::Null, to_send)
}

/// `fulfillmentCreate(fulfillment: {lineItemsByFulfillmentOrder: [{fulfillmentOrderId}], trackingInfo})`, whole.
pub(super) fn create(world: &mut World, asked: &Asked, at: At) -> Reply {
    let input = asked.argument("fulfillment").unwrap_or_default();
    let wanted = input["lineItemsByFulfillmentOrder"][0]["fulfillmentOrderId"].as_str().unwrap_or_default();
    let number = world.ids.number("fulfillment");
    let Some(order) = world.shopify.orders.values_mut().find(|order| id_of(order) == wanted) else {
        return asked.refused("fulfillment", "Fulfillment order does not exist.");
    };
    if order.fulfilled {
        return asked.refused("fulfillment", "Fulfillment order has an unfulfillable status= closed.");
    }
    order.fulfilled = true;
    let tracking: Vec<Value> = match &input["trackingInfo"] {
        Value::Object(members) if !members.is_empty() => vec![json!({
            "number": members.get("number"), "url": members.get("url"), "company": members.get("company"),
        })],
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            Vec::new()
        }
    };
    let shipment = json!({
        "id": format!("gid://shopify/Fulfillment/{number}"), "status": "SUCCESS", "trackingInfo": tracking,
        "createdAt": mail_parser::DateTime::from_timestamp(at.seconds()).to_rfc3339(),
    });
    order.shipments.push(shipment.clone());
    asked.answer(&json!({ "fulfillment": shipment, "userErrors": [] }), Effect::Changed)
}
