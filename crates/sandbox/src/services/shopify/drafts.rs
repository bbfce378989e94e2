//! Draft orders.

use serde_json::{Value, json};

use super::{
    FIRST_ORDER, KEPT_MAX, State, cents,
    graphql::Asked,
    money,
    orders::{Line, Order, total},
    stock::Product,
};
use crate::{
    services::world::World,
    wire::reply::{Effect, Reply},
};

#[derive(Debug)]
pub(super) struct Draft {
    number: u64,
    email: String,
    lines: Vec<Line>,
    /// The order that it became.
    order: Option<String>,
}

impl Draft {
    fn id(&self) -> String {
        format!("gid://shopify/DraftOrder/{}", self.number)
    }
}

impl State {
    pub(super) fn draft_json(&self, id: &str) -> Value {
        let Some(draft) = self.drafts.iter().find(|draft| draft.id() == id) else { return Value::Null };
        let order = draft.order.as_ref().map(|id| self.order_json(id));
        json!({
            "id": id, "name": format!("#D{}", draft.number), "totalPriceSet": money(total(&draft.lines)),
            "status": if draft.order.is_some() { "COMPLETED" } else { "OPEN" }, "order": order,
            "invoiceUrl": format!("https://sandbox.myshopify.com/invoices/{}", draft.number),
        })
    }
}

/// One of `lineItems`: a variant, or a title with its price.
fn line(number: usize, item: &Value) -> Option<Line> {
    let quantity = item["quantity"].as_i64().filter(|quantity| *quantity > 0)?;
    match item["variantId"].as_str() {
        Some(variant) => Product::by_variant(variant).map(|product| Line {
            number,
            title: product.title.to_owned(),
            sku: Some(product.sku.to_owned()),
            price: product.price,
            quantity,
        }),
        None => Some(Line {
            number,
            title: item["title"].as_str()?.to_owned(),
            sku: None,
            price: cents(&item["originalUnitPriceWithCurrency"]["amount"])?,
            quantity,
        }),
    }
}

/// `draftOrderCreate(input: {lineItems, email, purchasingEntity})`
pub(super) fn create(world: &mut World, asked: &Asked) -> Reply {
    let input = asked.argument("input").unwrap_or_default();
    let items = input["lineItems"].as_array().cloned().unwrap_or_default();
    let lines: Option<Vec<Line>> = (1..).zip(&items).map(|(number, item)| line(number, item)).collect();
    let Some(lines) = lines.filter(|lines| !lines.is_empty()) else {
        return asked.refused("lineItems", "Line items are invalid");
    };
    let customer = input["purchasingEntity"]["customerId"].as_str();
    let known = customer.map(|id| world.shopify.customers.get(id).map(|customer| customer.email.clone()));
    let email = match (known, input["email"].as_str()) {
        (Some(None), _) => return asked.refused("customerId", "Customer does not exist"),
        (Some(Some(email)), None) => email,
        (_, given) => given.unwrap_or_default().to_owned(),
    };
    let draft = Draft { number: world.ids.number("draft"), email, lines, order: None };
    let id = draft.id();
    world.shopify.drafts.push(draft);
    let shown = world.shopify.draft_json(&id);
    asked.answer(&json!({ "draftOrder": shown, "userErrors": [] }), Effect::Changed)
}

/// `draftOrderComplete(id:)`: once.
pub(super) fn complete(world: &mut World, asked: &Asked) -> Reply {
    let id = asked.text("id");
    let number = 1_001 + u64::try_from(world.shopify.orders.len()).unwrap_or_default();
    let full = world.shopify.orders.len() >= KEPT_MAX;
    let Some(draft) = world.shopify.drafts.iter_mut().find(|draft| draft.id() == id) else {
        return asked.refused("id", "Draft order does not exist");
    };
    if draft.order.is_some() || full {
        return asked.refused("id", "This order has been paid");
    }
    let order = format!("gid://shopify/Order/{}", FIRST_ORDER + number);
    draft.order = Some(order.clone());
    let made = Order::new(number, draft.email.clone(), draft.lines.clone());
    world.shopify.orders.insert(order, made);
    let shown = world.shopify.draft_json(&id);
    asked.answer(&json!({ "draftOrder": shown, "userErrors": [] }), Effect::Changed)
}
