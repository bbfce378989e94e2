//! Edits of orders: a copy is changed, then it becomes the order. Since 2026-01 a copy is gone once it has.

use serde_json::{Value, json};

use super::{
    graphql::Asked,
    money,
    orders::{Line, total},
    stock::Product,
};
use crate::{
    services::world::World,
    wire::reply::{Effect, Reply},
};

/// A `CalculatedOrder`.
#[derive(Debug)]
pub(super) struct Edit {
    id: String,
    order: String,
    /// Cents, of the order before.
    paid: i64,
    lines: Vec<Line>,
}

impl Edit {
    fn json(&self) -> Value {
        let line = |line: &Line| {
            let id = format!("gid://shopify/CalculatedLineItem/{}", line.number);
            json!({ "id": id, "title": line.title, "sku": line.sku, "quantity": line.quantity })
        };
        let lines: Vec<Value> = self.lines.iter().map(line).collect();
        json!({
            "id": self.id, "totalPriceSet": money(total(&self.lines)), "lineItems": { "nodes": lines },
            "totalOutstandingSet": money(total(&self.lines) - self.paid),
        })
    }
}

const GONE: &str = "The calculated order does not exist.";

/// `orderEditBegin(id:)`
pub(super) fn begin(world: &mut World, asked: &Asked) -> Reply {
    let number = world.ids.number("edit");
    let order = asked.text("id");
    let Some(known) = world.shopify.orders.get(&order) else {
        return asked.refused("id", "The order does not exist.");
    };
    let id = format!("gid://shopify/CalculatedOrder/{number}");
    let edit = Edit { id, order, paid: known.total(), lines: known.lines.clone() };
    let shown = json!({ "calculatedOrder": edit.json(), "userErrors": [] });
    world.shopify.edits.push(edit);
    asked.answer(&shown, Effect::Changed)
}

/// `orderEditAddVariant(id:, variantId:, quantity:)`; not one that is there.
pub(super) fn add_variant(world: &mut World, asked: &Asked) -> Reply {
    let Some(product) = Product::by_variant(&asked.text("variantId")) else {
        return asked.refused("variantId", "The variant does not exist.");
    };
    let Some(quantity) = asked.argument("quantity").and_then(|quantity| quantity.as_i64()).filter(|n| *n > 0) else {
        return asked.refused("quantity", "Quantity must be greater than 0.");
    };
    changed(world, asked, |lines| {
        if lines.iter().any(|line| line.sku.as_deref() == Some(product.sku)) {
            return Err("The variant is on the order already.");
        }
        lines.push(Line {
            number: lines.len() + 1,
            title: product.title.to_owned(),
            sku: Some(product.sku.to_owned()),
            price: product.price,
            quantity,
        });
        Ok(())
    })
}

/// `orderEditSetQuantity(id:, lineItemId:, quantity:)`
pub(super) fn set_quantity(world: &mut World, asked: &Asked) -> Reply {
    let item = asked.text("lineItemId");
    let quantity = asked.argument("quantity").and_then(|quantity| quantity.as_i64()).unwrap_or_default();
    changed(world, asked, |lines| {
        let line = lines.iter_mut().find(|line| item == format!("gid://shopify/CalculatedLineItem/{}", line.number));
        line.map(|line| line.quantity = quantity).ok_or("The line item does not exist.")
    })
}

fn changed(world: &mut World, asked: &Asked, change: impl FnOnce(&mut Vec<Line>) -> Result<(), &'static str>) -> Reply {
    let id = asked.text("id");
    let Some(edit) = world.shopify.edits.iter_mut().find(|edit| edit.id == id) else {
        return asked.refused("id", GONE);
    };
    match change(&mut edit.lines) {
        Ok(()) => asked.answer(&json!({ "calculatedOrder": edit.json(), "userErrors": [] }), Effect::Changed),
        Err(message) => asked.refused("id", message),
    }
}

/// `orderEditCommit(id:)`
pub(super) fn commit(world: &mut World, asked: &Asked) -> Reply {
    let id = asked.text("id");
    let Some(edit) = world.shopify.edits.take(|edit| edit.id == id) else {
        return asked.refused("id", GONE);
    };
    if let Some(order) = world.shopify.orders.get_mut(&edit.order) {
        order.lines = edit.lines;
        order.lines.retain(|line| line.quantity > 0);
    }
    let order = world.shopify.order_json(&edit.order);
    asked.answer(&json!({ "order": order, "userErrors": [] }), Effect::Changed)
}

/// `node(id:)`
pub(super) fn get(world: &World, id: &str) -> Value {
    world.shopify.edits.iter().find(|edit| edit.id == id).map_or(Value::Null, Edit::json)
}
